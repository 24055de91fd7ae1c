//! `GET /landfall/v1/coverage`.

use std::collections::BTreeMap;

use axum::Json;
use landfall_domain::channel::Platform;
use landfall_domain::time::DAY_MS;
use landfall_engine::coverage::{Day, ENGAGEMENT, STALE_DAYS, Week};
use landfall_engine::roster::{By, Coverage, Reach};
use landfall_insight::Rate;
use landfall_insight::coverage::{
    Amount, Place, Waterfall, WaterfallError, Worth, flows, gap_worths,
};
use serde::Serialize;

use super::metrics::RateAnswer;
use super::problem::{Code, Problem, ProblemBody};
use super::range;
use super::visit::Visit;

/// Token coverage of active people.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CoverageAnswer {
    /// People count as active who did something since then (milliseconds since the epoch).
    pub active_since_ms: i64,
    /// Everybody first, then by platform. A person with devices of two platforms is in both.
    pub groups: Vec<CoverageGroup>,
    /// The waterfall of everybody: each active person is lost at the first step that fails, or within reach.
    pub waterfall: WaterfallAnswer,
    /// What people are divided by in `slices`; null when nobody asked.
    pub by: Option<&'static str>,
    /// The same of slices, the largest first; beyond twenty they are `other` together.
    pub slices: Vec<SliceAnswer>,
    /// What each gap is worth in 30 days, the largest first; null when pushes earned nothing in the last 30 days.
    pub worth: Option<WorthAnswer>,
    /// Coverage day by day, oldest first: people active in 30 days, at the end of each day (UTC).
    pub days: Vec<DayAnswer>,
    /// What each week changed, oldest first; the last one is the present week so far.
    pub weeks: Vec<WeekAnswer>,
    /// Whether all people of the store are counted already.
    pub complete: bool,
}

/// From active people to those within reach.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WaterfallAnswer {
    /// Active people.
    pub active: u64,
    /// `app_known`, `token`, `valid`, `permission`, `consent`, `not_stale`, in this order.
    pub rungs: Vec<RungAnswer>,
    /// People within reach.
    pub reachable: u64,
    /// Their share.
    pub coverage: RateAnswer,
}

/// One step of a waterfall.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RungAnswer {
    /// The step.
    pub step: &'static str,
    /// Those who lack it, in words.
    pub lack: &'static str,
    /// People who came to it.
    pub before: u64,
    /// People lost at it.
    pub lost: u64,
    /// People left after it.
    pub after: u64,
}

/// A waterfall of a slice.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SliceAnswer {
    /// Which.
    pub value: String,
    /// Its waterfall.
    pub waterfall: WaterfallAnswer,
}

/// What gaps are worth.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WorthAnswer {
    /// In which currency, in its smallest unit.
    pub currency: String,
    /// What a person within reach brought in 30 days by pushes, by last touch.
    pub per_person: AmountAnswer,
    /// How much people in the gaps are taken to spend beside people within reach.
    pub engagement: f64,
    /// The gaps. They do not add up: who passes one step meets the next.
    pub gaps: Vec<GapAnswer>,
    /// What has to be known to read it rightly.
    pub note: &'static str,
}

/// An amount with its 95 % interval.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AmountAnswer {
    /// The estimate.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What one gap is worth.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct GapAnswer {
    /// The step at which people are lost.
    pub step: &'static str,
    /// How many.
    pub lost: u64,
    /// How many of them would come within reach: the others are lost later.
    pub would_reach: f64,
    /// What they would bring in 30 days.
    pub worth: AmountAnswer,
}

/// Coverage of a day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DayAnswer {
    /// The beginning of the day (milliseconds since the epoch).
    pub at_ms: i64,
    /// Active people.
    pub active: u64,
    /// People within reach.
    pub reachable: u64,
    /// Active people by place: `reachable`, or the step at which they are lost.
    pub places: BTreeMap<&'static str, u64>,
}

