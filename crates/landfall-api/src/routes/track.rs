//! Track API, versions 1 and 2, and the receipts that need no credentials (docs/api/track.md).

mod answer;
mod entity;
mod receipts;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use landfall_domain::input::Input;
use landfall_engine::Workspace;
use serde_json::{Value, json};

use self::answer::{Dialect, done, refused};
pub(super) use self::answer::{busy, json as json_answer};
use super::segments::Segments;
use crate::app::App;
use crate::parse::{Parsed, Problem, path_identifier, track};
use crate::{auth, body, rejected};

/// Largest body of a call. The documented 32 KB are for version 2's entities; events of version 1 may
/// carry 100,000 bytes of data.
const CALL_BYTES_MAX: usize = 1 << 20;

/// Every route.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/api/v1/accounts/region", get(region))
        .route("/api/v1/customers/{id}", put(identify).delete(remove))
        .route("/api/v1/customers/{id}/devices", put(add_device))
        .route(
            "/api/v1/customers/{id}/devices/{token}",
            delete(delete_device),
        )
        .route("/api/v1/customers/{id}/suppress", post(suppress))
        .route("/api/v1/customers/{id}/unsuppress", post(unsuppress))
        .route("/api/v1/customers/{id}/events", post(event))
        .route("/api/v1/events", post(anonymous_event))
        .route("/api/v1/merge_customers", post(merge))
        .route("/api/v1/segments/{segment}/{change}", post(segment))
        .route("/api/v1/forms/{form}/submit", post(form))
        .route("/api/v2/entity", post(entity::one))
        .route("/api/v2/batch", post(entity::batch))
        .merge(receipts::router())
}

/// A call with credentials: authenticate, read, parse, submit, answer.
async fn take(
    app: &App,
    surface: &'static str,
    dialect: Dialect,
    headers: &HeaderMap,
    body: Body,
    parse: impl FnOnce(&Value) -> Parsed<Vec<Input>>,
) -> Response {
    let Some(workspace) = authenticated(app, headers) else {
        app.refusals.count(surface, "unauthorized");
        return answer::unauthorized();
    };
    let bytes = match body::read(headers, body, CALL_BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(problem) => {
            rejected::record(&workspace, surface, problem.status, &problem, b"").await;
            return refused(dialect, &problem);
        }
    };
    match body::json(&bytes).and_then(|value| parse(&value)) {
        Ok(inputs) => submit(app, &workspace, inputs).await,
        Err(problem) => {
            rejected::record(&workspace, surface, problem.status, &problem, &bytes).await;
            refused(dialect, &problem)
        }
    }
}

/// The workspace of the request's Basic credentials.
fn authenticated(app: &App, headers: &HeaderMap) -> Option<Workspace> {
    let (site_id, key) = auth::basic(headers)?;
    app.directory.track(&site_id, &key)
}

/// Refuses a call before its body was read.
pub(super) async fn refuse(
    app: &App,
    surface: &str,
    headers: &HeaderMap,
    problem: &Problem,
) -> Response {
    let Some(workspace) = authenticated(app, headers) else {
        app.refusals.count("Track API", "unauthorized");
        return answer::unauthorized();
    };
    rejected::record(&workspace, surface, problem.status, problem, b"").await;
    refused(Dialect::V1, problem)
}

/// Stores inputs and says that it was done.
async fn submit(app: &App, workspace: &Workspace, inputs: Vec<Input>) -> Response {
    if app.settings.store_nothing || inputs.is_empty() {
        return done();
    }
    match workspace.submit(inputs).await {
        Ok(_) => done(),
        Err(error) => answer::busy(&error),
    }
}

async fn region(State(app): State<App>, headers: HeaderMap) -> Response {
    let Some(workspace) = authenticated(&app, &headers) else {
        app.refusals
            .count("GET /api/v1/accounts/region", "unauthorized");
        return answer::unauthorized();
    };
    let number = app
        .directory
        .records()
        .iter()
        .find(|r| r.id == workspace.id())
        .map(|r| r.number);
    let host = headers
        .get("host")
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let host = app.settings.public_host.as_deref().unwrap_or(host);
    answer::json(
        StatusCode::OK,
        &json!({"url": host, "region": "us", "environment_id": number.unwrap_or(0)}),
    )
}

async fn identify(
    State(app): State<App>,
    Segments(id): Segments<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let parse = |value: &Value| Ok(vec![track::identify(path_identifier(&id)?, value)?]);
    take(
        &app,
        "PUT /api/v1/customers/{id}",
        Dialect::V1,
        &headers,
        body,
        parse,
    )
    .await
}

