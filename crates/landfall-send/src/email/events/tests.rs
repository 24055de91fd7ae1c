use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::*;

fn events(body: &str) -> Vec<MailEvent> {
    match MailReport::read(body.as_bytes()) {
        Ok(MailReport::Events(events)) => events,
        other => panic!("no events: {other:?}"),
    }
}

#[track_caller]
fn one(body: &Value) -> MailEvent {
    let mut events = events(&body.to_string());
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}

fn meaning(event: &MailEvent) -> (Mark, Option<Reason>) {
    (event.mark, event.reason)
}

/// As SNS delivers it.
fn sns(event: &Value) -> Value {
    json!({ "Type": "Notification", "MessageId": "sns-1", "Message": event.to_string() })
}

fn ses(kind: &str, name: &str, mut part: Value) -> Value {
    part["timestamp"] = json!("2026-11-23T13:30:00.000Z");
    json!({ "eventType": kind, name: part, "mail": {
        "messageId": "ses-1", "timestamp": "2026-11-23T13:29:00.000Z", "destination": ["ann@example.org"],
        "headers": [{ "name": "X-Landfall-Delivery-ID", "value": "d%201" }],
        "commonHeaders": { "messageId": "<other@shop.example>" } } })
}

/// Event, its part, what is in the part; mark and reason (providers.md 6.4).
const SES: &str = r#"
Send | send | {} | sent |
Delivery | delivery | {"recipients": ["ann@example.org"]} | delivered |
DeliveryDelay | deliveryDelay | {"delayType": "MailboxFull"} | deferred | mailbox_full
DeliveryDelay | deliveryDelay | {"delayType": "SpamDetected"} | deferred | content_filtered
DeliveryDelay | deliveryDelay | {"delayType": "IPFailure"} | deferred | deferred_unknown
Bounce | bounce | {"bounceType": "Permanent", "bounceSubType": "General", "said": "550 5.1.1 no such user"} | bounced | recipient_invalid
Bounce | bounce | {"bounceType": "Permanent", "bounceSubType": "General", "said": "550 5.7.1 no"} | bounced | content_filtered
Bounce | bounce | {"bounceType": "Permanent", "bounceSubType": "NoEmail"} | bounced | recipient_invalid
Bounce | bounce | {"bounceType": "Permanent", "bounceSubType": "Suppressed"} | dropped | address_suppressed
Bounce | bounce | {"bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList"} | dropped | address_suppressed
Bounce | bounce | {"bounceType": "Permanent", "bounceSubType": "UnsubscribedRecipient"} | dropped | recipient_opted_out
Bounce | bounce | {"bounceType": "Transient", "bounceSubType": "MailboxFull"} | bounced | mailbox_full
Bounce | bounce | {"bounceType": "Transient", "bounceSubType": "MessageTooLarge"} | bounced | payload_too_large
Bounce | bounce | {"bounceType": "Transient", "bounceSubType": "ContentRejected"} | bounced | content_filtered
Bounce | bounce | {"bounceType": "Transient", "bounceSubType": "AttachmentRejected"} | bounced | content_filtered
Bounce | bounce | {"bounceType": "Transient", "bounceSubType": "General", "said": "550 5.1.1 no such user"} | bounced | bounced_unknown
Bounce | bounce | {"bounceType": "Undetermined", "bounceSubType": "Undetermined"} | bounced | bounced_unknown
Complaint | complaint | {"complaintFeedbackType": "abuse"} | spammed | complaint
Reject | reject | {"reason": "Bad content"} | bounced | content_filtered
Rendering Failure | failure | {"errorMessage": "no value"} | bounced | render_error
Open | open | {} | opened |
Click | click | {"link": "https://shop.example/a"} | clicked |
Subscription | subscription | {"newTopicPreferences": {"unsubscribeAll": true}} | unsubscribed | opted_out
"#;

/// Event, what else is in it; mark and reason.
const SENDGRID: &str = r#"
processed | {} | sent |
delivered | {"response": "250 OK"} | delivered |
deferred | {"response": "400 later"} | deferred | deferred_unknown
bounce | {"type": "bounce", "reason": "550 5.1.1 unknown user"} | bounced | recipient_invalid
bounce | {"type": "bounce", "reason": "no", "status": "5.2.2"} | bounced | mailbox_full
bounce | {"type": "blocked", "reason": "550 5.7.1 listed"} | bounced | content_filtered
bounce | {"type": "blocked", "reason": "421 later"} | bounced | bounced_unknown
dropped | {"reason": "Bounced Address"} | dropped | address_suppressed
dropped | {"reason": "Spam Reporting Address"} | dropped | address_suppressed
dropped | {"reason": "Unsubscribed Address"} | dropped | recipient_opted_out
dropped | {"reason": "Invalid"} | dropped | recipient_invalid
spamreport | {} | spammed | complaint
unsubscribe | {} | unsubscribed | opted_out
group_unsubscribe | {} | unsubscribed | opted_out
open | {} | opened |
open | {"sg_machine_open": true} | prefetch_opened |
click | {"url": "https://shop.example/a"} | clicked |
"#;

