//! Who is reached over what, and what it costs, worked out by hand.

use serde_json::{Value, json};

use super::*;
use crate::sample::{journey, plan};

fn channel(kind: &str, content: Value, more: &Value) -> Value {
    let mut channel = json!({ "name": { "step": "Step 1", "delay": "1h", "intent": "Remind" } });
    channel[kind] = content;
    for (key, value) in more.as_object().unwrap() {
        channel[key] = value.clone();
    }
    channel
}

fn reach(id: &str) -> Value {
    let push = channel(
        "push",
        json!({ "title": "It waits" }),
        &json!({ "not_delivered_within": "30m" }),
    );
    let sms = channel(
        "sms",
        json!({ "body": "It waits" }),
        &json!({ "needs_opt_in": true, "cost": "0.07", "not_delivered_within": "2h" }),
    );
    let mail = channel(
        "email",
        json!({ "subject": "It", "body": "waits" }),
        &json!({ "cost": "0.001" }),
    );
    json!({ "id": id, "reach": { "channels": [push, sms, mail] } })
}

fn one() -> Intent {
    let plan = plan(&journey(json!([reach("remind")]), json!({})));
    intents(&plan).remove(0)
}

const PUSH: u32 = 1;
const SMS: u32 = 1 << 1;
const MAIL: u32 = 1 << 2;

fn lot(platform: Option<Platform>, open: u32, people: u64) -> Lots {
    Lots::from([(Alike { platform, open }, people)])
}

fn unmeasured(_: Channel, _: Option<Platform>) -> Option<Passing> {
    None
}

#[test]
fn chance_and_holdouts_keep_people_from_what_stands_behind_them() {
    let steps = json!([
        reach("all"),
        { "id": "compare", "holdout": 10 },
        { "id": "test", "ab_test": { "variants": [
            { "id": "a", "percent": 25, "steps": [reach("quarter")] },
            { "id": "b", "percent": 75, "steps": [] }] } },
        { "id": "either", "branch": { "if": { "attribute": "vip", "is": true }, "then": [reach("vip")] } },
    ]);
    let intents = intents(&plan(&journey(steps, json!({}))));
    let shares: Vec<(&str, u32)> = intents.iter().map(|i| (&i.step[..], i.share)).collect();
    assert_eq!(
        shares,
        [("all", 10_000), ("quarter", 2_250), ("vip", 9_000)]
    );
    let channels = &intents[0].channels;
    let told: Vec<(&str, u64, bool)> = channels
        .iter()
        .map(|c| (&c.step[..], c.price_micros, c.waits))
        .collect();
    assert_eq!(
        told,
        [
            ("all/push", 0, true),
            ("all/sms", 70_000, true),
            ("all/email", 1_000, false)
        ]
    );
}

#[test]
fn whoever_can_be_pushed_costs_nothing_at_least_and_every_open_channel_at_most() {
    let cost = fallback_cost(
        &one(),
        &lot(Some(Platform::Ios), PUSH | SMS | MAIL, 1_000),
        unmeasured,
    );
    assert_eq!((cost.least, cost.most), (0, 71_000_000));
    assert_eq!(cost.expected, None, "nothing was measured");
    let cost = fallback_cost(&one(), &lot(Some(Platform::Ios), PUSH, 1_000), unmeasured);
    assert_eq!(cost, Cost::ZERO, "there is nothing that could cost");
}

#[test]
fn whoever_has_no_device_costs_the_first_open_channel_in_any_case() {
    let cost = fallback_cost(&one(), &lot(None, SMS | MAIL, 100), unmeasured);
    assert_eq!((cost.least, cost.most), (7_000_000, 7_100_000));
    let cost = fallback_cost(&one(), &lot(None, MAIL, 100), unmeasured);
    let sure = Cost {
        least: 100_000,
        expected: Some(100_000),
        most: 100_000,
    };
    assert_eq!(cost, sure, "the last channel passes on to nobody");
    assert_eq!(
        fallback_cost(&one(), &lot(None, 0, 100), unmeasured),
        Cost::ZERO
    );
}

#[test]
fn what_is_expected_follows_from_how_often_channels_passed_on_lately() {
    // A tenth of pushes on iOS fails, 40 % are not confirmed; a fifth of text messages is not confirmed.
    let passing = |channel: Channel, platform: Option<Platform>| match (channel, platform) {
        (Channel::Push, Some(Platform::Ios)) => Passing::measured(1_000, 100, 600),
        (Channel::Sms, None) => Passing::measured(500, 0, 400),
        _ => None,
    };
    let all = lot(Some(Platform::Ios), PUSH | SMS | MAIL, 1_000);
    let cost = fallback_cost(&one(), &all, passing);
    // 400 text messages at 0.07, 80 mails at 0.001.
    assert_eq!(cost.expected, Some(28_000_000 + 80_000));
    let mut quick = one();
    quick.channels[0].waits = false;
    let cost = fallback_cost(&quick, &all, passing);
    assert_eq!(cost.expected, Some(7_000_000 + 20_000), "failures only");
    let android = lot(Some(Platform::Android), PUSH | SMS | MAIL, 1_000);
    assert_eq!(fallback_cost(&one(), &android, passing).expected, None);
    let half = Intent {
        share: 5_000,
        ..one()
    };
    assert_eq!(
        fallback_cost(&half, &all, passing).expected,
        Some(14_040_000)
    );
}

#[test]
fn too_few_messages_measure_nothing_and_late_reports_no_more_than_all() {
    assert_eq!(Passing::measured(99, 0, 99), None);
    let odd = Passing::measured(100, 120, 130).unwrap();
    assert_eq!((odd.failed, odd.unconfirmed), (MILLION, 0));
}

#[test]
fn costs_add_up_and_scale() {
    let one = Cost {
        least: 10,
        expected: Some(20),
        most: 30,
    };
    let unknown = Cost {
        expected: None,
        ..one
    };
    assert_eq!(
        one.plus(one),
        Cost {
            least: 20,
            expected: Some(40),
            most: 60
        }
    );
    assert_eq!(one.plus(unknown).expected, None);
    assert_eq!(
        one.scaled(50, 100),
        Cost {
            least: 5,
            expected: Some(10),
            most: 15
        }
    );
    assert_eq!(
        one.scaled(50, 0),
        Cost {
            least: 0,
            expected: Some(0),
            most: 0
        }
    );
}
