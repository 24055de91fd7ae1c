//! Sending, from the decision to the outcome.

mod permits;
mod tokens;
mod walks;

use std::sync::Arc;

use super::*;
use crate::attempt::Answer;
use crate::channel::{Channel, Provider};
use crate::content::{Content, PushContent};
use crate::delivery::Delivery;
use crate::marks::Mark;
use crate::message::{MessageRef, SourceKind};
use crate::reason::Reason;
use crate::status::{Outcome, Status, customerio_status, outcome, reason};
use crate::time::MINUTE_MS;
use crate::work::{
    Assignment, Conclusion, Handover, Order, Rules, Ruling, Send, SendTo, Urgency, Work, WorkKey,
    WorkState,
};

const TTL_MS: i64 = HOUR_MS;

fn push(delivery_id: &str, who: &str) -> Send {
    Send {
        delivery_id: delivery_id.to_owned(),
        message: MessageRef {
            source: SourceKind::Transactional,
            source_id: 9,
            step_id: None,
            parent_step_id: None,
            variant_id: None,
            channel: Channel::Push,
        },
        who: id(who),
        order: Arc::new(Order {
            content: Content::Push(Box::new(PushContent {
                title: Some("Hello {{customer.name}}".to_owned()),
                ..PushContent::default()
            })),
            data: serde_json::Value::Null,
            ttl_ms: TTL_MS,
            to_unsubscribed: true,
            forget_content: false,
            to: SendTo::All,
            rules: Rules::default(),
        }),
        urgency: Urgency::Transactional,
        send_at: None,
        draft: false,
        custom_device: None,
        trigger_id: None,
        run: None,
        ruling: Ruling::Go,
    }
}

fn ordered(mut send: Send, change: impl FnOnce(&mut Order)) -> Send {
    change(Arc::make_mut(&mut send.order));
    send
}

fn send(send: Send) -> Input {
    Input {
        source: Source::App,
        ..input(Body::Send(Box::new(send)))
    }
}

fn ours(body: Body) -> Input {
    Input {
        source: Source::Landfall,
        ..input(body)
    }
}

fn claim_of(work: WorkKey, attempt: &str, now: Timestamp) -> Input {
    ours(Body::Claim {
        work,
        attempt: attempt.to_owned(),
        until: now.plus_millis(MINUTE_MS),
    })
}

fn answer(assignment: &Assignment, answer: Answer, started_at: Timestamp) -> Conclusion {
    let WorkState::Claimed { attempt, .. } = &assignment.work.state else {
        panic!("an assignment is claimed");
    };
    Conclusion {
        work: assignment.work.key,
        target: assignment.work.target.clone(),
        attempt: Some(Handover {
            id: attempt.clone(),
            started_at,
            took_ms: 12,
        }),
        provider: Some(Provider::Apns),
        answer,
        rendered: None,
        guarded: false,
        random: 0,
    }
}

fn conclude(conclusion: Conclusion) -> Input {
    Input {
        source: Source::Provider,
        ..input(Body::Conclude(Box::new(conclusion)))
    }
}

impl World {
    fn delivery(&self, delivery_id: &str) -> &Delivery {
        let mut found = self.deliveries.values();
        found
            .find(|delivery| delivery.id == delivery_id)
            .expect("the delivery")
    }

    fn open(&self) -> Vec<&Work> {
        self.works.values().filter(|work| work.is_open()).collect()
    }

    /// Claims everything that is due.
    fn claim(&mut self, now: Timestamp) -> Vec<Assignment> {
        let due = self.works.values();
        let due = due.filter(|work| work.state == WorkState::Waiting && work.due <= now);
        let claims: Vec<Input> = due
            .map(|work| claim_of(work.key, &format!("a{}-{}", work.key.0, now.millis()), now))
            .collect();
        self.take(&claims, now);
        std::mem::take(&mut self.assignments)
    }

