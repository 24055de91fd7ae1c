//! Suppression lists: which facts put an address there, and what is sent there afterwards.

use std::sync::Arc;

use super::*;
use crate::attempt::Answer;
use crate::channel::Channel;
use crate::content::Content;
use crate::marks::Mark;
use crate::message::{MessageRef, SourceKind};
use crate::person::SuppressionList;
use crate::reason::Reason;
use crate::status::{Outcome, outcome, reason};
use crate::work::{Order, Rules, Ruling, Send, SendTo, Urgency, WorkState};

const MAIL: &str = "ann@shop.example";
const PHONE: &str = "+12025550143";

fn ann() -> Input {
    let claims = Claims {
        email: Some(MAIL.to_owned()),
        phone: Some(PHONE.to_owned()),
        ..Claims::default()
    };
    identify_with(id("ann"), claims, &json!({}))
}

fn content(channel: Channel) -> Content {
    match channel {
        Channel::Sms => Content::Sms(Box::default()),
        _ => Content::Email(Box::default()),
    }
}

fn message(channel: Channel, delivery_id: &str, to: &[&str]) -> Input {
    let send = Send {
        delivery_id: delivery_id.to_owned(),
        message: MessageRef {
            source: SourceKind::Transactional,
            source_id: 9,
            step_id: None,
            parent_step_id: None,
            variant_id: None,
            channel,
        },
        who: id("ann"),
        order: Arc::new(Order {
            content: content(channel),
            data: serde_json::Value::Null,
            ttl_ms: HOUR_MS,
            to_unsubscribed: true,
            forget_content: false,
            to: SendTo::Addresses(to.iter().map(|&to| to.to_owned()).collect()),
            rules: Rules::default(),
        }),
        urgency: Urgency::Transactional,
        send_at: None,
        draft: false,
        custom_device: None,
        trigger_id: None,
        run: None,
        ruling: Ruling::Go,
    };
    input(Body::Send(Box::new(send)))
}

fn told(mark: Mark, reason: Option<&str>) -> Input {
    Input {
        source: Source::Provider,
        ..input(Body::Receipt {
            delivery_id: "d1".to_owned(),
            mark,
            recipient: Some(MAIL.to_owned()),
            reason: reason.map(str::to_owned),
            href: None,
        })
    }
}

fn lists(world: &World) -> Vec<(SuppressionList, String)> {
    let ann = world.who(&id("ann")).expect("is there");
    let listed = ann.listed.iter();
    listed
        .map(|listed| (listed.list, listed.address.clone()))
        .collect()
}

fn outcome_of(world: &World, delivery_id: &str) -> (Outcome, Option<Reason>) {
    let mut all = world.deliveries.values();
    let delivery = all.find(|d| d.id == delivery_id).expect("is there");
    (outcome(delivery), reason(delivery))
}

#[test]
fn what_providers_say_of_an_address_puts_it_on_the_list_that_is_meant() {
    use SuppressionList::{Blocks, Bounces, SpamReports};
    for (mark, why, expected) in [
        (Mark::Bounced, Some("550 5.1.1 user unknown"), Some(Bounces)),
        (Mark::Bounced, Some("552 5.2.2 mailbox full"), None),
        (
            Mark::Bounced,
            Some("554 5.7.1 message looks like spam"),
            None,
        ),
        (Mark::Spammed, None, Some(SpamReports)),
        (
            Mark::Dropped,
            Some("address is on the suppression list"),
            Some(Blocks),
        ),
        (Mark::Deferred, Some("451 try later"), None),
        (Mark::Opened, None, None),
    ] {
        let mut world = World::default();
        world.apply(&ann(), sec(0));
        world.apply(
            &message(Channel::Email, "d1", &["Ann@Shop.example"]),
            sec(1),
        );
        world.one(&told(mark, why), sec(2));
        world.one(&told(mark, why), sec(3));
        let expected: Vec<_> = expected
            .map(|list| (list, MAIL.to_owned()))
            .into_iter()
            .collect();
        assert_eq!(lists(&world), expected, "{mark} {why:?}");
        let suppressed = world
            .who(&id("ann"))
            .expect("is there")
            .is_suppressed(Channel::Email);
        assert_eq!(suppressed, !expected.is_empty(), "{mark} {why:?}");
        world.check();
    }
}

