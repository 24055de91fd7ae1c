//! Good calls with one thing in them spoilt, in every place and in many ways: never a panic, never a
//! value beyond all limits, and what is taken reads back from the store as it was written.

use landfall_domain::identifier::IdentifierKind;
use landfall_domain::input::Source;

use super::*;
use crate::parse::{batch, entity, pipelines, track, webhooks};

/// Larger than anything that is taken.
const HUGE: usize = 200_000;

fn spoilt() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!(" \u{0}\u{feff}\n"),
        json!("é\u{301}👩‍👩‍👧\u{202e}"),
        json!("NaN"),
        json!("2026-02-30T25:61:00Z"),
        json!("x".repeat(HUGE)),
        json!([]),
        json!({}),
        json!([null, {}, [], "x"]),
        json!({"": null, "id": {"id": []}}),
        deep,
    ]
}

/// Everything that `value` becomes when one part of it is another.
fn mutations(value: &Value, into: &[Value]) -> Vec<Value> {
    let mut all = into.to_vec();
    match value {
        Value::Object(map) => {
            for (name, part) in map {
                let mut without = map.clone();
                without.remove(name);
                all.push(Value::Object(without));
                for part in mutations(part, into) {
                    let mut map = map.clone();
                    map.insert(name.clone(), part);
                    all.push(Value::Object(map));
                }
            }
        }
        Value::Array(list) => {
            for (index, part) in list.iter().enumerate() {
                for part in mutations(part, into) {
                    let mut list = list.clone();
                    list[index] = part;
                    all.push(Value::Array(list));
                }
            }
        }
        _ => {}
    }
    all
}

/// Checks every mutation of `good`; `bounded` when nothing may be taken whole that is huge.
fn survives(good: &Value, bounded: bool, parse: impl Fn(&Value) -> Parsed<Vec<Input>>) {
    let taken = parse(good).unwrap_or_else(|problem| panic!("{good}: {problem}"));
    assert!(!taken.is_empty(), "{good}");
    for value in mutations(good, &spoilt()) {
        match parse(&value) {
            Ok(inputs) => {
                for input in inputs {
                    let stored = serde_json::to_string(&input).unwrap();
                    let again: Input = serde_json::from_str(&stored).unwrap();
                    assert_eq!(again, input);
                    assert!(!bounded || stored.len() < HUGE, "{}", &stored[..500]);
                }
            }
            Err(problem) => {
                assert_eq!(problem.status, 400);
                let said = [problem.reason.len(), problem.message.len()];
                assert!(
                    said.iter().all(|bytes| (1..1_000).contains(bytes)),
                    "{problem}"
                );
            }
        }
    }
}

#[test]
fn track_version_1() {
    let u1 = || Identifier::new(IdentifierKind::Id, "u1").unwrap();
    let one = |input: Parsed<Input>| input.map(|input| vec![input]);
    let person = json!({"email": "a@x.io", "anonymous_id": "v1", "_timestamp": 1_790_000_000,
        "_update": true, "cio_subscription_preferences": {"topics": {"topic_1": true}}, "plan": ["pro"]});
    survives(&person, true, |value| one(track::identify(u1(), value)));
    let device = json!({"device": {"id": "t", "platform": "ios", "last_used": 1, "flat": 1,
        "attributes": {"push_enabled": true}}});
    survives(&device, true, |value| one(track::add_device(u1(), value)));
    let event = json!({"name": "e", "type": "event", "id": "01J", "timestamp": 1, "data": {"a": [1]},
        "anonymous_id": "v1"});
    survives(&event, true, |value| one(track::event(Some(u1()), value)));
    survives(&event, true, |value| one(track::event(None, value)));
    let merge = json!({"primary": {"id": "a"}, "secondary": {"email": "b@x.io"}});
    survives(&merge, true, |value| one(track::merge(value)));
    let metric = json!({"delivery_id": "D1", "metric": "opened", "timestamp": 1, "recipient": "t",
        "reason": "r", "href": "h"});
    survives(&metric, true, |value| one(track::metric(value)));
    let push = json!({"delivery_id": "D1", "event": "opened", "timestamp": 1, "device_id": "t"});
    survives(&push, true, |value| one(track::push_event(value)));
    let form = json!({"data": {"email": "a@x.io", "size": "M"}});
    survives(&form, true, |value| track::form("f", value));
    let ids = json!({"ids": ["u1", "u2"]});
    survives(&ids, true, |value| {
        one(track::segment("4".parse().unwrap(), "id", true, value))
    });
}

