//! What APNs' answers mean (providers.md 1.4 and 9).

#[cfg(test)]
mod tests;

use http::HeaderMap;
use landfall_domain::attempt::{Answer, Verdict};
use landfall_domain::limits::DETAIL_BYTES_MAX;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use serde::Deserialize;

use crate::pool::Reply;
use crate::retry_after::retry_after_ms;

/// The body of a refusal.
#[derive(Deserialize)]
struct Refusal {
    reason: String,
    #[serde(default)]
    timestamp: Option<i64>,
}

/// Reads an answer of APNs.
pub(crate) fn classify(reply: &Reply, now: Timestamp) -> Answer {
    let provider_id = text(&reply.headers, "apns-id");
    if (200..300).contains(&reply.status) {
        let mut answer = Answer::accepted(reply.status, provider_id);
        // The key to the message's history in Apple's console; the sandbox gives it.
        let unique = text(&reply.headers, "apns-unique-id");
        answer.message = unique.map(|id| format!("apns-unique-id {id}"));
        return answer;
    }
    let refusal = serde_json::from_slice::<Refusal>(&reply.body).ok();
    let known = refusal.as_ref().and_then(|it| by_reason(&it.reason));
    let reason = known.unwrap_or_else(|| by_status(reply.status));
    let mut answer = match &refusal {
        Some(_) => Answer::refused(reason),
        None => Answer::refused_saying(reason, &String::from_utf8_lossy(&reply.body)),
    };
    debug_assert_eq!(answer.verdict, Verdict::Refused(reason));
    answer.status = Some(reply.status);
    answer.provider_id = provider_id;
    let asked = text(&reply.headers, "retry-after");
    answer.retry_after_ms = asked.and_then(|value| retry_after_ms(&value, now));
    if let Some(refusal) = refusal {
        let dead = matches!(reason, Reason::TokenUnregistered | Reason::TokenExpired);
        let timestamp = refusal.timestamp.filter(|millis| dead && *millis > 0);
        answer.dead_since = timestamp.map(Timestamp::from_millis);
        let mut code = refusal.reason;
        code.truncate(code.floor_char_boundary(DETAIL_BYTES_MAX));
        answer.code = Some(code);
    }
    answer
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// Every reason that Apple documents, those of broadcasts too, with the spelling that live logs show
/// for one of them.
fn by_reason(reason: &str) -> Option<Reason> {
    Some(match reason {
        "BadCollapseId" | "BadExpirationDate" | "BadMessageId" | "BadPath" | "BadPriority"
        | "BadRequestParams" | "BadRequestPayload" | "BadTopic" | "DuplicateHeaders"
        | "InvalidPushType" | "MethodNotAllowed" | "MissingDeviceToken" | "MissingPushType"
        | "MissingTopic" => Reason::SenderBug,
        "PayloadEmpty" => Reason::PayloadInvalid,
        "PayloadTooLarge" => Reason::PayloadTooLarge,
        "BadDeviceToken" => Reason::TokenInvalid,
        "DeviceTokenNotForTopic" | "TopicDisallowed" => Reason::ProviderTopic,
        "Unregistered" => Reason::TokenUnregistered,
        "ExpiredToken" => Reason::TokenExpired,
        "BadCertificate"
        | "BadCertificateEnvironment"
        | "Forbidden"
        | "InvalidProviderToken"
        | "MissingProviderToken" => Reason::ProviderAuth,
        "BadEnvironmentKeyIdInToken"
        | "BadEnvironmentKeyInToken"
        | "TopicMismatch"
        | UNRELATED_KEY => Reason::ProviderKeyScope,
        "ExpiredProviderToken" => Reason::ProviderJwtExpired,
        "TooManyProviderTokenUpdates" => Reason::ProviderJwtRefresh,
        "TooManyRequests" => Reason::DeviceThrottled,
        "IdleTimeout" | "InternalServerError" | "ServiceUnavailable" | "Shutdown" => {
            Reason::ProviderUnavailable
        }
        "BadChannelId"
        | "CannotCreateChannelConfig"
        | "ChannelNotRegistered"
        | "FeatureNotEnabled"
        | "MissingChannelId"
        | "MissingChannelQueueSize" => Reason::ProviderConfig,
        _ => return None,
    })
}

/// The connection belongs to another key; a new one may take this (providers.md 9).
pub(crate) const UNRELATED_KEY: &str = "UnrelatedKeyIdInToken";

/// When the reason is missing or new to us. A 410 without a reason that we know suspends the token
/// instead of removing it: only typed codes end a token's life.
const fn by_status(status: u16) -> Reason {
    match status {
        401 | 403 => Reason::ProviderAuth,
        404 | 405 => Reason::SenderBug,
        410 => Reason::TokenInvalid,
        413 => Reason::PayloadTooLarge,
        429 => Reason::ProviderThrottled,
        500..=599 => Reason::ProviderUnavailable,
        _ => Reason::FailedUnknown,
    }
}
