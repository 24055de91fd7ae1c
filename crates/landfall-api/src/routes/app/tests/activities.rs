use landfall_domain::input::{Body, Source};
use landfall_domain::marks::Mark;
use serde_json::{Value, json};

use super::shop::{DAY, NOW, Shop, push, to_device, who};

async fn shop() -> Shop {
    let shop = Shop::open();
    shop.identify("u1", json!({ "email": "ann@shop.example", "plan": "pro" }))
        .await;
    shop.identify("u2", json!({ "plan": "free" })).await;
    shop.device("u1", "token-1").await;
    shop.track("u1", "added_to_cart", NOW - 3_600).await;
    shop.track("u2", "viewed", NOW - 1_800).await;
    let at = NOW - DAY;
    let mut sent = push("d1", "u1", &[(Mark::Created, at), (Mark::Sent, at + 1)]);
    sent.recipients = vec![to_device("token-1", None)];
    shop.report(sent).await;
    let mut opened = push("d1", "u1", &[(Mark::Opened, at + 60)]);
    opened.recipients = vec![to_device("token-1", None)];
    shop.report(opened).await;
    shop
}

async fn kinds(shop: &Shop, path: &str) -> Vec<String> {
    let answer = shop.get(path).await;
    let activities = answer["activities"].as_array().unwrap();
    activities
        .iter()
        .map(|a| a["type"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn activities_have_customerio_names() {
    let shop = shop().await;
    let mut all = kinds(&shop, "/v1/customers/u1/activities?limit=100").await;
    all.sort_unstable();
    all.dedup();
    let expected = [
        "attribute_change",
        "device_change",
        "event",
        "opened_push",
        "profile_create",
        "sent_push",
    ];
    assert_eq!(all, expected);

    let events = shop.get("/v1/customers/u1/activities?type=event").await;
    let event = &events["activities"][0];
    assert_eq!(event["name"], "added_to_cart");
    assert_eq!(event["timestamp"], NOW - 3_600);
    assert_eq!(event["customer_id"], "u1");
    assert_eq!(event["customer_identifiers"]["email"], "ann@shop.example");
    assert_eq!(event["data"], json!({ "sku": 7 }));

    let opens = shop.get("/v1/activities?type=opened_push").await;
    let open = &opens["activities"][0];
    assert_eq!(open["delivery_id"], "d1");
    assert_eq!(open["delivery_type"], "ios");
    assert_eq!(open["timestamp"], NOW - DAY + 60);
    assert_eq!(open["customer_id"], "u1");
    assert_eq!(opens["activities"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn activities_are_filtered() {
    let shop = shop().await;
    assert_eq!(
        kinds(&shop, "/v1/activities?type=event").await,
        ["event", "event"]
    );
    assert_eq!(
        kinds(&shop, "/v1/activities?type=event&name=viewed").await,
        ["event"]
    );
    assert_eq!(
        kinds(&shop, "/v1/activities?name=viewed&customer_id=u1").await,
        [""; 0]
    );
    assert_eq!(
        kinds(&shop, "/v1/activities?type=bounced_push").await,
        [""; 0]
    );
    assert_eq!(
        kinds(&shop, "/v1/activities?type=sent_push&customer_id=u2").await,
        [""; 0]
    );
    assert_eq!(shop.refused("/v1/activities?type=dreamt").await.0, 400);
    assert_eq!(
        shop.refused("/v1/activities?customer_id=nobody").await.0,
        404
    );
}

#[tokio::test]
async fn pages_of_activities_leave_nothing_out() {
    let shop = shop().await;
    let whole = shop.get("/v1/activities?limit=100").await;
    assert_eq!(whole["next"], "");
    let whole = whole["activities"].as_array().unwrap().clone();
    assert!(whole.len() > 6);
    let mut seen: Vec<Value> = Vec::new();
    let mut start = String::new();
    loop {
        let page = shop
            .get(&format!("/v1/activities?limit=2&start={start}"))
            .await;
        seen.extend(page["activities"].as_array().unwrap().clone());
        start = page["next"].as_str().unwrap().to_owned();
        if start.is_empty() {
            break;
        }
    }
    assert_eq!(seen, whole);
}

#[tokio::test]
async fn activities_end_after_thirty_days() {
    let shop = shop().await;
    shop.clock.advance(31 * DAY * 1_000);
    assert_eq!(kinds(&shop, "/v1/activities?limit=100").await, [""; 0]);
}

#[tokio::test]
async fn a_merged_record_lives_on_in_the_survivor() {
    let shop = shop().await;
    let at = NOW - 100;
    shop.report(push(
        "d2",
        "u2",
        &[(Mark::Created, at), (Mark::Bounced, at + 1)],
    ))
    .await;
    let merge = Body::Merge {
        primary: who("u1"),
        secondary: who("u2"),
        create_primary: false,
    };
    shop.submit(Source::TrackV1, NOW, merge).await;
    assert_eq!(shop.refused("/v1/customers/u2/activities").await.0, 404);
    let mine = kinds(&shop, "/v1/customers/u1/activities?limit=100").await;
    for kind in ["profile_merge", "bounced_push"] {
        assert!(mine.iter().any(|found| found == kind), "{kind} in {mine:?}");
    }
    assert_eq!(mine.iter().filter(|found| *found == "event").count(), 2);
    let viewed = shop.get("/v1/activities?name=viewed").await;
    assert_eq!(viewed["activities"][0]["customer_id"], "u1");
    let messages = shop.get("/v1/customers/u1/messages").await;
    let messages = messages["messages"].as_array().unwrap();
    let ids: Vec<&Value> = messages.iter().map(|message| &message["id"]).collect();
    assert_eq!(ids, ["d2", "d1"]);
    assert!(
        messages
            .iter()
            .all(|message| message["customer_id"] == "u1")
    );
    assert_eq!(
        shop.get("/v1/workspaces").await["workspaces"][0]["people"],
        1
    );
}
