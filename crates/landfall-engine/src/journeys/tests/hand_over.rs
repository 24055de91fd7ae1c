//! The workspace's rules of sending at the moment at which a message leaves.

use std::sync::Arc;

use landfall_domain::channel::Channel;
use landfall_domain::content::{Content, PushContent};
use landfall_domain::input::{Body, Input};
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::reason::Reason;
use landfall_domain::status::{Outcome, outcome, reason};
use landfall_domain::work::{Order, Rules, Ruling, Send, SendTo, Urgency};
use serde_json::{Value, json};

use super::bad_days::providers::{accepted, carry, claim, due};
use super::house::House;
use crate::input_of_ours;
use crate::tests::shop::{DAY, HOUR, NOW, device, identify, track, who};

/// It is 13:30 at the start.
const LUNCH: &str = r#"{"from": "13:00", "to": "15:00", "then": "hold"}"#;

fn quiet(then: &str) -> Value {
    let mut quiet: Value = serde_json::from_str(LUNCH).expect("is JSON");
    quiet["then"] = then.into();
    quiet
}

/// A push at once when something happens.
fn journey(slug: &str, event: &str, more: Value) -> Value {
    let mut journey = json!({
        "id": slug,
        "name": slug,
        "trigger": {"event": event},
        "entry": {"frequency": "every_time"},
        "steps": [{"id": "push-1", "push": {"body": "Hello"},
            "name": {"step": "Push 1", "delay": "0m", "intent": "Remind"}}]
    });
    if let Value::Object(more) = more {
        for (key, value) in more {
            match key.strip_prefix("step.") {
                Some(key) => journey["steps"][0][key] = value,
                None => journey[key] = value,
            }
        }
    }
    journey
}

/// A shop with a person and rules.
async fn shop(rules: Value) -> House {
    let house = House::new();
    let taken = house.workspace().set_sending_rules(&rules).await;
    taken.expect("are taken");
    house.take(vec![device(NOW, who("ann"), "t1", &[])]).await;
    house
}

async fn happens(house: &House, event: &str) {
    let event = track(house.now(), "ann", event);
    house.take(vec![event]).await;
}

async fn providers_accept(house: &House) {
    carry(house, |_| accepted()).await;
}

/// What became of each message, oldest first.
fn outcomes(house: &House) -> Vec<Told> {
    let deliveries = house.deliveries("ann");
    let told = deliveries.iter().map(|told| (outcome(told), reason(told)));
    told.collect()
}

const SENT: Told = (Outcome::Accepted, None);

const fn refused(why: Reason) -> Told {
    (Outcome::Undeliverable, Some(why))
}

const fn held(why: Reason) -> Told {
    (Outcome::Pending, Some(why))
}

type Told = (Outcome, Option<Reason>);

/// What happens to a message: the rules, what the journey says itself, what the person chose about the
/// topic, what comes of it at once, and what in the end.
type Case = (Value, Value, Option<bool>, Told, Told);

fn cases() -> Vec<Case> {
    use Reason::{QuietHours, UnsubscribedTopic};
    let ask = json!({"topics": {"news": {"subscribed_by_default": false}}});
    let open = json!({"topics": {"news": {}}});
    let news = json!({"topic": "news"});
    vec![
        (json!({}), json!({}), None, SENT, SENT),
        (
            json!({"quiet_hours": quiet("hold")}),
            json!({}),
            None,
            held(QuietHours),
            SENT,
        ),
        (
            json!({"quiet_hours": quiet("drop")}),
            json!({}),
            None,
            refused(QuietHours),
            refused(QuietHours),
        ),
        // By the workspace's clock it is half past eleven at night.
        (
            json!({"zone": "Asia/Tokyo", "quiet_hours": quiet("drop")}),
            json!({}),
            None,
            SENT,
            SENT,
        ),
        (
            json!({"quiet_hours": quiet("drop")}),
            json!({"policy": {"quiet_hours": null}}),
            None,
            SENT,
            SENT,
        ),
        (
            json!({"quiet_hours": quiet("drop")}),
            json!({"step.policy": {"quiet_hours": null}}),
            None,
            SENT,
            SENT,
        ),
        (
            json!({}),
            json!({"step.policy": {"quiet_hours": quiet("hold")}}),
            None,
            held(QuietHours),
            SENT,
        ),
        (
            ask.clone(),
            news.clone(),
            None,
            refused(UnsubscribedTopic),
            refused(UnsubscribedTopic),
        ),
        (ask.clone(), news.clone(), Some(true), SENT, SENT),
        (open.clone(), news.clone(), None, SENT, SENT),
        (
            open,
            news,
            Some(false),
            refused(UnsubscribedTopic),
            refused(UnsubscribedTopic),
        ),
        (ask, json!({}), None, SENT, SENT),
    ]
}

