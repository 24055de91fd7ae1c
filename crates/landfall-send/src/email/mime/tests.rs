use std::collections::BTreeMap;

use landfall_domain::content::Content;

use super::*;

/// Mon, 30 Nov 2026 14:00:00 UTC.
const NOW: Timestamp = Timestamp::from_seconds(1_796_047_200);

fn content() -> EmailContent {
    EmailContent {
        from: Some("Shop <news@shop.example>".to_owned()),
        to: Some("Ann <ann@a.example>".to_owned()),
        subject: Some("Hello".to_owned()),
        body: Some("<p>Hi &amp; bye</p>".to_owned()),
        ..EmailContent::default()
    }
}

fn outgoing(to: &str, content: &EmailContent) -> Outgoing {
    Outgoing {
        attempt_id: "a-1".to_owned(),
        delivery_id: "d-1".to_owned(),
        to: crate::Address::Email(to.to_owned()),
        content: Content::Email(Box::new(content.clone())),
        expires_at: NOW,
        dry_run: false,
        analytics_label: None,
    }
}

fn result(to: &str, content: &EmailContent) -> Result<Mail, MailError> {
    built(&outgoing(to, content), content, None, NOW)
}

fn text(content: &EmailContent) -> String {
    let mail = result("ann@a.example", content).expect("a mail");
    String::from_utf8(mail.bytes).expect("text")
}

fn has_line(text: &str, line: &str) -> bool {
    text.split("\r\n").any(|found| found == line)
}

/// How often a line occurs among the headers of the whole message.
fn headers(text: &str, name: &str) -> Vec<String> {
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    let start = format!("{name}: ");
    let found = head
        .split("\r\n")
        .filter_map(|line| line.strip_prefix(&start));
    found.map(str::to_owned).collect()
}

#[test]
fn a_message_has_the_headers_that_mail_must_have() {
    let text = text(&content());
    for line in [
        "From: Shop <news@shop.example>",
        "To: Ann <ann@a.example>",
        "Subject: Hello",
        "Date: Mon, 30 Nov 2026 14:00:00 +0000",
        "Message-ID: <d-1@shop.example>",
        "X-Landfall-Delivery-ID: d-1",
        "Feedback-ID: email:landfall",
        "MIME-Version: 1.0",
    ] {
        assert!(has_line(&text, line), "{line} is missing in {text}");
    }
    assert!(!text.contains("List-Unsubscribe"), "{text}");
    assert!(text.is_ascii());
}

#[test]
fn html_comes_with_plain_text_that_was_made_from_it() {
    let text = text(&content());
    assert!(text.contains("multipart/alternative"), "{text}");
    let (plain, html) = (
        text.find("text/plain").expect("plain text"),
        text.find("text/html").expect("HTML"),
    );
    assert!(plain < html, "the last is the one to show");
    assert!(has_line(&text, "Hi & bye"), "{text}");
    assert!(has_line(&text, "<p>Hi &amp; bye</p>"), "{text}");
}

#[test]
fn plain_text_that_is_given_is_not_made() {
    let content = EmailContent {
        body_plain: Some("Mine".to_owned()),
        ..content()
    };
    let text = text(&content);
    assert!(has_line(&text, "Mine"), "{text}");
    assert!(!has_line(&text, "Hi & bye"), "{text}");
}

#[test]
fn amp_stands_between_plain_text_and_html() {
    let content = EmailContent {
        body_amp: Some("<!doctype html><html amp4email></html>".to_owned()),
        ..content()
    };
    let text = text(&content);
    let at = |kind: &str| text.find(kind).expect("a part");
    assert!(at("text/plain") < at("text/x-amp-html"));
    assert!(at("text/x-amp-html") < at("text/html"));
}

