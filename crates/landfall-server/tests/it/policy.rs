//! Rules of sending, and addresses that start journeys, from the command line.

use serde_json::{Value, json};

use crate::harness::Server;

#[test]
fn rules_of_sending_are_set_shown_and_kept_and_faults_are_told_one_by_one() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    let none = server.said(&["policy"]);
    assert!(
        none.contains("Caps: none") && none.contains("Quiet hours: none"),
        "{none}"
    );
    let file = data.path().join("policy.json");
    let path = file.to_str().expect("a plain path");
    let rules = json!({"zone": "Europe/Berlin", "caps": [{"max": 3, "within": "7d"}],
        "quiet_hours": {"from": "21:00", "to": "08:00"},
        "topics": {"news": {"name": "News", "subscribed_by_default": false}}});
    std::fs::write(&file, rules.to_string()).expect("is written");
    server.said(&["policy", "set", "-f", path]);
    let wrong = json!({"zone": "Europe/berlin", "caps": [{"max": 0, "within": "7d"}]});
    std::fs::write(&file, wrong.to_string()).expect("is written");
    let refused = server.cli(&["policy", "set", "-f", path]);
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned()
        + &String::from_utf8_lossy(&refused.stdout);
    assert!(
        said.contains("zone: ") && said.contains("caps[0].max: "),
        "{said}"
    );
    server.stop();
    let server = Server::start(data.path(), &[]);
    let shown = server.said(&["policy", "show"]);
    for part in [
        "Europe/Berlin",
        "21:00 to 08:00",
        "Cap: 3 within 7d",
        "asks for a yes",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn a_call_of_the_address_that_was_printed_starts_the_journey() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    let file = data.path().join("shipped.json");
    let journey = json!({"id": "shipped", "name": "Shipped", "trigger": {"webhook": {"unknown": "create"}},
        "steps": [{"id": "wait", "delay": "1h"}]});
    std::fs::write(&file, journey.to_string()).expect("is written");
    server.said(&["apply", "-f", file.to_str().expect("a plain path")]);
    let gate = server.said(&["journeys", "gate", "shipped", "--json"]);
    let gate: Value = serde_json::from_str(&gate).expect("JSON");
    for judged in gate["requirements"].as_array().expect("a list") {
        let requirement = judged["requirement"].as_str().expect("a name");
        if judged["state"] == "missing" {
            let why = ["--reason", "this test is about something else"];
            server.said(&[&["journeys", "waive", "shipped", requirement][..], &why].concat());
        }
    }
    server.said(&["journeys", "start", "shipped"]);
    let said = server.said(&["journeys", "hook", "shipped"]);
    let address = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("POST "));
    let path = address.and_then(|address| address.strip_prefix(&server.url));
    let path = path.expect("an address of this server");
    let answer = server
        .call("POST", path, &[], br#"{"id": "ann"}"#)
        .expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let runs = server.said(&["journeys", "runs", "shipped"]);
    assert!(runs.contains("running"), "{runs}");
}
