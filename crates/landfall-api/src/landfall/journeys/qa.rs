//! Test profiles of journeys, run on the server, so that the launch gate knows of them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use landfall_engine::journeys;
use landfall_engine::qa::record::{self, Record};
use landfall_engine::qa::{EmptyStores, QaError, Report, run_blocking};
use landfall_journey::Definition;
use landfall_journey::gate::BY_MAX;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::super::problem::{Code, Problem, ProblemBody};
use super::super::visit::{Place, Sent, Visit};
use crate::app::App;

/// Runs of test profiles at once, in the whole server: each keeps a core busy.
const RUNS_MAX: usize = 2;

/// What runs test profiles.
#[derive(Clone)]
pub(crate) struct Qa {
    /// Makes their stores; `None`: nobody said how.
    stores: Option<Arc<EmptyStores>>,
    turns: Arc<Semaphore>,
}

impl Default for Qa {
    fn default() -> Self {
        Self {
            stores: None,
            turns: Arc::new(Semaphore::new(RUNS_MAX)),
        }
    }
}

impl Qa {
    /// On these stores.
    pub(crate) fn on(stores: Arc<EmptyStores>) -> Self {
        Self {
            stores: Some(stores),
            ..Self::default()
        }
    }

    /// Runs the test profiles of a definition on a thread of their own.
    async fn run(&self, definition: Value) -> Result<Report, Problem> {
        let Some(stores) = self.stores.clone() else {
            let why = "this server has nowhere to run test profiles: `landfall qa run FILE` runs them without one";
            return Err(Problem::new(Code::Unavailable, why));
        };
        let turns = Arc::clone(&self.turns);
        let turn = turns.try_acquire_owned().map_err(|_| {
            let why = "other test profiles are running: try again in a moment";
            Problem::new(Code::Busy, why)
        })?;
        let run = tokio::task::spawn_blocking(move || {
            let report = run_blocking(&definition, stores.as_ref());
            drop(turn);
            report
        });
        let ran = run.await.map_err(|error| {
            tracing::error!(%error, "a run of test profiles ended badly");
            Problem::new(
                Code::Internal,
                "the test profiles could not be run: see the log",
            )
        })?;
        Ok(ran?)
    }
}

/// A run of a journey's test profiles, in short.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RecordSummary {
    /// The version that was run; absent: a draft that was not applied then.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    /// What the definition is known by: the SHA-256 of what it says.
    fingerprint: String,
    /// Milliseconds since the epoch.
    at_ms: i64,
    /// Who ran it, as the caller said.
    by: String,
    /// The version of the program.
    program: String,
    /// Whether every profile did what was expected.
    green: bool,
    /// How many profiles there were.
    profiles: usize,
    /// The names of those that did not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    red: Vec<String>,
}

/// A run of a journey's test profiles.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RecordAnswer {
    /// The journey's slug.
    journey: String,
    #[serde(flatten)]
    summary: RecordSummary,
    /// Profile by profile: the steps that it reached with their statuses, and each expectation.
    #[schema(value_type = Object)]
    report: Report,
}

/// Runs of a journey's test profiles.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RecordList {
    /// The newest version: the one that the launch gate looks at.
    version: u32,
    /// The latest run of that version; absent: there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    latest: Option<RecordAnswer>,
    /// Every run that is kept, newest first: the latest of each definition.
    runs: Vec<RecordSummary>,
}

impl RecordSummary {
    pub(crate) fn of(record: &Record) -> Self {
        let result = record.result();
        Self {
            version: record.version,
            fingerprint: record.fingerprint.clone(),
            at_ms: record.at.millis(),
            by: record.by.clone(),
            program: record.program.clone(),
            green: result.red.is_empty(),
            profiles: result.profiles,
            red: result.red,
        }
    }
}

impl RecordAnswer {
    fn of(record: Record) -> Self {
        Self {
            summary: RecordSummary::of(&record),
            journey: record.journey,
            report: record.report,
        }
    }
}

/// The latest run of the newest version's test profiles, and which others are kept.
#[utoipa::path(get, path = "/landfall/v1/journeys/{journey}/qa", operation_id = "getQa",
    params(("journey" = String, Path, description = "Slug, number or name")),
    responses((status = 200, body = RecordList), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn get(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<RecordList>, Problem> {
    let gate = visit.workspace.gate(&name).await?;
    let slug = gate.journey.slug;
    let kept = visit
        .workspace
        .read(move |store| record::records(store, &slug));
    let kept = kept.await?;
    Ok(Json(RecordList {
        version: gate.journey.version,
        latest: gate.qa.map(RecordAnswer::of),
        runs: kept
            .iter()
            .rev()
            .map(|(_, record)| RecordSummary::of(record))
            .collect(),
    }))
}

/// Lets the test profiles of the newest version go through the journey, in virtual time and in stores of their
/// own, and keeps what came of it. Nothing is sent.
#[utoipa::path(post, path = "/landfall/v1/journeys/{journey}/qa", operation_id = "runQa",
    params(("journey" = String, Path, description = "Slug, number or name"),
        ("by" = Option<String>, Query, description = "Who runs it; left out: the app key")),
    responses((status = 200, body = RecordAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody),
        (status = 503, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn run(
    visit: Visit,
    State(app): State<App>,
    Place(name): Place<String>,
) -> Result<Json<RecordAnswer>, Problem> {
    let (id, journey) = visit.workspace.find_journey(&name).await?;
    let versions = visit
        .workspace
        .read(|store| journeys::versions(store))
        .await?;
    let newest = versions
        .into_iter()
        .rev()
        .find(|known| known.journey == id && known.version == journey.version);
    let newest = newest.ok_or_else(|| Problem::not_found("version of the journey", &name))?;
    tried(&visit, &app, newest.definition).await
}

/// Lets the test profiles of a draft go through it, and keeps what came of it: when the draft is applied as it
/// is, the launch gate knows.
#[utoipa::path(post, path = "/landfall/v1/qa", operation_id = "runQaOfDraft", request_body = Object,
    params(("by" = Option<String>, Query, description = "Who runs it; left out: the app key")),
    responses((status = 200, body = RecordAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 422, body = ProblemBody), (status = 429, body = ProblemBody),
        (status = 503, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn run_draft(
    visit: Visit,
    State(app): State<App>,
    Sent(definition): Sent<Value>,
) -> Result<Json<RecordAnswer>, Problem> {
    tried(&visit, &app, definition).await
}

async fn tried(visit: &Visit, app: &App, written: Value) -> Result<Json<RecordAnswer>, Problem> {
    let by = visit.parameter("by");
    if by.is_some_and(|by| by.chars().count() > BY_MAX) {
        return Err(Problem::field(
            "by",
            format!("write at most {BY_MAX} characters"),
        ));
    }
    let definition = Definition::from_json(&written).map_err(|faults| Problem::faults(&faults))?;
    let report = app.qa.run(written).await?;
    let author = visit.author(by);
    let kept = visit.workspace.record_qa(&definition, report, author);
    Ok(Json(RecordAnswer::of(kept.await?)))
}

impl From<QaError> for Problem {
    fn from(error: QaError) -> Self {
        let message = error.to_string();
        match error {
            QaError::Faults(faults) => Self::faults(&faults),
            QaError::NoCases => Self::new(Code::DefinitionInvalid, message),
            QaError::Store(error) => error.into(),
            QaError::Submit(error) => error.into(),
            QaError::Journey(error) => error.into(),
            QaError::Waiver(error) => error.into(),
            QaError::Segment(_) => {
                tracing::error!(message, "a segment could not be stood in for");
                Self::new(Code::Internal, message)
            }
        }
    }
}
