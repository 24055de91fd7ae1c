//! The rules: what an input needs to see, and what it changes.
//!
//! [`decide`] is the one pure function behind the one door (product.md, principle 1). It reads and
//! changes a [`WorkingSet`]; the engine stores the outcome in one transaction. An input that is not
//! applied changes nothing.

mod deliveries;
mod devices;
mod identity;
mod merge;
mod people;

use crate::input::{Body, Input, Source};
use crate::time::Timestamp;
use crate::working_set::{Want, WorkingSet};

/// What became of an input. Every variant is an accepted input; bad input never gets here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It changed something, or was recorded.
    Applied,
    /// The same input came before.
    Duplicate,
    /// It concerns a delivery that is not known yet: kept, and joined when the delivery appears.
    Quarantined,
    /// It names nobody, or somebody who is suppressed: nothing happens, as documented.
    Ignored,
}

/// The circumstances of an input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// Which door.
    pub(crate) source: Source,
    /// When it happened: the sender's time, not after `now`.
    pub(crate) at: Timestamp,
    /// When the sender uploaded it, by its clock.
    pub(crate) sent_at: Option<Timestamp>,
    /// Whether the sender's time lay in the future and was clamped to `now`.
    pub(crate) clamped: bool,
    /// When we took it.
    pub(crate) now: Timestamp,
}

/// What must be loaded before [`decide`] may see `input`.
pub fn wants(input: &Input) -> Want {
    let _ = input;
    Want::default()
}

/// Applies `input` at `now` to the working set, which holds at least what [`wants`] asked for.
pub fn decide(set: &mut WorkingSet, input: &Input, now: Timestamp) -> Taken {
    let arrival = Arrival {
        source: input.source,
        at: input.at.map_or(now, |at| at.min(now)),
        sent_at: input.sent_at,
        clamped: input.at.is_some_and(|at| at > now),
        now,
    };
    match &input.body {
        Body::Receipt { .. } | Body::Unsubscribe { .. } => deliveries::receipt(set, input, arrival),
        Body::Delivery(report) => deliveries::report(set, report, arrival),
        Body::Name { names } => deliveries::name(set, names),
        _ => Taken::Ignored,
    }
}
