//! Credentials from end to end: added by the command line, checked against simulated providers, used
//! by a running server, and missed by `landfall doctor` when they are revoked.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use landfall_domain::time::WallClock;
use landfall_sim::apns::{ApnsOptions, ApnsSim, Auth, ProviderKey};
use landfall_sim::fcm::{FcmOptions, FcmSim};
use landfall_sim::{slack, smtp, twilio};
use serde_json::{Value, json};
use tokio::runtime::{EnterGuard, Runtime};

use crate::harness::{APP_KEY, Server, init, landfall};

const KEY_ID: &str = "ABC123DEFG";
const TEAM_ID: &str = "DEF123GHIJ";
const TOPIC: &str = "com.shop.app";

/// A data folder with a workspace, and files of keys beside it.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        init(&desk.data());
        desk
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        plain(&path)
    }

    /// Runs `landfall credentials`.
    fn run(&self, arguments: &[&str]) -> Output {
        landfall()
            .args(["credentials", "--data"])
            .arg(self.data())
            .args(arguments)
            .output()
            .expect("landfall runs")
    }

    /// The same; it must succeed.
    #[track_caller]
    fn said(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", all(&output));
        text(&output.stdout)
    }

    /// The same; it must fail.
    #[track_caller]
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}: {}", all(&output));
        all(&output)
    }

    #[track_caller]
    fn names(&self) -> Vec<String> {
        let listed: Value = serde_json::from_str(&self.said(&["list", "--json"])).expect("JSON");
        let rows = listed.as_array().expect("a list").iter();
        rows.map(|row| row["name"].as_str().expect("a name").to_owned())
            .collect()
    }

    fn stored(&self) -> String {
        std::fs::read_to_string(self.data().join("landfall.json")).expect("a file")
    }
}

