//! When triggers come that are no event of the person: products, dates, schedules, calls.

#[cfg(test)]
mod tests;
mod webhook;

use jiff::civil::{Date, DateTime};
use landfall_audience::{EventInHand, Zone};
use landfall_domain::activity::EventKind;
use landfall_domain::person::Person;
use landfall_domain::time::{HOUR_MS, Timestamp};
use serde_json::Value;

pub use webhook::{CALL_KEY_BYTES_MAX, Call, CallFault};

use crate::clock;
use crate::definition::{DateTrigger, Interest, ProductTrigger, Repeat, Schedule};
use crate::money;
use crate::span::Span;

/// Longest id of a product in bytes.
pub const PRODUCT_BYTES_MAX: usize = 150;
/// Most products that one event or wishlist names.
pub const PRODUCTS_MAX: usize = 100;

impl ProductTrigger {
    /// The product that an event is about, when it is the trigger's event and the price dropped enough.
    pub fn product_of(&self, event: &EventInHand) -> Option<String> {
        let matches = self
            .event
            .matches(event.kind, &event.name, &event.data, event.at);
        if !matches || !self.has_dropped(&event.data) {
            return None;
        }
        clock::at_path(&event.data, &self.product).and_then(product)
    }

    fn has_dropped(&self, data: &Value) -> bool {
        let Some(drop) = &self.drop else {
            return true;
        };
        let amount = |path: &str| clock::at_path(data, path).and_then(money::micros);
        let (Some(price), Some(was)) = (amount(&drop.price), amount(&drop.was)) else {
            return false;
        };
        // In hundredths of a percent, so that whole numbers decide.
        let hundredths = (drop.percent * 100.0).round();
        let by = i128::from(was - price) * 10_000;
        let needed = (0..=10_000_i128)
            .find(|share| f64_of(*share) >= hundredths)
            .unwrap_or(10_000);
        price < was && was > 0 && by >= i128::from(was) * needed
    }

    /// The products that an event of a person shows interest in.
    pub fn wanted_by(&self, kind: EventKind, name: &str, data: &Value) -> Vec<String> {
        if kind != EventKind::Event {
            return Vec::new();
        }
        let interests = self.interest.iter().filter_map(|interest| match interest {
            Interest::Event {
                name: known,
                product,
            } if known == name => Some(product),
            _ => None,
        });
        interests
            .filter_map(|path| clock::at_path(data, path))
            .flat_map(products)
            .take(PRODUCTS_MAX)
            .collect()
    }

    /// The products that attributes of a person name. Such an interest does not age.
    pub fn wished_by(&self, person: &Person) -> Vec<String> {
        let paths = self.interest.iter().filter_map(|interest| match interest {
            Interest::Attribute { path } => Some(path),
            Interest::Event { .. } => None,
        });
        paths
            .filter_map(|path| clock::attribute(person, path))
            .flat_map(products)
            .take(PRODUCTS_MAX)
            .collect()
    }
}

/// From 0 to 10,000.
fn f64_of(share: i128) -> f64 {
    u16::try_from(share).map_or(f64::MAX, f64::from)
}

fn product(value: &Value) -> Option<String> {
    let text = landfall_audience::text_of(value)?;
    let fits = !text.is_empty()
        && text.len() <= PRODUCT_BYTES_MAX
        && !value.is_array()
        && !value.is_object();
    fits.then(|| text.into_owned())
}

fn products(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(product).collect(),
        one => product(one).into_iter().collect(),
    }
}

