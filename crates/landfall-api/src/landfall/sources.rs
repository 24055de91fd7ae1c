//! `/landfall/v1/sources`: where webhooks come from.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::problem::{Problem, ProblemBody};
use super::visit::{Sent, Visit};
use crate::app::App;

/// A webhook source to add.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct NewSource {
    /// The last part of the URL: letters, digits, `-` and `_`.
    pub(crate) name: String,
    /// The signing key that Customer.io shows for the webhook. Stored sealed, never shown again.
    pub(crate) signing_key: String,
}

/// A webhook source.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SourceAnswer {
    /// Its name.
    pub(crate) name: String,
    /// The path that the reporting webhook must be pointed at.
    pub(crate) path: String,
}

/// Webhook sources.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SourceList {
    /// The sources of this workspace.
    pub(crate) sources: Vec<SourceAnswer>,
}

/// Webhook sources of this workspace.
#[utoipa::path(
    get,
    path = "/landfall/v1/sources",
    operation_id = "listSources",
    responses((status = 200, body = SourceList), (status = 401, body = ProblemBody)),
    tag = "operations"
)]
pub(crate) async fn list(State(app): State<App>, visit: Visit) -> Json<SourceList> {
    let records = app.directory.records();
    let own = records
        .iter()
        .find(|record| record.id == visit.workspace.id());
    let sources = own.map(|record| record.sources.keys().map(|name| answer(name)).collect());
    Json(SourceList {
        sources: sources.unwrap_or_default(),
    })
}

/// Adds a webhook source, or changes its key.
#[utoipa::path(
    put,
    path = "/landfall/v1/sources",
    operation_id = "putSource",
    request_body = NewSource,
    responses(
        (status = 200, body = SourceAnswer),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
        (status = 409, body = ProblemBody),
    ),
    tag = "operations"
)]
pub(crate) async fn put(
    State(app): State<App>,
    visit: Visit,
    Sent(source): Sent<NewSource>,
) -> Result<Json<SourceAnswer>, Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if source.name.is_empty() || !source.name.chars().all(fits) {
        return Err(Problem::field("name", "use letters, digits, `-` and `_`"));
    }
    if source.signing_key.is_empty() {
        return Err(Problem::field(
            "signing_key",
            "give the key that Customer.io shows",
        ));
    }
    let answer = answer(&source.name);
    let (directory, workspace) = (app.directory.clone(), visit.workspace.clone());
    super::board(move || directory.set_source(&workspace, &source.name, &source.signing_key))
        .await??;
    Ok(Json(answer))
}

fn answer(name: &str) -> SourceAnswer {
    SourceAnswer {
        name: name.to_owned(),
        path: format!("/hooks/customerio/{name}"),
    }
}
