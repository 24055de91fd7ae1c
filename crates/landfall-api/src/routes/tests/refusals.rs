//! Bad input at every door: the documented answer, nothing changed, and a note with the reason.

use super::house::{basic, request};
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

/// What it is, the body, its encoding, and the status and reason that it gets.
type Broken = (
    &'static str,
    Vec<u8>,
    Option<&'static str>,
    u16,
    &'static str,
);

/// Bodies that nobody can take.
fn broken() -> Vec<Broken> {
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
                said["errors"][0]["reason"] == reason
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

/// The first bytes of a body, and then nothing for ever.
fn stuck() -> axum::body::Body {
    use futures_util::StreamExt as _;
    let begun = futures_util::stream::iter([Ok::<_, std::io::Error>("{")]);
    axum::body::Body::from_stream(begun.chain(futures_util::stream::pending()))
}

#[tokio::test(start_paused = true)]
async fn slow_clients_are_not_waited_for() {
    let house = House::open();
    let before = house.state(1);
    let put = "PUT /api/v1/customers/u1";
    let receipts = "POST /push/events";
    let rows = [
        (put, house.track(put, stuck()).await, 408),
        (receipts, house.track(receipts, stuck()).await, 408),
        (
            "POST /api/v2/batch",
            house.track("POST /api/v2/batch", stuck()).await,
            408,
        ),
        // Phones and servers send again what is answered with 503, whatever the mode.
        (
            "POST /v1/batch",
            house.pipelines("POST /v1/batch", stuck()).await,
            503,
        ),
        (
            "POST /v1/track",
            house.strict("POST /v1/track", stuck()).await,
            503,
        ),
        (
            "POST /v1/b",
            house.pipelines("POST /v1/b", stuck()).await,
            503,
        ),
        (
            "PUT /landfall/v1/names",
            house.own(1, "PUT /landfall/v1/names", stuck()).await,
            429,
        ),
    ];
    for (call, answer, status) in rows {
        assert_eq!(answer.status, status, "{call}");
        assert!(answer.json().is_object(), "{call}");
    }
    assert_eq!(house.bare("POST /v1/b", stuck()).await.status, 503);
    assert_eq!(house.state(1), before);
    let noted = house.rejected(1).await;
    assert_eq!(noted.len(), 6);
    for noted in noted {
        assert_eq!(
            (&noted["reason"], &noted["sample"]),
            (&json!("timeout"), &json!(""))
        );
    }
}