/// What a week changed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WeekAnswer {
    /// Its beginning (milliseconds since the epoch).
    pub from_ms: i64,
    /// Its end, or now.
    pub to_ms: i64,
    /// Each place: `outside`, a step, or `reachable`. Then, and in, less out, is now.
    pub places: Vec<PlaceAnswer>,
    /// Who went from where to where, the largest first; who stayed is not among them.
    pub flows: Vec<FlowAnswer>,
}

/// How a place changed in a week.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PlaceAnswer {
    /// Which.
    pub place: &'static str,
    /// People at the beginning.
    pub then: u64,
    /// People who came.
    pub came: u64,
    /// People who left.
    pub left: u64,
    /// People at the end.
    pub now: u64,
}

/// People who moved.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FlowAnswer {
    /// Where they were.
    pub from: &'static str,
    /// Where they are.
    pub to: &'static str,
    /// How many.
    pub people: u64,
}

/// Coverage of one group.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CoverageGroup {
    /// `all`, or a platform.
    pub group: &'static str,
    /// Active people: the denominator.
    pub active: u64,
    /// Covered people as a share of active ones.
    pub coverage: RateAnswer,
    /// Active people by reach: `covered`, or why not. They add up to `active`.
    pub by_reach: BTreeMap<&'static str, u64>,
    /// Covered people whose app said that notifications are permitted; the others never said.
    pub permission_confirmed: u64,
}

/// The share of active people with at least one valid, permitted device, split by why not.
#[utoipa::path(
    get,
    path = "/landfall/v1/coverage",
    operation_id = "getCoverage",
    params(
        ("since" = Option<String>, Query, description = "Who counts as active: `30d` (default), `7d`, a date"),
        ("by" = Option<String>, Query, description = "Slices: `platform`, `app_version`, `country`, `lifecycle`, `account`"),
    ),
    responses(
        (status = 200, body = CoverageAnswer),
        (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody),
    ),
    tag = "people"
)]
pub(crate) async fn get(visit: Visit) -> Result<Json<CoverageAnswer>, Problem> {
    let since = visit.parameter("since").unwrap_or("30d");
    let range = range::parse(since, visit.workspace.now(), &jiff::tz::TimeZone::UTC)
        .map_err(|error| Problem::field("since", error.to_string()))?;
    let since = range
        .start
        .ok_or_else(|| Problem::field("since", "say since when"))?;
    let by = match visit.parameter("by") {
        None => None,
        Some(name) => Some(
            By::ALL
                .into_iter()
                .find(|by| by.name() == name)
                .ok_or_else(|| {
                    Problem::field(
                        "by",
                        "write platform, app_version, country, lifecycle or account",
                    )
                })?,
        ),
    };
    let now = visit.workspace.now();
    let stale = now.plus_millis(-STALE_DAYS * DAY_MS);
    let fall = visit
        .workspace
        .with_roster(|roster| roster.waterfall(since, stale))?;
    let slices = by.map(|by| {
        let falls = visit
            .workspace
            .with_roster(|roster| roster.waterfalls(by, since, stale, now));
        falls.map(|falls| falls.into_iter().map(slice).collect())
    });
    let slices = slices.transpose()?.unwrap_or_default();
    let (history, present) = visit.workspace.coverage_history().await?;
    let worth = worth(&visit, &fall).await?;
    let groups = visit.workspace.with_roster(|roster| {
        let everybody = group("all", &roster.coverage(since, None));
        let platforms = Platform::ALL
            .iter()
            .map(|platform| group(platform.name(), &roster.coverage(since, Some(*platform))));
        std::iter::once(everybody).chain(platforms).collect()
    });
    Ok(Json(CoverageAnswer {
        active_since_ms: since.millis(),
        groups,
        waterfall: fall.into(),
        by: by.map(By::name),
        slices,
        worth,
        days: history.days.iter().map(day).collect(),
        weeks: history.weeks.iter().chain(&present).map(week).collect(),
        complete: visit.complete(),
    }))
}

