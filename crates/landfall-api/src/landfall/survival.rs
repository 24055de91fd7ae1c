//! How long tokens live: what was learned, how likely a person's devices are there, whom a push reaches.

use axum::Json;
use landfall_engine::survival::{
    AgePoint, DeviceLiveness, HELD_OUT_DAYS, KindSurvival, PlatformSurvival, SegmentReach, Survival,
};
use landfall_insight::Interval;
use landfall_insight::survival::{Calibration, Decile, Estimate, REJECTIONS_MIN, Row};
use landfall_store::person_named;
use serde::Serialize;

use super::people::identifier;
use super::problem::{Problem, ProblemBody};
use super::segments::find;
use super::visit::{Place, Visit};

/// What was learned of how long tokens live.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SurvivalAnswer {
    /// When (milliseconds since the epoch); null: nothing was learned yet.
    pub(crate) learned_ms: Option<i64>,
    /// People whose tokens were looked at: at most 20,000, evenly spread.
    pub(crate) people: u64,
    /// By platform.
    pub(crate) platforms: Vec<PlatformSurvivalAnswer>,
    /// By platform, receipts and app version, where enough is known of them.
    pub(crate) kinds: Vec<KindSurvivalAnswer>,
    /// Whether what is expected comes true; null: nothing could be expected.
    pub(crate) calibration: Option<CalibrationAnswer>,
}

/// A platform.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PlatformSurvivalAnswer {
    /// Which.
    pub(crate) platform: String,
    /// Tokens that were looked at.
    pub(crate) tokens: u64,
    /// Silences of these tokens: from a sign of life to what came next.
    pub(crate) silences: u64,
    /// Silences that ended with a sign of life.
    pub(crate) returned: u64,
    /// Tokens that their provider rejected as no longer registered.
    pub(crate) rejected: u64,
    /// Why nothing is said of the platform; null: enough is known.
    pub(crate) too_little: Option<String>,
    /// The share of tokens that are not rejected, by their age.
    pub(crate) ages: Vec<AgeAnswer>,
}

/// Tokens of an age.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AgeAnswer {
    /// The age in days.
    pub(crate) days: u32,
    /// The share that gets so old (Kaplan and Meier).
    pub(crate) survival: f64,
    /// Lower end of its 95 % interval; null: none was rejected yet.
    pub(crate) low: Option<f64>,
    /// Upper end.
    pub(crate) high: Option<f64>,
}

/// A kind of tokens.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct KindSurvivalAnswer {
    /// The platform.
    pub(crate) platform: String,
    /// Whether they report receipts; null: all of the platform.
    pub(crate) reports: Option<bool>,
    /// The app version; null: all.
    pub(crate) app_version: Option<String>,
    /// By the time since the last sign of life.
    pub(crate) silence: Vec<SilenceAnswer>,
}

/// Tokens that are silent for so long.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SilenceAnswer {
    /// From so many days on.
    pub(crate) from_days: u32,
    /// To so many days, not included.
    pub(crate) to_days: u32,
    /// Silences that came so far.
    pub(crate) silences: u64,
    /// Of them ended here with a sign of life.
    pub(crate) returned: u64,
    /// Of them ended here by a rejection.
    pub(crate) rejected: u64,
    /// The probability that such a token is alive; null: too little is known.
    pub(crate) alive: Option<AliveAnswer>,
    /// The share of those alive in the interval before that is dead in this one.
    pub(crate) hazard: Option<f64>,
}

/// A probability with its 95 % interval.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AliveAnswer {
    /// The probability.
    pub(crate) value: f64,
    /// Lower end.
    pub(crate) low: f64,
    /// Upper end.
    pub(crate) high: f64,
}

/// What was expected, and what came true.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CalibrationAnswer {
    /// The days that were held back: by what was known before, how many tokens should have shown life in them?
    pub(crate) days: u32,
    /// Groups of tokens from the least to the most likely.
    pub(crate) deciles: Vec<DecileAnswer>,
    /// Mean squared error (Brier); 0 is perfect.
    pub(crate) brier: f64,
    /// Share of the error of a constant that is taken away: 1 is perfect, 0 no better than a constant.
    pub(crate) skill: f64,
    /// Mean difference of expected and observed in the groups.
    pub(crate) error: f64,
}