#[test]
fn track_version_2() {
    let rows = [
        json!({"type": "person", "action": "identify", "identifiers": {"id": "u1"}, "timestamp": 1,
               "attributes": {"email": "a@x.io", "plan": "pro"}, "cio_relationships": []}),
        json!({"type": "person", "action": "event", "identifiers": {"email": "a@x.io"}, "name": "e",
               "id": "01J", "timestamp": 1, "attributes": {"a": 1}}),
        json!({"type": "person", "action": "add_device", "identifiers": {"cio_id": "0a"},
               "device": {"token": "t", "platform": "ios", "last_used": 1, "attributes": {"a": 1}}}),
        json!({"type": "person", "action": "delete_device", "identifiers": {"phone": "+49"},
               "device": {"token": "t"}}),
        json!({"type": "person", "action": "merge", "primary": {"id": "a"}, "secondary": {"id": "b"}}),
        json!({"type": "delivery", "action": "event", "identifiers": {"id": "D1"}, "name": "opened",
               "timestamp": 1, "attributes": {"device_token": "t"}}),
    ];
    for row in rows {
        survives(&row, true, |value| {
            entity::operation(value).map(|input| input.into_iter().collect())
        });
    }
}

#[test]
fn pipelines_and_batches() {
    let device = json!({"token": "t", "type": "ios"});
    let rows = [
        json!({"type": "identify", "userId": "u1", "anonymousId": "v1", "messageId": "m", "timestamp": "2026-01-01T00:00:00Z",
               "traits": {"email": "a@x.io", "createdAt": 1}}),
        json!({"type": "track", "userId": "u1", "event": "e", "properties": {"a": 1}, "sentAt": "2026-01-01T00:00:00Z"}),
        json!({"type": "track", "userId": "u1", "event": "Device Created or Updated", "context": {"device": device,
               "app": {"version": "5"}}, "properties": {"device_os": 34, "device": device}}),
        json!({"type": "track", "userId": "u1", "event": "Device Deleted", "context": {"device": device}}),
        json!({"type": "track", "event": "Report Delivery Event", "properties": {"deliveryId": "D1",
               "metric": "opened", "recipient": "t", "reason": "r", "href": "h"}}),
        json!({"type": "page", "userId": "u1", "name": "n", "properties": {"url": "u", "title": "t"}}),
        json!({"type": "alias", "userId": "u1", "previousId": "old"}),
    ];
    let call = |value: &Value| {
        let shared = pipelines::Shared::of(value);
        let input = pipelines::call(value, None, shared, Source::Sdk)?;
        Ok(input.into_iter().collect())
    };
    for row in rows {
        survives(&row, true, call);
        let batch = json!({"batch": [row], "sentAt": "2026-01-01T00:00:00Z", "context": {"device": device}});
        survives(&batch, true, |value| {
            let shared = pipelines::Shared::of(value);
            let mut inputs = Vec::new();
            for item in batch::items(value)? {
                inputs.extend(pipelines::call(item, None, shared, Source::Sdk)?);
            }
            Ok(inputs)
        });
    }
}

#[test]
fn reporting_webhooks() {
    let push = json!({"event_id": "E", "object_type": "push", "metric": "clicked", "timestamp": 1,
        "data": {"campaign_id": 31, "action_id": 77, "parent_action_id": 76, "content_id": 1, "delivery_id": "D1",
                 "identifiers": {"id": "u", "email": "a@x.io", "cio_id": "0a"}, "customer_id": "u",
                 "journey_id": "J", "trigger_event_id": "T", "href": "h", "link_id": 3, "content": "c",
                 "recipients": [{"device_id": "t", "device_platform": "ios", "failure_message": "f"}]}});
    let consent = json!({"event_id": "E", "object_type": "customer", "timestamp": 1,
        "metric": "cio_subscription_preferences_changed",
        "data": {"identifiers": {"id": "u"}, "delivery_id": "D1", "content": "{\"topics\":{\"topic_1\":true}}"}});
    for row in [push, consent] {
        // Their texts are the sender's own, and the sender is known.
        survives(&row, false, |value| {
            webhooks::input(value).map(|input| vec![input])
        });
    }
}
