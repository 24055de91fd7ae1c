//! Goals: touches, windows, credit, refunds, history.

use landfall_domain::credit::CreditKind;
use landfall_domain::marks::Mark;
use landfall_domain::run::RunState;
use landfall_domain::time::DAY_MS;
use serde_json::{Value, json};

use crate::sample::{NOON, Stage, event, minute, push};
use crate::{Convert, Effect, Recomputed, recompute, watched_until};

fn goal(basis: &str) -> Value {
    json!({ "goal": { "event": "order_completed", "within": "2d", "basis": basis, "value": "total",
        "currency": "EUR", "refund": { "event": "order_refunded", "value": "amount", "same": "order_id" } } })
}

fn order(total: f64) -> Value {
    json!({ "order_id": "o1", "total": total })
}

fn converts(stage: &Stage) -> Vec<&Convert> {
    let converts = stage.effects.iter().filter_map(|effect| match effect {
        Effect::Convert(convert) => Some(convert),
        _ => None,
    });
    converts.collect()
}

#[test]
fn what_was_only_sent_earns_nothing() {
    let mut stage = Stage::new(json!([push("one")]), goal("delivered"));
    stage.enter();
    stage.told("one", Mark::Sent);
    stage.now = minute(60);
    stage.did("order_completed", order(49.9));
    assert!(converts(&stage).is_empty());
    assert_eq!(stage.run().goal_met_at(), Some(minute(60)));
}

#[test]
fn a_receipt_that_is_reported_after_the_order_still_counts_when_it_happened_before() {
    let mut stage = Stage::new(json!([push("one")]), goal("delivered"));
    stage.enter();
    stage.now = minute(60);
    stage.did("order_completed", order(49.9));
    let delivery_id = stage.sends()[0].delivery_id.clone();
    for (at, expected) in [(minute(61), 0), (minute(5), 1)] {
        stage.now = minute(90);
        stage.does(crate::Stimulus::Told {
            delivery_id: &delivery_id,
            mark: Mark::Delivered,
            reason: None,
            at,
        });
        assert_eq!(converts(&stage).len(), expected);
    }
    assert_eq!(converts(&stage)[0].credit.at, minute(60));
}

#[test]
fn first_last_and_linear_stand_side_by_side_and_add_up() {
    let steps = json!([push("one"), push("two"), push("three")]);
    let mut stage = Stage::new(steps, goal("opened"));
    stage.enter();
    for (minutes, step) in [(1, "two"), (2, "one"), (3, "three")] {
        stage.now = minute(minutes);
        stage.told(step, Mark::Opened);
    }
    stage.now = minute(10);
    stage.did("order_completed", order(100.0));
    let found = converts(&stage);
    let steps: Vec<&str> = found.iter().map(|convert| convert.step.as_str()).collect();
    assert_eq!(steps, ["two", "one", "three"], "in order of touch");
    let sum = |pick: fn(&Convert) -> (i64, i64)| {
        found.iter().fold((0, 0), |sum, convert| {
            let (weight, micros) = pick(convert);
            (sum.0 + weight, sum.1 + micros)
        })
    };
    let whole = (1_000_000, 100_000_000);
    assert_eq!(
        sum(|c| (c.credit.shares.first.weight, c.credit.shares.first.micros)),
        whole
    );
    assert_eq!(
        sum(|c| (c.credit.shares.last.weight, c.credit.shares.last.micros)),
        whole
    );
    assert_eq!(
        sum(|c| (c.credit.shares.linear.weight, c.credit.shares.linear.micros)),
        whole
    );
    assert_eq!(found[0].credit.shares.first.micros, 100_000_000);
    assert_eq!(found[2].credit.shares.last.micros, 100_000_000);
    assert_eq!(found[0].credit.shares.last.weight, 0);
}

