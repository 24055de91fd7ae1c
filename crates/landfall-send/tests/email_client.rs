//! The e-mail sender against a relay of aiosmtpd, whose messages Python's own mail package reads.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use landfall_domain::attempt::Verdict;
use landfall_domain::content::{Content, EmailContent};
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use landfall_send::credential::{SmtpCredential, SmtpSecurity};
use landfall_send::email::SmtpSender;
use landfall_send::{Address, Network, Outgoing, Sender};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Mon, 30 Nov 2026 14:00:00 UTC.
const NOW: Timestamp = Timestamp::from_seconds(1_796_047_200);

/// A running relay, ended when dropped.
struct Foreign {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Foreign {
    fn start() -> Self {
        let folder = std::env::var_os("LANDFALL_TEST_CLIENTS");
        let folder = PathBuf::from(folder.expect(
            "LANDFALL_TEST_CLIENTS is not set: run `cargo x test`, which installs the clients",
        ));
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients/smtp_relay.py");
        let mut process = Command::new(folder.join("python-providers/bin/python"))
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let mut foreign = Self {
            process,
            lines,
            port: 0,
        };
        let port = foreign.next()["port"].as_u64();
        foreign.port = u16::try_from(port.expect("a port")).expect("16 bits");
        foreign
    }

    fn next(&mut self) -> Value {
        let line = self.lines.next().expect("the relay goes on");
        serde_json::from_str(&line.expect("a line")).expect("JSON")
    }

