//! What a message says: one shape for each channel, as templates before rendering and as plain text
//! after it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::channel::{Channel, names};

/// The content of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum Content {
    /// A push.
    Push(Box<PushContent>),
    /// An e-mail.
    Email(Box<EmailContent>),
    /// A text message.
    Sms(Box<SmsContent>),
    /// A Slack message.
    Slack(Box<SlackContent>),
    /// A call to somebody's server.
    Webhook(Box<WebhookContent>),
}

names!(
    /// How much a push may cost the device's battery (APNs priority, FCM priority, Web Push urgency).
    Priority {
        /// Wake the device: APNs 10, FCM `HIGH`, Web Push `high`.
        High = "high",
        /// When it suits the device: APNs 5, FCM `NORMAL`, Web Push `normal`.
        Normal = "normal",
    }
);

/// A push, for every platform at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PushContent {
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Second line of the title (iOS).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// Text. Customer.io: `message`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Where a tap leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// `default`, `none`, or the name of a sound in the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sound: Option<String>,
    /// Number on the app's icon, as text because a template may compute it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub badge: Option<String>,
    /// Notifications of one thread are shown as a group (iOS `thread-id`, Android group).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// Name of the set of actions that the app registered (iOS `category`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Buttons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<PushAction>,
    /// A newer push with the same key takes the place of an older one; at most 64 bytes at APNs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collapse_key: Option<String>,
    /// Notification channel (Android).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<String>,
    /// `passive`, `active`, `time-sensitive` or `critical` (iOS).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interruption_level: Option<String>,
    /// Priority; `None`: high for what is shown, normal for what is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// `true`: nothing is shown, the app is woken in the background.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// Keys and values for the app.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
    /// Complete payloads that win over everything above (app-api.md 2.2, `custom_payload`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_payload: Option<Box<CustomPayload>>,
}

/// A button of a push.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushAction {
    /// What the app is told.
    pub id: String,
    /// What the button says.
    pub title: String,
    /// Where it leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// Complete payloads by platform.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomPayload {
    /// APNs style (`aps`, `CIO`) or FCM style (`message`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ios: Option<Value>,
    /// FCM style (`message`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub android: Option<Value>,
    /// What the service worker gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web: Option<Value>,
}

/// An e-mail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmailContent {
    /// Sender, such as `Shop <news@shop.example>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Recipients, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Recipients of a copy that the others see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cc: Option<String>,
    /// Recipients of a copy that the others do not see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bcc: Option<String>,
    /// `true`: those of `bcc` get a copy that says in its subject whom the message is for, instead of the
    /// message itself (app-api.md 2.3).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fake_bcc: bool,
    /// Where answers go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What inboxes show beside the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preheader: Option<String>,
    /// HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_plain: Option<String>,
    /// AMP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_amp: Option<String>,
    /// More headers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Files: name and content in base64.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attachments: BTreeMap<String, String>,
    /// Where one click unsubscribes (RFC 8058); `None`: no such header, as for transactional mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsubscribe_url: Option<String>,
}

/// A text message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SmsContent {
    /// Recipient, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Sender: number, name or messaging service; `None`: what the credential says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Text.
    pub body: String,
}

/// A Slack message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SlackContent {
    /// Text, also what notifications show.
    pub text: String,
    /// Block Kit blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Value>,
}

/// A call to somebody's server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebhookContent {
    /// `POST` unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Where to.
    pub url: String,
    /// Headers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// Makes the text of one field into another; the first argument names the field, for errors.
pub type TextMap<'m, E> = dyn FnMut(&str, &str) -> Result<String, E> + 'm;

