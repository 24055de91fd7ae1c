//! What rules outside this crate say at the moment of a claim.

use super::*;
use crate::work::Permit;

#[test]
fn what_a_rule_holds_is_claimed_when_it_may_go_and_says_once_why_it_waits() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    world.apply(&send(push("d1", "ann")), sec(0));
    let work = world.open()[0].key;
    let held = |until| Permit::After {
        until,
        reason: Reason::QuietHours,
    };
    world.permits = vec![(work, held(sec(5_000)))];
    assert_eq!(world.claim(sec(1)), []);
    let waiting = world.open()[0].clone();
    assert_eq!((waiting.due, waiting.tries), (sec(5_000), 0));
    assert_eq!(
        waiting.expires,
        sec(5_000 + 3_600),
        "as if it became due then"
    );
    assert_eq!(customerio_status(world.delivery("d1")), Status::Attempted);
    assert_eq!(reason(world.delivery("d1")), Some(Reason::QuietHours));
    let facts = world.facts.len();
    assert_eq!(world.claim(sec(4_999)), []);
    world.permits = vec![(work, held(sec(6_000)))];
    assert_eq!(world.claim(sec(5_000)), []);
    assert_eq!(world.facts.len(), facts, "that it lasts is no news");
    world.send_all(&accepted(), sec(6_000));
    assert_eq!(outcome(world.delivery("d1")), Outcome::Accepted);
}

#[test]
fn what_a_rule_refuses_is_an_outcome_with_its_reason_and_a_limit_can_be_overruled_by_hand() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    for (delivery, why, can_go) in [
        ("d1", Reason::MessageLimit, true),
        ("d2", Reason::QuietHours, true),
        ("d3", Reason::Duplicate, false),
        ("d4", Reason::UnsubscribedTopic, false),
    ] {
        world.apply(&send(push(delivery, "ann")), sec(10));
        world.permits = vec![(world.open()[0].key, Permit::Never(why))];
        assert_eq!(world.claim(sec(11)), []);
        assert_eq!(outcome(world.delivery(delivery)), Outcome::Undeliverable);
        assert_eq!(reason(world.delivery(delivery)), Some(why));
        assert_eq!(world.open(), Vec::<&Work>::new());
        let delivery_id = delivery.to_owned();
        world.one(&ours(Body::Release { delivery_id }), sec(12));
        world.send_all(&accepted(), sec(13));
        let sent = outcome(world.delivery(delivery)) == Outcome::Accepted;
        assert_eq!(sent, can_go, "{delivery}");
    }
}

#[test]
fn a_word_about_one_piece_of_work_concerns_no_other() {
    let mut world = World::default();
    world.apply(&register(id("ann"), "t1"), sec(0));
    world.apply(&register(id("ann"), "t2"), sec(0));
    world.apply(&send(push("d1", "ann")), sec(0));
    let first = world.open()[0].key;
    world.permits = vec![(first, Permit::Never(Reason::MessageLimit))];
    let claimed = world.claim(sec(1));
    assert_eq!(claimed.len(), 1);
    assert_ne!(claimed[0].work.key, first);
}

#[test]
fn consent_is_a_matter_of_switch_channel_and_topic_except_where_slack_stays_open() {
    use crate::work::SendTo;
    let yes = serde_json::json!({});
    let all = serde_json::json!({"unsubscribed": true});
    let topic = serde_json::json!({"cio_subscription_preferences.topics.news": false});
    let other = serde_json::json!({"cio_subscription_preferences.topics.offers": false});
    let slack = serde_json::json!({"cio_subscription_preferences.channels.slack": false});
    for (channel, said, expected) in [
        (Channel::Push, &yes, None),
        (Channel::Push, &all, Some(Reason::UnsubscribedGlobal)),
        (Channel::Push, &topic, Some(Reason::UnsubscribedTopic)),
        (Channel::Push, &other, None),
        (Channel::Push, &slack, None),
        (Channel::Slack, &all, None),
        (Channel::Slack, &topic, Some(Reason::UnsubscribedTopic)),
        (Channel::Slack, &slack, Some(Reason::UnsubscribedChannel)),
    ] {
        let mut world = World::default();
        world.apply(&register(id("ann"), "t1"), sec(0));
        world.apply(&identify_with(id("ann"), Claims::default(), said), sec(1));
        let mut order = ordered(push("d1", "ann"), |order| {
            order.to_unsubscribed = false;
            order.rules.topic = Some("news".to_owned());
            if channel == Channel::Slack {
                order.content = Content::Slack(Box::default());
                order.to = SendTo::Addresses(vec!["slack".to_owned()]);
            }
        });
        order.message.channel = channel;
        world.apply(&send(order), sec(2));
        let pending = expected.is_none();
        assert_eq!(outcome(world.delivery("d1")) == Outcome::Pending, pending);
        assert_eq!(reason(world.delivery("d1")), expected, "{channel} {said}");
    }
}
