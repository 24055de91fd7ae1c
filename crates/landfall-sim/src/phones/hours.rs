//! When a phone has a network, and when it is looked at.

use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};

use super::dice::{Lot, PhoneDice};

/// Longest that is looked ahead for a network.
const HORIZON_DAYS: i64 = 60;

/// Hours of a phone. Days are those of its own time zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hours {
    /// What the zone is ahead of UTC, in milliseconds.
    pub(super) zone_ms: i64,
    /// When its owner gets up and goes to bed, in milliseconds of the day.
    pub(super) wakes_ms: i64,
    pub(super) sleeps_ms: i64,
    /// Whether it has a network at night too.
    pub(super) night: bool,
    /// Share of days without any network; 1: a phone in a drawer.
    pub(super) away: f64,
}

impl Hours {
    fn local(self, at: Timestamp) -> (i64, i64) {
        let local = at.millis() + self.zone_ms;
        (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS))
    }

    fn instant(self, day: i64, of_day: i64) -> Timestamp {
        Timestamp::from_millis(day * DAY_MS + of_day - self.zone_ms)
    }

    /// The hour of the day there, 0 to 23.
    pub(super) fn hour(self, at: Timestamp) -> usize {
        usize::try_from(self.local(at).1 / HOUR_MS).unwrap_or_default()
    }

    /// Whether its owner is up.
    pub(super) fn awake(self, at: Timestamp) -> bool {
        let of_day = self.local(at).1;
        (self.wakes_ms..self.sleeps_ms).contains(&of_day)
    }

    /// From when on its owner is up: now, or the next morning.
    pub(super) fn next_awake(self, at: Timestamp) -> Timestamp {
        let (day, of_day) = self.local(at);
        if of_day < self.wakes_ms {
            self.instant(day, self.wakes_ms)
        } else if of_day < self.sleeps_ms {
            at
        } else {
            self.instant(day + 1, self.wakes_ms)
        }
    }

    /// Whether it has a network.
    pub(super) fn online(self, at: Timestamp, dice: PhoneDice) -> bool {
        (self.night || self.awake(at)) && !self.is_away(self.local(at).0, dice)
    }

    /// From when on it has a network: now or later; `None`: not in sight.
    pub(super) fn next_online(self, at: Timestamp, dice: PhoneDice) -> Option<Timestamp> {
        if self.online(at, dice) {
            return Some(at);
        }
        if self.away >= 1.0 {
            return None;
        }
        let today = self.local(at).0;
        let begins = if self.night { 0 } else { self.wakes_ms };
        (today..today + HORIZON_DAYS)
            .filter(|day| !self.is_away(*day, dice))
            .map(|day| self.instant(day, begins))
            .find(|begins| *begins > at)
    }

    fn is_away(self, day: i64, dice: PhoneDice) -> bool {
        self.away > 0.0 && dice.happens(self.away, Lot::Away, day.cast_unsigned())
    }

    /// The next end of a window of so many milliseconds, counted from the evening.
    pub(super) fn next_window(self, at: Timestamp, length_ms: i64) -> Timestamp {
        let since = (at.millis() + self.zone_ms - self.sleeps_ms).rem_euclid(length_ms);
        at.plus_millis(length_ms - since)
    }
}
