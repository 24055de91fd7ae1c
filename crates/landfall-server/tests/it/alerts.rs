//! Rules and incidents through the real binary: a rule is broken, Slack, a mailbox and a server are told,
//! and the command line shows it.

use std::sync::Arc;

use landfall_domain::time::WallClock;
use landfall_sim::http::Fault;
use landfall_sim::receiver::{self, Receiver};
use landfall_sim::script::{Rule, Script};
use landfall_sim::slack::{self, Slack};
use landfall_sim::smtp::{self, Smtp};
use serde_json::{Value, json};

use crate::harness::{Server, init, landfall};

fn credential(data: &std::path::Path, arguments: &[&str]) {
    let added = landfall()
        .args(["credentials", "--data"])
        .arg(data)
        .args(["add", "--unchecked"])
        .args(arguments)
        .arg("--allow-private-addresses")
        .output()
        .expect("landfall runs");
    let said = String::from_utf8_lossy(&added.stderr);
    assert!(added.status.success(), "{said}");
}

/// The simulators, and a data folder that sends to them.
struct Town {
    runtime: tokio::runtime::Runtime,
    chat: Slack,
    mails: Smtp,
    ops: Receiver,
    data: tempfile::TempDir,
}

impl Town {
    fn new() -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let guard = runtime.enter();
        let clock = Arc::new(WallClock);
        let chat = Slack::start(slack::Options::plain(clock.clone())).expect("a chat");
        let mails = Smtp::start(smtp::Options::open(clock.clone())).expect("a mail server");
        let ops = Receiver::start(receiver::Options::plain(clock)).expect("a server");
        drop(guard);
        // What comes here is answered when the test says so: until then all before it is done.
        let hold = Rule::always(Fault::Hold);
        ops.script().replace(Script::of([hold]));
        let data = tempfile::tempdir().expect("a folder");
        init(data.path());
        let hook = chat.add_webhook("T000/B000/secretpart");
        credential(
            data.path(),
            &["push", "--provider", "slack", "--url", &hook],
        );
        let port = mails.address().port().to_string();
        let relay = [
            "relay",
            "--provider",
            "smtp",
            "--host",
            "127.0.0.1",
            "--port",
            &port,
        ];
        let more = ["--security", "plain", "--from", "alerts@shop.example"];
        credential(data.path(), &[&relay[..], &more[..]].concat());
        Self {
            runtime,
            chat,
            mails,
            ops,
            data,
        }
    }

    fn file(&self, name: &str, json: &Value) -> String {
        let path = self.data.path().join(name);
        std::fs::write(&path, json.to_string()).expect("is written");
        path.to_str().expect("a plain path").to_owned()
    }
}

fn rules() -> Value {
    json!({"rules": [{"id": "pushes-go-out", "metric": "accepted", "absent": true, "over_minutes": 15}]})
}

/// A server whose rule is broken, of which everybody in town but the last was told.
fn broken(town: &Town) -> Server {
    let server = Server::start(town.data.path(), &["--allow-private-addresses"]);
    let hook = town.ops.url("/incidents");
    let channels = [
        "slack:push",
        "email:ops@shop.example",
        &format!("webhook:{hook}"),
    ];
    let set = channels.map(|to| ["--set", to]).concat();
    let said = server.said(&[&["alerts", "channels"][..], &set[..]].concat());
    assert!(said.contains("all journeys"), "{said}");
    let file = town.file("rules.json", &rules());
    let tried = server.said(&["alerts", "backtest", "-f", &file]);
    assert!(tried.contains("not enough history"), "{tried}");
    let added = server.said(&["alerts", "add", "-f", &file]);
    assert!(added.contains("absent over 15 min"), "{added}");
    // The rule is judged at once: there is not a single push.
    town.runtime.block_on(town.ops.gate().until_waiting(1));
    server
}

