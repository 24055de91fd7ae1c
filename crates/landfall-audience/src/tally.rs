//! Counting what happened: in total, the first time, and the latest times.

#[cfg(test)]
mod tests;

use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How often something happened and when. Happenings may be taken in any order; several at one time
/// are several.
///
/// It keeps the latest `keeps` times, which [`crate::Pattern`] chooses: one more than the largest
/// number that anybody compares a count within a window with, so that such a comparison is exact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    total: u64,
    first: Timestamp,
    /// Latest first.
    recent: Vec<Timestamp>,
}

impl Tally {
    /// Something that happened once.
    pub(crate) fn once(at: Timestamp) -> Self {
        Self {
            total: 1,
            first: at,
            recent: vec![at],
        }
    }

    /// Takes one more time.
    pub(crate) fn add(&mut self, at: Timestamp, keeps: usize) {
        self.total += 1;
        self.first = self.first.min(at);
        let place = self.recent.partition_point(|known| *known > at);
        if place < keeps {
            self.recent.insert(place, at);
            self.recent.truncate(keeps);
        }
    }

    /// How often in all.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The first time.
    pub const fn first(&self) -> Timestamp {
        self.first
    }

    /// The latest time.
    pub fn last(&self) -> Timestamp {
        self.recent.first().copied().unwrap_or(self.first)
    }

    /// The latest times that are kept, latest first.
    pub fn recent(&self) -> &[Timestamp] {
        &self.recent
    }

    /// The time of the `n`-th latest happening, from 1; `None` when there were fewer, or when it is
    /// not kept.
    pub fn nth_latest(&self, n: u64) -> Option<Timestamp> {
        let index = usize::try_from(n.checked_sub(1)?).ok()?;
        self.recent.get(index).copied()
    }

    /// Joins what was counted about another record, from `history_from` on. Answers whether the
    /// result is exact: it is not when the other one counted more since then than it kept times of.
    pub(crate) fn merge(&mut self, other: &Self, history_from: Timestamp, keeps: usize) -> bool {
        let Some((other, exact)) = other.since(history_from) else {
            return true;
        };
        self.total += other.total;
        self.first = self.first.min(other.first);
        self.recent.extend(other.recent);
        self.recent.sort_unstable_by(|a, b| b.cmp(a));
        self.recent.truncate(keeps);
        exact
    }

    /// What of this happened at `from` or later, and whether that is exact; `None`: nothing.
    pub(crate) fn since(&self, from: Timestamp) -> Option<(Self, bool)> {
        if self.first >= from {
            return Some((self.clone(), true));
        }
        let kept = self.recent.partition_point(|at| *at >= from);
        let recent = self.recent[..kept].to_vec();
        let part = Self {
            total: recent.len() as u64,
            first: *recent.last()?,
            recent,
        };
        // The oldest that is kept lies before `from`, so all after it are kept.
        Some((part, kept < self.recent.len()))
    }

    /// Whether it is in a state that counting can bring about.
    pub(crate) fn is_sound(&self) -> bool {
        let oldest = self.recent.last();
        oldest.is_some_and(|oldest| self.first <= *oldest)
            && self.total >= self.recent.len() as u64
            && self.recent.is_sorted_by(|a, b| a >= b)
    }
}
