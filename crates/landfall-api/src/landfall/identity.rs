//! `/landfall/v1/coverage/identity`: what is wrong with identities, what is repaired, and how that is undone.

use std::time::Duration;

use axum::Json;
use landfall_engine::identity::repair::{Moved, Repair, RepairError};
use landfall_engine::identity::{Finding, Look, Remedy, Who};
use landfall_insight::coverage::Kind;
use serde::{Deserialize, Serialize};

use super::coverage::AmountAnswer;
use super::problem::{Code, Problem, ProblemBody};
use super::trail::shortened;
use super::visit::{Place, Sent, Visit};

/// How long an answer waits for a look at everybody before it says how far that is.
const WAIT: Duration = Duration::from_secs(5);
/// How old what was found may be, in milliseconds, if nobody asks for a fresh look.
const AGE_MS: i64 = 60_000;
/// Findings of each kind in one answer, when not told and at most.
const LIMIT: (usize, usize) = (20, Look::KEPT_MAX);
/// Repairs in one answer.
const REPAIRS: usize = 20;

/// What is wrong with identities.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IdentityAnswer {
    /// When everybody was looked at (milliseconds since the epoch); null: that is not done yet.
    looked_ms: Option<i64>,
    /// Records that were looked at.
    people: u64,
    /// Whether everything was looked at. While a first look is under way there are no problems to see.
    complete: bool,
    /// How far a look is that is under way; null: none is.
    progress: Option<IdentityProgress>,
    /// In which currency values are, in its smallest unit; null: pushes earned nothing in the last 30 days.
    currency: Option<String>,
    /// What has to be known to read values rightly.
    note: &'static str,
    /// The problems that there are, the one that costs most people first.
    problems: Vec<IdentityProblemAnswer>,
    /// Repairs that were done, newest first.
    repairs: Vec<IdentityRepairAnswer>,
}

/// How far a look at everybody is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IdentityProgress {
    /// Records that were looked at.
    done: u64,
    /// Records that there are.
    total: u64,
}

/// One kind of problem.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IdentityProblemAnswer {
    /// `stranded_token`, `merge_lost_token`, `two_owners` or `double_registration`.
    kind: &'static str,
    /// It in words.
    words: &'static str,
    /// How often.
    count: u64,
    /// Active people who are out of reach because of it: each once, and only those without another way.
    people: u64,
    /// What they would bring in 30 days; null: nobody is out of reach, or pushes earn nothing.
    at_risk: Option<AmountAnswer>,
    /// How many of them have one clear remedy.
    automatic: u64,
    /// The command that repairs those; null: there are none.
    repair: Option<String>,
    /// Some of them, those with a clear remedy first.
    findings: Vec<IdentityFinding>,
}

/// One thing that is wrong.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IdentityFinding {
    /// The push token that it is about, shortened.
    token: String,
    /// The platform of the token.
    platform: &'static str,
    /// The person whom it concerns.
    person: IdentityWho,
    /// The other record that is involved: the anonymous profile, what was merged, the other claimant.
    other: Option<IdentityWho>,
    /// Since when, as far as is known (milliseconds since the epoch).
    since_ms: i64,
    /// Why it is believed.
    evidence: String,
    /// Whether somebody is out of reach because of it.
    costs_reach: bool,
    /// What a repair does; null: a person must decide.
    remedy: Option<String>,
    /// What a person must decide; null: there is one clear remedy.
    decide: Option<&'static str>,
}

/// A record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IdentityWho {
    /// Its internal id.
    cio_id: String,
    /// Its id, or else its address, or else the internal id.
    name: String,
}

/// A repair that is planned or was done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IdentityRepairAnswer {
    /// Its number, by which it is undone; null: it is a plan, or there was nothing to do.
    id: Option<u32>,
    /// When (milliseconds since the epoch).
    at_ms: i64,
    /// Who did it; null: it is a plan.
    by: Option<String>,
    /// Whether anything was changed.
    applied: bool,
    /// Devices that were moved, or would be.
    moved: u64,
    /// Problems with a clear remedy that are left to the next repair: one moves 500 devices at most.
    left: u64,
    /// What it moves.
    moves: Vec<IdentityMove>,
    /// How it was undone; null: it was not.
    undone: Option<IdentityUndone>,
}

