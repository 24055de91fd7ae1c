//! Work that goes a step on is written as that step, and read as a whole.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use landfall_domain::channel::{Channel, Platform};
use landfall_domain::content::{Content, PushContent};
use landfall_domain::delivery::Delivery;
use landfall_domain::fact::TargetKey;
use landfall_domain::ids::{DeliveryKey, DeviceKey, MessageKey};
use landfall_domain::time::Timestamp;
use landfall_domain::work::{Order, Rules, SendTo, Urgency, Work, WorkKey, WorkState};
use landfall_domain::working_set::{ChangeSet, Want};
use landfall_store::conformance::SALT;
use landfall_store::{StateStore as _, WorkReader as _};
use serde_json::json;
use tempfile::TempDir;

use crate::{Options, SqliteStore};

const DELIVERY: DeliveryKey = DeliveryKey(3);
const KEY: WorkKey = WorkKey::of(DELIVERY, 0);
/// Bytes of a text that no row of a step may carry.
const TEXT: usize = 10_000;

fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("store.db"), Options { salt: SALT }).unwrap()
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn waiting() -> Work {
    let body = "\u{e9}\u{1f680}\"\\\n".repeat(TEXT / 8);
    Work {
        key: KEY,
        message: MessageKey(1),
        urgency: Urgency::Broadcast,
        channel: Channel::Push,
        platform: Some(Platform::Ios),
        app: "org.example".to_owned(),
        target: Some(TargetKey::Device(DeviceKey(9))),
        order: Arc::new(Order {
            content: Content::Push(Box::new(PushContent {
                body: Some(body),
                ..PushContent::default()
            })),
            data: json!({"nothing": null, "half": 0.5, "large": u64::MAX, "none": [], "state": 1}),
            ttl_ms: 1,
            to_unsubscribed: false,
            forget_content: false,
            to: SendTo::All,
            rules: Rules::default(),
        }),
        due: at(10),
        expires: at(1_000),
        tries: 0,
        first_try: None,
        state: WorkState::Waiting,
    }
}

fn claimed(work: &Work, attempt: &str) -> Work {
    Work {
        tries: work.tries + 1,
        first_try: Some(at(20)),
        state: WorkState::Claimed {
            attempt: attempt.to_owned(),
            until: at(30),
        },
        ..work.clone()
    }
}

/// Every kind of step, one after the other.
fn steps(first: &Work) -> Vec<Work> {
    let once = claimed(first, "one");
    let again = Work {
        state: WorkState::Waiting,
        due: at(40),
        ..once.clone()
    };
    let twice = claimed(&again, "two");
    let fresh = Work {
        state: WorkState::Waiting,
        expires: at(2_000),
        tries: 0,
        first_try: None,
        ..twice.clone()
    };
    let thrice = claimed(&fresh, "three");
    let lapsed = claimed(&thrice, "four");
    vec![once, again, twice, fresh, thrice, lapsed]
}

fn commit(store: &SqliteStore, epoch: u64, work: Option<Work>) -> u64 {
    let changes = ChangeSet {
        works: vec![(KEY, work)],
        ..ChangeSet::default()
    };
    store.commit(&changes, epoch).unwrap()
}

fn begin(store: &SqliteStore, work: &Work) -> u64 {
    let id = "d".to_owned();
    let delivery = Delivery::new(DELIVERY, id, MessageKey(1), Channel::Push, at(0));
    let changes = ChangeSet {
        deliveries: vec![delivery.into()],
        works: vec![(KEY, Some(work.clone()))],
        ..ChangeSet::default()
    };
    store.commit(&changes, 0).unwrap()
}

/// As a decision sees it.
fn loaded(store: &SqliteStore) -> Work {
    let want = Want {
        works: [KEY].into(),
        ..Want::default()
    };
    store.load(&want).unwrap().works.remove(0)
}

/// As SQLite has it.
fn stored(store: &SqliteStore) -> Work {
    store.works_of(DELIVERY).unwrap().remove(0)
}

/// The files as a process that is killed leaves them behind.
fn left_behind(folder: &TempDir) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

#[test]
fn work_is_the_same_whether_it_was_written_whole_or_in_steps() {
    // Read after each step, or only after all of them; with its row in SQLite before, or not.
    for (each, settled) in [(true, true), (true, false), (false, true), (false, false)] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        let mut now = waiting();
        let mut epoch = begin(&store, &now);
        if settled {
            assert_eq!(stored(&store), now);
        }
        for step in steps(&now) {
            epoch = commit(&store, epoch, Some(step.clone()));
            assert_eq!(loaded(&store), step);
            if each {
                assert_eq!(stored(&store), step);
            }
            now = step;
        }
        assert_eq!(stored(&store), now);
        let open = store.open_works(None, 2).unwrap();
        assert_eq!(open, [now]);
        commit(&store, epoch, None);
        assert_eq!(store.works_of(DELIVERY).unwrap(), []);
    }
}

#[test]
fn steps_survive_a_process_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let work = waiting();
    let mut epoch = begin(&store, &work);
    assert_eq!(stored(&store), work);
    for step in steps(&work) {
        epoch = commit(&store, epoch, Some(step.clone()));
        let left = left_behind(&folder);
        let again = open(&left);
        assert_eq!((loaded(&again), stored(&again)), (step.clone(), step));
    }
}

#[test]
fn a_step_does_not_write_what_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let work = waiting();
    let mut epoch = begin(&store, &work);
    let mut before = store.shared.gathered.load(Ordering::Acquire);
    assert!(before > TEXT);
    for step in steps(&work) {
        epoch = commit(&store, epoch, Some(step));
        let now = store.shared.gathered.load(Ordering::Acquire);
        // It begins anew when the store has settled meanwhile.
        assert!(now.saturating_sub(before) < TEXT / 10 && now < before + TEXT);
        before = now;
    }
}

/// A sweep may have taken the row of parked work away before its next step reaches SQLite.
#[test]
fn work_that_was_parked_is_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let parked = Work {
        state: WorkState::Parked,
        ..waiting()
    };
    let epoch = begin(&store, &parked);
    let released = Work {
        due: at(50),
        ..waiting()
    };
    let released = Work {
        order: Arc::clone(&parked.order),
        ..released
    };
    commit(&store, epoch, Some(released.clone()));
    rusqlite::Connection::open(folder.path().join("store.db"))
        .and_then(|file| file.execute_batch("DELETE FROM work"))
        .unwrap();
    assert_eq!(stored(&store), released);
}

#[test]
fn a_store_that_does_not_wait_for_the_disk_keeps_what_it_took() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open_unflushed(&path, Options { salt: SALT }).unwrap();
    begin(&store, &waiting());
    let left = left_behind(&folder);
    assert_eq!(stored(&open(&left)), waiting());
    drop(store);
    assert_eq!(stored(&open(&folder)), waiting());
}
