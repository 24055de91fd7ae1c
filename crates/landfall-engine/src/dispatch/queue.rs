//! What is on its way, in memory: which work is due, in which order, and what has waited too long.
//!
//! The store is the truth; this is its index, kept current by every commit. Nothing in here does I/O
//! or reads a clock.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use landfall_domain::channel::{Channel, Platform, Provider};
use landfall_domain::fact::TargetKey;
use landfall_domain::ids::MessageKey;
use landfall_domain::time::Timestamp;
use landfall_domain::work::{Urgency, Work, WorkKey, WorkState};
use rustc_hash::FxHashMap;

/// How many pieces of one lane go before the next lane has its turn.
const TURN: usize = 16;

/// Work that takes turns with other work: of one message, over one way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// Who goes first.
    pub urgency: Urgency,
    /// Of which message.
    pub message: MessageKey,
    /// By which way.
    pub way: Way,
}

/// By which way a target is reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Way {
    /// Over which channel.
    pub channel: Channel,
    /// The device's platform; `None` with a push: its devices are still to be chosen.
    pub platform: Option<Platform>,
    /// The device's app, where known.
    pub app: String,
}

impl Way {
    /// Whether nobody has to carry it yet, because its devices are still to be chosen.
    pub const fn is_open(&self) -> bool {
        matches!((self.channel, self.platform), (Channel::Push, None))
    }
}

/// A claim that was not concluded in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lapsed {
    /// Which work.
    pub work: WorkKey,
    /// The attempt that holds it.
    pub attempt: String,
    /// Its target.
    pub target: Option<TargetKey>,
    /// Who carries it.
    pub provider: Option<Provider>,
}

enum Place {
    Waiting {
        lane: usize,
        due: Timestamp,
        expires: Timestamp,
    },
    Claimed {
        until: Timestamp,
        lapsed: Box<Lapsed>,
    },
}

/// The index of open work.
#[derive(Default)]
pub struct Queue {
    places: FxHashMap<WorkKey, Place>,
    lanes: Vec<(Lane, BTreeSet<(Timestamp, WorkKey)>)>,
    lane_of: BTreeMap<Lane, usize>,
    expiring: BTreeSet<(Timestamp, WorkKey)>,
    lapsing: BTreeSet<(Timestamp, WorkKey)>,
    /// Where the next round begins, for each urgency.
    turn: [usize; Urgency::ALL.len()],
}

impl Queue {
    /// Takes work as a commit left it.
    pub fn apply(&mut self, key: WorkKey, work: Option<&Work>) {
        self.remove(key);
        if let Some(work) = work {
            self.place(work);
        }
    }

    fn place(&mut self, work: &Work) {
        let key = work.key;
        let place = match &work.state {
            WorkState::Parked => return,
            WorkState::Waiting => {
                let lane = self.lane(work);
                self.lanes[lane].1.insert((work.due, key));
                self.expiring.insert((work.expires, key));
                Place::Waiting {
                    lane,
                    due: work.due,
                    expires: work.expires,
                }
            }
            WorkState::Claimed { attempt, until } => {
                self.lapsing.insert((*until, key));
                let lapsed = Lapsed {
                    work: key,
                    attempt: attempt.clone(),
                    target: work.target.clone(),
                    provider: work.carrier(),
                };
                Place::Claimed {
                    until: *until,
                    lapsed: Box::new(lapsed),
                }
            }
        };
        self.places.insert(key, place);
    }

    fn remove(&mut self, key: WorkKey) {
        match self.places.remove(&key) {
            Some(Place::Waiting { lane, due, expires }) => {
                self.lanes[lane].1.remove(&(due, key));
                self.expiring.remove(&(expires, key));
            }
            Some(Place::Claimed { until, .. }) => {
                self.lapsing.remove(&(until, key));
            }
            None => {}
        }
    }

    fn lane(&mut self, work: &Work) -> usize {
        let lane = Lane {
            urgency: work.urgency,
            message: work.message,
            way: Way {
                channel: work.channel,
                platform: work.platform,
                app: work.app.clone(),
            },
        };
        if let Some(known) = self.lane_of.get(&lane) {
            return *known;
        }
        let place = self.lanes.len();
        self.lanes.push((lane.clone(), BTreeSet::new()));
        self.lane_of.insert(lane, place);
        place
    }

