use bytes::Bytes;
use http::HeaderValue;
use landfall_domain::time::SECOND_MS;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn reply(status: u16, body: &str, headers: &[(&'static str, &'static str)]) -> Reply {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
    Reply {
        status,
        headers: headers.collect(),
        body: Bytes::from(body.to_owned()),
    }
}

fn answer(status: u16, reason: &str) -> Answer {
    let body = format!(r#"{{"reason":"{reason}"}}"#);
    classify(&reply(status, &body, &[]), NOW)
}

/// The list of developer.apple.com, "Handling notification responses from APNs", with those of
/// broadcasts and channels and the spellings that live logs show (providers.md 1.3, 1.4); what each
/// means by providers.md 9.
const DOCUMENTED: &[(u16, &str, Reason)] = &[
    (400, "BadCollapseId", Reason::SenderBug),
    (400, "BadDeviceToken", Reason::TokenInvalid),
    (400, "BadExpirationDate", Reason::SenderBug),
    (400, "BadMessageId", Reason::SenderBug),
    (400, "BadPriority", Reason::SenderBug),
    (400, "BadTopic", Reason::SenderBug),
    (400, "DeviceTokenNotForTopic", Reason::ProviderTopic),
    (400, "DuplicateHeaders", Reason::SenderBug),
    (400, "IdleTimeout", Reason::ProviderUnavailable),
    (400, "InvalidPushType", Reason::SenderBug),
    (400, "MissingDeviceToken", Reason::SenderBug),
    (400, "MissingTopic", Reason::SenderBug),
    (400, "PayloadEmpty", Reason::PayloadInvalid),
    (400, "TopicDisallowed", Reason::ProviderTopic),
    (403, "BadCertificate", Reason::ProviderAuth),
    (403, "BadCertificateEnvironment", Reason::ProviderAuth),
    (403, "BadEnvironmentKeyIdInToken", Reason::ProviderKeyScope),
    (403, "BadEnvironmentKeyInToken", Reason::ProviderKeyScope),
    (403, "ExpiredProviderToken", Reason::ProviderJwtExpired),
    (403, "Forbidden", Reason::ProviderAuth),
    (403, "InvalidProviderToken", Reason::ProviderAuth),
    (403, "MissingProviderToken", Reason::ProviderAuth),
    (403, "UnrelatedKeyIdInToken", Reason::ProviderKeyScope),
    (404, "BadPath", Reason::SenderBug),
    (405, "MethodNotAllowed", Reason::SenderBug),
    (410, "ExpiredToken", Reason::TokenExpired),
    (410, "Unregistered", Reason::TokenUnregistered),
    (413, "PayloadTooLarge", Reason::PayloadTooLarge),
    (
        429,
        "TooManyProviderTokenUpdates",
        Reason::ProviderJwtRefresh,
    ),
    (429, "TooManyRequests", Reason::DeviceThrottled),
    (500, "InternalServerError", Reason::ProviderUnavailable),
    (503, "ServiceUnavailable", Reason::ProviderUnavailable),
    (503, "Shutdown", Reason::ProviderUnavailable),
    (400, "BadChannelId", Reason::ProviderConfig),
    (400, "BadRequestParams", Reason::SenderBug),
    (400, "BadRequestPayload", Reason::SenderBug),
    (400, "CannotCreateChannelConfig", Reason::ProviderConfig),
    (400, "ChannelNotRegistered", Reason::ProviderConfig),
    (400, "FeatureNotEnabled", Reason::ProviderConfig),
    (400, "MissingChannelId", Reason::ProviderConfig),
    (400, "MissingChannelQueueSize", Reason::ProviderConfig),
    (400, "MissingPushType", Reason::SenderBug),
    (403, "TopicMismatch", Reason::ProviderKeyScope),
];

#[test]
fn every_documented_reason_is_known_and_kept_as_it_came() {
    for (status, reason, expected) in DOCUMENTED {
        let answer = answer(*status, reason);
        assert_eq!(answer.reason(), Some(*expected), "{reason}");
        assert_eq!(answer.status, Some(*status));
        assert_eq!(answer.code.as_deref(), Some(*reason));
        assert_eq!(answer.message, None);
        assert!(
            by_reason(reason).is_some(),
            "{reason} by its name, not its status"
        );
    }
}

#[test]
fn an_unknown_reason_is_kept_and_classed_by_its_status() {
    for (status, expected) in [
        (400, Reason::FailedUnknown),
        (401, Reason::ProviderAuth),
        (403, Reason::ProviderAuth),
        (404, Reason::SenderBug),
        (405, Reason::SenderBug),
        (410, Reason::TokenInvalid),
        (413, Reason::PayloadTooLarge),
        (418, Reason::FailedUnknown),
        (429, Reason::ProviderThrottled),
        (500, Reason::ProviderUnavailable),
        (502, Reason::ProviderUnavailable),
        (503, Reason::ProviderUnavailable),
    ] {
        let answer = answer(status, "SomethingNew");
        assert_eq!(answer.reason(), Some(expected), "{status}");
        assert_eq!(answer.code.as_deref(), Some("SomethingNew"));
    }
}

#[test]
fn bodies_that_are_not_json_are_kept_as_words_and_classed_by_status() {
    for body in ["<html>Bad Gateway</html>", "{}", "[1]", "\u{fffd}"] {
        let answer = classify(&reply(503, body, &[]), NOW);
        assert_eq!(answer.reason(), Some(Reason::ProviderUnavailable));
        assert_eq!(answer.message.as_deref(), Some(body));
        assert_eq!(answer.code, None);
    }
    let answer = classify(&reply(403, "", &[]), NOW);
    assert_eq!(answer.reason(), Some(Reason::ProviderAuth));
    assert_eq!(answer.message, None);
}

#[test]
fn long_words_are_cut() {
    let answer = classify(&reply(500, &"é".repeat(5_000), &[]), NOW);
    assert!(answer.message.unwrap().len() <= DETAIL_BYTES_MAX);
    let answer = self::answer(400, &"é".repeat(5_000));
    assert!(answer.code.unwrap().len() <= DETAIL_BYTES_MAX);
}

#[test]
fn an_acceptance_carries_the_ids_that_apple_gave() {
    let id = "123e4567-e89b-12d3-a456-426614174000";
    let headers = [("apns-id", id), ("apns-unique-id", "5")];
    let answer = classify(&reply(200, "", &headers), NOW);
    assert_eq!(answer.verdict, Verdict::Accepted);
    assert_eq!(answer.provider_id.as_deref(), Some(id));
    assert_eq!(answer.message.as_deref(), Some("apns-unique-id 5"));
    let plain = classify(&reply(200, "", &[]), NOW);
    assert_eq!(plain, Answer::accepted(200, None));
}

#[test]
fn a_dead_token_says_since_when() {
    let body = r#"{"reason":"Unregistered","timestamp":1454948015990}"#;
    let answer = classify(&reply(410, body, &[("apns-id", "x")]), NOW);
    assert_eq!(
        answer.dead_since,
        Some(Timestamp::from_millis(1_454_948_015_990))
    );
    assert_eq!(answer.provider_id.as_deref(), Some("x"));
    let body = r#"{"reason":"ExpiredToken","timestamp":1}"#;
    let answer = classify(&reply(410, body, &[]), NOW);
    assert_eq!(answer.dead_since, Some(Timestamp::from_millis(1)));
    let body = r#"{"reason":"BadDeviceToken","timestamp":1454948015990}"#;
    assert_eq!(classify(&reply(400, body, &[]), NOW).dead_since, None);
    assert_eq!(self::answer(410, "Unregistered").dead_since, None);
}

#[test]
fn retry_after_is_passed_on() {
    let body = r#"{"reason":"TooManyRequests"}"#;
    let answer = classify(&reply(429, body, &[("retry-after", "30")]), NOW);
    assert_eq!(answer.retry_after_ms, Some(30 * SECOND_MS));
    let answer = classify(&reply(503, "", &[("retry-after", "soon")]), NOW);
    assert_eq!(answer.retry_after_ms, None);
}
