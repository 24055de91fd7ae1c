//! The rules of deliveries through the one door.

mod order;
mod quarantine;
mod receipts;
mod webhooks;

use std::collections::BTreeMap;

use crate::channel::{Channel, Platform};
use crate::decide::{Taken, decide};
use crate::delivery::{Delivery, Target};
use crate::device::{Device, LastStatus, TokenKey, TokenRecord};
use crate::fact::TargetKey;
use crate::identifier::{Holder, Identifier, IdentifierKind};
use crate::ids::{DeviceKey, PersonKey};
use crate::input::{Body, DeliveryReport, Input, PersonHandle, RecipientReport, Source};
use crate::marks::Mark;
use crate::message::{MessageRef, SourceKind};
use crate::person::{Consent, Person, Standing};
use crate::time::Timestamp;
use crate::working_set::{Found, WorkingSet};

const NOW: Timestamp = Timestamp::from_seconds(1_790_010_000);
const KIM: PersonKey = PersonKey(0);
const PHONE: DeviceKey = DeviceKey(0);

/// 1790000000 and some seconds.
const fn sec(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + seconds)
}

/// A set that knows one person, Kim, with an iPhone.
fn shop() -> WorkingSet {
    let mut set = WorkingSet::default();
    set.next.person = 1;
    set.next.device = 1;
    let token = TokenKey {
        app: String::new(),
        platform: Platform::Ios,
        token: "aa11bb22".to_owned(),
    };
    let attributes = [
        ("app_version", "4.2"),
        ("device_os", "26.1"),
        ("cio_sdk_version", "3.9.0"),
        ("device_model", "iPhone17,1"),
        ("push_enabled", "true"),
    ];
    let device = Device {
        key: PHONE,
        token: token.clone(),
        attributes: attributes
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        last_used: sec(0),
        registered_at: sec(0),
        refreshed_at: sec(0),
        last_status: LastStatus::Unused,
    };
    set.take(Found {
        identifiers: vec![
            (known(IdentifierKind::Id, "u-42"), Holder::Person(KIM)),
            (
                known(IdentifierKind::CioId, "d9c1060002"),
                Holder::Person(KIM),
            ),
        ],
        people: vec![kim(device).into()],
        tokens: vec![TokenRecord {
            key: PHONE,
            token,
            owner: Some(KIM),
            since: sec(0),
        }],
        ..Found::default()
    });
    set
}

fn known(kind: IdentifierKind, value: &str) -> Identifier {
    Identifier::new(kind, value).expect("not blank")
}

fn kim(device: Device) -> Person {
    Person {
        key: KIM,
        cio_id: "d9c1060002".to_owned(),
        standing: Standing::Known,
        id: Some("u-42".to_owned()),
        email: None,
        phone: None,
        anonymous_ids: BTreeMap::new(),
        created_at: sec(0),
        active_at: sec(0),
        attributes: BTreeMap::new(),
        consent: Consent::default(),
        devices: [(PHONE, device)].into(),
        segments: std::collections::BTreeSet::new(),
        listed: Vec::new(),
        absorbed: Vec::new(),
    }
}

fn report(channel: Channel, mark: Mark, at: Timestamp) -> DeliveryReport {
    DeliveryReport {
        delivery_id: "dlvAAAA1".to_owned(),
        message: MessageRef {
            source: SourceKind::Campaign,
            source_id: 31,
            step_id: Some(77),
            parent_step_id: None,
            variant_id: None,
            channel,
        },
        person: PersonHandle {
            cio_id: Some("d9c1060002".to_owned()),
            id: Some("u-42".to_owned()),
            email: None,
        },
        marks: vec![(mark, at)],
        recipients: Vec::new(),
        failure_message: None,
        subject: None,
        run: Some("01JTESTJRNY000000000000001".to_owned()),
        trigger_event_id: None,
        trigger_id: None,
        href: None,
        link_id: None,
        content: None,
        names: Vec::new(),
    }
}

fn to(address: &str, platform: Option<Platform>, failure: Option<&str>) -> RecipientReport {
    RecipientReport {
        address: address.to_owned(),
        platform,
        failure_message: failure.map(str::to_owned),
    }
}

fn webhook(report: DeliveryReport) -> Input {
    Input {
        source: Source::Webhook,
        at: report.marks.first().map(|(_, at)| *at),
        sent_at: None,
        dedupe_key: None,
        body: Body::Delivery(Box::new(report)),
    }
}

fn receipt(mark: Mark, recipient: Option<&str>, at: Option<Timestamp>) -> Input {
    Input {
        source: Source::Receipt,
        at,
        sent_at: None,
        dedupe_key: None,
        body: Body::Receipt {
            delivery_id: "dlvAAAA1".to_owned(),
            mark,
            recipient: recipient.map(str::to_owned),
            reason: None,
            href: None,
        },
    }
}

fn take(set: &mut WorkingSet, input: &Input) -> Taken {
    decide(set, input, NOW)
}

fn only(set: &WorkingSet) -> &Delivery {
    assert_eq!(set.deliveries.len(), 1);
    set.deliveries.values().next().expect("one delivery")
}

fn target<'s>(set: &'s WorkingSet, token: &str) -> &'s Target {
    let device = set.devices_by_token[token][0];
    only(set)
        .target(&TargetKey::Device(device))
        .expect("a target of that token")
}

fn marks(target: &Target) -> Vec<Mark> {
    target.marks.iter().map(|(mark, _)| mark).collect()
}
