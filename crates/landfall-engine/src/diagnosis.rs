//! The diagnosis of a journey from the board: counts in, verdict out.
//!
//! Two periods of the same length are compared. Everything is counted from the rows of the board: what
//! people came to ([`count`]), how much rates usually vary and when reports come (`history`), and,
//! once there is a suspect, where and since when (`lookup`). The rules are those of
//! [`landfall_insight::verdict`]; nothing here decides anything.

mod attribute;
mod count;
pub(crate) mod history;
mod localise;
mod lookup;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use landfall_board::{
    Alike, Basis, Board, Condition, CountBy, Dimension, Filter, Group, Measure, MessageInfo, Query,
    QueryError, TimeRange, Value,
};
use landfall_domain::channel::Channel;
use landfall_domain::marks::Mark;
use landfall_domain::message::SourceKind;
use landfall_domain::time::Timestamp;
use landfall_insight::decompose::{DecomposeError, Shift};
use landfall_insight::verdict::{self, Beside, Change, Diagnosis, Picture, Rows};

use count::Counted;
use history::History;
use lookup::Ledger;

/// A period: from its first instant up to, not including, the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First instant.
    pub start: Timestamp,
    /// First instant after.
    pub end: Timestamp,
}

impl Period {
    pub(crate) fn range(self) -> TimeRange {
        TimeRange::between(self.start, self.end)
    }

    /// Length in milliseconds.
    pub fn length(self) -> i64 {
        self.end.since(self.start)
    }

    /// The period of the same length that ends where this one begins.
    #[must_use]
    pub fn previous(self) -> Self {
        self.moved(-self.length())
    }

    fn moved(self, by: i64) -> Self {
        Self {
            start: self.start.plus_millis(by),
            end: self.end.plus_millis(by),
        }
    }
}

/// What is to be diagnosed.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The journey, as values of [`Dimension::Journey`].
    pub journey: Vec<Value>,
    /// How it is written in queries, such as `campaign:31`.
    pub name: String,
    /// The period that is looked at.
    pub period: Period,
    /// The one that it is compared with; best of the same length and the same days of the week.
    pub against: Period,
    /// What was changed lately.
    pub changes: Vec<Change>,
    /// Seed of the draws of the intervals.
    pub seed: u64,
}

/// Why there is no diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiagnosisError {
    /// The board refused a question.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The counts are no numbers.
    #[error(transparent)]
    Decompose(#[from] DecomposeError),
}

/// A diagnosis with what it was made from.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    /// The verdict and its parts.
    #[serde(flatten)]
    pub diagnosis: Diagnosis,
    /// What has to be known to read it rightly.
    pub notes: Vec<String>,
}

/// The board and how it is asked.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'b> {
    board: &'b Board,
    messages: &'b [MessageInfo],
    request: &'b Request,
    now: Timestamp,
    threads: usize,
}

impl Asking<'_> {
    /// Conditions of the journey's pushes.
    fn pushes(&self) -> Vec<Condition> {
        vec![
            Condition::In(Dimension::Journey, self.request.journey.clone()),
            Condition::In(Dimension::Channel, vec![Value::Channel(Channel::Push)]),
        ]
    }

    fn groups(
        &self,
        filter: Vec<Condition>,
        group_by: Vec<Dimension>,
        measures: Vec<Measure>,
        count_by: CountBy,
        period: Period,
    ) -> Result<Vec<Group>, QueryError> {
        let query = Query {
            filter: Filter(filter),
            group_by,
            count_by,
            basis: Basis::Created,
            range: period.range(),
            ..Query::all(measures)
        };
        let table = self.board.query(self.messages, &query, self.threads)?;
        Ok(table.groups)
    }

    fn alike(&self, period: Period) -> Result<Vec<Alike>, QueryError> {
        let filter = Filter(self.pushes());
        self.board.alike(self.messages, &filter, period.range())
    }

    /// The same deliveries as rows of the log.
    fn rows(&self, period: Period) -> Rows {
        Rows(vec![
            ("journey".to_owned(), self.request.name.clone()),
            ("channel".to_owned(), Channel::Push.name().to_owned()),
            (
                "range".to_owned(),
                format!("{}..{}", period.start.seconds(), period.end.seconds()),
            ),
        ])
    }
}

