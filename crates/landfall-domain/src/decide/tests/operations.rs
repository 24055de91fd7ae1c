//! Random operations on a small world, so that they meet each other.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{anonymous, email, id, sec};
use crate::activity::EventKind;
use crate::channel::{Channel, Platform};
use crate::event_data::EventData;
use crate::identifier::Identifier;
use crate::input::{
    Body, Claims, DeliveryReport, DeviceReport, Input, PersonHandle, RecipientReport, Source,
};
use crate::marks::Mark;
use crate::message::{MessageRef, SourceKind};
use crate::person::SuppressionList;

/// An input and how many seconds after the beginning it arrives.
pub(super) fn operation() -> impl Strategy<Value = (Input, i64)> {
    let when = (0_i64..40, -20_i64..3);
    let key = option::weighted(0.2, 0_u8..20);
    (body(), when, key, any::<bool>()).prop_map(|(body, (arrival, earlier), key, dated)| {
        let arrival = arrival * 86_400;
        let input = Input {
            source: Source::TrackV1,
            at: dated.then(|| sec(arrival + earlier * 3_600)),
            sent_at: None,
            dedupe_key: key.map(|key| format!("event:{key}")),
            body,
        };
        (input, arrival)
    })
}

/// Operations in the order in which they arrive.
pub(super) fn history(longest: usize) -> impl Strategy<Value = Vec<(Input, i64)>> {
    vec(operation(), 1..longest).prop_map(|mut operations| {
        operations.sort_by_key(|(_, arrival)| *arrival);
        operations
    })
}

fn who() -> impl Strategy<Value = Identifier> {
    prop_oneof![
        4 => (0_u8..4).prop_map(|n| id(&format!("u{n}"))),
        2 => (0_u8..3).prop_map(|n| email(&format!("e{n}@example.org"))),
        1 => (0_u8..4).prop_map(|n| {
            super::known(crate::identifier::IdentifierKind::CioId, &format!("0007{n:08x}"))
        }),
    ]
}

fn anybody() -> impl Strategy<Value = Identifier> {
    prop_oneof![3 => who(), 1 => (0_u8..3).prop_map(|n| anonymous(&format!("a{n}")))]
}

fn claims() -> impl Strategy<Value = Claims> {
    (
        option::weighted(0.2, 0_u8..4),
        option::weighted(0.3, 0_u8..3),
        option::weighted(0.3, 0_u8..3),
    )
        .prop_map(|(id, email, anonymous)| Claims {
            id: id.map(|n| format!("u{n}")),
            email: email.map(|n| format!("e{n}@example.org")),
            phone: None,
            anonymous_id: anonymous.map(|n| format!("a{n}")),
        })
}

fn attributes() -> impl Strategy<Value = BTreeMap<String, Value>> {
    let value = prop_oneof![
        Just(json!("x")),
        Just(json!(7)),
        Just(Value::Null),
        Just(json!(""))
    ];
    let own = proptest::collection::btree_map("[abc]", value, 0..3);
    (own, option::weighted(0.2, any::<bool>())).prop_map(|(mut own, unsubscribed)| {
        own.extend(unsubscribed.map(|choice| ("unsubscribed".to_owned(), json!(choice))));
        own
    })
}

fn device() -> impl Strategy<Value = DeviceReport> {
    (0_u8..4, any::<bool>(), option::of(0_i64..50)).prop_map(|(token, ios, used)| DeviceReport {
        app: String::new(),
        platform: if ios {
            Platform::Ios
        } else {
            Platform::Android
        },
        token: format!("t{token}"),
        last_used: used.map(|days| sec(days * 86_400)),
        attributes: [("app_version".to_owned(), "5.2".to_owned())].into(),
    })
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        5 => (who(), claims(), attributes(), prop::bool::weighted(0.1)).prop_map(
            |(who, claims, attributes, update_only)| Body::Identify {
                who, claims, attributes: attributes.into(), update_only,
            }
        ),
        1 => (0_u8..3, attributes()).prop_map(|(n, attributes)| Body::Identify {
            who: anonymous(&format!("a{n}")),
            claims: Claims::default(),
            attributes: attributes.into(),
            update_only: false,
        }),
        4 => (option::of(who()), option::of(0_u8..3)).prop_map(|(who, anonymous)| Body::Track {
            who,
            anonymous_id: anonymous.map(|n| format!("a{n}")),
            event: EventKind::Event,
            name: "viewed".to_owned(),
            id: None,
            data: EventData::NONE,
        }),
        5 => (anybody(), device()).prop_map(|(who, device)| Body::AddDevice { who, device }),
        2 => (anybody(), 0_u8..4).prop_map(|(who, token)| Body::DeleteDevice {
            who,
            token: format!("t{token}"),
            platform: None,
        }),
        2 => (who(), who(), any::<bool>()).prop_map(|(primary, secondary, create_primary)| {
            Body::Merge { primary, secondary, create_primary }
        }),
        1 => who().prop_map(|who| Body::Delete { who }),
        1 => who().prop_map(|who| Body::Suppress { who }),
        1 => who().prop_map(|who| Body::Unsuppress { who }),
        1 => (who(), any::<bool>()).prop_map(|(who, listed)| Body::ListAddress {
            who, list: SuppressionList::Blocks, listed,
        }),
        1 => (vec(who(), 1..3), 0_u32..2, any::<bool>()).prop_map(|(who, segment, add)| {
            Body::EditSegment { segment, who, add }
        }),
        3 => report().prop_map(|report| Body::Delivery(Box::new(report))),
        2 => (0_u8..4, option::of(0_u8..4)).prop_map(|(delivery, token)| Body::Receipt {
            delivery_id: format!("d{delivery}"),
            mark: Mark::Opened,
            recipient: token.map(|n| format!("t{n}")),
            reason: None,
            href: None,
        }),
        1 => (0_u8..4).prop_map(|n| Body::Unsubscribe { delivery_id: format!("d{n}") }),
    ]
}

fn report() -> impl Strategy<Value = DeliveryReport> {
    let recipient = (0_u8..4, any::<bool>()).prop_map(|(token, failed)| RecipientReport {
        address: format!("t{token}"),
        platform: Some(Platform::Ios),
        failure_message: failed.then(|| "UNREGISTERED".to_owned()),
    });
    let mark = prop_oneof![
        Just(Mark::Sent),
        Just(Mark::Bounced),
        Just(Mark::Delivered),
        Just(Mark::Converted)
    ];
    (0_u8..4, 0_u8..4, vec(recipient, 0..3), mark, 0_i64..40).prop_map(
        |(delivery, person, recipients, mark, day)| DeliveryReport {
            delivery_id: format!("d{delivery}"),
            message: MessageRef {
                source: SourceKind::Campaign,
                source_id: 31,
                step_id: Some(u64::from(delivery)),
                parent_step_id: None,
                variant_id: None,
                channel: Channel::Push,
            },
            person: PersonHandle {
                id: Some(format!("u{person}")),
                ..PersonHandle::default()
            },
            marks: vec![(mark, sec(day * 86_400))],
            recipients,
            failure_message: None,
            subject: None,
            run: None,
            trigger_event_id: None,
            trigger_id: None,
            href: None,
            link_id: None,
            content: None,
            names: Vec::new(),
        },
    )
}
