//! `landfall metrics`.

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use super::{Client, Connection, Narrow, show};

/// `landfall metrics`.
#[derive(Debug, Args)]
pub(crate) struct Metrics {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    narrow: Narrow,
    /// Up to three dimensions: hour, day, week, month, journey, step, platform, app_version, ...
    #[arg(long, value_name = "DIMS")]
    by: Option<String>,
    /// Measures: reached, sent, delivered, opened, ..., delivered_rate, opened/sent, time_to_delivered.
    #[arg(long, value_name = "LIST")]
    measures: Option<String>,
    /// What a count counts: delivery, person, device or target.
    #[arg(long, value_name = "WHAT")]
    count: Option<String>,
    /// Where things count: created (with their delivery) or occurred (when they happened).
    #[arg(long, value_name = "BASIS")]
    basis: Option<String>,
}

/// Asks and shows.
pub(crate) fn run(metrics: &Metrics) -> Result<()> {
    let mut parameters = metrics.narrow.parameters()?;
    let named = [
        ("by", &metrics.by),
        ("measures", &metrics.measures),
        ("count", &metrics.count),
        ("basis", &metrics.basis),
    ];
    for (name, value) in named {
        parameters.extend(value.clone().map(|value| (name.to_owned(), value)));
    }
    let answer = Client::new(&metrics.connection)?.get("/landfall/v1/metrics", &parameters)?;
    if metrics.connection.json {
        println!("{answer:#}");
    } else {
        print(&answer);
    }
    Ok(())
}

fn print(answer: &Value) {
    let empty = Vec::new();
    let rows = answer["rows"].as_array().unwrap_or(&empty);
    let Some(first) = rows.first() else {
        println!("Nothing in this range. `landfall log` shows what there is; widen --since.");
        return;
    };
    let keys = |part: &str| -> Vec<String> {
        first[part]
            .as_object()
            .map(|map| map.keys().cloned().collect())
            .unwrap_or_default()
    };
    let (counts, rates, delays) = (keys("counts"), keys("rates"), keys("delays"));
    let mut header: Vec<String> = answer["group_by"]
        .as_array()
        .map(|names| names.iter().map(show::plain).collect())
        .unwrap_or_default();
    header.extend(counts.iter().cloned());
    header.extend(rates.iter().cloned());
    header.extend(
        delays
            .iter()
            .map(|mark| format!("time to {mark} p50 / p95")),
    );
    header.push(String::new());
    let mut table = show::table([]);
    table.set_header(header);
    for row in rows {
        let mut cells: Vec<comfy_table::Cell> = row["group"]
            .as_array()
            .map(|group| group.iter().map(value).collect())
            .unwrap_or_default();
        cells.extend(
            counts
                .iter()
                .map(|name| show::number(row["counts"][name].as_u64().unwrap_or(0))),
        );
        cells.extend(rates.iter().map(|name| show::rate(&row["rates"][name])));
        cells.extend(delays.iter().map(|mark| {
            let delay = &row["delays"][mark];
            let (half, most) = (
                show::duration(&delay["p50_ms"]),
                show::duration(&delay["p95_ms"]),
            );
            comfy_table::Cell::new(format!("{half} / {most}"))
        }));
        let settling = row["settling"].as_bool().unwrap_or(false);
        cells.push(comfy_table::Cell::new(if settling {
            "settling"
        } else {
            ""
        }));
        table.add_row(cells);
    }
    println!("{table}");
    let (counted, basis) = (
        show::plain(&answer["counted_by"]),
        show::plain(&answer["basis"]),
    );
    println!(
        "Counted by {counted}, by {basis} time, {}. Intervals: 95 %.",
        show::plain(&answer["tz"])
    );
    if answer["complete"] == Value::Bool(false) {
        println!("The board is still being filled from the ledger: figures will grow.");
    }
}

fn value(group: &Value) -> comfy_table::Cell {
    match group["label"].as_str() {
        Some(label) => {
            comfy_table::Cell::new(format!("{label} ({})", show::plain(&group["value"])))
        }
        None => show::text(&group["value"]),
    }
}
