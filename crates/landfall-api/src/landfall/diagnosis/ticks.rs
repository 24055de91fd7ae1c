//! Ticking off a runbook.

use axum::Json;
use landfall_engine::runbook_ticks::Tick;
use landfall_insight::verdict::Verdict;
use serde::{Deserialize, Serialize};

use super::super::problem::{Problem, ProblemBody};
use super::super::visit::{Place, Sent, Visit};

/// Longest text of a part of a tick, in bytes.
const BYTES_MAX: usize = 2_000;

/// A box of a runbook.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TickCall {
    /// The case, as the diagnosis gives it: another problem, cause or place is another case.
    #[schema(example = "delivery, not_received, platform ios, app_version 5.2")]
    case: String,
    /// The `id` of the check.
    #[schema(example = "arrives")]
    check: String,
    /// One of the check's steps, word for word; left out: the check itself.
    #[serde(default)]
    step: Option<String>,
    /// Whether it is done; `false` takes the tick back.
    done: bool,
    /// Who; left out: the app key.
    #[serde(default)]
    by: Option<String>,
}

/// A box that is ticked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TickAnswer {
    /// The `id` of the check.
    check: String,
    /// The step, word for word; absent: the check itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// Who.
    by: String,
    /// When (milliseconds since the epoch).
    at_ms: i64,
}

/// What was ticked off in a case.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TickList {
    /// In the order in which it was done.
    ticks: Vec<TickAnswer>,
}

impl From<Tick> for TickAnswer {
    fn from(tick: Tick) -> Self {
        Self {
            check: tick.check,
            step: tick.step,
            by: tick.by,
            at_ms: tick.at.millis(),
        }
    }
}

/// The case of a verdict: what its runbook is ticked off for.
pub(super) fn case(verdict: &Verdict) -> String {
    let words = [
        word(&verdict.problem),
        word(&verdict.cause),
        verdict.place.slice.to_string(),
    ];
    words.join(", ")
}

/// How a name is serialised.
fn word(name: &impl Serialize) -> String {
    let written = serde_json::to_value(name).unwrap_or_default();
    written.as_str().unwrap_or_default().to_owned()
}

/// Ticks a box of a journey's runbook off, or takes the tick back; answers what is ticked in the case.
#[utoipa::path(put, path = "/landfall/v1/journeys/{journey}/diagnosis/ticks", operation_id = "tickRunbook",
    params(("journey" = String, Path, description = "Slug, number or name; also `campaign:31` of an import")),
    request_body = TickCall,
    responses((status = 200, body = TickList), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn put(
    visit: Visit,
    Place(name): Place<String>,
    Sent(call): Sent<TickCall>,
) -> Result<Json<TickList>, Problem> {
    let step = call.step.as_deref().unwrap_or("whole");
    for (field, text) in [
        ("case", &*call.case),
        ("check", &*call.check),
        ("step", step),
    ] {
        if text.trim().is_empty() || text.len() > BYTES_MAX {
            let message = format!("write what the diagnosis gave, 1 to {BYTES_MAX} bytes");
            return Err(Problem::field(field, message));
        }
    }
    let found = super::find(&visit, &name).await?;
    let tick = Tick {
        case: call.case,
        check: call.check,
        step: call.step,
        by: visit.author(call.by.as_deref()).by,
        at: visit.workspace.now(),
    };
    let ticks = visit
        .workspace
        .tick_runbook(&found.written, tick, call.done);
    Ok(Json(TickList {
        ticks: ticks.await?.into_iter().map(TickAnswer::from).collect(),
    }))
}
