//! Reads the dates that people and programs write, the way Ruby's `Time.parse` understands them: a date and a
//! time in any order, missing parts taken from the present.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};

use super::Moment;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Zones by their abbreviations, hours from UTC.
const ZONES: &[(&str, i32)] = &[
    ("utc", 0),
    ("gmt", 0),
    ("z", 0),
    ("est", -5),
    ("edt", -4),
    ("cst", -6),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
    ("bst", 1),
    ("cet", 1),
    ("cest", 2),
    ("eet", 2),
    ("jst", 9),
];

/// What a text said.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Parts {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    time: Option<(i8, i8, i8, i32)>,
    offset: Option<Zone>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zone {
    Utc,
    Seconds(i32),
}

/// Reads a text that is not a plain number. `None` when it names no date and no time.
pub(crate) fn read(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Moment> {
    if text.len() > 128 {
        return None;
    }
    let lower = text.to_lowercase();
    let parts = parts(&lower)?;
    let today = now.to_zoned(zone.clone()).date();
    let (year, month, day) = match (parts.year, parts.month, parts.day) {
        (None, None, None) => (today.year(), today.month(), today.day()),
        (year, month, day) => {
            let year = year.unwrap_or(today.year());
            let known = month.unwrap_or(if parts.year.is_some() {
                1
            } else {
                today.month()
            });
            (year, known, day.unwrap_or(1))
        }
    };
    let (hour, minute, second, nanosecond) = parts.time.unwrap_or_default();
    let date = lenient_date(year, month, day)?;
    // 24:00 is the beginning of the next day, and a leap second the next second.
    let time = Time::new(hour % 24, minute, second.min(59), nanosecond).ok()?;
    let mut at = DateTime::from_parts(date, time);
    if hour == 24 {
        at = at.checked_add(Span::new().days(1)).ok()?;
    }
    if second == 60 {
        at = at.checked_add(Span::new().seconds(1)).ok()?;
    }
    in_its_zone(at, parts.offset, zone)
}

fn in_its_zone(at: DateTime, offset: Option<Zone>, zone: &TimeZone) -> Option<Moment> {
    let seconds = match offset {
        None => {
            return at.to_zoned(zone.clone()).ok().map(|zoned| Moment {
                zoned,
                nameless: false,
            });
        }
        Some(Zone::Utc) => {
            let zoned = at.to_zoned(TimeZone::UTC).ok()?;
            return Some(Moment {
                zoned,
                nameless: false,
            });
        }
        Some(Zone::Seconds(seconds)) => seconds,
    };
    let offset = Offset::from_seconds(seconds).ok()?;
    let timestamp = offset.to_timestamp(at).ok()?;
    // A zone of the place is a better answer than a bare offset, when they are the same at that time.
    if zone.to_offset(timestamp) == offset {
        return Some(Moment::new(timestamp, zone));
    }
    Some(Moment::at_offset(timestamp, offset))
}

/// 30 February is 2 March, as for Ruby; the 32nd is no day.
fn lenient_date(year: i16, month: i8, day: i8) -> Option<Date> {
    let first = Date::new(year, month, 1).ok()?;
    if !(1..=31).contains(&day) {
        return None;
    }
    first.checked_add(Span::new().days(day - 1)).ok()
}

fn parts(text: &str) -> Option<Parts> {
    let mut parts = Parts::default();
    let rest = take_time(text, &mut parts)?;
    if !take_date(&rest, &mut parts)? && parts.time.is_none() {
        return None;
    }
    Some(parts)
}

/// Takes `10:30`, `10:30:15.5 pm`, `4pm` and the zone behind it; gives what is left.
fn take_time(text: &str, parts: &mut Parts) -> Option<String> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && bytes[at].is_ascii_digit() {
            at += 1;
        }
        if let Some((time, length)) = time_at(&text[start..]) {
            parts.time = Some(time?);
            let mut end = start + length;
            if let Some((zone, length)) = zone_at(&text[end..]) {
                parts.offset = Some(zone);
                end += length;
            }
            let before = text[..start].trim_end_matches('t');
            return Some(format!("{before} {}", &text[end..]));
        }
    }
    Some(text.to_owned())
}

type Clock = (i8, i8, i8, i32);

/// A time at the beginning of a text and its length. The outer `None` is no time, the inner an impossible one.
fn time_at(text: &str) -> Option<(Option<Clock>, usize)> {
    let (hour, mut at) = digits(text, 2)?;
    let (mut minute, mut second, mut nanosecond) = (0, 0, 0);
    let mut has_minutes = false;
    if let Some((value, length)) = text[at..]
        .strip_prefix(':')
        .and_then(|rest| digits(rest, 2))
    {
        has_minutes = true;
        minute = value;
        at += 1 + length;
        if let Some((value, length)) = text[at..]
            .strip_prefix(':')
            .and_then(|rest| digits(rest, 2))
        {
            second = value;
            at += 1 + length;
            if text[at..].starts_with(['.', ',']) {
                let broken = &text[at + 1..];
                let length = broken.len()
                    - broken
                        .trim_start_matches(|c: char| c.is_ascii_digit())
                        .len();
                let nine: String = broken[..length]
                    .chars()
                    .chain("000000000".chars())
                    .take(9)
                    .collect();
                nanosecond = nine.parse().ok()?;
                at += 1 + length;
            }
        }
    }
    let tail = text[at..].trim_start();
    let half = [("am", 0), ("pm", 12), ("a.m.", 0), ("p.m.", 12)]
        .into_iter()
        .find(|(name, _)| {
            tail.strip_prefix(name)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
        });
    let mut hour = hour;
    match half {
        Some((name, add)) => {
            at = text.len() - tail.len() + name.len();
            hour = hour % 12 + add;
        }
        None if !has_minutes => return None,
        None => {}
    }
    let possible = hour <= 24 && minute < 60 && second <= 60 && (hour < 24 || minute + second == 0);
    let clock = (hour as i8, minute as i8, second as i8, nanosecond);
    Some((possible.then_some(clock), at))
}

