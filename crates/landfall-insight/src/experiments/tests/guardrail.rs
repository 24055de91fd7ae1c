use landfall_domain::time::{HOUR_MS, MINUTE_MS, Timestamp};

use super::*;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + minutes * MINUTE_MS)
}

fn healthy(minutes: i64, cases: u64) -> Health {
    Health {
        at: at(minutes),
        cases,
        trouble: None,
    }
}

fn sick(minutes: i64, since: i64) -> Health {
    Health {
        at: at(minutes),
        cases: 100,
        trouble: Some(("APNs rejects the key".to_owned(), at(since))),
    }
}

fn guardrail() -> Guardrail {
    let resume = Resume {
        healthy_ms: HOUR_MS,
        cases: 200,
    };
    Guardrail::new(OnTrouble::ToControl, resume)
}

#[test]
fn an_experiment_is_held_from_the_start_of_the_trouble() {
    let mut guardrail = guardrail();
    assert_eq!(guardrail.observe(&healthy(0, 100)), Step::Same);
    let step = guardrail.observe(&sick(60, 30));
    assert_eq!(step, Step::Held("APNs rejects the key".to_owned()));
    assert!(guardrail.counts(at(29)) && !guardrail.counts(at(30)) && !guardrail.counts(at(90)));
    // The start is corrected when it turns out to be earlier.
    assert_eq!(guardrail.observe(&sick(75, 20)), Step::Same);
    assert!(!guardrail.counts(at(20)));
}

#[test]
fn it_goes_on_after_an_hour_of_health_with_enough_messages() {
    let mut guardrail = guardrail();
    guardrail.observe(&sick(60, 60));
    assert_eq!(guardrail.observe(&healthy(75, 150)), Step::Same);
    assert_eq!(guardrail.observe(&sick(90, 90)), Step::Same, "a relapse");
    assert_eq!(guardrail.observe(&healthy(105, 90)), Step::Same);
    assert_eq!(
        guardrail.observe(&healthy(165, 90)),
        Step::Same,
        "few messages"
    );
    let span = Span {
        from: at(60),
        to: at(180),
    };
    assert_eq!(guardrail.observe(&healthy(180, 90)), Step::Resumed(span));
    assert_eq!(guardrail.excluded_at(at(500)), vec![span]);
    assert!(guardrail.counts(at(180)) && !guardrail.counts(at(179)));
}

#[test]
fn silence_is_not_health() {
    let mut guardrail = guardrail();
    guardrail.observe(&sick(60, 60));
    for minutes in 61..3_000 {
        assert_eq!(guardrail.observe(&healthy(minutes, 0)), Step::Same);
    }
    assert!(guardrail.hold.is_some());
}

#[test]
fn stretches_that_touch_are_joined() {
    let mut guardrail = guardrail();
    for start in [0, 100] {
        guardrail.observe(&sick(start + 10, start));
        guardrail.observe(&healthy(start + 20, 200));
        guardrail.observe(&healthy(start + 110, 200));
    }
    let joined = Span {
        from: at(0),
        to: at(210),
    };
    assert_eq!(guardrail.excluded_at(at(900)), vec![joined]);
    let json = serde_json::to_string(&guardrail).expect("it is stored");
    let back: Guardrail = serde_json::from_str(&json).expect("it is read");
    assert_eq!(back, guardrail);
}
