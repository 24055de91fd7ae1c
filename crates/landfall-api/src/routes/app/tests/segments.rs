use axum::http::StatusCode;
use landfall_domain::ids::SegmentId;
use landfall_domain::input::{Body, Source};
use landfall_engine::broadcast::{Broadcaster, Turned};
use landfall_engine::segments::{Builder, Segment};
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

#[tokio::test]
async fn data_driven_segments_are_listed_filtered_by_and_not_deleted_here() {
    let shop = Shop::open();
    for (id, plan) in [("u1", "gold"), ("u2", "free"), ("u3", "gold")] {
        shop.identify(id, json!({ "plan": plan })).await;
    }
    let workspace = shop.workspace();
    let condition = json!({"attribute": "plan", "is": "gold"});
    let gold = Segment::new("Gold", "", Some(condition), workspace.now());
    assert_eq!(workspace.add_segment(gold).await.unwrap(), 1);
    let building = shop.get("/v1/segments/1").await["segment"].clone();
    let seen = |segment: &Value| ["type", "state", "progress"].map(|key| segment[key].clone());
    assert_eq!(
        seen(&building),
        [json!("dynamic"), json!("build"), json!(0)]
    );
    Builder::new(workspace.clone()).drain().await.unwrap();
    let built = shop.get("/v1/segments").await["segments"][0].clone();
    assert_eq!(
        seen(&built),
        [json!("dynamic"), json!("finished"), Value::Null]
    );

    create(&shop, "VIPs").await;
    edit(&shop, 2, &["u2", "u3"], true).await;
    let count = shop.get("/v1/segments/1/customer_count").await;
    assert_eq!(count["count"], 2);
    let members = shop.get("/v1/segments/1/membership").await;
    assert_eq!(members["ids"], json!(["u1", "u3"]));
    let rows = [
        (json!({ "segment": { "id": 1 } }), json!(["u1", "u3"])),
        (json!({ "not": { "segment": { "id": 1 } } }), json!(["u2"])),
        (
            json!({ "and": [{ "segment": { "id": 2 } }, { "segment": { "id": 1 } }] }),
            json!(["u3"]),
        ),
        (
            json!({ "or": [{ "segment": { "id": 2 } }, { "segment": { "id": 1 } }] }),
            json!(["u1", "u2", "u3"]),
        ),
    ];
    for (filter, ids) in rows {
        let found = shop
            .post("/v1/customers", json!({ "filter": filter }))
            .await;
        assert_eq!(found["ids"], ids, "{filter}");
    }
    let mine = shop.get("/v1/customers/u3/segments").await;
    let names: Vec<&Value> = mine["segments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["name"])
        .collect();
    assert_eq!(names, ["Gold", "VIPs"]);

    let (status, refused) = shop.call("DELETE", "/v1/segments/1", None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let said = refused["errors"][0]["detail"].as_str().unwrap();
    assert!(said.contains("/landfall/v1/segments/1"), "{said}");
    assert_eq!(shop.get("/v1/segments/1/customer_count").await["count"], 2);
}

#[tokio::test]
async fn a_broadcast_to_a_data_driven_segment_reaches_its_members() {
    let shop = Shop::open();
    for (id, plan) in [("u1", "gold"), ("u2", "free"), ("u3", "gold")] {
        shop.identify(id, json!({ "plan": plan })).await;
    }
    let workspace = shop.workspace();
    let condition = json!({"attribute": "plan", "is": "gold"});
    let gold = Segment::new("Gold", "", Some(condition), workspace.now());
    workspace.add_segment(gold).await.unwrap();
    Builder::new(workspace.clone()).drain().await.unwrap();
    let sale = json!({ "name": "Sale", "content": { "channel": "push", "title": "Now" } });
    let put = shop
        .call("PUT", "/landfall/v1/broadcasts/12", Some(sale))
        .await;
    assert_eq!(put.0, StatusCode::OK, "{}", put.1);
    let to = json!({ "recipients": { "segment": { "id": 1 } } });
    let number = shop.post("/v1/campaigns/12/triggers", to).await["id"].clone();
    let network = landfall_engine::credentials::Network::default();
    let broadcaster = Broadcaster::new(workspace.clone(), network);
    while broadcaster.turn(workspace.now()).await.unwrap() == Turned::Pages {}
    let told = shop
        .get(&format!("/v1/campaigns/12/triggers/{number}"))
        .await;
    assert_eq!(
        (&told["state"], &told["messages"]),
        (&json!("done"), &json!(2))
    );
}