    /// Claims everything that is due and answers all of it in one way.
    fn send_all(&mut self, said: &Answer, now: Timestamp) {
        for assignment in self.claim(now) {
            self.apply(&conclude(answer(&assignment, said.clone(), now)), now);
        }
    }
}

fn accepted() -> Answer {
    Answer::accepted(200, Some("id-1".to_owned()))
}

#[test]
fn a_push_goes_to_every_device_and_is_sent_when_all_are_accepted() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    world.apply(&register(id("ann"), "t2"), sec(1));
    world.apply(&send(push("d1", "ann")), sec(10));
    assert_eq!(customerio_status(world.delivery("d1")), Status::Queued);
    let claimed = world.claim(sec(11));
    assert_eq!(claimed.len(), 2);
    assert_eq!(claimed[0].delivery_id, "d1");
    assert_eq!(
        claimed[0].device.as_ref().map(|d| d.token.token.as_str()),
        Some("t1")
    );
    assert_eq!(
        world.claim(sec(11)),
        [],
        "what is claimed is not claimed again"
    );
    world.apply(&conclude(answer(&claimed[0], accepted(), sec(11))), sec(12));
    assert_eq!(customerio_status(world.delivery("d1")), Status::Attempted);
    world.apply(&conclude(answer(&claimed[1], accepted(), sec(11))), sec(12));
    assert_eq!(outcome(world.delivery("d1")), Outcome::Accepted);
    assert!(world.works.is_empty());
    let sent = world
        .facts
        .iter()
        .find(|fact| fact.mark == Mark::Sent)
        .expect("a fact");
    let attempt = sent.attempt.as_ref().expect("the attempt");
    assert_eq!(
        (attempt.number, attempt.status, attempt.took_ms),
        (1, Some(200), 12)
    );
}

#[test]
fn the_same_send_twice_is_one_delivery() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    world.apply(&send(push("d1", "ann")), sec(10));
    assert_eq!(
        world.one(&send(push("d1", "ann")), sec(11)),
        Taken::Duplicate
    );
    assert_eq!(world.works.len(), 1);
}

#[test]
fn whoever_cannot_be_reached_gets_a_delivery_that_says_why() {
    let mut world = World::default();
    world.apply(&identify(id("ann")), sec(0));
    world.apply(&register(id("ben"), "t1"), sec(0));
    world.apply(
        &identify_with(id("ben"), Claims::default(), &json!({"unsubscribed": true})),
        sec(1),
    );
    let to_ben = ordered(push("d2", "ben"), |order| order.to_unsubscribed = false);
    let to_token = ordered(push("d4", "ben"), |order| {
        order.to = SendTo::Token("t9".to_owned());
    });
    for (order, why) in [
        (push("d1", "ann"), Reason::NoDevice),
        (to_ben, Reason::UnsubscribedGlobal),
        (push("d3", "nobody"), Reason::PersonGone),
        (to_token, Reason::NoDevice),
    ] {
        let delivery = order.delivery_id.clone();
        world.apply(&send(order), sec(10));
        let delivery = world.delivery(&delivery);
        assert_eq!(outcome(delivery), Outcome::Undeliverable);
        assert_eq!(reason(delivery), Some(why));
    }
    assert!(world.open().is_empty());
}

#[test]
fn the_last_used_device_is_one_device() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(5));
    world.apply(&register(id("ann"), "t2"), sec(1));
    let order = ordered(push("d1", "ann"), |order| order.to = SendTo::LastUsed);
    world.apply(&send(order), sec(10));
    let claimed = world.claim(sec(10));
    let tokens: Vec<&str> = claimed
        .iter()
        .filter_map(|assignment| Some(assignment.device.as_ref()?.token.token.as_str()))
        .collect();
    assert_eq!(tokens, ["t1"]);
}

