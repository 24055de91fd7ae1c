//! Independent clients of APNs, unmodified, against the simulator: npm `@parse/node-apn` and PyPI `aioapns`.

use std::process::Command;
use std::sync::Arc;

use landfall_domain::time::{Timestamp, WallClock};
use landfall_sim::apns::{
    ApnsOptions, ApnsSim, Auth, Below, Connections, Ended, GoAwayAfter, Moment, ProviderKey,
    Reason, Refusal, StreamLimit, Violation,
};
use landfall_sim::script::{Match, Rule, Script};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::installed::{driven, node, python};

const KEY_ID: &str = "KEY0000001";
const TEAM_ID: &str = "TEAM000001";

/// A simulator that knows one key, and the files that a client needs.
struct Apple {
    sim: ApnsSim,
    files: TempDir,
}

#[derive(Clone, Copy, Debug)]
enum Client {
    NodeApn,
    Aioapns,
}

const BOTH: [Client; 2] = [Client::NodeApn, Client::Aioapns];

impl Apple {
    fn start(change: impl FnOnce(&mut ApnsOptions)) -> Self {
        let (key, private) = ProviderKey::generate(KEY_ID, TEAM_ID).expect("a key");
        let mut options = ApnsOptions::new(Arc::new(WallClock));
        options.auth = Auth::Tokens(vec![key]);
        change(&mut options);
        let sim = ApnsSim::start(options).expect("the simulator starts");
        let files = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(files.path().join("key.p8"), private).expect("written");
        std::fs::write(files.path().join("ca.pem"), sim.ca_pem()).expect("written");
        Self { sim, files }
    }

    fn command(&self, client: Client, plan: &Value) -> Command {
        let mut command = match client {
            Client::NodeApn => node("node_apn.mjs"),
            Client::Aioapns => python("python_aioapns.py"),
        };
        command
            .env("PORT", self.sim.addr().port().to_string())
            .env("KEY_FILE", self.files.path().join("key.p8"))
            .env("CA_FILE", self.files.path().join("ca.pem"))
            .env("KEY_ID", KEY_ID)
            .env("TEAM_ID", TEAM_ID)
            .env("PLAN", plan.to_string());
        command
    }

    /// What a client says of each push of a plan.
    async fn drive(&self, client: Client, plan: &Value) -> Vec<Value> {
        let results = driven(self.command(client, plan)).await;
        results.as_array().expect("a list").clone()
    }
}

/// Pushes that are sent at the same time.
fn pushes(count: usize, prefix: &str) -> Vec<Value> {
    (0..count)
        .map(|number| json!({"token": format!("{prefix}{number:04x}")}))
        .collect()
}

