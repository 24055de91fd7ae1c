//! Slices as conditions of the board, and as queries of the log.

use std::sync::Arc;

use landfall_board::{Condition, Dimension, TokenAge, Value};
use landfall_domain::channel::{Platform, Provider};
use landfall_domain::message::SourceKind;
use landfall_insight::alerts::SliceOf;

/// How "has none" is written in queries.
const NONE: &str = "none";

/// What slices of rules may name. A heartbeat's slice names its credential too.
pub const DIMENSIONS: [&str; 10] = [
    "journey",
    "step",
    "platform",
    "provider",
    "app",
    "app_version",
    "os_version",
    "sdk_version",
    "device_model",
    "token_age",
];

fn dimension(name: &str) -> Option<Dimension> {
    Some(match name {
        "journey" => Dimension::Journey,
        "step" => Dimension::Step,
        "platform" => Dimension::Platform,
        "provider" => Dimension::Provider,
        "app" => Dimension::App,
        "app_version" => Dimension::AppVersion,
        "os_version" => Dimension::OsVersion,
        "sdk_version" => Dimension::SdkVersion,
        "device_model" => Dimension::DeviceModel,
        "token_age" => Dimension::TokenAge,
        _ => return None,
    })
}

fn value(dimension: Dimension, text: &str) -> Option<Value> {
    if text == NONE {
        return Some(Value::Absent);
    }
    match dimension {
        Dimension::Journey => {
            let (kind, id) = text.split_once(':')?;
            Some(Value::Source(SourceKind::named(kind)?, id.parse().ok()?))
        }
        Dimension::Step => text.parse().ok().map(Value::Number),
        Dimension::Platform => Platform::named(text).map(Value::Platform),
        Dimension::Provider => Provider::named(text).map(Value::Provider),
        Dimension::TokenAge => TokenAge::named(text).map(Value::TokenAge),
        _ => Some(Value::Text(Arc::from(text))),
    }
}

/// A slice as conditions.
///
/// # Errors
/// The dimension that is unknown, or whose value is none of its own.
pub(super) fn conditions(slice: &SliceOf) -> Result<Vec<Condition>, String> {
    let named = slice.0.iter().filter(|(name, _)| *name != "credential");
    let conditions = named.map(|(name, text)| {
        let dimension = dimension(name).ok_or_else(|| name.clone())?;
        let value = value(dimension, text).ok_or_else(|| name.clone())?;
        Ok(Condition::In(dimension, vec![value]))
    });
    conditions.collect()
}
