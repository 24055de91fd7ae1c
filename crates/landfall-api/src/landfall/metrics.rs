//! `GET /landfall/v1/metrics`: any measure, in any groups, under any filter.

use landfall_board::{Basis, Bucket, Cell, CountBy, Dimension, Group, Measure, MessageInfo, Value};
use landfall_domain::marks::Mark;
use landfall_domain::time::Timestamp;
use landfall_insight::{Rate, Settling};
use serde::Serialize;
use std::collections::BTreeMap;

use super::dimension;
use super::question::{Asked, Question, count, count_name};

/// The answer to a question about metrics.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Metrics {
    /// First instant of the range (RFC 3339), if it has one.
    pub from: Option<String>,
    /// First instant after the range, if it has one.
    pub to: Option<String>,
    /// Zone in which days begin.
    pub tz: String,
    /// `created`: everything counts where the delivery was created; `occurred`: where it happened.
    pub basis: &'static str,
    /// What a count counts: `delivery`, `person`, `device` or `target`.
    pub counted_by: &'static str,
    /// Dimensions of the groups, in order.
    pub group_by: Vec<&'static str>,
    /// One line for each group that holds anything.
    pub rows: Vec<Line>,
    /// Whether the board held everything that the ledger holds when this was answered.
    pub complete: bool,
    /// When this was answered.
    pub as_of: String,
}

/// One group.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Line {
    /// Values of the dimensions.
    pub group: Vec<GroupValue>,
    /// Counts by name.
    pub counts: BTreeMap<String, u64>,
    /// Rates by name.
    pub rates: BTreeMap<String, RateAnswer>,
    /// Times from creation to a mark, by the mark's name.
    pub delays: BTreeMap<String, Delay>,
    /// Revenue in smallest units by currency.
    pub revenue: BTreeMap<String, i64>,
    /// Whether the figures may still grow because reports are on their way.
    pub settling: bool,
}

/// A dimension's value.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct GroupValue {
    /// The dimension.
    pub dimension: &'static str,
    /// The value, as it can be filtered by.
    pub value: String,
    /// The name that people gave to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// A share, with everything that is needed to read it rightly.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RateAnswer {
    /// What is counted.
    pub numerator: String,
    /// What it is a share of.
    pub denominator: String,
    /// How many.
    pub hits: u64,
    /// Of how many.
    pub of: u64,
    /// `hits / of`; null without data.
    pub value: Option<f64>,
    /// Lower end of the 95 % Wilson interval.
    pub low: Option<f64>,
    /// Upper end of the 95 % Wilson interval.
    pub high: Option<f64>,
}

/// Quantiles of a delay; null when nothing was delayed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Delay {
    /// Half of the delays do not exceed this.
    pub p50_ms: Option<i64>,
    /// Nineteen of twenty delays do not exceed this.
    pub p95_ms: Option<i64>,
}

impl From<Rate> for RateAnswer {
    fn from(rate: Rate) -> Self {
        Self {
            numerator: rate.numerator,
            denominator: rate.denominator,
            hits: rate.hits,
            of: rate.of,
            value: rate.value,
            low: rate.interval.map(|interval| interval.low),
            high: rate.interval.map(|interval| interval.high),
        }
    }
}

/// Shapes the board's groups into an answer.
pub fn answer(
    question: &Question,
    groups: &[Group],
    messages: &[MessageInfo],
    complete: bool,
    now: Timestamp,
) -> Metrics {
    Metrics {
        from: question.range.start.map(|at| time(at, question)),
        to: question.range.end.map(|at| time(at, question)),
        tz: question.zone.iana_name().unwrap_or("UTC").to_owned(),
        basis: match question.basis {
            Basis::Created => "created",
            Basis::Occurred => "occurred",
        },
        counted_by: match question.count_by {
            CountBy::Row => "target",
            CountBy::Delivery => "delivery",
            CountBy::Person => "person",
            CountBy::Device => "device",
        },
        group_by: question
            .group_by
            .iter()
            .map(|dimension| dimension::name(*dimension))
            .collect(),
        rows: groups
            .iter()
            .map(|group| line(question, group, messages, now))
            .collect(),
        complete,
        as_of: time(now, question),
    }
}

fn line(question: &Question, group: &Group, messages: &[MessageInfo], now: Timestamp) -> Line {
    let measures = question.measures();
    let cell = |wanted: &Measure| {
        let at = measures.iter().position(|measure| measure == wanted);
        at.and_then(|at| group.cells.get(at))
    };
    let counted = |mark| cell(&count(mark)).map_or(0, Cell::count);
    let mut line = Line {
        group: group_values(question, group, messages),
        counts: BTreeMap::new(),
        rates: BTreeMap::new(),
        delays: BTreeMap::new(),
        revenue: BTreeMap::new(),
        settling: settling(question, group, now),
    };
    for asked in &question.asked {
        match asked {
            Asked::Count(mark) => {
                line.counts
                    .insert(count_name(*mark).to_owned(), counted(*mark));
            }
            Asked::Rate { of, over } => {
                let (of_name, over_name) = (of.name(), count_name(*over));
                let rate = Rate::new(of_name, counted(Some(*of)), over_name, counted(*over));
                line.rates
                    .insert(format!("{of_name}/{over_name}"), rate.into());
            }
            Asked::Delay(mark) => {
                let quantiles = measures.iter().position(
                    |m| matches!(m, Measure::DelayQuantiles { mark: of, .. } if of == mark),
                );
                let delays = match quantiles.and_then(|at| group.cells.get(at)) {
                    Some(Cell::Delays(Some(delays))) => delays.clone(),
                    _ => Vec::new(),
                };
                let delay = Delay {
                    p50_ms: delays.first().copied(),
                    p95_ms: delays.get(1).copied(),
                };
                line.delays.insert(mark.name().to_owned(), delay);
            }
            Asked::Revenue => {
                if let Some(Cell::Money(sums)) = cell(&Measure::Revenue) {
                    let sums = sums
                        .iter()
                        .map(|(c, minor)| (c.letters().to_owned(), *minor));
                    line.revenue.extend(sums);
                }
            }
        }
    }
    line
}

