//! The worked example of diagnosis.md 2.4, to the digits given there.

use crate::decompose::funnel::{self, Entrance, Factor, Funnel, Message, Platform, Steps, Version};
use crate::decompose::nested::{self, Group, Member, Tally, carried, pooled, rates};
use crate::decompose::{Cell, Product, Shift, attribute};

/// Share, then coverage, eligible, sent, delivered, open, conversion, value of an order.
type Rates = [f64; 8];

const IOS_51: (Rates, Rates) = (
    [0.45, 0.62, 0.90, 0.99, 0.93, 0.071, 0.110, 58.0],
    [0.05, 0.61, 0.90, 0.99, 0.91, 0.070, 0.112, 58.0],
);
const ANDROID_51: (Rates, Rates) = (
    [0.55, 0.71, 0.94, 0.985, 0.86, 0.052, 0.090, 49.0],
    [0.55, 0.72, 0.94, 0.985, 0.865, 0.050, 0.088, 50.0],
);
const IOS_52: Rates = [0.40, 0.63, 0.90, 0.99, 0.58, 0.069, 0.108, 58.0];
const QUALIFIED: Shift = Shift::new(100_000.0, 108_000.0);
const CHANGE: f64 = -2_773.813_737;

fn tally(qualified: f64, rates: &Rates) -> Tally {
    let mut here = qualified * rates[0];
    let mut stages = vec![here];
    for rate in &rates[1..7] {
        here *= rate;
        stages.push(here);
    }
    Tally {
        stages,
        value: here * rates[7],
    }
}

fn nobody() -> Tally {
    Tally {
        stages: vec![0.0; 7],
        value: 0.0,
    }
}

fn member(name: &str, before: Option<&Rates>, after: &Rates) -> Member {
    Member {
        name: name.to_owned(),
        before: before.map_or_else(nobody, |rates| tally(QUALIFIED.before, rates)),
        after: tally(QUALIFIED.after, after),
    }
}

fn platforms() -> Vec<Group> {
    let ios = Group {
        name: "ios".to_owned(),
        members: vec![
            member("5.1", Some(&IOS_51.0), &IOS_51.1),
            member("5.2", None, &IOS_52),
        ],
    };
    let android = Group {
        name: "android".to_owned(),
        members: vec![member("5.1", Some(&ANDROID_51.0), &ANDROID_51.1)],
    };
    vec![ios, android]
}

/// Every member as a cell of its own; what a missing side carries is up to `parent`.
fn flat(parent: impl Fn(&Group) -> Option<Tally>) -> Product {
    let mut cells = Vec::new();
    for group in platforms() {
        let unknown = vec![None; 7];
        let carry = parent(&group).map_or_else(|| unknown.clone(), |pool| rates(&pool));
        for member in &group.members {
            let (before, after) = (rates(&member.before), rates(&member.after));
            let first = carried(&before, &carry, &after);
            let second = carried(&after, &unknown, &before);
            let share = Shift::new(
                member.before.stages[0] / QUALIFIED.before,
                member.after.stages[0] / QUALIFIED.after,
            );
            let factors = first.into_iter().zip(second);
            cells.push(Cell {
                share,
                factors: factors.map(|(a, b)| Shift::new(a, b)).collect(),
            });
        }
    }
    Product {
        whole: vec![QUALIFIED],
        cells,
    }
}

#[track_caller]
fn near(got: f64, wanted: f64, tolerance: f64) {
    assert!((got - wanted).abs() < tolerance, "{got} is not {wanted}");
}

/// Contributions of qualified, mix and the seven rates.
#[track_caller]
fn check(got: &[f64], wanted: [f64; 9]) {
    for (got, wanted) in got.iter().zip(wanted) {
        near(*got, wanted, 1e-4);
    }
    near(got.iter().sum(), CHANGE, 1e-5);
}

fn columns(product: &Product) -> Vec<f64> {
    let parts = attribute(product).expect("eight factors");
    near(parts.total.before, 17_602.934_277, 1e-5);
    near(parts.total.after, 14_829.120_540, 1e-5);
    let mut columns = vec![parts.whole[0], parts.mix.iter().sum()];
    for k in 0..7 {
        columns.push(parts.factors.iter().map(|cell| cell[k]).sum());
    }
    columns
}

#[test]
fn flat_cells_with_their_own_rates_call_a_broken_release_mix() {
    check(
        &columns(&flat(|_| None)),
        [
            1_249.282_7,
            -3_662.665_0,
            6.6448,
            0.0,
            0.0,
            -85.6737,
            -371.5267,
            -58.0796,
            148.2038,
        ],
    );
}

#[test]
fn flat_cells_that_carry_their_parents_rates_split_it() {
    let before = |group: &Group| pooled(group.members.iter().map(|m| &m.before));
    check(
        &columns(&flat(|group| Some(before(group)))),
        [
            1_297.649_7,
            -1_791.763_9,
            64.0062,
            0.0,
            0.0,
            -1_893.118_7,
            -474.6093,
            -124.1816,
            148.2038,
        ],
    );
}

