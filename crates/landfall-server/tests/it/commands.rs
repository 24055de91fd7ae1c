//! The command line as people and scripts meet it.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::{APP_KEY, Server, init, landfall};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn init_prints_the_keys_once_and_refuses_a_name_that_is_taken() {
    let data = tempfile::tempdir().expect("a folder");
    let make = |more: &[&str]| {
        landfall()
            .args(["init", "--workspace", "shop", "--json", "--data"])
            .arg(data.path())
            .args(more)
            .output()
            .expect("landfall runs")
    };
    let made: Value = serde_json::from_slice(&make(&["--app-key", "given"]).stdout).expect("JSON");
    assert_eq!(made["app_key"], "given");
    for random in ["site_id", "track_key", "write_key"] {
        assert!(
            made[random].as_str().is_some_and(|key| key.len() >= 16),
            "{made}"
        );
    }
    let again = make(&[]);
    assert!(!again.status.success());
    assert!(
        text(&again.stderr).contains("shop"),
        "{}",
        text(&again.stderr)
    );
    // The clear key is nowhere in the folder.
    let directory = std::fs::read_to_string(data.path().join("landfall.json")).expect("a file");
    assert!(!directory.contains("given"), "{directory}");
}

#[cfg(unix)]
#[test]
fn the_data_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().expect("a folder");
    let data = parent.path().join("data");
    init(&data);
    let mode = std::fs::metadata(&data)
        .expect("the folder")
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn serve_without_a_workspace_says_what_to_do() {
    let data = tempfile::tempdir().expect("a folder");
    let served = landfall()
        .args(["serve", "--data"])
        .arg(data.path())
        .output()
        .expect("landfall runs");
    assert!(!served.status.success());
    assert!(text(&served.stderr).contains("landfall init"));
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let data = tempfile::tempdir().expect("a folder");
    let _server = Server::fresh(data.path());
    let second = landfall()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .output()
        .expect("landfall runs");
    assert!(!second.status.success());
    assert!(!text(&second.stderr).is_empty());
}

#[test]
fn errors_say_what_may_be_written_instead() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    for (arguments, hint) in [
        (&["metrics", "--since", "someday"][..], "yesterday"),
        (&["metrics", "--by", "plattform"], "platform"),
        (&["metrics", "--measures", "delivred"], "delivered"),
        (&["trace", "nothing"], "nothing"),
        (&["timeline", "nobody"], "nobody"),
    ] {
        let output = server.cli(arguments);
        let said = text(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(said.contains(hint), "{arguments:?}: {said}");
    }
    let wrong = landfall()
        .args(["log", "--key", "wrong", "--url", &server.url])
        .output()
        .expect("landfall runs");
    assert!(
        text(&wrong.stderr).contains("key"),
        "{}",
        text(&wrong.stderr)
    );
    let nobody = landfall()
        .args(["log", "--key", APP_KEY, "--url", "http://127.0.0.1:9"])
        .output()
        .expect("landfall runs");
    assert!(text(&nobody.stderr).contains("127.0.0.1:9"));
}

#[test]
fn ranges_are_taken_as_people_type_them_and_pipes_get_no_colours() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    for range in [
        "24h",
        "7d",
        "2w",
        "today",
        "yesterday",
        "2026-11-01",
        "2026-11-01..",
        "2026-11-01..2026-11-08",
    ] {
        let said = server.said(&["metrics", "--since", range, "--by", "day"]);
        assert!(!said.contains('\u{1b}'), "{said}");
    }
    for empty in ["log", "coverage", "books", "rejected", "metrics"] {
        assert!(
            !server.said(&[empty]).trim().is_empty(),
            "{empty} says nothing"
        );
    }
}

#[test]
fn completions_and_the_openapi_document_are_printed() {
    for shell in ["bash", "zsh", "fish"] {
        let script = landfall()
            .args(["completions", shell])
            .output()
            .expect("landfall runs");
        assert!(text(&script.stdout).contains("coverage"), "{shell}");
    }
    let document = landfall().arg("openapi").output().expect("landfall runs");
    let document: Value = serde_json::from_slice(&document.stdout).expect("JSON");
    assert!(document["paths"]["/landfall/v1/metrics"].is_object());
}

