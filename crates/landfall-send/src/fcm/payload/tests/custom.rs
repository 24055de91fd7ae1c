use proptest::prelude::*;

use super::*;

fn with(custom: CustomPayload) -> PushContent {
    PushContent {
        custom_payload: Some(Box::new(custom)),
        ..rich()
    }
}

fn android(payload: Value) -> PushContent {
    with(CustomPayload {
        android: Some(payload),
        ..CustomPayload::default()
    })
}

fn ios(payload: Value) -> PushContent {
    with(CustomPayload {
        ios: Some(payload),
        ..CustomPayload::default()
    })
}

fn web(payload: Value) -> PushContent {
    with(CustomPayload {
        web: Some(payload),
        ..CustomPayload::default()
    })
}

#[test]
fn androids_wins_over_the_content_and_is_identified() {
    let payload = json!({
        "message": {
            "data": { "title": "own", "count": 3, "flag": true, "deep": { "a": [1] } },
            "android": { "notification": { "icon": "bell", "color": "#ff0000" } },
        },
    });
    assert_eq!(
        built(Platform::Android, android(payload))["message"],
        json!({
            "token": "tok:APA91",
            "data": {
                "title": "own",
                "count": "3",
                "flag": "true",
                "deep": r#"{"a":[1]}"#,
                "CIO-Delivery-ID": "dlv_7",
                "CIO-Delivery-Token": "tok:APA91",
            },
            "android": {
                "notification": { "icon": "bell", "color": "#ff0000", "tag": "order-7" },
                "priority": "HIGH",
                "ttl": "3600s",
                "collapse_key": "order-7",
            },
        })
    );
}

#[test]
fn it_cannot_send_to_anybody_else_or_under_another_name() {
    let payload = json!({
        "message": {
            "token": "other",
            "topic": "all",
            "condition": "'a' in topics",
            "fid": "other",
            "data": { "CIO-Delivery-ID": "forged" },
        },
    });
    let message = &built(Platform::Android, android(payload))["message"];
    assert_eq!(message["token"], "tok:APA91");
    for target in ["topic", "condition", "fid"] {
        assert!(message.get(target).is_none(), "{target}");
    }
    assert_eq!(message["data"]["CIO-Delivery-ID"], "dlv_7");
}

#[test]
fn what_the_system_shows_has_a_tag_of_the_deliverys_own_under_which_a_copy_replaces_it() {
    let tag = |payload: Value| {
        let content = PushContent {
            collapse_key: None,
            ..android(payload)
        };
        built(Platform::Android, content)["message"]["android"]["notification"]["tag"].clone()
    };
    let shared = json!({ "message": { "notification": { "title": "T" } } });
    assert_eq!(tag(shared), "dlv_7");
    let own = json!({ "message": { "android": { "notification": { "tag": "mine" } } } });
    assert_eq!(tag(own), "mine");
    let data = json!({ "message": { "data": { "title": "T" } } });
    assert_eq!(tag(data), Value::Null, "the SDK shows it");
}

#[test]
fn its_own_settings_stay_in_either_spelling() {
    let payload = json!({
        "message": {
            "android": { "collapseKey": "mine", "ttl": "5s", "priority": "NORMAL" },
            "fcmOptions": { "analyticsLabel": "mine" },
        },
    });
    let mut outgoing = outgoing(Platform::Android, "t", android(payload));
    outgoing.analytics_label = Some("ours".to_owned());
    let message = &build(&outgoing, NOW).unwrap()["message"];
    assert_eq!(
        message["android"],
        json!({ "collapseKey": "mine", "ttl": "5s", "priority": "NORMAL" })
    );
    assert_eq!(message["fcmOptions"], json!({ "analyticsLabel": "mine" }));
    assert!(message.get("fcm_options").is_none());
}

#[test]
fn data_for_one_platform_that_hides_the_rest_is_identified_too() {
    let payload = json!({ "message": { "android": { "data": { "a": 1 } } } });
    let message = &built(Platform::Android, android(payload))["message"];
    assert_eq!(message["android"]["data"]["a"], "1");
    assert_eq!(message["android"]["data"]["CIO-Delivery-ID"], "dlv_7");
    let payload = json!({ "message": { "webpush": { "data": { "a": 1 } } } });
    let message = &built(Platform::Web, web(payload))["message"];
    assert_eq!(
        message["webpush"]["data"]["CIO-Delivery-Token"],
        "tok:APA91"
    );
}

