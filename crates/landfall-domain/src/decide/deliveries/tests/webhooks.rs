//! Every event of reporting-webhooks.md 6, and the examples of its section 7.

use super::{KIM, NOW, PHONE, marks, only, report, sec, shop, take, target, to, webhook};
use crate::channel::{Channel, Platform, Provider};
use crate::decide::Taken;
use crate::fact::TargetKey;
use crate::ids::MessageKey;
use crate::input::DeliveryReport;
use crate::marks::Mark;
use crate::message::{NameOf, SourceKind};
use crate::reason::Reason;
use crate::status::{Confirmation, Outcome, Status, customerio_status, landfall_status, outcome};
use crate::working_set::Want;
use crate::working_set::WorkingSet;

fn with_recipient(mut report: DeliveryReport, address: &str) -> DeliveryReport {
    let platform = (report.message.channel == Channel::Push).then_some(Platform::Ios);
    report.recipients = vec![to(address, platform, None)];
    report
}

/// Channel, metric, whether the event names a recipient, status after it alone.
const EVENTS: &[(Channel, Mark, bool, Status)] = &[
    (Channel::Push, Mark::Drafted, false, Status::Drafted),
    (Channel::Push, Mark::Attempted, false, Status::Attempted),
    (Channel::Push, Mark::Sent, true, Status::Sent),
    (Channel::Push, Mark::Delivered, true, Status::Delivered),
    (Channel::Push, Mark::Opened, true, Status::Opened),
    (Channel::Push, Mark::Clicked, true, Status::Clicked),
    (Channel::Push, Mark::Converted, true, Status::Converted),
    (Channel::Push, Mark::Bounced, true, Status::Bounced),
    (Channel::Push, Mark::Dropped, true, Status::Dropped),
    (Channel::Push, Mark::Failed, false, Status::Failed),
    (
        Channel::Push,
        Mark::Undeliverable,
        false,
        Status::Undeliverable,
    ),
    (Channel::Email, Mark::Drafted, true, Status::Drafted),
    (Channel::Email, Mark::Attempted, false, Status::Attempted),
    (Channel::Email, Mark::Sent, true, Status::Sent),
    (Channel::Email, Mark::Delivered, true, Status::Delivered),
    (Channel::Email, Mark::Converted, true, Status::Converted),
    (
        Channel::Email,
        Mark::Unsubscribed,
        true,
        Status::Unsubscribed,
    ),
    (Channel::Email, Mark::Spammed, true, Status::Spammed),
    (Channel::Email, Mark::Opened, true, Status::Opened),
    (Channel::Email, Mark::Clicked, true, Status::Clicked),
    (Channel::Email, Mark::Bounced, true, Status::Bounced),
    (Channel::Email, Mark::Dropped, true, Status::Dropped),
    (
        Channel::Email,
        Mark::Undeliverable,
        true,
        Status::Undeliverable,
    ),
    (Channel::Email, Mark::Failed, false, Status::Failed),
    (Channel::Email, Mark::Deferred, true, Status::Deferred),
    (Channel::InApp, Mark::Drafted, false, Status::Drafted),
    (Channel::InApp, Mark::Sent, true, Status::Sent),
    (Channel::InApp, Mark::Opened, false, Status::Opened),
    (Channel::InApp, Mark::Clicked, true, Status::Clicked),
    (Channel::InApp, Mark::Converted, true, Status::Converted),
    (Channel::InApp, Mark::Failed, false, Status::Failed),
    (Channel::Sms, Mark::Sent, true, Status::Sent),
    (Channel::Sms, Mark::Delivered, true, Status::Delivered),
    (Channel::Sms, Mark::Clicked, true, Status::Clicked),
    (Channel::Sms, Mark::Bounced, true, Status::Bounced),
    (Channel::Sms, Mark::Dropped, true, Status::Dropped),
    (Channel::Sms, Mark::Replied, true, Status::Replied),
    (Channel::WhatsApp, Mark::Opened, true, Status::Opened),
    (Channel::WhatsApp, Mark::Bounced, true, Status::Bounced),
    (Channel::Slack, Mark::Sent, true, Status::Sent),
    (
        Channel::Slack,
        Mark::Undeliverable,
        false,
        Status::Undeliverable,
    ),
    (Channel::Webhook, Mark::Sent, true, Status::Sent),
    (Channel::Webhook, Mark::Clicked, true, Status::Clicked),
    (Channel::Webhook, Mark::Attempted, false, Status::Attempted),
];

