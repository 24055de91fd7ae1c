//! Any history of inputs: three ways to a board, one picture.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use landfall_domain::activity::EventKind;
use landfall_domain::channel::Platform;
use landfall_domain::event_data::EventData;
use landfall_domain::identifier::Identifier;
use landfall_domain::input::{Body, Claims, DeliveryReport, Input};
use landfall_domain::marks::Mark;
use landfall_domain::message::SourceKind;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use super::super::faults::Faulty;
use super::super::picture::picture;
use super::super::shop::{
    DAY, HOUR, NOW, Shop, anonymous, device_of, input, merge, name, push, receipt, recipient,
    reported, start, submit, who,
};
use crate::Workspace;

/// Numbers from which an input is made.
type Dice = (u8, u8, u8, u8, i64);

/// Three people and two visitors.
fn somebody(dice: u8) -> Identifier {
    match dice % 5 {
        0 => anonymous("a0"),
        1 => anonymous("a1"),
        known => who(&format!("p{known}")),
    }
}

fn token(dice: u8) -> String {
    format!("t{}", dice % 4)
}

fn delivery(dice: u8) -> String {
    format!("d{}", dice % 7)
}

const MARKS: [Mark; 9] = [
    Mark::Sent,
    Mark::Delivered,
    Mark::Opened,
    Mark::Converted,
    Mark::Bounced,
    Mark::Attempted,
    Mark::Failed,
    Mark::Dropped,
    Mark::Undeliverable,
];

/// An input of any kind, up to four days late.
fn any_input((kind, a, b, c, late): Dice) -> Input {
    let at = NOW - late;
    let body = match kind % 16 {
        0 | 1 => Body::Identify {
            who: who(&format!("p{}", a % 3 + 2)),
            claims: Claims {
                anonymous_id: (b % 3 > 0).then(|| format!("a{}", b % 2)),
                email: (c % 3 == 0).then(|| format!("m{}@shop.example", a % 4)),
                ..Claims::default()
            },
            attributes: [("unsubscribed".to_owned(), json!(c % 4 == 1))].into(),
            update_only: c % 5 == 4,
        },
        2 | 3 => {
            let platform = Platform::ALL[usize::from(b) % 2];
            let permission = ["true", "false", "perhaps"][usize::from(c) % 3];
            let version = format!("7.{}", c % 2);
            let facts = [
                ("push_enabled", permission),
                ("app_version", version.as_str()),
            ];
            return device_of(platform, at, somebody(a), &token(b), &facts);
        }
        4 => Body::DeleteDevice {
            who: somebody(a),
            token: token(b),
            platform: None,
        },
        5 => Body::Track {
            who: None,
            anonymous_id: Some(format!("a{}", a % 2)),
            event: EventKind::Screen,
            name: "home".to_owned(),
            id: None,
            data: EventData::from(&json!({})),
        },
        6 | 7 => return merge(at, somebody(a), somebody(b)),
        8..=11 => return reported(any_report(a, b, c, at)),
        12 | 13 => {
            let mark = [Mark::Delivered, Mark::Opened, Mark::Converted][usize::from(b) % 3];
            let token = token(c);
            let token = (c % 5 > 0).then_some(token.as_str());
            return receipt(at, &delivery(a), mark, token);
        }
        14 if b % 3 == 0 => Body::Delete { who: somebody(a) },
        14 => {
            return name(
                Some(u64::from(a % 2) + 12),
                ["A | b", "C | d"][usize::from(b) % 2],
            );
        }
        _ => Body::Unsubscribe {
            delivery_id: delivery(a),
        },
    };
    input(at, body)
}

fn any_report(a: u8, b: u8, c: u8, at: i64) -> DeliveryReport {
    let person = if b.is_multiple_of(4) {
        String::new()
    } else {
        format!("p{}", b % 3 + 2)
    };
    let first = (MARKS[usize::from(b) % MARKS.len()], at);
    let second = (MARKS[usize::from(c) % MARKS.len()], at + HOUR);
    let marks = [first, second];
    let mut report = push(&delivery(a), &person, &marks[..usize::from(c) % 3]);
    report.message.step_id = (!a.is_multiple_of(3)).then(|| u64::from(a % 2) + 12);
    if a.is_multiple_of(11) {
        report.message.source = SourceKind::Unknown;
        report.message.source_id = 0;
    }
    let failures = [None, Some("Unregistered"), None, Some("TooManyRequests")];
    for device in 0..(b % 3) {
        let failure = failures[usize::from(c.wrapping_add(device)) % failures.len()];
        report
            .recipients
            .push(recipient(&token(a.wrapping_add(device)), failure));
    }
    report
}

fn submit_in_batches(workspace: &Workspace, dice: &[Dice]) {
    let mut rest = dice;
    while let Some(first) = rest.first() {
        let (batch, later) = rest.split_at(usize::from(first.3 % 4 + 1).min(rest.len()));
        submit(workspace, batch.iter().copied().map(any_input).collect());
        rest = later;
    }
}

/// A board that followed the commits, one that starts from whatever snapshot a process left that
/// died, and one that is rebuilt, say the same. Returns whether a snapshot was of use.
fn compare(before: &[Dice], after: &[Dice]) -> Result<bool, TestCaseError> {
    let shop = Shop::new();
    let opened = shop.open_with_snapshot();
    submit_in_batches(&opened.workspace, before);
    opened.stop();
    let following = shop.open_with_snapshot();
    submit_in_batches(&following.workspace, after);
    let store = Faulty::new(Arc::clone(&shop.store));
    let caught_up = start(store.clone(), Some(shop.snapshot())).filled();
    let rebuilt = shop.open();
    let expected = picture(&rebuilt.workspace);
    let pictures = [&following, &caught_up].map(|opened| picture(&opened.workspace));
    for opened in [following, caught_up, rebuilt] {
        opened.stop();
    }
    let [followed, caught_up] = pictures;
    prop_assert_eq!(&followed, &expected, "following commits");
    prop_assert_eq!(&caught_up, &expected, "from a snapshot");
    Ok(store.pages() == 0)
}

fn dice(most: usize) -> impl Strategy<Value = Vec<Dice>> {
    let late = prop_oneof![Just(0), 0..DAY, 0..4 * DAY];
    let dice = (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>(), late);
    proptest::collection::vec(dice, 0..most)
}

fn compare_many(before: usize, after: usize) {
    const CASES: u32 = 40;
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let useful = AtomicUsize::new(0);
    TestRunner::new_with_rng(config, rng)
        .run(&(dice(before), dice(after)), |(before, after)| {
            useful.fetch_add(usize::from(compare(&before, &after)?), Ordering::Relaxed);
            Ok(())
        })
        .unwrap();
    // Both ways of starting must have had their turn.
    let useful = useful.load(Ordering::Relaxed);
    assert!(
        (2..CASES as usize).contains(&useful),
        "{useful} snapshots were of use"
    );
}

#[test]
fn a_long_history_and_a_short_one_after_it() {
    compare_many(60, 8);
}

#[test]
fn two_long_histories() {
    compare_many(25, 60);
}
