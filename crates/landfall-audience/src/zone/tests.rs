use jiff::civil::date;
use landfall_domain::time::{HOUR_MS, MINUTE_MS, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use super::{TimeOfDay, WeekdaySet, WeeklyWindow, Zone};
use crate::definition::read;
use crate::sample::person;
use crate::value::moment_in;

fn zone(name: &str) -> Zone {
    Zone::named(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    moment_in(text).unwrap()
}

fn window(from: &str, to: &str, days: &[&str]) -> WeeklyWindow {
    WeeklyWindow {
        days: read(&json!(days), "", WeekdaySet::parse).unwrap(),
        from: TimeOfDay::named(from).unwrap(),
        to: TimeOfDay::named(to).unwrap(),
    }
}

const DAILY: [&str; 2] = ["weekdays", "weekend"];

#[test]
fn names_are_iana_names_to_the_letter() {
    assert_eq!(zone("Europe/Paris").name(), "Europe/Paris");
    for wrong in ["europe/paris", "Paris", "", "CEST", "../etc/passwd"] {
        assert_eq!(Zone::named(wrong), None, "{wrong}");
    }
    let fallback = zone("Asia/Tokyo");
    let of = |attributes| Zone::of(&person(attributes), &fallback);
    assert_eq!(
        of(json!({"timezone": "Europe/Paris"})),
        zone("Europe/Paris")
    );
    assert_eq!(of(json!({"timezone": "europe/paris"})), fallback);
    assert_eq!(of(json!({"timezone": 2})), fallback);
    assert_eq!(of(json!({})), fallback);
}

#[test]
fn a_time_that_clocks_skip_is_the_moment_of_the_jump() {
    let new_york = zone("America/New_York");
    let jump = at("2026-03-08T07:00:00Z");
    let local = |h, m| date(2026, 3, 8).at(h, m, 0, 0);
    assert_eq!(new_york.moment(local(2, 0)), jump);
    assert_eq!(new_york.moment(local(2, 30)), jump);
    assert_eq!(new_york.moment(local(3, 0)), jump);
    assert_eq!(new_york.moment(local(1, 59)), jump.plus_millis(-MINUTE_MS));
    assert_eq!(new_york.next_jump(at("2026-03-01")), Some(jump));
    // Lord Howe moves by half an hour, from 02:00 to 02:30.
    let lord_howe = zone("Australia/Lord_Howe");
    let jump = at("2026-10-03T15:30:00Z");
    assert_eq!(lord_howe.moment(date(2026, 10, 4).at(2, 15, 0, 0)), jump);
    assert_eq!(lord_howe.local(jump), date(2026, 10, 4).at(2, 30, 0, 0));
    // Samoa left out the whole 30 December 2011.
    let samoa = zone("Pacific/Apia");
    let jump = at("2011-12-30T10:00:00Z");
    assert_eq!(samoa.moment(date(2011, 12, 30).at(15, 0, 0, 0)), jump);
    assert_eq!(samoa.local(jump), date(2011, 12, 31).at(0, 0, 0, 0));
}

#[test]
fn a_time_that_clocks_show_twice_has_a_first_and_a_last_moment() {
    let new_york = zone("America/New_York");
    let local = date(2026, 11, 1).at(1, 30, 0, 0);
    assert_eq!(new_york.moment(local), at("2026-11-01T05:30:00Z"));
    assert_eq!(new_york.last_moment(local), at("2026-11-01T06:30:00Z"));
    let lord_howe = zone("Australia/Lord_Howe");
    let local = date(2026, 4, 5).at(1, 45, 0, 0);
    assert_eq!(
        lord_howe.last_moment(local).since(lord_howe.moment(local)),
        30 * MINUTE_MS
    );
}

#[test]
fn a_window_that_daylight_saving_swallows_opens_the_next_time() {
    let new_york = zone("America/New_York");
    let sunday = window("02:10", "02:50", &["sun"]);
    let saturday = at("2026-03-07T12:00:00Z");
    assert_eq!(
        sunday.next_open(saturday, &new_york),
        Some(at("2026-03-15T06:10:00Z"))
    );
    // One that reaches beyond the gap opens at the jump.
    let wider = window("02:10", "04:00", &["sun"]);
    assert_eq!(
        wider.next_open(saturday, &new_york),
        Some(at("2026-03-08T07:00:00Z"))
    );
    assert_eq!(
        wider.next_closed(at("2026-03-08T07:00:00Z"), &new_york),
        Some(at("2026-03-08T08:00:00Z"))
    );
    // A window only on Fridays has none in the week without a Friday.
    let friday = window("09:00", "17:00", &["fri"]);
    let samoa = zone("Pacific/Apia");
    let closed = at("2011-12-24T04:00:00Z");
    assert_eq!(samoa.local(closed).date(), date(2011, 12, 23));
    assert_eq!(
        friday.next_open(closed, &samoa),
        Some(at("2012-01-05T19:00:00Z"))
    );
}

#[test]
fn a_window_in_the_hour_that_comes_twice_opens_twice() {
    let new_york = zone("America/New_York");
    let early = window("00:30", "01:30", &DAILY);
    let first_close = at("2026-11-01T05:30:00Z");
    assert_eq!(
        early.next_closed(at("2026-11-01T05:00:00Z"), &new_york),
        Some(first_close)
    );
    let second_open = at("2026-11-01T06:00:00Z");
    assert_eq!(early.next_open(first_close, &new_york), Some(second_open));
    assert_eq!(
        early.next_closed(second_open, &new_york),
        Some(at("2026-11-01T06:30:00Z"))
    );
}

#[test]
fn a_window_over_midnight_belongs_to_the_day_on_which_it_opens() {
    let friday = window("22:00", "08:00", &["fri"]);
    let utc = Zone::utc();
    // 2026-05-01 is a Friday.
    assert_eq!(
        friday.next_open(at("2026-05-01T08:00:00Z"), utc),
        Some(at("2026-05-01T22:00:00Z"))
    );
    assert!(friday.is_open(at("2026-05-02T07:59:59Z"), utc));
    assert_eq!(
        friday.next_closed(at("2026-05-01T23:00:00Z"), utc),
        Some(at("2026-05-02T08:00:00Z"))
    );
    assert!(!friday.is_open(at("2026-05-02T22:30:00Z"), utc));
    let all_friday = window("00:00", "24:00", &["fri"]);
    assert_eq!(
        all_friday.next_closed(at("2026-05-01T23:00:00Z"), utc),
        Some(at("2026-05-02T00:00:00Z"))
    );
    assert!(window("08:00", "08:00", &DAILY).never_closes());
    assert_eq!(
        window("08:00", "08:00", &DAILY).next_closed(at("2026-05-01"), utc),
        None
    );
}

#[test]
fn times_of_the_day_read_back_as_they_are_written() {
    for text in ["00:00", "08:30", "23:59", "24:00"] {
        assert_eq!(TimeOfDay::named(text).unwrap().to_string(), text);
    }
    for wrong in ["8:30", "24:01", "12:60", "12", "aa:bb", "+1:30", "012:30"] {
        assert_eq!(TimeOfDay::named(wrong), None, "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Against a walk minute by minute, in weeks in which clocks jump.
    #[test]
    fn edges_are_where_a_walk_minute_by_minute_finds_them(
        place in prop::sample::select(vec![
            ("America/New_York", "2026-03-06T00:00:00Z"),
            ("America/New_York", "2026-10-30T00:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-02T00:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-03T00:00:00Z"),
            ("Pacific/Apia", "2011-12-28T00:00:00Z"),
        ]),
        offset in 0..4 * 24 * 60_i64,
        from in 0..24 * 6_u16,
        to in 0..24 * 6_u16,
        days in 1..128_u8,
    ) {
        let zone = zone(place.0);
        let now = at(place.1).plus_millis(offset * MINUTE_MS);
        let minute = |tens: u16| TimeOfDay::from_minutes(tens * 10).unwrap();
        let window = WeeklyWindow { days: WeekdaySet(days), from: minute(from), to: minute(to) };
        let open = window.is_open(now, &zone);
        let found = if open { window.next_closed(now, &zone) } else { window.next_open(now, &zone) };
        let hours = 24 * 14;
        let walked = (1..=hours * 6)
            .map(|step| now.plus_millis(step * 10 * MINUTE_MS))
            .find(|moment| window.is_open(*moment, &zone) != open);
        match (found, walked) {
            (Some(found), Some(walked)) => {
                prop_assert!(found <= walked && walked.since(found) < 10 * MINUTE_MS);
                prop_assert_eq!(window.is_open(found.plus_millis(-1), &zone), open);
                prop_assert_ne!(window.is_open(found, &zone), open);
            }
            (found, None) => prop_assert!(found.is_none_or(|at| at.since(now) > hours * HOUR_MS)),
            (None, Some(walked)) => prop_assert!(false, "nothing found, but {:?}", walked),
        }
    }
}
