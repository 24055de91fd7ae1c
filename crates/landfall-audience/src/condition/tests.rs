use landfall_domain::activity::EventKind;
use landfall_domain::channel::{Channel, Platform};
use landfall_domain::device::{LastStatus, MoveCause};
use landfall_domain::event_data::EventData;
use landfall_domain::marks::Mark;
use landfall_domain::person::Choice;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use serde_json::{Value, json};

use super::Condition;
use crate::answer::{Answer, EventInHand};
use crate::filter::{DEPTH_MAX, NODES_MAX};
use crate::happening::{DeviceChange, Happening};
use crate::sample::{NOON, Stage, days, device, hours, message, person};

mod grammar;
mod nonsense;
mod times;

fn ago(millis: i64) -> Timestamp {
    NOON.plus_millis(-millis)
}

#[track_caller]
fn attribute(value: &Value, mut comparison: Value) -> bool {
    comparison["attribute"] = "x".into();
    Stage::new(&comparison, person(json!({ "x": value })))
        .answer(NOON)
        .holds
}

#[test]
fn numbers_texts_and_booleans_compare_as_people_expect() {
    let table = [
        (json!("gold"), json!({"is": "gold"}), true),
        (json!("gold"), json!({"is": "Gold"}), false),
        (json!("12"), json!({"is": 12}), true),
        (json!(12), json!({"is": "12"}), true),
        (json!(12.0), json!({"is": "12"}), true),
        (json!("12.0"), json!({"is": 12}), true),
        (json!("01"), json!({"is": "1"}), false),
        (json!("01"), json!({"is": 1}), true),
        (
            json!(9_007_199_254_740_993_i64),
            json!({"is": 9_007_199_254_740_992_i64}),
            false,
        ),
        (json!("true"), json!({"is": true}), true),
        (json!(true), json!({"is": "TRUE"}), true),
        (json!(1), json!({"is": true}), false),
        (json!(null), json!({"is": "null"}), false),
        (json!("12"), json!({"at_least": 5}), true),
        (json!("12"), json!({"at_least": "5"}), true),
        (json!("5"), json!({"at_least": 5}), true),
        (json!("5"), json!({"greater_than": 5}), false),
        (json!(4.5), json!({"less_than": 5, "at_least": 4}), true),
        (json!(" 7 "), json!({"at_most": 7}), true),
        (json!("many"), json!({"at_most": 7}), false),
        (json!("nan"), json!({"at_most": 7}), false),
        (json!(true), json!({"at_least": 0}), false),
        (json!("6"), json!({"between": [5, 6]}), true),
        (json!(7), json!({"between": [5, 6]}), false),
    ];
    for (value, comparison, expected) in table {
        assert_eq!(
            attribute(&value, comparison.clone()),
            expected,
            "{value} {comparison}"
        );
    }
}

#[test]
fn texts_and_lists_are_searched() {
    let table = [
        (json!("a gold plan"), json!({"contains": "gold"}), true),
        (json!("a gold plan"), json!({"not_contains": "gold"}), false),
        (json!(["gold", "vip", 3]), json!({"contains": "vip"}), true),
        (json!(["gold", "vip", 3]), json!({"contains": "vi"}), false),
        (json!(["gold", "vip", 3]), json!({"contains": "3"}), true),
        (
            json!("gold"),
            json!({"starts_with": "go", "ends_with": "ld"}),
            true,
        ),
        (json!("gold"), json!({"matches": "g*d"}), true),
        (json!("gold"), json!({"matches": "g*x*"}), false),
        (json!("gold"), json!({"not_matches": "g*"}), false),
        (json!("gold"), json!({"in": ["free", "gold"]}), true),
        (json!(2), json!({"in": ["1", "2"]}), true),
        (json!("gold"), json!({"not_in": ["free", "gold"]}), false),
        (json!("gold"), json!({"exists": true}), true),
        (json!("gold"), json!({"exists": false}), false),
        (json!(1_700_000_000), json!({"is_timestamp": true}), true),
        (json!("2026-05-01"), json!({"is_timestamp": true}), true),
        (json!("soon"), json!({"is_timestamp": true}), false),
        (json!("soon"), json!({"is_timestamp": false}), true),
        (json!(-5), json!({"is_timestamp": true}), false),
    ];
    for (value, comparison, expected) in table {
        assert_eq!(
            attribute(&value, comparison.clone()),
            expected,
            "{value} {comparison}"
        );
    }
}

