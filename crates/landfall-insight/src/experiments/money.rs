//! Revenue in experiments: a few large orders must not decide.
//!
//! A person's revenue counts up to a cap that is fixed before the start, from earlier orders. The
//! verdict is about capped revenue, whose mean behaves; what lies above the cap is told beside it.

use serde::{Deserialize, Serialize};

use super::comparison::{Certainty, Effect, Moments, Scale, compare};

/// Revenue of people, each person's counted up to a cap as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CappedSum {
    /// People, those without an order among them.
    pub people: u64,
    /// All their revenue.
    pub sum: f64,
    /// Their revenue, each up to the cap.
    pub capped: f64,
    /// Squares of that.
    pub squares: f64,
    /// People above the cap.
    pub above: u64,
}

impl CappedSum {
    /// Adds a person who spent `amount`; refunds may make it negative, and they are capped likewise.
    pub fn add(&mut self, amount: f64, cap: f64) {
        let counted = amount.clamp(-cap, cap);
        self.people += 1;
        self.sum += amount;
        self.capped += counted;
        self.squares += counted * counted;
        self.above += u64::from(amount.abs() > cap);
    }

    /// Number, mean and variance of capped revenue; `None` for fewer than two people.
    pub fn moments(&self) -> Option<Moments> {
        Moments::of_sums(self.people, self.capped, self.squares)
    }
}

/// The cap for a coming experiment, from revenue of earlier buyers: the amount that one in 200 of them
/// passes. `None` without any.
pub fn cap_of(amounts: &mut [f64]) -> Option<f64> {
    const PASSES: f64 = 1.0 / 200.0;
    if amounts.is_empty() {
        return None;
    }
    let at = ((amounts.len() as f64 * (1.0 - PASSES)) as usize).min(amounts.len() - 1);
    let (_, cap, _) = amounts.select_nth_unstable_by(at, f64::total_cmp);
    Some(*cap)
}

/// Revenue of a variant beside the control's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Revenue {
    /// Capped revenue per person, variant less control.
    pub per_person: Option<Effect>,
    /// The same relative to the control.
    pub relative: Option<Effect>,
    /// Revenue per person without the cap, variant less control: only a figure, it has no interval.
    pub uncapped_difference: Option<f64>,
    /// Share of the variant's revenue that lies above the cap.
    pub above_cap: Option<f64>,
}

impl Revenue {
    pub(super) fn between(control: &CappedSum, variant: &CappedSum, certainty: Certainty) -> Self {
        let both = control.moments().zip(variant.moments());
        let effect = |scale| both.and_then(|(a, b)| compare(a, b, scale, certainty));
        let mean = |sum: &CappedSum| (sum.people > 0).then(|| sum.sum / sum.people as f64);
        Self {
            per_person: effect(Scale::Absolute),
            relative: effect(Scale::Relative),
            uncapped_difference: mean(control).zip(mean(variant)).map(|(a, b)| b - a),
            above_cap: (variant.sum > 0.0).then(|| (variant.sum - variant.capped) / variant.sum),
        }
    }
}

/// Revenue that would not be there without the messages: the difference to a holdout, times the people
/// who were not held out. The effect is in money, with its interval.
pub fn incremental(
    holdout: &CappedSum,
    treated: &CappedSum,
    certainty: Certainty,
) -> Option<Effect> {
    let effect = compare(
        holdout.moments()?,
        treated.moments()?,
        Scale::Absolute,
        certainty,
    )?;
    let people = treated.people as f64;
    Some(Effect {
        estimate: effect.estimate * people,
        low: effect.low * people,
        high: effect.high * people,
        ..effect
    })
}
