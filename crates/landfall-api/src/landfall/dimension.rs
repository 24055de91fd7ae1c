//! Dimensions and their values by name, both ways.

use std::sync::Arc;

use landfall_board::{Bucket, Dimension, MessageInfo, TokenAge, Value};
use landfall_domain::channel::{Channel, Platform, Provider};
use landfall_domain::message::SourceKind;
use landfall_domain::naming::Part;
use landfall_domain::reason::Reason;
use landfall_domain::status::{Outcome, Status};

/// Names of all dimensions that can be grouped and filtered by, in the order of the documentation.
/// Time buckets (`hour`, `day`, `week`, `month`) group only.
pub const NAMED: &[(&str, Dimension)] = &[
    ("hour", Dimension::Time(Bucket::Hour)),
    ("day", Dimension::Time(Bucket::Day)),
    ("week", Dimension::Time(Bucket::Week)),
    ("month", Dimension::Time(Bucket::Month)),
    ("journey", Dimension::Journey),
    ("step", Dimension::Step),
    ("name_journey", Dimension::NamePart(Part::Journey)),
    ("name_step", Dimension::NamePart(Part::Step)),
    ("name_delay", Dimension::NamePart(Part::Delay)),
    ("name_intent", Dimension::NamePart(Part::Intent)),
    ("variant", Dimension::Variant),
    ("channel", Dimension::Channel),
    ("platform", Dimension::Platform),
    ("provider", Dimension::Provider),
    ("app", Dimension::App),
    ("app_version", Dimension::AppVersion),
    ("os_version", Dimension::OsVersion),
    ("sdk_version", Dimension::SdkVersion),
    ("device_model", Dimension::DeviceModel),
    ("token_age", Dimension::TokenAge),
    ("permission", Dimension::Permission),
    ("receipt_capable", Dimension::ReceiptCapable),
    ("outcome", Dimension::Outcome),
    ("reason", Dimension::Reason),
    ("status", Dimension::Status),
    ("target_outcome", Dimension::TargetOutcome),
    ("target_reason", Dimension::TargetReason),
];

/// How "has none" is written.
pub const NONE: &str = "none";

/// The dimension of that name.
pub fn named(name: &str) -> Option<Dimension> {
    NAMED
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, dimension)| *dimension)
}

/// The name of a dimension.
pub fn name(dimension: Dimension) -> &'static str {
    NAMED
        .iter()
        .find(|(_, known)| *known == dimension)
        .map_or("time", |(name, _)| name)
}

