//! Reach steps: the race of [`crate::reach`] with deliveries of the run.

use landfall_domain::marks::Mark;
use landfall_domain::time::Timestamp;
use serde_json::json;

use super::tell::{DELIVERED, OPENED};
use super::walk::{Flow, Walk};
use crate::plan::{At, NodeKind, PlannedReach};
use crate::reach::{Proof, Race, Rules, Track, Verdict};
use crate::run::{Cursor, Sent};
use crate::trace::Check;

/// What the race asks for, done by the run.
struct Lane<'l, 'a> {
    walk: &'l mut Walk<'a>,
    reach: &'l PlannedReach,
    first: u16,
}

impl Track for Lane<'_, '_> {
    fn send(&mut self, channel: u8) -> Option<Timestamp> {
        let planned = self.reach.channels.get(usize::from(channel))?;
        self.walk.deliver(planned)
    }

    fn cancel(&mut self, channel: u8) {
        // Channels are tried in order, and each makes one delivery.
        self.walk
            .cancel(usize::from(self.first) + usize::from(channel));
    }
}

impl Lane<'_, '_> {
    /// Tells the race of what became known while the journey was paused.
    fn catch_up(&mut self, race: &mut Race, rules: &Rules, now: Timestamp) {
        let mut channel = 0;
        while channel <= race.holder && race.verdict().is_none() {
            let place = usize::from(self.first) + usize::from(channel);
            let sent = self.walk.run.sent.get(place);
            let missed = sent.and_then(|sent| missed(sent, channel, race));
            if let Some(mark) = missed {
                race.told(rules, channel, mark, now, self);
            }
            channel += 1;
        }
    }
}

/// What is known about a delivery, and not to the race.
fn missed(sent: &Sent, channel: u8, race: &Race) -> Option<Mark> {
    if sent.touches[OPENED].is_some() {
        return Some(Mark::Opened);
    }
    if sent.touches[DELIVERED].is_some() {
        return (!race.knows(channel, Proof::Delivered)).then_some(Mark::Delivered);
    }
    if sent.is(Sent::ENDED) {
        return Some(Mark::Failed);
    }
    let accepted = sent.is(Sent::ACCEPTED) && !race.knows(channel, Proof::Accepted);
    accepted.then_some(Mark::Sent)
}

impl Walk<'_> {
    /// Begins a reach step.
    pub(super) fn reach(&mut self, at: At, reach: &PlannedReach) -> Flow {
        let first = u16::try_from(self.run.sent.len()).unwrap_or(u16::MAX);
        if self.run.holdout {
            // One delivery stands for the intent; nobody would have seen the others.
            if let Some(planned) = reach.channels.first() {
                self.deliver(planned);
            }
            return self.after(at);
        }
        let mut lane = Lane {
            walk: self,
            reach,
            first,
        };
        let race = Race::start(&reach.rules, &mut lane);
        self.settle(at, first, race)
    }

    /// The timer of a reach step rang, or something else happened.
    pub(super) fn race_wakes(&mut self, at: At, first: u16, race: Race) {
        let now = self.setting.now;
        self.race(at, first, race, |race, rules, lane| {
            lane.catch_up(race, rules, now);
            if race.verdict().is_none() {
                race.wake(rules, now, lane);
            }
        });
    }

    /// Something became known about a delivery of the reach step that the run is in.
    pub(super) fn race_is_told(&mut self, place: usize, mark: Mark) {
        if self.still {
            return;
        }
        let Cursor::Reaching { at, first, race } = self.run.cursor else {
            return;
        };
        let Some(channel) = place.checked_sub(usize::from(first)) else {
            return;
        };
        let Ok(channel) = u8::try_from(channel) else {
            return;
        };
        let now = self.setting.now;
        self.race(at, first, race, |race, rules, lane| {
            race.told(rules, channel, mark, now, lane);
        });
    }

    fn race(
        &mut self,
        at: At,
        first: u16,
        mut race: Race,
        act: impl FnOnce(&mut Race, &Rules, &mut Lane<'_, '_>),
    ) {
        let plan = self.plan;
        let node = plan.nodes.get(usize::from(at)).map(|node| &node.kind);
        let Some(NodeKind::Reach(reach)) = node else {
            return;
        };
        let mut lane = Lane {
            walk: self,
            reach,
            first,
        };
        act(&mut race, &reach.rules, &mut lane);
        if let Flow::On(next) = self.settle(at, first, race) {
            self.go(next);
        }
    }

    /// Keeps the race, or goes on when it is over.
    fn settle(&mut self, at: At, first: u16, race: Race) -> Flow {
        let step = self.plan.nodes.get(usize::from(at)).map(|node| node.step);
        let input = || json!({ "channel": race.holder, "due": race.due });
        let verdict = match race.verdict() {
            None => "waits",
            Some(Verdict::Reached(_)) => "reached",
            Some(Verdict::Unconfirmed(_)) => "unconfirmed",
            Some(Verdict::Exhausted) => "exhausted",
        };
        self.note(step, Check::Reach, input, verdict);
        if race.verdict().is_some() {
            return self.after(at);
        }
        self.run.cursor = Cursor::Reaching { at, first, race };
        self.run.due = race.due;
        self.run.waited = true;
        Flow::Stay
    }

    fn after(&self, at: At) -> Flow {
        let node = self.plan.nodes.get(usize::from(at));
        Flow::On(node.map_or(crate::plan::END, |node| node.next))
    }
}
