//! Customer.io's reporting webhooks (reporting-webhooks.md).

use std::collections::BTreeMap;

use landfall_domain::channel::{Channel, Platform};
use landfall_domain::input::{Body, DeliveryReport, Input, PersonHandle, RecipientReport, Source};
use landfall_domain::limits::{IDENTIFIER_BYTES_MAX, TOKEN_BYTES_MAX};
use landfall_domain::marks::Mark;
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::time::Timestamp;
use serde_json::{Map, Value};

use super::{Parsed, Problem, object, required_text, short, text, time};

/// Longest name of a channel or metric.
const NAME_BYTES_MAX: usize = 100;

/// One event. A problem with the reason `unknown_event` is an event that is fine but not known.
pub fn input(value: &Value) -> Parsed<Input> {
    let event = object(value, "")?;
    let event_id = required_text(event, "event_id", 2 * IDENTIFIER_BYTES_MAX)?;
    // One schema of the original spells the key `object_type_type` (reporting-webhooks.md 6.7).
    let field = match text(event, "object_type")? {
        None if event.contains_key("object_type_type") => "object_type_type",
        _ => "object_type",
    };
    let object_type = required_text(event, field, NAME_BYTES_MAX)?;
    let metric = required_text(event, "metric", NAME_BYTES_MAX)?;
    let at = time::field(event, "timestamp")?.ok_or_else(|| Problem::required("timestamp"))?;
    let data = object(
        event.get("data").ok_or_else(|| Problem::required("data"))?,
        "data",
    )?;
    let body = if is_about_consent(&object_type, &metric, data) {
        consent(&metric, data)?
    } else {
        let channel = channel(&object_type)?;
        Body::Delivery(Box::new(delivery(channel, &metric, at, data)?))
    };
    Ok(Input {
        source: Source::Webhook,
        at: Some(at),
        sent_at: None,
        dedupe_key: Some(format!("webhook:{event_id}")),
        body,
    })
}

fn channel(object_type: &str) -> Parsed<Channel> {
    let name = if object_type == "twilio" {
        "sms"
    } else {
        object_type
    };
    Channel::named(name).ok_or_else(|| unknown("object_type", object_type))
}

fn unknown(field: &str, value: &str) -> Problem {
    Problem::new(
        "unknown_event",
        field,
        format!("{field} `{value}` is not known; kept, not applied"),
    )
}

/// Events about a customer's choices; `object_type` may be a channel for them (section 6.7). An
/// opt-out of a channel that names a delivery is a metric of that delivery instead.
fn is_about_consent(object_type: &str, metric: &str, data: &Map<String, Value>) -> bool {
    match metric {
        "subscribed" | "cio_subscription_preferences_changed" => true,
        "unsubscribed" => object_type == "customer" || !data.contains_key("delivery_id"),
        "subscription_preferences_changed" => object_type == "customer",
        _ => false,
    }
}

fn consent(metric: &str, data: &Map<String, Value>) -> Parsed<Body> {
    let mut topics = BTreeMap::new();
    let subscribed = match metric {
        "subscribed" => Some(true),
        "unsubscribed" => Some(false),
        _ => {
            let content = text(data, "content")?.unwrap_or_default();
            let changed: Value = serde_json::from_str(&content)
                .map_err(|_| Problem::invalid("data.content", "must be JSON text"))?;
            let said = changed.get("topics").and_then(Value::as_object);
            topics.extend(
                said.into_iter()
                    .flatten()
                    .filter_map(|(topic, choice)| Some((topic.clone(), choice.as_bool()?))),
            );
            None
        }
    };
    let delivery_id = text(data, "delivery_id")?;
    Ok(Body::Subscription {
        person: person(data)?,
        subscribed,
        topics,
        delivery_id,
    })
}

