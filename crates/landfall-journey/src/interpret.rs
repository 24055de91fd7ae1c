//! The interpreter: what a run does when something happens. Pure: the same run, plan, setting and
//! stimulus give the same effects, the same trace and the same run, byte for byte.

mod actions;
mod door;
mod goals;
mod message;
mod prospect;
mod reaching;
mod steps;
mod tell;
#[cfg(test)]
mod tests;
mod walk;

use landfall_audience::{EventInHand, Policy, Profile, RecentSend, Zone};
use landfall_domain::channel::Channel;
use landfall_domain::ids::RunKey;
use landfall_domain::marks::Mark;
use landfall_domain::person::Person;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::chance::Salt;
use crate::definition::Goal;
use crate::effect::Effect;
use crate::plan::Plan;
use crate::run::Run;
use crate::span::Span;
use crate::trace::Trace;

use walk::Walk;

pub use goals::{Recomputed, recompute};
pub use prospect::{Prospect, prospect};

/// After an event a person may still come to match the filter for this long (semantics.md 6.1).
pub const FILTER_WINDOW: Span = Span::minutes(30);
/// Events older than this start nothing (semantics.md 4.2).
pub const EVENT_AGE_MAX: Span = Span::from_millis(landfall_domain::limits::ANONYMOUS_TRIGGER_MS);
/// Refunds are netted for this long after the goal was met.
pub const REFUNDABLE: Span = Span::days(90);
/// A message that quiet hours or a cap hold is watched for this long after the end of its run.
pub const HELD: Span = Span::days(3);
/// Receipts of a run's last message are awaited for this long after the end of the run.
pub const RECEIPTS_COME: Span = Span::days(7);

/// What is around a run at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The person as it is now.
    pub person: &'a Person,
    /// What was counted about the person, with the happening in hand counted already.
    pub profile: &'a Profile,
    /// The present moment.
    pub now: Timestamp,
    /// The workspace's rules about sending.
    pub policy: &'a Policy,
    /// The time zone of people who have none.
    pub zone: &'a Zone,
    /// The run's key: ids of its deliveries are made from it.
    pub run: RunKey,
    /// The workspace's secret for ids of deliveries.
    pub salt: &'a Salt,
    /// The goal that the run is measured by instead of its plan's ([`Run::measured_by`]).
    pub goal: Option<&'a Goal>,
    /// Whether only people who said yes to the journey's topic get its messages.
    pub topic_opt_in: bool,
    /// Channels for which the person's address is on a suppression list.
    pub suppressed: &'a [Channel],
    /// Messages to the person that were handed over and have no answer yet.
    pub in_flight: &'a [RecentSend],
    /// What chance gives the person at each step instead of what falls to them, below
    /// [`crate::chance::SHARES`]: tests of a journey take the highest, which no holdout has. `None`: chance.
    pub fixed_share: Option<u32>,
    /// Tests that are held now, by the number of their step, and what becomes of new people meanwhile.
    pub held: &'a [(u64, OnHold)],
    /// Whether to write a trace; without one the call is cheaper and does the same.
    pub explain: bool,
}

/// What becomes of people who come to a test while it is held, because its journey's delivery is unhealthy.
/// Either way they are not assigned: what happens to them says nothing about the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnHold {
    /// They go the way of the control, which is the first.
    ToControl,
    /// They pass the test by, with its messages, and go on after it.
    Pause,
}

impl OnHold {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ToControl => "to_control",
            Self::Pause => "pause",
        }
    }
}

/// What makes a person come to the door of a journey.
#[derive(Clone, Debug, PartialEq)]
pub struct Occasion {
    /// The event, when one is the trigger: of an event, about a product, or the data of a call.
    pub event: Option<EventInHand>,
    /// When the trigger matched.
    pub at: Timestamp,
    /// Earlier runs of the person through this journey.
    pub history: History,
}

/// Earlier runs of a person through a journey, in whatever version, also those taken over by merges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// How many of them are under way.
    pub running: u32,
    /// When the latest one started.
    pub last_started: Option<Timestamp>,
}

/// What came of an occasion.
#[derive(Clone, Debug, PartialEq)]
pub enum Entered {
    /// The person entered, and this is how far it went at once.
    Run {
        /// The run.
        run: Box<Run>,
        /// What it wants done, and why.
        outcome: Outcome,
    },
    /// The person did not.
    Refused {
        /// Why.
        why: Refusal,
        /// The checks.
        trace: Trace,
    },
}

/// Why a person did not enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The event is not the trigger's, or its data are not.
    TriggerUnmet,
    /// The event happened too long ago to start anything (semantics.md 4.2).
    TooOld,
    /// The person started the journey before, and may not again, or not yet.
    TooOften,
    /// A run of the person is under way.
    AlreadyIn,
    /// The person does not pass the filter.
    FilterUnmet,
    /// The person is not known, or gone.
    PersonGone,
}

impl Refusal {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TriggerUnmet => "trigger_unmet",
            Self::TooOld => "too_old",
            Self::TooOften => "too_often",
            Self::AlreadyIn => "already_in",
            Self::FilterUnmet => "filter_unmet",
            Self::PersonGone => "person_gone",
        }
    }
}

