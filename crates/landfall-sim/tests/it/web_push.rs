//! The Web Push service as senders see it.

use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Method, Request, Response, Version};
use landfall_domain::time::{Clock as _, ManualClock, Timestamp};
use landfall_sim::certificate::Authority;
use landfall_sim::http::{Canned, Fault, RetryAfter, send};
use landfall_sim::script::{Rule, Script};
use landfall_sim::web_push::{
    Answer, Content, Fate, Options, Problem, Style, Subscription, Urgency, Wanted, WebPush,
};
use serde_json::{Value, json};

mod clients;

const NOW: Timestamp = Timestamp::from_seconds(1_764_500_000);

fn plain(change: impl FnOnce(&mut Options)) -> (WebPush, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(NOW));
    let mut options = Options::plain(clock.clone());
    change(&mut options);
    let service = WebPush::start(options).expect("a free port");
    (service, clock)
}

/// An application server of the test.
struct Sender {
    pair: EcdsaKeyPair,
}

impl Sender {
    fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        Self { pair }
    }

    fn key(&self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    fn authorization(&self, audience: &str, now: Timestamp) -> String {
        let claims =
            json!({"aud": audience, "exp": now.seconds() + 600, "sub": "mailto:a@b.example"});
        let text = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = self.pair.sign(&SystemRandom::new(), text.as_bytes());
        format!(
            "vapid t={text}.{}, k={}",
            URL_SAFE_NO_PAD.encode(signature.expect("a signature")),
            URL_SAFE_NO_PAD.encode(self.key())
        )
    }

    /// A right message without a body.
    fn message(&self, service: &WebPush, to: &Subscription) -> Request<Bytes> {
        Request::post(&to.endpoint)
            .header("ttl", "60")
            .header("authorization", self.authorization(service.origin(), NOW))
            .body(Bytes::new())
            .expect("a request")
    }
}

fn with(mut request: Request<Bytes>, name: &'static str, value: &'static str) -> Request<Bytes> {
    let headers = request.headers_mut();
    headers.insert(name, value.parse().expect("a header value"));
    request
}

async fn answered(request: Request<Bytes>) -> Response<Bytes> {
    send(request, None).await.expect("an answer")
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).expect("text")
}

fn header<'r>(response: &'r Response<Bytes>, name: &str) -> &'r str {
    let value = response.headers().get(name).expect(name);
    value.to_str().expect("text")
}

#[tokio::test]
async fn an_accepted_message_has_a_resource_that_can_be_deleted_while_it_waits() {
    let (service, _) = plain(|_| {});
    let wanted = Wanted {
        offline: true,
        ..Wanted::default()
    };
    let subscription = service.subscribe_as(wanted).expect("a subscription");
    let message = Sender::new().message(&service, &subscription);
    let message = with(with(message, "topic", "cart"), "urgency", "low");
    let response = answered(message).await;
    assert_eq!(response.status(), 201);
    assert_eq!(header(&response, "ttl"), "60");
    let resource = header(&response, "location").to_owned();
    let kept = service.taken().pop().expect("a message");
    assert_eq!(
        (kept.urgency, kept.topic.as_deref()),
        (Urgency::Low, Some("cart"))
    );
    assert_eq!(kept.fate, Fate::Stored(NOW.plus_millis(60_000)));
    assert_eq!(kept.content, Content::Empty);
    for status in [204, 404] {
        let delete = Request::delete(&resource)
            .body(Bytes::new())
            .expect("a request");
        assert_eq!(answered(delete).await.status(), status);
    }
    assert_eq!(service.taken()[0].fate, Fate::Withdrawn(NOW));
    assert!(service.set_online(&subscription.id, true).is_empty());
}

