//! Webhooks out through the real binary: the command line, and an event over the wire.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use serde_json::Value;

use crate::harness::{self, Server};

/// An endpoint that takes one event; it gives back the lines of the head and the body.
fn one_event() -> (String, JoinHandle<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let taken = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let mut reader = BufReader::new(&stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).expect("a line"), 0, "{head}");
        }
        let head = head.to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length = length.and_then(|text| text.parse().ok()).expect("a length");
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("the body");
        (&stream)
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .expect("answered");
        (head, String::from_utf8(body).expect("UTF-8"))
    });
    (url, taken)
}

#[test]
fn the_command_line_adds_tests_and_removes_webhooks() {
    let data = tempfile::tempdir().expect("a folder");
    harness::init(data.path());
    let server = Server::start(data.path(), &["--allow-private-addresses"]);
    assert!(server.said(&["webhooks"]).contains("There is no webhook"));
    let (url, taken) = one_event();
    let added = server.said(&[
        "webhooks",
        "add",
        &url,
        "--events",
        "push_sent,push_bounced",
    ]);
    assert!(
        added.contains("Webhook 1") && added.contains("signing key "),
        "{added}"
    );
    let said = server.said(&["webhooks", "test", "1"]);
    assert!(said.contains("took the event"), "{said}");
    let (head, body) = taken.join().expect("an event");
    assert!(
        head.contains("x-cio-timestamp: ") && head.contains("x-cio-signature: "),
        "{head}"
    );
    let event: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        (&event["object_type"], &event["metric"]),
        (&"push".into(), &"sent".into())
    );
    let listed: Value = serde_json::from_str(&server.said(&["webhooks", "--json"])).expect("JSON");
    assert_eq!(listed["webhooks"][0]["endpoint"], url);
    assert_eq!(
        listed["webhooks"][0]["events"].as_array().map(Vec::len),
        Some(2)
    );
    let by_client = server.app("/v1/reporting_webhooks").json();
    assert_eq!(by_client["reporting_webhooks"][0]["id"], 1);
    let renewed = server.said(&["webhooks", "renew-key", "1"]);
    assert_ne!(renewed.lines().next(), added.lines().nth(1));
    assert!(
        server
            .said(&["webhooks", "dead", "1"])
            .contains("no dead letters")
    );
    let refused = server.cli(&["webhooks", "test", "1"]);
    assert!(!refused.status.success(), "nobody listens any more");
    server.said(&["webhooks", "remove", "1"]);
    assert!(server.said(&["webhooks"]).contains("There is no webhook"));
}

#[test]
fn an_endpoint_in_the_own_network_is_refused_unless_allowed() {
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::fresh(data.path());
    let refused = server.cli(&[
        "webhooks",
        "add",
        "http://127.0.0.1:9/",
        "--events",
        "push_sent",
    ]);
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && words.contains("not public"),
        "{words}"
    );
}