fn delivery(
    channel: Channel,
    metric: &str,
    at: Timestamp,
    data: &Map<String, Value>,
) -> Parsed<DeliveryReport> {
    let under = |problem: Problem| problem.under("data");
    let delivery_id = required_text(data, "delivery_id", IDENTIFIER_BYTES_MAX).map_err(under)?;
    let (source, source_id) = source(data);
    let message = MessageRef {
        source,
        source_id,
        step_id: number(data, "action_id"),
        parent_step_id: number(data, "parent_action_id"),
        variant_id: number(data, "content_id"),
        channel,
    };
    Ok(DeliveryReport {
        delivery_id,
        message,
        person: person(data)?,
        marks: marks(metric, data)?
            .into_iter()
            .map(|mark| (mark, at))
            .collect(),
        recipients: recipients(channel, data)?,
        failure_message: text(data, "failure_message").map_err(under)?,
        subject: text(data, "subject").map_err(under)?,
        run: text(data, "journey_id").map_err(under)?,
        trigger_event_id: text(data, "trigger_event_id").map_err(under)?,
        trigger_id: number(data, "trigger_id"),
        href: text(data, "href").map_err(under)?,
        link_id: number(data, "link_id"),
        content: text(data, "content").ok().flatten(),
        names: Vec::new(),
    })
}

/// Which ids say what sent it: broadcast before campaign (section 5).
fn source(data: &Map<String, Value>) -> (SourceKind, u64) {
    let kinds = [
        (SourceKind::Broadcast, "broadcast_id"),
        (SourceKind::Campaign, "campaign_id"),
        (SourceKind::Newsletter, "newsletter_id"),
        (SourceKind::Transactional, "transactional_message_id"),
    ];
    kinds
        .into_iter()
        .find_map(|(kind, field)| number(data, field).map(|id| (kind, id)))
        .unwrap_or((SourceKind::Unknown, 0))
}

/// The marks of a metric. E-mail tells people's and machines' opens and clicks apart (section 6.2).
fn marks(metric: &str, data: &Map<String, Value>) -> Parsed<Vec<Mark>> {
    let flag = |name: &str| data.get(name).and_then(Value::as_bool);
    let mark = match metric {
        "suppressed" => Mark::Dropped,
        metric => Mark::named(metric).ok_or_else(|| unknown("metric", metric))?,
    };
    Ok(match mark {
        Mark::Opened => match flag("prefetched") {
            Some(true) => vec![Mark::Opened, Mark::PrefetchOpened],
            Some(false) => vec![Mark::Opened, Mark::HumanOpened],
            None => vec![Mark::Opened],
        },
        Mark::Clicked => match flag("machine") {
            Some(true) => vec![Mark::Clicked, Mark::PrefetchClicked],
            Some(false) => vec![Mark::Clicked, Mark::HumanClicked],
            None => vec![Mark::Clicked],
        },
        mark => vec![mark],
    })
}

fn recipients(channel: Channel, data: &Map<String, Value>) -> Parsed<Vec<RecipientReport>> {
    if let Some(Value::Array(list)) = data.get("recipients") {
        return list.iter().map(recipient).collect();
    }
    // Other channels name one address; for in-app it is the person and says nothing.
    let address = match channel {
        Channel::Push | Channel::InApp => None,
        _ => text(data, "recipient").ok().flatten(),
    };
    Ok(address
        .map(|address| RecipientReport {
            address,
            platform: None,
            failure_message: None,
        })
        .into_iter()
        .collect())
}

fn recipient(value: &Value) -> Parsed<RecipientReport> {
    let map = object(value, "data.recipients")?;
    let under = |problem: Problem| problem.under("data.recipients");
    let address = required_text(map, "device_id", TOKEN_BYTES_MAX).map_err(under)?;
    let platform = text(map, "device_platform").map_err(under)?;
    Ok(RecipientReport {
        address,
        platform: platform.and_then(|name| Platform::named(&name.to_lowercase())),
        failure_message: text(map, "failure_message").map_err(under)?,
    })
}

fn person(data: &Map<String, Value>) -> Parsed<PersonHandle> {
    let empty = Map::new();
    let identifiers = data
        .get("identifiers")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let of = |map: &Map<String, Value>, field: &str| -> Parsed<Option<String>> {
        let value = text(map, field)?;
        if let Some(value) = &value {
            short(value, field, IDENTIFIER_BYTES_MAX)?;
        }
        Ok(value)
    };
    let id = of(identifiers, "id")?.or(of(data, "customer_id")?);
    let email = of(identifiers, "email")?.or(of(data, "email_address")?);
    Ok(PersonHandle {
        cio_id: of(identifiers, "cio_id")?,
        id,
        email,
    })
}

fn number(map: &Map<String, Value>, field: &str) -> Option<u64> {
    match map.get(field)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
