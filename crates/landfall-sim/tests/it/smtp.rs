//! The mail server as clients see it.

use std::sync::Arc;

use landfall_domain::time::{ManualClock, Timestamp};
use landfall_sim::certificate::Authority;
use landfall_sim::script::{Match, Rule, Script};
use landfall_sim::smtp::{Answer, Credentials, Options, Smtp, Tls};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::installed::{driven, python};

const NOW: Timestamp = Timestamp::from_seconds(1_764_500_000);

fn server(change: impl FnOnce(&mut Options)) -> Smtp {
    let mut options = Options::open(Arc::new(ManualClock::at(NOW)));
    change(&mut options);
    Smtp::start(options).expect("a free port")
}

fn reply(text: &str) -> Answer {
    Answer::Reply(text.parse().expect("a reply"))
}

/// A rule for one stage.
fn at(stage: &str, answer: Answer) -> Rule<Answer> {
    Rule::new(Match::fact("stage", stage), answer)
}

/// A client that says exactly what the test wants.
struct Client(BufReader<TcpStream>);

impl Client {
    /// Connects and reads the greeting.
    async fn greeted(server: &Smtp) -> (Self, String) {
        let stream = TcpStream::connect(server.address())
            .await
            .expect("connects");
        let mut client = Self(BufReader::new(stream));
        let greeting = client.heard().await;
        (client, greeting)
    }

    async fn say(&mut self, text: &str) {
        let written = self.0.get_mut().write_all(text.as_bytes()).await;
        written.expect("written");
    }

