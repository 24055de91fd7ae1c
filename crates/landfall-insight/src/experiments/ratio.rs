//! Sample-ratio tests: whether the variants have as many people at a stage as the design says.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};
use statrs::function::gamma::ln_gamma;

use super::{Arm, Stage};

/// Below this p-value the ratio is wrong (Fabijan and others, KDD 2019; diagnosis.md 6.2).
pub(super) const MISMATCH: f64 = 0.001;

/// Pearson's chi-square of counts against shares, and its p-value. `None` with fewer than two groups,
/// without cases, or when a share is not above zero.
pub fn chi_square(observed: &[u64], shares: &[f64]) -> Option<(f64, f64)> {
    let all: u64 = observed.iter().sum();
    let whole: f64 = shares.iter().sum();
    let sound = observed.len() >= 2 && observed.len() == shares.len() && all > 0;
    if !sound || shares.iter().any(|share| *share <= 0.0) {
        return None;
    }
    let statistic = observed
        .iter()
        .zip(shares)
        .map(|(count, share)| {
            let expected = all as f64 * share / whole;
            (*count as f64 - expected).powi(2) / expected
        })
        .sum();
    let freedom = observed.len() as f64 - 1.0;
    let p_value = ChiSquared::new(freedom).ok()?.sf(statistic);
    Some((statistic, p_value))
}

/// Evidence against the shares that may be looked at at any time: a likelihood ratio whose inverse is a
/// p-value at all times together (Lindon and Malek, NeurIPS 2022). Answers its logarithm.
pub fn ratio_evidence(observed: &[u64], shares: &[f64]) -> f64 {
    // As many imagined cases say that the shares are near the design; more would make small
    // deviations easier to see and large ones harder.
    const IMAGINED: f64 = 1_000.0;
    let whole: f64 = shares.iter().sum();
    let all: f64 = observed.iter().map(|count| *count as f64).sum();
    let mut log = ln_gamma(IMAGINED) - ln_gamma(IMAGINED + all);
    for (count, share) in observed.iter().zip(shares) {
        let (count, share) = (*count as f64, share / whole);
        if share <= 0.0 {
            continue;
        }
        log += ln_gamma(IMAGINED * share + count) - ln_gamma(IMAGINED * share) - count * share.ln();
    }
    log
}

/// The test at one stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The stage.
    pub stage: Stage,
    /// People of each variant that sends, in their order.
    pub people: Vec<u64>,
    /// p-value of the counts against the design.
    pub against_design: Option<f64>,
    /// p-value of equal shares of the people assigned who got here; `None` at the first stage.
    pub equal_shares: Option<f64>,
    /// The largest difference between two variants of those shares, 0 to 1.
    pub largest_difference: f64,
    /// Whether the variants differ more than chance lets them.
    pub mismatch: bool,
}

/// Tests the variants that send at a stage.
pub(super) fn at_stage(arms: &[&Arm], stage: Stage) -> Ratio {
    let people: Vec<u64> = arms.iter().map(|arm| arm.at(stage)).collect();
    let design: Vec<f64> = arms.iter().map(|arm| arm.share).collect();
    let against_design = chi_square(&people, &design).map(|(_, p)| p);
    let assigned: Vec<u64> = arms.iter().map(|arm| arm.at(Stage::Assigned)).collect();
    let equal_shares = (stage != Stage::Assigned)
        .then(|| homogeneity(&people, &assigned))
        .flatten();
    let largest_difference = if stage == Stage::Assigned {
        0.0
    } else {
        spread(&people, &assigned)
    };
    let wrong = |p: Option<f64>| p.is_some_and(|p| p < MISMATCH);
    Ratio {
        stage,
        mismatch: wrong(against_design) || wrong(equal_shares),
        people,
        against_design,
        equal_shares,
        largest_difference,
    }
}

/// p-value of equal shares in all groups; `None` when everybody or nobody got there.
fn homogeneity(hits: &[u64], of: &[u64]) -> Option<f64> {
    let (all_hits, all): (u64, u64) = (hits.iter().sum(), of.iter().sum());
    if all == 0 || all_hits == 0 || all_hits >= all || hits.len() < 2 {
        return None;
    }
    let rate = all_hits as f64 / all as f64;
    let statistic = hits
        .iter()
        .zip(of)
        .filter(|(_, of)| **of > 0)
        .map(|(hits, of)| {
            let n = *of as f64;
            (*hits as f64 - n * rate).powi(2) / (n * rate * (1.0 - rate))
        })
        .sum();
    let freedom = hits.len() as f64 - 1.0;
    Some(ChiSquared::new(freedom).ok()?.sf(statistic))
}

fn spread(hits: &[u64], of: &[u64]) -> f64 {
    let shares = || {
        hits.iter()
            .zip(of)
            .filter(|(_, of)| **of > 0)
            .map(|(hits, of)| *hits as f64 / *of as f64)
    };
    let high = shares().fold(f64::NEG_INFINITY, f64::max);
    let low = shares().fold(f64::INFINITY, f64::min);
    (high - low).max(0.0)
}

/// Counts of one slice at one stage, by variant, in the order of the variants that send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// What it is a slice by: `platform`, `version` or `reason`.
    pub dimension: String,
    /// Which: `ios 5.2`, or the reason for which people did not get to the stage.
    pub value: String,
    /// The stage at which they were counted.
    pub stage: Stage,
    /// Those who got there; for a reason, those who did not because of it.
    pub hits: Vec<u64>,
    /// Of how many of the stage before.
    pub of: Vec<u64>,
}

/// Where variants lose people differently.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Leak {
    /// What it is a slice by.
    pub dimension: String,
    /// Which.
    pub value: String,
    /// The stage.
    pub stage: Stage,
    /// Largest difference between two variants of the share that got there.
    pub difference: f64,
    /// p-value of equal shares, multiplied by the number of slices that were looked at.
    pub p_value: f64,
}

/// The slices in which variants lose people differently, the clearest first. `looked_at` slices were
/// compared, so p-values are multiplied by that number (Bonferroni).
pub fn leaks(slices: &[Slice]) -> Vec<Leak> {
    let looked_at = slices.len() as f64;
    let mut leaks: Vec<Leak> = slices
        .iter()
        .filter_map(|slice| {
            let p_value = homogeneity(&slice.hits, &slice.of)? * looked_at;
            (p_value < MISMATCH).then(|| Leak {
                dimension: slice.dimension.clone(),
                value: slice.value.clone(),
                stage: slice.stage,
                difference: spread(&slice.hits, &slice.of),
                p_value,
            })
        })
        .collect();
    leaks.sort_by(|a, b| {
        (a.stage.cmp(&b.stage))
            .then(a.p_value.total_cmp(&b.p_value))
            .then(b.difference.total_cmp(&a.difference))
    });
    leaks
}
