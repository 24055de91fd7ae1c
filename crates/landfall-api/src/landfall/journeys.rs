//! `/landfall/v1/journeys`: definitions, their versions, and whether they run.

pub(crate) mod conversions;
pub(crate) mod enter;
pub(crate) mod forecast;
pub(crate) mod gate;
pub(crate) mod hook;
pub(crate) mod qa;
pub(crate) mod replay;
pub(crate) mod runs;
pub(crate) mod versions;
pub(crate) mod waiting;

use axum::Json;
use landfall_domain::ids::JourneyId;
use landfall_engine::journeys::{self, Journey, JourneyError};
use landfall_engine::schedules::{Occurrence, occurrences};
use landfall_store::{Store, StoreError};
use serde::Serialize;
use serde_json::Value;

use super::problem::{Problem, ProblemBody};
use super::visit::{Place, Sent, Visit};

/// A journey.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct JourneyAnswer {
    /// Its number: that of the campaign in the App API and in deliveries.
    pub(crate) number: u32,
    /// Its slug: what files and calls name it by.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// `draft`, `running`, `paused` or `stopped`.
    pub(crate) state: &'static str,
    /// The newest version: the one that people enter.
    pub(crate) version: u32,
    /// How far counting the past for its conditions is, in percent; absent when it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) building: Option<u64>,
    /// Milliseconds since the epoch.
    pub(crate) created_ms: i64,
    /// Milliseconds since the epoch.
    pub(crate) updated_ms: i64,
    /// How many runs stand where, by version.
    pub(crate) runs: Vec<RunCount>,
    /// How far each moment of its schedule is, by age; absent without any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) schedule: Vec<OccurrenceAnswer>,
    /// The definition of the newest version; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) definition: Option<Value>,
}

/// How many runs of a version stand where.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RunCount {
    /// Which version.
    pub(crate) version: u32,
    /// Where: `running`, `finished`, `exited_early`, `converted`, `never_activated` or `ended`.
    pub(crate) state: &'static str,
    /// How many.
    pub(crate) count: u64,
}

/// How far a moment of a schedule is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OccurrenceAnswer {
    /// Date and time by the wall.
    pub(crate) at: String,
    /// By whose clock: a zone, or `person`.
    pub(crate) zone: String,
    /// `running`: people are given their turns; `done`: everybody was looked at; `missed`: it came while
    /// nobody was there, and for everybody it was too late.
    pub(crate) state: &'static str,
    /// How many people have turns, or had them.
    pub(crate) turns: u64,
    /// How many were passed over because their moment was missed by more than six hours.
    pub(crate) missed: u64,
    /// When the first person was looked at, in milliseconds since the epoch.
    pub(crate) begun_ms: i64,
}

impl From<Occurrence> for OccurrenceAnswer {
    fn from(occurrence: Occurrence) -> Self {
        let state = match (occurrence.done_at, occurrence.turns, occurrence.missed) {
            (None, ..) => "running",
            (Some(_), 0, 1..) => "missed",
            (Some(_), ..) => "done",
        };
        Self {
            at: occurrence.at,
            zone: occurrence.zone,
            state,
            turns: occurrence.turns,
            missed: occurrence.missed,
            begun_ms: occurrence.begun_at.millis(),
        }
    }
}

/// Journeys.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct JourneyList {
    /// By number.
    pub(crate) journeys: Vec<JourneyAnswer>,
}

/// What came of applying a definition.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AppliedAnswer {
    /// Whether this made a new version; `false`: the newest version says the same.
    pub(crate) changed: bool,
    /// The journey as it is now.
    pub(crate) journey: JourneyAnswer,
}

impl JourneyAnswer {
    fn of(
        store: &dyn Store,
        id: JourneyId,
        journey: &Journey,
        definition: Option<Value>,
    ) -> Result<Self, StoreError> {
        let counts = store.run_counts(id)?.into_iter();
        let runs = counts.map(|(version, state, count)| RunCount {
            version,
            state: state.name(),
            count,
        });
        let schedule = occurrences(store, id)?.into_iter();
        let schedule = schedule.map(OccurrenceAnswer::from);
        Ok(Self {
            number: id.0,
            id: journey.slug.clone(),
            name: journey.name.clone(),
            state: journey.state.name(),
            version: journey.version,
            building: journey.build.map(|build| build.percent()),
            created_ms: journey.created_at.millis(),
            updated_ms: journey.updated_at.millis(),
            runs: runs.collect(),
            schedule: schedule.collect(),
            definition,
        })
    }
}

async fn answer(visit: &Visit, id: JourneyId, journey: Journey) -> Result<JourneyAnswer, Problem> {
    let answer = visit.workspace.read(move |store| {
        let versions = journeys::versions(store)?;
        let newest = versions
            .into_iter()
            .rev()
            .find(|known| known.journey == id && known.version == journey.version);
        let definition = newest.map(|newest| newest.definition);
        JourneyAnswer::of(store, id, &journey, definition)
    });
    Ok(answer.await?)
}

