//! Android: data only, so that the app's SDK shows the push and can report it (mobile-sdk.md 6.3). What a
//! custom payload lets the system show gets a tag, under which a second copy takes the place of the first
//! (providers.md 2.2).

use landfall_domain::attempt::Answer;
use landfall_domain::content::Priority;
use serde_json::{Value, json};

use super::{Ingredients, Object, custom_message, fill, object, said, stringify};

/// The message but for its target.
pub(super) fn message(ingredients: Ingredients<'_>) -> Result<Object, Answer> {
    let custom = ingredients.content.custom_payload.as_deref();
    let mut message = match custom.and_then(|custom| custom.android.as_ref()) {
        Some(payload) => custom_with_keys(payload, ingredients)?,
        None => {
            let mut message = Object::new();
            message.insert("data".to_owned(), Value::Object(ingredients.data()?));
            message
        }
    };
    let shared = message.contains_key("notification");
    let android = object(&mut message, "message", "android")?;
    let is_shown_by_system = shared || android.contains_key("notification");
    fill(android, "priority", || {
        json!(match ingredients.priority() {
            Priority::High => "HIGH",
            Priority::Normal => "NORMAL",
        })
    });
    fill(android, "ttl", || {
        json!(format!("{}s", ingredients.ttl_seconds()))
    });
    // Google stores messages under at most four keys for a device, and a fifth pushes out one of them
    // (providers.md 2.5): a key of each delivery's own would lose messages. A second copy of a delivery
    // is known by its id to the SDK, and by its tag to the system.
    if let Some(own) = said(&ingredients.content.collapse_key) {
        fill(android, "collapse_key", || json!(own));
    }
    if is_shown_by_system {
        let notification = object(android, "message.android", "notification")?;
        fill(notification, "tag", || json!(ingredients.collapse_key()));
    }
    Ok(message)
}

/// `android.data` hides `data` on Android devices: where a payload has both, both are identified.
fn custom_with_keys(payload: &Value, ingredients: Ingredients<'_>) -> Result<Object, Answer> {
    let mut message = custom_message(payload, "android")?;
    let data = object(&mut message, "message", "data")?;
    stringify(data, "message.data")?;
    ingredients.identify(data);
    if message.contains_key("android") {
        let android = object(&mut message, "message", "android")?;
        if android.contains_key("data") {
            let data = object(android, "message.android", "data")?;
            stringify(data, "message.android.data")?;
            ingredients.identify(data);
        }
    }
    Ok(message)
}
