//! Small rows to build cases from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use landfall_domain::activity::{Activity, EventKind, PersonInput};
use landfall_domain::attempt::Attempt;
use landfall_domain::channel::{Channel, Platform, Provider};
use landfall_domain::content::{Content, PushContent};
use landfall_domain::credit::{Credit, CreditKind, Credits, Share, Shares};
use landfall_domain::delivery::{About, Delivery, Said, Target};
use landfall_domain::device::{Device, LastStatus, TokenKey, TokenRecord};
use landfall_domain::event_data::EventData;
use landfall_domain::fact::{Fact, TargetKey};
use landfall_domain::identifier::{Holder, Identifier, IdentifierKind};
use landfall_domain::ids::{DeliveryKey, DeviceKey, MessageKey, PersonKey};
use landfall_domain::input::{Body, Input, Source};
use landfall_domain::marks::Mark;
use landfall_domain::message::{MessageEntry, MessageRef, NameOf, SourceKind};
use landfall_domain::person::{Attribute, Consent, Listed, Person, Standing, SuppressionList};
use landfall_domain::time::Timestamp;
use landfall_domain::work::{Order, Rules, SendTo, Urgency, Work, WorkKey, WorkState};
use landfall_domain::working_set::ChangeSet;
use serde_json::json;

use crate::Store;

/// An arbitrary moment of 2026; cases count from here.
pub(super) const T0: i64 = 1_790_000_000_000;

pub(super) const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// Commits on top of whatever the store's epoch is.
pub(super) fn commit(store: &impl Store, changes: &ChangeSet) -> u64 {
    let epoch = store.start().unwrap().epoch;
    store.commit(changes, epoch).unwrap()
}

pub(super) fn identifier(kind: IdentifierKind, value: &str) -> Identifier {
    Identifier::new(kind, value).unwrap()
}

pub(super) fn id(value: &str) -> Identifier {
    identifier(IdentifierKind::Id, value)
}

pub(super) const fn held_by(key: u32) -> Option<Holder> {
    Some(Holder::Person(PersonKey(key)))
}

pub(super) fn person(key: u32) -> Person {
    let plan = Attribute {
        value: json!({"plan": "gold", "rank": key}),
        set_at: at(T0),
    };
    Person {
        key: PersonKey(key),
        cio_id: format!("a0b1{key:08x}"),
        standing: Standing::Known,
        id: Some(format!("customer-{key}")),
        email: Some(format!("customer{key}@shop.example")),
        phone: None,
        anonymous_ids: BTreeMap::from([(format!("visitor-{key}"), at(T0 - 5))]),
        created_at: at(T0),
        active_at: at(T0 + 1),
        attributes: BTreeMap::from([("account".to_owned(), plan)]),
        consent: Consent::default(),
        devices: BTreeMap::new(),
        segments: BTreeSet::new(),
        listed: vec![Listed {
            address: "ann@shop.example".to_owned(),
            list: SuppressionList::Bounces,
            at: Timestamp::from_seconds(1_700_000_000),
        }],
        absorbed: Vec::new(),
    }
}

pub(super) fn merged(key: u32, into: u32) -> Person {
    Person {
        standing: Standing::Merged(PersonKey(into)),
        ..person(key)
    }
}

pub(super) fn with_device(mut person: Person, record: &TokenRecord) -> Person {
    let device = Device {
        key: record.key,
        token: record.token.clone(),
        attributes: BTreeMap::from([("app_version".to_owned(), "4.2.0".to_owned())]),
        last_used: at(T0),
        registered_at: at(T0),
        refreshed_at: at(T0),
        last_status: LastStatus::Sent,
    };
    person.devices.insert(record.key, device);
    person
}

pub(super) fn activity(person: Option<u32>, name: &str, ms: i64) -> Activity {
    Activity {
        person: person.map(PersonKey),
        occurred_at: at(ms),
        received_at: at(ms + 20),
        source: Source::Sdk,
        input: PersonInput::Tracked {
            event: EventKind::Event,
            name: name.to_owned(),
            id: None,
            data: EventData::from(&json!({"price": 12.5})),
            anonymous_id: None,
        },
    }
}

pub(super) fn attributes_set(person: u32, ms: i64) -> Activity {
    Activity {
        input: PersonInput::AttributesSet {
            attributes: [("city".to_owned(), json!("Lisbon"))].into(),
        },
        ..activity(Some(person), "", ms)
    }
}

pub(super) fn token(key: u32, token: &str, owner: Option<u32>) -> TokenRecord {
    TokenRecord {
        key: DeviceKey(key),
        token: TokenKey {
            app: "example.shop".to_owned(),
            platform: Platform::Android,
            token: token.to_owned(),
        },
        owner: owner.map(PersonKey),
        since: at(T0),
    }
}

pub(super) fn delivery(key: u32, person: Option<u32>) -> Arc<Delivery> {
    Arc::new(Delivery {
        key: DeliveryKey(key),
        id: delivery_id(key),
        person: person.map(PersonKey),
        message: MessageKey(key % 3),
        channel: Channel::Push,
        created_at: at(T0 + i64::from(key)),
        about: About {
            subject: Some(Said {
                at: at(T0),
                text: "Your order is on its way".to_owned(),
            }),
            ..About::default()
        },
        marks: [(Mark::Created, at(T0)), (Mark::Sent, at(T0 + 1))]
            .into_iter()
            .collect(),
        reasons: BTreeMap::new(),
        targets: Vec::new(),
        credits: Credits::default(),
        seen: BTreeSet::from([u64::MAX, u64::from(key)]),
    })
}