    /// The last line of the next reply; nothing at the end of the connection.
    async fn heard(&mut self) -> String {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await.unwrap_or(0) == 0 {
                return String::new();
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn asked(&mut self, line: &str) -> String {
        self.say(&format!("{line}\r\n")).await;
        self.heard().await
    }

    /// All up to the message itself.
    async fn begun(server: &Smtp, to: &str) -> Self {
        let (mut client, _) = Self::greeted(server).await;
        for line in [
            "EHLO test",
            "MAIL FROM:<a@b.example>",
            &format!("RCPT TO:<{to}>"),
        ] {
            let reply = client.asked(line).await;
            assert!(reply.starts_with("250"), "{line}: {reply}");
        }
        assert!(client.asked("DATA").await.starts_with("354"));
        client
    }
}

#[tokio::test]
async fn a_pipeline_is_answered_in_order() {
    let server = server(|_| {});
    let (mut client, greeting) = Client::greeted(&server).await;
    assert_eq!(greeting, "220 localhost ESMTP");
    client
        .say("EHLO test\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRCPT TO:<nobody>\r\nDATA\r\n")
        .await;
    let mut codes = Vec::new();
    for _ in 0..5 {
        codes.push(client.heard().await[..3].to_owned());
    }
    assert_eq!(codes, ["250", "250", "250", "553", "354"]);
    // A message in pieces, whose end is torn apart, and the next command in the same segment.
    for piece in [
        "Subject: x\r\n\r\n..dots\r",
        "\n.",
        "\r",
        "\nRSET\r\nQUIT\r\n",
    ] {
        client.say(piece).await;
    }
    for code in ["250 2.0.0 Queued", "250", "221"] {
        let heard = client.heard().await;
        assert!(heard.starts_with(code), "{heard}");
    }
    assert_eq!(client.heard().await, "", "the connection is closed");
    let taken = server.taken();
    assert_eq!(&taken[0].raw[..], b"Subject: x\r\n\r\n.dots\r\n");
    assert_eq!((taken[0].at, taken[0].secure), (NOW, false));
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_was_taken() {
    let server = server(|_| {});
    server
        .script()
        .replace(Script::of([at("content", Answer::CloseAfter)]));
    let mut client = Client::begun(&server, "c@d.example").await;
    assert_eq!(client.asked("Hi\r\n.").await, "");
    assert_eq!(server.taken().len(), 1);
    server
        .script()
        .replace(Script::of([at("content", Answer::Close)]));
    let mut client = Client::begun(&server, "c@d.example").await;
    assert_eq!(client.asked("Hi\r\n.").await, "");
    assert_eq!(server.taken().len(), 1, "the second one was not");
}

#[tokio::test]
async fn a_slow_answer_waits_for_the_caller() {
    let server = server(|_| {});
    server
        .script()
        .replace(Script::of([at("content", Answer::Hold)]));
    let mut client = Client::begun(&server, "c@d.example").await;
    client.say("Hi\r\n.\r\n").await;
    server.gate().until_waiting(1).await;
    assert_eq!(server.taken().len(), 1);
    server.gate().release(1);
    assert!(client.heard().await.starts_with("250"));
}

#[tokio::test]
async fn the_server_says_421_between_messages_and_closes() {
    let server = server(|_| {});
    let second = serde_json::from_value(json!({"rules": [{
        "when": {"facts": {"stage": "mail"}, "requests": {"from": 2}},
        "answer": {"reply": "421 4.7.0 Too many messages"},
    }]}));
    server.script().replace(second.expect("a script"));
    let mut client = Client::begun(&server, "c@d.example").await;
    assert!(client.asked("Hi\r\n.").await.starts_with("250"));
    let heard = client.asked("MAIL FROM:<a@b.example>").await;
    assert_eq!(heard, "421 4.7.0 Too many messages");
    assert_eq!(client.heard().await, "");
}

#[tokio::test]
async fn idle_connections_are_closed_with_a_word_or_without() {
    let server = server(|_| {});
    let (mut one, _) = Client::greeted(&server).await;
    let (mut two, _) = Client::greeted(&server).await;
    let away = "421 4.4.2 Timeout".parse().expect("a reply");
    // Both wait for a command: their greetings were read.
    assert_eq!(server.hang_up(Some(away)), 2);
    for client in [&mut one, &mut two] {
        assert_eq!(client.heard().await, "421 4.4.2 Timeout");
        assert_eq!(client.heard().await, "");
    }
    let (mut three, _) = Client::greeted(&server).await;
    server.hang_up(None);
    assert_eq!(three.heard().await, "");
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn what_is_said_before_tls_is_forgotten() {
    let authority = Arc::new(Authority::new().expect("an authority"));
    let server = server(|options| options.tls = Tls::StartTls(authority.clone()));
    let (mut client, _) = Client::greeted(&server).await;
    client.asked("EHLO test").await;
    // The command after STARTTLS was slipped in: it must not be answered under TLS.
    client.say("STARTTLS\r\nNOOP\r\n").await;
    assert!(client.heard().await.starts_with("220"));
    let config = authority.client_config(&[], None).expect("settings");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let name = "localhost".try_into().expect("a name");
    let mut stream = connector
        .connect(name, client.0.into_inner())
        .await
        .expect("a handshake");
    stream.write_all(b"QUIT\r\n").await.expect("written");
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.expect("read");
    assert_eq!(heard, "221 2.0.0 Goodbye\r\n");
}

#[tokio::test]
async fn endless_lines_and_messages_are_refused() {
    let server = server(|options| options.largest = 1_000);
    let (mut client, _) = Client::greeted(&server).await;
    client.say(&"x".repeat(20_000)).await;
    assert!(client.heard().await.starts_with("500 5.5.2"));
    assert_eq!(client.heard().await, "");
    for message in ["x".repeat(20_000), "x\r\n".repeat(400)] {
        let mut client = Client::begun(&server, "c@d.example").await;
        let heard = client.asked(&format!("{message}\r\n.")).await;
        assert_eq!(heard, "552 5.3.4 The message is too large");
        assert!(client.asked("NOOP").await.starts_with("250"));
    }
    assert_eq!(server.taken(), []);
}

/// What each call of `python_smtp.py` must meet.
fn heard_by_smtplib() -> Value {
    json!({
        "features": ["8bitmime", "dsn", "enhancedstatuscodes", "pipelining", "size", "smtputf8"],
        "one": {"refused": {}},
        "two": {"refused": {"gone@example.net": [550, "5.1.1 No such mailbox"]}},
        "gone": {"error": "SMTPRecipientsRefused",
            "recipients": {"gone@example.net": [550, "5.1.1 No such mailbox"]}},
        "full": {"error": "SMTPRecipientsRefused",
            "recipients": {"full@example.net": [452, "4.2.2 Mailbox full"]}},
        "grey": {"error": "SMTPRecipientsRefused",
            "recipients": {"grey@example.net": [450, "4.7.1 Come back later"]}},
        "spam": {"error": "SMTPDataError", "code": 550, "text": "5.7.1 Looks like spam"},
        "large": {"error": "SMTPSenderRefused", "code": 552, "text": "5.3.4 The message is too large"},
        "again": {"refused": {}},
        "lost": {"error": "SMTPServerDisconnected"},
        "early": {"error": "SMTPSenderRefused", "code": 530, "text": "5.7.0 Sign in first"},
        "wrong": {"error": "SMTPAuthenticationError", "code": 535,
            "text": "5.7.8 User or password is wrong"},
        "right": {"refused": {}},
        "signed": {"refused": {}},
        "implicit": {"refused": {}},
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_smtplib() {
    let authority = Arc::new(Authority::new().expect("an authority"));
    let open = server(|options| options.largest = 1_000_000);
    let to = |name: &str, stage: &str, answer| {
        let when = Match::prefix(name).and_fact("stage", stage);
        Rule::new(when, answer)
    };
    open.script().replace(Script::of([
        to("gone", "rcpt", reply("550 5.1.1 No such mailbox")),
        to("full", "rcpt", reply("452 4.2.2 Mailbox full")),
        to("grey", "rcpt", reply("450 4.7.1 Come back later")),
        to("spam", "content", reply("550 5.7.1 Looks like spam")),
        to("lost", "content", Answer::CloseAfter),
    ]));
    let credentials = Some(Credentials {
        user: "ann".to_owned(),
        password: "pass".to_owned(),
    });
    let signed = server(|options| {
        options.tls = Tls::StartTls(authority.clone());
        options.credentials = credentials;
    });
    let implicit = server(|options| options.tls = Tls::Implicit(authority.clone()));
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), authority.pem()).expect("written");
    let ports = json!({
        "open": open.address().port(),
        "starttls": signed.address().port(),
        "implicit": implicit.address().port(),
    });
    let mut command = python("python_smtp.py");
    command
        .env("PORTS", ports.to_string())
        .env("AUTHORITY", file.path());
    let answers = driven(command).await;
    assert_eq!(answers, heard_by_smtplib(), "{answers:#}");
    let to: Vec<_> = open
        .taken()
        .into_iter()
        .flat_map(|taken| taken.recipients)
        .map(|(address, _)| address)
        .collect();
    assert_eq!(
        to,
        [
            "ann@example.net",
            "ann@example.net",
            "bob@example.net",
            "lost@example.net"
        ]
    );
    let raw = String::from_utf8(open.taken()[0].raw.to_vec()).expect("text");
    assert!(
        raw.contains("\r\n.\r\n..two dots\r\n"),
        "dots are restored: {raw}"
    );
    let taken = signed.taken().pop().expect("a message");
    assert_eq!((taken.secure, taken.user.as_deref()), (true, Some("ann")));
    assert!(implicit.taken()[0].secure);
}
