//! Track API, version 1: events, receipts and opt-outs (track-api.md 3).

use landfall_domain::identifier::IdentifierKind;

use super::*;
use crate::parse::track;

fn event(body: &Value) -> Parsed<Input> {
    track::event(Identifier::new(IdentifierKind::Id, "u1"), body)
}

#[test]
fn events_pages_and_screens() {
    let tracked = |event: &str, name: &str, data: Value| {
        json!({"source": "track_v1", "body": {"kind": "track", "who": id("u1"), "event": event,
               "name": name, "data": data}})
    };
    let rows = [
        (
            json!({"name": " bought "}),
            bare(tracked("event", "bought", Value::Null)),
        ),
        (
            json!({"name": "bought", "type": "event", "data": null}),
            bare(tracked("event", "bought", Value::Null)),
        ),
        (
            json!({"name": "https://x.io/a", "type": "page", "data": {"referrer": "r"}}),
            tracked("page", "https://x.io/a", json!({"referrer": "r"})),
        ),
        (
            json!({"name": "Cart", "type": "screen", "data": {}, "anonymous_id": "passed over"}),
            tracked("screen", "Cart", json!({})),
        ),
        (
            json!({"name": 7, "data": {"recipient": "a@x.io", "n": [1, {"deep": true}]}}),
            tracked(
                "event",
                "7",
                json!({"recipient": "a@x.io", "n": [1, {"deep": true}]}),
            ),
        ),
    ];
    for (body, expected) in rows {
        assert_eq!(stored(event(&body)), expected, "{body}");
    }
    let body = json!({"name": "e", "id": "01JTEST", "timestamp": 1_790_000_000});
    let input = event(&body).unwrap();
    assert_eq!(input.dedupe_key.as_deref(), Some("event:01JTEST"));
    assert_eq!(input.at.map(|at| at.seconds()), Some(1_790_000_000));
}

#[test]
fn anonymous_events() {
    let of = |body: Value| stored(track::event(None, &body));
    let expected = json!({"source": "track_v1", "body": {"kind": "track", "anonymous_id": "anon1",
        "event": "event", "name": "e", "data": {"a": 1}}});
    assert_eq!(
        of(json!({"name": "e", "data": {"a": 1}, "anonymous_id": "anon1"})),
        expected
    );
    assert_eq!(
        of(json!({"name": "e"}))["body"]["anonymous_id"],
        Value::Null
    );
    let why = |body: Value| refused(track::event(None, &body));
    assert_eq!(
        why(json!({"name": "e", "anonymous_id": long(151)})),
        ("too_long", "anonymous_id".to_owned())
    );
}

#[test]
fn events_that_cannot_be() {
    let rows = [
        (json!({}), "required", "name"),
        (json!({"name": "  "}), "required", "name"),
        (json!({"name": ["e"]}), "invalid", "name"),
        (json!({"name": long(101)}), "too_long", "name"),
        (
            json!({"name": long(2_049), "type": "page"}),
            "too_long",
            "name",
        ),
        (json!({"name": "e", "type": "video"}), "invalid", "type"),
        (json!({"name": "e", "id": long(151)}), "too_long", "id"),
        (json!({"name": "e", "data": "text"}), "invalid", "data"),
        (
            json!({"name": "e", "data": {"a": long(100_000)}}),
            "too_long",
            "data",
        ),
        (
            json!({"name": "e", "timestamp": -5}),
            "invalid",
            "timestamp",
        ),
        (json!("e"), "invalid", "body"),
    ];
    for (body, reason, field) in rows {
        assert_eq!(refused(event(&body)), (reason, field.to_owned()));
    }
    assert!(event(&json!({"name": long(100)})).is_ok());
    assert!(event(&json!({"name": long(2_048), "type": "page"})).is_ok());
    assert!(event(&json!({"name": "e", "data": {"a": long(99_992)}})).is_ok());
}

#[test]
fn metrics_of_every_channel() {
    let metrics = [
        "converted",
        "delivered",
        "opened",
        "bounced",
        "clicked",
        "deferred",
        "dropped",
        "spammed",
    ];
    for metric in metrics {
        let body = json!({"delivery_id": "D1", "metric": metric, "timestamp": 1_790_000_000,
            "recipient": "tok", "reason": "why", "href": "https://x.io"});
        let expected = json!({"source": "receipt", "at": 1_790_000_000_000_i64,
            "body": {"kind": "receipt", "delivery_id": "D1", "mark": metric, "recipient": "tok",
                     "reason": "why", "href": "https://x.io"}});
        assert_eq!(stored(track::metric(&body)), expected);
    }
    let rows = [
        (json!({"metric": "opened"}), "required", "delivery_id"),
        (json!({"delivery_id": "D1"}), "required", "metric"),
        (
            json!({"delivery_id": "D1", "metric": "teleported"}),
            "invalid",
            "metric",
        ),
        (
            json!({"delivery_id": long(151), "metric": "opened"}),
            "too_long",
            "delivery_id",
        ),
        (
            json!({"delivery_id": "D1", "metric": "opened", "recipient": long(4_097)}),
            "too_long",
            "recipient",
        ),
        (
            json!({"delivery_id": "D1", "metric": "opened", "reason": long(4_097)}),
            "too_long",
            "reason",
        ),
        (
            json!({"delivery_id": "D1", "metric": "opened", "href": long(4_097)}),
            "too_long",
            "href",
        ),
        (
            json!({"delivery_id": "D1", "metric": "opened", "timestamp": 1e17}),
            "invalid",
            "timestamp",
        ),
    ];
    for (body, reason, field) in rows {
        assert_eq!(
            refused(track::metric(&body)),
            (reason, field.to_owned()),
            "{body}"
        );
    }
}

#[test]
fn push_events() {
    for event in ["opened", "converted", "delivered"] {
        let body = json!({"delivery_id": "D1", "event": event, "device_id": "tok",
            "timestamp": 1_700_000_000});
        let expected = json!({"source": "receipt", "at": 1_700_000_000_000_i64,
            "body": {"kind": "receipt", "delivery_id": "D1", "mark": event, "recipient": "tok"}});
        assert_eq!(stored(track::push_event(&body)), expected);
    }
    let why = |body: Value| refused(track::push_event(&body));
    assert_eq!(
        why(json!({"delivery_id": "D1", "event": "?"})),
        ("invalid", "event".to_owned())
    );
    assert_eq!(
        why(json!({"event": "opened"})),
        ("required", "delivery_id".to_owned())
    );
}

#[test]
fn unsubscribing_through_a_delivery() {
    let said = |body: Value| track::unsubscribe("D1", &body);
    let expected =
        json!({"source": "receipt", "body": {"kind": "unsubscribe", "delivery_id": "D1"}});
    assert_eq!(
        stored(Ok(said(json!({"unsubscribe": true})).unwrap().unwrap())),
        expected
    );
    assert_eq!(said(json!({"unsubscribe": false})), Ok(None));
    for body in [json!({}), json!({"unsubscribe": "yes"})] {
        assert_eq!(refused(said(body)), ("invalid", "unsubscribe".to_owned()));
    }
    let id = long(151);
    assert_eq!(
        refused(track::unsubscribe(&id, &json!({"unsubscribe": true}))).0,
        "too_long"
    );
}
