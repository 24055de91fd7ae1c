//! What providers and mail servers say about mails after they took them (providers.md 6.3 and 6.4): events of
//! Amazon SES, SendGrid and Postmark, and reports that come as mails themselves.
//!
//! Each says which delivery it is about by what our mails carry: the header `X-Landfall-Delivery-ID`, the left
//! side of the `Message-ID`, or Postmark's metadata.

mod postmark;
mod report;
mod sendgrid;
mod ses;
#[cfg(test)]
mod tests;

use landfall_domain::channel::Channel;
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use serde_json::Value;

pub use sendgrid::is_signed as is_signed_by_sendgrid;

use super::headers::DELIVERY;

/// Most events that are taken from one call.
const EVENTS_MAX: usize = 10_000;

/// Something that happened to one mail at one recipient.
#[derive(Clone, Debug, PartialEq)]
pub struct MailEvent {
    /// Our delivery; `None`: the mail is not one of ours, or does not say so.
    pub delivery_id: Option<String>,
    /// Address of the recipient.
    pub recipient: Option<String>,
    /// What happened.
    pub mark: Mark,
    /// Why, where something went wrong.
    pub reason: Option<Reason>,
    /// The same in the words of whoever said it.
    pub words: String,
    /// The link, for clicks.
    pub href: Option<String>,
    /// When: seconds since 1970, or ISO 8601. Null when it does not say.
    pub at: Value,
    /// What is the same when it is told again.
    pub key: String,
}

/// What a call to the hook is.
#[derive(Clone, Debug, PartialEq)]
pub enum MailReport {
    /// Events, perhaps none that means anything to us.
    Events(Vec<MailEvent>),
    /// Amazon asks whether it may post here: a human opens this address once.
    Confirm(String),
}

/// A body is none of the known shapes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailReportError {
    /// It is JSON, and of nobody that is known.
    #[error("the JSON is none of Amazon SES (by SNS), SendGrid or Postmark")]
    Unknown,
    /// It is SNS, with something else than a notification of SES in it.
    #[error("the message of the SNS notification is no event of Amazon SES")]
    NotSes,
    /// It is not JSON, and no report that a mail server sends.
    #[error(
        "the mail is neither a delivery status (RFC 3464) nor a complaint (RFC 5965): {0} is missing"
    )]
    NoReport(&'static str),
}

impl MailReport {
    /// Reads a body: JSON of one of the providers, or a mail as it came.
    ///
    /// # Errors
    /// Which shape it is not.
    pub fn read(body: &[u8]) -> Result<Self, MailReportError> {
        match serde_json::from_slice::<Value>(body) {
            Ok(json) => Self::of_json(&json),
            Err(_) => report::read(body).map(Self::Events),
        }
    }

    fn of_json(json: &Value) -> Result<Self, MailReportError> {
        match json {
            Value::Array(events) => {
                let events = events.iter().take(EVENTS_MAX);
                Ok(Self::Events(events.filter_map(sendgrid::event).collect()))
            }
            Value::Object(_) if json.get("RecordType").is_some() => {
                Ok(Self::Events(postmark::event(json).into_iter().collect()))
            }
            Value::Object(_) => ses::read(json),
            _ => Err(MailReportError::Unknown),
        }
    }
}

impl MailEvent {
    /// The reason and the words as one text, which the ledger reads the reason out of again.
    pub fn text(&self) -> Option<String> {
        let name = self.reason.map(Reason::name);
        match (name, self.words.trim()) {
            (Some(name), "") => Some(name.to_owned()),
            (Some(name), words) => Some(format!("{name}: {words}")),
            (None, "") => None,
            (None, words) => Some(words.to_owned()),
        }
    }
}

/// A member of an object as text; numbers in their usual form.
fn text(value: &Value, name: &str) -> String {
    match &value[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

fn said(value: &Value, name: &str) -> Option<String> {
    Some(text(value, name)).filter(|text| !text.is_empty())
}

/// The reason that a server's words give, by enhanced code before phrase; `None` when they give none.
fn in_words(words: &str) -> Option<Reason> {
    let found = Reason::from_report(Channel::Email, Mark::Bounced, words);
    (found != Reason::BouncedUnknown).then_some(found)
}

/// Why a mail bounced that the provider calls a permanent failure: as the server's code says, and else
/// because there is no such address.
fn hard(words: &str) -> Reason {
    in_words(words).unwrap_or(Reason::RecipientInvalid)
}

/// The same for a failure that the provider calls a passing one.
fn soft(words: &str) -> Reason {
    match in_words(words) {
        // A passing failure is no reason to give an address up.
        None | Some(Reason::RecipientInvalid) => Reason::BouncedUnknown,
        Some(reason) => reason,
    }
}

/// The delivery that a `Message-ID` of ours names: its left side, as `headers::message_id` wrote it.
fn of_message_id(message_id: &str) -> Option<String> {
    let inner = message_id.trim().trim_start_matches('<');
    let (left, _) = inner.rsplit_once('@')?;
    unescaped(left)
}

/// The delivery that headers of a mail name.
fn of_headers(headers: &[(&str, &str)]) -> Option<String> {
    let named = |name: &str| {
        let mut all = headers.iter();
        let found = all.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    };
    named(DELIVERY)
        .and_then(unescaped)
        .or_else(|| named("Message-ID").and_then(of_message_id))
}

/// An id that `headers::escaped` wrote.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        let digits = std::str::from_utf8(&digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(bytes).ok().filter(|id| !id.is_empty())
}
