use landfall_domain::attempt::Verdict;
use landfall_domain::reason::{Retry, TokenAction};
use serde_json::{Value, json};

use super::*;

const FCM_ERROR: &str = "type.googleapis.com/google.firebase.fcm.v1.FcmError";

/// An error body; an empty code leaves FCM's own detail out.
fn error(http: u16, status: &str, code: &str, message: &str, more: &[Value]) -> Value {
    let mut details: Vec<Value> = more.to_vec();
    if !code.is_empty() {
        details.push(json!({ "@type": FCM_ERROR, "errorCode": code }));
    }
    json!({ "error": { "code": http, "message": message, "status": status, "details": details } })
}

fn of(http: u16, body: &Value) -> Classified {
    classify(http, None, body.to_string().as_bytes())
}

fn bad_request(fields: &[(&str, &str)]) -> Value {
    let violations: Vec<Value> = fields
        .iter()
        .map(|(field, description)| json!({ "field": field, "description": description }))
        .collect();
    json!({ "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations })
}

fn quota_failure(subject: &str, description: &str) -> Value {
    json!({
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{ "subject": subject, "description": description }],
    })
}

fn apns_error(status: u16, reason: &str) -> Value {
    json!({
        "@type": "type.googleapis.com/google.firebase.fcm.v1.ApnsError",
        "statusCode": status,
        "reason": reason,
    })
}

const BAD_TOKEN: &str = "The registration token is not a valid FCM registration token";

/// HTTP status, status by name, FCM's own code (empty: none), words, and what it means.
const ROWS: &[(u16, &str, &str, &str, Reason)] = &[
    (
        400,
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        BAD_TOKEN,
        Reason::TokenInvalid,
    ),
    (
        400,
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        "Invalid data payload key: from",
        Reason::PayloadInvalid,
    ),
    (
        401,
        "UNAUTHENTICATED",
        "THIRD_PARTY_AUTH_ERROR",
        "Auth error from APNS",
        Reason::ProviderThirdParty,
    ),
    (
        401,
        "UNAUTHENTICATED",
        "",
        "Request had invalid authentication credentials",
        Reason::ProviderAuth,
    ),
    (
        403,
        "PERMISSION_DENIED",
        "SENDER_ID_MISMATCH",
        "SenderId mismatch",
        Reason::WrongProject,
    ),
    (
        403,
        "PERMISSION_DENIED",
        "",
        "Permission denied on resource project",
        Reason::ProviderAuth,
    ),
    (
        404,
        "NOT_FOUND",
        "UNREGISTERED",
        "Requested entity was not found.",
        Reason::TokenUnregistered,
    ),
    (
        404,
        "NOT_FOUND",
        "",
        "Requested entity was not found.",
        Reason::ProviderConfig,
    ),
    (
        429,
        "RESOURCE_EXHAUSTED",
        "QUOTA_EXCEEDED",
        "Quota exceeded",
        Reason::ProviderThrottled,
    ),
    (
        429,
        "RESOURCE_EXHAUSTED",
        "",
        "Quota exceeded",
        Reason::ProviderThrottled,
    ),
    (
        500,
        "INTERNAL",
        "INTERNAL",
        "Internal error encountered.",
        Reason::ProviderUnavailable,
    ),
    (
        500,
        "INTERNAL",
        "",
        "Internal error encountered.",
        Reason::ProviderUnavailable,
    ),
    (
        503,
        "UNAVAILABLE",
        "UNAVAILABLE",
        "The service is unavailable.",
        Reason::ProviderUnavailable,
    ),
    (
        503,
        "UNAVAILABLE",
        "",
        "The service is unavailable.",
        Reason::ProviderUnavailable,
    ),
    (
        504,
        "DEADLINE_EXCEEDED",
        "",
        "Deadline exceeded",
        Reason::ProviderUnavailable,
    ),
    (
        400,
        "INVALID_ARGUMENT",
        "UNSPECIFIED_ERROR",
        "?",
        Reason::FailedUnknown,
    ),
    (
        500,
        "UNKNOWN",
        "UNSPECIFIED_ERROR",
        "?",
        Reason::FailedUnknown,
    ),
];

#[test]
fn every_row_of_the_vendors_table_has_its_reason() {
    for &(http, status, code, message, reason) in ROWS {
        let found = of(http, &error(http, status, code, message, &[])).answer;
        assert_eq!(found.reason(), Some(reason), "{http} {status} {code}");
        assert_eq!(found.status, Some(http));
        let expected = if code.is_empty() { status } else { code };
        assert_eq!(found.code.as_deref(), Some(expected));
        assert_eq!(found.message.as_deref(), Some(message));
    }
}

#[test]
fn tokens_and_retries_follow_the_vendors_rules() {
    for (http, status, code, token, again) in [
        (
            404,
            "NOT_FOUND",
            "UNREGISTERED",
            TokenAction::RemoveIfOlder,
            false,
        ),
        (
            403,
            "PERMISSION_DENIED",
            "SENDER_ID_MISMATCH",
            TokenAction::Remove,
            false,
        ),
        (404, "NOT_FOUND", "", TokenAction::Keep, false),
        (
            400,
            "INVALID_ARGUMENT",
            "INVALID_ARGUMENT",
            TokenAction::Keep,
            false,
        ),
        (
            429,
            "RESOURCE_EXHAUSTED",
            "QUOTA_EXCEEDED",
            TokenAction::Keep,
            true,
        ),
        (500, "INTERNAL", "INTERNAL", TokenAction::Keep, true),
        (503, "UNAVAILABLE", "UNAVAILABLE", TokenAction::Keep, true),
    ] {
        let found = of(http, &error(http, status, code, "words", &[])).answer;
        let reason = found.reason().unwrap();
        assert_eq!(reason.token_action(), token, "{code}");
        assert_eq!(reason.retry() == Retry::Backoff, again, "{code}");
    }
    let bad_token = of(
        400,
        &error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", BAD_TOKEN, &[]),
    );
    let reason = bad_token.answer.reason().unwrap();
    assert_eq!(reason.token_action(), TokenAction::Suspend);
}

#[test]
fn the_named_fields_decide_between_token_and_payload() {
    for (fields, reason) in [
        (
            vec![("message.token", "Invalid registration token")],
            Reason::TokenInvalid,
        ),
        (vec![("message.fid", "Invalid")], Reason::TokenInvalid),
        (
            vec![("message.android.ttl", "Invalid duration")],
            Reason::PayloadInvalid,
        ),
        (
            vec![("message.data[0].value", "Invalid value")],
            Reason::PayloadInvalid,
        ),
        (
            vec![("message.token", "x"), ("message.data", "y")],
            Reason::PayloadInvalid,
        ),
        (
            vec![("message.data", "Android message is too big")],
            Reason::PayloadTooLarge,
        ),
    ] {
        let details = [bad_request(&fields)];
        for code in ["INVALID_ARGUMENT", ""] {
            let body = error(400, "INVALID_ARGUMENT", code, BAD_TOKEN, &details);
            assert_eq!(of(400, &body).answer.reason(), Some(reason), "{fields:?}");
        }
    }
    let too_big = error(
        400,
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        "Android message is too big",
        &[],
    );
    assert_eq!(
        of(400, &too_big).answer.reason(),
        Some(Reason::PayloadTooLarge)
    );
}

#[test]
fn a_quota_that_names_the_device_delays_the_device_and_any_other_the_project() {
    for (subject, description, reason) in [
        (
            "project:shop",
            "Quota exceeded for messages per minute",
            Reason::ProviderThrottled,
        ),
        ("topic:news", "Too many fan-outs", Reason::ProviderThrottled),
        ("device:abc", "", Reason::DeviceThrottled),
        (
            "",
            "Too many messages to one device",
            Reason::DeviceThrottled,
        ),
    ] {
        let details = [quota_failure(subject, description)];
        for code in ["QUOTA_EXCEEDED", ""] {
            let body = error(429, "RESOURCE_EXHAUSTED", code, "Quota exceeded", &details);
            assert_eq!(
                of(429, &body).answer.reason(),
                Some(reason),
                "{subject} {description}"
            );
        }
    }
}

#[test]
fn waiting_times_are_kept_and_a_projects_quota_waits_a_minute_at_least() {
    let wait = |body: &Value, http: u16, asked: Option<i64>| {
        classify(http, asked, body.to_string().as_bytes())
            .answer
            .retry_after_ms
    };
    let project = error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "q", &[]);
    assert_eq!(wait(&project, 429, Some(5_000)), Some(60_000));
    assert_eq!(wait(&project, 429, Some(90_000)), Some(90_000));
    assert_eq!(wait(&project, 429, None), None);
    let device = error(
        429,
        "RESOURCE_EXHAUSTED",
        "QUOTA_EXCEEDED",
        "q",
        &[quota_failure("device:x", "")],
    );
    assert_eq!(wait(&device, 429, Some(5_000)), Some(5_000));
    let outage = error(503, "UNAVAILABLE", "UNAVAILABLE", "u", &[]);
    assert_eq!(wait(&outage, 503, Some(12_000)), Some(12_000));
}

