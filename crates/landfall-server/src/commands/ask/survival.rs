//! `landfall coverage survival`: how long tokens live.

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use super::{Client, Connection, show};

/// `landfall coverage survival`.
#[derive(Debug, Args)]
pub(crate) struct Survival {
    #[command(flatten)]
    connection: Connection,
    /// Each app version too, not only platforms.
    #[arg(long)]
    versions: bool,
}

/// Shows what was learned.
pub(crate) fn run(asked: &Survival) -> Result<()> {
    let client = Client::new(&asked.connection)?;
    let answer = client.get("/landfall/v1/coverage/survival", &[])?;
    if asked.connection.json {
        println!("{answer:#}");
        return Ok(());
    }
    if answer["learned_ms"].is_null() {
        println!("Nothing was learned yet: that is done once a day.");
        return Ok(());
    }
    println!(
        "Learned at {} from {} people with devices.\n",
        show::time(&answer["learned_ms"]),
        show::grouped(answer["people"].as_u64().unwrap_or(0))
    );
    for platform in each(&answer["platforms"]) {
        match platform["too_little"].as_str() {
            Some(why) => println!("{why}."),
            None => println!(
                "{}: {} tokens, {} rejected; {}.",
                show::plain(&platform["platform"]),
                show::grouped(platform["tokens"].as_u64().unwrap_or(0)),
                show::grouped(platform["rejected"].as_u64().unwrap_or(0)),
                ages(platform)
            ),
        }
    }
    for kind in each(&answer["kinds"]) {
        if kind["reports"].is_null() || asked.versions {
            kind_of_tokens(kind);
        }
    }
    calibration(&answer["calibration"]);
    Ok(())
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn percent(share: &Value) -> String {
    match share.as_f64() {
        Some(share) => format!("{:.1} %", share * 100.0),
        None => "not known".to_owned(),
    }
}

fn ages(platform: &Value) -> String {
    let ages =
        each(&platform["ages"]).filter(|age| [30, 90, 365].map(Value::from).contains(&age["days"]));
    let ages =
        ages.map(|age| format!("{} get {} days old", percent(&age["survival"]), age["days"]));
    let ages: Vec<String> = ages.collect();
    match ages.is_empty() {
        true => "none is a month old".to_owned(),
        false => ages.join(", "),
    }
}

fn kind_of_tokens(kind: &Value) {
    let mut name = show::plain(&kind["platform"]);
    if let Some(version) = kind["app_version"].as_str() {
        name = format!("{name} {version}");
    }
    match kind["reports"].as_bool() {
        Some(true) => name.push_str(", reports receipts"),
        Some(false) => name.push_str(", never reported a receipt"),
        None => {}
    }
    let mut table = show::table([
        "silent for days",
        "silences",
        "returned",
        "rejected",
        "alive",
        "95 % interval",
        "lost since the row before",
    ]);
    for row in each(&kind["silence"]) {
        let count = |name: &str| show::number(row[name].as_u64().unwrap_or(0));
        let alive = &row["alive"];
        let interval = match alive.is_null() {
            true => String::new(),
            false => format!("{} to {}", percent(&alive["low"]), percent(&alive["high"])),
        };
        let days = format!("{} to {}", row["from_days"], row["to_days"]);
        table.add_row([
            days.into(),
            count("silences"),
            count("returned"),
            count("rejected"),
            percent(&alive["value"]).into(),
            interval.into(),
            percent(&row["hazard"]).into(),
        ]);
    }
    println!("\n{name}\n{table}");
}

fn calibration(calibration: &Value) {
    if calibration.is_null() {
        println!("\nWhether it comes true cannot be told yet: that takes a month of history more.");
        return;
    }
    let mut table = show::table(["tokens", "expected", "observed", "95 % interval"]);
    for decile in each(&calibration["deciles"]) {
        table.add_row([
            show::number(decile["tokens"].as_u64().unwrap_or(0)),
            percent(&decile["expected"]).into(),
            percent(&decile["observed"]).into(),
            format!(
                "{} to {}",
                percent(&decile["low"]),
                percent(&decile["high"])
            )
            .into(),
        ]);
    }
    println!(
        "\nTokens that should have shown life in the last {} days by what was known before, and those that did:\n{table}",
        calibration["days"]
    );
    println!(
        "Mean difference {}, skill {:.2} (1 is perfect, 0 no better than a constant).",
        percent(&calibration["error"]),
        calibration["skill"].as_f64().unwrap_or(0.0)
    );
}