#[tokio::test]
async fn the_clock_decides_what_a_browser_still_gets() {
    let (service, clock) = plain(|_| {});
    let wanted = Wanted {
        offline: true,
        expires: Some(NOW.plus_millis(120_000)),
        ..Wanted::default()
    };
    let subscription = service.subscribe_as(wanted).expect("a subscription");
    let sender = Sender::new();
    let now_or_never = with(sender.message(&service, &subscription), "ttl", "0");
    assert_eq!(answered(now_or_never).await.status(), 201);
    assert_eq!(
        answered(sender.message(&service, &subscription))
            .await
            .status(),
        201
    );
    clock.advance(59_000);
    let delivered = service.set_online(&subscription.id, true);
    assert_eq!(delivered.len(), 1, "the one with a TTL of 0 is over");
    clock.advance(61_000);
    let response = answered(sender.message(&service, &subscription)).await;
    assert_eq!(response.status(), 404, "the subscription has expired");
    let fates: Vec<_> = service
        .taken()
        .into_iter()
        .map(|taken| taken.fate)
        .collect();
    let then = NOW.plus_millis(59_000);
    assert_eq!(fates, [Fate::Expired(NOW), Fate::Delivered(then)]);
}

#[tokio::test]
async fn each_mistake_of_a_sender_is_refused_in_the_words_of_each_service() {
    let sender = Sender::new();
    for style in [Style::Standard, Style::Autopush, Style::Apple] {
        let (service, _) = plain(|options| options.style = style);
        let open = service.subscribe().expect("a subscription");
        let bound = service
            .subscribe_as(Wanted {
                application_server_key: Some(Sender::new().key()),
                ..Wanted::default()
            })
            .expect("a subscription");
        let right = || sender.message(&service, &open);
        let mut unknown = right();
        *unknown.uri_mut() = format!("{}x", open.endpoint).parse().expect("a URI");
        let mut read = right();
        *read.method_mut() = Method::GET;
        let mut nameless = right();
        nameless.headers_mut().remove("authorization");
        let mut timeless = right();
        timeless.headers_mut().remove("ttl");
        let mut large = with(right(), "content-encoding", "aes128gcm");
        *large.body_mut() = Bytes::from(vec![0; 4_097]);
        let mut garbled = with(right(), "content-encoding", "aes128gcm");
        *garbled.body_mut() = Bytes::from(vec![0; 4_096]);
        let cases = [
            (unknown, Problem::UnknownEndpoint),
            (read, Problem::MethodNotAllowed),
            (nameless, Problem::MissingAuthorization),
            (
                with(right(), "authorization", "bearer x"),
                Problem::BadAuthorization,
            ),
            (
                with(right(), "authorization", "vapid t=a.b.c,k=BA"),
                Problem::BadKey,
            ),
            (sender.message(&service, &bound), Problem::ForeignKey),
            (timeless, Problem::MissingTtl),
            (with(right(), "ttl", "soon"), Problem::BadTtl),
            (with(right(), "topic", "no spaces"), Problem::BadTopic),
            (with(right(), "urgency", "asap"), Problem::BadUrgency),
            (large, Problem::TooLarge),
            (garbled, Problem::BadEncryption),
        ];
        for (request, problem) in cases {
            assert_says(&answered(request).await, problem, style);
        }
        assert_eq!(service.taken(), [], "nothing refused was taken");
    }
}

/// Checks status and body of a refusal.
fn assert_says(response: &Response<Bytes>, problem: Problem, style: Style) {
    assert_eq!(
        response.status(),
        problem.status(style),
        "{problem:?} {style:?}"
    );
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    match style {
        Style::Standard => assert!(!text(response).is_empty()),
        Style::Autopush => {
            assert_eq!(body["errno"], json!(problem.errno()), "{problem:?}");
            assert_eq!(body["code"], problem.status(style));
            assert!(body["error"].is_string() && body["message"].is_string());
        }
        Style::Apple => {
            assert_eq!(body, json!({"reason": problem.reason()}));
            assert_eq!(header(response, "apns-id").len(), 36);
        }
    }
}