/// Every journey of the workspace.
#[utoipa::path(get, path = "/landfall/v1/journeys", operation_id = "listJourneys",
    responses((status = 200, body = JourneyList), (status = 401, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn list(visit: Visit) -> Result<Json<JourneyList>, Problem> {
    let journeys = visit.workspace.read(|store| {
        let all = journeys::all(store)?;
        let answers = all
            .iter()
            .map(|(id, journey)| JourneyAnswer::of(store, *id, journey, None));
        answers.collect::<Result<Vec<_>, _>>()
    });
    let journeys = journeys.await?;
    Ok(Json(JourneyList { journeys }))
}

/// One journey, by slug, number or name, with its newest definition.
#[utoipa::path(get, path = "/landfall/v1/journeys/{journey}", operation_id = "getJourney",
    params(("journey" = String, Path, description = "Slug, number or name")),
    responses((status = 200, body = JourneyAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn get(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<JourneyAnswer>, Problem> {
    let (id, journey) = visit.workspace.find_journey(&name).await?;
    Ok(Json(answer(&visit, id, journey).await?))
}

/// Applies a definition: makes the journey, or its next version, or nothing when nothing changed. With
/// `check=true` nothing is stored. People enter the new version of a running journey at once, so it has to
/// pass the launch gate first.
#[utoipa::path(post, path = "/landfall/v1/journeys", operation_id = "applyJourney", request_body = Object,
    params(("check" = Option<bool>, Query, description = "`true`: only say what is wrong with it")),
    responses((status = 200, body = AppliedAnswer), (status = 401, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "`launch_blocked`: the journey runs, and `missing` lists \
            what its new version lacks"),
        (status = 422, body = ProblemBody, description = "the faults, each with its place and what to do")),
    tag = "journeys")]
pub(crate) async fn apply(
    visit: Visit,
    Sent(definition): Sent<Value>,
) -> Result<Json<Value>, Problem> {
    if visit.parameter("check") == Some("true") {
        let plan = visit.workspace.check_journey(&definition).await?;
        return Ok(Json(
            serde_json::json!({ "valid": true, "steps": plan.steps().len() }),
        ));
    }
    let applied = visit.workspace.apply_journey(&definition).await?;
    let journey = answer(&visit, applied.id, applied.journey).await?;
    let answer = AppliedAnswer {
        changed: applied.changed,
        journey,
    };
    Ok(Json(serde_json::to_value(answer).unwrap_or_default()))
}

/// Lets people enter a journey; the runs of a paused one go on where they stood. The launch gate has to be
/// open, each time.
#[utoipa::path(post, path = "/landfall/v1/journeys/{journey}/start", operation_id = "startJourney",
    params(("journey" = String, Path, description = "Slug, number or name")),
    responses((status = 200, body = JourneyAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody,
            description = "`launch_blocked`: `missing` lists what the launch gate asks for")), tag = "journeys")]
pub(crate) async fn start(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<JourneyAnswer>, Problem> {
    let (id, journey) = visit.workspace.start_journey(&name).await?;
    Ok(Json(answer(&visit, id, journey).await?))
}

/// Lets nobody enter a journey and nobody in it move on, until it is started again.
#[utoipa::path(post, path = "/landfall/v1/journeys/{journey}/pause", operation_id = "pauseJourney",
    params(("journey" = String, Path, description = "Slug, number or name")),
    responses((status = 200, body = JourneyAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn pause(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<JourneyAnswer>, Problem> {
    let (id, journey) = visit.workspace.pause_journey(&name).await?;
    Ok(Json(answer(&visit, id, journey).await?))
}

/// Ends a journey: its runs are over, and messages that wait are taken back.
#[utoipa::path(post, path = "/landfall/v1/journeys/{journey}/stop", operation_id = "stopJourney",
    params(("journey" = String, Path, description = "Slug, number or name")),
    responses((status = 200, body = JourneyAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn stop(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<JourneyAnswer>, Problem> {
    let (id, journey) = visit.workspace.stop_journey(&name).await?;
    Ok(Json(answer(&visit, id, journey).await?))
}

impl From<JourneyError> for Problem {
    fn from(error: JourneyError) -> Self {
        use super::problem::Code;
        let message = error.to_string();
        match error {
            JourneyError::Faults(faults) => Self::faults(&faults),
            JourneyError::Missing(name) => Self::not_found("journey", &name),
            JourneyError::Blocked { missing, .. } => Self::launch(message, missing),
            JourneyError::State { .. }
            | JourneyError::NotCalled(_)
            | JourneyError::Building(_)
            | JourneyError::NoGoal(_) => Self::new(Code::Conflict, message),
            JourneyError::Store(error) => error.into(),
            JourneyError::Submit(error) => error.into(),
        }
    }
}
