//! Facts in, events out: the examples of the reference and a table of channels and metrics.

mod channels;

use std::collections::BTreeMap;

use landfall_domain::channel::{Channel, Platform};
use landfall_domain::delivery::{About, Said};
use landfall_domain::ids::{DeliveryKey, MessageKey, PersonKey};
use landfall_domain::message::SourceKind;
use landfall_domain::person::{Choice, Consent, Standing};
use landfall_domain::reason::Reason;
use serde_json::json;

use super::*;

const AT: Timestamp = Timestamp::from_seconds(1_790_000_101);

/// A delivery and its facts.
struct Case {
    delivery: Delivery,
    message: MessageRef,
    person: Option<Person>,
    tokens: FxHashMap<DeviceKey, TokenKey>,
    facts: Vec<Fact>,
}

fn said(text: &str) -> Option<Said> {
    let text = text.to_owned();
    Some(Said { at: AT, text })
}

fn message(source: SourceKind, source_id: u64, channel: Channel) -> MessageRef {
    MessageRef {
        source,
        source_id,
        step_id: None,
        parent_step_id: None,
        variant_id: None,
        channel,
    }
}

fn person(id: &str, email: Option<&str>, cio_id: &str) -> Person {
    Person {
        key: PersonKey(1),
        cio_id: cio_id.to_owned(),
        standing: Standing::Known,
        id: Some(id.to_owned()),
        email: email.map(str::to_owned),
        phone: None,
        anonymous_ids: BTreeMap::new(),
        created_at: AT,
        active_at: AT,
        attributes: BTreeMap::new(),
        consent: Consent::default(),
        devices: BTreeMap::new(),
        segments: std::collections::BTreeSet::new(),
        listed: Vec::new(),
        absorbed: Vec::new(),
    }
}

fn device(key: u32) -> Option<TargetKey> {
    Some(TargetKey::Device(DeviceKey(key)))
}

fn address(text: &str) -> Option<TargetKey> {
    Some(TargetKey::Address(text.to_owned()))
}

impl Case {
    /// A delivery that we decided to send, to these targets.
    fn of(id: &str, message: MessageRef, targets: &[Option<TargetKey>]) -> Self {
        let channel = message.channel;
        let delivery = Delivery::new(DeliveryKey(1), id.to_owned(), MessageKey(0), channel, AT);
        let mut case = Self {
            delivery,
            message,
            person: Some(person("u-42", Some("kim@example.org"), "d9c1060002")),
            tokens: FxHashMap::default(),
            facts: Vec::new(),
        };
        case.fact(None, Mark::Created);
        for target in targets {
            case.fact(target.clone(), Mark::Created);
        }
        case
    }

    /// A push to `aa11bb22` (iOS, device 1) and `fcm:zz-9` (Android, device 2), of a campaign.
    fn push(devices: u32) -> Self {
        let message = MessageRef {
            step_id: Some(77),
            ..message(SourceKind::Campaign, 31, Channel::Push)
        };
        let targets: Vec<_> = (1..=devices).map(device).collect();
        let mut case = Self::of("dlvAAAA1", message, &targets);
        for (key, platform, token) in [
            (1, Platform::Ios, "aa11bb22"),
            (2, Platform::Android, "fcm:zz-9"),
        ] {
            let token = TokenKey {
                app: String::new(),
                platform,
                token: token.to_owned(),
            };
            case.tokens.insert(DeviceKey(key), token);
        }
        case
    }

    fn fact(&mut self, target: Option<TargetKey>, mark: Mark) -> &mut Fact {
        let number = self.facts.len();
        self.facts.push(Fact {
            delivery: self.delivery.key,
            target,
            mark,
            reason: None,
            detail: None,
            href: None,
            link_id: None,
            attempt: None,
            snapshot: None,
            credit: None,
            occurred_at: AT,
            sent_at: None,
            received_at: AT,
            clamped: false,
            source: Source::Provider,
            dedupe_key: format!("{number}"),
        });
        self.facts.last_mut().unwrap()
    }

    fn refused(&mut self, target: Option<TargetKey>, mark: Mark, detail: &str) {
        let fact = self.fact(target, mark);
        fact.reason = Some(Reason::TokenUnregistered);
        fact.detail = Some(detail.to_owned()).filter(|text| !text.is_empty());
    }

