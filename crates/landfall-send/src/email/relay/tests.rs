use super::*;

fn credential() -> SmtpCredential {
    SmtpCredential {
        host: "relay.example".to_owned(),
        ..SmtpCredential::default()
    }
}

fn refused(change: fn(&mut SmtpCredential)) -> Option<&'static str> {
    let mut credential = credential();
    change(&mut credential);
    let made = Relay::new(&credential, &Network::default());
    made.err().map(|error| error.field)
}

fn port(security: SmtpSecurity, port: u16) -> u16 {
    let credential = SmtpCredential {
        security,
        port,
        ..credential()
    };
    let relay = Relay::new(&credential, &Network::default());
    relay.map(|relay| relay.port).expect("a relay")
}

#[test]
fn the_port_follows_from_the_protection_unless_it_is_given() {
    assert_eq!(port(SmtpSecurity::Tls, 0), 465);
    assert_eq!(port(SmtpSecurity::Starttls, 0), 587);
    assert_eq!(port(SmtpSecurity::Plain, 0), 587);
    assert_eq!(port(SmtpSecurity::Tls, 2525), 2525);
}

#[test]
fn a_malformed_credential_names_its_field() {
    assert_eq!(refused(|_| ()), None);
    assert_eq!(refused(|c| c.host = " ".to_owned()), Some("host"));
    assert_eq!(
        refused(|c| c.password = Some("s3cret".to_owned())),
        Some("username")
    );
    assert_eq!(
        refused(|c| c.username = Some("ann".to_owned())),
        Some("password")
    );
    assert_eq!(
        refused(|c| c.ca_pem = Some("nonsense".to_owned())),
        Some("ca_pem")
    );
}

#[test]
fn no_answer_behind_the_message_means_that_nobody_knows() {
    for stage in [
        Stage::Connect,
        Stage::Auth,
        Stage::Mail,
        Stage::Rcpt,
        Stage::Data,
    ] {
        assert_eq!(unanswered(stage), Reason::ConnectionFailed, "{stage:?}");
    }
    assert_eq!(unanswered(Stage::Message), Reason::OutcomeUnknown);
}

#[test]
fn only_what_was_not_taken_is_tried_on_another_connection() {
    let lost = |stage| Failure::Lost {
        stage,
        words: String::new(),
    };
    let refused = |stage, reply| Failure::Refused {
        stage,
        reply,
        text: String::new(),
    };
    assert!(lost(Stage::Mail).is_of_old_connection());
    assert!(refused(Stage::Mail, 421).is_of_old_connection());
    assert!(!lost(Stage::Message).is_of_old_connection());
    assert!(!refused(Stage::Message, 421).is_of_old_connection());
    assert!(!refused(Stage::Rcpt, 550).is_of_old_connection());
    let silent = Failure::Silent { stage: Stage::Mail };
    assert!(!silent.is_of_old_connection());
}

#[test]
fn a_refusal_keeps_reply_code_and_words() {
    let answer = Answer::from(Failure::Refused {
        stage: Stage::Rcpt,
        reply: 550,
        text: "5.1.1 no such user".to_owned(),
    });
    assert_eq!(answer.reason(), Some(Reason::RecipientInvalid));
    assert_eq!(answer.status, Some(550));
    assert_eq!(answer.code.as_deref(), Some("5.1.1"));
    assert_eq!(answer.message.as_deref(), Some("5.1.1 no such user"));
}

#[test]
fn the_relays_id_is_found_in_the_words_of_the_common_ones() {
    for (text, id) in [
        ("2.0.0 Ok: queued as 4XyZ1b", Some("4XyZ1b")),
        ("Ok 0100018f-1a2b-000000", Some("0100018f-1a2b-000000")),
        ("2.0.0 OK  1700000000 a1-2b3 - gsmtp", None),
        ("2.0.0 message accepted", None),
        ("Ok", None),
        ("", None),
    ] {
        assert_eq!(queue_id(text).as_deref(), id, "{text}");
    }
}
