//! A push as a request: path, headers and body (providers.md 1.2).

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, header};
use landfall_domain::attempt::Answer;
use landfall_domain::content::{Content, Priority, PushContent};
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;

use super::payload::{self, Overrides, Payload};
use super::push_type::PushType;
use crate::pool::Origin;
use crate::{Address, Outgoing};

static APNS_ID: HeaderName = HeaderName::from_static("apns-id");
static APNS_TOPIC: HeaderName = HeaderName::from_static("apns-topic");
static APNS_PUSH_TYPE: HeaderName = HeaderName::from_static("apns-push-type");
static APNS_PRIORITY: HeaderName = HeaderName::from_static("apns-priority");
static APNS_EXPIRATION: HeaderName = HeaderName::from_static("apns-expiration");
static APNS_COLLAPSE_ID: HeaderName = HeaderName::from_static("apns-collapse-id");

/// Longest `apns-collapse-id`.
const COLLAPSE_ID_BYTES_MAX: usize = 64;
/// Hex digits of the longest token that makes sense; today's have 64 (providers.md 1.8).
const TOKEN_DIGITS_MAX: usize = 200;

/// Everything but who sends it. Cheap to make requests of, for it may take several.
#[derive(Clone, Debug)]
pub(super) struct Push {
    uri: Uri,
    id: Option<HeaderValue>,
    topic: HeaderValue,
    push_type: &'static str,
    priority: HeaderValue,
    expiration: HeaderValue,
    collapse_id: Option<HeaderValue>,
    pub(super) body: Bytes,
}

impl Push {
    /// Makes and checks a push.
    ///
    /// # Errors
    /// The refusal when APNs would not take it, or nobody knows for which app it is.
    pub(super) fn of(
        outgoing: &Outgoing,
        origin: &Origin,
        default_topic: &str,
        now: Timestamp,
    ) -> Result<Self, Answer> {
        let (Content::Push(content), Address::Device { token, app, .. }) =
            (&outgoing.content, &outgoing.to)
        else {
            let message = "APNs carries pushes to devices and nothing else";
            return Err(Answer::refused_saying(Reason::SenderBug, message));
        };
        check_token(token)?;
        let Payload {
            json,
            push_type,
            overrides,
        } = payload::build(content, &outgoing.delivery_id, token)?;
        let app = if app.is_empty() { default_topic } else { app };
        Ok(Self {
            uri: device(origin, token),
            id: Some(sensitive(id(&outgoing.attempt_id)?)),
            topic: topic(&overrides, app, push_type)?,
            push_type: push_type.name(),
            priority: priority(&overrides, content, push_type)?,
            expiration: sensitive(expiration(&overrides, outgoing, now)?),
            collapse_id: Some(sensitive(collapse_header(&overrides, content, outgoing)?)),
            body: Bytes::from(json),
        })
    }

