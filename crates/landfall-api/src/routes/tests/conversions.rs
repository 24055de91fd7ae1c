//! What a journey's messages brought, through Landfall's own API.

use landfall_engine::Timekeeper;
use landfall_engine::segments::Builder;

use super::super::launch::launch;
use super::*;

const PATH: &str = "/landfall/v1/journeys/cart/conversions";

/// Two pushes, and a purchase within three days of an arrival.
fn journey(basis: &str) -> Value {
    let push = |id: &str, step: &str| {
        json!({"id": id, "push": {"body": "Your cart waits"},
            "name": {"step": step, "delay": "0h", "intent": "Remind"}})
    };
    json!({
        "id": "cart", "name": "Cart Recovery", "trigger": {"event": "cart_updated"},
        "goal": {"event": "order_placed", "within": "3d", "basis": basis, "value": "total",
            "currency": "EUR", "refund": {"event": "order_refunded", "value": "total", "same": "order_id"}},
        "steps": [push("first", "Push 1"), {"id": "wait", "delay": "1h"}, push("second", "Push 2")]
    })
}

impl House {
    async fn asked(&self, call: &str, body: &Value) -> Value {
        let answer = self.own(1, call, body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    async fn built(&self) {
        let builder = Builder::new(self.workspace(1).clone());
        builder.drain().await.unwrap();
    }

    async fn does(&self, name: &str, data: Value) {
        let body = json!({"name": name, "data": data});
        let call = "POST /api/v1/customers/ann/events";
        assert_eq!(self.track(call, body.to_string()).await.status, 200);
    }

    /// Ann gets both pushes, and both arrive.
    async fn reached(&self) {
        self.asked("POST /landfall/v1/journeys", &journey("delivered"))
            .await;
        self.built().await;
        launch(self.workspace(1), "cart").await;
        let device = json!({"device": {"id": "t1", "platform": "ios"}});
        let call = "PUT /api/v1/customers/ann/devices";
        assert_eq!(self.track(call, device.to_string()).await.status, 200);
        self.does("cart_updated", json!({})).await;
        self.pass(3_600);
        let workspace = self.workspace(1);
        let keeper = Timekeeper::new(workspace.clone());
        keeper.drain(workspace.now()).await.unwrap();
        let page = workspace.store().deliveries_after(None, 10).unwrap();
        assert_eq!(page.len(), 2);
        for delivery in page {
            self.pass(1);
            let at = workspace.now().seconds();
            let body = json!({"delivery_id": delivery.id, "event": "delivered", "device_id": "t1",
                "timestamp": at});
            let answer = self.bare("POST /push/events", body.to_string()).await;
            assert!(answer.status.is_success(), "{}", answer.text);
        }
        self.pass(60);
    }
}

#[tokio::test]
async fn conversions_are_told_by_three_models_side_by_side_and_computed_anew_on_request() {
    let house = House::open();
    house.reached().await;
    house
        .does("order_placed", json!({"total": 90, "order_id": "o1"}))
        .await;
    house
        .does("order_refunded", json!({"total": 30, "order_id": "o1"}))
        .await;
    let told = house.asked(&format!("GET {PATH}"), &json!({})).await;
    assert_eq!(told["by"], "step");
    let rows = told["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{told}");
    let row = |step: &str| {
        let named = |row: &&Value| row["name"].as_str().is_some_and(|name| name.contains(step));
        rows.iter().find(named).expect("a row of the step")
    };
    let (first, second) = (row("Push 1"), row("Push 2"));
    let all = json!({"conversions": 1.0, "value": {"EUR": 6_000}});
    let none = json!({"conversions": 0.0, "value": {}});
    assert_eq!((&first["first"], &first["last"]), (&all, &none));
    assert_eq!((&second["first"], &second["last"]), (&none, &all));
    let half = json!({"conversions": 0.5, "value": {"EUR": 3_000}});
    assert_eq!((&first["linear"], &second["linear"]), (&half, &half));
    let whole = json!({"conversions": 1.0, "value": {"EUR": 6_000}});
    for model in ["last", "first", "linear"] {
        assert_eq!(told["total"][model], whole);
    }
    let by_run = house.asked(&format!("GET {PATH}?by=run"), &json!({})).await;
    assert_eq!(by_run["rows"][0]["key"], "0");
    let page = house
        .asked(&format!("GET {PATH}?by=delivery&limit=1"), &json!({}))
        .await;
    let next = page["next"].as_str().unwrap();
    let rest = house
        .asked(
            &format!("GET {PATH}?by=delivery&limit=1&after={next}"),
            &json!({}),
        )
        .await;
    assert_eq!(
        (rest["rows"].as_array().unwrap().len(), &rest["next"]),
        (1, &Value::Null)
    );
    let metrics = "GET /landfall/v1/metrics?by=journey,step&measures=revenue";
    let metrics = house.asked(metrics, &json!({})).await;
    let revenue = metrics["rows"].as_array().unwrap().iter();
    let revenue: Vec<&Value> = revenue.map(|row| &row["revenue"]).collect();
    assert!(revenue.contains(&&json!({"EUR": 6_000})), "{metrics}");

    house
        .asked("POST /landfall/v1/journeys", &journey("opened"))
        .await;
    let asked = format!("POST {PATH}/recompute");
    assert_eq!(house.asked(&asked, &json!({})).await["version"], 2);
    let going_on = house.asked(&format!("GET {PATH}"), &json!({})).await;
    assert_eq!(going_on["recomputing"], 0);
    house.built().await;
    let told = house.asked(&format!("GET {PATH}"), &json!({})).await;
    assert_eq!(
        (&told["rows"], &told["recomputing"]),
        (&json!([]), &Value::Null)
    );
}

#[tokio::test]
async fn without_a_goal_nothing_is_computed_anew() {
    let house = House::open();
    let mut aimless = journey("delivered");
    aimless.as_object_mut().unwrap().remove("goal");
    house.asked("POST /landfall/v1/journeys", &aimless).await;
    let refused = house.own(1, &format!("POST {PATH}/recompute"), "").await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    let wrong = house.own(1, &format!("GET {PATH}?by=week"), "").await;
    assert_eq!(wrong.status, 400, "{}", wrong.text);
}