/// Something that happens to a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stimulus<'a> {
    /// Its timer rang.
    Wake,
    /// The person did something: an event that the plan listens to ([`Plan::listens_to`]) or one that a
    /// condition may see.
    Did(&'a EventInHand),
    /// A mark came to a delivery of the run as a whole: an end (*bounced*, *failed*, ...) is told when no
    /// device or address is left that could still take it.
    Told {
        /// Which.
        delivery_id: &'a str,
        /// What.
        mark: Mark,
        /// Why, for the marks that have a why.
        reason: Option<Reason>,
        /// When it happened.
        at: Timestamp,
    },
    /// Something about the person changed that a condition of the plan needs
    /// ([`landfall_audience::Condition::needs`]).
    Changed,
    /// The person entered or left a data-driven or manual segment.
    Segment {
        /// Which.
        segment: landfall_domain::ids::SegmentId,
        /// `true`: entered.
        entered: bool,
    },
    /// The run is over, by a cause outside of it.
    End(Cause),
    /// The person was merged into the one of the setting, who takes the run over.
    Adopt,
}

/// Why something outside ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The journey was stopped.
    Stopped,
    /// The person was merged into one who has a run of this journey already (semantics.md 4.3).
    MergedAway,
    /// The person was deleted.
    Deleted,
    /// The person was suppressed.
    Suppressed,
}

/// What a call brought about beside the changed run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What is to be done, in order.
    pub effects: Vec<Effect>,
    /// Why.
    pub trace: Trace,
}

/// Lets a person in, or says why not.
pub fn enter(plan: &Plan, setting: &Setting<'_>, occasion: &Occasion) -> Entered {
    door::enter(plan, setting, occasion)
}

/// Notes that a person came to the door who is not let in, although the rules of entry would have: a run that
/// ended before it began says why. `None`: the rules would not have let the person in either.
pub fn turn_away(
    plan: &Plan,
    setting: &Setting<'_>,
    occasion: &Occasion,
    why: &str,
) -> Option<(Box<Run>, Outcome)> {
    door::turn_away(plan, setting, occasion, why)
}

/// Lets a run react to what happens, until it has to wait again. The plan must be that of the run's
/// version; by another one it does not move. Whatever is told twice, late, early or after the end changes nothing that it must not.
pub fn advance(
    plan: &Plan,
    run: &mut Run,
    setting: &Setting<'_>,
    stimulus: Stimulus<'_>,
) -> Outcome {
    let mut walk = Walk::new(plan, run, setting);
    if walk.is_of_this_version() {
        walk.react(stimulus);
    }
    walk.finish()
}

/// As [`advance`], while the journey is paused: what happens is recorded, exits, ends and goals count, and
/// nobody moves on. What was missed is made up for when the run is told of anything after the pause.
pub fn stand_still(
    plan: &Plan,
    run: &mut Run,
    setting: &Setting<'_>,
    stimulus: Stimulus<'_>,
) -> Outcome {
    let mut walk = Walk::new(plan, run, setting);
    walk.still = true;
    if walk.is_of_this_version() {
        walk.react(stimulus);
    }
    walk.finish()
}

/// Until when an ended run still has to be told of what happens: a message that waits may have to be taken
/// back, its goal may be met, or its revenue taken back. `None`: it is running, or nothing more can come of
/// it. `goal` is what it is measured by instead of its plan's.
pub fn watched_until(plan: &Plan, goal: Option<&Goal>, run: &Run) -> Option<Timestamp> {
    let ended = run.ended_at?;
    let waits = run.sent.iter().any(crate::run::Sent::is_open);
    let waits = waits.then(|| ended.plus_millis(HELD.millis()));
    let goal = goal.or(plan.definition.goal.as_ref());
    let tested = goal.and_then(|goal| test_watched_until(goal, run));
    waits
        .max(tested)
        .max(goal.and_then(|goal| goal_watched_until(goal, run, ended)))
}

/// Until when the goal of a person counts for a test, whether or not anything was sent: all arms are watched
/// for as long, or the one that sends less would seem to convert less.
fn test_watched_until(goal: &Goal, run: &Run) -> Option<Timestamp> {
    let last = run.arms.last().filter(|_| run.goal.at.is_none())?;
    Some(last.at.plus_millis(goal.within.millis()))
}

fn goal_watched_until(goal: &Goal, run: &Run, ended: Timestamp) -> Option<Timestamp> {
    if run.goal.is_credited() {
        let refundable = goal.refund.is_some() && run.goal.left() > 0;
        let met = run.goal.at.unwrap_or(ended);
        return refundable.then(|| met.plus_millis(REFUNDABLE.millis()));
    }
    // Without a delivery that went, or stands for one in the holdout, nobody can get the credit.
    let creditable = |sent: &crate::run::Sent| {
        !sent.is(crate::run::Sent::REFUSED) || sent.is(crate::run::Sent::HELD_OUT)
    };
    let last = run.sent.iter().rfind(|sent| creditable(sent))?;
    let touches = last.touches.iter().flatten();
    let touched = touches.max().copied().unwrap_or(last.at);
    let from = ended.max(touched).plus_millis(RECEIPTS_COME.millis());
    Some(from.plus_millis(goal.within.millis()))
}
