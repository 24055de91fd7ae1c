use serde_json::json;

use super::*;

fn samples(members: impl IntoIterator<Item = u64>) -> Value {
    let samples = members.into_iter().enumerate();
    let samples =
        samples.map(|(hour, members)| json!({"at_ms": hour * 3_600_000, "members": members}));
    samples.collect()
}

#[test]
fn counts_are_bars_between_the_least_and_the_greatest() {
    let line = line(&samples([1_000, 1_350, 1_700])).expect("there are some");
    assert!(
        line.starts_with("▁▄█  1,000 to 1,700, now 1,700; "),
        "{line}"
    );
    assert_eq!(super::line(&samples([])), None);
    let level = super::line(&samples([5, 5])).expect("there are some");
    assert!(level.starts_with("▁▁  5 to 5, now 5"), "{level}");
}

#[test]
fn of_many_samples_the_last_of_several_is_shown_and_the_newest_always() {
    let line = line(&samples(0..400)).expect("there are some");
    let bars = line.chars().take_while(|bar| BARS.contains(bar)).count();
    assert!(bars <= BARS_MAX, "{bars}");
    assert!(line.contains("to 399, now 399"), "{line}");
}

#[test]
fn parts_stand_under_their_whole_in_order() {
    let whole = json!({"check": "all of", "holds": false, "parts": [
        {"check": "plan is \"gold\"", "saw": "silver", "holds": false},
        {"check": "any of", "holds": true, "parts": [{"check": "a", "holds": true}]},
    ]});
    let lines = tree(&whole);
    let expected = [
        " no  all of",
        " no    plan is \"gold\"; saw silver",
        "yes    any of",
        "yes      a",
    ];
    assert_eq!(lines, expected);
}
