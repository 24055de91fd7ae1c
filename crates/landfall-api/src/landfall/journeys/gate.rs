//! The launch gate of a journey, and the log of waivers.

use axum::Json;
use landfall_engine::journeys::{Versions, WaiverCall, WaiverError};
use landfall_journey::gate::{Judged, Requirement, Standing, Waiver, WaiverAction};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::problem::{Code, FaultBody, Problem, ProblemBody};
use super::super::visit::{Place, Sent, Visit};
use super::qa::RecordSummary;

/// How a journey stands with its launch.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct GateAnswer {
    /// The journey's slug.
    journey: String,
    /// `draft`, `running`, `paused` or `stopped`.
    state: &'static str,
    /// The version that is judged: the newest.
    version: u32,
    /// Whether that version may start.
    open: bool,
    /// Every requirement, in order.
    requirements: Vec<RequirementAnswer>,
    /// The latest run of the test profiles of this version.
    #[serde(skip_serializing_if = "Option::is_none")]
    qa: Option<RecordSummary>,
}

/// How a launch stands with one requirement.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RequirementAnswer {
    /// `naming`, `goal`, `fallback`, `consent`, `owner`, `alert` or `qa`.
    requirement: &'static str,
    /// `met`, `missing` or `waived`.
    state: &'static str,
    /// What is wrong, each with its place in the definition and what to do about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lacks: Vec<FaultBody>,
    /// Who waived it, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiver: Option<WaiverAnswer>,
}

/// An entry of the log of waivers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WaiverAnswer {
    /// Its number in the workspace; absent where the gate shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
    /// Which requirement.
    requirement: &'static str,
    /// `waive` or `withdraw`.
    action: &'static str,
    /// For which version; null: for all.
    version: Option<u32>,
    /// Why.
    reason: String,
    /// Who, as the caller said.
    by: String,
    /// The number of the app key that the call came with.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<u32>,
    /// Milliseconds since the epoch.
    at_ms: i64,
}

/// The log of waivers of a journey.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WaiverList {
    /// Oldest first. Nothing is ever taken out.
    waivers: Vec<WaiverAnswer>,
}

/// A requirement that somebody gives up on, or comes back to.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaiveCall {
    /// `naming`, `goal`, `fallback`, `consent`, `owner`, `alert` or `qa`.
    requirement: String,
    /// Why, in up to 1,000 characters.
    reason: String,
    /// Who; left out: the app key.
    #[serde(default)]
    by: Option<String>,
    /// For which version: a number or `"all"`; left out: the newest.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    version: Value,
    /// `true`: the waiver ends, and the requirement has to be met again.
    #[serde(default)]
    withdraw: bool,
}

impl RequirementAnswer {
    pub(crate) fn of(judged: &Judged) -> Self {
        let (state, waiver) = match &judged.standing {
            Standing::Met => ("met", None),
            Standing::Missing(_) => ("missing", None),
            Standing::Waived { waiver, .. } => ("waived", Some(WaiverAnswer::of(None, waiver))),
        };
        Self {
            requirement: judged.requirement.name(),
            state,
            lacks: judged
                .lacks()
                .iter()
                .cloned()
                .map(FaultBody::from)
                .collect(),
            waiver,
        }
    }
}

impl WaiverAnswer {
    fn of(number: Option<u32>, entry: &Waiver) -> Self {
        Self {
            number,
            requirement: entry.requirement.name(),
            action: entry.action.name(),
            version: entry.version,
            reason: entry.reason.clone(),
            by: entry.by.clone(),
            key: entry.key,
            at_ms: entry.at.millis(),
        }
    }
}

/// What keeps a journey from starting, what is met, and what was waived.
#[utoipa::path(get, path = "/landfall/v1/journeys/{journey}/gate", operation_id = "getLaunchGate",
    params(("journey" = String, Path, description = "Slug, number or name")),
    responses((status = 200, body = GateAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn get(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<GateAnswer>, Problem> {
    let gate = visit.workspace.gate(&name).await?;
    Ok(Json(GateAnswer {
        open: gate.is_open(),
        journey: gate.journey.slug,
        state: gate.journey.state.name(),
        version: gate.journey.version,
        requirements: gate.judged.iter().map(RequirementAnswer::of).collect(),
        qa: gate.qa.as_ref().map(RecordSummary::of),
    }))
}

/// Every waiver that was ever given or withdrawn for a journey, with who and why.
#[utoipa::path(get, path = "/landfall/v1/journeys/{journey}/waivers", operation_id = "listWaivers",
    params(("journey" = String, Path, description = "Slug, number or name")),
    responses((status = 200, body = WaiverList), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn waivers(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<WaiverList>, Problem> {
    let log = visit.workspace.waivers(&name).await?;
    let waivers = log
        .iter()
        .map(|(number, entry)| WaiverAnswer::of(Some(*number), entry));
    Ok(Json(WaiverList {
        waivers: waivers.collect(),
    }))
}

/// Waives a requirement of a journey's launch with a reason, or withdraws a waiver. Both stay in the log. It
/// concerns the next start: what runs goes on.
#[utoipa::path(post, path = "/landfall/v1/journeys/{journey}/waivers", operation_id = "waiveRequirement",
    request_body = WaiveCall,
    params(("journey" = String, Path, description = "Slug, number or name")),
    responses((status = 200, body = WaiverAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "there is nothing to withdraw")), tag = "journeys")]
pub(crate) async fn waive(
    visit: Visit,
    Place(name): Place<String>,
    Sent(call): Sent<WaiveCall>,
) -> Result<Json<WaiverAnswer>, Problem> {
    let requirement = Requirement::named(&call.requirement).ok_or_else(|| {
        let known = Requirement::ALL.map(Requirement::name).join(", ");
        Problem::field("requirement", format!("write one of: {known}"))
    })?;
    let call = WaiverCall {
        requirement,
        action: if call.withdraw {
            WaiverAction::Withdraw
        } else {
            WaiverAction::Waive
        },
        versions: versions(&call.version)?,
        reason: call.reason,
        author: visit.author(call.by.as_deref()),
    };
    let (number, entry) = visit.workspace.waive(&name, &call).await?;
    Ok(Json(WaiverAnswer::of(Some(number), &entry)))
}

fn versions(said: &Value) -> Result<Versions, Problem> {
    let number = || u32::try_from(said.as_u64()?).ok();
    match said {
        Value::Null => Ok(Versions::Newest),
        Value::String(word) if word == "all" => Ok(Versions::All),
        _ => number()
            .map(Versions::One)
            .ok_or_else(|| Problem::field("version", "write a number or \"all\"")),
    }
}

impl From<WaiverError> for Problem {
    fn from(error: WaiverError) -> Self {
        match error {
            WaiverError::Invalid { field, fix } => Self::field(field, fix),
            WaiverError::NotWaived(_) => Self::new(Code::Conflict, error.to_string()),
            WaiverError::Journey(error) => error.into(),
        }
    }
}
