//! Decisions see every commit wherever it is: in a layer, lately settled, or in SQLite alone.

use landfall_domain::channel::Channel;
use landfall_domain::delivery::Delivery;
use landfall_domain::ids::{DeliveryKey, MessageKey, PersonKey};
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::{ChangeSet, Want};
use landfall_store::conformance::SALT;
use landfall_store::conformance::histories::History;
use landfall_store::{StateStore as _, WorkReader as _};
use tempfile::TempDir;

use crate::record::Row;
use crate::{Options, SqliteStore};

fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("store.db"), Options { salt: SALT }).unwrap()
}

fn delivery(key: u32, person: u32) -> Delivery {
    let (key, message) = (DeliveryKey(key), MessageKey(0));
    let id = format!("d{}", key.0);
    let mut delivery = Delivery::new(key, id, message, Channel::Push, Timestamp::EPOCH);
    delivery.person = Some(PersonKey(person));
    delivery
}

fn moves(moved: &[(u32, u32)]) -> ChangeSet {
    let moved = moved.iter();
    ChangeSet {
        moved: moved
            .map(|(from, to)| (PersonKey(*from), PersonKey(*to)))
            .collect(),
        ..ChangeSet::default()
    }
}

fn owner(store: &SqliteStore, key: u32) -> Option<u32> {
    let want = Want {
        deliveries: [format!("d{key}")].into(),
        ..Want::default()
    };
    let found = store.load(&want).unwrap();
    found.deliveries[0].person.map(|person| person.0)
}

#[test]
fn decisions_see_what_was_settled_at_any_moment() {
    for seed in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(&folder);
        let mut history = History::seeded(seed);
        for step in 0..60 {
            let changes = history.step();
            store.commit(&changes, history.epoch() - 1).unwrap();
            if step % 3 == seed % 3 {
                store.shared.settle().unwrap();
            }
            if step % 20 == 19 {
                drop(store);
                store = open(&folder);
            }
            history.compare_load(&store);
        }
        history.compare(&store);
    }
}

/// The second move of a person takes only what came to it after the first.
#[test]
fn deliveries_that_are_settled_follow_each_move_once() {
    for reopened in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(&folder);
        let changes = ChangeSet {
            deliveries: vec![delivery(0, 1), delivery(1, 3)],
            ..ChangeSet::default()
        };
        let mut epoch = store.commit(&changes, 0).unwrap();
        store.shared.settle().unwrap();
        if reopened {
            // Nothing of it is in memory then.
            drop(store);
            store = open(&folder);
        }
        for moved in [&[(1, 2), (2, 4)][..], &[(1, 5)], &[(3, 1)]] {
            epoch = store.commit(&moves(moved), epoch).unwrap();
        }
        assert_eq!((owner(&store, 0), owner(&store, 1)), (Some(4), Some(1)));
        store.shared.settle().unwrap();
        assert_eq!((owner(&store, 0), owner(&store, 1)), (Some(4), Some(1)));
        store.commit(&moves(&[(1, 6)]), epoch).unwrap();
        assert_eq!((owner(&store, 0), owner(&store, 1)), (Some(4), Some(6)));
    }
}

/// A journal that an older version left is read by its variants' numbers.
#[test]
fn rows_keep_their_numbers_in_the_journal() {
    let number = |row: &Row<'_>| postcard::to_extend(row, Vec::new()).unwrap()[0];
    assert_eq!(number(&Row::Person(1, "{}")), 0);
    assert_eq!(number(&Row::Moved(1, 2)), 13);
    assert_eq!(
        number(&Row::Meta(crate::record::Counters::default().meta())),
        14
    );
    assert_eq!(number(&Row::Work(1, None)), 15);
}

#[test]
fn a_store_of_the_version_before_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let changes = ChangeSet {
        deliveries: vec![delivery(0, 1)],
        ..ChangeSet::default()
    };
    open(&folder).commit(&changes, 0).unwrap();
    rusqlite::Connection::open(folder.path().join("store.db"))
        .and_then(|file| {
            file.execute_batch("DROP TABLE work; DELETE FROM schema_version WHERE version = 2")
        })
        .unwrap();
    let store = open(&folder);
    assert_eq!(owner(&store, 0), Some(1));
    assert_eq!(store.open_works(None, 1).unwrap(), []);
}