    /// A push that shows nothing, is never stored, and goes to a token that nobody has.
    pub(super) fn probe(origin: &Origin, topic: &str) -> Result<Self, Answer> {
        Ok(Self {
            uri: device(origin, &"0".repeat(64)),
            id: None,
            topic: self::topic(&Overrides::default(), topic, PushType::Background)?,
            push_type: PushType::Background.name(),
            priority: HeaderValue::from_static("5"),
            expiration: HeaderValue::from_static("0"),
            collapse_id: None,
            body: Bytes::from_static(br#"{"aps":{"content-available":1}}"#),
        })
    }

    /// The head of the request.
    pub(super) fn request(&self, authorization: Option<&HeaderValue>) -> Request<()> {
        let mut headers = HeaderMap::with_capacity(8);
        if let Some(authorization) = authorization {
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        if let Some(id) = &self.id {
            headers.insert(&APNS_ID, id.clone());
        }
        headers.insert(&APNS_TOPIC, self.topic.clone());
        headers.insert(&APNS_PUSH_TYPE, HeaderValue::from_static(self.push_type));
        headers.insert(&APNS_PRIORITY, self.priority.clone());
        headers.insert(&APNS_EXPIRATION, self.expiration.clone());
        if let Some(collapse_id) = &self.collapse_id {
            headers.insert(&APNS_COLLAPSE_ID, collapse_id.clone());
        }
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = headers;
        request
    }
}

fn check_token(token: &str) -> Result<(), Answer> {
    let digits = token.len();
    let problem = if digits == 0 || digits > TOKEN_DIGITS_MAX || !digits.is_multiple_of(2) {
        format!(
            "an APNs token has an even number of hex digits up to {TOKEN_DIGITS_MAX}; this has {digits}"
        )
    } else if !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        "an APNs token has hex digits only; this has others".to_owned()
    } else {
        return Ok(());
    };
    Err(Answer::refused_saying(Reason::TokenMalformed, &problem))
}

/// The path of a token that was checked.
fn device(origin: &Origin, token: &str) -> Uri {
    origin
        .uri(format!("/3/device/{token}"))
        .expect("slashes, letters and digits make a path")
}

/// Keeps a value that is different for every push out of the peer's small table of headers
/// (providers.md 1.2).
fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

fn id(attempt_id: &str) -> Result<HeaderValue, Answer> {
    HeaderValue::from_str(attempt_id).map_err(|_| {
        let message = "the id of the attempt is not a UUID";
        Answer::refused_saying(Reason::SenderBug, message)
    })
}

fn topic(overrides: &Overrides, app: &str, push_type: PushType) -> Result<HeaderValue, Answer> {
    let suffix = push_type.topic_suffix();
    let topic = match &overrides.topic {
        Some(topic) => topic.clone(),
        None if app.ends_with(suffix) => app.to_owned(),
        None => format!("{app}{suffix}"),
    };
    match HeaderValue::from_maybe_shared(topic.into_bytes()) {
        Ok(value) if !app.is_empty() || overrides.topic.is_some() => Ok(value),
        _ => {
            let message = "nobody knows which app this device has: register devices with their \
                           bundle id, or give the credential a topic";
            Err(Answer::refused_saying(
                Reason::ProviderNotConfigured,
                message,
            ))
        }
    }
}

fn priority(
    overrides: &Overrides,
    content: &PushContent,
    push_type: PushType,
) -> Result<HeaderValue, Answer> {
    if let Some(fixed) = push_type.fixed_priority() {
        return Ok(HeaderValue::from_static(fixed));
    }
    if let Some(custom) = &overrides.priority {
        return from_custom("apns-priority", custom);
    }
    Ok(HeaderValue::from_static(match content.priority {
        Some(Priority::Normal) => "5",
        Some(Priority::High) | None => "10",
    }))
}

fn expiration(
    overrides: &Overrides,
    outgoing: &Outgoing,
    now: Timestamp,
) -> Result<HeaderValue, Answer> {
    if let Some(custom) = &overrides.expiration {
        return from_custom("apns-expiration", custom);
    }
    // Zero: try once, store nothing.
    let seconds = match outgoing.ttl_seconds(now) {
        0 => 0,
        _ => outgoing.expires_at.seconds(),
    };
    Ok(HeaderValue::from(seconds))
}

/// The content's key, or the delivery's id: then a second copy of one delivery takes the place of the
/// first instead of standing beside it.
fn collapse_header(
    overrides: &Overrides,
    content: &PushContent,
    outgoing: &Outgoing,
) -> Result<HeaderValue, Answer> {
    if let Some(custom) = &overrides.collapse_id {
        return from_custom("apns-collapse-id", custom);
    }
    let own = content
        .collapse_key
        .as_deref()
        .filter(|key| !key.is_empty());
    let key = own.unwrap_or(&outgoing.delivery_id);
    HeaderValue::from_bytes(collapse_id(key).as_bytes()).map_err(|_| {
        let message =
            "collapse_key has characters that a header must not have, such as a line break";
        Answer::refused_saying(Reason::PayloadInvalid, message)
    })
}

/// A collapse key as Apple takes it. One that is too long is replaced by its digest, which is the same each
/// time and another for every other key, however alike they begin.
pub(crate) fn collapse_id(key: &str) -> Cow<'_, str> {
    match key.len() <= COLLAPSE_ID_BYTES_MAX {
        true => Cow::Borrowed(key),
        false => Cow::Owned(crate::web_push::topic(key)),
    }
}

fn from_custom(name: &str, value: &str) -> Result<HeaderValue, Answer> {
    HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
        let message =
            format!("custom_payload.ios: {name} has characters that a header must not have");
        Answer::refused_saying(Reason::PayloadInvalid, &message)
    })
}
