use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use landfall_domain::time::{ManualClock, Timestamp};
use tokio::sync::broadcast;

use super::*;
use crate::certificate::Authority;
use crate::http::Gate;
use crate::script::{Match, Rule, Script, ScriptHandle};
use crate::smtp::{Credentials, Options, Tls};

fn shared(change: impl FnOnce(&mut Options)) -> Arc<Shared> {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(7)));
    let mut options = Options::open(clock);
    change(&mut options);
    Arc::new(Shared {
        options,
        script: ScriptHandle::default(),
        gate: Gate::closed(),
        taken: Mutex::default(),
        connections: AtomicU64::new(0),
        hangup: broadcast::Sender::new(2),
    })
}

fn said(turn: Turn) -> String {
    turn.reply
        .map_or_else(|| "nothing".to_owned(), |reply| reply.to_string())
}

/// Says lines and gives back the codes of the replies.
fn codes(session: &mut Session, lines: &[&str]) -> Vec<String> {
    let code = |line: &&str| said(session.line(line)).chars().take(9).collect::<String>();
    lines
        .iter()
        .map(code)
        .map(|code| code.trim_end().to_owned())
        .collect()
}

fn credentials() -> Option<Credentials> {
    Some(Credentials {
        user: "ann".to_owned(),
        password: "pass".to_owned(),
    })
}

#[test]
fn a_message_is_taken_with_its_envelope() {
    let shared = shared(|_| {});
    let mut session = Session::new(Arc::clone(&shared), 3, false);
    assert_eq!(said(session.greeting()), "220 localhost ESMTP");
    let lines = [
        "EHLO client.example",
        "MAIL FROM:<a@b.example> SIZE=5",
        "RCPT TO:<c@d.example> NOTIFY=NEVER",
        "RCPT TO:<e@f.example>",
    ];
    let codes = codes(&mut session, &lines);
    assert_eq!(codes[1..], ["250 2.1.0", "250 2.1.5", "250 2.1.5"]);
    assert_eq!(session.line("DATA").next, Next::Content);
    let turn = session.content(Some(Bytes::from_static(b"Hi\r\n")));
    assert_eq!(said(turn), "250 2.0.0 Queued as 0");
    let taken = shared.taken().pop().expect("a message");
    assert_eq!((taken.from.as_str(), taken.connection), ("a@b.example", 3));
    let recipients = [
        ("c@d.example".to_owned(), vec!["NOTIFY=NEVER".to_owned()]),
        ("e@f.example".to_owned(), vec![]),
    ];
    assert_eq!(taken.recipients, recipients);
    assert_eq!(&taken.raw[..], b"Hi\r\n");
}

#[test]
fn commands_out_of_order_are_refused() {
    let shared = shared(|options| {
        options.largest = 10;
        options.most_recipients = 1;
    });
    let mut session = Session::new(shared, 0, false);
    let lines = [
        "MAIL FROM:<a@b.c>",
        "HELO x",
        "AUTH PLAIN",
        "RCPT TO:<a@b.c>",
        "DATA",
        "STARTTLS",
        "MAIL FROM:<a@b.c> SIZE=11",
        "MAIL FROM:<a@b.c>",
        "MAIL FROM:<a@b.c>",
        "DATA",
        "RCPT TO:<a@b.c>",
        "RCPT TO:<b@b.c>",
        "RSET",
        "RCPT TO:<a@b.c>",
    ];
    let codes: Vec<_> = codes(&mut session, &lines)
        .iter()
        .map(|code| code[..3].to_owned())
        .collect();
    assert_eq!(
        codes,
        [
            "503", "250", "502", "503", "503", "502", "552", "250", "503", "503", "250", "452",
            "250", "503"
        ]
    );
}

#[test]
fn who_signs_in_rightly_may_send() {
    let plain = STANDARD.encode("\0ann\0pass");
    let ways: [&[&str]; 4] = [
        &["AUTH PLAIN AGFubgBwYXNz"],
        &["AUTH PLAIN", "AGFubgBwYXNz"],
        &["AUTH LOGIN", "YW5u", "cGFzcw=="],
        &["AUTH LOGIN YW5u", "cGFzcw=="],
    ];
    assert_eq!(plain, "AGFubgBwYXNz");
    for way in ways {
        let mut session = Session::new(shared(|o| o.credentials = credentials()), 0, false);
        assert_eq!(
            codes(&mut session, &["EHLO x", "MAIL FROM:<a@b.c>"])[1],
            "530 5.7.0"
        );
        let codes = codes(&mut session, way);
        assert_eq!(codes.last().expect("a reply"), "235 2.7.0", "{way:?}");
        assert!(said(session.line("MAIL FROM:<a@b.c>")).starts_with("250"));
    }
}

