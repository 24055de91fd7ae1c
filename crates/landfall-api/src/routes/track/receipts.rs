//! Receipts and opt-outs, which phones and mail readers send with or without credentials.

use axum::Router;
use axum::body::Body;
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
use crate::parse::{Parsed, track};
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
    Path(delivery): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let parse = |value: &Value| track::unsubscribe(&delivery, value);
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
/// What is not understood is answered with 200 all the same, as the original does.
async fn in_app(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let parse = |value: &Value| {
        let payload = value.get("payload").unwrap_or(value);
        Ok(track::push_event(payload).ok())
    };
    take(
        &app,
        "POST /api/v1/cio_deliveries/events",
        &headers,
        body,
        parse,
    )
    .await
}

async fn take(
    app: &App,
    surface: &'static str,
    headers: &HeaderMap,
    body: Body,
    parse: impl FnOnce(&Value) -> Parsed<Option<Input>>,
) -> Response {
    let known = authenticated(app, headers);
    let refuse = |problem, bytes: &[u8]| {
        match &known {
            Some(workspace) => {
                let problem: &crate::parse::Problem = problem;
                rejected::record(workspace, surface, problem.status, problem, bytes);
            }
            None => app.refusals.count(surface, "malformed"),
        }
        refused(Dialect::V1, problem)
    };
    let bytes = match body::read(headers, body, RECEIPT_BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(problem) => return refuse(&problem, b""),
    };
    let input = match body::json(&bytes).and_then(|value| parse(&value)) {
        Ok(Some(input)) => input,
        Ok(None) => return done(),
        Err(problem) => return refuse(&problem, &bytes),
    };
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
