//! Pipelines API: permissive unless the caller asks for strictness (docs/api/pipelines.md).

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use landfall_domain::input::{Input, Source};
use landfall_engine::Workspace;
use serde_json::{Value, json};

use super::track::{busy, json_answer};
use crate::app::App;
use crate::parse::pipelines::{Shared, call};
use crate::parse::{Parsed, Problem, batch};
use crate::{auth, body, rejected};

/// Largest item and batch: the larger of the two pairs that are documented (semantics.md 11).
const ITEM_BYTES_MAX: usize = 64 << 10;
const BATCH_BYTES_MAX: usize = 1 << 20;

/// Every route.
pub(crate) fn router() -> Router<App> {
    let mut router = Router::new()
        .route("/v1/b", post(sdk_batch))
        .route("/v1/m", post(remote_metrics))
        .route("/v1/projects/{key}/settings", get(settings));
    for (path, surface, kind) in CALLS {
        let handler = move |State(app): State<App>, headers: HeaderMap, body: Body| async move {
            take(&app, surface, *kind, &headers, body).await
        };
        router = router.route(path, post(handler));
    }
    router
}

/// Server calls by full name, browser calls by letter; `None` is a batch.
const CALLS: &[(&str, &str, Option<&str>)] = &[
    ("/v1/identify", "POST /v1/identify", Some("identify")),
    ("/v1/track", "POST /v1/track", Some("track")),
    ("/v1/page", "POST /v1/page", Some("page")),
    ("/v1/screen", "POST /v1/screen", Some("screen")),
    ("/v1/group", "POST /v1/group", Some("group")),
    ("/v1/alias", "POST /v1/alias", Some("alias")),
    ("/v1/batch", "POST /v1/batch", None),
    ("/v1/i", "POST /v1/i", Some("identify")),
    ("/v1/t", "POST /v1/t", Some("track")),
    ("/v1/p", "POST /v1/p", Some("page")),
    ("/v1/s", "POST /v1/s", Some("screen")),
    ("/v1/g", "POST /v1/g", Some("group")),
    ("/v1/a", "POST /v1/a", Some("alias")),
];

/// One call or batch of a server or browser. Permissive: 200 for everything that does not ask for
/// strictness; what is wrong stands in the list of rejected inputs. Strict: what is refused in part is
/// refused as a whole, so that 400 means that nothing was stored.
async fn take(
    app: &App,
    surface: &'static str,
    kind: Option<&str>,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    let strict = headers
        .get("x-strict-mode")
        .is_some_and(|value| value == "1");
    let read = match body::read(headers, body, BATCH_BYTES_MAX).await {
        Ok(bytes) => read(app, kind, headers, &bytes),
        Err(problem) => {
            let refusal = Refused::whole(workspace(app, headers, None), problem, &[]);
            if refusal.problem.status == 408 {
                return slow(app, surface, refusal).await;
            }
            Err(refusal)
        }
    };
    match read {
        Ok(call) if !strict || call.problems.is_empty() => submit(app, surface, call).await,
        Ok(Call {
            workspace,
            problems,
            ..
        }) => {
            let answer = problems.first().map(|(problem, _)| refused(problem));
            rejected::record_all(&workspace, surface, 400, problems).await;
            answer.unwrap_or_else(done)
        }
        Err(refusal) => {
            let status = if strict { refusal.problem.status } else { 200 };
            refusal.note(app, surface, status).await;
            if strict {
                refused(&refusal.problem)
            } else {
                done()
            }
        }
    }
}

/// What a body holds: inputs, and the problems of items that cannot be taken, with their samples.
struct Call {
    workspace: Workspace,
    inputs: Vec<Input>,
    problems: Vec<(Problem, String)>,
}

/// A body of which nothing can be taken.
struct Refused {
    workspace: Option<Workspace>,
    problem: Problem,
    sample: String,
}

impl Refused {
    fn whole(workspace: Option<Workspace>, problem: Problem, body: &[u8]) -> Self {
        let sample = rejected::sample(body);
        Self {
            workspace,
            problem,
            sample,
        }
    }

    /// Records it in its workspace, or counts it when nobody knows which that is.
    async fn note(&self, app: &App, surface: &'static str, status: u16) {
        match &self.workspace {
            Some(workspace) => {
                let sampled = vec![(self.problem.clone(), self.sample.clone())];
                rejected::record_all(workspace, surface, status, sampled).await;
            }
            None => app.refusals.count(surface, self.problem.reason),
        }
    }
}

fn read(app: &App, kind: Option<&str>, headers: &HeaderMap, bytes: &[u8]) -> Result<Call, Refused> {
    let value = body::json(bytes)
        .map_err(|problem| Refused::whole(workspace(app, headers, None), problem, bytes))?;
    let write_key = value.get("writeKey").and_then(Value::as_str);
    let source = if write_key.is_some() {
        Source::Sdk
    } else {
        Source::Pipelines
    };
    let Some(workspace) = workspace(app, headers, write_key) else {
        let problem = Problem::new("unauthorized", "", "no workspace has this write key");
        return Err(Refused::whole(None, problem.with_status(401), &[]));
    };
    let sorted = match kind {
        Some(_) => batch::small_enough(&value, bytes.len(), ITEM_BYTES_MAX)
            .and_then(|()| call(&value, kind, Shared::of(&value), source))
            .map(|input| (input.into_iter().collect(), Vec::new())),
        None => items(&value, bytes.len(), source),
    };
    match sorted {
        Ok((inputs, problems)) => Ok(Call {
            workspace,
            inputs,
            problems,
        }),
        Err(problem) => Err(Refused::whole(Some(workspace), problem, bytes)),
    }
}

