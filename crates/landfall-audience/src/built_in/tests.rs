use std::collections::BTreeSet;

use landfall_domain::activity::EventKind;
use landfall_domain::channel::{Channel, Platform};
use landfall_domain::event_data::EventData;
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use serde_json::json;

use super::{all, named};
use crate::condition::Condition;
use crate::happening::Happening;
use crate::sample::{NOON, Stage, days, device, message, person};

fn stage(name: &str) -> Stage {
    Stage::new(&named(name).unwrap().json, person(json!({})))
}

fn told(stage: &mut Stage, channel: Channel, mark: Mark, reason: Option<Reason>, age: i64) {
    let label = message(1, 1, channel, "Cart | Push | 1h | Remind");
    let at = NOON.plus_millis(-days(age));
    stage.absorb(&Happening::Told {
        mark,
        message: &label,
        reason,
        at,
    });
}

#[test]
fn every_one_is_a_condition_with_a_name_of_its_own_and_a_sentence() {
    let names: BTreeSet<&str> = all().iter().map(|segment| segment.name).collect();
    assert_eq!(names.len(), all().len());
    for segment in all() {
        let condition = segment
            .condition()
            .unwrap_or_else(|f| panic!("{}: {f:?}", segment.name));
        assert!(!condition.looks_at_event());
        assert!(segment.meaning.ends_with('.'), "{}", segment.name);
    }
    assert_eq!(named("nobody"), None);
}

#[test]
fn every_window_can_be_another_one() {
    for segment in all() {
        let wider = segment.json_within("21d");
        let before = segment.json.to_string();
        match segment.window() {
            Some(window) => assert_eq!(wider.to_string(), before.replace(window, "21d")),
            None => assert_eq!(wider.to_string(), before),
        }
    }
    assert_eq!(named("lapsed").unwrap().window(), Some("30d"));
    assert_eq!(named("receipt_capable").unwrap().window(), Some("90d"));
    assert_eq!(named("no_token").unwrap().window(), None);
    let broken = named("lapsed").unwrap().json_within("a while");
    assert!(Condition::from_json(&broken).is_err());
}

#[test]
fn people_without_a_token_are_split_without_overlap() {
    let states = [
        "never_registered",
        "suspended",
        "unregistered",
        "removed",
        "permission_off",
    ];
    let mut person = person(json!({}));
    let inside = |person: &landfall_domain::person::Person| {
        let holds = |name: &str| {
            Stage::new(&named(name).unwrap().json, person.clone())
                .answer(NOON)
                .holds
        };
        let split = states
            .iter()
            .filter(|state| holds(&format!("no_token_{state}")))
            .count();
        assert_eq!(
            split == 1,
            holds("no_token"),
            "one reason for everybody without a token"
        );
        assert_ne!(holds("no_token"), holds("has_token"));
        holds("has_token")
    };
    assert!(!inside(&person));
    let off = device(1, Platform::Ios, &[("push_enabled", "false")]);
    person.devices.insert(off.key, off);
    assert!(!inside(&person));
    let on = device(2, Platform::Android, &[]);
    person.devices.insert(on.key, on);
    assert!(inside(&person));
}

#[test]
fn who_qualified_and_did_not_receive_is_told_from_who_did() {
    let mut stage = stage("qualified_but_did_not_receive");
    assert!(!stage.answer(NOON).holds, "nothing was meant for them");
    told(&mut stage, Channel::Push, Mark::Created, None, 2);
    assert!(stage.answer(NOON).holds);
    let later = NOON.plus_millis(days(5));
    assert_eq!(stage.answer(NOON).changes_at, Some(later));
    told(&mut stage, Channel::Sms, Mark::Delivered, None, 1);
    assert!(stage.answer(NOON).holds, "another channel is not this one");
    told(&mut stage, Channel::Push, Mark::Delivered, None, 1);
    assert!(!stage.answer(NOON).holds);
}

#[test]
fn failures_are_sorted_by_reason() {
    let table = [
        ("token", Mark::Bounced, Reason::TokenUnregistered),
        ("suppressed", Mark::Dropped, Reason::DeviceSuppressed),
        ("setup", Mark::Failed, Reason::ProviderAuth),
        ("content", Mark::Failed, Reason::RenderError),
        ("provider", Mark::Failed, Reason::RetriesExhausted),
    ];
    for (own, mark, reason) in table {
        for (name, ..) in table {
            let mut stage = stage(&format!("delivery_failures_{name}"));
            told(&mut stage, Channel::Push, mark, Some(reason), 1);
            assert_eq!(stage.answer(NOON).holds, name == own, "{reason} in {name}");
        }
        let mut any = stage("delivery_failures");
        told(&mut any, Channel::Push, mark, Some(reason), 1);
        assert!(any.answer(NOON).holds);
        assert!(
            !any.answer(NOON.plus_millis(days(6))).holds,
            "a week later it is forgotten"
        );
    }
}

#[test]
fn guests_are_people_who_ordered_without_an_account() {
    let mut stage = stage("guest_checkout");
    stage.person.id = None;
    assert!(!stage.answer(NOON).holds);
    stage.absorb(&Happening::Did {
        kind: EventKind::Event,
        name: "Order Completed",
        data: &EventData::NONE,
        at: NOON,
    });
    assert!(stage.answer(NOON).holds);
    stage.person.id = Some("u1".to_owned());
    assert!(!stage.answer(NOON).holds);
    assert!(!self::stage("lapsed").answer(NOON).holds);
    assert!(
        self::stage("lapsed")
            .answer(NOON.plus_millis(days(28)))
            .holds
    );
}
