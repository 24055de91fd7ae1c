//! A team that stays on Customer.io: its reporting webhooks, its phones' receipts, and the command line.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::harness::{APP_KEY, Answer, Server};

const SIGNING_KEY: &str = "whsec_test";

/// A server with the source `main`.
fn server(data: &std::path::Path) -> Server {
    let server = Server::fresh(data);
    let bearer = format!("Bearer {APP_KEY}");
    let source = json!({"name": "main", "signing_key": SIGNING_KEY});
    let added = server
        .call(
            "PUT",
            "/landfall/v1/sources",
            &[("authorization", &bearer)],
            source.to_string().as_bytes(),
        )
        .expect("an answer");
    assert_eq!(added.status, 200, "{added:?}");
    server
}

fn post(server: &Server, event: &Value) -> Answer {
    let body = event.to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SIGNING_KEY.as_bytes());
    let tag = hmac::sign(&key, format!("v0:1790000000:{body}").as_bytes());
    let signature: String = tag
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let headers = [
        ("x-cio-timestamp", "1790000000"),
        ("x-cio-signature", signature.as_str()),
    ];
    server
        .call("POST", "/hooks/customerio/main", &headers, body.as_bytes())
        .expect("an answer")
}

/// An event of campaign 31, step 77.
fn push(number: u32, metric: &str, person: &str, delivery: &str, recipient: &Value) -> Value {
    json!({
        "event_id": format!("01JHOOK{number:04}"), "object_type": "push", "metric": metric,
        "timestamp": 1_790_000_100 + number,
        "data": {
            "campaign_id": 31, "action_id": 77, "delivery_id": delivery,
            "identifiers": {"id": person}, "recipients": [recipient],
        },
    })
}

fn ios(token: &str) -> Value {
    json!({"device_id": token, "device_platform": "ios"})
}

/// The events of one campaign: Ann got hers and bought, Ben's token is gone.
fn campaign() -> Vec<Value> {
    let failed = json!({"device_id": "token-ben", "device_platform": "android",
                        "failure_message": "UNREGISTERED"});
    vec![
        push(1, "sent", "ann", "dlv-1", &ios("token-ann")),
        push(2, "delivered", "ann", "dlv-1", &ios("token-ann")),
        push(3, "converted", "ann", "dlv-1", &ios("token-ann")),
        push(4, "bounced", "ben", "dlv-2", &failed),
    ]
}

#[test]
fn campaigns_appear_by_number_and_by_name_once_it_is_known() {
    let data = tempfile::tempdir().expect("a folder");
    let server = server(data.path());
    for event in campaign() {
        assert_eq!(post(&server, &event).status, 200);
    }
    let log: Value = serde_json::from_str(&server.said(&["log", "--json"])).expect("JSON");
    assert_eq!(log["deliveries"][0]["journey"], "campaign:31");
    let bearer = format!("Bearer {APP_KEY}");
    let names =
        json!({"names": [{"source": "campaign", "source_id": 31, "name": "Cart recovery"}]});
    server
        .call(
            "PUT",
            "/landfall/v1/names",
            &[("authorization", &bearer)],
            names.to_string().as_bytes(),
        )
        .expect("an answer");
    assert!(server.said(&["log"]).contains("Cart recovery"));
    assert!(server.said(&["log", "--q", "cart"]).contains("dlv-1"));
    assert!(!server.said(&["log", "--q", "winback"]).contains("dlv-1"));
}

