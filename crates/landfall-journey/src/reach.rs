//! The race of channels for one intent: who holds the lease, when it passes on, and what a late receipt
//! means.
//!
//! An intent is what a reach step wants from one person. Its channels are tried in order, and one lease
//! says who may speak: a channel gets it when the one before is out of the race, that is when its message
//! can no longer leave (refused, failed, taken back) or left and was not confirmed within its limit. A
//! limit that runs out while the message still waits in the queue does not pass the lease on: the message
//! is taken back first, and only its end passes the lease on. So there are never two messages of one
//! intent on their way at the same time (competitors.md E.9; semantics.md 6.10).
//!
//! This module knows nothing of people, plans or contents. `tests/` walks through every interleaving of it
//! with queues, providers and receipts.

#[cfg(test)]
mod tests;

use landfall_domain::marks::Mark;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::span::Span;

/// Most channels of one reach step.
pub const CHANNELS_MAX: usize = 8;

/// A taking back that nobody answered is asked for again after this.
const ASK_AGAIN: Span = Span::minutes(60);

/// How long a channel may keep the lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Pass on when no receipt says *delivered* within this.
    pub delivered_within: Option<Span>,
    /// Pass on when nobody opened within this. Whoever received it saw it, so passing on is a second
    /// exposure.
    pub opened_within: Option<Span>,
    /// Take the message back when it is neither accepted nor at an end within this, where no other limit
    /// does so earlier.
    pub queued_within: Option<Span>,
}

/// The rules of an intent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rules {
    /// The channels in order.
    pub channels: Vec<Limits>,
    /// Whether a channel may follow one that is known to have been seen.
    pub allow_second_exposure: bool,
}

/// How strong a receipt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Proof {
    /// A provider took it. No reach.
    Accepted,
    /// A device, or the provider of a mailbox or handset, has it.
    Delivered,
    /// The person did something with it.
    Opened,
}

/// Where an intent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Race {
    /// The channel that holds the lease, or held it last.
    pub holder: u8,
    /// What became of its message so far.
    pub phase: Phase,
    /// When the lease is looked at again.
    pub due: Option<Timestamp>,
    /// Channels whose message was accepted, by bit.
    accepted: u8,
    /// Channels whose message was delivered, by bit.
    delivered: u8,
}

/// What became of the holder's message so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// It is on its way to a provider, or held in the queue.
    Queued,
    /// Its limit ran out in the queue: it is being taken back.
    Revoking,
    /// A provider took it; proof is awaited.
    Accepted,
    /// The intent is over.
    Over(Verdict),
}

/// How an intent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// This channel reached the person, as far as its limits ask for proof.
    Reached(u8),
    /// Messages were accepted and none was confirmed in time; this channel was the last.
    Unconfirmed(u8),
    /// No channel could be used, or all failed.
    Exhausted,
}

/// What the race may ask for. The implementation makes the effects.
pub trait Track {
    /// Makes the one delivery of this channel. `Some`: it is on its way and may leave at that moment.
    /// `None`: it must not go, which the delivery says too.
    fn send(&mut self, channel: u8) -> Option<Timestamp>;
    /// Takes back the message of this channel, if nobody has begun to hand it over.
    fn cancel(&mut self, channel: u8);
}

impl Rules {
    /// The proof that a channel's limits ask for.
    pub fn asks_for(&self, channel: u8) -> Proof {
        let limits = self.limits(channel);
        if limits.opened_within.is_some() {
            Proof::Opened
        } else if limits.delivered_within.is_some() {
            Proof::Delivered
        } else {
            Proof::Accepted
        }
    }

    fn limits(&self, channel: u8) -> Limits {
        self.channels
            .get(usize::from(channel))
            .copied()
            .unwrap_or_default()
    }
}

impl Race {
    /// Starts the race with the first channel.
    pub fn start(rules: &Rules, track: &mut dyn Track) -> Self {
        let mut race = Self {
            holder: 0,
            phase: Phase::Over(Verdict::Exhausted),
            due: None,
            accepted: 0,
            delivered: 0,
        };
        race.give_lease_from(0, rules, track);
        race
    }

    /// How it ended, when it has.
    pub const fn verdict(&self) -> Option<Verdict> {
        match self.phase {
            Phase::Over(verdict) => Some(verdict),
            _ => None,
        }
    }

    /// Whether it was told of this about a channel's message; of an opening it is told only once, because
    /// that ends the race.
    pub const fn knows(&self, channel: u8, proof: Proof) -> bool {
        let known = match proof {
            Proof::Accepted => self.accepted | self.delivered,
            Proof::Delivered | Proof::Opened => self.delivered,
        };
        known & (1 << channel) != 0
    }

    /// A timer rang. Does nothing before the lease's limit.
    pub fn wake(&mut self, rules: &Rules, now: Timestamp, track: &mut dyn Track) {
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        self.due = None;
        match self.phase {
            // Whether it left is not known before the taking back has an answer.
            Phase::Queued | Phase::Revoking => {
                self.phase = Phase::Revoking;
                self.due = Some(now.plus_millis(ASK_AGAIN.millis()));
                track.cancel(self.holder);
            }
            Phase::Accepted => self.lapse(rules, track),
            Phase::Over(_) => {}
        }
    }

