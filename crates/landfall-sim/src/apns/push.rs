//! What APNs checks of a push before it looks at the device (providers.md 1.2 and 1.4).

use http::request::Parts;
use http::{HeaderMap, Method};

use super::{ProviderKey, Reason};

/// Largest payload in bytes, and that of VoIP pushes.
const PAYLOAD: usize = 4096;
const VOIP_PAYLOAD: usize = 5120;
/// Longest collapse id in bytes.
const COLLAPSE_ID: usize = 64;
/// Longest device token in hexadecimal digits that is believed (providers.md 1.8).
const TOKEN_DIGITS: usize = 200;

/// Push types and what their topics end with.
const TYPES: [(&str, &str); 11] = [
    ("alert", ""),
    ("background", ""),
    ("voip", ".voip"),
    ("complication", ".complication"),
    ("fileprovider", ".pushkit.fileprovider"),
    ("location", ".location-query"),
    ("liveactivity", ".push-type.liveactivity"),
    ("pushtotalk", ".voip-ptt"),
    ("widgets", ".push-type.widgets"),
    ("controls", ".push-type.controls"),
    ("mdm", ""),
];

/// Who sends, as far as topics go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sender<'a> {
    /// Anybody: nothing is checked.
    Anybody,
    /// The holder of a key.
    Key(&'a ProviderKey),
    /// The holder of a certificate for these topics.
    Certificate(&'a [String]),
}

/// The headers of a push, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Push<'r> {
    pub(super) token: &'r str,
    pub(super) topic: &'r str,
    pub(super) push_type: Option<&'r str>,
    pub(super) priority: u8,
    /// UNIX seconds; 0 is one attempt.
    pub(super) expiration: Option<i64>,
    pub(super) collapse_id: Option<&'r str>,
}

/// The device token of a request's path, whatever else is wrong with it; empty when there is none.
pub(super) fn token_of(parts: &Parts) -> &str {
    parts
        .uri
        .path()
        .strip_prefix("/3/device/")
        .unwrap_or_default()
}

/// Checks method and path.
pub(super) fn address(parts: &Parts) -> Result<&str, Reason> {
    if parts.method != Method::POST {
        return Err(Reason::MethodNotAllowed);
    }
    let path = parts.uri.path();
    if path == "/3/device" || path == "/3/device/" {
        return Err(Reason::MissingDeviceToken);
    }
    let token = token_of(parts);
    if token.is_empty() || token.contains('/') {
        return Err(Reason::BadPath);
    }
    Ok(token)
}

/// Checks everything of a push but who sends it and to which device.
///
/// `apps` are the bundle ids that exist; all do when absent.
pub(super) fn read<'r>(
    parts: &'r Parts,
    payload: &[u8],
    sender: Sender<'r>,
    apps: Option<&[String]>,
) -> Result<Push<'r>, Reason> {
    let headers = &parts.headers;
    no_duplicates(headers)?;
    let id = text(headers, "apns-id").map_err(|()| Reason::BadMessageId)?;
    if id.is_some_and(|id| !is_uuid(id.as_bytes())) {
        return Err(Reason::BadMessageId);
    }
    let push_type = text(headers, "apns-push-type").map_err(|()| Reason::InvalidPushType)?;
    let suffix = suffix_of(push_type)?;
    let topic = topic(headers, suffix, sender, apps)?;
    if push_type == Some("location") && matches!(sender, Sender::Certificate(_)) {
        return Err(Reason::InvalidPushType);
    }
    let push = Push {
        token: token_of(parts),
        topic,
        push_type,
        priority: priority(headers, push_type)?,
        expiration: expiration(headers)?,
        collapse_id: collapse_id(headers)?,
    };
    payload_fits(payload, push_type)?;
    if !is_token(push.token) {
        return Err(Reason::BadDeviceToken);
    }
    Ok(push)
}

/// A header's text; an error when it is none.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, ()> {
    headers
        .get(name)
        .map(|value| std::str::from_utf8(value.as_bytes()).map_err(|_| ()))
        .transpose()
}

fn no_duplicates(headers: &HeaderMap) -> Result<(), Reason> {
    if headers.len() == headers.keys_len() {
        return Ok(());
    }
    let twice = headers.keys().any(|name| {
        let ours = name.as_str().starts_with("apns-") || name == http::header::AUTHORIZATION;
        ours && headers.get_all(name).iter().nth(1).is_some()
    });
    if twice {
        return Err(Reason::DuplicateHeaders);
    }
    Ok(())
}

