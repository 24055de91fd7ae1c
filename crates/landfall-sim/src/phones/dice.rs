//! Chance that depends on nothing but what it is asked for, so that the order in which phones are
//! looked at changes nothing.

use crate::script::draw::{mixed, name};

/// What is drawn for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lot {
    Kind,
    Person,
    Opens,
    OpenAt,
    Away,
    ForceStop,
    Uninstall,
    Reinstall,
    Restore,
    Permission,
    Switch,
    Token,
    Network,
    Power,
    Receipt,
    Tap,
    Upload,
}

/// Draws of one fleet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dice(u64);

/// Draws of one phone.
#[derive(Clone, Copy, Debug)]
pub(super) struct PhoneDice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn of(self, phone: usize) -> PhoneDice {
        PhoneDice(mixed(self.0 ^ mixed(phone as u64)))
    }
}

impl PhoneDice {
    /// 64 random bits.
    pub(super) fn bits(self, lot: Lot, number: u64) -> u64 {
        mixed(mixed(self.0 ^ mixed(lot as u64)) ^ number)
    }

    /// From 0 up to but not including 1.
    pub(super) fn share(self, lot: Lot, number: u64) -> f64 {
        // 53 bits are what a float holds exactly.
        (self.bits(lot, number) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub(super) fn happens(self, probability: f64, lot: Lot, number: u64) -> bool {
        self.share(lot, number) < probability
    }

    /// Exponentially distributed around a mean.
    pub(super) fn exponential(self, mean: f64, lot: Lot, number: u64) -> f64 {
        -(1.0 - self.share(lot, number)).ln() * mean
    }

    /// Log-normally distributed around a median (Box and Muller).
    pub(super) fn log_normal(self, median: f64, spread: f64, lot: Lot, number: u64) -> f64 {
        let other = mixed(number);
        let radius = (-2.0 * (1.0 - self.share(lot, number)).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.share(lot, other)).cos();
        median * (spread * normal).exp()
    }
}

/// A number for a delivery and a purpose, to draw with.
pub(super) fn of_delivery(delivery_id: &str, purpose: u64) -> u64 {
    mixed(name(delivery_id) ^ purpose)
}
