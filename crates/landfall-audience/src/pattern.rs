//! What a condition counts: events of a kind, or marks of messages.

use serde::{Deserialize, Serialize};

/// The stable id of a pattern: a hash of its canonical form, the same in every version of the
/// program, because profiles store it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PatternId(pub u64);

/// What a condition counts, and how many of the latest times have to be kept for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    id: PatternId,
}

impl Pattern {
    /// Its id.
    pub const fn id(&self) -> PatternId {
        self.id
    }
}

/// The patterns in use, with an index: one happening touches only what it can match.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    list: Vec<Pattern>,
}

impl Patterns {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pattern unless it is there.
    pub fn add(&mut self, pattern: &Pattern) {
        if !self.contains(pattern.id) {
            self.list.push(pattern.clone());
        }
    }

    /// Whether a pattern is in use.
    pub fn contains(&self, id: PatternId) -> bool {
        self.list.iter().any(|known| known.id == id)
    }

    /// Every pattern.
    pub fn iter(&self) -> impl Iterator<Item = &Pattern> {
        self.list.iter()
    }
}
