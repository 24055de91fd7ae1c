//! `landfall names`: what messages are called, and what they should be called.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use landfall_domain::naming::Part;
use landfall_journey::names::{Finding, lint};
use serde_json::{Value, json};

use super::ask::show;
use super::ask::{Client, Connection};

const PATH: &str = "/landfall/v1/names";

/// `landfall names`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall names lint                fails when a name departs from `Journey | Step | Delay | Intent`
  landfall names lint --repair       gives the names that can be guessed; ids stay what they are")]
pub(crate) struct Names {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

/// What to do with names.
#[derive(Debug, Subcommand)]
enum Action {
    /// List the names of messages that depart from the convention, with what they probably mean.
    Lint {
        /// Give every name whose four parts could be guessed.
        #[arg(long)]
        repair: bool,
    },
}

/// A name that departs from the convention, with what it is given to.
struct Departure {
    of: Value,
    finding: Finding,
}

/// Runs the command.
pub(crate) fn run(names: &Names) -> Result<()> {
    let Action::Lint { repair } = &names.action;
    let client = Client::new(&names.connection)?;
    let answer = client.get(PATH, &[])?;
    let given = answer["names"].as_array().cloned().unwrap_or_default();
    let mut departures = departures(&given);
    if *repair {
        let (sure, unsure): (Vec<_>, Vec<_>) = departures
            .into_iter()
            .partition(|d| d.finding.unknown.is_empty());
        give(&client, &sure)?;
        departures = unsure;
    }
    if names.connection.json {
        println!("{:#}", Value::Array(departures.iter().map(told).collect()));
    } else {
        print(&departures);
    }
    if !departures.is_empty() {
        bail!(
            "{} names depart from `Journey | Step | Delay | Intent`",
            departures.len()
        );
    }
    Ok(())
}

/// Names of steps are names of messages; those of journeys and variants follow no convention.
fn departures(given: &[Value]) -> Vec<Departure> {
    let journey_of = |of: &Value| {
        let same = given.iter().find(|named| {
            named["source"] == of["source"]
                && named["source_id"] == of["source_id"]
                && named["step_id"].is_null()
        });
        same.and_then(|named| named["name"].as_str())
    };
    let steps = given
        .iter()
        .filter(|named| !named["step_id"].is_null() && named["variant_id"].is_null());
    steps
        .filter_map(|named| {
            let finding = lint(named["name"].as_str()?, journey_of(named))?;
            let of = named.clone();
            Some(Departure { of, finding })
        })
        .collect()
}

fn give(client: &Client, sure: &[Departure]) -> Result<()> {
    let names = sure.iter().map(|departure| {
        let mut named = departure.of.clone();
        named["name"] = departure.finding.repair.clone().into();
        named
    });
    let names: Vec<Value> = names.collect();
    if !names.is_empty() {
        let body = json!({ "names": names }).to_string();
        client.put(PATH, "application/json", body.as_bytes())?;
    }
    eprintln!("{} names were given.", names.len());
    Ok(())
}

fn told(departure: &Departure) -> Value {
    let Departure { of, finding } = departure;
    let breaches: Vec<String> = finding.breaches.iter().map(ToString::to_string).collect();
    let unknown: Vec<&str> = finding
        .unknown
        .iter()
        .map(|part: &Part| part.name())
        .collect();
    json!({
        "source": of["source"], "source_id": of["source_id"], "step_id": of["step_id"],
        "name": finding.name, "breaches": breaches, "repair": finding.repair, "unknown": unknown,
    })
}

fn print(departures: &[Departure]) {
    if departures.is_empty() {
        println!("Every message is called `Journey | Step | Delay | Intent`.");
        return;
    }
    let mut table = show::table(["source", "step", "name", "probably", "fill in"]);
    for Departure { of, finding } in departures {
        let source = format!("{}:{}", show::plain(&of["source"]), of["source_id"]);
        let unknown: Vec<&str> = finding.unknown.iter().map(|part| part.name()).collect();
        table.add_row([
            source,
            show::plain(&of["step_id"]),
            finding.name.clone(),
            finding.repair.clone(),
            unknown.join(", "),
        ]);
    }
    println!("{table}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_steps_are_looked_at_and_their_journeys_help() {
        let named = |step: Option<u64>, name: &str| {
            json!({"source": "campaign", "source_id": 3, "step_id": step, "variant_id": null,
                "name": name})
        };
        let given = [
            named(None, "Cart Recovery"),
            named(Some(1), "Cart Recovery | Push 1 | 1h | Remind"),
            named(Some(2), "Cart Recovery - Push 2 - 1d - Help"),
            named(Some(3), "Push 3"),
        ];
        let found = departures(&given);
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0].finding.repair,
            "Cart Recovery | Push 2 | 1d | Help"
        );
        assert!(found[0].finding.unknown.is_empty());
        assert!(!found[1].finding.unknown.is_empty());
        assert_eq!(told(&found[1])["step_id"], 3);
    }
}
