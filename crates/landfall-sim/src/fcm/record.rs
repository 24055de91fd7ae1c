//! What a simulator remembers of requests.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use landfall_domain::time::Timestamp;
use serde_json::Value;

use super::Target;

/// Is told of an accepted message.
pub type OnAccepted = Arc<dyn Fn(&Accepted) + Send + Sync>;

/// A message that was accepted, as devices would get it.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// When.
    pub at: Timestamp,
    /// Its name, `projects/…/messages/…`.
    pub name: String,
    /// Whom it goes to.
    pub target: Target,
    /// The message, its names in snake_case however they were spelled.
    pub message: Value,
}

/// A request that came, whatever became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// When it was complete.
    pub at: Timestamp,
    /// Method and path.
    pub request: String,
    /// Whether it came over HTTP/2.
    pub over_http2: bool,
    /// Headers in no particular order.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Bytes,
    /// The message, if it was readable, its names in snake_case however they were spelled.
    pub message: Option<Value>,
    /// What became of it.
    pub ended: Ended,
}

impl Taken {
    /// The value of a header; the first one when it came twice.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The message was accepted and had its effect.
    Accepted {
        /// Its name.
        name: String,
        /// Whether the sender is told.
        answered: bool,
    },
    /// The message was right, and only that was asked (`validate_only`).
    Validated,
    /// An access token was granted.
    Granted,
    /// It was refused: the `errorCode`, or the status by name, or an OAuth error, or the HTTP status of an
    /// answer that is not Google's own.
    Refused(String),
    /// The connection was closed before anything was done.
    Unprocessed,
}

/// Counts of a simulator since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FcmCounts {
    /// Messages that were accepted.
    pub accepted: u64,
    /// Messages that were accepted and whose answers were withheld.
    pub unanswered: u64,
    /// Messages that were right, and only that was asked.
    pub validated: u64,
    /// Access tokens that were granted.
    pub granted: u64,
    /// Connections that were closed before anything was done.
    pub unprocessed: u64,
    /// Refusals by name; see [`Ended::Refused`].
    pub refused: BTreeMap<String, u64>,
}

/// The same, being counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    accepted: AtomicU64,
    unanswered: AtomicU64,
    validated: AtomicU64,
    granted: AtomicU64,
    unprocessed: AtomicU64,
    refused: Mutex<BTreeMap<String, u64>>,
}

impl Counters {
    pub(super) fn count(&self, ended: &Ended) {
        let counter = match ended {
            Ended::Accepted { answered, .. } => {
                if !answered {
                    self.unanswered.fetch_add(1, Ordering::Relaxed);
                }
                &self.accepted
            }
            Ended::Validated => &self.validated,
            Ended::Granted => &self.granted,
            Ended::Unprocessed => &self.unprocessed,
            Ended::Refused(name) => {
                let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(count) = refused.get_mut(name.as_str()) {
                    *count += 1;
                } else {
                    refused.insert(name.clone(), 1);
                }
                return;
            }
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> FcmCounts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        FcmCounts {
            accepted: get(&self.accepted),
            unanswered: get(&self.unanswered),
            validated: get(&self.validated),
            granted: get(&self.granted),
            unprocessed: get(&self.unprocessed),
            refused: self
                .refused
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }
}
