//! Rules of sending from the command line.

use serde_json::json;

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
