use super::*;
use crate::tests::shop::{DAY, HOUR, NOW, seconds};

/// The beginning of an hour that begins a day.
const MIDNIGHT: i64 = NOW - NOW % DAY;

#[test]
fn the_last_count_of_an_hour_and_of_a_day_stands() {
    let mut counts = Counts::default();
    for (at, members) in [(0, 5), (HOUR - 1, 6), (HOUR, 7), (DAY, 9), (DAY + 5, 8)] {
        counts.take(seconds(MIDNIGHT + at), members);
    }
    let sample = |at, members| Sample {
        at: seconds(MIDNIGHT + at),
        members,
    };
    assert_eq!(
        counts.hours,
        [sample(0, 6), sample(HOUR, 7), sample(DAY, 8)]
    );
    assert_eq!(counts.days, [sample(0, 7), sample(DAY, 8)]);
}

#[test]
fn hours_are_kept_for_eight_days_and_days_for_four_hundred() {
    let mut counts = Counts::default();
    for hour in 0..500 * 24 {
        counts.take(seconds(MIDNIGHT + hour * HOUR + 1_000), 1);
    }
    assert_eq!(counts.hours.len(), 8 * 24);
    assert_eq!(counts.days.len(), 400);
    let last = seconds(MIDNIGHT + (500 * 24 - 1) * HOUR);
    assert_eq!(counts.hours.last().expect("there are some").at, last);
    assert_eq!(
        counts.hours[0].at,
        last.plus_millis(-(8 * 24 - 1) * HOUR_MS)
    );
    assert_eq!(counts.days[0].at, seconds(MIDNIGHT + 100 * DAY));
}

#[test]
fn a_clock_that_was_put_back_changes_nothing() {
    let mut counts = Counts::default();
    counts.take(seconds(MIDNIGHT + 2 * HOUR), 4);
    let before = counts.clone();
    counts.take(seconds(MIDNIGHT - 1), 1);
    assert_eq!(counts, before);
}
