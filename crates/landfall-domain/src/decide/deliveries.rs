//! Rules of deliveries: reports by whoever sent them, receipts by devices, opt-outs, names.

mod credits;
mod facts;
mod links;
mod receipts;
mod targets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Arrival, Taken};
use crate::channel::Channel;
use crate::delivery::{About, Delivery, Said};
use crate::ids::{DeliveryKey, MessageKey};
use crate::input::{Body, DeliveryReport, Input};
use crate::marks::Mark;
use crate::message::{MessageEntry, MessageRef, NameOf, SourceKind};
use crate::time::Timestamp;
use crate::working_set::{Want, WorkingSet};

pub(super) use credits::credit;
pub(super) use facts::{record, shortened, target_text};
pub(super) use receipts::{receipt, release as release_quarantine};
pub(super) use targets::{answered, snapshot_of};

/// What an input about a delivery needs to see.
pub(super) fn wants(body: &Body, want: &mut Want) {
    match body {
        Body::Receipt {
            delivery_id,
            recipient,
            ..
        } => {
            want.deliveries.insert(delivery_id.clone());
            want.tokens.extend(recipient.clone());
        }
        Body::Unsubscribe { delivery_id } | Body::Credit { delivery_id, .. } => {
            want.deliveries.insert(delivery_id.clone());
        }
        Body::Subscription { delivery_id, .. } => want.deliveries.extend(delivery_id.clone()),
        Body::Delivery(report) => {
            want.deliveries.insert(report.delivery_id.clone());
            if report.message.channel == Channel::Push {
                let tokens = report.recipients.iter().map(|to| to.address.clone());
                want.tokens.extend(tokens);
            }
        }
        _ => {}
    }
}

/// What became needed by what was loaded: the tokens that quarantined receipts name. Load it before
/// deciding, so that a receipt that waited for its delivery finds its device.
pub(super) fn wants_more(set: &WorkingSet) -> Want {
    let mut want = Want::default();
    for input in set.quarantined.values().flatten() {
        if let Body::Receipt {
            recipient: Some(token),
            ..
        } = &input.body
            && !set.devices_by_token.contains_key(token)
        {
            want.tokens.insert(token.clone());
        }
    }
    want
}

/// Marks the delivery through which somebody opted out. The choice counts at once; a delivery that is
/// not known yet gets its mark when it appears.
pub(super) fn opt_out_through(
    set: &mut WorkingSet,
    input: &Input,
    delivery_id: &str,
    arrival: Arrival,
) -> Option<DeliveryKey> {
    let known = set.deliveries_by_id.get(delivery_id).copied();
    let Body::Subscription {
        subscribed, topics, ..
    } = &input.body
    else {
        return known;
    };
    let Some(mark) = opt_out_mark(*subscribed, topics) else {
        return known;
    };
    if known.is_none() {
        receipts::quarantine(set, delivery_id, input, arrival);
    }
    receipts::note_opt_out(set, delivery_id, mark, arrival)
}

/// What a change of consent says about the delivery that it came through.
fn opt_out_mark(subscribed: Option<bool>, topics: &BTreeMap<String, bool>) -> Option<Mark> {
    let left_topic = topics.values().any(|subscribed| !subscribed);
    match subscribed {
        Some(false) => Some(Mark::Unsubscribed),
        _ if left_topic => Some(Mark::TopicUnsubscribed),
        _ => None,
    }
}

/// Takes names for journeys, steps and variants.
pub(super) fn name(set: &mut WorkingSet, names: &[(NameOf, String)]) -> Taken {
    for (of, name) in names {
        // The last word counts, also within one batch.
        match set.log.names.iter_mut().find(|(known, _)| known == of) {
            Some((_, known)) => known.clone_from(name),
            None => set.log.names.push((of.clone(), name.clone())),
        }
    }
    Taken::Applied
}