#[test]
fn wrong_ways_to_sign_in_are_told_apart() {
    let mut session = Session::new(shared(|o| o.credentials = credentials()), 0, false);
    let lines = [
        "AUTH PLAIN AGFubgBwYXNz",
        "EHLO x",
        "AUTH CRAM-MD5",
        "AUTH PLAIN AGFubgBub3Bl",
        "AUTH PLAIN ???",
        "AUTH PLAIN YW5u",
        "AUTH LOGIN",
        "*",
        "AUTH LOGIN =",
        "=",
    ];
    let codes = codes(&mut session, &lines);
    let wanted = [
        "503 5.5.1",
        "250 local",
        "504 5.5.4",
        "535 5.7.8",
        "501 5.5.2",
        "501 5.5.2",
        "334 VXNlc",
        "501 5.7.0",
        "334 UGFzc",
        "535 5.7.8",
    ];
    assert_eq!(codes, wanted);
}

#[test]
fn passwords_wait_for_tls_where_there_is_tls() {
    let authority = Arc::new(Authority::new().expect("an authority"));
    let shared = shared(|options| {
        options.tls = Tls::StartTls(authority);
        options.credentials = credentials();
    });
    let mut session = Session::new(shared, 0, false);
    let offered = said(session.line("EHLO x"));
    assert!(
        offered.contains("STARTTLS") && !offered.contains("AUTH"),
        "{offered}"
    );
    assert!(said(session.line("AUTH PLAIN AGFubgBwYXNz")).starts_with("538 5.7.11"));
    assert_eq!(session.line("STARTTLS").next, Next::Handshake);
    session.secured();
    assert!(
        said(session.line("MAIL FROM:<a@b.c>")).starts_with("503"),
        "EHLO comes anew"
    );
    let offered = said(session.line("EHLO x"));
    assert!(
        !offered.contains("STARTTLS") && offered.contains("AUTH"),
        "{offered}"
    );
    assert!(said(session.line("STARTTLS")).starts_with("503"));
}

#[test]
fn a_script_answers_at_every_stage() {
    let shared = shared(|options| options.credentials = credentials());
    for (stage, reply) in [
        ("connect", "554 5.3.2 Not now"),
        ("ehlo", "550 5.7.1 Blocked"),
        ("auth", "535 5.7.8 No"),
        ("mail", "451 4.3.0 Later"),
        ("rcpt", "550 5.1.1 Nobody"),
        ("data", "554 5.5.1 No"),
        ("content", "550 5.7.1 Spam"),
    ] {
        let answer = Answer::Reply(reply.parse().expect("a reply"));
        let rule = Rule::new(Match::fact("stage", stage), answer);
        shared.script.replace(Script::of([rule]));
        let mut session = Session::new(Arc::clone(&shared), 0, false);
        let mut all = vec![said(session.greeting())];
        for line in [
            "EHLO x",
            "AUTH PLAIN AGFubgBwYXNz",
            "MAIL FROM:<a@b.c>",
            "RCPT TO:<d@e.f>",
            "DATA",
        ] {
            all.push(said(session.line(line)));
        }
        all.push(said(session.content(Some(Bytes::new()))));
        assert_eq!(
            all.iter().filter(|said| *said == reply).count(),
            1,
            "{stage}: {all:?}"
        );
    }
    assert_eq!(
        shared.taken().len(),
        2,
        "taken under the rules of connect and data only"
    );
}

#[test]
fn a_script_tears_holds_and_rewords() {
    let shared = shared(|_| {});
    let play = |answer: Answer| {
        let rule = Rule::new(Match::recipient("d@e.f").and_fact("from", "a@b.c"), answer);
        shared.script.replace(Script::of([rule.times(1)]));
        let mut session = Session::new(Arc::clone(&shared), 0, false);
        codes(&mut session, &["EHLO x", "MAIL FROM:<a@b.c>"]);
        let turn = session.line("RCPT TO:<d@e.f>");
        session.line("DATA");
        (turn, session.transaction.map(|one| one.recipients.len()))
    };
    assert_eq!(play(Answer::Close), (Turn::torn(), Some(0)));
    assert_eq!(play(Answer::CloseAfter), (Turn::torn(), Some(1)));
    let (held, recipients) = play(Answer::Hold);
    assert!(held.held && recipients == Some(1));
    let (reworded, recipients) = play(Answer::Reply(
        "251 2.1.5 Forwarded".parse().expect("a reply"),
    ));
    assert_eq!(
        (said(reworded).as_str(), recipients),
        ("251 2.1.5 Forwarded", Some(1))
    );
    let (closing, _) = play(Answer::Reply("421 4.3.2 Going".parse().expect("a reply")));
    assert_eq!(closing.next, Next::Close);
}

#[test]
fn a_message_that_is_too_large_ends_its_transaction() {
    let mut session = Session::new(shared(|_| {}), 0, false);
    codes(
        &mut session,
        &["EHLO x", "MAIL FROM:<a@b.c>", "RCPT TO:<d@e.f>", "DATA"],
    );
    assert_eq!(
        said(session.content(None)),
        "552 5.3.4 The message is too large"
    );
    assert!(said(session.line("MAIL FROM:<a@b.c>")).starts_with("250"));
}
