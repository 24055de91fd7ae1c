//! The embedded store: one SQLite file for each workspace.
//!
//! One connection writes, behind a lock; the engine gathers inputs into change sets, so that each
//! transaction carries many of them and one flush to disk serves all (group commit). Readers have
//! connections of their own and see the last commit (WAL).

mod documents;
mod ledger;
mod load;
mod open;
mod people;
mod rejected;
mod row;
mod sweep;
#[cfg(test)]
mod tests;
mod write;

pub use open::{Options, SqliteStore};
