//! Entry, waiting, ends, merges, and the size of a run.

use landfall_domain::ids::PersonKey;
use landfall_domain::marks::Mark;
use landfall_domain::person::Standing;
use landfall_domain::reason::Reason;
use landfall_domain::run::RunState;
use landfall_domain::time::{DAY_MS, HOUR_MS};
use serde_json::{Value, json};

use crate::sample::{NOON, Stage, event, minute, push};
use crate::{Cause, Effect, History, Occasion, Refusal, Ruling, Run, Stimulus};

fn wait_and_push() -> Value {
    json!([{ "id": "wait", "delay": "1h" }, push("remind")])
}

#[test]
fn a_person_enters_as_often_as_the_definition_says() {
    let started = |hours: i64, running: u32| History {
        running,
        last_started: Some(NOON.plus_millis(-hours * HOUR_MS)),
    };
    let table = [
        (json!("once"), History::default(), Ok(())),
        (json!("once"), started(9_999, 0), Err(Refusal::TooOften)),
        (json!("every_time"), started(1, 3), Ok(())),
        (
            json!("not_while_in"),
            started(1, 1),
            Err(Refusal::AlreadyIn),
        ),
        (json!("not_while_in"), started(1, 0), Ok(())),
        (
            json!({ "at_most_every": "1d" }),
            started(23, 0),
            Err(Refusal::TooOften),
        ),
        (json!({ "at_most_every": "1d" }), started(24, 1), Ok(())),
    ];
    for (frequency, history, expected) in table {
        let others = json!({ "entry": { "frequency": frequency } });
        let mut stage = Stage::new(wait_and_push(), others);
        assert_eq!(
            stage.enter_with(json!({}), history),
            expected,
            "{frequency}"
        );
    }
}

#[test]
fn only_fresh_events_of_the_right_name_and_known_people_start_a_run() {
    let mut stage = Stage::new(wait_and_push(), json!({}));
    let occasion = |name: &str, days: i64| {
        let at = NOON.plus_millis(days * DAY_MS);
        Occasion {
            event: Some(event(name, json!({}), at)),
            at,
            history: History::default(),
        }
    };
    assert_eq!(
        stage.enter_on(&occasion("other", 0)),
        Err(Refusal::TriggerUnmet)
    );
    assert_eq!(
        stage.enter_on(&occasion("cart_updated", -365)),
        Err(Refusal::TooOld)
    );
    assert_eq!(stage.enter_on(&occasion("cart_updated", 365)), Ok(()));
    assert_eq!(stage.run().origin.at, NOON, "the future is now");
    for standing in [
        Standing::Visitor,
        Standing::Deleted,
        Standing::Merged(PersonKey(9)),
    ] {
        stage.person.standing = standing;
        assert_eq!(
            stage.enter_on(&occasion("cart_updated", 0)),
            Err(Refusal::PersonGone)
        );
    }
}

#[test]
fn a_message_after_a_delay_goes_once_and_ends_the_run() {
    let mut stage = Stage::new(wait_and_push(), json!({}));
    stage.enter();
    assert_eq!(stage.run().due, Some(minute(60)));
    stage.until(minute(61));
    assert_eq!(stage.rulings(), [("remind", Ruling::Go)]);
    assert_eq!(
        (stage.run().state, stage.run().due),
        (RunState::Finished, None)
    );
    for stimulus in [Stimulus::Wake, Stimulus::Changed, Stimulus::Adopt] {
        stage.does(stimulus);
    }
    assert_eq!(stage.effects.len(), 1);
}

#[test]
fn every_message_makes_a_delivery_whatever_its_sending_state() {
    let mut steps = json!([push("on"), push("draft"), push("off")]);
    steps[1]["sending"] = "draft".into();
    steps[2]["sending"] = "off".into();
    let mut stage = Stage::new(steps, json!({}));
    stage.enter();
    assert_eq!(
        stage.rulings(),
        [
            ("on", Ruling::Go),
            ("draft", Ruling::Draft),
            ("off", Ruling::Refused(Reason::ActionOff)),
        ]
    );
}

#[test]
fn an_exit_event_of_another_cart_does_not_end_the_run() {
    let others = json!({ "exit": { "on": { "event": "order_completed", "same": "cart_id" } } });
    let mut stage = Stage::new(wait_and_push(), others);
    stage.enter();
    for (minutes, cart, running) in [
        (1, json!("c2"), true),
        (2, json!(null), true),
        (3, json!("c1"), false),
    ] {
        stage.now = minute(minutes);
        stage.did("order_completed", json!({ "cart_id": cart }));
        assert_eq!(stage.run().is_running(), running);
    }
    assert_eq!(stage.run().state, RunState::ExitedEarly);
}

