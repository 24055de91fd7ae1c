//! `landfall apply`: journeys and segments from files.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::Value;

use super::ask::show;
use super::ask::{Client, Connection};
use super::journeys::gate::print_missing;
use super::segments;

/// `landfall apply`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall apply -f journeys/cart-recovery.json
  landfall apply -f vip.json      {\"segment\": {\"name\": \"VIP\", \"condition\": {...}}}
  landfall apply --check -f journeys/*.json      say what is wrong, store nothing")]
pub(crate) struct Apply {
    #[command(flatten)]
    connection: Connection,
    /// Files with one definition each.
    #[arg(short, long = "file", value_name = "FILE", required = true, num_args = 1..)]
    files: Vec<PathBuf>,
    /// Only say what is wrong.
    #[arg(long)]
    check: bool,
}

/// Runs the command. Every file is tried; it fails when one was not taken.
pub(crate) fn run(apply: &Apply) -> Result<()> {
    let client = Client::new(&apply.connection)?;
    let mut refused = 0;
    let mut answers = Vec::new();
    for file in &apply.files {
        let text =
            std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let (status, answer) = take(&client, &text, apply.check)?;
        let taken = status == 200;
        refused += usize::from(!taken);
        if apply.connection.json {
            answers.push(answer);
        } else if taken {
            println!("{}: {}", file.display(), said(&answer));
        } else {
            print_faults(&file.display().to_string(), &answer);
        }
    }
    if apply.connection.json {
        println!("{:#}", Value::Array(answers));
    }
    if refused > 0 {
        bail!("{refused} of {} files were not taken", apply.files.len());
    }
    Ok(())
}

/// Whether a file is a JSON schema, as lies beside journeys: whoever writes `*.json` does not mean it.
pub(crate) fn is_schema(text: &[u8]) -> bool {
    let value: Value = serde_json::from_slice(text).unwrap_or_default();
    let schema = value["$schema"].as_str();
    schema.is_some_and(|schema| schema.contains("json-schema.org"))
}

/// Sends a file to where its kind of definition belongs.
fn take(client: &Client, text: &[u8], check: bool) -> Result<(u16, Value)> {
    // What is not JSON is told so by the server, with the place.
    let read: Value = serde_json::from_slice(text).unwrap_or_default();
    if let Some(segment @ Value::Object(_)) = read.get("segment") {
        return segments::apply(client, segment, check);
    }
    let path = match check {
        true => "/landfall/v1/journeys?check=true",
        false => "/landfall/v1/journeys",
    };
    client.post_whatever(path, "application/json", text)
}

fn said(answer: &Value) -> String {
    if answer["valid"] == true {
        return "valid".to_owned();
    }
    if answer["kind"].is_string() {
        return segments::said(answer);
    }
    let journey = &answer["journey"];
    let version = show::plain(&journey["version"]);
    let name = show::plain(&journey["name"]);
    let state = show::plain(&journey["state"]);
    match answer["changed"] == true {
        true => format!("{name}, version {version} ({state})"),
        false => format!("{name}, version {version} says the same ({state})"),
    }
}

/// Every fault with its place and what to do.
pub(crate) fn print_faults(file: &str, answer: &Value) {
    let error = &answer["error"];
    let faults = error["faults"].as_array().cloned().unwrap_or_default();
    if error["missing"].is_array() {
        eprintln!(
            "{file}: people would enter this version at once, and its launch gate is closed:"
        );
        print_missing(&error["missing"]);
        eprintln!(
            "{file}: `landfall qa run {file} --on-server` runs its test profiles as they stand there"
        );
    } else if faults.is_empty() {
        eprintln!("{file}: {}", show::plain(&error["message"]));
    }
    for fault in faults {
        let path = show::plain(&fault["path"]);
        let place = if path.is_empty() { "the file" } else { &path };
        eprintln!("{file}: {place}: {}", show::plain(&fault["wrong"]));
        eprintln!("    {}", show::plain(&fault["fix"]));
    }
}
