//! Random draws from a seed, the same on every machine: for bootstraps and for calibrating detectors.
//!
//! The generator is xoshiro256++ (Blackman and Vigna, ACM TOMS 47, 2021), filled by SplitMix64. The
//! draws are exact, not approximations: a binomial with a million trials is as right as one with ten.

/// Trials up to which a binomial is drawn one trial after the other.
const FEW_TRIALS: u64 = 32;

/// A stream of draws. Two streams with one seed give the same draws.
#[derive(Clone, Debug)]
pub struct Draws {
    state: [u64; 4],
}

impl Draws {
    /// The stream of a seed.
    pub fn seeded(seed: u64) -> Self {
        let mut fill = seed;
        let state = std::array::from_fn(|_| {
            fill = fill.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = fill;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        });
        Self { state }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let c = c ^ a;
        let d = d ^ b;
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// Uniform in [0, 1), 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform among `0..bound`; 0 when `bound` is 0. The bias is below `bound` / 2^64.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Standard normal, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    /// Gamma with scale 1 (Marsaglia and Tsang, ACM TOMS 26, 2000). `shape` must be above 0.
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = (1.0 - self.unit()).powf(1.0 / shape);
            return self.gamma(shape + 1.0) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Beta; both parameters must be above 0.
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let x = self.gamma(a);
        let y = self.gamma(b);
        if x + y > 0.0 { x / (x + y) } else { 0.5 }
    }

    /// How many of `trials` succeed. Many trials are halved by drawing the middle order statistic of
    /// their uniforms (Devroye, Non-Uniform Random Variate Generation, X.4.3).
    pub fn binomial(&mut self, trials: u64, probability: f64) -> u64 {
        let mut rest = trials;
        let mut p = probability.clamp(0.0, 1.0);
        let mut hits = 0;
        while rest > FEW_TRIALS && p > 0.0 && p < 1.0 {
            let middle = rest / 2 + 1;
            let at = self.beta(middle as f64, (rest + 1 - middle) as f64);
            if at <= p {
                hits += middle;
                rest -= middle;
                p = ((p - at) / (1.0 - at)).clamp(0.0, 1.0);
            } else {
                rest = middle - 1;
                p = (p / at).clamp(0.0, 1.0);
            }
        }
        if p >= 1.0 {
            return hits + rest;
        }
        hits + (0..rest).filter(|_| self.unit() < p).count() as u64
    }

    /// Successes among `trials` whose shared probability varies around `probability` with the
    /// intra-class correlation `dispersion`, from 0 (a plain binomial) to below 1.
    pub fn beta_binomial(&mut self, trials: u64, probability: f64, dispersion: f64) -> u64 {
        if dispersion <= 0.0 || probability <= 0.0 || probability >= 1.0 {
            return self.binomial(trials, probability);
        }
        let size = (1.0 - dispersion) / dispersion;
        let p = self.beta(probability * size, (1.0 - probability) * size);
        self.binomial(trials, p)
    }

    /// How many events of a Poisson process with this mean happen.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        let mut rest = mean;
        let mut events = 0;
        // The time of the n-th event is a gamma; the events before it are a binomial.
        while rest > 30.0 {
            let ahead = (rest * 0.875).floor();
            let at = self.gamma(ahead);
            if at > rest {
                return events + self.binomial(ahead as u64 - 1, rest / at);
            }
            events += ahead as u64;
            rest -= at;
        }
        let mut product = 1.0 - self.unit();
        let limit = (-rest).exp();
        while product > limit {
            events += 1;
            product *= 1.0 - self.unit();
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance of 40,000 draws.
    fn moments(mut draw: impl FnMut(&mut Draws) -> f64) -> (f64, f64) {
        let mut draws = Draws::seeded(7);
        let values: Vec<f64> = (0..40_000).map(|_| draw(&mut draws)).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, variance)
    }

    #[track_caller]
    fn check(found: (f64, f64), mean: f64, variance: f64) {
        let slack = 5.0 * (variance / 40_000.0).sqrt();
        assert!((found.0 - mean).abs() < slack, "mean {} {mean}", found.0);
        let off = (found.1 / variance - 1.0).abs();
        assert!(off < 0.08, "variance {} wants {variance}", found.1);
    }

    #[test]
    fn draws_have_the_moments_of_their_distributions() {
        check(moments(Draws::unit), 0.5, 1.0 / 12.0);
        check(moments(Draws::normal), 0.0, 1.0);
        check(moments(Draws::exponential), 1.0, 1.0);
        for shape in [0.3, 1.0, 4.5, 200.0] {
            check(moments(|d| d.gamma(shape)), shape, shape);
        }
        check(moments(|d| d.beta(2.0, 6.0)), 0.25, 0.25 * 0.75 / 9.0);
        for (n, p) in [(5, 0.92), (40, 0.1), (1_000, 0.003), (1_000_000, 0.92)] {
            let (mean, n_p) = (n as f64 * p, n as f64 * p * (1.0 - p));
            check(moments(|d| d.binomial(n, p) as f64), mean, n_p);
        }
        for mean in [0.4, 12.0, 3_000.0] {
            check(moments(|d| d.poisson(mean) as f64), mean, mean);
        }
        let inflated = 200.0 * 0.92 * 0.08 * (1.0 + 199.0 * 0.01);
        check(
            moments(|d| d.beta_binomial(200, 0.92, 0.01) as f64),
            184.0,
            inflated,
        );
    }

    #[test]
    fn a_binomial_of_many_trials_has_the_probabilities_of_the_formula() {
        let mut draws = Draws::seeded(3);
        let mut counts = [0_u32; 41];
        for _ in 0..60_000 {
            counts[draws.binomial(40, 0.5) as usize] += 1;
        }
        // P(20 of 40) = C(40, 20) / 2^40.
        let share = f64::from(counts[20]) / 60_000.0;
        assert!((share - 0.125_370_688).abs() < 0.006, "{share}");
    }

    #[test]
    fn a_seed_says_everything() {
        let mut one = Draws::seeded(11);
        let mut other = Draws::seeded(11);
        for _ in 0..100 {
            assert_eq!(one.bits(), other.bits());
        }
        assert_ne!(Draws::seeded(12).bits(), Draws::seeded(11).bits());
    }

    #[test]
    fn certain_and_impossible_things_are_so() {
        let mut draws = Draws::seeded(5);
        assert_eq!(draws.binomial(10_000, 1.0), 10_000);
        assert_eq!(draws.binomial(10_000, 0.0), 0);
        assert_eq!(draws.beta_binomial(10, 1.0, 0.1), 10);
        assert_eq!(draws.below(0), 0);
        assert!(draws.below(3) < 3);
    }
}
