//! The circuit breaker of an endpoint: when it takes nothing of anybody, it is asked now and then with
//! one event instead of all of them.

use std::collections::BTreeSet;

use landfall_domain::time::{HOUR_MS, SECOND_MS, Timestamp};

use super::LaneKey;

/// Lanes that fail in a row, without a success between them, before it opens. One lane alone, however
/// often it fails, does not hold up the others.
const ENOUGH: usize = 5;
/// How long it stays open at first, and at most.
const PAUSE_MS: (i64, i64) = (SECOND_MS, HOUR_MS);

/// Whether an endpoint is left alone.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failed: BTreeSet<LaneKey>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Timestamp,
    pauses: u32,
    probe: Option<LaneKey>,
}

impl Breaker {
    /// How many events may be on their way at once: all, none, or one to see.
    pub(super) fn room(&self, all: usize, in_flight: usize, now: Timestamp) -> usize {
        match &self.open {
            None => all,
            Some(open) if now < open.until || open.probe.is_some() || in_flight > 0 => 0,
            Some(_) => 1,
        }
    }

    /// An event of the lane is being posted.
    pub(super) const fn note_try(&mut self, lane: LaneKey) {
        if let Some(open) = &mut self.open {
            open.probe = Some(lane);
        }
    }

    /// Something was taken. Returns whether that ends a pause.
    pub(super) fn note_success(&mut self) -> bool {
        self.failed.clear();
        self.open.take().is_some()
    }

    /// Something was refused.
    pub(super) fn note_failure(&mut self, lane: LaneKey, now: Timestamp, random: u32) {
        self.failed.insert(lane);
        match &mut self.open {
            None if self.failed.len() >= ENOUGH => {
                self.open = Some(Open {
                    until: now.plus_millis(grown(PAUSE_MS, 1, random)),
                    pauses: 1,
                    probe: None,
                });
            }
            // Answers to what was posted before it opened say nothing new.
            Some(open) if open.probe == Some(lane) => {
                open.probe = None;
                open.pauses = open.pauses.saturating_add(1);
                open.until = now.plus_millis(grown(PAUSE_MS, open.pauses, random));
            }
            _ => {}
        }
    }

    /// Until when it is open, if it is.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.open.as_ref().map(|open| open.until)
    }
}

/// The pause before try `number + 1`: doubled each time, half of it kept and half random, so that
/// nobody comes back at once and not all together.
pub(super) fn grown((first, most): (i64, i64), number: u32, random: u32) -> i64 {
    let doubled = first.saturating_mul(1 << number.saturating_sub(1).min(32));
    let full = doubled.min(most);
    let half = full / 2;
    let share = i64::from(random) * half / i64::from(u32::MAX);
    full - half + share
}
