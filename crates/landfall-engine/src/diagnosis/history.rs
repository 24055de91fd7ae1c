//! What the past teaches: how much rates vary from week to week, and when reports come.

use std::collections::BTreeMap;

use landfall_board::{
    Bucket, Cell, Condition, CountBy, Dimension, Group, Measure, QueryError, Value,
};
use landfall_domain::marks::Mark;
use landfall_domain::reason::{Kind, Reason, Stage};
use landfall_domain::status::Outcome;
use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};
use landfall_insight::decompose::funnel::{Factor, Steps};
use landfall_insight::decompose::uncertain::Noise;
use landfall_insight::settling::delay::{DelayLaw, Expected};
use landfall_insight::verdict::Point;

use super::count::Counted;
use super::{Asking, Period};

/// Bounds of the delays that are learned.
const BOUNDS: [i64; 14] = [
    MINUTE_MS,
    5 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    4 * HOUR_MS,
    8 * HOUR_MS,
    12 * HOUR_MS,
    DAY_MS,
    36 * HOUR_MS,
    2 * DAY_MS,
    3 * DAY_MS,
    7 * DAY_MS,
];
/// Cohorts older than this are finished.
const FINISHED_MS: i64 = 7 * DAY_MS;
/// How far back is looked.
const LEARNED_MS: i64 = 28 * DAY_MS;
/// Earlier periods whose size is looked at.
const PERIODS: i64 = 4;
/// Pairs of days below which nothing is said about how much a rate varies.
const PAIRS_MIN: usize = 5;
/// Median of the square of a standard normal variable.
const MEDIAN_SQUARE: f64 = 0.454_936;

/// Delay laws of one mark, by platform and version; the empty names stand for all.
type Laws = BTreeMap<(String, String), DelayLaw>;

/// What was learned.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    dispersion: [f64; Factor::ALL.len()],
    laws: BTreeMap<Mark, Laws>,
    /// Ages and numbers of sent pushes of the period, by platform and version.
    ages: BTreeMap<[String; 2], Vec<(i64, f64)>>,
    complete: [f64; Factor::ALL.len()],
    complete_error: [f64; Factor::ALL.len()],
    /// People who qualified in earlier periods, oldest first.
    pub(super) qualified: Vec<f64>,
    /// Orders among delivered pushes by day.
    pub(super) orders_by_day: Vec<Point>,
    /// People who qualified by day.
    pub(super) people_by_day: Vec<Point>,
}

/// Codes of reasons that are given before sending, of one kind.
pub(crate) fn early(kind: Kind) -> Vec<Value> {
    let reasons = Reason::ALL.iter();
    reasons
        .filter(|reason| reason.stage() == Stage::PreSend && reason.kind() == kind)
        .map(|reason| Value::Code(reason.code()))
        .collect()
}

pub(crate) fn undecided() -> Vec<Value> {
    let codes = [Outcome::Pending, Outcome::Held];
    codes.map(|o| Value::Code(u16::from(o.code()))).to_vec()
}

/// Filters of the cases and the hits of a factor, what counts, and the marks that count as such
/// beside the filters. Nothing for factors that are no rate.
pub(super) struct Rated {
    pub(super) cases: Vec<Condition>,
    pub(super) hits: Vec<Condition>,
    pub(super) by: CountBy,
}

/// How the board counts a factor among the journey's pushes.
pub(super) fn rated(asking: &Asking<'_>, factor: Factor) -> Option<Rated> {
    let mut people = asking.pushes();
    people.push(Condition::NotIn(Dimension::Outcome, undecided()));
    let without = |kind: Kind| Condition::NotIn(Dimension::Reason, early(kind));
    let people = |cases: Vec<Condition>, hit: Condition| {
        let mut all = people.clone();
        all.extend(cases);
        let mut hits = all.clone();
        hits.push(hit);
        Some(Rated {
            cases: all,
            hits,
            by: CountBy::Delivery,
        })
    };
    let mut devices = asking.pushes();
    devices.push(Condition::NotIn(Dimension::TargetOutcome, undecided()));
    for kind in [Kind::Reach, Kind::Policy] {
        devices.push(Condition::NotIn(Dimension::TargetReason, early(kind)));
    }
    let devices = |of: Option<Mark>, hit: Mark| {
        let mut cases = devices.clone();
        cases.extend(of.map(Condition::Has));
        let mut hits = cases.clone();
        hits.push(Condition::Has(hit));
        Some(Rated {
            cases,
            hits,
            by: CountBy::Row,
        })
    };
    match factor {
        Factor::Coverage => people(vec![], without(Kind::Reach)),
        Factor::Eligible => people(vec![without(Kind::Reach)], without(Kind::Policy)),
        Factor::Devices => people(
            vec![without(Kind::Reach), without(Kind::Policy)],
            without(Kind::Delivery),
        ),
        Factor::Sent => devices(None, Mark::Sent),
        Factor::Delivered => devices(Some(Mark::Sent), Mark::Delivered),
        Factor::Opened => devices(Some(Mark::Delivered), Mark::Opened),
        Factor::Converted => devices(Some(Mark::Sent), Mark::Converted),
        Factor::Qualified | Factor::Mix | Factor::Value => None,
    }
}

