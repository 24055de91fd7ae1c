//! Confidence sequences: intervals that hold at all times together, so that looking early is allowed.
//!
//! The mixtures are those of Howard, Ramdas, McAuliffe and Sekhon (Annals of Statistics 49, 2021); each
//! is a non-negative supermartingale in the sum `s` and the intrinsic time `v`. The interval for effects
//! is the asymptotic one of Waudby-Smith and others (arXiv 2103.06476, equation 9).

use statrs::function::beta::{beta_reg, ln_beta};
use statrs::function::erf::erfc;
use statrs::function::gamma::{gamma_lr, ln_gamma};

use crate::rate::Interval;

/// A mixture of exponential supermartingales, tuned to be tightest at one intrinsic time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mixture {
    /// For sums that may go both ways and have sub-Gaussian increments.
    TwoSidedNormal {
        /// Variance of the mixing distribution, inverted.
        rho: f64,
    },
    /// The same for sums that are watched on one side.
    OneSidedNormal {
        /// As above.
        rho: f64,
    },
    /// For sub-exponential increments with the scale `c`.
    GammaExponential {
        /// As above.
        rho: f64,
        /// Scale, above 0.
        c: f64,
    },
    /// For increments between `-g` and `h`, watched on one side or on both.
    BetaBinomial {
        /// Size of the mixing distribution.
        r: f64,
        /// The lowest increment, negated.
        g: f64,
        /// The highest increment.
        h: f64,
        /// Whether only sums above zero are watched.
        one_sided: bool,
    },
}

/// The mixing parameter that is best at the intrinsic time `v_opt` and the level `alpha`.
fn best_rho(v_opt: f64, alpha: f64) -> f64 {
    let depth = 2.0 * (1.0 / alpha).ln();
    v_opt / (depth + (1.0 + depth).ln())
}

impl Mixture {
    /// See [`Mixture::TwoSidedNormal`]; tightest at `v_opt` and the level `alpha`.
    pub fn two_sided_normal(v_opt: f64, alpha: f64) -> Self {
        let rho = best_rho(v_opt, alpha);
        Self::TwoSidedNormal { rho }
    }

    /// See [`Mixture::OneSidedNormal`].
    pub fn one_sided_normal(v_opt: f64, alpha: f64) -> Self {
        let rho = best_rho(v_opt, 2.0 * alpha);
        Self::OneSidedNormal { rho }
    }

    /// See [`Mixture::GammaExponential`].
    pub fn gamma_exponential(v_opt: f64, alpha: f64, c: f64) -> Self {
        let rho = best_rho(v_opt, 2.0 * alpha);
        Self::GammaExponential { rho, c }
    }

    /// See [`Mixture::BetaBinomial`].
    pub fn beta_binomial(v_opt: f64, alpha: f64, (g, h): (f64, f64), one_sided: bool) -> Self {
        let rho = best_rho(v_opt, if one_sided { 2.0 * alpha } else { alpha });
        let r = (rho - g * h).max(1e-3 * g * h);
        Self::BetaBinomial { r, g, h, one_sided }
    }

    /// Logarithm of the supermartingale at the sum `s` and the intrinsic time `v`.
    pub fn log_value(&self, s: f64, v: f64) -> f64 {
        match *self {
            Self::TwoSidedNormal { rho } => {
                0.5 * (rho / (v + rho)).ln() + s * s / (2.0 * (v + rho))
            }
            Self::OneSidedNormal { rho } => {
                let z = s / (v + rho).sqrt();
                let below = 0.5 * erfc(-z / std::f64::consts::SQRT_2);
                0.5 * (4.0 * rho / (v + rho)).ln() + 0.5 * z * z + below.ln()
            }
            Self::GammaExponential { rho, c } => gamma_exponential(s, v, rho, c),
            Self::BetaBinomial { r, g, h, one_sided } => {
                let up = (s + v / h) / (g + h);
                let down = (v / g - s) / (g + h);
                let prior = (r / (h * (g + h)), r / (g * (g + h)));
                let mixed = |up: f64, down: f64| {
                    let whole = ln_beta(prior.0 + up, prior.1 + down);
                    if one_sided {
                        let share = beta_reg(prior.1 + down, prior.0 + up, h / (g + h));
                        whole + share.ln()
                    } else {
                        whole
                    }
                };
                mixed(up, down)
                    - mixed(0.0, 0.0)
                    - up * (g / (g + h)).ln()
                    - down * (h / (g + h)).ln()
            }
        }
    }