fn suffix_of(push_type: Option<&str>) -> Result<&'static str, Reason> {
    let Some(push_type) = push_type else {
        return Ok("");
    };
    TYPES
        .iter()
        .find(|(known, _)| *known == push_type)
        .map(|(_, suffix)| *suffix)
        .ok_or(Reason::InvalidPushType)
}

fn topic<'r>(
    headers: &'r HeaderMap,
    suffix: &str,
    sender: Sender<'r>,
    apps: Option<&[String]>,
) -> Result<&'r str, Reason> {
    let given = text(headers, "apns-topic").map_err(|()| Reason::BadTopic)?;
    let topic = match (given.filter(|topic| !topic.is_empty()), sender) {
        (Some(topic), _) => topic,
        // A certificate for one topic says which.
        (None, Sender::Certificate([only])) => only.as_str(),
        (None, _) => return Err(Reason::MissingTopic),
    };
    let bundle = topic
        .strip_suffix(suffix)
        .filter(|bundle| is_bundle(bundle));
    let bundle = bundle.ok_or(Reason::BadTopic)?;
    let allowed = match sender {
        Sender::Anybody => true,
        Sender::Key(key) => key
            .topics
            .as_ref()
            .is_none_or(|topics| holds(topics, topic, bundle)),
        Sender::Certificate(topics) => holds(topics, topic, bundle),
    };
    let exists = apps.is_none_or(|apps| holds(apps, topic, bundle));
    if allowed && exists {
        Ok(topic)
    } else {
        Err(Reason::TopicDisallowed)
    }
}

/// A bundle id stands for its topics with a suffix too.
fn holds(topics: &[String], topic: &str, bundle: &str) -> bool {
    topics.iter().any(|known| known == topic || known == bundle)
}

/// Letters, digits, hyphens and points: what Apple allows in a bundle id, and the UID of an MDM
/// certificate.
fn is_bundle(bundle: &str) -> bool {
    !bundle.is_empty()
        && bundle
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

fn priority(headers: &HeaderMap, push_type: Option<&str>) -> Result<u8, Reason> {
    let given = text(headers, "apns-priority").map_err(|()| Reason::BadPriority)?;
    let priority = match given {
        None | Some("10") => 10,
        Some("5") => 5,
        Some("1") => 1,
        Some(_) => return Err(Reason::BadPriority),
    };
    // Absent is 10, and 10 is an error for background pushes.
    if priority == 10 && push_type == Some("background") {
        return Err(Reason::BadPriority);
    }
    Ok(priority)
}

fn expiration(headers: &HeaderMap) -> Result<Option<i64>, Reason> {
    let given = text(headers, "apns-expiration").map_err(|()| Reason::BadExpirationDate)?;
    given
        .map(|given| {
            given
                .parse::<u64>()
                .ok()
                .and_then(|seconds| i64::try_from(seconds).ok())
                .ok_or(Reason::BadExpirationDate)
        })
        .transpose()
}

fn collapse_id(headers: &HeaderMap) -> Result<Option<&str>, Reason> {
    let given = text(headers, "apns-collapse-id").map_err(|()| Reason::BadCollapseId)?;
    match given {
        Some(id) if id.len() > COLLAPSE_ID => Err(Reason::BadCollapseId),
        given => Ok(given),
    }
}

fn payload_fits(payload: &[u8], push_type: Option<&str>) -> Result<(), Reason> {
    let most = if push_type == Some("voip") {
        VOIP_PAYLOAD
    } else {
        PAYLOAD
    };
    if payload.is_empty() {
        return Err(Reason::PayloadEmpty);
    }
    if payload.len() > most {
        return Err(Reason::PayloadTooLarge);
    }
    Ok(())
}

/// Hexadecimal digits in pairs. No length is assumed but a sane maximum (providers.md 1.8).
fn is_token(token: &str) -> bool {
    let digits = token.len();
    digits > 0
        && digits.is_multiple_of(2)
        && digits <= TOKEN_DIGITS
        && token.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// 32 hexadecimal digits, displayed in groups of 8-4-4-4-12.
pub(super) fn is_uuid(id: &[u8]) -> bool {
    id.len() == 36
        && id.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
