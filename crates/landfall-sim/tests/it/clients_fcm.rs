//! Independent clients of FCM, unmodified, against the simulator: firebase-admin for Python over HTTP/1.1 and
//! HTTP/2, and for Node over HTTP/1.1.

use std::process::Command;
use std::sync::{Arc, OnceLock};

use landfall_domain::time::WallClock;
use landfall_sim::fcm::{FcmAnswer, FcmOptions, FcmSim, Refusal, Row, Taken};
use landfall_sim::http::RetryAfter;
use landfall_sim::script::{Match, Rule, Script};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::installed::{driven, node, python};

/// A simulator, and the files that a client needs.
struct Google {
    sim: Arc<FcmSim>,
    files: TempDir,
}

impl Google {
    fn start(change: impl FnOnce(&mut FcmOptions)) -> Self {
        let mut options = FcmOptions::new(Arc::new(WallClock));
        options.names = ["fcm.googleapis.com", "oauth2.googleapis.com"]
            .map(ToOwned::to_owned)
            .into();
        change(&mut options);
        let sim = Arc::new(FcmSim::start(options).expect("the simulator starts"));
        let files = tempfile::tempdir().expect("a temporary folder");
        let key = sim.key_file().to_string();
        std::fs::write(files.path().join("key.json"), key).expect("written");
        std::fs::write(files.path().join("ca.pem"), sim.ca_pem()).expect("written");
        Self { sim, files }
    }

    fn command(&self, mut command: Command, plan: &Value) -> Command {
        let ca = self.files.path().join("ca.pem");
        command
            .env("BASE_URL", self.sim.base_url())
            .env("KEY_FILE", self.files.path().join("key.json"))
            .env("REQUESTS_CA_BUNDLE", &ca)
            .env("SSL_CERT_FILE", &ca)
            .env("NODE_EXTRA_CA_CERTS", &ca)
            .env("PLAN", plan.to_string());
        command
    }

    /// What firebase-admin for Python says of each message of a plan.
    async fn python(&self, mode: &str, plan: &Value) -> Value {
        let mut command = self.command(python("python_firebase.py"), plan);
        command.env("MODE", mode);
        driven(command).await
    }

    /// What firebase-admin for Node says of each message of a plan, sent one by one and then all at once.
    async fn node(&self, plan: &Value) -> Value {
        let script = node("node_firebase.mjs");
        let file = script.get_args().next().expect("a script").to_owned();
        let preload = std::path::Path::new(&file).with_file_name("redirect_google.cjs");
        let mut command = Command::new("node");
        command.arg("--require").arg(preload).arg(&file);
        for (name, value) in script.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.env("SIM_PORT", self.sim.addr().port().to_string());
        driven(self.command(command, plan)).await
    }

    fn messages(&self) -> Vec<Taken> {
        let mut taken = self.sim.taken();
        taken.retain(|taken| taken.request != "POST /token");
        taken
    }
}

