//! The same questions answered the plain way: a list of rows, looked at one by one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, ToSpan, Unit, ZonedRound};
use landfall_domain::marks::Mark;
use landfall_domain::time::{MINUTE_MS, Timestamp};
use rand::Rng;
use rand::rngs::SmallRng;

use crate::{
    Basis, Bucket, Cell, Condition, CountBy, Dimension, Filter, Group, Measure, MessageInfo,
    Position, Query, RowUpdate, Search, Table, TimeRange, Value,
};

/// Rows by delivery and target.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows(pub(super) BTreeMap<(u32, u16), RowUpdate>);

/// Everything that fell into one group, by measure.
#[derive(Default)]
struct Sums {
    who: BTreeMap<usize, BTreeSet<(u32, u16)>>,
    money: BTreeMap<usize, BTreeMap<crate::Currency, i64>>,
    delays: BTreeMap<usize, Vec<i64>>,
}

impl Rows {
    pub(super) fn put(&mut self, row: &RowUpdate) {
        self.0.insert((row.delivery.0, row.target), row.clone());
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn sample(&self, rng: &mut SmallRng, count: usize) -> Vec<&RowUpdate> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let rows: Vec<_> = self.0.values().collect();
        (0..count)
            .map(|_| rows[rng.random_range(0..rows.len())])
            .collect()
    }

    pub(super) fn recount(&self, catalogue: &[MessageInfo], query: &Query) -> Table {
        let mut groups: BTreeMap<Vec<Value>, Sums> = BTreeMap::new();
        if query.group_by.is_empty() {
            groups.entry(Vec::new()).or_default();
        }
        for row in self.0.values() {
            if !passes(catalogue, row, &query.filter) {
                continue;
            }
            let counts = |measure| matches!(measure, &Measure::Rows | &Measure::Marked(_));
            let counted = query.measures.iter().any(counts);
            if counted && query.basis == Basis::Created && inside(query.range, row.created) {
                groups
                    .entry(key(catalogue, query, row, row.created))
                    .or_default();
            }
            for (place, measure) in query.measures.iter().enumerate() {
                let Some(at) = time_of(query.basis, measure, row) else {
                    continue;
                };
                if inside(query.range, at) {
                    let sums = groups.entry(key(catalogue, query, row, at)).or_default();
                    add(sums, place, measure, query.count_by, row);
                }
            }
        }
        let groups = groups.into_iter().map(|(key, sums)| Group {
            key,
            cells: (query.measures.iter().enumerate())
                .map(|(place, measure)| cell(&sums, place, measure))
                .collect(),
        });
        Table {
            groups: groups.collect(),
        }
    }

    pub(super) fn search(&self, catalogue: &[MessageInfo], search: &Search) -> Vec<Position> {
        let positions: BTreeSet<Position> = self
            .0
            .values()
            .filter(|row| passes(catalogue, row, &search.filter))
            .filter(|row| inside(search.range, row.created))
            .map(|row| Position {
                created: row.created,
                delivery: row.delivery,
            })
            .filter(|position| search.after.is_none_or(|after| *position < after))
            .collect();
        positions.into_iter().rev().take(search.limit).collect()
    }
}

pub(super) fn inside(range: TimeRange, at: Timestamp) -> bool {
    range.start.is_none_or(|start| start <= at) && range.end.is_none_or(|end| at < end)
}

/// When the measure's fact occurred; `None` when the row has no such fact.
fn time_of(basis: Basis, measure: &Measure, row: &RowUpdate) -> Option<Timestamp> {
    let occurred = match measure {
        Measure::Rows => row.created,
        Measure::Marked(mark)
        | Measure::DelayQuantiles { mark, .. }
        | Measure::DelayHistogram { mark, .. } => row.marks.at(*mark)?,
        Measure::Revenue => {
            row.revenue?;
            row.marks.at(Mark::Converted).unwrap_or(row.created)
        }
    };
    Some(match basis {
        Basis::Created => row.created,
        Basis::Occurred => occurred,
    })
}

