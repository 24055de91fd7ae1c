use landfall_domain::content::{Content, SmsContent};
use landfall_domain::reason::Reason;

use super::*;
use crate::Address;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn credential() -> TwilioCredential {
    TwilioCredential {
        account_sid: "AC1".to_owned(),
        secret: "token".to_owned(),
        from: "+15550009999".to_owned(),
        callback_url: Some("https://push.example.test/hooks/twilio?w=1".to_owned()),
        ..TwilioCredential::default()
    }
}

fn sender(credential: &TwilioCredential) -> TwilioSender {
    TwilioSender::new(credential, &Network::default()).expect("a sender")
}

fn outgoing(body: &str, ttl_seconds: i64) -> Outgoing {
    Outgoing {
        attempt_id: "a-1".to_owned(),
        delivery_id: "d/1".to_owned(),
        to: Address::Phone("+15550001111".to_owned()),
        content: Content::Sms(Box::new(SmsContent {
            body: body.to_owned(),
            ..SmsContent::default()
        })),
        expires_at: NOW.plus_millis(ttl_seconds * 1_000),
        dry_run: false,
        analytics_label: None,
    }
}

fn field(form: &[(&'static str, String)], name: &str) -> Option<String> {
    let found = form.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| value.clone())
}

fn form(credential: &TwilioCredential, outgoing: &Outgoing) -> Vec<(&'static str, String)> {
    let text = checked(outgoing, NOW).expect("a text");
    sender(credential).form(&text, outgoing)
}

#[test]
fn the_form_names_number_sender_text_and_time_to_live() {
    let form = form(&credential(), &outgoing("Hi", 600));
    assert_eq!(field(&form, "To").as_deref(), Some("+15550001111"));
    assert_eq!(field(&form, "From").as_deref(), Some("+15550009999"));
    assert_eq!(field(&form, "MessagingServiceSid"), None);
    assert_eq!(field(&form, "Body").as_deref(), Some("Hi"));
    assert_eq!(field(&form, "ValidityPeriod").as_deref(), Some("600"));
    assert_eq!(
        field(&form, "StatusCallback").as_deref(),
        Some("https://push.example.test/hooks/twilio?w=1&delivery=d%2F1&attempt=a-1")
    );
}

#[test]
fn a_longer_time_to_live_is_cut_to_what_twilio_takes() {
    let form = form(&credential(), &outgoing("Hi", 86_400));
    assert_eq!(field(&form, "ValidityPeriod").as_deref(), Some("36000"));
}

#[test]
fn a_messaging_service_is_told_from_a_name_that_begins_alike() {
    let service = format!("MG{}", "0".repeat(32));
    for (from, name) in [
        (service.as_str(), "MessagingServiceSid"),
        ("MGMotors", "From"),
    ] {
        let credential = TwilioCredential {
            from: from.to_owned(),
            ..credential()
        };
        let form = form(&credential, &outgoing("Hi", 60));
        assert_eq!(field(&form, name).as_deref(), Some(from));
    }
}

#[test]
fn the_sender_of_the_message_wins_over_the_credentials() {
    let mut outgoing = outgoing("Hi", 60);
    outgoing.content = Content::Sms(Box::new(SmsContent {
        from: Some("Shop".to_owned()),
        body: "Hi".to_owned(),
        ..SmsContent::default()
    }));
    let form = form(&credential(), &outgoing);
    assert_eq!(field(&form, "From").as_deref(), Some("Shop"));
}

#[test]
fn what_cannot_be_sent_is_refused_before_twilio_is_asked() {
    let reason = |outgoing: &Outgoing| checked(outgoing, NOW).err().and_then(|a| a.reason());
    assert_eq!(reason(&outgoing(" ", 60)), Some(Reason::PayloadInvalid));
    assert_eq!(
        reason(&outgoing(&"ä".repeat(1_601), 60)),
        Some(Reason::PayloadTooLarge)
    );
    assert_eq!(reason(&outgoing(&"ä".repeat(1_600), 60)), None);
    assert_eq!(reason(&outgoing("Hi", 0)), Some(Reason::ExpiredInQueue));
    let mut nowhere = outgoing("Hi", 60);
    nowhere.to = Address::Phone(String::new());
    assert_eq!(reason(&nowhere), Some(Reason::NoAddress));
}

#[test]
fn a_malformed_credential_names_its_field() {
    let refused = |change: fn(&mut TwilioCredential)| {
        let mut credential = credential();
        change(&mut credential);
        let error = TwilioSender::new(&credential, &Network::default()).err();
        error.map(|error| error.field)
    };
    assert_eq!(
        refused(|c| c.account_sid = "AC1/../AC2".to_owned()),
        Some("account_sid")
    );
    assert_eq!(
        refused(|c| c.key_sid = Some("key".to_owned())),
        Some("key_sid")
    );
    assert_eq!(refused(|c| c.secret = " ".to_owned()), Some("secret"));
    assert_eq!(
        refused(|c| c.callback_url = Some("hooks".to_owned())),
        Some("callback_url")
    );
    assert_eq!(
        refused(|c| c.base_url = Some("api".to_owned())),
        Some("base_url")
    );
    assert_eq!(refused(|_| ()), None);
}
