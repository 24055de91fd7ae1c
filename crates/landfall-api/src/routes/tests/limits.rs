//! Limits of the Track API: what is just small enough, and what is too large (track-api.md 1).

use super::house::{basic, request};
use super::*;

/// The call, its body, the reason and the message.
type Beyond = (String, String, &'static str, &'static str);

fn beyond() -> Vec<Beyond> {
    let person = |value: Value| ("PUT /api/v1/customers/u1".to_owned(), value.to_string());
    let event = |value: Value| {
        (
            "POST /api/v1/customers/u1/events".to_owned(),
            value.to_string(),
        )
    };
    let time = "timestamp must be a time: unix seconds or ISO 8601, from 1970 to 9999";
    let many = (0..301).map(|n| (format!("a{n}"), json!(n))).collect();
    let nobody = format!("PUT /api/v1/customers/{}", "x".repeat(151));
    let large = json!({"name": "e", "data": {"a": "x".repeat(100_000)}});
    let rows = [
        (
            person(json!({ "a": "x".repeat(1_001) })),
            "too_long",
            "value for attribute 'a' cannot be longer than 1000 bytes",
        ),
        (
            person(many),
            "too_large",
            "a person cannot have more than 300 attributes",
        ),
        (
            person(json!({ "x".repeat(151): 1 })),
            "too_long",
            "attribute name cannot be longer than 150 bytes",
        ),
        (
            (nobody, "{}".to_owned()),
            "too_long",
            "id cannot be longer than 150 bytes",
        ),
        (
            event(json!({ "name": "x".repeat(101) })),
            "too_long",
            "name cannot be longer than 100 bytes",
        ),
        (
            event(large),
            "too_long",
            "data cannot be longer than 100000 bytes",
        ),
        (
            event(json!({"name": "e", "timestamp": 1e18})),
            "invalid",
            time,
        ),
        (
            event(json!({"name": "e", "timestamp": -1})),
            "invalid",
            time,
        ),
        (
            event(json!({"name": "e", "type": "video"})),
            "invalid",
            "type must be event, page or screen",
        ),
    ];
    rows.map(|((call, body), reason, message)| (call, body, reason, message))
        .into()
}

#[tokio::test]
async fn limits_are_inclusive_and_named() {
    let house = House::open();
    let fits = json!({ "a": "x".repeat(1_000) }).to_string();
    assert_eq!(
        house.track("PUT /api/v1/customers/u1", fits).await.status,
        200
    );
    let before = house.state(1);
    for (call, body, reason, message) in beyond() {
        let said = json!({"meta": {"errors": [message]}});
        assert_eq!(house.track(&call, body).await.said(), (400, said));
        let noted = &house.rejected(1).await[0];
        assert_eq!(noted["reason"], reason);
        assert!(
            noted["message"].as_str().unwrap().contains(message),
            "{noted}"
        );
        assert!(noted["sample"].as_str().unwrap().len() <= 500);
    }
    assert_eq!(house.state(1), before);
}

#[tokio::test]
async fn version_2_takes_documented_sizes_and_refuses_twice_as_much() {
    let house = House::open();
    // Attributes of 900 bytes until the entity is about that large.
    let entity = |id: &str, bytes: usize| {
        let attributes: Value = (0..bytes / 910)
            .map(|n| (format!("a{n:03}"), json!("x".repeat(900))))
            .collect();
        json!({"type": "person", "action": "identify", "identifiers": {"id": id},
               "attributes": attributes})
    };
    let documented = entity("u1", 32 << 10).to_string();
    assert_eq!(
        house.track("POST /api/v2/entity", documented).await.status,
        200
    );
    let twice = entity("u2", 70 << 10);
    let answer = house.track("POST /api/v2/entity", twice.to_string()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["errors"][0]["reason"], "too_large");
    assert_eq!(house.person("u2").await, Value::Null);

    let items: Vec<Value> = (0..16)
        .map(|n| entity(&format!("b{n}"), 31 << 10))
        .collect();
    let body = json!({ "batch": items }).to_string();
    assert!((490_000..512_000).contains(&body.len()), "{}", body.len());
    assert_eq!(
        house.track("POST /api/v2/batch", body).await.said(),
        (200, json!({}))
    );
    let answer = house
        .track(
            "POST /api/v2/batch",
            json!({"batch": [items[0], twice]}).to_string(),
        )
        .await;
    assert_eq!(answer.status, 207);
    let error = &answer.json()["errors"][0];
    assert_eq!(
        (&error["batch_index"], &error["reason"]),
        (&json!(1), &json!("too_large"))
    );
    let answer = house
        .track("POST /api/v2/batch", " ".repeat((1 << 20) + 1))
        .await;
    assert_eq!(answer.status, 413);
    let reasons: Vec<Value> = house
        .rejected(1)
        .await
        .iter()
        .map(|noted| noted["reason"].clone())
        .collect();
    assert_eq!(reasons, ["too_large", "too_large", "too_large"]);
}

#[tokio::test]
async fn a_compressed_body_counts_by_what_is_in_it() {
    use std::io::Write as _;
    let house = House::open();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![b' '; 64 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 1 << 17);
    let request = request("PUT /api/v1/customers/u1")
        .header("authorization", basic("site-1", "track-1"))
        .header("content-encoding", "GZIP");
    let answer = house.send(request.body(bomb.into()).unwrap()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(house.rejected(1).await[0]["reason"], "too_large");
}
