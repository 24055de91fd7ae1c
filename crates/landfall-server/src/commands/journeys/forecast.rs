//! The forecast of a journey on the command line.

use anyhow::Result;
use serde_json::Value;

use super::super::ask::{Client, show};
use super::PATH;

/// Shows what would come of a journey if it started now.
pub(super) fn show_forecast(client: &Client, journey: &str, as_json: bool) -> Result<()> {
    let path = format!("{PATH}/{}/forecast", Client::encoded(journey));
    let answer = client.get(&path, &[])?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    people(&answer);
    intents(&answer);
    println!(
        "Fallback for everybody who qualifies, once: {}.",
        cost(&answer["fallback_cost"])
    );
    let week = &answer["per_week"];
    if week.is_object() {
        println!(
            "Fallback for a week of {} people: {}.",
            show::grouped(week["people"].as_u64().unwrap_or(0)),
            cost(&week["fallback_cost"])
        );
    }
    println!();
    for assumption in answer["assumptions"].as_array().into_iter().flatten() {
        println!("- {}", show::plain(assumption));
    }
    Ok(())
}

const PLATFORMS: [&str; 4] = ["ios", "android", "web", "none"];

/// One line for each stage, with the people on each platform.
fn people(answer: &Value) {
    let mut table = show::table(["people", "all", "ios", "android", "web", "no device"]);
    let count = |value: &Value| show::number(value.as_u64().unwrap_or(0));
    for stage in ["qualified", "covered", "eligible"] {
        let group = &answer[stage];
        let mut row = vec![stage.into(), count(&group["people"])];
        row.extend(PLATFORMS.map(|platform| count(&group["by_platform"][platform])));
        table.add_row(row);
    }
    println!("{table}");
    for (why, kept) in answer["kept_out"].as_object().into_iter().flatten() {
        println!(
            "{} would not enter: {why}",
            show::grouped(kept.as_u64().unwrap_or(0))
        );
    }
}

/// One line for each channel.
fn intents(answer: &Value) {
    let mut table = show::table([
        "step",
        "comes to",
        "goes first to",
        "closed to",
        "price",
        "fallback",
    ]);
    for intent in answer["intents"].as_array().into_iter().flatten() {
        for (index, channel) in intent["channels"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            let closed = channel["closed"].as_object().into_iter().flatten();
            let closed: Vec<String> = closed
                .map(|(why, people)| format!("{people} {why}"))
                .collect();
            let (share, spent) = match index {
                0 => (
                    format!("{} %", intent["share_percent"]),
                    cost(&intent["fallback_cost"]),
                ),
                _ => (String::new(), String::new()),
            };
            table.add_row([
                show::text(&channel["step"]),
                share.into(),
                show::number(channel["first"].as_u64().unwrap_or(0)),
                closed.join(", ").into(),
                show::text(&channel["price"]),
                spent.into(),
            ]);
        }
    }
    println!("{table}");
}

/// Bounds, and what lies between if it was measured.
fn cost(cost: &Value) -> String {
    let (least, most) = (show::plain(&cost["least"]), show::plain(&cost["most"]));
    match cost["expected"].as_str() {
        Some(expected) => format!("{least} to {most}, {expected} expected"),
        None => format!("{least} to {most}"),
    }
}
