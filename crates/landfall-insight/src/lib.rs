//! Numbers that do not mislead: rates with their denominator and interval, and whether they settle.
//!
//! Pure functions over counts. The API, the command line and later the page and the alerts call the
//! same ones.

pub mod alerts;
pub mod coverage;
pub mod decompose;
pub mod delivered;
pub mod detect;
pub mod discovery;
pub mod draws;
pub mod experiments;
pub mod localise;
pub mod metrics;
pub mod rate;
pub mod runbook;
pub mod settling;
pub mod silence;
pub mod survival;
pub mod verdict;

pub use rate::{Interval, Rate, wilson};
pub use settling::Settling;
pub use silence::{Heard, Silence, silence};
