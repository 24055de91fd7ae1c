//! A shop by counts: its customers, their phones and baskets, and the messages of its journeys with all
//! that happened to them, drawn row by row without an engine. A [`Fault`] can be planted; what it really
//! costs is kept aside.
//!
//! It serves to judge a diagnosis over hundreds of seeds, for which running the engine would take days.
//! Every draw belongs to the person, the day and the purpose, so that a shop with a fault and the same
//! shop without it differ in nothing but the fault. The settings follow published ranges
//! (calibration.md), each with its source.

mod chance;
mod fault;
mod live;
mod message;
mod rates;
mod rhythm;
mod settings;
#[cfg(test)]
mod tests;
mod visitor;

use std::ops::Range;

use landfall_domain::delivery::Delivery;
use landfall_domain::ids::DeliveryKey;
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};

use chance::{Draws, Lot};
pub use fault::{Fault, Slice, Stage};
pub use live::{Cart, Customer, Fate, Handed, Way};
pub use message::{CART, Line, MESSAGES};
pub use rhythm::{Purchase, Rhythm};
pub use settings::{Platforms, Settings};
pub use visitor::Phone;
use visitor::Visitor;

/// A shop that can be lived through.
#[derive(Clone, Debug)]
pub struct Shop {
    settings: Settings,
    fault: Option<Planted>,
    draws: Draws,
    start: Timestamp,
}

/// A fault and when it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planted {
    pub(crate) fault: Fault,
    pub(crate) from: Timestamp,
}

/// A cart that was left, and what came of it.
#[derive(Clone, Debug)]
pub struct Visit {
    /// When it was left.
    pub left_at: Timestamp,
    /// The messages that it led to.
    pub reached: Vec<Reached>,
    /// What each of [`MESSAGES`] was worth, which a diagnosis must not know.
    pub worth: [Money; MESSAGES.len()],
}

impl Visit {
    /// What all messages were worth together.
    pub fn money(&self) -> Money {
        self.worth
            .into_iter()
            .fold(Money::default(), |mut sum, money| {
                sum += money;
                sum
            })
    }

    /// What each message was worth, with the moment at which it is due: a figure of a week holds the
    /// messages of that week, and the second reminder about a cart comes a day after the first.
    pub fn worth_by_time(&self) -> impl Iterator<Item = (Timestamp, Money)> {
        let due = MESSAGES.map(|line| self.left_at.plus_millis(line.delay_ms));
        due.into_iter().zip(self.worth)
    }
}

/// One delivery with all that happened to it, however late.
#[derive(Clone, Debug)]
pub struct Reached {
    /// The delivery, folded.
    pub delivery: Delivery,
    /// What was bought after it, in the smallest unit of the currency; 0 when nothing was.
    pub minor: i64,
}

/// Revenue over everything that is left to chance, in the smallest unit of the currency. Orders that are
/// not reported are revenue all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Money {
    /// As the shop is.
    pub expected: f64,
    /// As it would be without the fault.
    pub healthy: f64,
}

impl Money {
    /// What the fault cost.
    pub const fn lost(&self) -> f64 {
        self.healthy - self.expected
    }
}

impl std::ops::AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.expected += other.expected;
        self.healthy += other.healthy;
    }
}

impl Shop {
    /// A shop that opens at `start`, which should be a Monday at midnight.
    pub const fn new(settings: Settings, seed: u64, start: Timestamp) -> Self {
        Self {
            settings,
            fault: None,
            draws: Draws::new(seed),
            start,
        }
    }

    /// The same shop with a fault from `from` on.
    #[must_use]
    pub const fn with(mut self, fault: Fault, from: Timestamp) -> Self {
        self.fault = Some(Planted { fault, from });
        self
    }

    /// The carts of these days, counted from the opening, in no particular order.
    pub fn days(&self, days: Range<u32>) -> impl Iterator<Item = Visit> + '_ {
        days.flat_map(move |day| self.day(day))
    }

    fn day(&self, day: u32) -> impl Iterator<Item = Visit> + '_ {
        let visits = self.visits(day);
        (0..visits).map(move |number| self.visit(day, number))
    }

    /// How many carts are left on a day, before any fault.
    fn visits(&self, day: u32) -> u32 {
        let settings = &self.settings;
        let weekday = settings.weekday[day as usize % 7];
        // Salaries come around the end of a month; a month is taken as 30 days.
        let payday = if day % 30 >= 27 { settings.payday } else { 1.0 };
        let noise = self
            .draws
            .of(u64::from(day), 0)
            .log_normal(1.0, settings.day_spread, Lot::Day);
        (f64::from(settings.carts_per_day) * weekday * payday * noise).round() as u32
    }

    /// What one cart that is left leads to.
    fn visit(&self, day: u32, number: u32) -> Visit {
        let draws = self.draws.of(u64::from(day) + 1, u64::from(number));
        let midnight = self.start.plus_millis(i64::from(day) * DAY_MS);
        let at = midnight.plus_millis(hour(draws.share(Lot::Hour)));
        let person = draws.below(u64::from(self.settings.customers), Lot::Who);
        let visitor = Visitor::of(
            &self.settings,
            self.draws,
            person,
            at,
            self.start,
            self.fault,
        );
        let key = DeliveryKey(((day << 16) | number) * MESSAGES.len() as u32);
        message::visit(&self.settings, self.fault, draws, &visitor, key, at)
    }
}

/// A moment of the day: shops are busy from morning to late evening, most of all after work.
fn hour(share: f64) -> i64 {
    const BUSY: [u8; 24] = [
        2, 1, 1, 1, 1, 1, 2, 4, 5, 6, 6, 6, 7, 6, 5, 5, 6, 7, 8, 9, 10, 9, 6, 4,
    ];
    let total: u32 = BUSY.iter().map(|weight| u32::from(*weight)).sum();
    let mut left = share * f64::from(total);
    for (hour, weight) in (0_i64..).zip(BUSY) {
        let weight = f64::from(weight);
        if left < weight {
            return hour * HOUR_MS + (left / weight * HOUR_MS as f64) as i64;
        }
        left -= weight;
    }
    DAY_MS - 1
}
