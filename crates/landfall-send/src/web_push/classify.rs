//! What push services' answers mean (providers.md 3.2 and 9): Mozilla's `errno` and Apple's `reason`
//! first, because they are exact, then the status as RFC 8030 has it.

#[cfg(test)]
mod tests;

use landfall_domain::attempt::Answer;
use landfall_domain::reason::Reason;
use serde::Deserialize;
use serde_json::{Map, Value};

/// An answer as it came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reply<'r> {
    /// HTTP status.
    pub(crate) status: u16,
    /// What `Retry-After` asks for, in milliseconds.
    pub(crate) retry_after_ms: Option<i64>,
    /// `Location`: the message's address at the service.
    pub(crate) location: Option<&'r str>,
    /// `apns-id`: Apple's id for the message.
    pub(crate) apns_id: Option<&'r str>,
    /// Body.
    pub(crate) body: &'r [u8],
}

/// Bodies of Mozilla's autopush (`errno`, `error`, `message`) and of Apple (`reason`).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    errno: Option<u16>,
    error: Option<String>,
    message: Option<String>,
    reason: Option<String>,
}

impl Body {
    /// Of a JSON object; everything else says nothing.
    fn parse(body: &[u8]) -> Self {
        serde_json::from_slice::<Map<String, Value>>(body)
            .ok()
            .and_then(|members| serde_json::from_value(Value::Object(members)).ok())
            .unwrap_or_default()
    }
}

/// The meaning of an answer.
pub(crate) fn classify(reply: &Reply<'_>) -> Answer {
    if (200..300).contains(&reply.status) {
        let id = reply.location.or(reply.apns_id);
        return Answer::accepted(reply.status, id.map(str::to_owned));
    }
    let text = String::from_utf8_lossy(reply.body);
    let body = Body::parse(reply.body);
    let known = body
        .errno
        .and_then(mozilla)
        .or_else(|| body.reason.as_deref().and_then(apple));
    let reason = known.unwrap_or_else(|| by_status(reply.status));
    let words = body.message.as_deref().or(body.error.as_deref());
    let mut answer = Answer::refused_saying(reason, words.unwrap_or(text.trim()));
    answer.status = Some(reply.status);
    answer.code = body
        .errno
        .map(|errno| errno.to_string())
        .or(body.reason.clone());
    answer.retry_after_ms = reply.retry_after_ms;
    answer
}

/// Mozilla's numbers (autopush `errors.md`). 901 means Mozilla's credentials at the bridge, not ours.
const fn mozilla(errno: u16) -> Option<Reason> {
    Some(match errno {
        102 | 103 | 105 | 106 => Reason::TokenUnregistered,
        104 => Reason::PayloadTooLarge,
        101 | 108 | 110..=113 => Reason::SenderBug,
        109 => Reason::ProviderAuth,
        201 | 202 | 900..=903 | 999 => Reason::ProviderUnavailable,
        _ => return None,
    })
}

/// Apple's reasons. A hash that does not match says that the browser subscribed with another key.
fn apple(reason: &str) -> Option<Reason> {
    Some(match reason {
        "BadTtl" | "BadUrgency" | "BadWebPushTopic" | "BadWebPushRequest" | "BadPath"
        | "MethodNotAllowed" => Reason::SenderBug,
        "BadAuthorizationHeader" | "BadJwtToken" | "BadVapidPublicKey" => Reason::ProviderAuth,
        "VapidPkHashMismatch" => Reason::SubscriptionKeyMismatch,
        "PayloadTooLarge" => Reason::PayloadTooLarge,
        "TooManyRequests" => Reason::ProviderThrottled,
        "InternalServerError" | "ServiceUnavailable" | "Shutdown" | "IdleTimeout" => {
            Reason::ProviderUnavailable
        }
        _ => return None,
    })
}

/// What the status says by itself. A redirect is not followed, and nobody said what else it could
/// mean.
const fn by_status(status: u16) -> Reason {
    match status {
        400 | 405 => Reason::SenderBug,
        401 | 403 => Reason::ProviderAuth,
        404 | 410 => Reason::TokenUnregistered,
        413 => Reason::PayloadTooLarge,
        429 => Reason::ProviderThrottled,
        500..=599 => Reason::ProviderUnavailable,
        _ => Reason::FailedUnknown,
    }
}
