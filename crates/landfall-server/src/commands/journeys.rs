//! `landfall journeys`: which there are, whether they run, who is in them.

mod conversions;
mod forecast;
pub(crate) mod gate;
pub(crate) mod replay;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::ask::show;
use super::ask::{Client, Connection};

const PATH: &str = "/landfall/v1/journeys";

/// `landfall journeys`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall journeys
  landfall journeys forecast cart-recovery
  landfall journeys gate cart-recovery
  landfall journeys start cart-recovery
  landfall journeys runs cart-recovery --limit 20
  landfall journeys hook shipped            the address at which a server starts it
  landfall journeys conversions cart-recovery --by step")]
pub(crate) struct Journeys {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What to do with journeys.
#[derive(Debug, Subcommand)]
enum Action {
    /// List them, with how many people are in each.
    List,
    /// Print the definition of one.
    Show {
        /// Slug, number or name.
        journey: String,
    },
    /// Let people enter; the runs of a paused one go on.
    Start {
        /// Slug, number or name.
        journey: String,
    },
    /// Let nobody enter and nobody move on.
    Pause {
        /// Slug, number or name.
        journey: String,
    },
    /// End it: its runs are over, and messages that wait are taken back.
    Stop {
        /// Slug, number or name.
        journey: String,
    },
    /// How many people it would reach now, over what, and what its fallback would cost.
    Forecast {
        /// Slug, number or name.
        journey: String,
    },
    /// What its launch gate asks for, and what is missing.
    Gate {
        /// Slug, number or name.
        journey: String,
    },
    /// Waive what its launch gate asks for, with a reason that stays in the log.
    Waive(gate::Waive),
    /// The log of waivers: who, when, why.
    Waivers {
        /// Slug, number or name.
        journey: String,
    },
    /// Take people to its door.
    Enter {
        /// Slug, number or name.
        journey: String,
        /// Ids of people.
        #[arg(required = true)]
        ids: Vec<String>,
        /// Data, as JSON: what templates see as `event`.
        #[arg(long, value_name = "JSON")]
        data: Option<String>,
    },
    /// Make the address at which calls of a server start it; it is shown only once.
    Hook {
        /// Slug, number or name.
        journey: String,
    },
    /// Tell what its messages brought by last touch, first touch and linear; or compute that anew.
    Conversions {
        /// Slug, number or name.
        journey: String,
        /// What a line is: step, variant, run or delivery.
        #[arg(long, value_name = "WHAT", default_value = "step")]
        by: String,
        /// Deliveries created then, such as 7d or 2026-11-01..2026-11-08.
        #[arg(long, value_name = "RANGE")]
        range: Option<String>,
        /// Compute the conversions of every run anew by the goal of the newest version.
        #[arg(long)]
        recompute: bool,
    },
    /// List its runs.
    Runs {
        /// Slug, number or name.
        journey: String,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
    },
}

/// `landfall explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  landfall explain --person ann --journey cart-recovery")]
pub(crate) struct Explain {
    #[command(flatten)]
    connection: Connection,
    /// The person's id.
    #[arg(long, value_name = "ID")]
    person: String,
    /// What the id is: id, email, phone, cio_id or anonymous_id.
    #[arg(long, value_name = "KIND", default_value = "id")]
    id_type: String,
    /// Only this journey: slug, number or name.
    #[arg(long, value_name = "JOURNEY")]
    journey: Option<String>,
}

/// Runs the command.
pub(crate) fn run(journeys: &Journeys) -> Result<()> {
    let client = Client::new(&journeys.connection)?;
    let as_json = journeys.connection.json;
    match journeys.action.as_ref().unwrap_or(&Action::List) {
        Action::List => list(&client, as_json),
        Action::Show { journey } => {
            let answer = client.get(&format!("{PATH}/{}", Client::encoded(journey)), &[])?;
            println!("{:#}", answer["definition"]);
            Ok(())
        }
        Action::Start { journey } => gate::start(&client, journey, as_json),
        Action::Forecast { journey } => forecast::show_forecast(&client, journey, as_json),
        Action::Gate { journey } => gate::show_gate(&client, journey, as_json),
        Action::Waive(waive) => gate::waive(&client, waive, as_json),
        Action::Waivers { journey } => gate::waivers(&client, journey, as_json),
        Action::Pause { journey } => change(&client, journey, "pause", as_json),
        Action::Stop { journey } => change(&client, journey, "stop", as_json),
        Action::Enter { journey, ids, data } => {
            enter(&client, journey, ids, data.as_deref(), as_json)
        }
        Action::Hook { journey } => hook(&client, journey, as_json),
        Action::Conversions {
            journey, recompute, ..
        } if *recompute => conversions::recompute(&client, journey, as_json),
        Action::Conversions {
            journey, by, range, ..
        } => conversions::show(&client, journey, by, range.as_deref(), as_json),
        Action::Runs { journey, limit } => runs(&client, journey, *limit, as_json),
    }
}

/// Shows every check that was made on a person's way.
pub(crate) fn explain(explain: &Explain) -> Result<()> {
    let client = Client::new(&explain.connection)?;
    let mut parameters = vec![("id_type".to_owned(), explain.id_type.clone())];
    if let Some(journey) = &explain.journey {
        parameters.push(("journey".to_owned(), journey.clone()));
    }
    let path = format!(
        "/landfall/v1/people/{}/runs",
        Client::encoded(&explain.person)
    );
    let answer = client.get(&path, &parameters)?;
    if explain.connection.json {
        println!("{answer:#}");
        return Ok(());
    }
    let runs = answer["runs"].as_array().cloned().unwrap_or_default();
    if runs.is_empty() {
        println!("{} has been in no such journey.", explain.person);
    }
    for run in &runs {
        println!(
            "Run {} of journey {}, version {}: {}, started {}",
            run["number"],
            run["journey"],
            run["version"],
            show::plain(&run["state"]),
            show::time(&run["started_ms"]),
        );
        let mut table = show::table(["when", "step", "check", "saw", "found"]);
        for line in run["trace"].as_array().into_iter().flatten() {
            table.add_row([
                show::time(&line["at"]),
                show::plain(&line["step"]),
                show::plain(&line["check"]),
                shortened(&show::plain(&line["input"])),
                show::plain(&line["verdict"]),
            ]);
        }
        println!("{table}\n");
    }
    Ok(())
}

/// What fits into a column; `--json` has all of it.
fn shortened(text: &str) -> String {
    const WIDTH: usize = 60;
    if text.chars().count() <= WIDTH {
        return text.to_owned();
    }
    let cut: String = text.chars().take(WIDTH - 1).collect();
    format!("{cut}…")
}

fn list(client: &Client, as_json: bool) -> Result<()> {
    let answer = client.get(PATH, &[])?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let journeys = answer["journeys"].as_array().cloned().unwrap_or_default();
    if journeys.is_empty() {
        println!("There is no journey: `landfall apply -f journeys/cart-recovery.json` makes one.");
        return Ok(());
    }
    let mut table = show::table([
        "number", "id", "name", "state", "version", "running", "runs",
    ]);
    for journey in &journeys {
        let counts = journey["runs"].as_array().cloned().unwrap_or_default();
        let sum = |only: Option<&str>| -> u64 {
            let counts = counts
                .iter()
                .filter(|count| only.is_none_or(|only| count["state"] == only));
            counts.filter_map(|count| count["count"].as_u64()).sum()
        };
        table.add_row([
            show::text(&journey["number"]),
            show::text(&journey["id"]),
            show::text(&journey["name"]),
            show::status(&journey["state"]),
            show::text(&journey["version"]),
            show::number(sum(Some("running"))),
            show::number(sum(None)),
        ]);
    }
    println!("{table}");
    Ok(())
}

fn change(client: &Client, journey: &str, what: &str, as_json: bool) -> Result<()> {
    let path = format!("{PATH}/{}/{what}", Client::encoded(journey));
    let answer = client.post(&path, "application/json", b"{}")?;
    changed(&answer, as_json);
    Ok(())
}

fn changed(answer: &Value, as_json: bool) {
    if as_json {
        println!("{answer:#}");
        return;
    }
    let (name, state) = (show::plain(&answer["name"]), show::plain(&answer["state"]));
    println!("{name} is {state}.");
}

fn enter(
    client: &Client,
    journey: &str,
    ids: &[String],
    data: Option<&str>,
    as_json: bool,
) -> Result<()> {
    let data: Value = data.map_or(Ok(Value::Null), serde_json::from_str)?;
    let body = json!({ "ids": ids, "data": data });
    let path = format!("{PATH}/{}/enter", Client::encoded(journey));
    let answer = client.post(&path, "application/json", body.to_string().as_bytes())?;
    if as_json {
        println!("{answer:#}");
    } else {
        println!("{} people were taken to the door.", answer["named"]);
    }
    Ok(())
}

fn hook(client: &Client, journey: &str, as_json: bool) -> Result<()> {
    let path = format!("{PATH}/{}/hook", Client::encoded(journey));
    let answer = client.post(&path, "application/json", b"{}")?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let address = match answer["url"].as_str() {
        Some(url) => url.to_owned(),
        None => client.address(&show::plain(&answer["path"])),
    };
    println!(
        "Calls of this address start {}:",
        show::plain(&answer["journey"])
    );
    println!("  POST {address}");
    println!("Keep it secret: it is shown only now, and the one before it leads nowhere any more.");
    Ok(())
}

fn runs(client: &Client, journey: &str, limit: u32, as_json: bool) -> Result<()> {
    let path = format!("{PATH}/{}/runs", Client::encoded(journey));
    let answer = client.get(&path, &[("limit".to_owned(), limit.to_string())])?;
    if as_json {
        println!("{answer:#}");
        return Ok(());
    }
    let mut table = show::table([
        "run", "person", "version", "state", "started", "goes on", "goal",
    ]);
    for run in answer["runs"].as_array().into_iter().flatten() {
        table.add_row([
            show::text(&run["number"]),
            show::text(&run["cio_id"]),
            show::text(&run["version"]),
            show::status(&run["state"]),
            show::time(&run["started_ms"]).into(),
            show::time(&run["due_ms"]).into(),
            show::time(&run["goal_ms"]).into(),
        ]);
    }
    println!("{table}");
    Ok(())
}