/// The same of Postmark.
const POSTMARK: &str = r#"
Delivery | {"Recipient": "ann@example.org"} | delivered |
Bounce | {"TypeCode": 1} | bounced | recipient_invalid
Bounce | {"TypeCode": 1, "Details": "smtp;552 5.2.2 full"} | bounced | mailbox_full
Bounce | {"TypeCode": 100000} | bounced | recipient_invalid
Bounce | {"TypeCode": 2} | deferred | deferred_unknown
Bounce | {"TypeCode": 256} | deferred | deferred_unknown
Bounce | {"TypeCode": 4096, "Details": "5.7.1 listed"} | bounced | content_filtered
Bounce | {"TypeCode": 512} | bounced | content_filtered
Bounce | {"TypeCode": 8192} | bounced | content_filtered
Bounce | {"TypeCode": 100006} | bounced | content_filtered
Bounce | {"TypeCode": 100009} | bounced | content_filtered
Bounce | {"TypeCode": 100001} | spammed | complaint
Bounce | {"TypeCode": 100002} | dropped | address_suppressed
Bounce | {"TypeCode": 100007} | bounced | payload_invalid
Bounce | {"TypeCode": 100010} | bounced | render_error
SpamComplaint | {} | spammed | complaint
Open | {} | opened |
Click | {"OriginalLink": "https://shop.example/a"} | clicked |
SubscriptionChange | {"SuppressSending": true, "SuppressionReason": "ManualSuppression"} | unsubscribed | opted_out
"#;

/// The columns of each line of a table.
fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = table.lines().filter(|line| !line.is_empty());
    lines.map(|line| line.split('|').map(str::trim).collect())
}

