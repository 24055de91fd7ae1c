//! What a browser's service worker gets: JSON, made for this subscription alone.
//!
//! There is no standard for it; the site's own service worker reads it in its `push` event. The shape,
//! in which everything but the two last members is optional:
//!
//! ```json
//! {
//!   "title": "Your parcel is on its way",
//!   "body": "It arrives between 10 and 12.",
//!   "image": "https://img.example/parcel.jpg",
//!   "link": "https://shop.example/orders/7",
//!   "sound": "none",
//!   "badge": "3",
//!   "tag": "order-7",
//!   "actions": [{ "action": "track", "title": "Track", "link": "https://shop.example/track/7" }],
//!   "background": true,
//!   "data": { "order": "7" },
//!   "CIO-Delivery-ID": "dlv_7",
//!   "CIO-Delivery-Token": "https://push.example/subscription"
//! }
//! ```
//!
//! `title`, `body`, `image`, `tag` and `actions` (`action`, `title`) are named as in the browser's
//! `showNotification(title, options)`. `tag` is the collapse key, or else the thread: a shown
//! notification is replaced by a newer one with the same tag. `background` is there, and true, when
//! nothing is to be shown; browsers may show a notice of their own then, and Apple withdraws the
//! permission (providers.md 3.2). The `CIO-` members identify the push in reports, as in the other
//! platforms' payloads (mobile-sdk.md 6.1): the token is the endpoint that the push was sent to.
//!
//! A custom payload for the web takes the place of everything but the `CIO-` members.

#[cfg(test)]
mod tests;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use landfall_domain::attempt::Answer;
use landfall_domain::content::{Priority, PushContent};
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use serde_json::{Map, Value, json};

use super::encryption::PLAINTEXT_BYTES_MAX;
use crate::Outgoing;

/// Longest time to live that every service takes: four weeks (FCM, providers.md 2.2); Mozilla and Apple
/// take 30 days.
const TTL_SECONDS_MAX: i64 = 2_419_200;
/// Bytes of a digest that make up a topic of 32 characters, the most that RFC 8030 5.4 allows.
const TOPIC_DIGEST_BYTES: usize = 24;

/// Everything of the request that depends on the message and not on time or keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Push {
    /// What is encrypted.
    pub(crate) plaintext: Vec<u8>,
    /// `Urgency` (RFC 8030 5.3).
    pub(crate) urgency: &'static str,
    /// `Topic` (RFC 8030 5.4).
    pub(crate) topic: String,
}

/// `TTL` in seconds (RFC 8030 5.2).
pub(crate) fn ttl_seconds(outgoing: &Outgoing, now: Timestamp) -> i64 {
    outgoing.ttl_seconds(now).min(TTL_SECONDS_MAX)
}

/// Builds what goes to the subscription with this endpoint.
///
/// # Errors
/// The answer that says why not: a custom payload that is not an object, or more bytes than fit.
pub(crate) fn build(
    outgoing: &Outgoing,
    content: &PushContent,
    endpoint: &str,
) -> Result<Push, Answer> {
    let custom = content
        .custom_payload
        .as_deref()
        .and_then(|custom| custom.web.as_ref());
    let mut members = match custom {
        None => members(content),
        Some(Value::Object(members)) => members.clone(),
        Some(_) => {
            return Err(Answer::refused_saying(
                Reason::PayloadInvalid,
                "custom_payload.web must be a JSON object",
            ));
        }
    };
    members.insert("CIO-Delivery-ID".into(), json!(outgoing.delivery_id));
    members.insert("CIO-Delivery-Token".into(), json!(endpoint));
    let plaintext = Value::Object(members).to_string().into_bytes();
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        let problem = super::encryption::EncryptionError::TooLarge(plaintext.len());
        return Err(Answer::refused_saying(
            Reason::PayloadTooLarge,
            &problem.to_string(),
        ));
    }
    Ok(Push {
        plaintext,
        urgency: urgency(content),
        topic: topic(said(&content.collapse_key).unwrap_or(&outgoing.delivery_id)),
    })
}

fn members(content: &PushContent) -> Map<String, Value> {
    let mut members = Map::new();
    let tag = said(&content.collapse_key).or(said(&content.thread));
    for (name, text) in [
        ("title", said(&content.title)),
        ("body", said(&content.body)),
        ("image", said(&content.image)),
        ("link", said(&content.link)),
        ("sound", said(&content.sound)),
        ("badge", said(&content.badge)),
        ("tag", tag),
    ] {
        if let Some(text) = text {
            members.insert(name.to_owned(), json!(text));
        }
    }
    if !content.actions.is_empty() {
        let actions = content.actions.iter().map(|action| {
            let mut members = Map::new();
            members.insert("action".into(), json!(action.id));
            members.insert("title".into(), json!(action.title));
            if let Some(link) = &action.link {
                members.insert("link".into(), json!(link));
            }
            Value::Object(members)
        });
        members.insert("actions".into(), actions.collect());
    }
    if content.silent {
        members.insert("background".into(), json!(true));
    }
    if !content.data.is_empty() {
        members.insert("data".into(), json!(content.data));
    }
    members
}

/// A field that says something; templates leave empty texts behind.
fn said(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.is_empty())
}

fn urgency(content: &PushContent) -> &'static str {
    match content.priority {
        Some(Priority::High) => "high",
        Some(Priority::Normal) => "normal",
        None if content.silent => "normal",
        None => "high",
    }
}

/// A collapse key of any length and alphabet as a topic. A push that was not delivered yet is replaced
/// by one with the same topic; a second copy of one delivery replaces the first.
pub(crate) fn topic(key: &str) -> String {
    let digest = digest(&SHA256, key.as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.as_ref()[..TOPIC_DIGEST_BYTES])
}
