//! Local times, and paths into data.

use jiff::civil::DateTime;
use landfall_audience::Zone;
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use serde_json::Value;

use crate::definition;

/// A date and time by the wall, `2026-12-01T09:00`.
pub fn wall_time(text: &str) -> Option<DateTime> {
    // Offsets would contradict the zone, and seconds nobody means.
    let plain = text.len() == "2026-12-01T09:00".len() && text.as_bytes().get(10) == Some(&b'T');
    plain.then(|| text.parse().ok()).flatten()
}

/// The zone that a definition means for a person.
pub fn zone_of(zone: &definition::Zone, person: &Person, fallback: &Zone) -> Zone {
    match zone {
        definition::Zone::Person => Zone::of(person, fallback),
        definition::Zone::Named(name) => Zone::named(name).unwrap_or_else(|| fallback.clone()),
    }
}

/// The first moment, now or later, at which clocks show the time on one of the days.
pub fn next_time(until: &definition::DelayUntil, now: Timestamp, zone: &Zone) -> Timestamp {
    let minutes = until.time.minutes();
    let mut date = zone.local(now).date();
    // The same weekday comes again after seven days; one more for days that a zone leaves out.
    for _ in 0..=8 {
        if until.weekdays.has(date.weekday()) {
            let (day, minutes) = if minutes == 24 * 60 {
                (date.tomorrow().unwrap_or(date), 0)
            } else {
                (date, minutes)
            };
            let hour = i8::try_from(minutes / 60).unwrap_or_default();
            let minute = i8::try_from(minutes % 60).unwrap_or_default();
            let local = day.at(hour, minute, 0, 0);
            // Where clocks show it twice, the second time is as good when the first has passed.
            let moments = [zone.moment(local), zone.last_moment(local)];
            if let Some(moment) = moments.into_iter().find(|moment| *moment >= now) {
                return moment;
            }
        }
        let Ok(tomorrow) = date.tomorrow() else {
            break;
        };
        date = tomorrow;
    }
    now
}

/// What stands at a path within a value; numbers are places in lists. The empty path is the value itself.
pub(crate) fn at_path<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if path.is_empty() {
        return Some(value);
    }
    path.split('.').try_fold(value, |value, key| match value {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        other => other.get(key),
    })
}

/// An attribute by its whole name, or else by a path into an object.
pub(crate) fn attribute<'p>(person: &'p Person, path: &str) -> Option<&'p Value> {
    if let Some(attribute) = person.attributes.get(path) {
        return Some(&attribute.value);
    }
    let (name, below) = path.split_once('.')?;
    at_path(&person.attributes.get(name)?.value, below)
}
