use super::{Confirmation, Outcome, Status, customerio_status, landfall_status, outcome, reason};
use super::{target_outcome, target_reason};
use crate::channel::Channel;
use crate::delivery::{Delivery, Target};
use crate::fact::TargetKey;
use crate::ids::{DeliveryKey, DeviceKey, MessageKey};
use crate::marks::Mark;
use crate::reason::Reason;
use crate::time::Timestamp;

fn delivery(channel: Channel, whole: &[Mark], targets: &[&[Mark]]) -> Delivery {
    let at = Timestamp::EPOCH;
    let marks = |marks: &[Mark]| marks.iter().map(|mark| (*mark, at)).collect();
    let mut delivery = Delivery::new(DeliveryKey(0), "d".to_owned(), MessageKey(0), channel, at);
    delivery.marks = marks(whole);
    for (index, target) in (0..).zip(targets) {
        delivery.targets.push(Target {
            marks: marks(target),
            ..Target::new(TargetKey::Device(DeviceKey(index)))
        });
    }
    delivery
}

struct Case {
    whole: &'static [Mark],
    devices: &'static [&'static [Mark]],
    outcome: Outcome,
    status: Status,
    ours: Status,
}

const fn case(
    whole: &'static [Mark],
    devices: &'static [&'static [Mark]],
    outcome: Outcome,
    status: Status,
    ours: Status,
) -> Case {
    Case {
        whole,
        devices,
        outcome,
        status,
        ours,
    }
}

/// Push, by semantics.md 2.2 and 2.10.
const PUSH: &[Case] = &[
    case(&[], &[], Outcome::Pending, Status::Created, Status::Created),
    case(
        &[Mark::Created],
        &[],
        Outcome::Pending,
        Status::Created,
        Status::Created,
    ),
    case(
        &[],
        &[&[Mark::Created]],
        Outcome::Pending,
        Status::Queued,
        Status::Queued,
    ),
    case(
        &[Mark::Drafted],
        &[],
        Outcome::Held,
        Status::Drafted,
        Status::Drafted,
    ),
    case(
        &[Mark::Drafted, Mark::Attempted],
        &[],
        Outcome::Pending,
        Status::Attempted,
        Status::Attempted,
    ),
    case(
        &[Mark::Drafted, Mark::Sent],
        &[],
        Outcome::Accepted,
        Status::Sent,
        Status::Sent,
    ),
    case(
        &[Mark::Attempted],
        &[],
        Outcome::Pending,
        Status::Attempted,
        Status::Attempted,
    ),
    // 2.2, 1: a device is open.
    case(
        &[],
        &[&[Mark::Sent], &[Mark::Attempted]],
        Outcome::Pending,
        Status::Attempted,
        Status::Attempted,
    ),
    case(
        &[],
        &[&[Mark::Bounced], &[]],
        Outcome::Pending,
        Status::Attempted,
        Status::Attempted,
    ),
    // 2.2, 2: all answered, one accepted.
    case(
        &[],
        &[&[Mark::Sent], &[Mark::Sent]],
        Outcome::Accepted,
        Status::Sent,
        Status::Sent,
    ),
    case(
        &[],
        &[&[Mark::Sent], &[Mark::Bounced]],
        Outcome::PartiallyAccepted,
        Status::Sent,
        Status::PartiallySent,
    ),
    case(
        &[],
        &[&[Mark::Sent], &[Mark::Dropped]],
        Outcome::PartiallyAccepted,
        Status::Sent,
        Status::PartiallySent,
    ),
    case(
        &[Mark::Attempted],
        &[&[Mark::Sent]],
        Outcome::Accepted,
        Status::Sent,
        Status::Sent,
    ),
    case(
        &[Mark::Sent],
        &[&[Mark::Bounced]],
        Outcome::PartiallyAccepted,
        Status::Sent,
        Status::PartiallySent,
    ),
    case(
        &[Mark::Sent, Mark::Bounced],
        &[],
        Outcome::PartiallyAccepted,
        Status::Sent,
        Status::PartiallySent,
    ),
    case(
        &[Mark::Sent],
        &[&[Mark::Created]],
        Outcome::Accepted,
        Status::Sent,
        Status::Sent,
    ),
    // 2.2, 3 and 4: nothing accepted.
    case(
        &[Mark::Failed],
        &[],
        Outcome::Failed,
        Status::Failed,
        Status::Failed,
    ),
    case(
        &[Mark::Failed],
        &[&[Mark::Created]],
        Outcome::Failed,
        Status::Failed,
        Status::Failed,
    ),
    case(
        &[],
        &[&[Mark::Bounced], &[Mark::Bounced]],
        Outcome::Bounced,
        Status::Bounced,
        Status::Bounced,
    ),
    case(
        &[],
        &[&[Mark::Sent, Mark::Bounced]],
        Outcome::Bounced,
        Status::Bounced,
        Status::Bounced,
    ),
    case(
        &[],
        &[&[Mark::Dropped], &[Mark::Bounced]],
        Outcome::Bounced,
        Status::Bounced,
        Status::Bounced,
    ),
    case(
        &[],
        &[&[Mark::Dropped]],
        Outcome::Dropped,
        Status::Dropped,
        Status::Dropped,
    ),
    case(
        &[Mark::Undeliverable],
        &[],
        Outcome::Undeliverable,
        Status::Undeliverable,
        Status::Undeliverable,
    ),
    case(
        &[],
        &[&[Mark::Attempted, Mark::Expired]],
        Outcome::Expired,
        Status::Failed,
        Status::Expired,
    ),
    // A failed delivery that a human sent again.
    case(
        &[Mark::Failed],
        &[&[Mark::Sent]],
        Outcome::Accepted,
        Status::Sent,
        Status::Sent,
    ),
    // 2.2, 5 and 6, and 2.10, 3: receipts, in any order, beside open and refused devices.
    case(
        &[],
        &[&[Mark::Delivered], &[Mark::Created]],
        Outcome::Accepted,
        Status::Delivered,
        Status::Delivered,
    ),
    case(
        &[],
        &[&[Mark::Opened], &[Mark::Bounced]],
        Outcome::PartiallyAccepted,
        Status::Opened,
        Status::Opened,
    ),
    case(
        &[],
        &[&[Mark::Bounced, Mark::Delivered]],
        Outcome::Accepted,
        Status::Delivered,
        Status::Delivered,
    ),
    case(
        &[],
        &[&[Mark::Received]],
        Outcome::Accepted,
        Status::Delivered,
        Status::Delivered,
    ),
    case(
        &[Mark::Clicked],
        &[],
        Outcome::Accepted,
        Status::Clicked,
        Status::Clicked,
    ),
    case(
        &[Mark::Converted],
        &[],
        Outcome::Accepted,
        Status::Converted,
        Status::Converted,
    ),
    case(
        &[Mark::Converted, Mark::Undeliverable],
        &[],
        Outcome::Undeliverable,
        Status::Converted,
        Status::Converted,
    ),
];

