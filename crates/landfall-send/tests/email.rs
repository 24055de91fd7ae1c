//! The e-mail sender against the simulated relay.

use std::sync::Arc;

use landfall_domain::attempt::{Answer, Verdict};
use landfall_domain::channel::Provider;
use landfall_domain::content::{Content, EmailContent};
use landfall_domain::reason::Reason;
use landfall_domain::time::{ManualClock, Timestamp};
use landfall_send::credential::{SmtpCredential, SmtpSecurity};
use landfall_send::email::SmtpSender;
use landfall_send::{Address, Credential, Network, Outgoing, Sender, connect};
use landfall_sim::certificate::Authority;
use landfall_sim::script::{Match, Rule, Script};
use landfall_sim::smtp::{self as sim, Credentials, Options, Smtp, Stage, Tls};

const NOW: Timestamp = Timestamp::from_seconds(1_796_047_200);
const ANN: &str = "ann@a.example";

fn options() -> Options {
    Options::open(Arc::new(ManualClock::at(NOW)))
}

fn relay() -> Smtp {
    Smtp::start(options()).expect("a free port")
}

fn credential(relay: &Smtp, security: SmtpSecurity) -> SmtpCredential {
    SmtpCredential {
        host: "localhost".to_owned(),
        port: relay.address().port(),
        security,
        from: "Shop <news@shop.example>".to_owned(),
        ca_pem: relay.authority_pem().map(str::to_owned),
        ..SmtpCredential::default()
    }
}

fn network() -> Network {
    Network {
        private_allowed: true,
        ..Network::default()
    }
}

fn sender(relay: &Smtp) -> SmtpSender {
    SmtpSender::new(&credential(relay, SmtpSecurity::Plain), &network()).expect("a credential")
}

fn to(address: &str) -> Outgoing {
    let content = EmailContent {
        subject: Some("Your parcel".to_owned()),
        body: Some("<p>It arrives today.</p>\n.\n<p>Grüße</p>".to_owned()),
        ..EmailContent::default()
    };
    Outgoing {
        attempt_id: "7d2b5c1e-0000-4000-8000-000000000001".to_owned(),
        delivery_id: "dlv_7".to_owned(),
        to: Address::Email(address.to_owned()),
        content: Content::Email(Box::new(content)),
        expires_at: NOW.plus_millis(600_000),
        dry_run: false,
        analytics_label: None,
    }
}

/// Lets the relay answer so at a stage, `times` times.
fn script(relay: &Smtp, stage: Stage, answer: sim::Answer, times: u64) {
    let rule = Rule::new(Match::fact("stage", stage.word()), answer);
    relay.script().replace(Script::of([rule.times(times)]));
}

fn reply(text: &str) -> sim::Answer {
    sim::Answer::Reply(text.parse().expect("a reply"))
}

fn seen(answer: &Answer) -> (Option<Reason>, Option<u16>, Option<&str>) {
    (answer.reason(), answer.status, answer.code.as_deref())
}

#[tokio::test]
async fn a_relay_takes_a_message_for_one_recipient() {
    let relay = relay();
    let answer = sender(&relay).send(&to(ANN), NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    assert_eq!(answer.status, Some(250));
    let taken = relay.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].from, "news@shop.example");
    assert_eq!(taken[0].recipients, [(ANN.to_owned(), Vec::new())]);
    let text = String::from_utf8_lossy(&taken[0].raw);
    assert!(
        text.contains("Message-ID: <dlv_7@shop.example>\r\n"),
        "{text}"
    );
    assert!(
        text.contains("\r\n.\r\n"),
        "a line with a dot is a line: {text}"
    );
}

#[tokio::test]
async fn it_signs_in_behind_tls_and_behind_starttls() {
    for (tls, security) in [
        (
            Tls::Implicit as fn(Arc<Authority>) -> Tls,
            SmtpSecurity::Tls,
        ),
        (Tls::StartTls, SmtpSecurity::Starttls),
    ] {
        let relay = Smtp::start(Options {
            tls: tls(Arc::new(Authority::new().unwrap())),
            credentials: Some(Credentials {
                user: "shop".to_owned(),
                password: "s3cret".to_owned(),
            }),
            ..options()
        })
        .unwrap();
        let credential = SmtpCredential {
            username: Some("shop".to_owned()),
            password: Some("s3cret".to_owned()),
            ..credential(&relay, security)
        };
        let sender = connect(&Credential::Smtp(credential.clone()), &network()).unwrap();
        assert_eq!(sender.provider(), Provider::Smtp);
        assert_eq!(sender.check(NOW).await.verdict, Verdict::Accepted);
        let answer = sender.send(&to(ANN), NOW).await;
        assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
        let taken = relay.taken();
        assert!(taken[0].secure);
        assert_eq!(taken[0].user.as_deref(), Some("shop"));
        assert_eq!(
            relay.connections(),
            1,
            "the check's connection is used again"
        );

        let wrong = SmtpCredential {
            password: Some("mistyped".to_owned()),
            ..credential.clone()
        };
        let wrong = connect(&Credential::Smtp(wrong), &network()).unwrap();
        for answer in [wrong.check(NOW).await, wrong.send(&to(ANN), NOW).await] {
            assert_eq!(answer.reason(), Some(Reason::ProviderAuth), "{answer:?}");
            assert_eq!(answer.status, Some(535));
            assert!(!format!("{answer:?}").contains("mistyped"));
        }
        let distrusting = SmtpCredential {
            ca_pem: None,
            ..credential
        };
        let distrusting = connect(&Credential::Smtp(distrusting), &network()).unwrap();
        let answer = distrusting.send(&to(ANN), NOW).await;
        assert_eq!(
            answer.reason(),
            Some(Reason::ConnectionFailed),
            "{answer:?}"
        );
        assert_eq!(relay.taken().len(), 1);
    }
}

