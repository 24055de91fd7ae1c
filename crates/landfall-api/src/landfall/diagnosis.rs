//! `GET /landfall/v1/journeys/{journey}/diagnosis`.

pub(crate) mod ticks;
pub(crate) mod verdicts;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use jiff::tz::TimeZone;
use landfall_board::{Dimension, MessageInfo, Value};
use landfall_domain::message::SourceKind;
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use landfall_engine::diagnosis::{DiagnosisError, Period, Report, Request};
use landfall_engine::journeys::{self, JourneyVersion};
use landfall_insight::runbook::{Done, Runbook, markdown, runbook};
use landfall_insight::verdict::{Change, Standing};
use serde::Serialize;

use super::problem::{Code, Problem, ProblemBody};
use super::visit::{Place, Visit};
use super::{dimension, range};

/// Why a journey's revenue changed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DiagnosisAnswer {
    /// The journey, such as `campaign:31`.
    journey: String,
    /// Its name.
    name: Option<String>,
    /// The period that is looked at.
    period: PeriodAnswer,
    /// The one that it is compared with.
    against: PeriodAnswer,
    /// `losing`, `unreported` (reports are missing, not known to be lost), `quieter` (the season),
    /// `healthy`, or `too_little` to judge.
    #[schema(value_type = String)]
    standing: Standing,
    /// `verdict` (problem, cause, place, since, money, confidence, facts, in one sentence), `unit`,
    /// `decomposition` with `uncertainty`, `stages`, `channels`, `others` and `notes`. Each fact and
    /// stage has `rows`: the query that opens the rows behind it in `/landfall/v1/deliveries`.
    #[schema(value_type = Object)]
    diagnosis: std::sync::Arc<Report>,
    /// What to check first, second, third, with this journey's figures.
    #[schema(value_type = Object)]
    runbook: Runbook,
    /// The case: what boxes of the runbook are ticked off for.
    case: String,
    /// What was ticked off in this case.
    ticks: Vec<ticks::TickAnswer>,
    /// Whether the board held everything that the ledger holds when this was answered.
    complete: bool,
}

/// A period.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PeriodAnswer {
    /// First instant (milliseconds since the epoch).
    from_ms: i64,
    /// First instant after it.
    to_ms: i64,
}

impl From<Period> for PeriodAnswer {
    fn from(period: Period) -> Self {
        Self {
            from_ms: period.start.millis(),
            to_ms: period.end.millis(),
        }
    }
}

