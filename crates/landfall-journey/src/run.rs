//! A run: one person's way through one version of a journey, in a few hundred bytes.

use landfall_audience::EventInHand;
use landfall_domain::activity::EventKind;
use landfall_domain::ids::{JourneyId, PersonKey};
use landfall_domain::reason::Reason;
use landfall_domain::run::RunState;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::reach::Race;

/// Version of the encoding, its first byte.
const VERSION: u8 = 3;
/// The version before it, whose runs end before [`Run::arms`].
const VERSION_BEFORE: u8 = 2;
/// The first version, whose runs end before [`Met::generation`].
const VERSION_FIRST: u8 = 1;
/// What follows in the version before: chance gave the person no arm that somebody noted.
const MISSING_BEFORE: [u8; 1] = [0];
/// What follows in the first version: generation and version zero, nobody counted the rows of the trace, and
/// no arm.
const MISSING_FIRST: [u8; 4] = [0; 4];

/// One person's way through one version of a journey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Whose.
    pub person: PersonKey,
    /// Through which journey.
    pub journey: JourneyId,
    /// Through which version of it: that of the start, whatever is edited since.
    pub version: u32,
    /// When it started.
    pub started_at: Timestamp,
    /// Where it stands.
    pub state: RunState,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When it has to be looked at next if nothing happens before; `None`: never by itself.
    pub due: Option<Timestamp>,
    /// What started it.
    pub origin: Origin,
    pub(crate) cursor: Cursor,
    /// Whether the person waited since messages last looked at the filter.
    pub(crate) waited: bool,
    /// Whether the person is in the holdout.
    pub(crate) holdout: bool,
    /// Whether anything but waiting happened.
    pub(crate) acted: bool,
    /// Deliveries made.
    pub(crate) sent: Vec<Sent>,
    /// Number of the reason of the last message that failed; numbers of reasons never change, places of
    /// enum variants may.
    pub(crate) failure: Option<u16>,
    pub(crate) goal: Met,
    /// How many rows its trace has; `None`: nobody counted them yet.
    pub(crate) traced: Option<u32>,
    /// The arms of tests that chance gave the person, in the order in which the run came to them.
    pub(crate) arms: Vec<Assigned>,
}

/// The arm of a test, of a split or of a holdout that chance gave the person of a run. What is assigned while
/// a test is held is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    /// Which step of the plan, by its place in [`crate::Plan::steps`].
    pub step: u16,
    /// Which of its ways, by place; of a holdout 0 is *held out* and 1 is *not held out*.
    pub way: u16,
    /// When.
    pub at: Timestamp,
}

/// What started a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Event, page or screen with its name; `None`: no event.
    pub event: Option<(EventKind, String)>,
    /// When it happened.
    pub at: Timestamp,
    /// What of its data the journey reads, as JSON; empty without any.
    pub data: String,
}

/// Where a run stands in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Cursor {
    /// Before the first step: the filter does not hold yet, and there is time until then
    /// (semantics.md 6.1).
    Door { until: Timestamp },
    /// About to do a step.
    At(u16),
    /// Waiting in a step; it ends by itself then.
    Waiting { at: u16, until: Option<Timestamp> },
    /// In a reach step, whose first delivery is this one.
    Reaching { at: u16, first: u16, race: Race },
    /// Past the last step.
    Over,
}

/// A delivery that a run made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Which step of the plan, by its place there.
    pub(crate) step: u16,
    /// What became of it, by bits.
    pub(crate) flags: u8,
    /// When it was made.
    pub at: Timestamp,
    /// When it was first delivered, opened and clicked.
    pub(crate) touches: [Option<Timestamp>; 3],
}

impl Sent {
    /// It was never meant to go.
    pub(crate) const REFUSED: u8 = 1;
    /// It was asked for to be taken back.
    pub(crate) const REVOKED: u8 = 1 << 1;
    /// It will not reach anybody any more.
    pub(crate) const ENDED: u8 = 1 << 2;
    /// A provider took it.
    pub(crate) const ACCEPTED: u8 = 1 << 3;
    /// Its receipt came when another channel had been sent already.
    pub(crate) const LATE: u8 = 1 << 4;
    /// It was refused because the person is in the holdout.
    pub(crate) const HELD_OUT: u8 = 1 << 5;
    /// It was handed over to a provider at least once.
    pub(crate) const HANDED: u8 = 1 << 6;

    pub(crate) const fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether it may still be on its way to a provider.
    pub(crate) const fn is_open(&self) -> bool {
        self.flags & (Self::REFUSED | Self::ENDED | Self::ACCEPTED) == 0
    }

    /// Which step of the plan made it, by its place in [`crate::Plan::steps`].
    pub const fn step(&self) -> u16 {
        self.step
    }

    /// Whether it was handed over to a provider.
    pub const fn is_handed_over(&self) -> bool {
        self.is(Self::HANDED | Self::ACCEPTED)
    }

    /// Whether a provider took it.
    pub const fn is_accepted(&self) -> bool {
        self.is(Self::ACCEPTED)
    }

    /// When it was first delivered, as far as reports say; an open proves it.
    pub const fn delivered_at(&self) -> Option<Timestamp> {
        self.touches[0]
    }

    /// When it was first opened.
    pub const fn opened_at(&self) -> Option<Timestamp> {
        self.touches[1]
    }

    /// Whether its receipt came when the fallback was out already: the person may have seen both.
    pub const fn is_late(&self) -> bool {
        self.is(Self::LATE)
    }
}

