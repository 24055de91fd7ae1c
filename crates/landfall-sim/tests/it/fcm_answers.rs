//! What the simulated FCM answers to messages (providers.md 2.2 and 2.3).

use std::sync::{Arc, Mutex};

use landfall_domain::time::Timestamp;
use landfall_sim::fcm::{Ended, Extra, FcmAnswer, Refusal, Row, TargetKind};
use landfall_sim::http::{Canned, Fault, RetryAfter};
use landfall_sim::script::{Match, Rule, Script};
use landfall_sim::truth::Recording;
use serde_json::{Value, json};

use crate::fcm_peer::{Fcm, NOW};

/// A simulator that checks no access tokens.
fn open() -> Fcm {
    Fcm::start(|options| options.checks_tokens = false)
}

fn to(token: &str) -> Value {
    json!({"token": token, "notification": {"title": "hello"}})
}

fn says(fcm: &Fcm, recipient: &str, answer: impl Into<FcmAnswer>) {
    let rule = Rule::new(Match::recipient(recipient), answer.into());
    fcm.sim.script().replace(Script::of([rule]));
}

#[tokio::test]
async fn every_kind_of_recipient_is_taken_in_both_spellings_over_both_protocols() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let mut fcm = Fcm::start(|options| {
        options.checks_tokens = false;
        options.on_accepted = Some(Arc::new(move |message| {
            sink.lock().expect("unharmed").push(message.clone());
        }));
    });
    for protocols in [&["http/1.1"], &["h2"]] {
        fcm.protocols = protocols;
        for kind in TargetKind::ALL {
            let message = json!({
                (kind.field()): "x",
                "data": {"k": "v"},
                "android": {"collapseKey": "c"},
            });
            let answer = fcm.send("", &message).await;
            let body = answer.json();
            let name = body["name"].as_str().expect("a name");
            assert!(
                name.starts_with("projects/landfall-test/messages/"),
                "{name}"
            );
            let accepted = seen.lock().expect("unharmed").pop().expect("told");
            assert_eq!((accepted.name.as_str(), accepted.at), (name, NOW));
            assert_eq!(
                (accepted.target.kind, accepted.target.value.as_str()),
                (kind, "x")
            );
            assert_eq!(accepted.message["android"]["collapse_key"], "c");
        }
    }
    let taken = fcm.sim.taken();
    assert_eq!(taken.len(), 8);
    assert!(taken[..4].iter().all(|taken| !taken.over_http2));
    assert!(taken[4..].iter().all(|taken| taken.over_http2));
    let names: std::collections::BTreeSet<_> = taken
        .iter()
        .map(|taken| match &taken.ended {
            Ended::Accepted { name, answered } => (name.clone(), *answered),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names.len(), 8, "each name is given once");
}

#[tokio::test]
async fn checking_alone_delivers_nothing() {
    let fcm = Fcm::start(|options| {
        options.checks_tokens = false;
        options.on_accepted = Some(Arc::new(|_| panic!("nothing is delivered")));
    });
    fcm.sim.unregister("gone");
    let path = "/v1/projects/landfall-test/messages:send";
    let ask = |token: &str| json!({"validateOnly": true, "message": to(token)}).to_string();
    let answer = fcm.post(path, &[], ask("t")).await.expect("an answer");
    let name = json!({"name": "projects/landfall-test/messages/fake_message_id"});
    assert_eq!((answer.status, answer.json()), (200, name));
    let gone = fcm.post(path, &[], ask("gone")).await.expect("an answer");
    assert_eq!((gone.status, gone.code().as_str()), (404, "UNREGISTERED"));
    let counts = fcm.sim.counts();
    assert_eq!((counts.accepted, counts.validated), (0, 1));
}

#[tokio::test]
async fn credentials_and_projects_are_checked() {
    let fcm = Fcm::start(|options| options.foreign_projects = vec!["other".to_owned()]);
    let token = fcm.token().await;
    let good = format!("Bearer {token}");
    let lower = format!("bearer {token}");
    let cases = [
        ("landfall-test", good.as_str(), 200),
        ("landfall-test", lower.as_str(), 200),
        ("landfall-test", "Bearer wrong", 401),
        ("landfall-test", "Basic abc", 401),
        ("landfall-test", "", 401),
        ("other", good.as_str(), 403),
        ("unknown", good.as_str(), 404),
    ];
    for (project, authorization, status) in cases {
        let path = format!("/v1/projects/{project}/messages:send");
        let body = json!({"message": to("t")}).to_string();
        let headers = [("authorization", authorization)];
        let answer = fcm.post(&path, &headers, body).await.expect("an answer");
        assert_eq!(answer.status, status, "{project} {authorization}");
        assert_eq!(answer.code(), "", "{project} {authorization}");
    }
    for path in [
        "/",
        "/v1/projects/a/b/messages:send",
        "/v1/projects//messages:send",
    ] {
        let answer = fcm.post(path, &[], "{}").await.expect("an answer");
        assert_eq!(answer.status, 404);
        assert!(answer.text.starts_with("<html>"), "not Google's JSON");
    }
}