fn group_values(question: &Question, group: &Group, messages: &[MessageInfo]) -> Vec<GroupValue> {
    let journey = group
        .key
        .iter()
        .find(|value| matches!(value, Value::Source(..)));
    question
        .group_by
        .iter()
        .zip(&group.key)
        .map(|(dimension, value)| GroupValue {
            dimension: dimension::name(*dimension),
            value: match value {
                Value::Time(at) => time(*at, question),
                value => dimension::text(*dimension, value),
            },
            label: dimension::label(*dimension, value, journey, messages),
        })
        .collect()
}

/// A group settles while reports for its newest deliveries may still come.
fn settling(question: &Question, group: &Group, now: Timestamp) -> bool {
    let range_end = question.range.end.map_or(now, |end| end.min(now));
    let bucket_end = question
        .group_by
        .iter()
        .zip(&group.key)
        .find_map(|pair| match pair {
            (Dimension::Time(bucket), Value::Time(start)) => {
                Some(end_of(*bucket, *start, question))
            }
            _ => None,
        });
    let end = bucket_end.map_or(range_end, |end| end.min(range_end));
    marks_of(question)
        .into_iter()
        .any(|mark| Settling::default_for(mark).is_settling(end, now))
}

fn marks_of(question: &Question) -> Vec<Mark> {
    let mut marks = Vec::new();
    for asked in &question.asked {
        match asked {
            Asked::Count(mark) => marks.extend(*mark),
            Asked::Rate { of, over } => {
                marks.push(*of);
                marks.extend(*over);
            }
            Asked::Delay(mark) => marks.push(*mark),
            Asked::Revenue => marks.push(Mark::Converted),
        }
    }
    marks
}

fn end_of(bucket: Bucket, start: Timestamp, question: &Question) -> Timestamp {
    use jiff::ToSpan as _;
    let span = match bucket {
        Bucket::Minutes(minutes) => i64::from(minutes).minutes(),
        Bucket::Hour => 1.hour(),
        Bucket::Day => 1.day(),
        Bucket::Week => 1.week(),
        Bucket::Month => 1.month(),
    };
    let end = jiff::Timestamp::from_millisecond(start.millis())
        .and_then(|start| start.to_zoned(question.zone.clone()).checked_add(span))
        .map(|end| Timestamp::from_millis(end.timestamp().as_millisecond()));
    end.unwrap_or(start)
}

/// A time in the question's zone, as RFC 3339 with the offset.
pub(crate) fn time(at: Timestamp, question: &Question) -> String {
    let Ok(at) = jiff::Timestamp::from_millisecond(at.millis()) else {
        return at.millis().to_string();
    };
    let offset = question.zone.to_offset(at);
    at.display_with_offset(offset).to_string()
}

/// Counts, rates with intervals, delays and revenue, in any groups, under any filter.
///
/// Besides the named parameters every dimension is a filter: `platform=ios,android`,
/// `outcome!=accepted`, `journey=Cart Recovery`; `q` searches names, `has` and `lacks` take a mark.
#[utoipa::path(
    get,
    path = "/landfall/v1/metrics",
    operation_id = "getMetrics",
    params(
        ("measures" = Option<String>, Query, description = "Comma-separated: `reached`, any mark (`sent`, `delivered`, ...), a rate (`delivered_rate`, `opened/sent`), `time_to_delivered`, `revenue`"),
        ("by" = Option<String>, Query, description = "Up to three dimensions: `hour`, `day`, `week`, `month`, `journey`, `step`, `name_journey`, `name_step`, `name_delay`, `name_intent`, `variant`, `channel`, `platform`, `provider`, `app`, `app_version`, `os_version`, `sdk_version`, `device_model`, `token_age`, `permission`, `receipt_capable`, `outcome`, `reason`, `status`, `target_outcome`, `target_reason`"),
        ("range" = Option<String>, Query, description = "`7d`, `yesterday`, `2026-11-01..2026-11-08`, `2026-11-01..`"),
        ("tz" = Option<String>, Query, description = "Zone in which days begin, such as `Europe/Paris`"),
        ("basis" = Option<String>, Query, description = "`created` (default) or `occurred`"),
        ("count" = Option<String>, Query, description = "`delivery` (default), `person`, `device` or `target`"),
        ("q" = Option<String>, Query, description = "Free text in names"),
    ),
    responses(
        (status = 200, body = Metrics),
        (status = 400, body = super::problem::ProblemBody),
        (status = 401, body = super::problem::ProblemBody),
    ),
    tag = "metrics"
)]
pub(crate) async fn get(
    visit: super::visit::Visit,
) -> Result<axum::Json<Metrics>, super::problem::Problem> {
    let catalogue = visit.workspace.catalogue();
    let now = visit.workspace.now();
    let question = Question::read(&visit.parameters, &[], catalogue.infos(), now)?;
    let (workspace, query) = (visit.workspace.clone(), question.query());
    let names = std::sync::Arc::clone(&catalogue);
    let table = super::board(move || {
        workspace
            .board()
            .view()
            .query(names.infos(), &query, super::threads())
    })
    .await??;
    Ok(axum::Json(answer(
        &question,
        &table.groups,
        catalogue.infos(),
        visit.complete(),
        now,
    )))
}
