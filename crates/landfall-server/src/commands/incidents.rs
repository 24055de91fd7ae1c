//! `landfall incidents`: what is off, and what is done about it.

use anyhow::Result;
use clap::{Args, Subcommand};
use comfy_table::{Cell, Color};
use serde_json::{Value, json};

use super::ask::{Client, Connection, show};

const PATH: &str = "/landfall/v1/incidents";

/// `landfall incidents`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall incidents
  landfall incidents list --state all --journey cart-recovery
  landfall incidents show inc-3
  landfall incidents ack inc-3 --by lea
  landfall incidents snooze inc-3 --for 4h
  landfall incidents resolve inc-3 --note 'the key was exchanged'")]
pub(crate) struct Incidents {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What to do with incidents.
#[derive(Debug, Subcommand)]
enum Action {
    /// List those that are not over, newest first.
    List(List),
    /// Show one with its evidence, messages and timeline.
    Show {
        /// Such as inc-3.
        id: String,
    },
    /// Say that you work on it: it stays quiet unless it gets much worse.
    Ack(Act),
    /// Let it wait: it stays quiet until then.
    Snooze {
        #[command(flatten)]
        act: Act,
        /// For how long, such as 30m, 4h or 2d.
        #[arg(long = "for", value_name = "TIME")]
        pause: String,
    },
    /// Declare it over.
    Resolve(Act),
    /// Add a word to its timeline.
    Note {
        /// Such as inc-3.
        id: String,
        /// The word.
        text: String,
        /// Who says so.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

#[derive(Debug, Default, Args)]
struct List {
    /// live, open, acknowledged, snoozed, resolved or all.
    #[arg(long, value_name = "STATE", default_value = "live")]
    state: String,
    /// Only those that touch this journey.
    #[arg(long, value_name = "JOURNEY")]
    journey: Option<String>,
    /// Only those of this platform.
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<String>,
    /// Only those of this metric, such as delivered.
    #[arg(long, value_name = "METRIC")]
    metric: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

#[derive(Debug, Args)]
struct Act {
    /// Such as inc-3.
    id: String,
    /// Who does it.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// A word for the timeline.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Runs the command.
pub(crate) fn run(incidents: &Incidents) -> Result<()> {
    let client = Client::new(&incidents.connection)?;
    let as_json = incidents.connection.json;
    match &incidents.action {
        None => {
            let live = List {
                state: "live".to_owned(),
                limit: 50,
                ..List::default()
            };
            list(&client, &live, as_json)
        }
        Some(Action::List(wanted)) => list(&client, wanted, as_json),
        Some(Action::Show { id }) => {
            let one = client.get(&path(id), &[])?;
            print(&one, as_json);
            Ok(())
        }
        Some(Action::Ack(act)) => do_it(&client, act, "acknowledge", json!({}), as_json),
        Some(Action::Snooze { act, pause }) => {
            do_it(&client, act, "snooze", json!({ "for": pause }), as_json)
        }
        Some(Action::Resolve(act)) => do_it(&client, act, "resolve", json!({}), as_json),
        Some(Action::Note { id, text, by }) => {
            let body = json!({"text": text, "by": by});
            let one = post(&client, &format!("{}/notes", path(id)), &body)?;
            say(&one, as_json);
            Ok(())
        }
    }
}

fn path(id: &str) -> String {
    format!("{PATH}/{}", Client::encoded(id))
}

fn post(client: &Client, path: &str, body: &Value) -> Result<Value> {
    client.post(path, "application/json", body.to_string().as_bytes())
}

fn do_it(client: &Client, act: &Act, what: &str, mut body: Value, as_json: bool) -> Result<()> {
    // The word comes first: nothing but notes can be added to what is over, and it is kept either way.
    if let Some(note) = &act.note {
        let body = json!({"text": note, "by": act.by});
        post(client, &format!("{}/notes", path(&act.id)), &body)?;
    }
    body["by"] = json!(act.by);
    let one = post(client, &format!("{}/{what}", path(&act.id)), &body)?;
    say(&one, as_json);
    Ok(())
}

/// What became of an incident, in one line.
fn say(one: &Value, as_json: bool) {
    if as_json {
        println!("{one:#}");
        return;
    }
    let id = show::plain(&one["id"]);
    let by = one["by"]
        .as_str()
        .map_or(String::new(), |by| format!(" by {by}"));
    match one["state"].as_str() {
        Some("snoozed") => println!(
            "{id} is snoozed{by} until {}.",
            show::time(&one["until_ms"])
        ),
        _ => println!("{id} is {}{by}.", show::plain(&one["state"])),
    }
}

fn list(client: &Client, wanted: &List, as_json: bool) -> Result<()> {
    let mut parameters = vec![
        ("state".to_owned(), wanted.state.clone()),
        ("limit".to_owned(), wanted.limit.to_string()),
    ];
    for (name, value) in [
        ("journey", &wanted.journey),
        ("platform", &wanted.platform),
        ("metric", &wanted.metric),
    ] {
        parameters.extend(value.clone().map(|value| (name.to_owned(), value)));
    }
    let answer = client.get(PATH, &parameters)?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let incidents = answer["incidents"].as_array().cloned().unwrap_or_default();
    if incidents.is_empty() {
        nothing(&answer["monitor"], &wanted.state);
        return Ok(());
    }
    let mut table = show::table([
        "id", "state", "since", "metric", "where", "rate", "usual", "missing",
    ]);
    for one in &incidents {
        table.add_row([
            show::text(&one["id"]),
            state(one),
            Cell::new(show::time(&one["since_ms"])),
            show::text(&one["metric"]),
            show::text(&one["where"]),
            percent(&one["rate"]["value"]),
            percent(&one["rate"]["usual"]),
            show::number(one["missing"].as_f64().unwrap_or(0.0).round() as u64),
        ]);
    }
    println!("{table}");
    let first = show::plain(&incidents[0]["id"]);
    println!("`landfall incidents show {first}` tells more.");
    Ok(())
}

/// Why there is nothing to see, and whether that is good news.
fn nothing(monitor: &Value, wanted: &str) {
    match wanted {
        "live" | "open" => println!("Nothing is off."),
        state => println!("There is no incident ({state})."),
    }
    match monitor["problem"].as_str() {
        Some(problem) => println!("But mind: {problem}."),
        None => println!(
            "{} series are watched, {} more have too little history yet; looked at up to {}.",
            monitor["watching"],
            monitor["learning"],
            show::time(&monitor["seen_until_ms"])
        ),
    }
    println!(
        "`landfall incidents list --state all` lists what is over; `landfall alerts channels` says who is told."
    );
}

fn state(one: &Value) -> Cell {
    let text = show::plain(&one["state"]);
    let colour = match text.as_str() {
        "open" => Some(Color::Red),
        "acknowledged" | "snoozed" => Some(Color::Yellow),
        _ => Some(Color::Green),
    };
    match colour.filter(|_| show::colours()) {
        Some(colour) => Cell::new(text).fg(colour),
        None => Cell::new(text),
    }
}

fn percent(value: &Value) -> Cell {
    let shown = value
        .as_f64()
        .map(|share| format!("{:.1} %", 100.0 * share));
    Cell::new(shown.unwrap_or_else(|| "-".to_owned()))
        .set_alignment(comfy_table::CellAlignment::Right)
}

fn print(one: &Value, as_json: bool) {
    if as_json {
        println!("{one:#}");
        return;
    }
    println!(
        "{}: {} ({})",
        show::plain(&one["id"]),
        show::plain(&one["title"]),
        show::plain(&one["state"])
    );
    println!("{}", show::plain(&one["verdict"]));
    println!(
        "Since {}, opened {}",
        show::time(&one["since_ms"]),
        show::time(&one["opened_ms"])
    );
    let journeys = one["journeys"].as_array().cloned().unwrap_or_default();
    let names: Vec<String> = journeys
        .iter()
        .map(|journey| {
            show::plain(if journey["name"].is_null() {
                &journey["journey"]
            } else {
                &journey["name"]
            })
        })
        .collect();
    if !names.is_empty() {
        println!("Journeys: {}", names.join(", "));
    }
    if let Some(money) = one["money_a_day"].as_f64() {
        println!("Costs about {money:.0} {} a day", show::plain(&one["unit"]));
    }
    let breakdown = one["breakdown"].as_array().cloned().unwrap_or_default();
    let parts: Vec<String> = breakdown
        .iter()
        .map(|part| format!("{} {}", show::plain(&part["name"]), part["count"]))
        .collect();
    if !parts.is_empty() {
        println!("Pushes since then: {}", parts.join(", "));
    }
    tables(one);
}

fn tables(one: &Value) {
    let rows = |key: &str| one[key].as_array().cloned().unwrap_or_default();
    let mut evidence = show::table(["metric", "where", "since", "hits", "of", "expected", "rule"]);
    for signal in rows("evidence") {
        evidence.add_row([
            show::text(&signal["metric"]),
            show::text(&signal["where"]),
            Cell::new(show::time(&signal["since_ms"])),
            show::text(&signal["hits"]),
            show::text(&signal["cases"]),
            Cell::new(format!("{:.0}", signal["expected"].as_f64().unwrap_or(0.0))),
            show::text(&signal["rule"]),
        ]);
    }
    println!("\n{evidence}");
    let messages = rows("messages");
    if messages.is_empty() {
        println!(
            "\nNobody was told: no owner has an address and there is no channel (`landfall alerts channels --set`)."
        );
    } else {
        let mut table = show::table(["message", "event", "to", "state", "tries", "problem"]);
        for message in &messages {
            let keys = ["id", "event", "to", "state", "tries", "problem"];
            table.add_row(keys.map(|key| show::plain(&message[key])));
        }
        println!("\n{table}");
    }
    println!();
    for entry in rows("timeline") {
        let by = entry["by"]
            .as_str()
            .map_or(String::new(), |by| format!(" ({by})"));
        println!(
            "{}  {}{by}",
            show::time(&entry["at_ms"]),
            show::plain(&entry["text"])
        );
    }
}
