//! Credentials and the health of sending over Landfall's own API.

use std::sync::Arc;

use landfall_domain::channel::Channel;
use landfall_domain::content::{Content, PushContent};
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{Body, Input, Source};
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::time::{ManualClock, Timestamp};
use landfall_domain::work::{Order, Rules, Ruling, Send, SendTo, Urgency};
use landfall_engine::Dispatcher;
use landfall_engine::dispatch::Limits;
use landfall_engine::random::Seeded;
use landfall_sim::fcm::{FcmOptions, FcmSim};
use serde_json::{Value, json};

use super::House;
use super::house::NOW;

const HOOK: &str = "https://hooks.slack.example/services/T000/B000/secretpartofit";

async fn put(house: &House, name: &str, body: &Value) -> (u16, Value) {
    let call = format!("PUT /landfall/v1/credentials/{name}");
    house.own(1, &call, body.to_string()).await.said()
}

async fn get(house: &House, number: usize, path: &str) -> (u16, Value) {
    let call = format!("GET /landfall/v1/{path}");
    house.own(number, &call, "").await.said()
}

fn slack() -> Value {
    json!({"provider": "slack", "url": HOOK, "per_second": 1})
}

#[tokio::test]
async fn a_credential_is_added_shown_without_its_secret_and_removed() {
    let house = House::open();
    let (status, added) = put(&house, "chat", &slack()).await;
    assert_eq!(status, 200, "{added}");
    assert_eq!(added["provider"], "slack");
    assert_eq!(added["per_second"], 1);
    assert_eq!(added["shown"]["host"], "hooks.slack.example");
    let (_, listed) = get(&house, 1, "credentials").await;
    assert_eq!(listed["credentials"], json!([added]));
    assert_eq!(get(&house, 1, "credentials/chat").await, (200, added));
    assert!(!listed.to_string().contains("secretpart"), "{listed}");
    // Another workspace sees nothing of it.
    let (_, others) = get(&house, 2, "credentials").await;
    assert_eq!(others["credentials"], json!([]));
    assert_eq!(get(&house, 2, "credentials/chat").await.0, 404);

    let remove = "DELETE /landfall/v1/credentials/chat";
    assert_eq!(house.own(1, remove, "").await.status, 204);
    assert_eq!(house.own(1, remove, "").await.status, 404);
    assert_eq!(get(&house, 1, "credentials/chat").await.0, 404);
}

#[tokio::test]
async fn a_check_says_where_a_credential_stands() {
    let house = House::open();
    put(&house, "chat", &slack()).await;
    let check = |name| format!("POST /landfall/v1/credentials/{name}/check");
    let (status, said) = house.own(1, &check("chat"), "").await.said();
    assert_eq!(
        (status, &said["standing"]),
        (200, &json!("not_asked")),
        "{said}"
    );
    let (_, shown) = get(&house, 1, "credentials/chat").await;
    assert_eq!(shown["check"], said, "it is remembered");
    assert_eq!(house.own(1, &check("nobody"), "").await.status, 404);
}

