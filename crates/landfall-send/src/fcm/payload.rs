//! The message of one request to FCM's API (providers.md 2.2), for each platform that FCM serves.
//!
//! **Which member names the device.** FCM is moving from registration tokens to Firebase installation
//! ids. A device whose token begins with `fid:` is addressed by the rest of it as installation id
//! (`message.fid`); every other token is a registration token (`message.token`), whatever it looks
//! like. An app that registers its installation id writes the prefix itself. It cannot be mistaken: a
//! registration token has 22 characters before its first colon. `CIO-Delivery-Token` carries the
//! device's token as it was registered, with the prefix, so that reports name the same device.
//!
//! A custom payload for the platform wins over the content; what it leaves open (time to live,
//! priority, collapse key) is filled in, and the `CIO-` keys are always added.

#[cfg(test)]
mod tests;

mod android;
mod apple;
mod size;
mod web;

use landfall_domain::attempt::Answer;
use landfall_domain::channel::Platform;
use landfall_domain::content::{Content, Priority, PushContent};
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use serde_json::{Map, Value, json};

use crate::{Address, Outgoing};

/// What the token of a device begins with that is addressed by its Firebase installation id.
pub const FID_PREFIX: &str = "fid:";
/// Longest time to live in seconds: four weeks (providers.md 2.2).
const TTL_SECONDS_MAX: i64 = 2_419_200;
/// Longest analytics label (providers.md 2.2).
const LABEL_CHARACTERS_MAX: usize = 50;
const DELIVERY_ID: &str = "CIO-Delivery-ID";
const DELIVERY_TOKEN: &str = "CIO-Delivery-Token";

/// A JSON object.
type Object = Map<String, Value>;

/// What the parts for the platforms are built from.
#[derive(Clone, Copy)]
struct Ingredients<'o> {
    outgoing: &'o Outgoing,
    content: &'o PushContent,
    token: &'o str,
    now: Timestamp,
}

/// Builds the body of the request.
///
/// # Errors
/// The answer that says why not: reserved keys, a malformed custom payload, or too many bytes.
pub(crate) fn build(outgoing: &Outgoing, now: Timestamp) -> Result<Value, Answer> {
    let (
        Address::Device {
            token, platform, ..
        },
        Content::Push(content),
    ) = (&outgoing.to, &outgoing.content)
    else {
        return Err(Answer::refused_saying(
            Reason::SenderBug,
            "FCM carries pushes to devices only",
        ));
    };
    let ingredients = Ingredients {
        outgoing,
        content,
        token,
        now,
    };
    let mut message = match platform {
        Platform::Android => android::message(ingredients)?,
        Platform::Ios => apple::message(ingredients)?,
        Platform::Web => web::message(ingredients)?,
    };
    address(&mut message, token)?;
    if let Some(label) = outgoing.analytics_label.as_deref().and_then(label) {
        let options = object(&mut message, "message", "fcm_options")?;
        fill(options, "analytics_label", || json!(label));
    }
    size::check(&message, *platform)?;
    Ok(enveloped(message, outgoing.dry_run))
}

/// The body of a request that proves the credentials and reaches nobody: FCM checks it as if it were
/// for a topic, to which no device has to be subscribed.
pub(crate) fn probe() -> Value {
    let mut message = Object::new();
    message.insert("topic".to_owned(), json!("landfall-credentials-check"));
    message.insert("data".to_owned(), json!({ "check": "1" }));
    enveloped(message, true)
}

fn enveloped(message: Object, validate_only: bool) -> Value {
    let mut envelope = Object::new();
    if validate_only {
        envelope.insert("validate_only".to_owned(), json!(true));
    }
    envelope.insert("message".to_owned(), Value::Object(message));
    Value::Object(envelope)
}

/// Names the device, and nobody else: a custom payload must not send to a topic.
fn address(message: &mut Object, token: &str) -> Result<(), Answer> {
    for target in ["token", "fid", "topic", "condition"] {
        message.remove(target);
    }
    let (member, value) = match token.strip_prefix(FID_PREFIX) {
        Some(fid) => ("fid", fid),
        None => ("token", token),
    };
    if value.trim().is_empty() {
        return Err(Answer::refused_saying(
            Reason::TokenMalformed,
            "the device's token is empty: send what Firebase's SDK gives the app",
        ));
    }
    message.insert(member.to_owned(), json!(value));
    Ok(())
}

/// A label in the characters that FCM takes; `None` when nothing is left.
fn label(text: &str) -> Option<String> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.~%".contains(letter);
    let label: String = text
        .trim()
        .chars()
        .map(|letter| if allowed(letter) { letter } else { '_' })
        .take(LABEL_CHARACTERS_MAX)
        .collect();
    Some(label).filter(|label| !label.is_empty())
}

