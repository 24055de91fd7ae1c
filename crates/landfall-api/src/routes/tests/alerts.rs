//! Incidents, rules and channels over HTTP.

use std::sync::Arc;

use landfall_engine::Monitor;
use landfall_engine::credentials::Network;
use landfall_engine::random::Seeded;

use super::house::NOW;
use super::*;

const RULES: &str = "/landfall/v1/alert-rules";

/// Two days of pushes of campaign 31, every ten minutes; in the last four hours most of them bounce.
async fn two_days() -> House {
    let house = House::open();
    for number in 0..288 {
        let at = NOW - 2 * 86_400 + number * 600;
        let bounced = number > 264 && number % 4 != 0;
        let metric = if bounced { "bounced" } else { "sent" };
        let delivery = format!("d{number}");
        let mut event = push_event(&format!("e{delivery}"), metric, &delivery, at);
        if bounced {
            event["data"]["recipients"] = json!([{"device_id": format!("tok-{number}"),
                "device_platform": "ios", "failure_message": "Unregistered"}]);
        }
        house.hook(&event).await;
    }
    house
}

fn rule() -> Value {
    json!({"metric": "bounced", "where": {"journey": "campaign:31"}, "above": 0.5,
        "over_minutes": 60, "at_least": 3})
}

impl House {
    async fn ask(&self, call: &str, body: &Value) -> Answer {
        self.own(1, call, body.to_string()).await
    }

    async fn look(&self) {
        let workspace = self.workspace(1).clone();
        let carriers = self.sending.carriers(&workspace);
        let random = Arc::new(Seeded::new(1));
        let monitor = Monitor::new(workspace.clone(), carriers, Network::default(), random);
        monitor.look(workspace.now()).await.expect("a look");
    }
}

#[tokio::test]
async fn a_rule_is_tried_on_history() {
    let house = two_days().await;
    let tried = house
        .ask(
            &format!("POST {RULES}/backtest"),
            &json!({"rule": rule(), "days": 2}),
        )
        .await;
    assert_eq!(tried.status, 200, "{}", tried.text);
    let tried = tried.json();
    assert_eq!(tried["episodes"].as_array().unwrap().len(), 1, "{tried:#}");
    assert_eq!(tried["without_incident"], 1);
    let series = tried["series"].as_array().unwrap();
    assert!(series.iter().any(|point| point["broken"] == true));
    assert_eq!(series[0]["threshold"], 0.5);
}

/// Saves the rule, and answers the path of the incident that it makes.
async fn broken_rule(house: &House) -> String {
    let put = house.ask(&format!("PUT {RULES}/bounces"), &rule()).await;
    assert_eq!(put.status, 200, "{}", put.text);
    assert_eq!(put.json()["state"], "unknown");
    house.look().await;
    let listed = house.ask(&format!("GET {RULES}"), &json!({})).await.json();
    assert_eq!(listed["rules"][0]["state"], "broken", "{listed:#}");

    let incidents = house
        .ask("GET /landfall/v1/incidents", &json!({}))
        .await
        .json();
    let incident = &incidents["incidents"][0];
    assert_eq!(incident["rules"], json!(["bounces"]), "{incidents:#}");
    assert_eq!(incident["metric"], "bounced");
    assert_eq!(incident["journeys"][0]["journey"], "campaign:31");
    assert!(incident["rate"]["value"].as_f64().unwrap() > 0.5);
    let id = incident["id"].as_str().unwrap();
    let path = format!("/landfall/v1/incidents/{id}");
    let whole = house.ask(&format!("GET {path}"), &json!({})).await.json();
    assert_eq!(whole["timeline"].as_array().unwrap().len(), 1);
    assert!(whole["series"].as_array().unwrap().len() > 96, "{whole:#}");
    path
}

#[tokio::test]
async fn an_incident_of_a_rule_is_moved_by_people() {
    let house = two_days().await;
    let path = broken_rule(&house).await;
    let acknowledged = house
        .ask(&format!("POST {path}/acknowledge"), &json!({"by": "lea"}))
        .await
        .json();
    assert_eq!(acknowledged["state"], "acknowledged");
    assert_eq!(acknowledged["by"], "lea");
    let snoozed = house
        .ask(&format!("POST {path}/snooze"), &json!({"for": "4h"}))
        .await;
    assert_eq!(snoozed.json()["until_ms"], (NOW + 4 * 3_600) * 1_000);
    let both = json!({"for": "4h", "until_ms": 1});
    assert_eq!(
        house
            .ask(&format!("POST {path}/snooze"), &both)
            .await
            .status,
        400
    );
    let past = json!({"until_ms": 1});
    assert_eq!(
        house
            .ask(&format!("POST {path}/snooze"), &past)
            .await
            .status,
        400
    );
    let resolved = house.ask(&format!("POST {path}/resolve"), &json!({})).await;
    assert_eq!(resolved.json()["state"], "resolved");
    let again = house
        .ask(&format!("POST {path}/acknowledge"), &json!({}))
        .await;
    assert_eq!(again.status, 409);
    assert_eq!(again.json()["error"]["code"], "incident_resolved");
    let noted = house
        .ask(
            &format!("POST {path}/notes"),
            &json!({"text": "the key was exchanged"}),
        )
        .await
        .json();
    assert_eq!(noted["timeline"][4]["text"], "the key was exchanged");
    let live = house
        .ask("GET /landfall/v1/incidents", &json!({}))
        .await
        .json();
    assert_eq!(live["total"], 0);
    // Somebody said that it is over: what still is as it was is not told again.
    house.look().await;
    let live = house
        .ask("GET /landfall/v1/incidents", &json!({}))
        .await
        .json();
    assert_eq!(live["total"], 0);
    let removed = house
        .ask(&format!("DELETE {RULES}/bounces"), &json!({}))
        .await;
    assert_eq!(removed.status, 204);
    let gone = house.ask(&format!("GET {RULES}/bounces"), &json!({})).await;
    assert_eq!(gone.status, 404);
}