#[test]
fn the_command_line_says_who_got_it_and_why_not() {
    let data = tempfile::tempdir().expect("a folder");
    let server = server(data.path());
    for event in campaign() {
        post(&server, &event);
    }
    let trace = server.said(&["trace", "dlv-2"]);
    for words in ["token_unregistered", "UNREGISTERED", "bounced", "webhook"] {
        assert!(trace.contains(words), "{words}: {trace}");
    }
    let books: Value = serde_json::from_str(&server.said(&["books", "--json"])).expect("JSON");
    assert_eq!(
        (&books["reached"], &books["accounted"], &books["difference"]),
        (&json!(2), &json!(2), &json!(0))
    );
    let asked = [
        "metrics",
        "--by",
        "platform",
        "--measures",
        "sent,delivered,bounced,delivered_rate",
        "--since",
        "2026-09-01..",
        "--json",
    ];
    let metrics: Value = serde_json::from_str(&server.said(&asked)).expect("JSON");
    let of = |platform: &str| {
        let rows = metrics["rows"].as_array().expect("rows");
        let row = rows.iter().find(|row| row["group"][0]["value"] == platform);
        row.unwrap_or_else(|| panic!("no {platform}: {metrics}"))
            .clone()
    };
    assert_eq!(
        of("ios")["counts"],
        json!({"sent": 1, "delivered": 1, "bounced": 0})
    );
    let rate = &of("ios")["rates"]["delivered/sent"];
    assert_eq!((&rate["hits"], &rate["of"]), (&json!(1), &json!(1)));
    assert_eq!(
        of("android")["counts"],
        json!({"sent": 0, "delivered": 0, "bounced": 1})
    );
    assert!(server.said(&["coverage"]).contains("active"));
    let timeline = server.said(&["timeline", "ben"]);
    assert!(timeline.contains("dlv-2"), "{timeline}");
}

#[test]
fn a_receipt_that_comes_before_its_delivery_is_joined_to_it() {
    let data = tempfile::tempdir().expect("a folder");
    let server = server(data.path());
    let receipt = json!({"event": "opened", "delivery_id": "dlv-1", "device_id": "token-ann",
                         "timestamp": 1_790_000_200});
    let taken = server
        .call("POST", "/push/events", &[], receipt.to_string().as_bytes())
        .expect("an answer");
    assert_eq!(taken.status, 200);
    assert!(!server.cli(&["trace", "dlv-1"]).status.success());
    post(&server, &campaign()[0]);
    let trail: Value =
        serde_json::from_str(&server.said(&["trace", "dlv-1", "--json"])).expect("JSON");
    let facts = trail["facts"].as_array().expect("facts");
    let told = |fact: &Value| (fact["mark"].clone(), fact["source"].clone());
    let told: Vec<_> = facts.iter().map(told).collect();
    assert!(
        told.contains(&(json!("opened"), json!("receipt"))),
        "{told:?}"
    );
    assert!(
        told.contains(&(json!("sent"), json!("webhook"))),
        "{told:?}"
    );
    assert_eq!(trail["delivery"]["outcome"], "accepted");
}

#[test]
fn repeats_and_disorder_make_no_difference() {
    let told = |order: &[usize]| {
        let data = tempfile::tempdir().expect("a folder");
        let server = server(data.path());
        let events = campaign();
        for index in order {
            assert_eq!(post(&server, &events[*index]).status, 200);
        }
        let log: Value = serde_json::from_str(&server.said(&["log", "--json"])).expect("JSON");
        let lines = log["deliveries"].as_array().expect("a list");
        let mut states: Vec<Value> = lines
            .iter()
            .map(|line| json!([line["id"], line["status"], line["outcome"], line["reason"]]))
            .collect();
        states.sort_by_key(Value::to_string);
        (states, server.said(&["books", "--json"]))
    };
    let straight = told(&[0, 1, 2, 3]);
    assert_eq!(straight, told(&[3, 2, 1, 0, 0, 1, 2, 3]));
    assert_eq!(straight, told(&[1, 1, 3, 0, 2, 1, 0]));
}

#[test]
fn a_wrong_signature_is_refused_and_an_unknown_event_is_kept() {
    let data = tempfile::tempdir().expect("a folder");
    let server = server(data.path());
    let body = campaign()[0].to_string();
    let headers = [
        ("x-cio-timestamp", "1790000000"),
        ("x-cio-signature", "00ff"),
    ];
    let refused = server.call("POST", "/hooks/customerio/main", &headers, body.as_bytes());
    assert_eq!(refused.expect("an answer").status, 401);
    let mut strange = campaign()[0].clone();
    strange["metric"] = "teleported".into();
    assert_eq!(post(&server, &strange).status, 200);
    assert!(!server.cli(&["trace", "dlv-1"]).status.success());
    let rejected = server.said(&["rejected"]);
    for words in ["bad_signature", "unknown_event", "teleported"] {
        assert!(rejected.contains(words), "{words}: {rejected}");
    }
}
