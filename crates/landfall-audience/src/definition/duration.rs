//! Durations as people write them: `30m`, `2h`, `7d`, `3w`, also `1h30m`.

use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

use super::DURATION_MAX_MS;

const UNITS: [(&str, i64); 5] = [
    ("w", 7 * DAY_MS),
    ("d", DAY_MS),
    ("h", HOUR_MS),
    ("m", MINUTE_MS),
    ("s", SECOND_MS),
];

/// The duration in milliseconds, from zero to [`DURATION_MAX_MS`]; `None` when it is not one. A day
/// has 24 hours. A bare number is refused, except `0`: nobody knows its unit.
pub fn parse_duration(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    if rest == "0" {
        return Some(0);
    }
    let mut total: i64 = 0;
    let mut smallest = i64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let (unit, length) = UNITS.iter().find(|(unit, _)| tail.starts_with(unit))?;
        if *length >= smallest {
            return None;
        }
        smallest = *length;
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(*length)?)?;
        rest = &tail[unit.len()..];
    }
    (smallest < i64::MAX && total <= DURATION_MAX_MS).then_some(total)
}

/// The duration as [`parse_duration`] reads it, with the fewest parts; what is below a second is cut.
pub fn duration_text(millis: i64) -> String {
    let mut rest = millis.max(0);
    let mut text = String::new();
    // Weeks read worse than days unless there are only weeks.
    let from = usize::from(rest == 0 || rest % UNITS[0].1 != 0 || rest < 2 * UNITS[0].1);
    for (unit, length) in &UNITS[from..] {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            text.push_str(&count.to_string());
            text.push_str(unit);
        }
    }
    if text.is_empty() {
        text.push('0');
    }
    text
}
