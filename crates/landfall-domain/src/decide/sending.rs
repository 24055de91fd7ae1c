//! Rules of sending: from the decision to send, through the claim and the answer, to the outcome.
//!
//! Every send becomes a delivery, also when there is nobody to send to: then its outcome carries the
//! reason (architecture.md, decision 3). Targets are chosen when the message is due, and looked at
//! once more when they are claimed.

mod choose;
mod claim;
mod conclude;

use std::sync::Arc;

use super::deliveries::{self, message_key, shortened, target_text};
use super::devices;
use super::{Arrival, Taken};
use crate::attempt::Attempt;
use crate::channel::Channel;
use crate::delivery::{About, Delivery, Said, Snapshot};
use crate::fact::{Fact, TargetKey};
use crate::ids::DeliveryKey;
use crate::input::Body;
use crate::marks::Mark;
use crate::reason::{Reason, Retry};
use crate::work::{PARKED_MS, Ruling, Send, SendTo, Work, WorkKey, WorkState};
use crate::working_set::{Want, WorkingSet};

pub(super) use claim::claim;
pub(super) use conclude::conclude;

/// What an input about work needs to see.
pub(super) fn wants(body: &Body, want: &mut Want) {
    match body {
        Body::Send(send) => {
            want.deliveries.insert(send.delivery_id.clone());
            want.identifiers.insert(send.who.clone());
            if let Some(device) = &send.custom_device {
                want.tokens.insert(device.token.clone());
            }
        }
        Body::Claim { work, .. } => {
            want.works.insert(*work);
        }
        Body::Conclude(conclusion) => {
            want.works.insert(conclusion.work);
        }
        Body::Release { delivery_id } | Body::Cancel { delivery_id } => {
            want.works_of.insert(delivery_id.clone());
        }
        _ => {}
    }
}

/// Takes a decision to send.
pub(super) fn send(set: &mut WorkingSet, send: &Send, arrival: Arrival) -> Taken {
    if set.deliveries_by_id.contains_key(&send.delivery_id) {
        return Taken::Duplicate;
    }
    if let Some(device) = &send.custom_device {
        devices::add(set, &send.who, device, arrival);
    }
    let key = create(set, send, arrival);
    let made = fact(key, None, Mark::Created, arrival);
    deliveries::record(set, &made);
    let due = send.send_at.unwrap_or(arrival.now).max(arrival.now);
    let root = Work {
        key: WorkKey::of(key, WorkKey::ROOT),
        message: message_key(set, &send.message),
        urgency: send.urgency,
        channel: send.message.channel,
        platform: None,
        app: String::new(),
        target: None,
        order: Arc::clone(&send.order),
        due,
        expires: due.plus_millis(send.order.ttl_ms),
        tries: 0,
        first_try: None,
        state: WorkState::Waiting,
    };
    if let Ruling::Held(reason) = send.ruling {
        let mut held = fact(key, None, Mark::Attempted, arrival);
        held.reason = Some(reason);
        deliveries::record(set, &held);
    }
    if let Ruling::Refused(reason) = send.ruling {
        refuse(set, &root, reason, arrival);
        // What another hour may allow can be sent by hand (semantics.md 6.6).
        if reason.retry() == Retry::Later {
            park(set, root, arrival);
        }
    } else if send.draft {
        let drafted = fact(key, None, Mark::Drafted, arrival);
        deliveries::record(set, &drafted);
        park(set, root, arrival);
    } else if due > arrival.now {
        put(set, root);
    } else {
        choose::targets(set, root, arrival);
    }
    deliveries::release_quarantine(set, key, arrival.now);
    Taken::Applied
}

fn create(set: &mut WorkingSet, send: &Send, arrival: Arrival) -> DeliveryKey {
    let key = DeliveryKey(set.next.delivery);
    set.next.delivery += 1;
    let message = message_key(set, &send.message);
    let (id, channel) = (send.delivery_id.clone(), send.message.channel);
    let mut delivery = Delivery::new(key, id.clone(), message, channel, arrival.now);
    delivery.person = set.find(&send.who);
    let said = |text: String| Said {
        at: arrival.now,
        text,
    };
    let addresses = match &send.order.to {
        SendTo::Addresses(addresses) if channel != Channel::Push => Some(addresses.join(", ")),
        _ => None,
    };
    delivery.describe(&About {
        recipient: addresses.map(said),
        run: send.run.clone().map(said),
        trigger_id: send.trigger_id.map(|id| said(id.to_string())),
        ..About::default()
    });
    set.deliveries.insert(key, Arc::new(delivery));
    set.deliveries_by_id.insert(id, key);
    set.changed_deliveries.insert(key);
    key
}

