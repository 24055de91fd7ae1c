//! The address at which somebody's server starts a journey.

use axum::Json;
use landfall_engine::random::SystemRandom;
use serde::Serialize;

use super::super::problem::{Problem, ProblemBody};
use super::super::visit::{Place, Visit};

/// A new address.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct HookAnswer {
    /// The journey's slug.
    pub(crate) journey: String,
    /// The address below this server's. Its last part is secret, and shown only now.
    #[schema(example = "/hooks/journeys/ws_1/0f3c...")]
    pub(crate) path: String,
    /// The whole address; absent when nobody said where this server is reached (`--public-url`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
}

/// Makes the address at which calls start a journey with the trigger `webhook`. It is shown only now, and
/// the one before it leads nowhere any more.
#[utoipa::path(post, path = "/landfall/v1/journeys/{journey}/hook", operation_id = "renewJourneyHook",
    params(("journey" = String, Path, description = "Slug, number or name")),
    responses((status = 200, body = HookAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "calls do not start this journey")),
    tag = "journeys")]
pub(crate) async fn renew(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<HookAnswer>, Problem> {
    let hook = visit.workspace.renew_hook(&name, &SystemRandom).await?;
    let path = format!("/hooks/journeys/{}/{}", visit.workspace.id(), hook.token);
    Ok(Json(HookAnswer {
        journey: hook.slug,
        url: visit.links().map(|links| links.to(&path)),
        path,
    }))
}
