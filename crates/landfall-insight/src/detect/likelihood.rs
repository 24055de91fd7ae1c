//! How much likelier counts are at one rate than at another.

use statrs::function::gamma::ln_gamma;

/// Intra-class correlation below which counts are taken for plain binomials: sums of the logarithms of
/// gamma functions lose their digits there.
const PLAIN_BELOW: f64 = 1e-7;

/// Natural logarithm of the likelihood of `hits` among `cases` at the rate `changed` over that at the
/// rate `usual`. Counts are beta-binomial with the intra-class correlation `dispersion`, from 0 (plain
/// binomial) to below 1; rates are between 0 and 1, both excluded.
pub fn log_ratio(hits: u64, cases: u64, usual: f64, changed: f64, dispersion: f64) -> f64 {
    Counts::new(hits, cases, usual, dispersion).log_ratio(changed)
}

/// Counts beside their usual rate, to be compared with several others.
pub(crate) struct Counts {
    hits: f64,
    misses: f64,
    usual: f64,
    /// Parameters of the beta distribution together, and the likelihood at the usual rate; `None` for
    /// plain binomials.
    varying: Option<(f64, f64)>,
}

impl Counts {
    pub(crate) fn new(hits: u64, cases: u64, usual: f64, dispersion: f64) -> Self {
        let hits = hits.min(cases) as f64;
        let misses = cases as f64 - hits;
        let varying = (dispersion >= PLAIN_BELOW).then(|| {
            let size = (1.0 - dispersion) / dispersion;
            (size, log_likelihood(hits, misses, usual, size))
        });
        Self {
            hits,
            misses,
            usual,
            varying,
        }
    }

    pub(crate) fn log_ratio(&self, changed: f64) -> f64 {
        match self.varying {
            Some((size, at_usual)) => {
                log_likelihood(self.hits, self.misses, changed, size) - at_usual
            }
            None => {
                self.hits * (changed / self.usual).ln()
                    + self.misses * ((1.0 - changed) / (1.0 - self.usual)).ln()
            }
        }
    }
}

/// Logarithm of the likelihood, without what does not depend on the rate.
fn log_likelihood(hits: f64, misses: f64, rate: f64, size: f64) -> f64 {
    log_rising(rate * size, hits) + log_rising((1.0 - rate) * size, misses)
}

/// Logarithm of `from (from + 1) ... (from + steps - 1)`.
fn log_rising(from: f64, steps: f64) -> f64 {
    if steps < 8.0 {
        let mut product = 1.0;
        let mut step = 0.0;
        while step < steps {
            product *= from + step;
            step += 1.0;
        }
        return product.ln();
    }
    ln_gamma(from + steps) - ln_gamma(from)
}
