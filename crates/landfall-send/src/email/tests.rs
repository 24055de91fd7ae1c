use super::*;
use crate::Address;

const NOW: Timestamp = Timestamp::from_seconds(1_796_047_200);

fn credential(from: &str) -> SmtpCredential {
    SmtpCredential {
        host: "relay.example".to_owned(),
        from: from.to_owned(),
        ..SmtpCredential::default()
    }
}

#[test]
fn a_sender_that_is_no_address_is_refused_by_name() {
    let field = |from: &str| {
        let made = SmtpSender::new(&credential(from), &Network::default());
        made.err().map(|error| error.field)
    };
    assert_eq!(field("Shop <news@shop.example>"), None);
    assert_eq!(field(""), None, "messages may name theirs");
    assert_eq!(field("shop"), Some("from"));
}

#[tokio::test]
async fn what_is_no_mail_is_not_handed_to_the_relay() {
    let sender = SmtpSender::new(&credential(""), &Network::default()).expect("a sender");
    let outgoing = Outgoing {
        attempt_id: "a-1".to_owned(),
        delivery_id: "d-1".to_owned(),
        to: Address::Email("ann@a.example".to_owned()),
        content: Content::Sms(Box::default()),
        expires_at: NOW,
        dry_run: false,
        analytics_label: None,
    };
    let answer = sender.send(&outgoing, NOW).await;
    assert_eq!(answer.reason(), Some(Reason::SenderBug));
}
