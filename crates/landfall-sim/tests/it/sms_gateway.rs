//! The SMS gateway of no particular vendor.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use landfall_domain::time::{ManualClock, Timestamp};
use landfall_sim::http::{Fault, send};
use landfall_sim::receiver::{self, Receiver};
use landfall_sim::script::{Match, Rule, Script};
use landfall_sim::sms_gateway::{
    Admission, Answer, Options, SIGNATURE, SmsGateway, Status, Step, TIMESTAMP, signature,
};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_seconds(1_764_500_000);

fn start(change: impl FnOnce(&mut Options)) -> (SmsGateway, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(NOW));
    let mut options = Options::open(clock.clone());
    change(&mut options);
    (SmsGateway::start(options).expect("a free port"), clock)
}

fn post(gateway: &SmsGateway, kind: &str, body: String) -> Request<Bytes> {
    Request::post(gateway.url())
        .header("content-type", kind)
        .body(Bytes::from(body))
        .expect("a request")
}

fn message(gateway: &SmsGateway, to: &str, hook: &str) -> Request<Bytes> {
    let body = json!({"to": to, "from": "SHOP", "text": "Hi", "reference": "a1",
        "callback_url": hook, "validity_seconds": 60});
    post(gateway, "application/json", body.to_string())
}

async fn answered(request: Request<Bytes>) -> (u16, Value) {
    let response = send(request, None).await.expect("an answer");
    let body = serde_json::from_slice(response.body()).expect("JSON");
    (response.status().as_u16(), body)
}

#[tokio::test]
async fn json_and_forms_are_taken_alike() {
    let (gateway, _) = start(|_| {});
    let (status, body) = answered(message(&gateway, "+4915112345678", "")).await;
    assert_eq!(
        (status, body),
        (202, json!({"id": "g-000000", "status": "accepted"}))
    );
    let form = "to=%2B4915112345678&from=SHOP&text=Hi&reference=a1&validity_seconds=60";
    let form = post(
        &gateway,
        "application/x-www-form-urlencoded",
        form.to_owned(),
    );
    assert_eq!(answered(form).await.0, 202);
    let [json, form] = &gateway.taken()[..] else {
        panic!("two messages");
    };
    assert_eq!(
        (&json.text, &json.reference, json.valid_until),
        (&form.text, &form.reference, form.valid_until)
    );
    assert_eq!(json.valid_until, Some(NOW.plus_millis(60_000)));
}

#[tokio::test]
async fn wrong_requests_are_refused_with_a_code() {
    let (gateway, _) = start(|_| {});
    for (body, code) in [
        ("[]", "invalid_body"),
        (r#"{"to": "+1", "from": "a"}"#, "missing_field"),
        (r#"{"to": "x", "from": "a", "text": "b"}"#, "invalid_number"),
        (
            r#"{"to": "+1", "from": "a", "text": "b", "validity_seconds": "soon"}"#,
            "invalid_validity",
        ),
    ] {
        let request = post(&gateway, "application/json", body.to_owned());
        let (status, refusal) = answered(request).await;
        assert_eq!((status, &refusal["error"]["code"]), (400, &json!(code)));
    }
    assert_eq!(gateway.taken(), []);
}

#[tokio::test]
async fn who_may_send_is_a_setting() {
    let ways = [
        (
            Admission::Bearer("t".to_owned()),
            "authorization",
            "Bearer t",
        ),
        (
            Admission::Basic {
                user: "u".to_owned(),
                password: "p".to_owned(),
            },
            "authorization",
            "Basic dTpw",
        ),
        (
            Admission::Header {
                name: "x-key".to_owned(),
                value: "k".to_owned(),
            },
            "x-key",
            "k",
        ),
    ];
    for (admission, name, value) in ways {
        let (gateway, _) = start(|options| options.admission = admission);
        assert_eq!(answered(message(&gateway, "+1555", "")).await.0, 401);
        let mut request = message(&gateway, "+1555", "");
        request
            .headers_mut()
            .insert(name, value.parse().expect("a header value"));
        assert_eq!(answered(request).await.0, 202);
    }
}

#[tokio::test]
async fn reports_are_signed_and_say_what_the_script_says() {
    let (gateway, clock) = start(|_| {});
    let receiver = Receiver::start(receiver::Options::plain(clock.clone())).expect("a free port");
    let rejected = Step {
        status: Status::Rejected,
        error: Some("spam".to_owned()),
    };
    gateway.script().replace(Script::of([
        Rule::new(Match::prefix("+1"), Answer::Take(vec![rejected])),
        Rule::new(Match::prefix("+2"), Answer::Take(Vec::new())),
        Rule::new(Match::prefix("+3"), Answer::Fault(Fault::CloseAfter)),
        Rule::new(
            Match::prefix("+4"),
            Answer::Refuse {
                status: 429,
                code: "slow_down".to_owned(),
                retry_after: None,
            },
        ),
    ]));
    let hook = receiver.url("/reports");
    for to in ["+1", "+2"] {
        assert_eq!(answered(message(&gateway, to, &hook)).await.0, 202);
    }
    assert!(send(message(&gateway, "+3", &hook), None).await.is_err());
    let (status, refusal) = answered(message(&gateway, "+4", &hook)).await;
    assert_eq!(
        (status, &refusal["error"]["code"]),
        (429, &json!("slow_down"))
    );
    assert_eq!(gateway.advance(), 2, "the one without steps waits");
    clock.advance(60_000);
    assert_eq!(gateway.advance(), 2);
    let reports = gateway.next_reports();
    let statuses: Vec<_> = reports.iter().map(|one| one.status).collect();
    assert_eq!(
        statuses,
        [
            Status::Rejected,
            Status::Sent,
            Status::Expired,
            Status::Delivered
        ]
    );
    assert_eq!(reports[0].post(None).await.expect("an answer"), 200);
    assert_eq!(
        reports[0].forged().post(None).await.expect("an answer"),
        200
    );
    let arrived = receiver.taken();
    let body = std::str::from_utf8(&arrived[0].body).expect("text");
    let report: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(
        (&report["reference"], &report["error"]["code"]),
        (&json!("a1"), &json!("spam"))
    );
    let right = signature("secret-of-the-gateway", NOW.seconds(), body);
    assert_eq!(arrived[0].header(SIGNATURE), Some(right.as_str()));
    assert_eq!(arrived[0].header(TIMESTAMP), Some("1764500000"));
    assert_ne!(arrived[1].header(SIGNATURE), Some(right.as_str()));
}
