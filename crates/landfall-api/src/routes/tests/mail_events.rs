//! What providers and mail servers say about mails.

use super::house::request;
use super::*;

/// A house with a relay, and where its provider posts.
async fn house(more: Value) -> (House, String) {
    let house = House::open();
    let mut relay = json!({"provider": "smtp", "host": "127.0.0.1", "port": 9, "security": "plain",
        "from": "shop@shop.example"});
    relay
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().cloned().unwrap_or_default());
    let call = "PUT /landfall/v1/credentials/relay?unchecked=true";
    let added = house.own(1, call, relay.to_string()).await;
    assert_eq!(added.status, 200, "{}", added.text);
    let url = added.json()["events_url"]
        .as_str()
        .expect("an address")
        .to_owned();
    let path = url
        .strip_prefix("https://push.example.org")
        .expect("our address");
    (house, path.to_owned())
}

async fn mailed(house: &House) -> String {
    let person = json!({ "email": "ann@example.org" }).to_string();
    assert_eq!(
        house
            .track("PUT /api/v1/customers/ann", person)
            .await
            .status,
        200
    );
    let mail = json!({ "identifiers": { "id": "ann" }, "to": "ann@example.org",
        "from": "shop@shop.example", "subject": "Sale", "body": "<p>Come in</p>" });
    let sent = house
        .own(1, "POST /v1/send/email", mail.to_string())
        .await
        .json();
    sent["delivery_id"].as_str().expect("an id").to_owned()
}

async fn delivery(house: &House, id: &str) -> (Value, Value) {
    let trail = house.delivery(1, id).await;
    (
        trail["delivery"]["status"].clone(),
        trail["delivery"]["reason"].clone(),
    )
}

fn sendgrid(delivery: &str, event: &str, more: &Value) -> String {
    let mut object = json!({ "event": event, "email": "ann@example.org", "timestamp": house::NOW,
        "smtp-id": format!("<{delivery}@shop.example>"), "sg_event_id": event });
    object
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().cloned().unwrap_or_default());
    json!([object]).to_string()
}

#[tokio::test]
async fn events_of_every_provider_end_in_the_ledger() {
    let (house, path) = house(json!({})).await;
    let call = format!("POST {path}");
    let post = async |body: String| house.bare(&call, body).await.status.as_u16();
    let id = mailed(&house).await;
    assert_eq!(post(sendgrid(&id, "processed", &json!({}))).await, 200);
    let ses = json!({ "notificationType": "Delivery", "delivery": { "recipients": ["ann@example.org"] },
        "mail": { "messageId": "s1", "headers": [{ "name": "X-Landfall-Delivery-ID", "value": id }] } });
    let sns = json!({ "Type": "Notification", "Message": ses.to_string() });
    assert_eq!(post(sns.to_string()).await, 200);
    assert_eq!(delivery(&house, &id).await.0, "delivered");
    let open = json!({ "RecordType": "Open", "MessageID": "m1", "Recipient": "ann@example.org",
        "Metadata": { "landfall-delivery": id } });
    assert_eq!(post(open.to_string()).await, 200);
    assert_eq!(delivery(&house, &id).await.0, "opened");
    assert_eq!(post(sendgrid(&id, "spamreport", &json!({}))).await, 200);
    assert_eq!(delivery(&house, &id).await.0, "spammed");
}

#[tokio::test]
async fn a_bounce_says_why_and_is_the_same_when_it_comes_again() {
    let (house, path) = house(json!({})).await;
    let call = format!("POST {path}");
    let id = mailed(&house).await;
    let bounce = json!({ "type": "bounce", "reason": "550 5.1.1 no such user" });
    let body = sendgrid(&id, "bounce", &bounce);
    for _ in 0..2 {
        assert_eq!(house.bare(&call, body.clone()).await.status, 200);
    }
    assert_eq!(
        delivery(&house, &id).await,
        (json!("bounced"), json!("recipient_invalid"))
    );
    let trail = house.delivery(1, &id).await;
    let facts = trail["facts"].as_array().unwrap().iter();
    let bounced: Vec<&Value> = facts.filter(|fact| fact["mark"] == "bounced").collect();
    assert_eq!(bounced.len(), 1, "{trail}");
    assert_eq!(
        bounced[0]["detail"],
        "recipient_invalid: 550 5.1.1 no such user"
    );
}

