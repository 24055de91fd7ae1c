//! Deliveries and facts.

use std::collections::BTreeSet;
use std::sync::Arc;

use landfall_domain::delivery::Delivery;
use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::working_set::{ChangeSet, Want};

use super::Harness;
use super::model::Model;
use super::samples::{attempt, commit, delivery, delivery_id, fact, merged, person, receipt, same};
use super::traits::*;

fn deliveries(rows: &[(u32, Option<u32>)]) -> ChangeSet {
    ChangeSet {
        deliveries: rows
            .iter()
            .map(|(key, person)| delivery(*key, *person))
            .collect(),
        ..ChangeSet::default()
    }
}

/// Deliveries in the order asked for; by id, exactly.
pub fn deliveries_by_key(harness: &impl Harness) {
    let store = harness.open();
    let changes = deliveries(&[(0, Some(1)), (4, None), (u32::MAX, Some(0))]);
    commit(&store, &changes);
    let rows = &changes.deliveries;
    let keys = [4, 9, u32::MAX, 0, 4].map(DeliveryKey);
    let expected = [1, 2, 0, 1].map(|row: usize| rows[row].as_ref());
    assert!(store.deliveries(&keys).unwrap().iter().eq(expected));
    assert_eq!(store.deliveries(&[]).unwrap(), []);
    for row in rows {
        assert_eq!(store.delivery(&row.id).unwrap().as_ref(), Some(&**row));
        assert_eq!(store.delivery(&row.id.to_lowercase()).unwrap(), None);
    }
    assert_eq!(store.delivery("").unwrap(), None);
}

/// A scan in pages meets every delivery once.
pub fn deliveries_in_pages(harness: &impl Harness) {
    let store = harness.open();
    let rows: Vec<(u32, Option<u32>)> = (0..30).map(|key| (key * 5, None)).collect();
    let changes = deliveries(&rows);
    commit(&store, &changes);
    for size in [1, 4, 30, 31, usize::MAX] {
        let (mut after, mut met) = (None, Vec::new());
        loop {
            let page = store.deliveries_after(after, size).unwrap();
            assert!(page.len() <= size);
            let Some(last) = page.last() else { break };
            after = Some(last.key);
            met.extend(page);
        }
        assert!(same(&met, &changes.deliveries), "pages of {size}: {met:?}");
    }
}

