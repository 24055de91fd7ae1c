//! What journeys have to be told of.

use std::sync::Arc;

use landfall_audience::{EventInHand, Touched};
use landfall_domain::activity::EventKind;
use landfall_domain::event_data::EventData;
use landfall_domain::ids::{DeliveryKey, JourneyId, PersonKey, RunKey, SegmentId};
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use landfall_domain::run::EndCause;
use landfall_domain::time::Timestamp;

/// One thing that journeys have to be told of, in the order in which it happened.
#[derive(Clone, Debug)]
pub(super) enum Stir {
    /// A person did something, and what that may have changed.
    Did(PersonKey, Arc<EventInHand>, Touched),
    /// Something about a person changed.
    Changed(PersonKey, Touched),
    /// A person entered (`true`) or left a segment.
    Segment(PersonKey, SegmentId, bool),
    /// Marks came to a delivery of a run.
    Told(RunKey, DeliveryKey, Vec<(Mark, Timestamp)>, Option<Reason>),
    /// A run's timer rang.
    Wake(RunKey),
    /// A run's conversions are computed anew.
    Recompute(RunKey),
    /// A run belongs to another person now.
    Adopt(RunKey),
    /// A run is over.
    End(RunKey, EndCause),
    /// A person comes to the door of a journey.
    Enter(PersonKey, JourneyId, Arc<EventInHand>),
    /// A date of a person comes.
    Date(PersonKey, JourneyId, Timestamp),
    /// A person is gone; the cause is for the runs.
    Gone(PersonKey, EndCause),
}

/// What a call or a schedule stands for, for conditions and templates.
pub(super) fn event_of(name: &str, data: &EventData, now: Timestamp) -> EventInHand {
    EventInHand::new(EventKind::Event, name, data, now)
}

/// The run as deliveries name it.
pub(super) fn run_text(run: RunKey) -> String {
    format!("run-{}", run.0)
}

/// The run that a delivery names; `None`: none of ours.
pub(super) fn run_of_text(text: &str) -> Option<RunKey> {
    text.strip_prefix("run-")?.parse().ok().map(RunKey)
}