#[test]
fn what_apple_said_to_fcm_is_kept() {
    let body = error(
        401,
        "UNAUTHENTICATED",
        "THIRD_PARTY_AUTH_ERROR",
        "Auth error from APNS or Web Push Service",
        &[apns_error(403, "BadEnvironmentKeyInToken")],
    );
    let found = of(401, &body);
    assert_eq!(found.answer.reason(), Some(Reason::ProviderThirdParty));
    assert_eq!(found.answer.code.as_deref(), Some("THIRD_PARTY_AUTH_ERROR"));
    let message = found.answer.message.unwrap();
    assert!(
        message.contains("403 BadEnvironmentKeyInToken"),
        "{message}"
    );
    assert!(!found.token_refused);
    for (reason, expected) in [
        ("BadDeviceToken", Reason::TokenInvalid),
        ("PayloadTooLarge", Reason::PayloadTooLarge),
        ("BadCollapseId", Reason::PayloadInvalid),
    ] {
        let details = [apns_error(400, reason)];
        let body = error(
            400,
            "INVALID_ARGUMENT",
            "INVALID_ARGUMENT",
            "Invalid",
            &details,
        );
        assert_eq!(of(400, &body).answer.reason(), Some(expected), "{reason}");
    }
}

#[test]
fn only_an_unauthenticated_request_of_ours_asks_for_another_access_token() {
    for (http, status, code, refused) in [
        (401, "UNAUTHENTICATED", "", true),
        (401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", false),
        (403, "PERMISSION_DENIED", "", false),
        (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", false),
    ] {
        let body = error(http, status, code, "words", &[]);
        assert_eq!(of(http, &body).token_refused, refused, "{http} {code}");
    }
    assert!(classify(401, None, b"").token_refused);
}

#[test]
fn why_a_permission_is_missing_becomes_the_code() {
    let info = json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "SERVICE_DISABLED",
        "domain": "googleapis.com",
    });
    let body = error(
        403,
        "PERMISSION_DENIED",
        "",
        "FCM API has not been used",
        &[info],
    );
    let answer = of(403, &body).answer;
    assert_eq!(answer.reason(), Some(Reason::ProviderAuth));
    assert_eq!(answer.code.as_deref(), Some("SERVICE_DISABLED"));
}

