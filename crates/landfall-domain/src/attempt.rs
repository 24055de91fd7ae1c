//! One hand-over of a target to a provider, and what the provider answered.

use serde::{Deserialize, Serialize};

use crate::channel::Provider;
use crate::reason::Reason;
use crate::time::Timestamp;

/// What a provider (or the way to it) said to one attempt, in one shape for all providers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What it means.
    pub verdict: Verdict,
    /// HTTP status or SMTP reply code, if there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The provider's own code, raw: APNs reason, FCM `errorCode`, Twilio code, enhanced SMTP code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The provider's own words, at most [`crate::limits::DETAIL_BYTES_MAX`] bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The provider's id for the message: `apns-id`, FCM name, `Location`, Twilio SID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// How long the provider asks us to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<i64>,
    /// Since when the provider knows that the token is dead (APNs 410 `timestamp`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_since: Option<Timestamp>,
}

/// The meaning of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The provider took it. Not a proof of arrival.
    Accepted,
    /// It did not take it, or nobody knows; the reason says which, and what to do.
    Refused(Reason),
}

impl Answer {
    /// An acceptance, with the provider's id for the message.
    pub fn accepted(status: u16, provider_id: Option<String>) -> Self {
        Self {
            status: Some(status),
            provider_id,
            ..Self::bare(Verdict::Accepted)
        }
    }

    /// A refusal without any detail.
    pub const fn refused(reason: Reason) -> Self {
        Self::bare(Verdict::Refused(reason))
    }

    /// A refusal in somebody's words, cut to what a fact keeps.
    pub fn refused_saying(reason: Reason, message: &str) -> Self {
        let cut = message.floor_char_boundary(crate::limits::DETAIL_BYTES_MAX);
        let mut answer = Self::refused(reason);
        answer.message = Some(message[..cut].to_owned()).filter(|message| !message.is_empty());
        answer
    }

    const fn bare(verdict: Verdict) -> Self {
        Self {
            verdict,
            status: None,
            code: None,
            message: None,
            provider_id: None,
            retry_after_ms: None,
            dead_since: None,
        }
    }

    /// Why it was not accepted.
    pub const fn reason(&self) -> Option<Reason> {
        match self.verdict {
            Verdict::Accepted => None,
            Verdict::Refused(reason) => Some(reason),
        }
    }

    /// Code and words of the provider in one line, for people.
    pub fn words(&self) -> Option<String> {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) if !message.contains(code.as_str()) => {
                Some(format!("{code}: {message}"))
            }
            (_, Some(message)) => Some(message.clone()),
            (Some(code), None) => Some(code.clone()),
            (None, None) => None,
        }
    }
}

/// An attempt as the ledger keeps it, on the fact that its answer became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its id, a UUID; APNs echoes it as `apns-id`.
    pub id: String,
    /// Which try it was, from one.
    pub number: u16,
    /// Who was asked.
    pub provider: Provider,
    /// When it began.
    pub started_at: Timestamp,
    /// How long the answer took, in milliseconds.
    pub took_ms: u32,
    /// HTTP status or SMTP reply code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The provider's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The provider's id for the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
}