#[test]
fn each_event_alone_gives_its_status() {
    for (channel, mark, named, status) in EVENTS {
        let mut set = shop();
        let mut event = report(*channel, *mark, sec(101));
        if *named {
            event = with_recipient(event, "aa11bb22");
        }
        let what = format!("{channel}_{mark}");
        assert_eq!(
            take(&mut set, &webhook(event.clone())),
            Taken::Applied,
            "{what}"
        );
        assert_eq!(take(&mut set, &webhook(event)), Taken::Duplicate, "{what}");
        let delivery = only(&set);
        assert_eq!(customerio_status(delivery), *status, "{what}");
        assert_eq!(delivery.targets.len(), usize::from(*named), "{what}");
        assert_eq!(delivery.person, Some(KIM), "{what}");
        assert_eq!(delivery.created_at, sec(101), "{what}");
        let view = delivery.view();
        assert!(view.has(*mark) && !view.is_inferred(*mark), "{what}");
        assert_eq!(view.at(*mark), Some(sec(101)), "{what}");
        let changes = set.finish();
        assert_eq!(
            (changes.facts.len(), changes.deliveries.len()),
            (1, 1),
            "{what}"
        );
        assert_eq!(changes.messages.len(), 1, "{what}");
        let explained = Reason::suggested_by(*channel, *mark);
        assert_eq!(changes.facts[0].reason, explained, "{what}");
    }
}

#[test]
fn sent_to_two_devices_of_which_one_refused() {
    let mut set = shop();
    let mut sent = report(Channel::Push, Mark::Sent, sec(101));
    sent.recipients = vec![
        to("aa11bb22", Some(Platform::Ios), None),
        to(
            "fcm:zz-9",
            Some(Platform::Android),
            Some("token not registered"),
        ),
    ];
    take(&mut set, &webhook(sent));
    assert_eq!(marks(target(&set, "aa11bb22")), [Mark::Sent]);
    let refused = target(&set, "fcm:zz-9");
    assert_eq!(marks(refused), [Mark::Bounced]);
    assert_eq!(
        refused.reasons.keys().collect::<Vec<_>>(),
        [&Reason::TokenUnregistered]
    );
    assert_eq!(
        refused
            .failure_message
            .as_ref()
            .map(|said| said.text.as_str()),
        Some("token not registered")
    );
    let delivery = only(&set);
    assert_eq!(customerio_status(delivery), Status::Sent);
    assert_eq!(
        landfall_status(delivery, Confirmation::Awaited),
        Status::PartiallySent
    );
    assert_eq!(outcome(delivery), Outcome::PartiallyAccepted);
}

#[test]
fn a_refused_device_is_what_its_message_says() {
    for (message, mark) in [
        ("UNREGISTERED", Mark::Bounced),
        ("no idea", Mark::Bounced),
        ("UNAVAILABLE", Mark::Attempted),
        ("PayloadTooLarge", Mark::Failed),
        ("device is suppressed", Mark::Dropped),
        ("  ", Mark::Sent),
    ] {
        let mut set = shop();
        let mut sent = report(Channel::Push, Mark::Sent, sec(101));
        sent.recipients = vec![to("aa11bb22", None, Some(message))];
        take(&mut set, &webhook(sent));
        assert_eq!(marks(target(&set, "aa11bb22")), [mark], "{message}");
    }
}

