//! When conversion per delivered message is honest, and what to say when it is not (diagnosis.md 6.2).

use serde::Serialize;

use super::comparison::{Certainty, Effect, Moments, Scale, compare};
use super::ratio::{Leak, MISMATCH, Ratio};
use super::{Arm, Stage};

/// Difference of the delivered shares above which variants count as delivered differently: one point.
const POINT: f64 = 0.01;
/// Among few people chance alone makes more than a point: such a difference must be rarer than this by chance.
const BY_CHANCE: f64 = 0.05;

/// Why there is no verdict per delivered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Withheld {
    /// The first stage at which variants have other numbers than the design says.
    pub stage: Stage,
    /// What is wrong, as a sentence.
    pub reason: String,
    /// Where people are lost, if slices show it.
    pub leak: Option<Leak>,
}

/// Conversion per delivered message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PerDelivered {
    /// The effect, relative to the control; `None` when withheld or when there is too little.
    pub effect: Option<Effect>,
    /// Why it is withheld.
    pub withheld: Option<Withheld>,
    /// The difference within groups that were alike before sending, pooled; absolute.
    pub post_stratified: Option<Effect>,
    /// Bounds of the difference among people whom both variants would have reached; absolute.
    pub bounds: Option<Bounds>,
}

/// Bounds of an effect that cannot be pinned down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bounds {
    /// The smallest effect that the counts allow.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

/// Why a verdict per delivered is withheld: the first of the stages up to the receipt that disagrees
/// with the design.
pub(super) fn withheld(ratios: &[Ratio], leaks: &[Leak]) -> Option<Withheld> {
    let wrong = ratios.iter().find(|ratio| {
        let unlike =
            ratio.largest_difference > POINT && ratio.equal_shares.is_some_and(|p| p < BY_CHANCE);
        ratio.stage <= Stage::Receipt
            && (ratio.mismatch || (ratio.stage == Stage::Receipt && unlike))
    })?;
    let leak = leaks.iter().find(|leak| leak.stage == wrong.stage);
    let stage = wrong.stage.name();
    let mut reason = match (wrong.against_design, wrong.equal_shares) {
        (Some(p), _) if p < MISMATCH => {
            format!(
                "the numbers of people {stage} do not have the ratio of the design (p = {p:.1e})"
            )
        }
        (_, Some(p)) if p < MISMATCH => {
            format!("different shares of the variants were {stage} (p = {p:.1e})")
        }
        _ => format!(
            "the shares that were {stage} differ by {:.1} points",
            100.0 * wrong.largest_difference
        ),
    };
    if let Some(leak) = leak {
        reason.push_str(&format!(
            "; most clearly at {} {}, by {:.1} points",
            leak.dimension,
            leak.value,
            100.0 * leak.difference
        ));
    }
    Some(Withheld {
        stage: wrong.stage,
        reason,
        leak: leak.cloned(),
    })
}

/// Conversion of delivered messages: the verdict, or what stands in for it.
pub(super) fn per_delivered(
    control: &Arm,
    variant: &Arm,
    withheld: Option<Withheld>,
    certainty: Certainty,
) -> PerDelivered {
    let delivered =
        |arm: &Arm| Moments::of_share(arm.converted_of_delivered, arm.at(Stage::Receipt));
    let effect = if withheld.is_some() {
        None
    } else {
        delivered(control)
            .zip(delivered(variant))
            .and_then(|(a, b)| compare(a, b, Scale::Relative, certainty))
    };
    let differs = withheld.is_some();
    PerDelivered {
        effect,
        withheld,
        post_stratified: post_stratified(control, variant, certainty),
        bounds: differs.then(|| lee_bounds(control, variant)).flatten(),
    }
}

