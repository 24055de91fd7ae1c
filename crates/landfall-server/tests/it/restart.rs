//! The same answers after every end of the process.

use serde_json::{Value, json};

use crate::harness::{Server, init};

fn fill(server: &Server) {
    let customer = |id: &str, body: Value| {
        let path = format!("/api/v1/customers/{id}");
        assert_eq!(server.track("PUT", &path, &body).status, 200);
    };
    for person in ["ann", "ben", "cem"] {
        customer(person, json!({"email": format!("{person}@example.org")}));
        let device = json!({"device": {"id": format!("token-{person}"), "platform": "ios"}});
        customer(&format!("{person}/devices"), device);
    }
    // A merge: the snapshot of before must not be used again.
    let merge = json!({"primary": {"id": "ann"}, "secondary": {"id": "cem"}});
    let merged = server.track("POST", "/api/v1/merge_customers", &merge);
    assert_eq!(merged.status, 200);
}

fn webhooks(server: &Server, folder: &std::path::Path, numbers: std::ops::Range<u32>) {
    let lines: Vec<String> = numbers
        .map(|number| {
            let person = ["ann", "ben", "cem"][number as usize % 3];
            json!({
                "event_id": format!("01JR{number:05}"), "object_type": "push",
                "metric": (["sent", "delivered"][number as usize % 2]),
                "timestamp": 1_790_000_000 + number,
                "data": {
                    "campaign_id": number % 4, "action_id": number % 7,
                    "delivery_id": format!("dlv-{}", number / 2), "identifiers": {"id": person},
                    "recipients": [{"device_id": format!("token-{person}"), "device_platform": "ios"}],
                },
            })
            .to_string()
        })
        .collect();
    let file = folder.join("events.ndjson");
    std::fs::write(&file, lines.join("\n")).expect("a file");
    server.said(&["import", "webhooks", file.to_str().expect("a plain path")]);
}

/// Everything that the board and the store are asked here. Times of asking are left out.
fn answers(server: &Server) -> Vec<Value> {
    let ask = |path: &str| {
        let mut answer = server.app(&format!("/landfall/v1/{path}")).json();
        let whole = answer.as_object_mut().expect("an object");
        for changing in ["as_of", "from", "active_since_ms"] {
            whole.remove(changing);
        }
        answer
    };
    [
        "metrics?measures=reached,sent,delivered&by=journey,step,platform",
        "metrics?measures=sent,opened/sent&by=day&count=person",
        "deliveries?limit=500",
        "deliveries?person=ann&limit=500",
        "coverage?since=365d",
        "books",
        "people/ann/timeline?limit=500",
    ]
    .map(ask)
    .map(without_the_present_week)
    .into()
}

/// The present week of coverage ends in the moment of the answer.
fn without_the_present_week(mut answer: Value) -> Value {
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("weeks");
    }
    answer
}

/// Waits until the board is complete.
fn complete(server: &Server) {
    while server.call("GET", "/readyz", &[], b"").map(|a| a.status) != Some(200) {}
}

#[test]
fn answers_are_the_same_after_a_stop_a_kill_and_without_the_snapshot() {
    let data = tempfile::tempdir().expect("a folder");
    init(data.path());
    let server = Server::start(data.path(), &[]);
    complete(&server);
    fill(&server);
    webhooks(&server, data.path(), 0..300);
    let expected = answers(&server);
    assert_eq!(expected[5]["difference"], 0);
    assert_eq!(expected[5]["reached"], 150);
    server.stop();

    let from_snapshot = Server::start(data.path(), &[]);
    complete(&from_snapshot);
    assert_eq!(answers(&from_snapshot), expected);
    // More comes in, and then the power goes.
    webhooks(&from_snapshot, data.path(), 300..400);
    let expected = answers(&from_snapshot);
    from_snapshot.kill();

    let caught_up = Server::start(data.path(), &[]);
    complete(&caught_up);
    assert_eq!(answers(&caught_up), expected);
    caught_up.stop();

    for file in std::fs::read_dir(data.path().join("workspaces")).expect("a folder") {
        let path = file.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "board") {
            std::fs::remove_file(path).expect("the snapshot goes");
        }
    }
    let rebuilt = Server::start(data.path(), &[]);
    complete(&rebuilt);
    assert_eq!(answers(&rebuilt), expected);
}

#[test]
fn a_merge_after_the_snapshot_is_not_forgotten() {
    let data = tempfile::tempdir().expect("a folder");
    init(data.path());
    let server = Server::start(data.path(), &[]);
    complete(&server);
    fill(&server);
    webhooks(&server, data.path(), 0..60);
    server.stop();
    let server = Server::start(data.path(), &[]);
    complete(&server);
    let merge = json!({"primary": {"id": "ann"}, "secondary": {"id": "ben"}});
    let merged = server.track("POST", "/api/v1/merge_customers", &merge);
    assert_eq!(merged.status, 200);
    let expected = answers(&server);
    server.kill();
    let server = Server::start(data.path(), &[]);
    complete(&server);
    assert_eq!(answers(&server), expected);
}
