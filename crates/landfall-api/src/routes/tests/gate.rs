//! The launch gate, waivers, test profiles and the forecast through Landfall's own API.

use landfall_engine::segments::Builder;

use super::*;

const JOURNEY: &str = "/landfall/v1/journeys/welcome";

/// A journey that lacks an alert, with one test profile.
fn welcome() -> Value {
    json!({
        "id": "welcome",
        "name": "Welcome",
        "owner": "crm@shop.example",
        "trigger": {"event": "signed_up"},
        "goal": {"event": "order_completed", "within": "3d", "basis": "delivered"},
        "steps": [{"id": "hello", "email": {"from": "shop@shop.example", "subject": "Hello", "body": "Welcome"},
            "name": {"step": "Mail 1", "delay": "now", "intent": "Greet"}}],
        "qa": [{"name": "guest", "profile": {"attributes": {"id": "qa", "email": "qa@shop.example"}},
            "inputs": [{"event": "signed_up"}], "expect": [{"step": "hello", "is": "sent"}]}]
    })
}

impl House {
    async fn said_to(&self, call: &str, body: &Value) -> (u16, Value) {
        self.own(1, call, body.to_string()).await.said()
    }

    async fn applied(&self, definition: &Value) {
        let (status, answer) = self.said_to("POST /landfall/v1/journeys", definition).await;
        assert_eq!(status, 200, "{answer}");
        let builder = Builder::new(self.workspace(1).clone());
        builder.drain().await.unwrap();
    }

