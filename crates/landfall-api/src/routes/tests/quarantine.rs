//! Receipts that come before their delivery wait for it.

use super::house::{NOW, push_event};
use super::*;

fn waiting(house: &House, number: usize) -> Vec<(String, u64)> {
    house.workspace(number).store().quarantine(100).unwrap()
}

#[tokio::test]
async fn receipts_of_every_door_wait_for_their_delivery() {
    let house = House::open();
    let push = json!({"delivery_id": "D1", "event": "opened", "device_id": "tok-1", "timestamp": NOW - 50});
    let entity = json!({"type": "delivery", "action": "event", "identifiers": {"id": "D1"},
        "name": "delivered", "timestamp": NOW - 55, "attributes": {"device_token": "tok-1"}});
    let metric = json!({"delivery_id": "D1", "metric": "converted", "recipient": "tok-1",
        "timestamp": NOW - 40});
    let sdk = json!({"writeKey": house::WRITE_KEY, "batch": [{"type": "track", "anonymousId": "D1",
        "event": "Report Delivery Event", "timestamp": (NOW - 45) * 1_000,
        "properties": {"metric": "clicked", "deliveryId": "D1", "recipient": "tok-1"}}]});
    for _ in 0..2 {
        for (call, body) in [
            ("POST /push/events", &push),
            ("POST /api/v2/entity", &entity),
            ("POST /api/v1/metrics", &metric),
            ("POST /v1/b", &sdk),
        ] {
            let answer = house.track(call, body.to_string()).await;
            assert_eq!(answer.said(), (200, json!({})), "{call}");
        }
        // The same receipt waits once.
        assert_eq!(waiting(&house, 1), [("D1".to_owned(), 4)]);
    }
    let answer = house.own(1, "GET /landfall/v1/deliveries/D1", "").await;
    assert_eq!(answer.status, 404);

    house.hook(&push_event("E1", "sent", "D1", NOW - 60)).await;
    assert_eq!(waiting(&house, 1), []);
    let trail = house.delivery(1, "D1").await;
    let marks: Vec<_> = trail["marks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mark| {
            (
                mark["mark"].as_str().unwrap(),
                NOW - mark["at_ms"].as_i64().unwrap() / 1_000,
            )
        })
        .collect();
    let expected = [
        ("sent", 60),
        ("delivered", 55),
        ("opened", 50),
        ("clicked", 45),
        ("converted", 40),
    ];
    for mark in expected {
        assert!(marks.contains(&mark), "{mark:?} in {marks:?}");
    }
    assert_eq!(trail["targets"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_opt_out_waits_for_its_delivery_too() {
    let house = House::open();
    house
        .track("POST /unsubscribe/D1", r#"{"unsubscribe":true}"#)
        .await;
    assert_eq!(waiting(&house, 1), [("D1".to_owned(), 1)]);
    house.hook(&push_event("E1", "sent", "D1", NOW - 60)).await;
    assert_eq!(house.person("u-42").await["unsubscribed"], json!(true));
}

#[tokio::test]
async fn receipts_without_credentials_find_the_workspace_of_their_delivery() {
    let house = House::open();
    // The delivery is the second workspace's, by import.
    let begin = json!({"kind": "deliveries", "format": "ndjson", "name": "f", "fingerprint": "f",
        "bytes": 100});
    let begun = house
        .own(2, "POST /landfall/v1/imports", begin.to_string())
        .await
        .json();
    let line = json!({"delivery_id": "D2", "type": "push", "campaign_id": 31, "customer_id": "u",
        "device_id": "tok-1", "sent": NOW - 60});
    let call = format!(
        "POST /landfall/v1/imports/{}/lines?offset=0&end=100",
        begun["id"]
    );
    assert_eq!(
        house.own(2, &call, line.to_string()).await.json()["taken"],
        1
    );

    let body = json!({"delivery_id": "D2", "event": "opened", "device_id": "tok-1"}).to_string();
    let before = house.state(1);
    assert_eq!(house.bare("POST /push/events", body).await.status, 200);
    assert_eq!(house.state(1), before);
    let marks = house.delivery(2, "D2").await["marks"].to_string();
    assert!(marks.contains("opened"), "{marks}");
}

#[tokio::test]
async fn a_phones_receipts_twice_late_and_by_two_ways_are_one() {
    let house = House::open();
    let queued = |id: &str, metric: &str, at: i64| {
        let item = json!({"type": "track", "messageId": id, "anonymousId": "D1",
            "event": "Report Delivery Event", "timestamp": at * 1_000,
            "properties": {"deliveryId": "D1", "metric": metric, "recipient": "tok-1"}});
        json!({"batch": [item], "writeKey": house::WRITE_KEY}).to_string()
    };
    // Android's way straight after the push arrived: no user, no message id, no time.
    let at_once = json!({"anonymousId": "D1", "event": "Report Delivery Event",
        "properties": {"recipient": "tok-1", "metric": "delivered", "deliveryId": "D1"}})
    .to_string();
    for _ in 0..2 {
        house
            .bare("POST /v1/b", queued("m2", "opened", NOW - 40))
            .await;
    }
    house.hook(&push_event("E1", "sent", "D1", NOW - 60)).await;
    for _ in 0..2 {
        house.pipelines("POST /v1/track", at_once.clone()).await;
    }
    // What the app kept while it was asleep.
    for _ in 0..2 {
        house
            .bare("POST /v1/b", queued("m1", "delivered", NOW - 50))
            .await;
    }
    let trail = house.delivery(1, "D1").await;
    let marks = trail["marks"].as_array().unwrap();
    let ago = |name: &str| {
        let mark = marks.iter().find(|mark| mark["mark"] == name).unwrap();
        NOW - mark["at_ms"].as_i64().unwrap() / 1_000
    };
    assert_eq!((ago("sent"), ago("delivered"), ago("opened")), (60, 50, 40));
    assert_eq!(trail["targets"].as_array().unwrap().len(), 1);
    // One *delivered* without a time, one with; each came twice.
    assert_eq!(trail["facts"].as_array().unwrap().len(), 4);
}
