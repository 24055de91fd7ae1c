use std::collections::BTreeMap;

use landfall_domain::content::CustomPayload;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const DELIVERY: &str = "dlv_1";
const TOKEN: &str = "ab12";

fn built(content: &PushContent) -> (Value, PushType) {
    let payload = build(content, DELIVERY, TOKEN).unwrap();
    let json = serde_json::from_slice(&payload.json).unwrap();
    (json, payload.push_type)
}

fn refused(content: &PushContent) -> (Reason, String) {
    let answer = build(content, DELIVERY, TOKEN).unwrap_err();
    (answer.reason().unwrap(), answer.message.unwrap())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn with_ios(ios: Value) -> PushContent {
    PushContent {
        title: some("not used"),
        custom_payload: Some(Box::new(CustomPayload {
            ios: Some(ios),
            ..CustomPayload::default()
        })),
        ..PushContent::default()
    }
}

#[test]
fn a_whole_push_has_the_keys_that_customer_io_s_sdk_reads() {
    let content = PushContent {
        title: some("T"),
        subtitle: some("S"),
        body: some("B"),
        image: some("https://img.example.org/a.jpg"),
        link: some("shop://cart/7"),
        sound: some("default"),
        badge: some(" 3 "),
        thread: some("orders"),
        category: some("ORDER"),
        interruption_level: some("time-sensitive"),
        actions: vec![
            PushAction {
                id: "later".into(),
                title: "Later".into(),
                link: some("shop://later"),
            },
            PushAction {
                id: "no".into(),
                title: "No".into(),
                link: None,
            },
        ],
        data: BTreeMap::from([("order".into(), "7".into())]),
        ..PushContent::default()
    };
    let expected = json!({
        "aps": {
            "alert": {"title": "T", "subtitle": "S", "body": "B"},
            "sound": "default",
            "badge": 3,
            "thread-id": "orders",
            "category": "ORDER",
            "interruption-level": "time-sensitive",
            "mutable-content": 1,
        },
        "CIO": {"push": {
            "link": "shop://cart/7",
            "image": "https://img.example.org/a.jpg",
            "actions": [
                {"id": "later", "title": "Later", "link": "shop://later"},
                {"id": "no", "title": "No"},
            ],
        }},
        "CIO-Delivery-ID": DELIVERY,
        "CIO-Delivery-Token": TOKEN,
        "order": "7",
    });
    assert_eq!(built(&content), (expected, PushType::Alert));
}

#[test]
fn a_small_push_has_nothing_that_was_not_said() {
    let content = PushContent {
        title: some("T"),
        body: some(""),
        sound: some("none"),
        badge: some(""),
        link: some(""),
        ..PushContent::default()
    };
    let expected = json!({
        "aps": {"alert": {"title": "T"}, "mutable-content": 1},
        "CIO-Delivery-ID": DELIVERY,
        "CIO-Delivery-Token": TOKEN,
    });
    assert_eq!(built(&content).0, expected);
}

#[test]
fn a_silent_push_wakes_the_app_and_shows_nothing() {
    let content = PushContent {
        title: some("T"),
        sound: some("default"),
        badge: some("1"),
        silent: true,
        data: BTreeMap::from([("sync".into(), "now".into())]),
        ..PushContent::default()
    };
    let expected = json!({
        "aps": {"content-available": 1},
        "CIO-Delivery-ID": DELIVERY,
        "CIO-Delivery-Token": TOKEN,
        "sync": "now",
    });
    assert_eq!(built(&content), (expected, PushType::Background));
}

#[test]
fn custom_data_cannot_take_the_place_of_our_keys() {
    for key in RESERVED {
        let content = PushContent {
            body: some("B"),
            data: [(key.to_owned(), "x".to_owned())].into(),
            ..PushContent::default()
        };
        let (reason, message) = refused(&content);
        assert_eq!(reason, Reason::PayloadInvalid);
        assert!(message.contains(key), "{message}");
    }
}

#[test]
fn a_badge_that_is_no_number_is_refused_before_sending() {
    for badge in ["many", "-1", "1.5", "99999999999"] {
        let content = PushContent {
            badge: some(badge),
            ..PushContent::default()
        };
        let (reason, message) = refused(&content);
        assert_eq!(reason, Reason::PayloadInvalid);
        assert!(message.contains(badge), "{message}");
    }
}

#[test]
fn a_custom_payload_in_apns_style_gets_the_delivery_keys() {
    let content = with_ios(json!({
        "aps": {"alert": "hello", "relevance-score": 0.5},
        "CIO": {"push": {"link": "shop://x"}},
        "extra": {"deep": [1]},
    }));
    let expected = json!({
        "aps": {"alert": "hello", "relevance-score": 0.5, "mutable-content": 1},
        "CIO": {"push": {"link": "shop://x"}},
        "extra": {"deep": [1]},
        "CIO-Delivery-ID": DELIVERY,
        "CIO-Delivery-Token": TOKEN,
    });
    assert_eq!(built(&content), (expected, PushType::Alert));
}

#[test]
fn a_custom_payload_decides_about_mutable_content_itself() {
    let content = with_ios(json!({"aps": {"alert": "x", "mutable-content": 0}}));
    assert_eq!(built(&content).0["aps"]["mutable-content"], 0);
}

#[test]
fn a_custom_payload_that_only_wakes_the_app_is_a_background_push() {
    let silent = with_ios(json!({"aps": {"content-available": 1}}));
    let (json, push_type) = built(&silent);
    assert_eq!(push_type, PushType::Background);
    assert_eq!(json["aps"], json!({"content-available": 1}));
    let shown = with_ios(json!({"aps": {"content-available": 1, "badge": 2}}));
    assert_eq!(built(&shown).1, PushType::Alert);
}

#[test]
fn a_custom_payload_in_fcm_style_is_unwrapped_with_its_headers() {
    let content = with_ios(json!({"message": {"apns": {
        "headers": {
            "apns-priority": "5",
            "apns-expiration": 1_800_000_000,
            "Apns-Collapse-Id": "score",
            "apns-topic": "com.example.app",
            "apns-push-type": "alert",
        },
        "payload": {"aps": {"alert": {"title": "T"}}, "CIO": {"push": {"link": "a://b"}}},
    }}}));
    let payload = build(&content, DELIVERY, TOKEN).unwrap();
    let json: Value = serde_json::from_slice(&payload.json).unwrap();
    assert_eq!(
        json,
        json!({
            "aps": {"alert": {"title": "T"}, "mutable-content": 1},
            "CIO": {"push": {"link": "a://b"}},
            "CIO-Delivery-ID": DELIVERY,
            "CIO-Delivery-Token": TOKEN,
        })
    );
    assert_eq!(
        payload.overrides,
        Overrides {
            topic: some("com.example.app"),
            priority: some("5"),
            expiration: some("1800000000"),
            collapse_id: some("score"),
        }
    );
}

#[test]
fn a_custom_payload_of_no_known_shape_is_refused_with_what_is_missing() {
    for (ios, word) in [
        (json!("text"), "not an object"),
        (json!({"CIO": {}}), "no object `aps`"),
        (json!({"aps": "text"}), "no object `aps`"),
        (json!({"message": {"data": {}}}), "message.apns.payload"),
        (
            json!({"message": {"apns": {"headers": {"apns-push-type": "shout"},
                   "payload": {"aps": {}}}}}),
            "apns-push-type",
        ),
        (
            json!({"message": {"apns": {"headers": {"apns-priority": [10]},
                   "payload": {"aps": {}}}}}),
            "apns-priority",
        ),
    ] {
        let (reason, message) = refused(&with_ios(ios));
        assert_eq!(reason, Reason::PayloadInvalid);
        assert!(message.contains(word), "{message}");
    }
}

/// A push whose payload has exactly so many bytes.
fn of_size(size: usize) -> PushContent {
    let empty = PushContent {
        body: some("x"),
        ..PushContent::default()
    };
    let base = build(&empty, DELIVERY, TOKEN).unwrap().json.len() - 1;
    PushContent {
        body: Some("x".repeat(size - base)),
        ..PushContent::default()
    }
}

#[test]
fn a_payload_at_its_limit_passes_and_one_byte_more_is_refused_with_both_sizes() {
    let largest = build(&of_size(4_096), DELIVERY, TOKEN).unwrap();
    assert_eq!(largest.json.len(), 4_096);
    let (reason, message) = refused(&of_size(4_097));
    assert_eq!(reason, Reason::PayloadTooLarge);
    assert!(
        message.contains("4097") && message.contains("4096"),
        "{message}"
    );
}

#[test]
fn voip_pushes_may_be_larger() {
    let voip = |size: usize| {
        with_ios(json!({"message": {"apns": {
            "headers": {"apns-push-type": "voip"},
            "payload": {"aps": {}, "x": "x".repeat(size)},
        }}}))
    };
    let payload = build(&voip(5_000), DELIVERY, TOKEN).unwrap();
    assert_eq!(payload.push_type, PushType::Voip);
    assert!(payload.json.len() > 4_096);
    let (reason, message) = refused(&voip(5_100));
    assert_eq!(reason, Reason::PayloadTooLarge);
    assert!(message.contains("5120"), "{message}");
}

fn text(longest: usize) -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        prop::collection::vec(any::<char>(), 0..longest)
            .prop_map(|chars| Some(chars.into_iter().collect())),
    ]
}