fn group(name: &'static str, coverage: &Coverage) -> CoverageGroup {
    let covered = coverage.of(Reach::Covered);
    CoverageGroup {
        group: name,
        active: coverage.active,
        coverage: Rate::new("covered", covered, "active", coverage.active).into(),
        by_reach: Reach::ALL
            .iter()
            .map(|reach| (reach.name(), coverage.of(*reach)))
            .collect(),
        permission_confirmed: coverage.confirmed,
    }
}

const fn name(place: Place) -> &'static str {
    match place {
        Place::Outside => "outside",
        Place::LostAt(step) => step.name(),
        Place::Reachable => "reachable",
    }
}

impl From<Waterfall> for WaterfallAnswer {
    fn from(fall: Waterfall) -> Self {
        let rungs = fall.rungs.iter().map(|rung| RungAnswer {
            step: rung.step.name(),
            lack: rung.step.lack(),
            before: rung.before,
            lost: rung.lost,
            after: rung.after,
        });
        Self {
            active: fall.active,
            rungs: rungs.collect(),
            reachable: fall.reachable,
            coverage: fall.coverage.into(),
        }
    }
}

fn slice((value, fall): (String, Waterfall)) -> SliceAnswer {
    SliceAnswer {
        value,
        waterfall: fall.into(),
    }
}

impl From<Amount> for AmountAnswer {
    fn from(amount: Amount) -> Self {
        Self {
            estimate: amount.estimate,
            low: amount.low,
            high: amount.high,
        }
    }
}

async fn worth(visit: &Visit, fall: &Waterfall) -> Result<Option<WorthAnswer>, Problem> {
    let (workspace, reachable) = (visit.workspace.clone(), fall.reachable);
    let earned = super::board(move || workspace.push_revenue_per_person(reachable)).await??;
    Ok(earned.map(|(currency, per_person)| {
        let worth = Worth {
            per_person,
            engagement: ENGAGEMENT,
        };
        let gaps = gap_worths(fall, &worth).into_iter().map(|gap| GapAnswer {
            step: gap.step.name(),
            lost: gap.lost,
            would_reach: gap.would_reach,
            worth: gap.worth.into(),
        });
        WorthAnswer {
            currency,
            per_person: per_person.into(),
            engagement: ENGAGEMENT,
            gaps: gaps.collect(),
            note: "revenue by last touch is an upper bound of what pushes bring; a holdout tells what would not be \
                   there without them. People in the gaps are taken to spend half of what people within reach do",
        }
    }))
}

fn day(day: &Day) -> DayAnswer {
    let places = Place::all().into_iter().skip(1).map(name).zip(day.people);
    DayAnswer {
        at_ms: day.at.millis(),
        active: day.people.iter().sum(),
        reachable: day.people[6],
        places: places.collect(),
    }
}

fn week(week: &Week) -> WeekAnswer {
    let mut moved: Vec<_> = week
        .flows
        .iter()
        .filter(|flow| flow.from != flow.to)
        .collect();
    moved.sort_by_key(|flow| std::cmp::Reverse(flow.people));
    let places = flows(&week.flows)
        .places
        .into_iter()
        .map(|(place, then, now, _)| {
            let came = moved.iter().filter(|flow| flow.to == place);
            let left = moved.iter().filter(|flow| flow.from == place);
            PlaceAnswer {
                place: name(place),
                then,
                came: came.map(|flow| flow.people).sum(),
                left: left.map(|flow| flow.people).sum(),
                now,
            }
        });
    WeekAnswer {
        from_ms: week.from.millis(),
        to_ms: week.to.millis(),
        places: places.collect(),
        flows: moved
            .iter()
            .map(|flow| FlowAnswer {
                from: name(flow.from),
                to: name(flow.to),
                people: flow.people,
            })
            .collect(),
    }
}

impl From<WaterfallError> for Problem {
    fn from(error: WaterfallError) -> Self {
        Self::new(Code::Internal, error.to_string())
    }
}
