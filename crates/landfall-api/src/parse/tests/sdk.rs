//! Pipelines API: the reserved events that the SDKs send (pipelines-api.md 3).

use super::pipelines::{check, parsed};
use super::*;

#[test]
fn devices_as_both_platforms_report_them() {
    let device = |platform: &str, attributes: Value| {
        json!({"kind": "add_device", "who": id("u1"), "device": {"app": "", "platform": platform,
               "token": "tok", "last_used": 1_790_000_000_000_i64, "attributes": attributes}})
    };
    let rows = [
        (
            json!({"device": {"token": "tok", "type": "ios"}, "app": {"version": "5.2"}}),
            json!({"device_os": "17.5", "push_enabled": "true", "network_wifi": true, "screen_width": 390}),
            device(
                "ios",
                json!({"device_os": "17.5", "push_enabled": "true", "network_wifi": "true",
                "screen_width": "390", "app_version": "5.2"}),
            ),
        ),
        // Android writes numbers and booleans; its own app_version is kept.
        (
            json!({"device": {"token": " tok ", "type": "Android"}, "app": {"version": "5.2"}}),
            json!({"device_os": 34, "push_enabled": false, "app_version": "5.1", "custom": {"a": [1]}}),
            device(
                "android",
                json!({"device_os": "34", "push_enabled": "false", "app_version": "5.1",
                "custom": "{\"a\":[1]}"}),
            ),
        ),
        // The documentation's sample has the device among the properties.
        (
            Value::Null,
            json!({"device": {"token": "tok", "type": "ios"}}),
            device("ios", json!({})),
        ),
    ];
    for (context, properties, body) in rows {
        let value = json!({"type": "track", "userId": "u1", "event": "Device Created or Updated",
            "context": context, "properties": properties, "timestamp": "2026-09-21T14:13:20Z"});
        let input = parsed(&value).unwrap().unwrap();
        assert_eq!(stored(Ok(input))["body"], body, "{value}");
    }
    let value = json!({"type": "track", "anonymousId": "v1", "event": "Device Deleted",
        "context": {"device": {"token": "tok", "type": "ios"}}});
    check(
        &value,
        &json!({"kind": "delete_device", "who": named("anonymous_id", "v1"), "token": "tok",
        "platform": "ios"}),
    );
}

#[test]
fn receipts() {
    for metric in ["delivered", "opened", "clicked", "converted"] {
        // As iOS and Android send it directly: no user, no message id.
        let value = json!({"type": "track", "anonymousId": "D1", "event": "Report Delivery Event",
            "properties": {"recipient": "tok", "metric": metric, "deliveryId": "D1"}});
        check(
            &value,
            &json!({"kind": "receipt", "delivery_id": "D1", "mark": metric, "recipient": "tok"}),
        );
    }
    // In-app metadata comes flattened.
    let value = json!({"type": "track", "userId": "u1", "event": "Report Delivery Event",
        "properties": {"metric": "clicked", "deliveryId": "D1", "href": "https://x.io", "reason": "r",
                       "actionName": "Buy", "actionValue": "buy"}});
    check(
        &value,
        &json!({"kind": "receipt", "delivery_id": "D1", "mark": "clicked",
        "href": "https://x.io", "reason": "r"}),
    );
}

#[test]
fn people_are_deleted_and_suppressed() {
    for (event, kind) in [
        ("User Deleted", "delete"),
        ("User Suppressed", "suppress"),
        ("User Unsuppressed", "unsuppress"),
    ] {
        check(
            &json!({"type": "track", "userId": "u1", "event": event}),
            &json!({"kind": kind, "who": id("u1")}),
        );
        let nobody = json!({"type": "track", "anonymousId": "v1", "event": event});
        assert_eq!(refused(parsed(&nobody)), ("required", "userId".to_owned()));
    }
}

#[test]
fn objects_are_accepted_and_not_kept() {
    for event in ["Relationship Deleted", "Object Deleted"] {
        let value = json!({"type": "track", "anonymousId": "v1", "event": event,
            "properties": {"objectId": "acme"}});
        assert_eq!(parsed(&value), Ok(None));
    }
}

#[test]
fn other_names_are_events_like_any() {
    for name in [
        "CIO Location Update",
        "Live Notification Event",
        "Live Notification Token",
        "Report Content Event",
        "Application Installed",
        "Application Backgrounded",
    ] {
        check(
            &json!({"type": "track", "userId": "u1", "event": name, "properties": {"a": 1}}),
            &json!({"kind": "track", "who": id("u1"), "event": "event", "name": name, "data": {"a": 1}}),
        );
    }
}

#[test]
fn reserved_events_that_cannot_be() {
    let device = |context: Value| json!({"type": "track", "userId": "u1", "event": "Device Created or Updated", "context": context});
    let receipt = |properties: Value| json!({"type": "track", "event": "Report Delivery Event", "properties": properties});
    let rows = [
        (device(Value::Null), "required", "context.device.type"),
        (
            device(json!({"device": {"type": "ios"}})),
            "required",
            "context.device.token",
        ),
        (
            device(json!({"device": {"type": "ios", "token": ""}})),
            "required",
            "context.device.token",
        ),
        (
            device(json!({"device": {"type": "fridge", "token": "t"}})),
            "invalid",
            "context.device.type",
        ),
        (
            device(json!({"device": {"type": "ios", "token": long(4_097)}})),
            "too_long",
            "context.device.token",
        ),
        (
            receipt(json!({"deliveryId": "D1"})),
            "required",
            "properties.metric",
        ),
        (
            receipt(json!({"metric": "opened"})),
            "required",
            "properties.deliveryId",
        ),
        (
            receipt(json!({"metric": "sent", "deliveryId": "D1"})),
            "invalid",
            "properties.metric",
        ),
        (
            receipt(json!({"metric": "opened", "deliveryId": long(151)})),
            "too_long",
            "properties.deliveryId",
        ),
        (
            receipt(json!({"metric": "opened", "deliveryId": "D1", "recipient": long(4_097)})),
            "too_long",
            "properties.recipient",
        ),
        (
            receipt(json!({"metric": "opened", "deliveryId": "D1", "href": long(4_097)})),
            "too_long",
            "properties.href",
        ),
    ];
    for (value, reason, field) in rows {
        assert_eq!(
            refused(parsed(&value)),
            (reason, field.to_owned()),
            "{value}"
        );
    }
}
