//! Apple's devices whose apps use Firebase's SDK: APNs' payload inside FCM's message (mobile-sdk.md
//! 6.2), with the `CIO-` keys at its top level.

use landfall_domain::attempt::Answer;
use landfall_domain::content::Priority;
use serde_json::{Value, json};

use super::{Ingredients, Object, custom_message, fill, invalid, object};
use crate::apns;

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
        None => around(ingredients.for_apple()?),
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
        (
            "apns-collapse-id",
            &apns::collapse_id(ingredients.collapse_key()),
        ),
    ] {
        fill(headers, name, || json!(value));
    }
    Ok(message)
}

impl Ingredients<'_> {
    /// The payload that Apple itself would be given.
    fn for_apple(&self) -> Result<Object, Answer> {
        match apns::payload(self.content, &self.outgoing.delivery_id, self.token)? {
            Value::Object(payload) => Ok(payload),
            _ => Err(invalid("APNs' payload must be a JSON object")),
        }
    }
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
