use std::num::NonZeroU64;

use super::*;

fn to(recipient: &str) -> Request<'_> {
    Request {
        recipient,
        facts: &[],
    }
}

fn said(handle: &ScriptHandle<u16>, recipient: &str) -> u16 {
    handle.decide(&to(recipient)).map_or(0, |answer| *answer)
}

fn number(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number).expect("not zero")
}

#[test]
fn the_first_rule_that_applies_answers() {
    let handle = ScriptHandle::new(Script::of([
        Rule::new(Match::recipient("aa11"), 1),
        Rule::new(Match::prefix("aa"), 2),
        Rule::new(Match::prefix("a"), 3),
    ]));
    assert_eq!(said(&handle, "aa11"), 1);
    assert_eq!(said(&handle, "aa12"), 2);
    assert_eq!(said(&handle, "ab"), 3);
    assert_eq!(said(&handle, "b"), 0);
    let counts = handle.counts();
    assert_eq!((counts.rules, counts.unmatched), (vec![1, 1, 1], 1));
}

#[test]
fn a_rule_is_used_up_after_its_times() {
    let handle = ScriptHandle::new(Script::of([Rule::always(7).times(2)]));
    let answers: Vec<_> = (0..4).map(|_| said(&handle, "x")).collect();
    assert_eq!(answers, [7, 7, 0, 0]);
}

#[test]
fn requests_are_chosen_by_their_number_among_those_that_fit() {
    let third = Match::prefix("a").requests(Requests::nth(number(3)));
    let even = Match::default().requests(Requests::every(number(2)));
    let late = Match::prefix("b").requests(Requests::from(number(2)));
    let handle = ScriptHandle::new(Script::of([
        Rule::new(third, 3),
        Rule::new(late, 9),
        Rule::new(even, 2),
    ]));
    let answers: Vec<_> = ["a", "b", "a", "a", "b", "a"]
        .iter()
        .map(|recipient| said(&handle, recipient))
        .collect();
    // The third "a" and the second "b" never reach the last rule, which counts the four others.
    assert_eq!(answers, [0, 2, 0, 3, 9, 2]);
}

#[test]
fn facts_of_the_request_and_of_the_recipient_choose() {
    let handle = ScriptHandle::new(Script::of([
        Rule::new(
            Match::fact("app_version", "3.9").and_fact("topic", "org.example"),
            1,
        ),
        Rule::new(Match::fact("person", "ada"), 2),
    ]));
    handle.facts().set("t1", "app_version", "3.9");
    handle.facts().set("t2", "person", "ada");
    let about = |recipient, topic| {
        let facts = [("topic", topic)];
        let request = Request {
            recipient,
            facts: &facts,
        };
        handle.decide(&request).map_or(0, |answer| *answer)
    };
    assert_eq!(about("t1", "org.example"), 1);
    assert_eq!(about("t1", "org.other"), 0);
    assert_eq!(about("t2", "org.example"), 2);
    handle.facts().remove("t2");
    assert_eq!(about("t2", "org.example"), 0);
}

#[test]
fn a_share_is_the_same_in_whatever_order_requests_come() {
    let script = Script::of([
        Rule::always(1).probability(0.3),
        Rule::always(2).probability(0.5),
    ])
    .seed(42);
    let recipients: Vec<_> = (0..2_000).map(|i| format!("token{i}")).collect();
    let forward = ScriptHandle::new(script.clone());
    let first: Vec<_> = recipients.iter().map(|r| said(&forward, r)).collect();
    let again: Vec<_> = recipients.iter().map(|r| said(&forward, r)).collect();
    let backward = ScriptHandle::new(script);
    let mut reversed: Vec<_> = recipients
        .iter()
        .rev()
        .map(|r| said(&backward, r))
        .collect();
    reversed.reverse();
    assert_eq!(first, reversed);
    assert_ne!(first, again, "each try is drawn anew");
    for (answer, share) in [(1, 0.3), (2, 0.35)] {
        let got = first.iter().filter(|a| **a == answer).count();
        let got = f64::from(u32::try_from(got).expect("small")) / 2_000.0;
        assert!((got - share).abs() < 0.04, "{answer}: {got} for {share}");
    }
    let told: Vec<_> = recipients.iter().map(|r| draw(42, 0, r, 0) < 0.3).collect();
    let hit: Vec<_> = first.iter().map(|answer| *answer == 1).collect();
    assert_eq!(told, hit, "a test can say the figure beforehand");
}

#[test]
fn a_script_is_replaced_while_it_runs() {
    let handle = ScriptHandle::new(Script::of([Rule::always(1)]));
    let watcher = handle.clone();
    assert_eq!(said(&handle, "x"), 1);
    watcher.replace(Script::of([Rule::always(2)]));
    assert_eq!(said(&handle, "x"), 2);
    assert_eq!(handle.counts().rules, [1], "counting began anew");
    watcher.clear();
    assert_eq!(said(&handle, "x"), 0);
}

#[test]
fn a_script_is_read_from_json_and_refuses_what_it_does_not_know() {
    let text = r#"{"seed": 7, "rules": [
        {"when": {"prefix": "dead", "facts": {"person": "ada"}, "requests": {"every": 3}},
         "answer": 410, "times": 2, "probability": 0.25},
        {"answer": 200}]}"#;
    let script: Script<u16> = serde_json::from_str(text).expect("a script");
    assert_eq!(script.seed, 7);
    assert_eq!(script.rules[0].probability, 0.25);
    assert_eq!(script.rules[1], Rule::always(200));
    let back = serde_json::to_string(&script).expect("writes");
    assert_eq!(
        serde_json::from_str::<Script<u16>>(&back).expect("reads"),
        script
    );
    for wrong in [
        r#"{"rules": [{"answer": 1, "probability": 1.5}]}"#,
        r#"{"rules": [{"answer": 1, "when": {"requests": {"every": 0}}}]}"#,
        r#"{"rules": [{"answer": 1, "whenn": {}}]}"#,
    ] {
        assert!(
            serde_json::from_str::<Script<u16>>(wrong).is_err(),
            "{wrong}"
        );
    }
}
