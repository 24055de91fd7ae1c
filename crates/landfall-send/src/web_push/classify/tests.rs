use landfall_domain::attempt::Verdict;
use serde_json::json;

use super::*;

fn of(status: u16, body: &str) -> Answer {
    classify(&Reply {
        status,
        body: body.as_bytes(),
        ..Reply::default()
    })
}

#[test]
fn the_status_decides_where_the_service_says_nothing_more() {
    for (status, reason) in [
        (301, Reason::FailedUnknown),
        (307, Reason::FailedUnknown),
        (400, Reason::SenderBug),
        (405, Reason::SenderBug),
        (401, Reason::ProviderAuth),
        (403, Reason::ProviderAuth),
        (404, Reason::TokenUnregistered),
        (410, Reason::TokenUnregistered),
        (413, Reason::PayloadTooLarge),
        (418, Reason::FailedUnknown),
        (429, Reason::ProviderThrottled),
        (500, Reason::ProviderUnavailable),
        (502, Reason::ProviderUnavailable),
        (503, Reason::ProviderUnavailable),
        (599, Reason::ProviderUnavailable),
    ] {
        for body in ["", "<html>no</html>", "{}", r#"{"errno":null}"#, "[1]"] {
            let answer = of(status, body);
            assert_eq!(answer.reason(), Some(reason), "{status} {body}");
            assert_eq!(answer.status, Some(status));
            assert_eq!(answer.code, None);
        }
    }
}

#[test]
fn mozillas_numbers_decide_before_the_status() {
    for (status, errno, reason) in [
        (400, 101, Reason::SenderBug),
        (404, 102, Reason::TokenUnregistered),
        (410, 103, Reason::TokenUnregistered),
        (413, 104, Reason::PayloadTooLarge),
        (410, 105, Reason::TokenUnregistered),
        (410, 106, Reason::TokenUnregistered),
        (400, 108, Reason::SenderBug),
        (401, 109, Reason::ProviderAuth),
        (400, 110, Reason::SenderBug),
        (400, 111, Reason::SenderBug),
        (400, 112, Reason::SenderBug),
        (400, 113, Reason::SenderBug),
        (503, 201, Reason::ProviderUnavailable),
        (503, 202, Reason::ProviderUnavailable),
        (502, 900, Reason::ProviderUnavailable),
        (502, 901, Reason::ProviderUnavailable),
        (502, 902, Reason::ProviderUnavailable),
        (502, 903, Reason::ProviderUnavailable),
        (500, 999, Reason::ProviderUnavailable),
        (401, 777, Reason::ProviderAuth),
    ] {
        let body = json!({ "code": status, "errno": errno, "error": "E", "message": "M" });
        let answer = of(status, &body.to_string());
        assert_eq!(answer.reason(), Some(reason), "{errno}");
        assert_eq!(answer.code, Some(errno.to_string()));
        assert_eq!(answer.message.as_deref(), Some("M"));
    }
}

#[test]
fn apples_reasons_decide_before_the_status() {
    for (status, name, reason) in [
        (400, "BadTtl", Reason::SenderBug),
        (400, "BadUrgency", Reason::SenderBug),
        (400, "BadWebPushRequest", Reason::SenderBug),
        (400, "BadWebPushTopic", Reason::SenderBug),
        (400, "BadPath", Reason::SenderBug),
        (405, "MethodNotAllowed", Reason::SenderBug),
        (403, "BadAuthorizationHeader", Reason::ProviderAuth),
        (403, "BadJwtToken", Reason::ProviderAuth),
        (403, "BadVapidPublicKey", Reason::ProviderAuth),
        (400, "VapidPkHashMismatch", Reason::SubscriptionKeyMismatch),
        (413, "PayloadTooLarge", Reason::PayloadTooLarge),
        (429, "TooManyRequests", Reason::ProviderThrottled),
        (500, "InternalServerError", Reason::ProviderUnavailable),
        (503, "ServiceUnavailable", Reason::ProviderUnavailable),
        (503, "Shutdown", Reason::ProviderUnavailable),
        (400, "IdleTimeout", Reason::ProviderUnavailable),
        (410, "SomethingNew", Reason::TokenUnregistered),
    ] {
        let answer = of(status, &json!({ "reason": name }).to_string());
        assert_eq!(answer.reason(), Some(reason), "{name}");
        assert_eq!(answer.code.as_deref(), Some(name));
    }
}

#[test]
fn an_acceptance_keeps_the_address_or_the_id_of_the_message() {
    for status in [200, 201, 202] {
        let reply = Reply {
            status,
            location: Some("https://push.example/m/1"),
            ..Reply::default()
        };
        let answer = classify(&reply);
        assert_eq!(answer.verdict, Verdict::Accepted);
        assert_eq!(
            answer.provider_id.as_deref(),
            Some("https://push.example/m/1")
        );
    }
    let apple = Reply {
        status: 201,
        apns_id: Some("ABC"),
        ..Reply::default()
    };
    assert_eq!(classify(&apple).provider_id.as_deref(), Some("ABC"));
}

#[test]
fn a_refusal_keeps_when_to_come_back_and_the_services_own_words() {
    let answer = classify(&Reply {
        status: 429,
        retry_after_ms: Some(7_000),
        body: b" slow down \n",
        ..Reply::default()
    });
    assert_eq!(answer.retry_after_ms, Some(7_000));
    assert_eq!(answer.message.as_deref(), Some("slow down"));
}
