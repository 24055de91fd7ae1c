use std::collections::{BTreeMap, BTreeSet};

use landfall_domain::ids::PersonKey;
use landfall_domain::person::{Attribute, Choice, Consent, Person, Standing};
use landfall_domain::time::Timestamp;
use serde_json::{Value, json};

use super::{DEPTH_MAX, Filter, FilterError, ManualSegments, NODES_MAX, Narrowing};
use crate::fields::fields;

fn person(attributes: Value) -> Person {
    let Value::Object(attributes) = attributes else {
        panic!("attributes are an object")
    };
    let attributes = attributes
        .into_iter()
        .map(|(name, value)| {
            (
                name,
                Attribute {
                    value,
                    set_at: Timestamp::from_seconds(7),
                },
            )
        })
        .collect();
    Person {
        key: PersonKey(3),
        cio_id: "a3000001".to_owned(),
        standing: Standing::Known,
        id: Some("u1".to_owned()),
        email: Some("ann@shop.example".to_owned()),
        phone: None,
        anonymous_ids: BTreeMap::new(),
        created_at: Timestamp::from_seconds(1_700_000_000),
        active_at: Timestamp::from_seconds(1_700_000_000),
        attributes,
        consent: Consent::default(),
        devices: BTreeMap::new(),
        segments: BTreeSet::from([7]),
        listed: Vec::new(),
        absorbed: Vec::new(),
    }
}

fn ann() -> Person {
    person(json!({
        "plan": "pro",
        "orders": 3,
        "ratio": 1.5,
        "vip": true,
        "gone": null,
        "address": { "city": "Lyon", "geo": { "lat": 45 } },
        "a.b": "whole name",
        "tags": ["x", "y"],
    }))
}

fn eq(field: &str, value: impl Into<Value>) -> Value {
    json!({ "attribute": { "field": field, "operator": "eq", "value": value.into() } })
}

fn exists(field: &str) -> Value {
    json!({ "attribute": { "field": field, "operator": "exists" } })
}

fn passes(filter: &Value, person: &Person) -> bool {
    Filter::parse(filter, "filter")
        .unwrap()
        .matches(person, &ManualSegments)
}

