//! `landfall coverage identity` and `landfall identity`: what is wrong with identities, repairs, and undoing them.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::ask::show;
use super::ask::{Client, Connection};

const PATH: &str = "/landfall/v1/coverage/identity";

/// `landfall identity`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall coverage identity                          what is wrong, with evidence and value at risk
  landfall identity repair                            what a repair would do; nothing changes
  landfall identity repair --kind stranded_token --apply
  landfall identity undo 3                            moves back what repair 3 moved

Only what has one clear remedy is repaired; the rest is shown with the question that somebody must decide.
Every move is in the history of the people and of the token.")]
pub(crate) struct Identity {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

/// What to do with identities.
#[derive(Debug, Subcommand)]
enum Action {
    /// Say what a repair would move, and with --apply move it.
    Repair {
        /// Do it; without this nothing changes.
        #[arg(long)]
        apply: bool,
        /// Only this kind of problem; can be repeated.
        #[arg(long = "kind", value_name = "KIND",
            value_parser = ["stranded_token", "merge_lost_token", "two_owners", "double_registration"])]
        kinds: Vec<String>,
    },
    /// Move back what a repair moved, as far as nothing happened to it since.
    Undo {
        /// The number of the repair, as `landfall coverage identity` shows it.
        id: u32,
    },
}

/// `landfall coverage identity`.
#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    connection: Connection,
    /// Findings of each kind.
    #[arg(long, value_name = "N", default_value_t = 5)]
    limit: u32,
}

/// Runs the command.
pub(crate) fn run(identity: &Identity) -> Result<()> {
    let client = Client::new(&identity.connection)?;
    let answer = match &identity.action {
        Action::Repair { apply, kinds } => {
            let kinds = Some(kinds).filter(|kinds| !kinds.is_empty());
            let body = json!({"apply": apply, "kinds": kinds}).to_string();
            client.post(
                &format!("{PATH}/repair"),
                "application/json",
                body.as_bytes(),
            )?
        }
        Action::Undo { id } => client.post(
            &format!("{PATH}/repairs/{id}/undo"),
            "application/json",
            b"",
        )?,
    };
    if identity.connection.json {
        println!("{answer:#}");
    } else if matches!(identity.action, Action::Undo { .. }) {
        print_undone(&answer);
    } else {
        print_repair(&answer);
    }
    Ok(())
}

