//! `landfall journeys conversions`.

use anyhow::Result;
use serde_json::Value;

use super::super::ask::Client;
use super::super::ask::show;
use super::PATH;

/// Shows what a journey's messages brought.
pub(super) fn show(
    client: &Client,
    journey: &str,
    by: &str,
    range: Option<&str>,
    as_json: bool,
) -> Result<()> {
    let mut parameters = vec![("by".to_owned(), by.to_owned())];
    parameters.extend(range.map(|range| ("range".to_owned(), range.to_owned())));
    let path = format!("{PATH}/{}/conversions", Client::encoded(journey));
    let answer = client.get(&path, &parameters)?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let mut table = show::table([by, "name", "holdout", "last touch", "first touch", "linear"]);
    let line = |key: String, name: String, holdout: String, models: &Value| {
        let model = |name: &str| brought(&models[name]);
        [
            key,
            name,
            holdout,
            model("last"),
            model("first"),
            model("linear"),
        ]
    };
    for row in answer["rows"].as_array().into_iter().flatten() {
        let holdout = if row["holdout"] == true { "yes" } else { "" };
        table.add_row(line(
            show::plain(&row["key"]),
            show::plain(&row["name"]),
            holdout.to_owned(),
            row,
        ));
    }
    let none = String::new;
    table.add_row(line("total".to_owned(), none(), none(), &answer["total"]));
    table.add_row(line(
        "holdout".to_owned(),
        none(),
        "yes".to_owned(),
        &answer["holdout"],
    ));
    println!("{table}");
    if let Some(percent) = answer["recomputing"].as_u64() {
        println!("History is being computed anew: {percent} % done, and figures change meanwhile.");
    }
    if answer["next"].is_string() {
        println!("There are more: --json tells how to go on.");
    }
    Ok(())
}

/// Asks for history to be computed anew.
pub(super) fn recompute(client: &Client, journey: &str, as_json: bool) -> Result<()> {
    let path = format!("{PATH}/{}/conversions/recompute", Client::encoded(journey));
    let answer = client.post(&path, "application/json", b"{}")?;
    if as_json {
        println!("{answer:#}");
    } else {
        println!(
            "Conversions are computed anew by the goal of version {}; `landfall journeys conversions {journey}` tells how far it is.",
            answer["version"]
        );
    }
    Ok(())
}

/// How many conversions, and their value: `2.5: 120.00 EUR` in smallest units.
fn brought(model: &Value) -> String {
    let count = model["conversions"].as_f64().unwrap_or_default();
    let values = model["value"].as_object();
    let values = values.into_iter().flatten();
    let values: Vec<String> = values
        .map(|(currency, minor)| format!("{minor} {currency}"))
        .collect();
    match values.is_empty() {
        true => format!("{count}"),
        false => format!("{count} ({})", values.join(", ")),
    }
}
