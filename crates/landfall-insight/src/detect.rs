//! Change detection on rates with counts: an e-detector with estimated baselines (diagnosis.md 3).
//!
//! A series is one rate of one slice, such as *delivered of accepted* on Android, in buckets of equal
//! length. [`Baseline::learn`] takes four weeks of it and learns the rate by hour of week and how much
//! more it varies than a coin would. A [`Detector`] then sums evidence bucket by bucket: it asks of
//! several sizes of change at once how much likelier the counts are since any moment in the past
//! (Shiryaev-Roberts mixture; Shin, Ramdas and Rinaldo, arXiv 2203.03532). It says so when a healthy
//! series would say it only once in the stated number of buckets.
//!
//! Counts of a fresh bucket still grow: [`Bucket::reported`] says which share is expected to be here, and
//! the counts are judged by that; they are never scaled up.

mod adoption;
mod baseline;
mod calibrate;
mod detector;
mod likelihood;

pub use adoption::{Adoption, Movements, Phase, VersionDay};
pub use baseline::{Baseline, hour_of_week};
pub use calibrate::Calibration;
pub use detector::{Detector, Drift, Reading, Suspicion};
pub use likelihood::log_ratio;

use landfall_domain::time::Timestamp;

/// Counts of one stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Its start.
    pub start: Timestamp,
    /// The denominator: for example pushes that were accepted.
    pub cases: u64,
    /// The numerator: those of them that were delivered, as far as is known.
    pub hits: u64,
    /// Share of the hits that is expected to be known by now, above 0, at most 1; 1 for a bucket that
    /// is settled (diagnosis.md 4.2).
    pub reported: f64,
}

impl Bucket {
    /// A bucket that is settled.
    pub const fn settled(start: Timestamp, cases: u64, hits: u64) -> Self {
        Self {
            start,
            cases,
            hits,
            reported: 1.0,
        }
    }
}

/// Which way a change is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Less is worse: delivered, opened, converted, covered.
    Fall,
    /// More is worse: bounced, failed.
    Rise,
}

/// The changes that a detector looks for, each with its weight; the weights add up to one.
///
/// Falls are relative: a rate of 92 % that falls by 5 % is 87.4 %. The sizes around 5 % weigh most,
/// because there the delay is paid in hours; a large change shows in its first bucket at any weight.
const FALLS: &[(f64, f64)] = &[
    (0.02, 0.17),
    (0.035, 0.1),
    (0.05, 0.42),
    (0.085, 0.12),
    (0.14, 0.08),
    (0.25, 0.05),
    (0.45, 0.04),
    (0.9, 0.02),
];

/// Rises are relative too, and may be many times the rate.
const RISES: &[(f64, f64)] = &[
    (1.15, 0.2),
    (1.4, 0.25),
    (2.0, 0.25),
    (4.0, 0.2),
    (12.0, 0.1),
];

/// Evidence in a bucket, in nats, below which a size of change takes most of a day to show.
const SLOW: f64 = 0.15;
/// Share of its weight that such a size keeps; the rest goes to the next larger one, which a series of
/// this volume can see.
const KEPT_WHEN_SLOW: f64 = 0.25;

impl Direction {
    const fn sizes(self) -> &'static [(f64, f64)] {
        match self {
            Self::Fall => FALLS,
            Self::Rise => RISES,
        }
    }

    /// The rates that would be wrong when `rate` is right, from the smallest change to the largest.
    pub(crate) fn alternatives(self, rate: f64) -> impl Iterator<Item = f64> {
        self.sizes().iter().map(move |(size, _)| match self {
            Self::Fall => rate * (1.0 - size),
            // A rise never reaches certainty: halfway from the rate at the most.
            Self::Rise => (rate * size).min(0.5 * (1.0 + rate)),
        })
    }

    /// Their weights in a series like this.
    pub(crate) fn weights(self, baseline: &Baseline) -> Vec<f64> {
        let usual = baseline.overall;
        let mut moved = 0.0;
        let mut weights: Vec<f64> = self
            .alternatives(usual)
            .zip(self.sizes())
            .map(|(changed, (_, weight))| {
                let hit = changed * (changed / usual).ln();
                let miss = (1.0 - changed) * ((1.0 - changed) / (1.0 - usual)).ln();
                let own = weight + moved;
                let keeps = if (hit + miss) * baseline.telling_cases() < SLOW {
                    own * KEPT_WHEN_SLOW
                } else {
                    own
                };
                moved = own - keeps;
                keeps
            })
            .collect();
        if let Some(largest) = weights.last_mut() {
            *largest += moved;
        }
        weights
    }
}

#[cfg(test)]
mod tests;