/// Takes a sender's report about a delivery, which creates it at first sight.
pub(super) fn report(set: &mut WorkingSet, report: &DeliveryReport, arrival: Arrival) -> Taken {
    let since = began(report, arrival);
    let message = message_key(set, &report.message);
    name(set, &report.names);
    let known = set.deliveries_by_id.get(&report.delivery_id).copied();
    let key = known.unwrap_or_else(|| create(set, report, message, since));
    let mut changed = known.is_none();
    changed |= find_person(set, key, report, arrival);
    changed |= improve_message(set, key, message);
    if let Some(delivery) = set.delivery_mut(key) {
        changed |= delivery.describe(&about(report, since));
        changed |= report.marks.is_empty() && delivery.known_since(since);
    }
    changed |= facts::from_report(set, key, report, arrival);
    changed |= receipts::release(set, key, arrival.now);
    if !changed {
        return Taken::Duplicate;
    }
    set.changed_deliveries.insert(key);
    Taken::Applied
}

/// The earliest moment of which a report speaks.
fn began(report: &DeliveryReport, arrival: Arrival) -> Timestamp {
    let marked = report.marks.iter().map(|(_, at)| *at).min();
    marked.unwrap_or(arrival.at).min(arrival.now)
}

fn create(
    set: &mut WorkingSet,
    report: &DeliveryReport,
    message: MessageKey,
    since: Timestamp,
) -> DeliveryKey {
    let key = DeliveryKey(set.next.delivery);
    set.next.delivery += 1;
    let channel = report.message.channel;
    let delivery = Delivery::new(key, report.delivery_id.clone(), message, channel, since);
    set.deliveries.insert(key, Arc::new(delivery));
    set.deliveries_by_id.insert(report.delivery_id.clone(), key);
    key
}

pub(super) fn message_key(set: &mut WorkingSet, message: &MessageRef) -> MessageKey {
    if let Some(key) = set.messages.get(message) {
        return *key;
    }
    let key = MessageKey(set.next.message);
    set.next.message += 1;
    set.messages.insert(message.clone(), key);
    set.messages_by_key.insert(key, message.clone());
    set.log.messages.push(MessageEntry {
        key,
        message: message.clone(),
    });
    key
}

/// The person is whom the first report that names anybody says; merges move it later.
fn find_person(
    set: &mut WorkingSet,
    key: DeliveryKey,
    report: &DeliveryReport,
    arrival: Arrival,
) -> bool {
    let missing = |set: &WorkingSet| {
        let delivery = set.deliveries.get(&key);
        delivery.is_some_and(|delivery| delivery.person.is_none())
    };
    if !missing(set) {
        return false;
    }
    let Some(person) = links::person(set, &report.person, arrival) else {
        return false;
    };
    if let Some(delivery) = set.delivery_mut(key) {
        delivery.person = Some(person);
    }
    true
}

/// Reports of one delivery may know its message better or worse (an export without the step, a
/// webhook with it): the best description wins, whichever comes first.
fn improve_message(set: &mut WorkingSet, key: DeliveryKey, said: MessageKey) -> bool {
    let Some(known) = set.deliveries.get(&key).map(|delivery| delivery.message) else {
        return false;
    };
    if known == said {
        return false;
    }
    let find = |key: MessageKey| {
        let found = set.messages_by_key.get(&key);
        found.map(|message| (detail(message), std::cmp::Reverse(message)))
    };
    let better = find(said) > find(known);
    if better && let Some(delivery) = set.delivery_mut(key) {
        delivery.message = said;
    }
    better
}

fn detail(message: &MessageRef) -> u32 {
    u32::from(message.source != SourceKind::Unknown) * 8
        + u32::from(message.step_id.is_some()) * 4
        + u32::from(message.variant_id.is_some()) * 2
        + u32::from(message.parent_step_id.is_some())
}

fn about(report: &DeliveryReport, at: Timestamp) -> About {
    let said = |text: &Option<String>| {
        text.as_ref().map(|text| Said {
            at,
            text: text.clone(),
        })
    };
    let recipient = match report.recipients.as_slice() {
        [only] if report.message.channel != Channel::Push => Some(only.address.clone()),
        _ => None,
    };
    About {
        subject: said(&report.subject),
        recipient: said(&recipient),
        failure_message: said(&report.failure_message.as_deref().map(facts::shortened)),
        run: said(&report.run),
        trigger_event_id: said(&report.trigger_event_id),
        trigger_id: said(&report.trigger_id.map(|id| id.to_string())),
        content: said(&report.content),
    }
}

/// Whether a mark says something about the delivery as a whole whatever devices the report names.
const fn is_of_the_whole(mark: Mark) -> bool {
    matches!(mark, Mark::Created)
}