    /// Something became known about the message of a channel.
    pub fn told(
        &mut self,
        rules: &Rules,
        channel: u8,
        mark: Mark,
        now: Timestamp,
        track: &mut dyn Track,
    ) {
        if self.verdict().is_some() || channel > self.holder {
            return;
        }
        match proof(mark) {
            Some(proof) => self.proven(rules, channel, proof, now, track),
            None if ends(mark) => self.ended(rules, channel, track),
            None => {}
        }
    }

    /// The journey ended: whatever can be taken back is.
    pub fn stop(&mut self, track: &mut dyn Track) {
        if matches!(self.phase, Phase::Queued) {
            track.cancel(self.holder);
        }
        if self.verdict().is_none() {
            self.over(self.ending());
        }
    }

    fn proven(
        &mut self,
        rules: &Rules,
        channel: u8,
        proof: Proof,
        now: Timestamp,
        track: &mut dyn Track,
    ) {
        self.accepted |= 1 << channel;
        if proof >= Proof::Delivered {
            self.delivered |= 1 << channel;
        }
        let enough = if channel == self.holder {
            rules.asks_for(channel)
        } else {
            // Acceptance passed the lease on once already.
            rules.asks_for(channel).max(Proof::Delivered)
        };
        if proof >= enough {
            if channel != self.holder && self.phase == Phase::Queued {
                track.cancel(self.holder);
            }
            self.over(Verdict::Reached(channel));
        } else if channel == self.holder && self.phase != Phase::Accepted {
            self.phase = Phase::Accepted;
            self.due = self.limit(rules, now);
        } else if channel == self.holder && proof == Proof::Delivered {
            self.due = self.opened_limit(rules, now).or(self.due);
        }
    }

    /// When the holder's lease ends, counted from `from`.
    fn limit(&self, rules: &Rules, from: Timestamp) -> Option<Timestamp> {
        let limits = rules.limits(self.holder);
        let seen = self.delivered & (1 << self.holder) != 0;
        let span = match (limits.delivered_within, limits.opened_within) {
            (Some(delivered), Some(opened)) if !seen => Some(delivered.min(opened)),
            (Some(delivered), None) => Some(delivered),
            (_, opened) => opened,
        };
        let span = span.or_else(|| {
            let queued = self.phase == Phase::Queued;
            limits.queued_within.filter(|_| queued)
        });
        span.map(|span| from.plus_millis(span.millis()))
    }

    fn opened_limit(&self, rules: &Rules, from: Timestamp) -> Option<Timestamp> {
        let span = rules.limits(self.holder).opened_within?;
        Some(from.plus_millis(span.millis()))
    }

    /// A channel's message will not reach anybody.
    fn ended(&mut self, rules: &Rules, channel: u8, track: &mut dyn Track) {
        let bit = 1 << channel;
        // Whoever has it keeps it: such an end is a report in disorder.
        if self.delivered & bit != 0 {
            return;
        }
        self.accepted &= !bit;
        // An earlier channel's lease has passed on already.
        if channel == self.holder {
            self.pass_on(rules, track);
        }
    }

    /// The holder's limit ran out after its message had left.
    fn lapse(&mut self, rules: &Rules, track: &mut dyn Track) {
        if self.delivered != 0 && !rules.allow_second_exposure {
            self.over(Verdict::Reached(last(self.delivered)));
        } else {
            self.pass_on(rules, track);
        }
    }

    fn pass_on(&mut self, rules: &Rules, track: &mut dyn Track) {
        self.give_lease_from(self.holder + 1, rules, track);
    }

    fn give_lease_from(&mut self, first: u8, rules: &Rules, track: &mut dyn Track) {
        let count = u8::try_from(rules.channels.len().min(CHANNELS_MAX)).unwrap_or_default();
        for channel in first..count {
            self.holder = channel;
            if let Some(leaves) = track.send(channel) {
                self.phase = Phase::Queued;
                self.due = self.limit(rules, leaves);
                return;
            }
        }
        self.over(self.ending());
    }

    const fn ending(&self) -> Verdict {
        if self.accepted == 0 {
            Verdict::Exhausted
        } else {
            Verdict::Unconfirmed(last(self.accepted))
        }
    }

    const fn over(&mut self, verdict: Verdict) {
        self.phase = Phase::Over(verdict);
        self.due = None;
    }
}

/// The highest bit that is set.
const fn last(bits: u8) -> u8 {
    // At most seven.
    (u8::BITS - 1)
        .saturating_sub(bits.leading_zeros())
        .to_le_bytes()[0]
}

/// What a mark proves, if anything. *Received* is no reach: the app may not have been able to show it
/// (semantics.md 2.8).
pub const fn proof(mark: Mark) -> Option<Proof> {
    match mark {
        Mark::Sent | Mark::Received => Some(Proof::Accepted),
        Mark::Delivered | Mark::Displayed | Mark::PrefetchOpened | Mark::PrefetchClicked => {
            Some(Proof::Delivered)
        }
        Mark::Opened
        | Mark::HumanOpened
        | Mark::Clicked
        | Mark::HumanClicked
        | Mark::Converted
        | Mark::Spammed
        | Mark::Unsubscribed
        | Mark::TopicUnsubscribed
        | Mark::Replied => Some(Proof::Opened),
        _ => None,
    }
}

/// Whether after this mark the message does not reach anybody any more.
pub const fn ends(mark: Mark) -> bool {
    matches!(
        mark,
        Mark::Bounced | Mark::Dropped | Mark::Failed | Mark::Undeliverable | Mark::Expired
    )
}
