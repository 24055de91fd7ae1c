//! Text messages: Twilio's API, and any gateway that takes a JSON request over HTTP.
//!
//! None of them knows a key by which a second copy would be recognised (providers.md 5.1). What may
//! have been sent is therefore never sent again blindly: [`TwilioSender::find_recent`] asks first.

pub mod gateway;
pub mod segments;
pub mod twilio;

pub use gateway::GatewaySender;
pub use segments::{Encoding, Segments, segments};
pub use twilio::TwilioSender;

use landfall_domain::attempt::Answer;
use landfall_domain::content::{Content, SmsContent};
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;

use crate::{Address, Outgoing};

/// Longest text in characters that Twilio takes, ten parts (providers.md 5.1). Other gateways stop
/// there or earlier.
pub const BODY_CHARS_MAX: usize = 1_600;

/// A text message that may be handed over.
struct Text<'o> {
    to: &'o str,
    content: &'o SmsContent,
    /// Whole seconds left, at least one.
    ttl_seconds: i64,
}

/// What can be known before anybody is asked.
fn checked(outgoing: &Outgoing, now: Timestamp) -> Result<Text<'_>, Answer> {
    let Content::Sms(content) = &outgoing.content else {
        return Err(Answer::refused_saying(
            Reason::SenderBug,
            "an SMS gateway carries text messages only",
        ));
    };
    let to = match &outgoing.to {
        Address::Phone(number) => number.trim(),
        Address::Configured => content.to.as_deref().unwrap_or_default().trim(),
        Address::Device { .. } | Address::Email(_) => "",
    };
    if to.is_empty() {
        return Err(Answer::refused(Reason::NoAddress));
    }
    if content.body.trim().is_empty() {
        return Err(Answer::refused_saying(
            Reason::PayloadInvalid,
            "the text is empty",
        ));
    }
    let length = content.body.chars().count();
    if length > BODY_CHARS_MAX {
        return Err(Answer::refused_saying(
            Reason::PayloadTooLarge,
            &format!("the text has {length} characters, the most is {BODY_CHARS_MAX}"),
        ));
    }
    let ttl_seconds = outgoing.ttl_seconds(now);
    if ttl_seconds < 1 {
        return Err(Answer::refused(Reason::ExpiredInQueue));
    }
    Ok(Text {
        to,
        content,
        ttl_seconds,
    })
}
