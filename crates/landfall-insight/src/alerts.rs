//! Alerts that are right: one incident for each cause, rules tried on history before they are saved,
//! and silence while a cause is known and being worked on.
//!
//! Detectors and rules give [`Signal`]s. [`group`] joins those that have one cause into findings;
//! [`Desk::take`] turns findings into incidents and says what to tell whom. Everything is a function of
//! signals and times; who sends the messages is somewhere else.

mod backtest;
mod desk;
mod incident;
mod message;
mod rule;
mod signal;
mod watch;

pub use backtest::{Backtest, Episode, Found, Known, Point, Windows, backtest};
pub use desk::{Desk, Tell};
pub use incident::{Action, Entry, Incident, IncidentError, State};
pub use message::{Account, Breakdown, Message};
pub use rule::{Against, AtWork, Condition, Counts, Fault, Judgement, Rule, read_rules};
pub use signal::{Finding, Metric, Signal, SliceOf, group};
pub use watch::{Alarm, Memory, Place, Settings, Settled, Span, Tally, Watch};

#[cfg(test)]
mod tests;