#[tokio::test]
async fn every_row_of_the_table_is_answered_on_demand() {
    let fcm = open();
    for row in Row::ALL {
        says(&fcm, "t", row);
        let answer = fcm.send("", &to("t")).await;
        let error = &answer.json()["error"];
        assert_eq!(answer.status, row.http(), "{row:?}");
        assert_eq!(error["code"], row.http(), "{row:?}");
        assert_eq!(error["status"], row.status(), "{row:?}");
        assert_eq!(
            answer.code(),
            row.error_code().unwrap_or_default(),
            "{row:?}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("application/json; charset=UTF-8")
        );
        says(&fcm, "t", Refusal::of(row).without_code());
        assert_eq!(fcm.send("", &to("t")).await.code(), "", "{row:?}");
    }
    assert_eq!(fcm.send("", &to("other")).await.status, 200);
}

#[tokio::test]
async fn details_and_retry_after_come_on_demand() {
    let fcm = open();
    let text = |text: &str| text.to_owned();
    let extras = [
        (
            Extra::BadRequest {
                field: text("message.android.ttl"),
                description: text("too long"),
            },
            "/error/details/1/fieldViolations/0/field",
            json!("message.android.ttl"),
        ),
        (
            Extra::QuotaFailure {
                subject: text("device:abc"),
                description: text("messages to one device"),
            },
            "/error/details/1/violations/0/subject",
            json!("device:abc"),
        ),
        (
            Extra::ApnsError {
                status_code: 403,
                reason: text("BadEnvironmentKeyInToken"),
            },
            "/error/details/1/reason",
            json!("BadEnvironmentKeyInToken"),
        ),
        (
            Extra::ErrorInfo {
                reason: text("SERVICE_DISABLED"),
            },
            "/error/details/1/reason",
            json!("SERVICE_DISABLED"),
        ),
    ];
    for (extra, pointer, value) in extras {
        says(&fcm, "t", Refusal::of(Row::ThirdPartyAuth).with(extra));
        let body = fcm.send("", &to("t")).await.json();
        assert_eq!(body.pointer(pointer), Some(&value), "{body}");
        let kind = body["error"]["details"][1]["@type"].as_str();
        assert!(kind.is_some_and(|kind| kind.starts_with("type.googleapis.com/google.")));
    }
    let at = Timestamp::from_seconds(784_111_777);
    for (retry_after, value) in [
        (RetryAfter::Seconds(7), "7"),
        (RetryAfter::At(at), "Sun, 06 Nov 1994 08:49:37 GMT"),
    ] {
        says(
            &fcm,
            "t",
            Refusal::of(Row::QuotaExceeded).retry_after(retry_after),
        );
        let answer = fcm.send("", &to("t")).await;
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (429, Some(value))
        );
    }
}

#[tokio::test]
async fn pages_of_something_in_between_and_lost_answers_come_on_demand() {
    let fcm = open();
    for status in [502, 503] {
        says(
            &fcm,
            "t",
            FcmAnswer::Fault(Fault::Canned(Canned::edge(status))),
        );
        let answer = fcm.send("", &to("t")).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, Some("text/html"))
        );
    }
    assert_eq!(fcm.sim.counts().accepted, 0);
    let path = "/v1/projects/landfall-test/messages:send";
    let body = json!({"message": to("t")}).to_string();
    for (fault, accepted) in [(Fault::CloseBefore, 0), (Fault::CloseAfter, 1)] {
        says(&fcm, "t", FcmAnswer::Fault(fault));
        fcm.post(path, &[], body.clone())
            .await
            .expect_err("no answer");
        assert_eq!(fcm.sim.counts().accepted, accepted);
    }
    let counts = fcm.sim.counts();
    assert_eq!((counts.unanswered, counts.unprocessed), (1, 1));
    says(&fcm, "t", FcmAnswer::Fault(Fault::Hold));
    let gate = fcm.sim.gate().clone();
    let message = to("t");
    let (answer, ()) = tokio::join!(fcm.send("", &message), async move {
        gate.until_waiting(1).await;
        gate.open();
    });
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn what_is_known_of_a_recipient_decides() {
    let fcm = Fcm::start(|options| {
        options.checks_tokens = false;
        options.only_registered = true;
    });
    fcm.sim.register("lives");
    fcm.sim.unregister("gone");
    fcm.sim.move_to_other_project("elsewhere");
    let cases = [
        ("lives", 200, ""),
        ("gone", 404, "UNREGISTERED"),
        ("elsewhere", 403, "SENDER_ID_MISMATCH"),
        ("unknown", 400, "INVALID_ARGUMENT"),
    ];
    for field in ["token", "fid"] {
        for (value, status, code) in cases {
            let answer = fcm.send("", &json!({(field): value})).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (status, code),
                "{value}"
            );
        }
    }
    let unknown = fcm.send("", &to("unknown")).await.json();
    let text = unknown["error"]["message"].as_str().expect("a message");
    assert!(text.contains("registration token is not a valid"));
    assert_eq!(fcm.send("", &json!({"topic": "news"})).await.status, 200);
}

