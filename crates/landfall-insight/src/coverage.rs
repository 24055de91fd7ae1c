//! The waterfall from active people to those whom a push can reach: where people are lost, how they
//! move from week to week, and what each gap is worth.

mod identity;
mod waterfall;
mod worth;

pub use identity::{IdentityProblem, IdentityReport, Kind, identity_report};
pub use waterfall::{
    Flow, Place, Rung, Step, Waterfall, WaterfallError, WeekFlows, flows, waterfall,
};
pub use worth::{Amount, GapWorth, Worth, gap_worths};

#[cfg(test)]
mod tests;
