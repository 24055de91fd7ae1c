//! The webhook sender and the poster of reports against a receiver that keeps what it gets.

use std::collections::BTreeMap;
use std::sync::Arc;

use landfall_domain::attempt::{Answer, Verdict};
use landfall_domain::channel::Provider;
use landfall_domain::content::{Content, WebhookContent};
use landfall_domain::reason::Reason;
use landfall_domain::time::{ManualClock, Timestamp};
use landfall_send::credential::WebhookCredential;
use landfall_send::webhook::{ReportPoster, TIMEOUT, classify, sign};
use landfall_send::{Address, Credential, Network, Outgoing, Sender, connect};
use landfall_sim::certificate::Authority;
use landfall_sim::http::{Canned, Fault, RetryAfter};
use landfall_sim::receiver::{Options, Receiver};
use landfall_sim::script::{Rule, Script};

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn options() -> Options {
    Options::plain(Arc::new(ManualClock::at(NOW)))
}

fn receiver() -> Receiver {
    Receiver::start(options()).expect("a free port")
}

fn network() -> Network {
    Network {
        private_allowed: true,
        ..Network::default()
    }
}

fn sender(signing_key: Option<&str>, network: &Network) -> Arc<dyn Sender> {
    let credential = WebhookCredential {
        signing_key: signing_key.map(str::to_owned),
        ca_pem: None,
    };
    connect(&Credential::Webhook(credential), network).expect("a credential")
}

fn calling(content: WebhookContent) -> Outgoing {
    Outgoing {
        attempt_id: "7d2b5c1e-0000-4000-8000-000000000001".to_owned(),
        delivery_id: "dlv_7".to_owned(),
        to: Address::Configured,
        content: Content::Webhook(Box::new(content)),
        expires_at: NOW.plus_millis(600_000),
        dry_run: false,
        analytics_label: None,
    }
}