#[test]
fn a_custom_device_is_registered_and_sent_to() {
    let mut world = World::default();
    let mut order = ordered(push("d1", "ann"), |order| {
        order.to = SendTo::Token("custom".to_owned());
    });
    order.custom_device = Some(DeviceReport {
        app: String::new(),
        platform: Platform::Android,
        token: "custom".to_owned(),
        last_used: None,
        attributes: BTreeMap::new(),
    });
    world.apply(&send(order), sec(10));
    assert_eq!(world.claim(sec(10)).len(), 1);
    assert_eq!(world.who(&id("ann")).unwrap().devices.len(), 1);
}

#[test]
fn a_scheduled_push_chooses_its_devices_when_it_is_due() {
    let mut world = World::default();
    world.apply(&identify(id("ann")), sec(0));
    let mut order = push("d1", "ann");
    order.send_at = Some(sec(1_000));
    world.apply(&send(order), sec(10));
    assert_eq!(customerio_status(world.delivery("d1")), Status::Created);
    assert_eq!(world.claim(sec(999)), []);
    world.apply(&register(id("ann"), "t1"), sec(500));
    assert_eq!(world.claim(sec(1_000)), [], "first the devices are chosen");
    assert_eq!(world.claim(sec(1_000)).len(), 1);
}

#[test]
fn a_draft_waits_for_a_human() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    let mut order = push("d1", "ann");
    order.draft = true;
    world.apply(&send(order), sec(10));
    assert_eq!(outcome(world.delivery("d1")), Outcome::Held);
    assert_eq!(world.claim(sec(20)), []);
    let release = ours(Body::Release {
        delivery_id: "d1".to_owned(),
    });
    world.apply(&release, sec(30));
    world.send_all(&accepted(), sec(30));
    assert_eq!(outcome(world.delivery("d1")), Outcome::Accepted);
    assert_eq!(world.one(&release, sec(31)), Taken::Ignored);
}

#[test]
fn an_outage_is_tried_again_until_the_time_is_over() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    world.apply(&send(push("d1", "ann")), sec(0));
    let down = Answer::refused(Reason::ProviderUnavailable);
    world.send_all(&down, sec(0));
    assert_eq!(customerio_status(world.delivery("d1")), Status::Attempted);
    let due = world.open()[0].due;
    assert!(due > sec(0) && due <= sec(2), "the first retry comes soon");
    world.send_all(&down, due);
    let second = world.open()[0].due;
    assert!(second.since(due) >= 15 * MINUTE_MS / 2);
    world.send_all(&down, second);
    world.send_all(&down, sec(3_599));
    let delivery = world.delivery("d1");
    assert_eq!(outcome(delivery), Outcome::Expired);
    assert_eq!(reason(delivery), Some(Reason::ProviderUnavailable));
    assert!(world.open().is_empty());
}

#[test]
fn what_was_not_claimed_in_time_expires() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    world.apply(&send(push("d1", "ann")), sec(0));
    assert_eq!(world.claim(sec(3_600)), []);
    let delivery = world.delivery("d1");
    assert_eq!(outcome(delivery), Outcome::Expired);
    assert_eq!(reason(delivery), Some(Reason::ExpiredInQueue));
}

#[test]
fn the_message_of_a_former_owner_does_not_go_to_the_new_one() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    world.apply(&send(push("d1", "ann")), sec(10));
    world.apply(&register(id("ben"), "t1"), sec(11));
    assert_eq!(world.claim(sec(12)), []);
    let delivery = world.delivery("d1");
    assert_eq!(outcome(delivery), Outcome::Undeliverable);
    assert_eq!(reason(delivery), Some(Reason::OwnerChanged));
}

#[test]
fn a_payload_that_is_refused_is_parked_and_can_be_sent_again_by_hand() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    world.apply(&send(push("d1", "ann")), sec(0));
    world.send_all(&Answer::refused(Reason::PayloadTooLarge), sec(1));
    assert_eq!(outcome(world.delivery("d1")), Outcome::Failed);
    let retry = ours(Body::Release {
        delivery_id: "d1".to_owned(),
    });
    world.apply(&retry, sec(100));
    world.send_all(&accepted(), sec(100));
    assert_eq!(outcome(world.delivery("d1")), Outcome::Accepted);
}

