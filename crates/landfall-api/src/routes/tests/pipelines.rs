//! Pipelines API for servers: permissive by default, strict on request (pipelines-api.md 1, 2).

use super::house::{WRITE_KEY, basic, request};
use super::*;

const IDENTIFY: &str = r#"{"userId":"u1","traits":{"plan":"pro"}}"#;

#[tokio::test]
async fn every_call_is_answered_with_200_and_taken() {
    let house = House::open();
    let rows = [
        ("POST /v1/identify", IDENTIFY),
        ("POST /v1/track", r#"{"userId":"u1","event":"bought"}"#),
        ("POST /v1/page", r#"{"userId":"u1","name":"Home"}"#),
        ("POST /v1/screen", r#"{"userId":"u1","name":"Cart"}"#),
        ("POST /v1/group", r#"{"userId":"u1","groupId":"g"}"#),
        ("POST /v1/alias", r#"{"userId":"u1","previousId":"old"}"#),
        (
            "POST /v1/batch",
            r#"{"batch":[{"type":"track","userId":"u1","event":"sold"}]}"#,
        ),
    ];
    for (call, body) in rows {
        for answer in [
            house.pipelines(call, body).await,
            house.strict(call, body).await,
        ] {
            assert_eq!(
                (answer.status.as_u16(), answer.text.as_str()),
                (200, "{}\n"),
                "{call}"
            );
        }
    }
    assert_eq!(house.person("u1").await["attributes"]["plan"], "pro");
    let timeline = house.timeline("u1").await.join("\n");
    for name in ["bought", "Home", "Cart", "sold"] {
        assert!(timeline.contains(name), "{name} in {timeline}");
    }
    assert_eq!(house.rejected(1).await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_write_key_may_come_as_user_bearer_or_in_the_body() {
    let house = House::open();
    let with_key = format!(r#"{{"userId":"u1","writeKey":"{WRITE_KEY}","traits":{{}}}}"#);
    let rows = [
        (Some(basic(WRITE_KEY, "")), IDENTIFY),
        (Some(format!("Bearer {WRITE_KEY}")), IDENTIFY),
        (None, with_key.as_str()),
        // A header for somebody else does not spoil a key that is right.
        (Some(basic("site-1", "track-1")), with_key.as_str()),
    ];
    for (header, body) in rows {
        let mut request = request("POST /v1/identify").header("x-strict-mode", "1");
        if let Some(header) = &header {
            request = request.header("authorization", header);
        }
        let answer = house
            .send(request.body(body.to_owned().into()).unwrap())
            .await;
        assert_eq!(answer.said(), (200, json!({})), "{header:?}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_answered_with_200_and_strictly_with_401() {
    let house = House::open();
    let before = (house.state(1), house.state(2));
    for call in ["POST /v1/identify", "POST /v1/batch"] {
        let of = |strict: &str| {
            let request = request(call)
                .header("authorization", basic("no-such-key", ""))
                .header("x-strict-mode", strict);
            request.body(IDENTIFY.into()).unwrap()
        };
        assert_eq!(house.send(of("0")).await.said(), (200, json!({})));
        let answer = house.send(of("1")).await;
        assert_eq!(answer.status, 401);
        let said = answer.json();
        assert_eq!(said["code"], "unauthorized");
        assert_eq!(said["meta"]["error"], said["message"]);
        assert_eq!(said["errors"][0]["reason"], "unauthorized");
    }
    assert_eq!((house.state(1), house.state(2)), before);
    let metrics = house.bare("GET /metrics", "").await.text;
    let counted = "landfall_refused_total{surface=\"POST /v1/identify\",reason=\"unauthorized\"} 2";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn what_cannot_be_is_noted_and_only_strictly_answered() {
    let house = House::open();
    let before = house.state(1);
    let large = json!({"userId": "u1", "traits": {"a": "x".repeat(65 << 10)}}).to_string();
    let larger = json!({"userId": "u1", "traits": {"a": "x".repeat(1 << 20)}}).to_string();
    let rows = [
        ("POST /v1/identify", "{", "malformed", 400),
        ("POST /v1/identify", "{}", "required", 400),
        ("POST /v1/identify", "[]", "invalid", 400),
        ("POST /v1/track", r#"{"userId":"u1"}"#, "required", 400),
        (
            "POST /v1/track",
            r#"{"userId":"u1","event":"e","timestamp":"soon"}"#,
            "invalid",
            400,
        ),
        ("POST /v1/identify", &large, "too_large", 400),
        ("POST /v1/identify", &larger, "too_large", 413),
        ("POST /v1/batch", r#"{"batch":[]}"#, "invalid", 400),
        (
            "POST /v1/batch",
            r#"{"batch":[{"type":"teleport","userId":"u1"}]}"#,
            "unknown",
            400,
        ),
    ];
    for (call, body, reason, status) in rows {
        let answer = house.pipelines(call, body.to_owned()).await;
        assert_eq!(answer.said(), (200, json!({})), "{call} {reason}");
        let noted = house.rejected(1).await[0].clone();
        assert_eq!(
            (&noted["surface"], &noted["reason"]),
            (&json!(call), &json!(reason))
        );
        assert_eq!(noted["status"], 200);

        let answer = house.strict(call, body.to_owned()).await;
        assert_eq!(answer.status, status, "{call} {reason}");
        let said = answer.json();
        assert_eq!(said["code"], "invalid_request");
        assert_eq!(said["errors"][0]["reason"], reason);
        assert_eq!(said["meta"]["error"], said["message"]);
        let noted = house.rejected(1).await[0].clone();
        assert_eq!(
            (&noted["reason"], &noted["status"]),
            (&json!(reason), &json!(status))
        );
    }
    assert_eq!(house.state(1), before);
}

#[tokio::test]
async fn a_batch_with_a_bad_item_is_taken_in_part_and_strictly_not_at_all() {
    let house = House::open();
    let body = json!({"batch": [
        {"type": "identify", "userId": "u1"},
        {"type": "identify", "traits": {"token": "SECRET"}},
        {"type": "identify", "userId": "u2"},
    ]});
    let before = house.state(1);
    let answer = house.strict("POST /v1/batch", body.to_string()).await;
    assert_eq!(answer.status, 400);
    let error = json!({"reason": "required", "field": "batch.1.userId",
        "message": "userId or anonymousId is required"});
    assert_eq!(answer.json()["errors"], json!([error]));
    assert_eq!(house.state(1), before);

    let answer = house.pipelines("POST /v1/batch", body.to_string()).await;
    assert_eq!(answer.said(), (200, json!({})));
    for person in ["u1", "u2"] {
        assert_ne!(house.person(person).await, Value::Null);
    }
    let noted = house.rejected(1).await;
    let statuses: Vec<&Value> = noted.iter().map(|noted| &noted["status"]).collect();
    assert_eq!(statuses, [&json!(200), &json!(400)]);
    for noted in &noted {
        assert_eq!(
            noted["message"],
            "batch.1.userId: userId or anonymousId is required"
        );
        assert_eq!(
            noted["sample"],
            r#"{"traits":{"token":"***"},"type":"identify"}"#
        );
    }
}

#[tokio::test]
async fn a_message_id_counts_once() {
    let house = House::open();
    for _ in 0..2 {
        let body = r#"{"userId":"u1","event":"bought","messageId":"m1"}"#;
        house.pipelines("POST /v1/track", body).await;
    }
    let timeline = house.timeline("u1").await;
    let bought = timeline.iter().filter(|entry| entry.contains("bought"));
    assert_eq!(bought.count(), 1, "{timeline:?}");
}

#[tokio::test]
async fn browsers_of_any_origin_may_call() {
    let house = House::open();
    let preflight = request("OPTIONS /v1/t")
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let answer = house.send(preflight.body("".into()).unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    let call = request("POST /v1/t")
        .header("origin", "https://shop.example")
        .header("content-type", "text/plain");
    let body = format!(r#"{{"userId":"u1","event":"looked","writeKey":"{WRITE_KEY}"}}"#);
    let answer = house.send(call.body(body.into()).unwrap()).await;
    assert_eq!(answer.said(), (200, json!({})));
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert!(house.timeline("u1").await.concat().contains("looked"));
}
