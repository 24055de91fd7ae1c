//! What can go wrong with reporting webhooks, by what the caller can do.

use landfall_store::StoreError;

use crate::credentials::CredentialError;
use crate::seal::SealError;

/// An error of the calls about webhooks. An endpoint that does not take an event is none: that is an
/// answer.
#[derive(Debug, thiserror::Error)]
pub enum ReportingError {
    /// A field is wrong: mend it.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// There is no such webhook or dead letter.
    #[error("there is no {what} `{id}`")]
    Missing {
        /// What was asked for.
        what: &'static str,
        /// Its number, as it was asked for.
        id: u32,
    },
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A signing key cannot be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The settings of the network cannot be used.
    #[error(transparent)]
    Network(#[from] CredentialError),
}
