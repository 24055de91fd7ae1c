//! `POST /api/v2/entity` and `/api/v2/batch`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use landfall_domain::input::Input;
use serde_json::{Value, json};

use super::answer::{self, Dialect, refused, shaped};
use super::{authenticated, submit};
use crate::app::App;
use crate::parse::{Problem, batch, entity};
use crate::{body, rejected};

/// Largest entity and batch item. The documentation says 32 KB and 500 KB, another summary of the same
/// makers 64 KB and 1 MB: the larger pair is taken (semantics.md 11).
const ITEM_BYTES_MAX: usize = 64 << 10;
const BATCH_BYTES_MAX: usize = 1 << 20;

pub(super) async fn one(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    const SURFACE: &str = "POST /api/v2/entity";
    let Some(workspace) = authenticated(&app, &headers) else {
        app.refusals.count(SURFACE, "unauthorized");
        return answer::unauthorized();
    };
    let bytes = match body::read(&headers, body, ITEM_BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(problem) => {
            rejected::record(&workspace, SURFACE, problem.status, &problem, b"").await;
            return refused(Dialect::V2, &problem);
        }
    };
    match body::json(&bytes).and_then(|value| entity::operation(&value)) {
        Ok(input) => submit(&app, &workspace, input.into_iter().collect()).await,
        Err(problem) => {
            rejected::record(&workspace, SURFACE, problem.status, &problem, &bytes).await;
            refused(Dialect::V2, &problem)
        }
    }
}

pub(super) async fn batch(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    const SURFACE: &str = "POST /api/v2/batch";
    let Some(workspace) = authenticated(&app, &headers) else {
        app.refusals.count(SURFACE, "unauthorized");
        return answer::unauthorized();
    };
    let bytes = match body::read(&headers, body, BATCH_BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(problem) => {
            rejected::record(&workspace, SURFACE, problem.status, &problem, b"").await;
            return refused(Dialect::V2, &problem);
        }
    };
    let value = match body::json(&bytes).and_then(|value| {
        batch::items(&value)?;
        Ok(value)
    }) {
        Ok(value) => value,
        Err(problem) => {
            rejected::record(&workspace, SURFACE, problem.status, &problem, &bytes).await;
            return refused(Dialect::V2, &problem);
        }
    };
    let items = batch::items(&value).unwrap_or_default();
    let (inputs, problems) = sorted(items, bytes.len());
    let status = if problems.len() == items.len() {
        StatusCode::BAD_REQUEST
    } else {
        // What cannot be stored now comes again: only then are its problems noted.
        let response = submit(&app, &workspace, inputs).await;
        if problems.is_empty() || response.status() != StatusCode::OK {
            return response;
        }
        StatusCode::MULTI_STATUS
    };
    let samples = problems
        .iter()
        .map(|(index, problem)| (problem.clone(), rejected::sample_of(&items[*index])))
        .collect();
    rejected::record_all(&workspace, SURFACE, status.as_u16(), samples).await;
    answer::json(status, &errors(&problems))
}

/// The items that can be taken, and the problems of the others with their places.
fn sorted(items: &[Value], whole: usize) -> (Vec<Input>, Vec<(usize, Problem)>) {
    let mut inputs = Vec::with_capacity(items.len());
    let mut problems = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let read =
            batch::small_enough(item, whole, ITEM_BYTES_MAX).and_then(|()| entity::operation(item));
        match read {
            Ok(input) => inputs.extend(input),
            Err(problem) => problems.push((index, problem)),
        }
    }
    (inputs, problems)
}

fn errors(problems: &[(usize, Problem)]) -> Value {
    let errors: Vec<Value> = problems
        .iter()
        .map(|(index, problem)| {
            let mut error = shaped(problem);
            error["batch_index"] = (*index).into();
            error
        })
        .collect();
    json!({"errors": errors})
}
