use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};
use serde_json::json;

use super::*;

const QUARTER: i64 = 15 * MINUTE_MS;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + minutes * MINUTE_MS)
}

/// A signal whose rate is 60 % instead of 90 % of so many cases.
fn signal(metric: Metric, slice: SliceOf, since: i64, cases: u64) -> Signal {
    Signal {
        metric,
        slice,
        since: at(since),
        cases,
        hits: cases * 6 / 10,
        expected: cases as f64 * 0.9,
        money_a_day: None,
        rule: None,
    }
}

/// A signal of *delivered* at another rate.
fn diluted(slice: SliceOf, since: i64, cases: u64, rate: f64) -> Signal {
    Signal {
        hits: (cases as f64 * rate) as u64,
        ..signal(Metric::Delivered, slice, since, cases)
    }
}

fn ios() -> SliceOf {
    SliceOf::of([("platform", "ios")])
}

fn finding(signal: Signal) -> Finding {
    Finding {
        head: signal.clone(),
        signals: vec![signal],
    }
}

#[test]
fn what_follows_from_one_fault_is_one_finding() {
    let version = SliceOf::of([("platform", "ios"), ("app_version", "5.2")]);
    let findings = group(&[
        diluted(SliceOf::default(), 30, 30_000, 0.82),
        diluted(ios(), 15, 15_000, 0.74),
        signal(Metric::Delivered, version.clone(), 0, 8_000),
        signal(Metric::Opened, ios(), 45, 4_000),
        signal(Metric::Converted, ios(), 60, 4_000),
    ]);
    let [finding] = &findings[..] else {
        panic!("{findings:?}");
    };
    assert_eq!(
        (finding.head.metric, &finding.head.slice),
        (Metric::Delivered, &version)
    );
    assert_eq!(finding.signals.len(), 5);
    assert_eq!(finding.since(), at(0));
}

#[test]
fn a_slice_that_is_off_as_a_whole_speaks_for_its_parts() {
    let part = SliceOf::of([("journey", "cart"), ("platform", "ios")]);
    let findings = group(&[
        signal(Metric::Delivered, ios(), 0, 9_000),
        signal(Metric::Delivered, part, 0, 8_000),
    ]);
    assert_eq!(findings[0].head.slice, ios());
}

#[test]
fn a_refused_key_and_what_it_stops_are_one_finding() {
    let key = SliceOf::of([
        ("credential", "apns"),
        ("provider", "apns"),
        ("platform", "ios"),
    ]);
    let part = SliceOf::of([("journey", "cart"), ("platform", "ios")]);
    let findings = group(&[
        signal(Metric::Accepted, part, 0, 1_000),
        signal(Metric::Heartbeat, key, 15, 0),
    ]);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].head.metric, Metric::Heartbeat);
}

#[test]
fn a_slice_that_holds_little_of_it_does_not_speak_for_the_whole() {
    let version = SliceOf::of([("platform", "ios"), ("app_version", "5.2")]);
    let findings = group(&[
        signal(Metric::Delivered, ios(), 0, 9_000),
        signal(Metric::Delivered, version, 0, 1_000),
    ]);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].head.slice, ios());
}

#[test]
fn journeys_that_share_a_platform_share_its_fault() {
    let journey = |name| SliceOf::of([("journey", name), ("platform", "ios")]);
    let findings = group(&[
        signal(Metric::Delivered, journey("cart"), 0, 1_000),
        signal(Metric::Delivered, journey("welcome"), 15, 2_000),
    ]);
    assert_eq!(findings.len(), 1);
}

#[test]
fn unlike_platforms_times_and_stages_are_findings_of_their_own() {
    let journey = |name| SliceOf::of([("journey", name)]);
    let findings = group(&[
        signal(Metric::Delivered, ios(), 0, 1_000),
        signal(
            Metric::Delivered,
            SliceOf::of([("platform", "android")]),
            0,
            1_000,
        ),
        signal(Metric::Delivered, ios(), 24 * 60, 1_000),
        signal(Metric::Converted, journey("cart"), 0, 1_000),
        signal(Metric::Converted, journey("welcome"), 0, 1_000),
    ]);
    // The conversion of two journeys without anything shared has two causes.
    assert_eq!(findings.len(), 5);
    assert!(group(&[]).is_empty());
}

