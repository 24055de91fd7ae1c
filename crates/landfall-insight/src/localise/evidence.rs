//! How much likelier each leaf's count is under a shift than without one.

use super::Counts;
use super::expect::Expected;
use super::special::{ln_beta_binomial, logistic, logit, peak};

/// Sizes of shifts, in log-odds.
const SHIFTS: [f64; 9] = [0.06, 0.12, 0.22, 0.4, 0.7, 1.15, 1.8, 2.7, 3.8];
/// How unevenly a shift hits the leaves: standard deviation of its size between them, as a share of it.
const UNEVEN: [f64; 3] = [0.1, 0.4, 1.0];
/// Kinds of shifts: each size with each unevenness.
pub(crate) const KINDS: usize = SHIFTS.len() * UNEVEN.len();
/// Leaves at most by which the dispersion is judged: those with most cases tell most.
const SAMPLE: usize = 2_048;
/// Sizes of shifts by which leaves that moved far are kept from counting as dispersion.
const FAR: [f64; 6] = [-2.5, -1.3, -0.6, 0.6, 1.3, 2.5];
/// Shares of leaves that moved far, of which the likeliest counts.
const SHARES: [f64; 5] = [0.02, 0.1, 0.3, 0.6, 0.85];
/// Beyond this many nats a leaf is far for certain; its likelihood grows linearly from there.
const GAP: f64 = 30.0;
/// Dispersions between which the likeliest is looked for.
const GRID: [f64; 6] = [1e-7, 1e-5, 1e-4, 1e-3, 1e-2, 5e-2];
/// Largest share of variance that a shift may add; beyond, the beta distribution would have two peaks.
const WIDEST: f64 = 0.5;

/// Log-likelihood ratios of leaves.
#[derive(Debug)]
pub(crate) struct Evidence {
    /// For each leaf, for each kind of shift: log-likelihood under it less that without a shift.
    pub(crate) ratio: Vec<f32>,
    /// Variance of rates between windows beyond sampling, as a share of `p (1 - p)`.
    pub(crate) dispersion: f64,
}

/// A shift: its size in log-odds and its unevenness.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Log-odds.
    pub(crate) size: f64,
    /// Share of the size.
    pub(crate) uneven: f64,
}

/// The kinds of shifts, in the order of [`Evidence::ratio`].
pub(crate) fn kind(index: usize) -> Kind {
    Kind {
        size: SHIFTS[index / UNEVEN.len()],
        uneven: UNEVEN[index % UNEVEN.len()],
    }
}

/// Ratios for all leaves; a shift makes hits likelier.
pub(crate) fn weigh(counts: &[Counts], expected: &Expected, dispersion: f64) -> Evidence {
    let mut ratio = vec![0.0; counts.len() * KINDS];
    for (leaf, row) in ratio.chunks_exact_mut(KINDS).enumerate() {
        let count = counts[leaf];
        if count.n == 0 {
            continue;
        }
        let (rate, strength) = (
            expected.rate[leaf],
            spread(expected.strength[leaf], dispersion),
        );
        let calm = ln_beta_binomial(count.n, count.x, rate, strength);
        let odds = logit(rate);
        // A very uneven shift would explain a change in the other direction too; that is no evidence.
        let most = if count.x as f64 > count.n as f64 * rate {
            f64::INFINITY
        } else {
            0.0
        };
        for (index, cell) in row.iter_mut().enumerate() {
            let shifted = shifted_likelihood(count, odds, strength, kind(index));
            *cell = (shifted - calm).min(most) as f32;
        }
    }
    Evidence { ratio, dispersion }
}

/// Precision of a rate that is worth `strength` cases and varies between windows by `dispersion`.
fn spread(strength: f64, dispersion: f64) -> f64 {
    1.0 / (1.0 / strength + dispersion)
}

/// Log-likelihood of a leaf whose log-odds moved by the kind.
fn shifted_likelihood(count: Counts, odds: f64, strength: f64, kind: Kind) -> f64 {
    let mean = logistic(odds + kind.size);
    let deviation = kind.uneven * kind.size;
    let share = 1.0 / (strength + 1.0) + deviation * deviation * mean * (1.0 - mean);
    let strength = 1.0 / share.min(WIDEST) - 1.0;
    ln_beta_binomial(count.n, count.x, mean, strength)
}

/// The likeliest dispersion when some leaves, a few or many, moved far in either direction. Leaves for
/// which `known` says so are left out.
pub(crate) fn estimate_dispersion(
    counts: &[Counts],
    expected: &Expected,
    known: impl Fn(usize) -> bool,
) -> f64 {
    let mut leaves: Vec<usize> = (0..counts.len())
        .filter(|leaf| counts[*leaf].n > 1 && !known(*leaf))
        .collect();
    leaves.sort_unstable_by_key(|leaf| std::cmp::Reverse(counts[*leaf].n));
    leaves.truncate(SAMPLE);
    if leaves.len() < 2 {
        return 0.0;
    }
    let far: Vec<f64> = leaves
        .iter()
        .map(|&leaf| {
            let odds = logit(expected.rate[leaf]);
            let strength = expected.strength[leaf];
            let moved = FAR.map(|size| {
                shifted_likelihood(counts[leaf], odds, strength, Kind { size, uneven: 1.0 })
            });
            let largest = moved.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            largest
                + (moved.iter().map(|one| (one - largest).exp()).sum::<f64>() / FAR.len() as f64)
                    .ln()
        })
        .collect();
    let likelihood = |log_dispersion: f64| {
        let dispersion = log_dispersion.exp();
        let mut by_share = [0.0; SHARES.len()];
        for (&leaf, far) in leaves.iter().zip(&far) {
            let count = counts[leaf];
            let strength = spread(expected.strength[leaf], dispersion);
            let calm = ln_beta_binomial(count.n, count.x, expected.rate[leaf], strength);
            let gap = far - calm;
            let ratio = gap.min(GAP).exp();
            for (sum, share) in by_share.iter_mut().zip(SHARES) {
                *sum += calm + (gap - GAP).max(0.0) + (1.0 - share + share * ratio).ln();
            }
        }
        by_share.into_iter().fold(f64::NEG_INFINITY, f64::max)
    };
    // Where far leaves are many there may be two peaks.
    let at_grid = GRID.map(|dispersion| likelihood(dispersion.ln()));
    let best = (0..GRID.len())
        .max_by(|a, b| at_grid[*a].total_cmp(&at_grid[*b]))
        .unwrap_or(0);
    let low = if best == 0 {
        GRID[0] / 10.0
    } else {
        GRID[best - 1]
    };
    let high = GRID.get(best + 1).copied().unwrap_or(0.1);
    peak(low.ln(), high.ln(), 6, likelihood).exp()
}
