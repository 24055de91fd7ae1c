use proptest::prelude::*;

use super::{About, Delivery, Said, Snapshot};
use crate::channel::{Channel, Platform};
use crate::credit::{Credit, CreditKind, Share, Shares};
use crate::fact::{Fact, TargetKey};
use crate::ids::{DeliveryKey, DeviceKey, MessageKey};
use crate::input::Source;
use crate::marks::{Mark, MarksView};
use crate::reason::Reason;
use crate::status::{Confirmation, Outcome, customerio_status, landfall_status, outcome};
use crate::time::{DAY_MS, Timestamp};

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn empty(channel: Channel) -> Delivery {
    Delivery::new(
        DeliveryKey(0),
        "dlv".to_owned(),
        MessageKey(0),
        channel,
        at(500),
    )
}

fn fact(target: Option<TargetKey>, mark: Mark, millis: i64) -> Fact {
    Fact {
        delivery: DeliveryKey(0),
        dedupe_key: format!("{target:?}{mark}{millis}"),
        target,
        mark,
        reason: None,
        detail: None,
        href: None,
        link_id: None,
        attempt: None,
        snapshot: None,
        credit: None,
        occurred_at: at(millis),
        sent_at: None,
        received_at: at(10_000),
        clamped: false,
        source: Source::Webhook,
    }
}

fn snapshot(millis: i64, version: u8) -> Snapshot {
    Snapshot {
        at: at(millis),
        owner: None,
        platform: Some(Platform::Ios),
        provider: None,
        app: None,
        app_version: Some(version.to_string()),
        os_version: None,
        sdk_version: None,
        device_model: None,
        permission: None,
        token_registered_at: None,
    }
}

fn any_target() -> impl Strategy<Value = Option<TargetKey>> {
    prop_oneof![
        2 => Just(None),
        4 => (0..4_u32).prop_map(|key| Some(TargetKey::Device(DeviceKey(key)))),
        1 => Just(Some(TargetKey::Address("kim@example.org".to_owned()))),
    ]
}

prop_compose! {
    fn any_credit()(
        generation in 0..3_u32,
        kind in prop::sample::select(CreditKind::ALL),
        taken_before in 0..2_i64,
        millis in 0..1_000_i64,
        weight in 0..2_i64,
        micros in -2..3_i64,
    ) -> Credit {
        let shares = Shares { last: Share { weight, micros }, ..Shares::default() };
        let (currency, holdout) = (None, false);
        Credit { generation, kind, taken_before, at: at(millis), currency, shares, holdout }
    }
}

prop_compose! {
    /// Facts whose dedupe keys say nothing about their content: the fold must not care.
    fn any_fact()(
        target in any_target(),
        mark in prop::sample::select(Mark::ALL),
        reason in prop::option::of(prop::sample::select(Reason::ALL)),
        detail in prop::option::of("[ab]"),
        snap in prop::option::of((0..5_i64, 0..3_u8)),
        millis in 0..1_000_i64,
        source in prop::sample::select(Source::ALL),
        key in 0..40_u8,
        credit in prop::option::weighted(0.3, any_credit()),
    ) -> Fact {
        Fact {
            credit: credit.map(Box::new),
            reason,
            detail,
            snapshot: snap.map(|(millis, version)| snapshot(millis, version)),
            source,
            dedupe_key: format!("key {key}"),
            ..fact(target, mark, millis)
        }
    }
}

fn any_channel() -> impl Strategy<Value = Channel> {
    prop_oneof![3 => Just(Channel::Push), 2 => prop::sample::select(Channel::ALL)]
}

fn folded<'f>(channel: Channel, facts: impl IntoIterator<Item = &'f Fact>) -> Delivery {
    let mut delivery = empty(channel);
    for fact in facts {
        delivery.absorb(fact);
    }
    delivery
}

fn implied(view: &MarksView, cause: Mark, consequence: Mark) -> bool {
    !view.has(cause) || view.has(consequence)
}

