//! How many streams may be opened: a counter for each connection and one queue for all.
//!
//! A request takes a permit from the queue first and then a stream of whichever connection has one.
//! Limits change under it: peers raise and lower them, connections come and go. One equation holds
//! whenever nobody is in the middle of a call:
//!
//! ```text
//! permits in the queue + permits taken without a stream yet - debt = sum of the free streams
//! ```
//!
//! Debt is what had to be taken back from the queue while others held it. Whoever finds no stream for
//! its permit pays with it and queues again.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::Semaphore;

/// The queue.
pub(super) struct Permits {
    queue: Semaphore,
    debt: AtomicUsize,
}

impl Permits {
    pub(super) const fn new() -> Self {
        Self {
            queue: Semaphore::const_new(0),
            debt: AtomicUsize::new(0),
        }
    }

    /// Takes a permit if one is free and nobody waits.
    pub(super) fn try_take(&self) -> bool {
        self.queue
            .try_acquire()
            .map(tokio::sync::SemaphorePermit::forget)
            .is_ok()
    }

    /// Waits for a permit, in order.
    pub(super) async fn take(&self) {
        self.queue
            .acquire()
            .await
            .expect("the queue is never closed")
            .forget();
    }

    /// Puts permits into the queue, debts first.
    pub(super) fn add(&self, count: usize) {
        let before = self
            .debt
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |debt| {
                (debt > 0).then(|| debt.saturating_sub(count))
            })
            .unwrap_or(0);
        let left = count.saturating_sub(before);
        if left > 0 {
            self.queue.add_permits(left);
        }
    }

    /// Takes permits back, from the queue or else as debt.
    pub(super) fn remove(&self, count: usize) {
        let found = self.queue.forget_permits(count);
        if found < count {
            self.debt.fetch_add(count - found, Ordering::AcqRel);
        }
    }

    /// Lets `count` that wait go on without a stream: they find none, pay back and look around.
    pub(super) fn wake(&self, count: usize) {
        self.debt.fetch_add(count, Ordering::AcqRel);
        self.queue.add_permits(count);
    }

    /// Follows a change of free streams.
    pub(super) fn follow(&self, change: i64) {
        let count = usize::try_from(change.unsigned_abs()).unwrap_or(usize::MAX);
        match change {
            1.. => self.add(count),
            0 => (),
            ..0 => self.remove(count),
        }
    }
}

/// Streams of one connection: how many are open and how many may be, in one word, so that each step
/// is one atomic operation. A retired connection takes no more and never will again.
pub(super) struct Streams(AtomicU64);

const ONE_IN_USE: u64 = 1;
const LIMIT_SHIFT: u32 = 32;
const RETIRED: u64 = 1 << 63;

/// No peer means more than this; it leaves room for the flag.
const LIMIT_MAX: u32 = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) in_use: u32,
    pub(super) limit: u32,
    pub(super) retired: bool,
}

impl Load {
    const fn of(word: u64) -> Self {
        Self {
            in_use: (word & 0xffff_ffff) as u32,
            limit: ((word & !RETIRED) >> LIMIT_SHIFT) as u32,
            retired: word & RETIRED != 0,
        }
    }

    const fn word(self) -> u64 {
        let flag = if self.retired { RETIRED } else { 0 };
        (self.in_use as u64) | ((self.limit as u64) << LIMIT_SHIFT) | flag
    }

    pub(super) const fn free(self) -> u32 {
        self.limit.saturating_sub(self.in_use)
    }
}

impl Streams {
    pub(super) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    pub(super) fn load(&self) -> Load {
        Load::of(self.0.load(Ordering::Acquire))
    }

    /// Opens a stream if one is free.
    pub(super) fn take(&self) -> bool {
        self.0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
                (Load::of(word).free() > 0).then(|| word + ONE_IN_USE)
            })
            .is_ok()
    }

    /// Closes a stream: what was before, and by how many the free ones grew.
    pub(super) fn release(&self) -> (Load, i64) {
        let before = Load::of(self.0.fetch_sub(ONE_IN_USE, Ordering::AcqRel));
        (before, i64::from(before.in_use <= before.limit))
    }

    /// Sets how many may be open; by how many the free ones changed.
    pub(super) fn set_limit(&self, limit: u32) -> i64 {
        let limit = limit.min(LIMIT_MAX);
        self.change(|load| Load { limit, ..load }).unwrap_or(0)
    }

    /// Takes no more; by how many the free ones changed. `None`: it was retired before.
    pub(super) fn retire(&self) -> Option<i64> {
        self.change(|load| Load {
            limit: 0,
            retired: true,
            ..load
        })
    }

    fn change(&self, to: impl Fn(Load) -> Load) -> Option<i64> {
        let after = |word| {
            let before = Load::of(word);
            (!before.retired).then(|| to(before))
        };
        let word = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
                after(word).map(Load::word)
            })
            .ok()?;
        let (before, after) = (Load::of(word), after(word)?);
        Some(i64::from(after.free()) - i64::from(before.free()))
    }
}
