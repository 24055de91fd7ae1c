//! `/landfall/v1/webhooks/{id}/dead`: events that an endpoint did not take, and how they rise again.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use landfall_engine::reporting::{Cause, DeadLetter};
use serde::Serialize;

use super::problem::{Problem, ProblemBody};
use super::visit::{Place, Visit};
use crate::app::App;

/// Dead letters in one answer, when not told and at most.
const LIMIT: (usize, usize) = (100, 1_000);

/// An event that was given up.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DeadLetterAnswer {
    /// Its number.
    number: u32,
    /// The event's `event_id`.
    event_id: String,
    /// Which event, such as `push_sent`.
    event: String,
    /// `refused`: again and again, while others were taken; `expired`: tried for seven days.
    cause: &'static str,
    /// How often it was tried.
    tries: u32,
    /// The endpoint's last HTTP status; absent: there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The endpoint's last words, or why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// When what it tells was recorded, in milliseconds since 1970 UTC.
    since_ms: i64,
    /// When it was tried last, in milliseconds since 1970 UTC.
    at_ms: i64,
    /// The body as it was posted.
    body: String,
}

/// Dead letters of a webhook.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DeadLetterList {
    /// How many there are.
    total: usize,
    /// The oldest of them.
    dead_letters: Vec<DeadLetterAnswer>,
}

/// What a replay came to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReplayAnswer {
    /// Dead letters that the endpoint took; they are gone.
    taken: usize,
    /// Those that it refused again.
    refused: usize,
    /// Those that were not tried: after three refusals in a row a replay ends, and it posts 1,000 at
    /// most.
    left: usize,
    /// What was wrong with the last one that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// The events that a webhook's endpoint did not take, oldest first.
#[utoipa::path(
    get,
    path = "/landfall/v1/webhooks/{id}/dead",
    operation_id = "listDeadLetters",
    params(
        ("id" = u32, Path, description = "Number of the webhook"),
        ("limit" = Option<usize>, Query, description = "At most so many, up to 1,000; 100 if left out"),
    ),
    responses(
        (status = 200, body = DeadLetterList),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn list(
    State(app): State<App>,
    visit: Visit,
    Place(id): Place<u32>,
) -> Result<Json<DeadLetterList>, Problem> {
    let limit = visit.limit(LIMIT.0, LIMIT.1)?;
    let found = super::board(move || app.reporting.dead_letters(&visit.workspace, id)).await??;
    Ok(Json(DeadLetterList {
        total: found.len(),
        dead_letters: found.into_iter().take(limit).map(answer).collect(),
    }))
}

/// Posts all dead letters of a webhook again, oldest first.
#[utoipa::path(
    post,
    path = "/landfall/v1/webhooks/{id}/replay",
    operation_id = "replayDeadLetters",
    params(("id" = u32, Path, description = "Number of the webhook")),
    responses(
        (status = 200, body = ReplayAnswer),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn replay_all(
    State(app): State<App>,
    visit: Visit,
    Place(id): Place<u32>,
) -> Result<Json<ReplayAnswer>, Problem> {
    replay(&app, &visit, id, None).await
}

/// Posts one dead letter again.
#[utoipa::path(
    post,
    path = "/landfall/v1/webhooks/{id}/dead/{number}/replay",
    operation_id = "replayDeadLetter",
    params(
        ("id" = u32, Path, description = "Number of the webhook"),
        ("number" = u32, Path, description = "Number of the dead letter"),
    ),
    responses(
        (status = 200, body = ReplayAnswer),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn replay_one(
    State(app): State<App>,
    visit: Visit,
    Place((id, number)): Place<(u32, u32)>,
) -> Result<Json<ReplayAnswer>, Problem> {
    replay(&app, &visit, id, Some(number)).await
}

/// Throws a dead letter away.
#[utoipa::path(
    delete,
    path = "/landfall/v1/webhooks/{id}/dead/{number}",
    operation_id = "discardDeadLetter",
    params(
        ("id" = u32, Path, description = "Number of the webhook"),
        ("number" = u32, Path, description = "Number of the dead letter"),
    ),
    responses(
        (status = 204),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn discard(
    State(app): State<App>,
    visit: Visit,
    Place((id, number)): Place<(u32, u32)>,
) -> Result<StatusCode, Problem> {
    super::board(move || app.reporting.discard(&visit.workspace, id, number)).await??;
    Ok(StatusCode::NO_CONTENT)
}

async fn replay(
    app: &App,
    visit: &Visit,
    id: u32,
    letter: Option<u32>,
) -> Result<Json<ReplayAnswer>, Problem> {
    let came = app.reporting.replay(&visit.workspace, id, letter).await?;
    Ok(Json(ReplayAnswer {
        taken: came.taken,
        refused: came.refused,
        left: came.left,
        problem: came.problem,
    }))
}

fn answer((number, letter): (u32, DeadLetter)) -> DeadLetterAnswer {
    DeadLetterAnswer {
        number,
        event_id: letter.event_id,
        event: letter.event,
        cause: match letter.cause {
            Cause::Refused => "refused",
            Cause::Expired => "expired",
        },
        tries: letter.tries,
        status: letter.answer.status,
        message: letter.answer.words(),
        since_ms: letter.since.millis(),
        at_ms: letter.at.millis(),
        body: letter.body,
    }
}
