use super::*;

fn form(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let usual = [
        ("MessageSid", "SM1"),
        ("From", "+15550001111"),
        ("To", "+15550009999"),
    ];
    let all = usual.iter().chain(fields);
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn keyword(body: &str) -> Option<Keyword> {
    Inbound::read(&form(&[("Body", body)]))
        .expect("a message")
        .keyword
}

#[test]
fn the_standard_keywords_opt_out_and_in_alone_and_in_any_case() {
    for word in [
        "STOP",
        "stop",
        " Stop ",
        "STOPALL",
        "unsubscribe",
        "Cancel",
        "END",
        "quit",
        "revoke",
        "OptOut",
    ] {
        assert_eq!(keyword(word), Some(Keyword::Stop), "{word}");
    }
    for word in ["START", "start", "Yes", "UNSTOP"] {
        assert_eq!(keyword(word), Some(Keyword::Start), "{word}");
    }
    for text in [
        "STOP PLEASE",
        "please cancel",
        "HELP",
        "thanks",
        "",
        "yes please",
    ] {
        assert_eq!(keyword(text), None, "{text}");
    }
}

#[test]
fn what_twilio_took_it_for_counts_before_the_words() {
    let of = |kind: &str, body: &str| {
        let fields = form(&[("Body", body), ("OptOutType", kind)]);
        Inbound::read(&fields).expect("a message").keyword
    };
    assert_eq!(of("STOP", "arret"), Some(Keyword::Stop));
    assert_eq!(of("START", "encore"), Some(Keyword::Start));
    assert_eq!(of("HELP", "END"), None);
}

#[test]
fn a_report_about_a_message_of_ours_is_no_message() {
    assert_eq!(
        Inbound::read(&form(&[("MessageStatus", "delivered")])),
        None
    );
    assert_eq!(
        Inbound::read(&form(&[("Body", "x"), ("MessageStatus", "sent")])),
        None
    );
    assert_eq!(Inbound::read(&[("Body".to_owned(), "x".to_owned())]), None);
}