#[test]
fn conditions_hold_or_do_not() {
    let table = [
        (eq("plan", "pro"), true),
        (eq("plan", "Pro"), false),
        (eq("orders", 3), true),
        (eq("orders", "3"), true),
        (eq("orders", 4), false),
        (eq("ratio", 1.5), true),
        (eq("vip", true), true),
        (eq("vip", "true"), true),
        (eq("gone", ""), false),
        (exists("gone"), false),
        (exists("plan"), true),
        (exists("nothing"), false),
        (eq("address.city", "Lyon"), true),
        (eq("address.geo.lat", 45), true),
        (exists("address.street"), false),
        (eq("a.b", "whole name"), true),
        (eq("tags", r#"["x","y"]"#), true),
        (eq("id", "u1"), true),
        (eq("email", " ANN@shop.example "), true),
        (eq("cio_id", "a3000001"), true),
        (eq("created_at", 1_700_000_000), true),
        (exists("phone"), false),
        (eq("unsubscribed", false), true),
        (eq("unsubscribed", true), false),
        (json!({ "segment": { "id": 7 } }), true),
        (json!({ "segment": { "id": "7" } }), true),
        (json!({ "segment": { "id": 8 } }), false),
        (json!({ "not": eq("plan", "pro") }), false),
        (json!({ "not": exists("nothing") }), true),
        (
            json!({ "and": [eq("plan", "pro"), { "segment": { "id": 7 } }] }),
            true,
        ),
        (
            json!({ "and": [eq("plan", "pro"), { "segment": { "id": 8 } }] }),
            false,
        ),
        (
            json!({ "or": [eq("plan", "free"), { "segment": { "id": 7 } }] }),
            true,
        ),
        (
            json!({ "or": [eq("plan", "free"), { "segment": { "id": 8 } }] }),
            false,
        ),
    ];
    for (filter, expected) in table {
        assert_eq!(passes(&filter, &ann()), expected, "{filter}");
    }
}

#[test]
fn a_given_creation_time_stands_before_the_records_own() {
    let given = person(json!({ "created_at": 1_489_014_595 }));
    assert!(passes(&eq("created_at", "1489014595"), &given));
    assert!(!passes(&eq("created_at", 1_700_000_000), &given));
}

#[test]
fn shown_fields_are_what_filters_compare() {
    let mut ann = ann();
    ann.consent.global = Some(Choice {
        subscribed: false,
        set_at: Timestamp::from_seconds(9),
    });
    let shown = fields(&ann);
    assert!(
        !shown.contains_key("gone"),
        "removed attributes are not shown"
    );
    assert_eq!(shown["orders"], "3");
    assert_eq!(shown["unsubscribed"], "true");
    for (name, value) in &shown {
        assert!(passes(&eq(name, value.as_ref()), &ann), "{name}");
    }
}

#[track_caller]
fn refused(table: &[(Value, &str)]) {
    for (filter, message) in table {
        let error = Filter::parse(filter, "filter").unwrap_err().to_string();
        assert!(error.starts_with(message), "{filter}: {error}");
    }
}

#[test]
fn errors_name_the_place() {
    refused(&[
        (
            json!([]),
            "filter: an object with exactly one of and, or, not, segment, attribute",
        ),
        (json!({}), "filter: an object with exactly one of"),
        (
            json!({ "and": [], "or": [] }),
            "filter: an object with exactly one of",
        ),
        (
            json!({ "xor": [] }),
            "filter: unknown key `xor`; known here: and, or, not",
        ),
        (
            json!({ "and": [] }),
            "filter.and: a list of at least one filter",
        ),
        (
            json!({ "or": {} }),
            "filter.or: a list of at least one filter",
        ),
        (
            json!({ "and": [exists("a"), { "nor": 1 }] }),
            "filter.and[1]: unknown key `nor`",
        ),
        (json!({ "not": [] }), "filter.not: an object"),
    ]);
}

#[test]
fn errors_in_conditions_name_the_place() {
    refused(&[
        (
            json!({ "segment": 7 }),
            "filter.segment: an object with the key id",
        ),
        (
            json!({ "segment": { "id": -7 } }),
            "filter.segment.id: the number of a segment",
        ),
        (
            json!({ "segment": { "id": 1e10 } }),
            "filter.segment.id: the number of a segment",
        ),
        (
            json!({ "segment": { "id": 7, "in": true } }),
            "filter.segment: unknown key `in`",
        ),
        (
            json!({ "attribute": {} }),
            "filter.attribute.field: the name of an attribute",
        ),
        (
            json!({ "not": { "attribute": { "field": "a" } } }),
            "filter.not.attribute.operator: `eq` or `exists`",
        ),
        (
            json!({ "attribute": { "field": "a", "operator": "gt", "value": 1 } }),
            "filter.attribute.operator: unknown operator `gt`; known: eq, exists",
        ),
        (
            json!({ "attribute": { "field": "a", "operator": "eq" } }),
            "filter.attribute.value: a text, a number, true or false",
        ),
        (
            json!({ "attribute": { "field": "a", "operator": "eq", "value": {} } }),
            "filter.attribute.value: a text, a number, true or false",
        ),
        (
            json!({ "attribute": { "field": "a", "operator": "exists", "valeu": 1 } }),
            "filter.attribute: unknown key `valeu`",
        ),
    ]);
}

#[test]
fn depth_and_size_are_bounded() {
    let nested = |levels: usize| (1..levels).fold(exists("a"), |inner, _| json!({ "not": inner }));
    assert!(Filter::parse(&nested(DEPTH_MAX), "filter").is_ok());
    let too_deep = Filter::parse(&nested(DEPTH_MAX + 1), "filter");
    assert_eq!(too_deep, Err(FilterError::TooDeep));
    let wide = |conditions: usize| json!({ "or": vec![exists("a"); conditions] });
    assert!(Filter::parse(&wide(NODES_MAX - 1), "filter").is_ok());
    assert_eq!(
        Filter::parse(&wide(NODES_MAX), "filter"),
        Err(FilterError::TooLarge)
    );
}

#[test]
fn a_filter_survives_the_way_through_json() {
    let filter = json!({ "and": [
        { "or": [eq("plan", "pro"), { "not": exists("orders") }] },
        { "segment": { "id": 7 } },
    ] });
    let parsed: Filter = serde_json::from_value(filter.clone()).unwrap();
    assert_eq!(serde_json::to_value(&parsed).unwrap(), filter);
    assert_eq!(parsed.segments(), [7]);
}

#[test]
fn a_narrowing_holds_everybody_who_passes() {
    let narrowing = |filter: Value| Filter::parse(&filter, "filter").unwrap().narrowing();
    let holder = |filter: Value| matches!(narrowing(filter), Some(Narrowing::Holder(_)));
    let segment = json!({ "segment": { "id": 7 } });
    assert_eq!(narrowing(segment.clone()), Some(Narrowing::Members(7)));
    assert!(holder(eq("email", "A@b.c")));
    assert!(holder(json!({ "and": [segment, eq("id", "u1")] })));
    assert!(holder(json!({ "or": [eq("id", "u1")] })));
    assert_eq!(
        narrowing(json!({ "or": [eq("id", "u1"), exists("a")] })),
        None
    );
    assert_eq!(narrowing(json!({ "not": eq("id", "u1") })), None);
    assert_eq!(narrowing(eq("plan", "pro")), None);
    assert_eq!(narrowing(exists("email")), None);
}