/// Sends what is parked: a draft, or what failed for good.
pub(super) fn release(set: &mut WorkingSet, delivery_id: &str, arrival: Arrival) -> Taken {
    let parked = works_of(set, delivery_id, |work| !work.is_open());
    for key in &parked {
        let Some(mut work) = set.works.get(key).cloned() else {
            continue;
        };
        work.state = WorkState::Waiting;
        work.due = arrival.now;
        work.expires = arrival.now.plus_millis(work.order.ttl_ms);
        (work.tries, work.first_try) = (0, None);
        match work.target {
            // A draft is no draft any more as soon as it is tried (crate::status).
            None => choose::targets(set, work, arrival),
            Some(_) => put(set, work),
        }
    }
    if parked.is_empty() {
        return Taken::Ignored;
    }
    Taken::Applied
}

/// Takes back what nobody has begun to hand over.
pub(super) fn cancel(set: &mut WorkingSet, delivery_id: &str, arrival: Arrival) -> Taken {
    let waiting = works_of(set, delivery_id, |work| {
        !matches!(work.state, WorkState::Claimed { .. })
    });
    for key in &waiting {
        let Some(work) = set.works.remove(key) else {
            continue;
        };
        refuse(set, &work, Reason::SourceCancelled, arrival);
        set.changed_works.insert(*key);
    }
    if waiting.is_empty() {
        return Taken::Ignored;
    }
    Taken::Applied
}

fn works_of(set: &WorkingSet, delivery_id: &str, fits: impl Fn(&Work) -> bool) -> Vec<WorkKey> {
    let Some(delivery) = set.deliveries_by_id.get(delivery_id) else {
        return Vec::new();
    };
    let range = WorkKey::range(*delivery);
    let keys = (range.start().0..=range.end().0).map(WorkKey);
    keys.filter(|key| set.works.get(key).is_some_and(&fits))
        .collect()
}

/// Stores work as it is now.
fn put(set: &mut WorkingSet, work: Work) {
    set.changed_works.insert(work.key);
    set.works.insert(work.key, work);
}

/// Keeps work for a human to release, for a while.
fn park(set: &mut WorkingSet, work: Work, arrival: Arrival) {
    put(
        set,
        Work {
            state: WorkState::Parked,
            due: arrival.now.plus_millis(PARKED_MS),
            ..work
        },
    );
}

/// Takes work off the list.
fn done(set: &mut WorkingSet, key: WorkKey) {
    set.works.remove(&key);
    set.changed_works.insert(key);
}

/// Records why a target, or the whole delivery, is not sent.
fn refuse(set: &mut WorkingSet, work: &Work, reason: Reason, arrival: Arrival) {
    let delivery = work.key.delivery();
    let mark = mark_of(reason);
    let mut refused = fact(delivery, work.target.clone(), mark, arrival);
    refused.reason = Some(reason);
    deliveries::record(set, &refused);
}

/// What a refusal that is final is called.
fn mark_of(reason: Reason) -> Mark {
    use crate::reason::{Class, Kind, Stage, TokenAction};
    match reason {
        Reason::DeviceSuppressed | Reason::AddressSuppressed => Mark::Dropped,
        _ if reason.class() == Class::ExpiredTtl => Mark::Expired,
        _ => match (reason.stage(), reason.token_action(), reason.kind()) {
            (Stage::PreSend, _, Kind::Reach | Kind::Policy) => Mark::Undeliverable,
            (Stage::PreSend | Stage::Transport, ..) | (_, TokenAction::Keep, _) => Mark::Failed,
            _ => Mark::Bounced,
        },
    }
}

/// A fact of ours about a delivery or target, at the time of its arrival.
fn fact(delivery: DeliveryKey, target: Option<TargetKey>, mark: Mark, arrival: Arrival) -> Fact {
    let of = target_text(target.as_ref());
    let at = arrival.at.millis();
    Fact {
        delivery,
        mark,
        reason: None,
        detail: None,
        href: None,
        link_id: None,
        attempt: None,
        snapshot: None,
        credit: None,
        occurred_at: arrival.at,
        sent_at: None,
        received_at: arrival.now,
        clamped: false,
        source: arrival.source,
        dedupe_key: format!("send:{mark}:{of}:{at}"),
        target,
    }
}

/// The fact that brings a target into being.
fn targeted(
    delivery: DeliveryKey,
    target: TargetKey,
    snapshot: Option<Snapshot>,
    arrival: Arrival,
) -> Fact {
    let mut made = fact(delivery, Some(target), Mark::Created, arrival);
    made.snapshot = snapshot;
    made
}
