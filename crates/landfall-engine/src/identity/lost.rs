//! Merges after which a token of one of both was on neither.

use landfall_domain::activity::{Activity, PersonInput};
use landfall_domain::device::{Device, MoveCause, TokenMove};
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::limits::DEVICES_MAX;
use landfall_domain::person::{Person, Standing};
use landfall_domain::time::{DAY_MS, MINUTE_MS, Timestamp};
use landfall_insight::coverage::Kind;
use landfall_store::{Store, StoreError};

use super::finding::{
    Decision, Evidence, Finding, Remedy, Who, is_good, is_out_of_reach, last_change,
};

/// Merges that are looked at: those of so many days.
const DAYS: i64 = 90;
/// What happens to a token so near to a merge belongs to it.
const NEAR_MS: i64 = 10 * MINUTE_MS;

/// A token that a merge lost, as its history tells.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Suspect {
    device: DeviceKey,
    /// The record from which it was removed.
    from: PersonKey,
    removed: Timestamp,
    /// The record that was merged.
    secondary: PersonKey,
    evidence: Evidence,
    /// One clear answer: an anonymous profile does not log out.
    clear: bool,
}

/// Tokens that were removed near to a merge of a person: from what was merged, just before, or from the survivor whom
/// the merge had brought it, at once.
fn suspects(person: &Person, moves: &[TokenMove], now: Timestamp) -> Vec<Suspect> {
    let since = now.plus_millis(-DAYS * DAY_MS);
    let near = |from: Timestamp, to: Timestamp| (0..=NEAR_MS).contains(&to.since(from));
    let mut found: Vec<Suspect> = Vec::new();
    for merge in person.absorbed.iter().filter(|merge| merge.at >= since) {
        let brought = |device: DeviceKey| {
            moves.iter().any(|moved| {
                moved.cause == MoveCause::Merged
                    && moved.device == device
                    && moved.from == Some(merge.key)
                    && moved.to == Some(person.key)
            })
        };
        for moved in moves
            .iter()
            .filter(|moved| moved.cause == MoveCause::Removed)
        {
            let before = moved.from == Some(merge.key) && near(moved.occurred_at, merge.at);
            let after = moved.from == Some(person.key)
                && near(merge.at, moved.occurred_at)
                && brought(moved.device);
            let Some(from) = moved.from.filter(|_| before || after) else {
                continue;
            };
            let merged = merge.at;
            found.push(Suspect {
                device: moved.device,
                from,
                removed: moved.occurred_at,
                secondary: merge.key,
                evidence: match before {
                    true => Evidence::RemovedBeforeMerge { merged },
                    false => Evidence::RemovedAfterMerge { merged },
                },
                // Only a visitor's history is cut off at some moment.
                clear: before && merge.history_from > Timestamp::EPOCH,
            });
        }
    }
    found.dedup_by_key(|suspect| suspect.device);
    found
}

/// Tokens that merges of a person lost and that nobody has since.
pub(super) fn of(
    store: &dyn Store,
    person: &Person,
    now: Timestamp,
) -> Result<Vec<Finding>, StoreError> {
    if person.absorbed.is_empty() {
        return Ok(Vec::new());
    }
    let mut moves = store.token_moves_of(person.key)?;
    for merge in &person.absorbed {
        moves.extend(store.token_moves_of(merge.key)?);
    }
    let mut findings = Vec::new();
    for suspect in suspects(person, &moves, now) {
        if let Some(device) = still_lost(store, person, &suspect)? {
            findings.push(finding(store, person, suspect, device, now)?);
        }
    }
    Ok(findings)
}

/// The device of a suspect as it was, if nobody has had its token since, and the person has registered no other of
/// the platform: that would be a new token of the same phone.
fn still_lost(
    store: &dyn Store,
    person: &Person,
    suspect: &Suspect,
) -> Result<Option<Device>, StoreError> {
    let record = store.tokens(&[suspect.device])?.pop();
    let Some(record) = record.filter(|record| record.owner.is_none()) else {
        return Ok(None);
    };
    let moves = store.token_moves(suspect.device)?;
    let is_last = last_change(&moves).is_some_and(|last| {
        last.cause == MoveCause::Removed
            && last.from == Some(suspect.from)
            && last.occurred_at == suspect.removed
    });
    let renewed = person.devices.values().any(|device| {
        device.token.platform == record.token.platform
            && device.refreshed_at >= suspect.removed.plus_millis(-NEAR_MS)
    });
    if !is_last || renewed {
        return Ok(None);
    }
    let inputs = store.inputs_of(suspect.from)?;
    Ok(as_it_was(&inputs, suspect).filter(Device::is_valid))
}

/// The device just before it was removed, as the record's stored inputs say.
fn as_it_was(inputs: &[Activity], suspect: &Suspect) -> Option<Device> {
    let (first, rest) = inputs.split_first()?;
    let mut person = Person::begin(first)?;
    let mut held = None;
    for activity in rest {
        if let PersonInput::DeviceReleased { device, .. } = &activity.input
            && *device == suspect.device
        {
            held = person.devices.get(device).cloned();
        }
        person.apply(activity);
    }
    held
}

fn finding(
    store: &dyn Store,
    person: &Person,
    suspect: Suspect,
    device: Device,
    now: Timestamp,
) -> Result<Finding, StoreError> {
    let who = Who::of(person);
    // Nothing personal stays in the state of what was merged: its internal id leads to the survivor.
    let other = store.people(&[suspect.secondary])?.pop();
    let other = other.filter(|other| matches!(other.standing, Standing::Merged(_)));
    let costs = is_good(&device) && is_out_of_reach(person, now);
    let remedy = match suspect.clear {
        false => Remedy::Decide(Decision::PerhapsLogout),
        true if person.devices.len() >= DEVICES_MAX => Remedy::Decide(Decision::NoRoom),
        true => Remedy::Move {
            from: None,
            to: Some(who.clone()),
        },
    };
    Ok(Finding {
        kind: Kind::MergeLostToken,
        at: suspect.removed,
        out_of_reach: costs.then_some(person.key).into_iter().collect(),
        device,
        person: who,
        other: other.as_ref().map(Who::of),
        evidence: suspect.evidence,
        remedy,
    })
}