#[tokio::test]
async fn rules_with_faults_are_refused_with_every_fault() {
    let house = House::open();
    let wrong = json!({"metric": "deliverd", "below": 80, "where": {"colour": "red"}});
    let answer = house.ask(&format!("PUT {RULES}/a"), &wrong).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    let faults = answer.json()["error"]["faults"].clone();
    let paths: Vec<&str> = faults
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["metric", "below"]);
    for (rule, path) in [
        (
            json!({"metric": "delivered", "below": 0.8, "where": {"colour": "red"}}),
            "where.colour",
        ),
        (
            json!({"metric": "delivered", "below": 0.8, "where": {"journey": "no such"}}),
            "where.journey",
        ),
        (json!({"metric": "heartbeat", "absent": true}), "metric"),
        (
            json!({"id": "b", "metric": "delivered", "below": 0.8}),
            "id",
        ),
        (
            json!({"metric": "delivered", "below": 0.8, "notify": ["email:nobody"]}),
            "notify[0]",
        ),
    ] {
        let answer = house.ask(&format!("PUT {RULES}/a"), &rule).await;
        assert_eq!(answer.status, 422, "{rule}: {}", answer.text);
        assert_eq!(answer.json()["error"]["faults"][0]["path"], path, "{rule}");
    }
    let listed = house.ask(&format!("GET {RULES}"), &json!({})).await.json();
    assert_eq!(listed["rules"], json!([]));
}

#[tokio::test]
async fn channels_are_replaced_as_a_whole_and_checked() {
    let house = two_days().await;
    let path = "/landfall/v1/alert-channels";
    let channels = json!({"channels": [{"to": "slack:push"}, {"to": "email:a@shop.example", "journeys": ["31"]}]});
    let put = house.ask(&format!("PUT {path}"), &channels).await;
    assert_eq!(put.status, 200, "{}", put.text);
    let expected = json!([{"to": "slack:push", "journeys": []},
        {"to": "email:a@shop.example", "journeys": ["campaign:31"]}]);
    assert_eq!(put.json()["channels"], expected);
    for wrong in [
        json!([{"to": "pager:1"}]),
        json!([{"to": "slack:a", "journeys": ["none such"]}]),
    ] {
        let put = house
            .ask(&format!("PUT {path}"), &json!({ "channels": wrong }))
            .await;
        assert_eq!(put.status, 400, "{}", put.text);
    }
    let kept = house.ask(&format!("GET {path}"), &json!({})).await.json();
    assert_eq!(kept["channels"], expected);
    let tested = house
        .ask(&format!("POST {path}/test"), &json!({"to": "slack:push"}))
        .await
        .json();
    assert_eq!(tested["taken"], false);
    assert!(
        tested["message"]
            .as_str()
            .unwrap()
            .contains("no Slack credential"),
        "{tested}"
    );
}

#[tokio::test]
async fn an_empty_workspace_says_why_nothing_is_watched() {
    let house = House::open();
    let monitor = house
        .ask("GET /landfall/v1/monitor", &json!({}))
        .await
        .json();
    assert!(
        monitor["problem"]
            .as_str()
            .unwrap()
            .contains("has not looked")
    );
    house.look().await;
    let monitor = house
        .ask("GET /landfall/v1/monitor", &json!({}))
        .await
        .json();
    assert!(
        monitor["problem"]
            .as_str()
            .unwrap()
            .contains("too little history"),
        "{monitor}"
    );
    assert_eq!(monitor["live"], 0);
    let asked = house
        .ask("GET /landfall/v1/incidents?state=closed", &json!({}))
        .await;
    assert_eq!(asked.status, 400);
    let none = house
        .ask("GET /landfall/v1/incidents/inc-1", &json!({}))
        .await;
    assert_eq!(none.status, 404);
}
