//! Conditions: what must be true of a person, written by hand as JSON.

use landfall_domain::ids::SegmentId;
use rustc_hash::FxHashSet;
use serde_json::Value;

use crate::answer::{Answer, Explanation, Scene};
use crate::definition::{Fault, Place, read};
use crate::pattern::Pattern;
use crate::touched::Cause;

/// A condition on a person (docs/concepts/segments.md).
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    json: Value,
    patterns: Vec<Pattern>,
    needs: FxHashSet<Cause>,
}

impl Condition {
    /// Reads a condition; faults are reported to the place.
    pub fn parse(place: &Place<'_>) -> Option<Self> {
        place.any_object()?;
        Some(Self {
            json: place.value().clone(),
            patterns: Vec::new(),
            needs: FxHashSet::default(),
        })
    }

    /// Reads a condition that is a file of its own.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        read(value, "", Self::parse)
    }

    /// The condition as JSON; reads back as itself.
    pub fn to_json(&self) -> Value {
        self.json.clone()
    }

    /// Whether it holds, and until when.
    pub fn answer(&self, _scene: &Scene<'_>) -> Answer {
        Answer::of(false)
    }

    /// Why it holds or not, check by check.
    pub fn explain(&self, _scene: &Scene<'_>) -> Explanation {
        Explanation {
            check: String::new(),
            saw: None,
            holds: false,
            changes_at: None,
            parts: Vec::new(),
        }
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
        Vec::new()
    }
}