#[tokio::test]
async fn one_message_comes_to_what_the_rules_say_and_a_message_may_say_otherwise() {
    for (rules, own, choice, now, later) in cases() {
        let house = shop(rules.clone()).await;
        if let Some(choice) = choice {
            let key = "cio_subscription_preferences.topics.news";
            house
                .take(vec![identify(NOW, "ann", [(key, json!(choice))])])
                .await;
        }
        house.start(&journey("hello", "hello", own.clone())).await;
        happens(&house, "hello").await;
        providers_accept(&house).await;
        assert_eq!(outcomes(&house), [now], "{rules} {own} {choice:?}");
        house.wait(2 * HOUR).await;
        providers_accept(&house).await;
        providers_accept(&house).await;
        let told: Vec<_> = outcomes(&house).iter().map(|told| told.0).collect();
        assert_eq!(told, [later.0], "{rules} {own} {choice:?}: later");
    }
}

#[tokio::test]
async fn of_messages_that_were_decided_together_a_cap_lets_as_many_go_as_it_says() {
    for (rules, expected) in [
        (
            json!({"caps": [{"max": 1, "within": "1d"}]}),
            vec![Reason::MessageLimit; 2],
        ),
        (
            json!({"caps": [{"max": 2, "within": "1d"}]}),
            vec![Reason::MessageLimit; 1],
        ),
        (
            json!({"caps": [{"max": 1, "within": "1d", "channels": ["sms"]}]}),
            vec![],
        ),
        (
            json!({"caps": [{"max": 1, "within": "1d", "counts": ["broadcast"]}]}),
            vec![],
        ),
        (json!({"duplicate_within": "1h"}), vec![]),
    ] {
        let house = shop(rules.clone()).await;
        for slug in ["a", "b", "c"] {
            house.start(&journey(slug, "hello", json!({}))).await;
        }
        happens(&house, "hello").await;
        let now = crate::tests::shop::seconds(house.now());
        let claims: Vec<Input> = due(&house).iter().map(|work| claim(work, now)).collect();
        assert_eq!(claims.len(), 3, "all were decided before any left");
        house.take(claims).await;
        providers_accept(&house).await;
        let whys: Vec<_> = outcomes(&house).iter().filter_map(|told| told.1).collect();
        assert_eq!(whys, expected, "{rules}");
        let sent = outcomes(&house)
            .iter()
            .filter(|told| **told == SENT)
            .count();
        assert_eq!(sent, 3 - expected.len(), "{rules}");
        house.wait(DAY).await;
        happens(&house, "hello").await;
        providers_accept(&house).await;
        let sent_again = outcomes(&house)
            .iter()
            .filter(|told| **told == SENT)
            .count();
        assert_eq!(sent_again, 2 * sent, "{rules}: the window has passed");
    }
}

#[tokio::test]
async fn a_cap_counts_what_is_being_handed_over_and_not_what_was_refused() {
    let house = shop(json!({"caps": [{"max": 1, "within": "1d"}]})).await;
    for slug in ["a", "b", "c"] {
        house.start(&journey(slug, slug, json!({}))).await;
    }
    happens(&house, "a").await;
    let now = crate::tests::shop::seconds(house.now());
    house.take(vec![claim(&due(&house)[0], now)]).await;
    // Decided while the first is on its way.
    happens(&house, "b").await;
    assert_eq!(outcomes(&house)[1], refused(Reason::MessageLimit));
    let house = house.again().await;
    carry(&house, |_| {
        landfall_domain::attempt::Answer::refused(Reason::PayloadInvalid)
    })
    .await;
    assert_eq!(outcomes(&house)[0].0, Outcome::Failed);
    happens(&house, "c").await;
    providers_accept(&house).await;
    assert_eq!(outcomes(&house)[2], SENT, "nothing was sent before");
}