    fn sender(&self, password: &str) -> SmtpSender {
        let credential = SmtpCredential {
            events_key: None,
            host: "127.0.0.1".to_owned(),
            port: self.port,
            security: SmtpSecurity::Plain,
            username: Some("shop".to_owned()),
            password: Some(password.to_owned()),
            from: "Shop Ü <news@shop.example>".to_owned(),
            ca_pem: None,
        };
        let network = Network {
            private_allowed: true,
            ..Network::default()
        };
        SmtpSender::new(&credential, &network).expect("a credential")
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn content() -> EmailContent {
    EmailContent {
        to: Some("\"Doe, Jörg\" <joerg@a.example>, bob@a.example".to_owned()),
        cc: Some("carl@a.example".to_owned()),
        bcc: Some("dora@a.example".to_owned()),
        reply_to: Some("Hilfe <help@shop.example>".to_owned()),
        subject: Some("Grüße an alle, die einen recht langen Betreff zu schätzen wissen 🙂".to_owned()),
        preheader: Some("Heute: 20 % & mehr".to_owned()),
        body: Some("<html><body><h1>Grüße</h1>\n.\n<p>Zum <a href=\"https://shop.example/?a=1&amp;b=2\">Laden</a></p></body></html>".to_owned()),
        body_amp: Some("<!doctype html><html amp4email></html>".to_owned()),
        headers: BTreeMap::from([("X-Tag".to_owned(), "grün und blau".to_owned())]),
        attachments: BTreeMap::from([
            ("Rechnung ä.pdf".to_owned(), "AAECAwr/Cg0K".to_owned()),
            ("plain.txt".to_owned(), "YQouCmI=".to_owned()),
        ]),
        unsubscribe_url: Some(format!("https://shop.example/u/{}", "t".repeat(200))),
        ..EmailContent::default()
    }
}

fn to(address: &str, content: &EmailContent) -> Outgoing {
    Outgoing {
        attempt_id: "7d2b5c1e-0000-4000-8000-000000000001".to_owned(),
        delivery_id: "dlv+7==".to_owned(),
        to: Address::Email(address.to_owned()),
        content: Content::Email(Box::new(content.clone())),
        expires_at: NOW.plus_millis(600_000),
        dry_run: false,
        analytics_label: Some("welcome.day1".to_owned()),
    }
}

#[test]
fn client_aiosmtpd_reads_what_we_send() {
    let runtime = Runtime::new().unwrap();
    let mut relay = Foreign::start();
    let sender = relay.sender("s3cret");
    let content = content();
    let answer = runtime.block_on(sender.send(&to("joerg@a.example", &content), NOW));
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    assert_eq!(answer.provider_id.as_deref(), Some("PY1"));
    let message = relay.next();
    assert_eq!(message["from"], "news@shop.example");
    assert_eq!(message["to"], json!(["joerg@a.example"]));
    assert_eq!(message["defects"], json!([]), "{message:#}");
    let header = |name: &str| message["headers"][name].clone();
    let expected = [
        ("From", "Shop Ü <news@shop.example>"),
        ("To", "\"Doe, Jörg\" <joerg@a.example>, bob@a.example"),
        ("Cc", "carl@a.example"),
        ("Reply-To", "Hilfe <help@shop.example>"),
        ("Subject", content.subject.as_deref().unwrap()),
        ("Date", "Mon, 30 Nov 2026 14:00:00 +0000"),
        ("Message-ID", "<dlv+7==@shop.example>"),
        ("X-Landfall-Delivery-ID", "dlv+7=="),
        ("Feedback-ID", "welcome.day1:email:landfall"),
        ("X-Tag", "grün und blau"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("MIME-Version", "1.0"),
    ];
    for (name, value) in expected {
        assert_eq!(header(name), json!([value]), "{name}");
    }
    let unsubscribe = format!("<{}>", content.unsubscribe_url.as_deref().unwrap());
    assert_eq!(header("List-Unsubscribe"), json!([unsubscribe]));
    assert!(!message.to_string().contains("dora@"), "{message:#}");
    reads_as_written(&message["body"], &content);
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn reads_as_written(body: &Value, content: &EmailContent) {
    let types = |parts: &Value| -> Vec<String> {
        let parts = parts.as_array().expect("parts");
        let kind = |part: &Value| part["type"].as_str().unwrap_or_default().to_owned();
        parts.iter().map(kind).collect()
    };
    assert_eq!(body["type"], "multipart/mixed");
    assert_eq!(
        types(&body["parts"]),
        ["multipart/alternative", "application/pdf", "text/plain"],
        "{body:#}"
    );
    let readable = &body["parts"][0]["parts"];
    assert_eq!(
        types(readable),
        ["text/plain", "text/x-amp-html", "text/html"]
    );
    let plain = text(&readable[0]["content"]);
    assert_eq!(
        plain.trim_end(),
        "Grüße\n\n.\n\nZum Laden (https://shop.example/?a=1&b=2)"
    );
    let html = text(&readable[2]["content"]);
    assert!(
        html.contains("Heute: 20 % &amp; mehr</div><h1>Grüße</h1>\n.\n<p>"),
        "{html}"
    );
    assert_eq!(
        text(&readable[1]["content"]).trim_end(),
        content.body_amp.as_deref().unwrap_or_default()
    );
    let files = body["parts"].as_array().expect("parts").iter().skip(1);
    let mut files: Vec<(&str, &str)> = files
        .map(|part| (text(&part["file"]), text(&part["content"])))
        .collect();
    files.sort_unstable();
    assert_eq!(
        files,
        [
            ("Rechnung ä.pdf", "000102030aff0a0d0a"),
            ("plain.txt", "a\n.\nb")
        ]
    );
}

#[test]
fn client_aiosmtpd_refuses_and_we_know_why() {
    let runtime = Runtime::new().unwrap();
    let mut relay = Foreign::start();
    let sender = relay.sender("s3cret");
    let content = EmailContent {
        body: Some("<p>Hi</p>".to_owned()),
        ..EmailContent::default()
    };
    for (name, reason, status, code) in [
        ("unknown", Reason::RecipientInvalid, 550, Some("5.1.1")),
        ("full", Reason::MailboxFull, 452, Some("4.2.2")),
        ("grey", Reason::ProviderUnavailable, 450, Some("4.7.1")),
        ("policy", Reason::ContentFiltered, 550, Some("5.7.1")),
        ("bare", Reason::BouncedUnknown, 550, None),
    ] {
        let outgoing = to(&format!("{name}@a.example"), &content);
        let answer = runtime.block_on(sender.send(&outgoing, NOW));
        assert_eq!(answer.reason(), Some(reason), "{answer:?}");
        assert_eq!(answer.status, Some(status));
        assert_eq!(answer.code.as_deref(), code);
    }
    let answer = runtime.block_on(sender.send(&to("ann@a.example", &content), NOW));
    assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
    assert_eq!(relay.next()["to"], json!(["ann@a.example"]));
}

#[test]
fn client_aiosmtpd_takes_addresses_outside_ascii() {
    let runtime = Runtime::new().unwrap();
    let mut relay = Foreign::start();
    let content = EmailContent {
        body_plain: Some("Hi".to_owned()),
        ..EmailContent::default()
    };
    let sender = relay.sender("s3cret");
    for (address, envelope) in [
        ("jörg@a.example", "jörg@a.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
    ] {
        let answer = runtime.block_on(sender.send(&to(address, &content), NOW));
        assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
        let message = relay.next();
        assert_eq!(message["to"], json!([envelope]));
        assert_eq!(message["headers"]["To"], json!([envelope]));
    }
}

#[test]
fn client_aiosmtpd_knows_a_wrong_password() {
    let runtime = Runtime::new().unwrap();
    let relay = Foreign::start();
    assert_eq!(
        runtime.block_on(relay.sender("s3cret").check(NOW)).verdict,
        Verdict::Accepted
    );
    let answer = runtime.block_on(relay.sender("wrong").check(NOW));
    assert_eq!(answer.reason(), Some(Reason::ProviderAuth), "{answer:?}");
    assert_eq!(answer.status, Some(535));
}
