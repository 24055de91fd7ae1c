//! Reporting webhooks: envelope, sources, consent, and what is not understood
//! (reporting-webhooks.md 4, 5, 6.7).

use super::*;
use crate::parse::webhooks::input;

pub(super) fn event(object_type: &str, metric: &str, data: Value) -> Value {
    let mut event = json!({"event_id": "01JTEST", "object_type": object_type, "metric": metric,
        "timestamp": 1_790_000_000});
    event["data"] = data;
    event
}

/// A campaign's delivery to somebody, with more of the channel.
pub(super) fn data(more: &Value) -> Value {
    let mut data = json!({"campaign_id": 31, "action_id": 77, "delivery_id": "D1",
        "identifiers": {"id": "u-42"}});
    data.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    data
}

#[test]
fn the_envelope_becomes_time_and_dedupe_key() {
    let taken = input(&event("push", "sent", data(&json!({"unheard_of": 1})))).unwrap();
    assert_eq!(taken.dedupe_key.as_deref(), Some("webhook:01JTEST"));
    assert_eq!(taken.at.map(|at| at.seconds()), Some(1_790_000_000));
    assert_eq!(taken.source.name(), "webhook");
}

#[test]
fn sources_are_told_apart_by_their_number() {
    let rows = [
        (
            json!({"campaign_id": 31, "action_id": 77, "journey_id": "01JRUN", "trigger_event_id": "01JTRIG"}),
            json!({"source": "campaign", "source_id": 31, "step_id": 77, "channel": "push"}),
            json!({"run": "01JRUN", "trigger_event_id": "01JTRIG"}),
        ),
        (
            json!({"campaign_id": 31, "action_id": 78, "parent_action_id": 77}),
            json!({"source": "campaign", "source_id": 31, "step_id": 78, "parent_step_id": 77, "channel": "push"}),
            json!({}),
        ),
        (
            json!({"broadcast_id": 12, "trigger_id": 4, "action_id": 80, "campaign_id": 99}),
            json!({"source": "broadcast", "source_id": 12, "step_id": 80, "channel": "push"}),
            json!({"trigger_id": 4}),
        ),
        (
            json!({"newsletter_id": 5, "content_id": 21}),
            json!({"source": "newsletter", "source_id": 5, "variant_id": 21, "channel": "push"}),
            json!({}),
        ),
        (
            json!({"transactional_message_id": "9"}),
            json!({"source": "transactional", "source_id": 9, "channel": "push"}),
            json!({}),
        ),
        (
            json!({}),
            json!({"source": "unknown", "source_id": 0, "channel": "push"}),
            json!({}),
        ),
    ];
    for (more, message, said) in rows {
        let mut data = json!({"delivery_id": "D1", "identifiers": {"id": "u"}});
        data.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let body = stored(input(&event("push", "sent", data)))["body"].clone();
        assert_eq!(body["message"], message);
        for name in ["run", "trigger_event_id", "trigger_id"] {
            assert_eq!(body.get(name), said.get(name), "{name}");
        }
    }
}

#[test]
fn the_person_is_named_by_identifiers_or_the_older_customer_id() {
    let rows = [
        (
            json!({"identifiers": {"id": "u", "email": "a@x.io", "cio_id": "0a"}, "customer_id": "u"}),
            json!({"id": "u", "email": "a@x.io", "cio_id": "0a"}),
        ),
        (
            json!({"identifiers": {"id": null, "email": null, "cio_id": "0a"}}),
            json!({"cio_id": "0a"}),
        ),
        (json!({"customer_id": "u"}), json!({"id": "u"})),
        // Deleted people have a blank id.
        (json!({"customer_id": ""}), json!({})),
    ];
    for (more, person) in rows {
        let mut data = json!({"delivery_id": "D1"});
        data.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        assert_eq!(
            stored(input(&event("push", "sent", data)))["body"]["person"],
            person,
            "{more}"
        );
    }
}

#[test]
fn consent_may_come_under_any_object_type() {
    let types = [
        "customer", "email", "sms", "push", "in_app", "slack", "webhook", "whatsapp",
    ];
    let data = json!({"customer_id": "u", "email_address": "a@x.io", "identifiers": {"id": "u"}});
    let person = json!({"id": "u", "email": "a@x.io"});
    for object_type in types {
        for (metric, subscribed) in [("subscribed", true), ("unsubscribed", false)] {
            let body = stored(input(&event(object_type, metric, data.clone())))["body"].clone();
            let expected = json!({"kind": "subscription", "person": person, "subscribed": subscribed,
                "topics": {}});
            assert_eq!(body, expected, "{object_type} {metric}");
        }
        let mut data = data.clone();
        data["content"] = r#"{"topics":{"topic_1":true,"topic_2":false}}"#.into();
        data["delivery_id"] = "D1".into();
        // One schema of the original spells the key like this.
        let mut changed = event("", "cio_subscription_preferences_changed", data);
        changed["object_type_type"] = object_type.into();
        let expected = json!({"kind": "subscription", "person": person, "delivery_id": "D1",
            "topics": {"topic_1": true, "topic_2": false}});
        assert_eq!(stored(input(&changed))["body"], expected, "{object_type}");
    }
}

#[test]
fn an_opt_out_of_a_customer_may_name_its_delivery() {
    let body = stored(input(&event("customer", "unsubscribed", data(&json!({})))))["body"].clone();
    assert_eq!(body["kind"], "subscription");
    assert_eq!(body["delivery_id"], "D1");
    let body = stored(input(&event("email", "unsubscribed", data(&json!({})))))["body"].clone();
    assert_eq!(body["kind"], "delivery");
    assert_eq!(
        body["marks"],
        json!([["unsubscribed", 1_790_000_000_000_i64]])
    );
}

#[test]
fn what_is_new_is_unknown_and_what_is_broken_is_broken() {
    let good = event("push", "sent", data(&json!({})));
    let mut rows = vec![
        (
            event("hologram", "sent", data(&json!({}))),
            "unknown_event",
            "object_type",
        ),
        (
            event("push", "teleported", data(&json!({}))),
            "unknown_event",
            "metric",
        ),
        (
            event("push", &long(101), data(&json!({}))),
            "too_long",
            "metric",
        ),
        (
            event("push", "sent", json!({})),
            "required",
            "data.delivery_id",
        ),
        (
            event("push", "sent", data(&json!({"delivery_id": long(151)}))),
            "too_long",
            "data.delivery_id",
        ),
        (
            event("push", "sent", data(&json!({"recipients": [{}]}))),
            "required",
            "data.recipients.device_id",
        ),
        (
            event("push", "sent", data(&json!({"recipients": [1]}))),
            "invalid",
            "data.recipients",
        ),
        (
            event(
                "customer",
                "cio_subscription_preferences_changed",
                json!({"content": "{"}),
            ),
            "invalid",
            "data.content",
        ),
        (json!(1), "invalid", ""),
    ];
    for field in ["event_id", "object_type", "metric", "timestamp", "data"] {
        let mut event = good.clone();
        event.as_object_mut().unwrap().remove(field);
        rows.push((event, "required", field));
    }
    let mut late = good;
    late["timestamp"] = json!(1e18);
    rows.push((late, "invalid", "timestamp"));
    for (value, reason, field) in rows {
        assert_eq!(
            refused(input(&value)),
            (reason, field.to_owned()),
            "{value}"
        );
    }
}