impl DateTrigger {
    /// The first moment after `after` at which the date comes for a person; `None`: never again.
    pub fn next(&self, person: &Person, fallback: &Zone, after: Timestamp) -> Option<Timestamp> {
        let zone = clock::zone_of(&self.zone, person, fallback);
        let date = date_of(clock::attribute(person, &self.attribute)?, &zone)?;
        let moment = |date: Date| {
            let days = jiff::Span::new().try_days(self.offset_days).ok()?;
            let day = date.checked_add(days).ok()?;
            let minutes = self.at.minutes();
            let hour = i8::try_from(minutes / 60).ok()?;
            let minute = i8::try_from(minutes % 60).ok()?;
            let local = if hour == 24 {
                day.tomorrow().ok()?.at(0, 0, 0, 0)
            } else {
                day.at(hour, minute, 0, 0)
            };
            Some(zone.moment(local))
        };
        if self.repeat == Repeat::Once {
            return moment(date).filter(|moment| *moment > after);
        }
        // The offset moves the moment by a year at most.
        let today = zone.local(after).date();
        let years =
            today.year().saturating_sub(2).max(date.year())..=today.year().saturating_add(2);
        years
            .flat_map(|year| (1..=12).filter_map(move |month| self.again(date, year, month)))
            .filter(|day| *day >= date)
            .filter_map(moment)
            .find(|moment| *moment > after)
    }

    /// The date in a month in which it comes again.
    fn again(&self, date: Date, year: i16, month: i8) -> Option<Date> {
        if self.repeat == Repeat::Yearly && month != date.month() {
            return None;
        }
        let first = Date::new(year, month, 1).ok()?;
        Date::new(year, month, date.day().min(first.days_in_month())).ok()
    }
}

/// A date as attributes hold it: seconds since 1970, or a text that begins with `YYYY-MM-DD`.
fn date_of(value: &Value, zone: &Zone) -> Option<Date> {
    if let Some(seconds) = value.as_i64() {
        return Some(zone.local(Timestamp::from_seconds(seconds)).date());
    }
    let text = value.as_str()?.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(zone.local(Timestamp::from_seconds(seconds)).date());
    }
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(
            zone.local(Timestamp::from_millis(moment.as_millisecond()))
                .date(),
        );
    }
    let local: DateTime = text.parse().ok()?;
    Some(local.date())
}

/// A schedule's moment that was missed, because the program was down or the journey did not run, is made up
/// for within this time. Later it starts nothing: yesterday's offer is no good today.
pub const SCHEDULE_LATE_MAX: Span = Span::hours(6);
/// How far clocks in any zone are ahead of universal time at most, in milliseconds.
const AHEAD_MS: i64 = 14 * HOUR_MS;
/// How far they are behind.
const BEHIND_MS: i64 = 12 * HOUR_MS;

impl Schedule {
    /// The moments between which it begins for everybody: the same one where everybody goes by one clock.
    pub fn begins_between(&self) -> Option<(Timestamp, Timestamp)> {
        let local = clock::wall_time(&self.at)?;
        Some(match &self.zone {
            crate::definition::Zone::Person => {
                let universal = Zone::UTC.moment(local);
                let first = universal.plus_millis(-AHEAD_MS);
                (first, universal.plus_millis(BEHIND_MS))
            }
            crate::definition::Zone::Named(name) => {
                let moment = Zone::named(name)?.moment(local);
                (moment, moment)
            }
        })
    }

    /// Whether it is too late at `now` to make up for a start at `due`.
    pub fn is_too_late(due: Timestamp, now: Timestamp) -> bool {
        now.since(due) > SCHEDULE_LATE_MAX.millis()
    }

    /// When it begins for a person.
    pub fn begins_for(&self, person: &Person, fallback: &Zone) -> Option<Timestamp> {
        let zone = clock::zone_of(&self.zone, person, fallback);
        clock::wall_time(&self.at).map(|local| zone.moment(local))
    }

    /// When the n-th person of those who begin at `from` has a turn, by the rate.
    pub fn turn(&self, from: Timestamp, n: u64) -> Timestamp {
        let Some((people, per)) = self.rate else {
            return from;
        };
        let people = u128::from(people.max(1));
        let waits = u128::from(n) * u128::from(per.millis().unsigned_abs()) / people;
        from.plus_millis(i64::try_from(waits).unwrap_or(i64::MAX))
    }
}
