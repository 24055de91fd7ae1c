//! Tables and figures for a terminal.

use std::io::IsTerminal as _;

use comfy_table::{Cell, CellAlignment, Color, Table, TableComponent};
use serde_json::Value;

/// An empty table in the house style. Numbers are aligned right by [`number`].
pub(crate) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    for line in [
        TableComponent::HeaderLines,
        TableComponent::MiddleHeaderIntersections,
    ] {
        table.set_style(line, '─');
    }
    table.set_header(header);
    table
}

/// Whether colours may be used.
pub(crate) fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// A cell with a number, in groups of three digits.
pub(crate) fn number(count: u64) -> Cell {
    Cell::new(grouped(count)).set_alignment(CellAlignment::Right)
}

/// A cell with text.
pub(crate) fn text(value: &Value) -> Cell {
    Cell::new(plain(value))
}

/// A JSON value as plain text; null is a dash.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A text as a sentence begins.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// A status or outcome, coloured on a terminal.
pub(crate) fn status(value: &Value) -> Cell {
    let text = plain(value);
    let colour = match text.as_str() {
        "delivered" | "opened" | "clicked" | "converted" | "replied" => Some(Color::Green),
        "bounced" | "failed" | "expired" | "dropped" | "undeliverable" | "spammed" => {
            Some(Color::Red)
        }
        "partially_sent" | "unconfirmed" | "attempted" => Some(Color::Yellow),
        _ => None,
    };
    match colour.filter(|_| colours()) {
        Some(colour) => Cell::new(text).fg(colour),
        None => Cell::new(text),
    }
}

/// A rate: `41.2 % (39.8–42.6)`, or a dash without data.
pub(crate) fn rate(rate: &Value) -> Cell {
    let per_cent = |value: &Value| value.as_f64().map(|share| share * 100.0);
    let shown = match (
        per_cent(&rate["value"]),
        per_cent(&rate["low"]),
        per_cent(&rate["high"]),
    ) {
        (Some(value), Some(low), Some(high)) => format!("{value:.1} % ({low:.1}–{high:.1})"),
        _ => "-".to_owned(),
    };
    Cell::new(shown).set_alignment(CellAlignment::Right)
}

/// A time in milliseconds since the epoch, in the machine's zone.
pub(crate) fn time(ms: &Value) -> String {
    let Some(at) = ms
        .as_i64()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
    else {
        return "-".to_owned();
    };
    at.to_zoned(jiff::tz::TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// A duration in milliseconds: `840 ms`, `12.3 s`, `4.0 min`, `7.5 h`, `2.1 d`.
pub(crate) fn duration(ms: &Value) -> String {
    let Some(ms) = ms.as_f64() else {
        return "-".to_owned();
    };
    match ms {
        ..1e3 => format!("{ms:.0} ms"),
        1e3..6e4 => format!("{:.1} s", ms / 1e3),
        6e4..3.6e6 => format!("{:.1} min", ms / 6e4),
        3.6e6..8.64e7 => format!("{:.1} h", ms / 3.6e6),
        _ => format!("{:.1} d", ms / 8.64e7),
    }
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234), "1,234");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(duration(&840.into()), "840 ms");
        assert_eq!(duration(&12_300.into()), "12.3 s");
        assert_eq!(duration(&Value::Null), "-");
    }
}