/// The mark that a factor's reports carry, if they take time.
const fn mark_of(factor: Factor) -> Option<Mark> {
    match factor {
        Factor::Delivered => Some(Mark::Delivered),
        Factor::Opened => Some(Mark::Opened),
        Factor::Converted => Some(Mark::Converted),
        _ => None,
    }
}

fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::Platform(platform)) => platform.name().to_owned(),
        Some(Value::Text(text)) => text.to_string(),
        _ => "none".to_owned(),
    }
}

fn time(value: Option<&Value>) -> Option<Timestamp> {
    match value {
        Some(Value::Time(at)) => Some(*at),
        _ => None,
    }
}

fn count(group: &Group) -> f64 {
    group.cells.first().map_or(0, Cell::count) as f64
}

impl History {
    pub(super) fn learn(asking: &Asking<'_>) -> Result<Self, QueryError> {
        let mut history = Self {
            dispersion: [1.0; Factor::ALL.len()],
            complete: [1.0; Factor::ALL.len()],
            ..Self::default()
        };
        for factor in Factor::ALL {
            history.dispersion[factor.index()] = dispersion(asking, factor)?;
        }
        for period in (0..PERIODS).rev() {
            let against = asking.request.against;
            let earlier = against.moved(-period * against.length());
            let groups = asking.groups(
                asking.pushes(),
                Vec::new(),
                vec![Measure::Rows],
                CountBy::Delivery,
                earlier,
            )?;
            let qualified = groups.first().map_or(0.0, count);
            if qualified > 0.0 || !history.qualified.is_empty() {
                history.qualified.push(qualified);
            }
        }
        history.learn_delays(asking)?;
        history.learn_ages(asking)?;
        history.learn_days(asking)?;
        Ok(history)
    }

    fn learn_delays(&mut self, asking: &Asking<'_>) -> Result<(), QueryError> {
        let end = asking.now.plus_millis(-FINISHED_MS);
        let period = Period {
            start: end.plus_millis(-LEARNED_MS),
            end,
        };
        for mark in [Mark::Delivered, Mark::Opened, Mark::Converted] {
            let groups = asking.groups(
                asking.pushes(),
                vec![
                    Dimension::Time(Bucket::Day),
                    Dimension::Platform,
                    Dimension::AppVersion,
                ],
                vec![Measure::DelayHistogram {
                    mark,
                    bounds: BOUNDS.to_vec(),
                }],
                CountBy::Row,
                period,
            )?;
            self.laws.insert(mark, laws(&groups));
        }
        Ok(())
    }

    fn learn_ages(&mut self, asking: &Asking<'_>) -> Result<(), QueryError> {
        if asking.now.since(asking.request.period.end) >= FINISHED_MS {
            return Ok(());
        }
        let mut filter = asking.pushes();
        filter.push(Condition::Has(Mark::Sent));
        let groups = asking.groups(
            filter,
            vec![
                Dimension::Time(Bucket::Hour),
                Dimension::Platform,
                Dimension::AppVersion,
            ],
            vec![Measure::Rows],
            CountBy::Row,
            asking.request.period,
        )?;
        for group in &groups {
            let Some(at) = time(group.key.first()) else {
                continue;
            };
            // The middle of the hour stands for all of it.
            let age = asking.now.since(at.plus_millis(HOUR_MS / 2)).max(0);
            let key = [1, 2].map(|at| text(group.key.get(at)));
            self.ages.entry(key).or_default().push((age, count(group)));
        }
        Ok(())
    }

    /// Whole days from weeks before to the end of the period.
    fn learn_days(&mut self, asking: &Asking<'_>) -> Result<(), QueryError> {
        let Period { start, end } = asking.request.period;
        let day =
            |at: Timestamp| Timestamp::from_millis(at.millis() - at.millis().rem_euclid(DAY_MS));
        let period = Period {
            start: day(start.plus_millis(-LEARNED_MS)),
            end: day(end),
        };
        if let Some(mut rated) = rated(asking, Factor::Converted) {
            let delivered = Condition::Has(Mark::Delivered);
            rated.cases.push(delivered.clone());
            rated.hits.push(delivered);
            let days = by_time(asking, &rated, Bucket::Day, &[], period)?;
            self.orders_by_day = days
                .into_iter()
                .map(|day| {
                    let age = asking.now.since(day.at.plus_millis(DAY_MS / 2));
                    let complete = self.share_by(Factor::Converted, age);
                    Point {
                        n: (day.n * complete).max(day.x),
                        ..day
                    }
                })
                .collect();
        }
        let people = Rated {
            cases: asking.pushes(),
            hits: asking.pushes(),
            by: CountBy::Delivery,
        };
        self.people_by_day = by_time(asking, &people, Bucket::Day, &[], period)?;
        Ok(())
    }