/// A person's deliveries, newest first, over several records at once.
pub fn deliveries_of_people(harness: &impl Harness) {
    let store = harness.open();
    let rows: Vec<(u32, Option<u32>)> = (0..60)
        .map(|key| (key, (key % 4 != 3).then_some(key % 4)))
        .collect();
    let changes = deliveries(&rows);
    let mut model = Model::default();
    model.apply(&changes);
    commit(&store, &changes);
    for people in [&[0][..], &[1, 2], &[2, 1, 0, 2], &[9], &[]] {
        let people: Vec<PersonKey> = people.iter().copied().map(PersonKey).collect();
        let each = people.iter().map(|person| {
            let page = model.deliveries_of(&[*person], None, 1_000);
            page.deliveries
        });
        let each: Vec<Vec<Delivery>> = each.collect();
        assert_eq!(store.deliveries_of_each(&people).unwrap(), each);
        for limit in [1, 7, 15, 45, 1_000] {
            let mut before = None;
            loop {
                let page = store.deliveries_of(&people, before, limit).unwrap();
                assert_eq!(page, model.deliveries_of(&people, before, limit));
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
        }
    }
}

/// After a merge, every delivery of the one belongs to the other, whichever way it is read; also
/// one that the same change set still stores for the first.
pub fn moved_deliveries(harness: &impl Harness) {
    let store = harness.open();
    let mut model = Model::default();
    let mut take = |changes: ChangeSet| {
        model.apply(&changes);
        commit(&store, &changes);
        model.compare(&store);
    };
    take(ChangeSet {
        people: [1, 2, 3].map(person).map(Arc::new).into(),
        ..deliveries(&[(0, Some(1)), (1, Some(2)), (2, None), (3, Some(1))])
    });
    take(ChangeSet {
        people: vec![merged(1, 2).into()],
        moved: vec![(PersonKey(1), PersonKey(2))],
        ..deliveries(&[(4, Some(1)), (0, Some(1))])
    });
    let of = |key| {
        let page = store.deliveries_of(&[PersonKey(key)], None, 9).unwrap();
        let keys = page.deliveries.iter().map(|row| row.key.0);
        keys.collect::<Vec<u32>>()
    };
    assert_eq!((of(1), of(2)), (vec![], vec![4, 3, 1, 0]));
    let want = Want {
        deliveries: [delivery_id(3)].into(),
        ..Want::default()
    };
    let found = store.load(&want).unwrap();
    assert_eq!(found.deliveries[0].person, Some(PersonKey(2)));
    assert_eq!(found.people, [person(2).into()]);
}

/// Several moves in one change set are made one after the other.
pub fn moves_follow_each_other(harness: &impl Harness) {
    let store = harness.open();
    let mut model = Model::default();
    let mut changes = deliveries(&[(0, Some(1)), (1, Some(2)), (2, Some(3)), (3, Some(5))]);
    model.apply(&changes);
    commit(&store, &changes);
    changes = ChangeSet {
        moved: [(1, 2), (3, 1), (2, 4), (5, 5), (8, 9)]
            .map(|(from, to)| (PersonKey(from), PersonKey(to)))
            .to_vec(),
        ..ChangeSet::default()
    };
    model.apply(&changes);
    commit(&store, &changes);
    model.compare(&store);
    let people: Vec<_> = store.deliveries_after(None, 9).unwrap();
    let people: Vec<_> = people.iter().filter_map(|row| row.person).collect();
    assert_eq!(people, [4, 4, 1, 5].map(PersonKey));
}

/// Facts come by delivery as asked for, then in the order of commit.
pub fn facts_in_order(harness: &impl Harness) {
    let store = harness.open();
    let mut model = Model::default();
    for round in 0..4_u32 {
        let changes = ChangeSet {
            facts: (0..9)
                .map(|n| fact(n * 7 % 3, &format!("{round}-{n}")))
                .collect(),
            ..ChangeSet::default()
        };
        model.apply(&changes);
        commit(&store, &changes);
    }
    for keys in [&[0][..], &[2, 0, 1], &[1, 8], &[]] {
        let keys: Vec<DeliveryKey> = keys.iter().copied().map(DeliveryKey).collect();
        assert_eq!(store.facts(&keys).unwrap(), model.facts_of(&keys));
    }
}

/// Following the facts by number meets every change once, however many are looked at in one go.
pub fn changed_since(harness: &impl Harness) {
    let store = harness.open();
    assert_eq!(store.changed_since(0, 10).unwrap(), (vec![], 0));
    let mut model = Model::default();
    for part in [&[5, 3, 5, 5][..], &[], &[3], &[9, 1, 0, 9, 2]] {
        let changes = ChangeSet {
            facts: part.iter().map(|key| fact(*key, "x")).collect(),
            ..ChangeSet::default()
        };
        model.apply(&changes);
        commit(&store, &changes);
    }
    for limit in [1, 3, 10, usize::MAX] {
        let mut seen = 0;
        loop {
            let (keys, last) = store.changed_since(seen, limit).unwrap();
            let distinct = BTreeSet::from_iter(keys.iter().copied());
            assert_eq!(distinct.len(), keys.len(), "each key once");
            assert_eq!((distinct, last), model.changed_since(seen as usize, limit));
            if last == seen {
                break;
            }
            seen = last;
        }
        assert_eq!(seen, 10);
        assert_eq!(store.start().unwrap().last_fact, 10);
    }
    for beyond in [10, 11, u64::MAX] {
        assert_eq!(store.changed_since(beyond, 5).unwrap(), (vec![], beyond));
    }
}

/// A follower reads every fact once with its number, whole, in the order of commit.
pub fn facts_after(harness: &impl Harness) {
    let store = harness.open();
    assert_eq!(store.facts_after(0, 10).unwrap(), []);
    let mut model = Model::default();
    for round in 0..4_u32 {
        let mut changes = ChangeSet::default();
        for n in 0..round * 2 {
            let mut fact = fact(n % 3, &format!("{round}-{n}"));
            fact.attempt = (n % 2 == 0).then(|| Box::new(attempt(n as u16)));
            changes.facts.push(fact);
        }
        model.apply(&changes);
        commit(&store, &changes);
    }
    for limit in [1, 5, 12, 13, usize::MAX] {
        let (mut after, mut met) = (0, Vec::new());
        loop {
            let page = store.facts_after(after, limit).unwrap();
            assert!(page.len() <= limit);
            let Some((last, _)) = page.last() else { break };
            after = *last;
            met.extend(page);
        }
        assert_eq!(met, model.facts_after(0, 12), "pages of {limit}");
    }
    assert_eq!(store.facts_after(0, 0).unwrap(), []);
    for beyond in [12, 13, u64::MAX] {
        assert_eq!(store.facts_after(beyond, 5).unwrap(), []);
    }
}

/// Receipts for unknown deliveries wait, are counted by id, and go when they are released, even if
/// others come for the same id in the same change set.
pub fn quarantine(harness: &impl Harness) {
    let store = harness.open();
    let mut model = Model::default();
    let mut take = |quarantined: &[(&str, &str)], released: &[&str]| {
        let changes = ChangeSet {
            quarantined: quarantined
                .iter()
                .map(|(id, who)| ((*id).to_owned(), receipt(id, who)))
                .collect(),
            released: released.iter().map(|id| (*id).to_owned()).collect(),
            ..ChangeSet::default()
        };
        model.apply(&changes);
        commit(&store, &changes);
        model.compare(&store);
    };
    take(&[("a", "1"), ("b", "2"), ("a", "3"), ("A", "4")], &[]);
    take(&[("b", "5")], &["unheard of"]);
    take(&[("c", "6"), ("a", "7")], &["a"]);
    take(&[], &["b", "A"]);
    let waiting = store.quarantine(10).unwrap();
    let names: BTreeSet<&str> = waiting.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(names, ["a", "c"].into());
    assert_eq!(store.quarantine(1).unwrap().len(), 1);
    assert_eq!(store.quarantine(0).unwrap(), []);
}
