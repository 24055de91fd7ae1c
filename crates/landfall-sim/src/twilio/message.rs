//! A message and the way it goes.

use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a message is (providers.md 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A Messaging Service took it.
    Accepted,
    /// It waits for its time.
    Scheduled,
    /// It waits at Twilio.
    Queued,
    /// It is handed to the carrier.
    Sending,
    /// The carrier has it.
    Sent,
    /// The carrier or the handset says that it arrived.
    Delivered,
    /// It was read (RCS, WhatsApp).
    Read,
    /// Some parts arrived.
    PartiallyDelivered,
    /// The carrier says that it did not arrive.
    Undelivered,
    /// It could not be sent.
    Failed,
    /// It was taken back before its time.
    Canceled,
}

impl Status {
    /// Twilio's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::PartiallyDelivered => "partially_delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Whether the carrier has said how it ended, so that callbacks tell when.
    pub(super) const fn has_receipt(self) -> bool {
        matches!(
            self,
            Self::Delivered | Self::Read | Self::PartiallyDelivered | Self::Undelivered
        )
    }

    /// Whether it is still at Twilio.
    pub(super) const fn is_waiting(self) -> bool {
        matches!(self, Self::Accepted | Self::Scheduled | Self::Queued)
    }
}

/// One change of a message's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The new status.
    pub status: Status,
    /// The code that explains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<u32>,
}

impl From<Status> for Step {
    fn from(status: Status) -> Self {
        Self {
            status,
            error: None,
        }
    }
}

/// What becomes of a message after it was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    /// `sent`, then `delivered`.
    #[default]
    Delivered,
    /// `sent`, then `undelivered` with this code.
    Undelivered(u32),
    /// `failed` with this code.
    Failed(u32),
    /// `sent`, and never a receipt: some carriers give none.
    WithoutReceipt,
    /// It stays where it is.
    Stuck,
    /// These steps.
    Steps(Vec<Step>),
}

impl Course {
    /// Its steps, first one first.
    pub(super) fn steps(&self) -> Vec<Step> {
        let sent = Step::from(Status::Sent);
        let with = |status, error| Step {
            status,
            error: Some(error),
        };
        match self {
            Self::Delivered => vec![sent, Status::Delivered.into()],
            Self::Undelivered(code) => vec![sent, with(Status::Undelivered, *code)],
            Self::Failed(code) => vec![with(Status::Failed, *code)],
            Self::WithoutReceipt => vec![sent],
            Self::Stuck => Vec::new(),
            Self::Steps(steps) => steps.clone(),
        }
    }
}

/// A message that was taken: the ground truth of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub sid: String,
    /// The number that it goes to, as it was given.
    pub to: String,
    /// The sender, if one was given.
    pub from: Option<String>,
    /// The Messaging Service, if one was given.
    pub service: Option<String>,
    /// The text; empty for a message of media or a template alone.
    pub body: String,
    /// Where reports go.
    pub callback: Option<String>,
    /// When it may leave, for a scheduled one.
    pub send_at: Option<Timestamp>,
    /// Until when it may wait.
    pub valid_until: Timestamp,
    /// When it was taken.
    pub created: Timestamp,
    /// When its status changed last.
    pub updated: Timestamp,
    /// When the carrier got it.
    pub sent: Option<Timestamp>,
    /// Where it is.
    pub status: Status,
    /// The code that explains the status.
    pub error: Option<u32>,
    /// Steps that are still to come.
    pub(super) ahead: Vec<Step>,
}

impl Message {
    /// The next step that is due, if there is one now.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<Step> {
        if self.status == Status::Scheduled {
            let due = self.send_at.is_none_or(|at| at <= now);
            return due.then(|| Status::Accepted.into());
        }
        if self.status.is_waiting() && self.valid_until <= now {
            self.ahead.clear();
            return Some(Step {
                status: Status::Failed,
                error: Some(30_036),
            });
        }
        (!self.ahead.is_empty()).then(|| self.ahead.remove(0))
    }

    /// Takes a step.
    pub(super) fn step(&mut self, step: Step, now: Timestamp) {
        self.status = step.status;
        self.error = step.error;
        self.updated = now;
        if self.sent.is_none() && (step.status == Status::Sent || step.status.has_receipt()) {
            self.sent = Some(now);
        }
    }
}
