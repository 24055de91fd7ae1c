mod apple;
mod custom;
mod sizes;

use landfall_domain::content::{CustomPayload, PushAction};
use landfall_domain::time::{DAY_MS, SECOND_MS};

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn outgoing(platform: Platform, token: &str, content: PushContent) -> Outgoing {
    Outgoing {
        attempt_id: "7d2b5c1e-0000-4000-8000-000000000001".to_owned(),
        delivery_id: "dlv_7".to_owned(),
        to: Address::Device {
            token: token.to_owned(),
            platform,
            app: String::new(),
            keys: None,
        },
        content: Content::Push(Box::new(content)),
        expires_at: NOW.plus_millis(3_600 * SECOND_MS),
        dry_run: false,
        analytics_label: None,
    }
}

fn built(platform: Platform, content: PushContent) -> Value {
    build(&outgoing(platform, "tok:APA91", content), NOW).unwrap()
}

fn refused(platform: Platform, content: PushContent) -> Answer {
    build(&outgoing(platform, "tok:APA91", content), NOW).unwrap_err()
}

fn rich() -> PushContent {
    PushContent {
        title: Some("T".to_owned()),
        subtitle: Some("S".to_owned()),
        body: Some("B".to_owned()),
        image: Some("https://img.example/a.jpg".to_owned()),
        link: Some("shop://cart/7".to_owned()),
        sound: Some("default".to_owned()),
        badge: Some("3".to_owned()),
        thread: Some("orders".to_owned()),
        category: Some("ORDER".to_owned()),
        channel_id: Some("orders".to_owned()),
        collapse_key: Some("order-7".to_owned()),
        interruption_level: Some("time-sensitive".to_owned()),
        actions: vec![PushAction {
            id: "track".to_owned(),
            title: "Track".to_owned(),
            link: None,
        }],
        data: [("order".to_owned(), "7".to_owned())].into(),
        ..PushContent::default()
    }
}

#[test]
fn android_gets_data_alone_with_both_keys_and_its_delivery_settings() {
    let plain = PushContent {
        title: Some("T".to_owned()),
        body: Some("B".to_owned()),
        ..PushContent::default()
    };
    assert_eq!(
        built(Platform::Android, plain),
        json!({
            "message": {
                "token": "tok:APA91",
                "data": {
                    "title": "T",
                    "body": "B",
                    "CIO-Delivery-ID": "dlv_7",
                    "CIO-Delivery-Token": "tok:APA91",
                },
                "android": { "priority": "HIGH", "ttl": "3600s" },
            },
        })
    );
}

#[test]
fn rich_content_reaches_android_as_strings() {
    let message = &built(Platform::Android, rich())["message"];
    assert_eq!(
        message["data"],
        json!({
            "title": "T",
            "body": "B",
            "image": "https://img.example/a.jpg",
            "link": "shop://cart/7",
            "sound": "default",
            "badge": "3",
            "thread": "orders",
            "channel_id": "orders",
            "actions": r#"[{"id":"track","title":"Track"}]"#,
            "order": "7",
            "CIO-Delivery-ID": "dlv_7",
            "CIO-Delivery-Token": "tok:APA91",
        })
    );
    assert_eq!(message["android"]["collapse_key"], "order-7");
}

#[test]
fn only_the_prefix_makes_a_token_an_installation_id() {
    for (token, member, value) in [
        ("fid:cWm1", "fid", "cWm1"),
        ("cWm1:APA91", "token", "cWm1:APA91"),
        ("fidcWm1", "token", "fidcWm1"),
        ("FID:cWm1", "token", "FID:cWm1"),
    ] {
        let content = PushContent::default();
        let message = &build(&outgoing(Platform::Android, token, content), NOW).unwrap()["message"];
        assert_eq!(message[member], value, "{token}");
        let other = if member == "fid" { "token" } else { "fid" };
        assert!(message.get(other).is_none(), "{token}");
        assert_eq!(message["data"]["CIO-Delivery-Token"], token);
    }
}

#[test]
fn an_empty_token_is_noticed_before_anything_is_sent() {
    for token in ["", " ", FID_PREFIX] {
        let outgoing = outgoing(Platform::Android, token, PushContent::default());
        let answer = build(&outgoing, NOW).unwrap_err();
        assert_eq!(answer.reason(), Some(Reason::TokenMalformed), "{token:?}");
    }
}