/// The difference of conversion per delivered within strata, weighted by the people delivered in both.
/// It removes what the strata explain of different delivery. `None` without strata.
pub fn post_stratified(control: &Arm, variant: &Arm, certainty: Certainty) -> Option<Effect> {
    let mut parts = Vec::new();
    let mut all = 0.0;
    for stratum in &control.strata {
        let Some(other) = variant.strata.iter().find(|s| s.name == stratum.name) else {
            continue;
        };
        let pair = Moments::of_share(stratum.converted, stratum.delivered)
            .zip(Moments::of_share(other.converted, other.delivered));
        if let Some((a, b)) = pair {
            all += a.n + b.n;
            parts.push((a, b));
        }
    }
    if parts.is_empty() {
        return None;
    }
    let (mut means, mut variances) = ((0.0, 0.0), (0.0, 0.0));
    for (a, b) in parts {
        let weight = (a.n + b.n) / all;
        means.0 += weight * a.mean;
        means.1 += weight * b.mean;
        variances.0 += weight * weight * a.variance / a.n;
        variances.1 += weight * weight * b.variance / b.n;
    }
    // Moments whose variance of the mean is that of the weighted sum.
    let pooled = |mean, variance: f64, n: f64| Moments {
        n,
        mean,
        variance: variance * n,
    };
    let a = pooled(means.0, variances.0, control.at(Stage::Receipt) as f64);
    let b = pooled(means.1, variances.1, variant.at(Stage::Receipt) as f64);
    compare(a, b, Scale::Absolute, certainty)
}

/// Lee's bounds (Review of Economic Studies 76, 2009): the variant that reached more people is trimmed
/// by the excess, once of its best, once of its worst. They hold if the variant with the lower share
/// reached nobody whom the other missed. `None` without deliveries.
pub fn lee_bounds(control: &Arm, variant: &Arm) -> Option<Bounds> {
    let share = |arm: &Arm| {
        let assigned = arm.at(Stage::Assigned);
        (assigned > 0).then(|| arm.at(Stage::Receipt) as f64 / assigned as f64)
    };
    let rate = |arm: &Arm| {
        let delivered = arm.at(Stage::Receipt);
        (delivered > 0).then(|| arm.converted_of_delivered as f64 / delivered as f64)
    };
    let (of_control, of_variant) = (share(control)?, share(variant)?);
    let (a, b) = (rate(control)?, rate(variant)?);
    let higher = of_control.max(of_variant);
    let kept = of_control.min(of_variant) / higher;
    let trimmed = |p: f64| {
        let without_best = ((p - (1.0 - kept)) / kept).max(0.0);
        let without_worst = (p / kept).min(1.0);
        (without_best, without_worst)
    };
    if of_variant >= of_control {
        let (low, high) = trimmed(b);
        Some(Bounds {
            low: low - a,
            high: high - a,
        })
    } else {
        let (low, high) = trimmed(a);
        Some(Bounds {
            low: b - high,
            high: b - low,
        })
    }
}

/// The effect of a message on the people whom it reached, from an experiment whose control gets none:
/// the difference per assigned, over the share that was reached (Angrist, Imbens and Rubin, JASA 91,
/// 1996). Absolute. `None` when nobody was reached or the control sends.
pub fn complier_effect(control: &Arm, variant: &Arm, certainty: Certainty) -> Option<Effect> {
    let a = Moments::of_share(control.converted, control.at(Stage::Assigned))?;
    let b = Moments::of_share(variant.converted, variant.at(Stage::Assigned))?;
    let reached = variant.at(Stage::Receipt) as f64 / b.n;
    if !control.silent || reached <= 0.0 {
        return None;
    }
    let effect = (b.mean - a.mean) / reached;
    // Variance of what is left of a person's conversion when the effect is taken out of the reached.
    let both = variant.converted_of_delivered as f64 / b.n;
    let mean = b.mean - effect * reached;
    let square = b.mean - 2.0 * effect * both + effect * effect * reached;
    let rest = Moments {
        variance: (square - mean * mean).max(0.0) / (reached * reached),
        mean: effect,
        ..b
    };
    let base = Moments {
        variance: a.variance / (reached * reached),
        mean: 0.0,
        ..a
    };
    compare(base, rest, Scale::Absolute, certainty)
}
