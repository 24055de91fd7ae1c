//! People, devices, membership.

use std::sync::Arc;

use landfall_domain::channel::Platform;
use landfall_domain::device::{MoveCause, TokenMove};
use landfall_domain::identifier::{Holder, IdentifierKind};
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::person::{Person, Standing};
use landfall_domain::working_set::ChangeSet;

use super::Harness;
use super::samples::{T0, at, commit, held_by, id, identifier, merged, person, token, with_device};
use super::traits::*;

/// An identifier has a holder, is blocked, or is free, and moves from one to the other.
pub fn holders(harness: &impl Harness) {
    let store = harness.open();
    let kinds = IdentifierKind::ALL;
    let all: Vec<_> = kinds.iter().map(|kind| identifier(*kind, "same")).collect();
    let commit_holders = |holders: Vec<Option<Holder>>| {
        let changes = ChangeSet {
            identifiers: all.iter().cloned().zip(holders).collect(),
            ..ChangeSet::default()
        };
        commit(&store, &changes);
    };
    let found = || -> Vec<Option<Holder>> {
        let holders = all.iter().map(|one| store.holder(one).unwrap());
        holders.collect()
    };
    assert_eq!(found(), [None; 5]);
    let blocked = Some(Holder::Suppressed);
    for holders in [
        vec![held_by(0), held_by(1), blocked, None, held_by(u32::MAX)],
        vec![held_by(0), blocked, held_by(2), held_by(3), None],
        vec![None, None, None, blocked, blocked],
    ] {
        commit_holders(holders.clone());
        assert_eq!(found(), holders);
    }
}

