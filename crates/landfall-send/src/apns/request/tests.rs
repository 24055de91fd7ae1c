use landfall_domain::channel::Platform;
use landfall_domain::content::{CustomPayload, SmsContent};
use landfall_domain::time::SECOND_MS;
use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const ID: &str = "123e4567-e89b-12d3-a456-426614174000";

fn outgoing(content: PushContent) -> Outgoing {
    Outgoing {
        attempt_id: ID.to_owned(),
        delivery_id: "dlv_1".to_owned(),
        to: device("ab12", "com.example.app"),
        content: Content::Push(Box::new(content)),
        expires_at: NOW.plus_millis(60 * SECOND_MS),
        dry_run: false,
        analytics_label: None,
    }
}

fn device(token: &str, app: &str) -> Address {
    Address::Device {
        token: token.to_owned(),
        platform: Platform::Ios,
        app: app.to_owned(),
        keys: None,
    }
}

fn titled() -> PushContent {
    PushContent {
        title: Some("T".to_owned()),
        ..PushContent::default()
    }
}

fn push(outgoing: &Outgoing) -> Result<Request<()>, Answer> {
    let origin = Origin::parse("https://api.push.apple.com").unwrap();
    let push = Push::of(outgoing, &origin, "com.example.default", NOW)?;
    Ok(push.request(None))
}

fn headers(outgoing: &Outgoing) -> Vec<(String, String)> {
    let request = push(outgoing).unwrap();
    let headers = request.headers().iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8(value.as_bytes().into()).unwrap(),
            )
        })
        .collect();
    headers.sort();
    headers
}

fn value(outgoing: &Outgoing, name: &str) -> String {
    let all = headers(outgoing);
    let found = all.into_iter().find(|(known, _)| known == name);
    found.unwrap().1
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn a_shown_push_has_the_headers_of_apple_s_list() {
    let request = push(&outgoing(titled())).unwrap();
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.uri(), "https://api.push.apple.com/3/device/ab12");
    assert_eq!(
        headers(&outgoing(titled())),
        pairs(&[
            ("apns-collapse-id", "dlv_1"),
            ("apns-expiration", "1800000060"),
            ("apns-id", ID),
            ("apns-priority", "10"),
            ("apns-push-type", "alert"),
            ("apns-topic", "com.example.app"),
        ])
    );
}

#[test]
fn a_background_push_always_has_priority_five() {
    let content = PushContent {
        silent: true,
        priority: Some(Priority::High),
        ..PushContent::default()
    };
    let outgoing = outgoing(content);
    assert_eq!(value(&outgoing, "apns-push-type"), "background");
    assert_eq!(value(&outgoing, "apns-priority"), "5");
}

#[test]
fn normal_priority_is_five() {
    let content = PushContent {
        priority: Some(Priority::Normal),
        ..titled()
    };
    assert_eq!(value(&outgoing(content), "apns-priority"), "5");
}

#[test]
fn without_time_to_live_apple_tries_once_and_stores_nothing() {
    for left_ms in [0, 999, -5_000] {
        let mut outgoing = outgoing(titled());
        outgoing.expires_at = NOW.plus_millis(left_ms);
        assert_eq!(value(&outgoing, "apns-expiration"), "0");
    }
}

#[test]
fn the_collapse_id_is_the_content_s_key_or_the_delivery_s_and_of_long_ones_a_digest() {
    let id = |key: &str| {
        let content = PushContent {
            collapse_key: Some(key.to_owned()),
            ..titled()
        };
        value(&outgoing(content), "apns-collapse-id")
    };
    assert_eq!(id("score"), "score");
    assert_eq!(id(""), "dlv_1");
    assert_eq!(id(&"x".repeat(64)), "x".repeat(64));
    for long in ["x".repeat(65), format!("{}é", "x".repeat(63))] {
        assert!(id(&long).len() <= 64);
        assert_eq!(id(&long), id(&long));
    }
    let alike = |end: &str| id(&format!("{}{end}", "x".repeat(64)));
    assert_ne!(alike("1"), alike("2"), "keys that begin alike are two");
    let mut long = outgoing(titled());
    long.delivery_id = "d".repeat(100);
    let by_content = id(&"d".repeat(100));
    assert_eq!(value(&long, "apns-collapse-id"), by_content);
}

#[test]
fn a_collapse_key_that_no_header_can_carry_is_refused() {
    let content = PushContent {
        collapse_key: Some("a\nb".to_owned()),
        ..titled()
    };
    let answer = push(&outgoing(content)).unwrap_err();
    assert_eq!(answer.reason(), Some(Reason::PayloadInvalid));
}

#[test]
fn values_that_differ_for_every_push_stay_out_of_apple_s_header_table() {
    let request = push(&outgoing(titled())).unwrap();
    for (name, value) in request.headers() {
        let unique = ["apns-id", "apns-expiration", "apns-collapse-id"].contains(&name.as_str());
        assert_eq!(value.is_sensitive(), unique, "{name}");
    }
}

