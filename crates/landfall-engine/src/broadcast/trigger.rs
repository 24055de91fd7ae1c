//! One triggering of a broadcast.

use landfall_domain::time::Timestamp;
use landfall_store::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::audience::Audience;

/// Messages of errors that a trigger keeps.
const ERRORS_MAX: usize = 1_000;

/// A trigger and how far it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// Its number.
    #[serde(default)]
    pub number: u32,
    /// The broadcast's number.
    pub broadcast: u64,
    /// The trigger that this is a part of: files are taken in parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<u32>,
    /// When it was taken.
    pub created_at: Timestamp,
    /// To whom.
    pub audience: Audience,
    /// Data for everybody's templates.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// How far it is.
    #[serde(default)]
    pub progress: Progress,
}

/// How far a trigger is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Whether it waits, runs or is done.
    pub state: TriggerState,
    /// Where the next page begins: a person's key, or a place in a list.
    pub next: u64,
    /// Messages made so far.
    pub messages: u64,
    /// Recipients that nobody is known for, or that came twice.
    pub left_out: u64,
    /// What was wrong with recipients, the first thousand.
    pub errors: Vec<String>,
    /// When it was done.
    pub processed_at: Option<Timestamp>,
}

/// Whether a trigger waits, runs or is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerState {
    /// No page was turned yet.
    #[default]
    Queued,
    /// Some pages were turned.
    Running,
    /// All were.
    Done,
    /// It cannot go on: its broadcast is gone. The errors say so.
    Failed,
}

impl Trigger {
    /// Whether there are pages left.
    pub const fn is_open(&self) -> bool {
        matches!(
            self.progress.state,
            TriggerState::Queued | TriggerState::Running
        )
    }

    /// Its number, or that of the trigger that it is a part of: what deliveries carry.
    pub fn whole(&self) -> u32 {
        self.part_of.unwrap_or(self.number)
    }

    /// Keeps what was wrong.
    pub(super) fn complain(&mut self, what: String) {
        if self.progress.errors.len() < ERRORS_MAX {
            self.progress.errors.push(what);
        }
    }

    /// Ends it. Whom it went to is in the ledger now and need not be kept here.
    pub(super) fn end(&mut self, state: TriggerState, now: Timestamp) {
        if let Audience::People { people, .. } = &mut self.audience {
            *people = Vec::new();
        }
        self.progress.state = state;
        self.progress.processed_at = Some(now);
    }

    pub(super) fn body(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|error| StoreError::corrupt("document", "new", error))
    }
}