#[tokio::test]
async fn a_relay_without_starttls_gets_nothing() {
    let relay = relay();
    let credential = credential(&relay, SmtpSecurity::Starttls);
    let sender = SmtpSender::new(&credential, &network()).unwrap();
    let answer = sender.send(&to(ANN), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderConfig), "{answer:?}");
    assert!(relay.taken().is_empty());
}

/// What the relay says where, what that means, and the enhanced code in it.
const STAGES: &[(Stage, &str, Reason, Option<&str>)] = &[
    (
        Stage::Connect,
        "554 5.3.2 No service",
        Reason::ProviderConfig,
        Some("5.3.2"),
    ),
    (
        Stage::Connect,
        "421 Busy",
        Reason::ProviderUnavailable,
        None,
    ),
    (
        Stage::Ehlo,
        "421 4.3.2 Busy",
        Reason::ProviderUnavailable,
        Some("4.3.2"),
    ),
    (
        Stage::Mail,
        "550 5.1.0 Sender refused",
        Reason::ProviderConfig,
        Some("5.1.0"),
    ),
    (
        Stage::Mail,
        "530 5.7.0 Sign in first",
        Reason::ProviderAuth,
        Some("5.7.0"),
    ),
    (
        Stage::Mail,
        "451 4.3.0 Later",
        Reason::ProviderUnavailable,
        Some("4.3.0"),
    ),
    (
        Stage::Rcpt,
        "550 5.1.1 No such user",
        Reason::RecipientInvalid,
        Some("5.1.1"),
    ),
    (
        Stage::Rcpt,
        "452 4.2.2 Full",
        Reason::MailboxFull,
        Some("4.2.2"),
    ),
    (
        Stage::Rcpt,
        "450 4.7.1 Greylisted",
        Reason::ProviderUnavailable,
        Some("4.7.1"),
    ),
    (Stage::Rcpt, "550 No", Reason::BouncedUnknown, None),
    (
        Stage::Data,
        "554 5.5.1 No valid recipients",
        Reason::ProviderConfig,
        Some("5.5.1"),
    ),
    (
        Stage::Content,
        "550 5.7.26 DMARC",
        Reason::ContentFiltered,
        Some("5.7.26"),
    ),
    (
        Stage::Content,
        "552 5.3.4 Too big",
        Reason::PayloadTooLarge,
        Some("5.3.4"),
    ),
    (
        Stage::Content,
        "451 4.3.0 Later",
        Reason::ProviderUnavailable,
        Some("4.3.0"),
    ),
];

#[tokio::test]
async fn every_stage_has_its_meaning() {
    let relay = relay();
    for &(stage, text, reason, code) in STAGES {
        script(&relay, stage, reply(text), 1);
        let answer = sender(&relay).send(&to(ANN), NOW).await;
        let status: u16 = text[..3].parse().unwrap();
        assert_eq!(seen(&answer), (Some(reason), Some(status), code), "{text}");
    }
    assert!(relay.taken().is_empty());
}

