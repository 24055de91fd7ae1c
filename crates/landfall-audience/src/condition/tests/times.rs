use proptest::prelude::*;

use super::*;

#[track_caller]
fn answers(comparison: Value, at: Timestamp) -> Answer {
    let mut condition = comparison;
    condition["attribute"] = "x".into();
    let value = json!({"x": at.millis()});
    Stage::new(&condition, person(value)).answer(NOON)
}

#[test]
fn times_relative_to_now_change_at_the_exact_moment() {
    let at = ago(days(2));
    let week = at.plus_millis(days(7));
    assert_eq!(
        answers(json!({"within_last": "7d"}), at),
        Answer::until(true, week)
    );
    assert_eq!(
        answers(json!({"older_than": "7d"}), at),
        Answer::until(false, week)
    );
    assert_eq!(answers(json!({"older_than": "2d"}), at), Answer::of(true));
    assert_eq!(answers(json!({"within_last": "2d"}), at), Answer::of(false));
    let soon = NOON.plus_millis(days(2));
    assert_eq!(
        answers(json!({"within_next": "3d"}), soon),
        Answer::until(true, soon)
    );
    let earlier = soon.plus_millis(-days(1));
    assert_eq!(
        answers(json!({"within_next": "1d"}), soon),
        Answer::until(false, earlier)
    );
    assert_eq!(
        answers(json!({"further_than": "1d"}), soon),
        Answer::until(true, earlier)
    );
    assert_eq!(
        answers(json!({"further_than": "2d"}), soon),
        Answer::of(false)
    );
    assert_eq!(
        answers(json!({"within_last": "7d"}), soon),
        Answer::until(false, soon)
    );
    assert_eq!(
        answers(json!({"before": "2026-06-01"}), soon),
        Answer::of(true)
    );
    assert_eq!(
        answers(json!({"after": "2026-06-01"}), soon),
        Answer::of(false)
    );
}

#[test]
fn times_come_as_seconds_milliseconds_and_dates() {
    for value in [
        json!(1_777_636_800),
        json!("1777636800"),
        json!(1_777_636_800_000_i64),
        json!("2026-05-01T12:00:00Z"),
        json!("2026-05-01T14:00:00+02:00"),
        json!("2026-05-01 12:00:00"),
    ] {
        let condition = json!({"attribute": "x", "within_last": "1h"});
        let answer = Stage::new(&condition, person(json!({ "x": value }))).answer(NOON);
        assert_eq!(
            answer,
            Answer::until(true, NOON.plus_millis(hours(1))),
            "{value}"
        );
    }
    let date = Stage::new(
        &json!({"attribute": "x", "older_than": "12h"}),
        person(json!({"x": "2026-05-01"})),
    );
    assert_eq!(
        date.answer(NOON),
        Answer::of(true),
        "a date is its first moment"
    );
}

#[test]
fn a_groups_next_change_is_its_own_and_not_that_of_a_part() {
    // The first part turns true in one day, the second false in one hour: together they never hold.
    let condition = json!({"all": [
        {"attribute": "a", "older_than": "3d"},
        {"attribute": "b", "within_last": "1d"},
    ]});
    let attributes = json!({"a": ago(days(2)).seconds(), "b": ago(hours(23)).seconds()});
    assert_eq!(
        Stage::new(&condition, person(attributes)).answer(NOON),
        Answer::of(false)
    );
    // Here they do from tomorrow on, for an hour.
    let attributes =
        json!({"a": ago(days(2)).seconds(), "b": NOON.plus_millis(hours(1)).seconds()});
    let stage = Stage::new(&condition, person(attributes));
    let from = NOON.plus_millis(days(1));
    assert_eq!(stage.answer(NOON), Answer::until(false, from));
    assert_eq!(
        stage.answer(from),
        Answer::until(true, from.plus_millis(hours(1)))
    );
}

#[test]
fn counts_within_a_window_change_when_a_happening_leaves_it() {
    let condition = json!({"event": "x", "count": {"is": 1}, "within": "7d"});
    let mut stage = Stage::new(&condition, person(json!({})));
    for age in [1, 3, 3, 9] {
        stage.absorb(&did("x", &EventData::NONE, ago(days(age))));
    }
    let in_four = NOON.plus_millis(days(4));
    assert_eq!(stage.answer(NOON), Answer::until(false, in_four));
    assert_eq!(
        stage.answer(in_four.plus_millis(-1)),
        Answer::until(false, in_four)
    );
    let in_six = NOON.plus_millis(days(6));
    assert_eq!(stage.answer(in_four), Answer::until(true, in_six));
    assert_eq!(stage.answer(in_six), Answer::of(false));
}

#[test]
fn first_and_last_are_known_when_it_happened() {
    let last = json!({"event": "x", "last": {"older_than": "30d"}});
    let mut stage = Stage::new(&last, person(json!({})));
    assert_eq!(
        stage.answer(NOON),
        Answer::of(false),
        "what never happened is not long ago"
    );
    stage.absorb(&did("x", &EventData::NONE, ago(days(29))));
    stage.absorb(&did("x", &EventData::NONE, ago(days(50))));
    assert_eq!(
        stage.answer(NOON),
        Answer::until(false, NOON.plus_millis(days(1)))
    );
    let first = json!({"event": "x", "first": {"within_last": "30d"}});
    let mut first = Stage::new(&first, person(json!({})));
    first.absorb(&did("x", &EventData::NONE, ago(days(29))));
    assert!(first.answer(NOON).holds);
    first.absorb(&did("x", &EventData::NONE, ago(days(50))));
    assert!(
        !first.answer(NOON).holds,
        "an event that comes late was the first"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Against counting all times, of which a tally keeps only the latest.
    #[test]
    fn a_count_within_a_window_equals_counting_everything(
        ages in prop::collection::vec(0..60_i64, 0..30),
        window in 1..50_i64,
        number in 1..25_usize,
        later in 0..40_i64,
    ) {
        let now = NOON.plus_millis(hours(later));
        let within = format!("{window}h");
        let inside = ages.iter().filter(|age| *age + later < window).count();
        for (count, expected) in [
            (json!({"at_least": number}), inside >= number),
            (json!({"at_most": number}), inside <= number),
            (json!({"is": number}), inside == number),
            (json!({"at_least": number, "less_than": number + 3}), (number..number + 3).contains(&inside)),
        ] {
            let condition = json!({"event": "x", "count": count, "within": within});
            let mut stage = Stage::new(&condition, person(json!({})));
            for age in &ages {
                stage.absorb(&did("x", &EventData::NONE, ago(hours(*age))));
            }
            prop_assert_eq!(stage.answer(now).holds, expected, "{}: {} inside", condition, inside);
        }
    }
}