#[test]
fn plain_text_alone_is_one_part() {
    let content = EmailContent {
        body: None,
        body_plain: Some("Grüße".to_owned()),
        ..content()
    };
    let text = text(&content);
    assert!(!text.contains("multipart"), "{text}");
    assert!(
        has_line(&text, "Content-Type: text/plain; charset=utf-8"),
        "{text}"
    );
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn a_preheader_is_hidden_in_html_and_absent_from_plain_text() {
    let content = EmailContent {
        preheader: Some("Now 20 % off".to_owned()),
        ..content()
    };
    let text = text(&content);
    assert_eq!(text.matches("20 % off").count(), 1, "{text}");
    assert!(text.contains("display:none"), "{text}");
}

#[test]
fn files_make_it_mixed() {
    let content = EmailContent {
        attachments: BTreeMap::from([("a.txt".to_owned(), "aGVsbG8h".to_owned())]),
        ..content()
    };
    let text = text(&content);
    assert!(text.contains("multipart/mixed"), "{text}");
    assert!(text.contains("multipart/alternative"), "{text}");
    assert!(text.contains("filename=\"a.txt\""), "{text}");
}

#[test]
fn the_same_arguments_give_the_same_bytes() {
    assert_eq!(text(&content()), text(&content()));
}

#[test]
fn another_try_of_a_delivery_has_the_same_message_id_and_another_boundary() {
    let content = content();
    let first = outgoing("ann@a.example", &content);
    let second = Outgoing {
        attempt_id: "a-2".to_owned(),
        ..first.clone()
    };
    let bytes = |outgoing| built(outgoing, &content, None, NOW).map(|mail| mail.bytes);
    let (first, second) = (
        bytes(&first).expect("a mail"),
        bytes(&second).expect("a mail"),
    );
    assert_ne!(first, second);
    for text in [first, second] {
        let text = String::from_utf8(text).expect("text");
        assert_eq!(headers(&text, "Message-ID"), ["<d-1@shop.example>"]);
    }
}

#[test]
fn the_envelope_has_one_recipient_whoever_else_is_named() {
    let content = EmailContent {
        to: Some("ann@a.example, bob@a.example".to_owned()),
        cc: Some("carl@a.example".to_owned()),
        bcc: Some("dora@a.example".to_owned()),
        reply_to: Some("help@shop.example".to_owned()),
        ..content()
    };
    let mail = result("dora@a.example", &content).expect("a mail");
    assert_eq!(mail.to.to_string(), "dora@a.example");
    assert_eq!(mail.from.to_string(), "news@shop.example");
    let text = String::from_utf8(mail.bytes).expect("text");
    assert_eq!(headers(&text, "To"), ["ann@a.example, bob@a.example"]);
    assert_eq!(headers(&text, "Cc"), ["carl@a.example"]);
    assert_eq!(headers(&text, "Reply-To"), ["help@shop.example"]);
    assert!(!text.contains("dora"), "{text}");
}

#[test]
fn a_fake_blind_copy_says_whom_the_message_is_for() {
    let content = EmailContent {
        bcc: Some("boss@shop.example".to_owned()),
        fake_bcc: true,
        ..content()
    };
    let subject = |to: &str| {
        let mail = result(to, &content).expect("a mail");
        headers(&String::from_utf8(mail.bytes).expect("text"), "Subject")
    };
    assert_eq!(subject("boss@shop.example"), ["[ann@a.example] Hello"]);
    assert_eq!(subject("ann@a.example"), ["Hello"]);
}

#[test]
fn the_credentials_sender_is_used_where_the_message_names_none() {
    let content = EmailContent {
        from: None,
        ..content()
    };
    let outgoing = outgoing("ann@a.example", &content);
    let mail = built(&outgoing, &content, Some("Us <us@b.example>"), NOW).expect("a mail");
    assert_eq!(mail.from.to_string(), "us@b.example");
    let error = built(&outgoing, &content, None, NOW).expect_err("nobody");
    assert_eq!(error.reason(), Reason::ProviderConfig);
}

#[test]
fn one_click_is_offered_where_there_is_an_address_for_it() {
    let content = EmailContent {
        unsubscribe_url: Some("https://shop.example/u/abc".to_owned()),
        ..content()
    };
    let text = text(&content);
    assert_eq!(
        headers(&text, "List-Unsubscribe"),
        ["<https://shop.example/u/abc>"]
    );
    assert_eq!(
        headers(&text, "List-Unsubscribe-Post"),
        ["List-Unsubscribe=One-Click"]
    );
}

#[test]
fn a_message_may_replace_our_feedback_id_and_nothing_else() {
    let with = |name: &str, value: &str| EmailContent {
        headers: BTreeMap::from([(name.to_owned(), value.to_owned())]),
        ..content()
    };
    let text = text(&with("Feedback-ID", "mine:shop1"));
    assert_eq!(headers(&text, "Feedback-ID"), ["mine:shop1"]);
    let error = result("ann@a.example", &with("From", "x@y.example")).expect_err("refused");
    assert_eq!(error.reason(), Reason::PayloadInvalid);
}

#[test]
fn nothing_in_a_field_begins_another_header() {
    let content = EmailContent {
        subject: Some("Hi\r\nBcc: x@evil.example\r\n\r\nbody".to_owned()),
        reply_to: Some("\"A\r\nX-Evil: 1\" <a@a.example>".to_owned()),
        ..content()
    };
    let text = text(&content);
    assert_eq!(headers(&text, "Bcc"), Vec::<String>::new());
    assert_eq!(headers(&text, "X-Evil"), Vec::<String>::new());
    assert_eq!(headers(&text, "Subject").len(), 1);
}

#[test]
fn what_cannot_be_a_message_says_why() {
    let reason = |to: &str, content: &EmailContent| result(to, content).err().map(|e| e.reason());
    let usual = content();
    assert_eq!(reason("", &usual), Some(Reason::NoAddress));
    assert_eq!(reason("ann", &usual), Some(Reason::RecipientInvalid));
    assert_eq!(
        reason("ann@a.example, bob@a.example", &usual),
        Some(Reason::RecipientInvalid)
    );
    let empty = EmailContent {
        body: Some(" ".to_owned()),
        ..content()
    };
    assert_eq!(
        reason("ann@a.example", &empty),
        Some(Reason::PayloadInvalid)
    );
    let astray = EmailContent {
        reply_to: Some("nobody".to_owned()),
        ..content()
    };
    assert_eq!(
        reason("ann@a.example", &astray),
        Some(Reason::PayloadInvalid)
    );
    let heavy = EmailContent {
        attachments: BTreeMap::from([("a".to_owned(), "A".repeat(3 << 20))]),
        ..content()
    };
    assert_eq!(
        reason("ann@a.example", &heavy),
        Some(Reason::PayloadTooLarge)
    );
}

#[test]
fn no_line_end_stands_alone_and_no_dot_ends_the_message() {
    let content = EmailContent {
        body_plain: Some("a\n.\nb\r.\rc\r\n.\r\nd\0".to_owned()),
        body: None,
        attachments: BTreeMap::from([("a.txt".to_owned(), "YQouCmI=".to_owned())]),
        ..content()
    };
    let text = text(&content);
    let bare = text.replace("\r\n", "");
    assert!(!bare.contains(['\r', '\n', '\0']), "{text:?}");
    assert!(text.contains("a\r\n.\r\nb\r\n.\r\nc"), "{text:?}");
    assert!(text.contains("YQouCmI="), "{text:?}");
}

#[test]
fn lines_of_a_message_stay_within_what_mail_allows() {
    let content = EmailContent {
        body: Some(format!("<p>{}</p>", "word ".repeat(2_000))),
        subject: Some("long ".repeat(100)),
        ..content()
    };
    let text = text(&content);
    let longest = text.split("\r\n").map(str::len).max();
    assert!(longest <= Some(998), "{longest:?}");
}