impl Ingredients<'_> {
    /// Whole seconds of the time to live.
    fn ttl_seconds(&self) -> i64 {
        self.outgoing.ttl_seconds(self.now).min(TTL_SECONDS_MAX)
    }

    /// The content's collapse key, or else the delivery's id.
    fn collapse_key(&self) -> &str {
        let own = said(&self.content.collapse_key);
        own.unwrap_or(&self.outgoing.delivery_id)
    }

    /// High for what is shown, normal for what is not, unless the content says otherwise.
    fn priority(&self) -> Priority {
        let usual = if self.content.silent {
            Priority::Normal
        } else {
            Priority::High
        };
        self.content.priority.unwrap_or(usual)
    }

    /// Puts both identifying keys into an object of data.
    fn identify(&self, data: &mut Object) {
        data.insert(DELIVERY_ID.to_owned(), json!(self.outgoing.delivery_id));
        data.insert(DELIVERY_TOKEN.to_owned(), json!(self.token));
    }

    /// The app's data and what the SDKs read, all as strings (mobile-sdk.md 6.3). Where both name a
    /// key, the content's own member wins. Beyond the SDKs' `title`, `body`, `image` and `link` there
    /// are `sound`, `badge`, `thread`, `channel_id` and `actions` (JSON as text), each only when the
    /// content has it. What is silent has nothing to show.
    fn data(&self) -> Result<Object, Answer> {
        let content = self.content;
        let mut data = Object::new();
        for (key, value) in &content.data {
            if is_reserved(key) || key == DELIVERY_ID || key == DELIVERY_TOKEN {
                return Err(invalid(&format!(
                    "data must not have the key {key}, which is reserved: choose another"
                )));
            }
            data.insert(key.clone(), json!(value));
        }
        if !content.silent {
            for (key, text) in [
                ("title", &content.title),
                ("body", &content.body),
                ("image", &content.image),
                ("link", &content.link),
                ("sound", &content.sound),
                ("badge", &content.badge),
                ("thread", &content.thread),
                ("channel_id", &content.channel_id),
            ] {
                if let Some(text) = said(text) {
                    data.insert(key.to_owned(), json!(text));
                }
            }
            if !content.actions.is_empty() {
                let actions = json!(content.actions).to_string();
                data.insert("actions".to_owned(), json!(actions));
            }
        }
        self.identify(&mut data);
        Ok(data)
    }
}

/// A field that says something; templates leave empty texts behind.
fn said(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.is_empty())
}

/// Keys of data that FCM keeps for itself (providers.md 2.2).
fn is_reserved(key: &str) -> bool {
    matches!(key, "from" | "message_type")
        || ["google", "gcm"].iter().any(|own| key.starts_with(own))
}

/// The `message` of a custom payload in FCM's style; `name` says which payload, for errors.
fn custom_message(payload: &Value, name: &str) -> Result<Object, Answer> {
    match payload.get("message") {
        Some(Value::Object(message)) => Ok(message.clone()),
        _ => Err(invalid(&format!(
            "custom_payload.{name} must be an object with `message`, as FCM's API has it"
        ))),
    }
}

/// Makes all values of an object of data strings, which is all that FCM takes there: numbers and truth
/// values in their usual form, everything else as JSON.
fn stringify(data: &mut Object, name: &str) -> Result<(), Answer> {
    for (key, value) in data {
        if is_reserved(key) {
            return Err(invalid(&format!(
                "{name} must not have the key {key}, which FCM reserves"
            )));
        }
        if !value.is_string() {
            *value = json!(value.to_string());
        }
    }
    Ok(())
}

/// The object that is a member of `parent`; made when it is missing.
fn object<'p>(parent: &'p mut Object, of: &str, name: &str) -> Result<&'p mut Object, Answer> {
    let key = spelled(parent, name);
    let member = parent
        .entry(key)
        .or_insert_with(|| Value::Object(Object::new()));
    member.as_object_mut().ok_or_else(|| {
        invalid(&format!(
            "{of}.{name} of the custom payload must be an object"
        ))
    })
}

/// Sets a member that is not there yet.
fn fill(object: &mut Object, name: &str, value: impl FnOnce() -> Value) {
    let key = spelled(object, name);
    object.entry(key).or_insert_with(value);
}

/// How the object spells a member: FCM takes `collapse_key` and `collapseKey`, but not both at once.
fn spelled(object: &Object, name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut raise = false;
    for letter in name.chars() {
        if letter == '_' {
            raise = true;
        } else {
            camel.push(if raise {
                letter.to_ascii_uppercase()
            } else {
                letter
            });
            raise = false;
        }
    }
    if object.contains_key(&camel) {
        camel
    } else {
        name.to_owned()
    }
}

fn invalid(problem: &str) -> Answer {
    Answer::refused_saying(Reason::PayloadInvalid, problem)
}
