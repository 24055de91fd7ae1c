//! `/landfall/v1/policy`: the workspace's rules of sending.

use axum::Json;
use landfall_engine::rules::{RulesError, SendingRules};
use serde_json::Value;

use super::problem::{Problem, ProblemBody};
use super::visit::{Sent, Visit};

/// The rules of sending, every part of them.
#[derive(Debug, utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "describes the JSON that the rules write themselves"
)]
pub(crate) struct PolicyBody {
    /// The zone of people who have none, as an IANA name. Without one: `UTC`.
    #[schema(example = "Europe/Berlin")]
    zone: Option<String>,
    /// When nothing is sent, by the person's clock: `{"from": "21:00", "to": "08:00", "days": [...], "zone":
    /// "...", "then": "hold" or "drop"}`. Null: never.
    #[schema(value_type = Option<Object>, example = json!({"from": "21:00", "to": "08:00", "then": "hold"}))]
    quiet_hours: Option<Value>,
    /// How much one person gets in a rolling window: `{"max": 3, "within": "7d", "channels": [...], "counts":
    /// [...], "retry": "1d"}`. All of them hold.
    #[schema(value_type = Vec<Object>, example = json!([{"max": 3, "within": "7d"}]))]
    caps: Vec<Value>,
    /// The same message is not sent twice to one person within this time. Null: it may be.
    #[schema(example = "1h")]
    duplicate_within: Option<String>,
    /// Pushes go to no device that is less likely still there than this, from 0 to 1 (`/landfall/v1/coverage/survival`).
    /// Null: to all of them.
    #[schema(example = 0.2)]
    alive_at_least: Option<f64>,
    /// Subscription topics by identifier: `{"name", "description", "subscribed_by_default"}`. Of a topic that
    /// is not subscribed by default, people get messages only after a yes.
    #[schema(value_type = Object, example = json!({"news": {"name": "News", "subscribed_by_default": false}}))]
    topics: Value,
}

/// The rules of sending: zone, quiet hours, caps, duplicates and topics.
#[utoipa::path(get, path = "/landfall/v1/policy", operation_id = "getPolicy",
    responses((status = 200, body = PolicyBody), (status = 401, body = ProblemBody)), tag = "policy")]
pub(crate) async fn get(visit: Visit) -> Result<Json<Value>, Problem> {
    Ok(Json(visit.workspace.sending_rules().await?.to_json()))
}

/// Replaces the rules of sending; what is left out there is not. They count at once, for journeys, their
/// messages and broadcasts that do not say otherwise. With `check=true` nothing is stored.
#[utoipa::path(put, path = "/landfall/v1/policy", operation_id = "putPolicy", request_body = PolicyBody,
    params(("check" = Option<bool>, Query, description = "`true`: only say what is wrong with them")),
    responses((status = 200, body = PolicyBody), (status = 401, body = ProblemBody),
        (status = 422, body = ProblemBody, description = "the faults, each with its place and what to do")),
    tag = "policy")]
pub(crate) async fn put(visit: Visit, Sent(rules): Sent<Value>) -> Result<Json<Value>, Problem> {
    if visit.parameter("check") == Some("true") {
        let read = SendingRules::from_json(&rules);
        let read = read.map_err(|faults| Problem::faults(&faults))?;
        return Ok(Json(read.to_json()));
    }
    let stored = visit.workspace.set_sending_rules(&rules).await?;
    Ok(Json(stored.to_json()))
}

impl From<RulesError> for Problem {
    fn from(error: RulesError) -> Self {
        match error {
            RulesError::Faults(faults) => Self::faults(&faults),
            RulesError::Store(error) => error.into(),
        }
    }
}