/// A zone behind a time, with the space before it.
fn zone_at(text: &str) -> Option<(Zone, usize)> {
    let rest = text.trim_start();
    let skipped = text.len() - rest.len();
    if let Some(sign) = rest.chars().next().filter(|sign| matches!(sign, '+' | '-')) {
        let body = &rest[1..];
        let (hours, minutes, length) = match digits(body, 4)? {
            (value, 4) => (value / 100, value % 100, 4),
            (value, length @ (1 | 2)) => match body[length..]
                .strip_prefix(':')
                .and_then(|rest| digits(rest, 2))
            {
                Some((minutes, more)) => (value, minutes, length + 1 + more),
                None => (value, 0, length),
            },
            _ => return None,
        };
        let seconds = hours * 3600 + minutes * 60;
        let seconds = if sign == '-' { -seconds } else { seconds };
        return Some((Zone::Seconds(seconds), skipped + 1 + length));
    }
    let end = rest
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let (name, hours) = ZONES.iter().find(|(name, _)| *name == &rest[..end])?;
    let zone = match *hours {
        0 => Zone::Utc,
        hours => Zone::Seconds(hours * 3600),
    };
    Some((zone, skipped + name.len()))
}

/// Finds the date in what is left; true when there is one, `None` when it is impossible.
fn take_date(text: &str, parts: &mut Parts) -> Option<bool> {
    let pieces: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '/' | '.'))
        .filter(|piece| !piece.is_empty())
        .collect();
    let month = pieces.iter().position(|piece| month_of(piece).is_some());
    if let Some(at) = month {
        parts.month = month_of(pieces[at]);
        named_month(&pieces, at, parts);
        return Some(true);
    }
    for piece in &pieces {
        if let Some(found) = numeric_date(piece, parts) {
            return found.then_some(true);
        }
    }
    Some(false)
}

fn month_of(piece: &str) -> Option<i8> {
    let name = piece.trim_end_matches('.');
    let at = MONTHS.iter().position(|month| name.starts_with(month))?;
    name.chars()
        .all(|c| c.is_ascii_alphabetic())
        .then_some(at as i8 + 1)
}

/// The numbers beside the name of a month: the smaller one is the day, the one of three or more digits the year.
fn named_month(pieces: &[&str], at: usize, parts: &mut Parts) {
    let number = |piece: Option<&&str>| -> Option<(i16, usize)> {
        let piece = piece?;
        let digits = piece.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '.');
        let suffix = &piece[digits.len()..];
        let known = matches!(suffix, "" | "st" | "nd" | "rd" | "th" | ".");
        let value = digits.parse().ok()?;
        known.then_some((value, digits.len()))
    };
    let before = at.checked_sub(1).and_then(|at| number(pieces.get(at)));
    let after = number(pieces.get(at + 1));
    let later = number(pieces.get(at + 2));
    match (before, after) {
        (Some((day, 1..=2)), Some((year, 3..))) => {
            parts.day = i8::try_from(day).ok();
            parts.year = Some(year);
        }
        (Some((day, 1..=2)), _) => parts.day = i8::try_from(day).ok(),
        (_, Some((day, 1..=2))) => {
            parts.day = i8::try_from(day).ok();
            if let Some((year, 3..)) = later {
                parts.year = Some(year);
            }
        }
        (_, Some((year, 3..))) => parts.year = Some(year),
        (Some((year, 3..)), _) => parts.year = Some(year),
        _ => {}
    }
}

/// `2021-02-03`, `2021/02/03`, `03/02/2021` and `20210203`. The outer `None` is no date at all.
fn numeric_date(piece: &str, parts: &mut Parts) -> Option<bool> {
    if piece.len() == 8 && piece.bytes().all(|byte| byte.is_ascii_digit()) {
        parts.year = piece[..4].parse().ok();
        parts.month = piece[4..6].parse().ok();
        parts.day = piece[6..].parse().ok();
        return Some(true);
    }
    let separator = ['-', '/', '.']
        .into_iter()
        .find(|sign| piece.contains(*sign))?;
    let fields: Vec<&str> = piece.split(separator).collect();
    let [a, b, c] = fields.as_slice() else {
        return None;
    };
    let is_number = |field: &&str| !field.is_empty() && field.bytes().all(|b| b.is_ascii_digit());
    if ![a, b, c].into_iter().all(is_number) {
        return None;
    }
    let (year, month, day) = match (a.len(), c.len()) {
        (4, 1..=2) => (a, b, c),
        // Ruby takes the day first, whatever the country.
        (1..=2, 4) if separator != '.' || b.len() <= 2 => (c, b, a),
        _ => return None,
    };
    parts.year = year.parse().ok();
    parts.month = month.parse().ok();
    parts.day = day.parse().ok();
    Some(parts.year.is_some() && parts.month.is_some_and(|m| m <= 12) && parts.day.is_some())
}

/// Up to so many digits at the beginning of a text, and how many there are.
fn digits(text: &str, most: usize) -> Option<(i32, usize)> {
    let length = text
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    let value = text[..length].parse().ok()?;
    Some((value, length))
}