/// What a run knows about its goal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Met {
    /// When it was first met, credited or not.
    pub(crate) at: Option<Timestamp>,
    /// What met it and found no touch that it could be credited to: one may still be reported.
    pub(crate) open: Vec<Hit>,
    /// What was credited.
    pub(crate) hit: Option<Hit>,
    /// The deliveries that got the credit, by place, first touch first.
    pub(crate) credits: Vec<u16>,
    /// How much was taken back, in millionths.
    pub(crate) refunded: i64,
    /// How often this was computed anew from history; credits carry it.
    pub(crate) generation: u32,
    /// The version whose goal the run was computed anew by, and is measured by since; 0: its own.
    pub(crate) version: u32,
}

/// One meeting of a goal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hit {
    /// When.
    pub(crate) at: Timestamp,
    /// Its value in millionths.
    pub(crate) value: Option<i64>,
    /// Its currency; empty without one.
    pub(crate) currency: String,
    /// What refunds are matched by; empty without refunds.
    pub(crate) key: String,
}

impl Met {
    /// Whether somebody got the credit.
    pub(crate) fn is_credited(&self) -> bool {
        !self.credits.is_empty()
    }

    /// How much can still be taken back, in millionths.
    pub(crate) fn left(&self) -> i64 {
        let value = self.hit.as_ref().and_then(|hit| hit.value);
        (value.unwrap_or(0) - self.refunded).max(0)
    }
}

/// Why bytes are not a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// Written by a later version of the program.
    #[error("the run has version {0}, which this program does not know: update the program")]
    UnknownVersion(u8),
    /// Damaged.
    #[error("the run is damaged: restore the store from a backup")]
    Damaged,
}

impl Run {
    /// The run in bytes; the first is the version.
    pub fn encode(&self) -> Vec<u8> {
        let bytes = vec![VERSION];
        postcard::to_extend(self, bytes).expect("a run holds nothing that postcard cannot write")
    }

    /// The run of [`Run::encode`].
    ///
    /// # Errors
    /// When the bytes are of a later version, damaged, cut, or followed by others.
    pub fn decode(bytes: &[u8]) -> Result<Self, RunError> {
        match bytes.split_first() {
            Some((&VERSION, body)) => read(body),
            Some((&VERSION_BEFORE, body)) => read(&[body, &MISSING_BEFORE].concat()),
            Some((&VERSION_FIRST, body)) => read(&[body, &MISSING_FIRST].concat()),
            Some((version, _)) => Err(RunError::UnknownVersion(*version)),
            None => Err(RunError::Damaged),
        }
    }

    /// Whether it is on its way.
    pub fn is_running(&self) -> bool {
        self.state == RunState::Running
    }

    /// The deliveries that it made, in order.
    pub fn sent(&self) -> &[Sent] {
        &self.sent
    }

    /// The reason of the last message that failed, for conditions and templates.
    pub fn failure(&self) -> Option<Reason> {
        self.failure.and_then(Reason::from_code)
    }

    /// When the goal was met, whether or not a delivery got the credit.
    pub const fn goal_met_at(&self) -> Option<Timestamp> {
        self.goal.at
    }

    /// What the first meeting of the goal was worth, in millionths, less what was taken back, and in which
    /// currency (empty: none said): whether or not a delivery got the credit. `None`: not met, or without a value.
    pub fn goal_value(&self) -> Option<(i64, &str)> {
        let first = self.goal.hit.as_ref().or(self.goal.open.first())?;
        let value = first.value? - self.goal.refunded;
        Some((value, first.currency.as_str()))
    }

    /// The arms that chance gave the person, in the order in which the run came to them.
    pub fn arms(&self) -> &[Assigned] {
        &self.arms
    }

    /// The version of the journey whose goal it is measured by, when that is not its own: its conversions
    /// were computed anew.
    pub fn measured_by(&self) -> Option<u32> {
        (self.goal.version > 0).then_some(self.goal.version)
    }

    /// How many rows its trace has; `None`: it was stored before they were counted.
    pub const fn traced(&self) -> Option<u32> {
        self.traced
    }

    /// Notes how many rows its trace has.
    pub const fn note_traced(&mut self, rows: u32) {
        self.traced = Some(rows);
    }

    /// Whether a delivery of it got the credit for its goal.
    pub fn is_converted(&self) -> bool {
        self.goal.is_credited()
    }

    /// Whether anything but waiting happened.
    pub const fn has_acted(&self) -> bool {
        self.acted
    }

    /// Whether it waits for its filter to hold, and has not begun.
    pub const fn is_at_the_door(&self) -> bool {
        matches!(self.cursor, Cursor::Door { .. })
    }

    /// The node of its plan that it stands in; `None`: it waits before the first one, or is over.
    pub(crate) const fn at(&self) -> Option<u16> {
        match self.cursor {
            Cursor::At(at) | Cursor::Waiting { at, .. } | Cursor::Reaching { at, .. } => Some(at),
            Cursor::Door { .. } | Cursor::Over => None,
        }
    }

    /// Whether the person is in the holdout.
    pub const fn is_held_out(&self) -> bool {
        self.holdout
    }
}

fn read(body: &[u8]) -> Result<Run, RunError> {
    match postcard::take_from_bytes(body) {
        Ok((run, [])) => Ok(run),
        _ => Err(RunError::Damaged),
    }
}

impl Origin {
    /// The data as a value; null without any.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_default()
    }

    /// The event, for conditions; `None`: no event started the run.
    pub fn event_in_hand(&self) -> Option<EventInHand> {
        let (kind, name) = self.event.as_ref()?;
        Some(EventInHand {
            kind: *kind,
            name: name.clone(),
            data: self.value(),
            at: self.at,
        })
    }
}
