use super::*;
use crate::fcm::payload::size::PAYLOAD_BYTES_MAX;

/// The longest body that still fits, found by trying.
fn longest_body(platform: Platform) -> usize {
    (0..=PAYLOAD_BYTES_MAX)
        .rev()
        .find(|&length| build(&with_body(platform, length), NOW).is_ok())
        .unwrap()
}

fn with_body(platform: Platform, length: usize) -> Outgoing {
    let content = PushContent {
        body: Some("b".repeat(length)),
        ..PushContent::default()
    };
    outgoing(platform, "tok", content)
}

#[test]
fn keys_and_values_of_the_data_count() {
    let keys = "body".len() + "CIO-Delivery-ID".len() + "CIO-Delivery-Token".len();
    let values = "dlv_7".len() + "tok".len();
    for platform in [Platform::Android, Platform::Web] {
        let room = PAYLOAD_BYTES_MAX - keys - values;
        assert_eq!(longest_body(platform), room, "{platform}");
    }
}

#[test]
fn apples_payload_counts_as_json() {
    let longest = longest_body(Platform::Ios);
    let built = build(&with_body(Platform::Ios, longest), NOW).unwrap();
    let payload = built["message"]["apns"]["payload"].to_string();
    assert_eq!(payload.len(), PAYLOAD_BYTES_MAX);
}

#[test]
fn one_byte_too_many_is_refused_with_both_sizes() {
    for &platform in Platform::ALL {
        let answer = build(&with_body(platform, longest_body(platform) + 1), NOW).unwrap_err();
        assert_eq!(answer.reason(), Some(Reason::PayloadTooLarge));
        let message = answer.message.unwrap();
        assert!(
            message.contains("4097") && message.contains("4096"),
            "{message}"
        );
    }
}

#[test]
fn a_notification_of_a_custom_payload_counts_too() {
    let content = PushContent {
        custom_payload: Some(Box::new(CustomPayload {
            android: Some(json!({
                "message": {
                    "data": { "a": "x".repeat(3_000) },
                    "android": { "notification": { "body": "x".repeat(1_100) } },
                },
            })),
            ..CustomPayload::default()
        })),
        ..PushContent::default()
    };
    let answer = refused(Platform::Android, content);
    assert_eq!(answer.reason(), Some(Reason::PayloadTooLarge));
}
