//! What Landfall needs from a store, and the suite that every store must pass.
//!
//! Traits are synchronous and are called from blocking threads (ADR 0004). One workspace is one
//! store. Writing goes through [`StateStore::commit`] only: one change set, one transaction. The
//! read traits see every commit that was acknowledged before the call.
//!
//! No driver lives here. `landfall-store-sqlite` is the embedded default, `landfall-store-cluster`
//! holds PostgreSQL.

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod document;
pub mod error;
pub mod ledger;
pub mod people;
pub mod rejected;
pub mod run;
pub mod state;
pub mod work;

pub use document::{Document, DocumentKind, DocumentStore};
pub use error::StoreError;
pub use ledger::{DeliveryPage, LedgerReader};
pub use people::{
    ActivityPage, ActivityQuery, HistoryOf, PeopleReader, StoredActivity, person_named,
};
pub use rejected::{RejectedInput, RejectedInputs};
pub use run::RunReader;
pub use state::{Start, StateStore};
pub use work::WorkReader;

/// Everything a store of one workspace offers.
pub trait Store:
    StateStore
    + PeopleReader
    + LedgerReader
    + WorkReader
    + RunReader
    + DocumentStore
    + RejectedInputs
    + Send
    + Sync
{
}

impl<T> Store for T where
    T: StateStore
        + PeopleReader
        + LedgerReader
        + WorkReader
        + RunReader
        + DocumentStore
        + RejectedInputs
        + Send
        + Sync
{
}
