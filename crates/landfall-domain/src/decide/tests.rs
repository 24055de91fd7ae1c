//! The rules of people, identity, merges and devices through the one door.

mod anonymous;
mod consent;
mod devices;
mod histories;
mod identity;
mod merging;
mod operations;
mod sending;
mod suppression;
mod world;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Taken;
use crate::activity::EventKind;
use crate::channel::Platform;
use crate::event_data::EventData;
use crate::identifier::{Identifier, IdentifierKind};
use crate::input::{Body, Claims, DeviceReport, Input, Source};
use crate::time::{DAY_MS, HOUR_MS, Timestamp};

use self::world::World;

/// 1790000000 and some seconds.
const fn sec(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + seconds)
}

fn known(kind: IdentifierKind, value: &str) -> Identifier {
    Identifier::new(kind, value).expect("not blank")
}

fn id(value: &str) -> Identifier {
    known(IdentifierKind::Id, value)
}

fn email(value: &str) -> Identifier {
    known(IdentifierKind::Email, value)
}

fn anonymous(value: &str) -> Identifier {
    known(IdentifierKind::Anonymous, value)
}

fn input(body: Body) -> Input {
    Input {
        source: Source::TrackV1,
        at: None,
        sent_at: None,
        dedupe_key: None,
        body,
    }
}

fn at(at: Timestamp, input: Input) -> Input {
    Input {
        at: Some(at),
        ..input
    }
}

fn identify(who: Identifier) -> Input {
    identify_with(who, Claims::default(), &json!({}))
}

fn identify_with(who: Identifier, claims: Claims, attributes: &Value) -> Input {
    let attributes = attributes.as_object().expect("an object").clone();
    input(Body::Identify {
        who,
        claims,
        attributes: attributes.into_iter().collect(),
        update_only: false,
    })
}

fn claims_email(value: &str) -> Claims {
    Claims {
        email: Some(value.to_owned()),
        ..Claims::default()
    }
}

fn claims_anonymous(value: &str) -> Claims {
    Claims {
        anonymous_id: Some(value.to_owned()),
        ..Claims::default()
    }
}

fn track(who: Option<Identifier>, anonymous_id: Option<&str>, name: &str) -> Input {
    input(Body::Track {
        who,
        anonymous_id: anonymous_id.map(str::to_owned),
        event: EventKind::Event,
        name: name.to_owned(),
        id: None,
        data: EventData::NONE,
    })
}

fn register(who: Identifier, token: &str) -> Input {
    input(Body::AddDevice {
        who,
        device: DeviceReport {
            app: String::new(),
            platform: Platform::Ios,
            token: token.to_owned(),
            last_used: None,
            attributes: BTreeMap::new(),
        },
    })
}

fn unregister(who: Identifier, token: &str) -> Input {
    input(Body::DeleteDevice {
        who,
        token: token.to_owned(),
        platform: None,
    })
}

fn merge(primary: Identifier, secondary: Identifier) -> Input {
    input(Body::Merge {
        primary,
        secondary,
        create_primary: false,
    })
}
