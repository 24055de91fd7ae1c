//! Hours, days, weeks and months of a time zone: the buckets of metric series (app-api.md 5.1).

#[cfg(test)]
mod tests;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan as _, Zoned};
use landfall_board::Bucket;
use landfall_domain::time::{HOUR_MS, Timestamp};

use super::params::Params;
use super::refusal::Refusal;

/// The zone of version 1 and the default of version 2.
const EASTERN: &str = "America/New_York";
/// Longest range of version 2, in years.
const YEARS_MAX: i64 = 10;
/// Most buckets in one series: ten years of days with room to spare, or eleven months of hours.
const BUCKETS_MAX: usize = 8_192;

/// Length of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Hours,
    Days,
    Weeks,
    Months,
}

impl Unit {
    fn named(name: &str) -> Option<Self> {
        match name {
            "hours" | "hourly" => Some(Self::Hours),
            "days" | "daily" => Some(Self::Days),
            "weeks" | "weekly" => Some(Self::Weeks),
            "months" | "monthly" => Some(Self::Months),
            _ => None,
        }
    }

    /// Most steps that version 1 looks back, and how many it looks back when not told.
    const fn steps(self) -> (usize, usize) {
        match self {
            Self::Hours => (24, 24),
            Self::Days => (45, 45),
            Self::Weeks => (12, 12),
            Self::Months => (121, 12),
        }
    }

    /// The board's bucket that this one is made of. The board's weeks begin on Monday, ours on
    /// Sunday, so that weeks are made of days.
    pub(super) const fn bucket(self) -> Bucket {
        match self {
            Self::Hours => Bucket::Hour,
            Self::Days | Self::Weeks => Bucket::Day,
            Self::Months => Bucket::Month,
        }
    }
}

/// Consecutive buckets: bucket `i` goes from `starts[i]` up to the next start, the last one up to
/// `end`.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    /// First instants, rising, at least one.
    pub(super) starts: Vec<Timestamp>,
    /// First instant that takes part: the first bucket may begin before it.
    pub(super) from: Timestamp,
    /// First instant after the last bucket.
    pub(super) end: Timestamp,
    /// Length.
    pub(super) unit: Unit,
    /// Where days begin.
    pub(super) zone: TimeZone,
    /// Whether the second style of parameters was used.
    pub(super) is_version_2: bool,
}

impl Steps {
    /// Reads either style of parameters.
    pub(super) fn of(params: &Params, now: Timestamp) -> Result<Self, Refusal> {
        let explicit = ["start", "end", "res", "resolution"];
        match params.text("version") {
            Some("2") => Self::version_2(params, now),
            None if explicit.iter().any(|name| params.text(name).is_some()) => {
                Self::version_2(params, now)
            }
            None | Some("1") => Self::version_1(params, now),
            Some(other) => Err(Refusal::bad(format!(
                "version: `{other}` is neither 1 nor 2"
            ))),
        }
    }

    fn version_1(params: &Params, now: Timestamp) -> Result<Self, Refusal> {
        let period = params.text("period").unwrap_or("days");
        let unit = Unit::named(period).ok_or_else(|| {
            Refusal::bad(format!(
                "period: `{period}` is not hours, days, weeks or months"
            ))
        })?;
        let (max, default) = unit.steps();
        let count = match params.number::<usize>("steps")? {
            None => default,
            Some(0) => max,
            Some(steps) => steps.clamp(2, max),
        };
        let zone = zone(EASTERN)?;
        let (first, end) = back(unit, count, now, &zone).ok_or_else(outside_calendar)?;
        Self::between(unit, first, end, zone, false)
    }

    /// Explicit range and resolution, which must be given; without `end` up to now.
    pub(super) fn version_2(params: &Params, now: Timestamp) -> Result<Self, Refusal> {
        let res = params.text("res").or_else(|| params.text("resolution"));
        let res = res.ok_or_else(|| {
            Refusal::bad("res (or resolution): give hours, days, weeks or months")
        })?;
        let unit = Unit::named(res).ok_or_else(|| {
            Refusal::bad(format!("res: `{res}` is not hours, days, weeks or months"))
        })?;
        let start = params
            .seconds("start")?
            .ok_or_else(|| Refusal::bad("start: give the range's start in unix seconds"))?;
        let end = params.seconds("end")?.unwrap_or(now);
        if start > end {
            return Err(Refusal::bad("start lies after end"));
        }
        let zone = zone(params.text("tz").unwrap_or(EASTERN))?;
        let longest = zoned(start, &zone)
            .and_then(|start| start.checked_add(YEARS_MAX.years()).ok())
            .ok_or_else(outside_calendar)?;
        if end > instant(&longest) {
            return Err(Refusal::bad(format!(
                "the range is longer than {YEARS_MAX} years"
            )));
        }
        // A range that begins and ends in one instant still has the bucket that it lies in.
        Self::between(unit, start, end.max(start.plus_millis(1)), zone, true)
    }

