//! The rules of outcome and status.

use std::collections::BTreeMap;

use super::{Confirmation, Outcome, Status};
use crate::channel::Channel;
use crate::delivery::{Delivery, Target};
use crate::marks::Mark;
use crate::reason::Reason;
use crate::time::Timestamp;

/// Marks that only come about when the message arrived.
const EVIDENCE: u32 = Mark::Delivered.bit()
    | Mark::Received.bit()
    | Mark::Displayed.bit()
    | Mark::Opened.bit()
    | Mark::HumanOpened.bit()
    | Mark::PrefetchOpened.bit()
    | Mark::Clicked.bit()
    | Mark::HumanClicked.bit()
    | Mark::PrefetchClicked.bit()
    | Mark::Replied.bit()
    | Mark::Spammed.bit()
    | Mark::Unsubscribed.bit()
    | Mark::TopicUnsubscribed.bit();

/// Refusals, strongest first.
const REFUSED: [(Mark, Outcome); 5] = [
    (Mark::Bounced, Outcome::Bounced),
    (Mark::Failed, Outcome::Failed),
    (Mark::Expired, Outcome::Expired),
    (Mark::Dropped, Outcome::Dropped),
    (Mark::Undeliverable, Outcome::Undeliverable),
];

const fn any(bits: u32, of: u32) -> bool {
    bits & of != 0
}

fn refusal(bits: u32) -> Option<Outcome> {
    let found = REFUSED.iter().find(|(mark, _)| any(bits, mark.bit()));
    found.map(|(_, outcome)| *outcome)
}

/// The outcome of one address by its marks.
fn of_address(bits: u32) -> Outcome {
    if any(bits, EVIDENCE) {
        return Outcome::Accepted;
    }
    if any(bits, Mark::Bounced.bit()) {
        return Outcome::Bounced;
    }
    if any(bits, Mark::Sent.bit()) {
        return Outcome::Accepted;
    }
    if let Some(refused) = refusal(bits) {
        return refused;
    }
    if any(bits, Mark::Converted.bit()) {
        return Outcome::Accepted;
    }
    of_undecided(bits)
}

/// A draft that was tried is no draft any more.
const fn of_undecided(bits: u32) -> Outcome {
    let tried = Mark::Attempted.bit() | Mark::Deferred.bit();
    if any(bits, Mark::Drafted.bit()) && !any(bits, tried) {
        Outcome::Held
    } else {
        Outcome::Pending
    }
}

/// The outcome of a push as a whole by the marks that no device carries. *Bounced* beside *sent*
/// means that one device bounced and another was accepted (semantics.md 2.2).
fn of_whole(bits: u32, channel: Channel) -> Outcome {
    let both = Mark::Sent.bit() | Mark::Bounced.bit();
    if channel == Channel::Push && bits & both == both {
        return Outcome::PartiallyAccepted;
    }
    of_address(bits)
}

/// The one outcome of a target: its own, or while that is open, what was decided for the whole
/// delivery.
pub fn target_outcome(delivery: &Delivery, target: &Target) -> Outcome {
    if delivery.channel != Channel::Push {
        return of_address(target.marks.bits() | delivery.marks.bits());
    }
    let own = of_address(target.marks.bits());
    if own.is_final() {
        return own;
    }
    match of_whole(delivery.marks.bits(), delivery.channel) {
        Outcome::PartiallyAccepted => Outcome::Accepted,
        whole if whole.is_final() => whole,
        _ => of_undecided(target.marks.bits() | delivery.marks.bits()),
    }
}

/// The one outcome of a delivery.
pub fn outcome(delivery: &Delivery) -> Outcome {
    let own = delivery.marks.bits();
    if delivery.targets.is_empty() {
        return of_whole(own, delivery.channel);
    }
    if delivery.channel != Channel::Push {
        return of_address(all_bits(delivery));
    }
    of_devices(delivery)
}

fn all_bits(delivery: &Delivery) -> u32 {
    let targets = delivery.targets.iter().map(|target| target.marks.bits());
    targets.fold(delivery.marks.bits(), |all, bits| all | bits)
}

fn of_devices(delivery: &Delivery) -> Outcome {
    let whole = of_whole(delivery.marks.bits(), delivery.channel);
    let devices = || {
        delivery
            .targets
            .iter()
            .map(|target| target_outcome(delivery, target))
    };
    let refused = devices().any(Outcome::is_refused);
    if whole.is_accepted() || devices().any(Outcome::is_accepted) {
        let open = devices().any(|device| !device.is_final());
        return if open && !any(all_bits(delivery), EVIDENCE) {
            Outcome::Pending
        } else if refused || whole == Outcome::PartiallyAccepted {
            Outcome::PartiallyAccepted
        } else {
            Outcome::Accepted
        };
    }
    if devices().all(Outcome::is_refused) {
        let strongest = REFUSED.iter().map(|(_, outcome)| *outcome);
        return strongest
            .into_iter()
            .find(|outcome| whole == *outcome || devices().any(|device| device == *outcome))
            .unwrap_or(Outcome::Pending);
    }
    if devices().all(|device| !device.is_final()) {
        return of_undecided(all_bits(delivery));
    }
    Outcome::Pending
}

