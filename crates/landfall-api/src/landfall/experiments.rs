//! `/landfall/v1/experiments`: tests, splits and holdouts of journeys, their results, and how many people they
//! need.

mod power;

use axum::Json;
use landfall_domain::time::MINUTE_MS;
use landfall_engine::experiments::{ExperimentError, Known, Settings, Verdict};
use landfall_insight::experiments::{Arm, CappedSum, OnTrouble, Report, Resume, Stage};
use serde::{Deserialize, Serialize};

use super::problem::{Code, Problem, ProblemBody};
use super::visit::{Place, Sent, Visit};

pub(crate) use power::{__path_power, power};

/// An experiment in a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExperimentLine {
    /// Its journey's slug, a colon, and its step's slug.
    id: String,
    /// Its journey.
    journey: JourneyOf,
    /// Its step's slug.
    step: String,
    /// `ab_test`, `split` or `holdout`.
    kind: &'static str,
    /// `draft`, `running`, `held`, `paused` or `stopped`. Held: delivery of its journey is unhealthy, and new
    /// people are not assigned.
    state: &'static str,
    /// When the first person was assigned (milliseconds since the epoch).
    since_ms: Option<i64>,
    /// People assigned who count.
    people: u64,
    /// The arms; the first is the control.
    arms: Vec<ArmLine>,
    /// Why it is held; null when it is not.
    hold: Option<HoldAnswer>,
    /// The result in a sentence.
    #[schema(value_type = Object)]
    verdict: Verdict,
}

/// Of which journey.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct JourneyOf {
    /// Its number.
    number: u32,
    /// Its slug.
    id: String,
    /// Its name.
    name: String,
    /// `draft`, `running`, `paused` or `stopped`.
    state: &'static str,
}

/// An arm.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ArmLine {
    /// Its name.
    name: String,
    /// Its share of people by design, 0 to 1.
    share: f64,
    /// Whether it sends nothing.
    silent: bool,
    /// People assigned who count.
    people: u64,
}

/// Why an experiment is held.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct HoldAnswer {
    /// What is wrong with delivery.
    reason: String,
    /// Since when delivery is unhealthy: from then on nobody counts.
    since_ms: i64,
    /// When it was held.
    held_at_ms: i64,
    /// What becomes of new people: `to_control` or `pause`.
    on_trouble: OnTroubleName,
    /// When it goes on.
    resume: String,
}

/// What becomes of new people while an experiment is held.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnTroubleName {
    /// They go the control's way.
    ToControl,
    /// They pass the test by, with its messages.
    Pause,
}

impl From<OnTrouble> for OnTroubleName {
    fn from(on: OnTrouble) -> Self {
        match on {
            OnTrouble::ToControl => Self::ToControl,
            OnTrouble::Pause => Self::Pause,
        }
    }
}

/// Experiments.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExperimentList {
    /// By journey and place in its file.
    experiments: Vec<ExperimentLine>,
}

/// An experiment with its result.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExperimentAnswer {
    /// What lists say.
    #[serde(flatten)]
    line: ExperimentLine,
    /// How it is judged and guarded.
    settings: SettingsAnswer,
    /// People of each arm at each stage; the first arm is the control.
    counts: Vec<ArmCounts>,
    /// `ratios` (tests of the numbers at each stage), `leaks` (where arms lose people differently), `variants`
    /// (effects per assigned, per delivered and on those who were reached, and revenue), `excluded` (time that
    /// does not count).
    #[schema(value_type = Object)]
    report: Report,
    /// The currency of the revenue.
    currency: Option<String>,
    /// The amount up to which a person's revenue counts; null: no cap, since there are too few buyers to set one.
    cap: Option<f64>,
    /// People whose window for the goal is still open: more conversions may come.
    unfinished: u64,
    /// People who came while it was held: they do not count.
    held_people: u64,
    /// How long after the assignment the goal counts; null: the journey has no goal.
    window_ms: Option<i64>,
    /// What has to be known to read it rightly.
    notes: Vec<String>,
    /// Whether the board held everything that the ledger holds when this was answered.
    complete: bool,
}

