//! The documented calls as tables: what comes in, and the input that it becomes.

mod attributes;
mod entity;
mod mutations;
mod people;
mod pipelines;
mod sdk;
mod time;
mod track;
mod webhooks;
mod webhooks_channels;

use landfall_domain::input::Input;
use serde_json::{Value, json};

use super::*;

/// An input as stored, without what is absent.
#[track_caller]
fn stored(parsed: Parsed<Input>) -> Value {
    bare(serde_json::to_value(parsed.unwrap()).unwrap())
}

/// A value without its nulls.
fn bare(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, bare(value)))
            .collect(),
        Value::Array(list) => list.into_iter().map(bare).collect(),
        value => value,
    }
}

/// Reason and field of a refusal.
#[track_caller]
fn refused<T: std::fmt::Debug>(parsed: Parsed<T>) -> (&'static str, String) {
    let problem = parsed.unwrap_err();
    assert_eq!(problem.status, 400, "{problem:?}");
    (problem.reason, problem.field)
}

fn id(value: &str) -> Value {
    json!({"kind": "id", "value": value})
}

fn named(kind: &str, value: &str) -> Value {
    json!({ "kind": kind, "value": value })
}

fn identify(who: Value, claims: Value, attributes: Value) -> Value {
    let mut body = json!({"kind": "identify", "update_only": false});
    body["who"] = who;
    body["claims"] = claims;
    body["attributes"] = attributes;
    body
}

fn long(bytes: usize) -> String {
    "x".repeat(bytes)
}

#[test]
fn a_path_names_a_person_by_internal_id_email_or_id() {
    let rows = [
        ("cio_03000001", named("cio_id", "03000001")),
        ("Ann@Example.org", named("email", "ann@example.org")),
        ("u1", id("u1")),
        ("+491701234567", id("+491701234567")),
        ("a@b", id("a@b")),
        ("a@@b.io", id("a@@b.io")),
        ("a b@c.io", id("a b@c.io")),
        ("u 1/é@x", id("u 1/é@x")),
        (&long(150), id(&long(150))),
    ];
    for (segment, expected) in rows {
        let identifier = path_identifier(segment).unwrap();
        assert_eq!(serde_json::to_value(identifier).unwrap(), expected);
    }
    assert_eq!(refused(path_identifier("cio_")).0, "required");
    assert_eq!(refused(path_identifier(&long(151))).0, "too_long");
    // Two bytes a letter: bytes count, not letters.
    assert_eq!(refused(path_identifier(&"é".repeat(76))).0, "too_long");
}

#[test]
fn one_identifier_and_only_one() {
    let of = |value: Value| one_identifier(value.as_object().unwrap());
    let taken = |value| serde_json::to_value(of(value).unwrap()).unwrap();
    assert_eq!(taken(json!({"id": 5})), id("5"));
    assert_eq!(
        taken(json!({"email": "A@x.io", "id": ""})),
        named("email", "a@x.io")
    );
    assert_eq!(taken(json!({"phone": "+49170"})), named("phone", "+49170"));
    assert_eq!(
        taken(json!({"cio_id": "0a", "id": null})),
        named("cio_id", "0a")
    );
    assert_eq!(refused(of(json!({}))).0, "required");
    assert_eq!(
        refused(of(json!({"id": "a", "email": "b@c.io"}))).0,
        "invalid"
    );
    assert_eq!(
        refused(of(json!({"id": true}))),
        ("invalid", "id".to_owned())
    );
    assert_eq!(
        refused(of(json!({"id": long(151)}))),
        ("too_long", "id".to_owned())
    );
}
