//! `/landfall/v1/runs/{run}/replay`: living a run again, as it was and with changed facts.

use axum::Json;
use landfall_domain::ids::RunKey;
use landfall_engine::replay::Replay;
use landfall_journey::Trace;
use landfall_journey::what_if::Change;
use serde::Serialize;

use super::super::problem::{Problem, ProblemBody};
use super::super::visit::{Place, Visit};

/// A run that was lived again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReplayAnswer {
    /// Its number.
    pub(crate) run: u32,
    /// The journey's number.
    pub(crate) journey: u32,
    /// The version that it is pinned to.
    pub(crate) version: u32,
    /// Where it stands in truth.
    pub(crate) state: &'static str,
    /// Whether every row of its trace came out the same, byte for byte.
    pub(crate) same: bool,
    /// The rows of its trace, oldest first.
    pub(crate) rows: Vec<RowAnswer>,
    /// What would have become of it with the changed facts; absent without any. Empty: the person would not have
    /// entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) what_if: Option<Vec<OtherRow>>,
}

/// One row of a trace, as it is stored and as it comes out again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RowAnswer {
    /// Milliseconds since the epoch.
    pub(crate) at_ms: i64,
    /// Whether both are the same.
    pub(crate) same: bool,
    /// Every check as it is stored.
    #[schema(value_type = Vec<Object>)]
    pub(crate) stored: Trace,
    /// Every check as it comes out again, when that is not the same; absent too when the row does not say what
    /// the run was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub(crate) again: Option<Trace>,
}

/// One row of the other way.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OtherRow {
    /// Milliseconds since the epoch.
    pub(crate) at_ms: i64,
    /// Every check.
    #[schema(value_type = Vec<Object>)]
    pub(crate) lines: Trace,
}

impl From<Replay> for ReplayAnswer {
    fn from(replay: Replay) -> Self {
        let same = replay.is_same();
        let rows = replay.rows.into_iter().map(|row| RowAnswer {
            at_ms: row.at.millis(),
            same: row.same,
            stored: row.stored,
            again: row.again.filter(|_| !row.same),
        });
        let other = replay.other.map(|rows| {
            let rows = rows.into_iter().map(|row| OtherRow {
                at_ms: row.at.millis(),
                lines: row.trace,
            });
            rows.collect()
        });
        Self {
            run: replay.run.key.0,
            journey: replay.run.journey.0,
            version: replay.run.version,
            state: replay.run.state.name(),
            same,
            rows: rows.collect(),
            what_if: other,
        }
    }
}

/// Lives a run again from what is stored about the person, and compares it with its trace; with `what_if` also
/// as if some facts had been otherwise.
#[utoipa::path(get, path = "/landfall/v1/runs/{run}/replay", operation_id = "replayRun",
    params(("run" = u32, Path, description = "Its number"),
        ("what_if" = Option<String>, Query, description = "`token valid`, `token invalid`, `permission on`, `permission off`, `unsubscribed`, `not unsubscribed`, `opened STEP`, `attribute NAME=VALUE`, `event NAME happened`, `event NAME happened at TIME`, `event NAME did not happen`; may come more than once")),
    responses((status = 200, body = ReplayAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn get(
    visit: Visit,
    Place(run): Place<u32>,
) -> Result<Json<ReplayAnswer>, Problem> {
    let words = visit
        .parameters
        .iter()
        .filter(|(name, _)| name == "what_if");
    let changes = words.map(|(_, words)| {
        Change::parse(words).map_err(|error| Problem::field("what_if", error.to_string()))
    });
    let changes: Vec<Change> = changes.collect::<Result<_, _>>()?;
    let replay = visit.workspace.replay(RunKey(run), changes).await?;
    let replay = replay.ok_or_else(|| Problem::not_found("run", &run.to_string()))?;
    Ok(Json(replay.into()))
}