#[tokio::test]
async fn a_report_by_mail_is_taken_as_it_came() {
    let (house, path) = house(json!({})).await;
    let id = mailed(&house).await;
    let mail = format!(
        "Message-ID: <r1@mx.example>\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; ann@example.org\r\nAction: failed\r\nStatus: 5.2.2\r\n\r\n--b\r\n\
         Content-Type: text/rfc822-headers\r\n\r\nX-Landfall-Delivery-ID: {id}\r\n\r\n--b--\r\n"
    );
    let mail = request(&format!("POST {path}"))
        .header("content-type", "message/rfc822")
        .body(mail.into())
        .unwrap();
    assert_eq!(house.send(mail).await.status, 200);
    assert_eq!(
        delivery(&house, &id).await,
        (json!("bounced"), json!("mailbox_full"))
    );
}

#[tokio::test]
async fn who_unsubscribes_at_the_provider_gets_no_more() {
    let (house, path) = house(json!({})).await;
    let id = mailed(&house).await;
    let body = sendgrid(&id, "unsubscribe", &json!({}));
    assert_eq!(house.bare(&format!("POST {path}"), body).await.status, 200);
    assert_eq!(house.person("ann").await["unsubscribed"], json!(true));
}

#[tokio::test]
async fn without_the_secret_nothing_is_taken() {
    let (house, path) = house(json!({})).await;
    let id = mailed(&house).await;
    let before = house.state(1);
    let (start, secret) = path.rsplit_once('/').unwrap();
    for path in [
        format!("{start}/AAAAAAAAAAAAAAAAAAAAAA"),
        format!("/hooks/email/ws_1/other/{secret}"),
        format!("/hooks/email/ws_2/relay/{secret}"),
        format!("{start}/{}", &secret[1..]),
    ] {
        let body = sendgrid(&id, "spamreport", &json!({}));
        let answer = house.bare(&format!("POST {path}"), body).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    assert_eq!(house.state(1), before);
}

#[tokio::test]
async fn with_a_key_of_sendgrids_calls_must_be_signed() {
    let (house, path) = house(json!({ "events_key": "AAAA" })).await;
    let id = mailed(&house).await;
    let body = sendgrid(&id, "spamreport", &json!({}));
    let call = format!("POST {path}");
    assert_eq!(house.bare(&call, body.clone()).await.status, 401);
    let signed = request(&call)
        .header("x-twilio-email-event-webhook-signature", "AAAA")
        .header("x-twilio-email-event-webhook-timestamp", "1")
        .body(body.into())
        .unwrap();
    assert_eq!(house.send(signed).await.status, 401);
    assert_eq!(house.rejected(1).await.len(), 2);
}

#[tokio::test]
async fn what_nobody_understands_is_noted_and_not_asked_for_again() {
    let (house, path) = house(json!({})).await;
    let before = house.state(1);
    let asks = json!({ "Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.example" });
    for body in ["{}".to_owned(), "hello".to_owned(), asks.to_string()] {
        assert_eq!(house.bare(&format!("POST {path}"), body).await.status, 200);
    }
    // Mails of others over the same account.
    let foreign = r#"[{"event":"delivered","email":"x@y.example","smtp-id":"<1@y.example>"}]"#;
    assert_eq!(
        house.bare(&format!("POST {path}"), foreign).await.status,
        200
    );
    let reasons: Vec<Value> = house
        .rejected(1)
        .await
        .iter()
        .map(|one| one["reason"].clone())
        .collect();
    assert_eq!(reasons, ["confirmation", "malformed", "malformed"]);
    assert_eq!(house.state(1), before);
}
