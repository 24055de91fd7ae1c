//! What a commit leaves behind.

use landfall_domain::channel::Platform;
use landfall_domain::device::{TokenKey, TokenRecord};
use landfall_domain::identifier::{Holder, Identifier, IdentifierKind};
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::person::{Consent, Person, Standing};
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_domain::working_set::{ChangeSet, NextKeys, Want};
use landfall_store::conformance::Harness as _;
use landfall_store::{PeopleReader as _, StateStore as _, StoreError};

use super::server::Workspace;
use crate::commit::{destinations, was_committed};

pub(super) fn person(key: u32) -> Person {
    Person {
        key: PersonKey(key),
        cio_id: format!("cio{key}"),
        standing: Standing::Known,
        id: None,
        email: None,
        phone: None,
        anonymous_ids: Default::default(),
        created_at: Timestamp::EPOCH,
        active_at: Timestamp::EPOCH,
        attributes: Default::default(),
        consent: Consent::default(),
        devices: Default::default(),
        segments: Default::default(),
        listed: Vec::new(),
        absorbed: Vec::new(),
    }
}

/// One new person who holds an id.
pub(super) fn person_named(id: &str, key: u32) -> ChangeSet {
    let identifier = Identifier::new(IdentifierKind::Id, id).unwrap();
    ChangeSet {
        people: vec![
            Person {
                id: Some(id.to_owned()),
                ..person(key)
            }
            .into(),
        ],
        identifiers: vec![(identifier, Some(Holder::Person(PersonKey(key))))],
        next: NextKeys {
            person: key + 1,
            ..NextKeys::default()
        },
        ..ChangeSet::default()
    }
}

#[test]
fn the_last_word_in_a_change_set_counts() {
    let workspace = Workspace::new();
    let store = workspace.open();
    let a = Identifier::new(IdentifierKind::Id, "a").unwrap();
    let b = Identifier::new(IdentifierKind::Id, "b").unwrap();
    let holder = |key| Some(Holder::Person(PersonKey(key)));
    let changes = ChangeSet {
        identifiers: vec![
            (a.clone(), holder(1)),
            (b.clone(), None),
            (a.clone(), None),
            (b.clone(), holder(2)),
            (b.clone(), Some(Holder::Suppressed)),
        ],
        memberships: vec![
            (1, PersonKey(1), true),
            (1, PersonKey(1), false),
            (1, PersonKey(2), false),
            (1, PersonKey(2), true),
        ],
        ..ChangeSet::default()
    };
    store.commit(&changes, 0).unwrap();
    assert_eq!(store.holder(&a).unwrap(), None);
    assert_eq!(store.holder(&b).unwrap(), Some(Holder::Suppressed));
    assert_eq!(store.members(1, None, 10).unwrap(), [PersonKey(2)]);
}

#[test]
fn moves_follow_each_other() {
    let key = PersonKey;
    let ends = destinations(&[(key(1), key(2)), (key(3), key(1)), (key(2), key(4))]);
    let expected = [(key(1), key(4)), (key(2), key(4)), (key(3), key(1))];
    assert_eq!(ends, expected.into());
}

#[test]
fn a_long_token_is_found() {
    let workspace = Workspace::new();
    let store = workspace.open();
    // Web Push endpoints are long, and an index entry has a maximum.
    let token: String = (0..4_096_u32)
        .map(|i| char::from(b'a' + (i.wrapping_mul(2_654_435_761) >> 27) as u8 % 26))
        .collect();
    let record = TokenRecord {
        key: DeviceKey(5),
        token: TokenKey {
            app: String::new(),
            platform: Platform::ALL[0],
            token: token.clone(),
        },
        owner: None,
        since: Timestamp::EPOCH,
    };
    let changes = ChangeSet {
        tokens: vec![record.clone()],
        ..ChangeSet::default()
    };
    store.commit(&changes, 0).unwrap();
    let want = Want {
        tokens: [token].into(),
        ..Want::default()
    };
    assert_eq!(store.load(&want).unwrap().tokens, [record]);
}

#[test]
fn ids_without_a_time_begin_to_age_at_a_sweep() {
    let workspace = Workspace::new();
    let store = workspace.open();
    let changes = ChangeSet {
        seen: vec![[7; 16]],
        ..ChangeSet::default()
    };
    store.commit(&changes, 0).unwrap();
    let now = 20_000 * DAY_MS;
    assert_eq!(store.sweep(now).unwrap(), 0);
    assert_eq!(store.sweep(now + 35 * DAY_MS).unwrap(), 0);
    assert_eq!(store.sweep(now + 35 * DAY_MS + 1).unwrap(), 1);
}

#[test]
fn the_server_knows_what_became_of_a_transaction() {
    let workspace = Workspace::new();
    let store = workspace.open_with(1);
    let mut client = workspace.client();
    for (end, expected) in [("COMMIT", true), ("ROLLBACK", false)] {
        client.batch_execute("BEGIN").unwrap();
        let row = client.query_one("SELECT pg_current_xact_id()::text", &[]);
        let transaction: String = row.unwrap().get(0);
        client.batch_execute(end).unwrap();
        assert_eq!(was_committed(&store.pool, &transaction).unwrap(), expected);
    }
}

#[test]
fn damage_names_the_row() {
    let workspace = Workspace::new();
    let store = workspace.open();
    store.commit(&person_named("a", 3), 0).unwrap();
    workspace
        .client()
        .batch_execute("UPDATE person SET body = '{}'")
        .unwrap();
    match store.people(&[PersonKey(3)]).unwrap_err() {
        StoreError::Corrupt { table, row, .. } => assert_eq!((table, &*row), ("person", "3")),
        other => panic!("{other}"),
    }
}