#[test]
fn an_error_in_a_list_is_read_like_one_by_itself() {
    let body = json!([error(404, "NOT_FOUND", "UNREGISTERED", "gone", &[])]);
    assert_eq!(
        of(404, &body).answer.reason(),
        Some(Reason::TokenUnregistered)
    );
}

#[test]
fn pages_and_empty_bodies_are_judged_by_the_http_status_and_kept_raw() {
    for (http, reason) in [
        (301, Reason::FailedUnknown),
        (400, Reason::SenderBug),
        (401, Reason::ProviderAuth),
        (403, Reason::ProviderAuth),
        (404, Reason::ProviderConfig),
        (405, Reason::ProviderConfig),
        (408, Reason::ProviderUnavailable),
        (413, Reason::PayloadTooLarge),
        (418, Reason::FailedUnknown),
        (429, Reason::ProviderThrottled),
        (500, Reason::ProviderUnavailable),
        (502, Reason::ProviderUnavailable),
        (503, Reason::ProviderUnavailable),
        (529, Reason::ProviderUnavailable),
    ] {
        for body in [
            "",
            "<html><title>502. That is an error.</title></html>",
            "{}",
            "[]",
        ] {
            let found = classify(http, None, body.as_bytes()).answer;
            assert_eq!(found.reason(), Some(reason), "{http} {body}");
            assert_eq!(found.code, None);
            assert_eq!(found.message.as_deref().unwrap_or(""), body);
        }
    }
}

#[test]
fn an_unknown_code_is_kept_and_judged_by_the_status_beside_it() {
    for (http, status, reason) in [
        (404, "NOT_FOUND", Reason::ProviderConfig),
        (503, "UNAVAILABLE", Reason::ProviderUnavailable),
        (409, "ABORTED", Reason::FailedUnknown),
        (500, "DATA_LOSS", Reason::ProviderUnavailable),
    ] {
        let answer = of(http, &error(http, status, "BRAND_NEW", "words", &[])).answer;
        assert_eq!(answer.reason(), Some(reason), "{http} {status}");
        assert_eq!(answer.code.as_deref(), Some("BRAND_NEW"));
    }
}

#[test]
fn an_acceptance_keeps_the_messages_name() {
    let found = of(200, &json!({ "name": "projects/shop/messages/0:1" }));
    assert_eq!(found.answer.verdict, Verdict::Accepted);
    assert_eq!(
        found.answer.provider_id.as_deref(),
        Some("projects/shop/messages/0:1")
    );
    let unnamed = classify(200, None, b"<html>").answer;
    assert_eq!(unnamed.verdict, Verdict::Accepted);
    assert_eq!(unnamed.provider_id, None);
}
