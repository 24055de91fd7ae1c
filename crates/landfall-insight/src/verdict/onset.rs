//! Since when: the moment that splits a rate over time into two most clearly.

use landfall_domain::time::Timestamp;
use serde::Serialize;

/// Hits among cases in one bucket of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Beginning of the bucket.
    pub at: Timestamp,
    /// Cases.
    pub n: f64,
    /// Hits.
    pub x: f64,
}

/// When something began.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Onset {
    /// Beginning of the first bucket that was different.
    #[serde(rename = "at_ms")]
    pub at: Timestamp,
    /// Earliest beginning that the counts allow (95 %).
    #[serde(rename = "earliest_ms")]
    pub earliest: Timestamp,
    /// Latest one.
    #[serde(rename = "latest_ms")]
    pub latest: Timestamp,
    /// Rate before it.
    pub before: f64,
    /// Rate from it on.
    pub after: f64,
}

/// Log-likelihood of `x` hits among `n` at their own rate.
fn entropy(n: f64, x: f64) -> f64 {
    let part = |hits: f64| {
        if hits > 0.0 && n > 0.0 {
            hits * (hits / n).ln()
        } else {
            0.0
        }
    };
    part(x) + part(n - x)
}

/// The split with the greatest likelihood, when it is more than `threshold` standard errors clear.
/// `dispersion` is how much more than coins the rate varies, from 1.
pub fn onset(points: &[Point], dispersion: f64, threshold: f64) -> Option<Onset> {
    let total = points
        .iter()
        .fold((0.0, 0.0), |sum, p| (sum.0 + p.n, sum.1 + p.x));
    let whole = entropy(total.0, total.1);
    let (mut n, mut x) = (0.0, 0.0);
    let mut gains = Vec::with_capacity(points.len());
    for point in points {
        let gain = entropy(n, x) + entropy(total.0 - n, total.1 - x) - whole;
        gains.push((gain / dispersion.max(1.0), n, x));
        n += point.n;
        x += point.x;
    }
    let (place, best) = gains
        .iter()
        .enumerate()
        .skip(1)
        .max_by(|a, b| a.1.0.total_cmp(&b.1.0))?;
    if (2.0 * best.0.max(0.0)).sqrt() < threshold {
        return None;
    }
    // 1.92 is half of the 95 % point of a chi-squared variable with one degree of freedom.
    let near: Vec<usize> = (1..gains.len())
        .filter(|at| gains[*at].0 >= best.0 - 1.92)
        .collect();
    Some(Onset {
        at: points[place].at,
        earliest: points[*near.first()?].at,
        latest: points[*near.last()?].at,
        before: best.2 / best.1,
        after: (total.1 - best.2) / (total.0 - best.1),
    })
}
