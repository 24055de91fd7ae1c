use super::*;

#[test]
fn commands_are_read_in_any_case() {
    let hello = Command::Hello {
        extended: true,
        name: "mx.example".to_owned(),
    };
    assert_eq!(read("ehlo mx.example"), Ok(hello));
    assert_eq!(read("DATA"), Ok(Command::Data));
    assert_eq!(read("Quit "), Ok(Command::Quit));
    assert_eq!(read("NOOP something"), Ok(Command::Noop));
    let auth = Command::Auth {
        mechanism: "PLAIN".to_owned(),
        initial: Some("AGEAYg==".to_owned()),
    };
    assert_eq!(read("AUTH plain AGEAYg=="), Ok(auth));
}

#[test]
fn paths_keep_their_parameters() {
    let Ok(Command::Mail(path)) = read("MAIL FROM:<a@b.example> SIZE=120 BODY=8BITMIME") else {
        panic!("a sender");
    };
    assert_eq!(path.address, "a@b.example");
    assert_eq!(path.parameter("size"), Some("120"));
    assert_eq!(path.parameter("ret"), None);
    let Ok(Command::Mail(null)) = read("mail from:<>") else {
        panic!("the null sender");
    };
    assert_eq!(null.address, "");
    let Ok(Command::Rcpt(path)) = read("RCPT TO: <ü@b.example> NOTIFY=FAILURE,DELAY") else {
        panic!("a recipient");
    };
    assert_eq!(
        (path.address.as_str(), path.parameters.len()),
        ("ü@b.example", 1)
    );
}

#[test]
fn each_mistake_has_its_reply() {
    for (line, code) in [
        ("", "500 5.5.2"),
        ("HELLO you", "500 5.5.2"),
        ("EHLO", "501 5.5.4"),
        ("DATA now", "501 5.5.4"),
        ("AUTH", "501 5.5.4"),
        ("AUTH PLAIN a b", "501 5.5.4"),
        ("MAIL a@b.example", "501 5.5.4"),
        ("MAIL FROM:a@b.example", "501 5.5.4"),
        ("MAIL FROM:<nobody>", "553 5.1.7"),
        ("RCPT TO:<>", "501 5.1.3"),
        ("RCPT TO:<a b@c.example>", "553 5.1.3"),
        ("RCPT TO:<@c.example>", "553 5.1.3"),
    ] {
        let reply = read(line).expect_err(line).to_string();
        assert!(reply.starts_with(code), "{line}: {reply}");
    }
}
