//! Log-gamma ratios and the beta-binomial log-likelihood.

/// Logarithm of the gamma function for `z > 0`, to about ten digits: Stirling's series after moving `z` up to 8.
fn ln_gamma(z: f64) -> f64 {
    let mut shifted = z;
    let mut product = 1.0;
    while shifted < 8.0 {
        product *= shifted;
        shifted += 1.0;
    }
    let inverse = 1.0 / shifted;
    let square = inverse * inverse;
    let series = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0)));
    let correction = if product == 1.0 { 0.0 } else { product.ln() };
    (shifted - 0.5) * shifted.ln() - shifted + HALF_LN_TAU + series - correction
}

/// `ln(2 pi) / 2`.
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_7;

/// `ln(z (z + 1) ... (z + k - 1))` for `z > 0`.
pub(crate) fn ln_rising(z: f64, k: u64) -> f64 {
    if k <= 8 {
        let mut product = 1.0;
        let mut factor = z;
        for _ in 0..k {
            product *= factor;
            factor += 1.0;
        }
        product.ln()
    } else {
        ln_gamma(z + k as f64) - ln_gamma(z)
    }
}

/// Log-likelihood of `x` hits in `n` cases under a beta-binomial of mean `mean` and precision
/// `strength` (the sum of its two parameters), without the binomial coefficient.
pub(crate) fn ln_beta_binomial(n: u64, x: u64, mean: f64, strength: f64) -> f64 {
    ln_rising(strength * mean, x) + ln_rising(strength * (1.0 - mean), n - x)
        - ln_rising(strength, n)
}

/// Log-odds of a probability.
pub(crate) fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

/// The probability of log-odds.
pub(crate) fn logistic(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

/// Where a function of one variable with one peak is largest between `low` and `high`, by golden section.
pub(crate) fn peak(low: f64, high: f64, rounds: usize, value: impl Fn(f64) -> f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut low, mut high) = (low, high);
    let (mut left, mut right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut at_left, mut at_right) = (value(left), value(right));
    for _ in 0..rounds {
        if at_left >= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - GOLDEN * (high - low);
            at_left = value(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + GOLDEN * (high - low);
            at_right = value(right);
        }
    }
    f64::midpoint(low, high)
}