fn key(catalogue: &[MessageInfo], query: &Query, row: &RowUpdate, at: Timestamp) -> Vec<Value> {
    let value = |dimension: &Dimension| match dimension {
        Dimension::Time(bucket) => Value::Time(bucket_start(*bucket, &query.zone, at)),
        other => value_of(catalogue, row, *other),
    };
    query.group_by.iter().map(value).collect()
}

fn bucket_start(bucket: Bucket, zone: &TimeZone, at: Timestamp) -> Timestamp {
    let instant = Instant::from_millisecond(at.millis()).expect("a sane time");
    let zoned = instant.to_zoned(zone.clone());
    let day = zoned.start_of_day().expect("a sane day");
    let minutes = |length: i64| {
        let start = day.timestamp().as_millisecond();
        start + (at.millis() - start) / (length * MINUTE_MS) * (length * MINUTE_MS)
    };
    let start = match bucket {
        Bucket::Minutes(length) => minutes(i64::from(length)),
        Bucket::Hour => minutes(60),
        Bucket::Day => {
            let floor = ZonedRound::new()
                .smallest(Unit::Day)
                .mode(jiff::RoundMode::Floor);
            let day = zoned.round(floor).expect("a sane day");
            day.timestamp().as_millisecond()
        }
        Bucket::Week => {
            let mut date = zoned.date();
            while date.weekday() != Weekday::Monday {
                date = date.yesterday().expect("a sane day");
            }
            let monday = date.to_zoned(zone.clone()).expect("a sane day");
            monday
                .start_of_day()
                .expect("a sane day")
                .timestamp()
                .as_millisecond()
        }
        Bucket::Month => {
            let past = i64::from(zoned.date().day()) - 1;
            let first = zoned.date().checked_sub(past.days()).expect("a sane day");
            let first = first.to_zoned(zone.clone()).expect("a sane day");
            first
                .start_of_day()
                .expect("a sane day")
                .timestamp()
                .as_millisecond()
        }
    };
    Timestamp::from_millis(start)
}

pub(super) fn value_of(catalogue: &[MessageInfo], row: &RowUpdate, dimension: Dimension) -> Value {
    let info = catalogue.get(row.message.0 as usize);
    let text = |text: &Option<std::sync::Arc<str>>| match text {
        Some(text) => Value::Text(text.clone()),
        None => Value::Absent,
    };
    let dims = &row.dims;
    let found = match dimension {
        Dimension::Time(_) => None,
        Dimension::Journey => info.map(|info| Value::Source(info.source, info.source_id)),
        Dimension::Step => info.and_then(|info| info.step_id).map(Value::Number),
        Dimension::Variant => info.and_then(|info| info.variant_id).map(Value::Number),
        Dimension::Channel => info.map(|info| Value::Channel(info.channel)),
        Dimension::NamePart(part) => info
            .and_then(|info| info.parts[part as usize].as_deref())
            .map(|part| Value::Text(part.into())),
        Dimension::Platform => dims.platform.map(Value::Platform),
        Dimension::Provider => dims.provider.map(Value::Provider),
        Dimension::App => Some(text(&dims.app)),
        Dimension::AppVersion => Some(text(&dims.app_version)),
        Dimension::OsVersion => Some(text(&dims.os_version)),
        Dimension::SdkVersion => Some(text(&dims.sdk_version)),
        Dimension::DeviceModel => Some(text(&dims.device_model)),
        Dimension::TokenAge => Some(Value::TokenAge(dims.token_age)),
        Dimension::Permission => dims.permission.map(Value::Flag),
        Dimension::ReceiptCapable => Some(Value::Flag(dims.receipt_capable)),
        Dimension::Outcome => Some(Value::Code(u16::from(row.fate.outcome))),
        Dimension::Reason => Some(Value::Code(row.fate.reason)),
        Dimension::Status => Some(Value::Code(u16::from(row.fate.status))),
        Dimension::TargetOutcome => Some(Value::Code(u16::from(row.fate.target_outcome))),
        Dimension::TargetReason => Some(Value::Code(row.fate.target_reason)),
    };
    found.unwrap_or(Value::Absent)
}

