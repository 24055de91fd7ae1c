//! How many people stand in each step of a journey now.

use axum::Json;
use landfall_engine::journeys::Waiting;
use serde::Serialize;

use super::super::problem::{Problem, ProblemBody};
use super::super::visit::{Place, Visit};

/// Where the people of a journey stand now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WaitingAnswer {
    /// How many runs are on their way, of all versions.
    running: u64,
    /// Of those: how many wait for the journey's filter to hold, before the first step.
    at_the_door: u64,
    /// Of those: how many stand in a step, by version and step.
    steps: Vec<WaitingStep>,
    /// Of those: how many could not be read.
    unknown: u64,
    /// Whether all of them were looked at: `false` when the journey has had so many runs that the counts of
    /// steps are lower bounds.
    complete: bool,
}

/// How many people stand in a step.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WaitingStep {
    /// The version in which they are.
    version: u32,
    /// The step's slug.
    step: String,
    /// How many.
    people: u64,
}

impl From<Waiting> for WaitingAnswer {
    fn from(waiting: Waiting) -> Self {
        let steps = waiting.steps.into_iter();
        let steps = steps.map(|((version, step), people)| WaitingStep {
            version,
            step,
            people,
        });
        Self {
            running: waiting.running,
            at_the_door: waiting.at_the_door,
            steps: steps.collect(),
            unknown: waiting.unknown,
            complete: waiting.complete,
        }
    }
}

/// How many people stand in each step of a journey now. It looks at runs oldest first, at most at 200,000: ask
/// once in a while, not all the time.
#[utoipa::path(get, path = "/landfall/v1/journeys/{journey}/waiting", operation_id = "getWaiting",
    params(("journey" = String, Path, description = "Slug, number or name")),
    responses((status = 200, body = WaitingAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn get(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<WaitingAnswer>, Problem> {
    let waiting = visit.workspace.waiting(&name).await?;
    Ok(Json(waiting.into()))
}
