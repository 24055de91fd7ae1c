use landfall_domain::channel::Channel;
use landfall_domain::marks::Mark;
use landfall_domain::message::{MessageRef, SourceKind};
use serde_json::{Value, json};

use super::shop::{DAY, NOW, Shop, push, report, to_device};

/// Monday, 08:30 in New York; the Sunday before began here.
const SUNDAY: i64 = NOW - 8 * 3_600 - 1_800 - DAY;

async fn shop() -> Shop {
    let shop = Shop::open();
    for (id, at, mark) in [
        ("a", NOW - 60, Mark::Opened),
        ("b", NOW - 50, Mark::Bounced),
        // The last second of Saturday and the first of Sunday, Eastern time.
        ("c", SUNDAY - 1, Mark::Dropped),
        ("d", SUNDAY, Mark::Failed),
    ] {
        let person = format!("u-{id}");
        let mut one = push(id, &person, &[(Mark::Created, at), (mark, at + 1)]);
        // Two devices: still one delivery.
        one.recipients = vec![
            to_device(&format!("{id}1"), None),
            to_device(&format!("{id}2"), None),
        ];
        one.run = Some(format!("run-{id}"));
        shop.report(one).await;
    }
    shop
}

async fn series(shop: &Shop, path: &str) -> Value {
    shop.get(path).await["metric"]["series"].clone()
}

#[tokio::test]
async fn version_1_counts_deliveries_by_eastern_day() {
    let shop = shop().await;
    let found = series(&shop, "/v1/campaigns/31/metrics?period=days&steps=3").await;
    let expected = json!({
        "created": [1, 1, 2],
        "attempted": [0, 0, 0],
        "sent": [0, 0, 1],
        "delivered": [0, 0, 1],
        "opened": [0, 0, 1],
        "clicked": [0, 0, 0],
        "converted": [0, 0, 0],
        "bounced": [0, 0, 1],
        "suppressed": [1, 0, 0],
        "failed": [0, 1, 0],
        "undeliverable": [0, 0, 0],
        "deferred": [0, 0, 0],
        "drafted": [0, 0, 0],
        "spammed": [0, 0, 0],
        "topic_unsubscribed": [0, 0, 0],
        "unsubscribed": [0, 0, 0],
        "2xx": [0, 0, 0],
        "3xx": [0, 0, 0],
        "4xx": [0, 0, 0],
        "5xx": [0, 0, 0],
    });
    assert_eq!(found, expected);
    let weeks = series(&shop, "/v1/campaigns/31/metrics?period=weeks&steps=2").await;
    assert_eq!(weeks["created"], json!([1, 3]), "weeks begin on Sunday");
    let months = series(&shop, "/v1/campaigns/31/metrics?period=months").await;
    assert_eq!(months["created"].as_array().unwrap().len(), 12);
    assert_eq!(months["created"][11], 4);
    let hours = series(&shop, "/v1/campaigns/31/metrics?period=hours&steps=1").await;
    assert_eq!(hours["created"], json!([0, 2]));
    let default = series(&shop, "/v1/campaigns/31/metrics").await;
    assert_eq!(default["created"].as_array().unwrap().len(), 45);
}

#[tokio::test]
async fn version_2_counts_in_any_zone_and_range() {
    let shop = shop().await;
    let range = format!("start={}&end={}", SUNDAY - DAY, NOW);
    let path = format!("/v1/campaigns/31/metrics?version=2&res=daily&tz=UTC&{range}");
    let found = series(&shop, &path).await;
    assert_eq!(
        found["created"],
        json!([0, 2, 2]),
        "both fall on Sunday in UTC"
    );
    assert!(found["human_opened"].is_array());
    // Nothing before the start counts, though its day has begun.
    let path = format!("/v1/campaigns/31/metrics?resolution=days&start={SUNDAY}&end={NOW}&tz=UTC");
    assert_eq!(series(&shop, &path).await["created"], json!([1, 2]));
    let action = format!("/v1/campaigns/31/actions/12/metrics?version=2&res=months&{range}");
    assert_eq!(series(&shop, &action).await["created"], json!([4]));
    let other_channel = format!("{action}&type=email");
    assert_eq!(series(&shop, &other_channel).await["created"], json!([0]));
    for path in [
        "/v1/campaigns/31/metrics?version=2&start=0",
        "/v1/campaigns/31/metrics?period=years",
        "/v1/campaigns/31/metrics?type=fax",
    ] {
        assert_eq!(shop.refused(path).await.0, 400, "{path}");
    }
    assert_eq!(shop.refused("/v1/campaigns/32/metrics").await.0, 404);
    assert_eq!(
        shop.refused("/v1/campaigns/31/actions/9/metrics").await.0,
        404
    );
}

