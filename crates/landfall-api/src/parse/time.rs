//! Times as clients send them.

use landfall_domain::time::Timestamp;
use serde_json::{Map, Value};

use super::{Parsed, Problem};

/// Numbers from here on cannot be seconds of this era: they are milliseconds.
const MILLIS_FROM: f64 = 1e11;
/// The end of the year 9999: later times are mistakes.
const LATEST_MS: f64 = 253_402_300_799_999.0;

/// A field as a time: seconds or milliseconds since the epoch as a number or a numeric string, or
/// ISO 8601. Absent and null are `None`.
///
/// # Errors
/// Anything else, and times before 1970 or after 9999.
pub fn field(map: &Map<String, Value>, name: &str) -> Parsed<Option<Timestamp>> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => moment(value).map(Some).ok_or_else(|| {
            Problem::invalid(
                name,
                "must be a time: unix seconds or ISO 8601, from 1970 to 9999",
            )
        }),
    }
}

/// A JSON value as a time.
pub fn moment(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => numeric(number.as_f64()?),
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(number) => numeric(number),
            Err(_) => iso(text.trim()),
        },
        _ => None,
    }
}

fn numeric(number: f64) -> Option<Timestamp> {
    let millis = if number.abs() < MILLIS_FROM {
        number * 1_000.0
    } else {
        number
    };
    (0.0..=LATEST_MS)
        .contains(&millis)
        .then(|| Timestamp::from_millis(millis as i64))
}

fn iso(text: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = text.parse().ok()?;
    (0..=LATEST_MS as i64)
        .contains(&at.as_millisecond())
        .then(|| Timestamp::from_millis(at.as_millisecond()))
}
