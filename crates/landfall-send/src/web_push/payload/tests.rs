use landfall_domain::channel::Platform;
use landfall_domain::content::{Content, CustomPayload, PushAction};
use landfall_domain::time::{DAY_MS, SECOND_MS};

use super::*;
use crate::Address;

const ENDPOINT: &str = "https://push.example/wpush/v2/abc";
const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn outgoing() -> Outgoing {
    Outgoing {
        attempt_id: "7d2b5c1e-0000-4000-8000-000000000001".to_owned(),
        delivery_id: "dlv_7".to_owned(),
        to: Address::Device {
            token: ENDPOINT.to_owned(),
            platform: Platform::Web,
            app: String::new(),
            keys: None,
        },
        content: Content::Push(Box::default()),
        expires_at: NOW.plus_millis(90 * SECOND_MS + 999),
        dry_run: false,
        analytics_label: None,
    }
}

fn built(content: &PushContent) -> Value {
    let push = build(&outgoing(), content, ENDPOINT).unwrap();
    serde_json::from_slice(&push.plaintext).unwrap()
}

#[test]
fn every_push_says_which_delivery_it_is_and_where_it_was_sent() {
    assert_eq!(
        built(&PushContent::default()),
        json!({ "CIO-Delivery-ID": "dlv_7", "CIO-Delivery-Token": ENDPOINT })
    );
}

#[test]
fn a_rich_push_has_the_documented_shape() {
    let content = PushContent {
        title: Some("T".to_owned()),
        body: Some("B".to_owned()),
        image: Some("https://img.example/a.jpg".to_owned()),
        link: Some("https://shop.example/7".to_owned()),
        sound: Some("none".to_owned()),
        badge: Some("3".to_owned()),
        thread: Some("orders".to_owned()),
        silent: true,
        actions: vec![
            PushAction {
                id: "track".to_owned(),
                title: "Track".to_owned(),
                link: Some("https://shop.example/t".to_owned()),
            },
            PushAction {
                id: "later".to_owned(),
                title: "Later".to_owned(),
                link: None,
            },
        ],
        data: [("order".to_owned(), "7".to_owned())].into(),
        ..PushContent::default()
    };
    assert_eq!(
        built(&content),
        json!({
            "title": "T",
            "body": "B",
            "image": "https://img.example/a.jpg",
            "link": "https://shop.example/7",
            "sound": "none",
            "badge": "3",
            "tag": "orders",
            "background": true,
            "actions": [
                { "action": "track", "title": "Track", "link": "https://shop.example/t" },
                { "action": "later", "title": "Later" },
            ],
            "data": { "order": "7" },
            "CIO-Delivery-ID": "dlv_7",
            "CIO-Delivery-Token": ENDPOINT,
        })
    );
}

#[test]
fn a_custom_payload_wins_over_everything_but_the_identification() {
    let content = PushContent {
        title: Some("T".to_owned()),
        custom_payload: Some(Box::new(CustomPayload {
            web: Some(json!({ "kind": "own", "CIO-Delivery-ID": "forged" })),
            ..CustomPayload::default()
        })),
        ..PushContent::default()
    };
    assert_eq!(
        built(&content),
        json!({ "kind": "own", "CIO-Delivery-ID": "dlv_7", "CIO-Delivery-Token": ENDPOINT })
    );
    let content = PushContent {
        custom_payload: Some(Box::new(CustomPayload {
            web: Some(json!("text")),
            ..CustomPayload::default()
        })),
        ..PushContent::default()
    };
    let refused = build(&outgoing(), &content, ENDPOINT).unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::PayloadInvalid));
}

#[test]
fn one_byte_too_many_is_refused_with_both_sizes() {
    let with_body = |length: usize| PushContent {
        body: Some("b".repeat(length)),
        ..PushContent::default()
    };
    let shortest = build(&outgoing(), &with_body(1), ENDPOINT)
        .unwrap()
        .plaintext
        .len();
    let room = 1 + PLAINTEXT_BYTES_MAX - shortest;
    assert!(build(&outgoing(), &with_body(room), ENDPOINT).is_ok());
    let refused = build(&outgoing(), &with_body(room + 1), ENDPOINT).unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::PayloadTooLarge));
    let message = refused.message.unwrap();
    assert!(
        message.contains("3994") && message.contains("3993"),
        "{message}"
    );
}

#[test]
fn what_is_shown_is_urgent_unless_said_otherwise() {
    for (silent, priority, expected) in [
        (false, None, "high"),
        (true, None, "normal"),
        (false, Some(Priority::Normal), "normal"),
        (true, Some(Priority::High), "high"),
    ] {
        let content = PushContent {
            silent,
            priority,
            ..PushContent::default()
        };
        let push = build(&outgoing(), &content, ENDPOINT).unwrap();
        assert_eq!(push.urgency, expected, "{silent} {priority:?}");
    }
}

#[test]
fn the_topic_is_the_same_for_copies_and_fits_the_alphabet() {
    let topic_of = |key: Option<&str>| {
        let content = PushContent {
            collapse_key: key.map(str::to_owned),
            ..PushContent::default()
        };
        build(&outgoing(), &content, ENDPOINT).unwrap().topic
    };
    let own = topic_of(None);
    assert_eq!(own, topic_of(None));
    let keyed = topic_of(Some("order 7, ünïcode and more than thirty-two characters"));
    assert_ne!(keyed, own);
    for topic in [own, keyed] {
        assert_eq!(topic.len(), 32);
        assert!(
            topic
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
            "{topic}"
        );
    }
}

#[test]
fn the_time_to_live_is_what_is_left_and_at_most_four_weeks() {
    let mut outgoing = outgoing();
    assert_eq!(ttl_seconds(&outgoing, NOW), 90);
    outgoing.expires_at = NOW.plus_millis(60 * DAY_MS);
    assert_eq!(ttl_seconds(&outgoing, NOW), 2_419_200);
    outgoing.expires_at = NOW.plus_millis(-1);
    assert_eq!(ttl_seconds(&outgoing, NOW), 0);
}

#[test]
fn an_empty_text_that_a_template_left_behind_is_no_text() {
    let content = PushContent {
        title: Some(String::new()),
        collapse_key: Some(String::new()),
        thread: Some("orders".to_owned()),
        ..PushContent::default()
    };
    let payload = built(&content);
    assert!(payload.get("title").is_none());
    assert_eq!(payload["tag"], "orders");
    let topic = build(&outgoing(), &content, ENDPOINT).unwrap().topic;
    let usual = build(&outgoing(), &PushContent::default(), ENDPOINT).unwrap();
    assert_eq!(topic, usual.topic);
}
