//! `landfall alerts`: rules of one's own, tried on history, and who is told.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use comfy_table::Cell;
use serde_json::{Value, json};

use super::apply::print_faults;
use super::ask::{Client, Connection, show};

const RULES: &str = "/landfall/v1/alert-rules";
const CHANNELS: &str = "/landfall/v1/alert-channels";

/// `landfall alerts`.
#[derive(Debug, Args)]
#[command(after_help = "\
Everything is watched without any rule: these are for what you want to hear of besides.

Examples:
  landfall alerts
  landfall alerts backtest -f rules.json
  landfall alerts add -f rules.json
  landfall alerts channels --set slack:push-alerts --set email:ops@shop.example
  landfall alerts test slack:push-alerts

A file of rules:
  {\"rules\": [{\"id\": \"ios-delivered\", \"metric\": \"delivered\", \"where\": {\"platform\": \"ios\"},
              \"below\": 0.8, \"over_minutes\": 60, \"at_least\": 200, \"notify\": [\"slack:push-alerts\"]}]}")]
pub(crate) struct Alerts {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What to do with rules.
#[derive(Debug, Subcommand)]
enum Action {
    /// List the rules, and how they stand.
    List,
    /// Try the rules of a file on history: what they would have found, missed and said.
    Backtest {
        #[command(flatten)]
        rules: File,
        /// Days of history.
        #[arg(long, value_name = "N", default_value_t = 28)]
        days: u32,
    },
    /// Save the rules of a file; a rule of the same id is replaced.
    Add(File),
    /// Remove a rule.
    Remove {
        /// Its id.
        id: String,
    },
    /// Show who is told, or say it anew.
    Channels {
        /// Have these channels and no others: slack:NAME, email:ADDRESS, webhook:URL.
        #[arg(long, value_name = "TO", conflicts_with = "none")]
        set: Vec<String>,
        /// Have none.
        #[arg(long)]
        none: bool,
    },
    /// Send a message of trial. Fails when it is not taken.
    Test {
        /// slack:NAME, email:ADDRESS or webhook:URL.
        to: String,
    },
}

#[derive(Debug, Args)]
struct File {
    /// The file: {"rules": [...]}, or one rule; `-` reads the standard input.
    #[arg(short, long = "file", value_name = "FILE")]
    file: PathBuf,
}

/// Runs the command.
pub(crate) fn run(alerts: &Alerts) -> Result<()> {
    let client = Client::new(&alerts.connection)?;
    let as_json = alerts.connection.json;
    match alerts.action.as_ref().unwrap_or(&Action::List) {
        Action::List => list(&client, as_json),
        Action::Backtest { rules, days } => backtest(&client, &read(&rules.file)?, *days, as_json),
        Action::Add(rules) => add(&client, &read(&rules.file)?, as_json),
        Action::Remove { id } => {
            client.delete(&format!("{RULES}/{}", Client::encoded(id)))?;
            println!("Rule {id} is removed.");
            Ok(())
        }
        Action::Channels { set, none } => channels(&client, set, *none, as_json),
        Action::Test { to } => test(&client, to, as_json),
    }
}

/// The rules of a file.
fn read(file: &Path) -> Result<Vec<Value>> {
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin()
            .read_to_string(&mut text)
            .context("cannot read the standard input")?;
    } else {
        text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
    }
    let read: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))?;
    match read.get("rules") {
        Some(Value::Array(rules)) => Ok(rules.clone()),
        Some(_) => bail!("`rules` must be a list"),
        None => Ok(vec![read]),
    }
}

fn id_of(rule: &Value) -> Result<&str> {
    let id = rule["id"].as_str().filter(|id| !id.is_empty());
    id.with_context(|| format!("a rule has no `id`: {rule}"))
}

fn list(client: &Client, as_json: bool) -> Result<()> {
    let answer = client.get(RULES, &[])?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let rules = answer["rules"].as_array().cloned().unwrap_or_default();
    if rules.is_empty() {
        println!(
            "There are no rules of your own. Every journey is watched without any: `landfall incidents`."
        );
        println!(
            "`landfall alerts --help` shows how a rule is written; `landfall alerts backtest -f FILE` tries it."
        );
        return Ok(());
    }
    let mut table = show::table(["id", "metric", "where", "broken when", "state", "says"]);
    for one in &rules {
        let rule = &one["rule"];
        table.add_row([
            show::plain(&rule["id"]),
            show::plain(&rule["metric"]),
            place(&rule["where"]),
            condition(rule),
            show::plain(&one["state"]),
            show::plain(&one["words"]),
        ]);
    }
    println!("{table}");
    Ok(())
}

fn place(slice: &Value) -> String {
    let pairs = slice.as_object().into_iter().flatten();
    let parts: Vec<String> = pairs
        .map(|(name, value)| format!("{name} {}", show::plain(value)))
        .collect();
    match parts.is_empty() {
        true => "everything".to_owned(),
        false => parts.join(", "),
    }
}

fn condition(rule: &Value) -> String {
    let share = |key: &str| {
        rule[key]
            .as_f64()
            .map(|share| format!("{:.1} %", 100.0 * share))
    };
    let against = rule["against"]
        .as_str()
        .unwrap_or("week_before")
        .replace('_', " ");
    let what = if let Some(share) = share("below") {
        format!("below {share}")
    } else if let Some(share) = share("above") {
        format!("above {share}")
    } else if let Some(share) = share("fell_by") {
        format!("fell by {share} against the {against}")
    } else if let Some(share) = share("rose_by") {
        format!("rose by {share} against the {against}")
    } else {
        "absent".to_owned()
    };
    format!(
        "{what} over {} min",
        rule["over_minutes"].as_u64().unwrap_or(60)
    )
}