/// How an experiment is judged and guarded.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SettingsAnswer {
    /// Probability of ever claiming an effect that is not there.
    alpha: f64,
    /// People that are planned; intervals are tightest there.
    planned: u64,
    /// What becomes of new people while it is held.
    on_trouble: OnTroubleName,
    /// Minutes for which delivery must have been healthy before it goes on.
    resume_minutes: i64,
    /// Messages that must have been seen in that time.
    resume_cases: u64,
}

/// Settings to change; what is left out stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsCall {
    /// Above 0 and at most 0.5.
    alpha: Option<f64>,
    /// At least 100.
    planned: Option<u64>,
    /// `to_control` or `pause`.
    on_trouble: Option<OnTroubleName>,
    /// 1 to 43200.
    resume_minutes: Option<i64>,
    /// Any number.
    resume_cases: Option<u64>,
}

/// People of one arm.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ArmCounts {
    /// Its name.
    name: String,
    /// Its share of people by design, 0 to 1.
    share: f64,
    /// Whether it sends nothing.
    silent: bool,
    /// Assigned.
    assigned: u64,
    /// Handed over to a provider.
    sent: u64,
    /// Taken by a provider.
    accepted: u64,
    /// Delivered, as far as reports say: a lower bound.
    receipt: u64,
    /// Opened.
    opened: u64,
    /// Assigned, and met the goal within its window.
    converted: u64,
    /// Of those with a receipt.
    converted_of_delivered: u64,
    /// `people`, `sum`, `capped`, `squares` and `above` (people above the cap).
    #[schema(value_type = Object)]
    revenue: CappedSum,
}

impl From<&Arm> for ArmCounts {
    fn from(arm: &Arm) -> Self {
        Self {
            name: arm.name.clone(),
            share: arm.share,
            silent: arm.silent,
            assigned: arm.at(Stage::Assigned),
            sent: arm.at(Stage::Sent),
            accepted: arm.at(Stage::Accepted),
            receipt: arm.at(Stage::Receipt),
            opened: arm.at(Stage::Opened),
            converted: arm.converted,
            converted_of_delivered: arm.converted_of_delivered,
            revenue: arm.revenue,
        }
    }
}

impl From<&Known> for ExperimentLine {
    fn from(known: &Known) -> Self {
        let design = &known.design;
        let resume = Resume {
            healthy_ms: known.settings.resume_minutes * MINUTE_MS,
            cases: known.settings.resume_cases,
        };
        let arms = known.counted.arms.iter().map(|arm| ArmLine {
            name: arm.name.clone(),
            share: arm.share,
            silent: arm.silent,
            people: arm.at(Stage::Assigned),
        });
        let hold = known.guardrail.hold.as_ref().map(|hold| HoldAnswer {
            reason: hold.reason.clone(),
            since_ms: hold.since.millis(),
            held_at_ms: hold.held_at.millis(),
            on_trouble: known.settings.on_trouble.into(),
            resume: resume.words(),
        });
        Self {
            id: design.id.clone(),
            journey: JourneyOf {
                number: design.journey.0,
                id: design.stored.slug.clone(),
                name: design.stored.name.clone(),
                state: design.stored.state.name(),
            },
            step: design.trial.step.clone(),
            kind: design.trial.kind.name(),
            state: known.state(),
            since_ms: known.counted.since.map(|at| at.millis()),
            people: known.counted.people,
            arms: arms.collect(),
            hold,
            verdict: known.verdict.clone(),
        }
    }
}

fn notes(known: &Known) -> Vec<String> {
    let counted = &known.counted;
    let mut notes = Vec::new();
    if known.design.window_ms().is_none() {
        notes.push("the journey has no goal: nothing can convert. Give it one".to_owned());
    }
    if counted.unfinished > 0 {
        notes.push(format!(
            "{} people may still convert: their window is open",
            counted.unfinished
        ));
    }
    if counted.excluded > 0 {
        notes.push(format!(
            "{} runs began while delivery was unhealthy and do not count",
            counted.excluded
        ));
    }
    if counted.other_currencies > 0 {
        notes.push(format!(
            "{} people paid in another currency: their revenue is left out",
            counted.other_currencies
        ));
    }
    if known
        .report
        .variants
        .iter()
        .any(|v| v.per_delivered.is_some())
    {
        notes.push(
            "a receipt is a lower bound of what was delivered: apps without receipts count as not delivered in \
             every arm alike"
                .to_owned(),
        );
    }
    notes
}