    fn between(
        unit: Unit,
        from: Timestamp,
        end: Timestamp,
        zone: TimeZone,
        is_version_2: bool,
    ) -> Result<Self, Refusal> {
        let mut starts = Vec::new();
        let mut next = floor(unit, from, &zone);
        loop {
            let start = next.ok_or_else(outside_calendar)?;
            if start >= end {
                break;
            }
            if starts.len() == BUCKETS_MAX {
                let detail = format!("more than {BUCKETS_MAX} buckets: take a longer resolution");
                return Err(Refusal::bad(detail));
            }
            starts.push(start);
            next = after(unit, start, &zone);
        }
        Ok(Self {
            starts,
            from,
            end,
            unit,
            zone,
            is_version_2,
        })
    }

    /// In which bucket an instant lies.
    pub(super) fn index(&self, at: Timestamp) -> Option<usize> {
        if at >= self.end {
            return None;
        }
        self.starts
            .partition_point(|start| *start <= at)
            .checked_sub(1)
    }

    /// A series without anything in it.
    pub(super) fn zeros(&self) -> Vec<u64> {
        vec![0; self.starts.len()]
    }
}

/// The first instant of `count` buckets of which the last contains `now`, and the end of that one.
fn back(
    unit: Unit,
    count: usize,
    now: Timestamp,
    zone: &TimeZone,
) -> Option<(Timestamp, Timestamp)> {
    let last = floor(unit, now, zone)?;
    let back = i64::try_from(count).ok()? - 1;
    let first = match unit {
        Unit::Hours => last.plus_millis(-back * HOUR_MS),
        _ => {
            let date = zoned(last, zone)?.date();
            let span = match unit {
                Unit::Weeks => back.weeks(),
                Unit::Months => back.months(),
                _ => back.days(),
            };
            start_of(date.checked_sub(span).ok()?, zone)?
        }
    };
    Some((first, after(unit, last, zone)?))
}

/// Start of the bucket that `at` lies in.
fn floor(unit: Unit, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let local = zoned(at, zone)?;
    let date = local.date();
    match unit {
        Unit::Hours => {
            let into_hour = i64::from(local.minute()) * 60 + i64::from(local.second());
            let into_second = i64::from(local.subsec_nanosecond()) / 1_000_000;
            Some(at.plus_millis(-(into_hour * 1_000 + into_second)))
        }
        Unit::Days => start_of(date, zone),
        Unit::Weeks => {
            let into_week = i64::from(date.weekday().to_sunday_zero_offset());
            start_of(date.checked_sub(into_week.days()).ok()?, zone)
        }
        Unit::Months => start_of(date.first_of_month(), zone),
    }
}

/// Start of the bucket after the one that starts at `start`.
fn after(unit: Unit, start: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let span = match unit {
        Unit::Hours => return Some(start.plus_millis(HOUR_MS)),
        Unit::Days => 1.day(),
        Unit::Weeks => 1.week(),
        Unit::Months => 1.month(),
    };
    start_of(zoned(start, zone)?.date().checked_add(span).ok()?, zone)
}

/// `months` calendar months (UTC) before or, negative, after an instant.
pub(super) fn months_before(at: Timestamp, months: i64) -> Option<Timestamp> {
    let local = zoned(at, &TimeZone::UTC)?;
    Some(instant(&local.checked_sub(months.months()).ok()?))
}

fn start_of(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    Some(instant(&date.to_zoned(zone.clone()).ok()?))
}

fn zoned(at: Timestamp, zone: &TimeZone) -> Option<Zoned> {
    let at = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
    Some(at.to_zoned(zone.clone()))
}

fn instant(zoned: &Zoned) -> Timestamp {
    Timestamp::from_millis(zoned.timestamp().as_millisecond())
}

fn zone(name: &str) -> Result<TimeZone, Refusal> {
    let name = if name == "EST" { EASTERN } else { name };
    TimeZone::get(name).map_err(|_| {
        Refusal::bad(format!(
            "tz: `{name}` is not a time zone; write a region such as Europe/Paris"
        ))
    })
}

fn outside_calendar() -> Refusal {
    Refusal::bad("the range lies outside the years that a calendar covers")
}
