//! `/landfall/v1/alert-rules`: rules of one's own, tried on history before they are saved.

use axum::Json;
use axum::http::StatusCode;
use landfall_domain::time::Timestamp;
use landfall_engine::monitor::counts::BUCKET_MS;
use landfall_engine::monitor::{RuleError, RuleView, Trial};
use landfall_insight::alerts::{Episode, Found, Known, Point};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::problem::{Problem, ProblemBody};
use super::super::visit::{Place, Sent, Visit};

/// A rule, and how it stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RuleAnswer {
    /// The rule, journeys by their number.
    #[schema(value_type = Object)]
    rule: Value,
    /// `kept`, `broken`, `too_little` or `unknown`.
    state: &'static str,
    /// What it says while it is broken.
    words: Option<String>,
    /// The end of the last window that it was judged by.
    judged_ms: Option<i64>,
    /// When it was made or changed.
    created_ms: i64,
}

/// Rules.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RuleList {
    /// By id.
    rules: Vec<RuleAnswer>,
}

/// What to try.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct TrialCall {
    /// The rule, as it would be saved.
    #[schema(value_type = Object)]
    rule: Value,
    /// Days of history, 1 to 90; 28 if left out.
    days: Option<u32>,
    /// Incidents that it should find, beside those that the monitor knows.
    #[serde(default)]
    known: Vec<KnownCall>,
}

/// An incident of the past.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct KnownCall {
    /// Which.
    id: String,
    /// When it began.
    from_ms: i64,
    /// When it ended.
    to_ms: i64,
}

/// What a rule would have done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TrialAnswer {
    /// Days of history that it was tried on.
    days: f64,
    /// Stretches in which it was broken: `from_ms` of the first message, `to_ms`, `words`, `incidents`.
    #[schema(value_type = Vec<Object>)]
    episodes: Vec<Episode>,
    /// Incidents that it found: `id`, `after_ms`.
    #[schema(value_type = Vec<Object>)]
    hits: Vec<Found>,
    /// Incidents that it missed.
    misses: Vec<String>,
    /// Episodes without an incident.
    without_incident: usize,
    /// Messages of any kind.
    messages: usize,
    /// Messages to expect in thirty days; `null` without history.
    messages_a_month: Option<f64>,
    /// Moments at which there was too little to tell, of `moments`.
    too_little: usize,
    /// Moments at which it was judged.
    moments: usize,
    /// The figures for a chart, at most 700 points.
    series: Vec<TrialPoint>,
}

/// A point of the chart: one or more quarter hours.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TrialPoint {
    at_ms: i64,
    cases: u64,
    hits: u64,
    /// Whether the rule was broken in it.
    broken: bool,
    /// The rate that the rule asks for, if it names one.
    threshold: Option<f64>,
}

/// Points of a chart.
const POINTS_MAX: usize = 700;
/// Days that are tried when nobody says otherwise.
const DAYS: u32 = 28;
/// Most days that are tried.
const DAYS_MAX: u32 = 90;

impl From<RuleView> for RuleAnswer {
    fn from(view: RuleView) -> Self {
        Self {
            rule: view.rule,
            state: view.state.name(),
            words: view.words,
            judged_ms: view.judged_at.map(Timestamp::millis),
            created_ms: view.at.millis(),
        }
    }
}

/// All rules, and how they stand.
#[utoipa::path(get, path = "/landfall/v1/alert-rules", operation_id = "listAlertRules",
    responses((status = 200, body = RuleList), (status = 401, body = ProblemBody)), tag = "alerts")]
pub(crate) async fn list(visit: Visit) -> Result<Json<RuleList>, Problem> {
    let rules = visit.workspace.alert_rules().await?;
    Ok(Json(RuleList {
        rules: rules.into_iter().map(RuleAnswer::from).collect(),
    }))
}

