//! Browsers whose pages use Firebase's SDK: the same data as on Android, for the service worker.

use landfall_domain::attempt::Answer;
use landfall_domain::content::Priority;
use serde_json::{Value, json};

use super::{Ingredients, Object, custom_message, fill, invalid, object, stringify};

/// The message but for its target. A custom payload is a message in FCM's style, or the data itself.
pub(super) fn message(ingredients: Ingredients<'_>) -> Result<Object, Answer> {
    let custom = ingredients.content.custom_payload.as_deref();
    let mut message = match custom.and_then(|custom| custom.web.as_ref()) {
        Some(payload) => custom_with_keys(payload, ingredients)?,
        None => data_only(ingredients.data()?),
    };
    let webpush = object(&mut message, "message", "webpush")?;
    let headers = object(webpush, "message.webpush", "headers")?;
    fill(headers, "TTL", || {
        json!(ingredients.ttl_seconds().to_string())
    });
    fill(headers, "Urgency", || {
        json!(match ingredients.priority() {
            Priority::High => "high",
            Priority::Normal => "normal",
        })
    });
    fill(headers, "Topic", || {
        json!(crate::web_push::topic(ingredients.collapse_key()))
    });
    Ok(message)
}

fn data_only(data: Object) -> Object {
    let mut message = Object::new();
    message.insert("data".to_owned(), Value::Object(data));
    message
}

/// `webpush.data` hides `data` in browsers: where a payload has both, both are identified.
fn custom_with_keys(payload: &Value, ingredients: Ingredients<'_>) -> Result<Object, Answer> {
    let mut message = match payload {
        Value::Object(members) if members.contains_key("message") => {
            custom_message(payload, "web")?
        }
        Value::Object(members) => data_only(members.clone()),
        _ => return Err(invalid("custom_payload.web must be a JSON object")),
    };
    let data = object(&mut message, "message", "data")?;
    stringify(data, "message.data")?;
    ingredients.identify(data);
    if message.contains_key("webpush") {
        let webpush = object(&mut message, "message", "webpush")?;
        if webpush.contains_key("data") {
            let data = object(webpush, "message.webpush", "data")?;
            stringify(data, "message.webpush.data")?;
            ingredients.identify(data);
        }
    }
    Ok(message)
}
