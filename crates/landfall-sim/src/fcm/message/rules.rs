//! What a message may say.

use serde_json::Value;

use super::{Target, TargetKind, argument};
use crate::fcm::Refusal;

/// Largest payload in bytes, keys and values counted, and that of messages to topics.
const PAYLOAD: usize = 4096;
const TOPIC_PAYLOAD: usize = 2048;
/// Longest life: four weeks.
const LONGEST_TTL: u64 = 2_419_200;
/// Longest label.
const LABEL: usize = 50;
/// Keys of data that FCM keeps for itself, and beginnings of such keys.
const RESERVED: [&str; 2] = ["from", "message_type"];
const RESERVED_PREFIXES: [&str; 2] = ["google", "gcm"];

/// Checks a message whose names and types are right.
pub(super) fn check(message: &Value, target: &Target) -> Result<(), Refusal> {
    for place in ["", "/android", "/webpush"] {
        data(message, place)?;
    }
    for place in ["", "/android", "/apns", "/webpush"] {
        label(message, place)?;
    }
    if let Some(ttl) = text(message, "/android/ttl")
        && !is_ttl(ttl)
    {
        return Err(argument("message.android.ttl", "Invalid time to live."));
    }
    if let Some(priority) = text(message, "/android/priority")
        && !["NORMAL", "HIGH"].contains(&priority.to_ascii_uppercase().as_str())
    {
        return Err(argument("message.android.priority", "Invalid priority."));
    }
    if target.kind == TargetKind::Topic && !is_topic(&target.value) {
        return Err(argument("message.topic", "Malformed topic name."));
    }
    let most = match target.kind {
        TargetKind::Topic | TargetKind::Condition => TOPIC_PAYLOAD,
        TargetKind::Fid | TargetKind::Token => PAYLOAD,
    };
    if largest(message) > most {
        return Err(argument("message", "The message is too big."));
    }
    Ok(())
}

fn text<'m>(message: &'m Value, pointer: &str) -> Option<&'m str> {
    message.pointer(pointer).and_then(Value::as_str)
}

fn data(message: &Value, place: &str) -> Result<(), Refusal> {
    let data = message.pointer(&format!("{place}/data"));
    let Some(data) = data.and_then(Value::as_object) else {
        return Ok(());
    };
    let reserved = data.keys().find(|key| {
        RESERVED.contains(&key.as_str())
            || RESERVED_PREFIXES
                .iter()
                .any(|prefix| key.starts_with(prefix))
    });
    match reserved {
        None => Ok(()),
        Some(key) => {
            let field = format!("message{}.data", place.replace('/', "."));
            Err(argument(
                &field,
                &format!("Invalid data payload key: {key}"),
            ))
        }
    }
}

fn label(message: &Value, place: &str) -> Result<(), Refusal> {
    let given = text(message, &format!("{place}/fcm_options/analytics_label"));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte);
    match given {
        Some(label) if label.is_empty() || label.len() > LABEL || !label.bytes().all(allowed) => {
            let place = place.replace('/', ".");
            let field = format!("message{place}.fcm_options.analytics_label");
            Err(argument(&field, "Invalid analytics label."))
        }
        _ => Ok(()),
    }
}

/// Seconds with at most nine decimals and an `s`, such as `3600s` and `3.5s`.
fn is_ttl(ttl: &str) -> bool {
    let Some(number) = ttl.strip_suffix('s') else {
        return false;
    };
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && digits(decimals)
        && decimals.len() <= 9
        && whole.parse::<u64>().is_ok_and(|seconds| {
            seconds < LONGEST_TTL || (seconds == LONGEST_TTL && decimals.bytes().all(|d| d == b'0'))
        })
}

fn is_topic(topic: &str) -> bool {
    topic
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte))
}

/// Bytes of the largest of the three payloads that a message becomes. What is said for one platform takes
/// the place of what is said for all.
fn largest(message: &Value) -> usize {
    let shared = |field: &str| message.get(field);
    let of = |platform: &str, field: &str| {
        let own = message.pointer(&format!("/{platform}/{field}"));
        own.or_else(|| shared(field)).map_or(0, weight)
    };
    let android = of("android", "data") + of("android", "notification");
    let web = of("webpush", "data") + of("webpush", "notification");
    let apple = message
        .pointer("/apns/payload")
        .map_or(0, |payload| payload.to_string().len());
    let apple = if message.get("apns").is_some() {
        apple + shared("data").map_or(0, weight)
    } else {
        0
    };
    android.max(web).max(apple)
}

/// Bytes of keys and values.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::String(text) => text.len(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| key.len() + weight(value))
            .sum(),
        Value::Array(values) => values.iter().map(weight).sum(),
        Value::Bool(_) | Value::Number(_) => value.to_string().len(),
    }
}