/// One rule, and how it stands.
#[utoipa::path(get, path = "/landfall/v1/alert-rules/{id}", operation_id = "getAlertRule",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, body = RuleAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "alerts")]
pub(crate) async fn get(
    visit: Visit,
    Place(id): Place<String>,
) -> Result<Json<RuleAnswer>, Problem> {
    Ok(Json(visit.workspace.alert_rule(&id).await?.into()))
}

/// Makes or replaces a rule.
#[utoipa::path(put, path = "/landfall/v1/alert-rules/{id}", operation_id = "putAlertRule",
    params(("id" = String, Path, description = "Its id")), request_body = Value,
    responses((status = 200, body = RuleAnswer), (status = 401, body = ProblemBody),
        (status = 422, body = ProblemBody)), tag = "alerts")]
pub(crate) async fn put(
    visit: Visit,
    Place(id): Place<String>,
    Sent(rule): Sent<Value>,
) -> Result<Json<RuleAnswer>, Problem> {
    Ok(Json(
        visit.workspace.set_alert_rule(&id, rule).await?.into(),
    ))
}

/// Removes a rule.
#[utoipa::path(delete, path = "/landfall/v1/alert-rules/{id}", operation_id = "deleteAlertRule",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)),
    tag = "alerts")]
pub(crate) async fn remove(visit: Visit, Place(id): Place<String>) -> Result<StatusCode, Problem> {
    visit.workspace.remove_alert_rule(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tries a rule on history: what it would have found, missed, and said.
#[utoipa::path(post, path = "/landfall/v1/alert-rules/backtest", operation_id = "backtestAlertRule",
    request_body = TrialCall,
    responses((status = 200, body = TrialAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 422, body = ProblemBody)), tag = "alerts")]
pub(crate) async fn backtest(
    visit: Visit,
    Sent(call): Sent<TrialCall>,
) -> Result<Json<TrialAnswer>, Problem> {
    let days = call.days.unwrap_or(DAYS);
    if !(1..=DAYS_MAX).contains(&days) {
        let message = format!("write a number from 1 to {DAYS_MAX}");
        return Err(Problem::field("days", message));
    }
    let known = call.known.into_iter().map(|known| Known {
        id: known.id,
        from: Timestamp::from_millis(known.from_ms),
        to: Timestamp::from_millis(known.to_ms),
    });
    let tried = visit
        .workspace
        .try_alert_rule(call.rule, days, known.collect());
    Ok(Json(answer(tried.await?)))
}

fn answer(trial: Trial) -> TrialAnswer {
    let series = series(&trial);
    let result = trial.backtest;
    TrialAnswer {
        days: result.days,
        episodes: result.episodes,
        hits: result.hits,
        misses: result.misses,
        without_incident: result.without_incident,
        messages: result.messages,
        messages_a_month: result.messages_a_month,
        too_little: result.too_little,
        moments: result.moments,
        series,
    }
}

/// Quarter hours, so many together that they fit a chart.
fn series(trial: &Trial) -> Vec<TrialPoint> {
    let each = trial.points.len().div_ceil(POINTS_MAX).max(1);
    let of = |points: &[Point]| {
        let start = points.first()?.start;
        let end = points.last()?.start.plus_millis(BUCKET_MS);
        let mut ends = trial.backtest.broken.iter();
        Some(TrialPoint {
            at_ms: start.millis(),
            cases: points.iter().map(|point| point.cases).sum(),
            hits: points.iter().map(|point| point.hits).sum(),
            broken: ends.any(|at| *at > start && *at <= end),
            threshold: trial.threshold,
        })
    };
    trial.points.chunks(each).filter_map(of).collect()
}

impl From<RuleError> for Problem {
    fn from(error: RuleError) -> Self {
        match error {
            RuleError::Faults(faults) => Self::faults(&faults),
            RuleError::Missing(id) => Self::not_found("rule", &id),
            RuleError::Query(error) => error.into(),
            RuleError::Store(error) => error.into(),
        }
    }
}
