//! Reach of a segment with its interval.

use serde::Serialize;

use crate::rate::Z_95;

/// How many of a segment a push will reach.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reach {
    /// Tokens that providers take.
    pub valid: u64,
    /// Of them expected to be alive.
    pub expected: f64,
    /// 95 % interval of the number alive.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The reach of tokens with these probabilities of being alive.
///
/// The number alive is Poisson-binomial; its interval is the normal one. `model_error` is the standard
/// error of the probabilities that tokens of a segment share, such as 0.01: errors of the model do not
/// average out over a segment.
pub fn reach(probabilities: &[f64], model_error: f64) -> Reach {
    let n = probabilities.len() as f64;
    let expected: f64 = probabilities.iter().sum();
    let own: f64 = probabilities.iter().map(|p| p * (1.0 - p)).sum();
    let half = Z_95 * (own + (n * model_error).powi(2)).sqrt();
    Reach {
        valid: probabilities.len() as u64,
        expected,
        low: (expected - half).max(0.0),
        high: (expected + half).min(n),
    }
}
