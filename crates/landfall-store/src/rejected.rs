//! Inputs that were refused, with the reason: kept so that a person can see what an app does wrong.

use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// One refused request or item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedInput {
    /// When.
    pub at: Timestamp,
    /// Which door: a path template such as `POST /v1/batch`.
    pub surface: String,
    /// Status that the caller got.
    pub status: u16,
    /// Stable reason code.
    pub reason: String,
    /// What was wrong, for people; names the field where there is one.
    pub message: String,
    /// The first 500 bytes of what came, with secrets and tokens redacted.
    pub sample: String,
}

/// The list of refused inputs; the newest 10,000 are kept.
pub trait RejectedInputs: Send + Sync {
    /// Adds to the list.
    fn record_rejected(&self, rejected: &[RejectedInput]) -> Result<(), StoreError>;

    /// The newest first, at most `limit`. Conformance: `rejected_keeps_the_newest`.
    fn rejected(&self, limit: usize) -> Result<Vec<RejectedInput>, StoreError>;

    /// How many were refused, by surface and reason, since the store began.
    fn rejected_counts(&self) -> Result<Vec<(String, String, u64)>, StoreError>;
}
