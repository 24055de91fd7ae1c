//! The simulators, in a process of their own: what they spend must not be counted as ours.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use landfall_domain::time::{Clock, WallClock};
use landfall_sim::apns::{Accepted, ApnsOptions, ApnsSim, Auth, OnAccepted, ProviderKey};
use landfall_sim::fcm::{FcmOptions, FcmSim};
use landfall_sim::truth::Recording;
use serde_json::{Value, json};

/// Id of the key.
pub(crate) const KEY_ID: &str = "BENCHKEY01";
/// Id of the team.
pub(crate) const TEAM_ID: &str = "BENCHTEAM1";
/// The app.
pub(crate) const TOPIC: &str = "org.example.bench";
/// What ids of deliveries start with whose arrival is noted.
pub(crate) const URGENT: &str = "urgent-";

/// Serves until its standard input ends; answers each line of it with one line.
pub(crate) async fn serve() -> Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(WallClock);
    let (key, key_p8) = ProviderKey::generate(KEY_ID, TEAM_ID)?;
    let urgent: Arc<Mutex<Vec<(String, i64)>>> = Arc::default();
    let options = ApnsOptions {
        auth: Auth::Tokens(vec![key]),
        recording: Recording::Count,
        ..ApnsOptions::new(Arc::clone(&clock))
    };
    let apple = ApnsSim::start(options.clone())?;
    let noted = Arc::clone(&urgent);
    let note: OnAccepted = Arc::new(move |accepted: &Accepted| {
        let id = accepted.collapse_id.as_deref().unwrap_or_default();
        if id.starts_with(URGENT) {
            let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.push((id.to_owned(), accepted.at.millis()));
        }
    });
    let watching = ApnsSim::start(ApnsOptions {
        on_accepted: Some(note),
        ..options
    })?;
    let google = FcmSim::start(FcmOptions {
        recording: Recording::Count,
        ..FcmOptions::new(clock)
    })?;
    let hello = json!({
        "apns_port": apple.addr().port(),
        "apns_ca": apple.ca_pem(),
        "watching_port": watching.addr().port(),
        "watching_ca": watching.ca_pem(),
        "key_p8": key_p8,
        "fcm_base": google.base_url(),
        "fcm_ca": google.ca_pem(),
        "fcm_key_file": google.key_file(),
    });
    println!("{hello}");
    tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lines() {
            let answer = match line?.as_str() {
                "urgent" => {
                    let mut noted = urgent.lock().unwrap_or_else(PoisonError::into_inner);
                    json!(std::mem::take(&mut *noted))
                }
                _ => json!({
                    "apns": apple.counts().accepted + watching.counts().accepted,
                    "fcm": google.counts().accepted,
                }),
            };
            println!("{answer}");
        }
        anyhow::Ok(())
    })
    .await?
}

/// The other process, seen from this one.
pub(crate) struct Simulators {
    child: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    hello: Value,
    folder: PathBuf,
}

impl Simulators {
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("sim")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let ask = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().context("no output")?);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let hello: Value = serde_json::from_str(&line).context("the simulators did not start")?;
        let simulators = Self {
            child,
            ask,
            answers,
            hello,
            folder: folder.to_owned(),
        };
        for (file, name) in [
            ("key.p8", "key_p8"),
            ("apns-ca.pem", "apns_ca"),
            ("fcm-ca.pem", "fcm_ca"),
        ] {
            std::fs::write(folder.join(file), simulators.text(name))?;
        }
        let account = simulators.hello["fcm_key_file"].to_string();
        std::fs::write(folder.join("service-account.json"), account)?;
        Ok(simulators)
    }

    /// Something that it said of itself.
    pub(crate) fn text(&self, name: &str) -> String {
        match &self.hello[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// A file that peers read.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Its number among processes.
    pub(crate) fn process(&self) -> String {
        self.child.id().to_string()
    }

    /// Pushes that the simulated APNs took so far.
    pub(crate) fn pushes(&mut self) -> Result<u64> {
        self.ask("count")?["apns"].as_u64().context("no count")
    }

    /// Deliveries whose arrival was noted, with the time in milliseconds.
    pub(crate) fn urgent(&mut self) -> Result<Vec<(String, i64)>> {
        Ok(serde_json::from_value(self.ask("urgent")?)?)
    }

    fn ask(&mut self, what: &str) -> Result<Value> {
        let ask = self.ask.as_mut().context("the simulators were stopped")?;
        writeln!(ask, "{what}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Simulators {
    fn drop(&mut self) {
        self.ask = None;
        let _ = self.child.wait();
    }
}