#[test]
fn one_cause_is_told_once() {
    let mut desk = Desk::default();
    let found = || vec![finding(signal(Metric::Delivered, ios(), 0, 1_000))];
    assert_eq!(
        desk.take(found(), at(15)),
        vec![Tell::New("inc-1".to_owned())]
    );
    for minutes in [30, 45, 60] {
        assert_eq!(desk.take(found(), at(minutes)), vec![]);
    }
    // A smaller slice, and a later stage, are the same incident.
    let version = SliceOf::of([("platform", "ios"), ("app_version", "5.2")]);
    for (metric, slice) in [(Metric::Delivered, version), (Metric::Opened, ios())] {
        let told = desk.take(vec![finding(signal(metric, slice, 30, 900))], at(75));
        assert_eq!(told, vec![]);
    }
    assert_eq!(desk.incidents.len(), 1);
    let android = SliceOf::of([("platform", "android")]);
    let told = desk.take(
        vec![finding(signal(Metric::Delivered, android, 60, 1_000))],
        at(76),
    );
    assert_eq!(told, vec![Tell::New("inc-2".to_owned())]);
}

#[test]
fn an_incident_ends_by_itself_and_may_come_back() {
    let mut desk = Desk::default();
    let found = |since| vec![finding(signal(Metric::Delivered, ios(), since, 1_000))];
    desk.take(found(0), at(15));
    assert_eq!(desk.take(vec![], at(60)), vec![]);
    let over = desk.take(vec![], at(76));
    assert_eq!(over, vec![Tell::Over("inc-1".to_owned())]);
    assert_eq!(desk.take(vec![], at(200)), vec![]);
    let back = desk.take(found(300), at(315));
    assert_eq!(back, vec![Tell::Back("inc-1".to_owned())]);
    desk.take(vec![], at(400));
    // Days later it is another one.
    let new = desk.take(found(4_000), at(4_015));
    assert_eq!(new, vec![Tell::New("inc-2".to_owned())]);
    let texts: Vec<&str> = desk.incidents[0]
        .timeline
        .iter()
        .map(|e| e.text.as_str())
        .collect();
    assert_eq!(texts.len(), 4, "{texts:?}");
    desk.forget(at(10_000));
    assert_eq!(desk.incidents.len(), 1, "the live one is kept");
}

#[test]
fn who_works_on_it_is_left_alone_unless_it_gets_much_worse() {
    let mut desk = Desk::default();
    let found = |hits| {
        let mut one = signal(Metric::Delivered, ios(), 0, 1_000);
        one.hits = hits;
        vec![finding(one)]
    };
    desk.take(found(600), at(15));
    let incident = desk.incident_mut("inc-1").expect("it is there");
    incident
        .act(Action::Acknowledge, "ann", at(20))
        .expect("it is open");
    assert_eq!(desk.take(found(590), at(30)), vec![]);
    assert_eq!(
        desk.take(found(300), at(45)),
        vec![Tell::Worse("inc-1".to_owned())]
    );
    assert_eq!(desk.take(found(290), at(60)), vec![], "told once");
    let incident = desk.incident("inc-1").expect("it is there");
    assert_eq!(
        incident.state,
        State::Acknowledged {
            by: "ann".to_owned()
        }
    );
}

#[test]
fn a_snoozed_incident_waits_and_is_told_when_its_time_is_up() {
    let mut desk = Desk::default();
    let found = || vec![finding(signal(Metric::Delivered, ios(), 0, 1_000))];
    desk.take(found(), at(15));
    let until = at(120);
    let incident = desk.incident_mut("inc-1").expect("it is there");
    let past = incident.act(Action::Snooze { until: at(10) }, "ann", at(20));
    assert_eq!(past, Err(IncidentError::UntilThePast));
    incident
        .act(Action::Snooze { until }, "ann", at(20))
        .expect("it is open");
    for minutes in [30, 60, 119] {
        assert_eq!(desk.take(found(), at(minutes)), vec![]);
    }
    assert_eq!(
        desk.take(found(), at(120)),
        vec![Tell::Still("inc-1".to_owned())]
    );
    // One that ends while it waits is not told of.
    let incident = desk.incident_mut("inc-1").expect("it is there");
    incident
        .act(Action::Snooze { until: at(900) }, "ann", at(130))
        .expect("it is open");
    assert_eq!(desk.take(vec![], at(300)), vec![]);
    assert!(!desk.incidents[0].is_live());
}