#[tokio::test]
async fn every_problem_comes_on_demand_in_every_style() {
    let (service, _) = plain(|_| {});
    let subscription = service.subscribe().expect("a subscription");
    let sender = Sender::new();
    for style in [Style::Standard, Style::Autopush, Style::Apple] {
        for problem in Problem::all() {
            service
                .script()
                .replace(Script::of([Rule::always(Answer::Refuse {
                    problem,
                    style: Some(style),
                    retry_after: Some(RetryAfter::Seconds(9)),
                })]));
            let response = answered(sender.message(&service, &subscription)).await;
            assert_says(&response, problem, style);
            assert_eq!(header(&response, "retry-after"), "9");
        }
    }
    assert_eq!(service.taken(), []);
}

#[tokio::test]
async fn a_script_chooses_by_subscription_topic_and_urgency() {
    let (service, _) = plain(|_| {});
    let script = json!({"rules": [
        {"when": {"prefix": "dead"}, "answer": {"refuse": {"problem": "no_subscription"}}},
        {"when": {"facts": {"topic": "t"}}, "answer": {"accept": 202}},
        {"when": {"facts": {"urgency": "high"}}, "answer": {"fault": {"canned": {
            "status": 429, "retry_after": {"at": NOW.millis()}}}}},
    ]});
    let script: Script<Answer> = serde_json::from_value(script).expect("a script");
    service.script().replace(script);
    let named = |id: &str| {
        let wanted = Wanted {
            id: Some(id.to_owned()),
            ..Wanted::default()
        };
        service.subscribe_as(wanted).expect("a subscription")
    };
    let (dead, alive) = (named("dead-1"), named("alive-1"));
    assert!(
        service
            .subscribe_as(Wanted {
                id: Some("dead-1".to_owned()),
                ..Wanted::default()
            })
            .is_err()
    );
    assert!(
        service
            .subscribe_as(Wanted {
                id: Some("a/b".to_owned()),
                ..Wanted::default()
            })
            .is_err()
    );
    let sender = Sender::new();
    let of = |to| sender.message(&service, to);
    assert_eq!(answered(of(&dead)).await.status(), 410);
    let receipt = answered(with(of(&alive), "topic", "t")).await;
    assert_eq!(receipt.status(), 202);
    assert!(header(&receipt, "link").ends_with("rel=\"urn:ietf:params:push:receipt\""));
    let late = answered(with(of(&alive), "urgency", "high")).await;
    assert_eq!(late.status(), 429);
    assert_eq!(
        header(&late, "retry-after"),
        "Sun, 30 Nov 2025 10:53:20 GMT"
    );
    assert_eq!(answered(of(&alive)).await.status(), 201);
    assert_eq!(service.taken().len(), 2);
    assert_eq!(service.script().counts().rules, [1, 1, 1]);
}

#[tokio::test]
async fn faults_take_the_message_or_not_as_they_say() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let (service, _) = plain(|_| {});
        let subscription = service.subscribe().expect("a subscription");
        let sender = Sender::new();
        let of = |fault| {
            let rule = Rule::always(Answer::Fault(fault));
            service.script().replace(Script::of([rule]));
            let mut message = sender.message(&service, &subscription);
            *message.version_mut() = version;
            message
        };
        assert!(send(of(Fault::CloseBefore), None).await.is_err());
        assert_eq!(service.taken().len(), 0);
        assert!(send(of(Fault::CloseAfter), None).await.is_err());
        assert_eq!(service.taken().len(), 1);
        let page = answered(of(Fault::Canned(Canned::edge(503)))).await;
        assert_eq!(page.status(), 503);
        assert_eq!(header(&page, "content-type"), "text/html");
        assert_eq!(service.taken().len(), 1);
        let slow = tokio::spawn(answered(of(Fault::Hold)));
        service.gate().until_waiting(1).await;
        assert_eq!(service.taken().len(), 2, "the effect does not wait");
        service.gate().release(1);
        assert_eq!(slow.await.expect("answered").status(), 201);
    }
}

