//! What goes in comes out: text, numbers, times.

use std::sync::Arc;

use landfall_domain::device::{MoveCause, TokenMove};
use landfall_domain::identifier::IdentifierKind;
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::person::Attribute;
use landfall_domain::working_set::ChangeSet;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use super::Harness;
use super::model::Model;
use super::samples::{
    T0, activity, at, commit, delivery, fact, held_by, id, identifier, message, name_of, person,
    receipt, token,
};
use super::traits::*;

/// Text that databases, drivers and encodings like to trip over. All differ.
const TEXTS: [&str; 18] = [
    "plain",
    "PLAIN",
    "it's \"quoted\" \\ and \\\\ more",
    "a\0b",
    "a\0c",
    "Grüße, 東京, مرحبا",
    "e\u{301}", // decomposed é
    "\u{e9}",   // composed é
    "🧑🏽‍🚀",
    "line\nbreak\ttab\r\n",
    "%_?1:x$1@x",
    "'; DROP TABLE person; --",
    "\u{feff}byte order mark",
    "\u{10ffff}",
    "{\"json\":[1,2]}",
    "\\x00ff",
    "NULL",
    "ß",
];

/// All text comes back byte for byte, from every place that holds text from outside, and texts
/// that differ in one byte stay apart.
pub fn text_survives(harness: &impl Harness) {
    let store = harness.open();
    let mut model = Model::default();
    for (n, text) in (0..).zip(TEXTS) {
        let mut person = person(n);
        person.id = Some(text.to_owned());
        person.attributes.insert(
            text.to_owned(),
            Attribute {
                value: json!({ text: [text] }),
                set_at: at(T0),
            },
        );
        let mut record = token(n, text, Some(n));
        record.token.app = text.to_owned();
        let mut delivery = delivery(n, Some(n));
        Arc::make_mut(&mut delivery).id = text.to_owned();
        let changes = ChangeSet {
            people: vec![person.into()],
            identifiers: vec![
                (id(text), held_by(n)),
                (identifier(IdentifierKind::Anonymous, text), held_by(n)),
            ],
            tokens: vec![record],
            activities: vec![activity(Some(n), text, T0)],
            deliveries: vec![delivery],
            facts: vec![fact(n, text)],
            messages: vec![message(n)],
            names: vec![(name_of(u64::from(n), None), text.to_owned())],
            quarantined: vec![(text.to_owned(), receipt(text, text))],
            ..ChangeSet::default()
        };
        model.apply(&changes);
        commit(&store, &changes);
    }
    model.compare(&store);
    assert_eq!(model.identifiers.len(), 2 * TEXTS.len());
    for text in TEXTS {
        let query = crate::ActivityQuery {
            name: Some(text.to_owned()),
            limit: 10,
            ..crate::ActivityQuery::default()
        };
        let found = store.activities(&query).unwrap();
        assert_eq!(found.activities.len(), 1, "{text:?}");
        assert_eq!(found, model.activities(&query), "{text:?}");
    }
    drop(store);
    model.compare(&harness.open());
}