#[test]
fn a_purchase_takes_back_a_message_that_waits_although_the_run_is_over() {
    let others = json!({ "exit": { "on": { "event": "order_completed" } },
        "policy": { "quiet_hours": { "from": "11:00", "to": "18:00" } } });
    let mut stage = Stage::new(json!([push("one")]), others);
    stage.enter();
    let (until, reason) = (minute(360), Reason::QuietHours);
    assert_eq!(stage.rulings(), [("one", Ruling::Held { until, reason })]);
    assert_eq!(stage.run().state, RunState::Finished);
    assert_eq!(
        crate::watched_until(&stage.plan, None, stage.run()),
        Some(NOON.plus_millis(crate::HELD.millis()))
    );
    stage.now = minute(30);
    stage.did("order_completed", json!({}));
    assert_eq!(stage.cancelled(), ["one"]);
    assert_eq!(stage.run().state, RunState::Finished);
    stage.told_why("one", Mark::Undeliverable, Some(Reason::SourceCancelled));
    assert_eq!(crate::watched_until(&stage.plan, None, stage.run()), None);
}

#[test]
fn two_runs_of_one_person_do_not_touch_each_other() {
    let others = json!({ "entry": { "frequency": "every_time" },
        "exit": { "on": { "event": "order_completed", "same": "cart_id" } } });
    let mut runs = [("c1", 5), ("c2", 6)].map(|(cart, key)| {
        let mut stage = Stage::new(
            json!([push("one"), { "id": "wait", "delay": "1h" }, push("two")]),
            others.clone(),
        );
        stage.key = landfall_domain::ids::RunKey(key);
        stage
            .enter_with(json!({ "cart_id": cart }), History::default())
            .unwrap();
        stage
    });
    assert_ne!(
        runs[0].sends()[0].delivery_id,
        runs[1].sends()[0].delivery_id
    );
    let other = runs[0].sends()[0].delivery_id.clone();
    for stage in &mut runs {
        stage.now = minute(5);
        let told = Stimulus::Told {
            delivery_id: &other,
            mark: Mark::Bounced,
            reason: None,
            at: minute(5),
        };
        stage.does(told);
        stage.did("order_completed", json!({ "cart_id": "c2" }));
        stage.until(minute(61));
    }
    assert_eq!(runs[0].sends().len(), 2);
    assert_eq!(runs[1].sends().len(), 1);
    assert_eq!(runs[1].run().failure(), None);
}

#[test]
fn a_plan_of_another_version_moves_nobody() {
    let mut stage = Stage::new(wait_and_push(), json!({}));
    stage.enter();
    let before = stage.run().clone();
    stage.plan.version = 2;
    stage.now = minute(61);
    stage.does(Stimulus::Wake);
    assert!(*stage.run() == before && stage.effects.is_empty());
    assert!(stage.traces[1].contains("another version"));
    stage.plan.version = 1;
    stage.does(Stimulus::Wake);
    assert_eq!(stage.sends().len(), 1);
}

#[test]
fn leaving_the_segment_ends_the_run_at_its_next_step() {
    let others =
        json!({ "trigger": { "segment_entered": 8 }, "exit": { "when_no_longer_matching": true } });
    let mut stage = Stage::new(
        json!([push("one"), { "id": "wait", "delay": "1h" }, push("two")]),
        others,
    );
    assert_eq!(
        stage.enter_with(json!({}), History::default()),
        Err(Refusal::TriggerUnmet)
    );
    stage.person.segments.insert(8);
    stage.enter();
    stage.person.segments.remove(&8);
    stage.does(Stimulus::Segment {
        segment: 8,
        entered: false,
    });
    assert!(stage.run().is_running());
    stage.until(minute(61));
    assert_eq!(
        (stage.sends().len(), stage.run().state),
        (1, RunState::ExitedEarly)
    );
}

#[test]
fn whoever_leaves_before_anything_happened_was_never_activated() {
    let others =
        json!({ "trigger": { "segment_entered": 8 }, "exit": { "when_no_longer_matching": true } });
    let mut stage = Stage::new(wait_and_push(), others);
    stage.person.segments.insert(8);
    stage.enter();
    stage.person.segments.remove(&8);
    stage.until(minute(61));
    assert_eq!(stage.run().state, RunState::NeverActivated);
}

#[test]
fn deletion_suppression_merge_and_stop_end_a_run_and_take_back_what_waits() {
    for cause in [
        Cause::Deleted,
        Cause::Suppressed,
        Cause::MergedAway,
        Cause::Stopped,
    ] {
        let steps = json!([push("one"), { "id": "wait", "delay": "1h" }, push("two")]);
        let mut stage = Stage::new(steps, json!({}));
        stage.enter();
        stage.now = minute(5);
        stage.does(Stimulus::End(cause));
        assert_eq!(stage.cancelled(), ["one"]);
        assert_eq!(stage.run().state, RunState::Ended);
        stage.until(minute(600));
        stage.does(Stimulus::End(cause));
        assert_eq!(stage.effects.len(), 2, "{cause:?}");
    }
}

#[test]
fn a_run_is_taken_over_twice_and_goes_on_for_the_last_one() {
    let mut stage = Stage::new(wait_and_push(), json!({}));
    stage.enter();
    for key in [11, 12] {
        stage.now = stage.now.plus_millis(1);
        stage.person.key = PersonKey(key);
        stage.person.cio_id = format!("p{key}");
        stage.does(Stimulus::Adopt);
    }
    assert_eq!(
        (stage.run().person, stage.run().due),
        (PersonKey(12), Some(minute(60)))
    );
    stage.until(minute(61));
    assert_eq!(stage.sends().len(), 1);
}

