//! `landfall segments`: who is in which, why, and how many over time.

mod plot;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::apply::print_faults;
use super::ask::show;
use super::ask::{Client, Connection};

const PATH: &str = "/landfall/v1/segments";
const BUILT_IN: &str = "/landfall/v1/built-in-segments";

/// `landfall segments`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall segments
  landfall segments create --built-in lapsed --window 60d --name 'Lapsed for two months'
  landfall segments create -f vip.json        {\"name\": \"VIP\", \"condition\": {\"attribute\": ...}}
  landfall segments explain VIP --person ann")]
pub(crate) struct Segments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What to do with segments.
#[derive(Debug, Subcommand)]
enum Action {
    /// List them, with how many people are in each.
    List,
    /// List the built-in ones that can be taken.
    BuiltIn,
    /// Show one: its condition, what uses it, how many people were in it over time.
    Show {
        /// Number or name.
        segment: String,
    },
    /// Make one: from a file, from a built-in one, or to be kept by hand.
    Create {
        /// A file with name and condition.
        #[arg(short, long = "file", value_name = "FILE", conflicts_with_all = ["built_in", "name"])]
        file: Option<PathBuf>,
        /// A built-in segment.
        #[arg(long, value_name = "NAME")]
        built_in: Option<String>,
        /// How far back the built-in segment looks, such as 14d, instead of its own window.
        #[arg(long, value_name = "DURATION", requires = "built_in")]
        window: Option<String>,
        /// What it is called. Alone: a segment that is kept by hand.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Delete one, with everybody in it taken out.
    Delete {
        /// Number or name.
        segment: String,
    },
    /// List its members.
    Members {
        /// Number or name.
        segment: String,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
        /// Go on where the page before ended.
        #[arg(long, value_name = "NUMBER")]
        after: Option<u32>,
    },
    /// How many members a push is expected to reach, with the interval.
    Reach {
        /// Number or name.
        segment: String,
    },
    /// Why a person is in it, or not: every check with what it saw.
    Explain {
        /// Number or name.
        segment: String,
        /// The person's id.
        #[arg(long, value_name = "ID")]
        person: String,
        /// What the id is: id, email, phone, cio_id or anonymous_id.
        #[arg(long, value_name = "KIND", default_value = "id")]
        id_type: String,
    },
}

/// Runs the command.
pub(crate) fn run(segments: &Segments) -> Result<()> {
    let client = Client::new(&segments.connection)?;
    let as_json = segments.connection.json;
    match segments.action.as_ref().unwrap_or(&Action::List) {
        Action::List => list(&client, as_json),
        Action::BuiltIn => built_in(&client, as_json),
        Action::Show { segment } => show_one(&client, segment, as_json),
        Action::Create {
            file,
            built_in,
            window,
            name,
        } => {
            let call = match file {
                Some(file) => written(file)?,
                None => json!({ "name": name, "built_in": built_in, "window": window }),
            };
            create(&client, file.as_deref(), &call, as_json)
        }
        Action::Delete { segment } => delete(&client, segment, as_json),
        Action::Members {
            segment,
            limit,
            after,
        } => members(&client, segment, *limit, *after, as_json),
        Action::Reach { segment } => reach(&client, segment, as_json),
        Action::Explain {
            segment,
            person,
            id_type,
        } => explain(&client, segment, person, id_type, as_json),
    }
}

/// The segment of a file, with or without `segment` around it.
fn written(file: &Path) -> Result<Value> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let read: Value =
        serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", file.display()))?;
    Ok(match read.get("segment") {
        Some(inner @ Value::Object(_)) => inner.clone(),
        _ => read,
    })
}

/// Makes the segment of that name what it says here: for `landfall apply`. With `check` nothing is stored.
pub(crate) fn apply(client: &Client, call: &Value, check: bool) -> Result<(u16, Value)> {
    let body = call.to_string();
    let body = body.as_bytes();
    if check {
        let path = format!("{PATH}?check=true");
        return client.post_whatever(&path, "application/json", body);
    }
    let name = call["name"].as_str().or_else(|| call["built_in"].as_str());
    if let Some(name) = name {
        let path = format!("{PATH}/{}", Client::encoded(name));
        let (status, answer) = client.put_whatever(&path, "application/json", body)?;
        if status != 404 {
            return Ok((status, answer));
        }
    }
    client.post_whatever(PATH, "application/json", body)
}

/// A segment in a line.
pub(crate) fn said(segment: &Value) -> String {
    let number = &segment["number"];
    let name = show::plain(&segment["name"]);
    let members = show::grouped(segment["members"].as_u64().unwrap_or(0));
    match segment["building"].as_u64() {
        Some(percent) => format!("{name}, segment {number}, is being built ({percent} %)"),
        None => format!("{name}, segment {number}: {members} members"),
    }
}

fn list(client: &Client, as_json: bool) -> Result<()> {
    let answer = client.get(PATH, &[])?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let segments = answer["segments"].as_array().cloned().unwrap_or_default();
    if segments.is_empty() {
        println!(
            "There is no segment: `landfall segments built-in` lists some to take, and \
             `landfall segments create --built-in lapsed` takes one."
        );
        return Ok(());
    }
    let mut table = show::table(["number", "name", "kind", "members", "built", "who"]);
    for segment in &segments {
        let built = match segment["building"].as_u64() {
            Some(percent) => format!("{percent} %"),
            None => "yes".to_owned(),
        };
        let who = match &segment["in_words"] {
            Value::Null => "by hand".into(),
            words => words.clone(),
        };
        table.add_row([
            show::text(&segment["number"]),
            show::text(&segment["name"]),
            show::text(&segment["kind"]),
            show::number(segment["members"].as_u64().unwrap_or(0)),
            built.into(),
            show::text(&who),
        ]);
    }
    println!("{table}");
    Ok(())
}

fn built_in(client: &Client, as_json: bool) -> Result<()> {
    let answer = client.get(BUILT_IN, &[])?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    for one in answer["built_in"].as_array().into_iter().flatten() {
        let window = one["window"].as_str();
        let window = window.map_or_else(String::new, |window| format!(" (window {window})"));
        println!("{}{window}", show::plain(&one["name"]));
        println!("    {}", show::plain(&one["meaning"]));
    }
    println!("\n`landfall segments create --built-in NAME` makes a segment of one.");
    Ok(())
}

fn show_one(client: &Client, segment: &str, as_json: bool) -> Result<()> {
    let path = format!("{PATH}/{}", Client::encoded(segment));
    let answer = client.get(&path, &[])?;
    let counts = client.get(&format!("{path}/counts"), &[])?;
    if as_json {
        println!("{:#}", json!({ "segment": answer, "counts": counts }));
        return Ok(());
    }
    println!("{}", said(&answer));
    if let Some(description) = answer["description"]
        .as_str()
        .filter(|text| !text.is_empty())
    {
        println!("{description}");
    }
    match &answer["in_words"] {
        Value::Null => println!(
            "Kept by hand: POST /api/v1/segments/{}/add_customers puts people in.",
            answer["number"]
        ),
        words => println!("Who: {}", show::plain(words)),
    }
    let journeys = answer["journeys"].as_array().into_iter().flatten();
    let journeys = journeys.map(|slug| format!("journey {}", show::plain(slug)));
    let segments = answer["segments"].as_array().into_iter().flatten();
    let segments = segments.map(|number| format!("segment {number}"));
    let users: Vec<String> = journeys.chain(segments).collect();
    if !users.is_empty() {
        println!("Used by: {}", users.join(", "));
    }
    for (title, key) in [("by hour", "hours"), ("by day", "days")] {
        if let Some(line) = plot::line(&counts[key]) {
            println!("{title:>8}  {line}");
        }
    }
    if counts["hours"].as_array().is_none_or(Vec::is_empty) {
        println!("Nobody was counted yet: members are counted every hour while the server runs.");
    }
    Ok(())
}

fn create(client: &Client, file: Option<&Path>, call: &Value, as_json: bool) -> Result<()> {
    let body = call.to_string();
    let (status, answer) = client.post_whatever(PATH, "application/json", body.as_bytes())?;
    if as_json {
        println!("{answer:#}");
    } else if status == 200 {
        println!("{}", said(&answer));
    }
    if status != 200 {
        let file = file.map_or_else(|| "segment".to_owned(), |file| file.display().to_string());
        print_faults(&file, &answer);
        bail!("the segment was not made");
    }
    Ok(())
}

fn delete(client: &Client, segment: &str, as_json: bool) -> Result<()> {
    client.delete(&format!("{PATH}/{}", Client::encoded(segment)))?;
    if as_json {
        println!("{:#}", json!({ "deleted": segment }));
    } else {
        println!("{segment} is deleted, and nobody is in it any more.");
    }
    Ok(())
}

fn members(
    client: &Client,
    segment: &str,
    limit: u32,
    after: Option<u32>,
    as_json: bool,
) -> Result<()> {
    let path = format!("{PATH}/{}/members", Client::encoded(segment));
    let mut parameters = vec![("limit".to_owned(), limit.to_string())];
    parameters.extend(after.map(|after| ("after".to_owned(), after.to_string())));
    let answer = client.get(&path, &parameters)?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let members = answer["members"].as_array().cloned().unwrap_or_default();
    if members.is_empty() {
        println!("Nobody is in it: `landfall segments show {segment}` says who would be.");
        return Ok(());
    }
    let mut table = show::table(["id", "email", "cio_id"]);
    for member in &members {
        table.add_row(["id", "email", "cio_id"].map(|key| show::text(&member[key])));
    }
    println!("{table}");
    if let Some(next) = answer["next"].as_u64() {
        println!("There are more: --after {next}");
    }
    Ok(())
}

fn explain(
    client: &Client,
    segment: &str,
    person: &str,
    id_type: &str,
    as_json: bool,
) -> Result<()> {
    let path = format!("{PATH}/{}/explain", Client::encoded(segment));
    let parameters = [("person", person), ("id_type", id_type)];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let answer = client.get(&path, &parameters)?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    match (answer["is_member"] == true, answer["since_ms"].as_i64()) {
        (true, Some(_)) => println!(
            "{person} is in it since {}.",
            show::time(&answer["since_ms"])
        ),
        (true, None) => println!("{person} is in it, put there by hand."),
        (false, _) => println!("{person} is not in it."),
    }
    if answer["is_visitor"] == true {
        println!("Not known yet, only by a browser or phone: visitors are in no segment.");
    }
    if let Some(percent) = answer["building"].as_u64() {
        println!(
            "The segment is being built ({percent} %): this person may not have been looked at."
        );
    }
    if answer["explanation"].is_object() {
        for line in plot::tree(&answer["explanation"]) {
            println!("{line}");
        }
    }
    Ok(())
}

fn reach(client: &Client, segment: &str, as_json: bool) -> Result<()> {
    let path = format!("{PATH}/{}/reach", Client::encoded(segment));
    let answer = client.get(&path, &[])?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let people = |value: &Value| show::grouped(value.as_f64().unwrap_or(0.0).round() as u64);
    println!(
        "{} members, {} of them with a token that the provider takes and notifications on.",
        people(&answer["members"]),
        people(&answer["valid"])
    );
    let expected = &answer["expected"];
    if expected.is_null() {
        println!(
            "How many of them are still there is not known: too little was learned of tokens yet."
        );
    } else {
        println!(
            "A push is expected to reach {} ({} to {}).",
            people(&expected["people"]),
            people(&expected["low"]),
            people(&expected["high"])
        );
    }
    if answer["unknown"].as_f64().unwrap_or(0.0) >= 0.5 {
        println!(
            "Nothing is known of the tokens of {}.",
            people(&answer["unknown"])
        );
    }
    if answer["looked_at"] != answer["members"] {
        println!("{} members were looked at.", people(&answer["looked_at"]));
    }
    Ok(())
}
