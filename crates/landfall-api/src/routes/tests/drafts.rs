//! What an editor of journeys asks: previews of messages, versions, and where people stand.

use landfall_engine::segments::Builder;

use super::*;

const PREVIEW: &str = "POST /landfall/v1/preview";

fn journey(title: &str) -> Value {
    json!({
        "id": "welcome", "name": "Welcome", "trigger": "api",
        "steps": [{"id": "day", "delay": "1d"}, {"id": "hello", "push": {"title": title},
            "name": {"step": "Push 1", "delay": "1d", "intent": "Greet"}}]
    })
}

#[tokio::test]
async fn a_message_that_is_being_written_is_shown_with_the_data_of_a_person() {
    let house = House::open();
    let ann = json!({"first_name": "Ann"}).to_string();
    let stored = house.track("PUT /api/v1/customers/ann", ann).await;
    assert_eq!(stored.status, 200);
    let draft = |title: &str| {
        json!({"content": {"channel": "push", "title": title, "link": "{{ event.url }}"},
            "identifiers": {"id": "ann"}, "data": {"url": "https://shop.example/c", "failure": {"reason": "no_device"}}})
    };
    let shown = |draft: Value| house.own(1, PREVIEW, draft.to_string());
    let (status, preview) = shown(draft("{{ customer.first_name }}: {{ failure.reason }}"))
        .await
        .said();
    assert_eq!(status, 200, "{preview}");
    assert_eq!(preview["content"]["title"], "Ann: no_device");
    assert_eq!(preview["content"]["link"], "https://shop.example/c");
    let reads = ["customer.first_name", "event.url", "failure.reason"];
    assert_eq!(preview["reads"], json!(reads));

    let (status, lacking) = shown(draft("{{ customer.surname }}")).await.said();
    assert_eq!((status, &lacking["content"]), (200, &Value::Null));
    assert_eq!(lacking["reason"], "render_missing_value");
    assert!(
        lacking["message"]
            .as_str()
            .expect("says why")
            .contains("customer.surname"),
        "{lacking}"
    );

    let (status, broken) = shown(draft("{{ customer.first_name")).await.said();
    assert_eq!(
        (status, &broken["error"]["field"]),
        (400, &json!("content.title")),
        "{broken}"
    );
    let mut nobody = draft("Hello");
    nobody["identifiers"] = json!({"id": "nobody"});
    assert_eq!(shown(nobody).await.status, 404);
}

#[tokio::test]
async fn old_versions_of_a_journey_say_what_they_said() {
    let house = House::open();
    for title in ["Hello", "Good day"] {
        let body = journey(title).to_string();
        let applied = house.own(1, "POST /landfall/v1/journeys", body).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        Builder::new(house.workspace(1).clone())
            .drain()
            .await
            .expect("builds");
    }
    let get = |path: &'static str| house.own(1, path, "");
    let list = get("GET /landfall/v1/journeys/welcome/versions")
        .await
        .json();
    let versions = list["versions"].as_array().expect("a list");
    let numbers: Vec<_> = versions.iter().map(|version| &version["version"]).collect();
    assert_eq!(numbers, [2, 1]);
    assert!(versions[0].get("definition").is_none());
    let (status, first) = get("GET /landfall/v1/journeys/Welcome/versions/1")
        .await
        .said();
    assert_eq!(status, 200);
    assert_eq!(first["definition"]["steps"][1]["push"]["title"], "Hello");
    for path in [
        "GET /landfall/v1/journeys/welcome/versions/3",
        "GET /landfall/v1/journeys/none/versions",
    ] {
        assert_eq!(get(path).await.status, 404, "{path}");
    }
    let waiting = get("GET /landfall/v1/journeys/welcome/waiting")
        .await
        .json();
    assert_eq!(
        waiting,
        json!({"running": 0, "at_the_door": 0, "steps": [], "unknown": 0, "complete": true})
    );
}

#[tokio::test]
async fn a_draft_is_forecast_without_being_stored() {
    let house = House::open();
    let draft = journey("Hello");
    let forecast = |body: Value| house.own(1, "POST /landfall/v1/forecast", body.to_string());
    let (status, told) = forecast(draft.clone()).await.said();
    assert_eq!((status, &told["version"]), (200, &json!(1)), "{told}");
    assert_eq!(told["qualified"]["people"], 0);
    let mut faulty = draft;
    faulty["steps"][0]["delay"] = json!("soon");
    let (status, told) = forecast(faulty).await.said();
    assert_eq!(
        (status, &told["error"]["faults"][0]["path"]),
        (422, &json!("steps[0].delay")),
        "{told}"
    );
    let list = house.own(1, "GET /landfall/v1/journeys", "").await.json();
    assert_eq!(list["journeys"], json!([]));
}