#[track_caller]
fn assert_meaning(event: &MailEvent, mark: &str, reason: &str) {
    assert_eq!(event.mark.name(), mark, "{event:?}");
    let found = event.reason.map(Reason::name).unwrap_or_default();
    assert_eq!(found, reason, "{event:?}");
    assert_eq!(event.delivery_id.as_deref(), Some("d 1"));
    assert_eq!(event.recipient.as_deref(), Some("ann@example.org"));
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

#[test]
fn every_event_of_ses_has_its_mark_and_reason() {
    for row in rows(SES) {
        let mut part = parsed(row[2]);
        let said = part["said"].clone();
        for list in [
            "bouncedRecipients",
            "complainedRecipients",
            "delayedRecipients",
        ] {
            part[list] = json!([{ "emailAddress": "ann@example.org", "diagnosticCode": said }]);
        }
        let event = ses(row[0], row[1], part);
        for body in [event.clone(), sns(&event)] {
            let found = one(&body);
            assert_meaning(&found, row[3], row[4]);
            assert_eq!(found.at, "2026-11-23T13:30:00.000Z");
        }
    }
    let left_one = json!({ "newTopicPreferences": {} });
    let left_one = ses("Subscription", "subscription", left_one);
    assert_eq!(events(&left_one.to_string()), []);
}

#[test]
fn notifications_of_ses_and_mails_without_headers_are_understood_too() {
    let mut event = ses(
        "",
        "delivery",
        json!({ "recipients": ["a@example.org", "b@example.org"] }),
    );
    event["notificationType"] = json!("Delivery");
    let object = event.as_object_mut().unwrap();
    object.remove("eventType");
    event["mail"]["headers"] = Value::Null;
    event["mail"]["commonHeaders"]["messageId"] = json!("<d2@shop.example>");
    let both = events(&sns(&event).to_string());
    let of = |event: &MailEvent| (event.delivery_id.clone(), event.recipient.clone());
    let d2 = Some("d2".to_owned());
    assert_eq!(of(&both[0]), (d2.clone(), Some("a@example.org".to_owned())));
    assert_eq!(of(&both[1]), (d2, Some("b@example.org".to_owned())));
    assert_ne!(both[0].key, both[1].key);
}

#[test]
fn amazon_is_not_believed_before_somebody_has_looked() {
    let url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription";
    let asked = json!({ "Type": "SubscriptionConfirmation", "SubscribeURL": url });
    let read = MailReport::read(asked.to_string().as_bytes());
    assert_eq!(read, Ok(MailReport::Confirm(url.to_owned())));
    let ended = json!({ "Type": "UnsubscribeConfirmation", "SubscribeURL": url });
    assert_eq!(events(&ended.to_string()), []);
}

fn with(mut event: Value, more: &Value) -> Value {
    let more = more.as_object().cloned().unwrap_or_default();
    event.as_object_mut().unwrap().extend(more);
    event
}

fn sendgrid(event: &str, more: &Value) -> Value {
    let event = json!({ "event": event, "email": "ann@example.org", "timestamp": 1_795_440_600,
        "smtp-id": "<d%201@shop.example>", "sg_event_id": "e1", "sg_message_id": "m1" });
    json!([with(event, more)])
}

#[test]
fn every_event_of_sendgrid_has_its_mark_and_reason() {
    for row in rows(SENDGRID) {
        let found = one(&sendgrid(row[0], &parsed(row[1])));
        assert_meaning(&found, row[2], row[3]);
        assert_eq!(found.key, "sendgrid:e1");
        assert_eq!(found.at, 1_795_440_600);
    }
    let click = one(&sendgrid("click", &json!({ "url": "https://a" })));
    assert_eq!(click.href.as_deref(), Some("https://a"));
    let back = sendgrid("group_resubscribe", &Value::Null);
    assert_eq!(events(&back.to_string()), []);
}

#[test]
fn a_call_of_sendgrid_proves_itself_by_its_key() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    // The fixed beginning of the DER form (RFC 5480), then the point.
    let start = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
    let mut der: Vec<u8> = (0..start.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&start[at..at + 2], 16).unwrap())
        .collect();
    der.extend_from_slice(pair.public_key().as_ref());
    let key = STANDARD.encode(der);
    let sign = |text: &[u8]| STANDARD.encode(pair.sign(&SystemRandom::new(), text).unwrap());
    let signature = sign(b"1795440600[]");
    assert!(is_signed_by_sendgrid(&key, "1795440600", b"[]", &signature));
    assert!(!is_signed_by_sendgrid(
        &key,
        "1795440601",
        b"[]",
        &signature
    ));
    assert!(!is_signed_by_sendgrid(
        &key,
        "1795440600",
        b"[1]",
        &signature
    ));
    assert!(!is_signed_by_sendgrid(
        "AAAA",
        "1795440600",
        b"[]",
        &signature
    ));
    assert!(!is_signed_by_sendgrid(&key, "1795440600", b"[]", "zz"));
}

fn postmark(record: &str, more: &Value) -> Value {
    let event = json!({ "RecordType": record, "MessageID": "m1", "Email": "ann@example.org",
        "Metadata": { "landfall-delivery": "d%201" } });
    with(event, more)
}

