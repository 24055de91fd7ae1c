//! The reporting delay of a slice, learned from its past, and what it says about fresh counts.
//!
//! A fresh count is never compared raw with a finished one. Either it is completed by what usually
//! comes later, or, to raise an alarm, it is tested against what had to be here by now.

use serde::Serialize;

use super::ladder::expected_total;
use super::law::{beta_binomial_below, negative_binomial};
use super::{Settling, law};

/// When reports come, as a share of all that will come.
#[derive(Clone, Debug, PartialEq)]
pub struct DelayLaw {
    /// Rising upper bounds in milliseconds.
    bounds: Vec<i64>,
    /// Share of the reports that came before each bound.
    shares: Vec<f64>,
    /// How much the shares vary between cohorts, as an intra-class correlation.
    rho: f64,
    /// Reports that it was learned from.
    reports: f64,
}

/// Reports that a slice needs before its own delays count as much as those of its parent.
const LENT: f64 = 200.0;

/// Share of the reports that must be here for a slice to count as settled.
const SETTLED: f64 = 0.99;

impl DelayLaw {
    /// Learns from finished cohorts. Each holds how many reports came below the first bound, between
    /// each two bounds, and from the last one on. `parent` stands in where there is little.
    /// `None` when there is nothing to learn from.
    pub fn learn(bounds: &[i64], cohorts: &[Vec<u64>], parent: Option<&Self>) -> Option<Self> {
        let classes = bounds.len() + 1;
        let mut sums = vec![0.0; classes];
        for cohort in cohorts {
            for (sum, count) in sums.iter_mut().zip(cohort) {
                *sum += *count as f64;
            }
        }
        let reports: f64 = sums.iter().sum();
        let parent = parent.filter(|parent| parent.bounds == bounds);
        if reports == 0.0 || bounds.is_empty() {
            return parent.cloned();
        }
        let mut so_far = 0.0;
        let own = sums[..bounds.len()].iter().map(|count| {
            so_far += count;
            so_far / reports
        });
        let own: Vec<f64> = own.collect();
        let lend = |at: usize, share: f64| match parent {
            Some(parent) => (share * reports + parent.shares[at] * LENT) / (reports + LENT),
            None => share,
        };
        let shares: Vec<f64> = own.iter().enumerate().map(|(at, s)| lend(at, *s)).collect();
        let rho = variation(cohorts, &own);
        Some(Self {
            bounds: bounds.to_vec(),
            rho: match parent {
                Some(parent) => (rho * reports + parent.rho * LENT) / (reports + LENT),
                None => rho,
            },
            shares,
            reports,
        })
    }

    /// Share of the reports that are here at that age in milliseconds.
    pub fn share_by(&self, age_ms: i64) -> f64 {
        let next = self.bounds.partition_point(|bound| *bound <= age_ms);
        let at = |index: Option<usize>| match index {
            Some(index) => (self.bounds[index] as f64, self.shares[index]),
            None => (0.0, 0.0),
        };
        let (from, low) = at(next.checked_sub(1));
        let Some((to, high)) = self.bounds.get(next).map(|_| at(Some(next))) else {
            // Whoever has not reported by the last bound hardly ever will.
            return if self.bounds.is_empty() { low } else { 1.0 };
        };
        let way = ((age_ms as f64 - from) / (to - from)).clamp(0.0, 1.0);
        low + way * (high - low)
    }

    /// Reports that it was learned from.
    pub fn reports(&self) -> f64 {
        self.reports
    }

    /// When a bucket counts as settled: when 99 % of its reports are usually here.
    pub fn settling(&self) -> Settling {
        let found = self.shares.iter().position(|share| *share >= SETTLED);
        let last = self.bounds.len() - 1;
        Settling {
            after_ms: self.bounds[found.unwrap_or(last)],
        }
    }

    /// What `seen` reports about pushes of the given ages come to. `ages` holds the age in
    /// milliseconds and how many pushes are that old.
    pub fn expect(&self, seen: f64, ages: &[(i64, f64)]) -> Expected {
        let pushes: f64 = ages.iter().map(|(_, count)| count).sum();
        let here: f64 = ages
            .iter()
            .map(|(age, count)| self.share_by(*age) * count)
            .sum();
        let complete = if pushes > 0.0 { here / pushes } else { 1.0 };
        Expected::of(seen, complete, self.rho)
    }
}

