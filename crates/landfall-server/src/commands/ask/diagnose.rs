//! `landfall diagnose`.

use anyhow::Result;
use clap::Args;
use comfy_table::{Cell, CellAlignment};
use serde_json::Value;

use super::{Client, Connection, show};

/// `landfall diagnose`.
#[derive(Debug, Args)]
pub(crate) struct Diagnose {
    #[command(flatten)]
    connection: Connection,
    /// The journey: slug, number or name; `campaign:31` for one that was imported.
    journey: String,
    /// Beginning of the period: 7d (default), 24h, 2026-11-16, a time.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// End of the period, not included; the last full hour if left out.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Range to compare with; if left out, as long a one before, on the same days of the week.
    #[arg(long, value_name = "RANGE")]
    against: Option<String>,
    /// Zone in which days begin, such as Europe/Paris.
    #[arg(long, value_name = "ZONE", env = "LANDFALL_TZ")]
    tz: Option<String>,
    /// Print the runbook as Markdown, with boxes to tick off and links to the rows.
    #[arg(long, conflicts_with = "as_json")]
    markdown: bool,
}

/// Shows a diagnosis.
pub(crate) fn run(diagnose: &Diagnose) -> Result<()> {
    let client = Client::new(&diagnose.connection)?;
    let path = format!(
        "/landfall/v1/journeys/{}/diagnosis",
        Client::encoded(&diagnose.journey)
    );
    let named = [
        ("from", &diagnose.from),
        ("to", &diagnose.to),
        ("against", &diagnose.against),
        ("tz", &diagnose.tz),
    ];
    let given = named.into_iter().filter_map(|(name, value)| {
        let value = value.clone()?;
        Some((name.to_owned(), value))
    });
    let mut parameters: Vec<(String, String)> = given.collect();
    if diagnose.markdown {
        parameters.push(("format".to_owned(), "markdown".to_owned()));
        print!("{}", client.get_text(&path, &parameters)?);
        return Ok(());
    }
    let answer = client.get(&path, &parameters)?;
    if diagnose.connection.json {
        println!("{answer:#}");
        return Ok(());
    }
    tell(&answer);
    Ok(())
}

fn tell(answer: &Value) {
    let diagnosis = &answer["diagnosis"];
    let verdict = &diagnosis["verdict"];
    let name = answer["name"].as_str().or(answer["journey"].as_str());
    println!("{}\n", name.unwrap_or_default());
    println!("{}", show::plain(&verdict["says"]));
    if let Some(at) = verdict["since"]["at_ms"].as_i64() {
        println!("Since {}.", show::time(&at.into()));
    }
    println!("Sure: {}.\n", show::plain(&verdict["confidence"]));
    for fact in verdict["facts"].as_array().into_iter().flatten() {
        println!("  * {}", show::plain(&fact["says"]));
        println!(
            "    rows: /landfall/v1/deliveries?{}",
            show::plain(&fact["rows"])
        );
    }
    for change in verdict["coincides"].as_array().into_iter().flatten() {
        println!(
            "  * it began when this changed: {}",
            show::plain(&change["what"])
        );
    }
    println!("\n{}", stages(diagnosis));
    println!("\nWhat to check:");
    for check in answer["runbook"]["checks"]
        .as_array()
        .into_iter()
        .flatten()
        .take(3)
    {
        println!("  {}. {}", check["number"], show::plain(&check["asks"]));
        for step in check["steps"].as_array().into_iter().flatten().take(2) {
            println!("     - {}", show::plain(step));
        }
    }
    println!("  The whole runbook: --markdown");
    for note in diagnosis["notes"].as_array().into_iter().flatten() {
        println!("\nNote: {}", show::plain(note));
    }
    if answer["complete"] == false {
        println!("\nNote: the board is still being filled; figures are a part of the whole.");
    }
}

fn stages(diagnosis: &Value) -> comfy_table::Table {
    let unit = diagnosis["unit"].as_str().unwrap_or_default();
    let contributed = format!("contributed ({unit})");
    let mut table = show::table(["stage", "before", "now", &contributed, "95 %", ""]);
    for line in diagnosis["stages"].as_array().into_iter().flatten() {
        let figure = |when: &str| {
            let hits = line["ratio"]["hits"][when].as_f64().unwrap_or(0.0);
            let of = line["ratio"]["of"][when].as_f64().unwrap_or(0.0);
            match line["factor"].as_str() {
                Some("qualified") => format!("{hits:.0}"),
                _ if of <= 0.0 => "-".to_owned(),
                Some("devices" | "value") => format!("{:.2}", hits / of),
                _ => format!("{:.1} %", 100.0 * hits / of),
            }
        };
        let amount = |value: &Value| format!("{:+.2}", value.as_f64().unwrap_or(0.0));
        let interval = &line["interval"];
        let clear = line["distinguishable"] == true;
        let cells = [
            figure("before"),
            figure("after"),
            amount(&line["money"]),
            format!(
                "{} to {}",
                amount(&interval["low"]),
                amount(&interval["high"])
            ),
        ];
        let cells = cells.map(|text| Cell::new(text).set_alignment(CellAlignment::Right));
        let mut row = vec![show::text(&line["factor"])];
        row.extend(cells);
        row.push(Cell::new(if clear { "changed" } else { "" }));
        table.add_row(row);
    }
    table
}