/// Whether a reader gave these deliveries.
pub(super) fn same(read: &[Delivery], rows: &[Arc<Delivery>]) -> bool {
    read.iter().eq(rows.iter().map(Arc::as_ref))
}

pub(super) fn delivery_id(key: u32) -> String {
    format!("dgTkA{key}==")
}

pub(super) fn to_devices(mut delivery: Arc<Delivery>, devices: &[u32]) -> Arc<Delivery> {
    Arc::make_mut(&mut delivery).targets = devices
        .iter()
        .map(|device| Target {
            key: TargetKey::Device(DeviceKey(*device)),
            marks: [(Mark::Sent, at(T0 + 1))].into_iter().collect(),
            reasons: BTreeMap::new(),
            failure_message: None,
            snapshot: None,
        })
        .collect();
    delivery
}

pub(super) fn fact(delivery: u32, note: &str) -> Fact {
    Fact {
        delivery: DeliveryKey(delivery),
        target: Some(TargetKey::Address("+351 900".to_owned())),
        mark: Mark::Delivered,
        reason: None,
        detail: Some(note.to_owned()),
        href: None,
        link_id: Some(u64::MAX),
        attempt: None,
        snapshot: None,
        credit: Some(Box::new(Credit {
            generation: 1,
            kind: CreditKind::Refund,
            taken_before: -3,
            at: at(T0),
            currency: Some("EUR".to_owned()),
            shares: Shares {
                last: Share {
                    weight: 0,
                    micros: i64::MIN,
                },
                ..Shares::default()
            },
            holdout: true,
        })),
        occurred_at: at(T0),
        sent_at: None,
        received_at: at(T0 + 3),
        clamped: false,
        source: Source::Receipt,
        dedupe_key: format!("receipt:{note}"),
    }
}

pub(super) fn attempt(number: u16) -> Attempt {
    Attempt {
        id: format!("0192-{number}"),
        number,
        provider: Provider::Fcm,
        started_at: at(T0),
        took_ms: u32::MAX,
        status: Some(503),
        code: Some("UNAVAILABLE".to_owned()),
        provider_id: None,
    }
}

/// Work that waits, and is due at [`T0`].
pub(super) fn work(delivery: u32, slot: u8) -> Work {
    let content = PushContent {
        title: Some("Hello {{customer.first_name}} \0 \u{1F680}".to_owned()),
        ..PushContent::default()
    };
    let order = Order {
        content: Content::Push(Box::new(content)),
        data: json!({"order": {"price": 12.5}}),
        ttl_ms: i64::from(delivery) + 1,
        to_unsubscribed: false,
        forget_content: true,
        to: SendTo::All,
        rules: Rules {
            topic: Some("news".to_owned()),
            policy: serde_json::json!({"caps": [{"max": 1, "within": "1d"}]}),
        },
    };
    let root = slot == WorkKey::ROOT;
    let device = TargetKey::Device(DeviceKey(u32::from(slot)));
    Work {
        key: WorkKey::of(DeliveryKey(delivery), slot),
        message: MessageKey(delivery % 3),
        urgency: Urgency::Broadcast,
        channel: Channel::Push,
        platform: (!root).then_some(Platform::Android),
        app: "example.shop".to_owned(),
        target: (!root).then_some(device),
        order: Arc::new(order),
        due: at(T0),
        expires: at(T0 + 60_000),
        tries: 0,
        first_try: None,
        state: WorkState::Waiting,
    }
}

pub(super) fn claimed(work: Work) -> Work {
    let state = WorkState::Claimed {
        attempt: "0192-1".to_owned(),
        until: at(T0 + 30_000),
    };
    Work {
        tries: work.tries + 1,
        first_try: Some(at(T0)),
        state,
        ..work
    }
}

/// Work that is forgotten at `until_ms`.
pub(super) fn parked(work: Work, until_ms: i64) -> Work {
    Work {
        due: at(until_ms),
        state: WorkState::Parked,
        ..work
    }
}

/// A change set of work that is there from now on.
pub(super) fn of_works(works: impl IntoIterator<Item = Work>) -> ChangeSet {
    let works = works.into_iter().map(|work| (work.key, Some(work)));
    ChangeSet {
        works: works.collect(),
        ..ChangeSet::default()
    }
}

pub(super) fn receipt(delivery_id: &str, recipient: &str) -> Input {
    Input {
        source: Source::Receipt,
        at: Some(at(T0)),
        sent_at: None,
        dedupe_key: Some(format!("event:{recipient}")),
        body: Body::Receipt {
            delivery_id: delivery_id.to_owned(),
            mark: Mark::Opened,
            recipient: Some(recipient.to_owned()),
            reason: None,
            href: None,
        },
    }
}

pub(super) fn message(key: u32) -> MessageEntry {
    MessageEntry {
        key: MessageKey(key),
        message: MessageRef {
            source: SourceKind::Campaign,
            source_id: 7,
            step_id: Some(u64::from(key)),
            parent_step_id: None,
            variant_id: None,
            channel: Channel::Push,
        },
    }
}

pub(super) const fn name_of(source_id: u64, step_id: Option<u64>) -> NameOf {
    NameOf {
        source: SourceKind::Campaign,
        source_id,
        step_id,
        variant_id: None,
    }
}

/// Distinct hashes that differ in their last bytes only, then in their first.
pub(super) fn hash(number: u8) -> [u8; 16] {
    let mut hash = [7; 16];
    hash[if number.is_multiple_of(2) { 15 } else { 0 }] = number;
    hash
}