#[tokio::test]
async fn a_service_may_take_messages_of_unnamed_senders_but_not_for_restricted_subscriptions() {
    let (service, _) = plain(|options| {
        options.needs_vapid = false;
        options.style = Style::Apple;
    });
    let sender = Sender::new();
    let restricted = Wanted {
        application_server_key: Some(sender.key()),
        ..Wanted::default()
    };
    let restricted = service.subscribe_as(restricted).expect("a subscription");
    let open = service.subscribe().expect("a subscription");
    let unnamed = |to| {
        let mut message = sender.message(&service, to);
        message.headers_mut().remove("authorization");
        message
    };
    let response = answered(unnamed(&open)).await;
    assert_eq!(response.status(), 201);
    assert_eq!(header(&response, "apns-id").len(), 36);
    let refused = answered(unnamed(&restricted)).await;
    assert_says(&refused, Problem::MissingAuthorization, Style::Apple);
    let named = answered(sender.message(&service, &restricted)).await;
    assert_eq!(named.status(), 201);
    let senders: Vec<_> = service
        .taken()
        .into_iter()
        .map(|taken| taken.sender.map(|sender| sender.key))
        .collect();
    assert_eq!(senders, [None, Some(sender.key())]);
}

#[tokio::test]
async fn a_service_that_cannot_look_inside_takes_what_the_browser_cannot_read() {
    let (service, _) = plain(|options| options.refuses_unreadable = false);
    let subscription = service.subscribe().expect("a subscription");
    let message = Sender::new().message(&service, &subscription);
    let mut message = with(message, "content-encoding", "aes128gcm");
    *message.body_mut() = Bytes::from_static(b"short");
    assert_eq!(answered(message).await.status(), 201);
    assert!(matches!(service.taken()[0].content, Content::Unreadable(_)));
}

#[tokio::test]
async fn a_long_ttl_is_shortened_and_said_so() {
    let (service, _) = plain(|options| options.longest_ttl = 100);
    let subscription = service.subscribe().expect("a subscription");
    let message = Sender::new().message(&service, &subscription);
    let response = answered(with(message, "ttl", "101")).await;
    assert_eq!(header(&response, "ttl"), "100");
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_over_tls_and_in_the_clear() {
    let clock = Arc::new(ManualClock::at(NOW));
    let authority = Arc::new(Authority::new().expect("an authority"));
    let sender = Sender::new();
    for options in [
        Options::plain(clock.clone()),
        Options::tls(clock.clone(), authority.clone()),
    ] {
        let service = WebPush::start(options).expect("a free port");
        let subscription = service.subscribe().expect("a subscription");
        for (protocol, version) in [("http/1.1", Version::HTTP_11), ("h2", Version::HTTP_2)] {
            let tls = authority
                .client_config(&[protocol], None)
                .expect("settings");
            let mut message = sender.message(&service, &subscription);
            *message.version_mut() = version;
            let response = send(message, Some(Arc::new(tls))).await.expect("an answer");
            assert_eq!(
                (response.status().as_u16(), response.version()),
                (201, version)
            );
        }
        assert_eq!(service.taken().len(), 2);
    }
}

#[tokio::test]
async fn a_watcher_hears_of_each_message_that_was_taken() {
    let (service, clock) = plain(|_| {});
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&heard);
    service.on_accepted(move |taken| ear.lock().expect("not poisoned").push(taken.clone()));
    let subscription = service.subscribe().expect("a subscription");
    let sender = Sender::new();
    answered(sender.message(&service, &subscription)).await;
    clock.advance(1_000);
    assert!(service.unsubscribe(&subscription.id));
    let gone = answered(sender.message(&service, &subscription)).await;
    assert_eq!(gone.status(), 410);
    assert_eq!(*heard.lock().expect("not poisoned"), service.taken());
    assert_eq!(service.taken().len(), 1);
    assert_eq!(clock.now(), NOW.plus_millis(1_000));
}
