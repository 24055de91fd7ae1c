//! `GET /landfall/v1/rejected`.

use axum::Json;
use landfall_store::RejectedInput;
use serde::Serialize;

use super::problem::{Problem, ProblemBody};
use super::visit::Visit;

/// Inputs that were refused, newest first, and how many there were.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RejectedList {
    /// The newest ones.
    pub(crate) rejected: Vec<RejectedAnswer>,
    /// How many since the workspace began, by surface and reason.
    pub(crate) counts: Vec<RejectedCount>,
}

/// One refused request or item.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RejectedAnswer {
    /// When, in milliseconds since the epoch.
    pub(crate) at: i64,
    /// Which door.
    pub(crate) surface: String,
    /// Status that the caller got.
    pub(crate) status: u16,
    /// Stable reason.
    pub(crate) reason: String,
    /// What was wrong.
    pub(crate) message: String,
    /// The beginning of what came, redacted.
    pub(crate) sample: String,
}

/// How often a surface refused something for a reason.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RejectedCount {
    /// Which door.
    pub(crate) surface: String,
    /// Stable reason.
    pub(crate) reason: String,
    /// How often.
    pub(crate) count: u64,
}

impl From<RejectedInput> for RejectedAnswer {
    fn from(rejected: RejectedInput) -> Self {
        Self {
            at: rejected.at.millis(),
            surface: rejected.surface,
            status: rejected.status,
            reason: rejected.reason,
            message: rejected.message,
            sample: rejected.sample,
        }
    }
}

/// Inputs that were refused, with the reason.
#[utoipa::path(
    get,
    path = "/landfall/v1/rejected",
    operation_id = "listRejected",
    params(("limit" = Option<usize>, Query, description = "1 to 1000, default 100")),
    responses((status = 200, body = RejectedList), (status = 401, body = ProblemBody)),
    tag = "operations"
)]
pub(crate) async fn list(visit: Visit) -> Result<Json<RejectedList>, Problem> {
    let limit = visit.limit(100, 1_000)?;
    let (rejected, counts) = visit
        .workspace
        .read(move |store| Ok((store.rejected(limit)?, store.rejected_counts()?)))
        .await?;
    let counts = counts
        .into_iter()
        .map(|(surface, reason, count)| RejectedCount {
            surface,
            reason,
            count,
        })
        .collect();
    Ok(Json(RejectedList {
        rejected: rejected.into_iter().map(Into::into).collect(),
        counts,
    }))
}
