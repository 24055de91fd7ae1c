//! `cargo x bench start`: how soon a server with ten million deliveries serves.
//!
//! Fills a workspace through the engine (the way of every input), then starts the real binary on it
//! three times: with a snapshot of the board, after a kill, and without a snapshot.

use std::path::Path;

use anyhow::{Result, bail};
use landfall_bench::ledger::{Arguments, Ledger, Server, told};
use landfall_domain::channel::Platform;
use landfall_domain::input::Input;
use landfall_domain::marks::Mark;
use landfall_domain::time::Timestamp;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// People that the deliveries go to.
const PEOPLE: u64 = 500_000;
/// The first delivery's time: 2026-10-01.
const T0: i64 = 1_790_812_800_000;

fn main() -> Result<()> {
    let Arguments {
        landfall,
        data,
        deliveries,
    } = Arguments::read("start", 10_000_000)?;
    let ledger = Ledger::create(&landfall, &data)?;
    let speed = ledger.take(deliveries, "deliveries", input)?;
    println!("Filled through the engine: {speed:.0} deliveries a second");
    ledger.close();
    for how in [
        "from a snapshot",
        "from a snapshot that was saved at the stop",
    ] {
        let server = start(&landfall, &data, how)?;
        ready(&server, deliveries)?;
        server.stop("TERM")?;
    }
    for file in std::fs::read_dir(data.join("workspaces"))? {
        let path = file?.path();
        if path.extension().is_some_and(|ending| ending == "board") {
            std::fs::remove_file(path)?;
        }
    }
    let server = start(&landfall, &data, "without a snapshot")?;
    ready(&server, deliveries)?;
    server.stop("KILL")?;
    std::fs::remove_dir_all(&data)?;
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
    told(number, person, platform, (at(3), marks), None)
}

fn start(landfall: &Path, data: &Path, how: &str) -> Result<Server> {
    let server = Server::start(landfall, data)?;
    let answer =
        server.get("/landfall/v1/metrics?measures=created,delivered&by=platform&since=90d")?;
    if !answer.starts_with("HTTP/1.1 200") {
        bail!("metrics answered {answer}");
    }
    println!(
        "Start {how}: answers metrics after {:.2} s (to reach, with a snapshot: 2)",
        server.age().as_secs_f64()
    );
    Ok(server)
}

/// Waits until the board is complete.
fn ready(server: &Server, deliveries: u64) -> Result<()> {
    server.complete()?;
    println!(
        "  complete with {deliveries} deliveries after {:.1} s; {}",
        server.age().as_secs_f64(),
        server.resident()?
    );
    Ok(())
}