    fn law(&self, mark: Mark, platform: &str, version: &str) -> Option<&DelayLaw> {
        let laws = self.laws.get(&mark)?;
        let key = |p: &str, v: &str| (p.to_owned(), v.to_owned());
        laws.get(&key(platform, version))
            .or_else(|| laws.get(&key(platform, "")))
            .or_else(|| laws.get(&key("", "")))
    }

    /// Share of a factor's reports that is here about pushes of that age.
    pub(super) fn share_by(&self, factor: Factor, age_ms: i64) -> f64 {
        let law = mark_of(factor).and_then(|mark| self.law(mark, "", ""));
        law.map_or(1.0, |law| law.share_by(age_ms).max(0.01))
    }

    /// Puts what is expected to come into the counts of the period.
    pub(super) fn expect(&mut self, counted: &mut Counted, notes: &mut Vec<String>) {
        let mut weights = [(0.0, 0.0, 0.0); Factor::ALL.len()];
        for (platform, _, version, [_, after]) in counted.cells() {
            let key = [platform, version].map(str::to_owned);
            if let Some(ages) = self.ages.get(&key) {
                let expected = |mark: Mark, seen: f64| {
                    let law = self.law(mark, platform, version);
                    law.map(|law| law.expect(seen, ages))
                };
                let seen = [
                    (Factor::Delivered, Mark::Delivered, after.delivered),
                    (Factor::Opened, Mark::Opened, after.opened),
                    (Factor::Converted, Mark::Converted, after.converted()),
                ];
                let found = seen.map(|(factor, mark, seen)| (factor, expected(mark, seen)));
                for (factor, expected) in &found {
                    let Some(expected) = expected else { continue };
                    let weight = &mut weights[factor.index()];
                    weight.0 += after.sent;
                    weight.1 += after.sent * expected.complete;
                    weight.2 += after.sent * expected.complete_error;
                }
                grow(after, found.map(|(_, expected)| expected));
            }
        }
        for (at, (sent, complete, error)) in weights.into_iter().enumerate() {
            if sent > 0.0 {
                self.complete[at] = (complete / sent).min(1.0);
                self.complete_error[at] = error / sent;
            }
        }
        self.tell(notes);
    }

    fn tell(&self, notes: &mut Vec<String>) {
        for factor in [Factor::Delivered, Factor::Opened, Factor::Converted] {
            let complete = self.complete[factor.index()];
            if complete < 0.99 {
                notes.push(format!(
                    "{}: usually {:.0} % of the reports are here by now; what is still to come is expected and included.",
                    factor.name(),
                    100.0 * complete
                ));
            }
        }
        if self.laws.values().all(BTreeMap::is_empty) {
            notes.push(
                "There is no finished history to learn reporting delays from: fresh figures are taken as they are."
                    .to_owned(),
            );
        }
    }

    pub(super) fn noise(&self) -> Noise {
        Noise {
            dispersion: self.dispersion,
            complete: self.complete,
            complete_error: self.complete_error,
            ..Noise::default()
        }
    }

    /// Orders among sent messages of all channels by hour, over both periods.
    pub(super) fn orders(&self, asking: &Asking<'_>) -> Result<Vec<Point>, QueryError> {
        let groups = asking.groups(
            vec![Condition::In(
                Dimension::Journey,
                asking.request.journey.clone(),
            )],
            vec![Dimension::Time(Bucket::Hour)],
            vec![
                Measure::Marked(Mark::Sent),
                Measure::Marked(Mark::Converted),
            ],
            CountBy::Row,
            both(asking),
        )?;
        let points = groups.iter().filter_map(|group| {
            let at = time(group.key.first())?;
            let converted = group.cells.get(1).map_or(0, Cell::count) as f64;
            let complete = self.share_by(Factor::Converted, asking.now.since(at));
            Some(Point {
                at,
                n: (count(group) * complete).max(converted),
                x: converted,
            })
        });
        Ok(points.collect())
    }
}

/// From the beginning of the earlier to the end of the later period.
pub(super) fn both(asking: &Asking<'_>) -> Period {
    let (one, other) = (asking.request.against, asking.request.period);
    Period {
        start: one.start.min(other.start),
        end: one.end.max(other.end),
    }
}

