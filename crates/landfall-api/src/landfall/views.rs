//! `/landfall/v1/views`: views of pages that somebody kept, such as the log with its filters.

use axum::Json;
use axum::http::StatusCode;
use landfall_engine::views::{View, ViewError};
use serde::{Deserialize, Serialize};

use super::problem::{Code, Problem, ProblemBody};
use super::visit::{Place, Sent, Visit};

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 100;
/// Longest state of a page, in bytes.
const QUERY_BYTES_MAX: usize = 4_000;

/// A view to keep.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewCall {
    /// What people call it, up to 100 characters; no other view of the page has it.
    #[schema(example = "iOS bounces")]
    name: String,
    /// The page: lower case letters.
    #[schema(example = "log")]
    page: String,
    /// The state of the page: the query of its address, without the question mark.
    #[schema(example = "status=bounced&platform=ios&range=7d")]
    query: String,
    /// Who keeps it; left out: the app key.
    #[serde(default)]
    by: Option<String>,
}

/// A view.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ViewAnswer {
    /// Its number.
    number: u32,
    /// What people call it.
    name: String,
    /// The page.
    page: String,
    /// The state of the page: the query of its address.
    query: String,
    /// Who kept it.
    by: String,
    /// When it was kept (milliseconds since the epoch).
    at_ms: i64,
}

/// Views.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ViewList {
    /// By page and name.
    views: Vec<ViewAnswer>,
}

impl ViewAnswer {
    fn of(number: u32, view: View) -> Self {
        Self {
            number,
            name: view.name,
            page: view.page,
            query: view.query,
            by: view.by,
            at_ms: view.at.millis(),
        }
    }
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        let message = error.to_string();
        match error {
            ViewError::Taken(_) | ViewError::Full => Self::new(Code::Conflict, message),
            ViewError::Store(error) => error.into(),
        }
    }
}

fn view(visit: &Visit, call: ViewCall) -> Result<View, Problem> {
    let name = call.name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        let message = format!("write 1 to {NAME_CHARS_MAX} characters");
        return Err(Problem::field("name", message));
    }
    let is_page = (1..=20).contains(&call.page.len());
    if !is_page || !call.page.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Err(Problem::field("page", "write a page, such as `log`"));
    }
    if call.query.len() > QUERY_BYTES_MAX || call.query.contains(['?', '#', ' ']) {
        let message = format!(
            "write the query of an address without `?`, encoded, up to {QUERY_BYTES_MAX} bytes"
        );
        return Err(Problem::field("query", message));
    }
    Ok(View {
        name: name.to_owned(),
        page: call.page,
        query: call.query,
        by: visit.author(call.by.as_deref()).by,
        at: visit.workspace.now(),
    })
}

/// All views.
#[utoipa::path(get, path = "/landfall/v1/views", operation_id = "listViews",
    responses((status = 200, body = ViewList), (status = 401, body = ProblemBody)), tag = "views")]
pub(crate) async fn list(visit: Visit) -> Result<Json<ViewList>, Problem> {
    let views = visit.workspace.views().await?;
    let views = views
        .into_iter()
        .map(|(number, view)| ViewAnswer::of(number, view));
    Ok(Json(ViewList {
        views: views.collect(),
    }))
}

/// Keeps a view under a new name.
#[utoipa::path(post, path = "/landfall/v1/views", operation_id = "keepView", request_body = ViewCall,
    responses((status = 201, body = ViewAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "the name is taken, or there are 200")), tag = "views")]
pub(crate) async fn keep(
    visit: Visit,
    Sent(call): Sent<ViewCall>,
) -> Result<(StatusCode, Json<ViewAnswer>), Problem> {
    let view = view(&visit, call)?;
    let number = visit.workspace.keep_view(view.clone()).await?;
    Ok((StatusCode::CREATED, Json(ViewAnswer::of(number, view))))
}

/// Replaces a view.
#[utoipa::path(put, path = "/landfall/v1/views/{id}", operation_id = "replaceView", request_body = ViewCall,
    params(("id" = u32, Path, description = "The view's number")),
    responses((status = 200, body = ViewAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "another view has the name")), tag = "views")]
pub(crate) async fn replace(
    visit: Visit,
    Place(number): Place<u32>,
    Sent(call): Sent<ViewCall>,
) -> Result<Json<ViewAnswer>, Problem> {
    let view = view(&visit, call)?;
    if !visit.workspace.replace_view(number, view.clone()).await? {
        return Err(Problem::not_found("view", &number.to_string()));
    }
    Ok(Json(ViewAnswer::of(number, view)))
}

/// Deletes a view.
#[utoipa::path(delete, path = "/landfall/v1/views/{id}", operation_id = "deleteView",
    params(("id" = u32, Path, description = "The view's number")),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)), tag = "views")]
pub(crate) async fn delete(visit: Visit, Place(number): Place<u32>) -> Result<StatusCode, Problem> {
    if visit.workspace.delete_view(number).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("view", &number.to_string()))
    }
}
