//! Text messages that people send to our number.

use landfall_domain::marks::Mark;

use super::house::request;
use super::*;

const PUBLIC: &str = "https://push.shop.example/hooks/twilio/ws_1/texts";
const NUMBER: &str = "+15550001111";

/// A person with a number, and a Twilio account.
async fn house() -> House {
    let house = House::open();
    let twilio = json!({"provider": "twilio", "account_sid": "AC0123", "secret": "token",
        "from": "+15005550006", "callback_url": PUBLIC});
    let call = "PUT /landfall/v1/credentials/texts?unchecked=true";
    assert_eq!(house.own(1, call, twilio.to_string()).await.status, 200);
    let ann = json!({ "phone": NUMBER }).to_string();
    assert_eq!(
        house.track("PUT /api/v1/customers/ann", ann).await.status,
        200
    );
    let text = json!({"name": "Code", "content": {"channel": "sms", "body": "Code"}});
    let call = "PUT /landfall/v1/transactional/7";
    assert_eq!(house.own(1, call, text.to_string()).await.status, 200);
    house
}

/// A text message to Ann that Twilio says it sent.
async fn texted(house: &House, sid: &str) -> String {
    let call = json!({"identifiers": {"id": "ann"}, "transactional_message_id": 7, "to": NUMBER});
    let sent = house
        .own(1, "POST /v1/send/sms", call.to_string())
        .await
        .json();
    let delivery = sent["delivery_id"].as_str().expect("an id").to_owned();
    let query = format!("?delivery={delivery}&attempt=a1");
    let report = [
        ("MessageSid", sid),
        ("MessageStatus", "sent"),
        ("To", NUMBER),
    ];
    assert_eq!(posted(house, &query, &report, "token").await.status, 200);
    delivery
}

async fn posted(house: &House, query: &str, fields: &[(&str, &str)], token: &str) -> Answer {
    let fields: Vec<(String, String)> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let signed = landfall_sim::twilio::signature(token, &format!("{PUBLIC}{query}"), &fields);
    let form: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace('+', "%2B").replace(' ', "+")))
        .collect();
    let request = request(&format!("POST /hooks/twilio/ws_1/texts{query}"))
        .header("x-twilio-signature", signed)
        .body(axum::body::Body::from(form.join("&")))
        .unwrap();
    house.send(request).await
}

/// A message from Ann.
async fn says(house: &House, sid: &str, body: &str) -> Answer {
    let fields = [
        ("MessageSid", sid),
        ("SmsStatus", "received"),
        ("From", NUMBER),
        ("To", "+15005550006"),
        ("Body", body),
    ];
    posted(house, "", &fields, "token").await
}

fn replied(house: &House, delivery: &str) -> bool {
    let store = house.workspace(1).store();
    let delivery = store.delivery(delivery).unwrap().expect("the delivery");
    let mut targets = delivery.targets.iter();
    targets.any(|target| target.marks.has(Mark::Replied))
}

async fn outcome_of_next(house: &House) -> Value {
    let call = json!({"identifiers": {"id": "ann"}, "transactional_message_id": 7, "to": NUMBER,
        "send_to_unsubscribed": false});
    let sent = house
        .own(1, "POST /v1/send/sms", call.to_string())
        .await
        .json();
    let id = sent["delivery_id"].as_str().expect("an id").to_owned();
    house.delivery(1, &id).await["delivery"]["reason"].clone()
}

#[tokio::test]
async fn stop_ends_text_messages_and_start_begins_them_again() {
    let house = house().await;
    assert_eq!(outcome_of_next(&house).await, Value::Null);
    texted(&house, "SM0").await;
    let answer = says(&house, "SMin1", " Stop ").await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.text),
        (200, "<Response/>")
    );
    assert_eq!(answer.headers["content-type"], "text/xml; charset=utf-8");
    house.pass(1);
    assert_eq!(outcome_of_next(&house).await, "unsubscribed_channel");
    // The rest of what she gets is not touched.
    assert_eq!(house.person("ann").await["unsubscribed"], json!(false));
    assert_eq!(says(&house, "SMin2", "START").await.status, 200);
    house.pass(1);
    assert_eq!(outcome_of_next(&house).await, Value::Null);
}

#[tokio::test]
async fn a_number_that_is_an_identifier_needs_no_message_before() {
    let house = house().await;
    let bob = json!({"type": "person", "action": "identify",
        "identifiers": {"phone": "+15550003333"}, "attributes": {"plan": "pro"}});
    let made = house.track("POST /api/v2/entity", bob.to_string()).await;
    assert_eq!(made.status, 200);
    let stop = [
        ("MessageSid", "SMin1"),
        ("From", "+15550003333"),
        ("Body", "STOP"),
    ];
    assert_eq!(posted(&house, "", &stop, "token").await.status, 200);
    let choice = "cio_subscription_preferences.channels.sms";
    assert!(house.state(1).contains(choice));
}

#[tokio::test]
async fn a_word_that_is_none_of_these_answers_the_last_message_to_the_number() {
    let house = house().await;
    let first = texted(&house, "SM1").await;
    house.pass(60);
    let second = texted(&house, "SM2").await;
    house.pass(60);
    for (sid, body) in [("SMin1", "Thank you"), ("SMin1", "Thank you")] {
        assert_eq!(says(&house, sid, body).await.status, 200);
    }
    assert!(!replied(&house, &first));
    assert!(replied(&house, &second));
    let trail = house.delivery(1, &second).await;
    assert_eq!(trail["delivery"]["status"], "replied", "{trail}");
    assert_eq!(outcome_of_next(&house).await, Value::Null);
}

#[tokio::test]
async fn yes_is_an_answer_unless_somebody_comes_back_by_it() {
    let house = house().await;
    let delivery = texted(&house, "SM1").await;
    house.pass(60);
    assert_eq!(says(&house, "SMin1", "Yes").await.status, 200);
    assert!(replied(&house, &delivery));
}

#[tokio::test]
async fn after_72_hours_and_from_strangers_it_answers_nothing() {
    let house = house().await;
    let delivery = texted(&house, "SM1").await;
    house.pass(72 * 3_600 + 1);
    let before = house.state(1);
    assert_eq!(says(&house, "SMin1", "Thank you").await.status, 200);
    let stranger = [
        ("MessageSid", "SMin2"),
        ("From", "+15550002222"),
        ("Body", "STOP"),
    ];
    assert_eq!(posted(&house, "", &stranger, "token").await.status, 200);
    assert!(!replied(&house, &delivery));
    assert_eq!(house.state(1), before);
}

#[tokio::test]
async fn a_message_without_the_signature_changes_nothing() {
    let house = house().await;
    let before = house.state(1);
    let forged = [("MessageSid", "SMin1"), ("From", NUMBER), ("Body", "STOP")];
    assert_eq!(posted(&house, "", &forged, "forged").await.status, 401);
    assert_eq!(house.state(1), before);
}

#[tokio::test]
async fn what_twilio_took_and_could_not_send_is_bounced() {
    let house = house().await;
    let delivery = texted(&house, "SM1").await;
    let query = format!("?delivery={delivery}&attempt=a1");
    let report = [
        ("MessageSid", "SM1"),
        ("MessageStatus", "failed"),
        ("To", NUMBER),
        ("ErrorCode", "30034"),
    ];
    assert_eq!(posted(&house, &query, &report, "token").await.status, 200);
    let trail = house.delivery(1, &delivery).await;
    assert_eq!(trail["delivery"]["reason"], "provider_config", "{trail}");
}
