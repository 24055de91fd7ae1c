//! Choosing the devices or addresses of a message that is due.

use std::sync::Arc;

use super::super::{Arrival, deliveries};
use super::{done, fact, park, put, refuse, targeted};
use crate::channel::{Channel, Platform};
use crate::delivery::Snapshot;
use crate::device::{Device, LastStatus};
use crate::fact::TargetKey;
use crate::marks::Mark;
use crate::person::{Choice, Person, Standing};
use crate::reason::Reason;
use crate::work::{ADDRESSES_MAX, Order, SendTo, Work, WorkKey};
use crate::working_set::WorkingSet;

/// A target to be.
struct Chosen {
    key: TargetKey,
    platform: Option<Platform>,
    app: String,
    snapshot: Option<Snapshot>,
    /// Why nothing is sent there.
    skipped: Option<Reason>,
}

/// Turns work without targets into work for each of them, or into the reason why there is none.
pub(super) fn targets(set: &mut WorkingSet, root: Work, arrival: Arrival) {
    let delivery = root.key.delivery();
    let chosen = match choose(set, &root, arrival) {
        Ok(chosen) => chosen,
        Err(reason) => {
            refuse(set, &root, reason, arrival);
            park(set, root, arrival);
            return;
        }
    };
    done(set, root.key);
    for (slot, target) in (0..WorkKey::ROOT).zip(chosen) {
        let made = targeted(delivery, target.key.clone(), target.snapshot, arrival);
        deliveries::record(set, &made);
        if let Some(reason) = target.skipped {
            let mut skipped = fact(delivery, Some(target.key), Mark::Dropped, arrival);
            skipped.reason = Some(reason);
            deliveries::record(set, &skipped);
            continue;
        }
        put(
            set,
            Work {
                key: WorkKey::of(delivery, slot),
                platform: target.platform,
                app: target.app,
                target: Some(target.key),
                ..root.clone()
            },
        );
    }
}

fn choose(set: &WorkingSet, root: &Work, arrival: Arrival) -> Result<Vec<Chosen>, Reason> {
    let owner = set.deliveries.get(&root.key.delivery());
    let owner = owner.and_then(|delivery| delivery.person);
    let person = owner.and_then(|owner| set.people.get(&owner));
    if let Some(person) = person {
        allowed(person, &root.order, root.channel)?;
    }
    match (&root.order.to, root.channel) {
        (SendTo::Addresses(addresses), _) => of_addresses(person, root.channel, addresses),
        (_, Channel::Push) => {
            let person = person.ok_or(Reason::PersonGone)?;
            of_devices(person, &root.order.to, arrival)
        }
        (SendTo::All | SendTo::LastUsed | SendTo::Token(_), _) => Err(Reason::NoAddress),
    }
}

/// Whether the person may be sent a message over a channel: the global switch, which leaves in-app messages
/// and Slack open, then the channel's and the topic's own (semantics.md 6.8). What a topic is by default
/// is not known here.
pub(super) fn allowed(person: &Person, order: &Order, channel: Channel) -> Result<(), Reason> {
    if person.standing == Standing::Deleted {
        return Err(Reason::PersonGone);
    }
    if order.to_unsubscribed {
        return Ok(());
    }
    let open = matches!(channel, Channel::InApp | Channel::Inbox | Channel::Slack);
    if person.is_unsubscribed() && !open {
        return Err(Reason::UnsubscribedGlobal);
    }
    let no = |choice: Option<&Choice>| choice.is_some_and(|choice| !choice.subscribed);
    if no(person.consent.channels.get(channel.name())) {
        return Err(Reason::UnsubscribedChannel);
    }
    let topic = order.rules.topic.as_ref();
    if no(topic.and_then(|topic| person.consent.topics.get(topic))) {
        return Err(Reason::UnsubscribedTopic);
    }
    Ok(())
}

fn of_addresses(
    person: Option<&Arc<Person>>,
    channel: Channel,
    addresses: &[String],
) -> Result<Vec<Chosen>, Reason> {
    let mut chosen: Vec<Chosen> = Vec::new();
    for address in addresses.iter().map(|address| address.trim()) {
        let key = TargetKey::Address(address.to_owned());
        if address.is_empty() || chosen.iter().any(|known| known.key == key) {
            continue;
        }
        chosen.push(Chosen {
            key,
            platform: None,
            app: String::new(),
            snapshot: None,
            skipped: person
                .is_some_and(|person| person.is_listed(channel, address))
                .then_some(Reason::AddressSuppressed),
        });
    }
    chosen.truncate(ADDRESSES_MAX);
    if chosen.is_empty() {
        return Err(Reason::NoAddress);
    }
    Ok(chosen)
}

fn of_devices(person: &Person, to: &SendTo, arrival: Arrival) -> Result<Vec<Chosen>, Reason> {
    let mut devices: Vec<&Device> = match to {
        SendTo::Token(token) => {
            let named = person.devices.values();
            named
                .filter(|device| device.token.token == *token)
                .collect()
        }
        _ => person.devices.values().collect(),
    };
    if devices.is_empty() {
        return Err(Reason::NoDevice);
    }
    let usable = |device: &&Device| device.last_status != LastStatus::Suppressed;
    if !devices.iter().any(usable) {
        return Err(Reason::DevicesSuspended);
    }
    if *to == SendTo::LastUsed {
        // Of several, the one registered last, then the first by token (semantics.md 2.1).
        let newest = devices
            .iter()
            .filter(|device| usable(device))
            .max_by(|a, b| {
                let by = |device: &Device| (device.last_used, device.refreshed_at);
                by(a).cmp(&by(b)).then_with(|| b.token.cmp(&a.token))
            });
        devices = newest.copied().into_iter().collect();
    }
    let chosen = devices.into_iter().map(|device| Chosen {
        key: TargetKey::Device(device.key),
        platform: Some(device.token.platform),
        app: device.token.app.clone(),
        snapshot: Some(deliveries::snapshot_of(device, person.key, arrival.now)),
        skipped: (!usable(&device)).then_some(Reason::DeviceSuppressed),
    });
    Ok(chosen.collect())
}
