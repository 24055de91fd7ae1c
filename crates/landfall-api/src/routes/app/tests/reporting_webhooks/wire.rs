//! Messages that are sent and answered, and endpoints on this machine.

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use axum::response::Response;
use landfall_domain::attempt::Answer;
use landfall_domain::channel::{Channel, Platform, Provider};
use landfall_domain::content::Content;
use landfall_domain::input::{Body, DeviceReport, Source};
use landfall_domain::marks::Mark;
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::reason::Reason;
use landfall_domain::time::{Clock as _, DAY_MS};
use landfall_domain::work::{Conclusion, Handover, Order, Rules, Ruling, Send, SendTo, Urgency};
use serde_json::Value;

use super::super::shop::{NOW, Shop, who};

/// A request that arrived.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// What an endpoint answers, and what arrived there.
pub(super) struct Arrived {
    pub(super) status: StatusCode,
    requests: Vec<Request>,
}

impl Deref for Arrived {
    type Target = Vec<Request>;

    fn deref(&self) -> &Vec<Request> {
        &self.requests
    }
}

/// Serves on a free port of this machine.
pub(super) async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

/// An endpoint that answers with a status and keeps what it gets.
pub(super) async fn listen(status: StatusCode) -> (SocketAddr, Arc<Mutex<Arrived>>) {
    let arrived = Arc::new(Mutex::new(Arrived {
        status,
        requests: Vec::new(),
    }));
    let router = Router::new()
        .fallback(take)
        .with_state(Arc::clone(&arrived));
    (serve(router).await, arrived)
}

async fn take(
    State(arrived): State<Arc<Mutex<Arrived>>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let mut arrived = arrived.lock().unwrap();
    arrived.requests.push(Request { headers, body });
    (arrived.status, [("location", "http://127.0.0.1:1/")]).into_response()
}

/// What the official Node client says to the signature of a request.
pub(super) fn judged_by_node(key: &str, request: &Request) -> Value {
    let clients = std::env::var_os("LANDFALL_TEST_CLIENTS");
    let clients = clients
        .expect("LANDFALL_TEST_CLIENTS is not set: run `cargo x test`, which installs the clients");
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/clients/node_webhook_signature.mjs");
    let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
    let output = Command::new("node")
        .arg(script)
        .env("CLIENTS", PathBuf::from(clients).join("node"))
        .env("SIGNING_KEY", key)
        .env("TIMESTAMP", header("x-cio-timestamp"))
        .env("SIGNATURE", header("x-cio-signature"))
        .env("BODY", &request.body)
        .output()
        .expect("the client's script runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"))
}

pub(super) fn ok() -> Answer {
    Answer::accepted(200, None)
}

pub(super) fn gone() -> Answer {
    Answer::refused_saying(Reason::TokenUnregistered, "Unregistered")
}

pub(super) fn too_large() -> Answer {
    Answer::refused_saying(Reason::PayloadTooLarge, "PayloadTooLarge")
}

pub(super) fn temporary() -> Answer {
    Answer::refused_saying(Reason::ProviderUnavailable, "ServiceUnavailable")
}

pub(super) async fn register(shop: &Shop, person: &str, tokens: &[&str]) {
    shop.identify(person, serde_json::json!({})).await;
    for token in tokens {
        let device = DeviceReport {
            app: String::new(),
            platform: Platform::Ios,
            token: (*token).to_owned(),
            last_used: None,
            attributes: [].into(),
        };
        let who = who(person);
        shop.submit(Source::TrackV1, NOW, Body::AddDevice { who, device })
            .await;
    }
}

pub(super) async fn send(shop: &Shop, person: &str, delivery: &str, draft: bool) {
    let send = Send {
        delivery_id: delivery.to_owned(),
        message: MessageRef {
            source: SourceKind::Transactional,
            source_id: 9,
            step_id: None,
            parent_step_id: None,
            variant_id: None,
            channel: Channel::Push,
        },
        who: who(person),
        order: Arc::new(Order {
            content: Content::Push(Box::default()),
            data: Value::Null,
            ttl_ms: DAY_MS,
            to_unsubscribed: true,
            forget_content: false,
            to: SendTo::All,
            rules: Rules::default(),
        }),
        urgency: Urgency::Transactional,
        send_at: None,
        draft,
        custom_device: None,
        trigger_id: None,
        run: None,
        ruling: Ruling::Go,
    };
    shop.submit(Source::App, NOW, Body::Send(Box::new(send)))
        .await;
}

/// Hands over what waits of a delivery; the provider's answers, device by device.
pub(super) async fn answer(shop: &Shop, delivery: &str, answers: &[Answer]) {
    let store = shop.workspace().store();
    let key = store.delivery(delivery).unwrap().expect("it was sent").key;
    for (work, answer) in store.works_of(key).unwrap().into_iter().zip(answers) {
        let attempt = format!("a-{}", work.key.0);
        let claim = Body::Claim {
            work: work.key,
            attempt: attempt.clone(),
            until: shop.clock.now().plus_millis(DAY_MS),
        };
        shop.submit(Source::Landfall, NOW, claim).await;
        let conclusion = Conclusion {
            work: work.key,
            target: work.target,
            attempt: Some(Handover {
                id: attempt,
                started_at: shop.clock.now(),
                took_ms: 5,
            }),
            provider: Some(Provider::Apns),
            answer: answer.clone(),
            rendered: None,
            // The devices stay, for the messages after this one.
            guarded: true,
            random: 0,
        };
        let conclude = Body::Conclude(Box::new(conclusion));
        shop.submit(Source::Provider, NOW, conclude).await;
    }
}

pub(super) async fn receipt(shop: &Shop, delivery: &str, token: &str, mark: Mark) {
    let receipt = Body::Receipt {
        delivery_id: delivery.to_owned(),
        mark,
        recipient: Some(token.to_owned()),
        reason: None,
        href: None,
    };
    shop.submit(Source::Receipt, NOW, receipt).await;
}
