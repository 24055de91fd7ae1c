//! Events that an endpoint did not take: kept until somebody replays or discards them.

use landfall_domain::attempt::Answer;
use landfall_domain::time::Timestamp;
use landfall_store::{Document, StoreError};
use serde::{Deserialize, Serialize};

use super::lanes::{Cause, GivenUp};

/// Most dead letters of one webhook. When there are more, nothing is given up any more: events then wait
/// in the ledger, so that none is lost.
pub(super) const DEAD_LETTERS_MAX: usize = 10_000;

/// An event that was given up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Number of its webhook.
    pub webhook: u32,
    /// `event_id`.
    pub event_id: String,
    /// Its name, such as `push_sent`.
    pub event: String,
    /// The body, as it was posted and will be again.
    pub body: String,
    /// Why it was given up.
    pub cause: Cause,
    /// How often it was tried.
    pub tries: u32,
    /// What the endpoint answered last.
    pub answer: Answer,
    /// When what it tells was recorded.
    pub since: Timestamp,
    /// When it was given up, or tried last.
    pub at: Timestamp,
}

impl DeadLetter {
    pub(super) fn of(webhook: u32, given_up: &GivenUp, answer: Answer, at: Timestamp) -> Self {
        let report = &given_up.report;
        Self {
            webhook,
            event_id: report.id.clone(),
            event: report.name.clone(),
            body: report.body.clone(),
            cause: given_up.cause,
            tries: given_up.tries,
            answer,
            since: report.since,
            at,
        }
    }

    pub(super) fn read(document: &Document) -> Result<Self, StoreError> {
        serde_json::from_str(&document.body)
            .map_err(|error| StoreError::corrupt("document", document.id, error))
    }

    pub(super) fn text(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|error| StoreError::corrupt("document", "new", error))
    }
}
