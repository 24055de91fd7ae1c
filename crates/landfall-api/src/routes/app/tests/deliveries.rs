use landfall_domain::channel::Channel;
use landfall_domain::input::DeliveryReport;
use landfall_domain::marks::Mark;
use landfall_domain::message::{MessageRef, SourceKind};
use serde_json::{Value, json};

use super::shop::{DAY, NOW, Shop, push, report, to_device};

const HOUR: i64 = 3_600;

fn email(newsletter: u64, delivery: &str, marks: &[(Mark, i64)]) -> DeliveryReport {
    let message = MessageRef {
        source: SourceKind::Newsletter,
        source_id: newsletter,
        step_id: None,
        parent_step_id: None,
        variant_id: Some(3),
        channel: Channel::Email,
    };
    report(message, delivery, "u2", marks)
}

async fn shop() -> Shop {
    let shop = Shop::open();
    shop.identify("u1", json!({ "email": "ann@shop.example" }))
        .await;
    shop.identify("u2", json!({ "email": "bob@shop.example" }))
        .await;
    shop.device("u1", "token-1").await;
    let at = NOW - DAY;
    let mut sent = push(
        "dgOq6QWq==",
        "u1",
        &[(Mark::Created, at), (Mark::Sent, at + 2)],
    );
    sent.recipients = vec![to_device("token-1", None)];
    sent.subject = Some("Your cart".to_owned());
    sent.content = Some("<p>Still here</p>".to_owned());
    sent.run = Some("run-1".to_owned());
    shop.report(sent).await;
    shop.report(push("d2", "u1", &[(Mark::Opened, at + HOUR)]))
        .await;
    let mut bounced = push(
        "d3",
        "u2",
        &[(Mark::Created, at + 10), (Mark::Bounced, at + 12)],
    );
    bounced.recipients = vec![to_device("token-9", Some("BadDeviceToken"))];
    shop.report(bounced).await;
    let at = NOW - 40 * DAY;
    shop.report(email(8, "e1", &[(Mark::Created, at), (Mark::Sent, at + 1)]))
        .await;
    shop.report(email(
        8,
        "e2",
        &[(Mark::Created, at + 5), (Mark::Drafted, at + 5)],
    ))
    .await;
    shop
}

