//! What waits to be posted to one webhook, and whose turn it is. Pure: time, chance and answers come in
//! from outside.
//!
//! Each person has a lane. In a lane one event follows the other; lanes do not wait for each other, so a
//! person whose event the endpoint does not take holds up nobody else. When everybody's events are
//! refused, the endpoint as a whole is left alone for growing pauses ([`breaker`]).
//!
//! Nothing is passed over: [`Lanes::done_to`] only grows past facts whose events were taken or buried.

mod breaker;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::time::{DAY_MS, HOUR_MS, SECOND_MS, Timestamp};

use breaker::{Breaker, grown};

/// Events that are posted at the same time.
const AT_ONCE: usize = 16;
/// Events that may wait here; beyond that the ledger is not read further.
const WAITING_MAX: usize = 4_096;
/// The same in bytes, since contents may be long.
const WAITING_BYTES_MAX: usize = 16 << 20;
/// How long an event is tried (reporting-webhooks.md 1).
pub(super) const AGE_MAX_MS: i64 = 7 * DAY_MS;
/// From this many tries on, an event that is refused while others are taken is given up: about nine
/// minutes. A webhook that fails three times out of ten does so ten times in a row once in 170,000.
const TRIES_MAX: u32 = 10;
/// The first pause after a refusal, and the longest.
const PAUSE_MS: (i64, i64) = (SECOND_MS, HOUR_MS);

/// Whose events follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LaneKey {
    /// A person's.
    Person(PersonKey),
    /// Those of a delivery without a person.
    Delivery(DeliveryKey),
}

/// One event, ready to be posted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Report {
    /// Number of the fact that it tells.
    pub(super) number: u64,
    /// `event_id`.
    pub(super) id: String,
    /// The name that was subscribed to.
    pub(super) name: String,
    /// When the fact was taken: its age counts from here.
    pub(super) since: Timestamp,
    /// The body.
    pub(super) body: String,
}

/// Why an event is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The endpoint refused it again and again, and took others meanwhile.
    Refused,
    /// It was tried for seven days.
    Expired,
}

/// What a refusal leads to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GivenUp {
    pub(super) report: Report,
    pub(super) cause: Cause,
    pub(super) tries: u32,
}

#[derive(Debug)]
struct Lane {
    waiting: VecDeque<Report>,
    /// Tries of the first of them.
    tries: u32,
    /// How many events had been taken in all when the first of them failed first.
    taken_before: u64,
    next_at: Timestamp,
    tried_at: Timestamp,
    in_flight: bool,
}

/// The lanes of one webhook.
#[derive(Debug)]
pub(super) struct Lanes {
    lanes: BTreeMap<LaneKey, Lane>,
    /// Lanes that nothing is posted of at the moment, by when they may be.
    due: BTreeSet<(Timestamp, LaneKey)>,
    breaker: Breaker,
    in_flight: usize,
    waiting: usize,
    bytes: usize,
    taken: u64,
    /// Facts whose events are not all done, with how many are left.
    unfinished: BTreeMap<u64, usize>,
    read_to: u64,
}

impl Lanes {
    /// Nothing waits; facts up to `read_to` are dealt with.
    pub(super) fn after(read_to: u64) -> Self {
        Self {
            lanes: BTreeMap::new(),
            due: BTreeSet::new(),
            breaker: Breaker::default(),
            in_flight: 0,
            waiting: 0,
            bytes: 0,
            taken: 0,
            unfinished: BTreeMap::new(),
            read_to,
        }
    }

    /// Whether more may be read.
    pub(super) const fn has_room(&self) -> bool {
        self.waiting < WAITING_MAX && self.bytes < WAITING_BYTES_MAX
    }

    /// Up to which fact the ledger was read.
    pub(super) const fn read_to(&self) -> u64 {
        self.read_to
    }

    /// Up to which fact everything is done.
    pub(super) fn done_to(&self) -> u64 {
        let first = self.unfinished.keys().next();
        first.map_or(self.read_to, |first| first - 1)
    }

    /// How many events wait or are being posted.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// How many are being posted.
    pub(super) const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Until when the endpoint is left alone.
    pub(super) fn paused_until(&self) -> Option<Timestamp> {
        self.breaker.until()
    }

    /// Notes that the ledger was read up to `number`.
    pub(super) fn note_read(&mut self, number: u64) {
        self.read_to = self.read_to.max(number);
    }

    /// Puts an event at the end of its lane.
    pub(super) fn put(&mut self, key: LaneKey, report: Report, now: Timestamp) {
        self.waiting += 1;
        self.bytes += report.body.len();
        *self.unfinished.entry(report.number).or_default() += 1;
        self.note_read(report.number);
        let lane = self.lanes.entry(key).or_insert_with(|| {
            self.due.insert((now, key));
            Lane {
                waiting: VecDeque::new(),
                tries: 0,
                taken_before: 0,
                next_at: now,
                tried_at: Timestamp::EPOCH,
                in_flight: false,
            }
        });
        lane.waiting.push_back(report);
    }

