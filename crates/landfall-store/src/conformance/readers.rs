//! Readers beside a writer, and writers beside each other.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::person::Attribute;
use landfall_domain::working_set::{ChangeSet, Want};
use serde_json::json;

use super::Harness;
use super::samples::{
    T0, activity, at, commit, delivery, delivery_id, fact, held_by, id, person, to_devices, token,
};
use super::traits::*;
use crate::{ActivityQuery, Store, StoreError};

/// How many rows of each kind a round writes.
const ROWS: u32 = 6;
const ROUNDS: u64 = 40;

/// A change set in which every row says which round it is, and deliveries change hands.
fn round(round: u64) -> ChangeSet {
    let owner = (round % 2) as u32;
    ChangeSet {
        people: (0..ROWS)
            .map(|key| {
                let mut person = person(key);
                let (value, set_at) = (json!(round), at(T0));
                person
                    .attributes
                    .insert("round".to_owned(), Attribute { value, set_at });
                person.into()
            })
            .collect(),
        identifiers: (0..ROWS)
            .map(|key| (id(&key.to_string()), held_by(key)))
            .collect(),
        tokens: (0..ROWS).map(|key| token(key, "t", Some(owner))).collect(),
        activities: (0..ROWS)
            .map(|key| activity(Some(key), &round.to_string(), T0))
            .collect(),
        deliveries: (0..ROWS)
            .map(|key| to_devices(delivery(key, Some(owner)), &[key]))
            .collect(),
        facts: (0..ROWS).map(|key| fact(key, "x")).collect(),
        ..ChangeSet::default()
    }
}

/// Every row of every answer is of one round, which is returned.
fn round_seen(store: &impl Store) -> u64 {
    let keys: Vec<PersonKey> = (0..ROWS).map(PersonKey).collect();
    let people = store.people(&keys).unwrap();
    let rounds: Vec<&serde_json::Value> = people
        .iter()
        .map(|person| &person.attributes["round"].value)
        .collect();
    assert!(rounds.iter().all(|one| *one == rounds[0]), "{rounds:?}");
    let of_both = store.deliveries_of(&keys[..2], None, 100).unwrap();
    assert_eq!(of_both.deliveries.len(), ROWS as usize);
    let owners: Vec<_> = of_both.deliveries.iter().map(|row| row.person).collect();
    assert!(owners.iter().all(|one| *one == owners[0]), "{owners:?}");
    let keys: Vec<DeliveryKey> = (0..ROWS).map(DeliveryKey).collect();
    let facts = store.facts(&keys).unwrap().len();
    assert!(facts.is_multiple_of(ROWS as usize), "{facts} facts");
    let newest = ActivityQuery {
        limit: ROWS as usize,
        ..ActivityQuery::default()
    };
    let newest = store.activities(&newest).unwrap().activities;
    assert!(newest[0].number.is_multiple_of(u64::from(ROWS)));
    let want = Want {
        identifiers: (0..ROWS).map(|key| id(&key.to_string())).collect(),
        deliveries: (0..ROWS).map(delivery_id).collect(),
        ..Want::default()
    };
    let found = store.load(&want).unwrap();
    let owner = Some(PersonKey((found.epoch % 2) as u32));
    assert!(found.people.len() == ROWS as usize && found.tokens.len() == ROWS as usize);
    for person in &found.people {
        assert_eq!(person.attributes["round"].value, json!(found.epoch));
    }
    assert!(found.deliveries.iter().all(|row| row.person == owner));
    assert!(found.tokens.iter().all(|row| row.owner == owner));
    rounds[0].as_u64().unwrap()
}

/// A commit that was acknowledged is seen by every call that begins afterwards, on any thread.
pub fn readers_see_a_commit_at_once(harness: &impl Harness) {
    let store = harness.open();
    let acknowledged = AtomicU64::new(commit(&store, &round(1)));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let before = acknowledged.load(Ordering::SeqCst);
                    let people = store.people(&[PersonKey(0)]).unwrap();
                    let seen = people[0].attributes["round"].value.as_u64().unwrap();
                    assert!(seen >= before, "saw {seen} after {before}");
                    assert!(store.start().unwrap().epoch >= before);
                    if before == ROUNDS {
                        break;
                    }
                }
            });
        }
        for number in 2..=ROUNDS {
            let epoch = store.commit(&round(number), number - 1).unwrap();
            acknowledged.store(epoch, Ordering::SeqCst);
        }
    });
}

/// No call ever sees a part of a commit.
pub fn readers_see_whole_commits(harness: &impl Harness) {
    let store = harness.open();
    commit(&store, &round(1));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut last = 0;
                while !done.load(Ordering::SeqCst) {
                    let seen = round_seen(&store);
                    assert!(seen >= last, "time ran backwards: {seen} after {last}");
                    last = seen;
                }
            });
        }
        for number in 2..=ROUNDS {
            store.commit(&round(number), number - 1).unwrap();
        }
        done.store(true, Ordering::SeqCst);
    });
    assert_eq!(round_seen(&store), ROUNDS);
}

/// Of several writers that decided on the same state, one is taken and the others are told.
pub fn one_of_two_writers_wins(harness: &impl Harness) {
    const WRITERS: u64 = 4;
    const EACH: u64 = 15;
    let store = harness.open();
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                let mut taken = 0;
                while taken < EACH {
                    let epoch = store.start().unwrap().epoch;
                    let changes = ChangeSet {
                        facts: vec![fact(0, "x")],
                        ..ChangeSet::default()
                    };
                    match store.commit(&changes, epoch) {
                        Ok(new) => {
                            assert_eq!(new, epoch + 1);
                            taken += 1;
                        }
                        Err(StoreError::Conflict { expected, found }) => {
                            assert_eq!(expected, epoch);
                            assert!(found > epoch);
                        }
                        Err(other) => panic!("{other}"),
                    }
                }
            });
        }
    });
    let start = store.start().unwrap();
    assert_eq!(start.epoch, WRITERS * EACH);
    assert_eq!(start.last_fact, WRITERS * EACH);
}
