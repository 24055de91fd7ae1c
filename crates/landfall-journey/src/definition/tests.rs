//! What is wrong with a definition is said at its place, with what to do about it.

use serde_json::{Value, json};

use super::{Definition, Delay, Kind};
use crate::sample::{journey, push};

/// The faults of a journey with one step more.
fn faults_of_step(step: &Value) -> Vec<String> {
    faults(&journey(json!([step]), json!({})))
}

fn faults(definition: &Value) -> Vec<String> {
    match Definition::from_json(definition) {
        Ok(definition) => panic!("it was taken: {definition:?}"),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

#[track_caller]
fn says(faults: &[String], parts: &[&str]) {
    let said = faults
        .iter()
        .any(|fault| parts.iter().all(|part| fault.contains(part)));
    assert!(said, "{parts:?} is not said in {faults:#?}");
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    let broken = json!({
        "id": "Cart Recovery", "name": "Cart | Recovery", "colour": "red", "trigger": { "evnt": "x" },
        "goal": { "event": "order_completed", "within": "91d", "basis": "sent" },
        "steps": [
            { "id": "a", "delay": "soon" },
            { "id": "b", "split": { "paths": [{ "id": "x", "percent": 60 }, { "id": "y", "percent": 30 }] } },
            { "delay": "1h" },
            { "id": "d", "dela": "1h" },
        ],
    });
    let faults = faults(&broken);
    for parts in [
        ["colour", "is not known here"],
        ["id:", "no slug"],
        ["name:", "`|`"],
        ["trigger.evnt", "did you mean `event`?"],
        ["goal.within", "90d or shorter"],
        [
            "goal.basis",
            "nobody knows whether anybody got it; write `delivered`, `opened` or `clicked`",
        ],
        ["steps[0].delay", "duration"],
        ["steps[1].split.paths", "add up to 90 instead of 100"],
        ["steps[2]", "`id` is missing"],
        ["steps[3].dela", "did you mean `delay`?"],
    ] {
        says(&faults, &parts);
    }
}

#[test]
fn steps_that_make_no_sense_are_refused_with_the_fix() {
    let table = [
        (
            json!({ "delay": "400d" }),
            ["steps[0].delay", "366d or shorter"],
        ),
        (
            json!({ "delay": "1h", "ttl": "2h" }),
            ["steps[0]", "`ttl` belongs to messages, not to `delay`"],
        ),
        (
            json!({ "delay": { "by": { "value": "days", "least": "1d", "most": "2d", "otherwise": "1d" } } }),
            ["steps[0].delay.by.value", "begin the path with `event.`"],
        ),
        (
            json!({ "delay": { "by": { "value": "event.d", "least": "3d", "most": "2d", "otherwise": "1d" } } }),
            ["steps[0].delay.by", "`least` is longer than `most`"],
        ),
        (
            json!({ "delay": { "until": { "time": "25:00" } } }),
            ["steps[0].delay.until.time", "08:30"],
        ),
        (
            json!({ "window": { "from": "09:00", "to": "09:00" } }),
            ["steps[0].window", "opens and closes at the same time"],
        ),
        (
            json!({ "window": { "zone": "Europe/Atlantis" } }),
            ["steps[0].window.zone", "Europe/Berlin"],
        ),
        (
            json!({ "wait_until": { "condition": { "attribute": "x", "exists": true }, "on_limit": "exit" } }),
            ["steps[0].wait_until", "no limit"],
        ),
        (
            json!({ "branch": { "if": { "attribute": "x", "exists": true } } }),
            ["steps[0].branch", "both ways are the same"],
        ),
        (
            json!({ "holdout": 100 }),
            ["steps[0].holdout", "compares nothing"],
        ),
        (
            json!({ "split": { "paths": [{ "id": "x", "percent": 0 }, { "id": "y", "percent": 100 }] } }),
            ["steps[0].split.paths[0].percent", "nobody goes this way"],
        ),
        (
            json!({ "split": { "paths": [{ "id": "x", "percent": 33.333 }, { "id": "y", "percent": 66.667 }] } }),
            ["steps[0].split.paths[0].percent", "two places"],
        ),
        (
            json!({ "ab_test": { "variants": [{ "id": "x", "percent": 50 }, { "id": "x", "percent": 50 }] } }),
            ["steps[0].ab_test.variants", "called `x`"],
        ),
    ];
    for (mut step, parts) in table {
        step["id"] = "s".into();
        says(&faults_of_step(&step), &parts);
    }
}

#[test]
fn messages_and_actions_that_make_no_sense_are_refused_with_the_fix() {
    let name = json!({ "step": "Push 1", "delay": "1h", "intent": "Remind" });
    let table = [
        (
            json!({ "push": {}, "name": name }),
            ["steps[0].push", "says nothing"],
        ),
        (
            json!({ "push": { "tittle": "x", "body": "y" }, "name": name }),
            ["steps[0].push.tittle", "did you mean `title`?"],
        ),
        (
            json!({ "push": { "body": "y", "silent": "yes" }, "name": name }),
            ["steps[0].push", "does not read"],
        ),
        (
            json!({ "push": { "body": "y" } }),
            ["steps[0]", "`name` is missing"],
        ),
        (
            json!({ "push": { "body": "y" }, "name": { "step": "a", "delay": "soon", "intent": "b" } }),
            ["steps[0].name.delay", "such as `30m`"],
        ),
        (
            json!({ "email": { "body": "y" }, "to": "all", "name": name }),
            ["steps[0].to", "only pushes"],
        ),
        (
            json!({ "delay": "1h", "exit": {} }),
            ["steps[0]", "exclude each other"],
        ),
        (
            json!({ "segment": { "add": "vip" } }),
            ["steps[0].segment.add", "whole number"],
        ),
        (
            json!({ "update_person": {} }),
            ["steps[0].update_person", "nothing is changed"],
        ),
    ];
    for (mut step, parts) in table {
        step["id"] = "s".into();
        says(&faults_of_step(&step), &parts);
    }
}

#[test]
fn reach_steps_are_checked_as_a_whole() {
    let name = json!({ "step": "Push 1", "delay": "1h", "intent": "Remind" });
    let channel = |key: &str, value: Value| {
        let mut channel = json!({ "push": { "body": "x" }, "name": name });
        channel[key] = value;
        channel
    };
    let plain = json!({ "email": { "body": "x" }, "name": name });
    let table = [
        (
            json!([channel("not_opened_within", json!("1h")), plain]),
            "allow_second_exposure",
        ),
        (
            json!([plain, channel("not_delivered_within", json!("1h"))]),
            "nothing follows",
        ),
        (
            json!([channel("sending", json!("draft")), plain]),
            "is a draft",
        ),
        (json!([plain, plain]), "two channels are called `email`"),
        (json!([channel("cost", json!(-1)), plain]), "0.08"),
        (json!([]), "empty"),
        (json!(vec![plain; 9]), "at most 8 channels"),
    ];
    for (channels, part) in table {
        let step = json!({ "id": "s", "reach": { "channels": channels } });
        says(&faults_of_step(&step), &["steps[0].reach", part]);
    }
}

#[test]
fn settings_are_checked_where_they_stand() {
    let table = [
        (
            json!({ "trigger": { "event": "a", "segment_entered": 3 } }),
            ["trigger", "exclude each other"],
        ),
        (
            json!({ "trigger": { "segment_entered": 3, "where": { "data": "x", "exists": true } } }),
            ["trigger", "belongs to"],
        ),
        (
            json!({ "trigger": { "schedule": { "at": "tomorrow" } } }),
            ["trigger.schedule.at", "2026-12-01T09:00"],
        ),
        (
            json!({ "trigger": { "date": { "attribute": "birthday", "days": 400 } } }),
            ["trigger.date.days", "-365 to 365"],
        ),
        (
            json!({ "trigger": { "product": { "event": "a", "product": "sku", "interest": [], "within": "1d" } } }),
            ["trigger.product.interest", "empty"],
        ),
        (
            json!({ "entry": { "frequency": "sometimes" } }),
            ["entry.frequency", "once"],
        ),
        (
            json!({ "entry": { "filter": { "colour": "red" } } }),
            ["entry.filter", "add one of"],
        ),
        (
            json!({ "exit": { "on": { "event": "a", "same": "a..b" } } }),
            ["exit.on.same", "single dots"],
        ),
        (
            json!({ "goal": { "segment_entered": 4, "value": "total", "within": "1d", "basis": "opened" } }),
            ["goal", "reads an event"],
        ),
        (
            json!({ "goal": { "event": "a", "within": "1d", "basis": "opened", "refund": { "event": "b", "same": "id" } } }),
            ["goal", "add `value`"],
        ),
        (
            json!({ "alert": { "to": "#retention", "drop": 20 } }),
            ["alert.to", "slack:#channel"],
        ),
        (
            json!({ "qa": [{ "name": "a", "expect": [] }] }),
            ["qa[0].expect", "empty"],
        ),
        (
            json!({ "qa": [{ "name": "a", "expect": [{ "entered": true }] }] }),
            ["qa[0].expect[0].entered", "whoever enters"],
        ),
        (
            json!({ "policy": { "quiet": true } }),
            ["policy", "not known here"],
        ),
    ];
    for (others, parts) in table {
        says(&faults(&journey(json!([push("one")]), others)), &parts);
    }
}

#[test]
fn percentages_with_two_places_are_kept_exactly() {
    let steps = json!([{ "id": "s", "split": { "paths": [{ "id": "a", "percent": 33.33 },
        { "id": "b", "percent": 33.33 }, { "id": "c", "percent": 33.34 }] } }]);
    let definition = Definition::from_json(&journey(steps, json!({}))).unwrap();
    let Kind::Split(shares) = &definition.steps[0].kind else {
        panic!("a split")
    };
    let hundredths: Vec<u32> = shares.iter().map(|share| share.hundredths).collect();
    assert_eq!(hundredths, [3333, 3333, 3334]);
}

#[test]
fn text_that_is_no_json_is_refused_with_line_and_column() {
    let faults = Definition::from_text("{\n  \"id\": \"a\",,\n}").unwrap_err();
    assert!(faults[0].path.contains("line 2"), "{faults:?}");
}

#[test]
fn shared_inputs_of_test_profiles_come_before_their_own_but_after_what_providers_answer() {
    let qa = json!({ "inputs": [{ "event": "a" }, { "after": "2h", "event": "c" }],
        "cases": [
            { "name": "x", "inputs": [{ "provider": { "channel": "push", "reason": "token_unregistered" } },
                { "after": "1h", "event": "b" }], "expect": [{ "run": "finished" }] },
            { "name": "y", "only": [], "expect": [{ "entered": false }] },
        ] });
    let definition =
        Definition::from_json(&journey(json!([push("one")]), json!({ "qa": qa }))).unwrap();
    let written = definition.to_json();
    let kinds: Vec<Value> = written["qa"][0]["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| input.get("event").cloned().unwrap_or(json!("provider")))
        .collect();
    assert_eq!(kinds, ["provider", "a", "b", "c"]);
    assert!(definition.qa[1].inputs.is_empty());
    assert_eq!(Definition::from_json(&written), Ok(definition));
}

#[test]
fn delays_read_in_each_of_their_forms() {
    for delay in [json!("90m"), json!({ "until": { "time": "09:00" } })] {
        let definition =
            Definition::from_json(&journey(json!([{ "id": "s", "delay": delay }]), json!({})))
                .unwrap();
        assert!(matches!(
            &definition.steps[0].kind,
            Kind::Delay(Delay::For(_) | Delay::Until(_))
        ));
    }
}
