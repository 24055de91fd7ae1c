//! `landfall coverage`, `landfall books`, `landfall rejected`.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::Value;

use super::survival;
use super::{Client, Connection, Narrow, show};
use crate::commands::identity;

/// `landfall coverage`.
#[derive(Debug, Args)]
pub(crate) struct Coverage {
    #[command(flatten)]
    connection: Connection,
    /// People active in this time: 7d, 30d, 12w.
    #[arg(long, value_name = "RANGE", default_value = "30d")]
    since: String,
    /// Divide people by platform, app_version, country, lifecycle or account.
    #[arg(long, value_name = "DIMENSION",
        value_parser = ["platform", "app_version", "country", "lifecycle", "account"])]
    by: Option<String>,
    #[command(subcommand)]
    more: Option<More>,
}

/// What else there is to coverage.
#[derive(Debug, Subcommand)]
enum More {
    /// How long tokens live: how likely a token is there by its silence, and whether that comes true.
    Survival(survival::Survival),
    /// Tokens that reach nobody, or somebody twice, because identities went wrong; what each kind costs and what helps.
    Identity(identity::Report),
}

/// `landfall books`.
#[derive(Debug, Args)]
pub(crate) struct Books {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    narrow: Narrow,
}

/// `landfall rejected`.
#[derive(Debug, Args)]
pub(crate) struct Rejected {
    #[command(flatten)]
    connection: Connection,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
}

/// Shows coverage.
pub(crate) fn run(coverage: &Coverage) -> Result<()> {
    match &coverage.more {
        Some(More::Survival(asked)) => return survival::run(asked),
        Some(More::Identity(asked)) => return identity::report(asked),
        None => {}
    }
    let by = coverage.by.clone().map(|by| ("by".to_owned(), by));
    let parameters: Vec<(String, String)> =
        std::iter::once(("since".to_owned(), coverage.since.clone()))
            .chain(by)
            .collect();
    let answer = Client::new(&coverage.connection)?.get("/landfall/v1/coverage", &parameters)?;
    if coverage.connection.json {
        println!("{answer:#}");
        return Ok(());
    }
    let groups = answer["groups"].as_array().cloned().unwrap_or_default();
    let mut table = show::table([
        "people",
        "active",
        "covered",
        "",
        "no device",
        "token invalid",
        "permission off",
        "unsubscribed",
    ]);
    for group in &groups {
        let reach = |name: &str| show::number(group["by_reach"][name].as_u64().unwrap_or(0));
        table.add_row([
            show::text(&group["group"]),
            show::number(group["active"].as_u64().unwrap_or(0)),
            show::rate(&group["coverage"]),
            bar(group["coverage"]["value"].as_f64()),
            reach("no_device"),
            reach("token_invalid"),
            reach("permission_off"),
            reach("unsubscribed"),
        ]);
    }
    println!("{table}");
    println!(
        "Covered: active people with a valid, permitted device, as a share of active people.\n"
    );
    waterfalls(&answer);
    if let Some(week) = answer["weeks"].as_array().and_then(|weeks| weeks.last()) {
        for flow in week["flows"].as_array().into_iter().flatten().take(5) {
            println!(
                "This week {} went from {} to {}.",
                show::grouped(flow["people"].as_u64().unwrap_or(0)),
                show::plain(&flow["from"]),
                show::plain(&flow["to"])
            );
        }
    }
    Ok(())
}

