//! What steps must be together, and numbers that stay.

use std::sync::Arc;

use landfall_domain::ids::JourneyId;
use serde_json::{Value, json};

use super::{Numbering, Plan};
use crate::Definition;
use crate::sample::{journey, plan, push, surroundings};

fn compile(definition: &Value, numbering: Numbering) -> Result<(Plan, Numbering), Vec<String>> {
    let definition = Definition::from_json(definition).unwrap();
    Plan::compile(&Arc::new(definition), 1, &surroundings(), numbering)
        .map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn refused(steps: &Value, others: Value, parts: &[&str]) {
    let numbering = Numbering::new(JourneyId(1));
    let faults = compile(&journey(steps.clone(), others), numbering).unwrap_err();
    let said = faults
        .iter()
        .any(|fault| parts.iter().all(|part| fault.contains(part)));
    assert!(said, "{parts:?} is not said in {faults:#?}");
}

#[test]
fn cycles_unknown_targets_doubles_and_unreachable_steps_are_refused() {
    let none = json!({});
    refused(
        &json!([]),
        none.clone(),
        &["steps", "add at least one step"],
    );
    refused(
        &json!([push("a"), { "id": "b", "go_to": "a" }]),
        none.clone(),
        &["steps[1].go_to", "go round for ever"],
    );
    refused(
        &json!([{ "id": "a", "go_to": "a" }]),
        none.clone(),
        &["steps[0].go_to", "for ever"],
    );
    refused(
        &json!([{ "id": "a", "go_to": "remnid" }, push("remind")]),
        none.clone(),
        &["steps[0].go_to", "did you mean `remind`?"],
    );
    refused(
        &json!([push("a"), push("a")]),
        none.clone(),
        &["steps[1].id", "used at steps[0] already"],
    );
    refused(
        &json!([{ "id": "a", "exit": {} }, push("b")]),
        none.clone(),
        &["steps[1]", "nobody ever reaches the step `b`"],
    );
    let way = |id: &str| json!({ "id": id, "percent": 50, "steps": [{ "id": format!("x{id}"), "exit": {} }] });
    refused(
        &json!([{ "id": "s", "split": { "paths": [way("a"), way("b")] } }, push("after")]),
        none,
        &["steps[1]", "nobody ever reaches"],
    );
}

#[test]
fn a_step_that_is_jumped_over_and_one_that_is_jumped_into_are_reached() {
    let gold = json!({ "attribute": "plan", "is": "gold" });
    let steps = json!([
        { "id": "if", "branch": { "if": gold, "then": [{ "id": "jump", "go_to": "last" }] } },
        push("skipped"),
        { "id": "other", "branch": { "if": gold, "else": [push("last")] } },
    ]);
    assert_eq!(plan(&journey(steps, json!({}))).steps().len(), 5);
}

#[test]
fn what_does_not_exist_around_a_journey_is_refused() {
    let one = json!([push("one")]);
    let segment = json!({ "segment": 77 });
    for (steps, others, parts) in [
        (
            one.clone(),
            json!({ "trigger": { "segment_entered": 77 } }),
            ["trigger.segment_entered", "no segment 77"],
        ),
        (
            one.clone(),
            json!({ "entry": { "filter": segment } }),
            ["entry.filter", "no segment 77"],
        ),
        (
            one.clone(),
            json!({ "goal": { "segment_left": 77, "within": "1d", "basis": "opened" } }),
            ["goal.segment_left", "no segment 77"],
        ),
        (
            json!([{ "id": "a", "segment": { "add": 77 } }]),
            json!({}),
            ["steps[0].segment", "no segment 77"],
        ),
        (
            json!([{ "id": "a", "segment": { "add": 3 } }]),
            json!({}),
            ["steps[0].segment", "not kept by hand"],
        ),
        (
            json!([{ "id": "a", "wait_until": { "condition": segment } }]),
            json!({}),
            ["steps[0].wait_until.condition", "no segment 77"],
        ),
        (
            json!([{ "id": "a", "branch": { "if": segment, "then": [push("b")] } }]),
            json!({}),
            ["steps[0].branch.if", "no segment 77"],
        ),
        (
            one.clone(),
            json!({ "exit": { "on_goal": true } }),
            ["exit.on_goal", "no goal"],
        ),
        (
            one.clone(),
            json!({ "exit": { "when_no_longer_matching": true } }),
            [
                "exit.when_no_longer_matching",
                "nothing that a person could cease to match",
            ],
        ),
        (
            one.clone(),
            json!({ "trigger": { "segment_entered": 3 }, "exit": { "on": { "event": "a", "same": "id" } } }),
            ["exit.on[0].same", "no event starts this journey"],
        ),
        (
            one,
            json!({ "qa": [{ "name": "a", "expect": [{ "step": "tow", "is": "sent" }] }] }),
            ["qa[0].expect[0].step", "messages of this journey: one"],
        ),
    ] {
        refused(&steps, others, &parts);
    }
}

#[test]
fn a_window_within_quiet_hours_that_drop_is_impossible() {
    let steps =
        json!([{ "id": "night", "window": { "from": "23:00", "to": "05:00" } }, push("one")]);
    let policy = |then: &str| json!({ "policy": { "quiet_hours": { "from": "22:00", "to": "08:00", "then": then } } });
    refused(&steps, policy("drop"), &["steps[1]", "never be sent"]);
    let numbering = Numbering::new(JourneyId(1));
    assert!(compile(&journey(steps, policy("hold")), numbering).is_ok());
}

#[test]
fn numbers_stay_when_steps_come_go_and_are_renamed() {
    let first = json!([push("a"), push("b")]);
    let (plan, numbering) =
        compile(&journey(first, json!({})), Numbering::new(JourneyId(1))).unwrap();
    let number = |plan: &Plan, slug: &str| plan.step(slug).unwrap().number;
    let (a, b) = (number(&plan, "a"), number(&plan, "b"));
    let second = json!([push("c"), push("b")]);
    let (plan, mut numbering) = compile(&journey(second, json!({})), numbering).unwrap();
    assert_eq!(number(&plan, "b"), b);
    assert!(![a, b].contains(&number(&plan, "c")));
    assert!(
        numbering.rename("b", "better")
            && !numbering.rename("a", "c")
            && !numbering.rename("x", "y")
    );
    let stored: Numbering =
        serde_json::from_str(&serde_json::to_string(&numbering).unwrap()).unwrap();
    let third = json!([push("better"), push("a")]);
    let (plan, _) = compile(&journey(third, json!({})), stored).unwrap();
    assert_eq!((number(&plan, "better"), number(&plan, "a")), (b, a));
}

#[test]
fn a_run_keeps_what_its_journey_reads_of_the_event() {
    let name = json!({ "step": "Push 1", "delay": "1h", "intent": "Remind" });
    let data = json!({ "a": 1, "b": { "c": 2 }, "d": 3, "e": 4, "f": 5, "g-h": 6, "unread": 7 });
    let steps = json!([
        { "id": "t", "push": { "body": "{{ event.a | upcase }} {{ event['g-h'] }}" }, "name": name },
        { "id": "c", "wait_until": { "condition": { "this_event": "b.c", "is": 2 } } },
        { "id": "u", "update_person": { "d": { "from": "event.d" } } },
        { "id": "s", "delay": { "by": { "value": "event.e", "least": "1d", "most": "2d", "otherwise": "1d" } } },
    ]);
    let others = json!({ "exit": { "on": { "event": "bought", "same": "f" } } });
    let kept = plan(&journey(steps, others)).needs.keep(&data);
    let keys: Vec<&String> = kept.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["a", "b", "d", "e", "f", "g-h"]);
    let whole = json!([{ "id": "t", "push": { "body": "{% for x in event %}{% endfor %}" }, "name": name }]);
    assert_eq!(plan(&journey(whole, json!({}))).needs.keep(&data), data);
    let nothing = plan(&journey(json!([push("one")]), json!({})))
        .needs
        .keep(&data);
    assert_eq!(nothing, Value::Null);
}

#[test]
fn a_run_does_not_keep_more_than_fits() {
    let name = json!({ "step": "Push 1", "delay": "1h", "intent": "Remind" });
    let whole = json!([{ "id": "t", "push": { "body": "{{ event }}" }, "name": name }]);
    let needs = plan(&journey(whole, json!({}))).needs;
    let data = json!({ "small": 1, "large": "x".repeat(9_000), "larger": "x".repeat(90_000) });
    assert_eq!(needs.keep(&data), json!({ "small": 1 }));
    assert_eq!(needs.keep(&json!("x".repeat(9_000))), Value::Null);
}

#[test]
fn names_follow_the_convention_and_stand_for_numbers() {
    let plan = plan(&journey(
        json!([push("one")]),
        json!({ "naming": { "journey": "Cart" } }),
    ));
    let names: Vec<String> = plan.names().into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["Cart Recovery", "Cart | Push 1 | 1h | Remind"]);
}
