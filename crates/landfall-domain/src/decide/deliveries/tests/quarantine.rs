//! Receipts for deliveries that are not known yet.

use proptest::prelude::*;

use super::{only, receipt, report, sec, shop, take, to, webhook};
use crate::channel::{Channel, Platform};
use crate::decide::Taken;
use crate::decide::deliveries::wants_more;
use crate::delivery::Delivery;
use crate::input::Input;
use crate::limits::QUARANTINE_PER_DELIVERY_MAX;
use crate::marks::Mark;
use crate::working_set::Found;

fn sent() -> Input {
    let mut event = report(Channel::Push, Mark::Sent, sec(101));
    event.recipients = vec![
        to("aa11bb22", Some(Platform::Ios), None),
        to("fcm:zz", Some(Platform::Android), None),
    ];
    webhook(event)
}

#[test]
fn a_receipt_waits_for_its_delivery_across_batches() {
    let mut set = shop();
    let delivered = receipt(Mark::Delivered, Some("aa11bb22"), None);
    assert_eq!(take(&mut set, &delivered), Taken::Quarantined);
    assert_eq!(take(&mut set, &delivered), Taken::Duplicate);
    let changes = set.finish();
    assert_eq!(changes.quarantined.len(), 1);
    assert!(changes.deliveries.is_empty() && changes.facts.is_empty());

    let mut set = shop();
    set.devices_by_token.clear();
    set.take(Found {
        quarantined: changes.quarantined,
        ..Found::default()
    });
    assert_eq!(wants_more(&set).tokens, ["aa11bb22".to_owned()].into());
    let mut next = shop();
    next.quarantined = set.quarantined;
    assert!(wants_more(&next).tokens.is_empty());
    assert_eq!(take(&mut next, &sent()), Taken::Applied);
    assert!(only(&next).view().has(Mark::Delivered));
    let changes = next.finish();
    assert_eq!(changes.released, ["dlvAAAA1"]);
    assert!(changes.quarantined.is_empty());
    assert_eq!(changes.facts.len(), 3);
}

#[test]
fn within_one_batch_nothing_is_left_in_quarantine() {
    let mut set = shop();
    take(
        &mut set,
        &receipt(Mark::Opened, Some("aa11bb22"), Some(sec(200))),
    );
    take(&mut set, &sent());
    let changes = set.finish();
    assert!(changes.quarantined.is_empty());
    assert_eq!(changes.deliveries.len(), 1);
}

#[test]
fn an_unknown_delivery_holds_so_many_receipts_and_no_more() {
    let mut set = shop();
    let taken =
        (0..1_000).map(|second| take(&mut set, &receipt(Mark::Opened, None, Some(sec(second)))));
    let kept = taken.filter(|taken| *taken == Taken::Quarantined).count();
    assert_eq!(kept, QUARANTINE_PER_DELIVERY_MAX);
}

proptest! {
    #[test]
    fn receipts_before_or_after_the_report_give_the_same_delivery(
        receipts in prop::collection::vec(
            (
                prop::sample::select(vec![Mark::Delivered, Mark::Opened, Mark::Clicked, Mark::Bounced]),
                prop::sample::select(vec![None, Some("aa11bb22"), Some("fcm:zz"), Some("made-up")]),
                100..200_i64,
            ),
            0..12,
        ),
        first in 0..12_usize,
    ) {
        let inputs: Vec<Input> = receipts
            .iter()
            .map(|(mark, recipient, second)| receipt(*mark, *recipient, Some(sec(*second))))
            .collect();
        let fold = |before: usize| -> Delivery {
            let mut set = shop();
            let before = before.min(inputs.len());
            for input in &inputs[..before] {
                take(&mut set, input);
            }
            take(&mut set, &sent());
            for input in &inputs[before..] {
                take(&mut set, input);
            }
            only(&set).clone()
        };
        prop_assert_eq!(fold(first), fold(0));
    }
}
