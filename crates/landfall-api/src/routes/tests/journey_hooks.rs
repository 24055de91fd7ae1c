//! Calls of somebody's server that start a journey.

use axum::http::Request;
use landfall_engine::segments::Builder;

use super::house::request;
use super::*;

const JOURNEYS: &str = "/landfall/v1/journeys";

fn journey(trigger: &Value) -> Value {
    json!({
        "id": "shipped", "name": "Shipped", "trigger": trigger,
        "entry": {"frequency": "every_time"},
        "steps": [{"id": "end", "delay": "30d"}, {"id": "note", "update_person":
            {"parcel": {"from": "event.parcel"}}}]
    })
}

impl House {
    async fn define(&self, definition: &Value) {
        let answer = self
            .own(1, &format!("POST {JOURNEYS}"), definition.to_string())
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let builder = Builder::new(self.workspace(1).clone());
        builder.drain().await.expect("builds");
    }

    /// Starts the journey; how it was tried and by whom is not what this is about.
    async fn launch(&self) {
        let gate = self
            .own(1, &format!("GET {JOURNEYS}/shipped/gate"), "")
            .await
            .json();
        for judged in gate["requirements"].as_array().expect("a list") {
            if judged["state"] == "missing" {
                let waiver = json!({"requirement": judged["requirement"], "version": "all",
                    "reason": "this test is about something else"});
                let call = format!("POST {JOURNEYS}/shipped/waivers");
                let answer = self.own(1, &call, waiver.to_string()).await;
                assert_eq!(answer.status, 200, "{}", answer.text);
            }
        }
        let started = self.control("start").await;
        assert_eq!(started.status, 200, "{}", started.text);
    }

    async fn control(&self, what: &str) -> Answer {
        self.own(1, &format!("POST {JOURNEYS}/shipped/{what}"), "{}")
            .await
    }

    /// The address of the journey.
    async fn address(&self) -> String {
        let answer = self.control("hook").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["path"].as_str().expect("a path").to_owned()
    }

    async fn call(&self, address: &str, body: &Value, key: Option<&str>) -> Answer {
        let mut call = request(&format!("POST {address}"));
        if let Some(key) = key {
            call = call.header("idempotency-key", key);
        }
        self.send(call.body(body.to_string().into()).expect("a request"))
            .await
    }

    async fn runs(&self) -> usize {
        let answer = self
            .own(1, &format!("GET {JOURNEYS}/shipped/runs"), "")
            .await;
        answer.json()["runs"].as_array().expect("a list").len()
    }
}

#[tokio::test]
async fn a_call_takes_the_person_that_it_names_to_the_door_once_for_each_key() {
    let house = House::open();
    assert_eq!(
        house.track("PUT /api/v1/customers/ann", "{}").await.status,
        200
    );
    house.define(&journey(&json!("webhook"))).await;
    house.launch().await;
    let address = house.address().await;
    let body = json!({"id": "ann", "parcel": "P1"});
    for (key, duplicate, runs) in [
        (None, false, 1),
        (None, false, 2),
        (Some("c1"), false, 3),
        (Some("c1"), true, 3),
        (Some("c2"), false, 4),
    ] {
        let answer = house.call(&address, &body, key).await;
        assert_eq!(
            answer.said(),
            (200, json!({"duplicate": duplicate})),
            "{key:?}"
        );
        assert_eq!(house.runs().await, runs, "{key:?}");
    }
    house.pass(31 * 86_400);
    let keeper = landfall_engine::Timekeeper::new(house.workspace(1).clone());
    keeper.drain(house.workspace(1).now()).await.expect("wakes");
    let ann = house.person("ann").await;
    assert!(
        ann.to_string().contains("P1"),
        "the data reached the run: {ann}"
    );
}