#[test]
fn the_topic_is_the_device_s_app_or_else_the_credential_s() {
    let mut outgoing = outgoing(titled());
    outgoing.to = device("ab12", "");
    assert_eq!(value(&outgoing, "apns-topic"), "com.example.default");
    let origin = Origin::parse("https://api.push.apple.com").unwrap();
    for app in ["", "a\nb"] {
        outgoing.to = device("ab12", app);
        let answer = Push::of(&outgoing, &origin, "", NOW).unwrap_err();
        assert_eq!(answer.reason(), Some(Reason::ProviderNotConfigured));
    }
}

#[test]
fn tokens_that_cannot_be_apple_s_are_refused_before_sending() {
    for token in ["", "abc", "xy", "ab 12", "ab/../1", &"a".repeat(202), "é"] {
        let mut outgoing = outgoing(titled());
        outgoing.to = device(token, "com.example.app");
        let answer = push(&outgoing).unwrap_err();
        assert_eq!(answer.reason(), Some(Reason::TokenMalformed), "{token}");
    }
    for token in ["ab", "AB12", &"0".repeat(64), &"f".repeat(200)] {
        let mut outgoing = outgoing(titled());
        outgoing.to = device(token, "com.example.app");
        assert!(push(&outgoing).is_ok(), "{token}");
    }
}

fn custom(headers: &Value) -> Outgoing {
    let ios =
        json!({"message": {"apns": {"headers": headers, "payload": {"aps": {"alert": "x"}}}}});
    outgoing(PushContent {
        custom_payload: Some(Box::new(CustomPayload {
            ios: Some(ios),
            ..CustomPayload::default()
        })),
        collapse_key: Some("other".to_owned()),
        ..PushContent::default()
    })
}

#[test]
fn headers_of_a_custom_payload_win() {
    let outgoing = custom(&json!({
        "apns-topic": "com.example.other",
        "apns-priority": "1",
        "apns-expiration": "7",
        "apns-collapse-id": "own",
    }));
    assert_eq!(
        headers(&outgoing),
        pairs(&[
            ("apns-collapse-id", "own"),
            ("apns-expiration", "7"),
            ("apns-id", ID),
            ("apns-priority", "1"),
            ("apns-push-type", "alert"),
            ("apns-topic", "com.example.other"),
        ])
    );
}

#[test]
fn the_topic_of_another_push_type_gets_its_suffix_once() {
    let voip = custom(&json!({"apns-push-type": "voip"}));
    assert_eq!(value(&voip, "apns-topic"), "com.example.app.voip");
    let mut already = custom(&json!({"apns-push-type": "voip"}));
    already.to = device("ab12", "com.example.app.voip");
    assert_eq!(value(&already, "apns-topic"), "com.example.app.voip");
}

#[test]
fn a_header_of_a_custom_payload_that_cannot_be_sent_is_refused() {
    let answer = push(&custom(&json!({"apns-priority": "1\r\nx: y"}))).unwrap_err();
    assert_eq!(answer.reason(), Some(Reason::PayloadInvalid));
}

#[test]
fn the_authorization_comes_with_each_request_anew() {
    let origin = Origin::parse("https://api.push.apple.com").unwrap();
    let push = Push::of(&outgoing(titled()), &origin, "", NOW).unwrap();
    let bearer = HeaderValue::from_static("bearer x");
    let request = push.request(Some(&bearer));
    assert_eq!(request.headers()[header::AUTHORIZATION], "bearer x");
    assert!(
        !push
            .request(None)
            .headers()
            .contains_key(header::AUTHORIZATION)
    );
}

#[test]
fn a_probe_shows_nothing_to_nobody() {
    let origin = Origin::parse("https://api.push.apple.com").unwrap();
    let probe = Push::probe(&origin, "com.example.app").unwrap();
    let request = probe.request(None);
    assert_eq!(request.headers()[&APNS_PUSH_TYPE], "background");
    assert_eq!(request.headers()[&APNS_PRIORITY], "5");
    assert_eq!(request.headers()[&APNS_EXPIRATION], "0");
    assert!(request.uri().path().ends_with(&"0".repeat(64)));
    assert_eq!(&probe.body[..], br#"{"aps":{"content-available":1}}"#);
}

#[test]
fn what_is_no_push_to_a_device_is_a_bug_of_the_caller() {
    let mut sms = outgoing(titled());
    sms.content = Content::Sms(Box::<SmsContent>::default());
    let mut nowhere = outgoing(titled());
    nowhere.to = Address::Configured;
    for outgoing in [sms, nowhere] {
        let answer = push(&outgoing).unwrap_err();
        assert_eq!(answer.reason(), Some(Reason::SenderBug));
    }
}
