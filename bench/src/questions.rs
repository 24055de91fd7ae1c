//! The five questions, and their answers in a form that engines can be compared by.

use jiff::tz::TimeZone;
use landfall_board::{
    Basis, Bucket, Cell, Condition, CountBy, Dimension, Filter, Measure, Query, Table, TimeRange,
    Value,
};
use landfall_domain::channel::Platform;
use landfall_domain::marks::Mark;
use landfall_domain::message::SourceKind;
use landfall_domain::time::{DAY_MS, Timestamp};

use crate::rows::{DAYS, START};

fn query(filter: Vec<Condition>, group_by: Vec<Dimension>, measures: Vec<Measure>) -> Query {
    Query {
        filter: Filter(filter),
        group_by,
        measures,
        count_by: CountBy::Row,
        basis: Basis::Created,
        range: TimeRange::ALL,
        zone: TimeZone::UTC,
    }
}

fn marked(marks: &[Mark]) -> Vec<Measure> {
    let marks = marks.iter().map(|mark| Measure::Marked(*mark));
    std::iter::once(Measure::Rows).chain(marks).collect()
}

/// The questions by letter.
pub fn questions() -> Vec<(&'static str, Query)> {
    let platform = |platform| Condition::In(Dimension::Platform, vec![Value::Platform(platform)]);
    let seven = [
        Mark::Sent,
        Mark::Delivered,
        Mark::Opened,
        Mark::Clicked,
        Mark::Converted,
        Mark::Bounced,
        Mark::Failed,
    ];
    let day = Dimension::Time(Bucket::Day);
    let hour = Dimension::Time(Bucket::Hour);
    let some = [Mark::Sent, Mark::Delivered, Mark::Opened];
    let step = Condition::In(Dimension::Step, vec![Value::Number(17)]);
    let journey = Value::Source(SourceKind::Campaign, 3);
    let journey = Condition::In(Dimension::Journey, vec![journey]);
    let quantiles = Measure::DelayQuantiles {
        mark: Mark::Delivered,
        shares: vec![0.5, 0.95],
    };
    let last_week = TimeRange {
        start: Some(Timestamp::from_millis(START + (DAYS - 7) * DAY_MS)),
        end: None,
    };
    let mut reasons = query(
        vec![
            platform(Platform::Android),
            Condition::Lacks(Mark::Delivered),
        ],
        vec![Dimension::TargetReason],
        vec![Measure::Rows],
    );
    reasons.range = last_week;
    let by_step = vec![day, Dimension::Step, Dimension::Platform];
    let hourly = vec![step, platform(Platform::Android)];
    let delivered = marked(&[Mark::Sent, Mark::Delivered]);
    vec![
        ("a", query(Vec::new(), by_step, marked(&seven))),
        ("b", query(hourly, vec![hour], marked(&some))),
        (
            "c",
            query(vec![journey], vec![Dimension::AppVersion], delivered),
        ),
        (
            "d",
            query(Vec::new(), vec![Dimension::Platform], vec![quantiles]),
        ),
        ("e", reasons),
    ]
}

/// Lines of an answer, as text and numbers divided by commas, sorted. The reasons' list keeps its
/// first twenty by count.
pub fn lines(letter: &str, mut table: Table) -> Vec<String> {
    if letter == "e" {
        let count = |group: &landfall_board::Group| std::cmp::Reverse(group.cells[0].count());
        table.groups.sort_by_key(count);
        table.groups.truncate(20);
    }
    let value = |value: &Value| match value {
        Value::Time(at) => at.seconds().to_string(),
        Value::Number(number) => number.to_string(),
        Value::Code(code) => code.to_string(),
        Value::Text(text) => text.to_string(),
        Value::Platform(platform) => platform.to_string(),
        other => format!("{other:?}"),
    };
    let cell = |cell: &Cell| match cell {
        Cell::Count(count) => count.to_string(),
        Cell::Delays(Some(delays)) => format!("{},{}", delays[0], delays[1]),
        other => format!("{other:?}"),
    };
    let line = |group: &landfall_board::Group| {
        let words: Vec<_> = group
            .key
            .iter()
            .map(value)
            .chain(group.cells.iter().map(cell))
            .collect();
        words.join(",")
    };
    let mut lines: Vec<_> = table.groups.iter().map(line).collect();
    lines.sort();
    lines
}
