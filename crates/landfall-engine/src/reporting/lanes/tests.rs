//! Lanes against an endpoint that is a function.

use super::*;

const START: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn lane(person: u32) -> LaneKey {
    LaneKey::Person(PersonKey(person))
}

fn report(number: u64) -> Report {
    Report {
        number,
        id: format!("e{number}"),
        name: "push_sent".to_owned(),
        since: START,
        body: "{}".to_owned(),
    }
}

/// Posts everything until the endpoint takes nothing more before `end`; returns the numbers that it
/// took, those that were given up, and when it ended.
fn run(
    lanes: &mut Lanes,
    mut now: Timestamp,
    end: Timestamp,
    takes: &mut dyn FnMut(LaneKey, u64, Timestamp) -> bool,
) -> (Vec<u64>, Vec<(u64, Cause)>, Timestamp) {
    let (mut taken, mut dead) = (Vec::new(), Vec::new());
    loop {
        let mut posted = Vec::new();
        while let Some((lane, report)) = lanes.pick(now) {
            posted.push((lane, report.number));
        }
        for (lane, number) in posted {
            if takes(lane, number, now) {
                taken.push(number);
                lanes.taken(lane, now);
            } else if let Some(given_up) = lanes.refused(lane, None, now, u32::MAX) {
                dead.push((given_up.report.number, given_up.cause));
                lanes.buried(lane, now);
            }
        }
        match lanes.next_at() {
            Some(at) if at <= end => now = at.max(now),
            _ => return (taken, dead, now),
        }
    }
}

#[test]
fn a_lane_keeps_its_order_and_the_cursor_follows_what_is_done() {
    let mut lanes = Lanes::after(10);
    for number in 11..=40 {
        lanes.put(
            lane(u32::try_from(number % 3).unwrap()),
            report(number),
            START,
        );
    }
    assert_eq!((lanes.done_to(), lanes.read_to()), (10, 40));
    let heads: Vec<(LaneKey, u64)> = std::iter::from_fn(|| lanes.pick(START))
        .map(|(lane, report)| (lane, report.number))
        .collect();
    let expected = [(lane(0), 12), (lane(1), 13), (lane(2), 11)];
    assert_eq!(heads, expected, "one event of a person at a time");
    lanes.taken(lane(0), START);
    lanes.taken(lane(1), START);
    assert_eq!(lanes.done_to(), 10, "11 is not done");
    lanes.taken(lane(2), START);
    assert_eq!(lanes.done_to(), 13);
    let (taken, _, _) = run(&mut lanes, START, START, &mut |_, _, _| true);
    for person in 0..3 {
        let own: Vec<u64> = taken.iter().copied().filter(|n| n % 3 == person).collect();
        assert!(own.is_sorted(), "{own:?}");
    }
    assert_eq!((taken.len(), lanes.done_to(), lanes.waiting()), (27, 40, 0));
}

#[test]
fn one_failing_person_holds_up_nobody_and_is_given_up_at_last() {
    let mut lanes = Lanes::after(0);
    lanes.put(lane(1), report(1), START);
    lanes.put(lane(1), report(2), START);
    let (taken, dead, now) = run(&mut lanes, START, START, &mut |_, _, _| false);
    assert_eq!((taken, dead), (vec![], vec![]));
    for number in 3..500 {
        let person = u32::try_from(number).unwrap();
        lanes.put(lane(person), report(number), now);
    }
    let (taken, _, now) = run(&mut lanes, now, now, &mut |_, number, _| number != 1);
    assert_eq!(taken.len(), 497, "all others at once");
    assert_eq!(lanes.done_to(), 0, "and the cursor waits");
    let end = now.plus_millis(HOUR_MS);
    let (taken, dead, now) = run(&mut lanes, now, end, &mut |_, number, _| number != 1);
    assert_eq!(dead, [(1, Cause::Refused)]);
    assert_eq!(taken, [2], "after it, in order");
    assert_eq!(lanes.done_to(), 499);
    let took = now.since(START);
    assert!((5 * 60_000..15 * 60_000).contains(&took), "{took}");
}

#[test]
fn without_any_success_nothing_is_given_up_before_seven_days() {
    let mut lanes = Lanes::after(0);
    for number in 1..=100 {
        let person = u32::try_from(number).unwrap();
        lanes.put(lane(person), report(number), START);
    }
    let mut calls = 0;
    let almost = START.plus_millis(AGE_MAX_MS - 1);
    let (_, dead, now) = run(&mut lanes, START, almost, &mut |_, _, _| {
        calls += 1;
        false
    });
    assert_eq!(dead, []);
    assert!(
        calls < 300,
        "an endpoint that is down is left alone: {calls} calls"
    );
    let later = START.plus_millis(AGE_MAX_MS + DAY_MS);
    let (_, dead, _) = run(&mut lanes, now, later, &mut |_, _, _| false);
    assert!(!dead.is_empty() && dead.iter().all(|(_, cause)| *cause == Cause::Expired));
}

#[test]
fn an_endpoint_that_comes_back_gets_everything_in_order_and_at_once() {
    let mut lanes = Lanes::after(0);
    for number in 1..=200 {
        lanes.put(
            lane(u32::try_from(number % 20).unwrap()),
            report(number),
            START,
        );
    }
    let back = START.plus_millis(5 * HOUR_MS);
    let end = back.plus_millis(HOUR_MS);
    let (taken, dead, now) = run(&mut lanes, START, end, &mut |_, _, at| at >= back);
    assert_eq!((taken.len(), dead, lanes.done_to()), (200, vec![], 200));
    assert!(now.since(back) <= HOUR_MS, "{}", now.since(back));
    for person in 0..20 {
        let own: Vec<u64> = taken.iter().copied().filter(|n| n % 20 == person).collect();
        assert!(own.is_sorted(), "{own:?}");
    }
}

#[test]
fn pauses_grow_from_a_second_to_an_hour_and_are_spread() {
    let pauses: Vec<i64> = (1..=14).map(|n| grown(PAUSE_MS, n, u32::MAX)).collect();
    assert_eq!(&pauses[..4], [1_000, 2_000, 4_000, 8_000]);
    assert_eq!(pauses[13], HOUR_MS);
    assert_eq!(grown(PAUSE_MS, 1, 0), 500);
    assert_eq!(grown(PAUSE_MS, u32::MAX, 0), HOUR_MS / 2);
}

#[test]
fn the_endpoint_may_ask_for_a_longer_pause() {
    let mut lanes = Lanes::after(0);
    lanes.put(lane(1), report(1), START);
    lanes.pick(START).unwrap();
    lanes.refused(lane(1), Some(90_000), START, 0);
    assert_eq!(lanes.next_at(), Some(START.plus_millis(90_000)));
}

#[test]
fn reading_stops_when_much_waits() {
    let mut lanes = Lanes::after(0);
    let mut number = 0;
    while lanes.has_room() {
        number += 1;
        lanes.put(lane(1), report(number), START);
    }
    assert_eq!(usize::try_from(number).unwrap(), WAITING_MAX);
    run(&mut lanes, START, START, &mut |_, number, _| number < 100);
    assert!(lanes.has_room());
}