#[test]
fn what_is_taken_back_is_not_sent() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    world.apply(&send(push("d1", "ann")), sec(0));
    let cancel = ours(Body::Cancel {
        delivery_id: "d1".to_owned(),
    });
    world.apply(&cancel, sec(1));
    assert_eq!(world.claim(sec(2)), []);
    assert_eq!(reason(world.delivery("d1")), Some(Reason::SourceCancelled));
}

#[test]
fn an_answer_that_comes_after_its_claim_lapsed_is_recorded_and_stops_the_second_copy() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    world.apply(&send(push("d1", "ann")), sec(0));
    let claimed = world.claim(sec(1));
    let lapsed = Answer::refused_saying(Reason::OutcomeUnknown, "the process ended");
    world.apply(&conclude(answer(&claimed[0], lapsed, sec(1))), sec(100));
    assert_eq!(world.open().len(), 1, "it is tried once more");
    world.one(&conclude(answer(&claimed[0], accepted(), sec(1))), sec(101));
    // The lapse and the answer are two facts of one attempt: the first to come is the attempt's.
    assert_eq!(
        world
            .facts
            .iter()
            .filter(|fact| fact.attempt.is_some())
            .count(),
        2
    );
    assert!(world.open().is_empty());
    assert_eq!(outcome(world.delivery("d1")), Outcome::Accepted);
}

#[test]
fn a_copy_that_is_refused_is_not_tried_again_when_the_first_one_went_out_after_all() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    world.apply(&send(push("d1", "ann")), sec(0));
    let first = world.claim(sec(1));
    let lapsed = Answer::refused(Reason::OutcomeUnknown);
    world.apply(&conclude(answer(&first[0], lapsed, sec(1))), sec(100));
    let second = world.claim(sec(1_000));
    assert_eq!(second.len(), 1, "a second copy is on its way");
    world.one(&conclude(answer(&first[0], accepted(), sec(1))), sec(1_001));
    let down = Answer::refused(Reason::ProviderUnavailable);
    world.apply(&conclude(answer(&second[0], down, sec(1_000))), sec(1_002));
    assert_eq!(world.open(), Vec::<&Work>::new());
    assert_eq!(outcome(world.delivery("d1")), Outcome::Accepted);
}

#[test]
fn a_ruling_against_a_send_is_its_outcome_and_can_be_overruled_only_where_another_hour_may_allow_it()
 {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    for (delivery, why, can_go) in [
        ("d1", Reason::MessageLimit, true),
        ("d2", Reason::Holdout, false),
    ] {
        let mut refused = push(delivery, "ann");
        refused.ruling = Ruling::Refused(why);
        world.apply(&send(refused), sec(10));
        assert_eq!(outcome(world.delivery(delivery)), Outcome::Undeliverable);
        assert_eq!(reason(world.delivery(delivery)), Some(why));
        assert_eq!(world.claim(sec(11)), []);
        let delivery_id = delivery.to_owned();
        world.one(&ours(Body::Release { delivery_id }), sec(12));
        world.send_all(&accepted(), sec(13));
        let expected = if can_go {
            Outcome::Accepted
        } else {
            Outcome::Undeliverable
        };
        assert_eq!(outcome(world.delivery(delivery)), expected);
    }
}

#[test]
fn a_held_send_says_why_it_waits_and_goes_when_it_is_due() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    let mut held = push("d1", "ann");
    held.ruling = Ruling::Held(Reason::QuietHours);
    held.send_at = Some(sec(100));
    world.apply(&send(held), sec(10));
    assert_eq!(customerio_status(world.delivery("d1")), Status::Attempted);
    assert_eq!(reason(world.delivery("d1")), Some(Reason::QuietHours));
    assert_eq!(world.claim(sec(99)), []);
    world.claim(sec(100));
    world.send_all(&accepted(), sec(100));
    assert_eq!(outcome(world.delivery("d1")), Outcome::Accepted);
}
