//! Twilio's API as senders see it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use landfall_domain::time::{ManualClock, Timestamp};
use landfall_sim::http::{Fault, RetryAfter, form, send};
use landfall_sim::receiver::{self, Receiver};
use landfall_sim::script::{Match, Rule, Script};
use landfall_sim::twilio::{Answer, ApiKey, CODES, Callback, Course, Options, Status, Twilio};
use serde_json::{Value, json};

use crate::installed::{driven, python};

const NOW: Timestamp = Timestamp::from_seconds(1_764_500_000);
const TOKEN: &str = "token-of-the-simulator";
const TO: &str = "+4915112345678";

fn start() -> (Twilio, Arc<ManualClock>, Options) {
    let clock = Arc::new(ManualClock::at(NOW));
    let mut options = Options::plain(clock.clone());
    options.api_keys.push(ApiKey {
        sid: "SK1".to_owned(),
        secret: "s".to_owned(),
    });
    let twilio = Twilio::start(options.clone()).expect("a free port");
    (twilio, clock, options)
}

fn request(twilio: &Twilio, method: &str, path: &str, fields: &[(&str, &str)]) -> Request<Bytes> {
    let account = format!("AC{}", "a".repeat(32));
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let basic = STANDARD.encode(format!("{account}:{TOKEN}"));
    Request::builder()
        .method(method)
        .uri(format!(
            "{}/2010-04-01/Accounts/{account}{path}",
            twilio.base_url()
        ))
        .header("authorization", format!("Basic {basic}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form::write(&fields)))
        .expect("a request")
}

fn message(twilio: &Twilio, to: &str, hook: &str) -> Request<Bytes> {
    let fields = [
        ("To", to),
        ("From", "+15005550006"),
        ("Body", "Hi"),
        ("StatusCallback", hook),
    ];
    request(twilio, "POST", "/Messages.json", &fields)
}

async fn answered(request: Request<Bytes>) -> (u16, Value) {
    let response = send(request, None).await.expect("an answer");
    (response.status().as_u16(), body(&response))
}

fn body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).expect("JSON")
}

#[tokio::test]
async fn every_code_comes_on_demand_with_its_status() {
    let (twilio, ..) = start();
    for code in CODES {
        twilio
            .script()
            .replace(Script::of([Rule::always(Answer::Refuse {
                code: code.code,
                retry_after: Some(RetryAfter::Seconds(5)),
            })]));
        let response = send(message(&twilio, TO, ""), None)
            .await
            .expect("an answer");
        assert_eq!(response.status().as_u16(), code.status, "{}", code.code);
        assert_eq!(response.headers()["retry-after"], "5");
        let wanted = json!({
            "code": code.code,
            "message": code.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", code.code),
            "status": code.status,
        });
        assert_eq!(body(&response), wanted);
    }
    assert_eq!(twilio.taken(), []);
}