    fn events_of(&self, news: Range<usize>) -> Vec<Event> {
        let told = Told {
            delivery: &self.delivery,
            message: Some(&self.message),
            person: self.person.as_ref(),
            tokens: &self.tokens,
            facts: &self.facts,
        };
        events(&told, news)
    }

    fn events(&self) -> Vec<Event> {
        self.events_of(0..self.facts.len())
    }

    fn names(&self) -> Vec<String> {
        self.events().into_iter().map(|event| event.name).collect()
    }

    fn only(&self) -> Event {
        let mut events = self.events();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }
}

fn ios() -> Value {
    json!({"device_id": "aa11bb22", "device_platform": "ios"})
}

fn android(failure: &str) -> Value {
    json!({"device_id": "fcm:zz-9", "device_platform": "android", "failure_message": failure})
}

#[test]
fn sent_and_bounced_are_told_once_when_every_device_has_its_answer() {
    let mut case = Case::push(2);
    case.delivery.describe(&About {
        run: said("01JTESTJRNY000000000000001"),
        trigger_event_id: said("01JTESTTRIG000000000000001"),
        ..About::default()
    });
    case.fact(device(1), Mark::Sent);
    assert_eq!(case.events(), [], "one device is open");
    case.refused(device(2), Mark::Bounced, "token not registered");
    let events = case.events();
    assert_eq!(case.names(), ["push_sent", "push_bounced"]);
    assert!(events.iter().all(|event| event.fact == 4 && event.at == AT));
    // Example 1 of section 7.
    assert_eq!(
        Value::from(events[0].data.clone()),
        json!({ "campaign_id": 31, "action_id": 77, "journey_id": "01JTESTJRNY000000000000001",
            "trigger_event_id": "01JTESTTRIG000000000000001", "delivery_id": "dlvAAAA1",
            "customer_id": "u-42",
            "identifiers": {"id": "u-42", "email": "kim@example.org", "cio_id": "d9c1060002"},
            "recipients": [ios(), android("token not registered")] })
    );
    assert_eq!(
        events[1].data["recipients"],
        json!([android("token not registered")])
    );
    assert!(!events[1].data.contains_key("failure_message"));
}

#[test]
fn what_was_told_before_is_not_told_again_with_later_facts() {
    let mut case = Case::push(1);
    case.fact(device(1), Mark::Sent);
    case.fact(device(1), Mark::Delivered);
    let all = case.events();
    assert_eq!(case.names(), ["push_sent", "push_delivered"]);
    let early = Case {
        facts: case.facts[..3].to_vec(),
        ..Case::push(1)
    };
    assert_eq!(
        early.events(),
        all[..1],
        "the future does not change the past"
    );
    assert_eq!(case.events_of(3..4), all[1..]);
}

#[test]
fn receipts_name_their_device_and_repeats_are_marked() {
    let mut case = Case::push(2);
    case.fact(device(1), Mark::Sent);
    case.fact(device(2), Mark::Sent);
    case.fact(device(1), Mark::Delivered);
    case.fact(device(2), Mark::Delivered);
    case.fact(device(1), Mark::Delivered);
    case.fact(device(1), Mark::Opened);
    case.fact(device(2), Mark::Opened);
    let clicked = case.fact(device(1), Mark::Clicked);
    clicked.href = Some("https://shop.example.org/sale".to_owned());
    clicked.link_id = Some(3);
    case.fact(device(1), Mark::Converted);
    let events = case.events();
    let told: Vec<(&str, bool)> = events.iter().map(|e| (e.metric, e.repeated)).collect();
    let expected = [
        ("sent", false),
        ("delivered", false),
        ("delivered", false),
        ("opened", false),
        ("opened", true),
        ("clicked", false),
        ("converted", false),
    ];
    assert_eq!(told, expected, "each device once, and opens every time");
    let android = json!({"device_id": "fcm:zz-9", "device_platform": "android"});
    assert_eq!(events[2].data["recipients"], json!([android]));
    let click = &events[5].data;
    assert_eq!(click["href"], "https://shop.example.org/sale");
    assert_eq!(
        (&click["link_id"], &click["recipients"]),
        (&json!(3), &json!([ios()]))
    );
}

#[test]
fn a_receipt_that_comes_before_the_answer_proves_the_sending() {
    let mut case = Case::push(1);
    case.refused(device(1), Mark::Attempted, "no answer");
    case.fact(device(1), Mark::Opened);
    case.fact(device(1), Mark::Sent);
    assert_eq!(case.names(), ["push_attempted", "push_sent", "push_opened"]);
}

