//! How large a message may be (providers.md 2.2).

use landfall_domain::attempt::Answer;
use landfall_domain::channel::Platform;
use landfall_domain::reason::Reason;
use serde_json::Value;

use super::Object;

/// Bytes of payload that FCM carries, keys and values counted.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 4_096;

/// Refuses a message whose payload FCM would not carry to this platform.
pub(super) fn check(message: &Object, platform: Platform) -> Result<(), Answer> {
    let bytes = payload_bytes(message, platform);
    if bytes <= PAYLOAD_BYTES_MAX {
        return Ok(());
    }
    Err(Answer::refused_saying(
        Reason::PayloadTooLarge,
        &format!(
            "the payload has {bytes} bytes; FCM carries at most {PAYLOAD_BYTES_MAX}: shorten text, \
             links or data"
        ),
    ))
}

/// Keys and values of the data and the notification as the platform gets them. Apple counts the JSON
/// of its payload, so that is counted for it.
fn payload_bytes(message: &Object, platform: Platform) -> usize {
    let (own, notification) = match platform {
        Platform::Android => ("android", "notification"),
        Platform::Web => ("webpush", "notification"),
        Platform::Ios => ("apns", "payload"),
    };
    let part = message.get(own);
    let of_part = |name: &str| part.and_then(|part| part.get(name));
    let data = of_part("data").or_else(|| message.get("data"));
    let shared = [data, message.get("notification")];
    let shared: usize = shared.into_iter().flatten().map(counted).sum();
    let own = of_part(notification).map_or(0, |own| match platform {
        Platform::Ios => own.to_string().len(),
        Platform::Android | Platform::Web => counted(own),
    });
    shared + own
}

fn counted(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::String(text) => text.len(),
        Value::Bool(_) | Value::Number(_) => value.to_string().len(),
        Value::Array(items) => items.iter().map(counted).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| key.len() + counted(value))
            .sum(),
    }
}
