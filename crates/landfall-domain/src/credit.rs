//! Credits: what the conversions of a run bring to one of its deliveries, by three models side by side.
//!
//! A delivery's credits are a join-semilattice like its marks, so that they may be told twice or out of
//! order: a later computation of history replaces all earlier ones, and within one computation credits are
//! a set that only grows. What the delivery earned is a pure function of that set.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::channel::names;
use crate::marks::{Mark, Marks};
use crate::time::Timestamp;

names!(
    /// What a credit does.
    CreditKind {
        /// The goal was met, and the delivery has a share in it.
        Goal = "goal",
        /// Some of the value was taken back: amounts are negative.
        Refund = "refund",
        /// Computed anew, the delivery has no share in any conversion.
        Nothing = "nothing",
    }
);

/// A share of a conversion.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Share {
    /// Of the conversion, in millionths.
    pub weight: i64,
    /// Of its value, in millionths of the currency; 0 without a value.
    pub micros: i64,
}

/// A delivery's shares of a conversion by three models. Over all deliveries of a conversion the weights of
/// each model add up to a million, and the amounts to the value.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Shares {
    /// Everything to the last touch: the delivery that is marked converted.
    pub last: Share,
    /// Everything to the first touch.
    pub first: Share,
    /// The same to every touch.
    pub linear: Share,
}

impl Shares {
    /// Whether some model gives anything.
    const fn is_any(&self) -> bool {
        self.last.weight > 0 || self.first.weight > 0 || self.linear.weight > 0
    }

    fn add(&mut self, other: &Self, with_weights: bool) {
        for (mine, theirs) in [
            (&mut self.last, other.last),
            (&mut self.first, other.first),
            (&mut self.linear, other.linear),
        ] {
            if with_weights {
                mine.weight = mine.weight.saturating_add(theirs.weight);
            }
            mine.micros = mine.micros.saturating_add(theirs.micros);
        }
    }
}

/// One thing that a conversion brings to a delivery, or that a refund takes back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Credit {
    /// Which computation of history it belongs to: 0 as things happen, and the next number each time that
    /// history is computed anew. A later computation replaces the earlier ones.
    pub generation: u32,
    /// Goal, refund, or nothing.
    pub kind: CreditKind,
    /// How much of the conversion's value refunds had taken back before, in millionths: tells refunds of one
    /// moment apart.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub taken_before: i64,
    /// When the goal was met or the refund was made.
    pub at: Timestamp,
    /// Currency of the amounts, three letters of ISO 4217; `None`: the goal names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The delivery's shares.
    pub shares: Shares,
    /// The person is in the holdout: the delivery was never sent, and stands for those that were.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holdout: bool,
}

impl Credit {
    /// The mark under which facts tell it: *converted* of the delivery that converted by the last touch.
    pub fn mark(&self) -> Mark {
        match self.kind {
            CreditKind::Goal if self.shares.last.weight > 0 => Mark::Converted,
            _ => Mark::Credited,
        }
    }

    /// Two credits of one delivery with the same key are the same.
    pub fn dedupe_key(&self) -> String {
        let Self {
            generation,
            kind,
            taken_before,
            ..
        } = self;
        format!("credit:{generation}:{kind}:{taken_before}")
    }
}

/// The credits of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credits {
    generation: u32,
    entries: BTreeSet<Credit>,
}

/// What a delivery earned in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earned {
    /// Sums of the shares: weights of the goal, amounts less refunds.
    pub shares: Shares,
    /// In which currency; `None`: the goal names none.
    pub currency: Option<String>,
    /// The person is in the holdout.
    pub holdout: bool,
    /// When the goal was met.
    pub at: Timestamp,
}

impl Credits {
    /// Whether nothing was ever credited.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Joins a credit; returns whether it was news.
    pub fn join(&mut self, credit: &Credit) -> bool {
        if credit.generation < self.generation {
            return false;
        }
        if credit.generation > self.generation {
            self.generation = credit.generation;
            self.entries.clear();
        }
        !self.entries.contains(credit) && self.entries.insert(credit.clone())
    }

    /// The credits that count, in order of kind and time.
    pub fn iter(&self) -> impl Iterator<Item = &Credit> {
        self.entries.iter()
    }

