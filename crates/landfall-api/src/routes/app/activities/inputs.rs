//! Stored activities under Customer.io's names.

use landfall_domain::activity::{EventKind, PersonInput};
use landfall_domain::identifier::Identifier;
use landfall_domain::person::{Person, Standing};
use landfall_store::StoredActivity;
use serde_json::{Map, Value, json};

use super::Shown;

/// Type of an activity with the kinds that are stored for it.
const KINDS: [(&str, &[&str]); 10] = [
    ("event", &["tracked"]),
    ("page", &["tracked"]),
    ("screen", &["tracked"]),
    (
        "attribute_change",
        &["attributes_set", "identifier_set", "subscription_changed"],
    ),
    (
        "failed_attribute_change",
        &["identifier_refused", "update_skipped"],
    ),
    ("device_change", &["device_registered", "device_released"]),
    ("profile_create", &["created"]),
    ("profile_delete", &["deleted"]),
    ("profile_merge", &["merged_from"]),
    ("anon_merge", &["merged_from"]),
];

/// Whether stored activities can be of this type.
pub(super) fn is_known(kind: &str) -> bool {
    KINDS.iter().any(|(known, _)| *known == kind)
}

/// The kinds to read for a type, or for all; `None` when nothing is stored for the type.
pub(super) fn stored_kinds(kind: Option<&str>) -> Option<Vec<String>> {
    let mut kinds: Vec<String> = KINDS
        .iter()
        .filter(|(known, _)| kind.is_none_or(|kind| kind == *known))
        .flat_map(|(_, stored)| stored.iter().map(|name| (*name).to_owned()))
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    (!kinds.is_empty()).then_some(kinds)
}

/// The activity as shown, without its person; `None` for what Customer.io has no name for.
pub(super) fn shown(stored: &StoredActivity) -> Option<Shown> {
    let (kind, data) = kind_and_data(&stored.activity.input)?;
    let mut shown = Shown {
        id: stored.number.to_string(),
        kind: kind.to_owned(),
        timestamp: stored.activity.occurred_at.seconds(),
        data,
        ..Shown::default()
    };
    if let PersonInput::Tracked {
        event, name, data, ..
    } = &stored.activity.input
    {
        shown.name = Some(name.clone());
        if *event == EventKind::Page {
            let data = data.value();
            let url = data.get("url").and_then(Value::as_str).unwrap_or(name);
            shown.url = Some(url.to_owned());
        }
    }
    Some(shown)
}

fn kind_and_data(input: &PersonInput) -> Option<(&'static str, Value)> {
    let changed = |data| Some(("attribute_change", data));
    let refused = |data| Some(("failed_attribute_change", data));
    match input {
        PersonInput::Tracked { event, data, .. } => {
            let data = if data.is_none() {
                json!({})
            } else {
                data.value()
            };
            Some((event.name(), data))
        }
        PersonInput::AttributesSet { attributes } => changed(changes(attributes)),
        PersonInput::IdentifierSet { identifier } => changed(named(identifier)),
        PersonInput::SubscriptionChanged {
            topic, subscribed, ..
        } => changed(choice(topic.as_deref(), *subscribed)),
        PersonInput::IdentifierRefused { identifier, .. } => refused(named(identifier)),
        PersonInput::UpdateSkipped { attributes } => refused(changes(attributes)),
        PersonInput::DeviceRegistered { .. }
        | PersonInput::DeviceReleased { .. }
        | PersonInput::DeviceRestored { .. }
        | PersonInput::DeviceReceived { .. } => Some(("device_change", device(input))),
        PersonInput::Created {
            visitor: false,
            cio_id,
            ..
        } => Some(("profile_create", json!({ "cio_id": cio_id }))),
        PersonInput::Deleted { suppressed } => {
            Some(("profile_delete", json!({ "suppressed": suppressed })))
        }
        PersonInput::MergedFrom { secondary } => Some(merge(secondary)),
        PersonInput::Created { visitor: true, .. }
        | PersonInput::AnonymousLinked { .. }
        | PersonInput::DeviceAnswered { .. }
        | PersonInput::MergedInto { .. }
        | PersonInput::AddressListed { .. }
        | PersonInput::SegmentChanged { .. } => None,
    }
}

fn choice(topic: Option<&str>, subscribed: bool) -> Value {
    match topic {
        None => json!({ "unsubscribed": { "to": !subscribed } }),
        Some(topic) => {
            let path = format!("cio_subscription_preferences.topics.{topic}");
            json!({ path: { "to": subscribed } })
        }
    }
}

fn device(input: &PersonInput) -> Value {
    match input {
        PersonInput::DeviceRegistered {
            token,
            attributes,
            last_used,
            ..
        } => json!({
            "change": "added",
            "token": token.token,
            "platform": token.platform,
            "last_used": last_used.seconds(),
            "attributes": attributes,
        }),
        PersonInput::DeviceReleased { cause, .. } => {
            json!({ "change": "removed", "cause": cause })
        }
        PersonInput::DeviceRestored { device } | PersonInput::DeviceReceived { device, .. } => {
            json!({
                "change": "added",
                "token": device.token.token,
                "platform": device.token.platform,
                "attributes": device.attributes,
            })
        }
        _ => Value::Null,
    }
}

fn merge(secondary: &Person) -> (&'static str, Value) {
    let is_visitor = secondary.standing == Standing::Visitor;
    let kind = if is_visitor {
        "anon_merge"
    } else {
        "profile_merge"
    };
    let merged = json!({
        "id": secondary.id,
        "email": secondary.email,
        "cio_id": secondary.cio_id,
    });
    (kind, json!({ "secondary": merged }))
}

fn changes(attributes: &std::collections::BTreeMap<String, Value>) -> Value {
    let changes: Map<String, Value> = attributes
        .iter()
        .map(|(name, value)| (name.clone(), json!({ "to": value })))
        .collect();
    Value::Object(changes)
}

fn named(identifier: &Identifier) -> Value {
    json!({ identifier.kind().name(): { "to": identifier.value() } })
}
