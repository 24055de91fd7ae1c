//! People are read through the layers: whoever turns the pages of a broadcast makes nobody settle.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use landfall_domain::identifier::{Holder, Identifier, IdentifierKind};
use landfall_domain::ids::PersonKey;
use landfall_domain::person::{Consent, Person, Standing};
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::ChangeSet;
use landfall_store::conformance::SALT;
use landfall_store::{PeopleReader as _, StateStore as _};

use crate::{Options, SqliteStore};

fn person(key: u32, version: u32) -> Person {
    Person {
        key: PersonKey(key),
        cio_id: format!("{key}-{version}"),
        standing: Standing::Known,
        id: None,
        email: None,
        phone: None,
        anonymous_ids: BTreeMap::new(),
        created_at: Timestamp::EPOCH,
        active_at: Timestamp::EPOCH,
        attributes: BTreeMap::new(),
        consent: Consent::default(),
        devices: BTreeMap::new(),
        segments: BTreeSet::new(),
        listed: Vec::new(),
        absorbed: Vec::new(),
    }
}

fn name(key: u32) -> Identifier {
    Identifier::new(IdentifierKind::Id, &format!("p{key}")).unwrap()
}

fn commit(store: &SqliteStore, epoch: u64, people: &[(u32, u32)]) -> u64 {
    let rows = people.iter().map(|(key, version)| person(*key, *version));
    let names = people.iter().map(|(key, _)| *key);
    let changes = ChangeSet {
        people: rows.map(Arc::new).collect(),
        identifiers: names
            .map(|key| (name(key), Some(Holder::Person(PersonKey(key)))))
            .collect(),
        ..ChangeSet::default()
    };
    store.commit(&changes, epoch).unwrap()
}

/// All people, by pages of so many.
fn turned(store: &SqliteStore, size: usize) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = store.people_after(after, size).unwrap();
        assert!(page.len() <= size);
        let Some(last) = page.last() else {
            return all;
        };
        after = Some(last.key);
        all.extend(page.into_iter().map(|person| person.cio_id));
    }
}

#[test]
fn people_are_read_wherever_they_are_and_nothing_is_settled_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Options { salt: SALT }).unwrap();
    // A row that waits to be settled keeps the thread that settles in the background away.
    let settling = store.shared.writer();
    let epoch = commit(&store, 0, &[(1, 0), (4, 0), (5, 0), (9, 0)]);
    drop(settling);
    store.shared.settle().unwrap();
    let settling = store.shared.writer();
    let settled = store.shared.settled.load(Ordering::Acquire);
    // Newer versions, new people between and behind the others.
    commit(&store, epoch, &[(0, 1), (4, 1), (6, 1), (11, 1)]);
    let all = ["0-1", "1-0", "4-1", "5-0", "6-1", "9-0", "11-1"];
    for size in 1..9 {
        assert_eq!(turned(&store, size), all, "pages of {size}");
    }
    assert_eq!(store.people_after(None, 0).unwrap(), []);
    let asked = [9, 4, 7, 11].map(PersonKey);
    let found = store.people(&asked).unwrap();
    assert_eq!(found, [person(9, 0), person(4, 1), person(11, 1)]);
    let holders = [5, 6, 7].map(|key| store.holder(&name(key)).unwrap());
    let held = |key| Some(Holder::Person(PersonKey(key)));
    assert_eq!(holders, [held(5), held(6), None]);
    assert_eq!(store.shared.settled.load(Ordering::Acquire), settled);
    drop(settling);
    store.shared.settle().unwrap();
    assert_eq!(turned(&store, 3), all);
}
