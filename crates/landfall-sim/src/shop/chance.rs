//! Draws that depend on what they are for and on nothing else.

use crate::script::draw::mixed;

/// What is drawn for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lot {
    Day,
    Hour,
    Who,
    App,
    Platform,
    Permission,
    Token,
    TokenAge,
    Os,
    Model,
    Update,
    Faulted,
    Eligible,
    Accepted,
    Shown,
    Receipt,
    ReceiptDelay,
    Open,
    OpenDelay,
    Buy,
    Basket,
    Segment,
    History,
    Joined,
}

/// Draws of one shop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draws(u64);

/// Draws about one thing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw(u64);

impl Draws {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Draws about the thing of these two numbers.
    pub(super) fn of(self, kind: u64, number: u64) -> Draw {
        Draw(mixed(
            mixed(self.0 ^ mixed(kind)) ^ mixed(number.wrapping_add(1) << 20),
        ))
    }
}

impl Draw {
    /// Other draws about a part of the thing.
    pub(super) fn part(self, number: u64) -> Self {
        Self(mixed(self.0 ^ mixed(number.wrapping_add(77))))
    }

    fn bits(self, lot: Lot) -> u64 {
        mixed(self.0 ^ mixed(lot as u64 + 1))
    }

    /// From 0 up to but not including 1.
    pub(super) fn share(self, lot: Lot) -> f64 {
        // 53 bits are what a float holds exactly.
        (self.bits(lot) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub(super) fn happens(self, probability: f64, lot: Lot) -> bool {
        self.share(lot) < probability
    }

    /// From 0 up to but not including `end`.
    pub(super) fn below(self, end: u64, lot: Lot) -> u64 {
        ((u128::from(self.bits(lot)) * u128::from(end)) >> 64) as u64
    }

    /// Exponentially distributed around a mean.
    pub(super) fn exponential(self, mean: f64, lot: Lot) -> f64 {
        -(1.0 - self.share(lot)).ln() * mean
    }

    /// Log-normally distributed around a median (Box and Muller).
    pub(super) fn log_normal(self, median: f64, spread: f64, lot: Lot) -> f64 {
        let radius = (-2.0 * (1.0 - self.share(lot)).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.part(1).share(lot)).cos();
        median * (spread * normal).exp()
    }
}