#[tokio::test]
async fn a_cap_with_patience_lets_the_next_message_wait_for_room() {
    let cap = json!({"max": 1, "within": "1h", "retry": "2h"});
    let house = shop(json!({"caps": [cap]})).await;
    house.start(&journey("hello", "hello", json!({}))).await;
    happens(&house, "hello").await;
    providers_accept(&house).await;
    house.wait(600).await;
    happens(&house, "hello").await;
    providers_accept(&house).await;
    assert_eq!(outcomes(&house), [SENT, held(Reason::MessageLimit)]);
    house.wait(HOUR - 600).await;
    for _ in 0..2 {
        providers_accept(&house).await;
    }
    let sent = outcomes(&house)
        .iter()
        .all(|told| told.0 == Outcome::Accepted);
    assert!(sent, "{:?}", outcomes(&house));
}

#[tokio::test]
async fn a_push_to_two_devices_is_one_message_and_a_second_try_is_no_second_message() {
    let rules = json!({"caps": [{"max": 1, "within": "1d"}], "duplicate_within": "1h"});
    let house = shop(rules).await;
    house.take(vec![device(NOW, who("ann"), "t2", &[])]).await;
    let all = json!({"step.to": "all"});
    house.start(&journey("hello", "hello", all)).await;
    happens(&house, "hello").await;
    let down = landfall_domain::attempt::Answer::refused(Reason::ProviderUnavailable);
    // The first device's provider is down, the second's takes it.
    let first = due(&house)[0].key;
    carry(&house, |work| match work.key == first {
        true => down.clone(),
        false => accepted(),
    })
    .await;
    house.wait(HOUR / 2).await;
    providers_accept(&house).await;
    assert_eq!(outcomes(&house), [SENT]);
    let targets = house.deliveries("ann")[0].targets.len();
    assert_eq!(targets, 2);
}

fn send(delivery_id: &str, source: SourceKind, rules: Rules) -> Input {
    input_of_ours(Body::Send(Box::new(Send {
        delivery_id: delivery_id.to_owned(),
        message: MessageRef {
            source,
            source_id: 4,
            step_id: None,
            parent_step_id: None,
            variant_id: None,
            channel: Channel::Push,
        },
        who: who("ann"),
        order: Arc::new(Order {
            content: Content::Push(Box::<PushContent>::default()),
            data: Value::Null,
            ttl_ms: HOUR * 1_000,
            to_unsubscribed: false,
            forget_content: false,
            to: SendTo::All,
            rules,
        }),
        urgency: Urgency::Broadcast,
        send_at: None,
        draft: false,
        custom_device: None,
        trigger_id: None,
        run: None,
        ruling: Ruling::Go,
    })))
}

#[tokio::test]
async fn broadcasts_keep_to_the_rules_as_journeys_do_and_transactional_messages_do_not() {
    use SourceKind::{Broadcast, Transactional};
    let free = Rules {
        policy: json!({"caps": []}),
        ..Rules::default()
    };
    let news = Rules {
        topic: Some("news".to_owned()),
        ..Rules::default()
    };
    let house = shop(json!({
        "caps": [{"max": 1, "within": "1d"}],
        "topics": {"news": {"subscribed_by_default": false}},
    }))
    .await;
    for (n, source, rules, expected) in [
        ("1", Broadcast, Rules::default(), SENT),
        (
            "2",
            Broadcast,
            Rules::default(),
            refused(Reason::MessageLimit),
        ),
        ("3", Transactional, Rules::default(), SENT),
        ("4", Broadcast, free, SENT),
        (
            "5",
            Broadcast,
            news.clone(),
            refused(Reason::UnsubscribedTopic),
        ),
        ("6", Transactional, news, SENT),
    ] {
        house.take(vec![send(n, source, rules)]).await;
        providers_accept(&house).await;
        assert_eq!(*outcomes(&house).last().expect("one"), expected, "{n}");
    }
}

