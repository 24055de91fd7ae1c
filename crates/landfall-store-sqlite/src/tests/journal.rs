//! The journal: what was acknowledged is there after any end of the process, and nothing else.

use std::path::Path;

use landfall_store::StateStore as _;
use landfall_store::conformance::SALT;
use landfall_store::conformance::histories::History;
use tempfile::TempDir;

use crate::{Options, SqliteStore, journal};

const NAME: &str = "store.db";

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(&folder.join(NAME), Options { salt: SALT }).unwrap()
}

/// The store's files as a power cut at this moment would leave them.
fn copy(store: &SqliteStore, folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    // Nothing is settled while the files are copied.
    let _held = store.shared.writer();
    for ending in ["", "-wal", "-journal-a", "-journal-b"] {
        let name = format!("{NAME}{ending}");
        if folder.join(&name).exists() {
            std::fs::copy(folder.join(&name), copy.path().join(&name)).unwrap();
        }
    }
    copy
}

#[test]
fn every_commit_survives_the_end_of_the_process_at_any_moment() {
    for seed in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let mut history = History::seeded(seed);
        for step in 0..40 {
            let changes = history.step();
            store.commit(&changes, history.epoch() - 1).unwrap();
            if step % 7 == 0 {
                store.shared.settle().unwrap();
            }
            if step % 4 == 0 {
                let left = copy(&store, folder.path());
                history.compare(&open(left.path()));
                // And once more, after the journal was taken over.
                history.compare(&open(left.path()));
            }
        }
    }
}

#[test]
fn a_torn_commit_at_the_end_is_dropped_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let writer = store.shared.writer();
    let mut history = History::seeded(1);
    let journal = journal::path(&folder.path().join(NAME), 0);
    let mut ends = vec![0];
    for _ in 0..6 {
        let changes = history.step();
        store.commit(&changes, history.epoch() - 1).unwrap();
        ends.push(std::fs::metadata(&journal).unwrap().len());
    }
    drop(writer);
    let length = ends[6];
    for cut in (0..=length).step_by(97).chain(ends.clone()) {
        let left = with_journal(&journal, |bytes| {
            bytes.truncate(usize::try_from(cut).unwrap());
        });
        let whole = ends.iter().filter(|end| **end > 0 && **end <= cut).count();
        check(&left, 1, whole);
    }
    for place in (ends[5]..length).step_by(31) {
        let left = with_journal(&journal, |bytes| {
            bytes[usize::try_from(place).unwrap()] ^= 0x40;
        });
        check(&left, 1, 5);
    }
}

/// Files are written over: a torn commit may end in the middle of what an earlier round left.
#[test]
fn a_commit_torn_over_an_earlier_round_is_dropped_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut history = History::seeded(3);
    for _ in 0..2 {
        for _ in 0..5 {
            let changes = history.step();
            store.commit(&changes, history.epoch() - 1).unwrap();
        }
        store.shared.settle().unwrap();
    }
    let side = store.shared.intake().journal.side();
    let before = std::fs::read(journal::path(&folder.path().join(NAME), side)).unwrap();
    assert!(before.len() > 100, "an earlier round left its entries");
    let without = copy(&store, folder.path());
    let epoch = history.epoch();
    store.commit(&history.step(), epoch).unwrap();
    let after = std::fs::read(journal::path(&folder.path().join(NAME), side)).unwrap();
    let differ = |place: &usize| before.get(*place) != after.get(*place);
    let written = (0..after.len()).rev().find(differ).unwrap() + 1;
    for cut in (0..written).step_by(17).chain([written - 1, written]) {
        let mut torn = before.clone();
        torn.resize(torn.len().max(cut), 0);
        torn[..cut].copy_from_slice(&after[..cut]);
        let left = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(without.path()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), left.path().join(file.file_name())).unwrap();
        }
        std::fs::write(journal::path(&left.path().join(NAME), side), torn).unwrap();
        let expected = epoch + u64::from(cut == written);
        assert_eq!(open(left.path()).start().unwrap().epoch, expected, "{cut}");
    }
}

/// A new store with the journal of another, changed by `damage`.
fn with_journal(journal: &Path, damage: impl FnOnce(&mut Vec<u8>)) -> TempDir {
    let left = tempfile::tempdir().unwrap();
    drop(open(left.path()));
    let mut bytes = std::fs::read(journal).unwrap();
    damage(&mut bytes);
    std::fs::write(journal::path(&left.path().join(NAME), 0), bytes).unwrap();
    left
}

fn check(left: &TempDir, seed: u64, commits: usize) {
    let mut history = History::seeded(seed);
    for _ in 0..commits {
        history.step();
    }
    let store = open(left.path());
    assert_eq!(store.start().unwrap().epoch, history.epoch());
    history.compare(&store);
}

#[test]
fn a_journal_with_a_gap_is_damage_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let writer = store.shared.writer();
    let mut history = History::seeded(2);
    let journal = journal::path(&folder.path().join(NAME), 0);
    let mut first = 0;
    for _ in 0..3 {
        let changes = history.step();
        store.commit(&changes, history.epoch() - 1).unwrap();
        if first == 0 {
            first = usize::try_from(std::fs::metadata(&journal).unwrap().len()).unwrap();
        }
    }
    drop(writer);
    let left = with_journal(&journal, |bytes| drop(bytes.drain(..first)));
    let refused = SqliteStore::open(&left.path().join(NAME), Options { salt: SALT });
    let message = refused.err().unwrap().to_string();
    assert!(
        message.contains("the entry after 0 is missing"),
        "{message}"
    );
}

#[test]
fn a_store_is_open_in_one_place_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let again = SqliteStore::open(&folder.path().join(NAME), Options { salt: SALT });
    let message = again.err().unwrap().to_string();
    assert!(message.contains("is open in another process"), "{message}");
    drop(store);
    open(folder.path());
}

#[test]
fn a_closed_store_leaves_an_empty_journal() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut history = History::seeded(3);
    for _ in 0..5 {
        let changes = history.step();
        store.commit(&changes, history.epoch() - 1).unwrap();
    }
    drop(store);
    for side in 0..2 {
        let journal = journal::path(&folder.path().join(NAME), side);
        assert_eq!(std::fs::metadata(journal).unwrap().len(), 0);
    }
    history.compare(&open(folder.path()));
}