#[test]
fn a_broken_rule_is_told_to_slack_a_mailbox_and_a_server() {
    let town = Town::new();
    let server = broken(&town);
    let posts = town.chat.taken();
    assert_eq!(posts.len(), 1);
    let post = posts[0].message.to_string();
    let title = "New: accepted on all journeys";
    assert!(
        post.contains("\"header\"") && post.contains(title),
        "{post}"
    );
    let mails = town.mails.taken();
    assert_eq!(mails.len(), 1);
    let mail = String::from_utf8_lossy(&mails[0].raw).into_owned();
    assert!(mail.contains(&format!("Subject: {title}")), "{mail}");
    assert!(mail.contains("To: ops@shop.example"), "{mail}");
    town.ops.gate().open();
    let call: Value = serde_json::from_slice(&town.ops.taken()[0].body).expect("JSON");
    assert_eq!(
        (&call["event"], &call["id"]),
        (&json!("new"), &json!("inc-1-3"))
    );
    let tried = server.said(&["alerts", "test", "slack:push"]);
    assert!(tried.contains("took it"), "{tried}");
    assert_eq!(town.chat.taken().len(), 2);
}

#[test]
fn an_incident_is_listed_moved_and_kept_over_a_restart() {
    let town = Town::new();
    let server = broken(&town);
    town.ops.gate().open();
    let listed = server.said(&["incidents"]);
    assert!(
        listed.contains("inc-1") && listed.contains("accepted"),
        "{listed}"
    );
    let shown = server.said(&["incidents", "show", "inc-1"]);
    assert!(
        shown.contains("slack:push") && shown.contains("pushes-go-out"),
        "{shown}"
    );
    assert!(server.said(&["alerts"]).contains("broken"));
    let ack = [
        "incidents",
        "ack",
        "inc-1",
        "--by",
        "lea",
        "--note",
        "nobody buys",
    ];
    let acked = server.said(&ack);
    assert!(acked.contains("acknowledged by lea"), "{acked}");
    let snoozed = server.said(&["incidents", "snooze", "inc-1", "--for", "4h"]);
    assert!(snoozed.contains("snoozed by app key"), "{snoozed}");
    server.stop();

    let server = Server::start(town.data.path(), &["--allow-private-addresses"]);
    let one = server.said(&["incidents", "show", "inc-1", "--json"]);
    let one: Value = serde_json::from_str(&one).expect("JSON");
    assert_eq!(one["state"], "snoozed");
    assert_eq!(one["timeline"][1]["text"], "nobody buys");
    let resolved = server.said(&["incidents", "resolve", "inc-1"]);
    assert!(resolved.contains("inc-1 is resolved"), "{resolved}");
    assert!(server.said(&["incidents"]).contains("Nothing is off."));
    let removed = server.said(&["alerts", "remove", "pushes-go-out"]);
    assert!(removed.contains("removed"), "{removed}");
    assert_eq!(town.chat.taken().len(), 1, "nobody was told twice");
}

#[test]
fn an_empty_server_says_what_to_do() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    let quiet = server.said(&["incidents"]);
    assert!(
        quiet.contains("Nothing is off.") && quiet.contains("But mind"),
        "{quiet}"
    );
    assert!(server.said(&["alerts"]).contains("no rules of your own"));
    let channels = server.said(&["alerts", "channels"]);
    assert!(channels.contains("Nobody is told"), "{channels}");
}

#[test]
fn a_rule_with_faults_is_refused_with_each_of_them() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    let path = data.path().join("rules.json");
    let wrong = json!({"id": "a", "metric": "deliverd", "below": 80});
    std::fs::write(&path, wrong.to_string()).expect("is written");
    let refused = server.cli(&["alerts", "add", "-f", path.to_str().expect("a plain path")]);
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        said.contains("metric: one of") && said.contains("below: a share"),
        "{said}"
    );
    let missing = server.cli(&["incidents", "show", "inc-1"]);
    assert!(String::from_utf8_lossy(&missing.stderr).contains("no incident `inc-1`"));
}
