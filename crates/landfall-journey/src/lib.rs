//! Journeys: what definitions say, what runs do, and what a goal is worth.
//!
//! - [`Definition`]: a journey as its file says it, read with every fault that it has.
//! - [`Plan`]: a version of it, compiled; [`Numbering`] keeps the numbers of its steps across versions.
//! - [`enter`] and [`advance`]: the interpreter. A [`Run`] reacts to a [`Stimulus`] with [`Effect`]s, which
//!   whoever drives it does in the transaction that stores the run.
//! - [`reach`]: the race of channels for one intent.
//! - [`occurrence`]: when products, dates and schedules come.
//! - [`forecast`]: whom a journey would reach over what, and what its fallback would cost.
//! - [`gate`]: what a journey must have before it starts.
//! - [`replay`] and [`what_if`]: living a run again, as it was or with changed facts.
//! - [`names`]: names that came from elsewhere, and their repair.
//!
//! Pure: no store, no provider, no clock, no randomness. Chance is a hash ([`chance`]).

pub mod chance;
pub mod clock;
pub mod definition;
mod effect;
pub mod forecast;
pub mod gate;
mod interpret;
pub mod money;
pub mod names;
pub mod occurrence;
mod plan;
pub mod reach;
pub mod replay;
mod run;
#[cfg(test)]
mod sample;
mod span;
mod trace;
pub mod trial;
pub mod what_if;

pub use definition::Definition;
pub use effect::{Convert, Effect, Ruling, Send};
pub use interpret::{
    Cause, EVENT_AGE_MAX, Entered, FILTER_WINDOW, HELD, History, Occasion, OnHold, Outcome,
    Prospect, RECEIPTS_COME, REFUNDABLE, Recomputed, Refusal, Setting, Stimulus, advance, enter,
    prospect, recompute, stand_still, turn_away, watched_until,
};
pub use plan::{Numbering, Plan, PlanStep, STEPS_MAX, Surroundings};
pub use run::{Assigned, Origin, Run, RunError, Sent};
pub use span::Span;
pub use trace::{Check, Line, Trace};
