//! Receipts and opt-outs, which phones and mail readers send with or without credentials.

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use landfall_domain::input::{Body as Change, Input};
use landfall_engine::Workspace;
use serde_json::Value;

use super::answer::{Dialect, busy, done, refused};
use super::authenticated;
use crate::app::App;
use crate::parse::{Parsed, Problem, track};
use crate::{body, rejected};

/// Largest receipt.
const RECEIPT_BYTES_MAX: usize = 32 << 10;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/v1/metrics", post(metric))
        .route("/api/v1/push/events", post(push_event))
        .route("/push/events", post(push_event))
        .route("/api/v1/cio_deliveries/events", post(in_app))
        .route("/unsubscribe/{delivery}", post(unsubscribe))
}

async fn metric(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let parse = |value: &Value| track::metric(value).map(Some);
    take(&app, "POST /api/v1/metrics", &headers, body, parse).await
}

async fn push_event(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let parse = |value: &Value| track::push_event(value).map(Some);
    take(&app, "POST /push/events", &headers, body, parse).await
}

async fn unsubscribe(
    State(app): State<App>,
    delivery: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let parse = |value: &Value| match &delivery {
        Ok(Path(delivery)) => track::unsubscribe(delivery, value),
        Err(_) => Err(Problem::invalid("path", "is not UTF-8")),
    };
    take(
        &app,
        "POST /unsubscribe/{delivery_id}",
        &headers,
        body,
        parse,
    )
    .await
}

/// In-app metrics of the oldest SDKs: `{"type": "in_app", "payload": {delivery_id, event, ...}}`.
/// What is not understood is answered with 200 all the same, as the original does, and noted.
async fn in_app(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let parse = |value: &Value| {
        let payload = value.get("payload").unwrap_or(value);
        track::push_event(payload)
            .map(Some)
            .map_err(|problem| problem.with_status(200))
    };
    let surface = "POST /api/v1/cio_deliveries/events";
    take(&app, surface, &headers, body, parse).await
}

async fn take(
    app: &App,
    surface: &'static str,
    headers: &HeaderMap,
    body: Body,
    parse: impl FnOnce(&Value) -> Parsed<Option<Input>>,
) -> Response {
    let known = authenticated(app, headers);
    let (problem, bytes) = match body::read(headers, body, RECEIPT_BYTES_MAX).await {
        Ok(bytes) => match body::json(&bytes).and_then(|value| parse(&value)) {
            Ok(Some(input)) => return submit(app, known, input).await,
            Ok(None) => return done(),
            Err(problem) => (problem, bytes),
        },
        Err(problem) => (problem, Vec::new()),
    };
    match &known {
        Some(workspace) => {
            rejected::record(workspace, surface, problem.status, &problem, &bytes).await;
        }
        None => app.refusals.count(surface, problem.reason),
    }
    if problem.status == 200 {
        return done();
    }
    refused(Dialect::V1, &problem)
}

async fn submit(app: &App, known: Option<Workspace>, input: Input) -> Response {
    let workspace = match known {
        Some(workspace) => Some(workspace),
        None => whose(app, &input).await,
    };
    let Some(workspace) = workspace.filter(|_| !app.settings.store_nothing) else {
        return done();
    };
    match workspace.submit(vec![input]).await {
        Ok(_) => done(),
        Err(error) => busy(&error),
    }
}

/// The workspace that knows the delivery; a delivery that none knows waits in the first one's
/// quarantine.
async fn whose(app: &App, input: &Input) -> Option<Workspace> {
    let (Change::Receipt { delivery_id, .. } | Change::Unsubscribe { delivery_id }) = &input.body
    else {
        return None;
    };
    let workspaces = app.directory.workspaces();
    if workspaces.len() > 1 {
        for workspace in &workspaces {
            let id = delivery_id.clone();
            if let Ok(Some(_)) = workspace.read(move |store| store.delivery(&id)).await {
                return Some(workspace.clone());
            }
        }
    }
    workspaces.into_iter().next()
}
