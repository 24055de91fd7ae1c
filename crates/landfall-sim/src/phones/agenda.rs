//! What comes next, in order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use landfall_domain::time::Timestamp;

use super::happening::Happening;

/// Something that happens to a phone.
#[derive(Debug)]
pub(super) enum Event {
    /// Its owner opens the app.
    Open,
    /// The app starts out of turn.
    Start,
    /// The app is removed.
    Uninstall,
    /// The app comes back.
    Install,
    /// The app moves to a new phone, from a backup.
    Restore,
    /// The permission is turned over.
    Permission,
    /// Somebody else logs in.
    Switch,
    /// What a provider holds may be due, or over.
    Release,
    /// A push arrives; the number of its flight.
    Arrive(usize),
    /// A notification may be tapped.
    Tap(usize),
    /// A call reaches the server, unless the installation that made it is gone.
    Reach { call: Box<Happening>, of: u32 },
}

#[derive(Debug)]
struct Entry {
    at: Timestamp,
    phone: usize,
    number: u64,
    event: Event,
}

/// Coming events. Of those at the same moment, the phone with the lowest number is first, and of one
/// phone's those that were planned first.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    entries: BinaryHeap<Reverse<Entry>>,
    number: u64,
}

impl Agenda {
    pub(super) fn plan(&mut self, at: Timestamp, phone: usize, event: Event) {
        self.number += 1;
        self.entries.push(Reverse(Entry {
            at,
            phone,
            number: self.number,
            event,
        }));
    }

    /// The next event up to a moment.
    pub(super) fn next(&mut self, to: Timestamp) -> Option<(Timestamp, usize, Event)> {
        if self.next_at()? > to {
            return None;
        }
        let Reverse(entry) = self.entries.pop()?;
        Some((entry.at, entry.phone, entry.event))
    }

    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.entries.peek().map(|Reverse(entry)| entry.at)
    }
}

impl Entry {
    const fn order(&self) -> (Timestamp, usize, u64) {
        (self.at, self.phone, self.number)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}
