//! What the monitor counts: settled buckets of each metric, from the rows of the board.
//!
//! Reports take time, so buckets are compared at one age only: of the pushes of a quarter hour, those that
//! were handed over within the horizon of the metric, and of these those that were reported within it. The
//! same is counted of the past. A fresh bucket is thus never held against a finished one (diagnosis.md 4.2),
//! and a bucket that is counted late gives the same figures. Pushes that were held back for longer than the
//! horizon, such as over quiet hours, are not watched.

use std::collections::BTreeMap;

use landfall_board::{
    Board, Bucket, Cell, Condition, CountBy, Dimension, Filter, Group, Measure, MessageInfo, Query,
    QueryError, TimeRange, Value,
};
use landfall_domain::channel::{Channel, Platform};
use landfall_domain::marks::Mark;
use landfall_domain::message::SourceKind;
use landfall_domain::reason::Kind;
use landfall_domain::status::Outcome;
use landfall_domain::time::{HOUR_MS, MINUTE_MS, Timestamp};
use landfall_insight::alerts::{Metric, Place, Point, Settled, Tally};

use crate::diagnosis::Period;
use crate::diagnosis::history::{early, undecided};

/// Length of a bucket: a quarter of an hour.
pub const BUCKET_MS: i64 = 15 * MINUTE_MS;
/// Minutes of a bucket.
const BUCKET_MINUTES: u16 = 15;
/// Time that reports get to reach us after they were made.
const GRACE_MS: i64 = 5 * MINUTE_MS;

/// Metrics that are counted, in the order of the way of a message.
pub(super) const COUNTED: [Metric; 7] = [
    Metric::Coverage,
    Metric::Eligible,
    Metric::Accepted,
    Metric::Bounced,
    Metric::Delivered,
    Metric::Opened,
    Metric::Converted,
];

/// The age at which a metric's buckets are compared, in milliseconds from the creation of a delivery.
pub const fn horizon(metric: Metric) -> i64 {
    match metric {
        Metric::Heartbeat
        | Metric::Coverage
        | Metric::Eligible
        | Metric::Accepted
        | Metric::Bounced => BUCKET_MS,
        Metric::Delivered => 2 * BUCKET_MS,
        Metric::Opened => 4 * HOUR_MS,
        Metric::Converted => 24 * HOUR_MS,
    }
}

/// The end of the last bucket of a metric that is settled at `now`.
pub fn settled_until(metric: Metric, now: Timestamp) -> Timestamp {
    floored(now.plus_millis(-horizon(metric) - GRACE_MS))
}

/// The start of the bucket that a moment lies in.
pub(super) fn floored(at: Timestamp) -> Timestamp {
    at.plus_millis(-at.millis().rem_euclid(BUCKET_MS))
}

/// The board and how it is asked.
#[derive(Clone, Copy)]
pub(super) struct Counting<'b> {
    pub(super) board: &'b Board,
    pub(super) messages: &'b [MessageInfo],
    pub(super) threads: usize,
}

/// Cases and hits by start of the bucket and by what else is grouped by.
type Counts = BTreeMap<Key, (u64, u64)>;

/// Start of a bucket, and what else is grouped by.
type Key = (Timestamp, Vec<Value>);

