//! Decisions see every commit wherever it is: in a layer, lately settled, or in SQLite alone.

use landfall_domain::channel::Channel;
use landfall_domain::delivery::Delivery;
use landfall_domain::ids::{DeliveryKey, MessageKey, PersonKey, RunKey};
use landfall_domain::run::TraceRow;
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::{ChangeSet, NextKeys, Want};
use landfall_store::conformance::SALT;
use landfall_store::conformance::histories::History;
use landfall_store::{RunReader as _, StateStore as _};
use tempfile::TempDir;

use crate::record::{Counters, ProgressRow, Row};
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
            deliveries: vec![delivery(0, 1).into(), delivery(1, 3).into()],
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
    assert_eq!(number(&Row::Meta(Counters::default().meta())), 14);
    assert_eq!(number(&Row::Work(1, None)), 15);
    assert_eq!(number(&Row::NextRun(1)), 16);
    let (state, due_ms, patch) = (1, 0, "{}");
    let step = ProgressRow {
        state,
        due_ms,
        patch,
    };
    assert_eq!(number(&Row::Progress(1, step)), 20);
    assert_eq!(number(&Row::Profile(1, None)), 18);
    let counters = Counters {
        epoch: 1,
        next: NextKeys {
            person: 2,
            device: 3,
            delivery: 4,
            message: 5,
            run: 9,
        },
        activity: 6,
        fact: 7,
    };
    let meta = postcard::to_extend(&Row::Meta(counters.meta()), Vec::new()).unwrap();
    assert_eq!(meta, [14, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_store_without_runs_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let changes = ChangeSet {
        deliveries: vec![delivery(0, 1).into()],
        ..ChangeSet::default()
    };
    open(&folder).commit(&changes, 0).unwrap();
    rusqlite::Connection::open(folder.path().join("store.db"))
        .and_then(|file| {
            file.execute_batch(
                "DROP TABLE run; DROP TABLE run_count; DROP TABLE profile; DROP TABLE trace;
                 DROP TABLE trace_last; ALTER TABLE meta DROP COLUMN next_run;
                 DELETE FROM schema_version WHERE version >= 3",
            )
        })
        .unwrap();
    let store = open(&folder);
    assert_eq!(owner(&store, 0), Some(1));
    assert_eq!(store.profiles(None, 1).unwrap(), []);
    let changes = ChangeSet {
        next: NextKeys {
            run: 4,
            ..NextKeys::default()
        },
        ..ChangeSet::default()
    };
    store.commit(&changes, 1).unwrap();
    drop(store);
    assert_eq!(open(&folder).start().unwrap().next.run, 4);
}

#[test]
fn traces_of_a_store_that_had_an_index_of_them_are_found_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let line = |run, at| TraceRow {
        run: RunKey(run),
        seq: 0,
        at: Timestamp::from_millis(at),
        body: vec![1],
    };
    let commit = |store: &SqliteStore, epoch, traces: Vec<TraceRow>| {
        let changes = ChangeSet {
            traces,
            ..ChangeSet::default()
        };
        store.commit(&changes, epoch).unwrap();
    };
    commit(&open(&folder), 0, vec![line(1, 1), line(2, 2), line(1, 3)]);
    rusqlite::Connection::open(folder.path().join("store.db"))
        .and_then(|file| {
            file.execute_batch(
                "ALTER TABLE trace DROP COLUMN before; DROP TABLE trace_last;
                 CREATE INDEX trace_of_run ON trace (run);
                 DELETE FROM schema_version WHERE version = 4",
            )
        })
        .unwrap();
    let store = open(&folder);
    commit(&store, 1, vec![line(1, 4), line(3, 5)]);
    assert_eq!(
        store.traces(RunKey(1)).unwrap(),
        [line(1, 1), line(1, 3), line(1, 4)]
    );
    assert_eq!(store.traces(RunKey(2)).unwrap(), [line(2, 2)]);
    assert_eq!(store.traces(RunKey(3)).unwrap(), [line(3, 5)]);
}
