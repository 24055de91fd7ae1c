//! Diagnoses by API, with rows that open; the metric dictionary.

use super::house::NOW;
use super::*;

const DAY: i64 = 86_400;

/// Two weeks of pushes of campaign 31: in the second one most of them bounce.
async fn two_weeks() -> House {
    let house = House::open();
    for day in 1..=14 {
        for number in 0..24 {
            let at = NOW - day * DAY + number * 60;
            let bounced = day <= 7 && number % 4 != 0;
            let metric = if bounced { "bounced" } else { "sent" };
            let delivery = format!("d{day}-{number}");
            let mut event = push_event(&format!("e{delivery}"), metric, &delivery, at);
            if bounced {
                event["data"]["recipients"] = json!([{"device_id": format!("tok-{number}"),
                    "device_platform": "ios", "failure_message": "Unregistered"}]);
            }
            house.hook(&event).await;
            if !bounced && number % 2 == 0 {
                let opened = push_event(&format!("o{delivery}"), "opened", &delivery, at + 60);
                house.hook(&opened).await;
            }
        }
    }
    house
}

/// Calls with what a browser would follow as a link.
async fn rows(house: &House, query: &Value) -> usize {
    let query = query.as_str().expect("a query");
    let answer = house
        .own(
            1,
            &format!("GET /landfall/v1/deliveries?limit=1000&{query}"),
            "",
        )
        .await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer.json()["deliveries"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_diagnosis_names_the_stage_and_opens_its_rows() {
    let house = two_weeks().await;
    let path = "GET /landfall/v1/journeys/campaign:31/diagnosis";
    let answer = house.own(1, path, "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    let verdict = &answer["diagnosis"]["verdict"];
    assert_eq!(verdict["problem"], "delivery", "{verdict:#}");
    assert_eq!(verdict["cause"], "token_churn", "{verdict:#}");
    assert_eq!(answer["diagnosis"]["unit"], "opens");
    assert_eq!(answer["runbook"]["checks"][0]["id"], "accepted");
    for fact in verdict["facts"].as_array().unwrap() {
        rows(&house, &fact["rows"]).await;
    }
    for stage in answer["diagnosis"]["stages"].as_array().unwrap() {
        let found = rows(&house, &stage["rows"]).await;
        if stage["factor"] == "sent" {
            let hits = stage["ratio"]["hits"]["after"].as_f64().unwrap();
            assert_eq!(found as f64, hits, "the rows are what was counted");
        }
    }
    let markdown = house.own(1, &format!("{path}?format=markdown"), "").await;
    assert!(
        markdown
            .text
            .contains("- [ ] **1. Do providers take the messages?**"),
        "{}",
        markdown.text
    );
}

#[tokio::test]
async fn what_cannot_be_diagnosed_is_refused_with_what_to_write() {
    let house = two_weeks().await;
    for (call, status) in [
        ("journeys/nothing/diagnosis", 404),
        ("journeys/campaign:99/diagnosis", 404),
        ("journeys/campaign:31/diagnosis?from=someday", 400),
        ("journeys/campaign:31/diagnosis?against=7d", 400),
        ("journeys/campaign:31/diagnosis?from=now&to=7d", 400),
        ("journeys/campaign:31/diagnosis?format=pdf", 400),
    ] {
        let answer = house.own(1, &format!("GET /landfall/v1/{call}"), "").await;
        assert_eq!(answer.status, status, "{call}: {}", answer.text);
    }
}

#[tokio::test]
async fn the_dictionary_says_what_metrics_and_words_of_others_mean() {
    let house = House::open();
    let answer = house
        .own(1, "GET /landfall/v1/metrics-dictionary", "")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    let metrics = answer["metrics"].as_array().unwrap();
    let delivered = metrics
        .iter()
        .find(|m| m["name"] == "delivered_rate")
        .unwrap();
    assert_eq!(delivered["denominator"], "sent");
    let terms = answer["terms"].as_array().unwrap();
    let braze = terms
        .iter()
        .find(|t| t["product"] == "Braze" && t["word"] == "Deliveries")
        .unwrap();
    assert_eq!(braze["metric"], "sent");
}
