//! Random numbers for generated cubes: exact binomial and beta draws from a seed.

/// A generator (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Between 0 and 1, neither included.
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// One of `0..count`.
    pub fn below(&mut self, count: usize) -> usize {
        ((self.uniform() * count as f64) as usize).min(count - 1)
    }

    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Marsaglia and Tsang, ACM TOMS 26, 2000.
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * self.uniform().powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let x = self.gamma(a);
        x / (x + self.gamma(b))
    }

    /// By order statistics: the median of `n` uniform numbers is beta, and halves what is left.
    pub fn binomial(&mut self, n: u64, p: f64) -> u64 {
        let (mut n, mut p, mut hits) = (n, p, 0);
        while n > 32 {
            let middle = n / 2 + 1;
            let y = self.beta(middle as f64, (n + 1 - middle) as f64);
            if y >= p {
                n = middle - 1;
                p /= y;
            } else {
                hits += middle;
                n -= middle;
                p = (p - y) / (1.0 - y);
            }
        }
        hits + (0..n).filter(|_| self.uniform() < p).count() as u64
    }

    /// Hits of `n` cases whose rate varies around `p` with the intra-class correlation `rho`.
    pub fn beta_binomial(&mut self, n: u64, p: f64, rho: f64) -> u64 {
        if rho <= 0.0 {
            return self.binomial(n, p);
        }
        let strength = 1.0 / rho - 1.0;
        let rate = self.beta(p * strength, (1.0 - p) * strength);
        self.binomial(n, rate)
    }
}
