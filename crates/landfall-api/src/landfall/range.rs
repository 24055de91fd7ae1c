//! Time ranges as people type them: `7d`, `yesterday`, `2026-11-01..2026-11-08`, `2026-11-01..`.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};
use landfall_board::TimeRange;
use landfall_domain::time::Timestamp;

/// Why a text is not a time range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRange {
    /// Not understood.
    #[error(
        "`{0}` is not a time range: write 24h, 7d, 4w, today, yesterday, 2026-11-01, \
         2026-11-01..2026-11-08 (the end is not part of it), 2026-11-01.. or a time such as \
         2026-11-01T10:00"
    )]
    Unreadable(String),
    /// The end is not after the start.
    #[error("the range `{0}` ends before it begins")]
    Backwards(String),
}

/// Reads a time range. Dates and clock times are in `zone`; a number of hours, days or weeks counts
/// back from `now`; a single date is that whole day.
///
/// # Errors
/// [`BadRange`] says what may be written instead.
pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<TimeRange, BadRange> {
    let text = text.trim();
    let unreadable = || BadRange::Unreadable(text.to_owned());
    if let Some((start, end)) = text.split_once("..") {
        let range = TimeRange {
            start: bound(start, now, zone).ok_or_else(unreadable)?,
            end: bound(end, now, zone).ok_or_else(unreadable)?,
        };
        return match range {
            TimeRange {
                start: Some(start),
                end: Some(end),
            } if end <= start => Err(BadRange::Backwards(text.to_owned())),
            TimeRange {
                start: None,
                end: None,
            } => Err(unreadable()),
            range => Ok(range),
        };
    }
    if let Some(span) = ago(text) {
        let start = moved(now, -span).ok_or_else(unreadable)?;
        return Ok(TimeRange {
            start: Some(start),
            end: None,
        });
    }
    let day = day(text, now, zone).ok_or_else(unreadable)?;
    let next = day.checked_add(1.day()).map_err(|_| unreadable())?;
    Ok(TimeRange {
        start: start_of(day, zone),
        end: start_of(next, zone),
    })
}

/// One end: blank is open.
fn bound(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Option<Timestamp>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(None);
    }
    instant(text, now, zone).map(Some)
}

/// A moment: `now`, a time ago, a day's beginning, a date and time, or seconds since the epoch.
fn instant(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    if text == "now" {
        return Some(now);
    }
    if let Some(span) = ago(text) {
        return moved(now, -span);
    }
    if let Some(day) = day(text, now, zone) {
        return start_of(day, zone);
    }
    if text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Timestamp::from_seconds);
    }
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp::from_millis(instant.as_millisecond()));
    }
    let local: DateTime = text.parse().ok()?;
    let zoned = local.to_zoned(zone.clone()).ok()?;
    Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
}

fn ago(text: &str) -> Option<Span> {
    let digits = text.len().checked_sub(1)?;
    let (number, unit) = text.split_at_checked(digits)?;
    let number: i64 = number
        .parse()
        .ok()
        .filter(|number| (1..=100_000).contains(number))?;
    match unit {
        "m" => Some(number.minutes()),
        "h" => Some(number.hours()),
        "d" => Some((number * 24).hours()),
        "w" => Some((number * 24 * 7).hours()),
        _ => None,
    }
}

fn moved(now: Timestamp, span: Span) -> Option<Timestamp> {
    let now = jiff::Timestamp::from_millisecond(now.millis()).ok()?;
    Some(Timestamp::from_millis(
        now.checked_add(span).ok()?.as_millisecond(),
    ))
}

fn day(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Date> {
    let today = || {
        let now = jiff::Timestamp::from_millisecond(now.millis()).ok()?;
        Some(now.to_zoned(zone.clone()).date())
    };
    match text {
        "today" => today(),
        "yesterday" => today()?.yesterday().ok(),
        _ if text.len() == 10 => text.parse().ok(),
        _ => None,
    }
}

fn start_of(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let zoned = day.to_zoned(zone.clone()).ok()?;
    Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 13:30 in Paris.
    const NOW: &str = "2026-11-23T12:30:00Z";

    fn at(text: &str) -> Timestamp {
        let at: jiff::Timestamp = text.parse().expect("a time");
        Timestamp::from_millis(at.as_millisecond())
    }

    #[track_caller]
    fn check(text: &str, start: Option<&str>, end: Option<&str>) {
        let zone = TimeZone::get("Europe/Paris").expect("a zone");
        let range = parse(text, at(NOW), &zone).expect("a range");
        assert_eq!(range.start, start.map(at), "start of {text}");
        assert_eq!(range.end, end.map(at), "end of {text}");
    }

    #[test]
    fn ranges_as_people_type_them() {
        check("7d", Some("2026-11-16T12:30:00Z"), None);
        check("24h", Some("2026-11-22T12:30:00Z"), None);
        check(
            "today",
            Some("2026-11-22T23:00:00Z"),
            Some("2026-11-23T23:00:00Z"),
        );
        check(
            "yesterday",
            Some("2026-11-21T23:00:00Z"),
            Some("2026-11-22T23:00:00Z"),
        );
        check("2026-11-01..", Some("2026-10-31T23:00:00Z"), None);
        check("..2026-11-01", None, Some("2026-10-31T23:00:00Z"));
        check("2w..now", Some("2026-11-09T12:30:00Z"), Some(NOW));
        check(
            "2026-11-01T10:00..2026-11-01T12:00Z",
            Some("2026-11-01T09:00:00Z"),
            Some("2026-11-01T12:00:00Z"),
        );
        check("1790000000..", Some("2026-09-21T14:13:20Z"), None);
        // The clocks change: a day of 25 hours.
        check(
            "2026-10-25",
            Some("2026-10-24T22:00:00Z"),
            Some("2026-10-25T23:00:00Z"),
        );
    }

    #[test]
    fn what_is_no_range_says_what_to_write() {
        let zone = TimeZone::UTC;
        for text in [
            "",
            "..",
            "last week",
            "7y",
            "0d",
            "2026-13-01",
            "2026-11-02..2026-11-01",
        ] {
            let error = parse(text, at(NOW), &zone).expect_err(text);
            assert!(!error.to_string().is_empty());
        }
    }
}
