//! Bad input at every door: the documented answer, nothing changed, and a note with the reason.

use super::house::{basic, request, signed};
use super::*;

/// The calls of the Track API that want credentials, with a body that would be fine.
const TRACK: &[(&str, &str)] = &[
    ("GET /api/v1/accounts/region", ""),
    ("PUT /api/v1/customers/u1", "{}"),
    ("DELETE /api/v1/customers/u1", ""),
    (
        "PUT /api/v1/customers/u1/devices",
        r#"{"device":{"id":"t","platform":"ios"}}"#,
    ),
    ("DELETE /api/v1/customers/u1/devices/t", ""),
    ("POST /api/v1/customers/u1/suppress", ""),
    ("POST /api/v1/customers/u1/unsuppress", ""),
    ("POST /api/v1/customers/u1/events", r#"{"name":"e"}"#),
    ("POST /api/v1/events", r#"{"name":"e"}"#),
    (
        "POST /api/v1/merge_customers",
        r#"{"primary":{"id":"a"},"secondary":{"id":"b"}}"#,
    ),
    ("POST /api/v1/forms/f/submit", r#"{"data":{"id":"u1"}}"#),
    ("POST /api/v1/segments/1/add_customers", r#"{"ids":["u1"]}"#),
    (
        "POST /api/v1/segments/1/remove_customers",
        r#"{"ids":["u1"]}"#,
    ),
    (
        "POST /api/v2/entity",
        r#"{"type":"person","action":"identify","identifiers":{"id":"u1"}}"#,
    ),
    (
        "POST /api/v2/batch",
        r#"{"batch":[{"type":"person","action":"identify","identifiers":{"id":"u1"}}]}"#,
    ),
];

/// Bodies that nobody can take, with status and reason.
fn broken() -> Vec<(
    &'static str,
    Vec<u8>,
    Option<&'static str>,
    u16,
    &'static str,
)> {
    vec![
        ("broken off", b"{\"a\":".to_vec(), None, 400, "malformed"),
        ("not JSON", b"plan=pro".to_vec(), None, 400, "malformed"),
        ("two values", b"{} {}".to_vec(), None, 400, "malformed"),
        (
            "not UTF-8",
            b"{\"a\":\"\xff\"}".to_vec(),
            None,
            400,
            "malformed",
        ),
        (
            "half a surrogate",
            br#"{"a":"\ud800"}"#.to_vec(),
            None,
            400,
            "malformed",
        ),
        (
            "a number without end",
            b"{\"a\":1e999}".to_vec(),
            None,
            400,
            "malformed",
        ),
        ("10,000 lists deep", deep("["), None, 400, "malformed"),
        (
            "10,000 objects deep",
            deep("{\"a\":"),
            None,
            400,
            "malformed",
        ),
        ("not gzip", b"{}".to_vec(), Some("gzip"), 400, "malformed"),
        (
            "an encoding from elsewhere",
            b"{}".to_vec(),
            Some("br"),
            415,
            "malformed",
        ),
        (
            "larger than may be",
            vec![b' '; (1 << 20) + 1],
            None,
            413,
            "too_large",
        ),
        ("a list", b"[1]".to_vec(), None, 400, "invalid"),
        ("a text", b"\"text\"".to_vec(), None, 400, "invalid"),
    ]
}

fn deep(opening: &str) -> Vec<u8> {
    format!("{{\"a\":{}1", opening.repeat(10_000)).into_bytes()
}

#[tokio::test]
async fn without_the_right_credentials_nothing_happens() {
    let house = House::open();
    let before = (house.state(1), house.state(2));
    let headers = [
        None,
        Some(basic("site-1", "wrong")),
        Some(basic("site-1", "")),
        // The other workspace's key, and keys for other doors.
        Some(basic("site-1", "track-2")),
        Some(basic("app-1", "app-1")),
        Some(basic("write-1", "")),
        Some("Bearer track-1".to_owned()),
        Some("Basic !!!".to_owned()),
        Some("Basic".to_owned()),
        Some(format!("Basic {}", "A".repeat(4_000))),
    ];
    for (call, body) in TRACK {
        for header in &headers {
            let mut request = request(call);
            if let Some(header) = header {
                request = request.header("authorization", header);
            }
            let answer = house.send(request.body((*body).into()).unwrap()).await;
            let said = json!({"meta": {"error": "Unauthorized"}});
            assert_eq!(answer.said(), (401, said), "{call} {header:?}");
        }
    }
    assert_eq!((house.state(1), house.state(2)), before);
    for number in [1, 2] {
        assert_eq!(house.rejected(number).await, Vec::<Value>::new());
    }
    let metrics = house.bare("GET /metrics", "").await.text;
    let counted =
        "landfall_refused_total{surface=\"POST /api/v2/entity\",reason=\"unauthorized\"} 10";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn bodies_that_nobody_can_take_change_nothing_and_are_noted() {
    let house = House::open();
    let before = (house.state(1), house.state(2));
    let with_body = TRACK
        .iter()
        .filter(|(call, body)| !body.is_empty() && !call.ends_with("batch"));
    for (call, _) in with_body {
        let version_2 = call.contains("/v2/");
        for (what, body, encoding, status, reason) in broken() {
            let mut request = request(call).header("authorization", basic("site-1", "track-1"));
            if let Some(encoding) = encoding {
                request = request.header("content-encoding", encoding);
            }
            let answer = house.send(request.body(body.into()).unwrap()).await;
            assert_eq!(answer.status, status, "{call} {what}");
            let said = answer.json();
            let shaped = if version_2 {
                &said["errors"][0]["reason"] == reason
            } else if call.ends_with("merge_customers") {
                said["meta"]["error"].is_string()
            } else {
                said["meta"]["errors"][0].is_string()
            };
            assert!(shaped, "{call} {what}: {said}");
            let noted = &house.rejected(1).await[0];
            assert_eq!(noted["reason"], reason, "{call} {what}");
            assert_eq!(noted["status"], status, "{call} {what}");
            let (method, path) = call.split_once(' ').unwrap();
            let surface = noted["surface"].as_str().unwrap();
            let last = path.rsplit('/').next().unwrap();
            assert!(surface.starts_with(method), "{surface}");
            assert!(
                surface.contains(last) || path.contains("/u1") || path.contains("segments"),
                "{surface}"
            );
        }
    }
    assert_eq!((house.state(1), house.state(2)), before);
}

#[tokio::test]
async fn limits_are_inclusive_and_named() {
    let house = House::open();
    let put = "PUT /api/v1/customers/u1";
    let value = |bytes: usize| json!({ "a": "x".repeat(bytes) }).to_string();
    assert_eq!(house.track(put, value(1_000)).await.status, 200);
    let before = house.state(1);
    let over = |message: &str| json!({"meta": {"errors": [message]}});
    let many: Value = (0..301).map(|n| (format!("a{n}"), json!(n))).collect();
    let name = json!({ "x".repeat(151): 1 }).to_string();
    let event = json!({ "name": "x".repeat(101) }).to_string();
    let data = json!({"name": "e", "data": {"a": "x".repeat(100_000)}}).to_string();
    let late = r#"{"name":"e","timestamp":1e18}"#.to_owned();
    let early = r#"{"name":"e","timestamp":-1}"#.to_owned();
    let events = "POST /api/v1/customers/u1/events";
    let time = "timestamp must be a time: unix seconds or ISO 8601, from 1970 to 9999";
    let long_id = format!("PUT /api/v1/customers/{}", "x".repeat(151));
    let rows = [
        (
            put,
            value(1_001),
            "value for attribute 'a' cannot be longer than 1000 bytes",
            "too_long",
        ),
        (
            put,
            many.to_string(),
            "a person cannot have more than 300 attributes",
            "too_large",
        ),
        (
            put,
            name,
            "attribute name cannot be longer than 150 bytes",
            "too_long",
        ),
        (
            long_id.as_str(),
            "{}".to_owned(),
            "id cannot be longer than 150 bytes",
            "too_long",
        ),
        (
            events,
            event,
            "name cannot be longer than 100 bytes",
            "too_long",
        ),
        (
            events,
            data,
            "data cannot be longer than 100000 bytes",
            "too_long",
        ),
        (events, late, time, "invalid"),
        (events, early, time, "invalid"),
        (
            events,
            r#"{"name":"e","type":"video"}"#.to_owned(),
            "type must be event, page or screen",
            "invalid",
        ),
    ];
    for (call, body, message, reason) in rows {
        assert_eq!(house.track(call, body).await.said(), (400, over(message)));
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
async fn a_path_that_is_not_utf_8_is_refused_and_noted() {
    let house = House::open();
    let before = house.state(1);
    let said = json!({"meta": {"errors": ["path is not UTF-8"]}});
    for call in [
        "PUT /api/v1/customers/%FF",
        "PUT /api/v1/customers/%C3%28/devices",
        "DELETE /api/v1/customers/u1/devices/%FF",
        "POST /api/v1/forms/%FF/submit",
    ] {
        assert_eq!(
            house.track(call, "{}").await.said(),
            (400, said.clone()),
            "{call}"
        );
        let noted = &house.rejected(1).await[0];
        assert_eq!(noted["message"], "path is not UTF-8");
        assert!(noted["surface"].as_str().unwrap().contains('{'), "{noted}");
        assert_eq!(house.bare(call, "{}").await.status, 401);
    }
    assert_eq!(house.state(1), before);
}

#[tokio::test]
async fn device_tokens_are_not_kept_with_what_is_refused() {
    let house = House::open();
    let rows = [
        (
            "PUT /api/v1/customers/u1/devices",
            r#"{"device":{"id":"TOKEN","platform":"fridge"}}"#,
        ),
        (
            "PUT /api/v1/customers/u1/devices",
            r#"{"id":"TOKEN","platform":"ios"}"#,
        ),
        (
            "POST /api/v2/entity",
            r#"{"type":"person","action":"add_device","identifiers":{"id":"u1"},"device":{"token":"TOKEN"}}"#,
        ),
        (
            "POST /api/v2/entity",
            r#"{"type":"delivery","action":"event","identifiers":{"id":"D1"},"name":"x","attributes":{"device_token":"TOKEN"}}"#,
        ),
        (
            "POST /push/events",
            r#"{"event":"opened","device_id":"TOKEN"}"#,
        ),
        (
            "POST /api/v1/metrics",
            r#"{"metric":"opened","recipient":"TOKEN"}"#,
        ),
    ];
    let count = rows.len();
    for (call, body) in rows {
        assert_eq!(house.track(call, body).await.status, 400, "{call}");
    }
    let noted = house.rejected(1).await;
    assert_eq!(noted.len(), count);
    for noted in noted {
        let sample = noted.to_string();
        assert!(
            sample.contains("***") && !sample.contains("TOKEN"),
            "{sample}"
        );
    }
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

#[tokio::test]
async fn landfalls_own_api_answers_in_one_shape() {
    let house = House::open();
    let before = house.state(1);
    let large = " ".repeat((32 << 20) + 1);
    let rows = [
        ("PUT /landfall/v1/names", "{", 400, "invalid_parameter"),
        ("PUT /landfall/v1/names", "{}", 400, "invalid_parameter"),
        (
            "PUT /landfall/v1/names",
            r#"{"names":[{"source":"x","source_id":1,"name":"n"}]}"#,
            400,
            "invalid_parameter",
        ),
        (
            "PUT /landfall/v1/sources",
            r#"{"name":"a/b","signing_key":"k"}"#,
            400,
            "invalid_parameter",
        ),
        ("PUT /landfall/v1/sources", &large, 413, "too_large"),
        ("POST /landfall/v1/imports", "[]", 400, "invalid_parameter"),
        (
            "POST /landfall/v1/imports/1/lines?offset=0&end=1",
            "",
            404,
            "not_found",
        ),
        ("GET /landfall/v1/imports/one", "", 404, "not_found"),
        ("GET /landfall/v1/deliveries/%FF", "", 404, "not_found"),
        ("GET /landfall/v1/people/%FF/timeline", "", 404, "not_found"),
        (
            "GET /landfall/v1/rejected?limit=0",
            "",
            400,
            "invalid_parameter",
        ),
        ("GET /landfall/v1/nothing", "", 404, "not_found"),
    ];
    for (call, body, status, code) in rows {
        let answer = house.own(1, call, body.to_owned()).await;
        assert_eq!(answer.status, status, "{call}");
        let error = &answer.json()["error"];
        assert_eq!(error["code"], code, "{call}");
        assert_eq!(error["doc"], format!("docs/errors/{code}.md"), "{call}");
        assert!(error["message"].is_string(), "{call}");
    }
    assert_eq!(house.state(1), before);
    for call in ["GET /landfall/v1/rejected", "GET /v1/segments"] {
        assert_eq!(house.bare(call, "").await.status, 401, "{call}");
        let wrong = request(call).header("authorization", "Bearer track-1");
        assert_eq!(
            house.send(wrong.body("".into()).unwrap()).await.status,
            401,
            "{call}"
        );
    }
}

#[tokio::test]
async fn workspaces_do_not_see_each_other() {
    let house = House::open();
    house.track("PUT /api/v1/customers/u1", "{").await;
    house
        .send(signed("/hooks/customerio/shop", b"[]".to_vec()))
        .await;
    assert_eq!(house.rejected(1).await.len(), 2);
    assert_eq!(house.rejected(2).await.len(), 0);
    let empty = house.state(2);
    house.track("PUT /api/v1/customers/u1", "{}").await;
    assert_eq!(house.state(2), empty);
}
