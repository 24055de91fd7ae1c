//! Experiments that are read honestly (diagnosis.md 6): per assigned, per delivered, per person who
//! complied; intervals that hold however often one looks; revenue that a few large orders do not
//! decide; and no verdict per delivered when the variants were not delivered alike.

mod arms;
mod comparison;
mod delivered;
mod guardrail;
mod money;
mod power;
mod ratio;
mod report;
mod sequential;

pub use arms::{Arm, Stage, Stratum};
pub use comparison::{Certainty, Effect, Moments, Scale, compare};
pub use delivered::{Bounds, PerDelivered, Withheld, complier_effect, lee_bounds, post_stratified};
pub use guardrail::{Guardrail, Health, Hold, OnTrouble, Resume, Span, Step};
pub use money::{CappedSum, Revenue, cap_of, incremental};
pub use power::{Plan, people_needed, smallest_effect};
pub use ratio::{Leak, Ratio, Slice, chi_square, leaks, ratio_evidence};
pub use report::{Experiment, Report, VariantReport, report};
pub use sequential::{Mixture, bernoulli_interval, half_width};

#[cfg(test)]
mod tests;
