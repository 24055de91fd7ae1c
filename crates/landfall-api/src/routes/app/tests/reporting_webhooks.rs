//! Reporting webhooks: Customer.io's calls, Landfall's own, and events over the wire.

mod wire;

use axum::http::StatusCode;
use landfall_domain::marks::Mark;
use landfall_domain::status::customerio_status;
use landfall_engine::Reporter;
use serde_json::{Value, json};

use super::shop::Shop;
use wire::{answer, gone, listen, ok, receipt, register, send, serve, temporary};

const PATH: &str = "/v1/reporting_webhooks";
const OWN: &str = "/landfall/v1/webhooks";

fn webhook() -> Value {
    json!({ "name": "ours", "endpoint": "https://hooks.example.org/cio", "events": ["push_sent", "email_bounced"] })
}

#[tokio::test]
async fn webhooks_are_made_read_changed_and_deleted() {
    let shop = Shop::open();
    let made = shop.post(PATH, webhook()).await;
    let expected = json!({
        "id": 1, "name": "ours", "endpoint": "https://hooks.example.org/cio",
        "events": ["push_sent", "email_bounced"], "disabled": false, "full_resolution": false,
        "with_content": false, "type": "webhook",
    });
    assert_eq!(made, expected);
    let one = format!("{PATH}/1");
    assert_eq!(shop.get(&one).await, expected);
    assert_eq!(
        shop.get(PATH).await,
        json!({ "reporting_webhooks": [expected] })
    );
    let change = json!({ "name": "new", "disabled": true, "with_content": true });
    let (status, changed) = shop.call("PUT", &one, Some(change)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (&changed["name"], &changed["disabled"]),
        (&json!("new"), &json!(true))
    );
    assert_eq!(changed["events"], made["events"], "what is left out stays");
    let deleted = shop.call("DELETE", &one, None).await;
    assert_eq!(deleted, (StatusCode::OK, Value::Null));
    for (method, path) in [("GET", &*one), ("PUT", &one), ("DELETE", &one)] {
        let (status, body) = shop.call(method, path, Some(json!({}))).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{method} {body}");
        assert_eq!(body["errors"][0]["status"], "404");
    }
    assert_eq!(shop.refused(&format!("{PATH}/seven")).await.0, 404);
    assert_eq!(
        shop.post(PATH, webhook()).await["id"],
        2,
        "numbers are not used again"
    );
}

