//! Two means beside each other.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::sequential::{always_valid_p, half_width};

/// Number, mean and variance of something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// How many.
    pub n: f64,
    /// Their mean.
    pub mean: f64,
    /// Their variance.
    pub variance: f64,
}

impl Moments {
    /// From sums; `None` for fewer than two.
    pub fn of_sums(n: u64, sum: f64, squares: f64) -> Option<Self> {
        if n < 2 {
            return None;
        }
        let count = n as f64;
        Some(Self {
            n: count,
            mean: sum / count,
            variance: ((squares - sum * sum / count) / (count - 1.0)).max(0.0),
        })
    }

    /// Of a share; `None` for fewer than two cases or more hits than cases.
    pub fn of_share(hits: u64, cases: u64) -> Option<Self> {
        if cases < 2 || hits > cases {
            return None;
        }
        let mean = hits as f64 / cases as f64;
        Some(Self {
            n: cases as f64,
            mean,
            variance: mean * (1.0 - mean),
        })
    }

    fn of_mean(&self) -> f64 {
        self.variance / self.n
    }
}

/// What a difference is expressed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// In units of the mean.
    Absolute,
    /// In shares of the control's mean.
    Relative,
}

/// What an interval promises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Certainty {
    /// It holds for one look at a time that was fixed before (Welch's t).
    OneLook {
        /// Probability of missing the truth.
        alpha: f64,
    },
    /// It holds however often and whenever one looks.
    AlwaysValid {
        /// Probability of ever missing the truth.
        alpha: f64,
        /// People of both variants at which it is tightest: those that are planned.
        tuned_to: f64,
    },
}

/// A difference with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// What it is expressed in.
    pub scale: Scale,
    /// The difference: variant less control.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The p-value against no difference, of the same promise as the interval.
    pub p_value: f64,
}

impl Effect {
    /// Whether no difference lies outside the interval.
    pub fn is_distinguishable(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Compares a variant with the control. `None` where there is nothing to compare: a relative effect on
/// nothing, or no variance at all.
pub fn compare(
    control: Moments,
    variant: Moments,
    scale: Scale,
    certainty: Certainty,
) -> Option<Effect> {
    let difference = variant.mean - control.mean;
    let (estimate, variance) = match scale {
        Scale::Absolute => (difference, control.of_mean() + variant.of_mean()),
        Scale::Relative => {
            // The delta method for a quotient of independent means.
            let base = control.mean * control.mean;
            let growth = variant.mean * variant.mean / base;
            (
                difference / control.mean,
                (variant.of_mean() + growth * control.of_mean()) / base,
            )
        }
    };
    if !estimate.is_finite() || !variance.is_finite() || variance <= 0.0 {
        return None;
    }
    let z2 = estimate * estimate / variance;
    let (half, p_value) = match certainty {
        Certainty::OneLook { alpha } => {
            let t = StudentsT::new(0.0, 1.0, welch(control, variant)).ok()?;
            (
                t.inverse_cdf(1.0 - alpha / 2.0) * variance.sqrt(),
                2.0 * t.sf(z2.sqrt()),
            )
        }
        Certainty::AlwaysValid { alpha, tuned_to } => {
            let people = control.n + variant.n;
            (
                half_width(variance, people, alpha, tuned_to),
                always_valid_p(z2, people, alpha, tuned_to),
            )
        }
    };
    Some(Effect {
        scale,
        estimate,
        low: estimate - half,
        high: estimate + half,
        p_value,
    })
}

/// Degrees of freedom after Welch and Satterthwaite.
fn welch(a: Moments, b: Moments) -> f64 {
    let (va, vb) = (a.of_mean(), b.of_mean());
    (va + vb).powi(2) / (va * va / (a.n - 1.0) + vb * vb / (b.n - 1.0))
}