#[tokio::test]
async fn what_was_refused_or_held_as_a_draft_goes_when_a_human_sends_it() {
    let rules = json!({"caps": [{"max": 1, "within": "1d"}]});
    let house = shop(rules).await;
    house.start(&journey("hello", "hello", json!({}))).await;
    house
        .start(&journey("draft", "draft", json!({"step.sending": "draft"})))
        .await;
    for event in ["draft", "hello", "hello"] {
        happens(&house, event).await;
        providers_accept(&house).await;
    }
    let expected = [Outcome::Held, Outcome::Accepted, Outcome::Undeliverable];
    let told: Vec<_> = outcomes(&house).iter().map(|told| told.0).collect();
    assert_eq!(told, expected);
    for delivery in house.deliveries("ann") {
        let delivery_id = delivery.id;
        house
            .take(vec![input_of_ours(Body::Release { delivery_id })])
            .await;
        providers_accept(&house).await;
    }
    let told: Vec<_> = outcomes(&house).iter().map(|told| told.0).collect();
    assert_eq!(told, [Outcome::Accepted; 3]);
}

#[tokio::test]
async fn rules_change_at_once_for_what_waits_too_and_survive_a_restart() {
    let house = shop(json!({"quiet_hours": quiet("hold")})).await;
    house
        .start(&journey("hello", "hello", json!({"topic": "news"})))
        .await;
    happens(&house, "hello").await;
    assert_eq!(outcomes(&house), [held(Reason::QuietHours)]);
    let house = house.again().await;
    assert_eq!(
        house
            .workspace()
            .sending_rules()
            .await
            .expect("reads")
            .to_json()["quiet_hours"],
        quiet("hold")
    );
    let rules = json!({"topics": {"news": {"subscribed_by_default": false}}});
    let set = house.workspace().set_sending_rules(&rules).await;
    set.expect("are taken");
    house.wait(2 * HOUR).await;
    for _ in 0..2 {
        providers_accept(&house).await;
    }
    assert_eq!(outcomes(&house)[0], refused(Reason::UnsubscribedTopic));
    house
        .workspace()
        .set_sending_rules(&json!({}))
        .await
        .expect("are taken");
    happens(&house, "hello").await;
    providers_accept(&house).await;
    assert_eq!(outcomes(&house)[1], SENT);
}

#[tokio::test]
async fn a_topic_that_the_workspace_does_not_have_is_a_fault_of_the_journey() {
    let house = shop(json!({"topics": {"news": {}}})).await;
    for (topic, fits) in [("news", true), ("mews", false)] {
        let definition = journey("hello", "hello", json!({ "topic": topic }));
        let checked = house.workspace().check_journey(&definition).await;
        assert_eq!(checked.is_ok(), fits, "{topic}");
    }
}

#[tokio::test]
async fn a_token_that_is_likely_gone_gets_no_push_where_the_rules_say_so() {
    let lesson = json!({
        "since": NOW * 1_000 - 1,
        "ends": [7, 400],
        "kinds": [{"platform": "ios", "reports": null, "app_version": null, "alive": [0.9, 0.2]}],
    });
    let asks = json!({"alive_at_least": 0.5});
    for (rules, own, finally) in [
        (asks.clone(), json!({}), refused(Reason::TokenSilent)),
        (json!({}), json!({}), SENT),
        (
            json!({}),
            json!({"policy": asks.clone()}),
            refused(Reason::TokenSilent),
        ),
        (asks, json!({"policy": {"alive_at_least": null}}), SENT),
    ] {
        let house = shop(rules.clone()).await;
        let body = lesson.to_string();
        let kind = landfall_store::DocumentKind::TokenLesson;
        let taught = house
            .workspace()
            .read(move |store| store.insert_document(kind, &body));
        taught.await.expect("is stored");
        house.workspace().reload_live().await.expect("is read");
        house.start(&journey("hello", "hello", own.clone())).await;
        happens(&house, "hello").await;
        providers_accept(&house).await;
        assert_eq!(outcomes(&house), [SENT], "it was used just now");
        house.wait(8 * DAY).await;
        happens(&house, "hello").await;
        providers_accept(&house).await;
        assert_eq!(outcomes(&house)[1], finally, "{rules} {own}");
    }
}
