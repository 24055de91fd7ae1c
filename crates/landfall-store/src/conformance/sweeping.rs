//! Seen ids and what a sweep takes away.

use landfall_domain::time::DAY_MS;
use landfall_domain::working_set::{ChangeSet, DedupeHash, Want};

use super::Harness;
use super::samples::{T0, activity, commit, fact, hash};
use super::traits::*;
use crate::{ActivityQuery, Store};

fn seen(store: &impl Store, hashes: &[DedupeHash]) -> Vec<DedupeHash> {
    let want = Want {
        seen: hashes.iter().copied().collect(),
        ..Want::default()
    };
    let mut seen = store.load(&want).unwrap().seen;
    seen.sort_unstable();
    seen
}

fn taken(number: u8, day: i64) -> ChangeSet {
    ChangeSet {
        activities: vec![activity(None, "of nobody", T0 + day * DAY_MS)],
        seen: vec![hash(number)],
        ..ChangeSet::default()
    }
}

/// Ids count in all of their 16 bytes, and may come again.
pub fn seen_ids(harness: &impl Harness) {
    let store = harness.open();
    let hashes: Vec<DedupeHash> = (0..40).map(hash).collect();
    assert_eq!(seen(&store, &hashes), [[0; 16]; 0]);
    for half in [&hashes[..20], &hashes[10..30]] {
        let changes = ChangeSet {
            seen: half.to_vec(),
            ..ChangeSet::default()
        };
        commit(&store, &changes);
    }
    let mut expected = hashes[..30].to_vec();
    expected.sort_unstable();
    assert_eq!(seen(&store, &hashes), expected);
}

/// Ids live for 35 days at least, activities of nobody for 30, by the time at which they were
/// taken; both go some days later. An id that comes again lives on.
pub fn sweep_keeps_what_is_young(harness: &impl Harness) {
    let store = harness.open();
    let hashes = [hash(2), hash(4), hash(6), hash(8)];
    commit(&store, &taken(2, 0));
    commit(&store, &taken(4, 0));
    commit(&store, &taken(6, 10));
    let with_fact = ChangeSet {
        facts: vec![fact(0, "dates the id")],
        seen: vec![hash(8)],
        ..ChangeSet::default()
    };
    commit(&store, &with_fact);
    commit(&store, &taken(4, 20));
    let of_nobody = || {
        let query = ActivityQuery {
            limit: 10,
            ..ActivityQuery::default()
        };
        store.activities(&query).unwrap().activities.len()
    };
    assert_eq!(store.sweep(T0 + 29 * DAY_MS).unwrap(), 0);
    assert_eq!((seen(&store, &hashes).len(), of_nobody()), (4, 4));
    assert_eq!(store.sweep(T0 + 34 * DAY_MS).unwrap(), 2);
    assert_eq!((seen(&store, &hashes).len(), of_nobody()), (4, 2));
    assert_eq!(store.sweep(T0 + 38 * DAY_MS).unwrap(), 2);
    assert_eq!(seen(&store, &hashes), [hash(4), hash(6)]);
    assert_eq!(store.sweep(T0 + 50 * DAY_MS).unwrap(), 2);
    assert_eq!(seen(&store, &hashes), [hash(4)]);
    assert_eq!(of_nobody(), 1);
    assert_eq!(store.sweep(T0 + 60 * DAY_MS).unwrap(), 2);
    assert_eq!((seen(&store, &hashes).len(), of_nobody()), (0, 0));
    assert_eq!(store.start().unwrap().epoch, 5, "a sweep is not a commit");
}

/// A person's activities are kept for ever.
pub fn sweep_keeps_what_belongs_to_somebody(harness: &impl Harness) {
    let store = harness.open();
    let changes = ChangeSet {
        activities: vec![
            activity(Some(0), "first", T0),
            activity(None, "second", T0),
            activity(Some(0), "third", T0),
        ],
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    assert_eq!(store.sweep(T0 + 4_000 * DAY_MS).unwrap(), 1);
    let query = ActivityQuery {
        limit: 10,
        ..ActivityQuery::default()
    };
    let page = store.activities(&query).unwrap();
    let numbers: Vec<u64> = page.activities.iter().map(|stored| stored.number).collect();
    assert_eq!(numbers, [3, 1]);
}
