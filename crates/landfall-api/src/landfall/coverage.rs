//! `GET /landfall/v1/coverage`.

use std::collections::BTreeMap;

use axum::Json;
use landfall_domain::channel::Platform;
use landfall_engine::roster::{Coverage, Reach};
use landfall_insight::Rate;
use serde::Serialize;

use super::metrics::RateAnswer;
use super::problem::{Problem, ProblemBody};
use super::range;
use super::visit::Visit;

/// Token coverage of active people.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CoverageAnswer {
    /// People count as active who did something since then (milliseconds since the epoch).
    pub active_since_ms: i64,
    /// Everybody first, then by platform. A person with devices of two platforms is in both.
    pub groups: Vec<CoverageGroup>,
    /// Whether all people of the store are counted already.
    pub complete: bool,
}

/// Coverage of one group.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CoverageGroup {
    /// `all`, or a platform.
    pub group: &'static str,
    /// Active people: the denominator.
    pub active: u64,
    /// Covered people as a share of active ones.
    pub coverage: RateAnswer,
    /// Active people by reach: `covered`, or why not. They add up to `active`.
    pub by_reach: BTreeMap<&'static str, u64>,
    /// Covered people whose app said that notifications are permitted; the others never said.
    pub permission_confirmed: u64,
}

/// The share of active people with at least one valid, permitted device, split by why not.
#[utoipa::path(
    get,
    path = "/landfall/v1/coverage",
    operation_id = "getCoverage",
    params(("since" = Option<String>, Query, description = "Who counts as active: `30d` (default), `7d`, a date")),
    responses(
        (status = 200, body = CoverageAnswer),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
    ),
    tag = "people"
)]
pub(crate) async fn get(visit: Visit) -> Result<Json<CoverageAnswer>, Problem> {
    let since = visit.parameter("since").unwrap_or("30d");
    let range = range::parse(since, visit.workspace.now(), &jiff::tz::TimeZone::UTC)
        .map_err(|error| Problem::field("since", error.to_string()))?;
    let since = range
        .start
        .ok_or_else(|| Problem::field("since", "say since when"))?;
    let groups = visit.workspace.with_roster(|roster| {
        let everybody = group("all", &roster.coverage(since, None));
        let platforms = Platform::ALL
            .iter()
            .map(|platform| group(platform.name(), &roster.coverage(since, Some(*platform))));
        std::iter::once(everybody).chain(platforms).collect()
    });
    Ok(Json(CoverageAnswer {
        active_since_ms: since.millis(),
        groups,
        complete: visit.complete(),
    }))
}

fn group(name: &'static str, coverage: &Coverage) -> CoverageGroup {
    let covered = coverage.of(Reach::Covered);
    CoverageGroup {
        group: name,
        active: coverage.active,
        coverage: Rate::new("covered", covered, "active", coverage.active).into(),
        by_reach: Reach::ALL
            .iter()
            .map(|reach| (reach.name(), coverage.of(*reach)))
            .collect(),
        permission_confirmed: coverage.confirmed,
    }
}