/// Tokens of which about the same was expected.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DecileAnswer {
    /// How many.
    pub(crate) tokens: u64,
    /// Share that should have shown life.
    pub(crate) expected: f64,
    /// Share that did.
    pub(crate) observed: f64,
    /// Lower end of its 95 % interval.
    pub(crate) low: Option<f64>,
    /// Upper end.
    pub(crate) high: Option<f64>,
}

/// How likely the devices of a person are there.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LivenessAnswer {
    /// By device.
    pub(crate) devices: Vec<DeviceLivenessAnswer>,
}

/// How likely a device is there.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DeviceLivenessAnswer {
    /// Its token.
    pub(crate) token: String,
    /// Its last sign of life: it was used or registered, or reported a receipt (milliseconds since the epoch).
    pub(crate) last_sign_ms: i64,
    /// Its last receipt.
    pub(crate) last_receipt_ms: Option<i64>,
    /// Whether its provider takes the token.
    pub(crate) valid: bool,
    /// The probability that it is there; null: too little is known, or the provider rejected the token.
    pub(crate) alive: Option<AliveAnswer>,
}

/// How many members of a segment a push reaches.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReachAnswer {
    /// The segment's number.
    pub(crate) segment: u32,
    /// Members.
    pub(crate) members: u64,
    /// Members who were looked at, evenly spread; of the others the same is taken to hold.
    pub(crate) looked_at: u64,
    /// Members with a token that the provider takes, whose app may show notifications and who agreed to it.
    pub(crate) valid: f64,
    /// Members whom a push is expected to reach; null: too little is known of how long tokens live.
    pub(crate) expected: Option<ExpectedAnswer>,
    /// Members of whose tokens too little is known: the interval leaves open whether they are there.
    pub(crate) unknown: f64,
    /// When it was learned how long tokens live; null: not yet.
    pub(crate) learned_ms: Option<i64>,
}

/// A number of people with its 95 % interval.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExpectedAnswer {
    /// The number.
    pub(crate) people: f64,
    /// Lower end.
    pub(crate) low: f64,
    /// Upper end.
    pub(crate) high: f64,
}

/// What was learned of how long tokens live: curves by platform, probabilities by silence, and whether they come
/// true.
#[utoipa::path(get, path = "/landfall/v1/coverage/survival", operation_id = "getSurvival",
    responses((status = 200, body = SurvivalAnswer), (status = 401, body = ProblemBody)), tag = "people")]
pub(crate) async fn get(visit: Visit) -> Result<Json<SurvivalAnswer>, Problem> {
    let known = visit.workspace.survival().await?;
    Ok(Json(known.map_or_else(SurvivalAnswer::nothing, Into::into)))
}

/// How likely each device of a person is still there.
#[utoipa::path(get, path = "/landfall/v1/people/{id}/liveness", operation_id = "getLiveness",
    params(("id" = String, Path, description = "The person"),
        ("id_type" = Option<String>, Query, description = "`id` (default), `email`, `phone`, `cio_id` or `anonymous_id`")),
    responses((status = 200, body = LivenessAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "people")]
pub(crate) async fn of_person(
    visit: Visit,
    Place(id): Place<String>,
) -> Result<Json<LivenessAnswer>, Problem> {
    let identifier = identifier(&visit, &id)?;
    let workspace = &visit.workspace;
    let person = workspace.read(move |store| person_named(store, &identifier));
    let Some(person) = person.await? else {
        return Err(Problem::not_found("person", &id));
    };
    let devices = workspace.liveness_of(person).await?;
    let devices = devices.into_iter().map(Into::into).collect();
    Ok(Json(LivenessAnswer { devices }))
}

/// How many members of a segment a push is expected to reach now.
#[utoipa::path(get, path = "/landfall/v1/segments/{segment}/reach", operation_id = "getReach",
    params(("segment" = String, Path, description = "Number or name")),
    responses((status = 200, body = ReachAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "segments")]
