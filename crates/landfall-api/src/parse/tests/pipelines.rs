//! Pipelines API: the documented calls (pipelines-api.md 2).

use landfall_domain::input::Source;

use super::*;
use crate::parse::pipelines::{Shared, call};

/// One call of the server API.
pub(super) fn parsed(value: &Value) -> Parsed<Option<Input>> {
    call(value, None, Shared::default(), Source::Pipelines)
}

#[track_caller]
pub(super) fn check(value: &Value, body: &Value) {
    let input = stored(parsed(value).map(|input| input.expect("an input")));
    assert_eq!(
        input,
        json!({"source": "pipelines", "body": body}),
        "{value}"
    );
}

#[test]
fn identify() {
    let visitor = named("anonymous_id", "v1");
    let rows = [
        (
            json!({"type": "identify", "userId": "u1", "traits": {"email": "a@x.io", "plan": "pro"}}),
            super::identify(id("u1"), json!({"email": "a@x.io"}), json!({"plan": "pro"})),
        ),
        (
            json!({"type": "identify", "userId": "u1", "anonymousId": "v1", "traits": null}),
            super::identify(id("u1"), json!({"anonymous_id": "v1"}), json!({})),
        ),
        // The e-mail address names the person when nothing else does.
        (
            json!({"type": "identify", "traits": {"email": "A@x.io"}, "anonymousId": null}),
            super::identify(
                named("email", "a@x.io"),
                json!({"email": "A@x.io"}),
                json!({}),
            ),
        ),
        // Before login.
        (
            json!({"type": "identify", "anonymousId": "v1", "traits": {"plan": "pro"}}),
            super::identify(visitor, json!({}), json!({"plan": "pro"})),
        ),
        (
            json!({"type": "identify", "userId": 7, "traits": {"createdAt": "2026-09-21T14:13:20Z"}}),
            super::identify(id("7"), json!({}), json!({"created_at": 1_790_000_000})),
        ),
        (
            json!({"type": "identify", "userId": "u1", "traits": {"createdAt": "long ago", "id": "x"}}),
            super::identify(id("u1"), json!({}), json!({"created_at": "long ago"})),
        ),
        (
            json!({"type": "identify", "userId": "u1", "traits": {"unsubscribed": true,
                "cio_subscription_preferences": {"topics": {"topic_1": true}}}}),
            super::identify(
                id("u1"),
                json!({}),
                json!({"unsubscribed": true,
                "cio_subscription_preferences": {"topics": {"topic_1": true}}}),
            ),
        ),
    ];
    for (value, body) in rows {
        check(&value, &body);
    }
}

