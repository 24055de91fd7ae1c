//! How likely a token still reaches anybody, and the reach of a segment (diagnosis.md 5).
//!
//! A provider takes messages for tokens that nobody holds any more, so *valid* is not *reachable*. What
//! tells is the time since the last evidence of life: an open of the app, a receipt, a refresh of the
//! token; much less its age. [`Model::learn`] learns from the lives of tokens how many of the silent return
//! and how many are rejected in each interval of silence, and so how many are alive; [`held_out`] tells whether
//! what it expects comes true.

mod calibration;
mod kaplan_meier;
mod life;
mod model;
mod rates;
mod reach;

pub use calibration::{Calibration, Decile, calibration, held_out};
pub use kaplan_meier::{Curve, Observed, kaplan_meier, log_rank};
pub use life::{End, Ending, Kind, Life, Sign, Silence};
pub use model::{
    Cell, Estimate, Evidence, Model, REJECTIONS_MIN, Row, SILENCE_DAYS, Table, interval_of,
};
pub use reach::{Reach, reach};

#[cfg(test)]
mod tests;
