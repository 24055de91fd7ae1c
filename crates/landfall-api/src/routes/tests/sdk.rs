//! Pipelines API for phones and browsers (pipelines-api.md 5).

use std::io::Write as _;

use axum::body::Body;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::house::{WRITE_KEY, request};
use super::*;

const CALL: &str = "POST /v1/b";

fn batch(item: &Value) -> Value {
    json!({"batch": [item], "sentAt": "2026-11-23T13:29:00.000Z", "writeKey": WRITE_KEY})
}

fn event() -> Value {
    json!({"type": "track", "userId": "u1", "event": "looked", "messageId": "m1"})
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A body without a known length, as Android sends it.
fn chunked(bytes: &[u8]) -> Body {
    let chunks: Vec<Result<Vec<u8>, std::io::Error>> =
        bytes.chunks(7).map(|chunk| Ok(chunk.to_vec())).collect();
    Body::from_stream(futures_util::stream::iter(chunks))
}

#[tokio::test]
async fn batches_come_as_each_sdk_sends_them() {
    let house = House::open();
    let body = batch(&event()).to_string();
    let ios = request(CALL).header("content-type", "application/json; charset=utf-8");
    let android = request(CALL)
        .header("content-type", "text/plain")
        .header("content-encoding", "gzip");
    let browser = request(CALL).header("content-type", "text/plain");
    let rows = [
        ios.body(body.clone().into()).unwrap(),
        android.body(chunked(&gzip(body.as_bytes()))).unwrap(),
        browser.body(body.into()).unwrap(),
    ];
    for row in rows {
        assert_eq!(house.send(row).await.said(), (200, json!({})));
    }
    let timeline = house.timeline("u1").await;
    let looked = timeline.iter().filter(|entry| entry.contains("looked"));
    // One message id: sent again by whatever way, it counts once.
    assert_eq!(looked.count(), 1, "{timeline:?}");
}

/// Batches that are nobody's, broken, or full of nonsense; their encoding; the status that they get.
fn poison() -> Vec<(Vec<u8>, Option<&'static str>, u16)> {
    let wrong_key = json!({"batch": [event()], "writeKey": "no-such-key"}).to_string();
    let no_key = json!({"batch": [event()]}).to_string();
    let large =
        json!({"batch": [], "writeKey": WRITE_KEY, "more": "x".repeat(1 << 20)}).to_string();
    let bomb = gzip(&vec![b' '; 64 << 20]);
    vec![
        (wrong_key.into(), None, 200),
        (no_key.into(), None, 200),
        // What would never get better is dropped by iOS only on 400.
        (b"{".to_vec(), None, 400),
        (b"\xff\xfe".to_vec(), None, 400),
        (b"[".repeat(10_000), None, 400),
        (large.into(), None, 400),
        (b"not gzip".to_vec(), Some("gzip"), 400),
        (
            gzip(batch(&event()).to_string().as_bytes())[..40].to_vec(),
            Some("gzip"),
            400,
        ),
        (bomb, Some("gzip"), 400),
        (b"{}".to_vec(), Some("br"), 400),
        (json!({"writeKey": WRITE_KEY}).to_string().into(), None, 400),
        (
            json!({"writeKey": WRITE_KEY, "batch": []})
                .to_string()
                .into(),
            None,
            400,
        ),
        (
            json!({"writeKey": WRITE_KEY, "batch": "text"})
                .to_string()
                .into(),
            None,
            400,
        ),
        (
            batch(&json!({"type": "teleport"})).to_string().into(),
            None,
            200,
        ),
        (batch(&json!(null)).to_string().into(), None, 200),
    ]
}

#[tokio::test]
async fn no_batch_is_ever_answered_with_401_403_or_413() {
    let house = House::open();
    let before = (house.state(1), house.state(2));
    for (body, encoding, status) in poison() {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let mut request = request(CALL);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        let answer = house.send(request.body(body.into()).unwrap()).await;
        assert_eq!(answer.status, status, "{shown}");
        if status == 200 {
            assert_eq!(answer.json(), json!({}));
        } else {
            assert_eq!(answer.json()["code"], "invalid_request", "{shown}");
        }
    }
    assert_eq!((house.state(1), house.state(2)), before);
    // Those that named a workspace are in its list, the others are counted.
    let reasons: Vec<Value> = house
        .rejected(1)
        .await
        .iter()
        .map(|noted| noted["reason"].clone())
        .collect();
    assert_eq!(
        reasons,
        ["invalid", "unknown", "invalid", "invalid", "required"]
    );
    let metrics = house.bare("GET /metrics", "").await.text;
    for (reason, count) in [("unauthorized", 2), ("malformed", 6), ("too_large", 2)] {
        let line =
            format!("landfall_refused_total{{surface=\"{CALL}\",reason=\"{reason}\"}} {count}");
        assert!(metrics.contains(&line), "{line} in {metrics}");
    }
}

#[tokio::test]
async fn what_cannot_be_stored_now_is_kept_by_the_caller() {
    let mut house = House::open();
    house.stop();
    let identify = json!({"type": "identify", "userId": "u1", "writeKey": WRITE_KEY});
    let batch = batch(&identify).to_string();
    let receipt = r#"{"delivery_id":"D1","event":"opened"}"#;
    let entity = r#"{"type":"person","action":"identify","identifiers":{"id":"u1"}}"#;
    let rows = [
        // Phones drop what is answered with 4xx; they keep 429 and 5xx.
        house.bare(CALL, batch.clone()).await,
        house.strict("POST /v1/batch", batch).await,
        house
            .pipelines("POST /v1/identify", identify.to_string())
            .await,
        house.track("PUT /api/v1/customers/u1", "{}").await,
        house
            .track("POST /api/v1/forms/f/submit", r#"{"data":{"id":"u1"}}"#)
            .await,
        house.track("POST /api/v2/entity", entity).await,
        house
            .track(
                "POST /api/v2/batch",
                format!(r#"{{"batch":[{entity},{{}}]}}"#),
            )
            .await,
        house.bare("POST /push/events", receipt).await,
        house
            .hook(&super::house::push_event("E1", "sent", "D1", 1_790_000_000))
            .await,
    ];
    for answer in rows {
        assert_eq!(answer.status, 503, "{}", answer.text);
        assert_eq!(answer.headers["retry-after"], "1");
        assert!(answer.json()["meta"]["error"].is_string());
    }
    // Their bad items come again with them, and are noted once.
    assert_eq!(house.rejected(1).await, Vec::<Value>::new());
}

#[tokio::test]
async fn browsers_have_short_paths() {
    let house = House::open();
    let rows = [
        (
            "POST /v1/i",
            json!({"userId": "u1", "traits": {"plan": "pro"}}),
        ),
        ("POST /v1/t", json!({"userId": "u1", "event": "looked"})),
        (
            "POST /v1/p",
            json!({"userId": "u1", "properties": {"url": "https://x.io"}}),
        ),
        ("POST /v1/s", json!({"userId": "u1", "name": "Cart"})),
        ("POST /v1/g", json!({"userId": "u1", "groupId": "g"})),
        ("POST /v1/a", json!({"userId": "u1", "previousId": "old"})),
        ("POST /v1/m", json!({"series": []})),
    ];
    for (call, mut body) in rows {
        body["writeKey"] = WRITE_KEY.into();
        assert_eq!(
            house.bare(call, body.to_string()).await.said(),
            (200, json!({})),
            "{call}"
        );
    }
    assert_eq!(house.person("u1").await["attributes"]["plan"], "pro");
    let timeline = house.timeline("u1").await.join("\n");
    for name in ["looked", "https://x.io", "Cart"] {
        assert!(timeline.contains(name), "{name} in {timeline}");
    }
}

#[tokio::test]
async fn settings_are_the_whole_object_or_nothing() {
    let house = House::open();
    let ask = |key: &str| {
        let request = request(&format!("GET /v1/projects/{key}/settings"));
        request
            .header("host", "push.example.org")
            .body("".into())
            .unwrap()
    };
    let answer = house.send(ask(WRITE_KEY)).await;
    let integration = json!({"apiKey": WRITE_KEY, "apiHost": "push.example.org/v1"});
    let whole = json!({"integrations": {"Customer.io Data Pipelines": integration}});
    assert_eq!(answer.said(), (200, whole));
    assert_eq!(answer.headers["cache-control"], "no-store");
    for key in ["no-such-key", "track-1", "%FF"] {
        let answer = house.send(ask(key)).await;
        assert_eq!(answer.status, 404, "{key}");
        assert!(answer.json().get("integrations").is_none());
    }
}
