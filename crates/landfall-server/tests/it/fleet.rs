//! Phones behind simulated providers, beside a server: what is sent arrives, and the apps say so.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::harness::{APP_KEY, SITE_ID, Server, TRACK_KEY, init, landfall};

/// Providers that end with the test.
struct Providers(Child);

impl Drop for Providers {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn app(server: &Server, method: &str, path: &str, body: &Value) -> Value {
    let bearer = format!("Bearer {APP_KEY}");
    let headers = [("authorization", bearer.as_str())];
    let answer = server.call(method, path, &headers, body.to_string().as_bytes());
    let answer = answer.expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[test]
fn phones_behind_the_simulated_providers_register_and_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    init(&data);
    let server = Server::start(&data, &["--allow-private-addresses"]);
    let out = folder.path().join("sim");
    let mut providers = landfall()
        .args([
            "sim",
            "providers",
            "--apns",
            "0",
            "--fcm",
            "0",
            "--web-push",
            "0",
        ])
        .args(["--phones", "20", "--landfall", &server.url])
        .args(["--site-id", SITE_ID, "--track-key", TRACK_KEY, "--out"])
        .arg(&out)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the simulators start");
    let mut lines = BufReader::new(providers.stdout.take().expect("stdout is piped")).lines();
    let _providers = Providers(providers);
    let mut added = 0;
    while added < 3 {
        let line = lines.next().expect("more lines").expect("a line");
        let Some(arguments) = line.strip_prefix("landfall ") else {
            continue;
        };
        let output = landfall()
            .args(arguments.split(' ').filter(|word| !word.is_empty()))
            .env("LANDFALL_DATA", &data)
            .output()
            .expect("landfall runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said}");
        added += 1;
    }
    std::thread::spawn(move || lines.for_each(drop));
    let sale = json!({ "name": "Sale", "content": { "channel": "push", "title": "Sale" } });
    app(&server, "PUT", "/landfall/v1/broadcasts/1", &sale);
    let registered = || {
        let people = server.app("/v1/workspaces").json();
        people["workspaces"][0]["people"].as_u64().unwrap_or(0) >= 20
    };
    server.until("/landfall/v1/deliveries/stream", registered);
    app(&server, "POST", "/v1/campaigns/1/triggers", &json!({}));
    server.until("/landfall/v1/deliveries/stream", || {
        let books = server.app("/landfall/v1/books").json();
        books["reached"] == 20 && !books.to_string().contains("pending")
    });
    // Some phones are online at any hour, and their apps report within seconds.
    server.until("/landfall/v1/deliveries/stream", || {
        let found = server.app("/landfall/v1/deliveries?limit=100").json();
        found.to_string().contains("\"status\":\"delivered\"")
    });
}