#[tokio::test]
async fn only_the_account_and_its_keys_are_admitted() {
    let (twilio, _, options) = start();
    let with = |user: &str, password: &str| {
        let mut request = request(&twilio, "GET", ".json", &[]);
        let basic = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        let headers = request.headers_mut();
        headers.insert("authorization", basic.parse().expect("a header value"));
        request
    };
    assert_eq!(answered(with(&options.account_sid, TOKEN)).await.0, 200);
    let (status, account) = answered(with("SK1", "s")).await;
    assert_eq!((status, &account["status"]), (200, &json!("active")));
    for (user, password) in [
        ("SK1", "t"),
        ("SK2", "s"),
        (options.account_sid.as_str(), ""),
    ] {
        let (status, refusal) = answered(with(user, password)).await;
        assert_eq!((status, &refusal["code"]), (401, &json!(20_003)));
    }
    let mut nameless = with("SK1", "s");
    nameless.headers_mut().remove("authorization");
    assert_eq!(answered(nameless).await.0, 401);
    let mut foreign = with("SK1", "s");
    let path = format!(
        "{}/2010-04-01/Accounts/AC1/Messages.json",
        twilio.base_url()
    );
    *foreign.uri_mut() = path.parse().expect("a URI");
    let (status, refusal) = answered(foreign).await;
    assert_eq!((status, &refusal["code"]), (404, &json!(20_404)));
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_found_in_the_list() {
    let (twilio, clock, _) = start();
    let lose = Rule::always(Answer::Fault(Fault::CloseAfter)).times(1);
    twilio.script().replace(Script::of([lose]));
    assert!(send(message(&twilio, TO, ""), None).await.is_err());
    let list = |query: &str| {
        let path = format!("/Messages.json?{query}");
        answered(request(&twilio, "GET", &path, &[]))
    };
    let (status, found) = list("To=%2B4915112345678").await;
    assert_eq!(status, 200);
    let messages = found["messages"].as_array().expect("a list");
    assert_eq!(messages.len(), 1);
    assert_eq!(
        (&messages[0]["body"], &messages[0]["status"]),
        (&json!("Hi"), &json!("queued"))
    );
    assert_eq!(
        messages[0]["date_created"],
        "Sun, 30 Nov 2025 10:53:20 +0000"
    );
    assert_eq!(messages[0]["date_sent"], Value::Null);
    twilio.advance();
    clock.advance(86_400_000);
    answered(message(&twilio, "+15550001111", "")).await;
    for (query, count) in [
        ("", 2),
        ("DateSent=2025-11-30", 1),
        ("DateSent=2025-12-01", 1),
        ("DateSent%3E=2025-12-01", 1),
        ("DateSent%3E=2025-12-02", 0),
        ("DateSent%3C=2025-11-30", 1),
        ("From=%2B15005550006&To=%2B15550001111", 1),
    ] {
        let (_, found) = list(query).await;
        assert_eq!(
            found["messages"].as_array().map(Vec::len),
            Some(count),
            "{query}"
        );
    }
    let (_, first) = list("PageSize=1").await;
    assert_eq!(first["messages"][0]["to"], "+15550001111", "newest first");
    let next = first["next_page_uri"].as_str().expect("a next page");
    let mut following = request(&twilio, "GET", "", &[]);
    *following.uri_mut() = format!("{}{next}", twilio.base_url())
        .parse()
        .expect("a URI");
    let (_, second) = answered(following).await;
    assert_eq!(second["messages"][0]["to"], TO);
    assert_eq!(
        (&second["next_page_uri"], &second["page"]),
        (&Value::Null, &json!(1))
    );
}

/// What a receiver got as a callback.
fn received(receiver: &Receiver) -> Vec<(String, String)> {
    let arrived = receiver.taken();
    arrived
        .iter()
        .map(|one| {
            let fields = form::read(std::str::from_utf8(&one.body).expect("text"));
            let value = |name| form::value(&fields, name).unwrap_or_default().to_owned();
            (value("MessageStatus"), value("ErrorCode"))
        })
        .collect()
}

#[tokio::test]
async fn callbacks_are_posted_as_the_caller_likes() {
    let (twilio, clock, _) = start();
    let receiver = Receiver::start(receiver::Options::plain(clock)).expect("a free port");
    let hook = receiver.url("/hook?x=1");
    let bad = Rule::new(
        Match::recipient("+15550001111"),
        Answer::Take(Course::Undelivered(30_005)),
    );
    twilio.script().replace(Script::of([bad]));
    for to in [TO, "+15550001111"] {
        let (status, taken) = answered(message(&twilio, to, &hook)).await;
        assert_eq!((status, &taken["status"]), (201, &json!("queued")));
        assert_eq!(taken["sid"].as_str().map(str::len), Some(34));
    }
    assert_eq!(
        twilio.next_callbacks(),
        [],
        "the first status is never reported"
    );
    assert_eq!(
        (twilio.advance(), twilio.advance(), twilio.advance()),
        (2, 2, 0)
    );
    let callbacks = twilio.next_callbacks();
    assert_eq!(twilio.next_callbacks(), []);
    let statuses: Vec<_> = callbacks.iter().map(|one| one.status).collect();
    let sent = Status::Sent;
    assert_eq!(
        statuses,
        [sent, sent, Status::Delivered, Status::Undelivered]
    );
    // Out of order, twice, and the first one never.
    for callback in [&callbacks[3], &callbacks[1], &callbacks[1]] {
        assert_eq!(callback.post(None).await.expect("an answer"), 200);
    }
    let wanted = [("undelivered", "30005"), ("sent", ""), ("sent", "")];
    let wanted = wanted.map(|(status, code)| (status.to_owned(), code.to_owned()));
    assert_eq!(received(&receiver), wanted);
    let arrived = &receiver.taken()[0];
    assert_eq!(arrived.path, "/hook?x=1");
    assert_eq!(
        arrived.header("x-twilio-signature"),
        Some(callbacks[3].signature.as_str())
    );
    assert_ne!(callbacks[3].forged().signature, callbacks[3].signature);
}

#[test]
fn a_script_is_written_as_json() {
    let steps = vec![Status::Sending.into(), Status::PartiallyDelivered.into()];
    let limited = Answer::Refuse {
        code: 20_429,
        retry_after: Some(RetryAfter::Seconds(3)),
    };
    for (json, answer) in [
        (
            json!({"refuse": {"code": 20_429, "retry_after": {"seconds": 3}}}),
            limited,
        ),
        (
            json!({"take": "without_receipt"}),
            Answer::Take(Course::WithoutReceipt),
        ),
        (
            json!({"take": {"undelivered": 30_003}}),
            Answer::Take(Course::Undelivered(30_003)),
        ),
        (
            json!({"take": {"steps": [{"status": "sending"}, {"status": "partially_delivered"}]}}),
            Answer::Take(Course::Steps(steps)),
        ),
        (
            json!({"fault": "close_before"}),
            Answer::Fault(Fault::CloseBefore),
        ),
    ] {
        let read: Answer = serde_json::from_value(json.clone()).expect("an answer");
        assert_eq!(read, answer);
        assert_eq!(serde_json::to_value(&answer).expect("JSON"), json);
    }
}

#[tokio::test]
async fn who_sent_stop_gets_nothing() {
    let (twilio, ..) = start();
    twilio.stop(TO);
    let (status, refusal) = answered(message(&twilio, TO, "")).await;
    assert_eq!((status, &refusal["code"]), (400, &json!(21_610)));
    twilio.start_again(TO);
    assert_eq!(answered(message(&twilio, TO, "")).await.0, 201);
}

fn as_json(callback: &Callback) -> Value {
    let fields: serde_json::Map<_, _> = callback
        .fields
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    json!({"url": callback.url, "fields": fields, "signature": callback.signature})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_twilio_python() {
    let (twilio, _, options) = start();
    twilio.stop("+4915100000000");
    let limited = Answer::Refuse {
        code: 20_429,
        retry_after: None,
    };
    let rule = Rule::new(Match::recipient("+4915199999999"), limited);
    twilio.script().replace(Script::of([rule]));
    let mut command = python("python_twilio.py");
    command
        .arg("messages")
        .env("BASE_URL", twilio.base_url())
        .env("ACCOUNT", &options.account_sid)
        .env("TOKEN", TOKEN)
        .env("SERVICE", &options.services[0])
        .env("SEND_AT", "2025-12-01T10:00:00Z")
        .env("HOOK", "https://push.example.test/hooks/twilio?w=1");
    let answers = driven(command).await;
    for (name, status, segments) in [
        ("long", "queued", "2"),
        ("umlauts", "queued", "1"),
        ("service", "accepted", "0"),
        ("scheduled", "scheduled", "0"),
        ("canceled", "canceled", "0"),
        ("fetched", "queued", "2"),
    ] {
        let answer = &answers[name];
        assert_eq!(
            (&answer["status"], &answer["segments"]),
            (&json!(status), &json!(segments)),
            "{name}: {answers:#}"
        );
        assert_eq!(answer["created"], "2025-11-30T10:53:20+00:00");
    }
    for (name, code, status) in [
        ("again", 30_409, 409),
        ("invalid", 21_211, 400),
        ("stopped", 21_610, 400),
        ("scripted", 20_429, 429),
        ("stranger", 20_003, 401),
    ] {
        assert_eq!(
            answers[name],
            json!({"code": code, "status": status}),
            "{name}: {answers:#}"
        );
    }
    assert_eq!(
        answers["listed"],
        json!(["Grüße & mehr + 100 %", "x".repeat(161)])
    );
    while twilio.advance() > 0 {}
    let callbacks = twilio.next_callbacks();
    assert_eq!(
        callbacks.len(),
        7,
        "two each for a number, three for the service"
    );
    let all: Vec<_> = callbacks
        .iter()
        .flat_map(|callback| [as_json(callback), as_json(&callback.forged())])
        .collect();
    let mut command = python("python_twilio.py");
    command
        .arg("validate")
        .env("TOKEN", TOKEN)
        .env("CALLBACKS", json!(all).to_string());
    let valid = driven(command).await;
    assert_eq!(valid, json!([true, false].repeat(7)));
}
