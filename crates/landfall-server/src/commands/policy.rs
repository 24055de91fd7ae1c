//! `landfall policy`: the workspace's rules of sending.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use serde_json::Value;

use super::apply::print_faults;
use super::ask::show;
use super::ask::{Client, Connection};

const PATH: &str = "/landfall/v1/policy";

/// `landfall policy`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall policy
  landfall policy show --json > policy.json
  landfall policy set -f policy.json
  echo '{\"caps\": [{\"max\": 3, \"within\": \"7d\"}]}' | landfall policy set -f -")]
pub(crate) struct Policy {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What to do with the rules.
#[derive(Debug, Subcommand)]
enum Action {
    /// Print them.
    Show,
    /// Replace them; what a file leaves out there is not. They count at once.
    Set {
        /// The file with the rules as JSON; `-` reads them from the standard input.
        #[arg(short, long = "file", value_name = "FILE")]
        file: PathBuf,
        /// Only say what is wrong.
        #[arg(long)]
        check: bool,
    },
}

/// Runs the command.
pub(crate) fn run(policy: &Policy) -> Result<()> {
    let client = Client::new(&policy.connection)?;
    let rules = match policy.action.as_ref().unwrap_or(&Action::Show) {
        Action::Show => client.get(PATH, &[])?,
        Action::Set { file, check } => {
            let text = read(file)?;
            let path = if *check {
                format!("{PATH}?check=true")
            } else {
                PATH.to_owned()
            };
            let (status, answer) = client.put_whatever(&path, "application/json", &text)?;
            if status != 200 {
                print_faults(&file.display().to_string(), &answer);
                bail!("the rules were not taken");
            }
            answer
        }
    };
    if policy.connection.json {
        println!("{rules:#}");
    } else {
        print(&rules);
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    if file.as_os_str() == "-" {
        std::io::stdin()
            .read_to_end(&mut text)
            .context("cannot read the standard input")?;
        return Ok(text);
    }
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

fn print(rules: &Value) {
    println!(
        "Zone of people who have none: {}",
        show::plain(&rules["zone"])
    );
    println!("Quiet hours: {}", quiet(&rules["quiet_hours"]));
    match rules["duplicate_within"].as_str() {
        Some(within) => println!("The same message: not twice within {within}"),
        None => println!("The same message: as often as it comes"),
    }
    if let Some(least) = rules["alive_at_least"].as_f64() {
        let least = (least * 1_000.0).round() / 10.0;
        println!("Silent tokens: no push below a probability of {least} % to be there");
    }
    let caps = rules["caps"].as_array().cloned().unwrap_or_default();
    if caps.is_empty() {
        println!("Caps: none");
    }
    for cap in &caps {
        println!("Cap: {}", capped(cap));
    }
    let Some(topics) = rules["topics"]
        .as_object()
        .filter(|topics| !topics.is_empty())
    else {
        println!("Topics: none");
        return;
    };
    let mut table = show::table(["topic", "name", "by default"]);
    for (id, topic) in topics {
        let subscribed = topic["subscribed_by_default"] == true;
        let default = if subscribed {
            "subscribed"
        } else {
            "asks for a yes"
        };
        table.add_row([id.clone(), show::plain(&topic["name"]), default.to_owned()]);
    }
    println!("{table}");
}

fn quiet(hours: &Value) -> String {
    if hours.is_null() {
        return "none".to_owned();
    }
    let then = match hours["then"].as_str() {
        Some("drop") => "what comes up meanwhile is dropped",
        _ => "what comes up meanwhile waits",
    };
    let zone = hours["zone"].as_str();
    let zone = zone.map(|zone| format!(" ({zone} for people without a zone)"));
    let days = hours["days"].as_array().map(|days| {
        let days: Vec<&str> = days.iter().filter_map(Value::as_str).collect();
        format!(" on {}", days.join(", "))
    });
    format!(
        "{} to {}{}{}, {then}",
        show::plain(&hours["from"]),
        show::plain(&hours["to"]),
        days.unwrap_or_default(),
        zone.unwrap_or_default(),
    )
}

fn capped(cap: &Value) -> String {
    let list = |key: &str| {
        let items = cap[key].as_array()?;
        let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
        Some(items.join(", "))
    };
    let over = list("channels").map(|channels| format!(" over {channels}"));
    let of = list("counts").map(|sources| format!(" of {sources}"));
    let retry = cap["retry"].as_str();
    let retry = retry.map(|retry| format!(", the next waits up to {retry} for room"));
    format!(
        "{} within {}{}{}{}",
        cap["max"],
        show::plain(&cap["within"]),
        over.unwrap_or_default(),
        of.unwrap_or_default(),
        retry.unwrap_or_default(),
    )
}
