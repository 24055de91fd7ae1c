//! The embedded store: one SQLite file for each workspace.
//!
//! A commit is one entry of the journal, on disk before it is acknowledged; the engine gathers inputs
//! into change sets, so that one flush serves many of them (group commit). Its rows reach SQLite
//! later, many commits in one transaction and each row once (settling), at the latest when somebody
//! reads: readers see every commit, and decisions see what is on its way through the layers.

mod documents;
mod journal;
mod layers;
mod ledger;
mod load;
mod open;
mod people;
mod record;
mod rejected;
mod row;
mod run;
mod settle;
mod sweep;
#[cfg(test)]
mod tests;
mod work;
mod write;

pub use open::{Options, SqliteStore};
