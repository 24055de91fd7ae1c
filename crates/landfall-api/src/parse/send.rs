//! Sends of the App API (app-api.md 2).

mod content;
#[cfg(test)]
mod tests;

use landfall_domain::channel::Channel;
use landfall_domain::content::Content;
use landfall_domain::identifier::Identifier;
use landfall_domain::input::DeviceReport;
use landfall_domain::time::{DAY_MS, Timestamp};
use serde_json::{Map, Value};

use super::{Parsed, Problem, attributes, object, one_identifier, text, time};

pub use content::Overrides;

/// How far ahead a send may be scheduled (app-api.md 2.1).
pub const AHEAD_MS: i64 = 90 * DAY_MS;
/// The transactional message that mails without a template are counted under (app-api.md 2.1).
pub const MAIL_WITHOUT_TEMPLATE: u64 = 1;

/// A call that sends one message to one person.
#[derive(Clone, Debug, PartialEq)]
pub struct SendCall {
    /// Number, trigger name or name of the transactional message.
    pub template: Option<String>,
    /// To whom.
    pub who: Identifier,
    /// `all`, `last_used`, a token; addresses; a template that says where.
    pub to: Option<String>,
    /// Data for the templates.
    pub data: Value,
    /// Not before this; `None`: now.
    pub send_at: Option<Timestamp>,
    /// Whether it is held; `None`: as the message is defined.
    pub draft: Option<bool>,
    /// Whether people who opted out of everything get it; `None`: as the message is defined.
    pub to_unsubscribed: Option<bool>,
    /// Whether the content is not kept; `None`: as the message is defined.
    pub forget_content: Option<bool>,
    /// Whether a message of that name is made if there is none.
    pub auto_create: bool,
    /// Language.
    pub language: Option<String>,
    /// A device to register first.
    pub custom_device: Option<DeviceReport>,
    /// What replaces parts of the defined content.
    pub overrides: Overrides,
}

/// Reads a call for a channel.
///
/// # Errors
/// The first field that cannot be taken, and why.
pub fn call(channel: Channel, body: &Value, now: Timestamp) -> Parsed<SendCall> {
    let map = object(body, "")?;
    let identifiers = map
        .get("identifiers")
        .ok_or_else(|| Problem::required("identifiers"))?;
    let who = one_identifier(object(identifiers, "identifiers")?)
        .map_err(|problem| problem.under("identifiers"))?;
    let template = text(map, "transactional_message_id")?;
    let overrides = Overrides::read(channel, map)?;
    if template.is_none() {
        if channel != Channel::Email {
            return Err(Problem::required("transactional_message_id"));
        }
        overrides.complete_mail()?;
    }
    let to = text(map, "to")?;
    if to.is_none() && channel != Channel::Push {
        return Err(Problem::required("to"));
    }
    Ok(SendCall {
        template,
        who,
        to,
        data: data(map)?,
        send_at: send_at(map, now)?,
        draft: flag(map, "queue_draft")?,
        to_unsubscribed: flag(map, "send_to_unsubscribed")?,
        forget_content: flag(map, "disable_message_retention")?,
        auto_create: flag(map, "auto_create")?.unwrap_or(false),
        language: text(map, "language")?,
        custom_device: custom_device(map)?,
        overrides,
    })
}

impl SendCall {
    /// The content of the call: what is defined, with what the call replaces.
    pub fn content(&self, defined: Option<&Content>) -> Content {
        self.overrides.over(defined)
    }
}

fn data(map: &Map<String, Value>) -> Parsed<Value> {
    match map.get("message_data") {
        None | Some(Value::Null) => Ok(Value::Null),
        Some(data) => object(data, "message_data").map(|_| data.clone()),
    }
}

fn send_at(map: &Map<String, Value>, now: Timestamp) -> Parsed<Option<Timestamp>> {
    let at = time::field(map, "send_at")?.filter(|at| *at > now);
    if at.is_some_and(|at| at.since(now) > AHEAD_MS) {
        let why = "must be at most 90 days ahead";
        return Err(Problem::invalid("send_at", why));
    }
    Ok(at)
}

fn flag(map: &Map<String, Value>, field: &str) -> Parsed<Option<bool>> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(Problem::invalid(field, "must be true or false")),
    }
}

/// `custom_device`; `attributes` may be null (app-api.md 2.2).
fn custom_device(map: &Map<String, Value>) -> Parsed<Option<DeviceReport>> {
    match map.get("custom_device") {
        None | Some(Value::Null) => Ok(None),
        Some(device) => attributes::device(object(device, "custom_device")?)
            .map(Some)
            .map_err(|problem| problem.under("custom_device")),
    }
}