/// What the person did with the message, highest first.
const ENGAGED: [(Mark, Status); 8] = [
    (Mark::Converted, Status::Converted),
    (Mark::Spammed, Status::Spammed),
    (Mark::Unsubscribed, Status::Unsubscribed),
    (Mark::TopicUnsubscribed, Status::TopicUnsubscribed),
    (Mark::Replied, Status::Replied),
    (Mark::Clicked, Status::Clicked),
    (Mark::Opened, Status::Opened),
    (Mark::Delivered, Status::Delivered),
];

/// The status with Customer.io's words (semantics.md 1.1 and 2.2). It has no word for an expired
/// message; retries that ran out of time read *failed* there.
pub fn customerio_status(delivery: &Delivery) -> Status {
    let view = delivery.view();
    if let Some((_, status)) = ENGAGED.iter().find(|(mark, _)| view.has(*mark)) {
        return *status;
    }
    match outcome(delivery) {
        Outcome::Accepted | Outcome::PartiallyAccepted => Status::Sent,
        Outcome::Bounced => Status::Bounced,
        Outcome::Failed | Outcome::Expired => Status::Failed,
        Outcome::Dropped => Status::Dropped,
        Outcome::Undeliverable => Status::Undeliverable,
        Outcome::Held => Status::Drafted,
        Outcome::Pending => waiting(delivery),
    }
}

/// The status with Landfall's additions. An overdue confirmation is said before *partially sent*,
/// because it asks for an action; the outcome keeps the other half of the truth.
pub fn landfall_status(delivery: &Delivery, confirmation: Confirmation) -> Status {
    let status = customerio_status(delivery);
    match (status, outcome(delivery)) {
        (Status::Failed, Outcome::Expired) => Status::Expired,
        (Status::Sent, _) if confirmation == Confirmation::Overdue => Status::Unconfirmed,
        (Status::Sent, Outcome::PartiallyAccepted) => Status::PartiallySent,
        _ => status,
    }
}

/// The status while nothing is decided. Some devices answered and others did not: *attempted*.
fn waiting(delivery: &Delivery) -> Status {
    let bits = all_bits(delivery);
    let answered = Mark::Sent.bit() | REFUSED.iter().fold(0, |all, (mark, _)| all | mark.bit());
    if any(bits, Mark::Deferred.bit()) {
        Status::Deferred
    } else if any(bits, Mark::Attempted.bit() | answered) {
        Status::Attempted
    } else if any(bits, Mark::Drafted.bit()) {
        Status::Drafted
    } else if delivery.targets.is_empty() {
        Status::Created
    } else {
        Status::Queued
    }
}

/// The reason that explains a target's outcome, if one was given: its own, or while it is open, the
/// latest one given for it or for the whole.
pub fn target_reason(delivery: &Delivery, target: &Target) -> Option<Reason> {
    if target_outcome(delivery, target).is_accepted() {
        return None;
    }
    let own = latest(&target.reasons);
    if of_address(target.marks.bits()).is_final() && own.is_some() {
        return own.map(|(_, reason)| reason);
    }
    own.max(latest(&delivery.reasons)).map(|(_, reason)| reason)
}

/// The reason that explains a delivery's outcome: the one that most of its targets share, or else
/// the latest one given for the whole. Of a partially accepted delivery it explains the refusals.
pub fn reason(delivery: &Delivery) -> Option<Reason> {
    if outcome(delivery) == Outcome::Accepted {
        return None;
    }
    let mut votes: BTreeMap<Reason, usize> = BTreeMap::new();
    for target in &delivery.targets {
        if let Some(reason) = target_reason(delivery, target) {
            *votes.entry(reason).or_default() += 1;
        }
    }
    let shared = votes
        .into_iter()
        .max_by_key(|(reason, votes)| (*votes, std::cmp::Reverse(*reason)));
    let whole = || latest(&delivery.reasons).map(|(_, reason)| reason);
    shared.map(|(reason, _)| reason).or_else(whole)
}

/// The latest reason; of several at the same moment the one with the lowest number is the most
/// telling, because the unknown ones have the highest.
fn latest(reasons: &BTreeMap<Reason, Timestamp>) -> Option<(Timestamp, Reason)> {
    let found = reasons
        .iter()
        .max_by_key(|(reason, at)| (**at, std::cmp::Reverse(**reason)));
    found.map(|(reason, at)| (*at, *reason))
}
