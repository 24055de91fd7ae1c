//! The result of an experiment, with everything that qualifies it.

use serde::Serialize;

use super::comparison::{Certainty, Effect, Moments, Scale, compare};
use super::delivered::{PerDelivered, complier_effect, per_delivered, withheld};
use super::money::{Revenue, incremental};
use super::ratio::{Leak, Ratio, Slice, at_stage, leaks};
use super::{Arm, Span, Stage};

/// What is known about an experiment: people who were assigned in time that counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// The variants; the first is the control.
    pub arms: Vec<Arm>,
    /// Counts of slices that may show where people are lost, by the variants that send.
    pub slices: Vec<Slice>,
    /// Probability of ever claiming an effect that is not there, such as 0.05.
    pub alpha: f64,
    /// People that were planned; intervals are tightest there.
    pub planned: u64,
    /// Time that does not count.
    pub excluded: Vec<Span>,
}

/// One variant beside the control.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariantReport {
    /// Its name.
    pub name: String,
    /// Conversion per person assigned, relative to the control: what the business gets.
    pub per_assigned: Option<Effect>,
    /// Conversion per person assigned, in shares.
    pub per_assigned_absolute: Option<Effect>,
    /// Conversion per delivered message; `None` when the control sends nothing.
    pub per_delivered: Option<PerDelivered>,
    /// Effect on the people who were reached, when the control sends nothing.
    pub complier: Option<Effect>,
    /// Revenue per person assigned.
    pub revenue: Revenue,
    /// Revenue that would not be there without the messages, when the control sends nothing.
    pub incremental_revenue: Option<Effect>,
}

/// The result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The tests of the numbers of people at each stage.
    pub ratios: Vec<Ratio>,
    /// Slices in which variants lose people differently, the clearest of the earliest stage first.
    pub leaks: Vec<Leak>,
    /// The variants beside the control, which is not among them.
    pub variants: Vec<VariantReport>,
    /// Time that does not count.
    pub excluded: Vec<Span>,
}

/// Evaluates an experiment. All intervals hold at all times together.
pub fn report(experiment: &Experiment) -> Report {
    let certainty = Certainty::AlwaysValid {
        alpha: experiment.alpha,
        tuned_to: experiment.planned.max(100) as f64,
    };
    let everybody: Vec<&Arm> = experiment.arms.iter().collect();
    let senders: Vec<&Arm> = everybody.iter().copied().filter(|a| !a.silent).collect();
    let ratios: Vec<Ratio> = Stage::ALL
        .into_iter()
        .map(|stage| {
            // Who sends nothing takes part in the assignment only.
            let arms = if stage == Stage::Assigned {
                &everybody
            } else {
                &senders
            };
            at_stage(arms, stage)
        })
        .collect();
    let leaks = leaks(&experiment.slices);
    let variants = match experiment.arms.split_first() {
        Some((control, variants)) => variants
            .iter()
            .map(|variant| variant_report(control, variant, &ratios, &leaks, certainty))
            .collect(),
        None => Vec::new(),
    };
    Report {
        ratios,
        leaks,
        variants,
        excluded: experiment.excluded.clone(),
    }
}

fn variant_report(
    control: &Arm,
    variant: &Arm,
    ratios: &[Ratio],
    leaks: &[Leak],
    certainty: Certainty,
) -> VariantReport {
    let assigned = |arm: &Arm| Moments::of_share(arm.converted, arm.at(Stage::Assigned));
    let both = assigned(control).zip(assigned(variant));
    let per_assigned = |scale| both.and_then(|(a, b)| compare(a, b, scale, certainty));
    VariantReport {
        name: variant.name.clone(),
        per_assigned: per_assigned(Scale::Relative),
        per_assigned_absolute: per_assigned(Scale::Absolute),
        per_delivered: (!control.silent && !variant.silent)
            .then(|| per_delivered(control, variant, withheld(ratios, leaks), certainty)),
        complier: complier_effect(control, variant, certainty),
        revenue: Revenue::between(&control.revenue, &variant.revenue, certainty),
        incremental_revenue: control
            .silent
            .then(|| incremental(&control.revenue, &variant.revenue, certainty))
            .flatten(),
    }
}