#[test]
fn every_attempt_is_told_with_the_providers_words() {
    let mut case = Case::push(1);
    case.refused(device(1), Mark::Attempted, "503: try later");
    case.refused(device(1), Mark::Attempted, "");
    let told: Vec<Value> = case
        .events()
        .iter()
        .map(|event| event.data["failure_message"].clone())
        .collect();
    assert_eq!(told, ["503: try later", "token_unregistered"]);
    assert!(!case.events()[0].data.contains_key("recipients"));
}

#[test]
fn without_any_acceptance_the_outcome_is_told_once() {
    for (mark, expected) in [
        (Mark::Failed, "push_failed"),
        (Mark::Expired, "push_failed"),
        (Mark::Undeliverable, "push_undeliverable"),
    ] {
        let mut case = Case::push(2);
        case.refused(device(1), mark, "credentials rejected by provider");
        assert_eq!(case.names(), [""; 0]);
        case.refused(device(2), mark, "credentials rejected by provider");
        let event = case.only();
        assert_eq!(event.name, expected);
        // Example "Attempted / failed / undeliverable" of section 7.
        assert_eq!(
            Value::from(event.data),
            json!({ "campaign_id": 31, "action_id": 77, "delivery_id": "dlvAAAA1",
                "customer_id": "u-42",
                "identifiers": {"id": "u-42", "email": "kim@example.org", "cio_id": "d9c1060002"},
                "failure_message": "credentials rejected by provider" })
        );
    }
}

#[test]
fn a_refusal_of_the_whole_is_told_and_a_try_by_hand_after_it_too() {
    let mut case = Case::push(0);
    let refused = case.fact(None, Mark::Undeliverable);
    refused.reason = Some(Reason::NoDevice);
    assert_eq!(case.only().data["failure_message"], "no_device");
    case.fact(None, Mark::Undeliverable);
    assert_eq!(case.names(), ["push_undeliverable"], "once");
    case.fact(device(1), Mark::Created);
    assert_eq!(case.names(), ["push_undeliverable"], "the device is open");
    case.fact(device(1), Mark::Sent);
    assert_eq!(case.names(), ["push_undeliverable", "push_sent"]);
}

#[test]
fn what_changes_after_the_answers_is_told_by_itself() {
    let mut case = Case::push(2);
    case.fact(device(1), Mark::Sent);
    case.refused(device(2), Mark::Failed, "retries used up");
    case.fact(device(2), Mark::Sent);
    case.refused(device(1), Mark::Bounced, "UNREGISTERED");
    let events = case.events();
    assert_eq!(case.names(), ["push_sent", "push_sent", "push_bounced"]);
    let second = json!([{"device_id": "fcm:zz-9", "device_platform": "android"}]);
    assert_eq!(
        events[0].data["recipients"],
        json!([ios(), android("retries used up")])
    );
    assert_eq!(events[1].data["recipients"], second);
    let mut bounced = ios();
    bounced["failure_message"] = json!("UNREGISTERED");
    assert_eq!(events[2].data["recipients"], json!([bounced]));
}

#[test]
fn dropped_devices_are_told_beside_sent_ones() {
    let mut case = Case::push(2);
    case.refused(device(2), Mark::Dropped, "token bounced earlier");
    case.fact(device(1), Mark::Sent);
    let events = case.events();
    assert_eq!(case.names(), ["push_sent", "push_dropped"]);
    assert_eq!(events[0].data["recipients"], json!([ios()]));
    assert_eq!(
        events[1].data["recipients"],
        json!([android("token bounced earlier")])
    );
}

#[test]
fn where_the_message_came_from_is_told_by_its_kind() {
    let push = |source, id| message(source, id, Channel::Push);
    let broadcast = MessageRef {
        step_id: Some(80),
        parent_step_id: Some(79),
        ..push(SourceKind::Broadcast, 12)
    };
    let newsletter = MessageRef {
        variant_id: Some(21),
        ..push(SourceKind::Newsletter, 5)
    };
    for (message, expected) in [
        (
            broadcast,
            json!({"broadcast_id": 12, "trigger_id": 4, "action_id": 80, "parent_action_id": 79}),
        ),
        (newsletter, json!({"newsletter_id": 5, "content_id": 21})),
        (
            push(SourceKind::Transactional, 9),
            json!({"transactional_message_id": 9}),
        ),
    ] {
        let mut case = Case::of("d", message, &[]);
        case.delivery.about.trigger_id = said("4");
        case.fact(None, Mark::Drafted);
        let mut data = case.only().data;
        for field in ["delivery_id", "identifiers", "customer_id"] {
            assert!(data.remove(field).is_some(), "{field}");
        }
        assert_eq!(Value::from(data), expected);
    }
}