/// Diagnoses a journey.
///
/// # Errors
/// [`DiagnosisError`]: for what no caller can have asked.
pub fn diagnose(
    board: &Board,
    messages: &[MessageInfo],
    request: &Request,
    now: Timestamp,
    threads: usize,
) -> Result<Report, DiagnosisError> {
    let asking = Asking {
        board,
        messages,
        request,
        now,
        threads,
    };
    let (before, after) = (
        asking.alike(request.against)?,
        asking.alike(request.period)?,
    );
    let mut counted = Counted::of(&before, &after, messages);
    let mut history = History::learn(&asking)?;
    let mut notes = Vec::new();
    history.expect(&mut counted, &mut notes);
    counted.fill_values(&mut notes);
    let mut noise = history.noise();
    noise.value_variation = counted.value_variation();
    let picture = Picture {
        funnel: counted.funnel(),
        unit: counted.unit.clone(),
        noise,
        reasons: counted.reasons(),
        channels: channels(&asking, &counted)?,
        others: others(&asking, &counted)?,
        qualified_before: history.qualified.clone(),
        orders: history.orders(&asking)?,
        start: request.period.start,
        orders_by_day: history.orders_by_day.clone(),
        people_by_day: history.people_by_day.clone(),
        changes: request.changes.clone(),
        rows: asking.rows(request.period),
        rows_before: asking.rows(request.against),
    };
    let ledger = Ledger {
        asking: &asking,
        history: &history,
        before: &before,
        after: &after,
    };
    let diagnosis = verdict::judge(&picture, &ledger, request.seed)?;
    Ok(Report { diagnosis, notes })
}

/// What is counted of other channels and journeys.
fn beside_measures() -> Vec<Measure> {
    vec![
        Measure::Rows,
        Measure::Marked(Mark::Sent),
        Measure::Marked(Mark::Converted),
        Measure::Revenue,
    ]
}

fn put(beside: &mut Beside, group: &Group, after: bool, counted: &Counted) {
    let count = |at: usize| group.cells.get(at).map_or(0, landfall_board::Cell::count) as f64;
    let money = match group.cells.get(3) {
        Some(landfall_board::Cell::Money(sums)) => counted.money(sums),
        _ => 0.0,
    };
    let figures = [
        (&mut beside.qualified, count(0)),
        (&mut beside.sent, count(1)),
        (&mut beside.converted, count(2)),
        (&mut beside.value, money),
    ];
    for (shift, figure) in figures {
        let slot: &mut Shift = shift;
        if after {
            slot.after += figure;
        } else {
            slot.before += figure;
        }
    }
}

/// What else was sent, by a dimension.
fn besides(
    asking: &Asking<'_>,
    counted: &Counted,
    filter: &[Condition],
    by: Dimension,
) -> Result<BTreeMap<Value, Beside>, QueryError> {
    let mut besides: BTreeMap<Value, Beside> = BTreeMap::new();
    for (after, period) in [
        (false, asking.request.against),
        (true, asking.request.period),
    ] {
        let groups = asking.groups(
            filter.to_vec(),
            vec![by],
            beside_measures(),
            CountBy::Delivery,
            period,
        )?;
        for group in &groups {
            if let Some(value) = group.key.first() {
                let beside = besides.entry(value.clone()).or_default();
                put(beside, group, after, counted);
            }
        }
    }
    Ok(besides)
}

fn channels(asking: &Asking<'_>, counted: &Counted) -> Result<Vec<Beside>, QueryError> {
    let filter = [
        Condition::In(Dimension::Journey, asking.request.journey.clone()),
        Condition::NotIn(Dimension::Channel, vec![Value::Channel(Channel::Push)]),
    ];
    let channels = besides(asking, counted, &filter, Dimension::Channel)?.into_iter();
    let named = channels.filter_map(|(channel, beside)| match channel {
        Value::Channel(channel) => Some(Beside {
            name: channel.name().to_owned(),
            ..beside
        }),
        _ => None,
    });
    Ok(named.collect())
}

/// All other journeys together that lead to orders; nothing when there are none. One without orders, such as a
/// check of releases, says nothing about the season.
fn others(asking: &Asking<'_>, counted: &Counted) -> Result<Option<Beside>, QueryError> {
    let is_other = |value: &Value| {
        let of_journeys = matches!(value, Value::Source(SourceKind::Campaign, _));
        of_journeys && !asking.request.journey.contains(value)
    };
    let infos = asking.messages.iter();
    let sources = infos.map(|info| Value::Source(info.source, info.source_id));
    let journeys: BTreeSet<Value> = sources.filter(is_other).collect();
    if journeys.is_empty() {
        return Ok(None);
    }
    let filter = [Condition::In(
        Dimension::Journey,
        journeys.into_iter().collect(),
    )];
    let journeys = besides(asking, counted, &filter, Dimension::Journey)?.into_values();
    let selling = journeys.filter(|beside| beside.converted.before > 0.0);
    let together = selling.reduce(|mut all, one| {
        for (sum, part) in [
            (&mut all.qualified, one.qualified),
            (&mut all.sent, one.sent),
            (&mut all.converted, one.converted),
            (&mut all.value, one.value),
        ] {
            sum.before += part.before;
            sum.after += part.after;
        }
        all
    });
    Ok(together.map(|all| Beside {
        name: "other journeys".to_owned(),
        ..all
    }))
}
