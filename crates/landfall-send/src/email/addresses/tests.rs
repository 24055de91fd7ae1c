use super::*;

fn content(to: &str, cc: &str, bcc: &str) -> EmailContent {
    EmailContent {
        to: Some(to.to_owned()),
        cc: Some(cc.to_owned()),
        bcc: Some(bcc.to_owned()),
        ..EmailContent::default()
    }
}

#[test]
fn everybody_who_gets_a_copy_is_listed_once() {
    let content = content(
        "Ann <ann@a.example>, bob@a.example",
        "\"Doe, Carl\" <carl@b.example>, ANN@a.example",
        "dora@c.example,",
    );
    let expected = [
        "ann@a.example",
        "bob@a.example",
        "carl@b.example",
        "dora@c.example",
    ];
    assert_eq!(recipients(&content).expect("addresses"), expected);
}

#[test]
fn no_list_is_no_recipient() {
    assert_eq!(recipients(&EmailContent::default()), Ok(Vec::new()));
    assert_eq!(recipients(&content(" ", "", ",")), Ok(Vec::new()));
}

#[test]
fn fifteen_recipients_are_taken_and_sixteen_are_not() {
    let list = |count: usize| {
        let all: Vec<String> = (0..count).map(|n| format!("p{n}@a.example")).collect();
        content(&all.join(", "), "", "")
    };
    assert_eq!(recipients(&list(15)).map(|found| found.len()), Ok(15));
    assert_eq!(recipients(&list(16)), Err(AddressError::TooMany(16)));
}

#[test]
fn what_is_no_address_is_named() {
    for text in [
        "ann",
        "ann@",
        "@a.example",
        "a b@a.example, c",
        "ann@a..example",
    ] {
        assert!(mailbox(text).is_err(), "{text}");
    }
    let two = mailbox("ann@a.example, bob@a.example").expect_err("two are not one");
    assert!(two.to_string().contains("bob@a.example"));
}

#[test]
fn a_line_break_does_not_survive() {
    let found = mailbox("Ann\r\nBcc: x@evil.example <ann@a.example>");
    // Whether it parses or not: no line break may come out.
    let text = found.map_or_else(|error| error.to_string(), |mailbox| mailbox.to_string());
    assert!(!text.contains(['\r', '\n']), "{text:?}");
}

#[test]
fn a_domain_outside_ascii_is_written_as_name_servers_know_it() {
    let found = mailbox("Jörg <joerg@bücher.example>").expect("an address");
    assert_eq!(found.email.to_string(), "joerg@xn--bcher-kva.example");
    assert_eq!(found.name.as_deref(), Some("Jörg"));
}
