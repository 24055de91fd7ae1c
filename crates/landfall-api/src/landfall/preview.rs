//! `/landfall/v1/preview`: a message that is being written, as somebody would get it.

use std::collections::BTreeSet;

use axum::Json;
use landfall_engine::dispatch::render;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::definitions::{Preview, content, show};
use super::problem::{Problem, ProblemBody};
use super::visit::{Sent, Visit};

/// A message that is being written, and for whom to show it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    /// What it says: `{"channel": "push", "title": ..., "body": ...}`, and so for `email`, `sms`, `slack` and
    /// `webhook`.
    #[schema(value_type = Object)]
    content: Value,
    /// The person: one of `id`, `email`, `phone`, `cio_id`. Without one, nobody.
    #[serde(default)]
    #[schema(value_type = Object)]
    identifiers: Value,
    /// What templates see as `event`: the data of what starts the journey. Its member `failure` is what they see
    /// as `failure`.
    #[serde(default)]
    #[schema(value_type = Object)]
    data: Value,
}

/// A message that is being written, as somebody would get it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DraftPreview {
    #[serde(flatten)]
    preview: Preview,
    /// What its templates read, such as `customer.first_name`.
    reads: BTreeSet<String>,
}

/// Shows a message that is being written as a person would get it. Nothing is sent, and nothing is stored.
#[utoipa::path(post, path = "/landfall/v1/preview", operation_id = "previewMessage", request_body = Draft,
    responses((status = 200, body = DraftPreview),
        (status = 400, body = ProblemBody, description = "`field` names the text that is no template"),
        (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody, description = "nobody is called so")),
    tag = "sending")]
pub(crate) async fn preview(
    visit: Visit,
    Sent(draft): Sent<Draft>,
) -> Result<Json<DraftPreview>, Problem> {
    let content = content("content", draft.content)?;
    let reads = render::reads(&content).unwrap_or_default();
    let preview = show(&visit, content, &draft.identifiers, &draft.data).await?;
    Ok(Json(DraftPreview { preview, reads }))
}
