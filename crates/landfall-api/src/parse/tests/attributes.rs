//! Limits and shapes of attributes.

use super::*;
use crate::parse::attributes::{claims, device, of_person};

fn map(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

#[test]
fn identifiers_and_directives_are_not_attributes() {
    let body = json!({
        "id": "u1", "email": "a@x.io", "anonymous_id": "v1", "cio_id": "0a", "_update": true,
        "_timestamp": 1, "cio_relationships": {"action": "add_relationships"},
        "created_at": 1_790_000_000, "unsubscribed": true, "phone": "+49170", "plan": null,
        "cio_subscription_preferences": {"topics": {"topic_1": true}},
        "list": [1, {"a": []}], "empty": "",
    });
    let attributes = of_person(map(&body)).unwrap();
    let expected = json!({
        "created_at": 1_790_000_000, "unsubscribed": true, "phone": "+49170", "plan": null,
        "cio_subscription_preferences": {"topics": {"topic_1": true}},
        "list": [1, {"a": []}], "empty": "",
    });
    assert_eq!(serde_json::to_value(attributes).unwrap(), expected);
    let claimed = claims(map(&body)).unwrap();
    assert_eq!(claimed.id.as_deref(), Some("u1"));
    assert_eq!(claimed.email.as_deref(), Some("a@x.io"));
    assert_eq!(claimed.anonymous_id.as_deref(), Some("v1"));
}

#[test]
fn limits_are_in_bytes_and_inclusive() {
    let of = |value: Value| of_person(map(&value));
    let one = |name: &str, value: Value| of([(name.to_owned(), value)].into_iter().collect());
    assert!(one("a", json!(long(1_000))).is_ok());
    let problem = one("a", json!(long(1_001))).unwrap_err();
    assert_eq!(
        (problem.reason, problem.message.as_str()),
        (
            "too_long",
            "value for attribute 'a' cannot be longer than 1000 bytes"
        )
    );
    assert_eq!(
        refused(one("a", json!("é".repeat(501)))),
        ("too_long", "a".to_owned())
    );
    // Lists and objects count as they are written.
    assert_eq!(refused(one("a", json!([long(1_000)]))).0, "too_long");
    assert!(one("a", json!([long(996)])).is_ok());
    assert!(one(&long(150), json!(1)).is_ok());
    assert_eq!(refused(one(&long(151), json!(1))).0, "too_long");
    // Consent may be larger.
    let topics: Value = (0..200)
        .map(|n| (format!("topic_{n}"), json!(true)))
        .collect();
    assert!(of(json!({"cio_subscription_preferences": {"topics": topics}})).is_ok());

    let many = |count: usize| -> Value { (0..count).map(|n| (n.to_string(), json!(n))).collect() };
    assert_eq!(of(many(300)).unwrap().len(), 300);
    assert_eq!(refused(of(many(301))).0, "too_large");
    assert_eq!(
        refused(claims(map(&json!({"email": long(151)})))),
        ("too_long", "email".to_owned())
    );
    assert_eq!(
        refused(claims(map(&json!({"id": {}})))),
        ("invalid", "id".to_owned())
    );
}

#[test]
fn a_device_may_be_nested_flat_or_both() {
    let expected = json!({"app": "", "platform": "ios", "token": "tok+/=1",
        "last_used": 1_700_000_000_000_i64,
        "attributes": {"app_version": "1.2", "push_enabled": "true"}});
    let rows = [
        // The Node client: nested, booleans.
        json!({"id": "tok+/=1", "platform": "ios", "last_used": 1_700_000_000,
               "attributes": {"app_version": "1.2", "push_enabled": true}}),
        // The Python and Ruby clients: flat.
        json!({"id": "tok+/=1", "platform": "ios", "last_used": 1_700_000_000,
               "app_version": "1.2", "push_enabled": true}),
        // The Go client: the time is text, attributes may be null.
        json!({"id": "tok+/=1", "platform": "iOS", "last_used": "1700000000", "attributes": null,
               "app_version": "1.2", "push_enabled": "true"}),
        // Both, and what only the server says.
        json!({"token": "tok+/=1", "platform": "ios", "last_used": 1_700_000_000,
               "app_version": "1.2", "_last_status": "bounced",
               "attributes": {"push_enabled": "true", "_last_status": "sent", "gone": null}}),
    ];
    for row in rows {
        let device = device(map(&row)).unwrap();
        assert_eq!(serde_json::to_value(device).unwrap(), expected, "{row}");
    }
}

#[test]
fn a_device_without_token_or_platform_is_refused() {
    let of = |value: Value| refused(device(map(&value)));
    let field = |reason, field: &str| (reason, field.to_owned());
    assert_eq!(of(json!({"platform": "ios"})), field("required", "id"));
    assert_eq!(
        of(json!({"id": " ", "platform": "ios"})),
        field("required", "id")
    );
    assert_eq!(of(json!({"id": "t"})), field("required", "platform"));
    assert_eq!(
        of(json!({"id": "t", "platform": "symbian"})),
        field("invalid", "platform")
    );
    assert_eq!(
        of(json!({"id": long(4_097), "platform": "ios"})),
        field("too_long", "id")
    );
    assert_eq!(
        of(json!({"id": "t", "platform": "ios", "attributes": []})),
        field("invalid", "attributes")
    );
    assert_eq!(
        of(json!({"id": "t", "platform": "ios", "last_used": "soon"})),
        field("invalid", "last_used")
    );
    assert_eq!(
        of(json!({"id": "t", "platform": "ios", "note": long(1_001)})),
        field("too_long", "note")
    );
}
