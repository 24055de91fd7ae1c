//! The parts of a content that a call replaces.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use landfall_domain::channel::Channel;
use landfall_domain::content::{
    Content, CustomPayload, EmailContent, Priority, PushAction, PushContent, SmsContent,
};
use serde_json::{Map, Value};

use super::super::{Parsed, Problem, attributes, object, text};

/// Bytes of all attachments together (app-api.md 2.3).
const ATTACHMENTS_BYTES_MAX: usize = 2_000_000;

/// What a call says instead of the defined content; what it does not say stays as defined.
#[derive(Clone, Debug, PartialEq)]
pub enum Overrides {
    /// Of a push.
    Push(Box<PushContent>),
    /// Of an e-mail.
    Email(Box<EmailContent>),
    /// Of a text message.
    Sms(Box<SmsContent>),
}

impl Overrides {
    /// Reads them out of a call.
    ///
    /// # Errors
    /// The first field that cannot be taken; channels that calls cannot send.
    pub fn read(channel: Channel, map: &Map<String, Value>) -> Parsed<Self> {
        Ok(match channel {
            Channel::Push => Self::Push(Box::new(push(map)?)),
            Channel::Email => Self::Email(Box::new(email(map)?)),
            Channel::Sms => Self::Sms(Box::new(SmsContent {
                to: text(map, "to")?,
                from: text(map, "from")?,
                body: text(map, "body")?.unwrap_or_default(),
            })),
            other => {
                let what = format!("{other} messages cannot be sent by call");
                return Err(Problem::new("unknown", "", what));
            }
        })
    }

    /// A mail without a template says everything itself.
    ///
    /// # Errors
    /// The first field that is missing.
    pub fn complete_mail(&self) -> Parsed<()> {
        let Self::Email(mail) = self else {
            return Ok(());
        };
        for (field, given) in [
            ("body", &mail.body),
            ("subject", &mail.subject),
            ("from", &mail.from),
        ] {
            if given.is_none() {
                let what = format!("{field} is required without transactional_message_id");
                return Err(Problem::new("required", field, what));
            }
        }
        Ok(())
    }

    /// The whole content.
    pub fn over(&self, defined: Option<&Content>) -> Content {
        match (self, defined) {
            (Self::Push(said), Some(Content::Push(defined))) => {
                Content::Push(Box::new(push_over(said, defined)))
            }
            (Self::Email(said), Some(Content::Email(defined))) => {
                Content::Email(Box::new(email_over(said, defined)))
            }
            (Self::Sms(said), Some(Content::Sms(defined))) => {
                Content::Sms(Box::new(sms_over(said, defined)))
            }
            (Self::Push(said), _) => Content::Push(said.clone()),
            (Self::Email(said), _) => Content::Email(said.clone()),
            (Self::Sms(said), _) => Content::Sms(said.clone()),
        }
    }
}

fn or<T: Clone>(said: &Option<T>, defined: &Option<T>) -> Option<T> {
    said.clone().or_else(|| defined.clone())
}

fn push_over(said: &PushContent, defined: &PushContent) -> PushContent {
    let mut data = defined.data.clone();
    data.extend(said.data.clone());
    PushContent {
        title: or(&said.title, &defined.title),
        subtitle: or(&said.subtitle, &defined.subtitle),
        body: or(&said.body, &defined.body),
        image: or(&said.image, &defined.image),
        link: or(&said.link, &defined.link),
        sound: or(&said.sound, &defined.sound),
        badge: or(&said.badge, &defined.badge),
        thread: or(&said.thread, &defined.thread),
        category: or(&said.category, &defined.category),
        actions: match said.actions.is_empty() {
            true => defined.actions.clone(),
            false => said.actions.clone(),
        },
        collapse_key: or(&said.collapse_key, &defined.collapse_key),
        channel_id: or(&said.channel_id, &defined.channel_id),
        interruption_level: or(&said.interruption_level, &defined.interruption_level),
        priority: said.priority.or(defined.priority),
        silent: said.silent || defined.silent,
        data,
        custom_payload: or(&said.custom_payload, &defined.custom_payload),
    }
}

fn email_over(said: &EmailContent, defined: &EmailContent) -> EmailContent {
    let mut headers = defined.headers.clone();
    headers.extend(said.headers.clone());
    let mut attachments = defined.attachments.clone();
    attachments.extend(said.attachments.clone());
    EmailContent {
        from: or(&said.from, &defined.from),
        to: or(&said.to, &defined.to),
        cc: or(&said.cc, &defined.cc),
        bcc: or(&said.bcc, &defined.bcc),
        fake_bcc: said.fake_bcc || defined.fake_bcc,
        reply_to: or(&said.reply_to, &defined.reply_to),
        subject: or(&said.subject, &defined.subject),
        preheader: or(&said.preheader, &defined.preheader),
        body: or(&said.body, &defined.body),
        body_plain: or(&said.body_plain, &defined.body_plain),
        body_amp: or(&said.body_amp, &defined.body_amp),
        headers,
        attachments,
        unsubscribe_url: or(&said.unsubscribe_url, &defined.unsubscribe_url),
    }
}

