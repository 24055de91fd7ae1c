//! The journeys that come with the program, and the schema of journeys.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use landfall_domain::ids::JourneyId;
use landfall_domain::time::Timestamp;
use landfall_journey::gate::{Judged, Launch, MessageInUse, QaResult, judge};
use landfall_journey::{Definition, Numbering, Plan, Surroundings};
use serde_json::{Value, json};

/// The journey that nobody sees: it asks whether a release can be reached.
const CHECK: &str = "release-check";

const TEMPLATES: [&str; 6] = [
    "back-in-stock",
    "browse-abandonment",
    "cart-recovery",
    "price-drop",
    "replenishment",
    "win-back",
];

fn read(name: &str) -> Value {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../journeys");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("it is there");
    serde_json::from_str(&text).expect("it is JSON")
}

fn compile(json: &Value) -> (Plan, Numbering) {
    let definition = Definition::from_json(json).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let numbering = Numbering::new(JourneyId(1));
    Plan::compile(
        &Arc::new(definition),
        1,
        &Surroundings::default(),
        numbering,
    )
    .unwrap_or_else(|faults| panic!("{faults:#?}"))
}

#[test]
fn every_template_is_read_compiled_and_written_back_as_itself() {
    for name in TEMPLATES.into_iter().chain([CHECK]) {
        let (plan, numbering) = compile(&read(name));
        let definition = &plan.definition;
        assert_eq!(definition.id, name);
        let written = definition.to_json();
        assert_eq!(
            Definition::from_json(&written).as_ref(),
            Ok(&**definition),
            "{name}"
        );
        let (again, same) = compile(&written);
        assert_eq!((again.steps(), same), (plan.steps(), numbering), "{name}");
    }
}

/// What keeps a journey from starting when its test profiles are green.
fn blocking(plan: &Plan) -> Vec<Judged> {
    let green = QaResult {
        at: Timestamp::from_seconds(0),
        profiles: plan.definition.qa.len(),
        red: Vec::new(),
    };
    let names: Vec<MessageInUse> = plan
        .steps()
        .iter()
        .filter_map(|step| {
            Some(MessageInUse {
                path: step.path.clone(),
                name: step.name.clone()?,
            })
        })
        .collect();
    let mut judged = judge(&Launch {
        definition: &plan.definition,
        version: 1,
        names: &names,
        qa: Some(&green),
        log: &[],
    });
    judged.retain(Judged::blocks);
    judged
}

#[test]
fn every_template_has_all_that_a_launch_asks_for() {
    for name in TEMPLATES {
        let (plan, _) = compile(&read(name));
        let definition = &plan.definition;
        assert_eq!(blocking(&plan), [], "{name}");
        assert!(definition.exit.on_goal, "{name}");
        let json = definition.to_json();
        let has = |kind: &str| json["steps"].to_string().contains(&format!("\"{kind}\":"));
        assert!(has("holdout") && has("reach"), "{name}");
        let profiles: BTreeSet<&str> = definition
            .qa
            .iter()
            .map(|case| case.name.as_str())
            .collect();
        for profile in [
            "iOS with push",
            "guest without token",
            "lapsed with a stale token",
            "merged from anonymous",
        ] {
            assert!(profiles.contains(profile), "{name} lacks {profile}");
        }
        for step in plan.steps().iter().filter_map(|step| step.name.as_deref()) {
            let breaches = landfall_domain::naming::MessageName::check(step);
            assert!(breaches.is_empty(), "{step}: {breaches:?}");
        }
    }
}

#[test]
fn what_nobody_sees_lacks_a_goal_and_nothing_else() {
    let (plan, _) = compile(&read(CHECK));
    let missing: Vec<&str> = blocking(&plan)
        .iter()
        .map(|judged| judged.requirement.name())
        .collect();
    assert_eq!(missing, ["goal"]);
}

fn schema() -> jsonschema::Validator {
    jsonschema::validator_for(&read("schema")).expect("it is a schema")
}

