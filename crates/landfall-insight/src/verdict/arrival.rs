//! Delivery, or only its measurement? When receipts fall and messages do not arrive, opens fall with
//! them. When messages arrive and only the reports are lost, opens stay.

use serde::Serialize;

use super::Ratio;

/// What opens say about receipts that became fewer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// Opens fell as receipts did: messages do not arrive.
    Fell,
    /// Opens stayed: messages arrive unreported.
    Stayed,
    /// There are too few opens to tell.
    Unknown,
}

/// Twice the log-likelihood ratio that decides: odds of about seven to one.
const DECIDES: f64 = 4.0;

/// Compares two explanations of the opens among sent messages: that they fell in the proportion in
/// which delivered ones did, and that they stayed. `delivered` and `opened` are shares of sent.
pub fn judge_arrival(delivered: &Ratio, opened: &Ratio, dispersion: f64) -> Arrival {
    let (Some(delivered), Some(open)) = (delivered.rate(), opened.rate()) else {
        return Arrival::Unknown;
    };
    if delivered.before <= 0.0 || open.before <= 0.0 {
        return Arrival::Unknown;
    }
    let fallen = open.before * (delivered.after / delivered.before).min(1.0);
    // Both explanations rest on the rate before, which is not known exactly either.
    let likelihood = |rate: f64| {
        let rate = rate.clamp(1e-9, 1.0 - 1e-9);
        let variance = dispersion.max(1.0)
            * (opened.of.after * rate * (1.0 - rate)
                + opened.of.after.powi(2) * rate * (1.0 - rate) / opened.of.before);
        let off = opened.hits.after - opened.of.after * rate;
        -off * off / (2.0 * variance) - variance.ln() / 2.0
    };
    let twice = 2.0 * (likelihood(open.before) - likelihood(fallen));
    if twice > DECIDES {
        Arrival::Stayed
    } else if twice < -DECIDES {
        Arrival::Fell
    } else {
        Arrival::Unknown
    }
}
