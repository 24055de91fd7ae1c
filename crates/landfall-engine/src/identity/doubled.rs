//! One device that is registered twice for one person.

use landfall_domain::activity::PersonInput;
use landfall_domain::device::Device;
use landfall_domain::ids::DeviceKey;
use landfall_domain::person::Person;
use landfall_domain::time::{DAY_MS, MINUTE_MS, Timestamp};
use landfall_insight::coverage::Kind;
use landfall_store::{Store, StoreError};

use super::finding::{Decision, Evidence, Finding, Remedy, Who, installation};

/// What an app does within this time it does in one go.
const AT_ONCE_MS: i64 = MINUTE_MS;

/// Tokens of a person that are of the same device as a newer one.
pub(super) fn of(store: &dyn Store, person: &Person) -> Result<Vec<Finding>, StoreError> {
    let mut devices: Vec<&Device> = person.devices.values().filter(|d| d.is_valid()).collect();
    devices.sort_by_key(|d| (d.refreshed_at, d.last_used, d.registered_at, d.key));
    let mut findings = Vec::new();
    for (nth, older) in devices.iter().enumerate() {
        for newer in devices[nth + 1..].iter().rev() {
            let Some(evidence) = same(older, newer) else {
                continue;
            };
            let doubted = evidence == Evidence::RegisteredTogether;
            if doubted && !always_together(store, person, older.key, newer.key)? {
                continue;
            }
            findings.push(finding(person, older, newer, evidence));
            break;
        }
    }
    Ok(findings)
}

fn finding(person: &Person, older: &Device, newer: &Device, evidence: Evidence) -> Finding {
    let who = Who::of(person);
    let remedy = match evidence {
        Evidence::Superseded => Remedy::Decide(Decision::PerhapsTwoPhones),
        _ => Remedy::Move {
            from: Some(who.clone()),
            to: None,
        },
    };
    Finding {
        kind: Kind::DoubleRegistration,
        at: newer.registered_at.max(older.registered_at),
        device: older.clone(),
        person: who,
        other: None,
        evidence,
        out_of_reach: Vec::new(),
        remedy,
    }
}

/// Why two devices are one; `None`: nothing says so.
fn same(older: &Device, newer: &Device) -> Option<Evidence> {
    if older.token.platform != newer.token.platform || older.token.app != newer.token.app {
        return None;
    }
    match (installation(older), installation(newer)) {
        (Some(one), Some(other)) => {
            let installation = one.1.to_owned();
            return (one == other).then_some(Evidence::OneInstallation { installation });
        }
        (None, None) => {}
        _ => return None,
    }
    let told = |name: &str| {
        let (one, other) = (older.attributes.get(name), newer.attributes.get(name));
        one.filter(|one| !one.is_empty()).is_some() && one == other
    };
    if !told("device_model") || !told("device_os") {
        return None;
    }
    if newer.refreshed_at.since(older.refreshed_at) <= AT_ONCE_MS && told("app_version") {
        return Some(Evidence::RegisteredTogether);
    }
    // The app came back with the new token, and with the old one never again.
    let lives = newer.refreshed_at.since(newer.registered_at) >= DAY_MS;
    let silent =
        older.refreshed_at <= newer.registered_at && older.last_used <= newer.registered_at;
    (lives && silent && told("device_locale")).then_some(Evidence::Superseded)
}

/// Whether two tokens were registered together twice at least, and the one that came last never alone. Two phones of
/// one model are seldom opened in the same minute.
fn always_together(
    store: &dyn Store,
    person: &Person,
    one: DeviceKey,
    other: DeviceKey,
) -> Result<bool, StoreError> {
    let wanted = |kind: &str, _: Option<&str>| kind == "device_registered";
    let inputs = store.wanted_inputs_of_each(&[person.key], &wanted)?;
    let times = |of: DeviceKey| {
        let inputs = inputs.iter().flatten();
        let own = inputs.filter(|activity| match &activity.input {
            PersonInput::DeviceRegistered { device, .. } => *device == of,
            _ => false,
        });
        own.map(|activity| activity.occurred_at).collect::<Vec<_>>()
    };
    let (one, other) = (times(one), times(other));
    let (last, first) = match one.iter().min() >= other.iter().min() {
        true => (one, other),
        false => (other, one),
    };
    let with = |at: &Timestamp| first.iter().any(|b| at.since(*b).abs() <= AT_ONCE_MS);
    let spread = match (last.iter().min(), last.iter().max()) {
        (Some(first), Some(last)) => last.since(*first) > AT_ONCE_MS,
        _ => false,
    };
    Ok(spread && last.iter().all(with))
}