/// Counts of a factor by time bucket: cases and hits.
pub(super) fn by_time(
    asking: &Asking<'_>,
    rated: &Rated,
    bucket: Bucket,
    more: &[Condition],
    period: Period,
) -> Result<Vec<Point>, QueryError> {
    let ask = |conditions: &[Condition]| {
        let mut filter = conditions.to_vec();
        filter.extend_from_slice(more);
        let by = vec![Dimension::Time(bucket)];
        asking.groups(filter, by, vec![Measure::Rows], rated.by, period)
    };
    let mut points: BTreeMap<Timestamp, (f64, f64)> = BTreeMap::new();
    for group in &ask(&rated.cases)? {
        if let Some(at) = time(group.key.first()) {
            points.entry(at).or_default().0 += count(group);
        }
    }
    for group in &ask(&rated.hits)? {
        if let Some(at) = time(group.key.first()) {
            points.entry(at).or_default().1 += count(group);
        }
    }
    let points = points.into_iter();
    Ok(points.map(|(at, (n, x))| Point { at, n, x }).collect())
}

/// Variance of a daily rate over that of coins, from days and the same days a week before. The median
/// is taken, so that an incident of the past does not make the next one look usual.
fn dispersion(asking: &Asking<'_>, factor: Factor) -> Result<f64, QueryError> {
    let Some(rated) = rated(asking, factor) else {
        return Ok(1.0);
    };
    let end = asking.request.against.end;
    let period = Period {
        start: end.plus_millis(-LEARNED_MS),
        end,
    };
    let days = by_time(asking, &rated, Bucket::Day, &[], period)?;
    let mut squares: Vec<f64> = days
        .iter()
        .filter_map(|day| {
            let week = day.at.plus_millis(-7 * DAY_MS);
            let earlier = days.iter().find(|other| other.at == week)?;
            let (n, m) = (day.n, earlier.n);
            let p = (day.x + earlier.x) / (n + m);
            let variance = p * (1.0 - p) * (1.0 / n + 1.0 / m);
            let change = day.x / n - earlier.x / m;
            (n >= 20.0 && m >= 20.0 && variance > 0.0).then(|| change * change / variance)
        })
        .collect();
    if squares.len() < PAIRS_MIN {
        return Ok(1.0);
    }
    squares.sort_by(f64::total_cmp);
    Ok((squares[squares.len() / 2] / MEDIAN_SQUARE).max(1.0))
}

fn laws(groups: &[Group]) -> Laws {
    let mut cohorts: BTreeMap<(String, String), BTreeMap<Timestamp, Vec<u64>>> = BTreeMap::new();
    for group in groups {
        let (Some(day), Some(Cell::Histogram(counts))) =
            (time(group.key.first()), group.cells.first())
        else {
            continue;
        };
        let (platform, version) = (text(group.key.get(1)), text(group.key.get(2)));
        let keys = [
            (String::new(), String::new()),
            (platform.clone(), String::new()),
            (platform, version),
        ];
        for key in keys {
            let days = cohorts.entry(key).or_default();
            let sums = days.entry(day).or_insert_with(|| vec![0; counts.len()]);
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
        }
    }
    let mut laws = Laws::new();
    // Keys rise, so that a parent is learned before its children.
    for (key, days) in cohorts {
        let days: Vec<Vec<u64>> = days.into_values().collect();
        let parent = if key.1.is_empty() {
            laws.get(&(String::new(), String::new()))
        } else {
            laws.get(&(key.0.clone(), String::new()))
        };
        if let Some(law) = DelayLaw::learn(&BOUNDS, &days, parent) {
            laws.insert(key, law);
        }
    }
    laws
}

/// Scales counts to what they come to; no stage beyond the one before.
fn grow(steps: &mut Steps, expected: [Option<Expected>; 3]) {
    let total = |at: usize, seen: f64| expected[at].map_or(seen, |expected| expected.total);
    let (delivered, opened) = (steps.delivered, steps.opened);
    if delivered > 0.0 {
        steps.delivered = total(0, delivered).min(steps.sent);
    }
    if opened > 0.0 {
        steps.opened = total(1, opened).min(steps.delivered);
    }
    let converted = steps.converted();
    if converted > 0.0 {
        let factor = total(2, converted) / converted;
        let ways = [
            (&mut steps.converted_opened, &mut steps.value_opened),
            (&mut steps.converted_unopened, &mut steps.value_unopened),
            (
                &mut steps.converted_unconfirmed,
                &mut steps.value_unconfirmed,
            ),
        ];
        for (orders, value) in ways {
            *orders *= factor;
            *value *= factor;
        }
    }
}