    /// The sum that is reached at the intrinsic time `v` with a probability of at most `alpha`, ever.
    pub fn bound(&self, v: f64, alpha: f64) -> f64 {
        let wanted = (1.0 / alpha).ln();
        let mut high = match *self {
            Self::BetaBinomial { g, .. } => v / g,
            _ => v.max(1.0),
        };
        if !matches!(self, Self::BetaBinomial { .. }) {
            while self.log_value(high, v) < wanted && high < 1e300 {
                high *= 2.0;
            }
        }
        if self.log_value(high, v) < wanted {
            return high;
        }
        root(0.0, high, |s| self.log_value(s, v) >= wanted)
    }
}

fn gamma_exponential(s: f64, v: f64, rho: f64, c: f64) -> f64 {
    let scale = c * c;
    let prior = rho / scale;
    let time = (v + rho) / scale;
    let sum = (c * s + v) / scale;
    prior * prior.ln() - ln_gamma(prior) - gamma_lr(prior, prior).ln()
        + ln_gamma(time)
        + gamma_lr(time, sum + prior).ln()
        - time * (sum + prior).ln()
        + sum
}

/// The point between `low` and `high` from which on something holds, by halving.
fn root(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    0.5 * (low + high)
}

/// The interval of a share that holds at all times together with the confidence `1 - alpha`: `hits` of
/// `cases`, tightest at `tuned_to` cases. `None` without cases or with more hits than cases.
pub fn bernoulli_interval(hits: u64, cases: u64, alpha: f64, tuned_to: f64) -> Option<Interval> {
    if cases == 0 || hits > cases {
        return None;
    }
    let n = cases as f64;
    let share = hits as f64 / n;
    let refuted = |p: f64| {
        let variance = p * (1.0 - p);
        let mixture = Mixture::beta_binomial(variance * tuned_to, 0.05, (p, 1.0 - p), false);
        mixture.log_value((share - p) * n, variance * n) >= (1.0 / alpha).ln()
    };
    let low = if hits == 0 {
        0.0
    } else {
        root(0.0, share, |p| p > 0.0 && !refuted(p))
    };
    let high = if hits == cases {
        1.0
    } else {
        root(share, 1.0, |p| p >= 1.0 || refuted(p))
    };
    Some(Interval { low, high })
}

/// Half the width of the asymptotic confidence sequence for an estimate with the variance `variance`
/// from `people` people, at the level `alpha`, tightest at `tuned_to` people.
pub fn half_width(variance: f64, people: f64, alpha: f64, tuned_to: f64) -> f64 {
    let time = people * tightness(alpha, tuned_to);
    (variance * 2.0 * (time + 1.0) / time * ((time + 1.0).sqrt() / alpha).ln()).sqrt()
}

/// The p-value that holds at all times together for the squared z-value `z2`.
pub(super) fn always_valid_p(z2: f64, people: f64, alpha: f64, tuned_to: f64) -> f64 {
    let time = people * tightness(alpha, tuned_to);
    let log = 0.5 * (time + 1.0).ln() - 0.5 * z2 * time / (time + 1.0);
    log.exp().min(1.0)
}

/// The squared rate of the mixing distribution.
fn tightness(alpha: f64, tuned_to: f64) -> f64 {
    let depth = -2.0 * alpha.ln();
    (depth + (1.0 + depth).ln()) / tuned_to
}
