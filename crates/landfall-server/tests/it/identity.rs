//! `landfall coverage identity` and `landfall identity`, as people and scripts meet them.

use serde_json::{Value, json};

use crate::harness::{Server, WRITE_KEY, basic};

/// A phone whose app registers its token for an anonymous id, and names the person in events only.
fn strand(server: &Server, person: &str, anonymous: &str) {
    let customer = format!("/api/v1/customers/{person}");
    assert_eq!(server.track("PUT", &customer, &json!({})).status, 200);
    let device = json!({
        "anonymousId": anonymous, "event": "Device Created or Updated",
        "context": {"device": {"token": format!("tok-{anonymous}"), "type": "ios"}},
    });
    let screen = json!({"userId": person, "anonymousId": anonymous, "name": "cart"});
    for (path, body) in [("/v1/track", device), ("/v1/screen", screen)] {
        let key = format!("Basic {}", basic(WRITE_KEY, ""));
        let headers = [("authorization", key.as_str())];
        let taken = server.call("POST", path, &headers, body.to_string().as_bytes());
        assert_eq!(taken.map(|taken| taken.status), Some(200));
    }
}

#[test]
fn stranded_tokens_are_shown_previewed_repaired_and_undone() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    let empty = server.said(&["coverage", "identity"]);
    assert!(empty.contains("Nothing is wrong"), "{empty}");
    strand(&server, "ann", "x1");
    let told = server.said(&["coverage", "identity"]);
    for part in [
        "tokens stranded on anonymous profiles",
        "ann: events named the person together with the anonymous id x1",
        "landfall identity repair --kind stranded_token --apply",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let json: Value =
        serde_json::from_str(&server.said(&["coverage", "identity", "--json"])).expect("JSON");
    assert_eq!(json["problems"][0]["count"], 1);

    let preview = server.said(&["identity", "repair"]);
    assert!(preview.contains("this would move 1 devices"), "{preview}");
    let done = server.said(&["identity", "repair", "--kind", "stranded_token", "--apply"]);
    assert!(done.contains("landfall identity undo 1"), "{done}");
    let after = server.said(&["coverage", "identity"]);
    assert!(
        after.contains("Nothing is wrong") && after.contains("Repair 1"),
        "{after}"
    );
    assert!(
        server
            .said(&["identity", "repair", "--apply"])
            .contains("nothing that could be")
    );
    let undone = server.said(&["identity", "undo", "1"]);
    assert!(undone.contains("1 devices are where they were"), "{undone}");
    assert!(server.said(&["coverage", "identity"]).contains("stranded"));

    let missing = server.cli(&["identity", "undo", "9"]);
    assert!(!missing.status.success());
    assert!(
        !server
            .cli(&["identity", "repair", "--kind", "all"])
            .status
            .success()
    );
}
