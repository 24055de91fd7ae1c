//! A data folder with many deliveries in it, filled through the engine, and the real server on it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use landfall_domain::channel::{Channel, Platform};
use landfall_domain::input::{Body, DeliveryReport, Input, PersonHandle, RecipientReport, Source};
use landfall_domain::marks::Mark;
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::time::{Timestamp, WallClock};
use landfall_engine::Opened;
use landfall_store_sqlite::SqliteStore;

/// The app key of the workspace.
pub const APP_KEY: &str = "app-1";
/// Inputs in one submission.
const AT_ONCE: u64 = 5_000;

/// A workspace in a data folder, before a server opens it.
pub struct Ledger {
    opened: Opened,
}

impl Ledger {
    /// An empty data folder with one workspace, in place of whatever was there.
    pub fn create(landfall: &Path, data: &Path) -> Result<Self> {
        crate::shop::remove(data)?;
        let made = Command::new(landfall)
            .args(["init", "--workspace", "bench", "--app-key", APP_KEY])
            .arg("--data")
            .arg(data)
            .stdout(Stdio::null())
            .status()?;
        if !made.success() {
            bail!("landfall init failed");
        }
        let directory = std::fs::read_to_string(data.join("landfall.json"))?;
        let id = directory
            .split('"')
            .find(|word| word.starts_with("ws_"))
            .context("no workspace in landfall.json")?
            .to_owned();
        let path = data.join("workspaces").join(&id);
        let options = landfall_store_sqlite::Options { salt: 7 };
        let store = SqliteStore::open(&path.with_extension("db"), options)?;
        let options = landfall_engine::Options {
            id,
            name: "bench".to_owned(),
            clock: Arc::new(WallClock),
            snapshot: Some(path.with_extension("board")),
            salt: [7; 16],
            fixed_share: None,
        };
        let opened = landfall_engine::open(Arc::new(store), options)?.filled();
        Ok(Self { opened })
    }

    /// Takes the inputs of the numbers from 0 to `count`; tells how many a second.
    pub fn take(&self, count: u64, what: &str, input: impl Fn(u64) -> Input) -> Result<f64> {
        let begin = Instant::now();
        for first in (0..count).step_by(usize::try_from(AT_ONCE)?) {
            let inputs = (first..(first + AT_ONCE).min(count)).map(&input).collect();
            self.opened.workspace.submit_blocking(inputs)?;
            if first % 500_000 == 0 {
                eprint!("\r    {first} of {count} {what}");
            }
        }
        let seconds = begin.elapsed().as_secs_f64();
        eprintln!("\r    {count} {what} in {seconds:.0} s            ");
        Ok(count as f64 / seconds)
    }

    /// Ends it; everything has reached the disk.
    pub fn close(self) {
        self.opened.stop();
    }
}

/// The real server on a data folder.
pub struct Server {
    child: Child,
    address: String,
    begin: Instant,
}

impl Server {
    /// Starts it and waits until it listens.
    pub fn start(landfall: &Path, data: &Path) -> Result<Self> {
        let begin = Instant::now();
        let mut child = Command::new(landfall)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut line)?;
        let address = line
            .trim()
            .strip_prefix("landfall listens on http://")
            .with_context(|| format!("the server said: {line}"))?
            .to_owned();
        Ok(Self {
            child,
            address,
            begin,
        })
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Time since the process was started.
    pub fn age(&self) -> Duration {
        self.begin.elapsed()
    }

    /// The whole answer, head included, of a connection of its own.
    pub fn get(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {APP_KEY}\r\nconnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// What is after the head of an answer with status 200; an error otherwise.
    pub fn body(&self, path: &str) -> Result<String> {
        let answer = self.get(path)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no head")?;
        if !head.starts_with("HTTP/1.1 200") {
            bail!("{path} answered {head}\n{body}");
        }
        Ok(body.to_owned())
    }

    /// Waits until the board is complete.
    pub fn complete(&self) -> Result<()> {
        while !self.get("/readyz")?.starts_with("HTTP/1.1 200") {
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Resident memory, as the system writes it.
    pub fn resident(&self) -> Result<String> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let resident = status.lines().find(|line| line.starts_with("VmRSS"));
        let words: Vec<&str> = resident.unwrap_or_default().split_whitespace().collect();
        Ok(words.join(" "))
    }

    /// Ends it by a signal.
    pub fn stop(mut self, signal: &str) -> Result<()> {
        Command::new("kill")
            .args([&format!("-{signal}"), &self.child.id().to_string()])
            .status()?;
        self.child.wait()?;
        Ok(())
    }
}

/// The token of a person's device.
pub fn token(person: u64) -> String {
    format!("{person:064x}")
}

/// The delivery of a number to a person's device with its end known, as a webhook archive tells it at a moment: one of
/// twelve journeys, one of sixty steps. `failure`: what the provider said.
pub fn told(
    number: u64,
    person: u64,
    platform: Platform,
    (at, marks): (Timestamp, Vec<(Mark, Timestamp)>),
    failure: Option<&str>,
) -> Input {
    let failure = failure.map(str::to_owned);
    Input {
        source: Source::Import,
        at: Some(at),
        sent_at: None,
        dedupe_key: None,
        body: Body::Delivery(Box::new(DeliveryReport {
            delivery_id: format!("RPILAgUBcRhIBqSfeiIwdIYJKxTY{number:08}"),
            message: MessageRef {
                source: SourceKind::Campaign,
                source_id: number % 12,
                step_id: Some(number % 60),
                parent_step_id: None,
                variant_id: None,
                channel: Channel::Push,
            },
            person: PersonHandle {
                id: Some(format!("p{person}")),
                ..PersonHandle::default()
            },
            marks,
            recipients: vec![RecipientReport {
                address: token(person),
                platform: Some(platform),
                failure_message: failure.clone(),
            }],
            failure_message: failure,
            subject: None,
            run: None,
            trigger_event_id: None,
            trigger_id: None,
            href: None,
            link_id: None,
            content: None,
            names: Vec::new(),
        })),
    }
}

/// Where the program and the folder are, and how many deliveries there are to be: `--landfall`, `--data`, `--deliveries`.
pub struct Arguments {
    /// The program.
    pub landfall: PathBuf,
    /// The data folder.
    pub data: PathBuf,
    /// How many deliveries.
    pub deliveries: u64,
}

impl Arguments {
    /// Those of this process.
    pub fn read(benchmark: &str, deliveries: u64) -> Result<Self> {
        let mut read = Self {
            landfall: PathBuf::from("target/release/landfall"),
            data: std::env::temp_dir().join(format!("landfall-bench-{benchmark}")),
            deliveries,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments
                .next()
                .with_context(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--landfall" => read.landfall = value.into(),
                "--data" => read.data = value.into(),
                "--deliveries" => read.deliveries = value.parse()?,
                _ => bail!("what is {name}?"),
            }
        }
        Ok(read)
    }
}
