//! Whom and what a report or receipt means: people, devices, addresses.

use super::super::Arrival;
use super::links;
use crate::channel::{Channel, Platform, Provider};
use crate::delivery::{Delivery, Snapshot};
use crate::device::Device;
use crate::fact::{Fact, TargetKey};
use crate::ids::{DeliveryKey, DeviceKey, PersonKey};
use crate::input::RecipientReport;
use crate::marks::Mark;
use crate::time::Timestamp;
use crate::working_set::WorkingSet;

/// The target that a report names: for push the registered device, made known if it is not. A
/// target that a receipt brought up before the device was known keeps its address.
pub(super) fn of_report(
    set: &mut WorkingSet,
    key: DeliveryKey,
    channel: Channel,
    recipient: &RecipientReport,
) -> TargetKey {
    let address = address(channel, &recipient.address);
    let delivery = set.deliveries.get(&key);
    let by_address = delivery.is_some_and(|delivery| delivery.target(&address).is_some());
    if channel != Channel::Push || by_address {
        return address;
    }
    TargetKey::Device(links::device(
        set,
        recipient.address.trim(),
        recipient.platform,
    ))
}

/// The target that a receipt names, or the only one when it names none. A token that nobody ever
/// registered stays an address: receipts come without credentials and do not fill the registry.
pub(super) fn of_receipt(
    set: &WorkingSet,
    delivery: &Delivery,
    recipient: Option<&str>,
) -> Option<TargetKey> {
    let Some(recipient) = recipient else {
        return match delivery.targets.as_slice() {
            [only] => Some(only.key.clone()),
            _ => None,
        };
    };
    let address = address(delivery.channel, recipient);
    if delivery.channel != Channel::Push || delivery.target(&address).is_some() {
        return Some(address);
    }
    let known = set.devices_by_token.get(recipient).map(Vec::as_slice);
    let known = known.unwrap_or_default();
    let targeted = known
        .iter()
        .find(|device| delivery.target(&TargetKey::Device(**device)).is_some());
    let owned = || {
        known.iter().find(|device| {
            let record = set.tokens.get(device);
            record.is_some_and(|record| record.owner.is_some() && record.owner == delivery.person)
        })
    };
    let device = targeted.or_else(owned).or_else(|| known.iter().min());
    Some(device.map_or(address, |device| TargetKey::Device(*device)))
}

fn address(channel: Channel, address: &str) -> TargetKey {
    let address = address.trim();
    TargetKey::Address(match channel {
        Channel::Email => address.to_lowercase(),
        _ => address.to_owned(),
    })
}

/// What is known of a target now.
pub(super) fn snapshot(
    set: &WorkingSet,
    target: &TargetKey,
    platform: Option<Platform>,
    arrival: Arrival,
) -> Snapshot {
    let mut snapshot = blank(platform, arrival.now);
    let TargetKey::Device(key) = target else {
        return snapshot;
    };
    if let Some(record) = set.tokens.get(key) {
        snapshot.owner = record.owner;
        snapshot.platform = Some(record.token.platform);
        snapshot.provider = Some(carrier(record.token.platform));
        snapshot.app = Some(record.token.app.clone()).filter(|app| !app.is_empty());
    }
    if let Some(device) = held(set, *key) {
        describe(&mut snapshot, device);
    }
    snapshot
}

/// What is known of a person's device now.
pub(in crate::decide) fn snapshot_of(
    device: &Device,
    owner: PersonKey,
    now: Timestamp,
) -> Snapshot {
    let platform = device.token.platform;
    let mut snapshot = Snapshot {
        owner: Some(owner),
        app: Some(device.token.app.clone()).filter(|app| !app.is_empty()),
        ..blank(Some(platform), now)
    };
    describe(&mut snapshot, device);
    snapshot
}

fn describe(snapshot: &mut Snapshot, device: &Device) {
    let attribute = |name: &str| device.attributes.get(name).cloned();
    snapshot.app_version = attribute("app_version");
    snapshot.os_version = attribute("device_os");
    snapshot.sdk_version = attribute("cio_sdk_version");
    snapshot.device_model = attribute("device_model");
    snapshot.permission = device.permission();
    snapshot.token_registered_at = Some(device.refreshed_at);
}

fn blank(platform: Option<Platform>, at: Timestamp) -> Snapshot {
    Snapshot {
        at,
        owner: None,
        platform,
        provider: platform.map(carrier),
        app: None,
        app_version: None,
        os_version: None,
        sdk_version: None,
        device_model: None,
        permission: None,
        token_registered_at: None,
    }
}

/// Who carries pushes to a platform, unless somebody says otherwise (providers.md 8).
const fn carrier(platform: Platform) -> Provider {
    match platform {
        Platform::Ios => Provider::Apns,
        Platform::Android => Provider::Fcm,
        Platform::Web => Provider::WebPush,
    }
}

fn held(set: &WorkingSet, key: DeviceKey) -> Option<&Device> {
    let owner = set.tokens.get(&key)?.owner?;
    set.people.get(&owner)?.devices.get(&key)
}

/// Tells the device what its push came to. An answer from before the last registration says nothing
/// about the token as it is now (providers.md 9.1, rule 2).
pub(in crate::decide) fn answered(set: &mut WorkingSet, fact: &Fact, arrival: Arrival) {
    let (accepted, device) = match (fact.mark, &fact.target) {
        (Mark::Sent, Some(TargetKey::Device(device))) => (true, *device),
        (Mark::Bounced, Some(TargetKey::Device(device))) => (false, *device),
        _ => return,
    };
    let current = held(set, device).is_some_and(|held| fact.occurred_at >= held.refreshed_at);
    if current {
        let at = fact.occurred_at;
        links::answered(set, device, accepted, Arrival { at, ..arrival });
    }
}
