//! Receipts and opt-outs: with credentials, with wrong ones, and without (track-api.md 3.10 to 3.13).

use super::house::{basic, push_event, request};
use super::*;

const AT: i64 = house::NOW - 600;

async fn sent(house: &House, delivery: &str) {
    let answer = house
        .hook(&push_event(delivery, "sent", delivery, AT))
        .await;
    assert_eq!(answer.status, 200);
}

async fn marks(house: &House, delivery: &str) -> Vec<String> {
    let trail = house.delivery(1, delivery).await;
    let marks = trail["marks"].as_array().unwrap().iter();
    marks
        .filter(|mark| mark["inferred"] == json!(false))
        .map(|mark| mark["mark"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn every_door_for_receipts_leads_to_the_delivery() {
    let house = House::open();
    let at = AT + 60;
    let pushed =
        json!({"delivery_id": "D", "event": "opened", "device_id": "tok-1", "timestamp": at});
    let metric =
        json!({"delivery_id": "D", "metric": "opened", "recipient": "tok-1", "timestamp": at});
    let old = json!({"type": "in_app", "payload": {"delivery_id": "D", "event": "opened", "timestamp": at}});
    let entity = json!({"type": "delivery", "action": "event", "identifiers": {"id": "D"},
        "name": "opened", "timestamp": at, "attributes": {"device_token": "tok-1"}});
    let tracked = json!({"type": "track", "event": "Report Delivery Event", "timestamp": at * 1_000,
        "anonymousId": "D", "properties": {"metric": "opened", "deliveryId": "D", "recipient": "tok-1"}});
    let rows = [
        ("POST /api/v1/metrics", metric),
        ("POST /api/v1/push/events", pushed.clone()),
        ("POST /push/events", pushed),
        ("POST /api/v1/cio_deliveries/events", old),
        ("POST /api/v2/entity", entity.clone()),
        ("POST /api/v2/batch", json!({ "batch": [entity] })),
        ("POST /v1/track", tracked.clone()),
        ("POST /v1/batch", json!({"batch": [tracked.clone()]})),
        (
            "POST /v1/b",
            json!({"batch": [tracked], "writeKey": house::WRITE_KEY}),
        ),
    ];
    for (index, (call, body)) in rows.into_iter().enumerate() {
        let delivery = format!("delivery-{index}");
        sent(&house, &delivery).await;
        let body = body
            .to_string()
            .replace("\"D\"", &format!("\"{delivery}\""));
        let answer = if call.contains("/v1/b") || call == "POST /v1/track" {
            house.pipelines(call, body).await
        } else {
            house.track(call, body).await
        };
        assert_eq!(answer.said(), (200, json!({})), "{call}");
        assert_eq!(marks(&house, &delivery).await, ["sent", "opened"], "{call}");
    }
}

#[tokio::test]
async fn receipts_need_no_credentials_and_do_not_mind_wrong_ones() {
    let house = House::open();
    sent(&house, "D1").await;
    let body = |event: &str| {
        json!({"delivery_id": "D1", "event": event, "device_id": "tok-1"}).to_string()
    };
    let answer = house.bare("POST /push/events", body("delivered")).await;
    assert_eq!(answer.said(), (200, json!({})));
    let wrong = request("POST /push/events").header("authorization", basic("site-1", "wrong"));
    let answer = house.send(wrong.body(body("opened").into()).unwrap()).await;
    assert_eq!(answer.said(), (200, json!({})));
    assert_eq!(marks(&house, "D1").await, ["sent", "delivered", "opened"]);
}

#[tokio::test]
async fn a_receipt_that_cannot_be_changes_nothing() {
    let house = House::open();
    sent(&house, "D1").await;
    let before = house.state(1);
    let rows = [
        (
            json!({"delivery_id": "D1", "event": "teleported", "device_id": "TOKEN"}),
            "invalid",
            "event is not a metric",
        ),
        (
            json!({"event": "opened", "device_id": "TOKEN"}),
            "required",
            "delivery_id is required",
        ),
        (
            json!({"delivery_id": "D1", "event": "opened", "device_id": "TOKEN", "timestamp": -1}),
            "invalid",
            "timestamp must be a time: unix seconds or ISO 8601, from 1970 to 9999",
        ),
    ];
    for (body, reason, message) in rows {
        let answer = house.track("POST /push/events", body.to_string()).await;
        assert_eq!(answer.said(), (400, json!({"meta": {"errors": [message]}})));
        let noted = &house.rejected(1).await[0];
        assert_eq!(
            (&noted["surface"], &noted["reason"]),
            (&json!("POST /push/events"), &json!(reason))
        );
        assert!(!noted["sample"].as_str().unwrap().contains("TOKEN"));
        // Nobody knows whose it is: counted.
        let answer = house.bare("POST /push/events", body.to_string()).await;
        assert_eq!(answer.status, 400);
    }
    // A push is not reported as bounced by a phone: taken, and nothing happens.
    let body = json!({"delivery_id": "D1", "metric": "spammed", "recipient": "tok-1"});
    let answer = house.track("POST /api/v1/metrics", body.to_string()).await;
    assert_eq!(answer.said(), (200, json!({})));
    assert_eq!(house.state(1), before);
    assert_eq!(house.rejected(1).await.len(), 3);
    let metrics = house.bare("GET /metrics", "").await.text;
    let counted = "landfall_refused_total{surface=\"POST /push/events\",reason=\"invalid\"} 2";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn old_in_app_metrics_are_answered_with_200_and_noted() {
    let house = House::open();
    let body = json!({"type": "in_app", "payload": {"event": "opened"}}).to_string();
    let answer = house
        .track("POST /api/v1/cio_deliveries/events", body)
        .await;
    assert_eq!(answer.said(), (200, json!({})));
    let noted = &house.rejected(1).await[0];
    assert_eq!(
        (&noted["status"], &noted["reason"]),
        (&json!(200), &json!("required"))
    );
}

#[tokio::test]
async fn unsubscribing_through_a_delivery_is_the_persons_choice() {
    let house = House::open();
    sent(&house, "D1").await;
    let answer = house
        .bare("POST /unsubscribe/D1", r#"{"unsubscribe":false}"#)
        .await;
    assert_eq!(answer.said(), (200, json!({})));
    assert_eq!(house.person("u-42").await["unsubscribed"], json!(false));
    let answer = house
        .bare("POST /unsubscribe/D1", r#"{"unsubscribe":true}"#)
        .await;
    assert_eq!(answer.said(), (200, json!({})));
    assert_eq!(house.person("u-42").await["unsubscribed"], json!(true));
    assert_eq!(marks(&house, "D1").await, ["sent", "unsubscribed"]);

    let before = house.state(1);
    for (call, body) in [
        ("POST /unsubscribe/D1", "{}"),
        ("POST /unsubscribe/D1", "{"),
        ("POST /unsubscribe/%FF", r#"{"unsubscribe":true}"#),
    ] {
        let answer = house.bare(call, body).await;
        assert_eq!(answer.status, 400);
        assert!(answer.json()["meta"]["errors"][0].is_string());
    }
    assert_eq!(house.state(1), before);
}
