//! Journeys through the real binary: files, people, runs, and the end of the process in between.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Server, landfall};

fn template(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../journeys");
    let path = folder.join(format!("{name}.json"));
    path.to_str().expect("a plain path").to_owned()
}

fn event(server: &Server, person: &str, name: &str, data: &Value) {
    let path = format!("/api/v1/customers/{person}/events");
    let body = json!({"name": name, "data": data});
    assert_eq!(server.track("POST", &path, &body).status, 200);
}

fn runs(server: &Server, journey: &str) -> Vec<Value> {
    let said = server.said(&["journeys", "runs", journey, "--json"]);
    let answer: Value = serde_json::from_str(&said).expect("JSON");
    answer["runs"].as_array().expect("a list").clone()
}

#[test]
fn a_journey_is_applied_started_entered_explained_and_survives_a_kill() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    let empty = server.said(&["journeys"]);
    assert!(empty.contains("landfall apply"), "{empty}");
    let file = template("cart-recovery");
    server.said(&["apply", "-f", &file]);
    let again = server.said(&["apply", "-f", &file]);
    assert!(again.contains("says the same"), "{again}");
    let cart = json!({"cart_id": "c1", "total": 50, "url": "https://shop.example/c1"});
    event(&server, "early", "cart_updated", &cart);
    // Until what happened before is counted, a start is refused and says so.
    server.until("/landfall/v1/deliveries/stream", || {
        server
            .cli(&["journeys", "start", "cart-recovery"])
            .status
            .success()
    });
    event(&server, "ann", "cart_updated", &cart);
    event(
        &server,
        "ben",
        "cart_updated",
        &json!({"cart_id": "c2", "total": 0}),
    );
    server.kill();

    let server = Server::start(data.path(), &[]);
    let found = runs(&server, "cart-recovery");
    assert_eq!(
        found.len(),
        1,
        "a draft starts nothing, nor does an empty cart: {found:?}"
    );
    assert_eq!(found[0]["state"], "running");
    let bought = json!({"cart_id": "c1", "order_id": "o1", "total": 50, "currency": "EUR"});
    event(&server, "ann", "order_completed", &bought);
    let found = runs(&server, "cart-recovery");
    assert_eq!(found[0]["state"], "converted");
    let why = server.said(&["explain", "--person", "ann", "--journey", "cart-recovery"]);
    assert!(
        why.contains("cart_updated where total greater than 0"),
        "{why}"
    );
    assert!(why.contains("goal"), "{why}");
    server.stop();
}

#[test]
fn a_file_with_faults_is_refused_with_place_and_fix() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    let text = std::fs::read_to_string(template("cart-recovery")).expect("a file");
    let bad = data.path().join("bad.json");
    let wrong = text.replace("\"delay\": \"22h\"", "\"delay\": \"soon\"");
    std::fs::write(&bad, wrong).expect("a file");
    let refused = server.cli(&["apply", "-f", bad.to_str().expect("a plain path")]);
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("steps[3].delay"), "{said}");
    assert!(server.said(&["journeys"]).contains("There is no journey"));
}

#[test]
fn qa_needs_no_server_and_fails_when_an_expectation_does_not_come_true() {
    let folder = tempfile::tempdir().expect("a folder");
    let junit = folder.path().join("qa.xml");
    let run = |file: &str| {
        landfall()
            .args(["qa", "run", file, "--junit"])
            .arg(&junit)
            .output()
            .expect("landfall runs")
    };
    let green = run(&template("win-back"));
    assert!(
        green.status.success(),
        "{}",
        String::from_utf8_lossy(&green.stderr)
    );
    let text = std::fs::read_to_string(template("win-back")).expect("a file");
    let wrong = text.replacen("\"is\": \"delivered\"", "\"is\": \"bounced\"", 1);
    let red = folder.path().join("red.json");
    std::fs::write(&red, wrong).expect("a file");
    assert!(!run(red.to_str().expect("a plain path")).status.success());
    let xml = std::fs::read_to_string(&junit).expect("a file");
    assert!(xml.contains("failures=\"1\""), "{xml}");
}
