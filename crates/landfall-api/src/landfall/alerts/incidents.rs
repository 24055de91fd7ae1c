//! `/landfall/v1/incidents`: what is off, and what is done about it; `/landfall/v1/monitor`.

use axum::Json;
use landfall_audience::definition::parse_duration;
use landfall_domain::time::Timestamp;
use landfall_engine::Workspace;
use landfall_engine::monitor::{Case, IncidentError};
use landfall_insight::alerts::{self, Action};
use serde::{Deserialize, Serialize};

use super::super::problem::{Code, Problem, ProblemBody};
use super::super::visit::{Place, Sent, Visit};
use super::answer::{IncidentAnswer, IncidentInFull, MonitorAnswer, state_of};

/// Incidents.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IncidentList {
    /// Newest first.
    incidents: Vec<IncidentAnswer>,
    /// How many pass the filter.
    total: usize,
    /// How the monitor is doing.
    monitor: MonitorAnswer,
    /// Whether the board held everything that the ledger holds when this was answered.
    complete: bool,
}

/// Who does it.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub(crate) struct By {
    /// Who; the app key's number if left out.
    by: Option<String>,
}

/// For how long an incident may wait: one of the two.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct SnoozeCall {
    /// Until when, in milliseconds since the epoch.
    until_ms: Option<i64>,
    /// For how long, such as `4h` or `2d`.
    #[serde(rename = "for")]
    for_: Option<String>,
    /// Who; the app key's number if left out.
    by: Option<String>,
}

/// A word for the timeline.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(crate) struct NoteCall {
    /// The word.
    text: String,
    /// Who; the app key's number if left out.
    by: Option<String>,
}

/// Longest note in characters.
const NOTE_CHARS_MAX: usize = 2_000;

/// What is off, and what was: incidents of the last half year.
#[utoipa::path(get, path = "/landfall/v1/incidents", operation_id = "listIncidents",
    params(
        ("state" = Option<String>, Query, description = "`live` (default), `open`, `acknowledged`, `snoozed`, `resolved` or `all`"),
        ("journey" = Option<String>, Query, description = "Only those that touch it: number, name, or `campaign:31`"),
        ("platform" = Option<String>, Query, description = "Only those of a slice that names it"),
        ("metric" = Option<String>, Query, description = "Such as `delivered`"),
        ("limit" = Option<u32>, Query, description = "At most so many, up to 200; 50 if left out"),
    ),
    responses((status = 200, body = IncidentList), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody)), tag = "alerts")]
pub(crate) async fn list(visit: Visit) -> Result<Json<IncidentList>, Problem> {
    const STATES: [&str; 6] = ["live", "open", "acknowledged", "snoozed", "resolved", "all"];
    let state = visit.parameter("state").unwrap_or("live");
    if !STATES.contains(&state) {
        let message = format!("write one of {}", STATES.join(", "));
        return Err(Problem::field("state", message));
    }
    let metric = visit.parameter("metric");
    if metric.is_some_and(|name| alerts::Metric::named(name).is_none()) {
        let names: Vec<&str> = alerts::Metric::ALL.map(alerts::Metric::name).to_vec();
        return Err(Problem::field(
            "metric",
            format!("write one of {}", names.join(", ")),
        ));
    }
    let limit = visit.limit(50, 200)?;
    let (cases, overview) = visit.workspace.incidents().await?;
    let wanted = |case: &Case| {
        let head = &case.incident.finding.head;
        let in_state = match state {
            "all" => true,
            "live" => case.incident.is_live(),
            state => state_of(case) == state,
        };
        let platform = visit.parameter("platform");
        in_state
            && metric.is_none_or(|name| head.metric.name() == name)
            && platform.is_none_or(|name| head.slice.0.get("platform").is_some_and(|p| p == name))
            && visit
                .parameter("journey")
                .is_none_or(|name| touches(&visit.workspace, case, name))
    };
    let cases: Vec<&Case> = cases.iter().filter(|case| wanted(case)).collect();
    let shown = cases.iter().take(limit);
    Ok(Json(IncidentList {
        incidents: shown
            .map(|case| IncidentAnswer::of(&visit.workspace, case))
            .collect(),
        total: cases.len(),
        monitor: MonitorAnswer::of(&overview, visit.complete()),
        complete: visit.complete(),
    }))
}

/// Whether an incident touches a journey that is written by number, name or as in queries.
fn touches(workspace: &Workspace, case: &Case, name: &str) -> bool {
    case.particulars.journeys.iter().any(|journey| {
        let number = journey.split_once(':').map(|(_, number)| number);
        let called = workspace.journey_called(journey);
        journey == name
            || number == Some(name)
            || called.is_some_and(|called| called.eq_ignore_ascii_case(name))
    })
}

/// One incident with its timeline, its evidence, its messages, and the figures of its slice.
#[utoipa::path(get, path = "/landfall/v1/incidents/{id}", operation_id = "getIncident",
    params(("id" = String, Path, description = "Such as `inc-3`")),
    responses((status = 200, body = IncidentInFull), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "alerts")]
