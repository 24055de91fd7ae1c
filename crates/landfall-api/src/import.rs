//! Files from elsewhere: Customer.io delivery exports, webhook archives, people and devices.
//!
//! A file is read by the client in chunks of lines; here each line becomes an [`Input`] or a reason
//! why not. Every input carries a dedupe key made of its content, so that importing a line twice
//! changes nothing.

mod deliveries;
mod people;
#[cfg(test)]
mod tests;

use landfall_domain::input::Input;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// Deliveries with their metrics: Customer.io's delivery export.
    Deliveries,
    /// Reporting webhooks as they were received, one JSON object a line.
    Webhooks,
    /// People with their attributes.
    People,
    /// Devices with their owners.
    Devices,
}

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportFormat {
    /// Comma-separated values; the first line names the columns.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// Why a line was passed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Skipped {
    /// The reason: the same words for the same fault, so that a report can count them.
    pub reason: String,
}

impl Skipped {
    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
        }
    }
}

/// One line as columns or fields.
pub type Row = Map<String, Value>;

/// Reads one line.
///
/// # Errors
/// Says why the line cannot be taken; other lines are not concerned.
pub fn read(kind: ImportKind, row: &Row) -> Result<Input, Skipped> {
    match kind {
        ImportKind::Deliveries => deliveries::read(row),
        ImportKind::People => people::person(row),
        ImportKind::Devices => people::device(row),
        ImportKind::Webhooks => crate::parse::webhooks::input(&Value::Object(row.clone()))
            .map_err(|problem| Skipped::because(problem.to_string())),
    }
}

/// Turns CSV lines into rows. `header` names the columns; names are compared without regard to case,
/// blanks and dashes count as underscores.
pub fn csv_rows(header: &[String], lines: &[u8]) -> Vec<Result<Row, Skipped>> {
    let names: Vec<String> = header.iter().map(|name| column(name)).collect();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(lines);
    reader
        .records()
        .map(|record| {
            let record = record.map_err(|_| Skipped::because("not a CSV line in UTF-8"))?;
            if record.len() != names.len() {
                return Err(Skipped::because(
                    "the number of columns differs from the header's",
                ));
            }
            let cells = names
                .iter()
                .zip(&record)
                .filter(|(_, cell)| !cell.is_empty());
            Ok(cells
                .map(|(name, cell)| (name.clone(), Value::from(cell)))
                .collect())
        })
        .collect()
}

/// Turns NDJSON lines into rows. Blank lines are passed over silently.
pub fn json_rows(lines: &[u8]) -> Vec<Result<Row, Skipped>> {
    lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
        .map(|line| match serde_json::from_slice(line) {
            Ok(Value::Object(row)) => Ok(row),
            Ok(_) => Err(Skipped::because("not a JSON object")),
            Err(_) => Err(Skipped::because("not JSON")),
        })
        .collect()
}

/// A column's name in its plain form.
pub fn column(name: &str) -> String {
    let name = name.trim_start_matches('\u{feff}').trim().to_lowercase();
    name.chars()
        .map(|c| if c == ' ' || c == '-' { '_' } else { c })
        .collect()
}

/// A field as text; numbers are written out, blanks count as absent.
pub(crate) fn text(row: &Row, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match row.get(*name)? {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A field as a whole number.
pub(crate) fn number(row: &Row, names: &[&str]) -> Option<u64> {
    text(row, names)?.parse().ok()
}

/// A field as a time: seconds or milliseconds since the epoch, or RFC 3339.
pub(crate) fn time(row: &Row, names: &[&str]) -> Option<Timestamp> {
    moment(&text(row, names)?)
}

/// Reads a time as exports write it.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    /// From here on a number cannot be seconds of this era and is taken for milliseconds.
    const MILLIS_FROM: f64 = 1e11;
    if let Ok(number) = text.parse::<f64>() {
        let millis = if number.abs() < MILLIS_FROM {
            number * 1_000.0
        } else {
            number
        };
        return (number > 0.0 && millis < 1e14).then(|| Timestamp::from_millis(millis as i64));
    }
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp::from_millis(at.as_millisecond()));
    }
    let bare = text.trim_end_matches(" UTC");
    let at: jiff::civil::DateTime = bare.parse().ok()?;
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Timestamp::from_millis(at.timestamp().as_millisecond()))
}

/// A dedupe key of a line's content.
pub(crate) fn key_of(kind: &str, row: &Row) -> String {
    format!("import:{kind}:{}", Value::Object(row.clone()))
}
