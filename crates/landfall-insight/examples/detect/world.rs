//! The simulated series: quarter hours, a daily wave of volume, a rate of 92 %.

use std::fmt;

use landfall_domain::time::{MINUTE_MS, Timestamp};
use landfall_insight::detect::Bucket;
use landfall_insight::draws::Draws;

/// Relative drops.
pub(crate) const DROPS: [f64; 5] = [0.02, 0.05, 0.1, 0.25, 0.5];
/// Buckets between two false alarms: thirty days.
pub(crate) const RUN_LENGTH: f64 = 2_880.0;
/// The true rate.
pub(crate) const RATE: f64 = 0.92;
/// Healthy buckets before a drop: a day and a quarter, so that it comes at the height of the day.
pub(crate) const WARM_UP: usize = 96 + 24;
/// Buckets of a day.
const DAY: usize = 96;
/// Buckets after which a run without alarm ends.
const LONGEST: usize = 4_000;

/// One volume.
#[derive(Clone, Copy)]
pub(crate) struct World {
    volume: f64,
    pub(crate) dispersion: f64,
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "n = {} a bucket, overdispersion {}",
            self.volume, self.dispersion
        )
    }
}

impl World {
    pub(crate) const ALL: [Self; 3] = [
        Self {
            volume: 20.0,
            dispersion: 0.0,
        },
        Self {
            volume: 200.0,
            dispersion: 0.002,
        },
        Self {
            volume: 2_000.0,
            dispersion: 0.002,
        },
    ];

    fn cases(self, nth: usize) -> u64 {
        let turn = (nth % DAY) as f64 / DAY as f64;
        let wave = 1.0 + 0.8 * (std::f64::consts::TAU * turn).sin();
        (self.volume * wave).round().max(1.0) as u64
    }

    fn draw(self, nth: usize, rate: f64, draws: &mut Draws) -> (u64, u64) {
        let cases = self.cases(nth);
        (cases, draws.beta_binomial(cases, rate, self.dispersion))
    }

    /// The draws of one run with a drop.
    pub(crate) fn draws(self, seed: u64, replicate: usize, drop: f64) -> Draws {
        let world = (self.volume * 1e6 + drop * 1e3) as u64;
        Draws::seeded((seed << 48) ^ (world << 20) ^ replicate as u64)
    }

    /// Cases and hits of healthy buckets.
    pub(crate) fn healthy(self, buckets: usize, draws: &mut Draws) -> Vec<(u64, u64)> {
        (0..buckets)
            .map(|nth| self.draw(nth, RATE, draws))
            .collect()
    }

    /// Four weeks to learn from.
    pub(crate) fn history(self, draws: &mut Draws) -> Vec<Bucket> {
        let counts = self.healthy(28 * DAY, draws);
        let bucket = |(nth, (cases, hits))| self.bucket(nth, cases, hits);
        counts.into_iter().enumerate().map(bucket).collect()
    }

    /// A healthy day and a quarter, then the drop.
    pub(crate) fn with_drop(self, drop: f64, draws: &mut Draws) -> Vec<(u64, u64)> {
        (0..WARM_UP + LONGEST)
            .map(|nth| {
                let rate = if nth < WARM_UP {
                    RATE
                } else {
                    RATE * (1.0 - drop)
                };
                self.draw(nth, rate, draws)
            })
            .collect()
    }

    /// A bucket at its place in time.
    pub(crate) fn bucket(self, nth: usize, cases: u64, hits: u64) -> Bucket {
        let start = Timestamp::from_millis(nth as i64 * 15 * MINUTE_MS);
        Bucket::settled(start, cases, hits)
    }
}
