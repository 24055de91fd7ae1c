//! `cargo x bench start`: how soon a server with ten million deliveries serves.
//!
//! Fills a workspace through the engine (the way of every input), then starts the real binary on it
//! three times: with a snapshot of the board, after a kill, and without a snapshot.

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
use landfall_store_sqlite::SqliteStore;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// People that the deliveries go to.
const PEOPLE: u64 = 500_000;
/// Deliveries in one submission.
const AT_ONCE: u64 = 5_000;
/// The first delivery's time: 2026-10-01.
const T0: i64 = 1_790_812_800_000;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (mut landfall, mut data, mut deliveries) = (
        PathBuf::from("target/release/landfall"),
        std::env::temp_dir().join("landfall-bench-start"),
        10_000_000,
    );
    while let Some(name) = arguments.next() {
        let value = arguments
            .next()
            .with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--landfall" => landfall = value.into(),
            "--data" => data = value.into(),
            "--deliveries" => deliveries = value.parse()?,
            _ => bail!("what is {name}?"),
        }
    }
    fill(&landfall, &data, deliveries)?;
    let started = start(&landfall, &data, "from a snapshot")?;
    ready(&started, deliveries)?;
    started.stop("TERM")?;
    let started = start(
        &landfall,
        &data,
        "from a snapshot that was saved at the stop",
    )?;
    ready(&started, deliveries)?;
    started.stop("TERM")?;
    for file in std::fs::read_dir(data.join("workspaces"))? {
        let path = file?.path();
        if path.extension().is_some_and(|ending| ending == "board") {
            std::fs::remove_file(path)?;
        }
    }
    let started = start(&landfall, &data, "without a snapshot")?;
    ready(&started, deliveries)?;
    started.stop("KILL")?;
    std::fs::remove_dir_all(&data)?;
    Ok(())
}

fn fill(landfall: &Path, data: &Path, deliveries: u64) -> Result<()> {
    if data.exists() {
        std::fs::remove_dir_all(data)?;
    }
    let made = Command::new(landfall)
        .args([
            "init",
            "--workspace",
            "bench",
            "--app-key",
            "app-1",
            "--data",
        ])
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
    let opened = landfall_engine::open(
        Arc::new(store),
        landfall_engine::Options {
            id,
            name: "bench".to_owned(),
            clock: Arc::new(WallClock),
            snapshot: Some(path.with_extension("board")),
            salt: [7; 16],
            fixed_share: None,
        },
    )?
    .filled();
    let begin = Instant::now();
    for first in (0..deliveries).step_by(usize::try_from(AT_ONCE)?) {
        let inputs = (first..(first + AT_ONCE).min(deliveries))
            .map(input)
            .collect();
        opened.workspace.submit_blocking(inputs)?;
        if first % 500_000 == 0 {
            eprint!("\r    {first} of {deliveries} deliveries");
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    eprintln!("\r    {deliveries} deliveries in {seconds:.0} s            ");
    println!(
        "Filled through the engine: {:.0} deliveries a second",
        deliveries as f64 / seconds
    );
    opened.stop();
    Ok(())
}

/// A delivery with its end known, as a webhook archive tells it.
fn input(number: u64) -> Input {
    let person = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % PEOPLE;
    let at = |seconds: i64| {
        Timestamp::from_millis(T0 + i64::try_from(number).unwrap_or(0) * 200 + seconds * 1_000)
    };
    let mut marks = vec![(Mark::Created, at(0)), (Mark::Sent, at(1))];
    if number % 10 < 7 {
        marks.push((Mark::Delivered, at(3)));
    }
    if number % 50 == 0 {
        marks.push((Mark::Opened, at(300)));
    }
    let platform = if number % 3 == 0 {
        Platform::Android
    } else {
        Platform::Ios
    };
    Input {
        source: Source::Import,
        at: Some(at(3)),
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
                address: format!("{person:064x}"),
                platform: Some(platform),
                failure_message: None,
            }],
            failure_message: None,
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

struct Started {
    child: Child,
    address: String,
    begin: Instant,
}

impl Started {
    fn stop(mut self, signal: &str) -> Result<()> {
        Command::new("kill")
            .args([&format!("-{signal}"), &self.child.id().to_string()])
            .status()?;
        self.child.wait()?;
        Ok(())
    }

    fn get(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer app-1\r\nconnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

fn start(landfall: &Path, data: &Path, how: &str) -> Result<Started> {
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
    let started = Started {
        child,
        address,
        begin,
    };
    let answer =
        started.get("/landfall/v1/metrics?measures=created,delivered&by=platform&since=90d")?;
    if !answer.starts_with("HTTP/1.1 200") {
        bail!("metrics answered {answer}");
    }
    println!(
        "Start {how}: answers metrics after {:.2} s (to reach, with a snapshot: 2)",
        begin.elapsed().as_secs_f64()
    );
    Ok(started)
}

/// Waits until the board is complete.
fn ready(started: &Started, deliveries: u64) -> Result<()> {
    loop {
        let answer = started.get("/readyz")?;
        if answer.starts_with("HTTP/1.1 200") {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", started.child.id()))?;
    let resident = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or_default();
    println!(
        "  complete with {deliveries} deliveries after {:.1} s; {}",
        started.begin.elapsed().as_secs_f64(),
        resident.split_whitespace().collect::<Vec<_>>().join(" ")
    );
    Ok(())
}
