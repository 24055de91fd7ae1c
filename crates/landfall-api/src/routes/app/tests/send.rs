//! Sends by call, definitions, triggers, and what a human does to single messages.

use landfall_domain::status::{Outcome, outcome};
use serde_json::{Value, json};

use super::shop::{NOW, Shop};

async fn define(shop: &Shop, kind: &str, number: u64, body: Value) -> Value {
    let path = format!("/landfall/v1/{kind}/{number}");
    let (status, answer) = shop.call("PUT", &path, Some(body)).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

fn welcome() -> Value {
    json!({ "name": "Welcome", "trigger_name": "welcome", "content": {
        "channel": "push", "title": "Hi {{ customer.first_name | default: 'you' }}",
        "body": "{{ trigger.text }}", "link": "shop://home" } })
}

async fn refused(shop: &Shop, path: &str, body: Value) -> (u16, String) {
    let (status, answer) = shop.call("POST", path, Some(body)).await;
    let said = answer["meta"]["error"].as_str();
    (
        status.as_u16(),
        said.unwrap_or_else(|| panic!("{answer}")).to_owned(),
    )
}

#[tokio::test]
async fn a_push_by_call_becomes_a_delivery_that_waits_for_its_devices() {
    let shop = Shop::open();
    shop.identify("u1", json!({ "first_name": "Ann" })).await;
    shop.device("u1", "tok1").await;
    define(&shop, "transactional", 44, welcome()).await;
    for named in [json!(44), json!("44"), json!("WELCOME"), json!("Welcome")] {
        let body = json!({ "identifiers": { "id": "u1" }, "transactional_message_id": named,
            "message_data": { "text": "hello" }, "title": "Over" });
        let answer = shop.post("/v1/send/push", body).await;
        assert_eq!(answer["queued_at"], NOW);
        let id = answer["delivery_id"].as_str().expect("an id");
        let message = shop.get(&format!("/v1/messages/{id}")).await;
        assert_eq!(message["message"]["type"], "push");
        let delivery = shop
            .workspace()
            .store()
            .delivery(id)
            .unwrap()
            .expect("a delivery");
        assert_eq!(outcome(&delivery), Outcome::Pending);
        assert_eq!(delivery.targets.len(), 1);
        let work = shop.workspace().store().works_of(delivery.key).unwrap();
        assert_eq!(work[0].order.content.subject(), Some("Over"));
    }
    let listed = shop.get("/v1/transactional/44").await;
    assert_eq!(listed["message"]["name"], "Welcome");
}

#[tokio::test]
async fn whoever_has_no_device_gets_a_delivery_that_says_so() {
    let shop = Shop::open();
    shop.identify("u1", json!({})).await;
    define(&shop, "transactional", 1, welcome()).await;
    let body = json!({ "identifiers": { "id": "u1" }, "transactional_message_id": 1 });
    let answer = shop.post("/v1/send/push", body).await;
    let id = answer["delivery_id"].as_str().expect("an id");
    let message = shop.get(&format!("/v1/messages/{id}")).await;
    assert!(
        message["message"]["metrics"]["undeliverable"].is_i64(),
        "{message}"
    );
}

#[tokio::test]
async fn scheduled_sends_and_drafts_wait() {
    let shop = Shop::open();
    shop.identify("u1", json!({})).await;
    shop.device("u1", "tok1").await;
    define(&shop, "transactional", 1, welcome()).await;
    let later = json!({ "identifiers": { "id": "u1" }, "transactional_message_id": 1, "send_at": NOW + 600 });
    let answer = shop.post("/v1/send/push", later).await;
    assert_eq!(answer["send_at"], NOW + 600);
    let draft = json!({ "identifiers": { "id": "u1" }, "transactional_message_id": 1, "queue_draft": true });
    let answer = shop.post("/v1/send/push", draft).await;
    let id = answer["delivery_id"].as_str().expect("an id").to_owned();
    let held = shop
        .workspace()
        .store()
        .delivery(&id)
        .unwrap()
        .expect("a delivery");
    assert_eq!(outcome(&held), Outcome::Held);
    let path = format!("/landfall/v1/deliveries/{id}/release");
    let (status, _) = shop.call("POST", &path, None).await;
    assert_eq!(status, 200);
    let (status, again) = shop.call("POST", &path, None).await;
    assert_eq!(
        (status.as_u16(), &again["error"]["code"]),
        (409, &json!("conflict"))
    );
    let path = format!("/landfall/v1/deliveries/{id}/cancel");
    let (status, _) = shop.call("POST", &path, None).await;
    assert_eq!(status, 200);
    let (status, _) = shop
        .call("POST", "/landfall/v1/deliveries/none/cancel", None)
        .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn mails_and_text_messages_go_to_addresses() {
    let shop = Shop::open();
    shop.identify("u1", json!({ "email": "ann@shop.example" }))
        .await;
    let mail = json!({ "identifiers": { "id": "u1" }, "to": "{{customer.email}}, boss@shop.example",
        "from": "Shop <shop@shop.example>", "subject": "Receipt", "body": "<p>Thanks</p>" });
    let answer = shop.post("/v1/send/email", mail).await;
    let id = answer["delivery_id"].as_str().expect("an id");
    let delivery = shop
        .workspace()
        .store()
        .delivery(id)
        .unwrap()
        .expect("a delivery");
    assert_eq!(delivery.targets.len(), 2);
    let message = shop.get(&format!("/v1/messages/{id}")).await;
    assert_eq!(
        message["message"]["recipient"],
        "ann@shop.example, boss@shop.example"
    );
    let sms = json!({ "name": "Code", "content": { "channel": "sms", "body": "Code {{ trigger.code }}" } });
    define(&shop, "transactional", 7, sms).await;
    let text = json!({ "identifiers": { "id": "u1" }, "transactional_message_id": 7, "to": "+15550001111" });
    shop.post("/v1/send/sms", text).await;
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_words() {
    let shop = Shop::open();
    define(&shop, "transactional", 1, welcome()).await;
    let to_nobody = json!({ "transactional_message_id": 1 });
    assert_eq!(
        refused(&shop, "/v1/send/push", to_nobody).await,
        (400, "identifiers is required".to_owned())
    );
    let unknown = json!({ "identifiers": { "id": "u1" }, "transactional_message_id": "nope" });
    let (status, said) = refused(&shop, "/v1/send/push", unknown.clone()).await;
    assert_eq!(status, 400);
    assert!(
        said.starts_with("there is no transactional message `nope`"),
        "{said}"
    );
    let wrong =
        json!({ "identifiers": { "id": "u1" }, "transactional_message_id": 1, "to": "a@x.io" });
    let (status, said) = refused(&shop, "/v1/send/email", wrong).await;
    assert_eq!(
        (status, said.as_str()),
        (
            400,
            "transactional message `1` is a message by push, not email"
        )
    );
    assert_eq!(
        refused(&shop, "/v1/send/in_app", unknown.clone()).await.0,
        403
    );
    let mut made = unknown;
    made["auto_create"] = json!(true);
    shop.post("/v1/send/push", made).await;
    assert_eq!(
        shop.get("/v1/transactional/nope").await["message"]["name"],
        "nope"
    );
    let rejected = shop.get("/landfall/v1/rejected").await;
    assert!(
        rejected.to_string().contains("POST /v1/send/push"),
        "{rejected}"
    );
}

#[tokio::test]
async fn definitions_are_checked_listed_previewed_and_deleted() {
    let shop = Shop::open();
    shop.identify("u1", json!({ "first_name": "Ann" })).await;
    let defined = define(
        &shop,
        "broadcasts",
        12,
        json!({ "name": "Sale", "content": {
        "channel": "push", "title": "{{ customer.first_name }}: {{ trigger.headline }}" } }),
    )
    .await;
    assert_eq!(
        defined["reads"],
        json!(["customer.first_name", "trigger.headline"])
    );
    let preview = json!({ "identifiers": { "id": "u1" }, "data": { "headline": "Half price" } });
    let shown = shop
        .post("/landfall/v1/broadcasts/12/preview", preview)
        .await;
    assert_eq!(shown["content"]["title"], "Ann: Half price");
    let shown = shop
        .post("/landfall/v1/broadcasts/12/preview", json!({}))
        .await;
    assert_eq!(shown["reason"], "render_missing_value");
    assert!(
        shown["message"]
            .as_str()
            .unwrap()
            .starts_with("title, line 1: customer.first_name"),
        "{shown}"
    );
    for (body, field) in [
        (
            json!({ "name": "", "content": { "channel": "push" } }),
            "name",
        ),
        (
            json!({ "name": "x", "content": { "channel": "fax" } }),
            "content.channel",
        ),
        (
            json!({ "name": "x", "content": { "channel": "push", "title": "{% if %}" } }),
            "content.title",
        ),
        (
            json!({ "name": "x", "content": { "channel": "push" }, "to": "everything" }),
            "to",
        ),
        (
            json!({ "name": "x", "content": { "channel": "push" }, "audience": { "no": 1 } }),
            "audience",
        ),
    ] {
        let (status, answer) = shop
            .call("PUT", "/landfall/v1/broadcasts/13", Some(body))
            .await;
        assert_eq!(
            (status.as_u16(), &answer["error"]["field"]),
            (400, &json!(field)),
            "{answer}"
        );
    }
    let list = shop.get("/landfall/v1/broadcasts").await;
    assert_eq!(list["messages"].as_array().map(Vec::len), Some(1));
    let (status, _) = shop
        .call("DELETE", "/landfall/v1/broadcasts/12", None)
        .await;
    assert_eq!(status, 200);
    let (status, _) = shop.call("GET", "/landfall/v1/broadcasts/12", None).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_broadcast_is_triggered_and_tells_how_far_it_is() {
    let shop = Shop::open();
    for person in 0..5 {
        shop.identify(&format!("u{person}"), json!({ "plan": "pro" }))
            .await;
    }
    define(
        &shop,
        "broadcasts",
        12,
        json!({ "name": "Sale", "content": {
        "channel": "push", "title": "{{ trigger.headline }}" } }),
    )
    .await;
    let filter = json!({ "recipients": { "attribute": { "field": "plan", "operator": "eq", "value": "pro" } },
        "data": { "headline": "Now" } });
    let answer = shop.post("/v1/campaigns/12/triggers", filter).await;
    let number = answer["id"].as_u64().expect("a number");
    let path = format!("/v1/campaigns/12/triggers/{number}");
    assert_eq!(shop.get(&path).await["state"], "queued");
    let network = landfall_engine::credentials::Network::default();
    let broadcaster =
        landfall_engine::broadcast::Broadcaster::new(shop.workspace().clone(), network);
    while broadcaster.turn(shop.workspace().now()).await.unwrap()
        == landfall_engine::broadcast::Turned::Pages
    {}
    let told = shop.get(&path).await;
    assert_eq!(
        (&told["state"], &told["messages"]),
        (&json!("done"), &json!(5))
    );
    let list = shop.get("/v1/broadcasts/12/triggers").await;
    assert_eq!(list["triggers"].as_array().map(Vec::len), Some(1), "{list}");
    let missing = json!({ "ids": ["u1", "nobody"] });
    let answer = shop.post("/v1/campaigns/12/triggers", missing).await;
    while broadcaster.turn(shop.workspace().now()).await.unwrap()
        == landfall_engine::broadcast::Turned::Pages
    {}
    let errors = shop
        .get(&format!(
            "/v1/campaigns/12/triggers/{}/errors",
            answer["id"]
        ))
        .await;
    assert_eq!(errors["errors"], json!(["id nobody is not known"]));
    let twice = json!({ "ids": ["u1"], "emails": ["a@x.io"] });
    let (status, answer) = shop
        .call("POST", "/v1/campaigns/12/triggers", Some(twice))
        .await;
    assert_eq!(status, 422);
    assert_eq!(answer["errors"][0]["source"]["pointer"], "/data/emails");
    let (status, _) = shop
        .call("POST", "/v1/campaigns/99/triggers", Some(json!({})))
        .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_test_push_leaves_the_token_where_it_is() {
    let shop = Shop::open();
    shop.identify("u1", json!({})).await;
    shop.device("u1", "tok1").await;
    let answer = shop
        .post("/landfall/v1/test-sends", json!({ "token": "tok1" }))
        .await;
    let id = answer["delivery_id"].as_str().expect("an id");
    let delivery = shop
        .workspace()
        .store()
        .delivery(id)
        .unwrap()
        .expect("a delivery");
    assert_eq!(outcome(&delivery), Outcome::Pending);
    let attributes = shop.get("/v1/customers/u1/attributes").await;
    assert_eq!(
        attributes["customer"]["devices"].as_array().map(Vec::len),
        Some(1)
    );
    let stranger = json!({ "token": "aabb", "platform": "ios" });
    shop.post("/landfall/v1/test-sends", stranger).await;
    let tester = shop.get("/v1/customers/landfall-test/attributes").await;
    assert_eq!(tester["customer"]["devices"][0]["id"], "aabb");
}

#[tokio::test]
async fn contents_of_a_message_are_read_changed_and_translated() {
    let shop = Shop::open();
    define(&shop, "transactional", 44, welcome()).await;
    let contents = shop.get("/v1/transactional/44/contents").await;
    let first = &contents["contents"][0];
    assert_eq!((&first["id"], &first["type"]), (&json!(1), &json!("push")));
    assert_eq!(first["body"], "{{ trigger.text }}");
    let path = "/v1/transactional/44/content/1";
    let (status, changed) = shop
        .call("PUT", path, Some(json!({ "subject": "Hello" })))
        .await;
    assert_eq!(
        (status.as_u16(), &changed["content"]["subject"]),
        (200, &json!("Hello"))
    );
    assert_eq!(
        changed["content"]["body"], "{{ trigger.text }}",
        "what is not said stays"
    );
    let path = "/v1/transactional/welcome/language/fr";
    assert_eq!(shop.refused(path).await.0, 404);
    let (status, _) = shop
        .call("PUT", path, Some(json!({ "title": "Bonjour" })))
        .await;
    assert_eq!(status, 200);
    let french = shop.get(path).await;
    assert_eq!(
        (&french["content"]["subject"], &french["content"]["id"]),
        (&json!("Bonjour"), &json!(2))
    );
    let (status, answer) = shop
        .call("PUT", path, Some(json!({ "title": "{% if %}" })))
        .await;
    assert_eq!(status, 400);
    assert!(
        answer["meta"]["error"]
            .as_str()
            .unwrap()
            .starts_with("title, line 1"),
        "{answer}"
    );
    shop.identify("u1", json!({})).await;
    shop.device("u1", "tok1").await;
    let call =
        json!({ "identifiers": { "id": "u1" }, "transactional_message_id": 44, "language": "fr" });
    let id = shop.post("/v1/send/push", call).await["delivery_id"].clone();
    let delivery = shop
        .workspace()
        .store()
        .delivery(id.as_str().unwrap())
        .unwrap()
        .expect("a delivery");
    let work = shop.workspace().store().works_of(delivery.key).unwrap();
    assert_eq!(work[0].order.content.subject(), Some("Bonjour"));
}
