//! What a condition answers: yes or no, until when, and why.

use landfall_domain::activity::EventKind;
use landfall_domain::event_data::EventData;
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::profile::Profile;
use crate::zone::Zone;

/// What a condition looks at.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The person.
    pub person: &'a Person,
    /// What was counted about the person, and the data-driven segments that the person is in.
    pub profile: &'a Profile,
    /// The event in hand: of a journey's run, the event that triggered it. `None`: conditions on
    /// `this_event` find nothing.
    pub event: Option<&'a EventInHand>,
    /// The present moment.
    pub now: Timestamp,
    /// The time zone of people who have none.
    pub zone: &'a Zone,
}

/// An event whose data conditions look into.
#[derive(Clone, Debug, PartialEq)]
pub struct EventInHand {
    /// Event, page or screen.
    pub kind: EventKind,
    /// Its name.
    pub name: String,
    /// Its data; null without any.
    pub data: Value,
    /// When it happened.
    pub at: Timestamp,
}

impl EventInHand {
    /// An event as it was tracked.
    pub fn new(kind: EventKind, name: &str, data: &EventData, at: Timestamp) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            data: data.value(),
            at,
        }
    }
}

/// A condition's answer at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether it holds.
    pub holds: bool,
    /// The earliest moment, later than now, at which the answer is the other one although nothing
    /// else happens. `None`: time alone never changes it.
    pub changes_at: Option<Timestamp>,
}

impl Answer {
    /// An answer that time does not change.
    pub const fn of(holds: bool) -> Self {
        Self {
            holds,
            changes_at: None,
        }
    }

    /// An answer that time changes.
    pub const fn until(holds: bool, changes_at: Timestamp) -> Self {
        Self {
            holds,
            changes_at: Some(changes_at),
        }
    }

    /// The opposite.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self {
            holds: !self.holds,
            changes_at: self.changes_at,
        }
    }
}

/// Joins answers to one: whether all of them hold, or any.
///
/// The moment of the whole is one before which it does not change: of a whole that no answer decides,
/// the first change of any; of a decided one, the last first change of those that decide it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Joined {
    /// The answer that does not decide: true for all, false for any.
    neutral: bool,
    first: Option<Timestamp>,
    decided: Option<Decided>,
}

#[derive(Clone, Copy, Debug)]
enum Decided {
    ForEver,
    Until(Timestamp),
}

impl Joined {
    /// Whether all hold; of none, they do.
    pub(crate) const fn all() -> Self {
        Self {
            neutral: true,
            first: None,
            decided: None,
        }
    }

    /// Whether any holds; of none, none does.
    pub(crate) const fn any() -> Self {
        Self {
            neutral: false,
            ..Self::all()
        }
    }

    /// Takes one more.
    pub(crate) fn push(&mut self, answer: Answer) {
        if answer.holds == self.neutral {
            self.first = earlier(self.first, answer.changes_at);
            return;
        }
        self.decided = Some(match (self.decided, answer.changes_at) {
            (Some(Decided::ForEver), _) | (_, None) => Decided::ForEver,
            (Some(Decided::Until(known)), Some(at)) => Decided::Until(known.max(at)),
            (None, Some(at)) => Decided::Until(at),
        });
    }

    /// Whether nothing that may follow changes the answer.
    pub(crate) const fn is_settled(&self) -> bool {
        matches!(self.decided, Some(Decided::ForEver))
    }

    /// The whole.
    pub(crate) const fn answer(&self) -> Answer {
        match self.decided {
            Some(Decided::ForEver) => Answer::of(!self.neutral),
            Some(Decided::Until(at)) => Answer::until(!self.neutral, at),
            None => Answer {
                holds: self.neutral,
                changes_at: self.first,
            },
        }
    }
}

/// The earlier of two moments that may never come.
pub(crate) fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Why a condition answered as it did: the check in words, what it saw, and its parts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The check in words, such as `plan is "gold"`.
    pub check: String,
    /// What it looked at; null where there was nothing. Groups look at their parts only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saw: Option<Value>,
    /// Whether it holds.
    pub holds: bool,
    /// When time alone changes that, as [`Answer::changes_at`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes_at: Option<Timestamp>,
    /// The parts of a group, or the devices that a check looked at, each with its own answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Explanation>,
}