impl Content {
    /// Over which channel it goes.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Push(_) => Channel::Push,
            Self::Email(_) => Channel::Email,
            Self::Sms(_) => Channel::Sms,
            Self::Slack(_) => Channel::Slack,
            Self::Webhook(_) => Channel::Webhook,
        }
    }

    /// The subject or title.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Push(push) => push.title.as_deref(),
            Self::Email(email) => email.subject.as_deref(),
            Self::Sms(_) | Self::Slack(_) | Self::Webhook(_) => None,
        }
    }

    /// Puts every text of the content through `map`: how templates are rendered.
    ///
    /// # Errors
    /// The first error of `map`; the content is half done then and of no use.
    pub fn map_texts<E>(&mut self, map: &mut TextMap<'_, E>) -> Result<(), E> {
        match self {
            Self::Push(push) => push.map_texts(map),
            Self::Email(email) => email.map_texts(map),
            Self::Sms(sms) => {
                optional("to", &mut sms.to, map)?;
                optional("from", &mut sms.from, map)?;
                text("body", &mut sms.body, map)
            }
            Self::Slack(slack) => {
                text("text", &mut slack.text, map)?;
                optional_json("blocks", &mut slack.blocks, map)
            }
            Self::Webhook(webhook) => {
                text("url", &mut webhook.url, map)?;
                values("headers", &mut webhook.headers, map)?;
                optional("body", &mut webhook.body, map)
            }
        }
    }
}

impl PushContent {
    fn map_texts<E>(&mut self, map: &mut TextMap<'_, E>) -> Result<(), E> {
        for (name, field) in [
            ("title", &mut self.title),
            ("subtitle", &mut self.subtitle),
            ("body", &mut self.body),
            ("image", &mut self.image),
            ("link", &mut self.link),
            ("sound", &mut self.sound),
            ("badge", &mut self.badge),
            ("thread", &mut self.thread),
            ("category", &mut self.category),
            ("collapse_key", &mut self.collapse_key),
            ("channel_id", &mut self.channel_id),
        ] {
            optional(name, field, map)?;
        }
        for action in &mut self.actions {
            text("actions.title", &mut action.title, map)?;
            optional("actions.link", &mut action.link, map)?;
        }
        values("data", &mut self.data, map)?;
        let Some(custom) = self.custom_payload.as_deref_mut() else {
            return Ok(());
        };
        optional_json("custom_payload.ios", &mut custom.ios, map)?;
        optional_json("custom_payload.android", &mut custom.android, map)?;
        optional_json("custom_payload.web", &mut custom.web, map)
    }
}

impl EmailContent {
    fn map_texts<E>(&mut self, map: &mut TextMap<'_, E>) -> Result<(), E> {
        for (name, field) in [
            ("from", &mut self.from),
            ("to", &mut self.to),
            ("cc", &mut self.cc),
            ("bcc", &mut self.bcc),
            ("reply_to", &mut self.reply_to),
            ("subject", &mut self.subject),
            ("preheader", &mut self.preheader),
            ("body", &mut self.body),
            ("body_plain", &mut self.body_plain),
            ("body_amp", &mut self.body_amp),
        ] {
            optional(name, field, map)?;
        }
        values("headers", &mut self.headers, map)
    }
}

fn text<E>(name: &str, field: &mut String, map: &mut TextMap<'_, E>) -> Result<(), E> {
    *field = map(name, field)?;
    Ok(())
}

fn optional<E>(name: &str, field: &mut Option<String>, map: &mut TextMap<'_, E>) -> Result<(), E> {
    match field {
        Some(field) => text(name, field, map),
        None => Ok(()),
    }
}

fn values<E>(
    name: &str,
    fields: &mut BTreeMap<String, String>,
    map: &mut TextMap<'_, E>,
) -> Result<(), E> {
    for (key, field) in fields {
        text(&format!("{name}.{key}"), field, map)?;
    }
    Ok(())
}

fn optional_json<E>(
    name: &str,
    value: &mut Option<Value>,
    map: &mut TextMap<'_, E>,
) -> Result<(), E> {
    match value {
        Some(value) => json(name, value, map),
        None => Ok(()),
    }
}

fn json<E>(name: &str, value: &mut Value, map: &mut TextMap<'_, E>) -> Result<(), E> {
    match value {
        Value::String(field) => text(name, field, map),
        Value::Array(items) => items.iter_mut().try_for_each(|item| json(name, item, map)),
        Value::Object(members) => members
            .iter_mut()
            .try_for_each(|(key, member)| json(&format!("{name}.{key}"), member, map)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}
