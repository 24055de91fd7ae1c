//! Experiments through Landfall's own API.

use landfall_engine::segments::Builder;

use super::*;

const ID: &str = "/landfall/v1/experiments/cart:text";

async fn said(house: &House, call: &str, body: &Value) -> (u16, Value) {
    house.own(1, call, body.to_string()).await.said()
}

async fn with_a_test() -> House {
    let house = House::open();
    let push = |id: &str, step: &str| json!({"id": id, "push": {"body": "x"}, "name": {"step": step, "delay": "0h", "intent": "Remind"}});
    let journey = json!({
        "id": "cart", "name": "Cart Recovery", "trigger": {"event": "cart_updated"},
        "goal": {"event": "order_completed", "within": "3d", "basis": "delivered"},
        "steps": [{"id": "text", "ab_test": {"variants": [
            {"id": "plain", "percent": 50, "steps": [push("push-a", "Push A")]},
            {"id": "warm", "percent": 50, "steps": [push("push-b", "Push B")]}]}}]
    });
    let (status, answer) = said(&house, "POST /landfall/v1/journeys", &journey).await;
    assert_eq!(status, 200, "{answer}");
    let builder = Builder::new(house.workspace(1).clone());
    builder.drain().await.unwrap();
    house
}

#[tokio::test]
async fn tests_of_journeys_are_experiments_with_settings_that_stay() {
    let house = with_a_test().await;
    let none = json!({});
    let (status, list) = said(&house, "GET /landfall/v1/experiments", &none).await;
    assert_eq!(status, 200, "{list}");
    let line = &list["experiments"][0];
    assert_eq!(line["id"], "cart:text");
    assert_eq!(
        (&line["kind"], &line["state"]),
        (&json!("ab_test"), &json!("draft"))
    );
    assert_eq!(line["verdict"]["kind"], "none_yet");
    assert_eq!(line["arms"][1]["name"], "warm");
    assert_eq!(line["arms"][1]["share"], 0.5);
    let change = json!({"planned": 2_000, "on_trouble": "pause"});
    let (status, changed) = said(&house, &format!("PUT {ID}"), &change).await;
    assert_eq!(status, 200, "{changed}");
    let (_, shown) = said(&house, &format!("GET {ID}"), &none).await;
    assert_eq!(shown["settings"], changed["settings"]);
    assert_eq!(shown["settings"]["planned"], 2_000);
    assert_eq!(shown["settings"]["on_trouble"], "pause");
    assert_eq!(shown["settings"]["alpha"], 0.05, "what is left out stays");
    assert_eq!(shown["report"]["ratios"][0]["stage"], "assigned");
    assert_eq!(shown["counts"][0]["assigned"], 0);
    assert_eq!(shown["window_ms"], 3 * 86_400_000);
    let refusals = [
        (format!("PUT {ID}"), json!({"alpha": 0.7}), 400),
        (format!("PUT {ID}"), json!({"on_trouble": "panic"}), 400),
        (
            "GET /landfall/v1/experiments/cart:nothing".to_owned(),
            json!({}),
            404,
        ),
    ];
    for (call, body, wanted) in refusals {
        let (status, answer) = said(&house, &call, &body).await;
        assert_eq!(status, wanted, "{call}: {answer}");
    }
}

#[tokio::test]
async fn power_is_told_before_the_start_and_more_looks_cost_people() {
    let house = with_a_test().await;
    let path = "GET /landfall/v1/experiments/power";
    let ask = async |query: &str| said(&house, &format!("{path}?{query}"), &json!({})).await;
    let (status, once) = ask("rate=0.1&effect=0.2&looks=once&people=8000&per_week=1000").await;
    assert_eq!(status, 200, "{once}");
    let needed = once["people_needed"].as_u64().unwrap();
    // Two proportions of 10 and 12 %, 5 % and 80 %: 3,841 in each arm by the usual formula.
    assert!((7_600..7_750).contains(&needed), "{needed}");
    assert!(
        (once["smallest_effect"].as_f64().unwrap() - 0.196).abs() < 0.005,
        "{once}"
    );
    assert!((once["weeks_needed"].as_f64().unwrap() - needed as f64 / 1_000.0).abs() < 1e-9);
    let (_, always) = ask("rate=0.1&effect=0.2").await;
    assert!(always["people_needed"].as_u64().unwrap() > needed);
    for query in [
        "",
        "rate=1.5",
        "rate=0.1&looks=twice",
        "journey=cart",
        "rate=0.1&people=many",
    ] {
        let (status, answer) = ask(query).await;
        assert_eq!(status, 400, "{query}: {answer}");
    }
    assert_eq!(ask("journey=nothing").await.0, 404);
}
