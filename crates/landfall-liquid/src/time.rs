//! Points in time, read from what people write and printed the way Ruby prints them.

mod format;
mod read;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};

pub(crate) use format::format;
pub(crate) use read::read;

/// The zones that are compiled in: a rendering does not depend on the files of the machine.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A point in time with the zone it is shown in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) zoned: Zoned,
    /// The zone is only known as an offset, and has no name to print.
    pub(crate) nameless: bool,
}

impl Moment {
    pub(crate) fn new(timestamp: Timestamp, zone: &TimeZone) -> Self {
        Self {
            zoned: timestamp.to_zoned(zone.clone()),
            nameless: false,
        }
    }

    /// The same point in time in another zone.
    pub(crate) fn in_zone(&self, zone: &TimeZone) -> Self {
        Self::new(self.zoned.timestamp(), zone)
    }

    pub(crate) fn at_offset(timestamp: Timestamp, offset: Offset) -> Self {
        Self {
            zoned: timestamp.to_zoned(TimeZone::fixed(offset)),
            nameless: true,
        }
    }

    /// Ruby's `Time#to_s`.
    pub(crate) fn text(&self) -> String {
        let utc = self.zone_name() == "UTC";
        let pattern = match utc {
            true => "%Y-%m-%d %H:%M:%S UTC",
            false => "%Y-%m-%d %H:%M:%S %z",
        };
        format(self, pattern).unwrap_or_default()
    }

    /// The abbreviation of the zone at that time, such as `EST`; nothing for a plain offset.
    pub(crate) fn zone_name(&self) -> String {
        if self.nameless {
            return String::new();
        }
        let zone = self.zoned.time_zone();
        let info = zone.to_offset_info(self.zoned.timestamp());
        info.abbreviation().to_owned()
    }
}

/// A zone by its IANA name; `None` when there is none of that name.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    match name.trim() {
        "" => None,
        "UTC" | "utc" => Some(TimeZone::UTC),
        name => ZONES.get(name).ok(),
    }
}

/// The zone that is so many minutes *behind* UTC: JavaScript's sign, which Customer.io's numeric offsets have.
pub(crate) fn zone_behind(minutes: i128) -> Option<TimeZone> {
    let seconds = i32::try_from(minutes.checked_mul(-60)?).ok()?;
    Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
}
