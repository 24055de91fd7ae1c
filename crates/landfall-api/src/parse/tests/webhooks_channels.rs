//! Reporting webhooks: every event of every channel (reporting-webhooks.md 6).

use super::webhooks::{data, event};
use super::*;
use crate::parse::webhooks::input;

/// What an event says beside its mark: extra data in, fields of the report out.
type Said = (Value, Value);

/// Checks one event: its marks, and everything else that the report says.
#[track_caller]
fn check(channel: &str, metric: &str, marks: &[&str], (more, said): Said) {
    let event = event(channel, metric, data(&more));
    let body = stored(input(&event))["body"].clone();
    let marks: Vec<Value> = marks
        .iter()
        .map(|mark| json!([mark, 1_790_000_000_000_i64]))
        .collect();
    let mut expected = json!({"kind": "delivery", "delivery_id": "D1", "person": {"id": "u-42"},
        "message": {"source": "campaign", "source_id": 31, "step_id": 77, "channel": channel},
        "marks": marks, "recipients": [], "names": []});
    expected
        .as_object_mut()
        .unwrap()
        .extend(said.as_object().unwrap().clone());
    assert_eq!(body, expected, "{channel} {metric}");
}

fn nothing() -> Said {
    (json!({}), json!({}))
}

fn to() -> Said {
    (
        json!({"recipient": "somebody"}),
        json!({"recipients": [{"address": "somebody"}]}),
    )
}

fn why() -> Said {
    (
        json!({"failure_message": "because"}),
        json!({"failure_message": "because"}),
    )
}

fn link() -> Said {
    (
        json!({"href": "https://x.io", "link_id": 3}),
        json!({"href": "https://x.io", "link_id": 3}),
    )
}

fn subject() -> Said {
    (json!({"subject": "Hello"}), json!({"subject": "Hello"}))
}

fn content() -> Said {
    (
        json!({"content": "{\"a\":1}"}),
        json!({"content": "{\"a\":1}"}),
    )
}

fn all(said: impl IntoIterator<Item = Said>) -> Said {
    let mut sum = nothing();
    for (more, out) in said {
        sum.0
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        sum.1
            .as_object_mut()
            .unwrap()
            .extend(out.as_object().unwrap().clone());
    }
    sum
}

fn devices(failed: bool) -> Said {
    let mut more = json!([{"device_id": "aa11", "device_platform": "ios"},
                          {"device_id": "fcm:zz", "device_platform": "android"}]);
    let mut out = json!([{"address": "aa11", "platform": "ios"},
                         {"address": "fcm:zz", "platform": "android"}]);
    if failed {
        more[1]["failure_message"] = "UNREGISTERED".into();
        out[1]["failure_message"] = "UNREGISTERED".into();
    }
    (json!({ "recipients": more }), json!({ "recipients": out }))
}

#[test]
fn push() {
    let rows = [
        ("drafted", nothing()),
        ("attempted", why()),
        ("sent", devices(true)),
        ("sent", all([devices(false), content()])),
        // Only `device_id` is required on `sent`.
        (
            "sent",
            (
                json!({"recipients": [{"device_id": "aa11"}]}),
                json!({"recipients": [{"address": "aa11"}]}),
            ),
        ),
        ("delivered", devices(false)),
        ("opened", devices(false)),
        ("clicked", all([devices(false), link()])),
        ("converted", devices(false)),
        ("bounced", devices(true)),
        ("dropped", devices(true)),
        ("failed", why()),
        ("undeliverable", why()),
    ];
    for (metric, said) in rows {
        check("push", metric, &[metric], said);
    }
}

#[test]
fn email() {
    let rows = [
        ("drafted", all([subject(), to()])),
        ("attempted", why()),
        ("sent", all([subject(), to(), content()])),
        ("delivered", all([subject(), to()])),
        ("converted", all([subject(), to()])),
        ("unsubscribed", all([subject(), to()])),
        ("spammed", all([subject(), to()])),
        ("opened", to()),
        ("clicked", all([subject(), to(), link()])),
        ("bounced", all([subject(), to(), why()])),
        ("dropped", all([subject(), to(), why()])),
        ("undeliverable", all([subject(), to(), why()])),
        ("failed", all([subject(), why()])),
        ("deferred", all([subject(), to(), why()])),
    ];
    for (metric, said) in rows {
        check("email", metric, &[metric], said);
    }
}

#[test]
fn opens_and_clicks_of_email_tell_people_and_machines_apart() {
    let flag = |name: &str, value: bool| all([to(), (json!({ name: value }), json!({}))]);
    check(
        "email",
        "opened",
        &["opened", "prefetch_opened"],
        flag("prefetched", true),
    );
    check(
        "email",
        "opened",
        &["opened", "human_opened"],
        flag("prefetched", false),
    );
    check("email", "opened", &["opened"], flag("proxied", true));
    check("email", "opened", &["opened"], flag("synthetic", true));
    check(
        "email",
        "clicked",
        &["clicked", "prefetch_clicked"],
        flag("machine", true),
    );
    check(
        "email",
        "clicked",
        &["clicked", "human_clicked"],
        flag("machine", false),
    );
}

#[test]
fn in_app() {
    // The recipient of an in-app message is the person: no address.
    let person = || (json!({"recipient": "u-42"}), json!({}));
    let rows = [
        ("drafted", nothing()),
        ("sent", all([person(), content()])),
        ("opened", nothing()),
        (
            "clicked",
            all([
                person(),
                link(),
                (json!({"tracked_response": "yes"}), json!({})),
            ]),
        ),
        ("converted", person()),
        ("attempted", why()),
        ("failed", why()),
        ("undeliverable", why()),
    ];
    for (metric, said) in rows {
        check("in_app", metric, &[metric], said);
    }
}

#[test]
fn sms_and_whatsapp() {
    let answer = (
        json!({"inbound_event_id": "01JIN", "to": "+1555"}),
        json!({}),
    );
    let rows = [
        ("drafted", nothing()),
        ("sent", all([to(), content()])),
        ("delivered", to()),
        ("converted", to()),
        ("clicked", all([to(), link()])),
        ("bounced", all([to(), why()])),
        ("attempted", why()),
        ("failed", why()),
        ("undeliverable", why()),
        ("dropped", all([to(), why()])),
        ("replied", all([to(), answer])),
    ];
    for (metric, said) in rows {
        check("sms", metric, &[metric], said.clone());
        check("whatsapp", metric, &[metric], said);
    }
    check("whatsapp", "opened", &["opened"], to());
}

#[test]
fn slack_and_webhooks() {
    let rows = [
        ("drafted", nothing()),
        ("sent", all([to(), content()])),
        ("clicked", all([to(), link()])),
        ("converted", to()),
        ("attempted", why()),
        ("failed", why()),
        ("undeliverable", why()),
    ];
    for (metric, said) in rows {
        check("slack", metric, &[metric], said.clone());
        check("webhook", metric, &[metric], said);
    }
}

#[test]
fn a_suppressed_delivery_is_a_dropped_one() {
    check("push", "suppressed", &["dropped"], devices(true));
}