/// Intra-class correlation of the cumulative shares between cohorts, by moments, the largest over
/// the bounds: what is early one day and late another day is so at every age.
fn variation(cohorts: &[Vec<u64>], shares: &[f64]) -> f64 {
    let mut largest: f64 = 0.0;
    for (at, share) in shares.iter().enumerate() {
        if *share < 0.02 || *share > 0.98 {
            continue;
        }
        let (mut excess, mut scale) = (0.0, 0.0);
        for cohort in cohorts {
            let n: f64 = cohort.iter().map(|count| *count as f64).sum();
            if n < 2.0 {
                continue;
            }
            let early: f64 = cohort[..=at].iter().map(|count| *count as f64).sum();
            let coin = n * share * (1.0 - share);
            excess += (early - n * share).powi(2) - coin;
            scale += coin * (n - 1.0);
        }
        if scale > 0.0 {
            largest = largest.max(excess / scale);
        }
    }
    largest.clamp(0.0, 0.5)
}

/// What a count that is still settling comes to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Expected {
    /// What is here.
    pub seen: f64,
    /// Share of the whole that is usually here by now.
    pub complete: f64,
    /// Relative standard error of that share.
    pub complete_error: f64,
    /// What it comes to.
    pub total: f64,
    /// Lower end of the 95 % interval of what it comes to.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
}

/// Below this share nothing is expected from what is here: it could be anything.
const COMPLETE_MIN: f64 = 0.01;

impl Expected {
    fn of(seen: f64, complete: f64, rho: f64) -> Self {
        let complete = complete.clamp(COMPLETE_MIN, 1.0);
        let complete_error = (rho * (1.0 - complete) / complete).sqrt();
        let total = expected_total(seen, complete);
        let rest = total - seen;
        // What is to come varies with the share that is here, and with the count that it is scaled from.
        let relative = if rest > 0.0 {
            (complete_error * total / rest).powi(2) + 1.0 / (seen + 1.0)
        } else {
            0.0
        };
        Self {
            seen,
            complete,
            complete_error,
            total,
            low: seen + negative_binomial(rest, relative, 0.025),
            high: seen + negative_binomial(rest, relative, 0.975),
        }
    }

    /// Whether there is enough still to come to say so: more than one report in a hundred.
    pub fn is_settling(&self) -> bool {
        self.complete < SETTLED
    }
}

/// Chance of at most `seen` reports by now about `pushes` pushes, if `rate` of them report in the end
/// and `complete` of those have by now: the test of a fresh bucket (diagnosis.md 4.2). `rho` is how
/// much rates vary between buckets, delays included.
pub fn chance_of_so_few(seen: u64, pushes: u64, rate: f64, complete: f64, rho: f64) -> f64 {
    beta_binomial_below(seen, pushes, rate * complete, rho)
}

/// Reports of finished cohorts that came early, and all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Early {
    /// Those within the bound, such as an hour.
    pub early: f64,
    /// All.
    pub all: f64,
}

/// Whether reports became slower or quicker: z of the change of the share of early ones, negative
/// for slower. A change of the delay is an incident of its own and not a drop (diagnosis.md 4.2).
/// `None` without reports.
pub fn delay_change(before: Early, after: Early, dispersion: f64) -> Option<f64> {
    let all = before.all + after.all;
    if before.all <= 0.0 || after.all <= 0.0 {
        return None;
    }
    let share = (before.early + after.early) / all;
    let variance = share * (1.0 - share) * (1.0 / before.all + 1.0 / after.all);
    let change = after.early / after.all - before.early / before.all;
    (variance > 0.0).then(|| change / (variance * dispersion.max(1.0)).sqrt())
}

/// Standard normal quantile, for thresholds that are given as chances.
pub fn z_of(chance: f64) -> f64 {
    law::normal_quantile(chance)
}