#[tokio::test]
async fn a_wrong_credential_is_refused_with_its_field_and_nothing_is_stored() {
    let house = House::open();
    for (name, body, field) in [
        (
            "chat",
            json!({"provider": "slack", "url": "topsecret"}),
            "url",
        ),
        ("chat", json!({"provider": "pigeon"}), "provider"),
        (
            "chat",
            json!({"provider": "smtp", "port": "topsecret"}),
            "port",
        ),
        ("a%20b", slack(), "name"),
        (
            "web",
            json!({"provider": "web_push", "private_key": "topsecret",
                       "subject": "mailto:a@b.example"}),
            "private_key",
        ),
    ] {
        let (status, said) = put(&house, name, &body).await;
        assert_eq!(status, 400, "{said}");
        assert_eq!(said["error"]["code"], "credential_invalid", "{said}");
        assert_eq!(said["error"]["field"], field, "{said}");
        assert!(!said.to_string().contains("topsecret"), "{said}");
        // Unchecked is not unread.
        let unchecked = format!("{name}?unchecked=true");
        assert_eq!(put(&house, &unchecked, &body).await.0, 400);
    }
    let (_, listed) = get(&house, 1, "credentials").await;
    assert_eq!(listed["credentials"], json!([]));
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_stores_nothing_unless_told_so() {
    let house = House::open();
    // Nobody listens on the discard port.
    let relay = json!({"provider": "smtp", "host": "127.0.0.1", "port": 9,
                       "security": "plain", "from": "shop@shop.example"});
    let (status, said) = put(&house, "relay", &relay).await;
    assert_eq!(status, 502, "{said}");
    assert_eq!(said["error"]["code"], "provider_unavailable", "{said}");
    assert_eq!(get(&house, 1, "credentials/relay").await.0, 404);
    let (status, said) = put(&house, "relay?unchecked=true", &relay).await;
    assert_eq!(status, 200, "{said}");
    // Asked again, it is a warning, not an alarm.
    house
        .own(1, "POST /landfall/v1/credentials/relay/check", "")
        .await;
    let (_, health) = get(&house, 1, "health").await;
    let findings = health["findings"].as_array().unwrap().clone();
    let relay = findings
        .iter()
        .find(|it| it["about"] == "relay (smtp)")
        .unwrap();
    assert_eq!(relay["level"], "warning", "{health}");
}

#[tokio::test]
async fn health_says_that_nothing_is_sent_and_what_waits() {
    let house = House::open();
    let (status, health) = get(&house, 1, "health").await;
    assert_eq!(status, 200);
    assert_eq!(health["sending"], false, "this server records only");
    assert_eq!(health["level"], "warning");
    assert_eq!(health["findings"][0]["check"], "sending", "the worst first");
    assert_eq!(health["backlog"], json!({"waiting": 0, "in_flight": 0}));
}

#[tokio::test]
async fn sending_has_figures_for_prometheus() {
    let house = House::open();
    put(&house, "chat", &slack()).await;
    let text = house.bare("GET /metrics", "").await.text;
    for line in [
        "landfall_messages_waiting{workspace=\"ws_1\",urgency=\"broadcast\"} 0",
        "landfall_messages_in_flight{workspace=\"ws_1\"} 0",
        "landfall_messages_accepted_total{workspace=\"ws_1\",credential=\"chat\",provider=\"slack\"} 0",
        "landfall_breaker_open{workspace=\"ws_1\",credential=\"chat\",provider=\"slack\"} 0",
        "landfall_credential_unusable{workspace=\"ws_2\"} 0",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} in {text}");
    }
}

/// From the device that an app registers to the phone's provider and back into the ledger.
#[tokio::test]
async fn a_push_goes_out_with_the_credential_and_the_ledger_says_so() {
    let house = House::open();
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(NOW)));
    let google = FcmSim::start(FcmOptions::new(clock)).unwrap();
    let key = json!({"provider": "fcm", "service_account": google.key_file(),
                     "base_url": google.base_url(), "ca_pem": google.ca_pem()});
    let (status, added) = put(&house, "google", &key).await;
    assert_eq!(status, 200, "{added}");
    google.forget_taken();

    let device = json!({"device": {"id": "tok-1", "platform": "android", "last_used": NOW}});
    let registered = house.track("PUT /api/v1/customers/ann/devices", device.to_string());
    assert_eq!(registered.await.status, 200);
    let workspace = house.workspace(1);
    workspace.submit(vec![send("dlv-1")]).await.unwrap();
    let dispatcher = Dispatcher::new(
        workspace.clone(),
        house.sending.carriers(workspace),
        Arc::new(Seeded::new(1)),
        Limits::default(),
    );
    // The devices are chosen first, then the message goes to each.
    while dispatcher.look(workspace.now()).await.unwrap().moved > 0 {
        dispatcher.idle().await;
    }

    let taken = google.taken().into_iter();
    let messages: Vec<_> = taken.filter_map(|it| it.message).collect();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0]["token"], "tok-1");
    let delivery = house.delivery(1, "dlv-1").await;
    assert_eq!(delivery["delivery"]["status"], "sent", "{delivery}");
    let (_, shown) = get(&house, 1, "health").await;
    assert_eq!(shown["backlog"]["waiting"], 0, "{shown}");

    google.revoke_key();
    google.revoke_tokens();
    let check = "POST /landfall/v1/credentials/google/check";
    let (_, said) = house.own(1, check, "").await.said();
    assert_eq!(said["standing"], "refused", "{said}");
    let (_, health) = get(&house, 1, "health").await;
    assert_eq!(health["level"], "alarm");
    assert_eq!(health["findings"][0]["about"], "google (fcm)", "{health}");
    let (status, said) = put(&house, "second", &key).await;
    assert_eq!(
        (status, &said["error"]["code"]),
        (422, &json!("credential_refused"))
    );
}

