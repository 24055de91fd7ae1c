//! Loading what a decision needs.

use std::sync::Arc;

use landfall_domain::channel::Platform;
use landfall_domain::identifier::Holder;
use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::work::WorkKey;
use landfall_domain::working_set::{ChangeSet, Found, Want};

use super::Harness;
use super::model::{Model, sorted};
use super::samples::{
    commit, delivery, delivery_id, held_by, id, merged, person, receipt, to_devices, token,
    with_device,
};
use super::traits::*;

fn keys(found: &Found) -> Vec<u32> {
    let mut keys: Vec<u32> = found.people.iter().map(|person| person.key.0).collect();
    keys.sort_unstable();
    keys
}

/// Nothing wanted, nothing found, but the epoch.
pub fn load_of_nothing(harness: &impl Harness) {
    let store = harness.open();
    assert_eq!(store.load(&Want::default()).unwrap(), Found::default());
    let changes = ChangeSet {
        people: vec![person(0).into()],
        deliveries: vec![delivery(0, Some(0))],
        quarantined: vec![("x".to_owned(), receipt("x", "t"))],
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    let expected = Found {
        epoch: 1,
        ..Found::default()
    };
    assert_eq!(store.load(&Want::default()).unwrap(), expected);
}

/// All that hangs on what is wanted comes with it, once, and nothing else.
pub fn load_closure(harness: &impl Harness) {
    let store = harness.open();
    // Wanted is one identifier, one token and one delivery; each leads to people of its own.
    let held = token(0, "held", Some(1));
    let target = token(1, "target", Some(2));
    let changes = ChangeSet {
        people: vec![
            person(0).into(),
            with_device(person(1), &held).into(),
            with_device(person(2), &target).into(),
            person(3).into(),
            person(9).into(),
        ],
        identifiers: vec![
            (id("a"), held_by(0)),
            (id("blocked"), Some(Holder::Suppressed)),
            (id("other"), held_by(9)),
        ],
        tokens: vec![held.clone(), target.clone(), token(2, "other", Some(9))],
        deliveries: vec![
            to_devices(delivery(0, Some(3)), &[1, 77]),
            delivery(1, Some(9)),
        ],
        quarantined: vec![
            (delivery_id(0), receipt(&delivery_id(0), "target")),
            ("other".to_owned(), receipt("other", "t")),
        ],
        seen: vec![[1; 16], [2; 16]],
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    let want = Want {
        identifiers: [id("a"), id("blocked"), id("free")].into_iter().collect(),
        tokens: ["held".to_owned(), "unheard of".to_owned()].into(),
        deliveries: [delivery_id(0), "unheard of".to_owned()].into(),
        seen: [[1; 16], [3; 16]].into_iter().collect(),
        ..Want::default()
    };
    let found = sorted(store.load(&want).unwrap());
    assert_eq!(keys(&found), [0, 1, 2, 3]);
    assert_eq!(
        found.identifiers,
        [
            (id("a"), Holder::Person(PersonKey(0))),
            (id("blocked"), Holder::Suppressed)
        ]
    );
    assert_eq!(found.tokens, [held, target]);
    assert_eq!(found.deliveries, changes.deliveries[..1]);
    assert_eq!(found.quarantined, changes.quarantined[..1]);
    assert_eq!(found.seen, [[1; 16]]);
    let mut model = Model::default();
    model.apply(&changes);
    assert_eq!(found, model.load(&want));
}

/// Whoever was merged is loaded together with the survivor, over any number of merges, however
/// the search came to them.
pub fn load_follows_merges(harness: &impl Harness) {
    let store = harness.open();
    let changes = ChangeSet {
        people: vec![
            merged(0, 1).into(),
            merged(1, 2).into(),
            person(2).into(),
            merged(3, 4).into(),
            person(4).into(),
            merged(5, 6).into(),
            person(6).into(),
            person(7).into(),
            // Damage that a store must not turn into an endless loop or a refusal.
            merged(8, 8).into(),
            merged(9, 1_000).into(),
        ],
        identifiers: vec![
            (id("old"), held_by(0)),
            (id("self"), held_by(8)),
            (id("nowhere"), held_by(9)),
        ],
        tokens: vec![token(0, "t", Some(3))],
        deliveries: vec![delivery(0, Some(5))],
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    let by_identifier = Want {
        identifiers: [id("old")].into_iter().collect(),
        ..Want::default()
    };
    assert_eq!(keys(&store.load(&by_identifier).unwrap()), [0, 1, 2]);
    let by_token = Want {
        tokens: ["t".to_owned()].into(),
        ..Want::default()
    };
    assert_eq!(keys(&store.load(&by_token).unwrap()), [3, 4]);
    let by_delivery = Want {
        deliveries: [delivery_id(0)].into(),
        ..Want::default()
    };
    assert_eq!(keys(&store.load(&by_delivery).unwrap()), [5, 6]);
    let damaged = Want {
        identifiers: [id("self"), id("nowhere")].into_iter().collect(),
        ..Want::default()
    };
    assert_eq!(keys(&store.load(&damaged).unwrap()), [8, 9]);
}

/// A delivery brings the records of its targets and what waits for it, in the order of arrival,
/// also when the delivery itself is not known yet.
pub fn load_of_deliveries(harness: &impl Harness) {
    let store = harness.open();
    let waiting: Vec<_> = ["c", "a", "b"]
        .iter()
        .map(|who| ("late".to_owned(), receipt("late", who)))
        .collect();
    let changes = ChangeSet {
        tokens: vec![token(0, "x", None), token(1, "y", None)],
        deliveries: vec![
            to_devices(delivery(0, None), &[0, 1]),
            to_devices(delivery(1, None), &[1]),
        ],
        quarantined: waiting.clone(),
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    let want = Want {
        tokens: ["y".to_owned()].into(),
        deliveries: [delivery_id(0), delivery_id(1), "late".to_owned()].into(),
        ..Want::default()
    };
    let found = sorted(store.load(&want).unwrap());
    assert_eq!(found.tokens, changes.tokens, "each record comes once");
    assert_eq!(found.deliveries, changes.deliveries);
    assert_eq!(found.quarantined, waiting);
}

/// A token is found whatever its app and platform, and only in its exact letters.
pub fn load_of_tokens(harness: &impl Harness) {
    let store = harness.open();
    let mut records = vec![
        token(0, "Same", None),
        token(1, "Same", None),
        token(2, "Same", None),
        token(3, "same", None),
    ];
    records[1].token.app = String::new();
    records[2].token.platform = Platform::Ios;
    let changes = ChangeSet {
        tokens: records.clone(),
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    let want = Want {
        tokens: ["Same".to_owned()].into(),
        ..Want::default()
    };
    let found = sorted(store.load(&want).unwrap());
    assert_eq!(found.tokens, records[..3]);
}

/// More may be wanted at once than fits in one statement of most databases.
pub fn load_of_many(harness: &impl Harness) {
    let store = harness.open();
    let changes = ChangeSet {
        people: (0..5).map(person).map(Arc::new).collect(),
        identifiers: (0..5).map(|n| (id(&format!("n{n}")), held_by(n))).collect(),
        seen: vec![[9; 16]],
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    let numbers = || 0..70_000_u32;
    let want = Want {
        identifiers: numbers().map(|n| id(&format!("n{n}"))).collect(),
        tokens: numbers().map(|n| n.to_string()).collect(),
        deliveries: numbers().map(delivery_id).collect(),
        seen: numbers()
            .map(|n| u128::from(n).to_be_bytes())
            .chain([[9; 16]])
            .collect(),
        works: numbers().map(|n| WorkKey::of(DeliveryKey(n), 0)).collect(),
        works_of: numbers().map(|n| delivery_id(n + 1_000)).collect(),
        ..Want::default()
    };
    let found = store.load(&want).unwrap();
    assert_eq!(keys(&found), [0, 1, 2, 3, 4]);
    assert_eq!(found.identifiers.len(), 5);
    assert_eq!(found.seen, [[9; 16]]);
}
