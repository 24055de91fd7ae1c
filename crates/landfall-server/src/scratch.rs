//! Stores that are used once and thrown away.

use std::sync::Arc;

use landfall_engine::qa::Scratch;
use landfall_store::StoreError;
use landfall_store_sqlite::{Options, SqliteStore};

/// An empty store for a test profile, in a folder that goes away with it. Nothing waits for the disk.
///
/// # Errors
/// When the folder or the store cannot be made.
pub(crate) fn empty() -> Result<Scratch, StoreError> {
    let folder = tempfile::tempdir().map_err(StoreError::unavailable)?;
    let path = folder.path().join("qa.db");
    let store = SqliteStore::open_unflushed(&path, Options { salt: 0 })?;
    Ok(Scratch {
        store: Arc::new(store),
        keeper: Box::new(folder),
    })
}