fn content() -> impl Strategy<Value = PushContent> {
    let data = prop::collection::btree_map("own-[a-zA-Z-]{1,20}", ".{0,200}", 0..8);
    let texts = (text(600), text(2_000), text(200), text(300));
    (texts, data, any::<bool>(), 0_u32..2_000).prop_map(
        |((title, body, link, image), data, silent, badge)| PushContent {
            title,
            body,
            link,
            image,
            data,
            silent,
            badge: Some(badge.to_string()),
            ..PushContent::default()
        },
    )
}

proptest! {
    #[test]
    fn a_payload_is_within_its_limit_and_complete_or_refused_as_too_large(content in content()) {
        match build(&content, DELIVERY, TOKEN) {
            Ok(payload) => {
                prop_assert!(payload.json.len() <= 4_096);
                let json: Value = serde_json::from_slice(&payload.json).unwrap();
                prop_assert_eq!(&json[DELIVERY_ID], DELIVERY);
                prop_assert_eq!(&json[DELIVERY_TOKEN], TOKEN);
                for (key, value) in &content.data {
                    prop_assert_eq!(&json[key], value);
                }
                let alert = &json["aps"]["alert"];
                for (name, said) in [("title", &content.title), ("body", &content.body)] {
                    let said = said.as_deref().filter(|text| !text.is_empty() && !content.silent);
                    prop_assert_eq!(alert.get(name).and_then(Value::as_str), said);
                }
            }
            Err(answer) => {
                prop_assert_eq!(answer.reason(), Some(Reason::PayloadTooLarge));
                prop_assert!(answer.message.unwrap().contains("4096"));
            }
        }
    }
}
