//! Versions below platforms.
//!
//! The first level decomposes over platforms, whose rates are pooled over their versions. The second
//! one splits the change of each pooled rate into what changed within versions and what changed
//! because people moved between them, by Kitagawa's symmetric weights. A version that appears is
//! compared with what its platform did before, and counts as a change within; one that vanishes
//! counts as people having moved. A flat table of platform and version would call a broken release a
//! change of the mix (diagnosis.md 0.3, 2.2).

use serde::Serialize;

use super::{Cell, DecomposeError, Product, Shift, attribute};

/// Counts along the stages of one version in one period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// How many entered, and how many passed each stage after that.
    pub stages: Vec<f64>,
    /// What those who passed the last stage are worth together.
    pub value: f64,
}

/// One version of a platform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Counts in the period to compare with.
    pub before: Tally,
    /// Counts in the period that is looked at.
    pub after: Tally,
}

/// A platform with its versions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its versions.
    pub members: Vec<Member>,
}

/// The contributions of one platform.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupPart {
    /// The platform.
    pub name: String,
    /// What its growing or shrinking share contributed.
    pub mix: f64,
    /// What each stage contributed, the value of the last one included, in order.
    pub stages: Vec<f64>,
    /// Its rates, pooled over its versions; carried over from the whole, or from the other period,
    /// where nobody entered the stage.
    pub rates: Vec<Shift>,
    /// Its versions.
    pub members: Vec<MemberPart>,
}

/// The part of a version in the contributions of its platform.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemberPart {
    /// The version.
    pub name: String,
    /// For each stage, as in [`GroupPart::stages`].
    pub stages: Vec<Split>,
}

/// What a version contributed to one stage of its platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Split {
    /// Because its own rate changed, or because it is new and unlike what its platform did before.
    pub within: f64,
    /// Because people moved to it or away, measured against what its platform did before.
    pub mix: f64,
}

impl Split {
    /// Both together.
    pub fn sum(self) -> f64 {
        self.within + self.mix
    }
}

/// The whole decomposition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nested {
    /// The value in both periods.
    pub total: Shift,
    /// Contributions of the factors of everything.
    pub whole: Vec<f64>,
    /// Contributions by platform.
    pub groups: Vec<GroupPart>,
}

/// Rates along a tally: each stage over the one before, and value over the last. `None` where nobody
/// entered: a rate with denominator 0 is undefined, never 0.
pub fn rates(tally: &Tally) -> Vec<Option<f64>> {
    let stages = &tally.stages;
    let divide = |hits: f64, of: f64| (of != 0.0).then(|| hits / of);
    let mut rates: Vec<_> = stages.windows(2).map(|w| divide(w[1], w[0])).collect();
    rates.push(divide(tally.value, stages.last().copied().unwrap_or(0.0)));
    rates
}

/// Rates with the undefined ones carried: from the parent in the same period, else from the cell's
/// own other period. 0 where nobody ever entered, which changes nothing as the share is 0 as well.
pub fn carried(
    own: &[Option<f64>],
    parent: &[Option<f64>],
    other_period: &[Option<f64>],
) -> Vec<f64> {
    let lines = own.iter().zip(parent).zip(other_period);
    lines
        .map(|((own, parent), other)| own.or(*parent).or(*other).unwrap_or(0.0))
        .collect()
}

/// Adds tallies up.
pub fn pooled<'t>(tallies: impl Iterator<Item = &'t Tally>) -> Tally {
    let mut pool = Tally::default();
    for tally in tallies {
        pool.stages
            .resize(pool.stages.len().max(tally.stages.len()), 0.0);
        for (sum, stage) in pool.stages.iter_mut().zip(&tally.stages) {
            *sum += stage;
        }
        pool.value += tally.value;
    }
    pool
}