impl Counting<'_> {
    /// Settled buckets of journeys and transactional messages, every one of the period, in the order of time.
    pub(super) fn settled(
        &self,
        metric: Metric,
        period: Period,
    ) -> Result<Vec<Settled>, QueryError> {
        let mut buckets: BTreeMap<Timestamp, Vec<Tally>> = BTreeMap::new();
        let mut start = floored(period.start);
        while start < period.end {
            buckets.insert(start, Vec::new());
            start = start.plus_millis(BUCKET_MS);
        }
        if buckets.is_empty() {
            return Ok(Vec::new());
        }
        let mut put = |platform: &str, (start, key): &Key, (cases, hits)| {
            let journey = key.first().filter(|source| is_watched(source));
            if let (Some(tallies), Some(journey)) = (buckets.get_mut(start), journey) {
                let place = Place {
                    journey: text(journey),
                    platform: platform.to_owned(),
                    version: key.get(1).map_or_else(String::new, text),
                };
                tallies.push(Tally { place, cases, hits });
            }
        };
        if matches!(metric, Metric::Coverage | Metric::Eligible) {
            // Who has no device has no platform, and rules are about people.
            for (key, counted) in self.counts(metric, Vec::new(), &[Dimension::Journey], period)? {
                put("", &key, counted);
            }
        } else {
            // The board groups by three dimensions, and there are fewer platforms than journeys.
            for platform in Platform::ALL {
                let own = Condition::In(Dimension::Platform, vec![Value::Platform(*platform)]);
                let by = [Dimension::Journey, Dimension::AppVersion];
                for (key, counted) in self.counts(metric, vec![own], &by, period)? {
                    put(platform.name(), &key, counted);
                }
            }
        }
        let settled = buckets.into_iter().map(|(start, tallies)| Settled {
            metric,
            start,
            tallies,
        });
        Ok(settled.collect())
    }

    /// Buckets of one slice of all pushes, without gaps, in the order of time.
    pub(super) fn points(
        &self,
        metric: Metric,
        slice: &[Condition],
        period: Period,
    ) -> Result<Vec<Point>, QueryError> {
        let counts = self.counts(metric, slice.to_vec(), &[], period)?;
        let mut points = Vec::new();
        let mut start = floored(period.start);
        while start < period.end {
            let (cases, hits) = counts.get(&(start, Vec::new())).copied().unwrap_or((0, 0));
            points.push(Point { start, cases, hits });
            start = start.plus_millis(BUCKET_MS);
        }
        Ok(points)
    }

    fn counts(
        &self,
        metric: Metric,
        mut filter: Vec<Condition>,
        by: &[Dimension],
        period: Period,
    ) -> Result<Counts, QueryError> {
        filter.push(is_push());
        let mut group_by = vec![Dimension::Time(Bucket::Minutes(BUCKET_MINUTES))];
        group_by.extend_from_slice(by);
        match metric {
            Metric::Coverage => self.refused(filter, group_by, Kind::Reach, period),
            Metric::Eligible => {
                filter.push(Condition::NotIn(Dimension::Reason, early(Kind::Reach)));
                self.refused(filter, group_by, Kind::Policy, period)
            }
            Metric::Heartbeat => Ok(Counts::new()),
            Metric::Accepted => self.handed_over(filter, group_by, Mark::Sent, period),
            Metric::Bounced => self.handed_over(filter, group_by, Mark::Bounced, period),
            Metric::Delivered => self.reported(
                filter,
                group_by,
                (Mark::Sent, Mark::Delivered),
                metric,
                period,
            ),
            Metric::Opened => self.reported(
                filter,
                group_by,
                (Mark::Delivered, Mark::Opened),
                metric,
                period,
            ),
            Metric::Converted => self.reported(
                filter,
                group_by,
                (Mark::Delivered, Mark::Converted),
                metric,
                period,
            ),
        }
    }

    /// Of the deliveries that were decided, those that were not refused before the hand-over for a reason of a
    /// kind.
    fn refused(
        &self,
        mut filter: Vec<Condition>,
        group_by: Vec<Dimension>,
        kind: Kind,
        period: Period,
    ) -> Result<Counts, QueryError> {
        filter.push(Condition::NotIn(Dimension::Outcome, undecided()));
        let mut counts = Counts::new();
        let rows = vec![Measure::Rows];
        let by = CountBy::Delivery;
        for group in self.groups(filter.clone(), group_by.clone(), rows.clone(), by, period)? {
            if let Some((key, cells)) = keyed(group) {
                counts.entry(key).or_default().0 += count(&cells, 0);
            }
        }
        filter.push(Condition::NotIn(Dimension::Reason, early(kind)));
        for group in self.groups(filter, group_by, rows, by, period)? {
            if let Some((key, cells)) = keyed(group) {
                counts.entry(key).or_default().1 += count(&cells, 0);
            }
        }
        Ok(counts)
    }

    /// Of the devices that a push is meant for, those with a mark. What is held back on purpose is no case;
    /// what waits although it is due is a case without a hit.
    fn handed_over(
        &self,
        mut filter: Vec<Condition>,
        group_by: Vec<Dimension>,
        mark: Mark,
        period: Period,
    ) -> Result<Counts, QueryError> {
        let held = Value::Code(u16::from(Outcome::Held.code()));
        filter.push(Condition::NotIn(Dimension::TargetOutcome, vec![held]));
        for kind in [Kind::Reach, Kind::Policy] {
            filter.push(Condition::NotIn(Dimension::TargetReason, early(kind)));
        }
        let measures = vec![Measure::Rows, Measure::Marked(mark)];
        let mut counts = Counts::new();
        for group in self.groups(filter, group_by, measures, CountBy::Row, period)? {
            if let Some((key, cells)) = keyed(group) {
                counts.insert(key, (count(&cells, 0), count(&cells, 1)));
            }
        }
        Ok(counts)
    }

    /// Of the pushes with one mark within the horizon, those with another within it.
    fn reported(
        &self,
        mut filter: Vec<Condition>,
        group_by: Vec<Dimension>,
        (of, hit): (Mark, Mark),
        metric: Metric,
        period: Period,
    ) -> Result<Counts, QueryError> {
        filter.push(Condition::Has(Mark::Sent));
        let within = |mark| Measure::DelayHistogram {
            mark,
            bounds: vec![horizon(metric)],
        };
        let measures = vec![within(of), within(hit)];
        let mut counts = Counts::new();
        for group in self.groups(filter, group_by, measures, CountBy::Row, period)? {
            if let Some((key, cells)) = keyed(group) {
                let (cases, hits) = (first_class(&cells, 0), first_class(&cells, 1));
                counts.insert(key, (cases, hits.min(cases)));
            }
        }
        Ok(counts)
    }

    /// Rows that were created in a period, by creation.
    pub(super) fn groups(
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
            range: TimeRange::between(period.start, period.end),
            ..Query::all(measures)
        };
        let table = self.board.query(self.messages, &query, self.threads)?;
        Ok(table.groups)
    }
}