#[test]
fn failed_first_and_devices_later_still_adds_up() {
    let mut set = shop();
    let mut failed = report(Channel::Push, Mark::Failed, sec(102));
    failed.failure_message = Some("credentials rejected by provider".to_owned());
    take(&mut set, &webhook(failed));
    assert_eq!(outcome(only(&set)), Outcome::Failed);
    assert_eq!(
        crate::status::reason(only(&set)),
        Some(Reason::ProviderAuth)
    );
    let sent = with_recipient(report(Channel::Push, Mark::Sent, sec(300)), "aa11bb22");
    take(&mut set, &webhook(sent));
    assert_eq!(outcome(only(&set)), Outcome::Accepted);
    let opened = with_recipient(report(Channel::Push, Mark::Opened, sec(400)), "aa11bb22");
    take(&mut set, &webhook(opened));
    let delivery = only(&set);
    assert_eq!(delivery.created_at, sec(102));
    assert_eq!(delivery.targets.len(), 1);
    assert_eq!(customerio_status(delivery), Status::Opened);
}

#[test]
fn events_in_any_order_give_the_same_delivery() {
    let events: Vec<DeliveryReport> = [
        (Mark::Sent, 101),
        (Mark::Delivered, 103),
        (Mark::Opened, 160),
        (Mark::Converted, 900),
    ]
    .map(|(mark, at)| with_recipient(report(Channel::Push, mark, sec(at)), "aa11bb22"))
    .into();
    let fold = |order: &[usize]| {
        let mut set = shop();
        for index in order {
            take(&mut set, &webhook(events[*index].clone()));
        }
        serde_json::to_string(only(&set)).unwrap()
    };
    let straight = fold(&[0, 1, 2, 3]);
    for order in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        assert_eq!(fold(&order), straight);
    }
}

#[test]
fn a_target_remembers_its_device_as_it_was() {
    let mut set = shop();
    let sent = with_recipient(report(Channel::Push, Mark::Sent, sec(101)), "aa11bb22");
    take(&mut set, &webhook(sent));
    let snapshot = target(&set, "aa11bb22")
        .snapshot
        .clone()
        .expect("a snapshot");
    assert_eq!(snapshot.at, NOW);
    assert_eq!(snapshot.owner, Some(KIM));
    assert_eq!(snapshot.provider, Some(Provider::Apns));
    assert_eq!(snapshot.app_version.as_deref(), Some("4.2"));
    assert_eq!(snapshot.os_version.as_deref(), Some("26.1"));
    assert_eq!(snapshot.sdk_version.as_deref(), Some("3.9.0"));
    assert_eq!(snapshot.permission, Some(true));
    assert_eq!(snapshot.token_registered_at, Some(sec(0)));
    let later = with_recipient(report(Channel::Push, Mark::Opened, sec(200)), "aa11bb22");
    take(&mut set, &webhook(later));
    let facts = set.finish().facts;
    assert_eq!(
        facts.iter().filter(|fact| fact.snapshot.is_some()).count(),
        1
    );
}

#[test]
fn tokens_are_known_once_whatever_the_report_says() {
    let mut set = shop();
    for (mark, platform) in [
        (Mark::Sent, None),
        (Mark::Delivered, Some(Platform::Android)),
    ] {
        let mut event = report(Channel::Push, mark, sec(101));
        event.recipients = vec![to("fcm:new", platform, None)];
        take(&mut set, &webhook(event));
    }
    assert_eq!(only(&set).targets.len(), 1);
    assert_eq!(
        marks(target(&set, "fcm:new")),
        [Mark::Sent, Mark::Delivered]
    );
    let changes = set.finish();
    let fresh: Vec<_> = changes
        .tokens
        .iter()
        .filter(|record| record.key != PHONE)
        .collect();
    assert_eq!(fresh.len(), 1);
    assert_eq!(
        (fresh[0].owner, fresh[0].token.platform),
        (None, Platform::Android)
    );
}

#[test]
fn absurd_times_are_clamped_and_said() {
    let mut set = shop();
    let future = NOW.plus_millis(60_000);
    let mut event = webhook(with_recipient(
        report(Channel::Push, Mark::Sent, future),
        "aa11bb22",
    ));
    event.at = None;
    take(&mut set, &event);
    assert_eq!(only(&set).created_at, NOW);
    let facts = set.finish().facts;
    assert!(facts[0].clamped);
    assert_eq!(facts[0].occurred_at, NOW);
}

