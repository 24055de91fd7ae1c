//! What a script can make APNs answer.

use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Reason;

/// An answer of a script, such as
/// `{"outcome": {"refuse": {"reason": "Unregistered", "timestamp": {"ago": 3600000}}}, "delay_ms": 20}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApnsAnswer {
    /// What happens.
    #[serde(default)]
    pub outcome: Outcome,
    /// Milliseconds before the answer is sent. The push has its effect at once.
    #[serde(default)]
    pub delay_ms: u64,
}

/// What happens to one request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What APNs would do by itself.
    #[default]
    Natural,
    /// Refused with a reason.
    Refuse(Refusal),
    /// An answer of something in front of APNs, which does not speak its format (providers.md 1.4).
    Edge {
        /// HTTP status.
        status: u16,
        /// Body; none when empty.
        #[serde(default)]
        body: String,
    },
    /// As APNs would do, but the answer waits at the simulator's gate.
    Hold,
    /// As APNs would do, but the answer is lost.
    Lost(Lost),
    /// The stream stays without an answer for as long as the connection lives.
    Silent {
        /// Whether the push has its effect.
        #[serde(default)]
        processed: bool,
    },
    /// The connection is reset at once (TCP RST); the push has no effect.
    Tear,
    /// The stream is reset with `REFUSED_STREAM`; the push has no effect.
    RefuseStream,
    /// The connection goes away with this stream.
    GoAway {
        /// The `reason` of the frame's debug data; without it there is none.
        #[serde(default)]
        reason: Option<String>,
        /// Whether this stream is the last that is processed and answered; otherwise the one before is.
        #[serde(default)]
        processed: bool,
    },
    /// Nothing is read from or written to the connection any more, and it is not closed either.
    HalfOpen,
}

/// How an answer is lost after the push has had its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// The connection is closed, and with it the other streams on it.
    WithConnection,
    /// The stream alone is reset, with `INTERNAL_ERROR`.
    WithStream,
}

/// A refusal in APNs' own format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// `reason` of the body; need not be a documented one.
    pub reason: String,
    /// HTTP status; by default the one that the reason is documented with, or 400.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `timestamp` of the body, since when the token is dead: with status 410.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Moment>,
    /// Seconds in a `retry-after` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// Whether the body comes in two DATA frames, which breaks clients that take a frame for a body.
    #[serde(default)]
    pub split: bool,
}

/// A moment, absolute or before the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// At this instant.
    At(Timestamp),
    /// So many milliseconds before the request.
    Ago(i64),
}

impl Moment {
    pub(super) fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(millis) => now.plus_millis(millis.saturating_neg()),
        }
    }
}

impl Refusal {
    /// A refusal by name.
    pub fn of(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            status: None,
            timestamp: None,
            retry_after: None,
            split: false,
        }
    }

    /// The same with the moment since when the token is dead.
    #[must_use]
    pub fn since(mut self, moment: Moment) -> Self {
        self.timestamp = Some(moment);
        self
    }

    /// The HTTP status that it comes with.
    pub fn status(&self) -> u16 {
        self.status
            .or_else(|| Reason::named(&self.reason).map(Reason::status))
            .unwrap_or(400)
    }

    pub(super) fn body(&self, now: Timestamp) -> String {
        let timestamp = self.timestamp.map(|moment| moment.from(now).millis());
        let body = match timestamp {
            None => serde_json::json!({"reason": self.reason}),
            Some(millis) => serde_json::json!({"reason": self.reason, "timestamp": millis}),
        };
        body.to_string()
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self::of(reason.name())
    }
}

impl From<Outcome> for ApnsAnswer {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            delay_ms: 0,
        }
    }
}

impl From<Refusal> for ApnsAnswer {
    fn from(refusal: Refusal) -> Self {
        Outcome::Refuse(refusal).into()
    }
}

impl From<Reason> for ApnsAnswer {
    fn from(reason: Reason) -> Self {
        Refusal::from(reason).into()
    }
}
