//! What can go wrong in a store, by what the caller can do about it.

/// An error of a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another writer committed since the state was loaded: load again, decide again, commit again.
    #[error("another writer committed in between (expected epoch {expected}, found {found})")]
    Conflict {
        /// The epoch that the decision was based on.
        expected: u64,
        /// The store's epoch now.
        found: u64,
    },
    /// The store cannot be reached or cannot write now: try later. Nothing was stored.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// Stored data break a rule: this is a bug or damage, name the row.
    #[error("stored data break a rule: {what} (table {table}, row {row})")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// Which row.
        row: String,
        /// What is wrong with it.
        what: String,
    },
    /// The store was written by a newer version of Landfall.
    #[error(
        "the store has schema version {found}; this program knows up to {known}: run a newer Landfall"
    )]
    TooNew {
        /// Version found.
        found: u32,
        /// Newest version known.
        known: u32,
    },
}

impl StoreError {
    /// For drivers: something that may pass.
    pub fn unavailable(error: impl std::fmt::Display) -> Self {
        Self::Unavailable(error.to_string())
    }

    /// For decoders: a row that cannot be read.
    pub fn corrupt(
        table: &'static str,
        row: impl std::fmt::Display,
        what: impl std::fmt::Display,
    ) -> Self {
        Self::Corrupt {
            table,
            row: row.to_string(),
            what: what.to_string(),
        }
    }
}
