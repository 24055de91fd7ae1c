//! What a push service can have against a request, and how the different services say it
//! (providers.md 3.2).

use ::http::Response;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::encryption::Unreadable;
use super::vapid::Refused;
use crate::http::{Canned, RetryAfter, set};

#[cfg(test)]
mod tests;

/// Whose manner of answering a simulated service has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// What the RFCs say, with plain text as body.
    #[default]
    Standard,
    /// Mozilla's autopush: JSON with `errno`.
    Autopush,
    /// Apple's service: JSON with `reason`, and `apns-id` with every answer.
    Apple,
}

/// What is wrong with a request, or with the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// The keys of the coding before `aes128gcm` are missing.
    MissingKeys,
    /// The path is no push resource that was ever given out.
    UnknownEndpoint,
    /// The subscription has expired.
    ExpiredSubscription,
    /// The endpoint became unavailable while the message was routed.
    EndpointGone,
    /// The subscription was taken back: permission revoked or data cleared.
    NoSubscription,
    /// The body is larger than the service takes.
    TooLarge,
    /// The subscription belongs to another kind of router.
    RouterType,
    /// There is no identification.
    MissingAuthorization,
    /// The identification is not of the form of RFC 8292.
    BadAuthorization,
    /// The token is not signed, for another service, expired, or too long-lived.
    BadToken,
    /// The key of the identification is no key.
    BadKey,
    /// The subscription was made for another application server.
    ForeignKey,
    /// The content coding or the encryption is not that of RFC 8291.
    BadEncryption,
    /// `TTL` is missing.
    MissingTtl,
    /// `TTL` is not a number of seconds.
    BadTtl,
    /// `Topic` is too long or has a character outside of the base64url alphabet.
    BadTopic,
    /// `Urgency` is none of the four words.
    BadUrgency,
    /// Something else than `POST`.
    MethodNotAllowed,
    /// Too many messages in too short a time.
    TooManyRequests,
    /// The service is overloaded: come back later.
    BackOff,
    /// The service is unavailable for a moment: try again at once.
    TryAgain,
    /// The bridge to another provider is set up wrongly, on the service's side.
    BridgeSetup,
    /// The bridge's credentials are wrong, the service's, not ours.
    BridgeCredentials,
    /// The bridge did not answer in time.
    BridgeTimeout,
    /// The bridge could not be reached.
    BridgeConnection,
    /// The service failed.
    Internal,
    /// The connection was idle for too long.
    IdleTimeout,
}

/// How the three styles say a problem.
struct Words {
    problem: Problem,
    standard: u16,
    autopush: u16,
    errno: Option<u16>,
    apple: u16,
    reason: &'static str,
    message: &'static str,
}

macro_rules! words {
    ($($problem:ident: $standard:literal, $autopush:literal $errno:expr, $apple:literal $reason:literal, $message:literal;)*) => {
        /// Every problem in the order of its declaration.
        const WORDS: &[Words] = &[$(Words {
            problem: Problem::$problem,
            standard: $standard,
            autopush: $autopush,
            errno: $errno,
            apple: $apple,
            reason: $reason,
            message: $message,
        }),*];
    };
}

