//! Journeys through the real binary: files, people, runs, and the end of the process in between.

use std::path::{Path, PathBuf};

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
    server.said(&["qa", "run", "--journey", "cart-recovery"]);
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

/// The cart recovery that comes with the program, without its alert; also as a file.
fn without_alert(folder: &Path) -> (Value, String) {
    let text = std::fs::read_to_string(template("cart-recovery")).expect("a file");
    let mut definition: Value = serde_json::from_str(&text).expect("JSON");
    definition
        .as_object_mut()
        .expect("an object")
        .remove("alert");
    let file = folder.join("cart.json");
    std::fs::write(&file, definition.to_string()).expect("a file");
    (definition, file.to_str().expect("a plain path").to_owned())
}

#[test]
fn a_journey_is_refused_until_it_was_tried_and_the_rest_waived_and_the_log_says_why() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    let (mut definition, file) = without_alert(data.path());
    let file = file.as_str();
    server.said(&["apply", "-f", file]);

    let start = ["journeys", "start", "cart-recovery"];
    let refused = server.cli(&start);
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("alert: nobody is told"), "{said}");
    assert!(
        said.contains("landfall qa run --journey cart-recovery"),
        "{said}"
    );
    let cart = json!({"cart_id": "c1", "total": 50, "url": "https://shop.example/c1"});
    event(&server, "ann", "cart_updated", &cart);
    assert_eq!(runs(&server, "cart-recovery").len(), 0, "nobody entered");

    let forecast = server.said(&["journeys", "forecast", "cart-recovery"]);
    assert!(forecast.contains("remind/sms"), "{forecast}");
    assert!(forecast.contains("who did `cart_updated"), "{forecast}");
    let tried = server.said(&["qa", "run", "--journey", "cart-recovery", "--by", "ann"]);
    assert!(
        tried.contains("10 of 10 test profiles are green"),
        "{tried}"
    );
    let gate = server.said(&["journeys", "gate", "cart-recovery"]);
    assert!(gate.contains("must not start"), "{gate}");
    let why = "the channel comes on Monday";
    server.said(&[
        "journeys",
        "waive",
        "cart-recovery",
        "alert",
        "--by",
        "ben",
        "--reason",
        why,
    ]);
    server.until("/landfall/v1/deliveries/stream", || {
        server.cli(&start).status.success()
    });
    event(&server, "ann", "cart_updated", &cart);
    assert_eq!(runs(&server, "cart-recovery").len(), 1);

    // What runs takes an edit only after that was tried.
    definition["steps"][0]["delay"] = "2h".into();
    std::fs::write(file, definition.to_string()).expect("a file");
    let refused = server.cli(&["apply", "-f", file]);
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains("qa: the test profiles of this version"),
        "{said}"
    );
    assert!(
        said.contains("alert"),
        "it was waived for the first version only: {said}"
    );
    server.kill();

    let server = Server::start(data.path(), &[]);
    let log = server.said(&["journeys", "waivers", "cart-recovery"]);
    assert!(log.contains("ben") && log.contains(why), "{log}");
    let said = server.said(&["journeys", "gate", "cart-recovery", "--json"]);
    let gate: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(
        (&gate["open"], &gate["qa"]["by"]),
        (&json!(true), &json!("ann"))
    );
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
