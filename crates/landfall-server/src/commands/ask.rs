//! Commands that ask a running Landfall and show the answer: tables for people, JSON for programs.

mod client;
mod coverage;
mod diagnose;
mod doctor;
mod log;
mod metrics;
pub(crate) mod show;
mod survival;
pub(crate) mod trace;

use anyhow::Result;
use clap::{Args, Subcommand};

pub(crate) use client::{Client, Connection};
pub(crate) use show::grouped;

/// Questions to a running server.
#[derive(Debug, Subcommand)]
pub(crate) enum Ask {
    /// Counts, rates with intervals, delays: any measure in any groups.
    #[command(after_help = "\
Examples:
  landfall metrics --since 7d --by journey
  landfall metrics --by day,platform --measures sent,delivered,delivered_rate --tz Europe/Paris
  landfall metrics --since 2026-11-01.. --by reason --where platform=ios --where app_version=5.2
  landfall metrics --count person --where journey='Cart Recovery' --measures sent,opened,opened/sent")]
    Metrics(metrics::Metrics),
    /// Deliveries, newest first; --follow shows them as they change.
    #[command(after_help = "\
Examples:
  landfall log --since 24h --where outcome=bounced
  landfall log --follow --where platform=android
  landfall log --q cart --limit 20 --json")]
    Log(log::Log),
    /// Everything known about one delivery: targets, attempts, receipts, where each came from.
    Trace(trace::Trace),
    /// What happened to one person: events, messages, merges, token moves.
    Timeline(trace::Timeline),
    /// Share of active people with a valid, permitted device, and why the others are not covered.
    Coverage(coverage::Coverage),
    /// The conservation check: reached = sum of outcomes, for each journey and step.
    Books(coverage::Books),
    /// Inputs that were refused, with the reason.
    Rejected(coverage::Rejected),
    /// Why a journey's revenue changed: the stage, the place, the beginning, the money, and what to check.
    #[command(after_help = "\
Examples:
  landfall diagnose cart-recovery
  landfall diagnose 'Cart Recovery' --from 2026-11-16 --to 2026-11-23 --tz Europe/Paris
  landfall diagnose campaign:31 --from 2d --against 2026-11-01..2026-11-03
  landfall diagnose cart-recovery --markdown > runbook.md")]
    Diagnose(diagnose::Diagnose),
    /// Whether messages go out and arrive, and what to do when not; fails on an alarm.
    Doctor(doctor::Doctor),
}

/// How every question can be narrowed.
#[derive(Debug, Args)]
pub(crate) struct Narrow {
    /// Time range: 24h, 7d, today, yesterday, 2026-11-01, 2026-11-01.., 2026-11-01..2026-11-08.
    #[arg(long, value_name = "RANGE", visible_alias = "range")]
    pub(crate) since: Option<String>,
    /// Zone in which days begin, such as Europe/Paris.
    #[arg(long, value_name = "ZONE", env = "LANDFALL_TZ")]
    pub(crate) tz: Option<String>,
    /// A filter, such as platform=ios, app_version=5.2,5.3 or outcome!=accepted; can be repeated.
    #[arg(long = "where", value_name = "DIM=VALUES")]
    pub(crate) filters: Vec<String>,
    /// Free text in names of journeys, steps and variants.
    #[arg(long, value_name = "TEXT")]
    pub(crate) q: Option<String>,
}

impl Narrow {
    /// As query parameters.
    pub(crate) fn parameters(&self) -> Result<Vec<(String, String)>> {
        let mut parameters = Vec::new();
        let named = [("range", &self.since), ("tz", &self.tz), ("q", &self.q)];
        for (name, value) in named {
            parameters.extend(value.clone().map(|value| (name.to_owned(), value)));
        }
        for filter in &self.filters {
            let Some((name, value)) = filter.split_once('=') else {
                anyhow::bail!(
                    "`{filter}` is not a filter: write DIMENSION=VALUE, such as platform=ios"
                );
            };
            parameters.push((name.to_owned(), value.to_owned()));
        }
        Ok(parameters)
    }
}

/// Asks and shows.
pub(crate) fn run(ask: Ask) -> Result<()> {
    match ask {
        Ask::Metrics(metrics) => metrics::run(&metrics),
        Ask::Log(log) => log::run(&log),
        Ask::Trace(trace) => trace::run(&trace),
        Ask::Timeline(timeline) => trace::timeline(&timeline),
        Ask::Coverage(coverage) => coverage::run(&coverage),
        Ask::Books(books) => coverage::books(&books),
        Ask::Rejected(rejected) => coverage::rejected(&rejected),
        Ask::Diagnose(diagnose) => diagnose::run(&diagnose),
        Ask::Doctor(doctor) => doctor::run(&doctor),
    }
}
