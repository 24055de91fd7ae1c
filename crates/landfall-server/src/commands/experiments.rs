//! `landfall experiments`: tests, splits and holdouts of journeys, and how many people they need.

mod words;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::ask::{Client, Connection};

const PATH: &str = "/landfall/v1/experiments";

/// `landfall experiments`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall experiments
  landfall experiments show cart-recovery:subject
  landfall experiments set cart-recovery:subject --planned 20000 --on-trouble pause
  landfall experiments power --journey cart-recovery --effect 0.05
  landfall experiments power --rate 0.04 --people 20000 --looks once")]
pub(crate) struct Experiments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What to do with experiments.
#[derive(Debug, Subcommand)]
enum Action {
    /// List all, with their results in a sentence.
    List,
    /// Show the result of one: per assigned, per delivered, revenue, and what qualifies it.
    Show {
        /// Slug of the journey, a colon, slug of the step.
        experiment: String,
    },
    /// Change how one is judged and guarded.
    Set(Set),
    /// How many people show an effect, and what effect so many people show: before the start.
    Power(Power),
}

/// Settings to change.
#[derive(Debug, Args)]
struct Set {
    /// Slug of the journey, a colon, slug of the step.
    experiment: String,
    /// Probability of ever claiming an effect that is not there.
    #[arg(long, value_name = "SHARE")]
    alpha: Option<f64>,
    /// People that are planned: intervals are tightest there.
    #[arg(long, value_name = "PEOPLE")]
    planned: Option<u64>,
    /// What becomes of new people while delivery is unhealthy: `to_control`, or `pause` (they pass the test by).
    #[arg(long, value_name = "WHAT", value_parser = ["to_control", "pause"])]
    on_trouble: Option<String>,
    /// Minutes of healthy delivery before it goes on.
    #[arg(long, value_name = "MINUTES")]
    resume_minutes: Option<i64>,
    /// Messages that must have been seen in that time.
    #[arg(long, value_name = "MESSAGES")]
    resume_cases: Option<u64>,
}

/// What is asked before the start.
#[derive(Debug, Args)]
struct Power {
    /// Take rate and people a week from this journey's last 28 days.
    #[arg(long, value_name = "JOURNEY")]
    journey: Option<String>,
    /// Rate of the control, above 0 and below 1.
    #[arg(long, value_name = "RATE")]
    rate: Option<f64>,
    /// Relative effect to find: 0.1 is a tenth more.
    #[arg(
        long,
        value_name = "EFFECT",
        default_value_t = 0.1,
        allow_hyphen_values = true
    )]
    effect: f64,
    /// People there are, of both arms.
    #[arg(long, value_name = "PEOPLE")]
    people: Option<u64>,
    /// People who come in a week.
    #[arg(long, value_name = "PEOPLE")]
    per_week: Option<f64>,
    /// Share that goes to the variant.
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    share: f64,
    /// Probability of claiming an effect that is not there.
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    alpha: f64,
    /// Probability of finding the effect that is there.
    #[arg(long, value_name = "SHARE", default_value_t = 0.8)]
    power: f64,
    /// Whether the interval must hold at every look.
    #[arg(long, default_value = "always", value_parser = ["always", "once"])]
    looks: String,
}

/// Runs the command.
pub(crate) fn run(experiments: &Experiments) -> Result<()> {
    let client = Client::new(&experiments.connection)?;
    let (answer, tell): (Value, fn(&Value)) =
        match experiments.action.as_ref().unwrap_or(&Action::List) {
            Action::List => (client.get(PATH, &[])?, words::list),
            Action::Show { experiment } => (client.get(&path(experiment), &[])?, words::show),
            Action::Set(set) => {
                let body = changes(set).to_string().into_bytes();
                let answer = client.put(&path(&set.experiment), "application/json", &body)?;
                (answer, words::settings)
            }
            Action::Power(power) => {
                let path = format!("{PATH}/power");
                (client.get(&path, &parameters(power))?, words::power)
            }
        };
    if experiments.connection.json {
        println!("{answer:#}");
    } else {
        tell(&answer);
    }
    Ok(())
}

fn path(experiment: &str) -> String {
    format!("{PATH}/{}", Client::encoded(experiment))
}

fn changes(set: &Set) -> Value {
    let all = [
        ("alpha", json!(set.alpha)),
        ("planned", json!(set.planned)),
        ("on_trouble", json!(set.on_trouble)),
        ("resume_minutes", json!(set.resume_minutes)),
        ("resume_cases", json!(set.resume_cases)),
    ];
    let given = all.into_iter().filter(|(_, value)| !value.is_null());
    let given: Map<String, Value> = given.map(|(n, value)| (n.to_owned(), value)).collect();
    Value::Object(given)
}

fn parameters(power: &Power) -> Vec<(String, String)> {
    let text = |number: Option<f64>| number.map(|number| number.to_string());
    let all = [
        ("journey", power.journey.clone()),
        ("rate", text(power.rate)),
        ("effect", text(Some(power.effect))),
        ("people", power.people.map(|people| people.to_string())),
        ("per_week", text(power.per_week)),
        ("share", text(Some(power.share))),
        ("alpha", text(Some(power.alpha))),
        ("power", text(Some(power.power))),
        ("looks", Some(power.looks.clone())),
    ];
    let given = all.into_iter();
    given
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}
