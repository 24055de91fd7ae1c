//! The Web Push sender against the simulated push service, and against `web-push-testing`, an
//! independent one that opens what it is sent.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use landfall_domain::attempt::{Answer, Verdict};
use landfall_domain::channel::{Platform, Provider};
use landfall_domain::content::{Content, PushContent};
use landfall_domain::reason::Reason;
use landfall_domain::time::{Clock, ManualClock, Timestamp, WallClock};
use landfall_send::credential::VapidCredential;
use landfall_send::web_push::WebPushSender;
use landfall_send::{Address, Credential, Network, Outgoing, Sender, connect};
use landfall_sim::certificate::Authority;
use landfall_sim::http::{Canned, Fault, RetryAfter};
use landfall_sim::script::{Rule, Script};
use landfall_sim::web_push::{
    self as sim, Fate, Options, Problem, Style, Subscription, Urgency, Wanted, WebPush,
};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(NOW))
}

fn service() -> WebPush {
    WebPush::start(Options::plain(clock())).expect("the service starts")
}

fn credential() -> VapidCredential {
    VapidCredential {
        private_key: "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw".to_owned(),
        subject: "mailto:push@shop.example".to_owned(),
        ..VapidCredential::default()
    }
}

fn network() -> Network {
    Network {
        private_allowed: true,
        ..Network::default()
    }
}

fn sender() -> WebPushSender {
    WebPushSender::new(&credential(), &network()).expect("the credential is right")
}

fn to(endpoint: &str, keys: Option<(&str, &str)>) -> Outgoing {
    let content = PushContent {
        title: Some("Your parcel".to_owned()),
        body: Some("It arrives today. Ünïcode, too: 📦".to_owned()),
        ..PushContent::default()
    };
    Outgoing {
        attempt_id: "7d2b5c1e-0000-4000-8000-000000000001".to_owned(),
        delivery_id: "dlv_7".to_owned(),
        to: Address::Device {
            token: endpoint.to_owned(),
            platform: Platform::Web,
            app: String::new(),
            keys: keys.map(|(point, auth)| (point.to_owned(), auth.to_owned())),
        },
        content: Content::Push(Box::new(content)),
        expires_at: NOW.plus_millis(3_600_000),
        dry_run: false,
        analytics_label: None,
    }
}

fn to_browser(browser: &Subscription) -> Outgoing {
    to(&browser.endpoint, Some((&browser.p256dh, &browser.auth)))
}

fn expected(endpoint: &str) -> Value {
    json!({
        "title": "Your parcel",
        "body": "It arrives today. Ünïcode, too: 📦",
        "CIO-Delivery-ID": "dlv_7",
        "CIO-Delivery-Token": endpoint,
    })
}

fn read(taken: &sim::Taken) -> Value {
    match &taken.content {
        sim::Content::Plain(text) => serde_json::from_slice(text).expect("the payload is JSON"),
        other => panic!("the browser cannot read it: {other:?}"),
    }
}