#[test]
fn nested_levels_name_the_stage_and_the_version() {
    let nested = nested::decompose(&[QUALIFIED], &platforms()).expect("eight factors");
    let mut columns = vec![
        nested.whole[0],
        nested.groups.iter().map(|group| group.mix).sum(),
    ];
    for stage in 0..7 {
        columns.push(nested.groups.iter().map(|group| group.stages[stage]).sum());
    }
    check(
        &columns,
        [
            1_252.246_2,
            0.0,
            213.8094,
            0.0,
            0.0,
            -3_590.996_3,
            -521.7977,
            -275.2792,
            148.2038,
        ],
    );
    let ios = &nested.groups[0];
    near(ios.rates[3].before, 0.93, 1e-12);
    near(ios.rates[3].after, 0.615_628_318_6, 1e-10);
    near(ios.stages[3], -3_633.5, 0.1);
    let (old, new) = (ios.members[0].stages[3], ios.members[1].stages[3]);
    near(old.sum() + new.sum(), ios.stages[3], 1e-9);
    assert!(
        new.within < 0.98 * ios.stages[3] && new.mix == 0.0,
        "5.2 owns it: {new:?}"
    );
    // Had 5.2 delivered as 5.1 did before, revenue would be 3,668.35 higher.
    assert!((new.sum() / -3_668.35 - 1.0).abs() < 0.03, "{new:?}");
}

/// The same example through the stages of messages: one way to an order.
#[test]
fn the_funnel_of_messages_tells_the_same_as_the_nested_levels() {
    let steps = |qualified: f64, rates: Option<&Rates>| {
        let Some(rates) = rates else {
            return Steps::default();
        };
        let devices = qualified * rates[0];
        let (sent, delivered) = (devices * rates[3], devices * rates[3] * rates[4]);
        let converted = delivered * rates[5] * rates[6];
        Steps {
            devices,
            sent,
            delivered,
            opened: delivered * rates[5],
            converted_opened: converted,
            value_opened: converted * rates[7],
            ..Steps::default()
        }
    };
    let version = |name: &str, before: Option<&Rates>, after: &Rates| Version {
        name: name.to_owned(),
        before: steps(QUALIFIED.before, before),
        after: steps(QUALIFIED.after, Some(after)),
    };
    let everybody = |count: f64| Entrance {
        qualified: count,
        covered: count,
        eligible: count,
    };
    let funnel = Funnel {
        before: everybody(QUALIFIED.before),
        after: everybody(QUALIFIED.after),
        platforms: vec![
            Platform::of_versions(
                "ios",
                vec![
                    version("5.1", Some(&IOS_51.0), &IOS_51.1),
                    version("5.2", None, &IOS_52),
                ],
            ),
            Platform::of_versions(
                "android",
                vec![version("5.1", Some(&ANDROID_51.0), &ANDROID_51.1)],
            ),
        ],
    };
    let parts = funnel::decompose(&funnel).expect("ten factors");
    near(
        parts.factors.iter().sum(),
        parts.revenue.change(),
        1e-9 * parts.revenue.before,
    );
    assert!(parts.of(Factor::Delivered) < 0.9 * parts.revenue.change());
    assert_eq!(
        parts.owner("ios", Factor::Delivered).map(|o| o.0),
        Some("5.2")
    );
}

#[test]
fn a_second_message_that_is_not_sent_costs_what_second_messages_bring() {
    let steps = |sent: f64, orders_of_thousand: f64| {
        let converted = sent * orders_of_thousand / 1_000.0;
        Steps {
            devices: 10_000.0,
            sent,
            delivered: sent,
            opened: sent,
            converted_opened: converted,
            value_opened: 50.0 * converted,
            ..Steps::default()
        }
    };
    let message = |name: &str, after: f64, orders: f64| Message {
        name: name.to_owned(),
        versions: vec![Version {
            name: "5.1".to_owned(),
            before: steps(10_000.0, orders),
            after: steps(after, orders),
        }],
    };
    let everybody = Entrance {
        qualified: 20_000.0,
        covered: 20_000.0,
        eligible: 20_000.0,
    };
    let funnel = Funnel {
        before: everybody,
        after: everybody,
        platforms: vec![Platform {
            name: "ios".to_owned(),
            messages: vec![message("1", 10_000.0, 9.0), message("2", 4_000.0, 2.0)],
        }],
    };
    let parts = funnel::decompose(&funnel).expect("ten factors");
    // Six thousand second messages, two orders in a thousand, 50 each; over both messages pooled it
    // would have been 5.5 orders in a thousand.
    near(parts.of(Factor::Sent), -600.0, 1e-9);
    near(parts.revenue.change(), -600.0, 1e-9);
    near(parts.of(Factor::Converted), 0.0, 1e-9);
    assert_eq!(parts.platforms.len(), 1);
    assert_eq!(
        parts.owner("ios", Factor::Sent).map(|owner| owner.0),
        Some("5.1")
    );
}
