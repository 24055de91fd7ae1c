//! Suppression lists and subscription topics by the App API.

use serde_json::{Value, json};

use super::shop::Shop;

fn lists(body: &Value) -> Vec<(String, String)> {
    let listed = body["suppressions"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    listed
        .map(|listed| (text(&listed["category"]), text(&listed["email"])))
        .collect()
}

fn entry(list: &str, email: &str) -> (String, String) {
    (list.to_owned(), email.to_owned())
}

async fn people(shop: &Shop) {
    for id in ["ann", "ben"] {
        shop.identify(id, json!({ "email": format!("{id}@shop.example") }))
            .await;
    }
}

#[tokio::test]
async fn addresses_are_put_on_lists_looked_up_listed_and_taken_off() {
    let shop = Shop::open();
    people(&shop).await;
    for (list, email) in [
        ("bounces", "ann@shop.example"),
        ("spam_reports", "Ann@shop.example"),
        ("bounces", "ben@shop.example"),
        ("bounces", "ben@shop.example"),
    ] {
        let path = format!("/v1/esp/suppression/{list}/{email}");
        let (status, body) = shop.call("POST", &path, None).await;
        assert_eq!(status, 204, "{body}");
    }
    let found = shop
        .get("/v1/esp/search_suppression/ANN@shop.example")
        .await;
    let (ann, ben) = ("ann@shop.example", "ben@shop.example");
    assert_eq!(
        lists(&found),
        [entry("bounces", ann), entry("spam_reports", ann)]
    );
    let all = shop.get("/v1/esp/suppression/bounces").await;
    assert_eq!(lists(&all), [entry("bounces", ann), entry("bounces", ben)]);
    let page = shop
        .get("/v1/esp/suppression/bounces?limit=1&offset=1")
        .await;
    assert_eq!(lists(&page), [entry("bounces", ben)]);
    let path = "/v1/esp/suppression/bounces/ben@shop.example";
    assert_eq!(shop.call("DELETE", path, None).await.0, 204);
    assert_eq!(
        shop.call("DELETE", path, None).await.0,
        404,
        "it is off already"
    );
    let shop = shop.reopened();
    let all = shop.get("/v1/esp/suppression/bounces").await;
    assert_eq!(lists(&all), [entry("bounces", ann)]);
    for (method, path, expected) in [
        ("GET", "/v1/esp/suppression/friends", 404),
        ("GET", "/v1/esp/suppression/opted_out", 404),
        ("GET", "/v1/esp/search_suppression/ann", 400),
        ("POST", "/v1/esp/suppression/blocks/cleo@shop.example", 404),
        ("POST", "/v1/esp/suppression/blocks/ann", 400),
        ("GET", "/v1/esp/elsewhere", 404),
    ] {
        let (status, body) = shop.call(method, path, None).await;
        assert_eq!(status, expected, "{method} {path}: {body}");
    }
}

#[tokio::test]
async fn topics_are_those_of_the_workspace_and_those_that_somebody_chose_about() {
    let shop = Shop::open();
    people(&shop).await;
    let rules = json!({"topics": {
        "topic_7": {"name": "News", "description": "Weekly", "subscribed_by_default": false},
        "offers": {"name": "Offers"},
    }});
    let (status, body) = shop.call("PUT", "/landfall/v1/policy", Some(rules)).await;
    assert_eq!(status, 200, "{body}");
    let choices = json!({"topics": {"topic_7": true, "old": false}});
    shop.identify("ann", json!({ "cio_subscription_preferences": choices }))
        .await;
    let known = shop.get("/v1/subscription_topics").await;
    assert_eq!(
        known["topics"][2],
        json!({"id": 7, "identifier": "topic_7", "name": "News", "description": "Weekly",
            "subscribed_by_default": false})
    );
    let ids: Vec<&Value> = known["topics"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|topic| &topic["identifier"])
        .collect();
    assert_eq!(
        ids,
        ["offers", "old", "topic_7"]
            .map(|id| json!(id))
            .iter()
            .collect::<Vec<_>>()
    );
    for (id, expected) in [
        (
            "ann",
            json!({"offers": true, "old": false, "topic_7": true}),
        ),
        ("ben", json!({"offers": true, "topic_7": false})),
    ] {
        let path = format!("/v1/customers/{id}/subscription_preferences");
        let shown = shop.get(&path).await;
        let topics = shown["customer"]["topics"]
            .as_array()
            .expect("a list")
            .iter();
        let told: serde_json::Map<String, Value> = topics
            .map(|topic| {
                let id = topic["identifier"].as_str().expect("a text").to_owned();
                (id, topic["subscribed"].clone())
            })
            .collect();
        assert_eq!(Value::Object(told), expected, "{id}");
    }
}
