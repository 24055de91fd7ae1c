//! Android: data only, so that the app's SDK shows the push and can report it (mobile-sdk.md 6.3).

use landfall_domain::attempt::Answer;
use landfall_domain::content::Priority;
use serde_json::{Value, json};

use super::{Ingredients, Object, custom_message, fill, object, stringify};

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
    let android = object(&mut message, "message", "android")?;
    fill(android, "priority", || {
        json!(match ingredients.priority() {
            Priority::High => "HIGH",
            Priority::Normal => "NORMAL",
        })
    });
    fill(android, "ttl", || {
        json!(format!("{}s", ingredients.ttl_seconds()))
    });
    fill(android, "collapse_key", || {
        json!(ingredients.collapse_key())
    });
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
