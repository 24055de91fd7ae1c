//! How sure contributions are: a parametric bootstrap of the funnel (diagnosis.md 2.3).
//!
//! Each draw takes new shares of the cells, new rates of every stage and new values of orders from
//! what the counts leave open, and decomposes again. Rates vary more than coins do: by the
//! dispersion that was learned from the past, and more where reports are still to come.

use serde::Serialize;

use super::DecomposeError;
use super::funnel::{self, Decomposition, Entrance, Factor, Funnel, Steps, Version};
use crate::draws::Draws;

/// From `low` to `high`: the middle 95 % of the draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Span {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Span {
    /// Whether 0 lies within: then the contribution is not distinguishable from none.
    pub fn holds_zero(self) -> bool {
        self.low <= 0.0 && self.high >= 0.0
    }
}

/// What makes rates vary, by [`Factor::index`].
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// Variance of a rate over that of independent coins, from 1 on.
    pub dispersion: [f64; Factor::ALL.len()],
    /// Share of the reports of the later period that are here, above 0, up to 1.
    pub complete: [f64; Factor::ALL.len()],
    /// Relative standard error of that share.
    pub complete_error: [f64; Factor::ALL.len()],
    /// Standard deviation of an order's value over its mean.
    pub value_variation: f64,
}

impl Default for Noise {
    /// Coins, everything reported, and orders that vary as much as they are worth.
    fn default() -> Self {
        Self {
            dispersion: [1.0; Factor::ALL.len()],
            complete: [1.0; Factor::ALL.len()],
            complete_error: [0.0; Factor::ALL.len()],
            value_variation: 1.0,
        }
    }
}

/// Intervals of everything that a [`Decomposition`] tells, in the same order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Uncertainty {
    /// Of the change of revenue.
    pub change: Span,
    /// Of each factor, in the order of [`Factor::ALL`].
    pub factors: Vec<Span>,
    /// Of each factor of each platform, in the order of [`Factor::OF_PLATFORM`].
    pub platforms: Vec<Vec<Span>>,
    /// Of each factor of each version of each platform.
    pub versions: Vec<Vec<Vec<Span>>>,
}

/// The interval of every contribution, from `draws` draws (at least 2; 400 are enough for display).
///
/// # Errors
/// As [`funnel::decompose`].
pub fn intervals(
    funnel: &Funnel,
    noise: &Noise,
    draws: usize,
    seed: u64,
) -> Result<Uncertainty, DecomposeError> {
    let mut stream = Draws::seeded(seed);
    let draws = draws.max(2);
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(draws);
    let mut shape = funnel::decompose(funnel)?;
    for _ in 0..draws {
        let mut drawn = funnel.clone();
        for after in [false, true] {
            redraw(&mut drawn, noise, after, &mut stream);
        }
        shape = funnel::decompose(&drawn)?;
        rows.push(flat(&shape));
    }
    let mut column = vec![0.0; rows.len()];
    let width = rows.first().map_or(0, Vec::len);
    let spans = (0..width).map(|at| {
        for (slot, row) in column.iter_mut().zip(&rows) {
            *slot = row[at];
        }
        middle(&mut column)
    });
    Ok(unflatten(&shape, spans.collect()))
}

/// The middle 95 % of draws, interpolated between neighbours.
fn middle(draws: &mut [f64]) -> Span {
    draws.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (draws.len() - 1) as f64;
        let below = place.floor() as usize;
        let above = (below + 1).min(draws.len() - 1);
        draws[below] + (place - below as f64) * (draws[above] - draws[below])
    };
    Span {
        low: at(0.025),
        high: at(0.975),
    }
}

fn flat(parts: &Decomposition) -> Vec<f64> {
    let mut row = vec![parts.revenue.change()];
    row.extend(&parts.factors);
    for platform in &parts.platforms {
        row.extend(&platform.factors);
        for version in &platform.versions {
            row.extend(version.factors.iter().map(|split| split.sum()));
        }
    }
    row
}

fn unflatten(shape: &Decomposition, spans: Vec<Span>) -> Uncertainty {
    let mut spans = spans.into_iter();
    let mut take = |count: usize| spans.by_ref().take(count).collect::<Vec<_>>();
    let change = take(1).first().copied().unwrap_or_default();
    let factors = take(Factor::ALL.len());
    let (mut platforms, mut versions) = (Vec::new(), Vec::new());
    for platform in &shape.platforms {
        platforms.push(take(platform.factors.len()));
        let of = platform.versions.iter();
        versions.push(of.map(|version| take(version.factors.len())).collect());
    }
    Uncertainty {
        change,
        factors,
        platforms,
        versions,
    }
}

/// Puts drawn counts into one period of a funnel.
fn redraw(funnel: &mut Funnel, noise: &Noise, after: bool, stream: &mut Draws) {
    let entrance = if after {
        &mut funnel.after
    } else {
        &mut funnel.before
    };
    let counted = *entrance;
    *entrance = enter(&counted, noise, stream);
    let growth = if counted.eligible > 0.0 {
        entrance.eligible / counted.eligible
    } else {
        1.0
    };
    let dispersion = noise.dispersion[Factor::Mix.index()].max(1.0);
    let messages = || funnel.platforms.iter().flat_map(|p| &p.messages);
    let versions = || messages().flat_map(|message| &message.versions);
    let total: f64 = versions().map(|v| pick(v, after).devices).sum();
    let weights: Vec<f64> = versions()
        .map(|version| stream.gamma(pick(version, after).devices / dispersion))
        .collect();
    let sum: f64 = weights.iter().sum();
    let mut devices = weights.into_iter().map(|weight| {
        if sum > 0.0 {
            total * growth * weight / sum
        } else {
            0.0
        }
    });
    for message in funnel.platforms.iter_mut().flat_map(|p| &mut p.messages) {
        let sides = message.versions.iter().map(|version| pick(version, after));
        let pool = sides.fold(Steps::default(), |sum, steps| sum.plus(steps));
        for version in &mut message.versions {
            let steps = if after {
                &mut version.after
            } else {
                &mut version.before
            };
            let walk = Walk {
                noise,
                after,
                pool: &pool,
            };
            *steps = walk.draw(steps, devices.next().unwrap_or(0.0), stream);
        }
    }
}