/// People come in the order that was asked for; a key asked for twice comes twice.
pub fn people_by_key(harness: &impl Harness) {
    let store = harness.open();
    let rows = [person(0), person(7), person(u32::MAX)];
    let changes = ChangeSet {
        people: rows.iter().cloned().map(Arc::new).collect(),
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    let keys = [u32::MAX, 3, 0, 7, 0].map(PersonKey);
    let expected = [&rows[2], &rows[0], &rows[1], &rows[0]];
    assert!(store.people(&keys).unwrap().iter().eq(expected));
    assert_eq!(store.people(&[]).unwrap(), []);
}

/// A scan in pages meets everybody once, whatever the page size: customers, visitors, merged and
/// deleted people.
pub fn people_pages(harness: &impl Harness) {
    let store = harness.open();
    let standings = [
        Standing::Known,
        Standing::Visitor,
        Standing::Merged(PersonKey(0)),
        Standing::Deleted,
    ];
    let mut rows: Vec<Person> = (0..41)
        .map(|n| Person {
            standing: standings[n % 4],
            ..person(n as u32 * 3)
        })
        .collect();
    rows.push(person(u32::MAX));
    let changes = ChangeSet {
        people: rows.iter().rev().cloned().map(Arc::new).collect(),
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    for size in [1, 2, 7, 42, 100, usize::MAX] {
        let (mut after, mut met) = (None, Vec::new());
        loop {
            let page = store.people_after(after, size).unwrap();
            assert!(page.len() <= size);
            let keys: Vec<PersonKey> = page.iter().map(|person| person.key).collect();
            assert_eq!(store.person_keys_after(after, size).unwrap(), keys);
            let Some(last) = page.last() else { break };
            after = Some(last.key);
            met.extend(page);
        }
        assert_eq!(met, rows, "pages of {size}");
    }
    assert_eq!(store.people_after(None, 0).unwrap(), []);
}

/// Token records by key; the one who holds a device has it in the row as well.
pub fn token_records(harness: &impl Harness) {
    let store = harness.open();
    let mut records = [
        token(0, "a", Some(4)),
        token(1, "b", None),
        token(u32::MAX, "a", Some(u32::MAX)),
    ];
    records[1].token.app = String::new();
    records[2].token.platform = Platform::Web;
    let holder = with_device(person(4), &records[0]);
    let mut changes = ChangeSet {
        people: vec![holder.clone().into()],
        tokens: records.to_vec(),
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    let keys = [u32::MAX, 5, 0, 1].map(DeviceKey);
    let expected = [&records[2], &records[0], &records[1]];
    assert!(store.tokens(&keys).unwrap().iter().eq(expected));
    assert_eq!(store.people(&[PersonKey(4)]).unwrap(), [holder]);
    records[0].owner = None;
    records[0].since = at(T0 + 77);
    changes.tokens = vec![records[0].clone()];
    commit(&store, &changes);
    assert_eq!(store.tokens(&[DeviceKey(0)]).unwrap(), [records[0].clone()]);
}

/// A device's history and a person's part in it, oldest first, over many commits.
pub fn token_history(harness: &impl Harness) {
    let store = harness.open();
    let line = |device, from: Option<u32>, to: Option<u32>, cause, ms| TokenMove {
        device: DeviceKey(device),
        from: from.map(PersonKey),
        to: to.map(PersonKey),
        cause,
        occurred_at: at(ms),
        received_at: at(T0),
    };
    // The order is the order of commit, whatever the clocks said.
    let lines = [
        line(0, None, Some(1), MoveCause::Registered, T0 + 9),
        line(1, None, Some(1), MoveCause::Registered, T0),
        line(0, Some(1), Some(2), MoveCause::TakenOver, T0 + 3),
        line(0, Some(2), Some(2), MoveCause::Stale, T0 - 3),
        line(0, Some(2), None, MoveCause::Removed, -1),
        line(1, Some(1), None, MoveCause::OwnerDeleted, T0),
    ];
    for part in lines.chunks(2) {
        let changes = ChangeSet {
            token_moves: part.to_vec(),
            ..ChangeSet::default()
        };
        commit(&store, &changes);
    }
    let at_places = |places: &[usize]| -> Vec<TokenMove> {
        places.iter().map(|place| lines[*place].clone()).collect()
    };
    let of_device = |key| store.token_moves(DeviceKey(key)).unwrap();
    let of_person = |key| store.token_moves_of(PersonKey(key)).unwrap();
    assert_eq!(of_device(0), at_places(&[0, 2, 3, 4]));
    assert_eq!(of_device(1), at_places(&[1, 5]));
    assert_eq!(of_device(2), []);
    assert_eq!(of_person(1), at_places(&[0, 1, 2, 5]));
    assert_eq!(of_person(2), at_places(&[2, 3, 4]), "each line once");
    assert_eq!(of_person(3), []);
    for cause in MoveCause::ALL {
        let changes = ChangeSet {
            token_moves: vec![line(9, None, None, *cause, T0)],
            ..ChangeSet::default()
        };
        commit(&store, &changes);
    }
    let causes: Vec<MoveCause> = of_device(9).iter().map(|line| line.cause).collect();
    assert_eq!(causes, MoveCause::ALL);
}

/// Manual segments: adding twice is adding once, removing who is not in changes nothing.
pub fn membership(harness: &impl Harness) {
    let store = harness.open();
    let edit = |edits: &[(u32, u32, bool)]| {
        let changes = ChangeSet {
            memberships: edits
                .iter()
                .map(|(segment, person, added)| (*segment, PersonKey(*person), *added))
                .collect(),
            ..ChangeSet::default()
        };
        commit(&store, &changes);
    };
    edit(&[
        (1, 5, true),
        (1, 3, true),
        (2, 5, true),
        (1, u32::MAX, true),
    ]);
    edit(&[(1, 5, true), (1, 4, true), (2, 9, false), (1, 3, false)]);
    edit(&[(1, 0, true), (u32::MAX, 1, true)]);
    let members = |segment, after: Option<u32>, limit| -> Vec<u32> {
        let members = store.members(segment, after.map(PersonKey), limit);
        members.unwrap().into_iter().map(|key| key.0).collect()
    };
    assert_eq!(members(1, None, usize::MAX), [0, 4, 5, u32::MAX]);
    assert_eq!(members(1, None, 2), [0, 4]);
    assert_eq!(members(1, Some(4), 2), [5, u32::MAX]);
    assert!(members(1, Some(u32::MAX), 2).is_empty());
    assert_eq!(members(u32::MAX, None, 2), [1]);
    let counts = [1, 2, 3, u32::MAX].map(|segment| store.member_count(segment).unwrap());
    assert_eq!(counts, [4, 1, 0, 1]);
    // Membership is kept apart from the records: a merged or unknown person may be in.
    let changes = ChangeSet {
        people: vec![merged(4, 5).into()],
        identifiers: vec![(id("4"), held_by(5))],
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    assert_eq!(members(1, None, 10), [0, 4, 5, u32::MAX]);
}
