use serde_json::json;

use super::*;

fn body(message: &Value) -> Vec<u8> {
    json!({"message": message}).to_string().into_bytes()
}

fn to_token(mut message: Value) -> Value {
    message["token"] = json!("t");
    message
}

/// The field that a message is refused for, and whether with FCM's own code.
fn refused(message: &Value) -> Option<(String, bool)> {
    let read = read(&body(message));
    let refusal = read.and_then(|read| check(&read)).err()?;
    let field = match refusal.extra.first() {
        Some(Extra::BadRequest { field, .. }) => field.clone(),
        _ => "none".to_owned(),
    };
    Some((field, !refusal.without_code))
}

#[test]
fn both_spellings_are_read_alike() {
    let snake = to_token(json!({
        "data": {"camelCase": "stays", "snake_case": "stays"},
        "android": {"collapse_key": "c", "ttl": "3600s", "priority": "high",
            "notification": {"channel_id": "n", "click_action": "a", "body_loc_args": ["x"]},
            "fcm_options": {"analytics_label": "l"}},
        "apns": {"headers": {"apns-priority": "5"}, "payload": {"aps": {"mutableContent": 1}}},
        "webpush": {"fcm_options": {"link": "https://example.org"}, "notification": {"requireInteraction": true}},
        "fcm_options": {"analytics_label": "l"},
    }));
    let camel = to_token(json!({
        "data": {"camelCase": "stays", "snake_case": "stays"},
        "android": {"collapseKey": "c", "ttl": "3600s", "priority": "high",
            "notification": {"channelId": "n", "clickAction": "a", "bodyLocArgs": ["x"]},
            "fcmOptions": {"analyticsLabel": "l"}, "restrictedPackageName": null},
        "apns": {"headers": {"apns-priority": "5"}, "payload": {"aps": {"mutableContent": 1}}},
        "webpush": {"fcmOptions": {"link": "https://example.org"}, "notification": {"requireInteraction": true}},
        "fcmOptions": {"analyticsLabel": "l"},
    }));
    let read_snake = read(&body(&snake)).expect("is read");
    assert_eq!(read_snake, read(&body(&camel)).expect("is read"));
    assert_eq!(read_snake.fields, snake);
    assert_eq!(read_snake.text("/android/collapse_key"), Some("c"));
    check(&read_snake).expect("nothing is wrong");
    let asked = json!({"validateOnly": true, "message": {"token": "t"}});
    assert!(
        read(asked.to_string().as_bytes())
            .expect("is read")
            .validate_only
    );
}

#[test]
fn there_is_one_recipient() {
    for kind in TargetKind::ALL {
        let message = json!({(kind.field()): "x"});
        let read = read(&body(&message)).expect("is read");
        assert_eq!((read.target.kind, read.target.value.as_str()), (kind, "x"));
    }
    assert_eq!(refused(&json!({})), Some(("message".into(), true)));
    let two = json!({"token": "t", "fid": "f"});
    assert_eq!(refused(&two), Some(("message".into(), false)));
    assert_eq!(refused(&json!({"token": ""})), Some(("none".into(), true)));
    assert_eq!(
        refused(&json!({"topic": ""})),
        Some(("message.topic".into(), true))
    );
    assert_eq!(
        refused(&json!({"topic": "a b"})),
        Some(("message.topic".into(), true))
    );
}

#[test]
fn names_and_types_must_be_right() {
    let cases = [
        (json!({"colour": "red"}), "message"),
        (json!({"android": {"colour": "red"}}), "message.android"),
        (
            json!({"notification": {"title": 1}}),
            "message.notification.title",
        ),
        (json!({"android": {"ttl": 3600}}), "message.android.ttl"),
        (
            json!({"android": {"collapse_key": "a", "collapseKey": "b"}}),
            "message.android.collapse_key",
        ),
        (
            json!({"android": {"direct_boot_ok": "yes"}}),
            "message.android.direct_boot_ok",
        ),
        (json!({"data": {"a": "1", "b": 2}}), "message.data[1].value"),
        (json!({"data": ["a"]}), "message.data"),
        (
            json!({"apns": {"headers": {"apns-priority": 5}}}),
            "message.apns.headers[0].value",
        ),
        (json!({"apns": {"payload": "x"}}), "message.apns.payload"),
    ];
    for (message, field) in cases {
        assert_eq!(
            refused(&to_token(message.clone())),
            Some((field.into(), false)),
            "{message}"
        );
    }
    for wrong in ["", "[]", "{", "{\"message\": 1}"] {
        let refusal = read(wrong.as_bytes()).expect_err(wrong);
        assert_eq!(
            (refusal.row, refusal.without_code),
            (Row::InvalidArgument, true),
            "{wrong}"
        );
    }
    assert!(!read(b"{}").expect_err("no message").without_code);
}

#[test]
fn content_has_rules() {
    let cases = [
        (json!({"data": {"from": "x"}}), "message.data"),
        (json!({"data": {"message_type": "x"}}), "message.data"),
        (json!({"data": {"google.sent": "x"}}), "message.data"),
        (
            json!({"android": {"data": {"gcm.id": "x"}}}),
            "message.android.data",
        ),
        (json!({"android": {"ttl": "3600"}}), "message.android.ttl"),
        (json!({"android": {"ttl": "-1s"}}), "message.android.ttl"),
        (
            json!({"android": {"ttl": "2419201s"}}),
            "message.android.ttl",
        ),
        (
            json!({"android": {"ttl": "2419200.1s"}}),
            "message.android.ttl",
        ),
        (
            json!({"android": {"priority": "urgent"}}),
            "message.android.priority",
        ),
        (
            json!({"fcm_options": {"analytics_label": "a b"}}),
            "message.fcm_options.analytics_label",
        ),
        (
            json!({"apns": {"fcm_options": {"analytics_label": "x".repeat(51)}}}),
            "message.apns.fcm_options.analytics_label",
        ),
    ];
    for (message, field) in cases {
        assert_eq!(
            refused(&to_token(message.clone())),
            Some((field.into(), true)),
            "{message}"
        );
    }
    let allowed = [
        json!({"data": {"sender": "x", "fromage": "x"}, "android": {"ttl": "0s"}}),
        json!({"android": {"ttl": "2419200s", "priority": "NORMAL"}}),
        json!({"android": {"ttl": "3.5s"}}),
        json!({"fcm_options": {"analytics_label": "a-b_c.d~e%".to_owned() + &"x".repeat(40)}}),
    ];
    for message in allowed {
        assert_eq!(refused(&to_token(message.clone())), None, "{message}");
    }
}

#[test]
fn keys_and_values_make_the_size() {
    let data = |bytes: usize| json!({"data": {"k": "x".repeat(bytes - 1)}});
    assert_eq!(refused(&to_token(data(4096))), None);
    assert_eq!(
        refused(&to_token(data(4097))),
        Some(("message".into(), true))
    );
    let to_topic = |bytes| {
        let mut message = data(bytes);
        message["topic"] = json!("news");
        message
    };
    assert_eq!(refused(&to_topic(2048)), None);
    assert_eq!(refused(&to_topic(2049)), Some(("message".into(), true)));
    let apns = |bytes: usize| to_token(json!({"apns": {"payload": {"a": "x".repeat(bytes - 8)}}}));
    assert_eq!(refused(&apns(4096)), None);
    assert_eq!(refused(&apns(4097)), Some(("message".into(), true)));
    let mut instead = to_token(data(4097));
    instead["android"] = json!({"data": {"k": "small"}});
    instead["webpush"] = json!({"data": {"k": "small"}});
    assert_eq!(refused(&instead), None, "each platform has its own");
}
