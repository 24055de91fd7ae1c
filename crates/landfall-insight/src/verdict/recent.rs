//! The latest days held against the weeks before: for what one week is too little to judge.
//!
//! Orders are few, and numbers of people rise and fall with the calendar. So both are compared with four
//! weeks, weekday by weekday, from each day of the period on to its end; the clearest beginning counts.

use landfall_domain::time::{DAY_MS, Timestamp};

use super::Point;

/// What the latest days came to beside what was to be expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Recent {
    /// How clear the clearest fall is, in standard errors; negative for a fall.
    pub(super) z: f64,
    /// What there was over what was expected, from the clearest beginning on.
    pub(super) ratio: f64,
    /// What was expected over what there was, for the whole period: what a fall has to be multiplied
    /// with to be undone. 1 when nothing fell.
    pub(super) undone: f64,
    /// Relative standard error of that.
    pub(super) error: f64,
}

/// Days of history below which nothing is said.
const HISTORY_MIN: usize = 14;
/// Hits that a weekday borrows from all days.
const LENT: f64 = 50.0;
/// Numbers of people vary by so much from day to day even in quiet weeks.
const SPREAD_MIN: f64 = 0.03;

const fn weekday(at: Timestamp) -> i64 {
    at.millis().div_euclid(DAY_MS).rem_euclid(7)
}

/// Days before and from `start` on.
fn split(days: &[Point], start: Timestamp) -> Option<(&[Point], &[Point])> {
    let at = days.partition_point(|day| day.at < start);
    let (history, current) = days.split_at(at);
    (history.len() >= HISTORY_MIN && !current.is_empty()).then_some((history, current))
}

/// A rate from `start` on beside the days before.
pub(super) fn of_rate(days: &[Point], start: Timestamp, dispersion: f64) -> Option<Recent> {
    let (history, current) = split(days, start)?;
    let sum = |days: &[Point], of: &dyn Fn(&Point) -> bool| {
        days.iter()
            .filter(|day| of(day))
            .fold((0.0, 0.0), |sum, day| (sum.0 + day.n, sum.1 + day.x))
    };
    let (n, x) = sum(history, &|_| true);
    if x < LENT {
        return None;
    }
    let rate = x / n;
    let usual = |at: Timestamp| {
        let (n, x) = sum(history, &|day| weekday(day.at) == weekday(at));
        (x + LENT) / (n + LENT / rate)
    };
    let (mut expected, mut seen, mut cases) = (0.0, 0.0, 0.0);
    let mut best = Recent {
        z: 0.0,
        ratio: 1.0,
        undone: 1.0,
        error: 0.0,
    };
    let mut fallen = (0.0, 0.0);
    for day in current.iter().rev() {
        expected += day.n * usual(day.at);
        seen += day.x;
        cases += day.n;
        let variance = expected * (1.0 - rate) * (1.0 + cases / n) * dispersion.max(1.0);
        let z = if variance > 0.0 {
            (seen - expected) / variance.sqrt()
        } else {
            0.0
        };
        if z < best.z {
            best.z = z;
            best.ratio = seen / expected;
            fallen = (expected, seen);
        }
    }
    best.undone(fallen, seen, (1.0 / fallen.1.max(1.0) + 1.0 / x).sqrt());
    Some(best)
}

/// Numbers of people from `start` on beside the same weekdays before; only `x` of each day is read.
pub(super) fn of_count(days: &[Point], start: Timestamp) -> Option<Recent> {
    let (history, current) = split(days, start)?;
    // The median is not moved by a few days around payday.
    let usual = |at: Timestamp| {
        let same = history.iter().filter(|day| weekday(day.at) == weekday(at));
        median(same.map(|day| day.x).collect())
    };
    let logs = |days: &[Point]| -> Vec<f64> {
        let ratio = |day: &Point| Some((day.x / usual(day.at)?).max(1e-3).ln());
        days.iter().filter_map(ratio).collect()
    };
    let off = median(logs(history).into_iter().map(f64::abs).collect())?;
    // The median deviation of a normal variable is 0.6745 of its standard deviation.
    let spread = (off / 0.6745).max(SPREAD_MIN);
    let mut best = Recent {
        z: 0.0,
        ratio: 1.0,
        undone: 1.0,
        error: 0.0,
    };
    let (mut sum, mut count, mut expected, mut seen) = (0.0, 0.0, 0.0, 0.0);
    let mut fallen = (0.0, 0.0);
    for day in current.iter().rev() {
        let Some(usual) = usual(day.at).filter(|usual| *usual > 0.0) else {
            continue;
        };
        sum += (day.x / usual).max(1e-3).ln();
        count += 1.0;
        expected += usual;
        seen += day.x;
        let z = sum / count / (spread * f64::sqrt(1.0 / count + 0.25));
        if z < best.z {
            best.z = z;
            best.ratio = f64::exp(sum / count);
            fallen = (expected, seen);
        }
    }
    best.undone(fallen, seen, spread);
    Some(best)
}

impl Recent {
    /// Sets what undoing the fall takes, from what was expected and seen of what fell.
    fn undone(&mut self, fallen: (f64, f64), seen: f64, error: f64) {
        if seen > 0.0 && fallen.0 > fallen.1 {
            self.undone = 1.0 + (fallen.0 - fallen.1) / seen;
            self.error = error;
        }
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        len if len % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}
