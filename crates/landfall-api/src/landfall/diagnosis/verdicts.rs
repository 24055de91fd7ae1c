//! `GET /landfall/v1/verdicts`: how every journey stands, for pages that open on the answer.

use std::time::Duration;

use axum::Json;
use landfall_board::Dimension;
use landfall_engine::diagnosis::{Period, Report, Request};
use landfall_engine::verdicts::{Size, Traffic, traffic};
use landfall_insight::verdict::{Standing, Verdict};
use serde::Serialize;

use super::super::problem::{Problem, ProblemBody};
use super::super::visit::Visit;
use super::super::{board, dimension, threads};
use super::{PeriodAnswer, changes_of, periods, versions};

/// How long a caller waits for diagnoses that were not made before. What is not done by then goes on, and
/// the next call finds it.
const PATIENCE: Duration = Duration::from_millis(600);
/// Journeys that are judged when the caller does not say how many.
const LIMIT: usize = 30;
/// Journeys that are judged at most.
const LIMIT_MAX: usize = 100;

/// How every journey stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VerdictList {
    /// The period that is looked at.
    period: PeriodAnswer,
    /// The one that it is compared with.
    against: PeriodAnswer,
    /// Journeys that pushed something in either period: what loses most comes first.
    verdicts: Vec<VerdictAnswer>,
    /// Journeys whose diagnosis is being made: ask again in a second.
    pending: Vec<JourneyName>,
    /// Journeys with fewer people that were left out for the limit.
    left_out: usize,
    /// Whether the board held everything that the ledger holds when this was answered.
    complete: bool,
}

/// A journey by name.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct JourneyName {
    /// The journey, such as `campaign:31`.
    journey: String,
    /// Its name.
    name: Option<String>,
}

/// How one journey stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VerdictAnswer {
    #[serde(flatten)]
    journey: JourneyName,
    /// `losing`, `unreported` (reports are missing, not known to be lost), `quieter` (the season),
    /// `healthy`, or `too_little` to judge.
    #[schema(value_type = String)]
    standing: Standing,
    /// As in the journey's diagnosis: problem, cause, place, since, money, confidence, facts, in one sentence.
    #[schema(value_type = Object)]
    verdict: Verdict,
    /// What money is counted in, such as `EUR`.
    unit: String,
    /// People who reached its push steps in the period to compare with.
    people_before: u64,
    /// And in the period that is looked at.
    people: u64,
}

/// A journey that is to be judged.
struct Case {
    journey: JourneyName,
    request: Request,
    sizes: (Size, Size),
}

impl Case {
    fn answer(&self, report: &Report) -> VerdictAnswer {
        VerdictAnswer {
            journey: self.journey.clone(),
            standing: report.diagnosis.standing(),
            verdict: report.diagnosis.verdict.clone(),
            unit: report.diagnosis.unit.clone(),
            people_before: self.sizes.0.qualified,
            people: self.sizes.1.qualified,
        }
    }
}

/// How every journey stands that pushed something: the verdicts of their diagnoses. A verdict is kept for an
/// hour, unless more than a hundredth of what it was made from changed.
#[utoipa::path(get, path = "/landfall/v1/verdicts", operation_id = "listVerdicts",
    params(
        ("from" = Option<String>, Query, description = "Beginning of the period: `7d` (default), `2026-11-16`, a time"),
        ("to" = Option<String>, Query, description = "End of the period, not included: the last full hour if left out"),
        ("against" = Option<String>, Query, description = "Range to compare with; if left out, as long a one before, on the same days of the week"),
        ("tz" = Option<String>, Query, description = "Zone in which days begin, such as `Europe/Paris`"),
        ("limit" = Option<usize>, Query, description = "1 to 100 (30): those with the most people"),
    ),
    responses((status = 200, body = VerdictList), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn list(visit: Visit) -> Result<Json<VerdictList>, Problem> {
    let limit = visit.limit(LIMIT, LIMIT_MAX)?;
    let (period, against) = periods(&visit, visit.workspace.now())?;
    let workspace = visit.workspace.clone();
    let found = board(move || {
        let (board, catalogue) = (workspace.board().view(), workspace.catalogue());
        traffic(
            &board,
            catalogue.infos(),
            (against, period),
            None,
            threads(),
        )
    });
    let mut found = found.await??;
    let left_out = found.len().saturating_sub(limit);
    found.truncate(limit);
    let cases = cases(&visit, found, (period, against)).await?;
    wait(&visit, &cases).await;
    let (mut verdicts, mut pending) = (Vec::new(), Vec::new());
    for case in &cases {
        match visit.workspace.kept_diagnosis(&case.request, case.sizes) {
            Some(report) => verdicts.push(case.answer(&report)),
            None => pending.push(case.journey.clone()),
        }
    }
    // Stable: among equals those with the most people stay first.
    verdicts.sort_by(|a, b| {
        let by_standing = a.standing.cmp(&b.standing);
        by_standing.then(b.verdict.money.lost.total_cmp(&a.verdict.money.lost))
    });
    Ok(Json(VerdictList {
        period: period.into(),
        against: against.into(),
        verdicts,
        pending,
        left_out,
        complete: visit.complete(),
    }))
}

async fn cases(
    visit: &Visit,
    found: Vec<Traffic>,
    (period, against): (Period, Period),
) -> Result<Vec<Case>, Problem> {
    let catalogue = visit.workspace.catalogue();
    let versions = versions(visit).await?;
    let case = |traffic: Traffic| {
        let written = dimension::text(Dimension::Journey, &traffic.journey);
        let name = dimension::label(
            Dimension::Journey,
            &traffic.journey,
            None,
            catalogue.infos(),
        );
        let changes = changes_of(&traffic.journey, &versions);
        Case {
            journey: JourneyName {
                journey: written.clone(),
                name,
            },
            request: super::request((vec![traffic.journey], written), changes, (period, against)),
            sizes: (traffic.before, traffic.after),
        }
    };
    Ok(found.into_iter().map(case).collect())
}

/// Lets what was not judged yet be judged, for a while.
async fn wait(visit: &Visit, cases: &[Case]) {
    let missing = cases.iter().filter(|case| {
        let kept = visit.workspace.kept_diagnosis(&case.request, case.sizes);
        kept.is_none()
    });
    let missing: Vec<Request> = missing.map(|case| case.request.clone()).collect();
    if missing.is_empty() {
        return;
    }
    let workspace = visit.workspace.clone();
    // What else the page asks for is not to wait for all cores.
    let some = threads().div_ceil(2);
    let judging = tokio::spawn(async move { workspace.judge_journeys(missing, some).await });
    // Time that ran out, and a panic that was logged, both leave journeys pending.
    drop(tokio::time::timeout(PATIENCE, judging).await);
}