/// What is sent all the time has a past of its own: journeys and transactional messages. A broadcast is
/// over before anything could be learned from it.
pub(super) const fn is_watched(source: &Value) -> bool {
    matches!(
        source,
        Value::Source(SourceKind::Campaign | SourceKind::Transactional, _)
    )
}

pub(super) fn is_push() -> Condition {
    Condition::In(Dimension::Channel, vec![Value::Channel(Channel::Push)])
}

/// How a value is written in slices: as the API writes it.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Source(kind, id) => format!("{kind}:{id}"),
        Value::Platform(platform) => platform.name().to_owned(),
        Value::Text(text) => text.to_string(),
        _ => String::new(),
    }
}

fn keyed(mut group: Group) -> Option<(Key, Vec<Cell>)> {
    if group.key.is_empty() {
        return None;
    }
    let rest = group.key.split_off(1);
    match group.key[..] {
        [Value::Time(start)] => Some(((start, rest), group.cells)),
        _ => None,
    }
}

fn count(cells: &[Cell], at: usize) -> u64 {
    cells.get(at).map_or(0, Cell::count)
}

fn first_class(cells: &[Cell], at: usize) -> u64 {
    match cells.get(at) {
        Some(Cell::Histogram(classes)) => classes.first().copied().unwrap_or(0),
        _ => 0,
    }
}