#[test]
fn a_run_converts_once_and_refunds_never_exceed_the_order() {
    let mut stage = Stage::new(json!([push("one")]), goal("delivered"));
    stage.enter();
    stage.told("one", Mark::Delivered);
    stage.now = minute(10);
    stage.did("order_completed", order(50.0));
    stage.now = minute(11);
    stage.did("order_completed", json!({ "order_id": "o2", "total": 70 }));
    assert_eq!(converts(&stage).len(), 1);
    for (order, amount) in [("o2", 70), ("o1", 20), ("o1", 100), ("o1", 1)] {
        stage.now = stage.now.plus_millis(1);
        stage.did(
            "order_refunded",
            json!({ "order_id": order, "amount": amount }),
        );
    }
    let refunds: Vec<Option<i64>> = converts(&stage)[1..]
        .iter()
        .map(|convert| {
            assert_eq!(convert.credit.kind, CreditKind::Refund);
            convert.value_micros
        })
        .collect();
    assert_eq!(refunds, [Some(-20_000_000), Some(-30_000_000)]);
}

#[test]
fn orders_outside_the_window_earn_nothing() {
    for (minutes, expected) in [(2 * 24 * 60, 1), (2 * 24 * 60 + 1, 0)] {
        let mut stage = Stage::new(json!([push("one")]), goal("delivered"));
        stage.enter();
        stage.told("one", Mark::Delivered);
        stage.now = minute(minutes);
        stage.did("order_completed", order(50.0));
        assert_eq!(converts(&stage).len(), expected, "{minutes}");
    }
}

#[test]
fn an_order_of_last_year_that_is_reported_now_changes_nothing() {
    let mut others = goal("delivered");
    others["exit"] = json!({ "on_goal": true, "on": { "event": "order_completed" } });
    let mut stage = Stage::new(
        json!([push("one"), { "id": "wait", "delay": "1d" }]),
        others,
    );
    stage.enter();
    stage.told("one", Mark::Delivered);
    let old = event(
        "order_completed",
        order(50.0),
        NOON.plus_millis(-365 * DAY_MS),
    );
    stage.does(crate::Stimulus::Did(&old));
    assert!(converts(&stage).is_empty());
    assert!(stage.run().is_running());
}

#[test]
fn the_goal_ends_the_run_where_the_definition_says_so() {
    for exits in [false, true] {
        let mut others = goal("delivered");
        others["exit"] = json!({ "on_goal": exits });
        let steps = json!([push("one"), { "id": "wait", "delay": "1d" }, push("two")]);
        let mut stage = Stage::new(steps, others);
        stage.enter();
        stage.told("one", Mark::Delivered);
        stage.now = minute(30);
        stage.did("order_completed", order(50.0));
        stage.until(minute(3_000));
        assert_eq!(stage.sends().len(), if exits { 1 } else { 2 });
        let state = if exits {
            RunState::Converted
        } else {
            RunState::Finished
        };
        assert_eq!(stage.run().state, state);
        assert_eq!(converts(&stage).len(), 1);
    }
}

#[test]
fn a_segment_can_be_the_goal() {
    let goal = json!({ "goal": { "segment_entered": 4, "within": "2d", "basis": "clicked" } });
    let mut stage = Stage::new(json!([push("one")]), goal);
    stage.enter();
    stage.told("one", Mark::Clicked);
    stage.now = minute(30);
    for (segment, entered) in [(4, false), (5, true), (4, true)] {
        stage.does(crate::Stimulus::Segment { segment, entered });
    }
    let found = converts(&stage);
    assert_eq!(
        (found.len(), found[0].value_micros, found[0].credit.at),
        (1, None, minute(30))
    );
}

#[test]
fn the_holdout_is_credited_as_if_it_had_been_sent() {
    let steps = json!([{ "id": "out", "holdout": 99.99 }, push("one")]);
    let mut stage = Stage::new(steps, goal("opened"));
    stage.enter();
    stage.now = minute(30);
    stage.did("order_completed", order(50.0));
    let found = converts(&stage);
    assert!(found.len() == 1 && found[0].credit.holdout);
}