/// What a journey's revenue came to beside an earlier period, and why: which stage, where, since when,
/// how much money, how sure, and what to check.
#[utoipa::path(get, path = "/landfall/v1/journeys/{journey}/diagnosis", operation_id = "diagnoseJourney",
    params(
        ("journey" = String, Path, description = "Slug, number or name; also `campaign:31` of an import"),
        ("from" = Option<String>, Query, description = "Beginning of the period: `7d` (default), `2026-11-16`, a time"),
        ("to" = Option<String>, Query, description = "End of the period, not included: the last full hour if left out"),
        ("against" = Option<String>, Query, description = "Range to compare with; if left out, as long a one before, on the same days of the week"),
        ("tz" = Option<String>, Query, description = "Zone in which days begin, such as `Europe/Paris`"),
        ("format" = Option<String>, Query, description = "`json` (default) or `markdown`"),
    ),
    responses((status = 200, body = DiagnosisAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn get(visit: Visit, Place(name): Place<String>) -> Result<Response, Problem> {
    let (period, against) = periods(&visit, visit.workspace.now())?;
    let as_markdown = match visit.parameter("format") {
        None | Some("json") => false,
        Some("markdown") => true,
        Some(_) => return Err(Problem::field("format", "write json or markdown")),
    };
    let found = find(&visit, &name).await?;
    let sent = (found.journey, found.written.clone());
    let request = request(sent, found.changes, (period, against));
    let workspace = visit.workspace.clone();
    let report = super::board(move || workspace.diagnosis(&request, super::threads()));
    let report = report.await??;
    let case = ticks::case(&report.diagnosis.verdict);
    let ticks = visit.workspace.runbook_ticks(&found.written, &case).await?;
    let runbook = runbook(&report.diagnosis);
    if as_markdown {
        let title = found.title.unwrap_or(found.written);
        let done = ticks.into_iter().map(|tick| Done {
            check: tick.check,
            step: tick.step,
        });
        let done: Vec<Done> = done.collect();
        let (diagnosis, base) = (&report.diagnosis, "/landfall/v1/deliveries");
        let text = markdown(&title, diagnosis, &runbook, &done, base);
        let kind = [(header::CONTENT_TYPE, "text/markdown; charset=utf-8")];
        return Ok((kind, text).into_response());
    }
    let answer = DiagnosisAnswer {
        journey: found.written,
        name: found.title,
        period: period.into(),
        against: against.into(),
        standing: report.diagnosis.standing(),
        diagnosis: report,
        runbook,
        case,
        ticks: ticks.into_iter().map(ticks::TickAnswer::from).collect(),
        complete: visit.complete(),
    };
    Ok(Json(answer).into_response())
}

/// What is to be diagnosed. The same question has the same draws, and so the same answer.
fn request(
    (journey, name): (Vec<Value>, String),
    changes: Vec<Change>,
    (period, against): (Period, Period),
) -> Request {
    Request {
        journey,
        name,
        period,
        against,
        changes,
        seed: period.start.millis().unsigned_abs(),
    }
}

/// A journey that a caller named.
struct Found {
    /// As values of the dimension, at least one.
    journey: Vec<Value>,
    /// How the first of them is written.
    written: String,
    /// What people call it.
    title: Option<String>,
    /// Changes of its definition.
    changes: Vec<Change>,
}

async fn find(visit: &Visit, name: &str) -> Result<Found, Problem> {
    let catalogue = visit.workspace.catalogue();
    let messages = catalogue.infos();
    let wanted = name.to_owned();
    let own = visit
        .workspace
        .read(move |store| Ok(journeys::named(store, &wanted)?.map(|(id, _)| id)));
    let journey = match own.await? {
        Some(id) => vec![Value::Source(SourceKind::Campaign, u64::from(id.0))],
        None => sent_elsewhere(name, messages)?,
    };
    let changes = changes_of(&journey[0], &versions(visit).await?);
    Ok(Found {
        written: dimension::text(Dimension::Journey, &journey[0]),
        title: dimension::label(Dimension::Journey, &journey[0], None, messages),
        journey,
        changes,
    })
}

/// Journeys of another sender are known by what it reported.
fn sent_elsewhere(name: &str, messages: &[MessageInfo]) -> Result<Vec<Value>, Problem> {
    let sent = |value: &Value| {
        let of = |info: &MessageInfo| Value::Source(info.source, info.source_id);
        messages.iter().any(|info| of(info) == *value)
    };
    let values = dimension::values(Dimension::Journey, name, messages).unwrap_or_default();
    let values: Vec<Value> = values.into_iter().filter(sent).collect();
    if values.is_empty() {
        return Err(Problem::not_found("journey", name));
    }
    Ok(values)
}

/// Versions of all journeys of the workspace.
async fn versions(visit: &Visit) -> Result<Vec<JourneyVersion>, Problem> {
    let versions = visit.workspace.read(|store| journeys::versions(store));
    Ok(versions.await?)
}

/// Changes of the definition of a journey, if it is one of ours.
fn changes_of(journey: &Value, versions: &[JourneyVersion]) -> Vec<Change> {
    let is_it = |version: &&JourneyVersion| {
        *journey == Value::Source(SourceKind::Campaign, u64::from(version.journey.0))
    };
    let own = versions.iter().filter(is_it);
    own.map(|version| Change {
        at: version.at,
        what: format!("version {} of the journey was applied", version.version),
    })
    .collect()
}

/// The two periods: seven days up to the last full hour, and the same days of the week before it,
/// unless the caller says otherwise.
fn periods(visit: &Visit, now: Timestamp) -> Result<(Period, Period), Problem> {
    let zone = match visit.parameter("tz") {
        None => TimeZone::UTC,
        Some(name) => TimeZone::get(name)
            .map_err(|_| Problem::field("tz", format!("`{name}` is not a time zone")))?,
    };
    let instant = |field: &str, text: &str| {
        let range = range::parse(&format!("{text}.."), now, &zone)
            .map_err(|error| Problem::field(field, error.to_string()))?;
        range.start.ok_or_else(|| Problem::field(field, "say when"))
    };
    let end = match visit.parameter("to") {
        Some(text) => instant("to", text)?,
        None => Timestamp::from_millis(now.millis() - now.millis().rem_euclid(HOUR_MS)),
    };
    let start = match visit.parameter("from") {
        Some(text) => instant("from", text)?,
        None => end.plus_millis(-7 * DAY_MS),
    };
    if start >= end {
        return Err(Problem::field("from", "the period ends before it begins"));
    }
    let period = Period { start, end };
    let against = match visit.parameter("against") {
        None => {
            let weeks = (period.length() + 7 * DAY_MS - 1) / (7 * DAY_MS);
            let by = -weeks * 7 * DAY_MS;
            Period {
                start: start.plus_millis(by),
                end: end.plus_millis(by),
            }
        }
        Some(text) => {
            let range = range::parse(text, now, &zone)
                .map_err(|error| Problem::field("against", error.to_string()))?;
            match (range.start, range.end) {
                (Some(start), Some(end)) if end <= period.start => Period { start, end },
                _ => {
                    return Err(Problem::field(
                        "against",
                        "write a range with both ends that lies before the period, such as 2026-11-01..2026-11-08",
                    ));
                }
            }
        }
    };
    Ok((period, against))
}

impl From<DiagnosisError> for Problem {
    fn from(error: DiagnosisError) -> Self {
        match error {
            DiagnosisError::Query(error) => error.into(),
            DiagnosisError::Decompose(error) => Self::new(Code::Internal, error.to_string()),
        }
    }
}
