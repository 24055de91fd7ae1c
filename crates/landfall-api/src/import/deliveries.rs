//! Delivery exports: one line a delivery, a column for each metric with its time.

use landfall_domain::channel::{Channel, Platform};
use landfall_domain::input::{Body, DeliveryReport, Input, PersonHandle, RecipientReport, Source};
use landfall_domain::limits::{IDENTIFIER_BYTES_MAX, TOKEN_BYTES_MAX};
use landfall_domain::marks::Mark;
use landfall_domain::message::{MessageRef, NameOf, SourceKind};
use landfall_domain::time::Timestamp;
use serde_json::Value;

use super::{Row, Skipped, key_of, number, text, time};

/// Reads one delivery. Columns go by the names of the App API's message object (app-api.md 3.1);
/// metrics may stand in columns of their own (`sent`, `sent_at`) or in one object `metrics`.
pub(super) fn read(row: &Row) -> Result<Input, Skipped> {
    let delivery_id = text(row, &["delivery_id", "id", "message_id"])
        .ok_or_else(|| Skipped::because("no delivery_id"))?;
    if delivery_id.len() > IDENTIFIER_BYTES_MAX {
        return Err(Skipped::because("the delivery_id is longer than 150 bytes"));
    }
    let channel = channel(row)?;
    let (source, source_id) = source(row);
    let step_id = number(row, &["action_id", "step_id"]);
    let variant_id = number(row, &["content_id", "variant_id"]);
    let message = MessageRef {
        source,
        source_id,
        step_id,
        parent_step_id: number(row, &["parent_action_id"]),
        variant_id,
        channel,
    };
    let marks = marks(row);
    if marks.is_empty() {
        return Err(Skipped::because("no time of any metric"));
    }
    let report = DeliveryReport {
        delivery_id,
        person: person(row)?,
        marks,
        recipients: recipients(row, channel)?,
        failure_message: text(row, &["failure_message", "failure_reason", "error"]),
        subject: text(row, &["subject", "title"]),
        run: text(row, &["journey_id"]),
        trigger_event_id: text(row, &["trigger_event_id"]),
        trigger_id: number(row, &["trigger_id"]),
        href: None,
        link_id: None,
        content: None,
        names: names(row, &message),
        message,
    };
    let at = report.marks.iter().map(|(_, at)| *at).min();
    Ok(Input {
        source: Source::Import,
        at,
        sent_at: None,
        dedupe_key: Some(key_of("delivery", row)),
        body: Body::Delivery(Box::new(report)),
    })
}

fn channel(row: &Row) -> Result<Channel, Skipped> {
    let name = text(row, &["type", "channel", "message_type", "delivery_type"])
        .ok_or_else(|| Skipped::because("no type (push, email, ...)"))?
        .to_lowercase();
    match name.as_str() {
        "twilio" => Ok(Channel::Sms),
        "ios" | "android" => Ok(Channel::Push),
        name => Channel::named(name).ok_or_else(|| Skipped::because("unknown type")),
    }
}

fn source(row: &Row) -> (SourceKind, u64) {
    let kinds = [
        (SourceKind::Broadcast, "broadcast_id"),
        (SourceKind::Campaign, "campaign_id"),
        (SourceKind::Newsletter, "newsletter_id"),
        (SourceKind::Transactional, "transactional_message_id"),
    ];
    kinds
        .into_iter()
        .find_map(|(kind, name)| number(row, &[name]).map(|id| (kind, id)))
        .unwrap_or((SourceKind::Unknown, 0))
}

fn person(row: &Row) -> Result<PersonHandle, Skipped> {
    let inner = row.get("customer_identifiers").and_then(Value::as_object);
    let of = |names: &[&str], key: &str| {
        text(row, names).or_else(|| inner.and_then(|inner| text(inner, &[key])))
    };
    let person = PersonHandle {
        cio_id: of(&["cio_id"], "cio_id"),
        id: of(&["customer_id", "person_id"], "id"),
        email: of(&["email", "customer_email"], "email"),
    };
    let said = [&person.cio_id, &person.id, &person.email];
    if said
        .into_iter()
        .flatten()
        .any(|value| value.len() > IDENTIFIER_BYTES_MAX)
    {
        return Err(Skipped::because("an identifier is longer than 150 bytes"));
    }
    if person == PersonHandle::default() {
        return Err(Skipped::because(
            "nobody is named (customer_id, email or cio_id)",
        ));
    }
    Ok(person)
}

/// Metrics by their names; `suppressed` is what deliveries call dropped.
fn marks(row: &Row) -> Vec<(Mark, Timestamp)> {
    let inner = row.get("metrics").and_then(Value::as_object);
    let mut marks = Vec::new();
    for mark in Mark::ALL {
        let name = mark.name();
        let columns = [name.to_owned(), format!("{name}_at"), format!("{name}_ts")];
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let at = time(row, &columns).or_else(|| inner.and_then(|inner| time(inner, &[name])));
        marks.extend(at.map(|at| (*mark, at)));
    }
    let suppressed = time(row, &["suppressed", "suppressed_at"]);
    marks.extend(suppressed.map(|at| (Mark::Dropped, at)));
    marks
}

fn recipients(row: &Row, channel: Channel) -> Result<Vec<RecipientReport>, Skipped> {
    let platform = text(row, &["device_platform", "platform", "delivery_type"])
        .and_then(|name| Platform::named(&name.to_lowercase()));
    let token = text(row, &["device_id", "device_token", "token"]);
    // The recipient of a push is a handle of the person in some exports: only a device column is a
    // device.
    let address = if channel == Channel::Push {
        token
    } else {
        text(row, &["recipient", "to"])
    };
    if address
        .as_ref()
        .is_some_and(|address| address.len() > TOKEN_BYTES_MAX)
    {
        return Err(Skipped::because(
            "the recipient is longer than any push token",
        ));
    }
    let recipient = address.map(|address| RecipientReport {
        address,
        platform,
        failure_message: None,
    });
    Ok(recipient.into_iter().collect())
}

fn names(row: &Row, message: &MessageRef) -> Vec<(NameOf, String)> {
    let of = |step_id, variant_id| NameOf {
        source: message.source,
        source_id: message.source_id,
        step_id,
        variant_id,
    };
    let journey = [
        "campaign_name",
        "broadcast_name",
        "newsletter_name",
        "transactional_message_name",
    ];
    let mut names = Vec::new();
    if message.source != SourceKind::Unknown {
        names.extend(text(row, &journey).map(|name| (of(None, None), name)));
    }
    if message.step_id.is_some() {
        let step = text(row, &["action_name", "step_name", "message_name"]);
        names.extend(step.map(|name| (of(message.step_id, None), name)));
    }
    if message.variant_id.is_some() {
        let variant = text(row, &["content_name", "variant_name"]);
        names.extend(variant.map(|name| (of(message.step_id, message.variant_id), name)));
    }
    names
}
