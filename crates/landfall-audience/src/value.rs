//! Values as conditions compare them: attributes often come as text, so text that reads as a number
//! compares as one, and `"true"` is true.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use landfall_domain::time::Timestamp;
use serde_json::{Number, Value};

/// Numbers from here on are milliseconds since 1970, below they are seconds: as seconds this is the
/// year 5138, as milliseconds 1973.
const MILLIS_FROM: f64 = 1e11;
/// The last second that counts as a time: the end of the year 9999.
const LAST_SECOND: f64 = 253_402_300_799.0;

/// A value that a check looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen<'a> {
    /// From an attribute or from data. Never null: that counts as absent.
    Json(&'a Value),
    /// An identifier, or what a device reports.
    Text(&'a str),
    /// Yes or no.
    Truth(bool),
    /// A time of our own records.
    Moment(Timestamp),
}

impl<'a> Seen<'a> {
    /// The text, if it is one.
    pub(crate) fn text(self) -> Option<&'a str> {
        match self {
            Self::Json(Value::String(text)) => Some(text),
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn truth(self) -> Option<bool> {
        match self {
            Self::Json(Value::Bool(truth)) => Some(*truth),
            Self::Truth(truth) => Some(truth),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub(crate) fn list(self) -> Option<&'a [Value]> {
        match self {
            Self::Json(Value::Array(items)) => Some(items),
            _ => None,
        }
    }

    /// The number that it is or reads as. A moment is its seconds since 1970.
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds have fewer than 53 bits"
    )]
    pub(crate) fn number(self) -> Option<f64> {
        match self {
            Self::Json(Value::Number(number)) => number.as_f64(),
            Self::Moment(at) => Some(at.seconds() as f64),
            other => number_in(other.text()?),
        }
    }

    /// The moment that it is or reads as.
    pub(crate) fn moment(self) -> Option<Timestamp> {
        match self {
            Self::Moment(at) => Some(at),
            Self::Json(Value::Number(number)) => moment_of_number(number.as_f64()?),
            other => moment_in(other.text()?),
        }
    }

    /// For explanations.
    pub(crate) fn shown(self) -> Value {
        match self {
            Self::Json(value) => value.clone(),
            Self::Text(text) => text.into(),
            Self::Truth(truth) => truth.into(),
            Self::Moment(at) => date_text(at).into(),
        }
    }
}

/// The number that a text reads as.
pub(crate) fn number_in(text: &str) -> Option<f64> {
    let text = text.trim();
    let first = *text.as_bytes().first()?;
    if !first.is_ascii_digit() && !matches!(first, b'-' | b'+' | b'.') {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "within the years 1970 to 9999"
)]
fn moment_of_number(number: f64) -> Option<Timestamp> {
    let millis = if number >= MILLIS_FROM {
        number
    } else {
        number * 1_000.0
    };
    let known = (0.0..=LAST_SECOND * 1_000.0).contains(&millis);
    known.then_some(Timestamp::from_millis(millis as i64))
}

/// The moment that a text reads as: seconds or milliseconds since 1970, a date and time with its
/// offset, or a date or date and time alone, which are universal time.
pub(crate) fn moment_in(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if !text.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    if let Some(number) = number_in(text) {
        return moment_of_number(number);
    }
    let instant = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let local: jiff::civil::DateTime = text.parse().ok()?;
        let zoned = local.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(zoned.timestamp())
    })?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

/// A moment as [`moment_in`] reads it.
pub(crate) fn date_text(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.millis()) {
        Ok(instant) => instant.to_string(),
        Err(_) => at.seconds().to_string(),
    }
}

/// A value that a definition compares with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    /// A text, and the number that it reads as.
    Text(String, Option<f64>),
    /// A number, and how it is written.
    Number(Number, f64, String),
    /// Yes or no.
    Truth(bool),
}

impl Scalar {
    /// From JSON; `None` for null, lists and objects.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text.clone(), number_in(text))),
            Value::Number(number) => Some(Self::Number(
                number.clone(),
                number.as_f64()?,
                number.to_string(),
            )),
            Value::Bool(truth) => Some(Self::Truth(*truth)),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The same in lower case.
    pub(crate) fn lowered(self) -> Self {
        match self {
            Self::Text(text, number) => Self::Text(text.trim().to_lowercase(), number),
            other => other,
        }
    }

    /// The text that it is written as.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text, _) | Self::Number(.., text) => Cow::Borrowed(text),
            Self::Truth(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
        }
    }

    /// Whether a value is this one. Two texts are compared as texts (`"01"` is not `"1"`); as soon
    /// as one of them is a number, both are compared as numbers.
    pub(crate) fn equals(&self, seen: Seen<'_>) -> bool {
        match self {
            Self::Text(wanted, number) => match (seen.text(), seen.truth()) {
                (Some(text), _) => text == wanted,
                (None, Some(truth)) => says(wanted, truth),
                (None, None) => number.is_some() && seen.number() == *number,
            },
            Self::Number(wanted, number, _) => match seen {
                Seen::Json(Value::Number(seen)) if wanted.is_i64() && seen.is_i64() => {
                    wanted == seen
                }
                _ => seen.number() == Some(*number),
            },
            Self::Truth(wanted) => match (seen.truth(), seen.text()) {
                (Some(truth), _) => truth == *wanted,
                (None, Some(text)) => says(text, *wanted),
                (None, None) => false,
            },
        }
    }
}

fn says(text: &str, truth: bool) -> bool {
    text.eq_ignore_ascii_case(if truth { "true" } else { "false" })
}

/// Compares two versions part by part as numbers: `5.10` is later than `5.9`, `5.2` is `5.2.0`, and
/// `5.2-beta` comes before `5.2`. What follows a `+`, a blank or a bracket does not count.
pub(crate) fn compare_versions(a: &str, b: &str) -> Option<std::cmp::Ordering> {
    let (a, b) = (Version::of(a)?, Version::of(b)?);
    let mut left = a.numbers.split('.');
    let mut right = b.numbers.split('.');
    loop {
        let (l, r) = (left.next(), right.next());
        if l.is_none() && r.is_none() {
            break;
        }
        let part = |part: Option<&str>| part.map_or(Some(0), |digits| digits.parse::<u64>().ok());
        let order = part(l)?.cmp(&part(r)?);
        if order.is_ne() {
            return Some(order);
        }
    }
    Some(match (a.early, b.early) {
        (None, None) => std::cmp::Ordering::Equal,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (Some(_), None) => std::cmp::Ordering::Less,
        (Some(a), Some(b)) => a.cmp(b),
    })
}

struct Version<'a> {
    numbers: &'a str,
    /// What marks it as one before the release.
    early: Option<&'a str>,
}

impl<'a> Version<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let text = text.trim().trim_start_matches(['v', 'V']);
        let text = text.split(['+', ' ', '(']).next()?;
        let (numbers, early) = match text.split_once('-') {
            Some((numbers, early)) => (numbers, Some(early)),
            None => (text, None),
        };
        let sound = !numbers.is_empty()
            && numbers.split('.').all(|part| {
                !part.is_empty() && part.len() < 19 && part.bytes().all(|b| b.is_ascii_digit())
            });
        sound.then_some(Self { numbers, early })
    }
}

/// Whether a text is a version.
pub(crate) fn is_version(text: &str) -> bool {
    Version::of(text).is_some()
}