#[tokio::test]
async fn answers_to_webhook_steps_are_not_made_up() {
    let shop = shop().await;
    let message = MessageRef {
        source: SourceKind::Campaign,
        source_id: 31,
        step_id: Some(13),
        parent_step_id: None,
        variant_id: None,
        channel: Channel::Webhook,
    };
    let marks = [(Mark::Created, NOW - 5), (Mark::Sent, NOW - 4)];
    shop.report(report(message, "w", "u1", &marks)).await;
    let found = series(&shop, "/v1/campaigns/31/metrics?steps=2").await;
    assert!(
        found.get("2xx").is_none(),
        "nobody reported how the webhook was answered"
    );
    let push_only = series(&shop, "/v1/campaigns/31/metrics?steps=2&type=push").await;
    assert_eq!(push_only["2xx"], json!([0, 0]));
}

#[tokio::test]
async fn links_are_counted_by_click_or_by_person() {
    let shop = Shop::open();
    for (id, person, clicks) in [("a", "u1", 2), ("b", "u1", 1), ("c", "u2", 1)] {
        for click in 0..clicks {
            let at = NOW - 500 + click;
            let mut one = push(
                id,
                person,
                &[(Mark::Created, NOW - 600), (Mark::Clicked, at)],
            );
            one.href = Some("https://shop.example/cart".to_owned());
            one.link_id = Some(77);
            shop.report(one).await;
        }
    }
    let mut other = push("c", "u2", &[(Mark::Clicked, NOW - 400)]);
    other.href = Some("https://shop.example/help".to_owned());
    shop.report(other).await;

    let all = shop
        .get("/v1/campaigns/31/metrics/links?period=days&steps=2")
        .await;
    let links = all["links"].as_array().unwrap();
    let cart = links.iter().find(|link| link["link"]["id"] == 77).unwrap();
    assert_eq!(cart["link"]["href"], "https://shop.example/cart");
    assert_eq!(cart["metric"]["series"]["clicked"], json!([0, 4]));
    assert_eq!(cart["metric"]["series"]["human_clicked"], json!([0, 0]));
    assert_eq!(cart["metric"]["series"]["machine_clicked"], json!([0, 0]));
    let help = links.iter().find(|link| link["link"]["id"] != 77).unwrap();
    assert!(
        help["link"]["id"].is_u64(),
        "a link without a number gets a lasting one"
    );
    assert_eq!(help["metric"]["series"]["clicked"], json!([0, 1]));

    let path = "/v1/campaigns/31/actions/12/metrics/links?period=days&steps=2&unique=true";
    let unique = shop.get(path).await;
    let links = unique["links"].as_array().unwrap();
    let cart = links.iter().find(|link| link["link"]["id"] == 77).unwrap();
    assert_eq!(cart["metric"]["series"]["clicked"], json!([0, 2]));
}

#[tokio::test]
async fn journeys_count_where_the_run_began() {
    let shop = shop().await;
    // A second message of the run that began on Sunday, which converts on Monday.
    let mut second = push(
        "d2",
        "u-d",
        &[(Mark::Created, NOW - 40), (Mark::Converted, NOW - 30)],
    );
    second.run = Some("run-d".to_owned());
    shop.report(second).await;
    let range = format!("start={}&end={NOW}&resolution=days", SUNDAY - DAY);
    let found = shop
        .get(&format!("/v1/campaigns/31/journey_metrics?{range}"))
        .await;
    let expected = json!({ "journey_metric": {
        "started": [1, 1, 2],
        "activated": [1, 1, 2],
        "messaged": [1, 1, 2],
        "converted": [0, 1, 0],
        "exited_early": [0, 0, 0],
        "finished": [0, 0, 0],
        "never_activated": [0, 0, 0],
    } });
    assert_eq!(found, expected);
    for missing in [
        "start=1&end=2",
        "start=1&resolution=days",
        "end=2&resolution=days",
    ] {
        let path = format!("/v1/campaigns/31/journey_metrics?{missing}");
        assert_eq!(shop.refused(&path).await.0, 400, "{missing}");
    }
    let backwards = format!("/v1/campaigns/31/journey_metrics?start={NOW}&end=5&resolution=days");
    assert_eq!(shop.refused(&backwards).await.0, 400);
}

#[tokio::test]
async fn expired_messages_are_failed_ones_everywhere() {
    let shop = Shop::open();
    let at = NOW - 60;
    shop.report(push(
        "x",
        "u1",
        &[(Mark::Created, at), (Mark::Expired, at + 5)],
    ))
    .await;
    shop.report(push(
        "f",
        "u1",
        &[(Mark::Created, at), (Mark::Failed, at + 5)],
    ))
    .await;
    let both = [
        (Mark::Created, at),
        (Mark::Expired, at + 5),
        (Mark::Opened, at + 6),
    ];
    shop.report(push("o", "u1", &both)).await;
    let found = series(&shop, "/v1/campaigns/31/metrics?steps=2").await;
    assert_eq!(
        found["failed"],
        json!([0, 2]),
        "what was opened did not fail"
    );
    let listed = shop.get("/v1/messages?metric=failed").await;
    let listed = listed["messages"].as_array().unwrap();
    let mut ids: Vec<&Value> = listed.iter().map(|message| &message["id"]).collect();
    ids.sort_by_key(|id| id.as_str());
    assert_eq!(ids, ["f", "x"]);
    for message in listed {
        assert_eq!(message["metrics"]["failed"], at + 5);
    }
}