// Apple documents no reason of its own for a dead subscription: it uses the one of APNs. Autopush gives
// no number to problems that it leaves to its framework.
words! {
    MissingKeys: 400, 400 Some(101), 400 "BadWebPushRequest", "Crypto-Key is missing";
    UnknownEndpoint: 404, 404 Some(102), 404 "BadPath", "No such push resource";
    ExpiredSubscription: 404, 410 Some(103), 410 "Unregistered", "The subscription has expired";
    EndpointGone: 410, 410 Some(105), 410 "Unregistered", "The endpoint is no longer available";
    NoSubscription: 410, 410 Some(106), 410 "Unregistered", "No such subscription";
    TooLarge: 413, 413 Some(104), 413 "PayloadTooLarge", "The message is too large";
    RouterType: 400, 400 Some(108), 400 "BadWebPushRequest", "The router type is invalid";
    MissingAuthorization: 401, 401 Some(109), 403 "BadAuthorizationHeader", "Authorization is missing";
    BadAuthorization: 403, 401 Some(109), 403 "BadAuthorizationHeader", "Authorization is malformed";
    BadToken: 403, 401 Some(109), 403 "BadJwtToken", "The VAPID token is invalid";
    BadKey: 403, 401 Some(109), 403 "BadVapidPublicKey", "The VAPID key is invalid";
    ForeignKey: 403, 401 Some(109), 403 "VapidPkHashMismatch", "The subscription belongs to another key";
    BadEncryption: 400, 400 Some(110), 400 "BadWebPushRequest", "The encryption is invalid";
    MissingTtl: 400, 400 Some(111), 400 "BadTtl", "TTL is missing";
    BadTtl: 400, 400 Some(112), 400 "BadTtl", "TTL is not a number of seconds";
    BadTopic: 400, 400 Some(113), 400 "BadWebPushTopic", "Topic is invalid";
    BadUrgency: 400, 400 None, 400 "BadUrgency", "Urgency is invalid";
    MethodNotAllowed: 405, 405 None, 405 "MethodNotAllowed", "The method is not allowed";
    TooManyRequests: 429, 429 None, 429 "TooManyRequests", "Too many requests";
    BackOff: 503, 503 Some(201), 503 "ServiceUnavailable", "Overloaded, come back later";
    TryAgain: 503, 503 Some(202), 503 "Shutdown", "Unavailable, try again at once";
    BridgeSetup: 502, 502 Some(900), 500 "InternalServerError", "The bridge is set up wrongly";
    BridgeCredentials: 502, 502 Some(901), 500 "InternalServerError", "The bridge refused our credentials";
    BridgeTimeout: 502, 502 Some(902), 500 "InternalServerError", "The bridge did not answer in time";
    BridgeConnection: 502, 502 Some(903), 500 "InternalServerError", "The bridge could not be reached";
    Internal: 500, 500 Some(999), 500 "InternalServerError", "Something failed";
    IdleTimeout: 400, 400 None, 400 "IdleTimeout", "The connection was idle for too long";
}

impl Problem {
    /// All problems.
    pub fn all() -> impl Iterator<Item = Self> {
        WORDS.iter().map(|words| words.problem)
    }

    fn words(self) -> &'static Words {
        &WORDS[self as usize]
    }

    /// The HTTP status with which a service of that style says it.
    pub fn status(self, style: Style) -> u16 {
        let words = self.words();
        match style {
            Style::Standard => words.standard,
            Style::Autopush => words.autopush,
            Style::Apple => words.apple,
        }
    }

    /// Autopush's number for it.
    pub fn errno(self) -> Option<u16> {
        self.words().errno
    }

    /// Apple's word for it.
    pub fn reason(self) -> &'static str {
        self.words().reason
    }

    /// The answer of a service of that style.
    pub(super) fn answer(
        self,
        style: Style,
        retry_after: Option<RetryAfter>,
        detail: Option<&str>,
    ) -> Response<Bytes> {
        let status = self.status(style);
        let message = detail.unwrap_or(self.words().message);
        let canned = match style {
            Style::Standard => Canned::text(status, message),
            Style::Apple => Canned::json(status, &json!({"reason": self.reason()})),
            Style::Autopush => Canned::json(
                status,
                &json!({
                    "code": status,
                    "errno": self.errno(),
                    "error": phrase(status),
                    "message": message,
                    "more_info": "https://autopush.readthedocs.io/en/latest/http.html#error-codes",
                }),
            ),
        };
        // Autopush asks for two minutes whenever it is unavailable.
        let usual = (style == Style::Autopush && status == 503).then_some(RetryAfter::Seconds(120));
        let mut response: Response<Bytes> = match retry_after.or(usual) {
            Some(retry_after) => canned.retry_after(retry_after),
            None => canned,
        }
        .into();
        if style == Style::Autopush && status == 410 {
            set(response.headers_mut(), "cache-control", "max-age=86400");
        }
        response
    }
}

fn phrase(status: u16) -> &'static str {
    ::http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default()
}

impl From<&Refused> for Problem {
    fn from(refused: &Refused) -> Self {
        match refused {
            Refused::Missing => Self::MissingAuthorization,
            Refused::Header => Self::BadAuthorization,
            Refused::Key => Self::BadKey,
            Refused::Token
            | Refused::Algorithm
            | Refused::Signature
            | Refused::Audience(_)
            | Refused::Expired
            | Refused::TooLong
            | Refused::Subject => Self::BadToken,
        }
    }
}

impl From<Unreadable> for Problem {
    fn from(_: Unreadable) -> Self {
        Self::BadEncryption
    }
}
