use landfall_domain::content::{Content, SmsContent};

use super::*;
use crate::Address;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn credential() -> GatewayCredential {
    GatewayCredential {
        url: "https://sms.example/send".to_owned(),
        authorization: Some("Bearer s3cret".to_owned()),
        from: "Shop".to_owned(),
        ..GatewayCredential::default()
    }
}

fn outgoing() -> Outgoing {
    Outgoing {
        attempt_id: "a-1".to_owned(),
        delivery_id: "d-1".to_owned(),
        to: Address::Phone("+15550001111".to_owned()),
        content: Content::Sms(Box::new(SmsContent {
            body: "Hi".to_owned(),
            ..SmsContent::default()
        })),
        expires_at: NOW.plus_millis(90_000),
        dry_run: false,
        analytics_label: None,
    }
}

fn body(credential: &GatewayCredential) -> Value {
    let sender = GatewaySender::new(credential, &Network::default()).expect("a sender");
    let outgoing = outgoing();
    let text = checked(&outgoing, NOW).expect("a text");
    sender.body(&text, &outgoing)
}

fn answer(pointers: (&str, &str), status: u16, body: &str) -> Answer {
    let pointers = Pointers {
        id: pointers.0.to_owned(),
        error: pointers.1.to_owned(),
    };
    pointers.answer(&Reply::of(status, body))
}

#[test]
fn the_request_has_the_documented_shape() {
    let expected = json!({
        "to": "+15550001111", "from": "Shop", "text": "Hi",
        "reference": "a-1", "validity_seconds": 90,
    });
    assert_eq!(body(&credential()), expected);
    let reporting = GatewayCredential {
        callback_url: Some("https://push.example.test/hooks/sms".to_owned()),
        ..credential()
    };
    assert_eq!(
        body(&reporting)["callback_url"],
        "https://push.example.test/hooks/sms?delivery=d-1&attempt=a-1"
    );
}

#[test]
fn the_id_is_found_where_the_pointer_says() {
    let usual = answer((ID_POINTER, ERROR_POINTER), 200, r#"{"id": "m-1"}"#);
    assert_eq!(usual.reason(), None);
    assert_eq!(usual.provider_id.as_deref(), Some("m-1"));
    let nested = answer(("/data/0/ref", "/e"), 202, r#"{"data": [{"ref": 77}]}"#);
    assert_eq!(nested.provider_id.as_deref(), Some("77"));
    let silent = answer((ID_POINTER, ERROR_POINTER), 204, "");
    assert_eq!((silent.reason(), silent.provider_id), (None, None));
}

#[test]
fn a_refusal_keeps_the_gateways_code_and_is_classed_by_the_status() {
    let body = r#"{"error": {"code": "E42", "text": "no credit"}}"#;
    for (status, reason) in [
        (400, Reason::PayloadInvalid),
        (401, Reason::ProviderAuth),
        (404, Reason::ProviderConfig),
        (429, Reason::ProviderThrottled),
        (502, Reason::ProviderUnavailable),
        (200, Reason::FailedUnknown),
    ] {
        let answer = answer((ID_POINTER, ERROR_POINTER), status, body);
        assert_eq!(answer.reason(), Some(reason), "{status}");
        assert_eq!(answer.code.as_deref(), Some("E42"));
        assert_eq!(answer.status, Some(status));
    }
}

#[test]
fn a_success_whose_error_code_is_zero_or_null_is_a_success() {
    for body in [
        r#"{"id": 5, "error": {"code": 0}}"#,
        r#"{"id": 5, "error": {"code": null}}"#,
        r#"{"id": 5, "error": null}"#,
    ] {
        let answer = answer((ID_POINTER, ERROR_POINTER), 200, body);
        assert_eq!(answer.reason(), None, "{body}");
    }
}

#[test]
fn a_malformed_credential_names_its_field() {
    let refused = |change: fn(&mut GatewayCredential)| {
        let mut credential = credential();
        change(&mut credential);
        let error = GatewaySender::new(&credential, &Network::default()).err();
        error.map(|error| error.field)
    };
    assert_eq!(refused(|c| c.url = String::new()), Some("url"));
    assert_eq!(
        refused(|c| c.authorization = Some("a\nb".to_owned())),
        Some("authorization")
    );
    assert_eq!(
        refused(|c| c.id_pointer = "id".to_owned()),
        Some("id_pointer")
    );
    assert_eq!(
        refused(|c| c.error_pointer = "error".to_owned()),
        Some("error_pointer")
    );
    assert_eq!(refused(|_| ()), None);
}