fn statuses(results: &[Value]) -> Vec<i64> {
    results
        .iter()
        .map(|result| result["status"].as_i64().expect("a status"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_apns_libraries_send_what_is_accepted() {
    for client in BOTH {
        let apple = Apple::start(|_| {});
        let id = "6d9d8f1e-9a3c-4a53-8a3e-9b1c5f1c7c01";
        let plan = json!([[
            {"token": "aa01", "id": id, "priority": 5, "collapse_id": "m1",
             "payload": {"aps": {"alert": "grüße"}, "k": 1}},
            {"token": "aa02", "topic": "org.example.app.voip", "push_type": "voip"},
            {"token": "aa03", "push_type": "background", "priority": 5,
             "payload": {"aps": {"content-available": 1}}},
        ]]);
        let results = apple.drive(client, &plan).await;
        assert_eq!(
            statuses(&results),
            [200, 200, 200],
            "{client:?} {results:?}"
        );
        let taken = apple.sim.taken();
        assert_eq!(taken.len(), 3, "{client:?}");
        let first = taken.iter().find(|taken| taken.token == "aa01");
        let first = first.expect("it came");
        assert_eq!(first.ended, Ended::Accepted { answered: true });
        assert_eq!(first.header("apns-id"), Some(id));
        assert_eq!(first.header("apns-collapse-id"), Some("m1"));
        let payload: Value = serde_json::from_slice(&first.payload).expect("JSON");
        assert_eq!(payload, json!({"aps": {"alert": "grüße"}, "k": 1}));
        let counts = apple.sim.counts();
        assert_eq!(
            (counts.connections, counts.violations),
            (1, 0),
            "{client:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_apns_libraries_read_every_refusal_alike() {
    let since = Timestamp::from_millis(1_690_000_000_123);
    let mut rules = Vec::new();
    let mut plan = Vec::new();
    let mut wanted = Vec::new();
    for (number, reason) in Reason::ALL.iter().enumerate() {
        let token = format!("bb{number:02x}");
        let mut refusal = Refusal::from(*reason);
        if reason.status() == 410 {
            refusal = refusal.since(Moment::At(since));
        }
        let timestamp = refusal.timestamp.map(|_| since.millis());
        rules.push(Rule::new(Match::recipient(&token), refusal.into()));
        plan.push(json!([{"token": token}]));
        wanted.push(json!({
            "token": token,
            "status": reason.status(),
            "reason": reason.name(),
            "timestamp": timestamp,
        }));
    }
    for client in BOTH {
        let apple = Apple::start(|_| {});
        apple.sim.script().replace(Script::of(rules.clone()));
        let results = apple.drive(client, &Value::Array(plan.clone())).await;
        for (result, wanted) in results.iter().zip(&wanted) {
            // After trying again, node-apn reports these two in words of its own.
            let words = match (client, wanted["reason"].as_str()) {
                (Client::NodeApn, Some("ExpiredProviderToken")) => "ExpiredProviderToken",
                (Client::NodeApn, Some("InternalServerError")) => {
                    "Error 500, stream ended unexpectedly"
                }
                _ => {
                    assert_eq!(result, wanted, "{client:?}");
                    continue;
                }
            };
            assert_eq!(result["error"], words);
            let refused = apple.sim.counts().refused;
            assert!(refused[wanted["reason"].as_str().expect("a reason")] > 1);
        }
        assert_eq!(results.len(), wanted.len(), "{client:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_apns_libraries_are_refused_for_what_is_really_wrong() {
    for client in BOTH {
        let apple = Apple::start(|options| options.apps = Some(vec!["org.example.app".into()]));
        apple
            .sim
            .unregister("aa05", Timestamp::from_millis(1_690_000_000_123));
        let plan = json!([
            [{"token": "zz"}],
            [{"token": "aa01", "topic": "org.example.other"}],
            [{"token": "aa02", "collapse_id": "x".repeat(65)}],
            [{"token": "aa03", "payload": {"aps": {"alert": "x".repeat(4096)}}}],
            [{"token": "aa05"}],
            [{"token": "aa06"}],
        ]);
        let results = apple.drive(client, &plan).await;
        let reasons: Vec<_> = results
            .iter()
            .map(|result| result["reason"].as_str())
            .collect();
        let wanted = [
            Some("BadDeviceToken"),
            Some("TopicDisallowed"),
            Some("BadCollapseId"),
            Some("PayloadTooLarge"),
            Some("Unregistered"),
            None,
        ];
        assert_eq!(reasons, wanted, "{client:?}");
        assert_eq!(results[4]["timestamp"], 1_690_000_000_123_i64, "{client:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_apns_libraries_follow_the_stream_limit_from_one_to_many() {
    for client in BOTH {
        let apple = Apple::start(|options| {
            options.connections = Connections {
                streams: StreamLimit::OneUntilToken(20),
                violation: Violation::GoAway,
                ..Connections::default()
            };
        });
        let plan = json!([pushes(1, "aa"), pushes(200, "bb")]);
        let results = apple.drive(client, &plan).await;
        assert_eq!(statuses(&results), [200; 201], "{client:?}");
        let counts = apple.sim.counts();
        assert_eq!((counts.accepted, counts.violations), (201, 0), "{client:?}");
        assert_eq!(counts.connections, 1, "{client:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_apns_libraries_meet_goaway() {
    for client in BOTH {
        let apple = Apple::start(|options| {
            options.connections.go_away = Some(GoAwayAfter {
                streams: 10,
                reason: Some("Shutdown".to_owned()),
                below: Below::Answered,
            });
        });
        let plan = json!([pushes(1, "aa"), pushes(30, "bb")]);
        let results = apple.drive(client, &plan).await;
        let statuses = statuses(&results);
        let sent = statuses.iter().filter(|status| **status == 200).count();
        let counts = apple.sim.counts();
        assert!(sent >= 10, "{client:?} {results:?}");
        match client {
            // Streams after the last one are reported as failed, and not sent again.
            Client::NodeApn => assert_eq!(counts.accepted, sent as u64, "{results:?}"),
            // What was on its way is sent again on a new connection, also what was taken already.
            Client::Aioapns => {
                assert!(counts.accepted >= sent as u64, "{counts:?} {results:?}");
                assert!(counts.connections > 1, "{counts:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_aioapns_sends_with_a_certificate() {
    let topics = vec!["org.example.app".to_owned()];
    let apple = Apple::start(|options| options.auth = Auth::Certificate(topics));
    let issued = apple
        .sim
        .client_certificate("org.example.app")
        .expect("issued");
    let file = apple.files.path().join("client.pem");
    std::fs::write(&file, issued.certificate_pem + &issued.key_pem).expect("written");
    let plan = json!([[{"token": "aa01"}, {"token": "aa02", "topic": "org.example.other"}]]);
    let mut command = apple.command(Client::Aioapns, &plan);
    command.env("CERTIFICATE_FILE", &file);
    let results = driven(command).await;
    assert_eq!(results[0]["status"], 200, "{results}");
    assert_eq!(results[1]["reason"], "TopicDisallowed", "{results}");
}