#[test]
fn what_is_negated_holds_of_somebody_who_has_nothing() {
    for negated in [
        json!({"is_not": "gold"}),
        json!({"not_in": ["gold"]}),
        json!({"not_contains": "gold"}),
        json!({"not_matches": "g*"}),
        json!({"exists": false}),
        json!({"not_exists": true}),
        json!({"is_timestamp": false}),
    ] {
        assert!(attribute(&Value::Null, negated.clone()), "{negated}");
    }
    for plain in [
        json!({"is": ""}),
        json!({"less_than": 5}),
        json!({"older_than": "1d"}),
        json!({"before": "2030-01-01"}),
    ] {
        assert!(!attribute(&Value::Null, plain.clone()), "{plain}");
    }
}

#[test]
fn paths_lead_into_objects_and_lists() {
    let ann = person(json!({
        "a": {"b": [{"c": 1, "d": 9}, {"c": 2, "d": 3}]},
        "w.x": "whole name",
        "tags": ["x", "y"],
    }));
    let holds = |condition: Value| Stage::new(&condition, ann.clone()).answer(NOON).holds;
    assert!(holds(json!({"attribute": "a.b[1].c", "is": 2})));
    assert!(!holds(json!({"attribute": "a.b[2].c", "exists": true})));
    assert!(holds(json!({"attribute": "a.b[].c", "is": 2})));
    assert!(holds(json!({"attribute": "a.b[].c", "is_not": 3})));
    assert!(
        !holds(json!({"attribute": "a.b[].c", "is_not": 2})),
        "no element may be it"
    );
    assert!(holds(
        json!({"attribute": "a.b[].d", "at_least": 3, "less_than": 9})
    ));
    assert!(
        !holds(json!({"attribute": "a.b[].d", "at_least": 4, "less_than": 9})),
        "one element must pass all of it"
    );
    assert!(holds(json!({"attribute": "w.x", "is": "whole name"})));
    assert!(holds(json!({"attribute": "tags[]", "is": "y"})));
    assert!(holds(json!({"attribute": "tags[0]", "is": "x"})));
}

#[test]
fn the_records_own_fields_compare_too() {
    let mut ann = person(json!({}));
    ann.consent.global = Some(Choice {
        subscribed: false,
        set_at: NOON,
    });
    let holds = |condition: Value| Stage::new(&condition, ann.clone()).answer(NOON).holds;
    assert!(holds(json!({"attribute": "id", "is": "u1"})));
    assert!(holds(
        json!({"attribute": "email", "is": " Ann@Shop.Example"})
    ));
    assert!(holds(
        json!({"attribute": "email", "ends_with": "@SHOP.example"})
    ));
    assert!(holds(json!({"attribute": "phone", "exists": false})));
    assert!(holds(json!({"attribute": "unsubscribed", "is": true})));
    assert!(holds(
        json!({"attribute": "created_at", "older_than": "99d"})
    ));
    assert!(!holds(
        json!({"attribute": "created_at", "older_than": "101d"})
    ));
    assert!(holds(json!({"segment": 7})));
    assert!(!holds(json!({"segment": 8})));
    assert!(holds(
        json!({"active": {"older_than": "1d", "within_last": "3d"}})
    ));
}

fn did<'a>(name: &'a str, data: &'a EventData, at: Timestamp) -> Happening<'a> {
    Happening::Did {
        kind: EventKind::Event,
        name,
        data,
        at,
    }
}

#[test]
fn events_are_counted_with_their_data() {
    let condition = json!({
        "event": "purchase",
        "where": [{"data": "total", "at_least": 50}, {"any": [
            {"data": "items[].sku", "is": "A1"}, {"data": "gift", "is": true},
        ]}],
        "count": {"at_least": 2},
        "within": "30d",
    });
    let mut stage = Stage::new(&condition, person(json!({})));
    let fits = EventData::from(&json!({"total": "70", "items": [{"sku": "B"}, {"sku": "A1"}]}));
    let gift = EventData::from(&json!({"total": 50, "gift": true}));
    let small = EventData::from(&json!({"total": 49, "gift": true}));
    assert!(
        stage
            .absorb(&did("purchase", &small, ago(days(1))))
            .is_nothing()
    );
    assert!(
        stage
            .absorb(&did("refund", &fits, ago(days(1))))
            .is_nothing()
    );
    assert!(
        !stage
            .absorb(&did("purchase", &fits, ago(days(40))))
            .is_nothing()
    );
    stage.absorb(&did("purchase", &fits, ago(days(20))));
    assert!(!stage.answer(NOON).holds);
    stage.absorb(&did("purchase", &gift, ago(days(10))));
    assert_eq!(
        stage.answer(NOON),
        Answer::until(true, NOON.plus_millis(days(10)))
    );
    let explanation = stage.explain(NOON);
    assert_eq!(
        explanation.saw.unwrap()["times_in_window"],
        json!("2 or more")
    );
}

