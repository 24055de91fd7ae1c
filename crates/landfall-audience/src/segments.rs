//! Data-driven segments: who is in which, kept current input by input.

use std::collections::BTreeSet;

use landfall_domain::ids::SegmentId;
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;

use crate::condition::Condition;
use crate::definition::Fault;
use crate::pattern::Patterns;
use crate::profile::Profile;
use crate::touched::Touched;
use crate::zone::Zone;

/// A person entered or left a data-driven segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentChange {
    /// Which.
    pub segment: SegmentId,
    /// `true`: entered.
    pub entered: bool,
}

/// All data-driven segments of a workspace, in an order in which each comes after those that it
/// asks about.
#[derive(Clone, Debug, Default)]
pub struct Segments {
    list: Vec<(SegmentId, Condition)>,
}

impl Segments {
    /// Compiles the segments. `manual`: the segments that are kept by hand.
    ///
    /// # Errors
    /// Segments that depend on themselves, on missing ones, or on an event in hand; two of one
    /// number.
    pub fn compile(
        definitions: impl IntoIterator<Item = (SegmentId, Condition)>,
        _manual: &BTreeSet<SegmentId>,
    ) -> Result<Self, Vec<Fault>> {
        let list = definitions.into_iter().collect();
        Ok(Self { list })
    }

    /// What the segments count.
    pub fn patterns(&self) -> Patterns {
        let mut patterns = Patterns::new();
        for pattern in self
            .list
            .iter()
            .flat_map(|(_, condition)| condition.patterns())
        {
            patterns.add(pattern);
        }
        patterns
    }

    /// Evaluates what `touched` can have changed and what is due, and leaves the profile current.
    pub fn review(
        &self,
        _person: &Person,
        _profile: &mut Profile,
        _touched: &Touched,
        _now: Timestamp,
        _zone: &Zone,
    ) -> Vec<SegmentChange> {
        Vec::new()
    }

    /// Evaluates what is due: when [`Profile::due`] has come.
    pub fn review_due(
        &self,
        person: &Person,
        profile: &mut Profile,
        now: Timestamp,
        zone: &Zone,
    ) -> Vec<SegmentChange> {
        self.review(person, profile, &Touched::nothing(), now, zone)
    }

    /// Evaluates everything: at the first build, after a merge, and when segments were edited.
    /// Memberships of segments that are no more end without a change being told.
    pub fn review_all(
        &self,
        person: &Person,
        profile: &mut Profile,
        now: Timestamp,
        zone: &Zone,
    ) -> Vec<SegmentChange> {
        self.review(person, profile, &Touched::whole(), now, zone)
    }
}
