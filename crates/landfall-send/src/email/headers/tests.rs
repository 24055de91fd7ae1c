use landfall_domain::content::Content;
use landfall_domain::time::Timestamp;
use lettre::message::header::Headers;

use super::*;
use crate::Address;

fn text(value: HeaderValue) -> String {
    let mut headers = Headers::new();
    headers.insert_raw(value);
    headers.to_string()
}

fn outgoing(delivery_id: &str, label: Option<&str>) -> Outgoing {
    Outgoing {
        attempt_id: "a-1".to_owned(),
        delivery_id: delivery_id.to_owned(),
        to: Address::Email("ann@a.example".to_owned()),
        content: Content::Email(Box::default()),
        expires_at: Timestamp::EPOCH,
        dry_run: false,
        analytics_label: label.map(str::to_owned),
    }
}

#[test]
fn a_message_may_bring_headers_of_its_own() {
    let header = own(" X-Tag ", "v1 ").expect("a header");
    assert_eq!(text(header), "X-Tag: v1\r\n");
    let encoded = text(own("X-Tag", "grün").expect("a header"));
    assert!(encoded.starts_with("X-Tag: =?utf-8?"), "{encoded}");
}

#[test]
fn headers_that_make_up_the_message_are_refused() {
    for name in [
        "From",
        "to",
        "CC",
        "Bcc",
        "Subject",
        "Reply-To",
        "Sender",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Return-Path",
        "Received",
        "DKIM-Signature",
        "Resent-From",
        "X-Landfall-Delivery-ID",
    ] {
        let error = own(name, "x").expect_err("refused");
        assert_eq!(error, HeaderError::Reserved(name.to_owned()));
    }
}

#[test]
fn what_would_begin_another_header_is_refused() {
    for value in [
        "x\r\nBcc: evil@b.example",
        "x\nX-Other: 1",
        "x\0",
        "a\u{7f}",
    ] {
        let error = own("X-Tag", value).expect_err("refused");
        assert_eq!(error, HeaderError::Value("X-Tag".to_owned()));
    }
    for name in ["", "X Tag", "X:Tag", "X-Tag\r\nBcc", "X-Täg"] {
        assert!(
            matches!(own(name, "x"), Err(HeaderError::Name(_))),
            "{name}"
        );
    }
    let endless = "x".repeat(9_000);
    assert!(matches!(own("X-Tag", &endless), Err(HeaderError::Value(_))));
}

#[test]
fn one_click_needs_https() {
    let headers = unsubscribe("https://a.example/u?t=1&x=2").expect("headers");
    let headers: Vec<String> = headers.into_iter().map(text).collect();
    assert_eq!(
        headers,
        [
            "List-Unsubscribe: <https://a.example/u?t=1&x=2>\r\n",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        ]
    );
    assert_eq!(unsubscribe("http://a.example/u").map(|h| h.len()), Ok(1));
    for address in ["", "a.example/u", "ftp://a.example", "javascript:1"] {
        assert_eq!(unsubscribe(address).err(), Some(HeaderError::Unsubscribe));
    }
}

#[test]
fn an_address_for_unsubscribing_cannot_leave_its_brackets() {
    for address in [
        "https://a.example/u>\r\nBcc: <b@b.example",
        "https://a.example/u?x=1>, <https://b.example",
        "https://a.example/ü u",
    ] {
        let Ok(headers) = unsubscribe(address) else {
            continue;
        };
        let header = text(headers.into_iter().next().expect("a header"));
        assert_eq!(header.matches('>').count(), 1, "{header}");
        assert_eq!(header.lines().count(), 1, "{header}");
        assert!(header.is_ascii(), "{header}");
    }
}

#[test]
fn a_long_address_is_not_broken_by_folding() {
    let address = format!("https://a.example/u?t={}", "0123456789abcdef".repeat(20));
    let headers = unsubscribe(&address).expect("headers");
    let header = text(headers.into_iter().next().expect("a header"));
    assert_eq!(header, format!("List-Unsubscribe: <{address}>\r\n"));
}

#[test]
fn feedback_is_grouped_by_journey_and_step() {
    assert_eq!(
        text(feedback(&outgoing("d", Some("welcome day:1")))),
        "Feedback-ID: welcome_day_1:email:landfall\r\n"
    );
    assert_eq!(
        text(feedback(&outgoing("d", None))),
        "Feedback-ID: email:landfall\r\n"
    );
}

#[test]
fn the_message_id_depends_on_delivery_and_domain_alone() {
    assert_eq!(
        text(message_id(&outgoing("RPIL+/Aq==", None), "a.example")),
        "Message-ID: <RPIL+/Aq==@a.example>\r\n"
    );
    assert_eq!(
        text(message_id(&outgoing("d 1>\r\n", None), "a.example")),
        "Message-ID: <d%201%3E%0D%0A@a.example>\r\n"
    );
    assert_eq!(
        text(delivery(&outgoing("d-1", None))),
        "X-Landfall-Delivery-ID: d-1\r\n"
    );
}
