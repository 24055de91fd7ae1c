//! A custom payload of the App API (app-api.md 2.2): it says everything; only the keys without which
//! nobody would learn of its fate are added.

use landfall_domain::attempt::Answer;
use serde_json::{Map, Value};

use super::super::push_type::PushType;
use super::{DELIVERY_ID, DELIVERY_TOKEN, Overrides, Payload, invalid, json};

/// Takes APNs' style (`aps` at the top) and FCM's style (`message.apns.payload`, with
/// `message.apns.headers`).
pub(super) fn build(custom: &Value, delivery_id: &str, token: &str) -> Result<Payload, Answer> {
    let (mut payload, headers) = parts(custom)?;
    let Some(aps) = payload.get_mut("aps").and_then(Value::as_object_mut) else {
        return Err(invalid(
            "custom_payload.ios has no object `aps`; APNs needs one",
        ));
    };
    let shown = aps.contains_key("alert");
    if shown && !aps.contains_key("mutable-content") {
        // Without it the app's extension does not run: no picture, and no report of the delivery.
        aps.insert("mutable-content".to_owned(), Value::from(1));
    }
    let silent = is_one(aps.get("content-available"))
        && !shown
        && !aps.contains_key("sound")
        && !aps.contains_key("badge");
    payload.insert(DELIVERY_ID.to_owned(), Value::from(delivery_id));
    payload.insert(DELIVERY_TOKEN.to_owned(), Value::from(token));
    let push_type = match header(headers, "apns-push-type")? {
        Some(name) => PushType::named(&name)
            .ok_or_else(|| invalid("custom_payload.ios: apns-push-type is none of Apple's"))?,
        None if silent => PushType::Background,
        None => PushType::Alert,
    };
    Ok(Payload {
        json: json(&payload),
        push_type,
        overrides: Overrides {
            topic: header(headers, "apns-topic")?,
            priority: header(headers, "apns-priority")?,
            expiration: header(headers, "apns-expiration")?,
            collapse_id: header(headers, "apns-collapse-id")?,
        },
    })
}

type Parts<'a> = (Map<String, Value>, Option<&'a Map<String, Value>>);

fn parts(custom: &Value) -> Result<Parts<'_>, Answer> {
    let Some(map) = custom.as_object() else {
        return Err(invalid("custom_payload.ios is not an object"));
    };
    let Some(message) = map.get("message").filter(|_| !map.contains_key("aps")) else {
        return Ok((map.clone(), None));
    };
    let apns = message.get("apns");
    let payload = apns.and_then(|apns| apns.get("payload"));
    let Some(payload) = payload.and_then(Value::as_object) else {
        return Err(invalid(
            "custom_payload.ios has `message` without `message.apns.payload`",
        ));
    };
    let headers = apns.and_then(|apns| apns.get("headers"));
    Ok((payload.clone(), headers.and_then(Value::as_object)))
}

/// A header by its name, which FCM takes in any case.
fn header(headers: Option<&Map<String, Value>>, name: &str) -> Result<Option<String>, Answer> {
    let mut all = headers.into_iter().flatten();
    let Some((_, value)) = all.find(|(key, _)| key.eq_ignore_ascii_case(name)) else {
        return Ok(None);
    };
    match value {
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(invalid(&format!(
            "custom_payload.ios: header {name} is neither text nor number"
        ))),
    }
}

fn is_one(value: Option<&Value>) -> bool {
    value.is_some_and(|value| *value == 1 || *value == true)
}
