//! Rates: a share of something, never without its denominator and its interval.

use serde::{Deserialize, Serialize};

/// A two-sided interval for a share, each end between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A share with everything that is needed to read it rightly.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// Name of what is counted.
    pub numerator: String,
    /// Name of what it is a share of.
    pub denominator: String,
    /// How many.
    pub hits: u64,
    /// Of how many.
    pub of: u64,
    /// `hits / of`; `None` when there is nothing to divide by: no data is not zero.
    pub value: Option<f64>,
    /// 95 % Wilson interval; `None` without data.
    pub interval: Option<Interval>,
}

/// The 97.5 % point of the standard normal distribution.
pub const Z_95: f64 = 1.959_963_984_540_054;

impl Rate {
    /// The share of `hits` in `of`. More hits than cases cannot be a share: the value is `None` then.
    pub fn new(numerator: &str, hits: u64, denominator: &str, of: u64) -> Self {
        let sound = of > 0 && hits <= of;
        Self {
            numerator: numerator.to_owned(),
            denominator: denominator.to_owned(),
            hits,
            of,
            value: sound.then(|| hits as f64 / of as f64),
            interval: if sound { wilson(hits, of, Z_95) } else { None },
        }
    }
}

/// Wilson's score interval for a binomial share (E. B. Wilson, JASA 22, 1927). `None` when `of` is
/// zero or smaller than `hits`. `z` is the normal quantile, [`Z_95`] for 95 %.
pub fn wilson(hits: u64, of: u64, z: f64) -> Option<Interval> {
    if of == 0 || hits > of {
        return None;
    }
    let n = of as f64;
    let share = hits as f64 / n;
    let z2 = z * z;
    let centre = share + z2 / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    // The exact ends are 0 and 1 where nothing or everything was hit; rounding must not pass them.
    let low = if hits == 0 {
        0.0
    } else {
        ((centre - half) / scale).max(0.0)
    };
    let high = if hits == of {
        1.0
    } else {
        ((centre + half) / scale).min(1.0)
    };
    Some(Interval { low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(hits: u64, of: u64, low: f64, high: f64) {
        let interval = wilson(hits, of, Z_95).expect("a share");
        assert!(
            (interval.low - low).abs() < 1e-6,
            "low {} wants {low}",
            interval.low
        );
        assert!(
            (interval.high - high).abs() < 1e-6,
            "high {} wants {high}",
            interval.high
        );
    }

    #[test]
    fn wilson_matches_published_figures() {
        // diagnosis.md 6.3.
        check(17, 20, 0.639_581_2, 0.947_631_3);
        // R: binom::binom.wilson(0, 10) and (10, 10); the ends mirror each other.
        check(0, 10, 0.0, 0.277_532_8);
        check(10, 10, 0.722_467_2, 1.0);
    }

    #[test]
    fn no_data_is_not_zero() {
        let rate = Rate::new("delivered", 0, "accepted", 0);
        assert_eq!(rate.value, None);
        assert_eq!(rate.interval, None);
        assert_eq!(Rate::new("opened", 3, "delivered", 2).value, None);
    }

    #[test]
    fn the_interval_holds_the_share() {
        for of in 1..60 {
            for hits in 0..=of {
                let Interval { low, high } = wilson(hits, of, Z_95).expect("a share");
                let share = hits as f64 / of as f64;
                assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
            }
        }
    }
}
