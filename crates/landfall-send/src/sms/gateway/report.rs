//! Reports that a gateway posts about a message's way, as JSON (providers.md 5.2).
//!
//! Who reports is known by a secret in the path of the callback's address, by a signature, or both:
//! [`is_genuine`] checks the signature over the time and the body as it came.

#[cfg(test)]
mod tests;

use aws_lc_rs::hmac;
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use landfall_domain::time::{MINUTE_MS, Timestamp};
use serde_json::Value;

use super::{ERROR_POINTER, ID_POINTER, scalar};

/// Where a report's status stands.
const STATUS_POINTER: &str = "/status";
/// Where our own id of the attempt stands, which the request gave as `reference`.
const REFERENCE_POINTER: &str = "/reference";
/// How old a signed report may be, or how far ahead its clock: a recorded one must not be of use.
const AGE_MAX_MS: i64 = 5 * MINUTE_MS;

/// What a gateway says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayStatus {
    /// It has it.
    Accepted,
    /// The carrier has it.
    Sent,
    /// It arrived.
    Delivered,
    /// It did not arrive.
    Failed,
    /// It waited for too long.
    Expired,
    /// The carrier refused it.
    Rejected,
}

impl GatewayStatus {
    /// The words of gateways, in lower case: those of the neutral shape, and what SMPP's receipts call
    /// the same (`stat:DELIVRD`).
    const NAMES: &[(&str, Self)] = &[
        ("accepted", Self::Accepted),
        ("acceptd", Self::Accepted),
        ("queued", Self::Accepted),
        ("enroute", Self::Sent),
        ("sent", Self::Sent),
        ("delivered", Self::Delivered),
        ("delivrd", Self::Delivered),
        ("failed", Self::Failed),
        ("undelivered", Self::Failed),
        ("undeliv", Self::Failed),
        ("expired", Self::Expired),
        ("rejected", Self::Rejected),
        ("rejectd", Self::Rejected),
    ];

    /// The status that a gateway calls so, in any case.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        let mut names = Self::NAMES.iter();
        let found = names.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, status)| *status)
    }

    /// What it proves about the delivery; `None` for what the answer to the request has already said.
    pub const fn mark(self) -> Option<Mark> {
        match self {
            Self::Accepted => None,
            Self::Sent => Some(Mark::Sent),
            Self::Delivered => Some(Mark::Delivered),
            Self::Failed | Self::Rejected => Some(Mark::Bounced),
            Self::Expired => Some(Mark::Failed),
        }
    }

    /// Why it did not arrive. The gateway's own code is not one that we know.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Accepted | Self::Sent | Self::Delivered => None,
            Self::Failed => Some(Reason::BouncedUnknown),
            Self::Rejected => Some(Reason::CarrierBlocked),
            Self::Expired => Some(Reason::ExpiredAtProvider),
        }
    }
}

/// A report about one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayReport {
    /// The gateway's id of the message.
    pub id: Option<String>,
    /// Our id of the attempt.
    pub reference: Option<String>,
    /// Where the message is.
    pub status: GatewayStatus,
    /// The gateway's code for what went wrong.
    pub error_code: Option<String>,
}

/// A request is no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The body is not JSON.
    #[error("the report is not JSON")]
    Json,
    /// Nothing says which message is meant.
    #[error("the report has neither `id` nor `reference`")]
    Nameless,
    /// The status is missing or unknown.
    #[error(
        "`{0}` is no status that we know; accepted, sent, delivered, failed, expired or rejected is"
    )]
    Status(String),
}

impl GatewayReport {
    /// Reads a body. `id_pointer` and `error_pointer` are those of the gateway's credential; where they
    /// are empty, the usual ones count.
    ///
    /// # Errors
    /// When it is no report. Answer it with a success nevertheless: it would not get better.
    pub fn read(body: &[u8], id_pointer: &str, error_pointer: &str) -> Result<Self, ReportError> {
        let body: Value = serde_json::from_slice(body).map_err(|_| ReportError::Json)?;
        let usual = |given: &str, usual: &'static str| match given.trim() {
            "" => usual.to_owned(),
            given => given.to_owned(),
        };
        let at = |pointer: &str| body.pointer(pointer).and_then(scalar);
        let (id, reference) = (at(&usual(id_pointer, ID_POINTER)), at(REFERENCE_POINTER));
        if id.is_none() && reference.is_none() {
            return Err(ReportError::Nameless);
        }
        let status = at(STATUS_POINTER).unwrap_or_default();
        let error_code = at(&usual(error_pointer, ERROR_POINTER));
        Ok(Self {
            id,
            reference,
            status: GatewayStatus::named(&status).ok_or(ReportError::Status(status))?,
            error_code: error_code.filter(|code| code != "0"),
        })
    }
}

/// Whether the report was signed with the secret: HMAC-SHA256 over `timestamp.body`, as hexadecimal
/// digits, the timestamp being seconds since 1970 and not far from now.
pub fn is_genuine(
    secret: &str,
    timestamp: &str,
    body: &[u8],
    signature: &str,
    now: Timestamp,
) -> bool {
    let Ok(seconds) = timestamp.trim().parse::<i64>() else {
        return false;
    };
    let age = now.seconds().saturating_sub(seconds).saturating_abs();
    let Some(tag) = unhex(signature.trim()) else {
        return false;
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let message = [timestamp.trim().as_bytes(), b".", body].concat();
    age <= AGE_MAX_MS / 1_000 && hmac::verify(&key, &message, &tag).is_ok()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let pair = std::str::from_utf8(pair)
                .ok()
                .filter(|pair| pair.len() == 2)?;
            u8::from_str_radix(pair, 16).ok()
        })
        .collect()
}