#[test]
fn apples_comes_in_fcms_style_or_in_apns_own() {
    let inner = json!({ "aps": { "alert": "own" }, "CIO": { "push": { "link": "shop://x" } } });
    let fcm = json!({
        "message": { "apns": { "headers": { "apns-priority": "5" }, "payload": inner } },
    });
    for (payload, priority) in [(inner.clone(), "10"), (fcm, "5")] {
        let apns = &built(Platform::Ios, ios(payload))["message"]["apns"];
        // Added, or the app's extension would not run and nothing be reported.
        let aps = json!({ "alert": "own", "mutable-content": 1 });
        assert_eq!(apns["payload"]["aps"], aps);
        assert_eq!(apns["payload"]["CIO"]["push"]["link"], "shop://x");
        assert_eq!(apns["payload"]["CIO-Delivery-ID"], "dlv_7");
        assert_eq!(apns["headers"]["apns-priority"], priority);
        assert_eq!(apns["headers"]["apns-push-type"], "alert");
    }
}

#[test]
fn browsers_comes_in_fcms_style_or_is_the_data_itself() {
    for payload in [
        json!({ "kind": "own", "n": 1 }),
        json!({ "message": { "data": { "kind": "own", "n": 1 } } }),
    ] {
        let message = &built(Platform::Web, web(payload))["message"];
        assert_eq!(
            message["data"],
            json!({
                "kind": "own",
                "n": "1",
                "CIO-Delivery-ID": "dlv_7",
                "CIO-Delivery-Token": "tok:APA91",
            })
        );
    }
}

#[test]
fn one_for_another_platform_changes_nothing() {
    let content = ios(json!({ "aps": { "alert": "own" } }));
    assert_eq!(
        built(Platform::Android, content),
        built(Platform::Android, rich())
    );
}

#[test]
fn a_malformed_one_is_refused_with_its_place() {
    for (platform, content, place) in [
        (
            Platform::Android,
            android(json!({ "data": {} })),
            "custom_payload.android",
        ),
        (
            Platform::Android,
            android(json!("text")),
            "custom_payload.android",
        ),
        (
            Platform::Android,
            android(json!({ "message": { "data": [] } })),
            "message.data",
        ),
        (
            Platform::Android,
            android(json!({ "message": { "android": 1 } })),
            "message.android",
        ),
        (
            Platform::Android,
            android(json!({ "message": { "data": { "from": "x" } } })),
            "from",
        ),
        (Platform::Ios, ios(json!([])), "custom_payload.ios"),
        (
            Platform::Ios,
            ios(json!({ "message": { "apns": [] } })),
            "message.apns",
        ),
        (Platform::Web, web(json!(1)), "custom_payload.web"),
    ] {
        let answer = refused(platform, content);
        assert_eq!(answer.reason(), Some(Reason::PayloadInvalid), "{place}");
        let message = answer.message.unwrap();
        assert!(message.contains(place), "{place}: {message}");
    }
}

/// Any JSON, made of the names that matter.
fn any_json() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "message",
        "data",
        "android",
        "apns",
        "webpush",
        "payload",
        "headers",
        "aps",
        "token",
        "topic",
        "condition",
        "fid",
        "fcm_options",
        "fcmOptions",
        "CIO-Delivery-ID",
        "collapseKey",
        "from",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        let list = prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from);
        let members = prop::collection::btree_map(name.clone(), inner, 0..6);
        let object = members.prop_map(|members| json!(members));
        prop_oneof![1 => list, 4 => object]
    })
}

proptest! {
    #[test]
    fn whatever_it_holds_it_reaches_this_device_alone_and_is_identified(
        inner in any_json(),
        wrapped in any::<bool>(),
    ) {
        let payload = if wrapped { json!({ "message": inner }) } else { inner };
        for (platform, content, place) in [
            (Platform::Android, android(payload.clone()), "/message/data"),
            (Platform::Ios, ios(payload.clone()), "/message/apns/payload"),
            (Platform::Web, web(payload.clone()), "/message/data"),
        ] {
            match build(&outgoing(platform, "tok:APA91", content), NOW) {
                Ok(built) => {
                    let message = &built["message"];
                    prop_assert_eq!(&message["token"], "tok:APA91");
                    for target in ["topic", "condition", "fid"] {
                        prop_assert!(message.get(target).is_none());
                    }
                    let keys = built.pointer(place).unwrap();
                    prop_assert_eq!(&keys["CIO-Delivery-ID"], "dlv_7");
                    prop_assert_eq!(&keys["CIO-Delivery-Token"], "tok:APA91");
                }
                Err(answer) => {
                    prop_assert_eq!(answer.reason(), Some(Reason::PayloadInvalid));
                }
            }
        }
    }
}