    async fn states(&self) -> Vec<(String, String)> {
        let (_, gate) = self
            .said_to(&format!("GET {JOURNEY}/gate"), &json!({}))
            .await;
        let requirements = gate["requirements"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        requirements
            .iter()
            .map(|r| (text(&r["requirement"]), text(&r["state"])))
            .filter(|(_, state)| state != "met")
            .collect()
    }
}

fn pair(requirement: &str, state: &str) -> (String, String) {
    (requirement.to_owned(), state.to_owned())
}

#[tokio::test]
async fn a_start_says_what_is_missing_and_works_once_that_is_had_or_waived() {
    let house = House::open();
    house.applied(&welcome()).await;
    let (status, refused) = house
        .said_to(&format!("POST {JOURNEY}/start"), &json!({}))
        .await;
    assert_eq!(status, 409);
    let error = &refused["error"];
    assert_eq!(error["code"], "launch_blocked");
    assert_eq!(error["doc"], "docs/errors/launch_blocked.md");
    let missing = error["missing"].as_array().unwrap();
    assert_eq!(missing.len(), 2, "{refused}");
    assert_eq!(missing[0]["requirement"], "alert");
    assert_eq!(missing[0]["state"], "missing");
    assert_eq!(missing[0]["lacks"][0]["path"], "alert");
    assert_eq!(missing[1]["requirement"], "qa");
    let fix = missing[1]["lacks"][0]["fix"].as_str().unwrap();
    assert!(fix.contains("landfall qa run --journey welcome"), "{fix}");

    let (status, ran) = house
        .said_to(&format!("POST {JOURNEY}/qa?by=ann"), &json!({}))
        .await;
    assert_eq!((status, &ran["green"]), (200, &json!(true)), "{ran}");
    assert_eq!(ran["report"]["cases"][0]["steps"][0]["step"], "hello");
    assert_eq!((&ran["version"], &ran["by"]), (&json!(1), &json!("ann")));
    let waive = json!({"requirement": "alert", "reason": "the channel comes next week"});
    let (status, waived) = house
        .said_to(&format!("POST {JOURNEY}/waivers"), &waive)
        .await;
    assert_eq!(status, 200, "{waived}");
    assert_eq!(
        (&waived["by"], &waived["key"]),
        (&json!("app key 2"), &json!(2))
    );
    assert_eq!(house.states().await, [pair("alert", "waived")]);
    let (status, started) = house
        .said_to(&format!("POST {JOURNEY}/start"), &json!({}))
        .await;
    assert_eq!(
        (status, &started["state"]),
        (200, &json!("running")),
        "{started}"
    );

    let withdraw =
        json!({"requirement": "alert", "reason": "it is there", "by": "ben", "withdraw": true});
    let (status, _) = house
        .said_to(&format!("POST {JOURNEY}/waivers"), &withdraw)
        .await;
    assert_eq!(status, 200);
    assert_eq!(house.states().await, [pair("alert", "missing")]);
    let (_, log) = house
        .said_to(&format!("GET {JOURNEY}/waivers"), &json!({}))
        .await;
    let told: Vec<(&str, &str)> = log["waivers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["action"].as_str().unwrap(),
                entry["by"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("waive", "app key 2"), ("withdraw", "ben")]);
    let other = house.own(2, &format!("GET {JOURNEY}/waivers"), "").await;
    assert_eq!(other.status, 404, "another workspace knows nothing of it");
}

#[tokio::test]
async fn a_draft_that_was_tried_may_replace_what_runs_and_another_may_not() {
    let house = House::open();
    let mut definition = welcome();
    definition["alert"] = json!({"to": ["slack:#crm"], "drop": 20});
    house.applied(&definition).await;
    house
        .said_to(&format!("POST {JOURNEY}/qa"), &json!({}))
        .await;
    let (status, _) = house
        .said_to(&format!("POST {JOURNEY}/start"), &json!({}))
        .await;
    assert_eq!(status, 200);
    let mut edited = definition.clone();
    edited["steps"][0]["email"]["subject"] = "Good morning".into();
    let (status, refused) = house.said_to("POST /landfall/v1/journeys", &edited).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (409, &json!("launch_blocked"))
    );
    let (status, ran) = house.said_to("POST /landfall/v1/qa", &edited).await;
    assert_eq!(
        (status, &ran["green"], &ran["version"]),
        (200, &json!(true), &Value::Null)
    );
    let (status, applied) = house.said_to("POST /landfall/v1/journeys", &edited).await;
    assert_eq!(
        (status, &applied["journey"]["version"]),
        (200, &json!(2)),
        "{applied}"
    );
    let (_, kept) = house
        .said_to(&format!("GET {JOURNEY}/qa"), &json!({}))
        .await;
    assert_eq!(kept["version"], 2);
    assert_eq!(kept["latest"]["fingerprint"], ran["fingerprint"]);
    assert_eq!(kept["runs"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_cannot_be_waived_or_run_is_refused_with_what_to_do() {
    let house = House::open();
    let mut none = welcome();
    none.as_object_mut().unwrap().remove("qa");
    house.applied(&none).await;
    let waivers = format!("POST {JOURNEY}/waivers");
    for (call, field) in [
        (
            json!({"requirement": "luck", "reason": "none"}),
            "requirement",
        ),
        (json!({"requirement": "qa", "reason": " "}), "reason"),
        (
            json!({"requirement": "qa", "reason": "none", "version": 7}),
            "version",
        ),
        (
            json!({"requirement": "qa", "reason": "none", "version": "some"}),
            "version",
        ),
    ] {
        let (status, refused) = house.said_to(&waivers, &call).await;
        assert_eq!(
            (status, &refused["error"]["field"]),
            (400, &json!(field)),
            "{refused}"
        );
    }
    let withdraw = json!({"requirement": "qa", "reason": "none", "withdraw": true});
    let (status, refused) = house.said_to(&waivers, &withdraw).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (409, &json!("conflict"))
    );
    let (status, refused) = house
        .said_to(&format!("POST {JOURNEY}/qa"), &json!({}))
        .await;
    assert_eq!(status, 422, "{refused}");
    let said = refused["error"]["message"].as_str().unwrap();
    assert!(said.contains("add `qa`"), "{said}");
    let (status, refused) = house
        .said_to("POST /landfall/v1/qa", &json!({"id": "x"}))
        .await;
    assert_eq!(status, 422);
    assert!(!refused["error"]["faults"].as_array().unwrap().is_empty());
    let (status, _) = house
        .said_to("GET /landfall/v1/journeys/nothing/gate", &json!({}))
        .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_forecast_tells_who_would_be_reached_over_what_and_what_it_costs() {
    let house = House::open();
    let name = |step: &str| json!({"step": step, "delay": "now", "intent": "Greet"});
    let mut definition = welcome();
    definition["steps"] = json!([{"id": "hello", "reach": {"channels": [
        {"push": {"body": "Welcome"}, "name": name("Push 1")},
        {"email": {"subject": "Hello", "body": "Welcome"}, "cost": "0.002", "name": name("Mail 1")}]}}]);
    definition["qa"][0]["expect"] = json!([{"step": "hello/email", "is": "sent"}]);
    house.applied(&definition).await;
    for (id, token) in [("ann", Some("t1")), ("ben", None)] {
        let person = json!({"email": format!("{id}@shop.example")});
        house
            .track(&format!("PUT /api/v1/customers/{id}"), person.to_string())
            .await;
        if let Some(token) = token {
            let device = json!({"device": {"id": token, "platform": "ios"}});
            let call = format!("PUT /api/v1/customers/{id}/devices");
            house.track(&call, device.to_string()).await;
        }
        let event = json!({"name": "signed_up"});
        house
            .track(
                &format!("POST /api/v1/customers/{id}/events"),
                event.to_string(),
            )
            .await;
    }
    let (status, told) = house
        .said_to(&format!("GET {JOURNEY}/forecast"), &json!({}))
        .await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(told["base"]["kind"], "event");
    let split = json!({"people": 2, "by_platform": {"ios": 1, "none": 1}});
    assert_eq!((&told["qualified"], &told["eligible"]), (&split, &split));
    assert_eq!(
        told["covered"],
        json!({"people": 1, "by_platform": {"ios": 1}})
    );
    let channels = &told["intents"][0]["channels"];
    assert_eq!(
        (&channels[0]["first"], &channels[1]["first"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(channels[0]["closed"], json!({"no_device": 1}));
    assert_eq!(channels[1]["price"], "0.002");
    assert_eq!(
        told["fallback_cost"],
        json!({"least": "0.002", "most": "0.004"})
    );
    assert!(told["assumptions"].as_array().unwrap().len() > 3);
}