/// Decomposes `whole` times the value of all groups, each taken relative to those who entered.
/// The last factor of `whole` must be how many entered, or lead there with the others.
///
/// # Errors
/// As [`attribute`].
pub fn decompose(whole: &[Shift], groups: &[Group]) -> Result<Nested, DecomposeError> {
    let sides = groups.iter().map(|group| {
        let before = pooled(group.members.iter().map(|member| &member.before));
        let after = pooled(group.members.iter().map(|member| &member.after));
        (before, after)
    });
    let sides: Vec<(Tally, Tally)> = sides.collect();
    let all = (
        pooled(sides.iter().map(|side| &side.0)),
        pooled(sides.iter().map(|side| &side.1)),
    );
    let parent = (rates(&all.0), rates(&all.1));
    let entered = |tally: &Tally| tally.stages.first().copied().unwrap_or(0.0);
    let totals = (entered(&all.0), entered(&all.1));
    let cells = sides.iter().map(|(before, after)| {
        let own = (rates(before), rates(after));
        let factors = carried(&own.0, &parent.0, &own.1)
            .into_iter()
            .zip(carried(&own.1, &parent.1, &own.0))
            .map(|(before, after)| Shift::new(before, after))
            .collect();
        Cell {
            share: share(entered(before), entered(after), totals),
            factors,
        }
    });
    let product = Product {
        whole: whole.to_vec(),
        cells: cells.collect(),
    };
    let parts = attribute(&product)?;
    let groups = groups.iter().enumerate().map(|(index, group)| GroupPart {
        name: group.name.clone(),
        mix: parts.mix[index],
        stages: parts.factors[index].clone(),
        rates: product.cells[index].factors.clone(),
        members: members(group, &product.cells[index].factors, &parts.slopes[index]),
    });
    Ok(Nested {
        total: parts.total,
        whole: parts.whole,
        groups: groups.collect(),
    })
}

/// A share in both periods. A period in which nobody entered has no shares: the other one's hold.
fn share(before: f64, after: f64, totals: (f64, f64)) -> Shift {
    match totals {
        (0.0, 0.0) => Shift::default(),
        (0.0, total) => Shift::new(after / total, after / total),
        (total, 0.0) => Shift::new(before / total, before / total),
        (first, second) => Shift::new(before / first, after / second),
    }
}

fn members(group: &Group, pooled_rates: &[Shift], slopes: &[f64]) -> Vec<MemberPart> {
    let mut parts: Vec<MemberPart> = group
        .members
        .iter()
        .map(|member| MemberPart {
            name: member.name.clone(),
            stages: Vec::with_capacity(slopes.len()),
        })
        .collect();
    for (stage, slope) in slopes.iter().enumerate() {
        let splits = kitagawa(&sights(group, stage), pooled_rates[stage].before);
        for (part, split) in parts.iter_mut().zip(splits) {
            part.stages.push(Split {
                within: slope * split.within,
                mix: slope * split.mix,
            });
        }
    }
    parts
}

/// Weight and rate of one version at one stage, in both periods; no rate without weight.
#[derive(Clone, Copy)]
struct Sight {
    weight: Shift,
    rate: (Option<f64>, Option<f64>),
}

fn sights(group: &Group, stage: usize) -> Vec<Sight> {
    let input = |tally: &Tally| tally.stages.get(stage).copied().unwrap_or(0.0);
    let total = |pick: fn(&Member) -> &Tally| -> f64 {
        group.members.iter().map(|member| input(pick(member))).sum()
    };
    let (before, after) = (total(|m| &m.before), total(|m| &m.after));
    let weight = |tally: &Tally, total: f64| {
        if total == 0.0 {
            0.0
        } else {
            input(tally) / total
        }
    };
    let rate = |tally: &Tally| rates(tally).get(stage).copied().flatten();
    let sight = group.members.iter().map(|member| Sight {
        weight: Shift::new(weight(&member.before, before), weight(&member.after, after)),
        rate: (rate(&member.before), rate(&member.after)),
    });
    sight.collect()
}

/// Splits the change of a pooled rate among its members. `pool` is the pooled rate before, which
/// every member is measured against. The parts add up to the change of the pooled rate wherever
/// anybody is there after.
fn kitagawa(sights: &[Sight], pool: f64) -> Vec<Split> {
    let sum = |of: &dyn Fn(&Sight) -> f64| sights.iter().map(of).sum::<f64>();
    let new = sum(&|s| {
        if s.weight.before == 0.0 {
            s.weight.after
        } else {
            0.0
        }
    });
    let gone = sum(&|s| {
        if s.weight.after == 0.0 {
            s.weight.before
        } else {
            0.0
        }
    });
    let (stayed_after, stayed_before) = (1.0 - new, 1.0 - gone);
    let split = |sight: &Sight| match sight.rate {
        (Some(before), Some(after)) if stayed_before > 0.0 && stayed_after > 0.0 => {
            let (first, second) = (
                sight.weight.before / stayed_before,
                sight.weight.after / stayed_after,
            );
            Split {
                within: stayed_after * (first + second) / 2.0 * (after - before),
                mix: stayed_after * (second - first) * ((before + after) / 2.0 - pool),
            }
        }
        (None, Some(after)) => Split {
            within: sight.weight.after * (after - pool),
            mix: 0.0,
        },
        (Some(before), None) if stayed_before > 0.0 => Split {
            within: 0.0,
            mix: -stayed_after * sight.weight.before / stayed_before * (before - pool),
        },
        _ => Split::default(),
    };
    sights.iter().map(split).collect()
}