#[test]
fn track_page_screen_and_alias() {
    let tracked = |event: &str, name: &str, more: Value| {
        let mut body = json!({"kind": "track", "event": event, "name": name});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let rows = [
        (
            json!({"type": "track", "userId": "u1", "event": " bought ", "properties": {"sku": 7}}),
            tracked(
                "event",
                "bought",
                json!({"who": id("u1"), "data": {"sku": 7}}),
            ),
        ),
        (
            json!({"type": "track", "anonymousId": "v1", "event": "bought", "properties": {}}),
            tracked("event", "bought", json!({"anonymous_id": "v1"})),
        ),
        (
            json!({"type": "track", "userId": "u1", "anonymousId": "v1", "event": "bought"}),
            tracked(
                "event",
                "bought",
                json!({"who": id("u1"), "anonymous_id": "v1"}),
            ),
        ),
        (
            json!({"type": "page", "userId": "u1", "name": "Home", "properties": {"url": "https://x.io"}}),
            tracked(
                "page",
                "Home",
                json!({"who": id("u1"), "data": {"url": "https://x.io"}}),
            ),
        ),
        (
            json!({"type": "page", "userId": "u1", "category": null, "properties": {"url": "https://x.io"}}),
            tracked(
                "page",
                "https://x.io",
                json!({"who": id("u1"), "data": {"url": "https://x.io"}}),
            ),
        ),
        (
            json!({"type": "page", "userId": "u1", "name": null, "properties": {"title": "Home"}}),
            tracked(
                "page",
                "Home",
                json!({"who": id("u1"), "data": {"title": "Home"}}),
            ),
        ),
        (
            json!({"type": "screen", "userId": "u1", "name": "Cart", "properties": {"category": "shop"}}),
            tracked(
                "screen",
                "Cart",
                json!({"who": id("u1"), "data": {"category": "shop"}}),
            ),
        ),
        (
            json!({"type": "alias", "userId": "u1", "previousId": "old"}),
            json!({"kind": "merge", "primary": id("u1"), "secondary": id("old"), "create_primary": true}),
        ),
    ];
    for (value, body) in rows {
        check(&value, &body);
    }
}

#[test]
fn groups_are_accepted_and_not_kept() {
    for value in [
        json!({"type": "group", "userId": "u1", "groupId": "g", "traits": {"object_type_id": 1}}),
        json!({"type": "group", "anonymousId": "v1", "groupId": "g"}),
        json!({"type": "group", "groupId": "g", "traits": {"name": "Acme"}}),
    ] {
        assert_eq!(parsed(&value), Ok(None), "{value}");
    }
}

#[test]
fn times_and_message_ids_are_taken() {
    let rows = [
        (
            json!({"timestamp": "2026-09-21T14:13:20.123Z"}),
            Some(1_790_000_000_123),
        ),
        (
            json!({"timestamp": "2026-09-21T14:13:20.123456+00:00"}),
            Some(1_790_000_000_123),
        ),
        // A bare integer is milliseconds.
        (
            json!({"timestamp": 1_790_000_000_123_i64}),
            Some(1_790_000_000_123),
        ),
        (
            json!({"timestamp": null, "originalTimestamp": "2026-09-21T14:13:20Z"}),
            Some(1_790_000_000_000),
        ),
        (json!({}), None),
    ];
    for (more, at) in rows {
        let mut value = json!({"type": "track", "userId": "u1", "event": "e", "messageId": "m1",
            "sentAt": "2026-09-21T14:13:21Z"});
        value
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let input = parsed(&value).unwrap().unwrap();
        assert_eq!(input.at.map(|at| at.millis()), at, "{value}");
        assert_eq!(input.sent_at.map(|at| at.seconds()), Some(1_790_000_001));
        assert_eq!(input.dedupe_key.as_deref(), Some("message:m1"));
    }
}

#[test]
fn what_a_batch_says_holds_for_items_that_do_not_say_it() {
    let batch = json!({"sentAt": "2026-09-21T14:13:20Z",
        "context": {"device": {"token": "of the batch", "type": "ios"}}});
    let token = |context: Value| {
        let item =
            json!({"type": "track", "userId": "u1", "event": "Device Deleted", "context": context});
        let input = call(&item, None, Shared::of(&batch), Source::Pipelines)
            .unwrap()
            .unwrap();
        assert_eq!(input.sent_at.map(|at| at.seconds()), Some(1_790_000_000));
        stored(Ok(input))["body"]["token"].clone()
    };
    assert_eq!(
        token(json!({"device": {"token": "of the item"}})),
        "of the item"
    );
    // An explicit null is absent.
    assert_eq!(token(Value::Null), "of the batch");
    // A context that is there stands for itself.
    let item = json!({"type": "track", "userId": "u1", "event": "Device Deleted", "context": {}});
    let alone = call(&item, None, Shared::of(&batch), Source::Pipelines);
    assert_eq!(
        refused(alone),
        ("required", "context.device.token".to_owned())
    );
}

#[test]
fn the_path_says_the_type_of_a_single_call() {
    let value = json!({"type": "passed over", "userId": "u1", "event": "e"});
    let input = call(&value, Some("track"), Shared::of(&value), Source::Sdk)
        .unwrap()
        .unwrap();
    assert_eq!(stored(Ok(input))["body"]["kind"], "track");
}

#[track_caller]
pub(super) fn refuses(rows: impl IntoIterator<Item = (Value, &'static str, &'static str)>) {
    for (value, reason, field) in rows {
        assert_eq!(
            refused(parsed(&value)),
            (reason, field.to_owned()),
            "{value}"
        );
    }
}

#[test]
fn envelopes_and_people_that_cannot_be() {
    let rows = [
        (json!("text"), "invalid", ""),
        (json!({"userId": "u1"}), "required", "type"),
        (
            json!({"type": "teleport", "userId": "u1"}),
            "unknown",
            "type",
        ),
        (
            json!({"type": long(41), "userId": "u1"}),
            "too_long",
            "type",
        ),
        (json!({"type": "identify"}), "required", "userId"),
        (
            json!({"type": "identify", "userId": "", "anonymousId": null}),
            "required",
            "userId",
        ),
        (
            json!({"type": "identify", "userId": long(151)}),
            "too_long",
            "userId",
        ),
        (
            json!({"type": "identify", "userId": {"a": 1}}),
            "invalid",
            "userId",
        ),
        (
            json!({"type": "identify", "userId": "u1", "traits": []}),
            "invalid",
            "traits",
        ),
        (
            json!({"type": "identify", "userId": "u1", "traits": {"a": long(1_001)}}),
            "too_long",
            "traits.a",
        ),
    ];
    refuses(rows);
}

#[test]
fn events_and_merges_that_cannot_be() {
    refuses([
        (
            json!({"type": "track", "userId": "u1"}),
            "required",
            "event",
        ),
        (json!({"type": "track", "event": "e"}), "required", "userId"),
        (
            json!({"type": "track", "userId": "u1", "event": "e", "properties": 1}),
            "invalid",
            "properties",
        ),
        (
            json!({"type": "track", "userId": "u1", "event": "e", "properties": {"a": long(100_000)}}),
            "too_long",
            "properties",
        ),
        (
            json!({"type": "track", "userId": "u1", "event": "e", "timestamp": "soon"}),
            "invalid",
            "timestamp",
        ),
        (
            json!({"type": "track", "userId": "u1", "event": "e", "messageId": long(301)}),
            "too_long",
            "messageId",
        ),
        (json!({"type": "page", "userId": "u1"}), "required", "name"),
        (
            json!({"type": "screen", "userId": "u1", "name": long(2_049)}),
            "too_long",
            "name",
        ),
        (
            json!({"type": "alias", "userId": "u1"}),
            "required",
            "previousId",
        ),
        (
            json!({"type": "alias", "previousId": "old"}),
            "required",
            "userId",
        ),
    ]);
}