fn post(url: String) -> WebhookContent {
    WebhookContent {
        url,
        body: Some(r#"{"a":1}"#.to_owned()),
        ..WebhookContent::default()
    }
}

fn script(receiver: &Receiver, fault: Fault) {
    receiver.script().replace(Script::of([Rule::always(fault)]));
}

#[tokio::test]
async fn a_server_gets_method_headers_and_body_and_a_signature() {
    let receiver = receiver();
    let content = WebhookContent {
        method: Some("put".to_owned()),
        headers: BTreeMap::from([("X-Shop".to_owned(), "7".to_owned())]),
        ..post(receiver.url("/hook?x=1"))
    };
    let sender = sender(Some("whsec_demo"), &network());
    assert_eq!(sender.provider(), Provider::Webhook);
    let answer = sender.send(&calling(content), NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    assert_eq!(answer.status, Some(200));
    let got = receiver.taken().pop().unwrap();
    assert_eq!(got.method, "PUT");
    assert_eq!(got.path, "/hook?x=1");
    assert_eq!(&got.body[..], br#"{"a":1}"#);
    assert_eq!(got.header("x-shop"), Some("7"));
    assert_eq!(got.header("content-type"), Some("application/json"));
    assert_eq!(got.header("x-landfall-delivery-id"), Some("dlv_7"));
    assert_eq!(got.header("x-cio-timestamp"), Some("1790000000"));
    assert_eq!(
        got.header("x-cio-signature"),
        Some("c6f38e919b78f80959da2045e8e13fbdab84c4237563c0c6cddc5b03138f38ac")
    );
}

#[tokio::test]
async fn statuses_mean_what_the_table_says_and_words_are_kept() {
    let receiver = receiver();
    let sender = sender(None, &network());
    for status in [
        201, 204, 400, 401, 404, 408, 410, 413, 422, 425, 429, 500, 503,
    ] {
        let canned = Canned::text(status, "words of the server");
        script(&receiver, Fault::Canned(canned));
        let answer = sender.send(&calling(post(receiver.url("/"))), NOW).await;
        assert_eq!(answer.reason(), classify::refusal(status), "{status}");
        assert_eq!(answer.status, Some(status));
        let words = answer.reason().map(|_| "words of the server");
        assert_eq!(answer.message.as_deref(), words, "{status}");
    }
}

#[tokio::test]
async fn a_server_says_when_to_come_back() {
    let receiver = receiver();
    let canned = Canned::status(429).retry_after(RetryAfter::At(NOW.plus_millis(45_000)));
    script(&receiver, Fault::Canned(canned));
    let answer = sender(None, &network())
        .send(&calling(post(receiver.url("/"))), NOW)
        .await;
    assert_eq!(answer.retry_after_ms, Some(45_000), "{answer:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let receiver = receiver();
    let canned = Canned::status(307);
    script(&receiver, Fault::Canned(canned));
    let answer = sender(None, &network())
        .send(&calling(post(receiver.url("/first"))), NOW)
        .await;
    assert_eq!(answer.reason(), Some(Reason::ProviderConfig));
    assert_eq!(receiver.taken().len(), 1);
}

#[tokio::test]
async fn the_own_network_is_not_called_unless_that_is_allowed() {
    let receiver = receiver();
    let sender = sender(None, &Network::default());
    let by_name = receiver.url("/");
    let by_number = by_name.replace("localhost", "127.0.0.1");
    for url in [by_name, by_number] {
        let answer = sender.send(&calling(post(url.clone())), NOW).await;
        assert_eq!(answer.reason(), Some(Reason::ProviderConfig), "{url}");
    }
    assert!(receiver.taken().is_empty());
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_a_closed_port_is_not() {
    let receiver = receiver();
    script(&receiver, Fault::CloseAfter);
    let sender = sender(None, &network());
    let url = receiver.url("/");
    let answer = sender.send(&calling(post(url.clone())), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::OutcomeUnknown), "{answer:?}");
    drop(receiver);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", nobody.local_addr().unwrap());
    drop(nobody);
    let answer = sender.send(&calling(post(url)), NOW).await;
    assert_eq!(
        answer.reason(),
        Some(Reason::ConnectionFailed),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_dry_run_calls_nobody_and_finds_mistakes() {
    let receiver = receiver();
    let sender = sender(None, &network());
    let mut dry = calling(post(receiver.url("/")));
    dry.dry_run = true;
    assert_eq!(sender.send(&dry, NOW).await.verdict, Verdict::Accepted);
    assert_eq!(sender.check(NOW).await.verdict, Verdict::Accepted);
    dry.content = Content::Webhook(Box::new(post("nowhere".to_owned())));
    let answer = sender.send(&dry, NOW).await;
    assert_eq!(answer.reason(), Some(Reason::PayloadInvalid));
    assert!(receiver.taken().is_empty());
}

#[tokio::test]
async fn a_report_is_posted_signed_over_tls() {
    let authority = Arc::new(Authority::new().unwrap());
    let receiver = Receiver::start(Options {
        authority: Some(Arc::clone(&authority)),
        ..options()
    })
    .unwrap();
    let network = Network {
        ca_pem: Some(authority.pem().to_owned()),
        ..network()
    };
    let poster = ReportPoster::new(&network).unwrap();
    let body = br#"{"event_id":"01E"}"#;
    let url = receiver.url("/reports");
    for at in [NOW, NOW.plus_millis(5_000)] {
        let answer = poster.post(&url, Some("key"), body, TIMEOUT, at).await;
        assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
        let got = receiver.taken().pop().unwrap();
        assert_eq!(&got.body[..], body);
        assert_eq!(got.header("content-type"), Some("application/json"));
        assert_eq!(
            got.header("x-cio-signature"),
            Some(sign("key", at, body).as_str()),
            "each try is signed anew"
        );
    }
    let unsigned = poster.post(&url, None, body, TIMEOUT, NOW).await;
    assert_eq!(unsigned.verdict, Verdict::Accepted);
    assert_eq!(
        receiver.taken().pop().unwrap().header("x-cio-signature"),
        None
    );
}

#[tokio::test]
async fn a_receiver_has_four_seconds() {
    let receiver = receiver();
    script(&receiver, Fault::Hold);
    let poster = ReportPoster::new(&network()).unwrap();
    let url = receiver.url("/reports");
    let posting = tokio::spawn(async move { poster.post(&url, None, b"{}", TIMEOUT, NOW).await });
    receiver.gate().until_waiting(1).await;
    tokio::time::pause();
    let before = tokio::time::Instant::now();
    let answer: Answer = posting.await.unwrap();
    assert_eq!(answer.reason(), Some(Reason::OutcomeUnknown), "{answer:?}");
    let waited = before.elapsed();
    assert!(waited < network().attempt_timeout / 2, "{waited:?}");
}

#[tokio::test]
async fn a_report_to_the_own_network_or_to_no_url_is_refused() {
    let receiver = receiver();
    let poster = ReportPoster::new(&Network::default()).unwrap();
    for url in [receiver.url("/"), "reports".to_owned()] {
        let answer = poster.post(&url, None, b"{}", TIMEOUT, NOW).await;
        assert_eq!(answer.reason(), Some(Reason::ProviderConfig), "{url}");
    }
    assert!(receiver.taken().is_empty());
}