#[test]
fn the_schema_accepts_every_template_as_it_is_and_as_it_is_written_back() {
    let schema = schema();
    for name in TEMPLATES.into_iter().chain([CHECK]) {
        let json = read(name);
        let written = Definition::from_json(&json).unwrap().to_json();
        for json in [&json, &written] {
            let errors: Vec<String> = schema
                .iter_errors(json)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{name}: {errors:#?}");
        }
    }
}

/// A journey with every kind of trigger, step and setting that the templates lack.
fn everything() -> Vec<Value> {
    let name = json!({ "step": "Push 1", "delay": "1h", "intent": "Remind" });
    let yes = json!({ "attribute": "plan", "is": "gold" });
    let steps = json!([
        { "id": "a", "delay": { "until": { "time": "09:00", "weekdays": ["mon"], "zone": "Europe/Berlin" } } },
        { "id": "b", "wait_until": { "condition": yes, "limit": "2d", "on_limit": "exit" } },
        { "id": "c", "multi_branch": { "paths": [{ "if": yes, "steps": [{ "id": "c1", "go_to": "h" }] }],
            "else": [{ "id": "c2", "segment": { "remove": 8 } }] } },
        { "id": "d", "split": { "paths": [{ "id": "x", "percent": 33.33 }, { "id": "y", "percent": "66.67%" }] } },
        { "id": "e", "update_person": { "stage": "cart", "sku": { "from": "event.sku" } } },
        { "id": "f", "emit_event": { "name": "seen", "data": { "n": 1 } } },
        { "id": "g", "push": { "title": "x", "data": { "k": "v" }, "actions": [{ "id": "a", "title": "b" }] },
            "to": "all", "when": yes, "ttl": "1h", "sending": "draft", "name": name },
        { "id": "h", "slack": { "text": "x" }, "name": name },
        { "id": "i", "webhook": { "url": "https://shop.example/hook", "headers": { "a": "b" } }, "name": name },
        { "id": "j", "sms": { "body": "x" }, "name": name },
        { "id": "k", "branch": { "if": yes, "else": [{ "id": "l", "exit": {} }] } },
    ]);
    let triggers = json!([
        "api", "webhook", { "api": {} }, { "page": "Home" }, { "segment_entered": 3 }, { "segment_left": 3 },
        { "date": { "attribute": "birthday", "days": -3, "at": "10:00", "zone": "person", "repeat": "yearly" } },
        { "webhook": { "person": { "email": "customer.email" }, "data": "order", "key": "id", "unknown": "create" } },
        { "schedule": { "at": "2026-12-01T09:00", "zone": "person", "segment": 3, "rate": { "people": 9, "per": "1m" } } },
    ]);
    let journey = |trigger: &Value| {
        json!({ "id": "all", "name": "All", "owner": "x", "trigger": trigger, "steps": steps,
            "entry": { "frequency": "once", "filter": yes }, "exit": { "when_no_longer_matching": true },
            "goal": { "segment_entered": 4, "within": "7d", "basis": "clicked" }, "topic": "t", "policy": {},
            "naming": { "journey": "All of it", "aliases": ["Everything"] } })
    };
    let triggers = triggers.as_array().into_iter().flatten();
    triggers.map(journey).collect()
}

#[test]
fn the_schema_accepts_every_kind_of_trigger_and_step_that_the_program_reads() {
    let schema = schema();
    for journey in everything() {
        let definition =
            Definition::from_json(&journey).unwrap_or_else(|faults| panic!("{faults:#?}"));
        for json in [&journey, &definition.to_json()] {
            let errors: Vec<String> = schema
                .iter_errors(json)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", journey["trigger"]);
        }
        assert_eq!(Definition::from_json(&definition.to_json()), Ok(definition));
    }
}

/// Every object of a definition that has a closed set of keys, by its JSON pointer.
fn closed(value: &Value, at: &str, found: &mut Vec<String>) {
    // What stands below these is free, or checked by the grammar of conditions.
    const FREE: [&str; 14] = [
        "data",
        "where",
        "filter",
        "condition",
        "if",
        "when",
        "attributes",
        "set",
        "policy",
        "channels/",
        "topics",
        "update_person",
        "headers",
        "custom_payload",
    ];
    match value {
        Value::Object(members) => {
            found.push(at.to_owned());
            for (key, member) in members {
                let free =
                    FREE.contains(&key.as_str()) || (key == "channels" && member.is_object());
                if !free {
                    closed(member, &format!("{at}/{key}"), found);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                closed(item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn a_key_that_nobody_knows_is_refused_everywhere_by_schema_and_program() {
    let schema = schema();
    let mut journeys: Vec<Value> = TEMPLATES.iter().map(|name| read(name)).collect();
    journeys.extend(everything());
    for journey in journeys {
        let mut places = Vec::new();
        closed(&journey, "", &mut places);
        for place in places {
            let mut changed = journey.clone();
            changed.pointer_mut(&place).unwrap()["nobody_knows"] = json!(1);
            let faults = Definition::from_json(&changed).expect_err(&place);
            assert!(
                faults
                    .iter()
                    .any(|fault| fault.path.ends_with("nobody_knows")),
                "{place}: {faults:?}"
            );
            assert!(!schema.is_valid(&changed), "the schema takes {place}");
        }
    }
}

#[test]
fn what_the_schema_refuses_for_want_of_a_key_the_program_refuses_too() {
    let schema = schema();
    for name in TEMPLATES {
        let journey = read(name);
        let mut places = Vec::new();
        closed(&journey, "", &mut places);
        for place in places {
            let keys: Vec<String> = journey
                .pointer(&place)
                .unwrap()
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect();
            for key in keys {
                let mut changed = journey.clone();
                let object = changed
                    .pointer_mut(&place)
                    .unwrap()
                    .as_object_mut()
                    .unwrap();
                object.remove(&key);
                if !schema.is_valid(&changed) {
                    assert!(
                        Definition::from_json(&changed).is_err(),
                        "{name}: {place} without {key}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_example_of_the_documentation_is_a_journey_without_faults() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/concepts/journeys.md");
    let page = std::fs::read_to_string(page).unwrap();
    let example = page
        .split("```json\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let json: Value = serde_json::from_str(example).unwrap();
    compile(&json);
    assert!(schema().is_valid(&json));
}
