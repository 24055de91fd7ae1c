//! `landfall doctor`.

use anyhow::{Result, bail};
use clap::Args;
use comfy_table::{Cell, Color};
use serde_json::Value;

use super::{Client, Connection, show};

/// `landfall doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    connection: Connection,
}

/// Shows what was looked at, the worst first; fails on an alarm, so that scripts notice.
pub(crate) fn run(doctor: &Doctor) -> Result<()> {
    let answer = Client::new(&doctor.connection)?.get("/landfall/v1/health", &[])?;
    if doctor.connection.json {
        println!("{answer:#}");
    } else {
        print(&answer);
    }
    let findings = answer["findings"].as_array().into_iter().flatten();
    match findings.filter(|it| it["level"] == "alarm").count() {
        0 => Ok(()),
        1 => bail!("there is an alarm: see above what to do"),
        alarms => bail!("there are {alarms} alarms: see above what to do"),
    }
}

fn print(answer: &Value) {
    let mut table = show::table(["", "what", "of", "found"]);
    let findings = answer["findings"].as_array().cloned().unwrap_or_default();
    for finding in &findings {
        let mut found = show::plain(&finding["message"]);
        if let Some(fix) = finding["fix"].as_str().filter(|fix| !fix.is_empty()) {
            found.push_str("\n→ ");
            found.push_str(fix);
        }
        table.add_row([
            level(&finding["level"]),
            Cell::new(show::plain(&finding["check"]).replace('_', " ")),
            show::text(&finding["about"]),
            Cell::new(found),
        ]);
    }
    println!("{table}");
    if answer["complete"] == false {
        println!("The board is still being filled: whether devices report is judged later.");
    }
}

fn level(level: &Value) -> Cell {
    let (text, colour) = match level.as_str() {
        Some("ok") => ("ok", Color::Green),
        Some("warning") => ("warning", Color::Yellow),
        _ => ("ALARM", Color::Red),
    };
    match show::colours() {
        true => Cell::new(text).fg(colour),
        false => Cell::new(text),
    }
}