#[test]
fn every_event_of_postmark_has_its_mark_and_reason() {
    for row in rows(POSTMARK) {
        let found = one(&postmark(row[0], &parsed(row[1])));
        assert_meaning(&found, row[2], row[3]);
    }
    for (record, more) in [
        ("Bounce", r#"{"TypeCode": 64}"#),
        (
            "SubscriptionChange",
            r#"{"SuppressSending": true, "SuppressionReason": "HardBounce"}"#,
        ),
        ("SubscriptionChange", r#"{"SuppressSending": false}"#),
        ("Inbound", "{}"),
    ] {
        let event = postmark(record, &parsed(more));
        assert_eq!(events(&event.to_string()), [], "{record} {more}");
    }
}

fn multipart(report: &str, kind: &str, body: &str) -> String {
    let mail = format!(
        "From: MAILER-DAEMON@mx.example\nMessage-ID: <r1@mx.example>\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type={report};\n\tboundary=\"B=_1\"\n\n\
         This is a report.\n--B=_1\nContent-Type: text/plain\n\nIt did not arrive.\n\n\
         --B=_1\nContent-Type: {kind}\n\n{body}\n\
         --B=_1\nContent-Type: message/rfc822\n\nFrom: shop@shop.example\nX-Landfall-Delivery-ID: d%201\n\
         Subject: Sale\n\nCome in.\n--B=_1--\n"
    );
    mail.replace('\n', "\r\n")
}

#[test]
fn a_delivery_status_says_it_of_each_recipient() {
    let mail = multipart(
        "delivery-status",
        "message/delivery-status",
        "Reporting-MTA: dns; mx.example\nArrival-Date: Mon, 23 Nov 2026 13:30:00 +0000\n\n\
         Final-Recipient: rfc822; ann@example.org\nAction: failed\nStatus: 5.1.1\n\
         Diagnostic-Code: smtp; 550 5.1.1\n <ann@example.org>: no such user\n\n\
         Original-Recipient: rfc822;bob@example.org\nFinal-Recipient: rfc822; robert@example.org\n\
         Action: delayed\nStatus: 4.4.1\n\n\
         Final-Recipient: rfc822; cy@example.org\nAction: delivered\nStatus: 2.0.0\n\n\
         Final-Recipient: rfc822; dee@example.org\nAction: relayed\nStatus: 2.0.0\n\n\
         Final-Recipient: rfc822; eve@example.org\nAction: failed\nStatus: 4.4.7\n",
    );
    let events = events(&mail);
    let said: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event.recipient.as_deref().unwrap_or_default(),
                event.mark,
                event.reason,
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            (
                "ann@example.org",
                Mark::Bounced,
                Some(Reason::RecipientInvalid)
            ),
            (
                "bob@example.org",
                Mark::Deferred,
                Some(Reason::DeferredUnknown)
            ),
            ("cy@example.org", Mark::Delivered, None),
            (
                "eve@example.org",
                Mark::Bounced,
                Some(Reason::BouncedUnknown)
            ),
        ]
    );
    assert!(
        events
            .iter()
            .all(|event| event.delivery_id.as_deref() == Some("d 1"))
    );
    assert_eq!(
        events[0].words,
        "5.1.1 550 5.1.1 <ann@example.org>: no such user"
    );
    let text = events[0].text().unwrap();
    assert!(text.starts_with("recipient_invalid: 5.1.1"), "{text}");
    let keys: std::collections::BTreeSet<_> = events.iter().map(|event| &event.key).collect();
    assert_eq!(keys.len(), 4);
}

#[test]
fn a_complaint_is_one_and_a_report_of_no_spam_is_none() {
    let report = |kind: &str| {
        multipart(
            "feedback-report",
            "message/feedback-report",
            &format!("Feedback-Type: {kind}\nVersion: 1\nOriginal-Rcpt-To: <ann@example.org>\n"),
        )
    };
    for kind in ["abuse", "fraud", "virus", "other"] {
        let complaint = &events(&report(kind))[0];
        assert_eq!(meaning(complaint), (Mark::Spammed, Some(Reason::Complaint)));
        assert_eq!(complaint.recipient.as_deref(), Some("ann@example.org"));
        assert_eq!(complaint.delivery_id.as_deref(), Some("d 1"));
    }
    assert_eq!(events(&report("not-spam")), []);
}

#[test]
fn what_is_none_of_these_says_what_is_missing() {
    let rows: [(&str, &str); 6] = [
        ("{}", "none of Amazon SES"),
        ("7", "none of Amazon SES"),
        (
            r#"{"Type":"Notification","Message":"hello"}"#,
            "no event of Amazon SES",
        ),
        ("", "Content-Type is missing"),
        ("Content-Type: text/plain\n\nHello", "boundary is missing"),
        (
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b--\n",
            "message/delivery-status",
        ),
    ];
    for (body, expected) in rows {
        let refused = MailReport::read(body.as_bytes()).expect_err(body);
        assert!(refused.to_string().contains(expected), "{body}: {refused}");
    }
}

#[test]
fn an_id_comes_back_out_of_the_message_id_that_it_was_put_into() {
    for (message_id, id) in [
        ("<lf0a@shop.example>", Some("lf0a")),
        ("<a%40b%25@shop.example>", Some("a@b%")),
        (" <d=1+/@x> ", Some("d=1+/")),
        ("<nothing>", None),
        ("<%F@x>", None),
        ("<%FF@x>", None),
        ("", None),
    ] {
        assert_eq!(of_message_id(message_id).as_deref(), id, "{message_id}");
    }
}

proptest::proptest! {
    #[test]
    fn no_body_makes_it_panic(body in ".{0,400}") {
        let _ = MailReport::read(body.as_bytes());
        let framed = format!("Content-Type: multipart/report; boundary=b\n\n--b\n{body}\n--b--");
        let _ = MailReport::read(framed.as_bytes());
    }
}
