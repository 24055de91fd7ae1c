//! Track API, version 2 (track-api.md 4).

use super::*;
use crate::parse::{batch, entity::operation};

fn person(action: &str, more: Value) -> Value {
    with(
        json!({"type": "person", "action": action, "identifiers": {"id": "u1"}}),
        more,
    )
}

fn with(mut value: Value, more: Value) -> Value {
    let Value::Object(more) = more else {
        panic!("more is an object")
    };
    value.as_object_mut().unwrap().extend(more);
    value
}

fn input(body: Value) -> Value {
    let mut input = json!({"source": "track_v2"});
    input["body"] = body;
    input
}

#[track_caller]
fn check(operation_: &Value, expected: &Value) {
    let parsed = operation(operation_).map(|input| input.expect("an input"));
    assert_eq!(&stored(parsed), expected, "{operation_}");
}

#[test]
fn people() {
    let device = json!({"app": "", "platform": "ios", "token": "tok", "attributes": {"a": "1"}});
    let tracked = |event: &str| json!({"kind": "track", "who": id("u1"), "event": event, "name": "n", "data": {"a": 1}});
    let rows = [
        (
            person(
                "identify",
                json!({"attributes": {"email": "a@x.io", "plan": "pro"}}),
            ),
            identify(id("u1"), json!({"email": "a@x.io"}), json!({"plan": "pro"})),
        ),
        (
            person("identify", json!({})),
            identify(id("u1"), json!({}), json!({})),
        ),
        (
            person(
                "identify",
                json!({"attributes": {"_update": true}, "cio_relationships": []}),
            ),
            json!({"kind": "identify", "who": id("u1"), "claims": {}, "attributes": {}, "update_only": true}),
        ),
        (
            person("delete", json!({})),
            json!({"kind": "delete", "who": id("u1")}),
        ),
        (
            person("suppress", json!({})),
            json!({"kind": "suppress", "who": id("u1")}),
        ),
        (
            person("unsuppress", json!({})),
            json!({"kind": "unsuppress", "who": id("u1")}),
        ),
        (
            person("event", json!({"name": "n", "attributes": {"a": 1}})),
            tracked("event"),
        ),
        (
            person("screen", json!({"name": "n", "attributes": {"a": 1}})),
            tracked("screen"),
        ),
        (
            person("page", json!({"name": "n", "attributes": {"a": 1}})),
            tracked("page"),
        ),
        (
            person(
                "add_device",
                json!({"device": {"token": "tok", "platform": "ios", "attributes": {"a": 1}}}),
            ),
            json!({"kind": "add_device", "who": id("u1"), "device": device}),
        ),
        (
            person("delete_device", json!({"device": {"token": "tok"}})),
            json!({"kind": "delete_device", "who": id("u1"), "token": "tok"}),
        ),
        (
            json!({"type": "person", "action": "merge", "primary": {"id": "a"}, "secondary": {"email": "b@x.io"}}),
            json!({"kind": "merge", "primary": id("a"), "secondary": named("email", "b@x.io"), "create_primary": false}),
        ),
    ];
    for (operation, expected) in rows {
        check(&operation, &input(expected));
    }
}

#[test]
fn every_identifier_names_a_person() {
    for (kind, value) in [
        ("id", "u1"),
        ("email", "a@x.io"),
        ("phone", "+49170"),
        ("cio_id", "0a"),
    ] {
        let operation = json!({"type": "person", "action": "delete", "identifiers": {kind: value}});
        check(
            &operation,
            &input(json!({"kind": "delete", "who": named(kind, value)})),
        );
    }
}

#[test]
fn times_and_event_ids_are_taken() {
    let event = json!({"name": "n", "id": "01J", "timestamp": 1_790_000_000});
    let body =
        json!({"kind": "track", "who": id("u1"), "event": "event", "name": "n", "id": "01J"});
    let expected = json!({"source": "track_v2", "at": 1_790_000_000_000_i64, "dedupe_key": "event:01J",
        "body": body});
    check(&person("event", event), &expected);
    for action in ["identify", "delete", "suppress"] {
        let operation = person(action, json!({"timestamp": 1_790_000_000}));
        let input = operation_at(&operation);
        assert_eq!(input, Some(1_790_000_000), "{action}");
    }
}

fn operation_at(value: &Value) -> Option<i64> {
    operation(value).unwrap().unwrap().at.map(|at| at.seconds())
}

#[test]
fn deliveries() {
    for name in ["opened", "converted", "delivered"] {
        let operation = json!({"type": "delivery", "action": "event", "identifiers": {"id": "D1"},
            "name": name, "timestamp": 1_790_000_000, "attributes": {"device_token": "tok"}});
        let expected = json!({"source": "track_v2", "at": 1_790_000_000_000_i64,
            "body": {"kind": "receipt", "delivery_id": "D1", "mark": name, "recipient": "tok"}});
        check(&operation, &expected);
    }
}

