//! The survival curve of tokens that enter late and whose end is not always seen.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::gamma::gamma_ur;

use crate::rate::Interval;

/// One observed life.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// Time at which it came under observation; 0 when it was seen from its start (left truncation).
    pub entered: f64,
    /// Time at which it ended, or was seen last.
    pub until: f64,
    /// Whether it ended then.
    pub ended: bool,
}

/// A step of the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// Time of the step.
    pub at: f64,
    /// Share that outlives it.
    pub survival: f64,
    /// Sum of Greenwood's formula, for intervals.
    greenwood: f64,
}

impl Curve {
    /// The interval of the share with the confidence `1 - alpha`, on the scale of log(-log), which keeps
    /// it between 0 and 1. `None` where the share is 0 or 1.
    pub fn interval(&self, alpha: f64) -> Option<Interval> {
        if self.survival <= 0.0 || self.survival >= 1.0 {
            return None;
        }
        let z = Normal::standard().inverse_cdf(1.0 - alpha / 2.0);
        let log = self.survival.ln();
        let spread = z * self.greenwood.sqrt() / log.abs();
        let end = |sign: f64| (log * (sign * spread).exp()).exp();
        Some(Interval {
            low: end(1.0),
            high: end(-1.0),
        })
    }
}

/// Kaplan and Meier's estimate (JASA 53, 1958), with left truncation: the steps in the order of time.
pub fn kaplan_meier(lives: &[Observed]) -> Vec<Curve> {
    let (mut survival, mut greenwood) = (1.0, 0.0);
    ends(lives)
        .into_iter()
        .map(|at| {
            let (risk, ended) = at_risk(lives, at);
            survival *= 1.0 - ended / risk;
            greenwood += ended / (risk * (risk - ended));
            Curve {
                at,
                survival,
                greenwood,
            }
        })
        .collect()
}

/// The log-rank statistic of two groups and its p-value with one degree of freedom.
pub fn log_rank(one: &[Observed], other: &[Observed]) -> (f64, f64) {
    let all: Vec<Observed> = one.iter().chain(other).copied().collect();
    let (mut excess, mut variance) = (0.0, 0.0);
    for at in ends(&all) {
        let (risk, ended) = at_risk(&all, at);
        let (own_risk, own_ended) = at_risk(one, at);
        excess += own_ended - ended * own_risk / risk;
        if risk > 1.0 {
            let share = own_risk / risk;
            variance += ended * share * (1.0 - share) * (risk - ended) / (risk - 1.0);
        }
    }
    if variance <= 0.0 {
        return (0.0, 1.0);
    }
    let statistic = excess * excess / variance;
    (statistic, gamma_ur(0.5, statistic / 2.0))
}

/// Times at which somebody ended, in order, each once.
fn ends(lives: &[Observed]) -> Vec<f64> {
    let mut times: Vec<f64> = lives.iter().filter(|l| l.ended).map(|l| l.until).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    times
}

/// How many are under observation just before a time, and how many end at it.
fn at_risk(lives: &[Observed], at: f64) -> (f64, f64) {
    let risk = lives
        .iter()
        .filter(|l| l.entered < at && l.until >= at)
        .count();
    let ended = lives
        .iter()
        .filter(|l| l.ended && l.until == at && l.entered < at)
        .count();
    (risk as f64, ended as f64)
}