/// Shows what is wrong; waits while everybody is looked at.
pub(crate) fn report(asked: &Report) -> Result<()> {
    let client = Client::new(&asked.connection)?;
    let limit = || ("limit".to_owned(), asked.limit.to_string());
    let mut answer = client.get(PATH, &[limit(), ("fresh".to_owned(), "true".to_owned())])?;
    while answer["looked_ms"].is_null() && !answer["progress"].is_null() {
        let part = |name: &str| show::grouped(answer["progress"][name].as_u64().unwrap_or(0));
        eprintln!(
            "Looked at {} of {} records ...",
            part("done"),
            part("total")
        );
        // The server answers when it is done, or after some seconds.
        answer = client.get(PATH, &[limit()])?;
    }
    if asked.connection.json {
        println!("{answer:#}");
    } else {
        print_report(&answer);
    }
    Ok(())
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn print_report(answer: &Value) {
    if answer["looked_ms"].is_null() {
        println!("People are still being read from the store: ask again in a moment.");
        return;
    }
    let people = show::grouped(count(&answer["people"]));
    let problems: Vec<&Value> = each(&answer["problems"]).collect();
    if problems.is_empty() {
        println!(
            "Nothing is wrong with the identities of {people} records: no stranded tokens, no merges that lost one, no \
             token with two owners, no device that is registered twice."
        );
    } else {
        print_problems(answer, &problems);
        println!(
            "Looked at {people} records at {}.",
            show::time(&answer["looked_ms"])
        );
    }
    if answer["complete"] == false {
        println!(
            "More anonymous profiles hold tokens than can be looked at: there may be more problems."
        );
    }
    for repair in each(&answer["repairs"]).take(5) {
        let moved = show::grouped(count(&repair["moved"]));
        let (id, at, by) = (
            &repair["id"],
            show::time(&repair["at_ms"]),
            show::plain(&repair["by"]),
        );
        match repair["undone"].is_null() {
            true => println!(
                "Repair {id} of {at} by {by} moved {moved} devices; undo it with: landfall identity undo {id}"
            ),
            false => println!("Repair {id} of {at} by {by} moved {moved} devices and was undone."),
        }
    }
}

fn print_problems(answer: &Value, problems: &[&Value]) {
    let mut table = show::table([
        "problem",
        "count",
        "people out of reach",
        "at risk in 30 days",
        "clear",
    ]);
    for problem in problems {
        let amount = |name: &str| problem["at_risk"][name].as_f64();
        let risk = match (amount("estimate"), amount("low"), amount("high")) {
            (Some(estimate), Some(low), Some(high)) => {
                format!("{estimate:.0} ({low:.0} to {high:.0})")
            }
            _ => "-".to_owned(),
        };
        table.add_row([
            show::text(&problem["words"]),
            show::number(count(&problem["count"])),
            show::number(count(&problem["people"])),
            comfy_table::Cell::new(risk),
            show::number(count(&problem["automatic"])),
        ]);
    }
    println!("{table}");
    if let Some(currency) = answer["currency"].as_str() {
        println!(
            "Values in the smallest unit of {currency}: {}.",
            show::plain(&answer["note"])
        );
    }
    for problem in problems {
        println!("\n{}:", show::capital(&show::plain(&problem["words"])));
        for finding in each(&problem["findings"]) {
            let name = show::plain(&finding["person"]["name"]);
            println!("  {name}: {}.", show::plain(&finding["evidence"]));
            match finding["decide"].as_str() {
                Some(decide) => println!("    To decide: {decide}."),
                None => println!("    Repair: {}.", show::plain(&finding["remedy"])),
            }
        }
        if let Some(repair) = problem["repair"].as_str() {
            let preview = repair.trim_end_matches(" --apply");
            println!("  Preview: {preview}\n  Repair:  {repair}");
        }
    }
    println!();
}

fn print_repair(answer: &Value) {
    if each(&answer["moves"]).next().is_none() {
        println!(
            "There is nothing that could be repaired without a question. See: landfall coverage identity"
        );
        return;
    }
    let mut table = show::table(["person", "problem", "token", "what happens"]);
    for moved in each(&answer["moves"]).take(50) {
        table.add_row([
            show::text(&moved["person"]["name"]),
            show::text(&moved["kind"]),
            show::text(&moved["token"]),
            show::text(&moved["words"]),
        ]);
    }
    println!("{table}");
    let (moves, moved) = (
        each(&answer["moves"]).count() as u64,
        count(&answer["moved"]),
    );
    if moves > 50 {
        println!("... and {} more.", show::grouped(moves - 50));
    }
    match answer["id"].as_u64() {
        Some(id) => {
            println!(
                "Moved {} devices. Undo it with: landfall identity undo {id}",
                show::grouped(moved)
            );
            if moves > moved {
                println!(
                    "{} changed hands meanwhile and were left alone.",
                    show::grouped(moves - moved)
                );
            }
        }
        None => println!(
            "Nothing was changed: this would move {} devices. Do it with --apply; it can be undone.",
            show::grouped(moved)
        ),
    }
    if count(&answer["left"]) > 0 {
        println!(
            "{} more are left to the next repair.",
            show::grouped(count(&answer["left"]))
        );
    }
}

fn print_undone(answer: &Value) {
    let undone = &answer["undone"];
    println!(
        "Repair {} is undone: {} devices are where they were.",
        answer["id"],
        show::grouped(count(&undone["moved"]))
    );
    let kept = count(&undone["kept"]);
    if kept > 0 {
        println!(
            "{} stay where they are, because something happened to them since.",
            show::grouped(kept)
        );
    }
}
