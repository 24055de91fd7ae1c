//! Incoming webhooks as senders see them.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use landfall_domain::time::{ManualClock, Timestamp};
use landfall_sim::http::{Fault, send};
use landfall_sim::script::{Match, Rule, Script};
use landfall_sim::slack::{Answer, Options, Problem, Slack};
use serde_json::json;

use crate::installed::{driven, python};

fn start() -> Slack {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(7)));
    Slack::start(Options::plain(clock)).expect("a free port")
}

async fn posted(url: &str, kind: &str, body: impl Into<Bytes>) -> Response<Bytes> {
    let request = Request::post(url)
        .header("content-type", kind)
        .body(body.into())
        .expect("a request");
    send(request, None).await.expect("an answer")
}

async fn says(url: &str, body: impl Into<Bytes>) -> (u16, String) {
    let response = posted(url, "application/json", body).await;
    let text = String::from_utf8(response.body().to_vec()).expect("text");
    (response.status().as_u16(), text)
}

#[tokio::test]
async fn a_message_is_taken_as_json_or_as_a_form() {
    let slack = start();
    let url = slack.add_webhook("T1/B1/secret");
    assert_eq!(
        says(&url, r#"{"text": "Hi"}"#).await,
        (200, "ok".to_owned())
    );
    let kind = "application/x-www-form-urlencoded";
    let response = posted(&url, kind, "payload=%7B%22text%22%3A+%22Ho%22%7D").await;
    assert_eq!(response.status(), 200);
    let taken = slack.taken();
    assert_eq!(taken[0].message, json!({"text": "Hi"}));
    assert_eq!(taken[1].message, json!({"text": "Ho"}));
    assert_eq!(taken[1].webhook, "T1/B1/secret");
}

#[tokio::test]
async fn each_mistake_has_its_word() {
    let slack = start();
    let url = slack.add_webhook("T1/B1/secret");
    let attachments = json!({"attachments": vec![json!({"text": "x"}); 101]});
    let many = json!({"blocks": vec![json!({"type": "divider"}); 51]});
    let section = json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(3_000)}});
    let long = json!({"blocks": vec![section; 5]});
    for (body, problem) in [
        ("{".to_owned(), Problem::InvalidPayload),
        ("[]".to_owned(), Problem::InvalidPayload),
        ("{}".to_owned(), Problem::NoText),
        (r#"{"text": ""}"#.to_owned(), Problem::NoText),
        (attachments.to_string(), Problem::TooManyAttachments),
        (many.to_string(), Problem::InvalidBlocks),
        (long.to_string(), Problem::MsgBlocksTooLong),
    ] {
        let wanted = (problem.status(), problem.word().to_owned());
        assert_eq!(says(&url, body).await, wanted);
    }
    let forged = url.replace("secret", "guess");
    assert_eq!(
        says(&forged, r#"{"text": "x"}"#).await,
        (403, "invalid_token".to_owned())
    );
    slack.remove_webhook("T1/B1/secret");
    assert_eq!(
        says(&url, r#"{"text": "x"}"#).await,
        (404, "no_service".to_owned())
    );
    assert_eq!(slack.taken(), []);
}

#[tokio::test]
async fn every_word_comes_on_demand_with_its_status() {
    let slack = start();
    let url = slack.add_webhook("T1/B1/secret");
    for problem in Problem::ALL {
        let named: Answer =
            serde_json::from_value(json!({"refuse": problem.word()})).expect("an answer");
        assert_eq!(named, Answer::Refuse(problem));
        slack.script().replace(Script::of([Rule::always(named)]));
        let wanted = (problem.status(), problem.word().to_owned());
        assert_eq!(says(&url, r#"{"text": "x"}"#).await, wanted);
    }
    slack
        .script()
        .replace(Script::of([Rule::always(Answer::RateLimited(30))]));
    let response = posted(&url, "application/json", r#"{"text": "x"}"#).await;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "30");
    let lose = Rule::new(Match::prefix("T1/"), Answer::Fault(Fault::CloseAfter));
    slack.script().replace(Script::of([lose]));
    let request = Request::post(&url).body(Bytes::from(r#"{"text": "x"}"#));
    assert!(send(request.expect("a request"), None).await.is_err());
    assert_eq!(slack.taken().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_slack_sdk() {
    let slack = start();
    let url = slack.add_webhook("T1/B1/secret");
    let dead = slack.add_webhook("T1/B2/secret");
    let busy = slack.add_webhook("T1/B3/secret");
    slack.script().replace(Script::of([
        Rule::new(
            Match::prefix("T1/B2"),
            Answer::Refuse(Problem::NoActiveHooks),
        ),
        Rule::new(Match::prefix("T1/B3"), Answer::RateLimited(7)),
    ]));
    let blocks = json!([
        {"type": "header", "text": {"type": "plain_text", "text": "Delivery fell"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*93 %* of yesterday's"}},
        {"type": "actions", "elements": [{"type": "button", "url": "https://push.example.test/a",
            "text": {"type": "plain_text", "text": "Open"}}]},
    ]);
    let wrong = json!([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]);
    let orders = json!([
        {"name": "text", "url": url, "message": {"text": "Grüße 👋"}},
        {"name": "blocks", "url": url, "message": {"text": "Delivery fell", "blocks": blocks}},
        {"name": "wrong", "url": url, "message": {"text": "x", "blocks": wrong}},
        {"name": "empty", "url": url, "message": {"text": ""}},
        {"name": "dead", "url": dead, "message": {"text": "x"}},
        {"name": "busy", "url": busy, "message": {"text": "x"}},
    ]);
    let mut command = python("python_slack.py");
    command.env("ORDERS", orders.to_string());
    let answers = driven(command).await;
    let answer = |status, body| json!({"status": status, "body": body, "retry_after": null});
    assert_eq!(answers["text"], answer(200, "ok"));
    assert_eq!(answers["blocks"], answer(200, "ok"));
    assert_eq!(answers["wrong"], answer(400, "invalid_blocks"));
    assert_eq!(answers["empty"], answer(400, "no_text"));
    assert_eq!(answers["dead"], answer(404, "no_active_hooks"));
    let busy = json!({"status": 429, "body": "rate_limited", "retry_after": "7"});
    assert_eq!(answers["busy"], busy);
    let taken = slack.taken();
    assert_eq!(taken[0].message["text"], "Grüße 👋");
    assert_eq!(taken[1].message["blocks"], blocks);
}
