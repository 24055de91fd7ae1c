//! Runs, profiles and traces as rows: what stores keep of journeys and audiences.
//!
//! A row is an envelope with a body. The envelope says what stores and timers go by; the body's meaning
//! belongs to the engines that write it (journeys, audiences), and nothing here looks into it.

use serde::{Deserialize, Serialize};

use crate::channel::names;
use crate::event_data::EventData;
use crate::identifier::Identifier;
use crate::ids::{JourneyId, PersonKey, RunKey};
use crate::time::Timestamp;

names!(
    /// Where a run stands. The names are those of the journey metrics (semantics.md 3.1) where there is
    /// one; a run has one state at a time.
    RunState {
        /// It is on its way.
        Running = "running",
        /// It reached the end.
        Finished = "finished",
        /// It left early: the trigger's or a filter's conditions ceased to hold, or an exit said so.
        ExitedEarly = "exited_early",
        /// It left because the goal was met.
        Converted = "converted",
        /// It was filtered out before anything but waiting happened.
        NeverActivated = "never_activated",
        /// Something outside ended it: the journey was stopped, the person was merged or deleted.
        Ended = "ended",
        /// What is stored of it cannot be read: it was set aside, so that others go on.
        Damaged = "damaged",
    }
);

/// A person's way through a journey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow {
    /// Key; dense from zero.
    pub key: RunKey,
    /// Whose. Stores leave it as it is when people merge: who merges them moves their runs.
    pub person: PersonKey,
    /// Through which journey.
    pub journey: JourneyId,
    /// Through which version of it: that of the start, for the whole run.
    pub version: u32,
    /// Where it stands.
    pub state: RunState,
    /// When it started.
    pub started_at: Timestamp,
    /// When it stopped running; `None`: it is running.
    pub ended_at: Option<Timestamp>,
    /// When it must be looked at next if nothing happens before; `None`: never.
    pub due: Option<Timestamp>,
    /// Whether it can still change by itself: it is running, or has ended within the window of its goal.
    /// Open runs are loaded with their people.
    pub open: bool,
    /// The rest, as its engine wrote it.
    pub body: Vec<u8>,
}

/// What audience rules remember about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileRow {
    /// About whom.
    pub person: PersonKey,
    /// When an answer changes next by the passing of time alone; `None`: never.
    pub due: Option<Timestamp>,
    /// The rest, as its engine wrote it.
    pub body: Vec<u8>,
}

/// What a step of a run did. Appended, never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceRow {
    /// Of which run.
    pub run: RunKey,
    /// Its place within the run, from zero.
    pub seq: u32,
    /// When it happened.
    pub at: Timestamp,
    /// The rest, as its engine wrote it.
    pub body: Vec<u8>,
}

/// What happens to runs beside what happens to their people. The rules of this crate only see to it that
/// what it names is loaded; those who react to a batch do the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RunInput {
    /// A run's timer is due, or its journey goes on after a pause.
    Wake {
        /// Which run.
        run: RunKey,
    },
    /// Time may have changed what is known about a person, or the rules have changed.
    Review {
        /// Whom.
        person: PersonKey,
        /// How much of it.
        look: Look,
    },
    /// Somebody is sent into a journey: by a call, a schedule, a webhook, or an event of somebody else.
    Enter {
        /// Which journey.
        journey: JourneyId,
        /// Whom.
        who: Identifier,
        /// What sent them, as an event's name: conditions and templates see it as one.
        event: String,
        /// Its data.
        data: EventData,
        /// The call's or schedule's id, for the deliveries that come of it.
        trigger_id: Option<u64>,
    },
    /// A person gets a turn in a scheduled journey.
    Turn {
        /// Whom.
        person: PersonKey,
        /// Which journey.
        journey: JourneyId,
        /// When the person comes to its door.
        at: Timestamp,
    },
    /// A run's conversions are computed anew from history, by the goal of the journey's newest version.
    Recompute {
        /// Which run.
        run: RunKey,
    },
    /// A run ends from outside.
    End {
        /// Which run.
        run: RunKey,
        /// Why.
        cause: EndCause,
    },
}

names!(
    /// How much of what is known about a person is looked at.
    Look {
        /// What is due.
        Due = "due",
        /// Every segment: their conditions have changed.
        All = "all",
        /// Everything is counted anew from the person's history first: something is counted that was not
        /// before.
        Recount = "recount",
    }
);

names!(
    /// Why something outside ended a run.
    EndCause {
        /// The journey was stopped.
        JourneyStopped = "journey_stopped",
        /// Somebody took this person out.
        TakenOut = "taken_out",
        /// The person was deleted.
        PersonDeleted = "person_deleted",
        /// The person was deleted and blocked.
        PersonSuppressed = "person_suppressed",
        /// The person was merged into somebody who is in the same journey.
        MergedAway = "merged_away",
    }
);