#[test]
fn names_with_stars_pages_and_screens_are_counted() {
    let mut stage = Stage::new(
        &json!({"all": [{"page": "https://shop.example/*"}, {"screen": "Cart", "count": {"is": 2}}]}),
        person(json!({})),
    );
    let see = |kind, name| Happening::Did {
        kind,
        name,
        data: &EventData::NONE,
        at: NOON,
    };
    stage.absorb(&see(EventKind::Page, "https://shop.example/shoes"));
    stage.absorb(&see(EventKind::Screen, "Cart"));
    stage.absorb(&see(EventKind::Event, "Cart"));
    assert!(!stage.answer(NOON).holds);
    stage.absorb(&see(EventKind::Screen, "Cart"));
    assert!(stage.answer(NOON).holds);
    stage.absorb(&see(EventKind::Screen, "Cart"));
    assert!(!stage.answer(NOON).holds, "three times is not exactly two");
}

#[test]
fn times_in_data_are_compared_with_the_events_own_time() {
    let condition = json!({"event": "booked", "where": {"data": "departs", "within_next": "3d"}});
    let mut stage = Stage::new(&condition, person(json!({})));
    let data = EventData::from(&json!({"departs": ago(days(8)).seconds()}));
    stage.absorb(&did("booked", &data, ago(days(10))));
    assert_eq!(stage.answer(NOON), Answer::of(true));
}

#[test]
fn messages_are_counted_by_source_step_channel_name_and_reason() {
    let push = message(4, 2, Channel::Push, "Cart Recovery | Push 1 | 1h | Remind");
    let told = |mark, reason| Happening::Told {
        mark,
        message: &push,
        reason,
        at: ago(days(1)),
    };
    let table = [
        (json!({"message": "failed"}), true),
        (json!({"message": "delivered"}), false),
        (
            json!({"message": "failed", "journey": 4, "step": 2, "channel": "push"}),
            true,
        ),
        (json!({"message": "failed", "journey": 5}), false),
        (json!({"message": "failed", "broadcast": 4}), false),
        (json!({"message": "failed", "source": "campaign"}), true),
        (json!({"message": "failed", "step": 3}), false),
        (json!({"message": "failed", "channel": "sms"}), false),
        (
            json!({"message": "failed", "journey": "cart *", "step": "push 1"}),
            true,
        ),
        (
            json!({"message": "failed", "name": {"intent": "remind"}}),
            true,
        ),
        (
            json!({"message": "failed", "name": {"intent": "offer"}}),
            false,
        ),
        (
            json!({"message": "failed", "reason": "token_unregistered"}),
            false,
        ),
        (
            json!({"message": "failed", "reason": ["render_error", "no_device"]}),
            true,
        ),
        (json!({"message": "failed", "class": "payload"}), true),
        (json!({"message": "failed", "class": "quota"}), false),
        (
            json!({"message": "failed", "within": "7d", "count": {"at_most": 1, "at_least": 1}}),
            true,
        ),
        (json!({"message": "failed", "within": "1d"}), false),
    ];
    for (condition, expected) in table {
        let mut stage = Stage::new(&condition, person(json!({})));
        stage.absorb(&told(Mark::Failed, Some(Reason::RenderError)));
        assert_eq!(stage.answer(NOON).holds, expected, "{condition}");
    }
}

