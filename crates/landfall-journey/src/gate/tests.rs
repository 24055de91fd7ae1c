//! What the gate asks for, and what waivers change.

use landfall_domain::ids::JourneyId;
use serde_json::{Value, json};

use super::*;
use crate::Plan;
use crate::sample::{NOON, journey, minute, plan, push};

fn names(plan: &Plan) -> Vec<MessageInUse> {
    let named = plan.steps().iter().filter_map(|step| {
        Some(MessageInUse {
            path: step.path.clone(),
            name: step.name.clone()?,
        })
    });
    named.collect()
}

fn mail() -> Value {
    json!({ "email": { "subject": "Your cart", "body": "It waits" },
        "name": { "step": "Mail 1", "delay": "1h", "intent": "Remind" } })
}

fn text(opt_in: bool) -> Value {
    json!({ "sms": { "body": "It waits" }, "needs_opt_in": opt_in,
        "name": { "step": "SMS 1", "delay": "1h", "intent": "Remind" } })
}

fn reach(channels: &[Value]) -> Value {
    json!([{ "id": "remind", "reach": { "channels": channels } }])
}

fn pushed() -> Value {
    let mut pushed = push("remind");
    pushed.as_object_mut().unwrap().remove("id");
    pushed
}

/// Everything that can be written into a file.
fn complete() -> Value {
    let qa = json!([{ "name": "iOS", "expect": [{ "entered": false }] }]);
    journey(
        reach(&[pushed(), mail()]),
        json!({
            "owner": "crm@shop.example",
            "goal": { "event": "order_completed", "within": "3d", "basis": "delivered" },
            "alert": { "to": ["slack:#crm"], "drop": 20 },
            "qa": qa,
        }),
    )
}

fn with_steps(steps: Value) -> Value {
    let mut definition = complete();
    definition["steps"] = steps;
    definition
}

const GREEN: QaResult = QaResult {
    at: NOON,
    profiles: 1,
    red: Vec::new(),
};

fn judged(definition: &Value, qa: Option<&QaResult>, log: &[Waiver]) -> Vec<Judged> {
    let plan = plan(definition);
    judge(&Launch {
        definition: &plan.definition,
        version: 3,
        names: &names(&plan),
        qa,
        log,
    })
}

/// What keeps a definition whose profiles are green from starting.
fn missing(definition: &Value) -> Vec<(Requirement, Vec<String>)> {
    let judged = judged(definition, Some(&GREEN), &[]);
    let blocking = judged.iter().filter(|judged| judged.blocks());
    let told = blocking.map(|judged| {
        let paths = judged.lacks().iter().map(|lack| lack.path.clone());
        (judged.requirement, paths.collect())
    });
    told.collect()
}

#[track_caller]
fn lacks(definition: &Value, requirement: Requirement, paths: &[&str]) {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    assert_eq!(missing(definition), [(requirement, paths)]);
}

fn waiver(requirement: Requirement, action: WaiverAction, version: Option<u32>) -> Waiver {
    Waiver {
        journey: JourneyId(7),
        requirement,
        action,
        version,
        reason: "the shop closes tomorrow".to_owned(),
        by: "ann".to_owned(),
        key: Some(1),
        at: minute(5),
    }
}

#[test]
fn a_journey_with_everything_and_a_green_run_may_start() {
    assert_eq!(missing(&complete()), []);
    let met = judged(&complete(), Some(&GREEN), &[]);
    assert!(met.iter().all(|judged| judged.standing == Standing::Met));
    let asked: Vec<Requirement> = met.iter().map(|judged| judged.requirement).collect();
    assert_eq!(asked, Requirement::ALL);
}

#[test]
fn each_part_that_is_left_out_is_missing_by_itself() {
    for (part, requirement) in [
        ("goal", Requirement::Goal),
        ("owner", Requirement::Owner),
        ("alert", Requirement::Alert),
        ("qa", Requirement::Qa),
    ] {
        let mut definition = complete();
        definition.as_object_mut().unwrap().remove(part);
        lacks(&definition, requirement, &[part]);
    }
}

#[test]
fn profiles_that_never_ran_or_were_red_keep_a_journey_from_starting() {
    let red = QaResult {
        red: vec!["iOS".to_owned()],
        ..GREEN
    };
    for (qa, said) in [
        (None, "have not run here"),
        (Some(&red), "1 of 1 test profiles"),
    ] {
        let judged = judged(&complete(), qa, &[]);
        let qa = judged.last().unwrap();
        assert!(qa.blocks());
        assert!(qa.lacks()[0].wrong.contains(said), "{qa:?}");
        assert!(qa.lacks()[0].fix.contains("landfall qa run --journey cart"));
    }
}