#[test]
fn a_report_without_marks_says_that_the_delivery_exists() {
    let mut set = shop();
    let mut exists = report(Channel::Push, Mark::Sent, sec(90));
    exists.marks.clear();
    let mut input = webhook(exists);
    input.at = Some(sec(90));
    assert_eq!(take(&mut set, &input), Taken::Applied);
    assert_eq!(take(&mut set, &input), Taken::Duplicate);
    assert_eq!(only(&set).created_at, sec(90));
    assert_eq!(outcome(only(&set)), Outcome::Pending);
    assert!(set.finish().facts.is_empty());
}

#[test]
fn the_better_description_of_a_message_wins_in_any_order() {
    let poor = |set: &mut WorkingSet| {
        let mut event = report(Channel::Push, Mark::Sent, sec(1));
        event.message.source = SourceKind::Unknown;
        event.message.source_id = 0;
        event.message.step_id = None;
        take(set, &webhook(event))
    };
    let good = |set: &mut WorkingSet| {
        take(
            set,
            &webhook(report(Channel::Push, Mark::Delivered, sec(2))),
        )
    };
    let mut set = shop();
    poor(&mut set);
    good(&mut set);
    assert_eq!(only(&set).message, MessageKey(1));
    let mut set = shop();
    good(&mut set);
    poor(&mut set);
    assert_eq!(only(&set).message, MessageKey(0));
}

#[test]
fn names_that_come_with_reports_are_kept() {
    let mut set = shop();
    let name = NameOf {
        source: SourceKind::Campaign,
        source_id: 31,
        step_id: None,
        variant_id: None,
    };
    let mut event = report(Channel::Push, Mark::Drafted, sec(1));
    event.names = vec![(name.clone(), "Cart Recovery".to_owned())];
    take(&mut set, &webhook(event));
    assert_eq!(set.finish().names, [(name, "Cart Recovery".to_owned())]);
}

#[test]
fn email_has_one_address_whatever_its_case() {
    let mut set = shop();
    let sent = with_recipient(
        report(Channel::Email, Mark::Sent, sec(1)),
        "Kim@Example.org",
    );
    let opened = with_recipient(
        report(Channel::Email, Mark::Opened, sec(2)),
        "kim@example.org",
    );
    take(&mut set, &webhook(sent));
    take(&mut set, &webhook(opened));
    let delivery = only(&set);
    let key = TargetKey::Address("kim@example.org".to_owned());
    assert_eq!(delivery.targets.len(), 1);
    assert_eq!(
        marks(delivery.target(&key).expect("one address")),
        [Mark::Sent, Mark::Opened]
    );
    assert_eq!(
        delivery.about.recipient.as_ref().map(|said| said.at),
        Some(sec(1))
    );
}

#[test]
fn links_are_kept_with_clicks_and_repeats_counted() {
    let mut set = shop();
    for (at, link) in [(270, 3), (280, 3), (280, 4), (280, 4)] {
        let mut event = with_recipient(report(Channel::Push, Mark::Clicked, sec(at)), "aa11bb22");
        event.href = Some("https://shop.example.org/sale".to_owned());
        event.link_id = Some(link);
        take(&mut set, &webhook(event));
    }
    assert_eq!(only(&set).view().at(Mark::Clicked), Some(sec(270)));
    let facts = set.finish().facts;
    assert_eq!(
        facts
            .iter()
            .filter_map(|fact| fact.link_id)
            .collect::<Vec<_>>(),
        [3, 3, 4]
    );
}

#[test]
fn a_report_wants_its_delivery_its_person_and_its_tokens() {
    let mut event = with_recipient(report(Channel::Push, Mark::Sent, sec(1)), "aa11bb22");
    event.person.email = Some("Kim@example.org".to_owned());
    let mut want = Want::default();
    crate::decide::wants(&webhook(event.clone()), &mut want);
    assert_eq!(want.deliveries, ["dlvAAAA1".to_owned()].into());
    assert_eq!(want.tokens, ["aa11bb22".to_owned()].into());
    assert_eq!(want.identifiers.len(), 3);
    event.message.channel = Channel::Email;
    let mut want = Want::default();
    crate::decide::wants(&webhook(event), &mut want);
    assert!(want.tokens.is_empty());
}
