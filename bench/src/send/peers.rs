//! h2load, and the clients that others use, each in a process of its own.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use landfall_domain::time::{Clock as _, WallClock};
use serde_json::{Value, json};

use crate::Plan;
use crate::simulators::{KEY_ID, Simulators, TEAM_ID, TOPIC};
use landfall_bench::figures::Speed;
use landfall_bench::process::spent;

/// What ours sends: as many bytes of the same keys.
fn payload() -> String {
    json!({
        "aps": {
            "alert": {
                "title": "Half price until midnight",
                "body": "Everything in your basket costs half until twelve.",
            },
            "mutable-content": 1,
        },
        "CIO": {"push": {"link": "shop://basket"}},
        "CIO-Delivery-ID": "b1-19ad5c2f3e8-2f3e8",
        "CIO-Delivery-Token": "a".repeat(64),
    })
    .to_string()
}

/// Runs a program to its end: what it printed, and the processor time for each push, its own and the
/// simulators'.
async fn run(
    simulators: &Simulators,
    pushes: u64,
    mut command: Command,
) -> Result<(String, f64, f64)> {
    let (before, theirs) = (spent("self")?, spent(&simulators.process())?);
    let name = command.get_program().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
    })
    .await?
    .with_context(|| format!("{} cannot be run", Path::new(&name).display()))?;
    let each = |seconds: f64| seconds * 1e6 / pushes as f64;
    let micros = each(spent("self")?.children - before.children);
    let sim_micros = each(spent(&simulators.process())?.own - theirs.own);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{name:?} failed: {text}");
    Ok((text, micros, sim_micros))
}

/// The limit: a load generator in C that builds its requests once.
pub(crate) async fn h2load(
    simulators: &Simulators,
    pushes: u64,
    connections: u32,
    streams: usize,
) -> Result<Speed> {
    let body = simulators.file("payload.json");
    std::fs::write(&body, payload())?;
    let mut command = Command::new("h2load");
    command
        .args(["-n", &pushes.to_string()])
        .args(["-c", &connections.to_string()])
        .args(["-m", &streams.to_string()])
        .arg("-d")
        .arg(&body);
    let id = "00000000-0000-4000-8000-000000000001";
    let expiration = WallClock.now().seconds() + 3_600;
    for header in [
        format!("authorization: {}", bearer(simulators)?),
        format!("apns-id: {id}"),
        format!("apns-topic: {TOPIC}"),
        "apns-push-type: alert".to_owned(),
        "apns-priority: 10".to_owned(),
        format!("apns-expiration: {expiration}"),
        "apns-collapse-id: b1-19ad5c2f3e8-2f3e8".to_owned(),
    ] {
        command.args(["-H", &header]);
    }
    command.arg(format!(
        "https://localhost:{}/3/device/{}",
        simulators.text("apns_port"),
        "a".repeat(64)
    ));
    let (text, micros, sim_micros) = run(simulators, pushes, command).await?;
    ensure!(
        text.contains(&format!("status codes: {pushes} 2xx")),
        "not every push of h2load was taken:\n{text}"
    );
    let speed = text
        .lines()
        .find_map(|line| line.strip_prefix("finished in "))
        .and_then(|line| line.split(", ").nth(1))
        .and_then(|speed| speed.strip_suffix(" req/s"))
        .context("h2load did not say how fast it was")?;
    Ok(Speed {
        per_second: speed.parse()?,
        micros,
        sim_micros,
    })
}

/// A provider token; h2load cannot make its own.
fn bearer(simulators: &Simulators) -> Result<String> {
    let mut header = Header::new(Algorithm::ES256);
    header.typ = None;
    header.kid = Some(KEY_ID.to_owned());
    let claims = json!({"iss": TEAM_ID, "iat": WallClock.now().seconds()});
    let key = EncodingKey::from_ec_pem(simulators.text("key_p8").as_bytes())?;
    let token = jsonwebtoken::encode(&header, &claims, &key)?;
    Ok(format!("bearer {token}"))
}

/// A client that others use.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    /// npm `@parse/node-apn`.
    NodeApn,
    /// PyPI `aioapns`.
    Aioapns,
    /// PyPI `firebase-admin`.
    Firebase,
}

impl Peer {
    pub(crate) const ALL: [Self; 3] = [Self::NodeApn, Self::Aioapns, Self::Firebase];

    /// Sends with it, so many at once.
    pub(crate) async fn run(
        self,
        plan: &Plan,
        simulators: &Simulators,
        at_once: usize,
    ) -> Result<Speed> {
        let python = plan.clients.join("python-providers/bin/python");
        let (program, script) = match self {
            Self::NodeApn => ("node".into(), "send_node_apn.mjs"),
            Self::Aioapns => (python, "send_aioapns.py"),
            Self::Firebase => (python, "send_firebase.py"),
        };
        let certificates = match self {
            Self::Firebase => "fcm-ca.pem",
            Self::NodeApn | Self::Aioapns => "apns-ca.pem",
        };
        let mut command = Command::new(program);
        command
            .arg(plan.scripts.join(script))
            .env("CLIENTS", plan.clients.canonicalize()?.join("node"))
            .env("PUSHES", plan.peer_pushes.to_string())
            .env("AT_ONCE", at_once.to_string())
            .env("PAYLOAD", payload())
            .env("TOPIC", TOPIC)
            .env("PORT", simulators.text("apns_port"))
            .env("KEY_FILE", simulators.file("key.p8"))
            .env("KEY_ID", KEY_ID)
            .env("TEAM_ID", TEAM_ID)
            .env("BASE_URL", simulators.text("fcm_base"))
            .env("ACCOUNT_FILE", simulators.file("service-account.json"))
            .env("CA_FILE", simulators.file(certificates))
            .env("SSL_CERT_FILE", simulators.file(certificates))
            .env("REQUESTS_CA_BUNDLE", simulators.file(certificates));
        let (text, micros, sim_micros) = run(simulators, plan.peer_pushes, command).await?;
        let said: Value = serde_json::from_str(text.trim())
            .with_context(|| format!("{self:?} did not say how fast it was: {text}"))?;
        ensure!(
            said["taken"].as_u64() == Some(plan.peer_pushes),
            "not every push of {self:?} was taken: {text}"
        );
        let seconds = said["seconds"].as_f64().context("no seconds")?;
        Ok(Speed {
            per_second: plan.peer_pushes as f64 / seconds,
            micros,
            sim_micros,
        })
    }
}