fn sms_over(said: &SmsContent, defined: &SmsContent) -> SmsContent {
    SmsContent {
        to: or(&said.to, &defined.to),
        from: or(&said.from, &defined.from),
        body: match said.body.is_empty() {
            true => defined.body.clone(),
            false => said.body.clone(),
        },
    }
}

/// Customer.io's fields, and Landfall's for rich pushes beside them.
fn push(map: &Map<String, Value>) -> Parsed<PushContent> {
    let priority = text(map, "priority")?;
    let priority = priority.map(|name| {
        let known = Priority::named(&name);
        known.ok_or_else(|| Problem::invalid("priority", "must be high or normal"))
    });
    Ok(PushContent {
        title: text(map, "title")?,
        subtitle: text(map, "subtitle")?,
        body: text(map, "message")?,
        image: text(map, "image_url")?,
        link: text(map, "link")?,
        sound: text(map, "sound")?,
        badge: text(map, "badge")?,
        thread: text(map, "thread")?,
        category: text(map, "category")?,
        actions: actions(map)?,
        collapse_key: text(map, "collapse_key")?,
        channel_id: text(map, "channel_id")?,
        interruption_level: text(map, "interruption_level")?,
        priority: priority.transpose()?,
        silent: super::flag(map, "silent")?.unwrap_or(false),
        data: texts(map, "custom_data")?,
        custom_payload: custom_payload(map)?,
    })
}

fn actions(map: &Map<String, Value>) -> Parsed<Vec<PushAction>> {
    match map.get("actions") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(actions) => serde_json::from_value(actions.clone())
            .map_err(|_| Problem::invalid("actions", "must be a list of {id, title, link}")),
    }
}

fn custom_payload(map: &Map<String, Value>) -> Parsed<Option<Box<CustomPayload>>> {
    let Some(payload) = map.get("custom_payload").filter(|given| !given.is_null()) else {
        return Ok(None);
    };
    let payload = object(payload, "custom_payload")?;
    let of = |platform: &str| -> Parsed<Option<Value>> {
        match payload.get(platform) {
            None | Some(Value::Null) => Ok(None),
            Some(whole) => {
                object(whole, &format!("custom_payload.{platform}")).map(|_| Some(whole.clone()))
            }
        }
    };
    Ok(Some(Box::new(CustomPayload {
        ios: of("ios")?,
        android: of("android")?,
        web: of("web")?,
    })))
}

fn email(map: &Map<String, Value>) -> Parsed<EmailContent> {
    Ok(EmailContent {
        from: text(map, "from")?,
        to: text(map, "to")?,
        cc: text(map, "cc")?,
        bcc: text(map, "bcc")?,
        fake_bcc: super::flag(map, "fake_bcc")?.unwrap_or(false),
        reply_to: text(map, "reply_to")?,
        subject: text(map, "subject")?,
        preheader: text(map, "preheader")?,
        body: text(map, "body")?,
        body_plain: text(map, "body_plain")?,
        body_amp: text(map, "body_amp")?,
        headers: headers(map)?,
        attachments: attachments(map)?,
        unsubscribe_url: None,
    })
}

/// An object; or a text with a JSON list of `{name, value}` (app-api.md 2.3).
fn headers(map: &Map<String, Value>) -> Parsed<BTreeMap<String, String>> {
    let wrong = || Problem::invalid("headers", "must be an object of texts");
    let Some(Value::String(written)) = map.get("headers") else {
        return texts(map, "headers");
    };
    let list: Vec<Map<String, Value>> = serde_json::from_str(written).map_err(|_| wrong())?;
    let pairs = list.iter().map(|header| {
        let part = |name: &str| header.get(name).and_then(attributes::plain);
        part("name").zip(part("value")).ok_or_else(wrong)
    });
    pairs.collect()
}

fn attachments(map: &Map<String, Value>) -> Parsed<BTreeMap<String, String>> {
    let attachments = texts(map, "attachments")?;
    let mut bytes = 0;
    for (name, content) in &attachments {
        let decoded = STANDARD.decode(content).map_err(|_| {
            let why = format!("{name} must be base64");
            Problem::new("invalid", "attachments", why)
        })?;
        bytes += decoded.len();
    }
    if bytes > ATTACHMENTS_BYTES_MAX {
        let what = "attachments may have 2 MB together";
        return Err(Problem::new("too_large", "attachments", what).with_status(413));
    }
    Ok(attachments)
}

fn texts(map: &Map<String, Value>, field: &str) -> Parsed<BTreeMap<String, String>> {
    let Some(values) = map.get(field).filter(|given| !given.is_null()) else {
        return Ok(BTreeMap::new());
    };
    let values = object(values, field)?.iter();
    let texts = values.filter_map(|(name, value)| Some((name.clone(), attributes::plain(value)?)));
    Ok(texts.collect())
}