#[test]
fn what_is_over_takes_notes_only_and_survives_storage() {
    let mut desk = Desk::default();
    desk.take(
        vec![finding(signal(Metric::Accepted, ios(), 0, 1_000))],
        at(15),
    );
    let incident = desk.incident_mut("inc-1").expect("it is there");
    incident
        .act(Action::Resolve, "bob", at(20))
        .expect("it is open");
    let text = "the key was rotated".to_owned();
    incident
        .act(Action::Note { text }, "bob", at(21))
        .expect("notes are always possible");
    let again = incident.act(Action::Acknowledge, "bob", at(22));
    assert!(matches!(again, Err(IncidentError::IsResolved { .. })));
    let json = serde_json::to_string(&desk).expect("it is stored");
    let back: Desk = serde_json::from_str(&json).expect("it is read");
    assert_eq!(back, desk);
}

#[test]
fn rules_are_read_and_every_fault_is_named_at_once() {
    let rules = read_rules(&json!({"rules": [
        {"id": "ios", "metric": "delivered", "where": {"platform": "ios"}, "below": 0.8,
         "over_minutes": 30, "at_least": 200, "notify": ["slack:#push"]},
        {"id": "opens", "metric": "opened", "fell_by": 0.25, "against": "day_before"},
        {"id": "alive", "metric": "accepted", "absent": true},
    ]}));
    let rules = rules.expect("they are right");
    assert_eq!(rules[0].condition, Condition::Below(0.8));
    assert_eq!(rules[0].window_ms, 30 * MINUTE_MS);
    assert_eq!(
        rules[1].condition,
        Condition::FellBy(0.25, Against::DayBefore)
    );
    assert_eq!(rules[2].at_least, 100);

    let faults = read_rules(&json!({"rules": [
        {"id": "", "metric": "deliverd", "below": 80, "colour": 1},
        {"id": "b", "metric": "opened", "below": 0.1, "above": 0.2, "over_minutes": 0},
        {"id": "c", "metric": "opened", "below": 0.1, "against": "day_before", "notify": ["pager"]},
        {"id": "c", "metric": "opened", "fell_by": 0.1, "against": "never", "where": {"x": 1}},
        7,
    ]}));
    let faults = faults.expect_err("they are wrong");
    let places: Vec<&str> = faults.iter().map(|fault| fault.at.as_str()).collect();
    for place in [
        "rules[0].colour",
        "rules[0].id",
        "rules[0].metric",
        "rules[0].below",
        "rules[1]",
        "rules[1].over_minutes",
        "rules[2].against",
        "rules[2].notify",
        "rules[3].against",
        "rules[3].where.x",
        "rules[4]",
    ] {
        assert!(places.contains(&place), "{place} is missing in {places:?}");
    }
    let twice = read_rules(&json!({"rules": [
        {"id": "c", "metric": "opened", "below": 0.1},
        {"id": "c", "metric": "opened", "below": 0.2},
    ]}));
    assert_eq!(twice.expect_err("one id")[0].at, "rules[1].id");
    assert!(read_rules(&json!([])).is_err());
}

/// Four weeks of quarter hours at 90 %, with an incident of two hours on the tenth day.
fn history() -> (Vec<Point>, Known) {
    let from = 10 * 96;
    let points = (0..28 * 96)
        .map(|nth: usize| Point {
            start: at(nth as i64 * 15),
            cases: 100,
            hits: if (from..from + 8).contains(&nth) {
                50
            } else {
                90
            },
        })
        .collect();
    let known = Known {
        id: "inc-7".to_owned(),
        from: at(from as i64 * 15),
        to: at((from as i64 + 8) * 15),
    };
    (points, known)
}

fn rule(text: &serde_json::Value) -> Rule {
    read_rules(&json!({ "rules": [text] }))
        .expect("a rule")
        .remove(0)
}

#[test]
fn a_rule_is_tried_on_history() {
    let (points, known) = history();
    let good = rule(&json!({"id": "a", "metric": "delivered", "below": 0.8, "over_minutes": 60}));
    let result = backtest(&good, &points, QUARTER, std::slice::from_ref(&known));
    assert_eq!(result.episodes.len(), 1, "{result:?}");
    // An hour's rate is (3 * 90 + 50) / 400 = 80 % after one bucket, 70 % after two.
    assert_eq!(
        result.hits,
        vec![Found {
            id: "inc-7".to_owned(),
            after_ms: 2 * QUARTER
        }]
    );
    assert_eq!((result.misses.len(), result.without_incident), (0, 0));
    // It begins, gets worse, and is over.
    assert_eq!(result.messages, 3);
    let a_month = result.messages_a_month.expect("there is history");
    assert!((a_month - 3.0 * 30.0 / 28.0).abs() < 1e-9, "{a_month}");

    let deaf = rule(&json!({"id": "a", "metric": "delivered", "below": 0.4}));
    let result = backtest(&deaf, &points, QUARTER, std::slice::from_ref(&known));
    assert_eq!((result.episodes.len(), result.misses.len()), (0, 1));

    let nervous = rule(&json!({"id": "a", "metric": "delivered", "below": 0.95}));
    let result = backtest(&nervous, &points, QUARTER, &[]);
    assert_eq!((result.episodes.len(), result.without_incident), (1, 1));

    let short = backtest(&good, &points[..2], QUARTER, &[]);
    assert_eq!((short.moments, short.episodes.len()), (0, 0));
}