proptest! {
    #[test]
    fn the_order_and_repetition_of_facts_do_not_matter(
        (facts, shuffled) in prop::collection::vec(any_fact(), 0..30).prop_flat_map(|facts| {
            let mut twice = facts.clone();
            twice.extend(facts.iter().step_by(2).cloned());
            (Just(facts), Just(twice).prop_shuffle())
        }),
        channel in any_channel(),
    ) {
        let straight = folded(channel, &facts);
        let other = folded(channel, &shuffled);
        let json = serde_json::to_string(&straight).unwrap();
        prop_assert_eq!(&json, &serde_json::to_string(&other).unwrap());
        prop_assert_eq!(serde_json::from_str::<Delivery>(&json).unwrap(), straight);
    }

    #[test]
    fn a_fact_is_news_once(facts in prop::collection::vec(any_fact(), 1..20)) {
        let mut delivery = folded(Channel::Push, &facts);
        let before = delivery.clone();
        for fact in &facts {
            prop_assert!(!delivery.absorb(fact));
        }
        prop_assert_eq!(delivery, before);
    }

    #[test]
    fn status_climbs(facts in prop::collection::vec(any_fact(), 1..30), channel in any_channel()) {
        let mut delivery = empty(channel);
        let mut rank = 0;
        for mut fact in facts {
            // Credits that are computed anew may be taken away.
            if let Some(credit) = &mut fact.credit {
                credit.generation = 0;
            }
            let targets = delivery.targets.len();
            delivery.absorb(&fact);
            let status = customerio_status(&delivery);
            let may_wait_again = delivery.targets.len() > targets && rank <= crate::status::Status::CONCLUDED;
            prop_assert!(status.rank() >= rank || may_wait_again, "{status} after rank {rank}");
            rank = status.rank();
            for confirmation in [Confirmation::Awaited, Confirmation::Overdue, Confirmation::Impossible] {
                prop_assert_eq!(landfall_status(&delivery, confirmation).rank(), rank);
            }
        }
    }

    #[test]
    fn status_and_outcome_agree(facts in prop::collection::vec(any_fact(), 0..12), channel in any_channel()) {
        let delivery = folded(channel, &facts);
        let (status, outcome) = (customerio_status(&delivery), outcome(&delivery));
        if status.rank() == crate::status::Status::CONCLUDED {
            prop_assert!(outcome.is_final(), "{status} but {outcome}");
        }
        if status.rank() < crate::status::Status::CONCLUDED {
            prop_assert!(!outcome.is_final(), "{status} but {outcome}");
        }
        if delivery.view().has(Mark::Delivered) {
            prop_assert!(outcome.is_accepted());
        }
        if outcome.is_refused() {
            prop_assert!(!delivery.view().has(Mark::Delivered));
        }
    }

    #[test]
    fn shown_marks_follow_from_each_other(
        facts in prop::collection::vec(any_fact(), 0..12),
        channel in any_channel(),
    ) {
        let delivery = folded(channel, &facts);
        let targets = delivery.targets.iter().map(|target| delivery.target_view(target));
        for view in targets.chain([delivery.view()]) {
            prop_assert!(implied(&view, Mark::Clicked, Mark::Opened));
            prop_assert!(implied(&view, Mark::HumanClicked, Mark::Clicked));
            prop_assert!(implied(&view, Mark::HumanClicked, Mark::HumanOpened));
            prop_assert!(implied(&view, Mark::PrefetchClicked, Mark::Clicked));
            prop_assert!(implied(&view, Mark::HumanOpened, Mark::Opened));
            prop_assert!(implied(&view, Mark::PrefetchOpened, Mark::Opened));
            prop_assert!(implied(&view, Mark::Delivered, Mark::Sent));
            prop_assert!(implied(&view, Mark::Opened, Mark::Sent));
            if matches!(channel, Channel::Push | Channel::Email | Channel::Sms) {
                prop_assert!(implied(&view, Mark::Opened, Mark::Delivered));
            }
            prop_assert!(view.has(Mark::Created));
            prop_assert_eq!(view.inferred_bits() & !view.bits(), 0);
            prop_assert_eq!(view.clamped_bits() & !view.bits(), 0);
            for mark in view.iter() {
                prop_assert!(mark.at >= delivery.created_at);
            }
        }
        for (mark, _) in delivery.marks.iter() {
            prop_assert!(!delivery.view().is_inferred(mark));
        }
    }
}