#[test]
fn browsers_get_the_same_data_and_their_own_headers() {
    let message = &built(Platform::Web, rich())["message"];
    assert_eq!(message["data"]["title"], "T");
    assert_eq!(message["data"]["CIO-Delivery-ID"], "dlv_7");
    let headers = &message["webpush"]["headers"];
    assert_eq!(headers["TTL"], "3600");
    assert_eq!(headers["Urgency"], "high");
    assert_eq!(headers["Topic"].as_str().unwrap().len(), 32);
    assert!(message.get("android").is_none());
}

#[test]
fn what_is_silent_shows_nothing_and_wakes_gently() {
    let silent = PushContent {
        silent: true,
        ..rich()
    };
    let message = &built(Platform::Android, silent.clone())["message"];
    assert_eq!(
        message["data"],
        json!({ "order": "7", "CIO-Delivery-ID": "dlv_7", "CIO-Delivery-Token": "tok:APA91" })
    );
    assert_eq!(message["android"]["priority"], "NORMAL");
    let message = &built(Platform::Web, silent)["message"];
    assert_eq!(message["webpush"]["headers"]["Urgency"], "normal");
}

#[test]
fn keys_that_fcm_or_the_sdks_reserve_are_refused() {
    for key in [
        "from",
        "message_type",
        "google.sent_time",
        "gcm.n.e",
        "CIO-Delivery-ID",
        "CIO-Delivery-Token",
    ] {
        let content = PushContent {
            data: [(key.to_owned(), "1".to_owned())].into(),
            ..PushContent::default()
        };
        for platform in [Platform::Android, Platform::Web] {
            let answer = refused(platform, content.clone());
            assert_eq!(answer.reason(), Some(Reason::PayloadInvalid), "{key}");
            assert!(answer.message.unwrap().contains(key), "{key}");
        }
    }
}

#[test]
fn the_contents_own_text_wins_over_data_of_the_same_name() {
    let content = PushContent {
        title: Some("T".to_owned()),
        data: [
            ("title".to_owned(), "other".to_owned()),
            ("body".to_owned(), "B".to_owned()),
        ]
        .into(),
        ..PushContent::default()
    };
    let data = &built(Platform::Android, content)["message"]["data"];
    assert_eq!(data["title"], "T");
    assert_eq!(data["body"], "B");
}

#[test]
fn the_time_to_live_is_what_is_left_and_at_most_four_weeks() {
    let mut outgoing = outgoing(Platform::Android, "t", PushContent::default());
    for (left, expected) in [
        (0, "0s"),
        (-5, "0s"),
        (999, "0s"),
        (60_000, "60s"),
        (60 * DAY_MS, "2419200s"),
    ] {
        outgoing.expires_at = NOW.plus_millis(left);
        let built = build(&outgoing, NOW).unwrap();
        assert_eq!(built["message"]["android"]["ttl"], expected);
    }
}

#[test]
fn a_dry_run_is_only_validated_and_so_is_the_check_of_credentials() {
    let mut outgoing = outgoing(Platform::Android, "t", PushContent::default());
    outgoing.dry_run = true;
    assert_eq!(build(&outgoing, NOW).unwrap()["validate_only"], true);
    let probe = probe();
    assert_eq!(probe["validate_only"], true);
    assert!(probe["message"]["topic"].is_string());
}

#[test]
fn the_label_is_brought_into_the_form_that_fcm_takes() {
    let long = "x".repeat(60);
    for (given, expected) in [
        ("journey7.step2", json!("journey7.step2")),
        ("Welcome / Day 1", json!("Welcome___Day_1")),
        ("Größe~50%", json!("Gr__e~50%")),
        (long.as_str(), json!("x".repeat(50))),
        ("  ", Value::Null),
    ] {
        for platform in Platform::ALL {
            let mut outgoing = outgoing(*platform, "t", PushContent::default());
            outgoing.analytics_label = Some(given.to_owned());
            let built = build(&outgoing, NOW).unwrap();
            let label = &built["message"]["fcm_options"]["analytics_label"];
            assert_eq!(label, &expected, "{platform} {given}");
        }
    }
}

#[test]
fn only_pushes_to_devices_are_carried() {
    let mut outgoing = outgoing(Platform::Android, "t", PushContent::default());
    outgoing.to = Address::Configured;
    let answer = build(&outgoing, NOW).unwrap_err();
    assert_eq!(answer.reason(), Some(Reason::SenderBug));
}

#[test]
fn an_empty_text_that_a_template_left_behind_is_no_text() {
    let content = PushContent {
        title: Some(String::new()),
        collapse_key: Some(String::new()),
        ..PushContent::default()
    };
    let message = &built(Platform::Android, content)["message"];
    assert!(message["data"].get("title").is_none());
    assert!(message["android"].get("collapse_key").is_none());
}
