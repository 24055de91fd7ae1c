//! When something sent its first and its last delivery.

use std::collections::BTreeMap;

use landfall_board::{
    Bucket, Condition, Dimension, Filter, Measure, Query, Search, TimeRange, Value,
};
use landfall_domain::message::SourceKind;
use landfall_domain::time::{DAY_MS, MINUTE_MS, Timestamp};

use super::ledger::source;
use super::refusal::Refusal;
use super::view::View;

/// Creation of the first and of the last delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

/// A month has at most so many milliseconds.
const MONTH_MS: i64 = 31 * DAY_MS;

/// Of everything of one kind, by number. What never sent is not in it.
pub(super) fn spans(view: &View, kind: SourceKind) -> Result<BTreeMap<u64, Span>, Refusal> {
    let mut query = Query::all(vec![Measure::Rows]);
    query.group_by = vec![Dimension::Journey, Dimension::Time(Bucket::Month)];
    let mut months: BTreeMap<u64, Timestamp> = BTreeMap::new();
    for group in view.ask(&query)?.groups {
        if let [Value::Source(found, id), Value::Time(month)] = group.key[..]
            && found == kind
        {
            let first = months.entry(id).or_insert(month);
            *first = (*first).min(month);
        }
    }
    let mut spans = BTreeMap::new();
    for (id, month) in months {
        let within = TimeRange::between(month, month.plus_millis(MONTH_MS));
        if let Some(span) = refine(view, &[source(kind, id)], within)? {
            spans.insert(id, span);
        }
    }
    Ok(spans)
}

/// Of the deliveries that meet the conditions.
pub(super) fn span(view: &View, conditions: &[Condition]) -> Result<Option<Span>, Refusal> {
    match first_bucket(view, conditions, Bucket::Month, TimeRange::ALL)? {
        None => Ok(None),
        Some(month) => refine(
            view,
            conditions,
            TimeRange::between(month, month.plus_millis(MONTH_MS)),
        ),
    }
}

/// Narrows the month of the first delivery down to a day, a minute and the delivery itself: each
/// question looks at a smaller part of the board.
fn refine(
    view: &View,
    conditions: &[Condition],
    month: TimeRange,
) -> Result<Option<Span>, Refusal> {
    let Some(day) = first_bucket(view, conditions, Bucket::Day, month)? else {
        return Ok(None);
    };
    let day = TimeRange::between(day, day.plus_millis(DAY_MS));
    let Some(minute) = first_bucket(view, conditions, Bucket::Minutes(1), day)? else {
        return Ok(None);
    };
    let minute = TimeRange::between(minute, minute.plus_millis(MINUTE_MS));
    let first = search(view, conditions, minute, usize::MAX)?
        .last()
        .copied();
    let last = search(view, conditions, TimeRange::ALL, 1)?
        .first()
        .copied();
    Ok(first.zip(last).map(|(first, last)| Span { first, last }))
}

fn first_bucket(
    view: &View,
    conditions: &[Condition],
    bucket: Bucket,
    range: TimeRange,
) -> Result<Option<Timestamp>, Refusal> {
    let mut query = Query::all(vec![Measure::Rows]);
    query.filter = Filter(conditions.to_vec());
    query.group_by = vec![Dimension::Time(bucket)];
    query.range = range;
    Ok(view
        .ask(&query)?
        .groups
        .first()
        .and_then(|group| match group.key[..] {
            [Value::Time(start)] => Some(start),
            _ => None,
        }))
}

fn search(
    view: &View,
    conditions: &[Condition],
    range: TimeRange,
    limit: usize,
) -> Result<Vec<Timestamp>, Refusal> {
    let search = Search {
        filter: Filter(conditions.to_vec()),
        range,
        after: None,
        limit,
    };
    let found = view
        .workspace
        .board()
        .view()
        .search(view.catalogue.infos(), &search)?;
    Ok(found.into_iter().map(|position| position.created).collect())
}
