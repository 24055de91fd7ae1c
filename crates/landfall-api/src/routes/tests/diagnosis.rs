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

#[tokio::test]
async fn the_list_of_verdicts_says_what_the_journeys_diagnosis_says() {
    let house = two_weeks().await;
    for number in 0..3 {
        let at = NOW - 2 * DAY + number;
        let mut event = push_event(&format!("few{number}"), "sent", &format!("few{number}"), at);
        event["data"]["campaign_id"] = json!(32);
        house.hook(&event).await;
    }
    let mut list = Value::Null;
    while list["pending"] != json!([]) {
        let answer = house.own(1, "GET /landfall/v1/verdicts", "").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        list = answer.json();
    }
    let verdicts = list["verdicts"].as_array().unwrap();
    let standing: Vec<_> = verdicts
        .iter()
        .map(|one| {
            (
                one["journey"].as_str().unwrap(),
                one["standing"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        standing,
        [("campaign:31", "losing"), ("campaign:32", "too_little")]
    );
    assert_eq!(
        (&verdicts[0]["people_before"], &verdicts[0]["people"]),
        (&json!(168), &json!(168))
    );
    let path = "GET /landfall/v1/journeys/campaign:31/diagnosis";
    let page = house.own(1, path, "").await.json();
    assert_eq!(page["diagnosis"]["verdict"], verdicts[0]["verdict"]);
    assert_eq!(
        (&page["period"], &page["standing"]),
        (&list["period"], &json!("losing"))
    );
    let one = house
        .own(1, "GET /landfall/v1/verdicts?limit=1", "")
        .await
        .json();
    assert_eq!(
        (one["verdicts"].as_array().unwrap().len(), &one["left_out"]),
        (1, &json!(1))
    );
    let other = house.own(2, "GET /landfall/v1/verdicts", "").await.json();
    assert_eq!(other["verdicts"], json!([]), "another workspace");
}

#[tokio::test]
async fn a_box_of_the_runbook_stays_ticked_until_somebody_takes_the_tick_back() {
    let house = two_weeks().await;
    let path = "/landfall/v1/journeys/campaign:31/diagnosis";
    let diagnosis = house.own(1, &format!("GET {path}"), "").await.json();
    assert_eq!(diagnosis["ticks"], json!([]));
    let step = &diagnosis["runbook"]["checks"][0]["steps"][0];
    let mut call = json!({"case": diagnosis["case"], "check": "accepted", "step": step, "done": true, "by": "Lea"});
    for _ in 0..2 {
        let answer = house
            .own(1, &format!("PUT {path}/ticks"), call.to_string())
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let ticked = house.own(1, &format!("GET {path}"), "").await.json();
    let at = NOW * 1000;
    assert_eq!(
        ticked["ticks"],
        json!([{"check": "accepted", "step": step, "by": "Lea", "at_ms": at}])
    );
    let markdown = house
        .own(1, &format!("GET {path}?format=markdown"), "")
        .await;
    let ticked_step = format!("- [x] {}", step.as_str().unwrap());
    assert!(markdown.text.contains(&ticked_step), "{}", markdown.text);
    call["case"] = json!("another case");
    let other = house
        .own(1, &format!("PUT {path}/ticks"), call.to_string())
        .await
        .json();
    assert_eq!(
        other["ticks"].as_array().unwrap().len(),
        1,
        "cases are apart"
    );
    call["case"] = diagnosis["case"].clone();
    call["done"] = json!(false);
    let left = house
        .own(1, &format!("PUT {path}/ticks"), call.to_string())
        .await
        .json();
    assert_eq!(left["ticks"], json!([]));
    call["check"] = json!(" ");
    let refused = house
        .own(1, &format!("PUT {path}/ticks"), call.to_string())
        .await;
    assert_eq!(refused.status, 400, "{}", refused.text);
}
