//! The workspace's rules of sending, by call.

use super::*;

const PATH: &str = "/landfall/v1/policy";

impl House {
    async fn policy(&self, call: &str, body: &Value) -> Answer {
        self.own(1, call, body.to_string()).await
    }
}

#[tokio::test]
async fn rules_are_replaced_as_a_whole_and_shown_with_every_part() {
    let house = House::open();
    let nothing = json!({"zone": "UTC", "quiet_hours": null, "caps": [],
        "duplicate_within": null, "alive_at_least": null, "topics": {}});
    let shown = house.policy(&format!("GET {PATH}"), &json!({})).await;
    assert_eq!(shown.said(), (200, nothing.clone()));
    let rules = json!({"zone": "Europe/Berlin", "caps": [{"max": 2, "within": "1d"}],
        "quiet_hours": {"from": "21:00", "to": "08:00", "then": "drop"},
        "topics": {"news": {"name": "News", "subscribed_by_default": false}}});
    let checked = house
        .policy(&format!("PUT {PATH}?check=true"), &rules)
        .await;
    assert_eq!(checked.status, 200, "{}", checked.text);
    let shown = house.policy(&format!("GET {PATH}"), &json!({})).await;
    assert_eq!(shown.json(), nothing, "checking stores nothing");
    let put = house.policy(&format!("PUT {PATH}"), &rules).await;
    assert_eq!(put.status, 200, "{}", put.text);
    assert_eq!(put.json(), checked.json());
    let shown = house.policy(&format!("GET {PATH}"), &json!({})).await;
    assert_eq!(shown.json(), put.json());
    assert_eq!(shown.json()["caps"], rules["caps"]);
    assert_eq!(shown.json()["topics"]["news"]["description"], Value::Null);
    let put = house.policy(&format!("PUT {PATH}"), &json!({})).await;
    assert_eq!(put.said(), (200, nothing));
}

#[tokio::test]
async fn rules_with_faults_are_refused_and_the_old_ones_stay() {
    let house = House::open();
    let rules = json!({"caps": [{"max": 2, "within": "1d"}]});
    assert_eq!(
        house.policy(&format!("PUT {PATH}"), &rules).await.status,
        200
    );
    for (wrong, path) in [
        (
            json!({"quiet_hours": {"from": "9", "to": "08:00"}}),
            "quiet_hours.from",
        ),
        (json!({"caps": [{"max": 1}]}), "caps[0]"),
        (json!({"zone": "CET+1"}), "zone"),
        (json!({"topics": []}), "topics"),
        (json!({"cap": {}}), "cap"),
    ] {
        let answer = house.policy(&format!("PUT {PATH}"), &wrong).await;
        assert_eq!(answer.status, 422, "{wrong}");
        let error = &answer.json()["error"];
        assert_eq!(error["code"], "definition_invalid");
        assert_eq!(error["faults"][0]["path"], path, "{wrong}: {error}");
        let fix = error["faults"][0]["fix"].as_str().expect("a fix");
        assert!(!fix.is_empty());
    }
    let shown = house.policy(&format!("GET {PATH}"), &json!({})).await;
    assert_eq!(shown.json()["caps"], rules["caps"]);
    let stranger = house.bare(&format!("GET {PATH}"), "").await;
    assert_eq!(stranger.status, 401);
}

#[tokio::test]
async fn a_broadcast_may_have_rules_of_its_own_and_a_transactional_message_may_not() {
    let house = House::open();
    let message = |more: Value| {
        let mut message = json!({"name": "Sale", "content": {"channel": "push", "title": "Hi"}});
        for (key, value) in more.as_object().expect("an object") {
            message[key] = value.clone();
        }
        message
    };
    let own = message(json!({"topic": "news", "policy": {"caps": []}}));
    for (path, body, status, field) in [
        ("/landfall/v1/broadcasts/1", &own, 200, Value::Null),
        ("/landfall/v1/transactional/1", &own, 400, json!("topic")),
        (
            "/landfall/v1/broadcasts/2",
            &message(json!({"topic": " "})),
            400,
            json!("topic"),
        ),
        (
            "/landfall/v1/broadcasts/2",
            &message(json!({"policy": {"quiet": 1}})),
            422,
            json!("policy.quiet"),
        ),
    ] {
        let answer = house.policy(&format!("PUT {path}"), body).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.text);
        assert_eq!(answer.json()["error"]["field"], field, "{path} {body}");
    }
    let shown = house
        .policy("GET /landfall/v1/broadcasts/1", &json!({}))
        .await;
    let definition = &shown.json()["definition"];
    assert_eq!(definition["topic"], "news");
    assert_eq!(definition["policy"], json!({"caps": []}));
}