#[test]
fn a_deleted_person_has_a_blank_customer_id() {
    let mut case = Case::push(0);
    case.fact(None, Mark::Drafted);
    case.person.as_mut().unwrap().standing = Standing::Deleted;
    assert_eq!(case.only().data["customer_id"], "");
    case.person = None;
    let data = case.only().data;
    assert_eq!(
        data["identifiers"],
        json!({"id": null, "email": null, "cio_id": ""})
    );
}

#[test]
fn an_opt_out_through_a_message_is_told_of_message_and_person() {
    let of = message(SourceKind::Newsletter, 5, Channel::Email);
    let mut case = Case::of("d", of, &[address("kim@example.org")]);
    case.fact(address("kim@example.org"), Mark::Sent);
    case.fact(None, Mark::Unsubscribed);
    let events = case.events();
    assert_eq!(
        case.names(),
        ["email_sent", "email_unsubscribed", "customer_unsubscribed"]
    );
    let customer = &events[2];
    assert_eq!(
        (customer.object, customer.metric),
        ("customer", "unsubscribed")
    );
    assert_eq!(customer.data["email_address"], "kim@example.org");
    assert_eq!(
        (
            &customer.data["newsletter_id"],
            &customer.data["delivery_id"]
        ),
        (&json!(5), &json!("d"))
    );
}

#[test]
fn leaving_a_topic_is_told_with_its_other_name() {
    let mut case = Case::push(1);
    case.fact(device(1), Mark::Sent);
    case.fact(None, Mark::TopicUnsubscribed);
    let choice = |at| Choice {
        subscribed: false,
        set_at: at,
    };
    let topics = [
        ("topic_1".to_owned(), choice(AT)),
        ("topic_2".to_owned(), choice(AT.plus_millis(-1))),
    ];
    case.person.as_mut().unwrap().consent.topics = topics.into();
    let event = case.events().pop().unwrap();
    assert_eq!(event.name, "customer_subscription_preferences_changed");
    assert_eq!(event.metric, "cio_subscription_preferences_changed");
    assert_eq!(event.data["content"], r#"{"topics":{"topic_1":false}}"#);
}

#[test]
fn the_content_goes_with_sent_alone() {
    let of = message(SourceKind::Transactional, 9, Channel::Email);
    let mut case = Case::of("d", of, &[address("kim@example.org")]);
    case.delivery.about.content = said(
        r#"{"channel":"email","from":"Shop <a@shop.example>","subject":"Hi","body":"<p>Hi</p>","headers":{"X-Run":"7"}}"#,
    );
    case.fact(address("kim@example.org"), Mark::Sent);
    case.fact(address("kim@example.org"), Mark::Opened);
    let events = case.events();
    assert_eq!(
        Value::from(events[0].content.clone()),
        json!({"content": "<p>Hi</p>",
            "headers": {"From": ["Shop <a@shop.example>"], "Subject": ["Hi"], "X-Run": ["7"]}})
    );
    assert!(events[1].content.is_empty() && !events[0].data.contains_key("content"));
}

#[test]
fn what_others_sent_is_not_told() {
    let mut case = Case::push(1);
    case.fact(device(1), Mark::Sent);
    for fact in &mut case.facts {
        fact.source = Source::Webhook;
    }
    case.fact(device(1), Mark::Opened).source = Source::Receipt;
    assert_eq!(case.events(), []);
}

#[test]
fn every_told_event_can_be_subscribed_to() {
    let mut case = Case::push(2);
    case.refused(device(1), Mark::Attempted, "later");
    case.fact(device(1), Mark::Sent);
    case.refused(device(2), Mark::Bounced, "gone");
    case.fact(device(1), Mark::Delivered);
    case.fact(None, Mark::Unsubscribed);
    let known: Vec<String> = super::super::names::all().collect();
    assert_eq!(case.names().len(), 5, "{:?}", case.names());
    assert!(case.names().iter().all(|name| known.contains(name)));
}
