//! Windows that open every week, or on some days of it, in local time.

use jiff::civil::{DateTime, Time, Weekday};
use landfall_domain::time::Timestamp;

use super::Zone;
use crate::definition::Place;

/// A time of the day in whole minutes, from `00:00` to `24:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u16);

/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;
/// How far ahead an edge is looked for: two weeks, because daylight saving can swallow the only
/// opening of one, and a day on either side.
const DAYS_AHEAD: usize = 17;

impl TimeOfDay {
    /// The start of the day.
    pub const START: Self = Self(0);
    /// The end of the day, `24:00`.
    pub const END: Self = Self(DAY_MINUTES);

    /// From minutes since midnight, up to 1,440.
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes <= DAY_MINUTES {
            Some(Self(minutes))
        } else {
            None
        }
    }

    /// From `HH:MM`.
    pub fn named(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        let digits = |part: &str| {
            let two = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            two.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (hours, minutes) = (digits(hours)?, digits(minutes)?);
        (hours <= 24 && minutes < 60).then(|| Self::from_minutes(hours * 60 + minutes))?
    }

    /// Reads `HH:MM`.
    pub fn parse(place: &Place<'_>) -> Option<Self> {
        match place.value().as_str().and_then(Self::named) {
            Some(time) => Some(time),
            None => place.expected("a time of the day such as \"08:30\""),
        }
    }

    /// Minutes since midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// The time within a day; midnight for `24:00`.
    fn clock(self) -> Time {
        let minutes = i64::from(self.0 % DAY_MINUTES);
        Time::midnight().wrapping_add(jiff::SignedDuration::from_mins(minutes))
    }
}

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// Days of the week, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeekdaySet(pub(super) u8);

const DAYS: [(&str, &str, Weekday); 7] = [
    ("mon", "monday", Weekday::Monday),
    ("tue", "tuesday", Weekday::Tuesday),
    ("wed", "wednesday", Weekday::Wednesday),
    ("thu", "thursday", Weekday::Thursday),
    ("fri", "friday", Weekday::Friday),
    ("sat", "saturday", Weekday::Saturday),
    ("sun", "sunday", Weekday::Sunday),
];

impl WeekdaySet {
    /// All seven.
    pub const ALL: Self = Self(0b111_1111);

    /// Reads a list such as `["mon", "sat"]`; full names, `weekdays` and `weekend` are understood.
    pub fn parse(place: &Place<'_>) -> Option<Self> {
        let mut days = 0;
        for day in place.one_or_more()? {
            days |= day.word(
                &[
                    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "weekdays", "weekend",
                ],
                |word| match word.to_lowercase().as_str() {
                    "weekdays" => Some(0b001_1111),
                    "weekend" => Some(0b110_0000),
                    word => DAYS
                        .iter()
                        .position(|(short, long, _)| word == *short || word == *long)
                        .map(|index| 1 << index),
                },
            )?;
        }
        Some(Self(days))
    }

    /// Whether a day is among them.
    pub const fn has(self, day: Weekday) -> bool {
        self.0 & (1 << day.to_monday_zero_offset()) != 0
    }

    /// The short names, from Monday on.
    pub fn names(self) -> Vec<&'static str> {
        let days = DAYS.iter().filter(|(_, _, day)| self.has(*day));
        days.map(|(short, _, _)| *short).collect()
    }
}

/// A window that opens on some days of the week at `from` and closes at `to`, local time. When `to`
/// is not later than `from` it closes on the day after: `22:00` to `08:00` on Friday ends on
/// Saturday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeeklyWindow {
    /// The days on which it opens.
    pub days: WeekdaySet,
    /// When it opens.
    pub from: TimeOfDay,
    /// When it closes: the first minute outside.
    pub to: TimeOfDay,
}

impl WeeklyWindow {
    /// Whether it is open while clocks show `local`.
    pub fn covers(&self, local: DateTime) -> bool {
        let time = local.time();
        let at_or_after = |edge: TimeOfDay| edge.0 < DAY_MINUTES && time >= edge.clock();
        let today = self.days.has(local.date().weekday());
        let yesterday = self.days.has(local.date().weekday().previous());
        if self.from < self.to {
            today && at_or_after(self.from) && !at_or_after(self.to)
        } else {
            (today && at_or_after(self.from)) || (yesterday && !at_or_after(self.to))
        }
    }

    /// Whether it covers the whole week.
    pub fn never_closes(&self) -> bool {
        self.days == WeekdaySet::ALL
            && (self.from == self.to
                || (self.from == TimeOfDay::START && self.to == TimeOfDay::END))
    }

    /// Whether it is open at a moment.
    pub fn is_open(&self, at: Timestamp, zone: &Zone) -> bool {
        self.covers(zone.local(at))
    }

    /// The first moment, now or later, at which it is open; `None`: there is none
    /// within two weeks, in which every day of the week comes at least once.
    pub fn next_open(&self, now: Timestamp, zone: &Zone) -> Option<Timestamp> {
        self.next(now, zone, true)
    }

    /// The first moment, now or later, at which it is closed; `None`: it never closes.
    pub fn next_closed(&self, now: Timestamp, zone: &Zone) -> Option<Timestamp> {
        self.next(now, zone, false)
    }

    /// Only at an edge of the window, at midnight (where days begin and end) and where clocks jump
    /// can it open or close: the first of these moments at which it is as wanted.
    fn next(&self, now: Timestamp, zone: &Zone, open: bool) -> Option<Timestamp> {
        if self.is_open(now, zone) == open {
            return Some(now);
        }
        let mut edges: Vec<Timestamp> = Vec::new();
        let mut jump = zone.next_jump(now);
        let mut date = zone.local(now).date().yesterday().ok()?;
        for _ in 0..DAYS_AHEAD {
            for time in [TimeOfDay::START, self.from, self.to] {
                let local = date.to_datetime(time.clock());
                edges.extend([zone.moment(local), zone.last_moment(local)]);
            }
            date = date.tomorrow().ok()?;
        }
        let last = edges.iter().max().copied()?;
        while let Some(at) = jump.filter(|at| *at <= last) {
            edges.push(at);
            jump = zone.next_jump(at);
        }
        edges.sort_unstable();
        edges
            .into_iter()
            .find(|at| *at > now && self.is_open(*at, zone) == open)
    }
}
