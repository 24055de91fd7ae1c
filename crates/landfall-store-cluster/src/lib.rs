//! The PostgreSQL store: one schema for each workspace, any number of nodes on it.
//!
//! # Who may write
//!
//! The store counts its commits: the epoch. A decision is based on a load, the load says at which
//! epoch it looked, and [`commit`](landfall_store::StateStore::commit) stores the decision only if
//! the epoch is still that one. The check and the writing are one transaction that holds the
//! workspace's `meta` row, so commits of one workspace happen one after the other, as if a single
//! node had made them all. Several nodes may therefore share a workspace: no update is lost, no key
//! and no number is handed out twice, and whoever comes second gets
//! [`StoreError::Conflict`](landfall_store::StoreError::Conflict), loads again and decides again.
//!
//! What it costs: writers of one workspace do not write side by side, and each conflict is a
//! decision made for nothing. One busy node with large change sets writes more than several
//! that get into each other's way; further nodes on the same workspace buy availability and reading,
//! not writing. Workspaces do not touch each other, so spreading workspaces over nodes scales.
//! Readers take no lock and wait for nobody.
//!
//! Documents, refused inputs and sweeping do not change what a decision sees, and do not touch the
//! epoch.
//!
//! # What a commit promises
//!
//! A commit that returned is on disk of the server: a server whose `synchronous_commit` is off by
//! default is asked to wait all the same; stronger settings (replicas) stay as they are. When the
//! connection breaks while the server commits, the store asks the server what became of that very
//! transaction before it answers.
//!
//! # Where to call it
//!
//! Every call blocks, and the driver runs a small event loop of its own: on a thread that is driving
//! an asynchronous runtime it panics. Call from blocking threads (`spawn_blocking`). Dropping the
//! store is safe anywhere.
//!
//! # What the server must be
//!
//! PostgreSQL 13 or newer, database encoding UTF-8, a role that may create a schema (or owns the one
//! that exists). The connections keep session state (search path, prepared statements): a pooler in
//! between must pool sessions, not transactions. Connections are not encrypted: use a socket, a
//! private network or a tunnel.

mod commit;
mod connection;
mod document;
mod failure;
mod ledger;
mod load;
mod migrate;
mod people;
mod pool;
mod rejected;
mod row;
mod run;
mod schema_name;
mod sweep;
#[cfg(test)]
mod tests;
mod work;

use landfall_domain::working_set::{ChangeSet, Found, Want};
use landfall_store::{Start, StateStore, StoreError};

use crate::connection::Connection;
use crate::failure::Failure;
use crate::pool::Pool;
pub use crate::schema_name::{BadSchemaName, SchemaName};

/// Settings of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Makes internal ids of different workspaces different. Taken when the workspace is created;
    /// an existing workspace keeps the one that it has.
    pub salt: u16,
    /// Most connections at a time, at least one. A call that finds all of them busy waits.
    pub connections: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            salt: 0,
            connections: 8,
        }
    }
}

/// A workspace in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    pool: Pool,
}

impl PostgresStore {
    /// Opens the workspace that lives in `schema`; creates it, or brings it up to date, first.
    /// `url` is a connection string: `postgresql://user@host/database` or `host=... dbname=...`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the string cannot be read or the server does not take us,
    /// [`StoreError::TooNew`] when a newer Landfall has migrated the workspace,
    /// [`StoreError::Corrupt`] when a migration was changed after it had been applied.
    pub fn open(url: &str, schema: &SchemaName, options: Options) -> Result<Self, StoreError> {
        let pool = Pool::new(url, schema, options.connections)?;
        let mut connection = pool.take()?;
        migrate::run(&mut connection, schema, options.salt).map_err(StoreError::from)?;
        drop(connection);
        Ok(Self { pool })
    }

    /// Runs statements that see one state of the store and change nothing.
    fn read<T>(
        &self,
        run: impl FnOnce(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        Ok(self.pool.take()?.transact(connection::READ, run)?)
    }

    /// Runs one transaction that writes.
    fn write<T>(
        &self,
        run: impl FnOnce(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        Ok(self.pool.take()?.transact(connection::WRITE, run)?)
    }
}

impl StateStore for PostgresStore {
    fn start(&self) -> Result<Start, StoreError> {
        self.read(load::start)
    }

    fn load(&self, want: &Want) -> Result<Found, StoreError> {
        self.read(|connection| load::load(connection, want))
    }

    fn commit(&self, changes: &ChangeSet, expected: u64) -> Result<u64, StoreError> {
        commit::commit(&self.pool, changes, expected)
    }

    fn is_exclusive(&self) -> bool {
        false
    }

    fn sweep(&self, now_ms: i64) -> Result<u64, StoreError> {
        self.write(|connection| sweep::sweep(connection, now_ms))
    }
}