#[test]
fn keys_are_added_listed_and_revoked() {
    let data = tempfile::tempdir().expect("a folder");
    init(data.path());
    let keys = |arguments: &[&str]| {
        let output = landfall()
            .arg("keys")
            .args(["--data"])
            .arg(data.path())
            .args(arguments)
            .output()
            .expect("landfall runs");
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    };
    let before = keys(&["--json"]);
    let count = |listed: &str| {
        serde_json::from_str::<Value>(listed)
            .expect("JSON")
            .as_array()
            .expect("a list")
            .len()
    };
    keys(&["add", "--workspace", "shop", "--kind", "app"]);
    let after = keys(&["--json"]);
    assert_eq!(count(&after), count(&before) + 1);
    let listed: Value = serde_json::from_str(&after).expect("JSON");
    let id = listed
        .as_array()
        .and_then(|keys| keys.last())
        .expect("a key")["id"]
        .clone();
    keys(&[
        "revoke",
        "--workspace",
        "shop",
        id.to_string().trim_matches('"'),
    ]);
    assert_eq!(count(&keys(&["--json"])), count(&before));
    assert!(!after.contains(APP_KEY), "a clear key is shown: {after}");
}

#[test]
fn follow_shows_a_delivery_as_it_arrives() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    let mut follower = landfall()
        .args([
            "log",
            "--follow",
            "--json",
            "--key",
            APP_KEY,
            "--url",
            &server.url,
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("landfall runs");
    let mut said = BufReader::new(follower.stderr.take().expect("a pipe"));
    let mut line = String::new();
    // It says that it listens before anything can be missed.
    said.read_line(&mut line).expect("a line");
    let receipt = json!({"event_id": "01JF1", "object_type": "push", "metric": "sent",
        "timestamp": 1_790_000_000, "data": {"campaign_id": 1, "action_id": 2,
        "delivery_id": "dlv-follow", "identifiers": {"id": "ann"}}});
    let file = data.path().join("one.ndjson");
    std::fs::write(&file, receipt.to_string()).expect("a file");
    server.said(&["import", "webhooks", file.to_str().expect("a plain path")]);
    let mut shown = BufReader::new(follower.stdout.take().expect("a pipe"));
    line.clear();
    shown.read_line(&mut line).expect("a line");
    assert!(line.contains("dlv-follow"), "{line}");
    follower.kill().expect("it can be stopped");
    follower.wait().expect("it ends");
}

#[test]
fn importing_twice_changes_nothing_and_broken_lines_are_reported() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    let file = data.path().join("people.csv");
    std::fs::write(
        &file,
        "id,email,plan\nann,ann@example.org,pro\n,,\nben,ben@example.org,free\n",
    )
    .expect("a file");
    let path = file.to_str().expect("a plain path");
    let report: Value =
        serde_json::from_str(&server.said(&["import", "people", path, "--json"])).expect("JSON");
    assert_eq!(report["taken"], 2, "{report}");
    let skipped: u64 = report["skipped"]
        .as_object()
        .expect("reasons")
        .values()
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(skipped, 1, "{report}");
    let people = || server.app("/v1/customers/ann/attributes?id_type=id").json();
    let before = people();
    assert_eq!(before["customer"]["attributes"]["plan"], "pro", "{before}");
    // The same lines in another file: known by their content.
    let other = data.path().join("again.csv");
    std::fs::copy(&file, &other).expect("a copy");
    let again = [
        "import",
        "people",
        other.to_str().expect("a plain path"),
        "--json",
    ];
    let report: Value = serde_json::from_str(&server.said(&again)).expect("JSON");
    assert_eq!(people(), before);
    assert_eq!(report["done"], true, "{report}");
}
