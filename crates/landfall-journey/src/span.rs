//! Lengths of time, as definitions write them.

use landfall_audience::definition::duration_text;
use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use serde::{Deserialize, Serialize};

/// A length of time in milliseconds, never negative. Days have 24 hours: a delay of a day across a
/// change of the clocks ends at another time of day, which is what a fixed delay means.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// From milliseconds; negative ones count as zero.
    pub const fn from_millis(millis: i64) -> Self {
        Self(if millis < 0 { 0 } else { millis })
    }

    /// From days of 24 hours.
    pub const fn days(days: i64) -> Self {
        Self::from_millis(days.saturating_mul(DAY_MS))
    }

    /// From hours.
    pub const fn hours(hours: i64) -> Self {
        Self::from_millis(hours.saturating_mul(HOUR_MS))
    }

    /// From minutes.
    pub const fn minutes(minutes: i64) -> Self {
        Self::from_millis(minutes.saturating_mul(MINUTE_MS))
    }

    /// Milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for Span {
    /// As definitions write it: `30m`, `2h`, `7d`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&duration_text(self.0))
    }
}
