//! Before the start: how many people are needed, and what the people there are can show.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

use super::sequential::half_width;

/// What is wanted of an experiment on a rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// Rate of the control, above 0 and below 1.
    pub rate: f64,
    /// Share of the people that goes to the variant, above 0 and below 1.
    pub share: f64,
    /// Probability of claiming an effect that is not there, such as 0.05.
    pub alpha: f64,
    /// Probability of finding the effect that is there, such as 0.8.
    pub power: f64,
    /// Whether the interval must hold at every look. It costs people.
    pub always_valid: bool,
}

impl Plan {
    /// Standard error of the difference with `people` people in all when the variant has `changed`.
    fn deviation(&self, changed: f64, people: f64) -> f64 {
        let control = self.rate * (1.0 - self.rate) / (people * (1.0 - self.share));
        let variant = changed * (1.0 - changed) / (people * self.share);
        (control + variant).sqrt()
    }

    /// Whether `people` people show a difference to `changed` with the wanted power.
    fn shows(&self, changed: f64, people: f64) -> bool {
        let deviation = self.deviation(changed, people);
        let reach = if self.always_valid {
            half_width(deviation * deviation, people, self.alpha, people)
        } else {
            quantile(1.0 - self.alpha / 2.0) * deviation
        };
        (changed - self.rate).abs() >= reach + quantile(self.power) * deviation
    }
}

fn quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// People in both variants that show a relative effect, such as 0.1 for a rate that is a tenth higher.
/// `None` when no number does: no effect, or a rate outside 0 to 1.
pub fn people_needed(plan: &Plan, relative: f64) -> Option<u64> {
    let changed = plan.rate * (1.0 + relative);
    if relative == 0.0 || !(0.0..=1.0).contains(&changed) {
        return None;
    }
    let (mut low, mut high) = (1_u64, 1 << 50);
    if !plan.shows(changed, high as f64) {
        return None;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if plan.shows(changed, middle as f64) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

/// The smallest relative rise that `people` people show with the wanted power. `None` when even
/// certainty in the variant would not show.
pub fn smallest_effect(plan: &Plan, people: u64) -> Option<f64> {
    if people < 4 || !plan.shows(1.0, people as f64) {
        return None;
    }
    let (mut low, mut high) = (plan.rate, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if plan.shows(middle, people as f64) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high / plan.rate - 1.0)
}