fn plain(path: &Path) -> String {
    path.to_str().expect("a plain path").to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn all(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime")
}

/// Apple, with one key that it knows.
fn apple(_: &EnterGuard<'_>) -> (ApnsSim, String) {
    let (key, pem) = ProviderKey::generate(KEY_ID, TEAM_ID).expect("a key");
    let options = ApnsOptions {
        auth: Auth::Tokens(vec![key]),
        only_registered: true,
        ..ApnsOptions::new(Arc::new(WallClock))
    };
    (ApnsSim::start(options).expect("a simulator"), pem)
}

/// Flags of an APNs credential for the simulator.
fn apns<'a>(key: &'a str, base: &'a str, ca: &'a str, key_id: &'a str) -> Vec<&'a str> {
    vec![
        "--provider",
        "apns",
        "--key-file",
        key,
        "--key-id",
        key_id,
        "--team-id",
        TEAM_ID,
        "--topic",
        TOPIC,
        "--base-url",
        base,
        "--ca-file",
        ca,
        "--allow-private-addresses",
    ]
}

#[test]
fn a_key_that_apple_refuses_is_not_stored_and_no_key_is_ever_shown() {
    let (desk, runtime) = (Desk::new(), runtime());
    let (apple, pem) = apple(&runtime.enter());
    let (key, ca) = (
        desk.file("AuthKey.p8", &pem),
        desk.file("ca.pem", apple.ca_pem()),
    );
    let base = format!("https://{}", apple.addr());
    let add = |name, key_id| [vec!["add", name], apns(&key, &base, &ca, key_id)].concat();

    let said = desk.refused(&add("apple", "OTHER12345"));
    assert!(said.contains("InvalidProviderToken"), "{said}");
    assert!(said.contains("nothing was stored"), "{said}");
    assert_eq!(desk.names(), Vec::<String>::new());

    let said = desk.said(&add("apple", KEY_ID));
    assert!(said.contains("accepts it"), "{said}");
    assert_eq!(desk.names(), ["apple"]);
    let listed = desk.said(&["list"]);
    assert!(
        listed.contains(KEY_ID) && listed.contains(TOPIC),
        "{listed}"
    );
    let secret: String = pem.lines().nth(1).expect("a key has lines").to_owned();
    for place in [listed, said, desk.stored(), desk.said(&["list", "--json"])] {
        assert!(!place.contains(&secret), "{place}");
    }
    // Nobody got anything.
    assert_eq!(apple.counts().accepted, 0);

    // Stored all the same, when somebody insists.
    desk.said(&[add("later", "OTHER12345"), vec!["--unchecked"]].concat());
    let said = desk.refused(&["check", "--allow-private-addresses", "--json"]);
    let answers: Value = serde_json::from_str(said.lines().next().expect("a line")).expect("JSON");
    assert_eq!(answers[0]["standing"], "works", "{answers}");
    assert_eq!(answers[1]["standing"], "refused", "{answers}");
    desk.said(&["check", "apple", "--allow-private-addresses"]);
    desk.said(&["remove", "later"]);
    assert_eq!(desk.names(), ["apple"]);
    assert!(desk.refused(&["remove", "later"]).contains("no credential"));
}

/// The words of a command line; nothing in it has blanks of its own.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

#[test]
fn google_is_asked_whether_it_takes_the_service_account() {
    let (desk, runtime) = (Desk::new(), runtime());
    let _inside = runtime.enter();
    let google = FcmSim::start(FcmOptions::new(Arc::new(WallClock))).expect("a simulator");
    let account = desk.file("google.json", &google.key_file().to_string());
    let (ca, base) = (desk.file("ca.pem", google.ca_pem()), google.base_url());
    let add = format!(
        "add google --provider fcm --service-account {account} --base-url {base} \
         --ca-file {ca} --allow-private-addresses"
    );
    assert!(desk.said(&words(&add)).contains("accepts it"));
    assert!(
        desk.said(&["list"]).contains("landfall-test"),
        "its project"
    );
    assert!(!desk.stored().contains("PRIVATE KEY"));
    google.revoke_key();
    google.revoke_tokens();
    let said = desk.refused(&["check", "google", "--allow-private-addresses"]);
    assert!(said.contains("REFUSED"), "{said}");
}

#[test]
fn twilio_is_asked_whether_it_takes_the_token() {
    let (desk, runtime) = (Desk::new(), runtime());
    let _inside = runtime.enter();
    let options = twilio::Options::plain(Arc::new(WallClock));
    let (sid, token) = (options.account_sid.clone(), options.auth_token.clone());
    let from = options.senders[0].clone();
    let carrier = twilio::Twilio::start(options).expect("a simulator");
    let add = |secret: &str| {
        let base = carrier.base_url();
        format!(
            "add sms --provider twilio --account-sid {sid} --secret {secret} --from {from} \
             --base-url {base} --allow-private-addresses"
        )
    };
    let said = desk.refused(&words(&add("notthetoken")));
    assert!(
        said.contains("refuses") && !said.contains("notthetoken"),
        "{said}"
    );
    assert_eq!(desk.names(), Vec::<String>::new());
    desk.said(&words(&add(&token)));
    assert!(!desk.stored().contains(&token));
    assert!(desk.said(&["list"]).contains(&sid));
}

#[test]
fn relays_are_asked_and_what_has_no_question_is_read_only() {
    let (desk, runtime) = (Desk::new(), runtime());
    let _inside = runtime.enter();
    let clock = Arc::new(WallClock);
    let relay = smtp::Smtp::start(smtp::Options::open(clock.clone())).expect("a simulator");
    let chat = slack::Slack::start(slack::Options::plain(clock)).expect("a simulator");
    let hook = chat.add_webhook("T000/B000/secretpart");
    let port = relay.address().port();
    for line in [
        format!(
            "add relay --provider smtp --host 127.0.0.1 --port {port} --security plain \
             --from shop@shop.example"
        ),
        format!("add chat --provider slack --url {hook}"),
        "add hooks --provider webhook --signing-key a-key-of-some-length".to_owned(),
    ] {
        desk.said(&[words(&line), vec!["--allow-private-addresses"]].concat());
    }
    let answers = desk.said(&["check", "--allow-private-addresses", "--json"]);
    let answers: Value = serde_json::from_str(&answers).expect("JSON");
    let standing = |at: usize| (answers[at]["name"].clone(), answers[at]["standing"].clone());
    assert_eq!(standing(0), (json!("chat"), json!("not_asked")));
    assert_eq!(standing(1), (json!("hooks"), json!("not_asked")));
    assert_eq!(standing(2), (json!("relay"), json!("works")));
    assert!(relay.connections() > 0 && relay.taken().is_empty());
    assert!(chat.taken().is_empty(), "nobody got anything");
    let stored = desk.stored();
    for secret in ["B000", "a-key-of-some-length"] {
        assert!(!stored.contains(secret), "{secret} in {stored}");
    }
}

#[test]
fn a_pair_for_browsers_is_made_and_its_public_key_printed() {
    let desk = Desk::new();
    let add = [
        "add",
        "browsers",
        "--provider",
        "web-push",
        "--generate",
        "--subject",
        "mailto:ops@shop.example",
        "--json",
    ];
    let made: Value = serde_json::from_str(&desk.said(&add)).expect("JSON");
    let public = made["shown"]["public_key"].as_str().expect("a key");
    assert_eq!(public.len(), 87, "65 bytes in base64url");
    assert!(desk.said(&["list"]).contains(public));
    assert!(made.get("private_key").is_none());
}

#[test]
fn what_is_wrong_is_said_before_anybody_is_asked() {
    let desk = Desk::new();
    let json = desk.file("wrong.json", r#"{"provider": "smtp", "port": "topsecret"}"#);
    for (arguments, hint) in [
        (vec!["add", "a b", "--provider", "slack"], "letters"),
        (
            vec!["add", "x", "--provider", "slack", "--url", "topsecret"],
            "url",
        ),
        (
            vec!["add", "x", "--provider", "slack", "--topic", "t"],
            "topic",
        ),
        (
            vec![
                "add",
                "x",
                "--provider",
                "apns",
                "--key-file",
                "/no/such/file",
            ],
            "/no/such/file",
        ),
        (vec!["add", "x", "--from-json", &json], "port"),
        (vec!["check", "nobody"], "nobody"),
        (vec!["list", "--workspace", "other"], "other"),
    ] {
        let said = desk.refused(&arguments);
        assert!(said.contains(hint), "{arguments:?}: {said}");
        assert!(!said.contains("topsecret"), "{said}");
    }
    assert_eq!(desk.names(), Vec::<String>::new());
}

#[test]
fn a_running_server_uses_what_the_command_line_adds_and_the_doctor_misses_a_revoked_key() {
    let (desk, runtime) = (Desk::new(), runtime());
    let (apple, pem) = apple(&runtime.enter());
    let (key, ca) = (
        desk.file("AuthKey.p8", &pem),
        desk.file("ca.pem", apple.ca_pem()),
    );
    let base = format!("https://{}", apple.addr());
    let server = Server::start(&desk.data(), &["--allow-private-addresses"]);
    assert!(server.said(&["doctor"]).contains("no credential"));

    desk.said(&[vec!["add", "apple"], apns(&key, &base, &ca, KEY_ID)].concat());
    let check = || {
        let bearer = format!("Bearer {APP_KEY}");
        let path = "/landfall/v1/credentials/apple/check";
        let answer = server.call("POST", path, &[("authorization", &bearer)], b"");
        answer.expect("an answer").json()
    };
    assert_eq!(check()["standing"], "works");
    assert!(server.said(&["doctor"]).contains("apple (apns)"));

    apple.revoke_key(KEY_ID);
    assert_eq!(check()["standing"], "refused");
    let doctor = server.cli(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    let said = all(&doctor);
    assert!(
        said.contains("ALARM") && said.contains("apple (apns)"),
        "{said}"
    );
    assert!(said.contains("InvalidProviderToken"), "{said}");
    let doctor = server.cli(&["doctor", "--json"]);
    let health: Value = serde_json::from_slice(&doctor.stdout).expect("JSON");
    assert_eq!(
        (doctor.status.code(), &health["level"]),
        (Some(1), &json!("alarm"))
    );
    server.stop();
}

#[test]
fn a_server_that_only_records_says_so() {
    let desk = Desk::new();
    let server = Server::start(&desk.data(), &["--no-send"]);
    let said = server.said(&["doctor"]);
    assert!(said.contains("--no-send"), "{said}");
    server.stop();
}
