//! The official clients, unmodified, against the running binary. `cargo x test` installs them and says
//! where; each call's effect is read back through another API.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{self, Server};

/// Where the clients are installed.
fn clients() -> PathBuf {
    let folder = std::env::var_os("LANDFALL_TEST_CLIENTS");
    let folder = folder
        .expect("LANDFALL_TEST_CLIENTS is not set: run `cargo x test`, which installs the clients");
    PathBuf::from(folder)
}

/// A script of `tests/clients`.
fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/clients")
        .join(name)
}

/// Runs a script and reads the JSON of its last line.
fn driven(command: &mut Command) -> Value {
    let output = command.output().expect("the client's script runs");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    let last = out.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {out}\n{err}"))
}

/// The attributes answer of a person.
fn customer(server: &Server, path: &str) -> Value {
    let answer = server.app(&format!("/v1/customers/{path}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["customer"].clone()
}

/// Names of tracked things of a person, newest first.
fn tracked(server: &Server, person: &str, kind: &str) -> Vec<String> {
    let path = format!("/v1/customers/{person}/activities?type={kind}&limit=100");
    let answer = server.app(&path);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let activities = answer.json()["activities"]
        .as_array()
        .cloned()
        .expect("activities");
    activities
        .iter()
        .map(|a| a["name"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn client_customerio_node() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let server = Server::fresh(data.path());
    let answers = driven(
        Command::new("node")
            .arg(script("node_track.mjs"))
            .env("CLIENTS", clients().join("node"))
            .env("LANDFALL_URL", &server.url),
    );
    for name in [
        "identify",
        "addDevice",
        "track",
        "trackAnonymous",
        "attach",
        "page",
        "push",
    ] {
        assert!(answers[name].get("ok").is_some(), "{name}: {answers:#}");
    }
    for name in [
        "merge",
        "suppress",
        "deleteDevice",
        "pipelinesIdentify",
        "pipelinesTrack",
    ] {
        assert!(answers[name].get("ok").is_some(), "{name}: {answers:#}");
    }
    assert_eq!(answers["tooLong"]["status"], 400, "{answers:#}");
    assert!(
        answers["tooLong"]["error"]
            .as_str()
            .expect("text")
            .contains("1000 bytes")
    );
    assert_eq!(answers["wrongKey"]["status"], 401);
    assert_eq!(
        answers["getCustomersByEmail"]["ok"]["results"][0]["id"],
        "n 1/ö"
    );
    let own = &answers["getAttributes"]["ok"]["customer"];
    assert_eq!(own["attributes"]["plan"], "pro");
    assert_eq!(own["devices"], json!([]), "the device was deleted");
    // n2 was merged into the first person, with the visitor's event that had been attached to it.
    assert_eq!(server.app("/v1/customers/n2/attributes").status, 404);
    let mut events = tracked(&server, "n%201%2F%C3%B6", "event");
    events.sort();
    assert_eq!(events, ["added_to_cart", "viewed_product"]);
    assert_eq!(
        server.app("/v1/customers/n5/attributes").status,
        404,
        "wrong key changed nothing"
    );
    assert_eq!(
        customer(&server, "np1/attributes")["attributes"]["email"],
        "np1@example.org"
    );
    assert_eq!(tracked(&server, "np1", "event"), ["ordered"]);
    let rejected = server.app("/landfall/v1/rejected").json();
    assert!(
        rejected["rejected"]
            .as_array()
            .is_some_and(|list| !list.is_empty()),
        "{rejected:#}"
    );
}

#[test]
fn client_cdp_analytics_node() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let server = Server::fresh(data.path());
    let answers = driven(
        Command::new("node")
            .arg(script("node_analytics.mjs"))
            .env("CLIENTS", clients().join("node"))
            .env("LANDFALL_URL", &server.url),
    );
    assert_eq!(answers, json!({"failures": []}));
    let person = customer(&server, "na1/attributes");
    assert_eq!(person["attributes"]["tier"], "gold");
    assert_eq!(person["devices"][0]["id"], "na-token");
    assert_eq!(person["devices"][0]["attributes"]["push_enabled"], "true");
    assert_eq!(tracked(&server, "na1", "event"), ["checkout_started"]);
    assert_eq!(tracked(&server, "na1", "page"), ["Home"]);
}

#[test]
fn client_customerio_python_and_async_over_tls() {
    let data = tempfile::tempdir().expect("a temporary folder");
    harness::init(data.path());
    let (certificate, key) = certificate(data.path());
    let (server, tls) = Server::start_tls(data.path(), &certificate, &key);
    let answers = driven(
        Command::new(clients().join("python-track/bin/python"))
            .arg(script("python_track.py"))
            .env("LANDFALL_TLS_HOST", "localhost")
            .env("LANDFALL_TLS_PORT", tls.rsplit(':').next().expect("a port"))
            .env("LANDFALL_CA", &certificate),
    );
    for name in [
        "identify",
        "add_device",
        "track",
        "track_anonymous",
        "suppress",
        "merge",
        "async",
    ] {
        assert!(answers[name].get("ok").is_some(), "{name}: {answers:#}");
    }
    assert!(
        answers["wrong_key"]["error"]
            .as_str()
            .is_some_and(|error| error.contains("401"))
    );
    let person = customer(&server, "p1/attributes");
    assert_eq!(person["attributes"]["plan"], "basic");
    assert_eq!(person["devices"], json!([]), "the device was deleted");
    assert_eq!(tracked(&server, "p1", "event"), ["ordered"]);
    let person = customer(&server, "p4/attributes");
    assert_eq!(person["attributes"]["plan"], "async");
    assert_eq!(person["devices"][0]["attributes"]["app_version"], "3.0");
    assert_eq!(tracked(&server, "p4", "event"), ["async_event"]);
}

#[test]
fn client_cdp_analytics_python() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let server = Server::fresh(data.path());
    let answers = driven(
        Command::new(clients().join("python-pipelines/bin/python"))
            .arg(script("python_pipelines.py"))
            .env("LANDFALL_URL", &server.url),
    );
    assert_eq!(answers, json!({"failures": []}));
    assert_eq!(
        customer(&server, "pp1/attributes")["attributes"]["tier"],
        "silver"
    );
    assert_eq!(tracked(&server, "pp1", "event"), ["subscribed_plan"]);
    assert_eq!(tracked(&server, "pp1", "screen"), ["Cart"]);
}

/// A certificate for `localhost` that signs itself, and its key.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    (certificate, key)
}