#[test]
fn objects_and_relationships_are_accepted_and_not_kept() {
    let object = |action: &str| {
        json!({"type": "object", "action": action,
               "identifiers": {"object_type_id": "1", "object_id": "acme"}, "cio_relationships": []})
    };
    let mut rows: Vec<Value> = [
        "identify",
        "identify_anonymous",
        "delete",
        "add_relationships",
        "delete_relationships",
    ]
    .map(object)
    .into();
    rows.extend(
        ["add_relationships", "delete_relationships"].map(|action| person(action, json!({}))),
    );
    for row in rows {
        assert_eq!(operation(&row), Ok(None), "{row}");
    }
}

#[track_caller]
fn refuses(rows: impl IntoIterator<Item = (Value, &'static str, &'static str)>) {
    for (value, reason, field) in rows {
        assert_eq!(
            refused(operation(&value)),
            (reason, field.to_owned()),
            "{value}"
        );
    }
}

#[test]
fn operations_that_cannot_be() {
    let rows = [
        (json!([]), "invalid", ""),
        (json!({}), "required", "type"),
        (json!({"type": "person"}), "required", "action"),
        (
            json!({"type": "planet", "action": "identify"}),
            "unknown",
            "type",
        ),
        (
            json!({"type": long(41), "action": "identify"}),
            "too_long",
            "type",
        ),
        (person("teleport", json!({})), "unknown", "action"),
        (
            json!({"type": "object", "action": "event"}),
            "unknown",
            "action",
        ),
        (
            json!({"type": "person", "action": "identify"}),
            "required",
            "identifiers",
        ),
        (
            person("identify", json!({"identifiers": "u1"})),
            "invalid",
            "identifiers",
        ),
        (
            person("identify", json!({"identifiers": {}})),
            "required",
            "identifiers",
        ),
        (
            person(
                "identify",
                json!({"identifiers": {"id": "a", "email": "b@x.io"}}),
            ),
            "invalid",
            "identifiers",
        ),
        (
            person("identify", json!({"identifiers": {"id": long(151)}})),
            "too_long",
            "identifiers.id",
        ),
        (
            person("identify", json!({"attributes": []})),
            "invalid",
            "attributes",
        ),
        (
            person("identify", json!({"attributes": {"a": long(1_001)}})),
            "too_long",
            "attributes.a",
        ),
        (
            person("identify", json!({"timestamp": "soon"})),
            "invalid",
            "timestamp",
        ),
    ];
    refuses(rows);
}

#[test]
fn events_devices_and_relationships_that_cannot_be() {
    refuses([
        (person("event", json!({})), "required", "name"),
        (
            person("event", json!({"name": "e", "attributes": 1})),
            "invalid",
            "attributes",
        ),
        (person("add_device", json!({})), "required", "device"),
        (
            person("add_device", json!({"device": {"token": "t"}})),
            "required",
            "device.platform",
        ),
        (
            person("delete_device", json!({"device": {}})),
            "required",
            "device.token",
        ),
        (
            person("add_relationships", json!({"identifiers": {}})),
            "required",
            "identifiers",
        ),
    ]);
}

#[test]
fn receipts_that_cannot_be() {
    let delivery = |more| {
        with(
            json!({"type": "delivery", "action": "event", "identifiers": {"id": "D1"}, "name": "opened",
                    "attributes": {"device_token": "tok"}}),
            more,
        )
    };
    refuses([
        (delivery(json!({"action": "open"})), "unknown", "action"),
        (delivery(json!({"name": "clicked"})), "invalid", "name"),
        (
            delivery(json!({"identifiers": {}})),
            "required",
            "identifiers.id",
        ),
        (
            delivery(json!({"attributes": null})),
            "invalid",
            "attributes",
        ),
        (
            delivery(json!({"attributes": {}})),
            "required",
            "attributes.device_token",
        ),
    ]);
}

#[test]
fn batches() {
    assert_eq!(batch::items(&json!({"batch": [1, 2]})).unwrap().len(), 2);
    assert_eq!(
        refused(batch::items(&json!({}))),
        ("required", "batch".to_owned())
    );
    assert_eq!(
        refused(batch::items(&json!([]))),
        ("invalid", "body".to_owned())
    );
    for batch in [
        json!({"batch": {}}),
        json!({"batch": []}),
        json!({"batch": null}),
    ] {
        assert_eq!(
            refused(batch::items(&batch)),
            ("invalid", "batch".to_owned())
        );
    }
    let item = json!({ "a": long(100) });
    let bytes = item.to_string().len();
    assert!(batch::small_enough(&item, 1_000, bytes).is_ok());
    assert_eq!(
        refused(batch::small_enough(&item, 1_000, bytes - 1)).0,
        "too_large"
    );
}
