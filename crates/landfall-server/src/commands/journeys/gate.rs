//! The launch gate on the command line: what is missing, waivers, and a start that says what it lacks.

use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Value, json};

use super::super::ask::{Client, show};
use super::{PATH, changed};

/// `landfall journeys waive`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall journeys waive cart-recovery alert --reason \"the alert channel comes next week\"
  landfall journeys waive cart-recovery alert --withdraw --reason \"it is there\"")]
pub(crate) struct Waive {
    /// Slug, number or name.
    journey: String,
    /// naming, goal, fallback, consent, owner, alert or qa.
    requirement: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who answers for it.
    #[arg(long, value_name = "NAME", env = "USER")]
    by: Option<String>,
    /// For this version; the newest unless you say otherwise.
    #[arg(long, value_name = "N")]
    for_version: Option<u32>,
    /// For all versions, later ones too.
    #[arg(long, conflicts_with = "for_version")]
    all_versions: bool,
    /// End the waiver: the requirement has to be met again at the next start.
    #[arg(long)]
    withdraw: bool,
}

fn below(journey: &str, what: &str) -> String {
    format!("{PATH}/{}/{what}", Client::encoded(journey))
}

/// Starts a journey, or says what it lacks.
pub(super) fn start(client: &Client, journey: &str, as_json: bool) -> Result<()> {
    let (status, answer) =
        client.post_whatever(&below(journey, "start"), "application/json", b"{}")?;
    if status == 200 {
        changed(&answer, as_json);
        return Ok(());
    }
    let error = &answer["error"];
    if error["missing"].is_array() {
        if as_json {
            println!("{answer:#}");
        } else {
            print_missing(&error["missing"]);
        }
        bail!("{journey} did not start: its launch gate is closed");
    }
    bail!("{}", show::plain(&error["message"]));
}

/// Each requirement that is missing, with what is wrong and what to do.
pub(crate) fn print_missing(missing: &Value) {
    for requirement in missing.as_array().into_iter().flatten() {
        for lack in requirement["lacks"].as_array().into_iter().flatten() {
            let name = show::plain(&requirement["requirement"]);
            eprintln!("{name}: {}", what(&name, lack));
            eprintln!("    {}", show::plain(&lack["fix"]));
        }
    }
}

/// What is wrong, with its place unless that is called like the requirement.
fn what(requirement: &str, lack: &Value) -> String {
    let (path, wrong) = (show::plain(&lack["path"]), show::plain(&lack["wrong"]));
    if path == requirement {
        return wrong;
    }
    format!("{path}: {wrong}")
}

/// Shows the launch gate.
pub(super) fn show_gate(client: &Client, journey: &str, as_json: bool) -> Result<()> {
    let answer = client.get(&below(journey, "gate"), &[])?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let mut table = show::table(["requirement", "state", "what", "what to do"]);
    for requirement in answer["requirements"].as_array().into_iter().flatten() {
        let name = show::plain(&requirement["requirement"]);
        let state = show::plain(&requirement["state"]);
        let waiver = &requirement["waiver"];
        if waiver.is_object() {
            let why = format!(
                "{}: {}",
                show::plain(&waiver["by"]),
                show::plain(&waiver["reason"])
            );
            table.add_row([name, state, why, String::new()]);
            continue;
        }
        let lacks = requirement["lacks"].as_array().cloned().unwrap_or_default();
        if lacks.is_empty() {
            table.add_row([name, state, String::new(), String::new()]);
            continue;
        }
        for (index, lack) in lacks.iter().enumerate() {
            let first = |text: &str| {
                if index == 0 {
                    text.to_owned()
                } else {
                    String::new()
                }
            };
            let what = what(&name, lack);
            table.add_row([first(&name), first(&state), what, show::plain(&lack["fix"])]);
        }
    }
    println!("{table}");
    let gate = if answer["open"] == true {
        "may"
    } else {
        "must not"
    };
    println!(
        "Version {} of {} {gate} start.",
        answer["version"],
        show::plain(&answer["journey"])
    );
    Ok(())
}

/// Enters a waiver, or its withdrawal, into the log.
pub(super) fn waive(client: &Client, waive: &Waive, as_json: bool) -> Result<()> {
    let version = match (waive.all_versions, waive.for_version) {
        (true, _) => json!("all"),
        (false, version) => json!(version),
    };
    let call = json!({
        "requirement": waive.requirement,
        "reason": waive.reason,
        "by": waive.by,
        "version": version,
        "withdraw": waive.withdraw,
    });
    let path = below(&waive.journey, "waivers");
    let answer = client.post(&path, "application/json", call.to_string().as_bytes())?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let what = match waive.withdraw {
        true => "has to be met again",
        false => "is waived",
    };
    println!(
        "{} {what} for {} of {}; entry {} of the log.",
        show::plain(&answer["requirement"]),
        versions(&answer["version"]),
        waive.journey,
        answer["number"],
    );
    Ok(())
}

fn versions(version: &Value) -> String {
    match version.as_u64() {
        Some(version) => format!("version {version}"),
        None => "all versions".to_owned(),
    }
}

/// Shows the log of waivers.
pub(super) fn waivers(client: &Client, journey: &str, as_json: bool) -> Result<()> {
    let answer = client.get(&below(journey, "waivers"), &[])?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let mut table = show::table(["entry", "when", "who", "did", "requirement", "for", "why"]);
    for entry in answer["waivers"].as_array().into_iter().flatten() {
        table.add_row([
            show::plain(&entry["number"]),
            show::time(&entry["at_ms"]),
            show::plain(&entry["by"]),
            show::plain(&entry["action"]),
            show::plain(&entry["requirement"]),
            versions(&entry["version"]),
            show::plain(&entry["reason"]),
        ]);
    }
    println!("{table}");
    Ok(())
}
