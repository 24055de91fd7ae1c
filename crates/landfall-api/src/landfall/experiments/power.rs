//! `GET /landfall/v1/experiments/power`: before the start.

use axum::Json;
use landfall_engine::experiments::baseline;
use landfall_engine::journeys;
use landfall_insight::experiments::{Plan, people_needed, smallest_effect};
use serde::Serialize;

use super::super::problem::{Problem, ProblemBody};
use super::super::visit::Visit;

/// How many people an experiment needs, and what the people there are can show.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PowerAnswer {
    /// Rate of the control.
    rate: f64,
    /// `given`, or `journey`: the share of the last 28 days' runs whose goal was met.
    rate_source: &'static str,
    /// Share of people that goes to the variant.
    share: f64,
    /// Probability of claiming an effect that is not there.
    alpha: f64,
    /// Probability of finding the effect that is there.
    power: f64,
    /// `always`: the interval holds at every look; `once`: for one look at the end.
    looks: &'static str,
    /// The relative effect that is looked for.
    effect: f64,
    /// People of both arms that show it; null: no number does.
    people_needed: Option<u64>,
    /// People there are.
    people: Option<u64>,
    /// The smallest relative rise that they show; null: none.
    smallest_effect: Option<f64>,
    /// People who come in a week: given, or the runs of the journey.
    per_week: Option<f64>,
    /// Weeks until there are enough.
    weeks_needed: Option<f64>,
}

/// How many people show an effect, and the smallest effect that so many people show. Rate and people a week are
/// taken from the journey's last 28 days where it is named and they are not given.
#[utoipa::path(get, path = "/landfall/v1/experiments/power", operation_id = "experimentPower",
    params(
        ("journey" = Option<String>, Query, description = "Slug, number or name"),
        ("rate" = Option<f64>, Query, description = "Rate of the control, above 0 and below 1"),
        ("effect" = Option<f64>, Query, description = "Relative effect to find: 0.1 (default) is a tenth more"),
        ("people" = Option<u64>, Query, description = "People there are, of both arms"),
        ("per_week" = Option<f64>, Query, description = "People who come in a week"),
        ("share" = Option<f64>, Query, description = "Share that goes to the variant; 0.5 if left out"),
        ("alpha" = Option<f64>, Query, description = "0.05 if left out"),
        ("power" = Option<f64>, Query, description = "0.8 if left out"),
        ("looks" = Option<String>, Query, description = "`always` (default) or `once`"),
    ),
    responses((status = 200, body = PowerAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)), tag = "experiments")]
pub(crate) async fn power(visit: Visit) -> Result<Json<PowerAnswer>, Problem> {
    let past = past(&visit).await?;
    let given = visit.parameter("rate").is_some();
    let rate = match (number(&visit, "rate", 0.0, 1.0)?, past) {
        (Some(rate), _) => rate,
        (None, Some((Some(rate), _))) if rate > 0.0 && rate < 1.0 => rate,
        (None, Some(_)) => {
            return Err(Problem::field(
                "rate",
                "the journey has no conversions in its last 28 days: say what rate you expect",
            ));
        }
        (None, None) => {
            return Err(Problem::field(
                "rate",
                "say the rate of the control, or name a journey",
            ));
        }
    };
    let looks = match visit.parameter("looks") {
        None | Some("always") => "always",
        Some("once") => "once",
        Some(_) => return Err(Problem::field("looks", "write always or once")),
    };
    let plan = Plan {
        rate,
        share: number(&visit, "share", 0.0, 1.0)?.unwrap_or(0.5),
        alpha: number(&visit, "alpha", 0.0, 0.5)?.unwrap_or(0.05),
        power: number(&visit, "power", 0.0, 1.0)?.unwrap_or(0.8),
        always_valid: looks == "always",
    };
    let effect = match visit.parameter("effect") {
        None => 0.1,
        Some(_) => number(&visit, "effect", -1.0, 1_000.0)?.unwrap_or(0.1),
    };
    let needed = people_needed(&plan, effect);
    let people = match visit.parameter("people") {
        None => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| Problem::field("people", "write a whole number of people"))?,
        ),
    };
    let per_week = number(&visit, "per_week", 0.0, 1e12)?.or(past.map(|(_, week)| week));
    let per_week = per_week.filter(|week| *week > 0.0);
    Ok(Json(PowerAnswer {
        rate,
        rate_source: if given { "given" } else { "journey" },
        share: plan.share,
        alpha: plan.alpha,
        power: plan.power,
        looks,
        effect,
        people_needed: needed,
        people,
        smallest_effect: people.and_then(|people| smallest_effect(&plan, people)),
        per_week,
        weeks_needed: needed
            .zip(per_week)
            .map(|(needed, week)| needed as f64 / week),
    }))
}

/// Rate and runs a week of the journey that is named.
async fn past(visit: &Visit) -> Result<Option<(Option<f64>, f64)>, Problem> {
    let Some(name) = visit.parameter("journey").map(str::to_owned) else {
        return Ok(None);
    };
    let (wanted, now) = (name.clone(), visit.workspace.now());
    let found = visit.workspace.read(move |store| {
        let Some((id, _)) = journeys::named(store, &wanted)? else {
            return Ok(None);
        };
        baseline(store, id, now).map(Some)
    });
    let found = found.await?;
    let found = found.ok_or_else(|| Problem::not_found("journey", &name))?;
    Ok(Some((found.rate(), found.per_week)))
}

/// A number strictly between two bounds.
fn number(visit: &Visit, name: &str, above: f64, below: f64) -> Result<Option<f64>, Problem> {
    let Some(text) = visit.parameter(name) else {
        return Ok(None);
    };
    let number = text.parse().ok();
    let number = number.filter(|number: &f64| *number > above && *number < below);
    let wrong = || {
        Problem::field(
            name,
            format!("write a number above {above} and below {below}"),
        )
    };
    number.map(Some).ok_or_else(wrong)
}
