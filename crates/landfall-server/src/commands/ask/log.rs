//! `landfall log`.

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use super::{Client, Connection, Narrow, show};

/// `landfall log`.
#[derive(Debug, Args)]
pub(crate) struct Log {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    narrow: Narrow,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    /// Only deliveries to this person (the application's id).
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// Show deliveries as they change, until Ctrl-C.
    #[arg(long, short)]
    follow: bool,
}

/// Asks and shows.
pub(crate) fn run(log: &Log) -> Result<()> {
    let client = Client::new(&log.connection)?;
    let mut parameters = log.narrow.parameters()?;
    parameters.extend(
        log.person
            .clone()
            .map(|person| ("person".to_owned(), person)),
    );
    if log.follow {
        return client.follow("/landfall/v1/deliveries/stream", &parameters, |delivery| {
            if log.connection.json {
                println!("{delivery}");
            } else {
                println!("{}", line(&delivery));
            }
            Ok(true)
        });
    }
    parameters.push(("limit".to_owned(), log.limit.to_string()));
    let answer = client.get("/landfall/v1/deliveries", &parameters)?;
    if log.connection.json {
        println!("{answer:#}");
        return Ok(());
    }
    let empty = Vec::new();
    let deliveries = answer["deliveries"].as_array().unwrap_or(&empty);
    if deliveries.is_empty() {
        println!("No delivery fits. Widen --since or drop a --where; `landfall metrics` counts.");
        return Ok(());
    }
    let mut table = show::table([
        "created", "delivery", "journey", "step", "channel", "person", "status", "why",
    ]);
    for delivery in deliveries {
        table.add_row([
            comfy_table::Cell::new(show::time(&delivery["created_ms"])),
            show::text(&delivery["id"]),
            comfy_table::Cell::new(named(delivery, "journey")),
            comfy_table::Cell::new(named(delivery, "step")),
            show::text(&delivery["channel"]),
            show::text(&delivery["person"]),
            show::status(&delivery["status"]),
            show::text(&delivery["reason"]),
        ]);
    }
    println!("{table}");
    if answer["next"].is_string() {
        println!("There are more: raise --limit. `landfall trace DELIVERY` shows one.");
    }
    Ok(())
}

fn line(delivery: &Value) -> String {
    format!(
        "{}  {:<14} {:<14} {}  {}  {}",
        show::time(&delivery["created_ms"]),
        show::plain(&delivery["status"]),
        show::plain(&delivery["reason"]),
        show::plain(&delivery["id"]),
        named(delivery, "journey"),
        show::plain(&delivery["person"]),
    )
}

/// The name if there is one, else the number.
fn named(delivery: &Value, what: &str) -> String {
    match delivery[format!("{what}_name")].as_str() {
        Some(name) => name.to_owned(),
        None => show::plain(&delivery[what]),
    }
}