#[tokio::test]
async fn wrong_webhooks_are_refused_with_what_is_wrong() {
    let shop = Shop::open();
    for (field, value, words) in [
        (
            "events",
            json!(["push_sent", "sent", "push_x"]),
            "`sent`, `push_x`",
        ),
        ("events", json!([]), "events"),
        ("events", json!("push_sent"), "events"),
        ("name", json!(7), "name"),
        ("name", json!(""), "name"),
        ("endpoint", json!("hooks.example.org"), "endpoint"),
        (
            "endpoint",
            json!("http://169.254.169.254/latest"),
            "not public",
        ),
        ("disabled", json!("no"), "disabled"),
    ] {
        let mut body = webhook();
        body[field] = value;
        let (status, answer) = shop.call("POST", PATH, Some(body)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{field}");
        let detail = answer["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{detail}");
    }
    assert_eq!(shop.get(PATH).await, json!({ "reporting_webhooks": [] }));
}

#[tokio::test]
async fn the_signing_key_is_shown_once_and_by_our_own_api_alone() {
    let shop = Shop::open();
    let made = shop.post(OWN, webhook()).await;
    let key = made["signing_key"].as_str().unwrap();
    assert_eq!(key.len(), 64);
    for path in [PATH, "/v1/reporting_webhooks/1", OWN] {
        assert!(!shop.get(path).await.to_string().contains(key), "{path}");
    }
    let renewed = shop.post(&format!("{OWN}/1/key"), json!({})).await;
    assert_ne!(renewed["signing_key"], key);
}

#[tokio::test]
async fn a_private_endpoint_is_not_called_unless_allowed() {
    let mut shop = Shop::open();
    let (address, arrived) = listen(StatusCode::OK).await;
    // The name is public by its looks; where it leads is seen when it is called.
    let endpoint = format!("http://localhost:{}/", address.port());
    let mut body = webhook();
    body["endpoint"] = endpoint.into();
    let id = shop.post(OWN, body).await["id"].clone();
    let test = format!("{OWN}/{id}/test");
    let said = shop.post(&test, json!({})).await;
    assert_eq!(said["taken"], false);
    assert!(
        said["message"].as_str().unwrap().contains("not public"),
        "{said}"
    );
    assert!(arrived.lock().unwrap().is_empty());
    shop.reporting_here();
    let said = shop.post(&test, json!({})).await;
    assert_eq!(
        (&said["taken"], &said["status"]),
        (&json!(true), &json!(200))
    );
    let arrived = arrived.lock().unwrap();
    let event: Value = serde_json::from_str(&arrived[0].body).unwrap();
    assert_eq!(
        (&event["object_type"], &event["metric"]),
        (&json!("push"), &json!("sent"))
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let mut shop = Shop::open();
    shop.reporting_here();
    let (address, arrived) = listen(StatusCode::TEMPORARY_REDIRECT).await;
    let mut body = webhook();
    body["endpoint"] = format!("http://{address}/").into();
    let id = shop.post(OWN, body).await["id"].clone();
    let said = shop.post(&format!("{OWN}/{id}/test"), json!({})).await;
    assert_eq!(
        (&said["taken"], &said["status"]),
        (&json!(false), &json!(307))
    );
    assert_eq!(arrived.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn dead_letters_are_listed_replayed_and_thrown_away() {
    let mut shop = Shop::open();
    let reporting = shop.reporting_here();
    let (address, arrived) = listen(StatusCode::UNPROCESSABLE_ENTITY).await;
    let mut body = webhook();
    body["endpoint"] = format!("http://{address}/").into();
    shop.post(OWN, body).await;
    register(&shop, "ann", &["t1"]).await;
    for delivery in ["d1", "d2"] {
        send(&shop, "ann", delivery, false).await;
        answer(&shop, delivery, &[ok()]).await;
    }
    let mut reporter = Reporter::new(reporting, shop.workspace().clone());
    reporter.drain().await.unwrap();
    // Each of them is tried once more after a week.
    for _ in 0..2 {
        shop.clock.advance(8 * 86_400_000);
        reporter.drain().await.unwrap();
    }
    let dead = shop.get(&format!("{OWN}/1/dead")).await;
    assert_eq!(dead["total"], 2, "{dead}");
    let letter = &dead["dead_letters"][0];
    assert_eq!(
        (&letter["cause"], &letter["status"]),
        (&json!("expired"), &json!(422))
    );
    assert_eq!(letter["event"], "push_sent");
    let listed = shop.get(OWN).await;
    assert_eq!(listed["webhooks"][0]["dead_letters"], 2);
    assert!(
        listed["webhooks"][0]["problem"]
            .as_str()
            .unwrap()
            .contains("422")
    );
    let one = format!("{OWN}/1/dead/{}", letter["number"]);
    let refused = shop.post(&format!("{one}/replay"), json!({})).await;
    assert_eq!(
        (&refused["taken"], &refused["refused"]),
        (&json!(0), &json!(1))
    );
    arrived.lock().unwrap().status = StatusCode::OK;
    let taken = shop.post(&format!("{one}/replay"), json!({})).await;
    assert_eq!((&taken["taken"], &taken["left"]), (&json!(1), &json!(0)));
    let (status, _) = shop.call("POST", &format!("{one}/replay"), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let other = format!("{OWN}/1/dead/{}", dead["dead_letters"][1]["number"]);
    assert_eq!(
        shop.call("DELETE", &other, None).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(shop.get(&format!("{OWN}/1/dead")).await["total"], 0);
}

#[tokio::test]
async fn another_landfall_that_is_told_comes_to_the_same_statuses() {
    let (mut ours, theirs) = (Shop::open(), Shop::open());
    let reporting = ours.reporting_here();
    let address = serve(theirs.router.clone()).await;
    let endpoint = format!("http://{address}/hooks/customerio/main");
    let made = json!({ "name": "theirs", "endpoint": endpoint, "full_resolution": true });
    let made = ours.post(OWN, made).await;
    let source = json!({ "name": "main", "signing_key": made["signing_key"] });
    let (status, _) = theirs
        .call("PUT", "/landfall/v1/sources", Some(source))
        .await;
    assert_eq!(status, StatusCode::OK);

    register(&ours, "ann", &["t1", "t2"]).await;
    register(&ours, "ben", &[]).await;
    for delivery in [
        "sent", "opened", "half", "bounced", "failed", "tried", "open",
    ] {
        send(&ours, "ann", delivery, false).await;
    }
    send(&ours, "ann", "draft", true).await;
    send(&ours, "ben", "nowhere", false).await;
    answer(&ours, "sent", &[ok(), ok()]).await;
    answer(&ours, "opened", &[ok(), ok()]).await;
    receipt(&ours, "opened", "t1", Mark::Delivered).await;
    receipt(&ours, "opened", "t1", Mark::Opened).await;
    answer(&ours, "half", &[ok(), gone()]).await;
    register(&ours, "ann", &["t1", "t2"]).await;
    answer(&ours, "failed", &[wire::too_large(), wire::too_large()]).await;
    answer(&ours, "tried", &[temporary(), temporary()]).await;
    answer(&ours, "bounced", &[gone(), gone()]).await;
    Reporter::new(reporting, ours.workspace().clone())
        .drain()
        .await
        .unwrap();

    let store = ours.workspace().store();
    let mut told = Vec::new();
    for here in store.deliveries_after(None, 100).unwrap() {
        let status = customerio_status(&here);
        let there = theirs.workspace().store().delivery(&here.id).unwrap();
        match there {
            Some(there) => {
                assert_eq!(customerio_status(&there), status, "{}", here.id);
                told.push(format!("{} {status}", here.id));
            }
            // Nothing is known yet of what waits.
            None => assert_eq!(here.id, "open"),
        }
    }
    let expected = [
        "sent sent",
        "opened opened",
        "half sent",
        "bounced bounced",
        "failed failed",
        "tried attempted",
        "draft drafted",
        "nowhere undeliverable",
    ];
    assert_eq!(told, expected);
    let person = theirs.get("/v1/customers/ann/messages").await;
    assert_eq!(
        person["messages"].as_array().unwrap().len(),
        6,
        "without the draft"
    );
    assert_eq!(theirs.workspace().store().rejected(10).unwrap(), []);
}

#[tokio::test]
async fn client_customerio_node_accepts_the_signature() {
    let mut shop = Shop::open();
    shop.reporting_here();
    let (address, arrived) = listen(StatusCode::OK).await;
    let mut body = webhook();
    body["endpoint"] = format!("http://{address}/").into();
    let made = shop.post(OWN, body).await;
    shop.post(&format!("{OWN}/1/test"), json!({})).await;
    let arrived = arrived.lock().unwrap()[0].clone();
    let verdict = wire::judged_by_node(made["signing_key"].as_str().unwrap(), &arrived);
    assert_eq!(verdict, json!({ "arrived": true, "tampered": false }));
}
