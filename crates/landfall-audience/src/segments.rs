//! Data-driven segments: who is in which, kept current input by input.

mod compile;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use landfall_domain::ids::SegmentId;
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use rustc_hash::FxHashMap;

use crate::answer::Scene;
use crate::condition::Condition;
use crate::liveness::Liveness;
use crate::pattern::Patterns;
use crate::profile::Profile;
use crate::touched::{Cause, Touched};
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
///
/// Visitors, and records that were merged or deleted, are in no segment (semantics.md 4.2).
#[derive(Clone, Debug, Default)]
pub struct Segments {
    list: Vec<(SegmentId, Condition)>,
    positions: FxHashMap<SegmentId, usize>,
    /// Which of the list depend on a cause.
    dependents: FxHashMap<Cause, Vec<usize>>,
}

impl Segments {
    /// What the segments count. Profiles have to be counted with these patterns.
    pub fn patterns(&self) -> Patterns {
        let conditions = self.list.iter();
        conditions.flat_map(|(_, one)| one.patterns()).collect()
    }

    /// The segments with what was learned of how long tokens live.
    #[must_use]
    pub fn learned(mut self, liveness: &Arc<Liveness>) -> Self {
        let list = self.list.into_iter();
        self.list = list
            .map(|(id, condition)| (id, condition.learned(liveness)))
            .collect();
        self
    }

    /// Every segment with its condition, each after those that it asks about.
    pub fn iter(&self) -> impl Iterator<Item = (SegmentId, &Condition)> {
        self.list.iter().map(|(id, condition)| (*id, condition))
    }

    /// The condition of a segment.
    pub fn get(&self, segment: SegmentId) -> Option<&Condition> {
        Some(&self.list[*self.positions.get(&segment)?].1)
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Evaluates what `touched` can have changed and what is due, and leaves the profile current
    /// with [`Profile::due`] telling when time alone changes it next. The changes come in an order
    /// in which a segment comes after those that it asks about.
    ///
    /// `now` should not go back: a segment whose time had come stays as it was until its next
    /// timer or input, which is what [`Segments::review_all`] repairs.
    pub fn review(
        &self,
        person: &Person,
        profile: &mut Profile,
        touched: &Touched,
        now: Timestamp,
        zone: &Zone,
    ) -> Vec<SegmentChange> {
        let mut agenda = Agenda::of(self.list.len(), touched.is_whole());
        if touched.is_whole() {
            profile.keep_segments(|segment| self.positions.contains_key(&segment));
        }
        for cause in touched.causes() {
            agenda.add_all(self.dependents.get(cause));
        }
        let due: Vec<SegmentId> = profile.due_by(now).collect();
        for segment in due {
            match self.positions.get(&segment) {
                Some(position) => agenda.add(*position),
                // It was deleted: what is never evaluated would stay due.
                None => profile.set_timer(segment, None),
            }
        }
        let mut changes = Vec::new();
        let known = person.is_known();
        while let Some(position) = agenda.next() {
            let (segment, condition) = &self.list[position];
            let answer = known.then(|| {
                condition.answer(&Scene {
                    person,
                    profile,
                    event: None,
                    now,
                    zone,
                })
            });
            let entered = answer.is_some_and(|answer| answer.holds);
            profile.set_timer(*segment, answer.and_then(|answer| answer.changes_at));
            if profile.set_member(*segment, entered, now) {
                changes.push(SegmentChange {
                    segment: *segment,
                    entered,
                });
                agenda.add_all(self.dependents.get(&Cause::Segment(*segment)));
            }
        }
        changes
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

/// The segments still to evaluate, as bits by position. Those that depend on others have higher
/// positions, so that one pass is enough.
struct Agenda {
    words: Vec<u64>,
    first: usize,
}

impl Agenda {
    fn of(size: usize, everything: bool) -> Self {
        let mut words = vec![if everything { u64::MAX } else { 0 }; size.div_ceil(64)];
        if everything
            && !size.is_multiple_of(64)
            && let Some(last) = words.last_mut()
        {
            *last = (1 << (size % 64)) - 1;
        }
        Self { words, first: 0 }
    }

    fn add(&mut self, position: usize) {
        self.words[position / 64] |= 1 << (position % 64);
        self.first = self.first.min(position / 64);
    }

    fn add_all(&mut self, positions: Option<&Vec<usize>>) {
        for position in positions.into_iter().flatten() {
            self.add(*position);
        }
    }

    fn next(&mut self) -> Option<usize> {
        while self.first < self.words.len() {
            let word = &mut self.words[self.first];
            if *word != 0 {
                let bit = word.trailing_zeros() as usize;
                *word &= *word - 1;
                return Some(self.first * 64 + bit);
            }
            self.first += 1;
        }
        None
    }
}
