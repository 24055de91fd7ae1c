//! What comes back is what was stored, byte by byte.

use std::collections::BTreeSet;

use landfall_domain::activity::{Activity, EventKind, PersonInput};
use landfall_domain::channel::Platform;
use landfall_domain::device::{Device, LastStatus, TokenKey};
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::input::Source;
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::{ChangeSet, Want};
use landfall_store::conformance::Harness as _;
use landfall_store::{ActivityQuery, DocumentKind, DocumentStore as _, PeopleReader as _};
use landfall_store::{RejectedInput, RejectedInputs as _, StateStore as _};

use serde_json::json;

use super::commits::{person, person_named};
use super::server::Workspace;

/// Longer than any entry of an index may be, and not compressible.
fn long() -> String {
    let mut state = 7_u32;
    (0..9_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'!' + (state >> 24) as u8 % 90)
        })
        .collect()
}

#[test]
fn identifiers_may_be_any_text() {
    let workspace = Workspace::new();
    let store = workspace.open();
    let long = long();
    let names = [
        "a\0b",
        "a\\0b",
        "a",
        "ä",
        "a\u{308}",
        "\u{10ffff}",
        "'; --",
        &long,
    ];
    for (key, name) in (0..).zip(names) {
        store
            .commit(&person_named(name, key), u64::from(key))
            .unwrap();
    }
    let identifiers: BTreeSet<Identifier> = names
        .iter()
        .filter_map(|name| Identifier::new(IdentifierKind::Id, name))
        .collect();
    let want = Want {
        identifiers: identifiers.iter().cloned().collect(),
        ..Want::default()
    };
    let found = store.load(&want).unwrap();
    let held: BTreeSet<Identifier> = found
        .identifiers
        .into_iter()
        .map(|(identifier, _)| identifier)
        .collect();
    assert_eq!(held, identifiers);
    let ids: Vec<_> = found
        .people
        .into_iter()
        .map(|person| person.id.clone())
        .collect();
    assert_eq!(ids, names.map(|name| Some(name.to_owned())));
}

#[test]
fn documents_and_refused_inputs_may_be_any_text() {
    let workspace = Workspace::new();
    let store = workspace.open();
    let long = long();
    for (id, body) in (1..).zip(["{\"a\": 1e2 }", "\0", "", &long]) {
        assert_eq!(
            store.insert_document(DocumentKind::Export, body).unwrap(),
            id
        );
        let stored = store.document(DocumentKind::Export, id).unwrap().unwrap();
        assert_eq!(stored.body, body);
    }
    let refused = RejectedInput {
        at: Timestamp::EPOCH,
        surface: "POST \0".to_owned(),
        status: 400,
        reason: long,
        message: "\0".to_owned(),
        sample: "{\"\0".to_owned(),
    };
    store
        .record_rejected(std::slice::from_ref(&refused))
        .unwrap();
    store
        .record_rejected(std::slice::from_ref(&refused))
        .unwrap();
    assert_eq!(store.rejected(1).unwrap(), std::slice::from_ref(&refused));
    let counts = store.rejected_counts().unwrap();
    assert_eq!(counts, [(refused.surface, refused.reason, 2)]);
}

#[test]
fn a_history_comes_back_as_it_was() {
    let workspace = Workspace::new();
    let store = workspace.open();
    let device = Device {
        key: DeviceKey(9),
        token: TokenKey {
            app: "app\0".to_owned(),
            platform: Platform::ALL[0],
            token: "t\0".to_owned(),
        },
        attributes: [("push_enabled".to_owned(), "\0".to_owned())].into(),
        last_used: Timestamp::from_millis(-1),
        registered_at: Timestamp::EPOCH,
        refreshed_at: Timestamp::EPOCH,
        last_status: LastStatus::Unused,
    };
    let mut secondary = person(4);
    secondary.devices.insert(device.key, device);
    let data = json!({"\0": "\0", "big": u64::MAX, "small": i64::MIN, "part": 31.245270191439438, "z": 1, "a": 2});
    let inputs = [
        PersonInput::MergedFrom {
            secondary: Box::new(secondary),
        },
        PersonInput::Tracked {
            event: EventKind::Event,
            name: "bought\0".to_owned(),
            id: None,
            data: landfall_domain::event_data::EventData::from(&data),
            anonymous_id: None,
        },
    ];
    let history = inputs.map(|input| Activity {
        person: Some(PersonKey(1)),
        occurred_at: Timestamp::from_millis(i64::MIN),
        received_at: Timestamp::from_millis(i64::MAX),
        source: Source::Sdk,
        input,
    });
    let changes = ChangeSet {
        activities: history.to_vec(),
        ..ChangeSet::default()
    };
    store.commit(&changes, 0).unwrap();
    let stored = store.inputs_of(PersonKey(1)).unwrap();
    assert_eq!(stored, history);
    let bytes = |history: &[Activity]| serde_json::to_string(history).unwrap();
    assert_eq!(
        bytes(&stored),
        bytes(&history),
        "a replay gives the same bytes"
    );
}

#[test]
fn questions_may_be_any_text() {
    let workspace = Workspace::new();
    let query = ActivityQuery {
        kinds: vec!["\0".to_owned()],
        name: Some("\0".to_owned()),
        limit: 10,
        ..ActivityQuery::default()
    };
    assert_eq!(workspace.open().activities(&query).unwrap().activities, []);
}
