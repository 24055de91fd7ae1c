//! Independent senders, unmodified, against the Web Push service.

use std::process::Command;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use landfall_domain::time::WallClock;
use landfall_sim::certificate::Authority;
use landfall_sim::http::RetryAfter;
use landfall_sim::script::{Match, Rule, Script};
use landfall_sim::web_push::{Answer, Content, Options, Problem, Style, Urgency, Wanted, WebPush};
use serde_json::{Value, json};

use crate::installed::{driven, node, python};

/// A TLS service with its script, and the orders for a client.
struct Scene {
    service: WebPush,
    authority: tempfile::NamedTempFile,
    orders: Vec<Value>,
}

impl Scene {
    /// `options` are those of the client for a message with a topic, urgency and TTL.
    fn set(topical: &Value) -> Self {
        let authority = Arc::new(Authority::new().expect("an authority"));
        let options = Options {
            style: Style::Autopush,
            ..Options::tls(Arc::new(WallClock), authority)
        };
        let service = WebPush::start(options).expect("a free port");
        service.script().replace(Script::of([
            Rule::new(Match::recipient("gone"), Problem::NoSubscription.into()),
            Rule::new(
                Match::recipient("busy"),
                Answer::Refuse {
                    problem: Problem::TooManyRequests,
                    style: None,
                    retry_after: Some(RetryAfter::Seconds(30)),
                },
            ),
        ]));
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let pem = service.authority_pem().expect("TLS");
        std::fs::write(file.path(), pem).expect("written");
        let mut scene = Self {
            service,
            authority: file,
            orders: Vec::new(),
        };
        let longest = "x".repeat(3_993);
        scene.order("short", "5 byt", &json!({"TTL": 60}), Wanted::default());
        scene.order("topical", "Grüße 👋", topical, Wanted::default());
        scene.order("longest", &longest, &json!({"TTL": 60}), Wanted::default());
        scene.order("gone", "x", &json!({"TTL": 60}), Wanted::default());
        scene.order("busy", "x", &json!({"TTL": 60}), Wanted::default());
        let foreign = Wanted {
            application_server_key: Some(vec![4; 65]),
            ..Wanted::default()
        };
        scene.order("foreign", "x", &json!({"TTL": 60}), foreign);
        scene
    }

    fn order(&mut self, name: &str, payload: &str, options: &Value, wanted: Wanted) {
        let wanted = Wanted {
            id: Some(name.to_owned()),
            ..wanted
        };
        let subscription = self.service.subscribe_as(wanted).expect("a subscription");
        self.orders.push(json!({
            "name": name,
            "subscription": subscription.json(),
            "payload": payload,
            "options": options,
        }));
    }

    fn command(&self, mut command: Command, trust: &str) -> Command {
        command
            .env("ORDERS", json!(self.orders).to_string())
            .env(trust, self.authority.path());
        command
    }

    /// Checks what the client heard and what the browsers read.
    fn assert_played(&self, answers: &Value) {
        for name in ["short", "topical", "longest"] {
            let answer = &answers[name];
            assert_eq!(answer["status"], 201, "{name}: {answers:#}");
            let resource = answer["headers"]["location"].as_str().expect("a resource");
            assert!(resource.starts_with(self.service.origin()), "{resource}");
        }
        for (name, status, errno) in [
            ("gone", 410, json!(106)),
            ("busy", 429, Value::Null),
            ("foreign", 401, json!(109)),
        ] {
            let answer = &answers[name];
            assert_eq!(answer["status"], status, "{name}: {answers:#}");
            let body = answer["body"].as_str().expect("a body");
            let body: Value = serde_json::from_str(body).expect("JSON");
            assert_eq!((&body["errno"], &body["code"]), (&errno, &json!(status)));
        }
        assert_eq!(answers["busy"]["headers"]["retry-after"], "30");
        let taken = self.service.taken();
        let read: Vec<_> = taken
            .iter()
            .map(|taken| match &taken.content {
                Content::Plain(text) => std::str::from_utf8(text).expect("text"),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(read, ["5 byt", "Grüße 👋", &"x".repeat(3_993)]);
        let topical = &taken[1];
        assert_eq!((topical.ttl, topical.urgency), (3_600, Urgency::High));
        assert_eq!(topical.topic.as_deref(), Some("cart"));
        for taken in &taken {
            let sender = taken.sender.as_ref().expect("identified");
            assert_eq!(sender.subject, "mailto:push@example.org");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_web_push_node() {
    let topical = json!({"TTL": 3_600, "urgency": "high", "topic": "cart"});
    let scene = Scene::set(&topical);
    let command = node("node_web_push.mjs");
    let answers = driven(scene.command(command, "NODE_EXTRA_CA_CERTS")).await;
    scene.assert_played(&answers);
    let key = answers["key"].as_str().expect("a key");
    let key = URL_SAFE_NO_PAD.decode(key).expect("base64url");
    for taken in scene.service.taken() {
        assert_eq!(taken.sender.expect("identified").key, key);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_pywebpush() {
    let topical = json!({"ttl": 3_600, "headers": {"Urgency": "high", "Topic": "cart"}});
    let mut scene = Scene::set(&topical);
    for order in &mut scene.orders {
        // The same option has another name here.
        if let Some(ttl) = order["options"]
            .as_object_mut()
            .and_then(|one| one.remove("TTL"))
        {
            order["options"]["ttl"] = ttl;
        }
    }
    let command = python("python_web_push.py");
    let answers = driven(scene.command(command, "REQUESTS_CA_BUNDLE")).await;
    scene.assert_played(&answers);
}