async fn ids(shop: &Shop, path: &str) -> Vec<String> {
    let answer = shop.get(path).await;
    let messages = answer["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|message| message["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_message_tells_everything_about_a_delivery() {
    let shop = shop().await;
    let answer = shop.get("/v1/messages/dgOq6QWq%3D%3D").await;
    let message = &answer["message"];
    let at = NOW - DAY;
    let expected = json!({
        "id": "dgOq6QWq==",
        "deduplicate_id": format!("dgOq6QWq==:{}", at + 2),
        "type": "push",
        "customer_id": "u1",
        "customer_identifiers": {
            "id": "u1",
            "email": "ann@shop.example",
            "cio_id": message["customer_identifiers"]["cio_id"],
        },
        "recipient": "token-1",
        "subject": "Your cart",
        "metrics": { "created": at, "sent": at + 2 },
        "created": at,
        "failure_message": null,
        "campaign_id": 31,
        "broadcast_id": null,
        "newsletter_id": null,
        "transactional_message_id": null,
        "action_id": 12,
        "parent_action_id": null,
        "content_id": null,
        "message_template_id": null,
        "msg_template_id": null,
        "trigger_event_id": null,
        "trigger_id": null,
        "forgotten": false,
    });
    assert_eq!(*message, expected);

    let failed = shop.get("/v1/messages/d3").await;
    assert_eq!(failed["message"]["failure_message"], "BadDeviceToken");
    assert_eq!(failed["message"]["forgotten"], true);
    assert!(failed["message"]["metrics"]["bounced"].is_i64());

    // An open proves that the message was delivered and sent.
    let opened = shop.get("/v1/messages/d2").await;
    let metrics = opened["message"]["metrics"].as_object().unwrap();
    let names: Vec<&String> = metrics.keys().collect();
    assert_eq!(names, ["created", "delivered", "opened", "sent"]);

    let archived = shop
        .get("/v1/messages/dgOq6QWq%3D%3D/archived_message")
        .await;
    assert_eq!(archived["archived_message"]["body"], "<p>Still here</p>");
    let both = shop
        .get("/v1/messages/dgOq6QWq%3D%3D?archived_message=true")
        .await;
    assert_eq!(both["archived_message"], archived["archived_message"]);
    assert_eq!(shop.refused("/v1/messages/nothing").await.0, 404);
    assert_eq!(
        shop.refused("/v1/messages/d3/archived_message").await.0,
        404
    );
}

#[tokio::test]
async fn every_filter_narrows_the_list() {
    let shop = shop().await;
    let all = ["d2", "d3", "dgOq6QWq==", "e1"];
    assert_eq!(
        ids(&shop, "/v1/messages").await,
        all,
        "newest first, without drafts"
    );
    let table: [(&str, &[&str]); 16] = [
        ("drafts=true", &["d2", "d3", "dgOq6QWq==", "e2", "e1"]),
        ("type=push", &["d2", "d3", "dgOq6QWq=="]),
        ("type=twilio", &[]),
        ("metric=sent", &["d2", "dgOq6QWq==", "e1"]),
        ("metric=opened", &["d2"]),
        ("metric=bounced", &["d3"]),
        ("metric=failed", &[]),
        ("metric=drafted", &["e2"]),
        ("campaign_id=31", &["d2", "d3", "dgOq6QWq=="]),
        ("campaign_id=8", &[]),
        ("newsletter_id=8", &["e1"]),
        ("action_id=12", &["d2", "d3", "dgOq6QWq=="]),
        ("content_id=3", &["e1"]),
        ("transactional_id=31", &[]),
        (
            "campaign_id=31&metric=sent&type=push",
            &["d2", "dgOq6QWq=="],
        ),
        ("trigger_id=5", &[]),
    ];
    for (query, expected) in table {
        assert_eq!(
            ids(&shop, &format!("/v1/messages?{query}")).await,
            expected,
            "{query}"
        );
    }
    for query in [
        "type=fax",
        "metric=read",
        "campaign_id=x",
        "drafts=maybe",
        "limit=0",
        "start=x",
    ] {
        assert_eq!(
            shop.refused(&format!("/v1/messages?{query}")).await.0,
            400,
            "{query}"
        );
    }
}

#[tokio::test]
async fn the_window_is_six_months_of_creation_time() {
    let shop = shop().await;
    let since = format!("/v1/messages?start_ts={}", NOW - 2 * DAY);
    assert_eq!(ids(&shop, &since).await, ["d2", "d3", "dgOq6QWq=="]);
    let until = format!("/v1/messages?end_ts={}", NOW - 2 * DAY);
    assert_eq!(ids(&shop, &until).await, ["e1"]);
    let exact = NOW - DAY;
    let exact = format!("/v1/messages?start_ts={exact}&end_ts={exact}");
    assert_eq!(
        ids(&shop, &exact).await,
        ["dgOq6QWq=="],
        "both ends belong to the window"
    );
    let too_long = format!("/v1/messages?start_ts={}&end_ts={NOW}", NOW - 190 * DAY);
    assert_eq!(shop.refused(&too_long).await.0, 400);
    let backwards = format!("/v1/messages?start_ts={NOW}&end_ts={}", NOW - DAY);
    assert_eq!(shop.refused(&backwards).await.0, 400);
    let later = Shop::open();
    let old = NOW - 200 * DAY;
    later
        .report(push(
            "old",
            "u1",
            &[(Mark::Created, old), (Mark::Sent, old)],
        ))
        .await;
    assert_eq!(ids(&later, "/v1/messages").await, [""; 0]);
    let then = format!("/v1/messages?start_ts={}&end_ts={}", old - DAY, old + DAY);
    assert_eq!(ids(&later, &then).await, ["old"]);
}

#[tokio::test]
async fn pages_follow_each_other_without_gap() {
    let shop = Shop::open();
    let mut expected = Vec::new();
    for number in 0..25 {
        // Five deliveries share each second.
        let at = NOW - DAY + number / 5;
        let id = format!("d{number:02}");
        shop.report(push(&id, "u1", &[(Mark::Created, at), (Mark::Sent, at)]))
            .await;
        expected.insert(0, id);
    }
    let mut seen: Vec<String> = Vec::new();
    let mut start = String::new();
    loop {
        let page = shop
            .get(&format!("/v1/messages?limit=7&start={start}"))
            .await;
        let messages = page["messages"].as_array().unwrap();
        assert!(messages.len() <= 7);
        seen.extend(
            messages
                .iter()
                .map(|m| m["id"].as_str().unwrap().to_owned()),
        );
        start = page["next"].as_str().unwrap().to_owned();
        if start.is_empty() {
            break;
        }
    }
    assert_eq!(seen, expected);
    assert_eq!(shop.get("/v1/messages?limit=25").await["next"], "");
}

#[tokio::test]
async fn people_and_sources_have_their_own_lists() {
    let shop = shop().await;
    assert_eq!(
        ids(&shop, "/v1/customers/u1/messages").await,
        ["d2", "dgOq6QWq=="]
    );
    assert_eq!(
        ids(&shop, "/v1/customers/u2/messages?type=email").await,
        ["e1"]
    );
    assert_eq!(shop.refused("/v1/customers/nobody/messages").await.0, 404);
    assert_eq!(
        ids(&shop, "/v1/campaigns/31/messages?metric=opened").await,
        ["d2"]
    );
    assert_eq!(ids(&shop, "/v1/newsletters/8/messages").await, ["e1"]);
    assert_eq!(shop.refused("/v1/campaigns/8/messages").await.0, 404);
}

#[tokio::test]
async fn sources_appear_by_number_and_get_their_names_later() {
    let shop = shop().await;
    let first = shop.get("/v1/campaigns").await;
    let at = NOW - DAY;
    assert_eq!(
        first["campaigns"],
        json!([{
            "id": 31,
            "deduplicate_id": format!("31:{}", at + HOUR),
            "name": "Campaign 31",
            "tags": [],
            "created": at,
            "updated": at + HOUR,
            "active": true,
            "state": "running",
            "actions": [{ "id": 12, "type": "push" }],
            "first_started": at,
            "filter_segment_ids": [],
            "trigger_segment_ids": [],
        }])
    );
    shop.name(SourceKind::Campaign, 31, None, "Cart Recovery")
        .await;
    shop.name(
        SourceKind::Campaign,
        31,
        Some(12),
        "Cart Recovery | Push 1 | 1h | Remind",
    )
    .await;
    let one = shop.get("/v1/campaigns/31").await;
    assert_eq!(one["campaign"]["name"], "Cart Recovery");
    assert_eq!(one["campaign"]["created"], at);
    let actions = shop.get("/v1/campaigns/31/actions").await;
    assert_eq!(
        actions["actions"][0]["name"],
        "Cart Recovery | Push 1 | 1h | Remind"
    );
    assert_eq!(actions["actions"][0]["campaign_id"], 31);
    let action = shop.get("/v1/campaigns/31/actions/12").await;
    assert_eq!(action["action"], actions["actions"][0]);
    assert_eq!(shop.refused("/v1/campaigns/31/actions/13").await.0, 404);
    assert_eq!(shop.refused("/v1/campaigns/8").await.0, 404);

    let newsletters = shop.get("/v1/newsletters").await;
    assert_eq!(newsletters["newsletters"][0]["name"], "Newsletter 8");
    assert_eq!(newsletters["newsletters"][0]["content_ids"], json!([3]));
    assert_eq!(newsletters["newsletters"][0]["sent_at"], NOW - 40 * DAY);
    assert_eq!(newsletters["next"], "");
    let contents = shop.get("/v1/newsletters/8/contents").await;
    assert_eq!(contents["contents"][0]["newsletter_id"], 8);
    assert_eq!(
        shop.get("/v1/newsletters/8/contents/3").await["content"]["type"],
        "email"
    );
    assert_eq!(
        shop.get("/v1/broadcasts").await,
        json!({ "broadcasts": [] })
    );
    assert_eq!(
        shop.get("/v1/transactional").await,
        json!({ "messages": [] })
    );
}

#[tokio::test]
async fn triggers_of_broadcasts_are_those_that_reports_name() {
    let shop = Shop::open();
    let message = MessageRef {
        source: SourceKind::Broadcast,
        source_id: 5,
        step_id: Some(1),
        parent_step_id: None,
        variant_id: None,
        channel: Channel::Push,
    };
    for (id, trigger, at) in [
        ("b1", 9, NOW - 50),
        ("b2", 9, NOW - 60),
        ("b3", 10, NOW - 5),
    ] {
        let mut sent = report(
            message.clone(),
            id,
            "u1",
            &[(Mark::Created, at), (Mark::Sent, at)],
        );
        sent.trigger_id = Some(trigger);
        shop.report(sent).await;
    }
    let triggers = shop.get("/v1/broadcasts/5/triggers").await;
    let trigger = |id: u64, at: i64| json!({ "id": id, "broadcast_id": 5, "created_at": at });
    let mut found: Vec<Value> = triggers["triggers"].as_array().unwrap().clone();
    found.sort_by_key(|trigger| trigger["id"].as_u64());
    assert_eq!(found, [trigger(9, NOW - 60), trigger(10, NOW - 5)]);
    assert_eq!(
        shop.get("/v1/campaigns/5/triggers/9").await,
        trigger(9, NOW - 60)
    );
    let errors = shop.get("/v1/campaigns/5/triggers/9/errors").await;
    assert_eq!(errors["errors"], json!([]));
    assert_eq!(shop.refused("/v1/campaigns/5/triggers/11").await.0, 404);
    assert_eq!(ids(&shop, "/v1/messages?trigger_id=9").await, ["b1", "b2"]);
    assert_eq!(
        ids(&shop, "/v1/messages?trigger_id=9&limit=1").await,
        ["b1"]
    );
}

#[tokio::test]
async fn transactional_messages_answer_to_number_and_name() {
    let shop = Shop::open();
    let message = MessageRef {
        source: SourceKind::Transactional,
        source_id: 44,
        step_id: None,
        parent_step_id: None,
        variant_id: None,
        channel: Channel::Sms,
    };
    let marks = [(Mark::Created, NOW - 9), (Mark::Failed, NOW - 8)];
    shop.report(report(message, "t1", "u1", &marks)).await;
    shop.name(SourceKind::Transactional, 44, None, "Order shipped")
        .await;
    let one = shop.get("/v1/transactional/44").await;
    assert_eq!(one["message"]["name"], "Order shipped");
    assert_eq!(one["message"]["created_at"], NOW - 9);
    assert_eq!(shop.get("/v1/transactional/order%20SHIPPED").await, one);
    assert_eq!(
        ids(&shop, "/v1/transactional/44/messages?state=failed").await,
        ["t1"]
    );
    assert_eq!(
        ids(&shop, "/v1/transactional/44/messages?state=sent").await,
        [""; 0]
    );
    assert_eq!(ids(&shop, "/v1/transactional/44/deliveries").await, ["t1"]);
    let message = shop.get("/v1/messages/t1").await["message"].clone();
    assert_eq!(
        (&message["type"], &message["msg_template_id"]),
        (&json!("twilio"), &json!(44))
    );
    assert_eq!(
        shop.refused("/v1/transactional/44/messages?state=lost")
            .await
            .0,
        400
    );
}
