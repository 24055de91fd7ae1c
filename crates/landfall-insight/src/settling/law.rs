//! Laws of counts, small and exact where counts are small.

use statrs::distribution::{ContinuousCDF as _, Normal};

/// Quantile of a negative binomial count with that mean and variance `mean + mean^2 x dispersion`
/// (Poisson's law when the dispersion is 0). `share` lies between 0 and 1.
pub(super) fn negative_binomial(mean: f64, dispersion: f64, share: f64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    if mean > 300.0 {
        return gamma_quantile(mean, mean + mean * mean * dispersion, share);
    }
    let ratio = mean * dispersion / (1.0 + mean * dispersion);
    let mut chance = if dispersion > 1e-9 {
        (-(1.0 + mean * dispersion).ln() / dispersion).exp()
    } else {
        (-mean).exp()
    };
    let (mut below, mut count) = (chance, 0.0);
    while below < share && count < 100_000.0 {
        chance *= if dispersion > 1e-9 {
            (count + 1.0 / dispersion) / (count + 1.0) * ratio
        } else {
            mean / (count + 1.0)
        };
        below += chance;
        count += 1.0;
    }
    count
}

/// Quantile of a gamma variable of that mean and variance, by Wilson and Hilferty's cube.
fn gamma_quantile(mean: f64, variance: f64, share: f64) -> f64 {
    let ninth = variance / (9.0 * mean * mean);
    let cube = 1.0 - ninth + normal_quantile(share) * ninth.sqrt();
    mean * cube.max(0.0).powi(3)
}

/// The standard normal law.
fn normal() -> Normal {
    Normal::standard()
}

/// Quantile of the standard normal law.
pub(crate) fn normal_quantile(share: f64) -> f64 {
    normal().inverse_cdf(share)
}

/// Chance that a standard normal variable lies below `z`.
pub(crate) fn normal_below(z: f64) -> f64 {
    normal().cdf(z)
}

/// Chance of at most `seen` hits among `of` cases at rate `rate`, when rates vary with intra-class
/// correlation `rho` (beta-binomial law; binomial for 0).
pub(super) fn beta_binomial_below(seen: u64, of: u64, rate: f64, rho: f64) -> f64 {
    if seen >= of || rate <= 0.0 {
        return 1.0;
    }
    if rate >= 1.0 {
        return 0.0;
    }
    let n = of as f64;
    if of > 20_000 {
        let variance = n * rate * (1.0 - rate) * (1.0 + (n - 1.0) * rho);
        return normal_below((seen as f64 + 0.5 - n * rate) / variance.sqrt());
    }
    // Up to the constant, chances in logarithms, each from the one before.
    let size = if rho > 1e-12 {
        (1.0 - rho) / rho
    } else {
        f64::INFINITY
    };
    let (a, b) = (rate * size, (1.0 - rate) * size);
    let step = |k: f64| {
        let odds = if size.is_finite() {
            (a + k) / (b + n - k - 1.0)
        } else {
            rate / (1.0 - rate)
        };
        ((n - k) / (k + 1.0) * odds).ln()
    };
    let mut log = if size.is_finite() {
        (0..of)
            .map(|i| ((b + i as f64) / (a + b + i as f64)).ln())
            .sum()
    } else {
        n * (1.0 - rate).ln()
    };
    let mut below = f64::exp(log);
    for k in 0..seen {
        log += step(k as f64);
        below += f64::exp(log);
    }
    below.min(1.0)
}