/// All names, for error messages.
pub fn names() -> String {
    NAMED
        .iter()
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Reads a value of a dimension. Journeys and steps may be written by number (`campaign:31`, `31`)
/// or by name; a name stands for everything that bears it.
pub fn values(dimension: Dimension, text: &str, messages: &[MessageInfo]) -> Option<Vec<Value>> {
    if text == NONE {
        return Some(vec![match dimension {
            // Code 0 stands for "no reason".
            Dimension::Reason | Dimension::TargetReason => Value::Code(0),
            _ => Value::Absent,
        }]);
    }
    let value = match dimension {
        Dimension::Time(_) => return None,
        Dimension::Journey => return sources(text, messages),
        Dimension::Step => return numbers(text, messages, |info| (info.step_id, &info.step_name)),
        Dimension::Variant => {
            return numbers(text, messages, |info| (info.variant_id, &info.variant_name));
        }
        Dimension::Channel => Value::Channel(Channel::named(text)?),
        Dimension::Platform => Value::Platform(Platform::named(text)?),
        Dimension::Provider => Value::Provider(Provider::named(text)?),
        Dimension::TokenAge => Value::TokenAge(TokenAge::named(text)?),
        Dimension::Permission | Dimension::ReceiptCapable => Value::Flag(text.parse().ok()?),
        Dimension::Outcome | Dimension::TargetOutcome => {
            Value::Code(u16::from(Outcome::named(text)?.code()))
        }
        Dimension::Status => Value::Code(u16::from(Status::named(text)?.code())),
        Dimension::Reason | Dimension::TargetReason => Value::Code(Reason::named(text)?.code()),
        Dimension::NamePart(_)
        | Dimension::App
        | Dimension::AppVersion
        | Dimension::OsVersion
        | Dimension::SdkVersion
        | Dimension::DeviceModel => Value::Text(Arc::from(text)),
    };
    Some(vec![value])
}

fn sources(text: &str, messages: &[MessageInfo]) -> Option<Vec<Value>> {
    if let Some((kind, id)) = text.split_once(':')
        && let (Some(kind), Ok(id)) = (SourceKind::named(kind), id.parse())
    {
        return Some(vec![Value::Source(kind, id)]);
    }
    let number: Option<u64> = text.parse().ok();
    let mut found: Vec<Value> = messages
        .iter()
        .filter(|info| Some(info.source_id) == number || is_named(&info.source_name, text))
        .map(|info| Value::Source(info.source, info.source_id))
        .collect();
    found.sort_unstable();
    found.dedup();
    // A number that has not sent yet is a fair question with an empty answer.
    match number {
        Some(id) if found.is_empty() => Some(vec![Value::Source(SourceKind::Campaign, id)]),
        _ => Some(found).filter(|found| !found.is_empty()),
    }
}

fn numbers(
    text: &str,
    messages: &[MessageInfo],
    of: impl Fn(&MessageInfo) -> (Option<u64>, &Option<String>),
) -> Option<Vec<Value>> {
    if let Ok(number) = text.parse() {
        return Some(vec![Value::Number(number)]);
    }
    let mut found: Vec<Value> = messages
        .iter()
        .map(of)
        .filter(|(_, name)| is_named(name, text))
        .filter_map(|(number, _)| number.map(Value::Number))
        .collect();
    found.sort_unstable();
    found.dedup();
    Some(found).filter(|found| !found.is_empty())
}

fn is_named(name: &Option<String>, text: &str) -> bool {
    name.as_deref()
        .is_some_and(|name| name.eq_ignore_ascii_case(text))
}

/// How a value is written: the form that [`values`] reads back. Times are left to the caller, who
/// knows the zone.
pub fn text(dimension: Dimension, value: &Value) -> String {
    match value {
        Value::Absent => NONE.to_owned(),
        Value::Time(at) => at.millis().to_string(),
        Value::Source(kind, id) => format!("{kind}:{id}"),
        Value::Number(number) => number.to_string(),
        Value::Code(code) => code_name(dimension, *code),
        Value::Text(text) => text.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Channel(channel) => channel.name().to_owned(),
        Value::Platform(platform) => platform.name().to_owned(),
        Value::Provider(provider) => provider.name().to_owned(),
        Value::TokenAge(age) => age.name().to_owned(),
    }
}

fn code_name(dimension: Dimension, code: u16) -> String {
    let small = u8::try_from(code).unwrap_or(u8::MAX);
    let name = match dimension {
        Dimension::Outcome | Dimension::TargetOutcome => {
            Outcome::from_code(small).map(Outcome::name)
        }
        Dimension::Status => Status::from_code(small).map(Status::name),
        Dimension::Reason | Dimension::TargetReason if code == 0 => Some(NONE),
        Dimension::Reason | Dimension::TargetReason => Reason::from_code(code).map(Reason::name),
        _ => None,
    };
    name.map_or_else(|| code.to_string(), str::to_owned)
}

/// The name that people gave to a journey, step or variant, beside its number.
///
/// Journeys number their steps each from 1, so a step's number means something within its `journey` only. Where the
/// journey is not known, the number has a name only if all journeys agree on it.
pub fn label(
    dimension: Dimension,
    value: &Value,
    journey: Option<&Value>,
    messages: &[MessageInfo],
) -> Option<String> {
    let mut names = messages.iter().filter_map(|info| {
        let source = Value::Source(info.source, info.source_id);
        let inside = journey.is_none_or(|journey| *journey == source);
        let (is_it, name) = match (dimension, value) {
            (Dimension::Journey, _) => (*value == source, &info.source_name),
            (Dimension::Step, Value::Number(id)) => {
                (inside && info.step_id == Some(*id), &info.step_name)
            }
            (Dimension::Variant, Value::Number(id)) => {
                (inside && info.variant_id == Some(*id), &info.variant_name)
            }
            _ => (false, &None),
        };
        name.as_ref().filter(|_| is_it)
    });
    let first = names.next()?;
    names.all(|name| name == first).then(|| first.clone())
}