#[test]
fn actions_write_literals_and_what_they_read() {
    let steps = json!([
        { "id": "set", "update_person": { "stage": "cart", "sku": { "from": "event.items.0.sku" },
            "mail": { "from": "person.email" }, "gone": { "from": "event.nothing" } } },
        { "id": "emit", "emit_event": { "name": "reminded", "data": { "cart": { "from": "event.cart_id" } } } },
        { "id": "add", "segment": { "add": 8 } },
        { "id": "end", "exit": {} },
    ]);
    let mut stage = Stage::new(steps, json!({}));
    let data = json!({ "cart_id": "c1", "items": [{ "sku": "s1" }], "unread": "x" });
    stage.enter_with(data, History::default()).unwrap();
    let Effect::SetAttributes(values) = &stage.effects[0] else {
        panic!("attributes come first")
    };
    assert_eq!(
        json!(values),
        json!({ "stage": "cart", "sku": "s1", "mail": "ann@shop.example", "gone": null })
    );
    assert_eq!(
        stage.effects[1],
        Effect::Emit {
            name: "reminded".to_owned(),
            data: json!({ "cart": "c1" })
        }
    );
    assert_eq!(
        stage.effects[2],
        Effect::EditSegment {
            segment: 8,
            add: true
        }
    );
    assert!(
        !stage.run().origin.data.contains("unread"),
        "what nobody reads is not kept"
    );
}

#[test]
fn splits_and_tests_follow_the_person_and_mark_their_messages() {
    let way = |id: &str, step: &str| json!({ "id": id, "percent": 50, "steps": [push(step)] });
    let steps = json!([
        { "id": "half", "split": { "paths": [way("a", "left"), way("b", "right")] } },
        { "id": "offer", "ab_test": { "variants": [way("a", "plain"), way("b", "discount")] } },
    ]);
    let mut seen = std::collections::BTreeSet::new();
    for number in 0..64 {
        let mut stage = Stage::new(steps.clone(), json!({}));
        stage.person.cio_id = format!("p{number}");
        stage.enter();
        let sends = stage.sends();
        assert_eq!(sends.len(), 2);
        assert_eq!(sends[0].message.variant_id, None);
        let test = stage.plan.step("offer").unwrap().number;
        assert_eq!(sends[1].message.parent_step_id, Some(test));
        assert!(sends[1].message.variant_id.is_some());
        seen.insert((sends[0].step.clone(), sends[1].step.clone()));
    }
    assert_eq!(seen.len(), 4, "the two do not depend on each other");
}

#[test]
fn a_waiting_run_is_small_and_bytes_that_are_no_run_are_refused() {
    let steps = json!([push("one"), push("two"), { "id": "wait", "delay": "1h" },
        { "id": "three", "email": { "body": "{{ event.cart_id }} {{ event.url }} {{ event.total }}" },
            "name": { "step": "Mail 1", "delay": "1h", "intent": "Remind" } }]);
    let mut stage = Stage::new(steps, json!({}));
    let data = json!({ "cart_id": "c-20260501-4711", "url": "https://shop.example/cart/c-20260501-4711",
        "total": 129.9, "items": vec![json!({ "sku": "s", "name": "x".repeat(80) }); 40] });
    stage.enter_with(data, History::default()).unwrap();
    stage.told("one", Mark::Sent);
    stage.told("one", Mark::Delivered);
    stage.told("two", Mark::Opened);
    let bytes = stage.run().encode();
    assert!(bytes.len() < 250, "{} bytes", bytes.len());
    assert_eq!(Run::decode(&bytes).as_ref(), Ok(stage.run()));
    for end in 0..bytes.len() {
        assert!(Run::decode(&bytes[..end]).is_err());
    }
    let mut of_version_2 = bytes[..bytes.len() - 1].to_vec();
    of_version_2[0] = 2;
    assert_eq!(Run::decode(&of_version_2).as_ref(), Ok(stage.run()));
    let mut of_version_1 = bytes[..bytes.len() - 5].to_vec();
    of_version_1[0] = 1;
    let mut uncounted = stage.run().clone();
    uncounted.traced = None;
    assert_eq!(Run::decode(&of_version_1), Ok(uncounted));
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(Run::decode(&longer).is_err());
    assert_eq!(
        Run::decode(&[9, 0]).unwrap_err().to_string(),
        "the run has version 9, which this program does not know: update the program"
    );
}

#[test]
fn the_same_stimuli_give_the_same_trace_byte_for_byte_and_none_when_nobody_asks() {
    let go = || {
        let mut stage = Stage::new(wait_and_push(), json!({}));
        stage.enter();
        stage.until(minute(61));
        stage.told("remind", Mark::Delivered);
        stage.traces
    };
    let traces = go();
    assert_eq!(traces, go());
    assert!(
        traces[1].contains(r#""check":"eligibility""#),
        "{}",
        traces[1]
    );
    assert!(traces[0].contains("1777640400000"), "{}", traces[0]);
}
