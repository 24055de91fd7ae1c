//! The suite that every store must pass.

use landfall_store::conformance::{Harness, SALT};
use tempfile::TempDir;

use crate::{Options, SqliteStore};

/// A workspace in a directory of its own.
struct Workspace(TempDir);

impl Workspace {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl Harness for Workspace {
    type Store = SqliteStore;

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.0.path().join("store.sqlite"), Options { salt: SALT }).unwrap()
    }
}

landfall_store::store_conformance!(Workspace::new());