#[tokio::test]
async fn the_browser_reads_what_was_sent_and_knows_from_whom() {
    let service = service();
    let sender = sender();
    let key = sim::Wanted {
        application_server_key: Some(point(&sender.public_key())),
        ..Wanted::default()
    };
    let browser = service.subscribe_as(key).unwrap();
    let answer = sender.send(&to_browser(&browser), NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    assert_eq!(answer.status, Some(201));
    let taken = service.taken();
    assert_eq!(taken.len(), 1);
    assert!(answer.provider_id.unwrap().ends_with(&taken[0].message));
    assert_eq!(read(&taken[0]), expected(&browser.endpoint));
    assert_eq!(taken[0].ttl, 3_600);
    assert_eq!(taken[0].urgency, Urgency::High);
    let from = taken[0].sender.as_ref().unwrap();
    assert_eq!(from.subject, "mailto:push@shop.example");
    assert_eq!(from.key, point(&sender.public_key()));
    assert_eq!(from.expires, NOW.plus_millis(12 * 3_600_000));
}

fn point(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .expect("a point in base64url")
}

#[tokio::test]
async fn it_reaches_a_service_over_tls_whose_authority_the_credential_names() {
    let authority = Arc::new(Authority::new().unwrap());
    let service = WebPush::start(Options::tls(clock(), Arc::clone(&authority))).unwrap();
    let browser = service.subscribe().unwrap();
    let trusting = VapidCredential {
        ca_pem: Some(authority.pem().to_owned()),
        ..credential()
    };
    let trusting = connect(&Credential::WebPush(trusting), &network()).unwrap();
    assert_eq!(trusting.provider(), Provider::WebPush);
    let answer = trusting.send(&to_browser(&browser), NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    assert_eq!(read(&service.taken()[0]), expected(&browser.endpoint));
    let answer = sender().send(&to_browser(&browser), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::ConnectionFailed));
}

#[tokio::test]
async fn one_token_serves_all_messages_to_a_service() {
    let service = service();
    let sender = sender();
    for number in 0..3 {
        let browser = service.subscribe().unwrap();
        let now = NOW.plus_millis(number * 1_000);
        let answer = sender.send(&to_browser(&browser), now).await;
        assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    }
    let taken = service.taken();
    let tokens = taken
        .iter()
        .map(|taken| &taken.sender.as_ref().unwrap().token);
    let tokens: std::collections::BTreeSet<&String> = tokens.collect();
    assert_eq!(tokens.len(), 1);
}

#[tokio::test]
async fn a_second_copy_of_one_delivery_takes_the_place_of_the_first() {
    let service = service();
    let offline = Wanted {
        offline: true,
        ..Wanted::default()
    };
    let browser = service.subscribe_as(offline).unwrap();
    let sender = sender();
    for _ in 0..2 {
        let answer = sender.send(&to_browser(&browser), NOW).await;
        assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    }
    assert!(matches!(service.taken()[0].fate, Fate::Replaced(_)));
    assert_eq!(service.set_online(&browser.id, true).len(), 1);
}

#[tokio::test]
async fn a_subscription_that_is_gone_is_unregistered() {
    let service = service();
    let browser = service.subscribe().unwrap();
    service.unsubscribe(&browser.id);
    let answer = sender().send(&to_browser(&browser), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::TokenUnregistered));
    assert_eq!(answer.status, Some(410));
}

/// What a problem means in the words of a kind of service.
fn meaning(problem: Problem, style: Style) -> Reason {
    use Problem as P;
    use Reason as R;
    match (problem, style) {
        (P::UnknownEndpoint, Style::Apple) => R::SenderBug,
        (P::UnknownEndpoint | P::ExpiredSubscription | P::EndpointGone | P::NoSubscription, _) => {
            R::TokenUnregistered
        }
        (P::TooLarge, _) => R::PayloadTooLarge,
        (P::ForeignKey, Style::Apple) => R::SubscriptionKeyMismatch,
        (
            P::MissingAuthorization | P::BadAuthorization | P::BadToken | P::BadKey | P::ForeignKey,
            _,
        ) => R::ProviderAuth,
        (P::TooManyRequests, _) => R::ProviderThrottled,
        (P::MethodNotAllowed, Style::Autopush) => R::SenderBug,
        (P::IdleTimeout, Style::Apple) => R::ProviderUnavailable,
        (
            P::BackOff
            | P::TryAgain
            | P::BridgeSetup
            | P::BridgeCredentials
            | P::BridgeTimeout
            | P::BridgeConnection
            | P::Internal,
            _,
        ) => R::ProviderUnavailable,
        _ => R::SenderBug,
    }
}

#[tokio::test]
async fn every_problem_of_every_kind_of_service_has_its_reason() {
    let service = service();
    let browser = service.subscribe().unwrap();
    let sender = sender();
    for style in [Style::Standard, Style::Autopush, Style::Apple] {
        for problem in Problem::all() {
            let refuse = sim::Answer::Refuse {
                problem,
                style: Some(style),
                retry_after: None,
            };
            service.script().replace(Script::of([Rule::always(refuse)]));
            let answer = sender.send(&to_browser(&browser), NOW).await;
            let expected = meaning(problem, style);
            assert_eq!(answer.reason(), Some(expected), "{style:?} {problem:?}");
            assert_eq!(answer.status, Some(problem.status(style)));
        }
    }
    assert!(service.taken().is_empty());
}

#[tokio::test]
async fn it_says_when_the_service_wants_to_be_asked_again() {
    let service = service();
    let browser = service.subscribe().unwrap();
    let sender = sender();
    for wait in [
        RetryAfter::Seconds(90),
        RetryAfter::At(NOW.plus_millis(90_000)),
    ] {
        let refuse = sim::Answer::Refuse {
            problem: Problem::TooManyRequests,
            style: None,
            retry_after: Some(wait),
        };
        service.script().replace(Script::of([Rule::always(refuse)]));
        let answer = sender.send(&to_browser(&browser), NOW).await;
        assert_eq!(answer.reason(), Some(Reason::ProviderThrottled));
        assert_eq!(answer.retry_after_ms, Some(90_000), "{wait:?}");
    }
}

