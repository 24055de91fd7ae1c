//! The lives of people's tokens, from their stored inputs and from what devices reported.

use std::collections::BTreeMap;
use std::sync::Arc;

use landfall_domain::activity::PersonInput;
use landfall_domain::channel::Platform;
use landfall_domain::delivery::Delivery;
use landfall_domain::device::MoveCause;
use landfall_domain::fact::TargetKey;
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::marks::Mark;
use landfall_domain::person::Standing;
use landfall_domain::reason::{Reason, TokenAction};
use landfall_domain::time::Timestamp;
use landfall_insight::survival::{End, Life, Sign};
use landfall_store::{Store, StoreError};

use super::days;

/// What only a device that is there can report.
const RECEIPTS: [Mark; 4] = [
    Mark::Delivered,
    Mark::Displayed,
    Mark::Opened,
    Mark::Clicked,
];

/// Receipts of devices in a delivery, each with its time.
pub(crate) fn receipts(delivery: &Delivery) -> impl Iterator<Item = (DeviceKey, Timestamp)> + '_ {
    delivery.targets.iter().flat_map(|target| {
        let device = match target.key {
            TargetKey::Device(device) => Some(device),
            TargetKey::Address(_) => None,
        };
        let times = RECEIPTS
            .into_iter()
            .filter_map(move |mark| target.marks.at(mark));
        times.filter_map(move |at| Some((device?, at)))
    })
}

/// Typed answers that no device has this token any more, each with its time. Our own senders take such tokens
/// from their owners; of what others sent the reports say it.
fn rejections(delivery: &Delivery) -> impl Iterator<Item = (DeviceKey, Timestamp)> + '_ {
    let gone = |reason: &Reason| reason.token_action() == TokenAction::RemoveIfOlder;
    delivery.targets.iter().flat_map(move |target| {
        let reasons = target
            .reasons
            .iter()
            .filter(move |(reason, _)| gone(reason));
        reasons.filter_map(move |(_, at)| match target.key {
            TargetKey::Device(device) => Some((device, *at)),
            TargetKey::Address(_) => None,
        })
    })
}

/// Something that happened to a token.
enum Told {
    Registered {
        platform: Platform,
        version: Option<Arc<str>>,
    },
    Receipt,
    Released(MoveCause),
    Restored,
}

/// The lives of the tokens of these people, merged records included. Of several opinions about one moment the one
/// that is stored first comes first.
pub(super) fn of_people(
    store: &dyn Store,
    keys: &[PersonKey],
    now: Timestamp,
) -> Result<Vec<Life>, StoreError> {
    let mut lives = Vec::new();
    for person in store.people(keys)? {
        if !matches!(person.standing, Standing::Known | Standing::Visitor) {
            continue;
        }
        let absorbed = person.absorbed.iter().map(|absorbed| absorbed.key);
        let records: Vec<PersonKey> = std::iter::once(person.key).chain(absorbed).collect();
        lives.extend(of_records(store, &records, now)?);
    }
    Ok(lives)
}

fn of_records(
    store: &dyn Store,
    records: &[PersonKey],
    now: Timestamp,
) -> Result<Vec<Life>, StoreError> {
    let wanted = |kind: &str, _: Option<&str>| {
        matches!(
            kind,
            "device_registered" | "device_released" | "device_restored" | "device_received"
        )
    };
    let mut told: Vec<(Timestamp, DeviceKey, Told)> = Vec::new();
    for activity in store
        .wanted_inputs_of_each(records, &wanted)?
        .into_iter()
        .flatten()
    {
        let at = activity.occurred_at;
        match activity.input {
            PersonInput::DeviceRegistered {
                device,
                token,
                last_used,
                attributes,
            } => {
                let version = attributes
                    .get("app_version")
                    .map(|version| version.as_str().into());
                let platform = token.platform;
                told.push((
                    at.max(last_used),
                    device,
                    Told::Registered { platform, version },
                ));
            }
            PersonInput::DeviceReleased { device, cause, .. } => {
                told.push((at, device, Told::Released(cause)));
            }
            PersonInput::DeviceRestored { device } | PersonInput::DeviceReceived { device, .. } => {
                told.push((at, device.key, Told::Restored));
            }
            _ => {}
        }
    }
    for delivery in store.deliveries_of_each(records)?.iter().flatten() {
        let receipts = receipts(delivery).map(|(device, at)| (at, device, Told::Receipt));
        told.extend(receipts);
        let gone = || Told::Released(MoveCause::Unregistered);
        told.extend(rejections(delivery).map(|(device, at)| (at, device, gone())));
    }
    told.sort_by_key(|(at, ..)| *at);
    Ok(lived(told, now))
}

fn lived(told: Vec<(Timestamp, DeviceKey, Told)>, now: Timestamp) -> Vec<Life> {
    let mut open: BTreeMap<DeviceKey, Life> = BTreeMap::new();
    let mut over: Vec<Life> = Vec::new();
    for (at, device, told) in told {
        let at = days(at);
        match told {
            Told::Registered { platform, version } => {
                let life = open.entry(device).or_insert_with(|| Life {
                    token: device.0,
                    platform: platform.name().into(),
                    signs: Vec::new(),
                    until: days(now),
                    end: End::Unseen,
                });
                life.signs.push(Sign {
                    at,
                    receipt: false,
                    app_version: version,
                });
            }
            Told::Receipt => {
                if let Some(life) = open.get_mut(&device) {
                    life.signs.push(Sign {
                        at,
                        receipt: true,
                        app_version: None,
                    });
                }
            }
            // The device stays with the person under another key, or never left.
            Told::Released(MoveCause::Merged | MoveCause::Stale) => {}
            Told::Released(cause) => {
                if let Some(mut life) = open.remove(&device) {
                    life.until = at;
                    if cause == MoveCause::Unregistered {
                        life.end = End::Rejected;
                    }
                    over.push(life);
                }
            }
            // The rejection was a fault of the sender, or a repair was undone: it was there all the time.
            Told::Restored => {
                let ended = over.iter().rposition(|life| life.token == device.0);
                if let Some(ended) = ended.filter(|_| !open.contains_key(&device)) {
                    let mut life = over.remove(ended);
                    (life.until, life.end) = (days(now), End::Unseen);
                    open.insert(device, life);
                }
            }
        }
    }
    over.extend(open.into_values());
    over
}