/// The steps from active people to those within reach, of everybody and of each slice, and what gaps are worth.
fn waterfalls(answer: &Value) {
    let mut table = show::table([
        "people",
        "active",
        "app known",
        "token",
        "valid",
        "permission",
        "consent",
        "not stale",
    ]);
    let everybody = serde_json::json!({"value": "all", "waterfall": answer["waterfall"]});
    let slices = answer["slices"].as_array().into_iter().flatten();
    for slice in std::iter::once(&everybody).chain(slices) {
        let fall = &slice["waterfall"];
        let mut row = vec![
            show::text(&slice["value"]),
            show::number(fall["active"].as_u64().unwrap_or(0)),
        ];
        let rungs = fall["rungs"].as_array().into_iter().flatten();
        row.extend(rungs.map(|rung| show::number(rung["after"].as_u64().unwrap_or(0))));
        table.add_row(row);
    }
    println!("{table}");
    println!("Each column: people left after the step. The last one is within reach.\n");
    let worth = &answer["worth"];
    for gap in worth["gaps"].as_array().into_iter().flatten() {
        let money = |name: &str| gap["worth"][name].as_f64().unwrap_or(0.0);
        println!(
            "{}: {} people, worth {:.0} ({:.0} to {:.0}) in 30 days, in the smallest unit of {}.",
            show::plain(&gap["step"]),
            show::grouped(gap["lost"].as_u64().unwrap_or(0)),
            money("estimate"),
            money("low"),
            money("high"),
            show::plain(&worth["currency"])
        );
    }
}

fn bar(share: Option<f64>) -> comfy_table::Cell {
    const WIDTH: f64 = 20.0;
    let filled = share.map_or(0.0, |share| (share * WIDTH).round()) as usize;
    let text = format!(
        "{}{}",
        "█".repeat(filled),
        "░".repeat(WIDTH as usize - filled)
    );
    comfy_table::Cell::new(text)
}

/// Shows the books; fails when they do not balance, so that scripts notice.
pub(crate) fn books(books: &Books) -> Result<()> {
    let parameters = books.narrow.parameters()?;
    let answer = Client::new(&books.connection)?.get("/landfall/v1/books", &parameters)?;
    if books.connection.json {
        println!("{answer:#}");
    } else {
        print_books(&answer);
    }
    match answer["difference"].as_u64() {
        Some(0) => Ok(()),
        _ => bail!("the books do not balance: see the lines with a difference"),
    }
}

fn print_books(answer: &Value) {
    let mut table = show::table(["journey", "step", "reached", "outcomes", "difference"]);
    for line in answer["lines"].as_array().into_iter().flatten() {
        let named = |what: &str| match line[format!("{what}_name")].as_str() {
            Some(name) => format!("{name} ({})", show::plain(&line[what])),
            None => show::plain(&line[what]),
        };
        let outcomes: Vec<String> = line["outcomes"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, count)| format!("{name} {}", show::grouped(count.as_u64().unwrap_or(0))))
            .collect();
        table.add_row([
            comfy_table::Cell::new(named("journey")),
            comfy_table::Cell::new(named("step")),
            show::number(line["reached"].as_u64().unwrap_or(0)),
            comfy_table::Cell::new(outcomes.join(", ")),
            show::text(&line["difference"]),
        ]);
    }
    println!("{table}");
    let total = |name: &str| show::grouped(answer[name].as_u64().unwrap_or(0));
    println!(
        "Reached {} = accounted {}; difference {}.",
        total("reached"),
        total("accounted"),
        total("difference")
    );
}

/// Shows what was refused.
pub(crate) fn rejected(rejected: &Rejected) -> Result<()> {
    let parameters = [("limit".to_owned(), rejected.limit.to_string())];
    let answer = Client::new(&rejected.connection)?.get("/landfall/v1/rejected", &parameters)?;
    if rejected.connection.json {
        println!("{answer:#}");
        return Ok(());
    }
    let rows = answer["rejected"].as_array().cloned().unwrap_or_default();
    if rows.is_empty() {
        println!("Nothing was refused.");
        return Ok(());
    }
    let mut table = show::table(["when", "where", "status", "reason", "what was wrong"]);
    for row in &rows {
        table.add_row([
            comfy_table::Cell::new(show::time(&row["at"])),
            show::text(&row["surface"]),
            show::text(&row["status"]),
            show::text(&row["reason"]),
            show::text(&row["message"]),
        ]);
    }
    println!("{table}");
    Ok(())
}
