//! `cargo x bench ingest`: durable calls over HTTP, beside the same endpoint with storing switched
//! off, and beside PostgreSQL doing the same upserts.
//!
//! Everything runs on one machine in one run, so that the ratios mean something; the load generator
//! shares the cores with whatever it measures.

mod http;
mod items;
mod postgres;
mod server;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::http::Load;
use crate::items::{Mix, batch_body};
use crate::server::Server;

/// Connections of the single calls.
const CONNECTIONS: usize = 64;
/// Connections of the batches.
const BATCH_CONNECTIONS: usize = 4;
/// Calls made for each connection of the single calls, and batches for each of the others; they go
/// round and round.
const CALLS_MADE: usize = 4_000;
const BATCHES_MADE: usize = 64;
/// Before anything is counted.
const WARM_UP: Duration = Duration::from_secs(3);
/// Items in a batch: a batch stays under the 500 KB that the API takes.
const BATCH: usize = 1_000;

struct Settings {
    landfall: PathBuf,
    data: PathBuf,
    postgres: Option<String>,
    length: Duration,
    only: Option<String>,
}

fn settings() -> Result<Settings> {
    let mut arguments = std::env::args().skip(1);
    let mut settings = Settings {
        landfall: PathBuf::from("target/release/landfall"),
        data: std::env::temp_dir().join("landfall-bench-ingest"),
        postgres: None,
        length: Duration::from_secs(10),
        only: None,
    };
    while let Some(name) = arguments.next() {
        let value = arguments
            .next()
            .with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--landfall" => settings.landfall = value.into(),
            "--data" => settings.data = value.into(),
            "--postgres" => settings.postgres = Some(value),
            "--seconds" => settings.length = Duration::from_secs(value.parse()?),
            "--only" => settings.only = Some(value),
            _ => anyhow::bail!("what is {name}?"),
        }
    }
    Ok(settings)
}

fn main() -> Result<()> {
    let settings = settings()?;
    println!("Mix: 60 % events, 35 % identify calls, 5 % devices, of 100,000 people, uniformly.");
    let wanted = |part: &str| settings.only.as_deref().is_none_or(|only| only == part);
    if wanted("idle") {
        let idle = Server::start(&settings.landfall, &settings.data, &[])?;
        println!(
            "Empty server, idle: {} MB resident (to reach: 60)",
            idle.resident_mb()?
        );
    }
    if wanted("single") {
        let off = singles(&settings, &["--store-nothing"])?;
        println!("Single calls, storing off: {off:>9.0} calls/s at {CONNECTIONS} connections");
        let on = singles(&settings, &[])?;
        let ratio = on / off;
        println!("Single calls, durable:     {on:>9.0} calls/s, ratio {ratio:.2} (to reach: 0.50)");
    }
    let items = if wanted("batch") {
        batches(&settings)?
    } else {
        f64::NAN
    };
    if let Some(connection) = settings.postgres.as_ref().filter(|_| wanted("postgres")) {
        for way in postgres::Way::ALL {
            let rows = postgres::run(connection, way, BATCH, settings.length)?;
            println!(
                "PostgreSQL, {:<15}{rows:>9.0} items/s; Landfall does {:.2} times that (to reach: 3)",
                way.name(),
                items / rows
            );
        }
    }
    Ok(())
}

fn batches(settings: &Settings) -> Result<f64> {
    let server = Server::start(&settings.landfall, &settings.data, &[])?;
    let calls = calls(BATCH_CONNECTIONS, BATCHES_MADE, |mix| {
        http::post("/api/v2/batch", batch_body(mix, BATCH).as_bytes())
    });
    let items = measure(settings, &server, &calls, BATCH)?;
    println!("Batches of {BATCH}, durable:   {items:>9.0} items/s (to reach: 60,000)");
    println!("Resident after that: {} MB", server.resident_mb()?);
    Ok(items)
}

fn singles(settings: &Settings, options: &[&str]) -> Result<f64> {
    let server = Server::start(&settings.landfall, &settings.data, options)?;
    let calls = calls(CONNECTIONS, CALLS_MADE, |mix| mix.item().call());
    measure(settings, &server, &calls, 1)
}

/// Calls of each connection, made before anything is measured.
fn calls(connections: usize, each: usize, make: impl Fn(&mut Mix) -> Vec<u8>) -> Vec<Vec<Vec<u8>>> {
    let of = |connection: usize| {
        let mut mix = Mix::new(connection as u64);
        (0..each).map(|_| make(&mut mix)).collect()
    };
    (0..connections).map(of).collect()
}

/// Items a second, after a warm-up in which everybody is seen for the first time.
fn measure(
    settings: &Settings,
    server: &Server,
    calls: &[Vec<Vec<u8>>],
    items_a_call: usize,
) -> Result<f64> {
    let load = |length| Load {
        address: server.address,
        length,
    };
    load(WARM_UP).run(calls)?;
    let before = server.cpu_seconds()?;
    let answered = load(settings.length).run(calls)?;
    let items = answered * items_a_call as f64;
    let each = (server.cpu_seconds()? - before) / items * 1e6;
    println!("  the server used {each:.1} us of processor time for each item");
    Ok(items / settings.length.as_secs_f64())
}