    /// The next event to post at `now`, which its lane then waits for.
    pub(super) fn pick(&mut self, now: Timestamp) -> Option<(LaneKey, Report)> {
        let room = self.breaker.room(AT_ONCE, self.in_flight, now);
        if room <= self.in_flight {
            return None;
        }
        let due = self.due.iter().take_while(|(at, _)| *at <= now);
        let place = if self.breaker.until().is_some() {
            // Whoever was tried longest ago, or never, so that one bad event does not fail every probe.
            due.min_by_key(|(at, key)| (self.lanes.get(key).map(|lane| lane.tried_at), *at))
        } else {
            due.into_iter().next()
        };
        let place = *place?;
        let lane = self.lanes.get_mut(&place.1)?;
        let report = lane.waiting.front()?.clone();
        lane.in_flight = true;
        lane.tried_at = now;
        self.due.remove(&place);
        self.in_flight += 1;
        self.breaker.note_try(place.1);
        Some((place.1, report))
    }

    /// The endpoint took the event that was being posted of a lane.
    pub(super) fn taken(&mut self, key: LaneKey, now: Timestamp) {
        self.taken += 1;
        if self.breaker.note_success() {
            self.try_all(now);
        }
        self.finish(key, now);
    }

    /// The endpoint did not take it, or asks for `asked` milliseconds of peace. Returns the event when it
    /// is given up: it stays where it is until it is [`Lanes::buried`] (or [`Lanes::kept`]).
    pub(super) fn refused(
        &mut self,
        key: LaneKey,
        asked: Option<i64>,
        now: Timestamp,
        random: u32,
    ) -> Option<GivenUp> {
        self.breaker.note_failure(key, now, random);
        let taken = self.taken;
        let lane = self.lanes.get_mut(&key)?;
        if lane.tries == 0 {
            lane.taken_before = taken;
        }
        lane.tries += 1;
        let tries = lane.tries;
        let pause = grown(PAUSE_MS, tries, random).max(asked.unwrap_or(0).clamp(0, PAUSE_MS.1));
        lane.next_at = now.plus_millis(pause);
        let report = lane.waiting.front()?;
        let cause = if now.since(report.since) >= AGE_MAX_MS {
            Some(Cause::Expired)
        } else if tries >= TRIES_MAX && taken > lane.taken_before {
            Some(Cause::Refused)
        } else {
            None
        };
        let Some(cause) = cause else {
            self.kept(key);
            return None;
        };
        Some(GivenUp {
            report: report.clone(),
            cause,
            tries,
        })
    }

    /// The event that was given up is kept elsewhere: the lane goes on without it.
    pub(super) fn buried(&mut self, key: LaneKey, now: Timestamp) {
        self.finish(key, now);
    }

    /// The event stays the first of its lane and is tried again after its pause.
    pub(super) fn kept(&mut self, key: LaneKey) {
        if let Some(lane) = self.lanes.get_mut(&key) {
            self.due.insert((lane.next_at, key));
            if std::mem::take(&mut lane.in_flight) {
                self.in_flight -= 1;
            }
        }
    }

    /// When something can be posted next; `None`: not before something is put or answered.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        let (first, _) = self.due.first()?;
        match self.breaker.until() {
            // Its answer comes first, and those to what was posted before the pause.
            Some(_) if self.in_flight > 0 => None,
            Some(until) => Some(until.max(*first)),
            None if self.in_flight >= AT_ONCE => None,
            None => Some(*first),
        }
    }

    /// After an outage nobody waits for the end of a pause that grew in it.
    fn try_all(&mut self, now: Timestamp) {
        let due: Vec<(Timestamp, LaneKey)> = self.due.iter().copied().collect();
        self.due = due
            .into_iter()
            .map(|(at, key)| (at.min(now), key))
            .collect();
        for lane in self.lanes.values_mut() {
            lane.next_at = lane.next_at.min(now);
        }
    }

    /// Takes the first event off its lane.
    fn finish(&mut self, key: LaneKey, now: Timestamp) {
        let Some(lane) = self.lanes.get_mut(&key) else {
            return;
        };
        if std::mem::take(&mut lane.in_flight) {
            self.in_flight -= 1;
        }
        (lane.tries, lane.next_at) = (0, now);
        if let Some(done) = lane.waiting.pop_front() {
            self.waiting -= 1;
            self.bytes -= done.body.len();
            if let Some(left) = self.unfinished.get_mut(&done.number) {
                *left -= 1;
                if *left == 0 {
                    self.unfinished.remove(&done.number);
                }
            }
        }
        if lane.waiting.is_empty() {
            self.lanes.remove(&key);
        } else {
            self.due.insert((now, key));
        }
    }
}
