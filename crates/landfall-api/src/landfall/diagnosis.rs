//! `GET /landfall/v1/journeys/{journey}/diagnosis`.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use jiff::tz::TimeZone;
use landfall_board::{Dimension, MessageInfo, Value};
use landfall_domain::ids::JourneyId;
use landfall_domain::message::SourceKind;
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use landfall_engine::diagnosis::{DiagnosisError, Period, Report, Request, diagnose};
use landfall_engine::journeys::{self, JourneyVersion};
use landfall_insight::runbook::{Runbook, markdown, runbook};
use landfall_insight::verdict::Change;
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
    /// `verdict` (problem, cause, place, since, money, confidence, facts, in one sentence), `unit`,
    /// `decomposition` with `uncertainty`, `stages`, `channels`, `others` and `notes`. Each fact and
    /// stage has `rows`: the query that opens the rows behind it in `/landfall/v1/deliveries`.
    #[schema(value_type = Object)]
    diagnosis: Report,
    /// What to check first, second, third, with this journey's figures.
    #[schema(value_type = Object)]
    runbook: Runbook,
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
    let catalogue = visit.workspace.catalogue();
    let now = visit.workspace.now();
    let (period, against) = periods(&visit, now)?;
    let as_markdown = match visit.parameter("format") {
        None | Some("json") => false,
        Some("markdown") => true,
        Some(_) => return Err(Problem::field("format", "write json or markdown")),
    };
    let (journey, changes) = find(&visit, &name, catalogue.infos()).await?;
    let written = dimension::text(Dimension::Journey, &journey[0]);
    let title = dimension::label(Dimension::Journey, &journey[0], None, catalogue.infos());
    let request = Request {
        journey,
        name: written.clone(),
        period,
        against,
        changes,
        seed: period.start.millis().unsigned_abs(),
    };
    let (workspace, names) = (visit.workspace.clone(), std::sync::Arc::clone(&catalogue));
    let report = super::board(move || {
        let board = workspace.board().view();
        diagnose(&board, names.infos(), &request, now, super::threads())
    });
    let report = report.await??;
    let runbook = runbook(&report.diagnosis);
    if as_markdown {
        let title = title.unwrap_or(written);
        let text = markdown(
            &title,
            &report.diagnosis,
            &runbook,
            "/landfall/v1/deliveries",
        );
        return Ok((
            [(header::CONTENT_TYPE, "text/markdown; charset=utf-8")],
            text,
        )
            .into_response());
    }
    let answer = DiagnosisAnswer {
        journey: written,
        name: title,
        period: period.into(),
        against: against.into(),
        diagnosis: report,
        runbook,
        complete: visit.complete(),
    };
    Ok(Json(answer).into_response())
}

/// The journey as values of the dimension, at least one, with the changes of its definition.
async fn find(
    visit: &Visit,
    name: &str,
    messages: &[MessageInfo],
) -> Result<(Vec<Value>, Vec<Change>), Problem> {
    let wanted = name.to_owned();
    let found = visit.workspace.read(move |store| {
        let Some((id, _)) = journeys::named(store, &wanted)? else {
            return Ok(None);
        };
        let versions = journeys::versions(store)?;
        Ok(Some((id, changes(id, &versions))))
    });
    if let Some((id, changes)) = found.await? {
        let journey = Value::Source(SourceKind::Campaign, u64::from(id.0));
        return Ok((vec![journey], changes));
    }
    // Journeys of another sender are known by what it reported.
    let sent = |value: &Value| {
        let of = |info: &MessageInfo| Value::Source(info.source, info.source_id);
        messages.iter().any(|info| of(info) == *value)
    };
    let values = dimension::values(Dimension::Journey, name, messages).unwrap_or_default();
    let values: Vec<Value> = values.into_iter().filter(sent).collect();
    if values.is_empty() {
        return Err(Problem::not_found("journey", name));
    }
    Ok((values, Vec::new()))
}

fn changes(id: JourneyId, versions: &[JourneyVersion]) -> Vec<Change> {
    let own = versions.iter().filter(|version| version.journey == id);
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
