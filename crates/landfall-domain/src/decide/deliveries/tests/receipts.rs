//! Receipts by devices and clients.

use super::{NOW, marks, only, receipt, report, sec, shop, take, target, to, webhook};
use crate::channel::{Channel, Platform};
use crate::decide::Taken;
use crate::fact::TargetKey;
use crate::input::{Body, Input, reportable};
use crate::limits::FACTS_PER_DELIVERY_MAX;
use crate::marks::Mark;
use crate::status::{Status, customerio_status};
use crate::working_set::WorkingSet;

fn sent(set: &mut WorkingSet, tokens: &[&str]) {
    let mut event = report(Channel::Push, Mark::Sent, sec(101));
    event.recipients = tokens
        .iter()
        .map(|token| to(token, Some(Platform::Ios), None))
        .collect();
    take(set, &webhook(event));
}

#[test]
fn a_receipt_sent_again_changes_nothing() {
    for at in [None, Some(sec(103))] {
        let mut set = shop();
        sent(&mut set, &["aa11bb22"]);
        let delivered = receipt(Mark::Delivered, Some("aa11bb22"), at);
        assert_eq!(take(&mut set, &delivered), Taken::Applied);
        let before = only(&set).clone();
        assert_eq!(take(&mut set, &delivered), Taken::Duplicate);
        assert_eq!(*only(&set), before);
        assert_eq!(before.view().at(Mark::Delivered), Some(at.unwrap_or(NOW)));
        assert_eq!(customerio_status(&before), Status::Delivered);
    }
}

#[test]
fn a_receipt_without_recipient_belongs_to_the_only_target() {
    let mut set = shop();
    sent(&mut set, &["aa11bb22"]);
    take(&mut set, &receipt(Mark::Opened, None, Some(sec(120))));
    assert_eq!(marks(target(&set, "aa11bb22")), [Mark::Sent, Mark::Opened]);
    let mut set = shop();
    sent(&mut set, &["aa11bb22", "cc33"]);
    take(&mut set, &receipt(Mark::Opened, None, Some(sec(120))));
    assert_eq!(
        only(&set).marks.at(Mark::Opened),
        Some(sec(120)),
        "of two, nobody knows which"
    );
    assert_eq!(customerio_status(only(&set)), Status::Opened);
}

#[test]
fn a_registered_device_that_was_not_targeted_becomes_a_target() {
    let mut set = shop();
    sent(&mut set, &["cc33"]);
    take(
        &mut set,
        &receipt(Mark::Delivered, Some("aa11bb22"), Some(sec(120))),
    );
    let added = target(&set, "aa11bb22");
    assert_eq!(marks(added), [Mark::Delivered]);
    let version = added
        .snapshot
        .as_ref()
        .and_then(|snapshot| snapshot.app_version.clone());
    assert_eq!(version.as_deref(), Some("4.2"));
}

#[test]
fn a_token_that_nobody_registered_does_not_fill_the_registry() {
    let mut set = shop();
    sent(&mut set, &["aa11bb22"]);
    let known = set.next.device;
    take(
        &mut set,
        &receipt(Mark::Delivered, Some("made-up"), Some(sec(120))),
    );
    assert_eq!(set.next.device, known);
    let address = TargetKey::Address("made-up".to_owned());
    assert!(only(&set).target(&address).is_some());
    // A report that knows it later means the same target.
    let mut event = report(Channel::Push, Mark::Opened, sec(130));
    event.recipients = vec![to("made-up", Some(Platform::Android), None)];
    take(&mut set, &webhook(event));
    assert_eq!(only(&set).targets.len(), 2);
    let target = only(&set).target(&address).expect("still one target");
    assert_eq!(marks(target), [Mark::Delivered, Mark::Opened]);
}

#[test]
fn metrics_that_a_channel_does_not_know_are_recorded_nowhere() {
    for channel in Channel::ALL {
        for mark in Mark::ALL {
            let mut set = shop();
            take(&mut set, &webhook(report(*channel, Mark::Sent, sec(101))));
            let before = only(&set).clone();
            let taken = take(&mut set, &receipt(*mark, None, Some(sec(120))));
            let unknown = *mark != Mark::Unsubscribed
                && *mark != Mark::TopicUnsubscribed
                && !reportable(*channel).contains(mark);
            assert_eq!(taken == Taken::Ignored, unknown, "{channel} {mark}");
            assert_eq!(*only(&set) == before, unknown, "{channel} {mark}");
        }
    }
}

#[test]
fn receipts_before_the_send_are_kept_and_shown_at_the_send() {
    let mut set = shop();
    sent(&mut set, &["aa11bb22"]);
    take(
        &mut set,
        &receipt(Mark::Delivered, Some("aa11bb22"), Some(sec(-50_000))),
    );
    let delivery = only(&set);
    assert_eq!(delivery.created_at, sec(101));
    let view = delivery.view();
    assert_eq!(view.at(Mark::Delivered), Some(sec(101)));
    assert_eq!(view.clamped_bits(), Mark::Delivered.bit());
}

#[test]
fn a_flood_of_receipts_ends_at_the_bound() {
    let mut set = shop();
    sent(&mut set, &["aa11bb22"]);
    let opened = |second| receipt(Mark::Opened, Some("aa11bb22"), Some(sec(second)));
    for second in 0..2_000 {
        take(&mut set, &opened(second));
    }
    assert_eq!(only(&set).seen.len(), FACTS_PER_DELIVERY_MAX);
    assert_eq!(take(&mut set, &opened(3_000)), Taken::Ignored);
    let delivered = receipt(Mark::Delivered, Some("aa11bb22"), Some(sec(3_001)));
    assert_eq!(
        take(&mut set, &delivered),
        Taken::Applied,
        "a new mark is still taken"
    );
    let stranger = receipt(Mark::Opened, Some("made-up"), Some(sec(3_002)));
    assert_eq!(
        take(&mut set, &stranger),
        Taken::Ignored,
        "a new target is not"
    );
}

#[test]
fn an_opt_out_marks_its_delivery() {
    let mut set = shop();
    sent(&mut set, &["aa11bb22"]);
    let input = Input {
        body: Body::Unsubscribe {
            delivery_id: "dlvAAAA1".to_owned(),
        },
        ..receipt(Mark::Opened, None, Some(sec(500)))
    };
    assert_eq!(take(&mut set, &input), Taken::Applied);
    assert_eq!(take(&mut set, &input), Taken::Duplicate);
    assert_eq!(customerio_status(only(&set)), Status::Unsubscribed);
}
