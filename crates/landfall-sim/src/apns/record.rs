//! What a simulator remembers of requests.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use landfall_domain::time::Timestamp;

/// A push that was accepted, as a device would get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// When.
    pub at: Timestamp,
    /// `apns-id`, the sender's or one that was made.
    pub id: String,
    /// Device token as in the path.
    pub token: String,
    /// `apns-topic`.
    pub topic: String,
    /// `apns-push-type`.
    pub push_type: Option<String>,
    /// `apns-priority`; 10 when absent.
    pub priority: u8,
    /// `apns-expiration`, UNIX seconds; 0 is one attempt.
    pub expiration: Option<i64>,
    /// `apns-collapse-id`: on the device a later push with it replaces an earlier one.
    pub collapse_id: Option<String>,
    /// Body.
    pub payload: Bytes,
}

/// A request that came, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// When its body was complete.
    pub at: Timestamp,
    /// Number of its connection, from 1.
    pub connection: u64,
    /// Its stream id.
    pub stream: u32,
    /// Method and path.
    pub request: String,
    /// Device token as in the path; empty when there is none.
    pub token: String,
    /// Headers in no particular order.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub payload: Bytes,
    /// What became of it.
    pub ended: Ended,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The push was accepted and had its effect.
    Accepted {
        /// Whether the sender is told. It may still not hear, if the connection breaks meanwhile.
        answered: bool,
    },
    /// The push was refused.
    Refused {
        /// HTTP status.
        status: u16,
        /// `reason`; empty for an answer that is not APNs' own.
        reason: String,
        /// Whether the sender is told.
        answered: bool,
    },
    /// It was never looked at.
    Unprocessed,
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

/// Counts of a simulator since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApnsCounts {
    /// Connections that finished their handshakes.
    pub connections: u64,
    /// Requests whose bodies were complete.
    pub requests: u64,
    /// Pushes that were accepted.
    pub accepted: u64,
    /// Pushes that were accepted and whose answers were withheld.
    pub unanswered: u64,
    /// Requests that were not processed: refused streams, streams after GOAWAY, torn connections.
    pub unprocessed: u64,
    /// Streams above the limit.
    pub violations: u64,
    /// Refusals by reason; answers that are not APNs' own are counted by their status, such as `502`.
    pub refused: BTreeMap<String, u64>,
}

/// The same, being counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) connections: AtomicU64,
    accepted: AtomicU64,
    unanswered: AtomicU64,
    unprocessed: AtomicU64,
    pub(super) violations: AtomicU64,
    refusals: AtomicU64,
    refused: Mutex<BTreeMap<String, u64>>,
}

impl Counters {
    pub(super) fn count(&self, ended: &Ended) {
        match ended {
            Ended::Accepted { answered } => {
                self.accepted.fetch_add(1, Ordering::Relaxed);
                if !answered {
                    self.unanswered.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ended::Refused { status, reason, .. } => {
                self.refusals.fetch_add(1, Ordering::Relaxed);
                let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(count) = refused.get_mut(reason.as_str()) {
                    *count += 1;
                } else {
                    let name = match reason.as_str() {
                        "" => status.to_string(),
                        reason => reason.to_owned(),
                    };
                    *refused.entry(name).or_default() += 1;
                }
            }
            Ended::Unprocessed => {
                self.unprocessed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn read(&self) -> ApnsCounts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (accepted, unprocessed) = (get(&self.accepted), get(&self.unprocessed));
        ApnsCounts {
            connections: get(&self.connections),
            requests: accepted + unprocessed + get(&self.refusals),
            accepted,
            unanswered: get(&self.unanswered),
            unprocessed,
            violations: get(&self.violations),
            refused: self
                .refused
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }
}