/// A device that is moved.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IdentityMove {
    /// Which problem it solves.
    kind: &'static str,
    /// The push token, shortened.
    token: String,
    /// The platform of the token.
    platform: &'static str,
    /// The person whom it concerns.
    person: IdentityWho,
    /// Who has it; null: nobody.
    from: Option<IdentityWho>,
    /// Who gets it; null: nobody.
    to: Option<IdentityWho>,
    /// It in words.
    words: String,
    /// Whether it was moved: not by a plan, nor if its owner changed meanwhile.
    done: bool,
}

/// How a repair was undone.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IdentityUndone {
    /// When (milliseconds since the epoch).
    at_ms: i64,
    /// Who did it.
    by: String,
    /// Devices that are where they were.
    moved: u64,
    /// Devices that stay: they changed hands, or their app registered them where they are.
    kept: u64,
}

/// What to repair.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityRepairRequest {
    /// `true`: do it; otherwise only say what would be done.
    #[serde(default)]
    apply: bool,
    /// Only these kinds of problems; absent: all.
    #[serde(default)]
    kinds: Option<Vec<String>>,
}

/// Tokens that reach nobody, or somebody twice, because identities went wrong: with counts, value at risk, evidence,
/// and what helps.
#[utoipa::path(
    get,
    path = "/landfall/v1/coverage/identity",
    operation_id = "getIdentityReport",
    params(
        ("fresh" = Option<bool>, Query, description = "`true`: look at everybody anew; otherwise what was found in the last minute is shown"),
        ("limit" = Option<usize>, Query, description = "Findings of each kind: 1 to 2000 (20)"),
    ),
    responses(
        (status = 200, body = IdentityAnswer),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
    ),
    tag = "people"
)]
pub(crate) async fn get(visit: Visit) -> Result<Json<IdentityAnswer>, Problem> {
    let limit = visit.limit(LIMIT.0, LIMIT.1)?;
    let age = match visit.parameter("fresh") {
        None | Some("false") => AGE_MS,
        Some("true") => 0,
        Some(_) => return Err(Problem::field("fresh", "write true or false")),
    };
    let workspace = visit.workspace.clone();
    // A look goes on when the caller does not wait for its end.
    let looking = tokio::spawn(async move { workspace.identity(age).await });
    let look = match tokio::time::timeout(WAIT, looking).await {
        Ok(Ok(look)) => look?,
        Ok(Err(error)) => {
            tracing::error!(%error, "a look at identities ended badly");
            return Err(Problem::new(
                Code::Internal,
                "the question could not be answered",
            ));
        }
        Err(_) => None,
    };
    let repairs = visit.workspace.repairs().await?;
    let repairs = repairs.iter().take(REPAIRS).map(told).collect();
    let progress = visit.workspace.identity_progress();
    let progress = progress.map(|progress| IdentityProgress {
        done: progress.done,
        total: progress.total,
    });
    let note = "what people who are out of reach would bring in 30 days: revenue by last touch of a person within reach, \
                and they are taken to spend half of it";
    let Some(look) = look else {
        return Ok(Json(IdentityAnswer {
            looked_ms: None,
            people: 0,
            complete: false,
            progress,
            currency: None,
            note,
            problems: Vec::new(),
            repairs,
        }));
    };
    let (workspace, of) = (visit.workspace.clone(), look.clone());
    let (report, currency) = super::board(move || workspace.identity_report(&of)).await??;
    let problems = report.problems.into_iter().map(|problem| {
        let found = look.found.iter().find(|f| f.problem.kind == problem.kind);
        let own = look.findings.iter().filter(|f| f.kind == problem.kind);
        IdentityProblemAnswer {
            kind: problem.kind.name(),
            words: problem.kind.words(),
            count: problem.count,
            people: problem.people,
            at_risk: problem.at_risk.map(Into::into),
            automatic: found.map_or(0, |found| found.automatic),
            repair: problem.repair,
            findings: own.take(limit).map(finding).collect(),
        }
    });
    Ok(Json(IdentityAnswer {
        looked_ms: Some(look.at.millis()),
        people: look.people,
        complete: look.complete,
        progress,
        currency,
        note,
        problems: problems.collect(),
        repairs,
    }))
}

