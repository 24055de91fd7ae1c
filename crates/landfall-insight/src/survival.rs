//! How likely a token still reaches anybody, and the reach of a segment (diagnosis.md 5).
//!
//! A provider takes messages for tokens that nobody holds any more, so *valid* is not *reachable*. What
//! tells is the time since the last evidence of life: an open of the app, a receipt, a refresh of the
//! token; much less its age. [`Model::learn`] learns from tokens whose fate is known how many die in each
//! interval after their last sign of life, and how many of the living are silent that long.

mod kaplan_meier;
mod model;
mod reach;

pub use kaplan_meier::{Curve, Observed, kaplan_meier, log_rank};
pub use model::{Model, Sample, Token};
pub use reach::{Calibration, Decile, Reach, calibration, reach};

#[cfg(test)]
mod tests;
