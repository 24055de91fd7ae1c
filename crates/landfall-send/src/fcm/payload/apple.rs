//! Apple's devices whose apps use Firebase's SDK: APNs' payload inside FCM's message (mobile-sdk.md
//! 6.2), with the `CIO-` keys at its top level.

use landfall_domain::attempt::Answer;
use landfall_domain::content::{Priority, PushContent};
use serde_json::{Value, json};

use super::{
    DELIVERY_ID, DELIVERY_TOKEN, Ingredients, Object, custom_message, fill, invalid, object, said,
};

/// Longest `apns-collapse-id` in bytes (providers.md 1.2).
const COLLAPSE_ID_BYTES_MAX: usize = 64;

/// The message but for its target. A custom payload is a message in FCM's style, or APNs' payload
/// itself (app-api.md 2.2).
pub(super) fn message(ingredients: Ingredients<'_>) -> Result<Object, Answer> {
    let custom = ingredients.content.custom_payload.as_deref();
    let mut message = match custom.and_then(|custom| custom.ios.as_ref()) {
        Some(payload @ Value::Object(members)) if members.contains_key("message") => {
            custom_message(payload, "ios")?
        }
        Some(Value::Object(members)) => around(members.clone()),
        Some(_) => return Err(invalid("custom_payload.ios must be a JSON object")),
        None => around(payload(ingredients.content)?),
    };
    let apns = object(&mut message, "message", "apns")?;
    let payload = object(apns, "message.apns", "payload")?;
    ingredients.identify(payload);
    let_extension_run(payload);
    let shown = is_shown(payload);
    let headers = object(apns, "message.apns", "headers")?;
    // Apple refuses high priority for what only wakes the app (providers.md 1.2).
    let priority = match ingredients.priority() {
        Priority::High if shown => "10",
        Priority::High | Priority::Normal => "5",
    };
    let expiration = ingredients.outgoing.expires_at.seconds();
    for (name, value) in [
        ("apns-push-type", if shown { "alert" } else { "background" }),
        ("apns-priority", priority),
        ("apns-expiration", &expiration.to_string()),
        ("apns-collapse-id", &collapse_id(ingredients.collapse_key())),
    ] {
        fill(headers, name, || json!(value));
    }
    Ok(message)
}

fn around(payload: Object) -> Object {
    let mut apns = Object::new();
    apns.insert("payload".to_owned(), Value::Object(payload));
    let mut message = Object::new();
    message.insert("apns".to_owned(), Value::Object(apns));
    message
}

/// Without `mutable-content` the app's extension does not run for what is shown: no picture, and no
/// report of the delivery (mobile-sdk.md 6.2).
fn let_extension_run(payload: &mut Object) {
    let aps = payload.get_mut("aps").and_then(Value::as_object_mut);
    if let Some(aps) = aps.filter(|aps| aps.contains_key("alert")) {
        fill(aps, "mutable-content", || json!(1));
    }
}

/// Whether the device shows, plays or counts something; otherwise the push only wakes the app.
fn is_shown(payload: &Object) -> bool {
    ["alert", "sound", "badge"].iter().any(|part| {
        payload
            .get("aps")
            .is_some_and(|aps| aps.get(part).is_some())
    })
}

/// A key that is too long is replaced by its digest, which is as long for all.
fn collapse_id(key: &str) -> String {
    if key.len() <= COLLAPSE_ID_BYTES_MAX {
        key.to_owned()
    } else {
        crate::web_push::topic(key)
    }
}

fn payload(content: &PushContent) -> Result<Object, Answer> {
    let mut payload = Object::new();
    for (key, value) in &content.data {
        if matches!(key.as_str(), "aps" | "CIO" | DELIVERY_ID | DELIVERY_TOKEN) {
            return Err(invalid(&format!(
                "data must not have the key {key}, which is reserved: choose another"
            )));
        }
        payload.insert(key.clone(), json!(value));
    }
    payload.insert("aps".to_owned(), Value::Object(aps(content)?));
    let mut push = Object::new();
    for (name, text) in [("link", &content.link), ("image", &content.image)] {
        if let Some(text) = said(text) {
            push.insert(name.to_owned(), json!(text));
        }
    }
    if !content.actions.is_empty() {
        push.insert("actions".to_owned(), json!(content.actions));
    }
    if !push.is_empty() {
        payload.insert("CIO".to_owned(), json!({ "push": push }));
    }
    Ok(payload)
}

fn aps(content: &PushContent) -> Result<Object, Answer> {
    let mut aps = Object::new();
    if content.silent {
        aps.insert("content-available".to_owned(), json!(1));
        return Ok(aps);
    }
    let mut alert = Object::new();
    for (name, text) in [
        ("title", &content.title),
        ("subtitle", &content.subtitle),
        ("body", &content.body),
    ] {
        if let Some(text) = said(text) {
            alert.insert(name.to_owned(), json!(text));
        }
    }
    if !alert.is_empty() {
        aps.insert("alert".to_owned(), Value::Object(alert));
    }
    for (name, text) in [
        ("thread-id", &content.thread),
        ("category", &content.category),
        ("interruption-level", &content.interruption_level),
    ] {
        if let Some(text) = said(text) {
            aps.insert(name.to_owned(), json!(text));
        }
    }
    if let Some(sound) = said(&content.sound).filter(|&sound| sound != "none") {
        aps.insert("sound".to_owned(), json!(sound));
    }
    if let Some(badge) = said(&content.badge) {
        let number: u32 = badge
            .trim()
            .parse()
            .map_err(|_| invalid(&format!("badge must be a whole number, not `{badge}`")))?;
        aps.insert("badge".to_owned(), json!(number));
    }
    Ok(aps)
}
