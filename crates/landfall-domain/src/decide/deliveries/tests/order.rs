//! Random streams of reports: order, repetition, and the facts as the whole truth.

use proptest::prelude::*;

use super::{NOW, PHONE, only, receipt, report, sec, shop, take, to, webhook};
use crate::channel::{Channel, Platform};
use crate::delivery::Delivery;
use crate::device::{TokenKey, TokenRecord};
use crate::ids::DeviceKey;
use crate::input::Input;
use crate::marks::Mark;
use crate::working_set::{Found, WorkingSet};

const TOKENS: [&str; 3] = ["aa11bb22", "fcm:zz", "fcm:yy"];

/// The shop, with two Android devices of nobody.
fn street() -> WorkingSet {
    let mut set = shop();
    set.next.device = 3;
    let record = |key: u32| TokenRecord {
        key: DeviceKey(PHONE.0 + key),
        token: TokenKey {
            app: String::new(),
            platform: Platform::Android,
            token: TOKENS[key as usize].to_owned(),
        },
        owner: None,
        since: sec(0),
    };
    set.take(Found {
        tokens: vec![record(1), record(2)],
        ..Found::default()
    });
    set
}

prop_compose! {
    fn any_report()(
        mark in prop::sample::select(Mark::ALL),
        second in 0..1_000_i64,
        named in prop::collection::vec((0..3_usize, prop::option::of("UNREGISTERED|UNAVAILABLE|zzz")), 0..3),
        failure in prop::option::of("Message limit reached|Liquid error"),
        subject in prop::option::of("[xy]"),
        bare in prop::bool::weighted(0.1),
    ) -> Input {
        let mut event = report(Channel::Push, mark, sec(second));
        event.recipients =
            named.iter().map(|(token, failure)| to(TOKENS[*token], None, failure.as_deref())).collect();
        event.failure_message = failure;
        event.subject = subject;
        let mut input = webhook(event.clone());
        if bare {
            event.marks.clear();
            input.body = crate::input::Body::Delivery(Box::new(event));
        }
        input
    }
}

fn any_input() -> impl Strategy<Value = Input> {
    let receipts = (
        prop::sample::select(vec![
            Mark::Delivered,
            Mark::Opened,
            Mark::Clicked,
            Mark::Converted,
        ]),
        prop::sample::select(&TOKENS),
        -100..1_000_i64,
    )
        .prop_map(|(mark, token, second)| receipt(mark, Some(token), Some(sec(second))));
    prop_oneof![2 => any_report(), 1 => receipts]
}

fn last_report() -> Input {
    let mut event = report(Channel::Push, Mark::Sent, sec(500));
    event.recipients = TOKENS.iter().map(|token| to(token, None, None)).collect();
    webhook(event)
}

fn after(inputs: &[Input]) -> WorkingSet {
    let mut set = street();
    for input in inputs {
        take(&mut set, input);
    }
    set
}

proptest! {
    #[test]
    fn inputs_in_any_order_and_twice_give_the_same_delivery(
        (inputs, shuffled) in prop::collection::vec(any_input(), 0..14).prop_flat_map(|mut inputs| {
            inputs.push(last_report());
            let mut twice = inputs.clone();
            twice.extend(inputs.iter().step_by(3).cloned());
            (Just(inputs), Just(twice).prop_shuffle())
        }),
    ) {
        let straight = serde_json::to_string(only(&after(&inputs))).unwrap();
        prop_assert_eq!(serde_json::to_string(only(&after(&shuffled))).unwrap(), straight);
    }

    #[test]
    fn the_facts_are_the_whole_truth(inputs in prop::collection::vec(any_input(), 0..14)) {
        let mut inputs = inputs;
        inputs.push(last_report());
        let mut changes = after(&inputs).finish();
        let stored = std::sync::Arc::unwrap_or_clone(changes.deliveries.remove(0));
        let mut replayed = Delivery::new(
            stored.key, stored.id.clone(), stored.message, stored.channel, NOW,
        );
        for fact in changes.facts.iter().rev() {
            replayed.absorb(fact);
        }
        prop_assert_eq!(replayed.marks, stored.marks);
        prop_assert_eq!(replayed.targets, stored.targets);
        prop_assert_eq!(replayed.reasons, stored.reasons);
        prop_assert_eq!(replayed.seen, stored.seen);
        prop_assert!(changes.quarantined.is_empty());
    }
}
