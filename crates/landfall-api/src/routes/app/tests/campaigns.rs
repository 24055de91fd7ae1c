//! Journeys that are defined here, as campaigns.

use serde_json::{Value, json};

use super::shop::{NOW, Shop};

fn journey() -> Value {
    json!({
        "id": "cart", "name": "Cart Recovery", "description": "Brings them back",
        "trigger": {"event": "cart_updated"}, "exit": {"on": [{"event": "order_placed"}]},
        "entry": {"frequency": "every_time"},
        "steps": [
            {"id": "wait", "delay": "1h"},
            {"id": "push-1", "push": {"title": "Your cart", "body": "It waits"}, "sending": "draft",
                "name": {"step": "Push 1", "delay": "1h", "intent": "Remind"}},
            {"id": "sms-1", "sms": {"body": "It waits"},
                "name": {"step": "SMS 1", "delay": "1h", "intent": "Remind"}}
        ]
    })
}

#[tokio::test]
async fn a_journey_is_a_campaign_with_its_actions_before_it_sends_anything() {
    let shop = Shop::open();
    let applied = shop.workspace().apply_journey(&journey()).await.unwrap();
    let id = applied.id.0;
    let all = shop.get("/v1/campaigns").await;
    let one = shop.get(&format!("/v1/campaigns/{id}")).await["campaign"].clone();
    assert_eq!(all["campaigns"], json!([one]));
    assert_eq!(one["name"], "Cart Recovery");
    assert_eq!(one["description"], "Brings them back");
    assert_eq!(
        (&one["state"], &one["active"]),
        (&json!("draft"), &json!(false))
    );
    assert_eq!(
        (&one["created"], &one["first_started"]),
        (&json!(NOW), &Value::Null)
    );
    assert_eq!(one["event_name"], "cart_updated");
    let actions = shop.get(&format!("/v1/campaigns/{id}/actions")).await;
    let actions = actions["actions"].as_array().unwrap();
    assert_eq!(actions.len(), 2);
    let told = |key: &str| {
        actions
            .iter()
            .map(|action| action[key].clone())
            .collect::<Value>()
    };
    assert_eq!(told("type"), json!(["push", "twilio"]));
    assert_eq!(told("sending_state"), json!(["draft", "automatic"]));
    assert_eq!(told("name")[0], "Cart Recovery | Push 1 | 1h | Remind");
    assert_eq!(told("body")[1], "It waits");
    let path = format!("/v1/campaigns/{id}/actions/{}", actions[1]["id"]);
    assert_eq!(shop.get(&path).await["action"], actions[1]);
    assert_eq!(
        shop.refused(&format!("/v1/campaigns/{id}/actions/99"))
            .await
            .0,
        404
    );
    let series = shop
        .get(&format!("/v1/campaigns/{id}/metrics?steps=2"))
        .await;
    assert_eq!(series["metric"]["series"]["sent"], json!([0, 0]));
}

#[tokio::test]
async fn journey_metrics_count_the_runs_themselves() {
    let shop = Shop::open();
    let applied = shop.workspace().apply_journey(&journey()).await.unwrap();
    let builder = landfall_engine::segments::Builder::new(shop.workspace().clone());
    builder.drain().await.unwrap();
    crate::routes::launch::launch(shop.workspace(), "cart").await;
    shop.identify("ann", json!({})).await;
    for (at, name) in [
        (0, "cart_updated"),
        (1, "order_placed"),
        (2, "cart_updated"),
    ] {
        shop.track("ann", name, NOW + at).await;
        shop.clock.advance(1_000);
    }
    shop.clock.advance(3_600_000);
    let keeper = landfall_engine::Timekeeper::new(shop.workspace().clone());
    keeper.drain(shop.workspace().now()).await.unwrap();
    let (id, end) = (applied.id.0, NOW + 7_200);
    let path =
        format!("/v1/campaigns/{id}/journey_metrics?start={NOW}&end={end}&resolution=days&tz=UTC");
    let expected = json!({ "journey_metric": {
        "started": [2], "activated": [2], "messaged": [1], "converted": [0],
        "exited_early": [1], "finished": [1], "never_activated": [0],
    } });
    assert_eq!(shop.get(&path).await, expected);
}