    /// The marks that follow: *credited* when any model gives it a share, *converted* when the last touch does.
    pub fn marks(&self) -> Marks {
        let mut marks = Marks::none();
        let goals = self.iter().filter(|credit| credit.kind == CreditKind::Goal);
        for credit in goals.filter(|credit| credit.shares.is_any()) {
            marks.set(Mark::Credited, credit.at);
            marks.set(credit.mark(), credit.at);
        }
        marks
    }

    /// What it earned; `None`: it has no share in a conversion.
    pub fn earned(&self) -> Option<Earned> {
        let goal = self.iter().find(|credit| credit.kind == CreditKind::Goal)?;
        let mut earned = Earned {
            currency: goal.currency.clone(),
            holdout: goal.holdout,
            at: goal.at,
            shares: Shares::default(),
        };
        for credit in self.iter() {
            // What is taken back is taken from the value: the goal was met all the same.
            let counts = credit.kind == CreditKind::Goal;
            earned.shares.add(&credit.shares, counts);
        }
        Some(earned)
    }
}

/// An amount of millionths in the currency's smallest unit by ISO 4217, halves away from zero. Without a
/// currency, hundredths.
pub fn minor_units(micros: i64, currency: Option<&str>) -> i64 {
    let divisor: i64 = match currency.unwrap_or_default() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 1_000_000,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 1_000,
        "CLF" | "UYW" => 100,
        _ => 10_000,
    };
    let half = divisor / 2 * micros.signum();
    micros.saturating_add(half) / divisor
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
const fn is_zero(number: &i64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goal(generation: u32, last: i64, micros: i64) -> Credit {
        let share = |weight| Share {
            weight,
            micros: micros * weight / 1_000_000,
        };
        Credit {
            generation,
            kind: CreditKind::Goal,
            taken_before: 0,
            at: Timestamp::from_millis(5),
            currency: Some("EUR".to_owned()),
            shares: Shares {
                last: share(last),
                first: share(1_000_000 - last),
                linear: share(500_000),
            },
            holdout: false,
        }
    }

    fn refund(generation: u32, before: i64, micros: i64) -> Credit {
        let mut refund = goal(generation, 0, 0);
        refund.kind = CreditKind::Refund;
        refund.taken_before = before;
        refund.shares = Shares::default();
        refund.shares.last = Share {
            weight: 1_000_000,
            micros: -micros,
        };
        refund
    }

    fn joined<const N: usize>(credits: [&Credit; N]) -> Credits {
        let mut all = Credits::default();
        for credit in credits {
            all.join(credit);
        }
        all
    }

    #[test]
    fn refunds_of_one_moment_are_both_netted_and_a_repeated_one_is_not() {
        let (goal, one, two) = (
            goal(0, 1_000_000, 50_000_000),
            refund(0, 0, 5),
            refund(0, 5, 5),
        );
        let credits = joined([&two, &goal, &one, &one, &goal]);
        assert_eq!(credits, joined([&goal, &one, &two]));
        let last = credits.earned().unwrap().shares.last;
        assert_eq!((last.weight, last.micros), (1_000_000, 49_999_990));
        assert!(credits.marks().has(Mark::Converted));
        assert_ne!(one.dedupe_key(), two.dedupe_key());
    }

    #[test]
    fn a_later_computation_replaces_the_earlier_in_any_order() {
        let before = goal(0, 1_000_000, 10);
        let after = Credit {
            kind: CreditKind::Nothing,
            shares: Shares::default(),
            ..goal(1, 0, 0)
        };
        for credits in [joined([&before, &after]), joined([&after, &before])] {
            assert_eq!(credits.earned(), None);
            assert!(credits.marks().is_empty());
        }
    }

    #[test]
    fn a_share_of_another_model_is_credited_and_not_converted() {
        let marks = joined([&goal(0, 0, 10)]).marks();
        assert!(marks.has(Mark::Credited) && !marks.has(Mark::Converted));
    }

    #[test]
    fn amounts_are_in_the_smallest_unit_of_their_currency() {
        for (micros, currency, minor) in [
            (49_900_000, Some("EUR"), 4_990),
            (49_900_000, None, 4_990),
            (1_500_000, Some("JPY"), 2),
            (-1_500_000, Some("JPY"), -2),
            (1_234_500, Some("KWD"), 1_235),
            (-5_000, Some("USD"), -1),
            (-4_999, Some("USD"), 0),
        ] {
            assert_eq!(
                minor_units(micros, currency),
                minor,
                "{micros} {currency:?}"
            );
        }
    }
}