/// The channels with one address each, by semantics.md 1.1.
const EMAIL: &[Case] = &[
    case(
        &[Mark::Sent],
        &[&[Mark::Bounced]],
        Outcome::Bounced,
        Status::Bounced,
        Status::Bounced,
    ),
    case(
        &[Mark::Bounced],
        &[&[Mark::Sent]],
        Outcome::Bounced,
        Status::Bounced,
        Status::Bounced,
    ),
    case(
        &[Mark::Attempted],
        &[&[Mark::Sent]],
        Outcome::Accepted,
        Status::Sent,
        Status::Sent,
    ),
    case(
        &[],
        &[&[Mark::Deferred]],
        Outcome::Pending,
        Status::Deferred,
        Status::Deferred,
    ),
    case(
        &[],
        &[&[Mark::Sent, Mark::Deferred]],
        Outcome::Accepted,
        Status::Sent,
        Status::Sent,
    ),
    case(
        &[],
        &[&[Mark::PrefetchOpened]],
        Outcome::Accepted,
        Status::Opened,
        Status::Opened,
    ),
    case(
        &[],
        &[&[Mark::Opened, Mark::Spammed]],
        Outcome::Accepted,
        Status::Spammed,
        Status::Spammed,
    ),
    case(
        &[],
        &[&[Mark::Clicked, Mark::Unsubscribed]],
        Outcome::Accepted,
        Status::Unsubscribed,
        Status::Unsubscribed,
    ),
    case(
        &[],
        &[&[Mark::TopicUnsubscribed]],
        Outcome::Accepted,
        Status::TopicUnsubscribed,
        Status::TopicUnsubscribed,
    ),
    case(
        &[],
        &[&[Mark::Spammed, Mark::Converted]],
        Outcome::Accepted,
        Status::Converted,
        Status::Converted,
    ),
];

fn check(channel: Channel, cases: &[Case]) {
    for case in cases {
        let delivery = delivery(channel, case.whole, case.devices);
        let what = format!("{channel} {:?} {:?}", case.whole, case.devices);
        assert_eq!(outcome(&delivery), case.outcome, "{what}");
        assert_eq!(customerio_status(&delivery), case.status, "{what}");
        assert_eq!(
            landfall_status(&delivery, Confirmation::Awaited),
            case.ours,
            "{what}"
        );
    }
}

