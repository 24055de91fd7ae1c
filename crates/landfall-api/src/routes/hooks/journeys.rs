//! `POST /hooks/journeys/{workspace}/{token}`: somebody's server starts a journey for a person
//! (docs/api/webhooks-in.md).

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use landfall_engine::Workspace;
use landfall_engine::journey_hooks::{Called, HookError};
use landfall_journey::occurrence::CALL_KEY_BYTES_MAX;
use serde_json::{Value, json};

use super::super::track::{busy, json_answer};
use super::refused;
use crate::app::App;
use crate::parse::{Parsed, Problem};
use crate::{body, rejected};

const SURFACE: &str = "POST /hooks/journeys/{workspace}";
/// Largest call: as large as the data of an event with something around them.
const BYTES_MAX: usize = 128 << 10;
/// The header that tells calls apart (draft-ietf-httpapi-idempotency-key-header).
const KEY: &str = "idempotency-key";

type Parts = Result<Path<(String, String)>, PathRejection>;

pub(super) async fn call(
    State(app): State<App>,
    parts: Parts,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let found = parts.ok().and_then(|Path((id, token))| {
        let mut open = app.directory.workspaces().into_iter();
        Some((open.find(|open| open.id() == id)?, token))
    });
    let Some((workspace, token)) = found else {
        return unknown(&app);
    };
    match workspace.is_hook(&token).await {
        Ok(true) => {}
        Ok(false) => return unknown(&app),
        Err(error) => return busy(&error.into()),
    }
    let bytes = match body::read(&headers, body, BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(problem) => return noted(&workspace, &problem, b"").await,
    };
    let read = body::json(&bytes).and_then(|body| Ok((body, key(&headers)?)));
    let (said, key) = match read {
        Ok(read) => read,
        Err(problem) => return noted(&workspace, &problem, &bytes).await,
    };
    if app.settings.store_nothing {
        return answer(Called::Taken);
    }
    match workspace.call_hook(&token, &said, key.as_deref()).await {
        Ok(called) => answer(called),
        Err(HookError::Unknown) => unknown(&app),
        Err(HookError::Submit(error)) => busy(&error),
        Err(HookError::Store(error)) => busy(&error.into()),
        Err(error) => noted(&workspace, &problem(&error), &bytes).await,
    }
}

fn key(headers: &HeaderMap) -> Parsed<Option<String>> {
    let Some(key) = headers.get(KEY) else {
        return Ok(None);
    };
    let key = key.to_str().map(str::trim).unwrap_or_default();
    if key.is_empty() || key.len() > CALL_KEY_BYTES_MAX {
        let message =
            format!("Idempotency-Key: write 1 to {CALL_KEY_BYTES_MAX} printable characters");
        return Err(Problem::new("bad_key", KEY, message));
    }
    Ok(Some(key.to_owned()))
}

fn problem(error: &HookError) -> Problem {
    let (status, reason, field) = match error {
        HookError::NotRunning(_) => (409, "not_running", ""),
        HookError::OtherTrigger(_) => (409, "other_trigger", ""),
        HookError::Fault(fault) => (422, "bad_body", fault.path.as_str()),
        HookError::Nobody(_) => (422, "unknown_person", ""),
        HookError::Unknown | HookError::Store(_) | HookError::Submit(_) => (503, "unavailable", ""),
    };
    Problem::new(reason, field, error.to_string()).with_status(status)
}

fn answer(called: Called) -> Response {
    let duplicate = called == Called::Duplicate;
    json_answer(StatusCode::OK, &json!({ "duplicate": duplicate }))
}

fn unknown(app: &App) -> Response {
    app.refusals.count(SURFACE, "unknown_source");
    let message = "no journey has this address: `landfall journeys hook` makes one";
    let answer: Value = json!({"error": {"code": "not_found", "message": message}});
    json_answer(StatusCode::NOT_FOUND, &answer)
}

async fn noted(workspace: &Workspace, problem: &Problem, sample: &[u8]) -> Response {
    rejected::record(workspace, SURFACE, problem.status, problem, sample).await;
    refused(problem)
}
