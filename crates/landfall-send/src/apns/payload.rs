//! What an iPhone gets: the JSON of a push (providers.md 1.2, mobile-sdk.md 6.2).
//!
//! ```json
//! {"aps": {"alert": {"title": "T", "subtitle": "S", "body": "B"}, "sound": "default", "badge": 1,
//!          "thread-id": "orders", "category": "ORDER", "interruption-level": "active",
//!          "mutable-content": 1},
//!  "CIO": {"push": {"link": "shop://cart/7", "image": "https://img.example.org/a.jpg",
//!          "actions": [{"id": "later", "title": "Later", "link": "shop://later"}]}},
//!  "CIO-Delivery-ID": "dlv_1", "CIO-Delivery-Token": "ab12",
//!  "<key of the custom data>": "<its value>"}
//! ```
//!
//! `actions` is ours: Customer.io has no such key, and its SDKs leave it alone. An app's notification
//! extension makes `UNNotificationAction`s of it; `link` is missing where an action has none.
//!
//! Keys of the custom data that would take the place of `aps`, `CIO` or the two `CIO-Delivery-` keys are
//! refused: without those keys nothing is shown, or nobody learns that it was.

mod custom;
#[cfg(test)]
mod tests;

use landfall_domain::attempt::Answer;
use landfall_domain::content::{PushAction, PushContent};
use landfall_domain::reason::Reason;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::push_type::PushType;

/// Keys at the top of the payload that are ours.
const DELIVERY_ID: &str = "CIO-Delivery-ID";
const DELIVERY_TOKEN: &str = "CIO-Delivery-Token";
const RESERVED: [&str; 4] = ["aps", "CIO", DELIVERY_ID, DELIVERY_TOKEN];

/// A payload within its limit, and what it means for the headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    pub(crate) json: Vec<u8>,
    pub(crate) push_type: PushType,
    pub(crate) overrides: Overrides,
}

/// Headers that a custom payload in FCM's style brings along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Overrides {
    pub(crate) topic: Option<String>,
    pub(crate) priority: Option<String>,
    pub(crate) expiration: Option<String>,
    pub(crate) collapse_id: Option<String>,
}

/// Makes the payload of a push to `token`.
///
/// # Errors
/// The refusal when the content cannot be sent: a badge that is no number, a custom payload of no known
/// shape, or more bytes than APNs takes.
pub(crate) fn build(
    content: &PushContent,
    delivery_id: &str,
    token: &str,
) -> Result<Payload, Answer> {
    let custom = content.custom_payload.as_deref();
    let payload = match custom.and_then(|custom| custom.ios.as_ref()) {
        Some(custom) => custom::build(custom, delivery_id, token)?,
        None => Payload {
            json: json(&Document::of(content, delivery_id, token)?),
            push_type: if content.silent {
                PushType::Background
            } else {
                PushType::Alert
            },
            overrides: Overrides::default(),
        },
    };
    check_size(payload)
}

/// The same as a JSON value, for Google, which carries it to Apple: without a custom payload, which has
/// other forms there, and without a limit, because Google counts more than this.
///
/// # Errors
/// The refusal when the content cannot be sent.
pub(crate) fn value(
    content: &PushContent,
    delivery_id: &str,
    token: &str,
) -> Result<serde_json::Value, Answer> {
    let document = Document::of(content, delivery_id, token)?;
    Ok(serde_json::to_value(&document).expect("texts and numbers are JSON"))
}

fn check_size(payload: Payload) -> Result<Payload, Answer> {
    let (size, limit) = (payload.json.len(), payload.push_type.payload_bytes_max());
    if size <= limit {
        return Ok(payload);
    }
    let message = format!("the payload has {size} bytes; APNs takes {limit}");
    Err(Answer::refused_saying(Reason::PayloadTooLarge, &message))
}

fn invalid(message: &str) -> Answer {
    Answer::refused_saying(Reason::PayloadInvalid, message)
}

fn json(document: &impl Serialize) -> Vec<u8> {
    let mut json = Vec::with_capacity(512);
    serde_json::to_writer(&mut json, document)
        .expect("texts and numbers are written to memory without errors");
    json
}

/// A field that says something; templates leave empty texts behind.
fn said(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.is_empty())
}

struct Document<'a> {
    aps: Aps<'a>,
    content: &'a PushContent,
    delivery_id: &'a str,
    token: &'a str,
}

impl<'a> Document<'a> {
    fn of(content: &'a PushContent, delivery_id: &'a str, token: &'a str) -> Result<Self, Answer> {
        let mut keys = content.data.keys();
        if let Some(key) = keys.find(|key| RESERVED.contains(&key.as_str())) {
            return Err(invalid(&format!(
                "data must not have the key {key}, which is reserved: choose another"
            )));
        }
        Ok(Self {
            aps: Aps::of(content)?,
            content,
            delivery_id,
            token,
        })
    }
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("aps", &self.aps)?;
        let push = CioPush {
            link: said(&self.content.link),
            image: said(&self.content.image),
            actions: &self.content.actions,
        };
        if !push.is_empty() {
            map.serialize_entry("CIO", &Cio { push })?;
        }
        map.serialize_entry(DELIVERY_ID, self.delivery_id)?;
        map.serialize_entry(DELIVERY_TOKEN, self.token)?;
        for (key, value) in &self.content.data {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Cio<'a> {
    push: CioPush<'a>,
}

#[derive(Serialize)]
struct CioPush<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    actions: &'a [PushAction],
}

impl CioPush<'_> {
    const fn is_empty(&self) -> bool {
        self.link.is_none() && self.image.is_none() && self.actions.is_empty()
    }
}

#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Aps<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<Alert<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sound: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    badge: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interruption_level: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutable_content: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_available: Option<u8>,
}

#[derive(Serialize)]
struct Alert<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtitle: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
}

impl<'a> Alert<'a> {
    fn of(content: &'a PushContent) -> Option<Self> {
        let alert = Self {
            title: said(&content.title),
            subtitle: said(&content.subtitle),
            body: said(&content.body),
        };
        let empty = alert.title.is_none() && alert.subtitle.is_none() && alert.body.is_none();
        (!empty).then_some(alert)
    }
}

impl<'a> Aps<'a> {
    fn of(content: &'a PushContent) -> Result<Self, Answer> {
        if content.silent {
            // A push that wakes the app in the background must not show, sound or badge anything.
            return Ok(Self {
                content_available: Some(1),
                ..Self::default()
            });
        }
        Ok(Self {
            alert: Alert::of(content),
            sound: said(&content.sound).filter(|sound| *sound != "none"),
            badge: badge(content)?,
            thread_id: said(&content.thread),
            category: said(&content.category),
            interruption_level: said(&content.interruption_level),
            mutable_content: Some(1),
            content_available: None,
        })
    }
}

fn badge(content: &PushContent) -> Result<Option<u32>, Answer> {
    let Some(text) = said(&content.badge)
        .map(str::trim)
        .filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        let cut = &text[..text.floor_char_boundary(80)];
        invalid(&format!("badge `{cut}` is not a whole number from zero on"))
    })
}
