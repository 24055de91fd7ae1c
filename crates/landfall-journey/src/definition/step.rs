//! Steps, as the tree that a definition writes.

use std::collections::BTreeMap;

use landfall_audience::{Condition, TimeOfDay, WeekdaySet, WeeklyWindow};
use landfall_domain::ids::SegmentId;
use serde_json::Value;

use super::message::{Message, Reach};
use crate::span::Span;

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its slug, unique within the journey. Numbers in statistics hang on it across versions.
    pub id: String,
    /// What it does.
    pub kind: Kind,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Waits.
    Delay(Delay),
    /// Waits for an allowed time; goes on at once when it is one (semantics.md 6.2).
    Window(Window),
    /// Waits for a condition.
    WaitUntil(WaitUntil),
    /// One way or the other.
    Branch(Branch),
    /// The first way whose condition holds.
    MultiBranch {
        /// The ways, in order.
        paths: Vec<Path>,
        /// Where none holds.
        otherwise: Vec<Step>,
    },
    /// By chance, for good.
    Split(Vec<Share>),
    /// By chance, with the messages within marked as variants of this step.
    AbTest(Vec<Share>),
    /// This share of people, in hundredths of a percent, gets no message from here on and is counted beside
    /// the others.
    Holdout(u32),
    /// A message over one channel.
    Message(Box<Message>),
    /// One intent over several channels.
    Reach(Box<Reach>),
    /// Changes attributes.
    UpdatePerson(BTreeMap<String, Change>),
    /// Tracks an event for the person.
    EmitEvent {
        /// Its name.
        name: String,
        /// Its data.
        data: BTreeMap<String, Change>,
    },
    /// Changes a manual segment.
    Segment(SegmentEdit),
    /// Ends the run.
    Exit,
    /// Goes on at another step, further on.
    GoTo(String),
}

/// In which time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Zone {
    /// The person's, or the workspace's where the person has none.
    Person,
    /// This one, by its IANA name.
    Named(String),
}

/// How long a delay is.
#[derive(Clone, Debug, PartialEq)]
pub enum Delay {
    /// Always so long.
    For(Span),
    /// Until the next such time.
    Until(DelayUntil),
    /// As long as the data say.
    By(DelayBy),
}

/// Until a time of day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelayUntil {
    /// At which time of day.
    pub time: TimeOfDay,
    /// On which days.
    pub weekdays: WeekdaySet,
    /// In which zone.
    pub zone: Zone,
}

/// A delay computed from data: so many units of what a path says, times a factor, within bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct DelayBy {
    /// Path of a number: `event.days_of_supply`, or `person.days_of_supply`.
    pub value: String,
    /// How long one unit is.
    pub unit: Span,
    /// Multiplies it.
    pub times: f64,
    /// Never shorter.
    pub least: Span,
    /// Never longer.
    pub most: Span,
    /// Where there is no number.
    pub otherwise: Span,
}

/// Allowed times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// When it is open.
    pub open: WeeklyWindow,
    /// In which zone.
    pub zone: Zone,
}

/// What happens when the limit of a wait passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLimit {
    /// The run goes on.
    GoOn,
    /// The run ends.
    Exit,
}

/// A wait for a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitUntil {
    /// For what.
    pub condition: Condition,
    /// How long at most; `None`: for ever.
    pub limit: Option<Span>,
    /// What then.
    pub on_limit: OnLimit,
}

/// One way or the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Which: `then` when it holds.
    pub condition: Condition,
    /// The steps when it holds.
    pub then: Vec<Step>,
    /// The steps when it does not.
    pub otherwise: Vec<Step>,
}

/// A way of a multi-branch.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// When.
    pub condition: Condition,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A way of a split.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Its slug, unique within the step.
    pub id: String,
    /// How many people go it, in hundredths of a percent.
    pub hundredths: u32,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A value that a step writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// This one; null removes.
    Is(Value),
    /// What a path says: `event.sku`, `person.plan`, `run.failure_reason`.
    From(String),
}

/// A change of a manual segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentEdit {
    /// Which.
    pub segment: SegmentId,
    /// `true`: the person is added; `false`: removed.
    pub add: bool,
}
