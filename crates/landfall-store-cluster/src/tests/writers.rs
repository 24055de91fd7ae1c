//! Several writers on one workspace.

use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::person::Attribute;
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::{ChangeSet, Want};
use landfall_store::conformance::Harness as _;
use landfall_store::{StateStore as _, StoreError};
use serde_json::Value;

use super::commits::person_named;
use super::server::Workspace;
use crate::PostgresStore;

const ROUNDS: u64 = 40;

fn want() -> Want {
    Want {
        identifiers: [Identifier::new(IdentifierKind::Id, "a").unwrap()]
            .into_iter()
            .collect(),
        ..Want::default()
    }
}

/// What the person's attribute says.
fn counted(store: &PostgresStore) -> (u64, landfall_domain::person::Person, u64) {
    let mut found = store.load(&want()).unwrap();
    let person = found.people.pop().unwrap().as_ref().clone();
    let count = person
        .attributes
        .get("count")
        .and_then(|count| count.value.as_u64());
    (count.unwrap_or(0), person, found.epoch)
}

/// Adds one to a person's attribute, again and again; returns how often it had to decide anew.
fn count_up(store: &PostgresStore) -> u64 {
    let (mut done, mut conflicts) = (0, 0);
    while done < ROUNDS {
        let (count, mut person, epoch) = counted(store);
        let more = Attribute {
            value: Value::from(count + 1),
            set_at: Timestamp::EPOCH,
        };
        person.attributes.insert("count".to_owned(), more);
        let changes = ChangeSet {
            people: vec![person.into()],
            ..ChangeSet::default()
        };
        match store.commit(&changes, epoch) {
            Ok(next) => {
                assert_eq!(next, epoch + 1);
                done += 1;
            }
            Err(StoreError::Conflict { expected, found }) => {
                assert_eq!(expected, epoch);
                assert!(found > epoch);
                conflicts += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    conflicts
}

#[test]
fn two_writers_lose_no_update() {
    let workspace = Workspace::new();
    let (one, other) = (workspace.open(), workspace.open());
    one.commit(&person_named("a", 0), 0).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| count_up(&one));
        scope.spawn(|| count_up(&other));
    });
    let (count, _, epoch) = counted(&one);
    assert_eq!(count, 2 * ROUNDS);
    // As if one writer had made all of them: one epoch for each.
    assert_eq!(epoch, 1 + 2 * ROUNDS);
}

#[test]
fn the_second_of_two_decisions_is_refused_whole() {
    let workspace = Workspace::new();
    let (one, other) = (workspace.open(), workspace.open());
    one.commit(&person_named("a", 0), 0).unwrap();
    match other.commit(&person_named("b", 0), 0).unwrap_err() {
        StoreError::Conflict { expected, found } => assert_eq!((expected, found), (0, 1)),
        other => panic!("{other}"),
    }
    assert_eq!(other.load(&want()).unwrap(), one.load(&want()).unwrap());
    assert_eq!(other.start().unwrap().epoch, 1);
}

#[test]
fn a_load_sees_one_state() {
    let workspace = Workspace::new();
    let (writer, reader) = (workspace.open(), workspace.open());
    writer.commit(&person_named("a", 0), 0).unwrap();
    std::thread::scope(|scope| {
        let written = scope.spawn(|| count_up(&writer));
        loop {
            let last = written.is_finished();
            let (count, _, epoch) = counted(&reader);
            assert_eq!(
                epoch,
                count + 1,
                "the person and the epoch are of one moment"
            );
            if last {
                break;
            }
        }
    });
}