fn send(delivery_id: &str) -> Input {
    let content = PushContent {
        title: Some("Hello".to_owned()),
        body: Some("It went out".to_owned()),
        ..PushContent::default()
    };
    Input {
        source: Source::App,
        at: None,
        sent_at: None,
        dedupe_key: None,
        body: Body::Send(Box::new(Send {
            delivery_id: delivery_id.to_owned(),
            message: MessageRef {
                source: SourceKind::Transactional,
                source_id: 3,
                step_id: None,
                parent_step_id: None,
                variant_id: None,
                channel: Channel::Push,
            },
            who: Identifier::new(IdentifierKind::Id, "ann").unwrap(),
            order: Arc::new(Order {
                content: Content::Push(Box::new(content)),
                data: Value::Null,
                ttl_ms: 60_000,
                to_unsubscribed: false,
                forget_content: false,
                to: SendTo::All,
                rules: Rules::default(),
            }),
            urgency: Urgency::Transactional,
            send_at: None,
            draft: false,
            custom_device: None,
            trigger_id: None,
            run: None,
            ruling: Ruling::Go,
        })),
    }
}

#[tokio::test]
async fn twilio_reports_what_became_of_a_text_message() {
    use landfall_domain::status::{Outcome, outcome, reason};
    const PUBLIC: &str = "https://push.shop.example/hooks/twilio/ws_1/texts";
    let house = House::open();
    let twilio = json!({"provider": "twilio", "account_sid": "AC0123", "secret": "token", "from": "+15005550006",
        "callback_url": PUBLIC});
    let (status, added) = put(&house, "texts?unchecked=true", &twilio).await;
    assert_eq!(status, 200, "{added}");
    let number = "+15550001111";
    let call = json!({"identifiers": {"id": "u1"}, "transactional_message_id": 7, "to": number});
    let text = json!({"name": "Code", "content": {"channel": "sms", "body": "Code"}});
    assert_eq!(
        house
            .own(1, "PUT /landfall/v1/transactional/7", text.to_string())
            .await
            .status,
        200
    );
    let sent = house
        .own(1, "POST /v1/send/sms", call.to_string())
        .await
        .json();
    let delivery = sent["delivery_id"].as_str().expect("an id").to_owned();
    let report = async |status: &str, code: &str, token: &str| {
        let fields = [
            ("MessageSid", "SM1"),
            ("MessageStatus", status),
            ("To", number),
            ("ErrorCode", code),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = format!("delivery={delivery}&attempt=a1");
        let signed = landfall_sim::twilio::signature(token, &format!("{PUBLIC}?{query}"), &fields);
        let form = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace('+', "%2B")));
        let form: Vec<String> = form.collect();
        let path = format!("POST /hooks/twilio/ws_1/texts?{query}");
        let request = super::house::request(&path)
            .header("x-twilio-signature", signed)
            .body(axum::body::Body::from(form.join("&")))
            .unwrap();
        house.send(request).await.status.as_u16()
    };
    let known = || {
        let store = house.workspace(1).store();
        store.delivery(&delivery).unwrap().expect("the delivery")
    };
    assert_eq!(report("delivered", "", "forged").await, 401);
    assert_eq!(report("queued", "", "token").await, 200);
    assert_eq!(outcome(&known()), Outcome::Pending);
    assert_eq!(report("undelivered", "30006", "token").await, 200);
    assert_eq!(outcome(&known()), Outcome::Bounced);
    assert_eq!(
        reason(&known()),
        Some(landfall_domain::reason::Reason::RecipientInvalid)
    );
    assert_eq!(
        report("nonsense", "", "token").await,
        200,
        "an error would only bring it again"
    );
    let elsewhere = house.bare("POST /hooks/twilio/ws_1/none", "").await;
    assert_eq!(elsewhere.status.as_u16(), 404);
}
