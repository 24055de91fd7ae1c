//! A clock that is moved by hand until it is let go.

use std::sync::atomic::{AtomicBool, Ordering};

use landfall_domain::time::{Clock, ManualClock, Timestamp, WallClock};

/// Stands still between moves; later it is the machine's clock.
pub(crate) struct DemoClock {
    hand: ManualClock,
    live: AtomicBool,
}

impl DemoClock {
    pub(crate) const fn at(at: Timestamp) -> Self {
        Self {
            hand: ManualClock::at(at),
            live: AtomicBool::new(false),
        }
    }

    /// Moves to a moment.
    pub(crate) fn set(&self, at: Timestamp) {
        self.hand.advance(at.since(self.hand.now()));
    }

    /// From now on it tells the machine's time.
    pub(crate) fn go_live(&self) {
        self.live.store(true, Ordering::SeqCst);
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Timestamp {
        match self.live.load(Ordering::SeqCst) {
            true => WallClock.now(),
            false => self.hand.now(),
        }
    }
}