/// The case of an address is folded before a store sees it: stores compare what they are given,
/// and the kinds of identifier are apart.
pub fn emails_are_compared_as_given(harness: &impl Harness) {
    let store = harness.open();
    let email = identifier(IdentifierKind::Email, "Ann@Shop.example");
    let mut ann = person(0);
    ann.email = Some("Ann@Shop.example".to_owned());
    let changes = ChangeSet {
        people: vec![ann.clone().into()],
        identifiers: vec![
            (email.clone(), held_by(0)),
            (id("Ann@Shop.example"), held_by(1)),
            (id("ann@shop.example"), held_by(2)),
        ],
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    assert_eq!(store.holder(&email).unwrap(), held_by(0));
    let folded = identifier(IdentifierKind::Email, "ANN@shop.EXAMPLE");
    assert_eq!(store.holder(&folded).unwrap(), held_by(0));
    assert_eq!(store.holder(&id("Ann@Shop.example")).unwrap(), held_by(1));
    assert_eq!(store.holder(&id("ann@shop.example")).unwrap(), held_by(2));
    assert_eq!(store.holder(&id("ANN@shop.example")).unwrap(), None);
    assert_eq!(store.people(&[PersonKey(0)]).unwrap(), [ann]);
}

/// Ids that look like numbers are not numbers.
pub fn digits_stay_text(harness: &impl Harness) {
    let store = harness.open();
    let ids = [
        "1",
        "01",
        "1.0",
        "1e0",
        "12345e6",
        "12345000000",
        "0x1",
        "-1",
        "+1",
        "1e999",
        "9007199254740993",
        "9007199254740992",
        "18446744073709551616",
        "NaN",
        "Infinity",
    ];
    let changes = ChangeSet {
        identifiers: ids
            .iter()
            .zip(0..)
            .map(|(text, n)| (id(text), held_by(n)))
            .collect(),
        tokens: ids
            .iter()
            .zip(0..)
            .map(|(text, n)| token(n, text, None))
            .collect(),
        deliveries: ids
            .iter()
            .zip(0..)
            .map(|(text, n)| {
                let mut delivery = delivery(n, None);
                Arc::make_mut(&mut delivery).id = (*text).to_owned();
                delivery
            })
            .collect(),
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    let mut model = Model::default();
    model.apply(&changes);
    model.compare(&store);
    assert_eq!(model.identifiers.len(), ids.len());
}

/// Tokens of 4,096 bytes that do not compress, and that differ in their last byte only.
pub fn long_tokens(harness: &impl Harness) {
    let store = harness.open();
    let mut random = SmallRng::seed_from_u64(4_096);
    let stem: String = (0..4_095)
        .map(|_| char::from(random.random_range(b'!'..b'~')))
        .collect();
    let changes = ChangeSet {
        tokens: (0..3)
            .zip(["a", "b", "A"])
            .map(|(n, end)| token(n, &format!("{stem}{end}"), None))
            .collect(),
        identifiers: (0..3)
            .zip(["a", "b", "A"])
            .map(|(n, end)| (id(&format!("{stem}{end}")), held_by(n)))
            .collect(),
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    let mut model = Model::default();
    model.apply(&changes);
    model.compare(&store);
}

/// Times before 1970 and at the ends of the range.
pub fn extreme_times(harness: &impl Harness) {
    let store = harness.open();
    let mut model = Model::default();
    for (n, ms) in (0..).zip([0, -1, -62_135_596_800_000, i64::MIN, i64::MAX]) {
        let mut person = person(n);
        person.created_at = at(ms);
        let mut record = token(n, &ms.to_string(), Some(n));
        record.since = at(ms);
        let mut activity = activity(Some(n), "x", T0);
        (activity.occurred_at, activity.received_at) = (at(ms), at(ms));
        let mut fact = fact(n, "x");
        (fact.occurred_at, fact.received_at) = (at(ms), at(ms));
        let changes = ChangeSet {
            people: vec![person.into()],
            tokens: vec![record],
            token_moves: vec![TokenMove {
                device: DeviceKey(n),
                from: None,
                to: Some(PersonKey(n)),
                cause: MoveCause::Registered,
                occurred_at: at(ms),
                received_at: at(ms),
            }],
            activities: vec![activity],
            facts: vec![fact],
            seen: vec![[n as u8; 16]],
            ..ChangeSet::default()
        };
        model.apply(&changes);
        commit(&store, &changes);
    }
    model.compare(&store);
    store.sweep(i64::MIN).unwrap();
    model.compare(&store);
    store.sweep(i64::MAX).unwrap();
}

/// Numbers keep their value and their kind; deep and wide values come back as they were.
pub fn exotic_values(harness: &impl Harness) {
    let store = harness.open();
    let mut random = SmallRng::seed_from_u64(754);
    let mut values = vec![
        json!(null),
        json!(""),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(0.1),
        json!(-0.0),
        json!(1.0),
        json!(1),
        json!(f64::MAX),
        json!(f64::MIN_POSITIVE),
        json!(5e-324),
        (0..60).fold(json!("deep"), |value, _| json!([value])),
        (0..60).fold(json!("deep"), |value, _| json!({ "in": value })),
        Value::String("x".repeat(100_000)),
    ];
    let floats = (0..2_000).map(|_| f64::from_bits(random.random()));
    values.extend(floats.filter(|float| float.is_finite()).map(Value::from));
    let mut person = person(0);
    for (n, value) in values.into_iter().enumerate() {
        let set_at = at(T0);
        let attribute = Attribute { value, set_at };
        person.attributes.insert(format!("v{n:04}"), attribute);
    }
    let changes = ChangeSet {
        people: vec![person.clone().into()],
        ..ChangeSet::default()
    };
    commit(&store, &changes);
    let stored = store.people(&[PersonKey(0)]).unwrap().remove(0);
    for (name, attribute) in &person.attributes {
        let (before, after) = (&attribute.value, &stored.attributes[name].value);
        assert_eq!(before.to_string(), after.to_string(), "{name}");
    }
    assert_eq!(stored, person);
}
