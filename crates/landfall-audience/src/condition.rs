//! Conditions: what must be true of a person, written by hand as JSON.

mod answer;
mod counting;
mod parse;
#[cfg(test)]
pub(crate) mod tests;
mod words;

use std::sync::Arc;

use landfall_domain::channel::Channel;
use landfall_domain::ids::SegmentId;
use rustc_hash::FxHashSet;
use serde_json::Value;

use crate::answer::{Answer, Explanation, Scene};
use crate::comparison::{Comparisons, TimeComparisons};
use crate::definition::{Fault, Place, read};
use crate::device_filter::DeviceFilter;
use crate::field::Field;
use crate::liveness::Liveness;
use crate::logic::{Budget, Logic};
use crate::path::JsonPath;
use crate::pattern::Pattern;
use crate::reach::TokenState;
use crate::touched::Cause;
use counting::Counting;

/// How often an answer's next change is looked for in the future; each time is the change of at
/// least one check, so only conditions with hundreds of them that undo each other need more.
const LOOKS_AHEAD_MAX: usize = 1_000;

/// A condition on a person (docs/concepts/segments.md has the grammar).
///
/// Two conditions are equal when they are written alike.
#[derive(Clone, Debug)]
pub struct Condition {
    root: Logic<Check>,
    patterns: Vec<Pattern>,
    needs: FxHashSet<Cause>,
    segments: Vec<SegmentId>,
}

/// One check.
#[derive(Clone, Debug, PartialEq)]
enum Check {
    /// An attribute of the person.
    Attribute(Field, Comparisons),
    /// A value in the data of the event in hand.
    ThisEvent(JsonPath, Comparisons),
    /// What the person did, or what became of messages to the person.
    Happened(Box<Counting>),
    /// There is a device of which all this is true.
    Device(DeviceFilter),
    /// In a segment.
    Segment(SegmentId),
    /// Agreed.
    Consent {
        /// To what.
        to: ConsentTo,
        /// Whether only a yes that was said counts.
        explicit: bool,
    },
    /// A channel reaches the person.
    Reachable(Channel),
    /// Where the person stands with push tokens.
    Token(Vec<TokenState>),
    /// When the person was last seen doing something.
    Active(TimeComparisons),
}

/// What a person may agree to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ConsentTo {
    Everything,
    Channel(Channel),
    Topic(String),
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.root == other.root
    }
}

impl Condition {
    /// Reads a condition; faults are reported to the place.
    pub fn parse(place: &Place<'_>) -> Option<Self> {
        Some(Self::of(parse::parse(place, 1, &Budget::new())?))
    }

    /// Reads a condition that is a file of its own.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        read(value, "", Self::parse)
    }

    /// All of these conditions; `None` of none.
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut roots: Vec<Logic<Check>> = conditions.into_iter().map(|one| one.root).collect();
        match roots.len() {
            0 => None,
            1 => roots.pop().map(Self::of),
            _ => Some(Self::of(Logic::All(roots))),
        }
    }

    fn of(root: Logic<Check>) -> Self {
        let mut condition = Self {
            root,
            patterns: Vec::new(),
            needs: FxHashSet::default(),
            segments: Vec::new(),
        };
        let (patterns, segments) = (&mut condition.patterns, &mut condition.segments);
        let needs = &mut condition.needs;
        condition.root.each(&mut |check| {
            check.needs(&mut |cause| {
                needs.insert(cause);
            });
            match check {
                Check::Segment(id) if !segments.contains(id) => segments.push(*id),
                Check::Happened(counting) if !patterns.contains(counting.pattern()) => {
                    patterns.push(counting.pattern().clone());
                }
                _ => {}
            }
        });
        condition
    }

    /// The condition with what was learned of how long tokens live. Until then nothing is known, and no bound of
    /// `alive` holds.
    #[must_use]
    pub fn learned(mut self, liveness: &Arc<Liveness>) -> Self {
        self.root.each_mut(&mut |check| {
            if let Check::Device(filter) = check {
                filter.learn(liveness);
            }
        });
        self
    }

    /// Whether it asks how likely a device is still there.
    pub fn asks_of_liveness(&self) -> bool {
        self.needs.contains(&Cause::Liveness)
    }

    /// The condition as JSON; reads back as itself.
    pub fn to_json(&self) -> Value {
        self.root.to_json(&Check::to_json)
    }

    /// The condition in words, on one line.
    pub fn describe(&self) -> String {
        self.root.describe(&Check::describe)
    }

    /// Whether it holds, and exactly until when.
    pub fn answer(&self, scene: &Scene<'_>) -> Answer {
        let look = |scene: &Scene<'_>| self.root.answer(&mut |check| check.answer(scene));
        let first = look(scene);
        let mut next = first;
        for _ in 0..LOOKS_AHEAD_MAX {
            let Some(at) = next.changes_at else {
                return Answer::of(first.holds);
            };
            next = look(&Scene { now: at, ..*scene });
            if next.holds != first.holds {
                return Answer::until(first.holds, at);
            }
        }
        // Too early is harmless: whoever asks again then gets the same answer and a later moment.
        Answer {
            holds: first.holds,
            ..next
        }
    }

    /// Why it holds or not, check by check.
    pub fn explain(&self, scene: &Scene<'_>) -> Explanation {
        let mut explanation = self.root.explain(&mut |check| check.explain(scene));
        explanation.changes_at = self.answer(scene).changes_at;
        explanation
    }

    /// What it counts: these patterns have to be in the [`crate::Patterns`] that profiles are
    /// counted with.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// What its answer depends on besides time: see [`crate::Touched::reaches`].
    pub const fn needs(&self) -> &FxHashSet<Cause> {
        &self.needs
    }

    /// The segments that it asks about, in order of appearance.
    pub fn segments(&self) -> Vec<SegmentId> {
        self.segments.clone()
    }

    /// The same, to look at.
    pub(crate) fn asks_about(&self) -> &[SegmentId] {
        &self.segments
    }

    /// Whether it looks at the event in hand, which a segment does not have.
    pub fn looks_at_event(&self) -> bool {
        let mut looks = false;
        self.root
            .each(&mut |check| looks |= matches!(check, Check::ThisEvent(..)));
        looks
    }
}

impl serde::Serialize for Condition {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Condition {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_json(&value).map_err(|faults| {
            let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
            serde::de::Error::custom(texts.join("; "))
        })
    }
}