/// Rows by token, each retried at once where the client retries.
fn rows(rows: &[(&str, Row)]) -> Script<FcmAnswer> {
    Script::of(rows.iter().map(|(token, row)| {
        let refusal = Refusal::of(*row).retry_after(RetryAfter::Seconds(0));
        Rule::new(Match::recipient(*token), refusal.into())
    }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_firebase_python_sends_over_both_protocols() {
    for (mode, over_http2) in [("sync", false), ("async", true)] {
        let google = Google::start(|_| {});
        let plan = json!([
            {"token": "t1", "data": {"k": "v"}},
            {"fid": "f1"},
            {"topic": "news"},
            {"condition": "'a' in topics"},
        ]);
        let results = google.python(mode, &plan).await;
        let taken = google.messages();
        assert_eq!(taken.len(), 4, "{mode} {results}");
        for result in results.as_array().expect("a list") {
            let name = result["name"].as_str().unwrap_or_default();
            assert!(
                name.starts_with("projects/landfall-test/messages/0:"),
                "{mode} {results}"
            );
        }
        assert!(
            taken.iter().all(|taken| taken.over_http2 == over_http2),
            "{mode}"
        );
        let first = taken.iter().find(|taken| {
            taken
                .message
                .as_ref()
                .is_some_and(|message| message["token"] == "t1")
        });
        let message = first
            .and_then(|taken| taken.message.clone())
            .expect("it came");
        assert_eq!(message["android"]["notification"]["channel_id"], "news");
        assert_eq!(message["android"]["ttl"], "3600s");
        assert_eq!(message["notification"]["body"], "grüße");
        assert_eq!(
            message["fcm_options"]["analytics_label"],
            "journey-1.step_2"
        );
        assert_eq!(google.sim.counts().granted, 1, "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_firebase_python_reads_every_refusal() {
    let table = [
        ("t1", Row::Unregistered, "UnregisteredError"),
        ("t2", Row::SenderIdMismatch, "SenderIdMismatchError"),
        ("t3", Row::ThirdPartyAuth, "ThirdPartyAuthError"),
        ("t4", Row::QuotaExceeded, "QuotaExceededError"),
        ("t5", Row::InvalidToken, "InvalidArgumentError"),
        ("t6", Row::InvalidArgument, "InvalidArgumentError"),
        ("t7", Row::PermissionDenied, "PermissionDeniedError"),
        ("t8", Row::NoSuchProject, "NotFoundError"),
        ("t9", Row::Unavailable, "UnavailableError"),
    ];
    let plan: Vec<_> = table
        .iter()
        .map(|(token, ..)| json!({"token": token}))
        .collect();
    let plan = Value::Array(plan);
    for mode in ["sync", "async"] {
        let google = Google::start(|_| {});
        google
            .sim
            .script()
            .replace(rows(&table.map(|(token, row, _)| (token, row))));
        let results = google.python(mode, &plan).await;
        for ((token, row, class), result) in table.iter().zip(results.as_array().expect("a list")) {
            assert_eq!(result["error"], *class, "{mode} {token} {result}");
            assert_eq!(result["status"], row.http(), "{mode} {token} {result}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_firebase_python_comes_back_when_it_is_told_to() {
    let google = Google::start(|_| {});
    let wait = Refusal::of(Row::Unavailable).retry_after(RetryAfter::Seconds(1));
    google
        .sim
        .script()
        .replace(Script::of([Rule::always(wait.into()).times(1)]));
    let results = google.python("sync", &json!([{"token": "t"}])).await;
    assert!(results[0]["name"].is_string(), "{results}");
    let taken = google.messages();
    assert_eq!(taken.len(), 2);
    let waited = taken[1].at.since(taken[0].at);
    assert!((1000..3000).contains(&waited), "{waited} ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_firebase_python_fetches_a_new_token_when_its_own_is_revoked() {
    let simulator: Arc<OnceLock<Arc<FcmSim>>> = Arc::default();
    let inside = Arc::clone(&simulator);
    let google = Google::start(|options| {
        options.on_accepted = Some(Arc::new(move |_| {
            inside.get().expect("it runs").revoke_tokens();
        }));
    });
    let sim = Arc::clone(&google.sim);
    assert!(simulator.set(sim).is_ok());
    let plan = json!([{"token": "t1"}, {"token": "t2"}]);
    let results = google.python("sync", &plan).await;
    assert!(results[1]["name"].is_string(), "{results}");
    let counts = google.sim.counts();
    assert_eq!((counts.granted, counts.accepted), (2, 2));
    assert_eq!(counts.refused["UNAUTHENTICATED"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_firebase_node_sends_over_http1() {
    let google = Google::start(|_| {});
    let table = [
        (
            "t1",
            Row::Unregistered,
            "messaging/registration-token-not-registered",
        ),
        (
            "t2",
            Row::SenderIdMismatch,
            "messaging/mismatched-credential",
        ),
        (
            "t3",
            Row::ThirdPartyAuth,
            "messaging/third-party-auth-error",
        ),
        ("t4", Row::QuotaExceeded, "messaging/message-rate-exceeded"),
        ("t5", Row::InvalidArgument, "messaging/invalid-argument"),
    ];
    google
        .sim
        .script()
        .replace(rows(&table.map(|(token, row, _)| (token, row))));
    let mut plan: Vec<_> = table
        .iter()
        .map(|(token, ..)| json!({"token": token}))
        .collect();
    plan.extend([json!({"token": "t0"}), json!({"topic": "news"})]);
    let results = google.node(&Value::Array(plan)).await;
    let results = results.as_array().expect("a list");
    assert_eq!(
        results.len(),
        14,
        "each message was sent twice: {results:?}"
    );
    for half in results.chunks(7) {
        for ((token, _, code), result) in table.iter().zip(half) {
            assert_eq!(result["error"], *code, "{token} {result}");
        }
        assert!(
            half[5]["name"].is_string() && half[6]["name"].is_string(),
            "{half:?}"
        );
    }
    let taken = google.messages();
    assert!(taken.iter().all(|taken| !taken.over_http2));
    let of_t0 = taken.iter().filter_map(|taken| taken.message.as_ref());
    let message = of_t0.clone().find(|message| message["token"] == "t0");
    let message = message.expect("it came");
    assert_eq!(message["android"]["notification"]["channel_id"], "news");
    assert_eq!(message["android"]["collapse_key"], "c1");
    assert_eq!(
        message["fcm_options"]["analytics_label"],
        "journey-1.step_2"
    );
    assert_eq!(google.sim.counts().granted, 1);
}
