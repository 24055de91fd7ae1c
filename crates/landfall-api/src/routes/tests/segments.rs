//! Segments through Landfall's own API, and what the Track API may do to them.

use landfall_engine::segments::Builder;

use super::*;

const PATH: &str = "/landfall/v1/segments";

impl House {
    async fn segment(&self, call: &str, body: &Value) -> Answer {
        self.own(1, call, body.to_string()).await
    }

    async fn made(&self, body: Value) -> Value {
        let answer = self.segment(&format!("POST {PATH}"), &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let builder = Builder::new(self.workspace(1).clone());
        builder.drain().await.unwrap();
        answer.json()
    }

    async fn read(&self, below: &str) -> Value {
        let answer = self.own(1, &format!("GET {PATH}{below}"), "").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    async fn people(&self) {
        for (id, plan) in [("ann", "gold"), ("ben", "gold"), ("cleo", "free")] {
            let call = format!("PUT /api/v1/customers/{id}");
            let body = json!({"email": format!("{id}@shop.example"), "plan": plan});
            assert_eq!(self.track(&call, body.to_string()).await.status, 200);
        }
    }
}

fn gold() -> Value {
    json!({"attribute": "plan", "is": "gold"})
}

#[tokio::test]
async fn a_data_driven_segment_is_made_read_changed_and_deleted() {
    let house = House::open();
    house.people().await;
    let made = house
        .made(json!({"name": "Gold", "description": "who pays", "condition": gold()}))
        .await;
    assert_eq!(made["number"], 1);
    assert_eq!(made["building"], 0, "nobody was looked at yet");
    let shown = house.read("/gold").await;
    assert_eq!(shown["kind"], "data_driven");
    assert_eq!(shown["members"], 2);
    assert_eq!(shown["building"], Value::Null);
    assert_eq!(shown["condition"], gold());
    assert!(shown["in_words"].as_str().unwrap().contains("plan"));
    assert_eq!(shown["journeys"], json!([]));
    let list = house.read("").await;
    assert_eq!(list["segments"][0]["name"], "Gold");

    let page = house.read("/1/members?limit=1").await;
    assert_eq!(page["members"][0]["id"], "ann");
    let rest = house
        .read(&format!("/1/members?after={}", page["next"]))
        .await;
    assert_eq!(rest["members"][0]["email"], "ben@shop.example");
    assert_eq!(rest["next"], Value::Null);

    let changed = json!({"condition": {"attribute": "plan", "is": "free"}});
    let answer = house.segment(&format!("PUT {PATH}/1"), &changed).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["name"], "Gold", "what is left out stays");
    Builder::new(house.workspace(1).clone())
        .drain()
        .await
        .unwrap();
    assert_eq!(house.read("/1/members").await["members"][0]["id"], "cleo");

    let answer = house.own(1, &format!("DELETE {PATH}/1"), "").await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
    assert_eq!(house.read("").await, json!({"segments": []}));
    let store = house.workspace(1).store();
    assert_eq!(store.member_count(1).unwrap(), 0);
    let gone = house.own(1, &format!("GET {PATH}/1"), "").await;
    assert_eq!(gone.status, 404);
}

/// What cannot be made: the call, the status, the code, and the place that is wrong.
fn impossible() -> Vec<(Value, u16, &'static str, &'static str)> {
    vec![
        (
            json!({"name": "x", "condition": {"attribute": "plan", "iz": 1}}),
            422,
            "definition_invalid",
            "condition.iz",
        ),
        (
            json!({"name": "x", "condition": {"segment": 9}}),
            422,
            "definition_invalid",
            "condition",
        ),
        (json!({"name": " "}), 400, "invalid_parameter", "name"),
        (json!({"name": "17"}), 400, "invalid_parameter", "name"),
        (
            json!({"condition": gold()}),
            400,
            "invalid_parameter",
            "name",
        ),
        (
            json!({"built_in": "lapsd"}),
            400,
            "invalid_parameter",
            "built_in",
        ),
        (
            json!({"built_in": "lapsed", "condition": gold()}),
            400,
            "invalid_parameter",
            "built_in",
        ),
        (
            json!({"built_in": "has_token", "window": "3d"}),
            400,
            "invalid_parameter",
            "window",
        ),
        (
            json!({"name": "x", "window": "3d"}),
            400,
            "invalid_parameter",
            "window",
        ),
        (
            json!({"built_in": "lapsed", "window": "a while"}),
            422,
            "definition_invalid",
            "condition.active.older_than",
        ),
    ]
}

#[tokio::test]
async fn what_is_wrong_with_a_segment_is_said_with_its_place_and_nothing_is_stored() {
    let house = House::open();
    house.made(json!({"name": "friends"})).await;
    for (body, status, code, field) in impossible() {
        let answer = house.segment(&format!("POST {PATH}"), &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        let error = &answer.json()["error"];
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!(code), &json!(field)),
            "{body}"
        );
    }
    let list = house.read("").await;
    assert_eq!(list["segments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_is_taken_once_a_kind_stays_and_a_check_stores_nothing() {
    let house = House::open();
    house.made(json!({"name": "friends"})).await;
    let taken = house
        .segment(&format!("POST {PATH}"), &json!({"name": "Friends"}))
        .await;
    assert_eq!(
        (taken.status.as_u16(), &taken.json()["error"]["code"]),
        (409, &json!("conflict"))
    );
    let kind = house
        .segment(&format!("PUT {PATH}/1"), &json!({"condition": gold()}))
        .await;
    assert_eq!(kind.status, 409, "{}", kind.text);
    let check = format!("POST {PATH}?check=true");
    let checked = house
        .segment(&check, &json!({"name": "Gold", "condition": gold()}))
        .await;
    assert_eq!(checked.said(), (200, json!({"valid": true})));
    assert_eq!(
        house.read("").await["segments"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn built_in_segments_are_taken_by_name_with_another_window() {
    let house = House::open();
    let answer = house
        .own(1, "GET /landfall/v1/built-in-segments", "")
        .await
        .json();
    let built_in = answer["built_in"].as_array().unwrap();
    let lapsed = built_in.iter().find(|one| one["name"] == "lapsed").unwrap();
    assert_eq!(lapsed["window"], "30d");
    assert!(lapsed["meaning"].as_str().unwrap().ends_with('.'));
    for one in built_in {
        house.made(json!({"built_in": one["name"]})).await;
    }
    let wider = house
        .made(json!({"name": "Long gone", "built_in": "lapsed", "window": "90d"}))
        .await;
    assert_eq!(wider["condition"], json!({"active": {"older_than": "90d"}}));
    let list = house.read("").await;
    assert_eq!(
        list["segments"].as_array().unwrap().len(),
        built_in.len() + 1
    );
    assert_eq!(
        house.read("/lapsed").await["description"],
        lapsed["meaning"]
    );
}

#[tokio::test]
async fn a_person_is_told_why_and_the_counts_are_kept() {
    let house = House::open();
    house.people().await;
    house
        .made(json!({"name": "Gold", "condition": gold()}))
        .await;
    let ann = house.read("/Gold/explain?person=ann").await;
    assert_eq!(ann["is_member"], true);
    assert_eq!(ann["is_visitor"], false);
    assert!(ann["since_ms"].is_i64());
    assert_eq!(ann["explanation"]["holds"], true);
    assert_eq!(ann["explanation"]["saw"], "gold");
    let cleo = house
        .read("/Gold/explain?person=cleo@shop.example&id_type=email")
        .await;
    assert_eq!(
        (&cleo["is_member"], &cleo["explanation"]["saw"]),
        (&json!(false), &json!("free"))
    );
    for (query, status) in [("person=nobody", 404), ("", 400)] {
        let call = format!("GET {PATH}/Gold/explain?{query}");
        assert_eq!(house.own(1, &call, "").await.status, status, "{query}");
    }
    assert_eq!(house.read("/1/counts").await["hours"], json!([]));
    house.workspace(1).count_segments().await.unwrap();
    let counts = house.read("/1/counts").await;
    assert_eq!(counts["hours"][0]["members"], 2);
    assert_eq!(counts["days"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_journey_uses_is_not_deleted_and_the_journey_is_named() {
    let house = House::open();
    house
        .made(json!({"name": "Gold", "condition": gold()}))
        .await;
    let journey = json!({
        "id": "thanks", "name": "Thanks", "trigger": {"segment_entered": 1},
        "entry": {"frequency": "every_time"},
        "steps": [{"id": "wait", "delay": "1h"}],
    });
    let applied = house.segment("POST /landfall/v1/journeys", &journey).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
    let refused = house.own(1, &format!("DELETE {PATH}/Gold"), "").await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    let error = &refused.json()["error"];
    assert_eq!(error["code"], "conflict");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("journey `thanks`"),
        "{error}"
    );
    assert_eq!(house.read("/Gold").await["journeys"], json!(["thanks"]));
    let used_by = house.own(1, "GET /v1/segments/1/used_by", "").await.json();
    assert_eq!(used_by["used_by"]["campaigns"], json!([1]));
}

#[tokio::test]
async fn the_track_api_edits_only_segments_that_are_kept_by_hand() {
    let house = House::open();
    house.people().await;
    house
        .made(json!({"name": "Gold", "condition": gold()}))
        .await;
    house.made(json!({"name": "friends"})).await;
    let ids = r#"{"ids":["cleo"]}"#;
    for change in ["add_customers", "remove_customers"] {
        let call = format!("POST /api/v1/segments/1/{change}");
        let answer = house.track(&call, ids).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        let says_what_to_do = answer.text.contains("/landfall/v1/segments");
        assert!(says_what_to_do, "{}", answer.text);
    }
    assert_eq!(house.rejected(1).await.len(), 2);
    let call = "POST /api/v1/segments/2/add_customers";
    assert_eq!(house.track(call, ids).await.status, 200);
    assert_eq!(house.read("/1").await["members"], 2);
    assert_eq!(house.read("/friends").await["members"], 1);
    assert_eq!(house.read("/friends").await["kind"], "manual");
}