type Sorted = (Vec<Input>, Vec<(Problem, String)>);

/// Each item by itself: what is wrong with one does not hold up the others.
fn items(value: &Value, whole: usize, source: Source) -> Parsed<Sorted> {
    let shared = Shared::of(value);
    let items = batch::items(value)?;
    let mut inputs = Vec::with_capacity(items.len());
    let mut problems = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let read = batch::small_enough(item, whole, ITEM_BYTES_MAX)
            .and_then(|()| call(item, None, shared, source));
        match read {
            Ok(input) => inputs.extend(input),
            Err(problem) => {
                let problem = problem.under(&format!("batch.{index}"));
                problems.push((problem, rejected::sample_of(item)));
            }
        }
    }
    Ok((inputs, problems))
}

/// A body that did not arrive in time was not taken, whatever the mode: the caller may send it again.
/// Phones keep what is answered with 503, and would throw away what is answered with 408.
async fn slow(app: &App, surface: &'static str, refusal: Refused) -> Response {
    refusal.note(app, surface, 503).await;
    refused(&refusal.problem.with_status(503))
}

fn done() -> Response {
    json_answer(StatusCode::OK, &json!({}))
}

/// The workspace of the write key: from Basic (user), Bearer, or the body, whichever is one.
fn workspace(app: &App, headers: &HeaderMap, write_key: Option<&str>) -> Option<Workspace> {
    let header = auth::basic(headers)
        .map(|(key, _)| key)
        .or_else(|| auth::bearer(headers));
    [header.as_deref(), write_key]
        .into_iter()
        .flatten()
        .find_map(|key| app.directory.write(key))
}

/// Stores the inputs; once they are stored, the items that could not be taken are noted.
async fn submit(app: &App, surface: &'static str, call: Call) -> Response {
    if !app.settings.store_nothing && !call.inputs.is_empty() {
        // Phones keep what is answered with 429 or 5xx and send it again.
        if let Err(error) = call.workspace.submit(call.inputs).await {
            return busy(&error);
        }
    }
    rejected::record_all(&call.workspace, surface, 200, call.problems).await;
    done()
}

/// The SDKs' upload: the key is in the body. 401 and 403 would make phones send the same batch for
/// ever, so a batch of nobody is answered with 200 and counted, and a broken one with 400, which makes
/// them drop it.
async fn sdk_batch(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    const SURFACE: &str = "POST /v1/b";
    let read = match body::read(&headers, body, BATCH_BYTES_MAX).await {
        Ok(bytes) => read(&app, None, &headers, &bytes),
        Err(problem) => {
            let refusal = Refused::whole(workspace(&app, &headers, None), problem, &[]);
            if refusal.problem.status == 408 {
                return slow(&app, SURFACE, refusal).await;
            }
            Err(refusal)
        }
    };
    match read {
        Ok(call) => submit(&app, SURFACE, call).await,
        Err(refusal) => {
            let status = if refusal.problem.reason == "unauthorized" {
                200
            } else {
                400
            };
            refusal.note(&app, SURFACE, status).await;
            match status {
                200 => done(),
                _ => refused(&refusal.problem.with_status(400)),
            }
        }
    }
}

/// Remote metrics of the browser SDK: taken and forgotten.
async fn remote_metrics() -> Response {
    done()
}

/// What the SDKs ask at start. The full object or 404: an empty object would switch uploads off
/// (pipelines-api.md 5.2).
async fn settings(
    State(app): State<App>,
    key: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let key = key.ok().map(|Path(key)| key);
    let Some(key) = key.filter(|key| app.directory.write(key).is_some()) else {
        app.refusals
            .count("GET /v1/projects/{key}/settings", "unauthorized");
        let message = json!({"meta": {"error": "no workspace has this write key"}});
        return json_answer(StatusCode::NOT_FOUND, &message);
    };
    let said = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = app
        .settings
        .public_host
        .as_deref()
        .or(said)
        .unwrap_or("localhost");
    let integration = json!({"apiKey": key, "apiHost": format!("{host}/v1")});
    let body = json!({"integrations": {"Customer.io Data Pipelines": integration}});
    let mut response = json_answer(StatusCode::OK, &body);
    let cache = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    response
}

/// A strict answer: everything that any client looks for (pipelines-api.md 1).
fn refused(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    let code = if problem.status == 401 {
        "unauthorized"
    } else {
        "invalid_request"
    };
    let error = json!({
        "reason": problem.reason, "field": problem.field, "message": problem.message,
    });
    let body = json!({
        "code": code, "message": problem.message, "errors": [error],
        "meta": {"error": problem.message},
    });
    json_answer(status, &body)
}