#[test]
fn a_push_needs_another_channel_unless_nobody_sees_it() {
    let fallback = Requirement::Fallback;
    lacks(
        &with_steps(json!([push("remind")])),
        fallback,
        &["steps[0]"],
    );
    let alone = with_steps(reach(&[pushed()]));
    lacks(&alone, fallback, &["steps[0].reach"]);
    let mut off = mail();
    off["sending"] = "off".into();
    let switched_off = with_steps(reach(&[pushed(), off]));
    lacks(&switched_off, fallback, &["steps[0].reach"]);
    let nested = json!([{ "id": "half", "split": { "paths": [
        { "id": "a", "percent": 50, "steps": [push("left")] },
        { "id": "b", "percent": 50, "steps": [] }] } }]);
    let within = ["steps[0].split.paths[0].steps[0]"];
    lacks(&with_steps(nested), fallback, &within);

    let mut silent = push("wake");
    silent["push"] = json!({ "silent": true, "data": { "sync": "cart" } });
    assert_eq!(missing(&with_steps(json!([silent]))), []);
    let mut mail_only = mail();
    mail_only["id"] = "mail".into();
    assert_eq!(missing(&with_steps(json!([mail_only]))), []);
}

#[test]
fn a_text_message_needs_a_yes_to_the_channel_or_to_a_topic() {
    let consent = Requirement::Consent;
    let careless = with_steps(reach(&[pushed(), text(false)]));
    lacks(&careless, consent, &["steps[0].reach.channels[1]"]);
    let bare = json!([{ "id": "sms", "sms": { "body": "It waits" },
        "name": { "step": "SMS 1", "delay": "1h", "intent": "Remind" } }]);
    lacks(&with_steps(bare.clone()), consent, &["steps[0]"]);
    assert_eq!(missing(&with_steps(reach(&[pushed(), text(true)]))), []);
    let mut named = with_steps(bare);
    named["topic"] = "offers".into();
    assert_eq!(missing(&named), []);
}

#[test]
fn names_are_judged_as_reports_show_them_with_what_they_probably_mean() {
    let plan = plan(&complete());
    let mut names = names(&plan);
    "Cart Recovery - Push #1 - 1 hour - Remind".clone_into(&mut names[0].name);
    let judged = judge(&Launch {
        definition: &plan.definition,
        version: 1,
        names: &names,
        qa: Some(&GREEN),
        log: &[],
    });
    let naming = &judged[0];
    assert!(naming.blocks());
    let lack = &naming.lacks()[0];
    assert_eq!(lack.path, "steps[0].reach.channels[0].name");
    assert!(lack.fix.contains("`Cart Recovery | Push 1 | 1h | Remind`"));
    assert!(judged[1..].iter().all(|judged| !judged.blocks()));
}

#[test]
fn what_is_waived_starts_and_shows_who_answers_for_it() {
    let mut definition = complete();
    definition.as_object_mut().unwrap().remove("owner");
    let log = [waiver(Requirement::Owner, WaiverAction::Waive, Some(3))];
    let judged = judged(&definition, None, &log);
    let owner = judged.iter().find(|j| j.requirement == Requirement::Owner);
    let Standing::Waived { lacks, waiver } = &owner.unwrap().standing else {
        panic!("{owner:?}");
    };
    assert_eq!((lacks[0].path.as_str(), &waiver.by[..]), ("owner", "ann"));
    // Nothing else was waived.
    let blocking: Vec<Requirement> = judged
        .iter()
        .filter(|judged| judged.blocks())
        .map(|judged| judged.requirement)
        .collect();
    assert_eq!(blocking, [Requirement::Qa]);
}

#[test]
fn a_waiver_holds_for_its_version_until_it_is_withdrawn() {
    let waive = |version| waiver(Requirement::Alert, WaiverAction::Waive, version);
    let withdraw = |version| waiver(Requirement::Alert, WaiverAction::Withdraw, version);
    let holds = |log: &[Waiver]| in_force(log, Requirement::Alert, 3).map(|w| w.version);
    assert_eq!(holds(&[waive(Some(2))]), None, "of another version");
    assert_eq!(holds(&[waive(Some(3))]), Some(Some(3)));
    assert_eq!(holds(&[waive(None)]), Some(None));
    assert_eq!(holds(&[waive(Some(3)), withdraw(Some(3))]), None);
    assert_eq!(holds(&[waive(Some(3)), withdraw(Some(2))]), Some(Some(3)));
    let both = [waive(None), waive(Some(3))];
    assert_eq!(holds(&both), Some(Some(3)));
    let own_withdrawn = [&both[..], &[withdraw(Some(3))]].concat();
    assert_eq!(
        holds(&own_withdrawn),
        Some(None),
        "that for all holds still"
    );
    assert_eq!(holds(&[&both[..], &[withdraw(None)]].concat()), None);
    assert_eq!(holds(&[withdraw(None), waive(Some(3))]), Some(Some(3)));
    assert_eq!(in_force(&both, Requirement::Owner, 3), None);
}
