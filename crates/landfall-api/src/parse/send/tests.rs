use landfall_domain::channel::Platform;
use landfall_domain::identifier::IdentifierKind;
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn read(channel: Channel, body: &Value) -> Parsed<SendCall> {
    call(channel, body, NOW)
}

fn problem(channel: Channel, body: &Value) -> (String, u16) {
    let problem = read(channel, body).expect_err("it cannot be taken");
    (problem.message, problem.status)
}

/// What Customer.io's Node client sends (app-api.md 2.2, recorded).
fn recorded() -> Value {
    json!({"identifiers":{"id":"u1"},"transactional_message_id":"welcome","to":"last_used","title":"T","message":"M",
        "disable_message_retention":true,"send_to_unsubscribed":false,"queue_draft":true,"message_data":{"n":1},"send_at":1700000000,
        "language":"fr","image_url":"https://i","link":"app://x","sound":"default","custom_data":{"a":"1"},
        "custom_device":{"token":"tok","platform":"ios","attributes":{}},
        "custom_payload":{"ios":{"aps":{"alert":"x"}},"android":{"message":{"data":{"title":"t"}}}}})
}

#[test]
fn the_recorded_call_of_the_node_client_is_understood_whole() {
    let call = read(Channel::Push, &recorded()).expect("a call");
    assert_eq!(call.template.as_deref(), Some("welcome"));
    assert_eq!(
        (call.who.kind(), call.who.value()),
        (IdentifierKind::Id, "u1")
    );
    assert_eq!(call.to.as_deref(), Some("last_used"));
    assert_eq!(call.send_at, None, "the past is now");
    assert_eq!(call.draft, Some(true));
    assert_eq!(call.to_unsubscribed, Some(false));
    assert_eq!(call.forget_content, Some(true));
    assert_eq!(call.language.as_deref(), Some("fr"));
    let device = call.custom_device.as_ref().expect("a device");
    assert_eq!(
        (device.platform, device.token.as_str()),
        (Platform::Ios, "tok")
    );
    let Content::Push(push) = call.content(None) else {
        panic!("a push");
    };
    assert_eq!(
        (push.title.as_deref(), push.body.as_deref()),
        (Some("T"), Some("M"))
    );
    assert_eq!(push.data["a"], "1");
    let custom = push.custom_payload.expect("a custom payload");
    assert_eq!(custom.ios, Some(json!({"aps": {"alert": "x"}})));
}

#[test]
fn what_a_call_says_goes_before_what_is_defined() {
    let mut body = recorded();
    body["title"] = Value::Null;
    let call = read(Channel::Push, &body).expect("a call");
    let defined = Content::Push(Box::new(landfall_domain::content::PushContent {
        title: Some("Defined".to_owned()),
        body: Some("Defined".to_owned()),
        data: [("b".to_owned(), "2".to_owned())].into(),
        ..Default::default()
    }));
    let Content::Push(push) = call.content(Some(&defined)) else {
        panic!("a push");
    };
    assert_eq!(
        (push.title.as_deref(), push.body.as_deref()),
        (Some("Defined"), Some("M"))
    );
    assert_eq!(push.data.len(), 2);
}

#[test]
fn numbers_name_templates_too() {
    let body = json!({"identifiers": {"email": "a@x.io"}, "transactional_message_id": 44});
    let call = read(Channel::Push, &body).expect("a call");
    assert_eq!(call.template.as_deref(), Some("44"));
}

#[test]
fn headers_of_a_mail_come_in_two_shapes() {
    let mut body = json!({"identifiers": {"id": "u1"}, "to": "a@x.io", "body": "B", "subject": "S",
        "from": "f@x.io", "headers": {"X-Tag": "v"}});
    let headers = |body: &Value| match read(Channel::Email, body).expect("a call").content(None) {
        Content::Email(email) => email.headers,
        other => panic!("{other:?}"),
    };
    assert_eq!(headers(&body)["X-Tag"], "v");
    body["headers"] = json!("[{\"name\":\"X-Tag\",\"value\":\"v\"}]");
    assert_eq!(headers(&body)["X-Tag"], "v");
}

#[test]
fn what_cannot_be_taken_is_refused_with_words() {
    let ids = json!({"id": "u1"});
    for (channel, body, said) in [
        (Channel::Push, json!([]), " must be an object"),
        (Channel::Push, json!({}), "identifiers is required"),
        (
            Channel::Push,
            json!({"identifiers": {}}),
            "one of id, email, phone or cio_id is required",
        ),
        (
            Channel::Push,
            json!({"identifiers": {"id": "a", "email": "b"}}),
            "give only one of id, email, phone and cio_id",
        ),
        (
            Channel::Push,
            json!({"identifiers": ids}),
            "transactional_message_id is required",
        ),
        (
            Channel::Email,
            json!({"identifiers": ids, "to": "a@x.io", "body": "B", "from": "f"}),
            "subject is required without transactional_message_id",
        ),
        (
            Channel::Sms,
            json!({"identifiers": ids, "transactional_message_id": 1}),
            "to is required",
        ),
        (
            Channel::Push,
            json!({"identifiers": ids, "transactional_message_id": 1, "queue_draft": "yes"}),
            "queue_draft must be true or false",
        ),
        (
            Channel::Push,
            json!({"identifiers": ids, "transactional_message_id": 1, "send_at": 1_800_000_000}),
            "send_at must be at most 90 days ahead",
        ),
        (
            Channel::Push,
            json!({"identifiers": ids, "transactional_message_id": 1, "custom_device": {"token": "t"}}),
            "platform is required",
        ),
        (
            Channel::Push,
            json!({"identifiers": ids, "transactional_message_id": 1, "message_data": [1]}),
            "message_data must be an object",
        ),
        (
            Channel::Push,
            json!({"identifiers": ids, "transactional_message_id": 1, "custom_payload": {"ios": 1}}),
            "custom_payload.ios must be an object",
        ),
        (
            Channel::InApp,
            json!({"identifiers": ids}),
            "in_app messages cannot be sent by call",
        ),
    ] {
        assert_eq!(problem(channel, &body), (said.to_owned(), 400));
    }
}

#[test]
fn attachments_have_a_limit() {
    let large = "A".repeat(2_800_000);
    let body = json!({"identifiers": {"id": "u1"}, "transactional_message_id": 1, "to": "a@x.io",
        "attachments": {"a.pdf": large}});
    assert_eq!(problem(Channel::Email, &body).1, 413);
    let body = json!({"identifiers": {"id": "u1"}, "transactional_message_id": 1, "to": "a@x.io",
        "attachments": {"a.pdf": "not base64!"}});
    assert_eq!(problem(Channel::Email, &body).1, 400);
}