#[test]
fn a_run_is_watched_as_long_as_something_can_come_of_it() {
    let mut stage = Stage::new(json!([push("one")]), goal("delivered"));
    stage.enter();
    let ended = NOON;
    let week = crate::RECEIPTS_COME.millis();
    assert_eq!(
        watched_until(&stage.plan, None, stage.run()),
        Some(ended.plus_millis(2 * DAY_MS + week))
    );
    stage.told("one", Mark::Delivered);
    stage.now = minute(60);
    stage.did("order_completed", order(50.0));
    assert_eq!(
        watched_until(&stage.plan, None, stage.run()),
        Some(minute(60).plus_millis(90 * DAY_MS))
    );
    stage.now = minute(61);
    stage.did("order_refunded", json!({ "order_id": "o1", "amount": 50 }));
    assert_eq!(watched_until(&stage.plan, None, stage.run()), None);
}

/// A run whose goal becomes another: what came of it by the old one, and what is computed.
fn changed(basis: &str, to: &str, history: &[Recomputed]) -> (Stage, Vec<(CreditKind, i64)>) {
    let mut stage = Stage::new(json!([push("one"), push("two")]), goal(basis));
    stage.enter();
    stage.told("one", Mark::Opened);
    stage.told("two", Mark::Delivered);
    stage.now = minute(60);
    stage.did("order_completed", order(50.0));
    let new = json!([push("one"), push("two")]);
    let new = crate::sample::plan(&crate::sample::journey(new, goal(to)));
    let goal = new.definition.goal.as_ref().unwrap();
    let mut run = stage.run().clone();
    let outcome = recompute(&stage.plan, goal, 2, &mut run, &stage.setting(), history);
    let credits = outcome.effects.iter().map(|effect| match effect {
        Effect::Convert(convert) => {
            assert_eq!(convert.credit.generation, 1);
            (convert.credit.kind, convert.credit.shares.last.micros)
        }
        other => panic!("{other:?}"),
    });
    let credits = credits.collect();
    assert_eq!(run.measured_by(), Some(2));
    assert_eq!(run.state, stage.run().state);
    (stage, credits)
}

#[test]
fn a_changed_goal_is_applied_to_history() {
    let did = |name, data, at| Recomputed::Did(event(name, data, minute(at)));
    let back = json!({ "order_id": "o1", "amount": 10 });
    let history = [
        did("order_completed", order(50.0), 60),
        did("order_refunded", back, 70),
    ];
    let (stage, credits) = changed("clicked", "delivered", &history);
    assert!(converts(&stage).is_empty());
    let expected = [
        (CreditKind::Goal, 0),
        (CreditKind::Goal, 50_000_000),
        (CreditKind::Refund, 0),
        (CreditKind::Refund, -10_000_000),
    ];
    assert_eq!(credits, expected);
}

#[test]
fn what_a_changed_goal_does_not_credit_any_more_is_told_so() {
    let history = [Recomputed::Did(event(
        "order_completed",
        order(50.0),
        minute(60),
    ))];
    let (stage, credits) = changed("delivered", "opened", &history);
    assert_eq!(converts(&stage).len(), 2);
    let expected = [(CreditKind::Goal, 50_000_000), (CreditKind::Nothing, 0)];
    assert_eq!(credits, expected);
}

#[test]
fn a_run_that_was_computed_anew_is_measured_by_the_new_goal() {
    let (mut stage, credits) = changed("clicked", "delivered", &[]);
    assert!(credits.is_empty());
    let mut run = stage.run().clone();
    let new = crate::sample::plan(&crate::sample::journey(
        json!([push("one"), push("two")]),
        goal("delivered"),
    ));
    let goal = new.definition.goal.as_ref().unwrap();
    recompute(&stage.plan, goal, 2, &mut run, &stage.setting(), &[]);
    stage.now = minute(90);
    let ordered = event("order_completed", order(20.0), stage.now);
    let setting = crate::Setting {
        goal: Some(goal),
        ..stage.setting()
    };
    let did = crate::Stimulus::Did(&ordered);
    let outcome = crate::advance(&stage.plan, &mut run, &setting, did);
    let credited = |effect: &&Effect| matches!(effect, Effect::Convert(_));
    assert_eq!(outcome.effects.iter().filter(credited).count(), 2);
    assert!(watched_until(&stage.plan, Some(goal), &run).is_some());
}