/// A call about one person that has nothing in its body.
async fn about(
    app: &App,
    surface: &'static str,
    headers: &HeaderMap,
    id: &str,
    change: impl FnOnce(landfall_domain::identifier::Identifier) -> landfall_domain::input::Body,
) -> Response {
    let parse = |_: &Value| {
        let input = Input {
            source: landfall_domain::input::Source::TrackV1,
            at: None,
            sent_at: None,
            dedupe_key: None,
            body: change(path_identifier(id)?),
        };
        Ok(vec![input])
    };
    take(app, surface, Dialect::V1, headers, Body::empty(), parse).await
}

async fn remove(
    State(app): State<App>,
    Segments(id): Segments<String>,
    headers: HeaderMap,
) -> Response {
    let change = |who| landfall_domain::input::Body::Delete { who };
    about(&app, "DELETE /api/v1/customers/{id}", &headers, &id, change).await
}

async fn suppress(
    State(app): State<App>,
    Segments(id): Segments<String>,
    headers: HeaderMap,
) -> Response {
    let change = |who| landfall_domain::input::Body::Suppress { who };
    about(
        &app,
        "POST /api/v1/customers/{id}/suppress",
        &headers,
        &id,
        change,
    )
    .await
}

async fn unsuppress(
    State(app): State<App>,
    Segments(id): Segments<String>,
    headers: HeaderMap,
) -> Response {
    let change = |who| landfall_domain::input::Body::Unsuppress { who };
    about(
        &app,
        "POST /api/v1/customers/{id}/unsuppress",
        &headers,
        &id,
        change,
    )
    .await
}

async fn add_device(
    State(app): State<App>,
    Segments(id): Segments<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let parse = |value: &Value| Ok(vec![track::add_device(path_identifier(&id)?, value)?]);
    take(
        &app,
        "PUT /api/v1/customers/{id}/devices",
        Dialect::V1,
        &headers,
        body,
        parse,
    )
    .await
}

async fn delete_device(
    State(app): State<App>,
    Segments((id, token)): Segments<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let surface = "DELETE /api/v1/customers/{id}/devices/{token}";
    let parse = |_: &Value| Ok(vec![track::delete_device(path_identifier(&id)?, &token)?]);
    take(&app, surface, Dialect::V1, &headers, Body::empty(), parse).await
}

async fn event(
    State(app): State<App>,
    Segments(id): Segments<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let parse = |value: &Value| Ok(vec![track::event(Some(path_identifier(&id)?), value)?]);
    take(
        &app,
        "POST /api/v1/customers/{id}/events",
        Dialect::V1,
        &headers,
        body,
        parse,
    )
    .await
}

async fn anonymous_event(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let parse = |value: &Value| Ok(vec![track::event(None, value)?]);
    take(
        &app,
        "POST /api/v1/events",
        Dialect::V1,
        &headers,
        body,
        parse,
    )
    .await
}

async fn merge(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    let parse = |value: &Value| Ok(vec![track::merge(value)?]);
    take(
        &app,
        "POST /api/v1/merge_customers",
        Dialect::V1Merge,
        &headers,
        body,
        parse,
    )
    .await
}

async fn segment(
    State(app): State<App>,
    Segments((segment, change)): Segments<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let id_type = query
        .iter()
        .find(|(name, _)| name == "id_type")
        .map_or("", |(_, v)| v.as_str());
    let workspace = authenticated(&app, &headers);
    let parse = |value: &Value| {
        let segment = segment
            .parse()
            .map_err(|_| Problem::invalid("segment_id", "must be a number"))?;
        if workspace
            .as_ref()
            .is_some_and(|it| it.is_data_driven(segment))
        {
            let message = "segment_id must be a manual segment: who is in this one follows from its \
                           condition; change that at /landfall/v1/segments, or make a manual segment";
            return Err(Problem::new("invalid", "segment_id", message));
        }
        let add = match change.as_str() {
            "add_customers" => true,
            "remove_customers" => false,
            _ => return Err(Problem::new("unknown", "", "there is no such call").with_status(404)),
        };
        Ok(vec![track::segment(segment, id_type, add, value)?])
    };
    let surface = "POST /api/v1/segments/{segment_id}";
    take(&app, surface, Dialect::V1, &headers, body, parse).await
}

async fn form(
    State(app): State<App>,
    Segments(form): Segments<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let parse = |value: &Value| track::form(&form, value);
    let surface = "POST /api/v1/forms/{form_id}/submit";
    let response = take(&app, surface, Dialect::V1, &headers, body, parse).await;
    if response.status() == StatusCode::OK {
        answer::no_content()
    } else {
        response
    }
}
