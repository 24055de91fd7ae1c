use super::*;

#[test]
fn apples_devices_get_apns_payload_with_the_keys_at_its_top() {
    let message = &built(Platform::Ios, rich())["message"];
    assert_eq!(
        message["apns"]["payload"],
        json!({
            "aps": {
                "alert": { "title": "T", "subtitle": "S", "body": "B" },
                "mutable-content": 1,
                "sound": "default",
                "badge": 3,
                "thread-id": "orders",
                "category": "ORDER",
                "interruption-level": "time-sensitive",
            },
            "CIO": {
                "push": {
                    "link": "shop://cart/7",
                    "image": "https://img.example/a.jpg",
                    "actions": [{ "id": "track", "title": "Track" }],
                },
            },
            "CIO-Delivery-ID": "dlv_7",
            "CIO-Delivery-Token": "tok:APA91",
            "order": "7",
        })
    );
    assert_eq!(
        message["apns"]["headers"],
        json!({
            "apns-push-type": "alert",
            "apns-priority": "10",
            "apns-expiration": "1790003600",
            "apns-collapse-id": "order-7",
        })
    );
    assert!(message.get("data").is_none());
}

#[test]
fn what_is_silent_is_a_background_push_of_low_priority() {
    for priority in [None, Some(Priority::High), Some(Priority::Normal)] {
        let content = PushContent {
            silent: true,
            priority,
            ..rich()
        };
        let apns = &built(Platform::Ios, content)["message"]["apns"];
        assert_eq!(apns["payload"]["aps"], json!({ "content-available": 1 }));
        assert_eq!(apns["headers"]["apns-push-type"], "background");
        assert_eq!(apns["headers"]["apns-priority"], "5");
    }
}

#[test]
fn no_sound_and_a_badge_that_is_no_number_are_told_apart() {
    let content = PushContent {
        sound: Some("none".to_owned()),
        ..rich()
    };
    let aps = &built(Platform::Ios, content)["message"]["apns"]["payload"]["aps"];
    assert!(aps.get("sound").is_none());
    let content = PushContent {
        badge: Some("many".to_owned()),
        ..rich()
    };
    let answer = refused(Platform::Ios, content);
    assert_eq!(answer.reason(), Some(Reason::PayloadInvalid));
    assert!(answer.message.unwrap().contains("many"));
}

#[test]
fn a_long_collapse_key_is_shortened_the_same_way_each_time() {
    let id = |key: &str| {
        let content = PushContent {
            collapse_key: Some(key.to_owned()),
            ..PushContent::default()
        };
        built(Platform::Ios, content)["message"]["apns"]["headers"]["apns-collapse-id"].clone()
    };
    let (fits, long) = ("k".repeat(64), "k".repeat(65));
    assert_eq!(id(&fits), json!(fits));
    assert!(id(&long).as_str().unwrap().len() <= 64);
    assert_eq!(id(&long), id(&long));
    assert_ne!(id(&long), id(&"l".repeat(65)));
}

#[test]
fn keys_that_apple_or_the_sdks_reserve_are_refused() {
    for key in ["aps", "CIO", "CIO-Delivery-ID", "CIO-Delivery-Token"] {
        let content = PushContent {
            data: [(key.to_owned(), "1".to_owned())].into(),
            ..PushContent::default()
        };
        let answer = refused(Platform::Ios, content);
        assert_eq!(answer.reason(), Some(Reason::PayloadInvalid), "{key}");
    }
}
