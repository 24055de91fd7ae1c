//! Storing change sets.

use std::sync::Arc;

use landfall_domain::identifier::Holder;
use landfall_domain::ids::PersonKey;
use landfall_domain::working_set::{ChangeSet, NextKeys, Want};

use super::audience::{profile, run, trace};
use super::model::Model;
use super::samples::{
    T0, activity, at, commit, delivery, delivery_id, fact, held_by, id, message, name_of, person,
    receipt, same, token,
};
use super::traits::*;
use super::{Harness, SALT};
use crate::{ActivityQuery, Start, StoreError};

/// One row of everything.
fn of_everything() -> ChangeSet {
    ChangeSet {
        people: vec![person(0).into(), person(1).into()],
        identifiers: vec![
            (id("a"), held_by(0)),
            (id("gone"), Some(Holder::Suppressed)),
        ],
        tokens: vec![token(0, "tok", Some(0))],
        token_moves: Vec::new(),
        activities: vec![activity(Some(0), "bought", T0), activity(None, "seen", T0)],
        deliveries: vec![delivery(0, Some(0)), delivery(1, None)],
        facts: vec![fact(0, "first"), fact(1, "second")],
        messages: vec![message(0), message(1)],
        names: vec![(name_of(7, None), "Win back".to_owned())],
        seen: vec![[1; 16], [2; 16]],
        works: vec![],
        profiles: vec![(PersonKey(0), Some(profile(0)))],
        runs: vec![run(0, 0), run(1, 1)],
        traces: vec![trace(0, 0), trace(0, 1)],
        quarantined: vec![("unknown".to_owned(), receipt("unknown", "x"))],
        released: Vec::new(),
        memberships: vec![(3, PersonKey(0), true)],
        moved: Vec::new(),
        next: NextKeys {
            person: 2,
            device: 1,
            delivery: 2,
            message: 2,
            run: 2,
        },
    }
}

/// A new store is at epoch 0, knows its salt and nothing else.
pub fn start_of_a_new_store(harness: &impl Harness) {
    let expected = Start {
        salt: SALT,
        ..Start::default()
    };
    let store = harness.open();
    assert_eq!(store.start().unwrap(), expected);
    Model::default().compare(&store);
    drop(store);
    assert_eq!(harness.open().start().unwrap(), expected);
}

/// `start` gives back keys, catalogue, names, epoch and the newest fact's number.
pub fn start_after_commit(harness: &impl Harness) {
    let store = harness.open();
    assert_eq!(store.commit(&of_everything(), 0).unwrap(), 1);
    let expected = Start {
        next: of_everything().next,
        messages: vec![message(0), message(1)],
        names: vec![(name_of(7, None), "Win back".to_owned())],
        salt: SALT,
        epoch: 1,
        last_fact: 2,
    };
    assert_eq!(store.start().unwrap(), expected);
}

/// A commit that fails leaves nothing of itself: after a conflict, and after a row that cannot be
/// (a second delivery with an id that is taken) at the end of otherwise good rows.
pub fn commit_is_atomic(harness: &impl Harness) {
    let store = harness.open();
    let first = ChangeSet {
        deliveries: vec![delivery(9, None)],
        ..ChangeSet::default()
    };
    let mut model = Model::default();
    model.apply(&first);
    commit(&store, &first);
    let conflict = store.commit(&of_everything(), 0).unwrap_err();
    assert!(
        matches!(
            conflict,
            StoreError::Conflict {
                expected: 0,
                found: 1
            }
        ),
        "{conflict}"
    );
    model.compare(&store);
    let mut broken = of_everything();
    let mut twin = delivery(5, Some(0));
    Arc::make_mut(&mut twin).id = delivery_id(9);
    broken.deliveries.push(twin);
    let refused = store.commit(&broken, 1).unwrap_err();
    assert!(
        matches!(refused, StoreError::Corrupt { .. }),
        "trying again would not help: {refused}"
    );
    model.compare(&store);
    model.apply(&of_everything());
    assert_eq!(store.commit(&of_everything(), 1).unwrap(), 2);
    model.compare(&store);
}

/// Only the present epoch is accepted: not an older one, not one that never was.
pub fn commit_checks_epoch(harness: &impl Harness) {
    let store = harness.open();
    for epoch in 0..3 {
        let changes = ChangeSet {
            people: vec![person(0).into()],
            ..ChangeSet::default()
        };
        for wrong in [epoch + 1, epoch + 1_000, u64::MAX]
            .into_iter()
            .chain(0..epoch)
        {
            match store.commit(&changes, wrong) {
                Err(StoreError::Conflict { expected, found }) => {
                    assert_eq!((expected, found), (wrong, epoch));
                }
                other => panic!("epoch {wrong} was taken for {epoch}: {other:?}"),
            }
        }
        assert_eq!(store.commit(&changes, epoch).unwrap(), epoch + 1);
        assert_eq!(store.load(&Want::default()).unwrap().epoch, epoch + 1);
    }
}

/// A change set without rows is a commit like another: it counts, and it sets the keys.
pub fn an_empty_commit_counts(harness: &impl Harness) {
    let store = harness.open();
    let next = NextKeys {
        person: 4,
        device: 3,
        delivery: 2,
        message: 1,
        run: 5,
    };
    let changes = ChangeSet {
        next,
        ..ChangeSet::default()
    };
    assert_eq!(store.commit(&changes, 0).unwrap(), 1);
    let start = store.start().unwrap();
    assert_eq!((start.epoch, start.next), (1, next));
}