/// Repairs what has one clear remedy; without `apply` it only says what it would do. It waits for a fresh look at
/// everybody.
#[utoipa::path(
    post,
    path = "/landfall/v1/coverage/identity/repair",
    operation_id = "repairIdentities",
    request_body = IdentityRepairRequest,
    responses(
        (status = 200, body = IdentityRepairAnswer),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
        (status = 403, body = ProblemBody),
        (status = 503, body = ProblemBody),
    ),
    tag = "people"
)]
pub(crate) async fn repair(
    visit: Visit,
    Sent(asked): Sent<IdentityRepairRequest>,
) -> Result<Json<IdentityRepairAnswer>, Problem> {
    let kinds = match &asked.kinds {
        None => Kind::ALL.to_vec(),
        Some(names) => names
            .iter()
            .map(|name| kind(name))
            .collect::<Result<_, _>>()?,
    };
    let done = match asked.apply {
        true => {
            let by = visit.author(None).by;
            visit.workspace.repair(&kinds, &by).await?
        }
        false => visit.workspace.plan_repair(&kinds).await?,
    };
    Ok(Json(told(&done)))
}

/// Moves back what a repair moved, as far as nothing happened to it since. A second time nothing happens.
#[utoipa::path(
    post,
    path = "/landfall/v1/coverage/identity/repairs/{id}/undo",
    operation_id = "undoIdentityRepair",
    params(("id" = u32, Path, description = "The number of the repair")),
    responses(
        (status = 200, body = IdentityRepairAnswer),
        (status = 401, body = ProblemBody),
        (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ),
    tag = "people"
)]
pub(crate) async fn undo(
    visit: Visit,
    Place(id): Place<u32>,
) -> Result<Json<IdentityRepairAnswer>, Problem> {
    let by = visit.author(None).by;
    Ok(Json(told(&visit.workspace.undo_repair(id, &by).await?)))
}

fn kind(name: &str) -> Result<Kind, Problem> {
    Kind::named(name).ok_or_else(|| {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        Problem::field("kinds", format!("write some of {}", names.join(", ")))
    })
}

impl From<RepairError> for Problem {
    fn from(error: RepairError) -> Self {
        match error {
            RepairError::NotReady => Self::new(Code::Unavailable, error.to_string()),
            RepairError::Missing(id) => Self::not_found("repair", &id.to_string()),
            RepairError::Store(error) => error.into(),
            RepairError::Submit(error) => error.into(),
        }
    }
}

impl From<&Who> for IdentityWho {
    fn from(who: &Who) -> Self {
        Self {
            cio_id: who.cio_id.clone(),
            name: who.name.clone(),
        }
    }
}

fn finding(finding: &Finding) -> IdentityFinding {
    let (remedy, decide) = match &finding.remedy {
        Remedy::Move { from, to } => (Some(words(from.as_ref(), to.as_ref())), None),
        Remedy::Decide(decision) => (None, Some(decision.words())),
    };
    IdentityFinding {
        token: shortened(&finding.device.token.token),
        platform: finding.device.token.platform.name(),
        person: (&finding.person).into(),
        other: finding.other.as_ref().map(Into::into),
        since_ms: finding.at.millis(),
        evidence: finding.evidence.words(),
        costs_reach: !finding.out_of_reach.is_empty(),
        remedy,
        decide,
    }
}

/// What a move does.
fn words(from: Option<&Who>, to: Option<&Who>) -> String {
    match (from, to) {
        (Some(_), Some(to)) => format!("the token goes from the anonymous profile to {}", to.name),
        (None, Some(to)) => format!("the token comes back to {}", to.name),
        (Some(from), None) => format!(
            "the token is taken from {}, who keeps the newer one",
            from.name
        ),
        (None, None) => "nothing".to_owned(),
    }
}

fn moved(moved: &Moved) -> IdentityMove {
    IdentityMove {
        kind: moved.kind.name(),
        token: shortened(&moved.device.token.token),
        platform: moved.device.token.platform.name(),
        person: (&moved.person).into(),
        from: moved.from.as_ref().map(Into::into),
        to: moved.to.as_ref().map(Into::into),
        words: words(moved.from.as_ref(), moved.to.as_ref()),
        done: moved.done,
    }
}

fn told(repair: &Repair) -> IdentityRepairAnswer {
    let applied = repair.id > 0;
    IdentityRepairAnswer {
        id: applied.then_some(repair.id),
        at_ms: repair.at.millis(),
        by: applied.then(|| repair.by.clone()),
        applied,
        moved: match applied {
            true => repair.moved(),
            false => repair.moves.len() as u64,
        },
        left: repair.left,
        moves: repair.moves.iter().map(moved).collect(),
        undone: repair.undone.as_ref().map(|undone| IdentityUndone {
            at_ms: undone.at.millis(),
            by: undone.by.clone(),
            moved: undone.moved,
            kept: undone.kept,
        }),
    }
}
