//! Ground truth: what a simulated provider really took, beside what senders were told.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// How much a simulator remembers of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// Counts only: for load.
    Count,
    /// The latest requests whole, at most so many.
    Latest(usize),
}

impl Default for Recording {
    fn default() -> Self {
        Self::Latest(100_000)
    }
}

/// Records in the order in which they were made, bounded by a [`Recording`].
#[derive(Debug)]
pub(crate) struct Ledger<T> {
    recording: Recording,
    records: Mutex<VecDeque<T>>,
}

impl<T: Clone> Ledger<T> {
    pub(crate) fn new(recording: Recording) -> Self {
        Self {
            recording,
            records: Mutex::default(),
        }
    }

    /// Keeps what `record` makes; it is not called when nothing is kept.
    pub(crate) fn keep(&self, record: impl FnOnce() -> T) {
        let Recording::Latest(most) = self.recording else {
            return;
        };
        let record = record();
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() >= most {
            records.pop_front();
        }
        if most > 0 {
            records.push_back(record);
        }
    }

    /// All that is kept, oldest first.
    pub(crate) fn all(&self) -> Vec<T> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.iter().cloned().collect()
    }

    /// Forgets everything, so that a test can look at what comes next.
    pub(crate) fn clear(&self) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_records_are_kept_in_order() {
        let ledger = Ledger::new(Recording::Latest(2));
        (1..=3).for_each(|n| ledger.keep(|| n));
        assert_eq!(ledger.all(), [2, 3]);
        ledger.clear();
        assert!(ledger.all().is_empty());
    }

    #[test]
    fn counting_makes_no_records() {
        let ledger: Ledger<u8> = Ledger::new(Recording::Count);
        ledger.keep(|| unreachable!("no record is made"));
        assert!(ledger.all().is_empty());
    }
}