/// Rows with a key that is there replace the whole row.
pub fn a_commit_replaces_rows(harness: &impl Harness) {
    let store = harness.open();
    let mut model = Model::default();
    let mut changes = of_everything();
    model.apply(&changes);
    commit(&store, &changes);
    let person = Arc::make_mut(&mut changes.people[0]);
    person.id = None;
    person.attributes.clear();
    changes.tokens[0].owner = None;
    changes.tokens[0].since = at(T0 + 99);
    changes.tokens[0].token.app = "another.shop".to_owned();
    let changed = Arc::make_mut(&mut changes.deliveries[0]);
    changed.person = Some(PersonKey(1));
    changed.about.subject = None;
    changes.identifiers = vec![(id("a"), None), (id("gone"), held_by(1))];
    changes.names[0].1 = "Win them back".to_owned();
    model.apply(&changes);
    commit(&store, &changes);
    model.compare(&store);
}

/// Upserts may be repeated. (Activities, facts and receipts in quarantine are appended each time:
/// that the engine does not repeat those is the epoch's work.)
pub fn the_same_commit_twice(harness: &impl Harness) {
    let store = harness.open();
    let mut model = Model::default();
    for _ in 0..2 {
        model.apply(&of_everything());
        commit(&store, &of_everything());
        model.compare(&store);
    }
    assert_eq!(store.activities(&everything()).unwrap().activities.len(), 4);
    assert_eq!(store.start().unwrap().last_fact, 4);
}

/// Within a change set, the later of two rows with the same key is the one that is stored.
pub fn the_last_word_counts(harness: &impl Harness) {
    let store = harness.open();
    let mut later = person(0);
    later.email = None;
    let changes = ChangeSet {
        people: vec![person(0).into(), later.clone().into()],
        identifiers: vec![
            (id("a"), held_by(1)),
            (id("b"), None),
            (id("a"), None),
            (id("b"), held_by(2)),
            (id("b"), Some(Holder::Suppressed)),
        ],
        memberships: vec![
            (1, PersonKey(1), true),
            (1, PersonKey(1), false),
            (1, PersonKey(2), false),
            (1, PersonKey(2), true),
        ],
        seen: vec![[1; 16], [1; 16]],
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    assert_eq!(store.people(&[PersonKey(0)]).unwrap(), [later]);
    assert_eq!(store.holder(&id("a")).unwrap(), None);
    assert_eq!(store.holder(&id("b")).unwrap(), Some(Holder::Suppressed));
    assert_eq!(store.members(1, None, 9).unwrap(), [PersonKey(2)]);
}

/// A change set of 10,000 rows of each kind goes in at once.
pub fn big_change_sets(harness: &impl Harness) {
    const ROWS: u32 = 10_000;
    let store = harness.open();
    let numbers = || 0..ROWS;
    let changes = ChangeSet {
        people: numbers().map(person).map(Arc::new).collect(),
        identifiers: numbers()
            .map(|n| (id(&n.to_string()), held_by(n)))
            .collect(),
        tokens: numbers()
            .map(|n| token(n, &format!("t{n}"), Some(n)))
            .collect(),
        activities: numbers().map(|n| activity(Some(n), "bought", T0)).collect(),
        deliveries: numbers().map(|n| delivery(n, Some(n))).collect(),
        facts: numbers().map(|n| fact(n, "x")).collect(),
        seen: numbers()
            .map(|n| (u128::from(n) << 77 | u128::from(n)).to_be_bytes())
            .collect(),
        memberships: numbers().map(|n| (1, PersonKey(n), true)).collect(),
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    let people: Vec<PersonKey> = numbers().map(PersonKey).collect();
    assert!(
        store
            .people(&people)
            .unwrap()
            .iter()
            .eq(changes.people.iter().map(Arc::as_ref))
    );
    let keys: Vec<_> = changes.deliveries.iter().map(|d| d.key).collect();
    assert!(same(&store.deliveries(&keys).unwrap(), &changes.deliveries));
    assert_eq!(store.facts(&keys).unwrap(), changes.facts);
    assert_eq!(store.member_count(1).unwrap(), u64::from(ROWS));
    assert_eq!(store.start().unwrap().last_fact, u64::from(ROWS));
    let want = Want {
        identifiers: changes.identifiers.iter().map(|(i, _)| i.clone()).collect(),
        tokens: changes
            .tokens
            .iter()
            .map(|t| t.token.token.clone())
            .collect(),
        deliveries: changes.deliveries.iter().map(|d| d.id.clone()).collect(),
        seen: changes.seen.iter().copied().collect(),
        works: changes.works.iter().map(|(key, _)| *key).collect(),
        ..Want::default()
    };
    let found = store.load(&want).unwrap();
    assert_eq!(found.identifiers.len(), ROWS as usize);
    assert_eq!(found.people.len(), ROWS as usize);
    assert_eq!(found.tokens.len(), ROWS as usize);
    assert_eq!(found.deliveries.len(), ROWS as usize);
    assert_eq!(found.seen.len(), ROWS as usize);
}

/// What was acknowledged is there after the store was closed and opened again.
pub fn reopening_keeps_everything(harness: &impl Harness) {
    let mut model = Model::default();
    for _ in 0..3 {
        let store = harness.open();
        model.compare(&store);
        model.apply(&of_everything());
        commit(&store, &of_everything());
        model.compare(&store);
    }
    model.compare(&harness.open());
}

fn everything() -> ActivityQuery {
    ActivityQuery {
        limit: 1_000,
        ..ActivityQuery::default()
    }
}
