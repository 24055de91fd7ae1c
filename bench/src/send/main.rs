//! `cargo x bench send`: pushes a second against the simulated APNs over loopback TLS: the sender
//! alone, the whole path, and a broadcast of a million, beside h2load and the usual clients.
//!
//! The simulators run in a process of their own, which is this program again (`send sim`).

mod alone;
mod house;
mod million;
mod path;
mod peers;
mod simulators;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use landfall_bench::figures::Report;
use simulators::Simulators;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What to do, and how much of it.
pub(crate) struct Plan {
    /// Where everything lies that is made here.
    work: PathBuf,
    /// Scripts of the peers.
    scripts: PathBuf,
    /// Clients as `cargo x test` installs them.
    clients: PathBuf,
    /// One part alone; all of them otherwise.
    only: Option<String>,
    /// Pushes of one run of h2load and of the sender alone.
    pushes: u64,
    /// Pushes of one run of a peer.
    peer_pushes: u64,
    /// Runs of each, in turns; the fastest counts.
    rounds: usize,
    /// People of the whole path.
    people: u64,
    /// People of the large broadcast.
    million: u64,
}

impl Plan {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut plan = Self {
            work: PathBuf::from("bench/work/send"),
            scripts: PathBuf::from("bench/peers"),
            clients: PathBuf::from(".tools"),
            only: None,
            pushes: 200_000,
            peer_pushes: 20_000,
            rounds: 5,
            people: 100_000,
            million: 1_000_000,
        };
        while let Some(name) = arguments.next() {
            if name == "--quick" {
                (plan.pushes, plan.peer_pushes, plan.rounds) = (40_000, 5_000, 2);
                (plan.people, plan.million) = (20_000, 50_000);
                continue;
            }
            let value = arguments
                .next()
                .with_context(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--work" => plan.work = value.into(),
                "--scripts" => plan.scripts = value.into(),
                "--clients" => plan.clients = value.into(),
                "--only" => plan.only = Some(value),
                "--pushes" => plan.pushes = value.parse()?,
                "--rounds" => plan.rounds = value.parse()?,
                "--people" => plan.people = value.parse()?,
                "--million" => plan.million = value.parse()?,
                _ => bail!("what is {name}? See bench/send.sh"),
            }
        }
        Ok(plan)
    }

    fn wants(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.peek().is_some_and(|first| first == "sim") {
        return runtime.block_on(simulators::serve());
    }
    let plan = Plan::parse(arguments)?;
    std::fs::create_dir_all(&plan.work)?;
    let mut simulators = Simulators::start(&plan.work)?;
    let mut report = Report::default();
    if plan.wants("alone") {
        runtime.block_on(alone::measure(&plan, &mut simulators, &mut report))?;
    }
    if plan.wants("path") {
        runtime.block_on(path::measure(&plan, &simulators, &mut report))?;
    }
    if plan.wants("million") {
        runtime.block_on(million::measure(&plan, &mut simulators, &mut report))?;
    }
    report.finish(&plan.work)
}