async fn under(fault: Fault) -> (Answer, usize) {
    let service = service();
    let browser = service.subscribe().expect("a browser subscribes");
    let script = Script::of([Rule::always(sim::Answer::Fault(fault))]);
    service.script().replace(script);
    let answer = sender().send(&to_browser(&browser), NOW).await;
    (answer, service.taken().len())
}

#[tokio::test]
async fn an_answer_that_never_comes_is_unknown_whether_or_not_the_push_was_taken() {
    for (fault, taken) in [(Fault::CloseAfter, 1), (Fault::CloseBefore, 0)] {
        let (answer, found) = under(fault).await;
        assert_eq!(answer.reason(), Some(Reason::OutcomeUnknown), "{answer:?}");
        assert_eq!(found, taken);
    }
}

#[tokio::test]
async fn the_page_of_a_proxy_is_an_outage() {
    let (answer, _) = under(Fault::Canned(Canned::edge(502))).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderUnavailable));
    assert!(answer.message.unwrap().contains("<title>502</title>"));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (answer, taken) = under(Fault::Canned(Canned::status(307))).await;
    assert_eq!(answer.reason(), Some(Reason::FailedUnknown));
    assert_eq!(taken, 0);
}

#[tokio::test]
async fn a_service_that_is_not_there_was_not_reached() {
    let service = service();
    let browser = service.subscribe().unwrap();
    drop(service);
    let answer = sender().send(&to_browser(&browser), NOW).await;
    assert_eq!(
        answer.reason(),
        Some(Reason::ConnectionFailed),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_dry_run_finds_unusable_subscriptions_and_sends_nothing() {
    let service = service();
    let browser = service.subscribe().unwrap();
    let mut outgoing = to_browser(&browser);
    outgoing.dry_run = true;
    let answer = sender().send(&outgoing, NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted);
    assert_eq!(answer.status, None);
    assert!(service.taken().is_empty());
    let mut outgoing = to(&browser.endpoint, Some(("AAAA", &browser.auth)));
    outgoing.dry_run = true;
    let answer = sender().send(&outgoing, NOW).await;
    assert_eq!(answer.reason(), Some(Reason::TokenMalformed));
}

#[tokio::test]
async fn unusable_subscriptions_are_found_before_anything_is_sent() {
    let service = service();
    let browser = service.subscribe().unwrap();
    let (endpoint, point, auth) = (&browser.endpoint, &browser.p256dh, &browser.auth);
    let off_curve = format!("BAcH{}", &point[4..]);
    for (outgoing, says) in [
        (to(endpoint, None), "no keys"),
        (to(endpoint, Some(("", auth))), "p256dh"),
        (to(endpoint, Some((&off_curve, auth))), "p256dh"),
        (to(endpoint, Some((point, "short"))), "auth"),
        (to("not an address", Some((point, auth))), "endpoint"),
    ] {
        let answer = sender().send(&outgoing, NOW).await;
        assert_eq!(answer.reason(), Some(Reason::TokenMalformed), "{says}");
        assert!(answer.message.unwrap().contains(says), "{says}");
    }
    assert!(service.taken().is_empty());
}

#[tokio::test]
async fn private_addresses_are_not_called_unless_allowed() {
    let service = service();
    let browser = service.subscribe().unwrap();
    let careful = WebPushSender::new(&credential(), &Network::default()).unwrap();
    let keys = Some((browser.p256dh.as_str(), browser.auth.as_str()));
    for endpoint in [
        browser.endpoint.as_str(),
        "https://127.0.0.1/push",
        "https://[::1]/push",
        // A name: only resolving it shows where it leads.
        "https://localhost/push",
    ] {
        let answer = careful.send(&to(endpoint, keys), NOW).await;
        assert_eq!(answer.reason(), Some(Reason::TokenMalformed), "{endpoint}");
        assert_eq!(answer.status, None);
    }
    assert!(service.taken().is_empty());
}

#[tokio::test]
async fn only_listed_hosts_are_called() {
    let service = service();
    let browser = service.subscribe().unwrap();
    for (hosts, expected) in [
        (
            vec!["push.example".to_owned()],
            Some(Reason::ProviderNotConfigured),
        ),
        (
            vec!["push.example".to_owned(), " LocalHost ".to_owned()],
            None,
        ),
    ] {
        let credential = VapidCredential {
            hosts,
            ..credential()
        };
        let sender = WebPushSender::new(&credential, &network()).unwrap();
        let answer = sender.send(&to_browser(&browser), NOW).await;
        assert_eq!(answer.reason(), expected);
    }
    assert_eq!(service.taken().len(), 1);
}

#[tokio::test]
async fn a_push_that_is_too_large_is_refused_here_and_the_largest_is_taken_there() {
    let service = service();
    let browser = service.subscribe().unwrap();
    let sender = sender();
    let mut outgoing = to_browser(&browser);
    let sized = |length: usize| {
        Content::Push(Box::new(PushContent {
            body: Some("b".repeat(length)),
            ..PushContent::default()
        }))
    };
    outgoing.content = sized(1);
    sender.send(&outgoing, NOW).await;
    let room = 1 + 3_993 - read(&service.taken()[0]).to_string().len();
    outgoing.content = sized(room);
    let answer = sender.send(&outgoing, NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    outgoing.content = sized(room + 1);
    let answer = sender.send(&outgoing, NOW).await;
    assert_eq!(answer.reason(), Some(Reason::PayloadTooLarge));
    assert_eq!(service.taken().len(), 2);
}

#[tokio::test]
async fn checking_proves_the_key_without_calling_anybody() {
    let answer = sender().check(NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted);
    assert_eq!(answer.status, None);
}

/// A running `web-push-testing`, ended when dropped.
struct Foreign {
    process: Child,
    orders: ChildStdin,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Foreign {
    /// Starts it with one browser, subscribed for `key`: its subscription.
    fn start(key: &str) -> (Self, Value) {
        let folder = std::env::var_os("LANDFALL_TEST_CLIENTS");
        let folder = PathBuf::from(folder.expect(
            "LANDFALL_TEST_CLIENTS is not set: run `cargo x test`, which installs the clients",
        ));
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/clients/node_web_push_testing.mjs");
        let mut process = Command::new("node")
            .arg(script)
            .env("CLIENTS", folder.join("node"))
            .env("KEY", key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs");
        let orders = process.stdin.take().expect("a pipe to the service");
        let lines = BufReader::new(process.stdout.take().expect("a pipe from the service")).lines();
        let mut foreign = Self {
            process,
            orders,
            lines,
        };
        let subscription = foreign.next();
        (foreign, subscription)
    }

    /// Its next line of JSON; the service itself prints other lines too.
    fn next(&mut self) -> Value {
        self.lines
            .by_ref()
            .map(|line| line.expect("the service goes on"))
            .find_map(|line| serde_json::from_str(&line).ok())
            .expect("the service answers")
    }

    fn order(&mut self, order: &str) -> Value {
        writeln!(self.orders, "{order}").expect("the service listens");
        self.next()
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[test]
fn client_web_push_testing_opens_what_we_send() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sender = sender();
    // The service compares the token with the real time.
    let now = WallClock.now();
    let (mut foreign, subscription) = Foreign::start(&sender.public_key());
    let text = |pointer: &str| subscription.pointer(pointer).unwrap().as_str().unwrap();
    let endpoint = text("/endpoint");
    let mut outgoing = to(endpoint, Some((text("/keys/p256dh"), text("/keys/auth"))));
    outgoing.expires_at = now.plus_millis(60_000);
    let answer = runtime.block_on(sender.send(&outgoing, now));
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    let got = foreign.order("messages");
    let messages: Vec<Value> = got["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| serde_json::from_str(message.as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(messages, [expected(endpoint)]);
    foreign.order("expire");
    let answer = runtime.block_on(sender.send(&outgoing, now));
    assert_eq!(
        answer.reason(),
        Some(Reason::TokenUnregistered),
        "{answer:?}"
    );
}

#[test]
fn client_web_push_testing_refuses_another_key() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stranger = VapidCredential {
        private_key: "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94".to_owned(),
        ..credential()
    };
    let stranger = WebPushSender::new(&stranger, &network()).unwrap();
    let now = WallClock.now();
    let (mut foreign, subscription) = Foreign::start(&sender().public_key());
    let text = |pointer: &str| subscription.pointer(pointer).unwrap().as_str().unwrap();
    let keys = Some((text("/keys/p256dh"), text("/keys/auth")));
    let answer = runtime.block_on(stranger.send(&to(text("/endpoint"), keys), now));
    assert_ne!(answer.verdict, Verdict::Accepted);
    assert_eq!(foreign.order("messages"), json!({ "messages": [] }));
}