#[test]
fn outcomes_and_statuses_round_trip() {
    for outcome in Outcome::ALL {
        assert_eq!(Outcome::from_code(outcome.code()), Some(*outcome));
        assert_eq!(Outcome::named(outcome.name()), Some(*outcome));
    }
    for status in crate::status::Status::ALL {
        assert_eq!(
            crate::status::Status::from_code(status.code()),
            Some(*status)
        );
        assert_eq!(crate::status::Status::named(status.name()), Some(*status));
    }
    assert_eq!(Outcome::from_code(200), None);
}

#[test]
fn a_real_report_replaces_an_inferred_one() {
    let mut delivery = empty(Channel::Push);
    delivery.absorb(&fact(None, Mark::Clicked, 700));
    let view = delivery.view();
    assert!(view.is_inferred(Mark::Opened) && view.is_inferred(Mark::Delivered));
    assert_eq!(view.at(Mark::Opened), Some(at(700)));
    delivery.absorb(&fact(None, Mark::Opened, 900));
    let view = delivery.view();
    assert!(!view.is_inferred(Mark::Opened));
    assert_eq!(view.at(Mark::Opened), Some(at(900)));
    // The remaining consequences have the time of the earliest cause.
    assert_eq!(view.at(Mark::Sent), Some(at(900)));
}

#[test]
fn a_device_clock_cannot_date_a_delivery() {
    let mut delivery = empty(Channel::Push);
    let receipt = Fact {
        source: Source::Receipt,
        ..fact(None, Mark::Opened, -5 * DAY_MS)
    };
    delivery.absorb(&receipt);
    delivery.absorb(&fact(None, Mark::Sent, 400));
    assert_eq!(delivery.created_at, at(400));
    assert_eq!(
        delivery.marks.at(Mark::Opened),
        Some(at(-5 * DAY_MS)),
        "stored as reported"
    );
    let view = delivery.view();
    assert_eq!(view.at(Mark::Opened), Some(at(400)), "shown as possible");
    assert_eq!(view.clamped_bits() & Mark::Opened.bit(), Mark::Opened.bit());
    delivery.absorb(&fact(None, Mark::Created, 450));
    assert_eq!(
        delivery.created_at,
        at(450),
        "what is said about the creation counts"
    );
    assert_eq!(delivery.view().at(Mark::Sent), Some(at(450)));
    assert!(!delivery.known_since(at(100)));
}

#[test]
fn late_means_a_day_after_it_happened() {
    let mut late = fact(None, Mark::Opened, 0);
    late.received_at = at(DAY_MS);
    assert!(!late.is_late());
    late.received_at = at(DAY_MS + 1);
    assert!(late.is_late());
}

#[test]
fn descriptions_keep_the_earliest_words() {
    let said = |millis, text: &str| {
        Some(Said {
            at: at(millis),
            text: text.to_owned(),
        })
    };
    let mut delivery = empty(Channel::Email);
    let later = About {
        subject: said(9, "Now 20 % off"),
        run: said(9, "run"),
        ..About::default()
    };
    let earlier = About {
        subject: said(3, "Still in your cart"),
        ..About::default()
    };
    assert!(delivery.describe(&later));
    assert!(delivery.describe(&earlier));
    assert!(!delivery.describe(&later));
    assert_eq!(delivery.about.subject, said(3, "Still in your cart"));
    assert_eq!(delivery.about.run, said(9, "run"));
}

#[test]
fn what_is_said_of_the_whole_is_said_of_the_only_target() {
    let device = |key| Some(TargetKey::Device(DeviceKey(key)));
    let mut delivery = empty(Channel::Push);
    delivery.absorb(&fact(device(0), Mark::Sent, 600));
    delivery.absorb(&fact(None, Mark::Opened, 700));
    assert!(delivery.target_view(&delivery.targets[0]).has(Mark::Opened));
    delivery.absorb(&fact(device(1), Mark::Sent, 600));
    assert!(!delivery.target_view(&delivery.targets[0]).has(Mark::Opened));
    assert!(delivery.view().has(Mark::Opened));
}