fn backtest(client: &Client, rules: &[Value], days: u32, as_json: bool) -> Result<()> {
    for rule in rules {
        let body = json!({"rule": rule, "days": days}).to_string();
        let path = format!("{RULES}/backtest");
        let (status, answer) = client.post_whatever(&path, "application/json", body.as_bytes())?;
        taken(status, &answer, rule)?;
        if as_json {
            println!("{answer:#}");
        } else {
            print(rule, &answer);
        }
    }
    Ok(())
}

fn taken(status: u16, answer: &Value, rule: &Value) -> Result<()> {
    if status == 200 {
        return Ok(());
    }
    let name = format!("rule {}", show::plain(&rule["id"]));
    if answer["error"]["faults"].is_array() {
        print_faults(&name, answer);
        bail!("the rule was not taken");
    }
    bail!("{name}: {}", show::plain(&answer["error"]["message"]))
}

fn print(rule: &Value, answer: &Value) {
    let days = answer["days"].as_f64().unwrap_or(0.0);
    println!(
        "Rule {} over the last {days:.1} days:",
        show::plain(&rule["id"])
    );
    if answer["moments"] == 0 {
        println!("There is not enough history to try it on.");
        return;
    }
    let list = |key: &str| answer[key].as_array().cloned().unwrap_or_default();
    let a_month = answer["messages_a_month"].as_f64().unwrap_or(0.0);
    println!(
        "{} messages, {a_month:.1} to expect in a month; {} stretches without a known incident.",
        answer["messages"], answer["without_incident"]
    );
    println!(
        "Incidents found: {}, missed: {}. Too little to tell at {} of {} moments.",
        list("hits").len(),
        list("misses").len(),
        answer["too_little"],
        answer["moments"]
    );
    let episodes = list("episodes");
    if episodes.is_empty() {
        println!("It would have said nothing.");
        return;
    }
    let mut table = show::table(["from", "to", "says", "incidents"]);
    for episode in &episodes {
        let known = episode["incidents"].as_array().cloned().unwrap_or_default();
        let known: Vec<String> = known.iter().map(show::plain).collect();
        table.add_row([
            Cell::new(show::time(&episode["from_ms"])),
            Cell::new(show::time(&episode["to_ms"])),
            show::text(&episode["words"]),
            Cell::new(known.join(", ")),
        ]);
    }
    println!("{table}");
}

fn add(client: &Client, rules: &[Value], as_json: bool) -> Result<()> {
    for rule in rules {
        let id = id_of(rule)?;
        let path = format!("{RULES}/{}", Client::encoded(id));
        let body = rule.to_string();
        let (status, answer) = client.put_whatever(&path, "application/json", body.as_bytes())?;
        taken(status, &answer, rule)?;
        if as_json {
            println!("{answer:#}");
        } else {
            println!(
                "Rule {id} is saved: {} {}.",
                place(&rule["where"]),
                condition(rule)
            );
        }
    }
    Ok(())
}

fn channels(client: &Client, set: &[String], none: bool, as_json: bool) -> Result<()> {
    let answer = if set.is_empty() && !none {
        client.get(CHANNELS, &[])?
    } else {
        let channels: Vec<Value> = set.iter().map(|to| json!({ "to": to })).collect();
        let body = json!({ "channels": channels }).to_string();
        client.put(CHANNELS, "application/json", body.as_bytes())?
    };
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let list = |key: &str| answer[key].as_array().cloned().unwrap_or_default();
    let (channels, owners) = (list("channels"), list("owners"));
    if channels.is_empty() && owners.is_empty() {
        println!("Nobody is told: no journey names an owner, and there is no channel.");
        println!(
            "`landfall alerts channels --set slack:NAME` adds one; NAME is a Slack credential."
        );
        return Ok(());
    }
    let mut table = show::table(["told", "of"]);
    for channel in &channels {
        let journeys = channel["journeys"].as_array().cloned().unwrap_or_default();
        let journeys: Vec<String> = journeys.iter().map(show::plain).collect();
        let of = match journeys.is_empty() {
            true => "all journeys".to_owned(),
            false => journeys.join(", "),
        };
        table.add_row([show::plain(&channel["to"]), of]);
    }
    for owner in &owners {
        let to = owner["to"].as_str().map_or_else(
            || format!("nobody: `{}` is no address", show::plain(&owner["owner"])),
            str::to_owned,
        );
        let of = owner["name"].as_str().or(owner["journey"].as_str());
        table.add_row([to, of.unwrap_or_default().to_owned()]);
    }
    println!("{table}");
    Ok(())
}

fn test(client: &Client, to: &str, as_json: bool) -> Result<()> {
    let body = json!({ "to": to }).to_string();
    let came = client.post(
        &format!("{CHANNELS}/test"),
        "application/json",
        body.as_bytes(),
    )?;
    if as_json {
        println!("{came:#}");
    }
    if came["taken"] != true {
        bail!("{to} did not take it: {}", show::plain(&came["message"]));
    }
    if !as_json {
        println!("{to} took it.");
    }
    Ok(())
}
