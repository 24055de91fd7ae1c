//! Reports that Twilio posts about a message's way (providers.md 5.1). They come late, twice, and in
//! any order; there is none for the first status.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;

use super::classify::of_code;

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageStatus {
    /// A messaging service took it.
    Accepted,
    /// It waits for its time.
    Scheduled,
    /// It waits at Twilio.
    Queued,
    /// Twilio hands it over.
    Sending,
    /// The carrier took it. May stay the last word where carriers give no receipts.
    Sent,
    /// The carrier (sometimes the handset) confirmed it.
    Delivered,
    /// A part of it arrived.
    PartiallyDelivered,
    /// It was read, where the channel tells.
    Read,
    /// The carrier reported that it did not arrive.
    Undelivered,
    /// It could not be sent.
    Failed,
    /// A scheduled message was taken back.
    Canceled,
}

impl MessageStatus {
    const NAMES: &[(&str, Self)] = &[
        ("accepted", Self::Accepted),
        ("scheduled", Self::Scheduled),
        ("queued", Self::Queued),
        ("sending", Self::Sending),
        ("sent", Self::Sent),
        ("delivered", Self::Delivered),
        ("partially_delivered", Self::PartiallyDelivered),
        ("read", Self::Read),
        ("undelivered", Self::Undelivered),
        ("failed", Self::Failed),
        ("canceled", Self::Canceled),
    ];

    /// The status that Twilio calls so. Those of messages that come in (`receiving`, `received`) are
    /// none.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, status)| *status)
    }

    /// Place on the way. Equal ranks end each other: the first that came stays.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Accepted | Self::Scheduled => 0,
            Self::Queued => 1,
            Self::Sending => 2,
            Self::Sent => 3,
            Self::Undelivered | Self::Failed | Self::Canceled => 4,
            Self::PartiallyDelivered => 5,
            Self::Delivered => 6,
            Self::Read => 7,
        }
    }

    /// Whether nothing but a reading can follow.
    pub const fn is_terminal(self) -> bool {
        self.rank() >= 4
    }

    /// Whether this report, coming after `known`, changes what is known. A message never moves back,
    /// and not from one end to another, except from delivered to read.
    pub fn advances(self, known: Self) -> bool {
        let further = self.rank().cmp(&known.rank()) == Ordering::Greater;
        let arrived = known.rank() >= Self::PartiallyDelivered.rank();
        further && (!known.is_terminal() || arrived)
    }

    /// What it proves about the delivery; `None` while Twilio only holds the message, which the answer
    /// to the request has already said.
    pub const fn mark(self) -> Option<Mark> {
        match self {
            Self::Accepted | Self::Scheduled | Self::Queued | Self::Sending => None,
            Self::Sent => Some(Mark::Sent),
            Self::Delivered | Self::PartiallyDelivered => Some(Mark::Delivered),
            Self::Read => Some(Mark::Opened),
            // Twilio had taken it: for us it went out, and came back.
            Self::Undelivered | Self::Failed => Some(Mark::Bounced),
            Self::Canceled => Some(Mark::Undeliverable),
        }
    }

    /// Why it did not arrive; `None` for a status that is no refusal.
    pub fn refusal(self, error_code: Option<u32>) -> Option<Reason> {
        let unknown = match self {
            Self::Undelivered => Reason::BouncedUnknown,
            Self::Failed => Reason::FailedUnknown,
            Self::Canceled => return Some(Reason::SourceCancelled),
            _ => return None,
        };
        Some(error_code.and_then(of_code).unwrap_or(unknown))
    }
}

/// A report about one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusCallback {
    /// The message: what the answer gave as the provider's id.
    pub message_sid: String,
    /// The account it belongs to.
    pub account_sid: String,
    /// Where it is.
    pub status: MessageStatus,
    /// Why it did not arrive, as Twilio's number.
    pub error_code: Option<u32>,
    /// The same in words, where Twilio gives them.
    pub error_message: Option<String>,
    /// The recipient's number.
    pub to: String,
    /// The sender's number or name.
    pub from: String,
}

/// A request is no report about a message that went out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// A field is missing.
    #[error("the report has no {0}")]
    Missing(&'static str),
    /// The status is not one of a message that goes out.
    #[error("`{0}` is no status of a message that was sent")]
    Status(String),
}

impl StatusCallback {
    /// Reads the fields of the form.
    ///
    /// # Errors
    /// When a field that must be there is missing, or the status is unknown. Answer such a report with
    /// a success nevertheless: Twilio would send it again, and it would not get better.
    pub fn read(fields: &[(String, String)]) -> Result<Self, CallbackError> {
        let field = |name: &'static str| {
            let found = fields.iter().find(|(known, _)| known == name);
            found
                .map(|(_, value)| value.trim())
                .filter(|v| !v.is_empty())
        };
        let needed = |name| field(name).ok_or(CallbackError::Missing(name));
        let status = needed("MessageStatus")?;
        Ok(Self {
            message_sid: needed("MessageSid")?.to_owned(),
            account_sid: field("AccountSid").unwrap_or_default().to_owned(),
            status: MessageStatus::named(status)
                .ok_or_else(|| CallbackError::Status(status.to_owned()))?,
            error_code: field("ErrorCode").and_then(|code| code.parse().ok()),
            error_message: field("ErrorMessage").map(str::to_owned),
            to: field("To").unwrap_or_default().to_owned(),
            from: field("From").unwrap_or_default().to_owned(),
        })
    }

    /// Why the message did not arrive, if that is what the report says.
    pub fn reason(&self) -> Option<Reason> {
        self.status.refusal(self.error_code)
    }
}
