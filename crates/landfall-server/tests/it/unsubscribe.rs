//! One click, end to end: a mail of a broadcast goes out with our link, and the link opts its person out.

use std::sync::Arc;

use landfall_domain::time::WallClock;
use landfall_sim::smtp::{Options, Smtp};
use serde_json::{Value, json};

use crate::harness::{APP_KEY, Server, init, landfall};

const PUBLIC: &str = "https://push.example.org";

fn relay(data: &std::path::Path, port: u16) {
    let added = landfall()
        .args(["credentials", "--data"])
        .arg(data)
        .args(["add", "--unchecked", "relay", "--provider", "smtp"])
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .args(["--security", "plain", "--from", "Shop <shop@shop.example>"])
        .output()
        .expect("landfall runs");
    let said = String::from_utf8_lossy(&added.stderr);
    assert!(added.status.success(), "{said}");
}

fn app(server: &Server, method: &str, path: &str, body: &Value) -> Value {
    let bearer = format!("Bearer {APP_KEY}");
    let headers = [("authorization", bearer.as_str())];
    let answer = server.call(method, path, &headers, body.to_string().as_bytes());
    let answer = answer.expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// A header of a mail, unfolded.
fn header<'m>(mail: &'m str, name: &str) -> Option<&'m str> {
    let head = mail.split("\r\n\r\n").next()?;
    head.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn a_mail_of_a_broadcast_can_be_unsubscribed_from_with_one_click() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let guard = runtime.enter();
    let mails = Smtp::start(Options::open(Arc::new(WallClock))).expect("a mail server");
    drop(guard);
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    init(&data);
    relay(&data, mails.address().port());
    let more = ["--allow-private-addresses", "--public-url", PUBLIC];
    let server = Server::start(&data, &more);
    let ann = json!({ "email": "ann@example.org" });
    assert_eq!(
        server.track("PUT", "/api/v1/customers/ann", &ann).status,
        200
    );
    let footer = json!({ "name": "footer", "value": "Enough? {{ unsubscribe_url }}" });
    app(&server, "PUT", "/v1/snippets", &footer);
    let sale = json!({ "name": "Sale", "content": { "channel": "email", "to": "{{ customer.email }}",
        "subject": "Sale", "body_plain": "Come in. {{ snippets.footer }}" } });
    app(&server, "PUT", "/landfall/v1/broadcasts/1", &sale);
    app(&server, "POST", "/v1/campaigns/1/triggers", &json!({}));
    server.until("/landfall/v1/deliveries/stream", || {
        !mails.taken().is_empty()
    });

    let mail = String::from_utf8(mails.taken()[0].raw.to_vec()).expect("UTF-8");
    let link = header(&mail, "List-Unsubscribe").expect("the header");
    let link = link.trim_start_matches('<').trim_end_matches('>');
    let post = header(&mail, "List-Unsubscribe-Post");
    assert_eq!(post, Some("List-Unsubscribe=One-Click"));
    let body = mail.replace("=\r\n", "").replace("=3D", "=");
    assert!(body.contains(&format!("Enough? {link}")), "{mail}");

    let path = link.strip_prefix(PUBLIC).expect("our own host");
    let unsubscribed = || {
        let person = server.app("/v1/customers/ann/attributes").json();
        person["customer"]["unsubscribed"] == true
    };
    let looked = server.call("GET", path, &[], b"").expect("a page");
    assert_eq!(looked.status, 200);
    assert!(!unsubscribed(), "a look changes nothing");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let clicked = server.call("POST", path, &form, b"List-Unsubscribe=One-Click");
    assert_eq!(clicked.expect("an answer").status, 200);
    assert!(unsubscribed());

    let id = path.split('/').nth(3).expect("the delivery");
    let trail = server.app(&format!("/landfall/v1/deliveries/{id}")).json();
    assert!(
        trail["marks"].to_string().contains("unsubscribed"),
        "{trail}"
    );
    // The next one does not reach her, and says why.
    app(&server, "POST", "/v1/campaigns/1/triggers", &json!({}));
    server.until("/landfall/v1/deliveries/stream", || {
        let books = server.app("/landfall/v1/books").json();
        books["reached"] == 2 && !books.to_string().contains("pending")
    });
    assert_eq!(mails.taken().len(), 1);
}