fn pick(version: &Version, after: bool) -> &Steps {
    if after {
        &version.after
    } else {
        &version.before
    }
}

/// How many qualified is known; who is covered and eligible among them is drawn.
fn enter(counted: &Entrance, noise: &Noise, stream: &mut Draws) -> Entrance {
    let mut rate = |hits: f64, of: f64, factor: Factor| {
        let dispersion = noise.dispersion[factor.index()].max(1.0);
        beta((hits, of), (hits, of), dispersion, stream)
    };
    let covered = counted.qualified * rate(counted.covered, counted.qualified, Factor::Coverage);
    Entrance {
        qualified: counted.qualified,
        covered,
        eligible: covered * rate(counted.eligible, counted.covered, Factor::Eligible),
    }
}

/// A rate of a version, from what was counted there and in its platform. The platform lends each
/// version one case at its own rate, and half a hit and half a miss are shared out among its versions:
/// so a version with few messages neither is certain nor pulls its platform away.
fn beta(own: (f64, f64), pool: (f64, f64), dispersion: f64, stream: &mut Draws) -> f64 {
    let (hits, of) = (own.0.clamp(0.0, own.1.max(0.0)), own.1);
    if of <= 0.0 {
        return 0.0;
    }
    let lent = (pool.0 / pool.1).clamp(0.0, 1.0);
    let half = 0.5 * (of / pool.1).clamp(0.0, 1.0);
    let alone = if own == pool { 0.0 } else { 1.0 };
    stream.beta(
        (hits + alone * lent + half) / dispersion,
        (of - hits + alone * (1.0 - lent) + half) / dispersion,
    )
}

/// The way of one version's pushes through the stages of one period.
struct Walk<'w> {
    noise: &'w Noise,
    after: bool,
    pool: &'w Steps,
}

impl Walk<'_> {
    fn draw(&self, counted: &Steps, devices: f64, stream: &mut Draws) -> Steps {
        let pool = self.pool;
        let mut rate = |factor: Factor, of: fn(&Steps) -> (f64, f64)| {
            self.rate(factor, of(counted), of(pool), stream)
        };
        let sent = devices * rate(Factor::Sent, |s| (s.sent, s.devices));
        let delivered = sent * rate(Factor::Delivered, |s| (s.delivered, s.sent));
        let opened = delivered * rate(Factor::Opened, |s| (s.opened, s.delivered));
        let after_open = rate(Factor::Converted, |s| (s.converted_opened, s.opened));
        let after_receipt = rate(Factor::Converted, |s| {
            (s.converted_unopened, s.delivered - s.opened)
        });
        let after_neither = rate(Factor::Converted, |s| {
            (s.converted_unconfirmed, s.sent - s.delivered)
        });
        let mut drawn = Steps {
            devices,
            sent,
            delivered,
            opened,
            converted_opened: opened * after_open,
            converted_unopened: (delivered - opened) * after_receipt,
            converted_unconfirmed: (sent - delivered) * after_neither,
            ..Steps::default()
        };
        let mut worth =
            |orders: f64, value: f64, counted: f64| orders * self.value(value, counted, stream);
        drawn.value_opened = worth(
            drawn.converted_opened,
            counted.value_opened,
            counted.converted_opened,
        );
        drawn.value_unopened = worth(
            drawn.converted_unopened,
            counted.value_unopened,
            counted.converted_unopened,
        );
        drawn.value_unconfirmed = worth(
            drawn.converted_unconfirmed,
            counted.value_unconfirmed,
            counted.converted_unconfirmed,
        );
        drawn
    }

    /// A rate of the later period is known from the reports that are here: fewer cases, and the error
    /// of what is expected to come.
    fn rate(&self, factor: Factor, own: (f64, f64), pool: (f64, f64), stream: &mut Draws) -> f64 {
        let at = factor.index();
        let mut dispersion = self.noise.dispersion[at].max(1.0);
        let mut stretch = 1.0;
        if self.after {
            dispersion /= self.noise.complete[at].clamp(1e-3, 1.0);
            if self.noise.complete_error[at] > 0.0 {
                stretch = (self.noise.complete_error[at] * stream.normal()).exp();
            }
        }
        (stretch * beta(own, pool, dispersion, stream)).min(1.0)
    }

    /// The mean value of an order, from `orders` orders that were worth `value` together.
    fn value(&self, value: f64, orders: f64, stream: &mut Draws) -> f64 {
        if orders <= 0.0 {
            return 0.0;
        }
        let (mean, variation) = (value / orders, self.noise.value_variation);
        let shape = orders / (variation * variation);
        if variation <= 0.0 || mean == 0.0 {
            mean
        } else if mean > 0.0 {
            mean * stream.gamma(shape) / shape
        } else {
            mean * (1.0 + variation / orders.sqrt() * stream.normal())
        }
    }
}
