//! The result of an experiment in one sentence.

use landfall_insight::experiments::{Effect, Report, VariantReport};
use serde::Serialize;

use super::{Counted, Design};

/// What can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// Nobody was assigned yet.
    NoneYet,
    /// No difference shows yet.
    NoDifferenceYet,
    /// A variant does better than the control.
    Better,
    /// A variant does worse, and none better.
    Worse,
    /// The arms were not delivered alike, so nothing is said per delivered message.
    Withheld,
}

/// The result in one sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What can be said.
    pub kind: VerdictKind,
    /// Of which variant.
    pub variant: Option<String>,
    /// The sentence.
    pub says: String,
}

/// The effect that a variant is judged by: per delivered message, and where the control sends nothing per
/// person assigned.
fn judged(variant: &VariantReport) -> Option<&Effect> {
    match &variant.per_delivered {
        Some(delivered) => delivered.effect.as_ref(),
        None => variant
            .per_assigned
            .as_ref()
            .or(variant.per_assigned_absolute.as_ref()),
    }
}

pub(super) fn verdict(design: &Design, counted: &Counted, report: &Report) -> Verdict {
    let says = |kind, variant: Option<&str>, says| Verdict {
        kind,
        variant: variant.map(str::to_owned),
        says,
    };
    if counted.people == 0 {
        return says(
            VerdictKind::NoneYet,
            None,
            "nobody was assigned yet".to_owned(),
        );
    }
    let withheld = report.variants.iter().find_map(|variant| {
        let withheld = variant.per_delivered.as_ref()?.withheld.as_ref()?;
        Some((variant.name.as_str(), withheld))
    });
    if let Some((name, withheld)) = withheld {
        let sentence = format!("no verdict per delivered message: {}", withheld.reason);
        return says(VerdictKind::Withheld, Some(name), sentence);
    }
    let unit = |variant: &VariantReport| match variant.per_delivered {
        Some(_) => "delivered message",
        None => "person assigned",
    };
    let clear = |better: bool| {
        let clear = report.variants.iter().filter_map(|variant| {
            let effect = judged(variant)?;
            let side = if better {
                effect.low > 0.0
            } else {
                effect.high < 0.0
            };
            side.then_some((variant, effect))
        });
        clear.max_by(|a, b| a.1.estimate.abs().total_cmp(&b.1.estimate.abs()))
    };
    for (better, kind, word) in [
        (true, VerdictKind::Better, "better"),
        (false, VerdictKind::Worse, "worse"),
    ] {
        if let Some((variant, effect)) = clear(better) {
            let sentence = format!(
                "`{}` converts {word} per {}: {:+.1} % ({:+.1} to {:+.1}), however often one looks",
                variant.name,
                unit(variant),
                100.0 * effect.estimate,
                100.0 * effect.low,
                100.0 * effect.high
            );
            return says(kind, Some(&variant.name), sentence);
        }
    }
    let control = design
        .trial
        .arms
        .first()
        .map_or("", |arm| arm.name.as_str());
    let sentence = format!(
        "no difference to `{control}` shows yet among {} people",
        counted.people
    );
    says(VerdictKind::NoDifferenceYet, None, sentence)
}
