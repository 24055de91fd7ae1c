//! What FCM's answers mean (providers.md 2.3 and 9): FCM's own `errorCode` in the details first, then
//! the general `status` of Google's APIs, then the HTTP status.

mod body;
#[cfg(test)]
mod tests;

use landfall_domain::attempt::Answer;
use landfall_domain::reason::Reason;
use landfall_domain::time::MINUTE_MS;

use body::ErrorBody;

/// The meaning of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Classified {
    /// For the ledger.
    pub(crate) answer: Answer,
    /// The access token was not accepted: another one may help, once.
    pub(crate) token_refused: bool,
}

/// Reads an answer; `retry_after_ms` is what its `Retry-After` asks for.
pub(crate) fn classify(status: u16, retry_after_ms: Option<i64>, body: &[u8]) -> Classified {
    if (200..300).contains(&status) {
        return Classified {
            answer: Answer::accepted(status, body::name(body)),
            token_refused: false,
        };
    }
    let error = ErrorBody::parse(body);
    let reason = error
        .error_code
        .as_deref()
        .and_then(|code| by_error_code(code, &error))
        .or_else(|| {
            error
                .status
                .as_deref()
                .and_then(|name| by_status_name(name, &error))
        })
        .unwrap_or_else(|| by_http(status));
    let mut answer = Answer::refused_saying(reason, &error.words(body));
    answer.status = Some(status);
    answer.code = error.code();
    answer.retry_after_ms = match reason {
        // The quota of a project or topic needs a minute at least, whatever the header says.
        Reason::ProviderThrottled => retry_after_ms.map(|asked| asked.max(MINUTE_MS)),
        _ => retry_after_ms,
    };
    Classified {
        answer,
        token_refused: status == 401 && reason == Reason::ProviderAuth,
    }
}

/// FCM's own codes. One that we do not know is left to the status beside it.
fn by_error_code(code: &str, error: &ErrorBody) -> Option<Reason> {
    Some(match code {
        "INVALID_ARGUMENT" => invalid_argument(error),
        "UNREGISTERED" => Reason::TokenUnregistered,
        "SENDER_ID_MISMATCH" => Reason::WrongProject,
        "QUOTA_EXCEEDED" => quota(error),
        "THIRD_PARTY_AUTH_ERROR" => Reason::ProviderThirdParty,
        "UNAVAILABLE" | "INTERNAL" => Reason::ProviderUnavailable,
        "UNSPECIFIED_ERROR" => Reason::FailedUnknown,
        _ => return None,
    })
}

/// Google's general codes (google.rpc.Code), where FCM said nothing of its own: then it is about us
/// and the project, not about the token. *Not found* is the project in the URL.
fn by_status_name(name: &str, error: &ErrorBody) -> Option<Reason> {
    Some(match name {
        "INVALID_ARGUMENT" => invalid_argument(error),
        "UNAUTHENTICATED" | "PERMISSION_DENIED" => Reason::ProviderAuth,
        "NOT_FOUND" => Reason::ProviderConfig,
        "RESOURCE_EXHAUSTED" => quota(error),
        "UNAVAILABLE" | "INTERNAL" | "DEADLINE_EXCEEDED" => Reason::ProviderUnavailable,
        _ => return None,
    })
}

/// Answers that are not FCM's: a page of a proxy or of Google's front.
const fn by_http(status: u16) -> Reason {
    match status {
        400 => Reason::SenderBug,
        401 | 403 => Reason::ProviderAuth,
        404 | 405 => Reason::ProviderConfig,
        413 => Reason::PayloadTooLarge,
        429 => Reason::ProviderThrottled,
        408 | 500..=599 => Reason::ProviderUnavailable,
        _ => Reason::FailedUnknown,
    }
}

/// The token or the message? Named fields decide; without them the words do.
fn invalid_argument(error: &ErrorBody) -> Reason {
    let apple = error.apns.as_ref().and_then(|apns| apns.reason.as_deref());
    match apple {
        Some("BadDeviceToken") => return Reason::TokenInvalid,
        Some("PayloadTooLarge") => return Reason::PayloadTooLarge,
        _ => (),
    }
    let fields = &error.invalid_fields;
    if !fields.is_empty() {
        let only_target = fields
            .iter()
            .all(|(field, _)| matches!(field.as_str(), "message.token" | "message.fid"));
        let too_large = fields.iter().any(|(_, words)| says_too_large(words));
        return match (only_target, too_large) {
            (true, _) => Reason::TokenInvalid,
            (false, true) => Reason::PayloadTooLarge,
            (false, false) => Reason::PayloadInvalid,
        };
    }
    let words = error.message.as_deref().unwrap_or("");
    if says_bad_token(words) {
        Reason::TokenInvalid
    } else if says_too_large(words) {
        Reason::PayloadTooLarge
    } else {
        Reason::PayloadInvalid
    }
}

fn says_bad_token(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    let target = ["registration token", "installation id", "fid is"];
    target.iter().any(|name| words.contains(name))
        && (words.contains("not a valid") || words.contains("invalid"))
}

fn says_too_large(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    ["too big", "too large", "exceeds the", "exceeds fcm"]
        .iter()
        .any(|phrase| words.contains(phrase))
}

/// Whose quota? An error that names the device delays this token; every other one the project.
fn quota(error: &ErrorBody) -> Reason {
    let of_device = error.quotas.iter().chain(&error.message).any(|words| {
        let words = words.to_ascii_lowercase();
        words.contains("device") || words.contains("registration token")
    });
    if of_device {
        Reason::DeviceThrottled
    } else {
        Reason::ProviderThrottled
    }
}