#[test]
fn push() {
    check(Channel::Push, PUSH);
}

#[test]
fn email() {
    check(Channel::Email, EMAIL);
}

#[test]
fn other_channels() {
    check(
        Channel::InApp,
        &[case(
            &[Mark::Opened],
            &[],
            Outcome::Accepted,
            Status::Opened,
            Status::Opened,
        )],
    );
    check(
        Channel::Sms,
        &[case(
            &[],
            &[&[Mark::Replied]],
            Outcome::Accepted,
            Status::Replied,
            Status::Replied,
        )],
    );
}

#[test]
fn unconfirmed_needs_a_device_that_could_have_confirmed() {
    let sent = delivery(Channel::Push, &[], &[&[Mark::Sent]]);
    let partial = delivery(Channel::Push, &[], &[&[Mark::Sent], &[Mark::Bounced]]);
    let delivered = delivery(Channel::Push, &[], &[&[Mark::Delivered]]);
    let bounced = delivery(Channel::Push, &[], &[&[Mark::Bounced]]);
    for (delivery, overdue, impossible) in [
        (&sent, Status::Unconfirmed, Status::Sent),
        (&partial, Status::Unconfirmed, Status::PartiallySent),
        (&delivered, Status::Delivered, Status::Delivered),
        (&bounced, Status::Bounced, Status::Bounced),
    ] {
        assert_eq!(landfall_status(delivery, Confirmation::Overdue), overdue);
        assert_eq!(
            landfall_status(delivery, Confirmation::Impossible),
            impossible
        );
    }
}

#[test]
fn the_whole_decides_open_devices_only() {
    let delivery = delivery(
        Channel::Push,
        &[Mark::Failed],
        &[&[Mark::Created], &[Mark::Bounced]],
    );
    let outcomes: Vec<_> = delivery
        .targets
        .iter()
        .map(|target| target_outcome(&delivery, target))
        .collect();
    assert_eq!(outcomes, [Outcome::Failed, Outcome::Bounced]);
    assert_eq!(outcome(&delivery), Outcome::Bounced);
}

#[test]
fn reasons_explain_refusals() {
    let mut delivery = delivery(
        Channel::Push,
        &[],
        &[
            &[Mark::Sent],
            &[Mark::Bounced],
            &[Mark::Bounced],
            &[Mark::Dropped],
        ],
    );
    let early = Timestamp::EPOCH;
    let late = early.plus_millis(1);
    delivery.targets[0].reasons = [(Reason::AttemptUnknown, early)].into();
    delivery.targets[1].reasons = [
        (Reason::ProviderThrottled, early),
        (Reason::TokenUnregistered, late),
    ]
    .into();
    delivery.targets[2].reasons = [(Reason::TokenUnregistered, early)].into();
    delivery.targets[3].reasons = [(Reason::DeviceSuppressed, early)].into();
    assert_eq!(
        target_reason(&delivery, &delivery.targets[0]),
        None,
        "accepted in the end"
    );
    assert_eq!(
        target_reason(&delivery, &delivery.targets[1]),
        Some(Reason::TokenUnregistered)
    );
    assert_eq!(
        reason(&delivery),
        Some(Reason::TokenUnregistered),
        "what most of them share"
    );
    delivery.targets.truncate(1);
    assert_eq!(reason(&delivery), None);
}

#[test]
fn the_latest_reason_explains_what_is_open_and_old_drafts_explain_nothing() {
    let early = Timestamp::EPOCH;
    let late = early.plus_millis(1);
    let mut open = delivery(
        Channel::Push,
        &[Mark::Attempted, Mark::Failed],
        &[&[Mark::Attempted]],
    );
    open.targets[0].reasons = [(Reason::ProviderThrottled, early)].into();
    open.reasons = [(Reason::ProviderAuth, late)].into();
    assert_eq!(reason(&open), Some(Reason::ProviderAuth));
    let mut partial = delivery(
        Channel::Push,
        &[Mark::Drafted],
        &[&[Mark::Sent], &[Mark::Bounced]],
    );
    partial.reasons = [(Reason::HeldAsDraft, late)].into();
    partial.targets[1].reasons = [(Reason::TokenInvalid, early)].into();
    assert_eq!(reason(&partial), Some(Reason::TokenInvalid));
    let failed = delivery(Channel::Push, &[Mark::Failed], &[]);
    assert_eq!(reason(&failed), None, "nobody gave one");
}