#[test]
fn nothing_is_sent_to_an_address_on_a_list_and_other_addresses_get_theirs() {
    let mut world = World::default();
    world.apply(&ann(), sec(0));
    world.apply(&message(Channel::Email, "d1", &[MAIL]), sec(1));
    world.apply(&told(Mark::Spammed, None), sec(2));
    // One that waited meanwhile, one that is new, and one that has another address too.
    world.apply(
        &message(Channel::Email, "d2", &[MAIL, "other@shop.example"]),
        sec(3),
    );
    let dropped = (Outcome::Dropped, Some(Reason::AddressSuppressed));
    let waiting = world
        .works
        .values()
        .filter(|work| work.state == WorkState::Waiting);
    let of: Vec<_> = waiting.map(|work| work.target.clone()).collect();
    assert_eq!(of.len(), 2, "that of before, and the other address: {of:?}");
    let mut claimed = 0;
    for work in world.works.keys().copied().collect::<Vec<_>>() {
        let claim = input(Body::Claim {
            work,
            attempt: format!("a{}", work.0),
            until: sec(100),
        });
        claimed += usize::from(world.one(&claim, sec(4)) == Taken::Claimed);
    }
    assert_eq!(claimed, 1, "only the other address");
    world.apply(&message(Channel::Email, "d3", &[MAIL]), sec(5));
    assert_eq!(outcome_of(&world, "d3"), dropped);
    // Push and text messages have nothing to do with it.
    world.apply(&message(Channel::Sms, "d4", &[PHONE]), sec(6));
    assert_eq!(outcome_of(&world, "d4").0, Outcome::Pending);
}

#[test]
fn a_call_puts_an_address_on_a_list_and_takes_it_off() {
    let mut world = World::default();
    world.apply(&ann(), sec(0));
    let call = |address: &str, listed| {
        input(Body::ListAddress {
            who: email(address),
            list: SuppressionList::Blocks,
            listed,
        })
    };
    world.apply(&call("ANN@shop.example", true), sec(1));
    assert_eq!(
        world.one(&call(MAIL, true), sec(2)),
        Taken::Ignored,
        "it is there"
    );
    assert_eq!(
        world.one(&call("ben@shop.example", true), sec(2)),
        Taken::Ignored
    );
    assert_eq!(lists(&world), [(SuppressionList::Blocks, MAIL.to_owned())]);
    world.apply(&call(MAIL, false), sec(3));
    assert_eq!(lists(&world), []);
    assert_eq!(world.one(&call(MAIL, false), sec(4)), Taken::Ignored);
    let phone = input(Body::ListAddress {
        who: known(IdentifierKind::Phone, PHONE),
        list: SuppressionList::Blocks,
        listed: true,
    });
    assert_eq!(
        world.one(&phone, sec(5)),
        Taken::Ignored,
        "no mail goes there"
    );
    world.check();
}

#[test]
fn whoever_told_the_carrier_to_stop_gets_texts_again_only_after_a_yes() {
    let mut world = World::default();
    world.apply(&ann(), sec(0));
    world.apply(&message(Channel::Sms, "d1", &[PHONE]), sec(1));
    let work = *world.works.keys().next().expect("waits");
    let claim = Body::Claim {
        work,
        attempt: "a1".to_owned(),
        until: sec(100),
    };
    world.one(&input(claim), sec(2));
    let conclusion = crate::work::Conclusion {
        work,
        target: world.works[&work].target.clone(),
        attempt: Some(crate::work::Handover {
            id: "a1".to_owned(),
            started_at: sec(2),
            took_ms: 1,
        }),
        provider: Some(crate::channel::Provider::SmsGateway),
        answer: Answer::refused(Reason::RecipientOptedOut),
        rendered: None,
        guarded: false,
        random: 0,
    };
    world.apply(&input(Body::Conclude(Box::new(conclusion))), sec(3));
    assert_eq!(
        lists(&world),
        [(SuppressionList::OptedOut, PHONE.to_owned())]
    );
    world.apply(&message(Channel::Sms, "d2", &[PHONE]), sec(4));
    let dropped = (Outcome::Dropped, Some(Reason::AddressSuppressed));
    assert_eq!(outcome_of(&world, "d2"), dropped);
    let yes = |at: i64| {
        let choice = json!({"cio_subscription_preferences.channels.sms": true});
        super::at(
            sec(at),
            identify_with(id("ann"), Claims::default(), &choice),
        )
    };
    world.apply(&yes(1), sec(5));
    assert_eq!(lists(&world).len(), 1, "an earlier yes");
    world.apply(&yes(6), sec(6));
    assert_eq!(lists(&world), []);
    world.apply(&message(Channel::Sms, "d3", &[PHONE]), sec(7));
    assert_eq!(outcome_of(&world, "d3").0, Outcome::Pending);
    world.check();
}

#[test]
fn lists_follow_a_merge_and_end_with_the_person() {
    let mut world = World::default();
    world.apply(&ann(), sec(0));
    world.apply(&identify(id("ben")), sec(0));
    world.apply(&message(Channel::Email, "d1", &[MAIL]), sec(1));
    world.apply(&told(Mark::Spammed, None), sec(2));
    let merge = input(Body::Merge {
        primary: id("ben"),
        secondary: id("ann"),
        create_primary: false,
    });
    world.apply(&merge, sec(3));
    let ben = world.who(&id("ben")).expect("is there");
    assert!(ben.is_suppressed(Channel::Email));
    world.apply(&input(Body::Delete { who: id("ben") }), sec(4));
    assert!(world.people.values().all(|person| person.listed.is_empty()));
    world.check();
}
