//! Runs: who is where in a journey, and why.

use axum::Json;
use landfall_domain::ids::RunKey;
use landfall_domain::run::RunRow;
use landfall_engine::journeys;
use landfall_journey::Run;
use landfall_store::{Store, StoreError, person_named};
use serde::Serialize;
use serde_json::Value;

use super::super::people::identifier;
use super::super::problem::{Problem, ProblemBody};
use super::super::visit::{Place, Visit};

/// A person's way through a journey.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RunAnswer {
    /// Its number.
    pub(crate) number: u32,
    /// The journey's number.
    pub(crate) journey: u32,
    /// The version that it is pinned to.
    pub(crate) version: u32,
    /// Internal id of the person.
    pub(crate) cio_id: String,
    /// Where it stands.
    pub(crate) state: &'static str,
    /// Milliseconds since the epoch.
    pub(crate) started_ms: i64,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended_ms: Option<i64>,
    /// When it goes on by itself at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due_ms: Option<i64>,
    /// When the goal was met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) goal_ms: Option<i64>,
    /// Whether the person is in the holdout.
    pub(crate) held_out: bool,
    /// Why it went as it did: one line for each check, oldest first; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) trace: Option<Vec<Value>>,
}

/// Runs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RunList {
    /// By number.
    pub(crate) runs: Vec<RunAnswer>,
    /// Give it as `after` for the next page; absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<u32>,
}

impl RunAnswer {
    fn of(store: &dyn Store, row: &RunRow, explain: bool) -> Result<Self, StoreError> {
        // One that cannot be read is shown as far as it can be.
        let run = Run::decode(&row.body).ok();
        let run = run.as_ref();
        let person = store.people(&[row.person])?.pop();
        let trace = match explain {
            true => Some(trace(store, row.key)?),
            false => None,
        };
        Ok(Self {
            number: row.key.0,
            journey: row.journey.0,
            version: row.version,
            cio_id: person.map(|person| person.cio_id).unwrap_or_default(),
            state: row.state.name(),
            started_ms: row.started_at.millis(),
            ended_ms: row.ended_at.map(|at| at.millis()),
            due_ms: run.and_then(|run| run.due).map(|at| at.millis()),
            goal_ms: run.and_then(Run::goal_met_at).map(|at| at.millis()),
            held_out: run.is_some_and(Run::is_held_out),
            trace,
        })
    }
}

fn trace(store: &dyn Store, run: RunKey) -> Result<Vec<Value>, StoreError> {
    let mut lines = Vec::new();
    for row in store.traces(run)? {
        let read: Vec<Value> = serde_json::from_slice(&row.body)
            .map_err(|error| StoreError::corrupt("traces", run.0, error))?;
        lines.extend(read);
    }
    Ok(lines)
}

/// Runs of a journey, oldest first.
#[utoipa::path(get, path = "/landfall/v1/journeys/{journey}/runs", operation_id = "listRuns",
    params(("journey" = String, Path, description = "Slug, number or name"),
        ("after" = Option<u32>, Query, description = "`next` of the page before"),
        ("limit" = Option<usize>, Query, description = "1 to 1000, default 100")),
    responses((status = 200, body = RunList), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn list(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<RunList>, Problem> {
    let (journey, _) = visit.workspace.find_journey(&name).await?;
    let limit = visit.limit(100, 1_000)?;
    let after = visit.parameter("after").map(|after| {
        let read = after.parse().map(RunKey);
        read.map_err(|_| Problem::field("after", "write the number of a run"))
    });
    let after = after.transpose()?;
    let found = visit.workspace.read(move |store| {
        let rows = store.runs_in(journey, after, limit)?;
        let next = (rows.len() == limit)
            .then(|| rows.last().map(|row| row.key.0))
            .flatten();
        let runs = rows.iter().map(|row| RunAnswer::of(store, row, false));
        Ok((runs.collect::<Result<Vec<_>, _>>()?, next))
    });
    let (runs, next) = found.await?;
    Ok(Json(RunList { runs, next }))
}

/// One run with every check that was made on its way.
#[utoipa::path(get, path = "/landfall/v1/runs/{run}", operation_id = "getRun",
    params(("run" = u32, Path, description = "Its number")),
    responses((status = 200, body = RunAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn get(visit: Visit, Place(run): Place<u32>) -> Result<Json<RunAnswer>, Problem> {
    let found = visit.workspace.read(move |store| {
        let row = store.run(RunKey(run))?;
        row.map(|row| RunAnswer::of(store, &row, true)).transpose()
    });
    let found = found.await?;
    found
        .map(Json)
        .ok_or_else(|| Problem::not_found("run", &run.to_string()))
}

/// All runs of a person, with every check that was made: why the person got a message or did not.
#[utoipa::path(get, path = "/landfall/v1/people/{id}/runs", operation_id = "listRunsOfPerson",
    params(("id" = String, Path, description = "The person"),
        ("id_type" = Option<String>, Query, description = "`id` (default), `email`, `phone`, `cio_id` or `anonymous_id`"),
        ("journey" = Option<String>, Query, description = "Only of this journey: slug, number or name")),
    responses((status = 200, body = RunList), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn of_person(
    visit: Visit,
    Place(id): Place<String>,
) -> Result<Json<RunList>, Problem> {
    let identifier = identifier(&visit, &id)?;
    let journey = visit.parameter("journey").map(str::to_owned);
    let found = visit.workspace.read(move |store| {
        let Some(person) = person_named(store, &identifier)? else {
            return Ok(None);
        };
        let only = match &journey {
            Some(name) => journeys::named(store, name)?.map(|(id, _)| id),
            None => None,
        };
        let rows = store.runs_of(person.key)?;
        let rows = rows
            .iter()
            .filter(|row| only.is_none_or(|only| row.journey == only));
        let runs = rows.map(|row| RunAnswer::of(store, row, true));
        Ok(Some(runs.collect::<Result<Vec<_>, _>>()?))
    });
    let runs = found
        .await?
        .ok_or_else(|| Problem::not_found("person", &id))?;
    Ok(Json(RunList { runs, next: None }))
}
