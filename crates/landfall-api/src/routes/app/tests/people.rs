use axum::body::Body as HttpBody;
use axum::http::{Request, StatusCode};
use landfall_domain::input::{Body, Source};
use serde_json::{Value, json};

use super::shop::{DAY, NOW, Shop, who};

async fn shop() -> Shop {
    let shop = Shop::open();
    shop.identify(
        "u1",
        json!({ "email": "Ann@shop.example", "plan": "pro", "orders": 3 }),
    )
    .await;
    shop.identify("u2", json!({ "email": "bob@shop.example", "plan": "free" }))
        .await;
    shop.identify("u3", json!({ "plan": "pro", "created_at": 1_489_014_595 }))
        .await;
    shop.device("u1", "token-1").await;
    shop
}

fn eq(field: &str, value: impl Into<Value>) -> Value {
    json!({ "attribute": { "field": field, "operator": "eq", "value": value.into() } })
}

async fn ids(shop: &Shop, filter: Value) -> Value {
    shop.post("/v1/customers", json!({ "filter": filter }))
        .await["ids"]
        .clone()
}

#[tokio::test]
async fn a_key_is_needed() {
    let shop = Shop::open();
    for header in [
        None,
        Some("Bearer wrong"),
        Some("Basic app-key"),
        Some("Bearer"),
    ] {
        let mut request = Request::builder().uri("/v1/segments");
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let (status, body) = shop.raw(request.body(HttpBody::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert!(
            body["meta"]["error"]
                .as_str()
                .unwrap()
                .starts_with("Unauthorized"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn people_are_found_by_email() {
    let shop = shop().await;
    let found = shop.get("/v1/customers?email=ANN%40shop.example").await;
    let results = found["results"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["id"], "u1");
    assert_eq!(results[0]["email"], "ann@shop.example");
    assert!(!results[0]["cio_id"].as_str().unwrap().is_empty());
    let nobody = shop.get("/v1/customers?email=nobody%40shop.example").await;
    assert_eq!(nobody, json!({ "results": [] }));
    assert_eq!(shop.refused("/v1/customers").await.0, 400);
}

#[tokio::test]
async fn people_are_found_by_filter_in_pages() {
    let shop = shop().await;
    assert_eq!(ids(&shop, eq("plan", "pro")).await, json!(["u1", "u3"]));
    assert_eq!(ids(&shop, eq("orders", 3)).await, json!(["u1"]));
    assert_eq!(ids(&shop, eq("id", "u2")).await, json!(["u2"]));
    let exists = json!({ "attribute": { "field": "email", "operator": "exists" } });
    assert_eq!(ids(&shop, json!({ "not": exists })).await, json!(["u3"]));
    let both = json!({ "and": [eq("plan", "pro"), exists] });
    assert_eq!(ids(&shop, both).await, json!(["u1"]));

    let everybody = json!({ "filter": { "attribute": { "field": "plan", "operator": "exists" } } });
    let first = shop.post("/v1/customers?limit=2", everybody.clone()).await;
    assert_eq!(first["ids"], json!(["u1", "u2"]));
    assert_eq!(first["identifiers"][1]["email"], "bob@shop.example");
    let path = format!(
        "/v1/customers?limit=2&start={}",
        first["next"].as_str().unwrap()
    );
    let second = shop.post(&path, everybody).await;
    assert_eq!(second["ids"], json!(["u3"]));
    assert_eq!(second["next"], "");
}

#[tokio::test]
async fn bad_filters_say_where() {
    let shop = shop().await;
    for (body, says) in [
        (json!({}), "filter: give a filter"),
        (
            json!({ "filter": { "xor": [] } }),
            "filter: unknown key `xor`",
        ),
        (
            json!({ "filter": { "segment": { "id": 9 } } }),
            "segment 9, which does not exist",
        ),
    ] {
        let (status, answer) = shop.call("POST", "/v1/customers", Some(body)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(
            answer["errors"][0]["detail"]
                .as_str()
                .unwrap()
                .contains(says),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused_and_noted() {
    let shop = Shop::open();
    let request = Request::builder()
        .method("POST")
        .uri("/v1/customers")
        .header("authorization", "Bearer app-key")
        .body(HttpBody::from("{\"filter\": "))
        .unwrap();
    let (status, body) = shop.raw(request).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let body: Value = serde_json::from_slice(&body).unwrap();
    let detail = body["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("the body is not JSON"), "{detail}");
    // Noted in the background, so that nobody waits for it.
    let noted = loop {
        let mut noted = shop.workspace().store().rejected(10).unwrap();
        if let Some(noted) = noted.pop() {
            break noted;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(
        (noted.surface.as_str(), noted.status),
        ("POST /v1/customers", 400)
    );
    let large = Some(json!({ "filter": "x".repeat(1 << 20) }));
    let (status, _) = shop.call("POST", "/v1/customers", large).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn attributes_are_strings_with_the_times_they_were_set() {
    let shop = shop().await;
    let answer = shop.get("/v1/customers/u1/attributes").await;
    let cio_id = answer["customer"]["identifiers"]["cio_id"].clone();
    let set = NOW - 10 * DAY;
    let created = answer["customer"]["attributes"]["created_at"].clone();
    assert!(created.is_string());
    let expected = json!({ "customer": {
        "id": "u1",
        "identifiers": { "id": "u1", "email": "ann@shop.example", "cio_id": cio_id },
        "attributes": {
            "id": "u1",
            "cio_id": cio_id,
            "email": "ann@shop.example",
            "created_at": created,
            "plan": "pro",
            "orders": "3",
        },
        "timestamps": answer["customer"]["timestamps"],
        "unsubscribed": false,
        "devices": [{
            "id": "token-1",
            "platform": "ios",
            "last_used": NOW - 9 * DAY,
            "attributes": { "push_enabled": "true", "_last_status": "" },
        }],
    } });
    assert_eq!(answer, expected);
    assert_eq!(answer["customer"]["timestamps"]["plan"], set);
    for name in ["id", "email", "cio_id", "created_at", "orders"] {
        assert!(answer["customer"]["timestamps"][name].is_i64(), "{name}");
    }

    let by_cio_id = format!(
        "/v1/customers/{}/attributes?id_type=cio_id",
        cio_id.as_str().unwrap()
    );
    assert_eq!(shop.get(&by_cio_id).await, answer);
    let by_email = "/v1/customers/ann%40shop.example/attributes?id_type=email";
    assert_eq!(shop.get(by_email).await, answer);
    let u3 = shop.get("/v1/customers/u3/attributes").await;
    assert_eq!(u3["customer"]["attributes"]["created_at"], "1489014595");
    assert_eq!(shop.refused("/v1/customers/u9/attributes").await.0, 404);
    assert_eq!(
        shop.refused("/v1/customers/u1/attributes?id_type=name")
            .await
            .0,
        400
    );

    let many = json!({ "ids": ["u2", "nobody", "u1"] });
    let many = shop.post("/v1/customers/attributes", many).await;
    assert_eq!(many["customers"][0]["id"], "u2");
    assert_eq!(many["customers"][1], answer["customer"]);
    assert_eq!(many["customers"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn consent_and_relationships_are_answered() {
    let shop = shop().await;
    shop.identify(
        "u2",
        json!({ "unsubscribed": true, "cio_subscription_preferences": { "topics": { "topic_1": false } } }),
    )
    .await;
    let answer = shop.get("/v1/customers/u2/subscription_preferences").await;
    assert_eq!(answer["customer"]["unsubscribed"], true);
    assert_eq!(
        answer["customer"]["topics"],
        json!([{ "id": 1, "identifier": "topic_1", "name": "topic_1", "subscribed": false }])
    );
    let topics = shop.get("/v1/subscription_topics").await;
    assert_eq!(topics["topics"][0]["identifier"], "topic_1");
    let attributes = shop.get("/v1/customers/u2/attributes").await;
    assert_eq!(attributes["customer"]["unsubscribed"], true);
    assert_eq!(attributes["customer"]["attributes"]["unsubscribed"], "true");
    let relationships = shop.get("/v1/customers/u2/relationships").await;
    assert_eq!(
        relationships,
        json!({ "cio_relationships": [], "next": "" })
    );
}

#[tokio::test]
async fn deleted_people_are_gone() {
    let shop = shop().await;
    shop.submit(Source::TrackV1, NOW, Body::Delete { who: who("u1") })
        .await;
    assert_eq!(shop.refused("/v1/customers/u1/attributes").await.0, 404);
    assert_eq!(ids(&shop, eq("plan", "pro")).await, json!(["u3"]));
}

#[tokio::test]
async fn the_small_calls_answer() {
    let shop = shop().await;
    assert_eq!(
        shop.get("/v1/info/ip_addresses").await,
        json!({ "ip_addresses": [] })
    );
    let workspaces = shop.get("/v1/workspaces").await;
    assert_eq!(
        workspaces,
        json!({ "workspaces": [{ "id": 4_711, "name": "shop", "people": 3 }] })
    );
    let webhooks = shop.get("/v1/reporting_webhooks").await;
    assert_eq!(webhooks, json!({ "reporting_webhooks": [] }));
    for path in [
        "/v1/collections",
        "/v1/snippets/x/y",
        "/v1/reporting_webhooks/7",
    ] {
        assert_eq!(shop.refused(path).await.0, 404, "{path}");
    }
    let (status, body) = shop.call("PUT", "/v1/campaigns/1/actions/2", None).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(body["errors"][0]["status"], "405");
    assert_eq!(shop.refused("/v1/messages/%FF").await.0, 400);
    let (status, body) = shop.call("POST", "/v1/send/in_app", Some(json!({}))).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let said = body["meta"]["error"].as_str().unwrap();
    assert!(said.starts_with("in_app is not enabled"), "{said}");
}