pub(crate) async fn of_segment(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<ReachAnswer>, Problem> {
    let (segment, _) = find(&visit.workspace, &name).await?;
    let SegmentReach {
        members,
        looked_at,
        valid,
        expected,
        unknown,
        learned_at,
    } = visit.workspace.segment_reach(segment).await?;
    Ok(Json(ReachAnswer {
        segment,
        members,
        looked_at,
        valid,
        expected: expected.map(|(people, low, high)| ExpectedAnswer { people, low, high }),
        unknown,
        learned_ms: learned_at.map(|at| at.millis()),
    }))
}

const fn ends(interval: Option<Interval>) -> (Option<f64>, Option<f64>) {
    match interval {
        Some(Interval { low, high }) => (Some(low), Some(high)),
        None => (None, None),
    }
}

impl SurvivalAnswer {
    const fn nothing() -> Self {
        Self {
            learned_ms: None,
            people: 0,
            platforms: Vec::new(),
            kinds: Vec::new(),
            calibration: None,
        }
    }
}

impl From<Survival> for SurvivalAnswer {
    fn from(known: Survival) -> Self {
        Self {
            learned_ms: Some(known.learned_at.millis()),
            people: known.people,
            platforms: known.platforms.into_iter().map(Into::into).collect(),
            kinds: known.kinds.into_iter().map(Into::into).collect(),
            calibration: known.calibration.map(Into::into),
        }
    }
}

impl From<PlatformSurvival> for PlatformSurvivalAnswer {
    fn from(known: PlatformSurvival) -> Self {
        let evidence = known.evidence;
        let too_little = (!evidence.suffices()).then(|| {
            format!(
                "too little is known of {}: {} tokens were rejected in {} silences, and nothing is said below \
                 {REJECTIONS_MIN} in 200",
                known.platform, evidence.rejected, evidence.silences
            )
        });
        Self {
            platform: known.platform,
            tokens: evidence.tokens,
            silences: evidence.silences,
            returned: evidence.returned,
            rejected: evidence.rejected,
            too_little,
            ages: known.ages.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<AgePoint> for AgeAnswer {
    fn from(point: AgePoint) -> Self {
        let (low, high) = ends(point.interval);
        Self {
            days: point.days,
            survival: point.survival,
            low,
            high,
        }
    }
}

impl From<KindSurvival> for KindSurvivalAnswer {
    fn from(kind: KindSurvival) -> Self {
        Self {
            platform: kind.platform,
            reports: kind.reports,
            app_version: kind.app_version,
            silence: kind.rows.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Row> for SilenceAnswer {
    fn from(row: Row) -> Self {
        Self {
            from_days: row.from_days,
            to_days: row.to_days,
            silences: row.silences,
            returned: row.returned,
            rejected: row.rejected,
            alive: row.alive.map(Into::into),
            hazard: row.hazard,
        }
    }
}

impl From<Estimate> for AliveAnswer {
    fn from(estimate: Estimate) -> Self {
        Self {
            value: estimate.alive,
            low: estimate.interval.low,
            high: estimate.interval.high,
        }
    }
}

impl From<Calibration> for CalibrationAnswer {
    fn from(known: Calibration) -> Self {
        Self {
            days: HELD_OUT_DAYS,
            deciles: known.deciles.into_iter().map(Into::into).collect(),
            brier: known.brier,
            skill: known.skill,
            error: known.error,
        }
    }
}

impl From<Decile> for DecileAnswer {
    fn from(decile: Decile) -> Self {
        let (low, high) = ends(decile.interval);
        Self {
            tokens: decile.tokens,
            expected: decile.predicted,
            observed: decile.observed,
            low,
            high,
        }
    }
}

impl From<DeviceLiveness> for DeviceLivenessAnswer {
    fn from(device: DeviceLiveness) -> Self {
        Self {
            token: device.token,
            last_sign_ms: device.last_sign.millis(),
            last_receipt_ms: device.last_receipt.map(|at| at.millis()),
            valid: device.valid,
            alive: device.alive.map(Into::into),
        }
    }
}