pub(crate) async fn get(
    visit: Visit,
    Place(id): Place<String>,
) -> Result<Json<IncidentInFull>, Problem> {
    let case = visit.workspace.incident(&id).await?;
    in_full(&visit, case).await
}

async fn in_full(visit: &Visit, case: Case) -> Result<Json<IncidentInFull>, Problem> {
    let series = visit.workspace.incident_series(&case.incident.id).await?;
    Ok(Json(IncidentInFull::of(&visit.workspace, &case, series)))
}

async fn act(
    visit: Visit,
    id: &str,
    action: Action,
    by: Option<&str>,
) -> Result<Json<IncidentInFull>, Problem> {
    let author = visit.author(by);
    let acted = visit.workspace.act_on_incident(id, action, &author.by);
    let case = acted.await?;
    in_full(&visit, case).await
}

/// Says that somebody works on it: no more messages, unless it gets much worse.
#[utoipa::path(post, path = "/landfall/v1/incidents/{id}/acknowledge", operation_id = "acknowledgeIncident",
    params(("id" = String, Path, description = "Such as `inc-3`")), request_body = By,
    responses((status = 200, body = IncidentInFull), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)), tag = "alerts")]
pub(crate) async fn acknowledge(
    visit: Visit,
    Place(id): Place<String>,
    Sent(call): Sent<By>,
) -> Result<Json<IncidentInFull>, Problem> {
    act(visit, &id, Action::Acknowledge, call.by.as_deref()).await
}

/// Lets it wait: no messages until then.
#[utoipa::path(post, path = "/landfall/v1/incidents/{id}/snooze", operation_id = "snoozeIncident",
    params(("id" = String, Path, description = "Such as `inc-3`")), request_body = SnoozeCall,
    responses((status = 200, body = IncidentInFull), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody)), tag = "alerts")]
pub(crate) async fn snooze(
    visit: Visit,
    Place(id): Place<String>,
    Sent(call): Sent<SnoozeCall>,
) -> Result<Json<IncidentInFull>, Problem> {
    let until = match (call.until_ms, call.for_.as_deref()) {
        (Some(until), None) => Timestamp::from_millis(until),
        (None, Some(text)) => {
            let wrong = || Problem::field("for", "write a time such as `30m`, `4h` or `2d`");
            let pause = parse_duration(text).ok_or_else(wrong)?;
            visit.workspace.now().plus_millis(pause)
        }
        _ => {
            return Err(Problem::field(
                "until_ms",
                "write either `until_ms` or `for`",
            ));
        }
    };
    act(visit, &id, Action::Snooze { until }, call.by.as_deref()).await
}

/// Declares it over. Should it have been wrong to, it comes back once it was over and is off again.
#[utoipa::path(post, path = "/landfall/v1/incidents/{id}/resolve", operation_id = "resolveIncident",
    params(("id" = String, Path, description = "Such as `inc-3`")), request_body = By,
    responses((status = 200, body = IncidentInFull), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)), tag = "alerts")]
pub(crate) async fn resolve(
    visit: Visit,
    Place(id): Place<String>,
    Sent(call): Sent<By>,
) -> Result<Json<IncidentInFull>, Problem> {
    act(visit, &id, Action::Resolve, call.by.as_deref()).await
}

/// Adds a word to the timeline, also when it is over.
#[utoipa::path(post, path = "/landfall/v1/incidents/{id}/notes", operation_id = "noteIncident",
    params(("id" = String, Path, description = "Such as `inc-3`")), request_body = NoteCall,
    responses((status = 200, body = IncidentInFull), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)), tag = "alerts")]
pub(crate) async fn note(
    visit: Visit,
    Place(id): Place<String>,
    Sent(call): Sent<NoteCall>,
) -> Result<Json<IncidentInFull>, Problem> {
    let text = call.text.trim().to_owned();
    if text.is_empty() || text.chars().count() > NOTE_CHARS_MAX {
        let message = format!("write 1 to {NOTE_CHARS_MAX} characters");
        return Err(Problem::field("text", message));
    }
    act(visit, &id, Action::Note { text }, call.by.as_deref()).await
}

/// How the monitor is doing.
#[utoipa::path(get, path = "/landfall/v1/monitor", operation_id = "getMonitor",
    responses((status = 200, body = MonitorAnswer), (status = 401, body = ProblemBody)), tag = "alerts")]
pub(crate) async fn monitor(visit: Visit) -> Result<Json<MonitorAnswer>, Problem> {
    let (_, overview) = visit.workspace.incidents().await?;
    Ok(Json(MonitorAnswer::of(&overview, visit.complete())))
}

impl From<IncidentError> for Problem {
    fn from(error: IncidentError) -> Self {
        match error {
            IncidentError::Missing(id) => Self::not_found("incident", &id),
            IncidentError::Impossible(alerts::IncidentError::UntilThePast) => {
                Self::field("until_ms", alerts::IncidentError::UntilThePast.to_string())
            }
            IncidentError::Impossible(error) => {
                Self::new(Code::IncidentResolved, error.to_string())
            }
            IncidentError::Query(error) => error.into(),
            IncidentError::Store(error) => error.into(),
        }
    }
}