fn answer(visit: &Visit, known: &Known) -> ExperimentAnswer {
    let settings = &known.settings;
    ExperimentAnswer {
        line: known.into(),
        settings: SettingsAnswer {
            alpha: settings.alpha,
            planned: settings.planned,
            on_trouble: settings.on_trouble.into(),
            resume_minutes: settings.resume_minutes,
            resume_cases: settings.resume_cases,
        },
        counts: known.counted.arms.iter().map(ArmCounts::from).collect(),
        report: known.report.clone(),
        currency: known.counted.currency.clone().filter(|c| !c.is_empty()),
        cap: known.counted.cap,
        unfinished: known.counted.unfinished,
        held_people: known.counted.excluded,
        window_ms: known.design.window_ms(),
        notes: notes(known),
        complete: visit.complete(),
    }
}

async fn known(visit: &Visit, id: &str) -> Result<Known, Problem> {
    let mut known = visit.workspace.experiments(Some(id.to_owned())).await?;
    known
        .pop()
        .ok_or_else(|| Problem::not_found("experiment", id))
}

/// Every test, split and holdout of the newest versions of all journeys.
#[utoipa::path(get, path = "/landfall/v1/experiments", operation_id = "listExperiments",
    responses((status = 200, body = ExperimentList), (status = 401, body = ProblemBody)), tag = "experiments")]
pub(crate) async fn list(visit: Visit) -> Result<Json<ExperimentList>, Problem> {
    let known = visit.workspace.experiments(None).await?;
    Ok(Json(ExperimentList {
        experiments: known.iter().map(ExperimentLine::from).collect(),
    }))
}

/// The result of an experiment: per person assigned, per delivered message and on those who were reached, with
/// intervals that hold however often one looks, tests of the numbers at each stage, and the time that does not
/// count.
#[utoipa::path(get, path = "/landfall/v1/experiments/{experiment}", operation_id = "getExperiment",
    params(("experiment" = String, Path, description = "Slug of the journey, a colon, slug of the step")),
    responses((status = 200, body = ExperimentAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "experiments")]
pub(crate) async fn get(
    visit: Visit,
    Place(id): Place<String>,
) -> Result<Json<ExperimentAnswer>, Problem> {
    let known = known(&visit, &id).await?;
    Ok(Json(answer(&visit, &known)))
}

/// Changes how an experiment is judged and guarded; what is left out stays.
#[utoipa::path(put, path = "/landfall/v1/experiments/{experiment}", operation_id = "setExperiment",
    params(("experiment" = String, Path, description = "Slug of the journey, a colon, slug of the step")),
    request_body = SettingsCall,
    responses((status = 200, body = ExperimentAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)), tag = "experiments")]
pub(crate) async fn put(
    visit: Visit,
    Place(id): Place<String>,
    Sent(call): Sent<SettingsCall>,
) -> Result<Json<ExperimentAnswer>, Problem> {
    let before = known(&visit, &id).await?.settings;
    let settings = Settings {
        alpha: call.alpha.unwrap_or(before.alpha),
        planned: call.planned.unwrap_or(before.planned),
        on_trouble: call.on_trouble.map_or(before.on_trouble, |on| match on {
            OnTroubleName::ToControl => OnTrouble::ToControl,
            OnTroubleName::Pause => OnTrouble::Pause,
        }),
        resume_minutes: call.resume_minutes.unwrap_or(before.resume_minutes),
        resume_cases: call.resume_cases.unwrap_or(before.resume_cases),
    };
    visit.workspace.set_experiment(&id, settings).await?;
    let known = known(&visit, &id).await?;
    Ok(Json(answer(&visit, &known)))
}

impl From<ExperimentError> for Problem {
    fn from(error: ExperimentError) -> Self {
        match error {
            ExperimentError::Missing(id) => Self::not_found("experiment", &id),
            ExperimentError::Settings(field, wrong) => Self::field(field, wrong),
            ExperimentError::Store(error) => error.into(),
            ExperimentError::Query(error) => Self::new(Code::Internal, error.to_string()),
        }
    }
}
