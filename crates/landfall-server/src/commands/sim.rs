//! `landfall sim`: providers and phones that are not real.

mod figures;
mod phones;
mod providers;
mod scripts;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use landfall_domain::time::SECOND_MS;

use crate::scenario::{self, Plan};

/// `landfall sim`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall sim providers                              all providers, on free ports of 127.0.0.1
  landfall sim providers --apns 8443 --script bad-day.json
  landfall sim providers --phones 50 --landfall http://127.0.0.1:7171 --site-id S --track-key K
  landfall sim scenario                               two weeks of 10,000 people
  landfall sim scenario --people 300 --days 3 --seed 8 --json")]
pub(crate) struct Sim {
    #[command(subcommand)]
    what: What,
}

/// What to simulate.
#[derive(Debug, Subcommand)]
enum What {
    /// Start APNs, FCM, Web Push, Twilio, an SMS gateway, a mail server and Slack, and phones behind them.
    Providers(Box<providers::Providers>),
    /// Let a shop with people and phones live through days in seconds, and compare the ledger with what really happened.
    Scenario(Scenario),
}

/// `landfall sim scenario`.
#[derive(Debug, Args)]
#[command(after_help = "\
The engine and the store are the production ones; providers and phones are simulated, and the clock is
moved by hand. Every afternoon a broadcast goes to a third of the people, and every order leads to a
transactional message. Apps are opened, updated, stopped, removed and restored meanwhile; receipts come
late, twice or never. The same seed gives the same figures.

Fails when ledger and truth contradict each other.")]
struct Scenario {
    /// People; one in twelve has a second phone.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    people: u32,
    /// Days.
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
    /// Seed of all chance.
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Seconds of a step: what happens within one reaches the server together.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=3600))]
    step: u32,
    /// Keep the store in this folder, which must be empty or missing. Otherwise it is thrown away.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(sim: &Sim) -> Result<()> {
    match &sim.what {
        What::Providers(wanted) => providers::run(wanted),
        What::Scenario(wanted) => run_scenario(wanted),
    }
}

fn run_scenario(wanted: &Scenario) -> Result<()> {
    let plan = Plan {
        people: wanted.people,
        days: wanted.days,
        seed: wanted.seed,
        step_ms: i64::from(wanted.step) * SECOND_MS,
    };
    let outcome = match &wanted.keep {
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
            if std::fs::read_dir(folder)?.next().is_some() {
                bail!("{} is not empty: name another folder", folder.display());
            }
            scenario::run(&plan, folder)?
        }
        None => {
            let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
            scenario::run(&plan, folder.path())?
        }
    };
    if wanted.json {
        println!("{}", serde_json::to_string_pretty(&outcome)?);
    } else {
        figures::print(&outcome);
    }
    if !outcome.is_sound() {
        bail!("ledger and truth contradict each other");
    }
    Ok(())
}