#[tokio::test]
async fn what_is_wrong_with_a_message_is_named() {
    let fcm = open();
    let answer = fcm
        .send("", &json!({"token": "t", "data": {"from": "x"}}))
        .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "INVALID_ARGUMENT")
    );
    let body = answer.json();
    let field = body.pointer("/error/details/1/fieldViolations/0/field");
    assert_eq!(field, Some(&json!("message.data")));
    let answer = fcm.send("", &json!({"token": "t", "data": {"n": 1}})).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, ""));
    let taken = fcm.sim.taken();
    assert_eq!(
        taken[0].ended,
        Ended::Refused("INVALID_ARGUMENT".to_owned())
    );
    assert!(taken[0].message.is_some() && taken[1].message.is_none());
}

#[tokio::test]
async fn a_script_chooses_by_what_a_message_states() {
    let fcm = open();
    fcm.sim.script().facts().set("t4", "person", "ada");
    let rule = |name: &str, value: &str, row: Row| Rule::new(Match::fact(name, value), row.into());
    fcm.sim.script().replace(Script::of([
        rule("target", "topic", Row::QuotaExceeded),
        rule("priority", "high", Row::Internal),
        rule("collapse_key", "c", Row::Unavailable),
        rule("analytics_label", "l", Row::Unspecified),
        rule("person", "ada", Row::SenderIdMismatch),
        rule("project", "landfall-test", Row::Unregistered),
    ]));
    let cases = [
        (json!({"topic": "news"}), Row::QuotaExceeded),
        (
            json!({"token": "t", "android": {"priority": "high"}}),
            Row::Internal,
        ),
        (
            json!({"token": "t", "android": {"collapseKey": "c"}}),
            Row::Unavailable,
        ),
        (
            json!({"token": "t", "fcmOptions": {"analyticsLabel": "l"}}),
            Row::Unspecified,
        ),
        (json!({"token": "t4"}), Row::SenderIdMismatch),
        (json!({"token": "t"}), Row::Unregistered),
    ];
    for (message, row) in cases {
        let answer = fcm.send("", &message).await;
        assert_eq!(
            answer.code(),
            row.error_code().unwrap_or_default(),
            "{message}"
        );
    }
}

#[tokio::test]
async fn answers_can_be_written_in_a_script_file_and_counting_keeps_no_requests() {
    for text in [
        r#""natural""#,
        r#"{"refuse": {"row": "unregistered"}}"#,
        r#"{"refuse": {"row": "quota_exceeded", "retry_after": {"seconds": 7}, "extra": [
            {"quota_failure": {"subject": "project:p", "description": "d"}}]}}"#,
        r#"{"refuse": {"row": "third_party_auth", "without_code": true, "extra": [
            {"apns_error": {"status_code": 403, "reason": "InvalidProviderToken"}}]}}"#,
        r#"{"fault": "close_after"}"#,
        r#"{"fault": {"canned": {"status": 502, "content_type": "text/html"}}}"#,
    ] {
        let answer: FcmAnswer = serde_json::from_str(text).expect(text);
        let back = serde_json::to_string(&answer).expect("writes");
        assert_eq!(
            serde_json::from_str::<FcmAnswer>(&back).expect("reads"),
            answer
        );
    }
    let fcm = Fcm::start(|options| {
        options.checks_tokens = false;
        options.recording = Recording::Count;
    });
    assert_eq!(fcm.send("", &to("t")).await.status, 200);
    assert!(fcm.sim.taken().is_empty());
    assert_eq!(fcm.sim.counts().accepted, 1);
}