#[test]
fn a_relative_rule_compares_with_the_same_time_before() {
    let (points, known) = history();
    let fell = rule(&json!({"id": "a", "metric": "delivered", "fell_by": 0.3,
        "against": "week_before", "over_minutes": 60}));
    let result = backtest(&fell, &points, QUARTER, std::slice::from_ref(&known));
    assert_eq!(
        (result.episodes.len(), result.hits.len()),
        (1, 1),
        "{result:?}"
    );
    assert!(
        result.episodes[0].words.contains("the week before"),
        "{result:?}"
    );
    // A week after the incident the rate has risen by as much.
    let rose = rule(&json!({"id": "a", "metric": "delivered", "rose_by": 0.3, "over_minutes": 60}));
    let result = backtest(&rose, &points, QUARTER, &[]);
    assert_eq!(result.episodes.len(), 1);
    assert!(result.episodes[0].from.since(known.from) >= 7 * DAY_MS);
}

#[test]
fn absence_needs_no_cases_and_little_says_nothing() {
    let absent =
        rule(&json!({"id": "a", "metric": "accepted", "absent": true, "over_minutes": 30}));
    assert!(matches!(
        absent.judge((0, 0), (0, 0)),
        Judgement::Broken { .. }
    ));
    assert_eq!(absent.judge((3, 1), (0, 0)), Judgement::Kept);
    let below = rule(&json!({"id": "a", "metric": "delivered", "below": 0.8, "at_least": 50}));
    assert_eq!(below.judge((49, 0), (0, 0)), Judgement::TooLittle);
    let fell = rule(&json!({"id": "a", "metric": "delivered", "fell_by": 0.5}));
    assert_eq!(fell.judge((1_000, 1), (10, 9)), Judgement::TooLittle);
}

#[test]
fn a_relative_rule_is_not_broken_by_chance() {
    let fell = rule(&json!({"id": "a", "metric": "delivered", "fell_by": 0.15}));
    // Both fell by a fifth.
    assert_eq!(fell.judge((102, 57), (102, 71)), Judgement::TooLittle);
    assert!(matches!(
        fell.judge((1_020, 570), (1_020, 710)),
        Judgement::Broken { .. }
    ));
}

#[test]
fn a_message_holds_verdict_size_slice_breakdown_and_link() {
    let mut desk = Desk::default();
    let told = desk.take(
        vec![finding(signal(Metric::Delivered, ios(), 0, 1_000))],
        at(15),
    );
    let part = |name: &str, count| Breakdown {
        name: name.to_owned(),
        count,
    };
    let account = Account {
        place: "journey <cart>".to_owned(),
        verdict: "Tokens of iOS 5.2 are rejected & dropped.".to_owned(),
        breakdown: vec![part("bounced", 300), part("delivered", 600)],
        money_a_day: Some(1_234.0),
        unit: "EUR".to_owned(),
        link: "https://landfall.example/incidents/inc-1".to_owned(),
    };
    let message = Message::about(&desk.incidents[0], &told[0], account);
    assert_eq!(message.title, "New: delivered on journey <cart>");
    let text = message.text();
    for part in [
        "60.0 % instead of 90.0 %",
        "Missing: 300",
        "1234 EUR a day",
        "delivered 600, bounced 300",
        "inc-1",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let slack = message.slack().to_string();
    assert!(slack.contains("rejected &amp; dropped") && slack.contains("&lt;cart&gt;"));
    assert_eq!(message.slack()["blocks"][0]["type"], "header");
}

#[test]
fn a_minute_is_shorter_than_an_hour() {
    // The window of a rule and the step of the comparison are in the same unit.
    assert_eq!(Against::HourBefore.millis(), HOUR_MS);
    assert_eq!(Against::WeekBefore.millis(), 7 * DAY_MS);
}
