//! `landfall webhooks`: where changes of deliveries are reported to.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::ask::{Client, Connection, show};

const PATH: &str = "/landfall/v1/webhooks";

/// `landfall webhooks`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall webhooks add https://hooks.shop.example/cio --events push_sent,push_bounced
  landfall webhooks test 1
  landfall webhooks dead 1
  landfall webhooks replay 1")]
pub(crate) struct Webhooks {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What to do with webhooks.
#[derive(Debug, Subcommand)]
enum Action {
    /// List them, with how they are doing.
    List,
    /// Add one; it hears of everything from now on. Prints its signing key, once.
    Add {
        /// Where events are posted to.
        url: String,
        /// Which events, such as push_sent,push_bounced; all if left out.
        #[arg(long, value_name = "NAMES", value_delimiter = ',')]
        events: Vec<String>,
        /// What it is called; its URL's host if left out.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Tell every open and click, not only the first of each message.
        #[arg(long)]
        full_resolution: bool,
        /// Bring the content with what was sent.
        #[arg(long)]
        with_content: bool,
    },
    /// Remove one, with its dead letters.
    Remove {
        /// Its number.
        id: u32,
    },
    /// Post an event that never happened. Fails when the endpoint does not take it.
    Test {
        /// Its number.
        id: u32,
    },
    /// Make a new signing key and print it, once. The old one is of no use from then on.
    RenewKey {
        /// Its number.
        id: u32,
    },
    /// List the events that the endpoint did not take.
    Dead {
        /// Number of the webhook.
        id: u32,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
    },
    /// Post dead letters again: all of a webhook, or one.
    Replay {
        /// Number of the webhook.
        id: u32,
        /// Number of the dead letter.
        letter: Option<u32>,
    },
    /// Throw a dead letter away.
    Discard {
        /// Number of the webhook.
        id: u32,
        /// Number of the dead letter.
        letter: u32,
    },
}

/// Runs the command.
pub(crate) fn run(webhooks: &Webhooks) -> Result<()> {
    let client = Client::new(&webhooks.connection)?;
    let as_json = webhooks.connection.json;
    match webhooks.action.as_ref().unwrap_or(&Action::List) {
        Action::List => list(&client, as_json),
        action @ Action::Add { .. } => add(&client, action, as_json),
        Action::Remove { id } => {
            client.delete(&format!("{PATH}/{id}"))?;
            println!("Webhook {id} is removed.");
            Ok(())
        }
        Action::Test { id } => test(&client, *id, as_json),
        Action::RenewKey { id } => {
            let made = post(&client, &format!("{PATH}/{id}/key"), &json!({}))?;
            print_key(&made, as_json);
            Ok(())
        }
        Action::Dead { id, limit } => dead(&client, *id, *limit, as_json),
        Action::Replay { id, letter } => replay(&client, *id, *letter, as_json),
        Action::Discard { id, letter } => {
            client.delete(&format!("{PATH}/{id}/dead/{letter}"))?;
            println!("Dead letter {letter} is thrown away.");
            Ok(())
        }
    }
}

fn post(client: &Client, path: &str, body: &Value) -> Result<Value> {
    client.post(path, "application/json", body.to_string().as_bytes())
}

fn list(client: &Client, as_json: bool) -> Result<()> {
    let answer = client.get(PATH, &[])?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let webhooks = answer["webhooks"].as_array().cloned().unwrap_or_default();
    if webhooks.is_empty() {
        println!("There is no webhook: `landfall webhooks add URL` makes one.");
        return Ok(());
    }
    let mut table = show::table([
        "id", "name", "endpoint", "events", "waiting", "dead", "state",
    ]);
    for one in &webhooks {
        let events = one["events"].as_array().map_or(0, Vec::len);
        table.add_row([
            show::plain(&one["id"]),
            show::plain(&one["name"]),
            show::plain(&one["endpoint"]),
            events.to_string(),
            show::plain(&one["waiting"]),
            show::plain(&one["dead_letters"]),
            state(one),
        ]);
    }
    println!("{table}");
    Ok(())
}

/// In one line, how a webhook is doing.
fn state(webhook: &Value) -> String {
    if webhook["disabled"] == true {
        return "off".to_owned();
    }
    let problem = webhook["problem"].as_str();
    match (problem, webhook["paused_until_ms"].is_i64()) {
        (None, _) => "works".to_owned(),
        (Some(problem), true) => format!(
            "left alone until {}: {problem}",
            show::time(&webhook["paused_until_ms"])
        ),
        (Some(problem), false) => format!("last refused: {problem}"),
    }
}

fn add(client: &Client, action: &Action, as_json: bool) -> Result<()> {
    let Action::Add {
        url,
        events,
        name,
        full_resolution,
        with_content,
    } = action
    else {
        return Ok(());
    };
    let host = url
        .split("//")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    let mut body = json!({
        "name": name.as_deref().or(host).unwrap_or(url),
        "endpoint": url,
        "full_resolution": full_resolution,
        "with_content": with_content,
    });
    if !events.is_empty() {
        body["events"] = json!(events);
    }
    let made = post(client, PATH, &body)?;
    if !as_json {
        println!("Webhook {} reports to {url}.", show::plain(&made["id"]));
    }
    print_key(&made, as_json);
    Ok(())
}

fn print_key(made: &Value, as_json: bool) {
    if as_json {
        println!("{made:#}");
    } else {
        println!(
            "signing key {}\nIt is shown this once.",
            show::plain(&made["signing_key"])
        );
    }
}

fn test(client: &Client, id: u32, as_json: bool) -> Result<()> {
    let said = post(client, &format!("{PATH}/{id}/test"), &json!({}))?;
    if as_json {
        println!("{said:#}");
    }
    let (status, words) = (show::plain(&said["status"]), show::plain(&said["message"]));
    if said["taken"] != true {
        bail!("the endpoint did not take the event: status {status}, {words}");
    }
    if !as_json {
        println!("The endpoint took the event (status {status}).");
    }
    Ok(())
}

fn dead(client: &Client, id: u32, limit: u32, as_json: bool) -> Result<()> {
    let limit = ("limit".to_owned(), limit.to_string());
    let answer = client.get(&format!("{PATH}/{id}/dead"), &[limit])?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let letters = answer["dead_letters"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    if letters.is_empty() {
        println!("There are no dead letters.");
        return Ok(());
    }
    let mut table = show::table(["letter", "event", "tried last", "tries", "cause", "answer"]);
    for letter in &letters {
        let said = match (&letter["status"], &letter["message"]) {
            (Value::Null, words) => show::plain(words),
            (status, Value::Null) => show::plain(status),
            (status, words) => format!("{status}: {}", show::plain(words)),
        };
        table.add_row([
            show::plain(&letter["number"]),
            show::plain(&letter["event"]),
            show::time(&letter["at_ms"]),
            show::plain(&letter["tries"]),
            show::plain(&letter["cause"]),
            said,
        ]);
    }
    println!("{table}");
    println!(
        "{} in all; `landfall webhooks replay {id}` posts them again.",
        answer["total"]
    );
    Ok(())
}

fn replay(client: &Client, id: u32, letter: Option<u32>, as_json: bool) -> Result<()> {
    let path = match letter {
        None => format!("{PATH}/{id}/replay"),
        Some(letter) => format!("{PATH}/{id}/dead/{letter}/replay"),
    };
    let came = post(client, &path, &json!({}))?;
    if as_json {
        println!("{came:#}");
    } else {
        println!(
            "{} taken, {} refused again, {} not tried.",
            came["taken"], came["refused"], came["left"]
        );
    }
    match came["problem"].as_str() {
        Some(problem) => bail!("the endpoint refused: {problem}"),
        None => Ok(()),
    }
}
