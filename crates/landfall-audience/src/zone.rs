//! Time zones of people, and local times as moments.

#[cfg(test)]
mod tests;
mod window;

use std::sync::LazyLock;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;

use crate::definition::Place;

pub use window::{TimeOfDay, WeekdaySet, WeeklyWindow};

/// The zones that the program brings along: the same on every machine.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

static UTC: Zone = Zone::UTC;

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl Zone {
    /// Universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// Universal time, for as long as the program runs.
    pub fn utc() -> &'static Self {
        &UTC
    }

    /// The zone of an IANA name such as `Europe/Paris`, written exactly so (semantics.md 6.7: names
    /// are case-sensitive).
    pub fn named(name: &str) -> Option<Self> {
        let zone = ZONES.get(name).ok()?;
        (zone.iana_name() == Some(name)).then_some(Self(zone))
    }

    /// Reads the IANA name of a zone.
    pub fn parse(place: &Place<'_>) -> Option<Self> {
        let name = place.text()?;
        match Self::named(name) {
            Some(zone) => Some(zone),
            None => place.refuse(
                format!("`{name}` is not a time zone"),
                "write an IANA name with its capitals, such as `Europe/Paris`",
            ),
        }
    }

    /// The zone of a person: the attribute `timezone`, or `fallback` when the person has none or it
    /// is not one.
    pub fn of(person: &Person, fallback: &Self) -> Self {
        let attribute = person.attributes.get("timezone");
        let name = attribute.and_then(|attribute| attribute.value.as_str());
        let zone = name.and_then(|name| Self::named(name.trim()));
        zone.unwrap_or_else(|| fallback.clone())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What clocks on the wall show at a moment.
    pub fn local(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(instant(at))
    }

    /// The first moment at which clocks on the wall show `local` or, where they skip it (the start
    /// of daylight saving, a day left out), the moment at which they jump over it. Of two moments
    /// that show the same, the first.
    pub fn moment(&self, local: DateTime) -> Timestamp {
        let ambiguous = self.0.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { before, after } => {
                // Read with the offset after the jump, the local time lies before the jump.
                let early = after.to_timestamp(local).map(|early| {
                    let mut jumps = self.0.following(early);
                    jumps.next().map(|jump| jump.timestamp())
                });
                let late = before.to_timestamp(local);
                early
                    .ok()
                    .flatten()
                    .or(late.ok())
                    .map_or(Timestamp::EPOCH, moment)
            }
            AmbiguousOffset::Unambiguous { offset }
            | AmbiguousOffset::Fold { before: offset, .. } => {
                offset.to_timestamp(local).map_or(Timestamp::EPOCH, moment)
            }
        }
    }

    /// The last moment at which clocks show `local`: another one than [`Zone::moment`] only where
    /// they are put back.
    pub fn last_moment(&self, local: DateTime) -> Timestamp {
        match self.0.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Fold { after, .. } => {
                after.to_timestamp(local).map_or(Timestamp::EPOCH, moment)
            }
            _ => self.moment(local),
        }
    }

    /// The next moment after `at` at which clocks are put forward or back.
    pub fn next_jump(&self, at: Timestamp) -> Option<Timestamp> {
        self.0
            .following(instant(at))
            .next()
            .map(|jump| moment(jump.timestamp()))
    }
}

fn moment(instant: jiff::Timestamp) -> Timestamp {
    Timestamp::from_millis(instant.as_millisecond())
}

/// Moments beyond what calendars reach stand at their end.
fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.millis()).unwrap_or(if at < Timestamp::EPOCH {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    })
}
