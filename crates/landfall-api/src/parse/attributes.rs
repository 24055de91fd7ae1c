//! Attributes of people and devices: limits and shapes.

use std::collections::BTreeMap;

use landfall_domain::attributes::Attributes;
use landfall_domain::channel::Platform;
use landfall_domain::input::{Claims, DeviceReport};
use landfall_domain::limits::{
    ATTRIBUTE_NAME_BYTES_MAX, ATTRIBUTE_VALUE_BYTES_MAX, ATTRIBUTES_MAX, IDENTIFIER_BYTES_MAX,
    TOKEN_BYTES_MAX,
};
use serde_json::{Map, Value};

use super::{Parsed, Problem, object, required_text, short, text, time};

/// Keys of an identify body that are not attributes.
const NOT_ATTRIBUTES: &[&str] = &[
    "id",
    "email",
    "anonymous_id",
    "cio_id",
    "cio_relationships",
    "_timestamp",
    "_update",
];
/// What the last push to a device came to: ours to say, whatever a client sends back
/// (track-api.md 3.4).
const LAST_STATUS: &str = "_last_status";
/// Consent is an object that may be larger than a value, up to the documented size of a whole request.
const CONSENT: &str = "cio_subscription_preferences";
const CONSENT_BYTES_MAX: usize = 32 << 10;

/// Attributes of a person: everything but identifiers and directives, within the limits of
/// track-api.md 1.
pub fn of_person(map: &Map<String, Value>) -> Parsed<Attributes> {
    let mut attributes = BTreeMap::new();
    for (name, value) in map {
        if NOT_ATTRIBUTES.contains(&name.as_str()) {
            continue;
        }
        if name.len() > ATTRIBUTE_NAME_BYTES_MAX {
            let message =
                format!("attribute name cannot be longer than {ATTRIBUTE_NAME_BYTES_MAX} bytes");
            return Err(Problem::new("too_long", "", message));
        }
        let longest = if name == CONSENT {
            CONSENT_BYTES_MAX
        } else {
            ATTRIBUTE_VALUE_BYTES_MAX
        };
        if value_bytes(value) > longest {
            let message =
                format!("value for attribute '{name}' cannot be longer than {longest} bytes");
            return Err(Problem::new("too_long", name, message));
        }
        attributes.insert(name.clone(), value.clone());
    }
    if attributes.len() > ATTRIBUTES_MAX {
        let message = format!("a person cannot have more than {ATTRIBUTES_MAX} attributes");
        return Err(Problem::new("too_large", "", message));
    }
    Ok(attributes.into())
}

/// Identifiers that a body claims beside the one in the path.
pub fn claims(map: &Map<String, Value>) -> Parsed<Claims> {
    let claim = |name: &str| -> Parsed<Option<String>> {
        let value = text(map, name)?;
        if let Some(value) = &value {
            short(value, name, IDENTIFIER_BYTES_MAX)?;
        }
        Ok(value)
    };
    Ok(Claims {
        id: claim("id")?,
        email: claim("email")?,
        phone: None,
        anonymous_id: claim("anonymous_id")?,
    })
}

/// A device as the Track APIs report it. Clients put attributes into `attributes`, or flat beside the
/// token, and `last_used` may be a string (track-api.md 3.4): all of it is taken.
pub fn device(map: &Map<String, Value>) -> Parsed<DeviceReport> {
    let key = if map.contains_key("token") {
        "token"
    } else {
        "id"
    };
    let token = required_text(map, key, TOKEN_BYTES_MAX)?;
    let platform = required_text(map, "platform", 20)?;
    let platform = Platform::named(&platform.to_lowercase())
        .ok_or_else(|| Problem::invalid("platform", "must be ios or android"))?;
    let mut attributes = BTreeMap::new();
    let known = ["id", "token", "platform", "last_used", "attributes"];
    let flat = map
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()));
    add(&mut attributes, flat)?;
    match map.get("attributes") {
        None | Some(Value::Null) => {}
        Some(inner) => add(&mut attributes, object(inner, "attributes")?.iter())?,
    }
    Ok(DeviceReport {
        app: String::new(),
        platform,
        token,
        last_used: time::field(map, "last_used")?,
        attributes,
    })
}

/// Adds device attributes as strings.
pub fn add<'v>(
    attributes: &mut BTreeMap<String, String>,
    values: impl Iterator<Item = (&'v String, &'v Value)>,
) -> Parsed<()> {
    for (name, value) in values.filter(|(name, _)| name.as_str() != LAST_STATUS) {
        let Some(value) = plain(value) else { continue };
        short(name, "attribute name", ATTRIBUTE_NAME_BYTES_MAX)?;
        short(&value, name, ATTRIBUTE_VALUE_BYTES_MAX)?;
        attributes.insert(name.clone(), value);
    }
    if attributes.len() > ATTRIBUTES_MAX {
        return Err(Problem::new(
            "too_large",
            "attributes",
            "too many device attributes",
        ));
    }
    Ok(())
}

/// A value as a string; null is absent.
pub fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Bytes of a value: of the text itself for strings, of the JSON for objects and arrays.
fn value_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(_) | Value::Object(_) => value.to_string().len(),
        _ => 0,
    }
}