#[test]
fn a_device_must_pass_all_of_it_alone() {
    let both =
        json!({"device": {"all": [{"platform": "ios"}, {"app_version": {"at_least": "3.16"}}]}});
    let mut ann = person(json!({}));
    for (key, platform, version) in [(1, Platform::Ios, "3.15"), (2, Platform::Android, "3.16")] {
        let one = device(key, platform, &[("app_version", version)]);
        ann.devices.insert(one.key, one);
    }
    assert!(!Stage::new(&both, ann.clone()).answer(NOON).holds);
    let newer = device(
        3,
        Platform::Ios,
        &[("app_version", "3.16.1"), ("beta", "true")],
    );
    ann.devices.insert(newer.key, newer);
    let stage = Stage::new(&both, ann.clone());
    assert!(stage.answer(NOON).holds);
    assert_eq!(stage.explain(NOON).saw, Some(json!("1 of 3 devices")));
    let explanation = stage.explain(NOON);
    let first = &explanation.parts[0];
    assert_eq!((first.check.as_str(), first.holds), ("ios device 1", false));
    let version = &first.parts[0].parts[1];
    assert_eq!(
        (version.saw.as_ref(), version.holds),
        (Some(&json!("3.15")), false)
    );
    let short = json!({"device": {"platform": ["ios", "web"], "attribute": "beta"}});
    assert!(
        Condition::from_json(&short).is_err(),
        "an attribute stands for itself"
    );
    let custom = json!({"device": {"all": [{"attribute": "beta", "is": true}, {"valid": true}]}});
    assert!(Stage::new(&custom, ann).answer(NOON).holds);
}

#[test]
fn the_state_of_tokens_is_told_apart() {
    let mut stage = Stage::new(&json!({"token": "none"}), person(json!({})));
    let state = |stage: &Stage| stage.explain(NOON).saw.unwrap();
    let release = |cause, at| Happening::Device(DeviceChange::Released { cause, at });
    assert_eq!(state(&stage), "never");
    stage.absorb(&release(MoveCause::Unregistered, ago(days(2))));
    assert_eq!(state(&stage), "unregistered");
    stage.absorb(&release(MoveCause::Removed, ago(days(3))));
    assert_eq!(
        state(&stage),
        "unregistered",
        "the last one that left counts"
    );
    stage.absorb(&release(MoveCause::Removed, ago(days(1))));
    assert_eq!(state(&stage), "removed");
    let mut phone = device(1, Platform::Ios, &[("push_enabled", "false")]);
    stage.person.devices.insert(phone.key, phone.clone());
    assert_eq!(state(&stage), "permission_off");
    assert!(stage.answer(NOON).holds);
    phone.last_status = LastStatus::Bounced;
    stage.person.devices.insert(phone.key, phone.clone());
    assert_eq!(state(&stage), "suspended");
    let good = device(2, Platform::Android, &[]);
    stage.person.devices.insert(good.key, good);
    assert_eq!(state(&stage), "has");
    assert!(!stage.answer(NOON).holds);
}

#[test]
fn consent_and_reach_have_reasons() {
    let mut ann = person(json!({}));
    let saw = |person: &landfall_domain::person::Person, channel: &str| {
        let stage = Stage::new(&json!({"reachable": channel}), person.clone());
        assert_eq!(
            stage.answer(NOON).holds,
            stage.explain(NOON).saw == Some(json!("reachable"))
        );
        stage.explain(NOON).saw.unwrap()
    };
    assert_eq!(saw(&ann, "email"), "reachable");
    assert_eq!(saw(&ann, "sms"), "no_address");
    assert_eq!(saw(&ann, "push"), "no_device");
    let no = Choice {
        subscribed: false,
        set_at: NOON,
    };
    ann.consent.channels.insert("email".to_owned(), no);
    assert_eq!(saw(&ann, "email"), "unsubscribed_channel");
    let agreed = |person: &landfall_domain::person::Person, condition: Value| {
        Stage::new(&condition, person.clone()).answer(NOON).holds
    };
    assert!(!agreed(&ann, json!({"consent": "email"})));
    assert!(agreed(&ann, json!({"consent": "sms"})));
    assert!(!agreed(&ann, json!({"consent": "sms", "explicit": true})));
    assert!(agreed(&ann, json!({"consent": "topic_1"})));
    ann.consent.global = Some(no);
    assert_eq!(saw(&ann, "sms"), "unsubscribed_global");
    assert_eq!(saw(&ann, "slack"), "reachable");
    assert!(!agreed(&ann, json!({"consent": "topic_1"})));
    assert!(!agreed(&ann, json!({"consent": "global"})));
}

#[test]
fn the_event_in_hand_is_looked_into() {
    let condition = json!({"this_event": "cart.total", "at_least": 50});
    let mut stage = Stage::new(&condition, person(json!({})));
    assert!(stage.condition.looks_at_event());
    assert!(!stage.answer(NOON).holds);
    let data = EventData::from(&json!({"cart": {"total": "60"}}));
    stage.event = Some(EventInHand::new(EventKind::Event, "checkout", &data, NOON));
    assert!(stage.answer(NOON).holds);
    assert_eq!(stage.explain(NOON).saw, Some(json!("60")));
}