#[tokio::test]
async fn words_of_several_lines_are_kept() {
    let relay = relay();
    let answer = reply("550 5.7.1 Blocked\nsee the list");
    script(&relay, Stage::Rcpt, answer, 1);
    let answer = sender(&relay).send(&to(ANN), NOW).await;
    assert_eq!(
        answer.message.as_deref(),
        Some("5.7.1 Blocked see the list")
    );
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_message_took_nothing() {
    let relay = relay();
    for stage in [
        Stage::Connect,
        Stage::Ehlo,
        Stage::Mail,
        Stage::Rcpt,
        Stage::Data,
    ] {
        for torn in [sim::Answer::Close, sim::Answer::CloseAfter] {
            script(&relay, stage, torn, 1);
            let answer = sender(&relay).send(&to(ANN), NOW).await;
            assert_eq!(answer.reason(), Some(Reason::ConnectionFailed), "{stage:?}");
            assert_eq!(answer.status, None);
        }
    }
    assert!(relay.taken().is_empty());
}

#[tokio::test]
async fn a_connection_that_breaks_behind_the_message_leaves_it_open() {
    let relay = relay();
    for (torn, taken) in [(sim::Answer::Close, 0), (sim::Answer::CloseAfter, 1)] {
        for used_before in [false, true] {
            let sender = sender(&relay);
            if used_before {
                sender.send(&to(ANN), NOW).await;
            }
            let before = relay.taken().len();
            script(&relay, Stage::Content, torn.clone(), 1);
            let answer = sender.send(&to(ANN), NOW).await;
            assert_eq!(answer.reason(), Some(Reason::OutcomeUnknown), "{answer:?}");
            assert_eq!(relay.taken().len(), before + taken, "sent once, not again");
        }
    }
}

#[tokio::test]
async fn silence_is_judged_by_where_it_fell() {
    for (stage, reason) in [
        (Stage::Connect, Reason::ConnectionFailed),
        (Stage::Rcpt, Reason::ConnectionFailed),
        (Stage::Content, Reason::OutcomeUnknown),
    ] {
        let relay = relay();
        script(&relay, stage, sim::Answer::Hold, 1);
        let sender = sender(&relay);
        let sending = tokio::spawn(async move { sender.send(&to(ANN), NOW).await });
        relay.gate().until_waiting(1).await;
        tokio::time::pause();
        let answer = sending.await.unwrap();
        assert_eq!(answer.reason(), Some(reason), "{stage:?}: {answer:?}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn a_connection_is_used_again_also_after_a_refusal() {
    let relay = relay();
    let sender = sender(&relay);
    for _ in 0..3 {
        assert_eq!(sender.send(&to(ANN), NOW).await.verdict, Verdict::Accepted);
    }
    script(&relay, Stage::Rcpt, reply("550 5.1.1 No such user"), 1);
    let answer = sender.send(&to("nobody@a.example"), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::RecipientInvalid));
    assert_eq!(sender.send(&to(ANN), NOW).await.verdict, Verdict::Accepted);
    assert_eq!(relay.connections(), 1);
    assert_eq!(relay.taken().len(), 4);
}

#[tokio::test]
async fn a_connection_that_the_relay_gave_up_costs_no_message() {
    let relay = relay();
    let sender = sender(&relay);
    for farewell in [None, Some("421 4.4.2 Idle for too long".parse().unwrap())] {
        assert_eq!(sender.send(&to(ANN), NOW).await.verdict, Verdict::Accepted);
        assert_eq!(relay.hang_up(farewell), 1);
        let answer = sender.send(&to(ANN), NOW).await;
        assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    }
    assert_eq!(relay.taken().len(), 4, "nothing lost and nothing twice");
    // A relay that counts messages says 421 to the next one on the same connection.
    script(&relay, Stage::Mail, reply("421 4.7.0 Too many messages"), 1);
    let answer = sender.send(&to(ANN), NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
}

#[tokio::test]
async fn a_connection_does_not_wait_for_longer_than_relays_let_it() {
    let relay = relay();
    let sender = sender(&relay);
    sender.send(&to(ANN), NOW).await;
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(9)).await;
    tokio::time::resume();
    sender.send(&to(ANN), NOW).await;
    assert_eq!(relay.connections(), 2);
}

#[tokio::test]
async fn many_messages_share_a_bounded_number_of_connections() {
    let relay = relay();
    let sender = sender(&relay);
    let sends = (0..60).map(|n| {
        let sender = &sender;
        async move { sender.send(&to(&format!("p{n}@a.example")), NOW).await }
    });
    let answers = futures_util::future::join_all(sends).await;
    assert!(answers.iter().all(|answer| answer.reason().is_none()));
    assert_eq!(relay.taken().len(), 60);
    assert!(relay.connections() <= 16, "{}", relay.connections());
}

#[tokio::test]
async fn a_dry_run_asks_for_the_recipient_and_sends_nothing() {
    let relay = relay();
    let sender = sender(&relay);
    let dry = |address: &str| Outgoing {
        dry_run: true,
        ..to(address)
    };
    let answer = sender.send(&dry(ANN), NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    script(&relay, Stage::Rcpt, reply("550 5.1.1 No such user"), 1);
    let answer = sender.send(&dry("nobody@a.example"), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::RecipientInvalid));
    assert!(relay.taken().is_empty());
    sender.send(&to(ANN), NOW).await;
    assert_eq!(relay.taken().len(), 1);
}

#[tokio::test]
async fn a_relay_in_the_own_network_must_be_allowed() {
    let relay = relay();
    let credential = credential(&relay, SmtpSecurity::Plain);
    let sender = SmtpSender::new(&credential, &Network::default()).unwrap();
    let answer = sender.send(&to(ANN), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderConfig), "{answer:?}");
    assert_eq!(relay.connections(), 0);
}

#[tokio::test]
async fn a_relay_that_is_not_there_is_a_failed_connection() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    for host in ["localhost", "name.invalid"] {
        let credential = SmtpCredential {
            host: host.to_owned(),
            port,
            security: SmtpSecurity::Plain,
            from: "news@shop.example".to_owned(),
            ..SmtpCredential::default()
        };
        let sender = SmtpSender::new(&credential, &network()).unwrap();
        let answer = sender.check(NOW).await;
        assert_eq!(
            answer.reason(),
            Some(Reason::ConnectionFailed),
            "{answer:?}"
        );
    }
}
