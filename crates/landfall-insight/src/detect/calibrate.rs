//! The threshold at which a healthy series alarms once in the stated number of buckets.
//!
//! In a healthy series the statistic minus the number of buckets is a martingale, so the mean run
//! length is the mean of the statistic at the alarm: the threshold times the overshoot. How far it
//! overshoots is found by a change of measure: alarms of a healthy series look like those of a series
//! with one of the changes, which come soon and are cheap to draw (Pollak, Annals of Statistics 15, 1987).

use landfall_domain::time::Timestamp;

use super::{Baseline, Bucket, Detector, Direction};
use crate::draws::Draws;

/// How often a healthy series may alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Buckets between two false alarms in the mean, such as 2,880: thirty days of quarter hours.
    pub run_length: f64,
    /// Series with a change that are drawn for each size of change. 64 place the threshold to about
    /// 5 %, which is a fiftieth of a bucket where changes take three.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
}

/// Buckets after which a drawn series without alarm is given up.
const PATIENCE: usize = 4_000;
/// By how much the run length is aimed too high: what is estimated from history may be wrong by its
/// own noise, which costs false alarms more than it saves.
const MARGIN: f64 = 1.17;

impl Calibration {
    /// One false alarm in `run_length` buckets.
    pub const fn once_in(run_length: f64, seed: u64) -> Self {
        Self {
            run_length,
            draws: 64,
            seed,
        }
    }

    /// The threshold for series like this.
    pub fn threshold(self, baseline: &Baseline, direction: Direction) -> f64 {
        let aim = self.run_length * MARGIN;
        let mut draws = Draws::seeded(self.seed);
        let mut undershoot = 0.0;
        let changes = direction.alternatives(baseline.overall);
        for (rate, weight) in changes.zip(direction.weights(baseline)) {
            let total: f64 = (0..self.draws)
                .map(|_| alarm_of_change(baseline, direction, rate, aim, &mut draws))
                .sum();
            undershoot += weight * total / self.draws.max(1) as f64;
        }
        (aim * undershoot).clamp(1.0, self.run_length * MARGIN)
    }
}

/// Draws a series that has the changed rate from its start on: the threshold over the statistic at
/// the alarm, at most 1.
fn alarm_of_change(
    baseline: &Baseline,
    direction: Direction,
    rate: f64,
    threshold: f64,
    draws: &mut Draws,
) -> f64 {
    let flat = Baseline {
        by_hour: vec![baseline.overall],
        ..baseline.clone()
    };
    let mut detector = Detector::with_threshold(flat, direction, threshold);
    let volumes = &baseline.volumes;
    let from = draws.below(volumes.len());
    for step in 0..PATIENCE {
        let cases = volumes[(from + step) % volumes.len()];
        let hits = draws.beta_binomial(cases, rate, baseline.dispersion);
        let bucket = Bucket::settled(Timestamp::EPOCH, cases, hits);
        let reading = detector.observe_at(&bucket, baseline.overall);
        if reading.alarm {
            return 1.0 / reading.of_threshold;
        }
    }
    1.0
}
