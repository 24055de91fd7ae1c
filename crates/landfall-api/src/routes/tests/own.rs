//! Landfall's own API: its errors, the walls between workspaces, and what an operator can set.

use super::house::{NOW, WRITE_KEY, push_event, request, signed};
use super::*;

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

#[tokio::test]
async fn a_public_host_is_what_clients_are_told() {
    let house = House::open_with(|settings| {
        settings.public_host = Some("push.example.org:8443".to_owned());
    });
    let call = format!("GET /v1/projects/{WRITE_KEY}/settings");
    let settings = house.bare(&call, "").await.json();
    let integration = &settings["integrations"]["Customer.io Data Pipelines"];
    assert_eq!(integration["apiHost"], "push.example.org:8443/v1");
    let region = house.track("GET /api/v1/accounts/region", "").await.json();
    assert_eq!(region["url"], "push.example.org:8443");
}

#[tokio::test]
async fn storing_nothing_answers_all_the_same() {
    let house = House::open_with(|settings| settings.store_nothing = true);
    let before = house.state(1);
    let entity = r#"{"type":"person","action":"identify","identifiers":{"id":"u1"}}"#;
    let answers = [
        house.track("PUT /api/v1/customers/u1", "{}").await,
        house.track("POST /api/v2/entity", entity).await,
        house
            .pipelines("POST /v1/identify", r#"{"userId":"u1"}"#)
            .await,
        house
            .bare(
                "POST /push/events",
                r#"{"delivery_id":"D1","event":"opened"}"#,
            )
            .await,
        house.hook(&push_event("E1", "sent", "D1", NOW)).await,
    ];
    for answer in answers {
        assert_eq!(answer.said(), (200, json!({})));
    }
    assert_eq!(house.state(1), before);
}