    /// Up to `wanted` pieces of work of an urgency that are due at `now`. Lanes take turns; `room` says
    /// how many pieces of a lane may go now, at most the number that it is asked for. What is picked
    /// stays until a commit says what became of it.
    pub fn pick(
        &mut self,
        now: Timestamp,
        urgency: Urgency,
        wanted: usize,
        room: &mut dyn FnMut(&Lane, usize) -> usize,
    ) -> Vec<WorkKey> {
        let mut picked = Vec::new();
        let mine: Vec<usize> = self
            .lane_of
            .iter()
            .filter(|(lane, _)| lane.urgency == urgency)
            .map(|(_, place)| *place)
            .collect();
        let mut rows: Vec<(usize, Vec<WorkKey>)> = Vec::new();
        for lane in rotated(&mine, self.turn[urgency as usize]) {
            let (name, waiting) = &self.lanes[lane];
            let due = waiting.iter().take_while(|(due, _)| *due <= now);
            let mut due: Vec<WorkKey> = due.map(|(_, key)| *key).take(wanted).collect();
            if due.is_empty() {
                continue;
            }
            let room = room(name, due.len());
            due.truncate(room);
            due.reverse();
            rows.push((lane, due));
        }
        while picked.len() < wanted && rows.iter().any(|(_, row)| !row.is_empty()) {
            for (_, row) in &mut rows {
                let turn = TURN.min(wanted - picked.len()).min(row.len());
                picked.extend(row.split_off(row.len() - turn).into_iter().rev());
            }
        }
        self.turn[urgency as usize] = self.turn[urgency as usize].wrapping_add(1);
        picked
    }

    /// Waiting work whose time is over at `now`, up to `limit`.
    pub fn expired(&self, now: Timestamp, limit: usize) -> Vec<WorkKey> {
        let over = self.expiring.iter().take_while(|(at, _)| *at <= now);
        over.map(|(_, key)| *key).take(limit).collect()
    }

    /// Claims that lapsed at `now`, up to `limit`.
    pub fn lapsed(&self, now: Timestamp, limit: usize) -> Vec<Lapsed> {
        let over = self.lapsing.iter().take_while(|(at, _)| *at <= now);
        over.filter_map(|(_, key)| match self.places.get(key) {
            Some(Place::Claimed { lapsed, .. }) => Some(lapsed.as_ref().clone()),
            _ => None,
        })
        .take(limit)
        .collect()
    }

    /// All claims lapse: whoever held them is gone.
    pub fn lapse_all(&mut self) {
        let held = std::mem::take(&mut self.lapsing);
        for (_, key) in held {
            if let Some(Place::Claimed { until, .. }) = self.places.get_mut(&key) {
                *until = Timestamp::EPOCH;
                self.lapsing.insert((Timestamp::EPOCH, key));
            }
        }
    }

    /// When something is due, expires or lapses next; `None`: nothing is open.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.next_due(Urgency::ALL)
            .into_iter()
            .chain(self.next_end())
            .min()
    }

    /// When work of these urgencies is due next; `None`: there is none.
    pub fn next_due(&self, urgencies: &[Urgency]) -> Option<Timestamp> {
        let lanes = self.lanes.iter();
        let lanes = lanes.filter(|(lane, _)| urgencies.contains(&lane.urgency));
        let due = lanes.filter_map(|(_, waiting)| waiting.first());
        due.map(|(at, _)| *at).min()
    }

    /// When something expires or lapses next.
    pub fn next_end(&self) -> Option<Timestamp> {
        let ends = [self.expiring.first(), self.lapsing.first()];
        ends.into_iter().flatten().map(|(at, _)| *at).min()
    }

    /// How many pieces wait, by lane; empty lanes are left out.
    pub fn waiting(&self) -> impl Iterator<Item = (&Lane, usize)> {
        let lanes = self.lanes.iter().filter(|(_, waiting)| !waiting.is_empty());
        lanes.map(|(lane, waiting)| (lane, waiting.len()))
    }

    /// Since when the oldest waiting piece is due, if one is at `now`.
    pub fn oldest_due(&self, now: Timestamp) -> Option<Timestamp> {
        let first = self.lanes.iter().filter_map(|(_, waiting)| waiting.first());
        first.map(|(due, _)| *due).filter(|due| *due <= now).min()
    }

    /// How many pieces are claimed.
    pub fn claimed(&self) -> usize {
        self.lapsing.len()
    }

    /// How many pieces are open.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nothing is open.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

fn rotated(lanes: &[usize], by: usize) -> impl Iterator<Item = usize> {
    let from = by.checked_rem(lanes.len()).unwrap_or(0);
    lanes[from..].iter().chain(&lanes[..from]).copied()
}
