//! The usual methods, each with the true rate and dispersion given.

use crate::world::{RATE, WARM_UP, World};

/// A method: it folds counts into a state and answers a statistic; large is bad.
pub(crate) trait Peer {
    /// What it remembers.
    type State: Default;
    /// Where its threshold lies in any case.
    fn thresholds(&self) -> (f64, f64);
    /// Takes a bucket.
    fn observe(&self, state: &mut Self::State, world: World, cases: u64, hits: u64) -> f64;
}

/// False alarms in healthy counts, each followed by a fresh start.
pub(crate) fn alarms<P: Peer>(
    peer: &P,
    world: World,
    counts: &[(u64, u64)],
    threshold: f64,
) -> usize {
    let mut state = P::State::default();
    let mut alarms = 0;
    for (cases, hits) in counts {
        if peer.observe(&mut state, world, *cases, *hits) > threshold {
            alarms += 1;
            state = P::State::default();
        }
    }
    alarms
}

/// Buckets from the drop to the alarm; `None` when it alarmed before.
pub(crate) fn delay<P: Peer>(
    peer: &P,
    world: World,
    run: &[(u64, u64)],
    threshold: f64,
) -> Option<usize> {
    let mut state = P::State::default();
    let alarm = run
        .iter()
        .position(|(cases, hits)| peer.observe(&mut state, world, *cases, *hits) > threshold)
        .unwrap_or(run.len());
    (alarm >= WARM_UP).then(|| alarm - WARM_UP + 1)
}

fn inflation(world: World, cases: u64) -> f64 {
    1.0 + (cases as f64 - 1.0) * world.dispersion
}

/// How far below the expectation, in binomial standard deviations.
fn shortfall(cases: u64, hits: u64) -> f64 {
    let n = cases as f64;
    (n * RATE - hits as f64) / (n * RATE * (1.0 - RATE)).sqrt()
}

/// One bucket at a time.
pub(crate) struct Shewhart;

impl Peer for Shewhart {
    type State = ();
    fn thresholds(&self) -> (f64, f64) {
        (1.0, 40.0)
    }
    fn observe(&self, (): &mut (), _: World, cases: u64, hits: u64) -> f64 {
        shortfall(cases, hits)
    }
}

/// The rate of the last four buckets.
pub(crate) struct Rolling;

impl Peer for Rolling {
    type State = Vec<(u64, u64)>;
    fn thresholds(&self) -> (f64, f64) {
        (0.0, 0.92)
    }
    fn observe(&self, state: &mut Self::State, _: World, cases: u64, hits: u64) -> f64 {
        state.push((cases, hits));
        if state.len() > 4 {
            state.remove(0);
        }
        if state.len() < 4 {
            return 0.0;
        }
        let all: u64 = state.iter().map(|(cases, _)| cases).sum();
        let hits: u64 = state.iter().map(|(_, hits)| hits).sum();
        RATE - hits as f64 / all as f64
    }
}

/// Exponentially weighted residuals, each scaled by its dispersion.
pub(crate) struct Ewma;

impl Peer for Ewma {
    type State = f64;
    fn thresholds(&self) -> (f64, f64) {
        (0.0, 20.0)
    }
    fn observe(&self, state: &mut f64, world: World, cases: u64, hits: u64) -> f64 {
        let scaled = shortfall(cases, hits) / inflation(world, cases).sqrt();
        *state = 0.85 * *state + 0.15 * scaled;
        *state
    }
}

/// Binomial CUSUM for a drop by 5 %.
pub(crate) struct Cusum;

impl Peer for Cusum {
    type State = f64;
    fn thresholds(&self) -> (f64, f64) {
        (0.0, 200.0)
    }
    fn observe(&self, state: &mut f64, _: World, cases: u64, hits: u64) -> f64 {
        let fallen = RATE * 0.95;
        let misses = (cases - hits) as f64;
        let ratio =
            hits as f64 * (fallen / RATE).ln() + misses * ((1.0 - fallen) / (1.0 - RATE)).ln();
        *state = (*state + ratio).max(0.0);
        *state
    }
}

/// Generalised likelihood ratio over the last 48 buckets, counts scaled by their dispersion.
pub(crate) struct Glr;

impl Peer for Glr {
    type State = Vec<(f64, f64)>;
    fn thresholds(&self) -> (f64, f64) {
        (0.0, 60.0)
    }
    fn observe(&self, state: &mut Self::State, world: World, cases: u64, hits: u64) -> f64 {
        let scale = inflation(world, cases);
        state.push((cases as f64 / scale, hits as f64 / scale));
        if state.len() > 48 {
            state.remove(0);
        }
        let (mut n, mut x, mut most) = (0.0, 0.0, 0.0_f64);
        for (cases, hits) in state.iter().rev() {
            n += cases;
            x += hits;
            let rate: f64 = x / n;
            if rate < RATE {
                let hit = if x > 0.0 { x * (rate / RATE).ln() } else { 0.0 };
                let miss = (n - x) * ((1.0 - rate) / (1.0 - RATE)).ln();
                most = most.max(hit + miss);
            }
        }
        most
    }
}
