//! `landfall segments` and `landfall apply` of segments, as people and scripts meet them.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::Server;

fn file(folder: &Path, content: &Value) -> String {
    let path = folder.join("vip.json");
    std::fs::write(&path, content.to_string()).expect("is written");
    path.to_str().expect("a plain path").to_owned()
}

fn vip(plan: &str) -> Value {
    json!({"segment": {"name": "VIP", "condition": {"attribute": "plan", "is": plan}}})
}

#[test]
fn segments_are_applied_from_files_explained_and_deleted() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    let empty = server.said(&["segments"]);
    assert!(empty.contains("landfall segments create"), "{empty}");

    let path = file(data.path(), &vip("gold"));
    let checked = server.said(&["apply", "--check", "-f", &path]);
    assert!(checked.contains("valid"), "{checked}");
    let made = server.said(&["apply", "-f", &path]);
    assert!(made.contains("VIP, segment 1"), "{made}");
    for (id, plan) in [("ann", "gold"), ("ben", "free")] {
        let call = format!("/api/v1/customers/{id}");
        assert_eq!(
            server.track("PUT", &call, &json!({"plan": plan})).status,
            200
        );
    }
    let members = server.said(&["segments", "members", "vip"]);
    assert!(
        members.contains("ann") && !members.contains("ben"),
        "{members}"
    );
    let why = server.said(&["segments", "explain", "VIP", "--person", "ben"]);
    assert!(why.contains("ben is not in it."), "{why}");
    assert!(why.contains("saw free"), "{why}");

    file(data.path(), &vip("free"));
    let changed = server.said(&["apply", "-f", &path]);
    assert!(
        changed.contains("VIP, segment 1"),
        "the same one: {changed}"
    );
    let shown = server.said(&["segments", "show", "1"]);
    assert!(shown.contains("Who: ") && shown.contains("free"), "{shown}");

    file(
        data.path(),
        &json!({"segment": {"name": "VIP", "condition": {"segment": 7}}}),
    );
    let refused = server.cli(&["apply", "-f", &path]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(
        said.contains("condition: it asks about segment 7"),
        "{said}"
    );

    let lapsed = server.said(&[
        "segments",
        "create",
        "--built-in",
        "lapsed",
        "--window",
        "60d",
    ]);
    assert!(lapsed.contains("lapsed, segment 2"), "{lapsed}");
    let built_in = server.said(&["segments", "built-in"]);
    assert!(built_in.contains("lapsed (window 30d)"), "{built_in}");
    let list = server.said(&["segments", "--json"]);
    let list: Value = serde_json::from_str(&list).expect("JSON");
    assert_eq!(
        list["segments"][1]["condition"]["active"]["older_than"],
        "60d"
    );

    let deleted = server.said(&["segments", "delete", "VIP"]);
    assert!(deleted.contains("deleted"), "{deleted}");
    let list = server.said(&["segments"]);
    assert!(!list.contains("VIP") && list.contains("lapsed"), "{list}");
}
