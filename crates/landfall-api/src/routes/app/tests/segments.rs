use axum::http::StatusCode;
use landfall_domain::ids::SegmentId;
use landfall_domain::input::{Body, Source};
use serde_json::{Value, json};

use super::shop::{NOW, Shop, who};

async fn create(shop: &Shop, name: &str) -> Value {
    let body = json!({ "segment": { "name": name, "description": "by hand" } });
    shop.post("/v1/segments", body).await["segment"].clone()
}

async fn edit(shop: &Shop, segment: SegmentId, ids: &[&str], add: bool) {
    let who = ids.iter().map(|id| who(id)).collect();
    shop.submit(
        Source::TrackV1,
        NOW,
        Body::EditSegment { segment, who, add },
    )
    .await;
}

#[tokio::test]
async fn a_manual_segment_lives_and_goes() {
    let shop = Shop::open();
    for id in ["u1", "u2", "u3"] {
        shop.identify(id, json!({ "email": format!("{id}@shop.example") }))
            .await;
    }
    let vips = create(&shop, "VIPs").await;
    let expected = json!({
        "id": 1,
        "deduplicate_id": format!("1:{NOW}"),
        "name": "VIPs",
        "description": "by hand",
        "state": "finished",
        "progress": null,
        "type": "manual",
        "tags": [],
        "created_at": NOW,
        "updated_at": NOW,
    });
    assert_eq!(vips, expected);
    assert_eq!(
        shop.get("/v1/segments").await,
        json!({ "segments": [expected] })
    );
    assert_eq!(
        shop.get("/v1/segments/1").await,
        json!({ "segment": expected })
    );

    edit(&shop, 1, &["u1", "u2", "u3", "nobody"], true).await;
    edit(&shop, 1, &["u2"], false).await;
    let count = shop.get("/v1/segments/1/customer_count").await;
    assert_eq!(count, json!({ "segment_id": 1, "count": 2 }));
    let members = shop.get("/v1/segments/1/membership?limit=1").await;
    assert_eq!(members["ids"], json!(["u1"]));
    assert_eq!(members["identifiers"][0]["email"], "u1@shop.example");
    let next = members["next"].as_str().unwrap();
    let rest = shop
        .get(&format!("/v1/segments/1/membership?start={next}"))
        .await;
    assert_eq!(rest["ids"], json!(["u3"]));
    assert_eq!(rest["next"], "");

    let filter = json!({ "filter": { "segment": { "id": 1 } } });
    assert_eq!(
        shop.post("/v1/customers", filter).await["ids"],
        json!(["u1", "u3"])
    );
    let mine = shop.get("/v1/customers/u3/segments").await;
    let shown = json!([{ "id": 1, "name": "VIPs", "description": "by hand" }]);
    assert_eq!(mine, json!({ "segments": shown }));
    let used_by = shop.get("/v1/segments/1/used_by").await;
    assert_eq!(used_by["used_by"]["campaigns"], json!([]));

    let (status, body) = shop.call("DELETE", "/v1/segments/1", None).await;
    assert_eq!((status, body), (StatusCode::NO_CONTENT, Value::Null));
    assert_eq!(shop.refused("/v1/segments/1").await.0, 404);
    assert_eq!(
        shop.get("/v1/customers/u3/segments").await,
        json!({ "segments": [] })
    );
    assert_eq!(shop.workspace().store().member_count(1).unwrap(), 0);
    assert_eq!(
        create(&shop, "again").await["id"],
        2,
        "numbers are not used again"
    );
}

#[tokio::test]
async fn a_segment_needs_a_name() {
    let shop = Shop::open();
    for body in [json!({}), json!({ "segment": { "name": " " } })] {
        let (status, answer) = shop.call("POST", "/v1/segments", Some(body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer["errors"][0]["detail"], "segment.name: give a name");
    }
    assert_eq!(shop.refused("/v1/segments/x").await.0, 404);
    assert_eq!(shop.refused("/v1/segments/7/membership").await.0, 404);
}
