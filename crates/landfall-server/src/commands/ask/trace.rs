//! `landfall trace` and `landfall timeline`.

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use super::{Client, Connection, show};

/// `landfall trace`.
#[derive(Debug, Args)]
pub(crate) struct Trace {
    #[command(flatten)]
    connection: Connection,
    /// The delivery's id.
    delivery: String,
}

/// `landfall timeline`.
#[derive(Debug, Args)]
pub(crate) struct Timeline {
    #[command(flatten)]
    connection: Connection,
    /// The person.
    person: String,
    /// What `person` is: id, email, phone or cio_id.
    #[arg(long, value_name = "TYPE", default_value = "id")]
    id_type: String,
    /// At most so many entries.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

/// Shows one delivery.
pub(crate) fn run(trace: &Trace) -> Result<()> {
    let path = path(&trace.delivery);
    let trail = Client::new(&trace.connection)?.get(&path, &[])?;
    if trace.connection.json {
        println!("{trail:#}");
        return Ok(());
    }
    let delivery = &trail["delivery"];
    let named = |what: &str| match delivery[format!("{what}_name")].as_str() {
        Some(name) => format!("{name} ({})", show::plain(&delivery[what])),
        None => show::plain(&delivery[what]),
    };
    println!("Delivery  {}", show::plain(&delivery["id"]));
    println!(
        "Journey   {}, step {}, {}",
        named("journey"),
        named("step"),
        show::plain(&delivery["channel"])
    );
    println!("Person    {}", show::plain(&delivery["person"]));
    println!("Created   {}", show::time(&delivery["created_ms"]));
    println!(
        "Status    {} (Customer.io: {}), outcome {}, reason {}",
        show::plain(&delivery["status"]),
        show::plain(&trail["customerio_status"]),
        show::plain(&delivery["outcome"]),
        show::plain(&delivery["reason"]),
    );
    if let Some(explanation) = trail["explanation"].as_str() {
        println!("Why       {explanation}");
    }
    targets(&trail["targets"]);
    facts(&trail["facts"]);
    Ok(())
}

fn targets(targets: &Value) {
    let Some(targets) = targets.as_array().filter(|targets| !targets.is_empty()) else {
        println!("\nNo device or address was targeted.");
        return;
    };
    println!("\nTargets");
    let mut table = show::table(["address", "platform", "app", "outcome", "why", "marks"]);
    for target in targets {
        let empty = Vec::new();
        let marks = target["marks"].as_array().unwrap_or(&empty);
        let marks: Vec<String> = marks.iter().map(mark).collect();
        table.add_row([
            show::text(&target["address"]),
            show::text(&target["device"]["platform"]),
            show::text(&target["device"]["app_version"]),
            show::status(&target["outcome"]),
            show::text(&target["reason"]),
            comfy_table::Cell::new(marks.join(", ")),
        ]);
    }
    println!("{table}");
}

fn mark(mark: &Value) -> String {
    let inferred = if mark["inferred"] == Value::Bool(true) {
        " (inferred)"
    } else {
        ""
    };
    format!("{}{inferred}", show::plain(&mark["mark"]))
}

fn facts(facts: &Value) {
    println!("\nFacts, in the order of arrival");
    let mut table = show::table([
        "happened",
        "received",
        "what",
        "address",
        "from",
        "why / words",
    ]);
    for fact in facts.as_array().into_iter().flatten() {
        let late = if fact["late"] == Value::Bool(true) {
            " (late)"
        } else {
            ""
        };
        table.add_row([
            comfy_table::Cell::new(show::time(&fact["occurred_ms"])),
            comfy_table::Cell::new(format!("{}{late}", show::time(&fact["received_ms"]))),
            show::text(&fact["mark"]),
            show::text(&fact["address"]),
            show::text(&fact["source"]),
            comfy_table::Cell::new(words(fact)),
        ]);
    }
    println!("{table}");
}

/// Why, in whose words, and at which try.
pub(crate) fn words(fact: &Value) -> String {
    let words = [&fact["reason"], &fact["detail"], &fact["href"]];
    let words = words.into_iter().filter(|word| !word.is_null());
    let words: Vec<String> = words.map(show::plain).collect();
    let attempt = &fact["attempt"];
    let tried = attempt.is_object().then(|| {
        let status = match &attempt["status"] {
            Value::Null => "no answer".to_owned(),
            status => show::plain(status),
        };
        format!(
            "try {} at {}: {status}, {} ms",
            attempt["number"],
            show::plain(&attempt["provider"]),
            attempt["took_ms"]
        )
    });
    let said = Some(words.join(": ")).filter(|words| !words.is_empty());
    let parts: Vec<String> = tried.into_iter().chain(said).collect();
    parts.join("; ")
}

/// Shows what happened to a person.
pub(crate) fn timeline(timeline: &Timeline) -> Result<()> {
    let path = format!(
        "/landfall/v1/people/{}/timeline",
        Client::encoded(&timeline.person)
    );
    let parameters = [
        ("id_type".to_owned(), timeline.id_type.clone()),
        ("limit".to_owned(), timeline.limit.to_string()),
    ];
    let answer = Client::new(&timeline.connection)?.get(&path, &parameters)?;
    if timeline.connection.json {
        println!("{answer:#}");
        return Ok(());
    }
    let mut table = show::table(["happened", "what", "", "from"]);
    for entry in answer["entries"].as_array().into_iter().flatten() {
        table.add_row([
            comfy_table::Cell::new(show::time(&entry["occurred_ms"])),
            show::text(&entry["kind"]),
            show::text(&entry["summary"]),
            show::text(&entry["source"]),
        ]);
    }
    println!("{table}");
    Ok(())
}

/// Where a delivery's trail is.
pub(crate) fn path(delivery: &str) -> String {
    format!("/landfall/v1/deliveries/{}", Client::encoded(delivery))
}
