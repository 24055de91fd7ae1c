//! `/landfall/v1/health`: whether messages go out and arrive, and what to do when they do not. What
//! `landfall doctor` shows.

mod facts;
mod rules;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::problem::{Problem, ProblemBody};
use super::visit::Visit;
use crate::app::App;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// As it should be.
    Ok,
    /// Somebody should look at it.
    Warning,
    /// Messages do not go out, do not arrive, or will not soon.
    Alarm,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub(crate) struct Finding {
    /// What was looked at: `sending`, `credential`, `breaker`, `mass_guard`, `expiry`, `route`,
    /// `backlog`, `clock`, `silence`, `runs`.
    check: &'static str,
    /// Of which credential, provider or way; empty: of the workspace.
    about: String,
    /// How bad it is.
    level: Level,
    /// What was found.
    message: String,
    /// What to do; empty: nothing.
    fix: String,
    /// Since when, in milliseconds since 1970 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    since_ms: Option<i64>,
}

/// The health of sending in one workspace.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Health {
    /// The worst level of all findings.
    level: Level,
    /// What was looked at, the worst first.
    findings: Vec<Finding>,
    /// What waits and what is on its way.
    backlog: Waiting,
    /// Whether this server sends what is due.
    sending: bool,
    /// Whether the board held everything that the ledger holds; if not, `silence` is not judged.
    complete: bool,
    /// When this was looked at, in milliseconds since 1970 UTC.
    as_of_ms: i64,
}

/// Messages that wait or are being handed over.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct Waiting {
    /// Messages that wait, due or not; a push whose devices are still to be chosen counts once.
    waiting: usize,
    /// Messages that are being handed over now.
    in_flight: usize,
    /// Since when the oldest waiting message is due, in milliseconds since 1970 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_due_ms: Option<i64>,
}

/// Whether messages go out and arrive: credentials, breakers, guards, expiry, backlog, clock, and
/// providers that take pushes which no device reports any more.
#[utoipa::path(
    get,
    path = "/landfall/v1/health",
    operation_id = "getHealth",
    responses((status = 200, body = Health), (status = 401, body = ProblemBody)),
    tag = "operations"
)]
pub(crate) async fn get(State(app): State<App>, visit: Visit) -> Result<Json<Health>, Problem> {
    let complete = visit.complete();
    let facts = facts::gather(&app, &visit.workspace, complete).await?;
    let mut findings = rules::findings(&facts);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let waiting = facts.waiting.iter().map(|way| way.count).sum();
    Ok(Json(Health {
        level: findings.first().map_or(Level::Ok, |worst| worst.level),
        findings,
        backlog: Waiting {
            waiting,
            in_flight: facts.in_flight,
            oldest_due_ms: facts.oldest_due.map(|due| due.millis()),
        },
        sending: facts.is_on,
        complete,
        as_of_ms: facts.now.millis(),
    }))
}