pub(super) fn passes(catalogue: &[MessageInfo], row: &RowUpdate, filter: &Filter) -> bool {
    filter.0.iter().all(|condition| match condition {
        Condition::In(dimension, values) => values.contains(&value_of(catalogue, row, *dimension)),
        Condition::NotIn(dimension, values) => {
            !values.contains(&value_of(catalogue, row, *dimension))
        }
        Condition::NameContains(text) => {
            catalogue.get(row.message.0 as usize).is_some_and(|info| {
                let names = [&info.source_name, &info.step_name, &info.variant_name];
                let names = names.into_iter().chain(&info.parts).flatten();
                names
                    .into_iter()
                    .any(|name| name.to_lowercase().contains(&text.to_lowercase()))
            })
        }
        Condition::Has(mark) => row.marks.has(*mark),
        Condition::Lacks(mark) => !row.marks.has(*mark),
        Condition::Flags { mask, value } => row.fate.flags & mask == *value,
        Condition::People(people) => row.person.is_some_and(|key| people.contains(&key)),
        Condition::Devices(devices) => row.device.is_some_and(|key| devices.contains(&key)),
        Condition::Deliveries(deliveries) => deliveries.contains(&row.delivery),
    })
}

fn add(sums: &mut Sums, place: usize, measure: &Measure, count_by: CountBy, row: &RowUpdate) {
    match measure {
        Measure::Rows | Measure::Marked(_) => {
            let marked = match measure {
                Measure::Marked(mark) => row.marks.has(*mark),
                _ => true,
            };
            let who = match count_by {
                CountBy::Row => Some((row.delivery.0, row.target)),
                CountBy::Delivery => Some((row.delivery.0, 0)),
                CountBy::Person => row.person.map(|key| (key.0, 0)),
                CountBy::Device => row.device.map(|key| (key.0, 0)),
            };
            if marked {
                sums.who.entry(place).or_default().extend(who);
            }
        }
        Measure::Revenue => {
            if let Some(revenue) = row.revenue {
                let money = sums.money.entry(place).or_default();
                *money.entry(revenue.currency).or_default() += revenue.minor;
            }
        }
        Measure::DelayQuantiles { mark, .. } | Measure::DelayHistogram { mark, .. } => {
            if let Some(at) = row.marks.at(*mark) {
                sums.delays
                    .entry(place)
                    .or_default()
                    .push(at.since(row.created));
            }
        }
    }
}

fn cell(sums: &Sums, place: usize, measure: &Measure) -> Cell {
    let delays = sums.delays.get(&place).map_or(&[][..], Vec::as_slice);
    match measure {
        Measure::Rows | Measure::Marked(_) => {
            Cell::Count(sums.who.get(&place).map_or(0, |who| who.len() as u64))
        }
        Measure::Revenue => {
            let money = sums.money.get(&place).into_iter().flatten();
            Cell::Money(money.map(|(currency, minor)| (*currency, *minor)).collect())
        }
        Measure::DelayQuantiles { shares, .. } => {
            let quantile = |share: &f64| {
                let reached = |bound: &i64| {
                    let below = delays.iter().filter(|delay| *delay <= bound).count();
                    below as f64 >= share * delays.len() as f64
                };
                delays
                    .iter()
                    .copied()
                    .filter(reached)
                    .min()
                    .expect("the longest reaches all")
            };
            Cell::Delays((!delays.is_empty()).then(|| shares.iter().map(quantile).collect()))
        }
        Measure::DelayHistogram { bounds, .. } => {
            let class = |place: usize| {
                let above = |delay: &&i64| place == 0 || bounds[place - 1] <= **delay;
                let below = |delay: &&i64| place == bounds.len() || **delay < bounds[place];
                delays.iter().filter(above).filter(below).count() as u64
            };
            Cell::Histogram((0..=bounds.len()).map(class).collect())
        }
    }
}
