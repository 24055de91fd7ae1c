use super::*;

#[test]
fn a_reply_reads_and_writes_as_itself() {
    for text in [
        "550 5.1.1 No such mailbox",
        "452 4.2.2 Mailbox full",
        "421 Closing",
        "250",
        "554 5.7.1",
    ] {
        let reply: Reply = text.parse().expect(text);
        assert_eq!(reply.to_string(), text);
    }
    let other: Reply = "550 4.1.1 is text".parse().expect("a reply");
    assert_eq!(
        other,
        Reply::bare(550, "4.1.1 is text"),
        "the classes differ"
    );
    for wrong in ["", "55 x", "5500 x", "199 x", "600 x", "abc x", "550 a\r\n"] {
        assert!(wrong.parse::<Reply>().is_err(), "{wrong:?}");
    }
}

#[test]
fn every_line_on_the_wire_carries_the_codes() {
    let reply = Reply::new(550, 7, 1, "Refused\nSee https://mail.example/why");
    assert_eq!(
        reply.wire(),
        "550-5.7.1 Refused\r\n550 5.7.1 See https://mail.example/why\r\n"
    );
    assert_eq!(Reply::bare(354, "Go on").wire(), "354 Go on\r\n");
    assert!(!reply.is_positive());
}