#[tokio::test]
async fn the_trigger_says_where_person_data_and_key_stand_and_what_becomes_of_strangers() {
    let house = House::open();
    let mapped = |unknown: &str| {
        journey(
            &json!({"webhook": {"person": {"email": "buyer.mail"}, "data": "order",
            "key": "number", "unknown": unknown}}),
        )
    };
    let order = |number: u32| json!({"number": number, "buyer": {"mail": "Eve@shop.example"}, "order": {"parcel": "P2"}});
    house.define(&mapped("refuse")).await;
    house.launch().await;
    let address = house.address().await;
    let answer = house.call(&address, &order(1), None).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.json()["error"]["code"], "unknown_person");
    house.define(&mapped("create")).await;
    for (number, duplicate, runs) in [(1, false, 1), (1, true, 1), (2, false, 2)] {
        let answer = house.call(&address, &order(number), None).await;
        assert_eq!(answer.said(), (200, json!({"duplicate": duplicate})));
        assert_eq!(house.runs().await, runs);
    }
    let found = house
        .own(1, "GET /v1/customers?email=eve@shop.example", "")
        .await;
    assert_eq!(found.json()["results"].as_array().map(Vec::len), Some(1));
    for (body, code) in [
        (json!({"number": 3, "order": {}}), "bad_body"),
        (json!({"buyer": {"mail": "a@b.example"}}), "bad_body"),
        (
            json!({"number": 3, "buyer": {"mail": "a@b.example"}, "order": 7}),
            "bad_body",
        ),
        (json!([]), "bad_body"),
    ] {
        let answer = house.call(&address, &body, None).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]["code"]),
            (422, &json!(code))
        );
    }
    assert_eq!(house.runs().await, 2, "what is refused changes nothing");
    assert_eq!(house.rejected(1).await.len(), 5, "and is noted");
}

#[tokio::test]
async fn only_the_newest_address_works_and_only_for_journeys_that_run_and_wait_for_calls() {
    let house = House::open();
    assert_eq!(
        house.track("PUT /api/v1/customers/ann", "{}").await.status,
        200
    );
    let body = json!({"id": "ann"});
    house.define(&journey(&json!("api"))).await;
    let refused = house.control("hook").await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert_eq!(
        house
            .own(1, &format!("POST {JOURNEYS}/none/hook"), "{}")
            .await
            .status,
        404
    );
    house.define(&journey(&json!("webhook"))).await;
    let first = house.address().await;
    let draft = house.call(&first, &body, None).await;
    assert_eq!(
        (draft.status.as_u16(), &draft.json()["error"]["code"]),
        (409, &json!("not_running"))
    );
    house.launch().await;
    let second = house.address().await;
    assert_ne!(first, second);
    let secret = second.rsplit('/').next().expect("a token").to_owned();
    for (address, status) in [
        (first, 404),
        (second.clone(), 200),
        (second.replace("ws_1", "ws_2"), 404),
        (second.replace("ws_1", "ws_9"), 404),
        (format!("{second}0"), 404),
    ] {
        let answer = house.call(&address, &body, None).await;
        assert_eq!(answer.status, status, "{address}: {}", answer.text);
    }
    let shown = house.own(1, &format!("GET {JOURNEYS}/shipped"), "").await;
    assert!(!shown.text.contains(&secret), "it is shown once");
    let stored = house.workspace(1).store();
    let hooks = stored
        .documents(landfall_store::DocumentKind::JourneyHook)
        .expect("reads");
    assert_eq!(hooks.len(), 1);
    assert!(!hooks[0].body.contains(&secret), "only a hash is stored");
    house.define(&journey(&json!("api"))).await;
    let other = house.call(&second, &body, None).await;
    assert_eq!(other.json()["error"]["code"], "other_trigger");
}

#[tokio::test]
async fn what_is_no_call_is_refused_with_its_reason() {
    let house = House::open();
    house.define(&journey(&json!("webhook"))).await;
    house.launch().await;
    let address = house.address().await;
    let send = |body: Vec<u8>, key: &str| {
        let call = request(&format!("POST {address}")).header("idempotency-key", key);
        let call: Request<_> = call.body(body.into()).expect("a request");
        house.send(call)
    };
    assert_eq!(send(b"{".to_vec(), "k").await.status, 400);
    assert_eq!(send(b"{}".to_vec(), &"k".repeat(201)).await.status, 400);
    let large = json!({"id": "ann", "note": "x".repeat(128 << 10)});
    assert_eq!(send(large.to_string().into_bytes(), "k").await.status, 413);
    let got = house
        .send(
            request(&format!("GET {address}"))
                .body("".into())
                .expect("a request"),
        )
        .await;
    assert_eq!(got.status, 405);
    assert_eq!(house.rejected(1).await.len(), 3);
}
