//! What a gap is worth: the people lost in it, as many of them as would pass the later steps, times what
//! messages bring per person within reach.

use serde::{Deserialize, Serialize};

use super::{Step, Waterfall};
use crate::rate::Z_95;

/// An amount of money with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// The estimate.
    pub estimate: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Amount {
    /// So many times as much, for a factor of at least 0 that is known exactly.
    #[must_use]
    pub const fn times(self, factor: f64) -> Self {
        Self {
            estimate: self.estimate * factor,
            low: self.low * factor,
            high: self.high * factor,
        }
    }
}

/// What it brings to have a person within reach.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worth {
    /// Revenue per person within reach and period that would not be there without messages, from a
    /// holdout where there is one.
    pub per_person: Amount,
    /// How much people in the gaps spend beside people within reach, such as 0.5: who opens the app
    /// less buys less. Above 0.
    pub engagement: f64,
}

/// What one gap is worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GapWorth {
    /// The step at which people are lost.
    pub step: Step,
    /// How many.
    pub lost: u64,
    /// How many of them would come within reach if none were lost here: the others are lost later.
    pub would_reach: f64,
    /// What they would bring in the period. The interval holds what is uncertain about the revenue per
    /// person and about the later steps.
    pub worth: Amount,
}

/// What each gap is worth, the largest first. The worths do not add up: who passes one step meets the
/// next.
pub fn gap_worths(waterfall: &Waterfall, worth: &Worth) -> Vec<GapWorth> {
    let mut gaps: Vec<GapWorth> = waterfall
        .rungs
        .iter()
        .enumerate()
        .filter(|(_, rung)| rung.lost > 0)
        .map(|(nth, rung)| {
            let later = &waterfall.rungs[nth + 1..];
            // The variance of the logarithm of a product of shares is the sum of theirs.
            let (mut passes, mut variance) = (1.0, 0.0);
            for rung in later.iter().filter(|rung| rung.before > 0) {
                let share = rung.after as f64 / rung.before as f64;
                passes *= share;
                if rung.after > 0 {
                    variance += (1.0 - share) / rung.after as f64;
                }
            }
            let would_reach = rung.lost as f64 * passes;
            let people = would_reach * worth.engagement;
            GapWorth {
                step: rung.step,
                lost: rung.lost,
                would_reach,
                worth: times(worth.per_person, people, variance),
            }
        })
        .collect();
    gaps.sort_by(|a, b| b.worth.estimate.total_cmp(&a.worth.estimate));
    gaps
}

/// An amount per person times people whose logarithm has some variance: the half-widths of the two
/// sources join as independent ones do.
fn times(per_person: Amount, people: f64, variance: f64) -> Amount {
    let estimate = per_person.estimate * people;
    let of_people = Z_95 * variance.sqrt() * estimate.abs();
    let below = (per_person.estimate - per_person.low) * people;
    let above = (per_person.high - per_person.estimate) * people;
    Amount {
        estimate,
        low: estimate - below.hypot(of_people),
        high: estimate + above.hypot(of_people),
    }
}
