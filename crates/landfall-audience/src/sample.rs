//! People, devices and messages for tests.

use std::collections::{BTreeMap, BTreeSet};

use landfall_domain::activity::{Activity, PersonInput};
use landfall_domain::channel::{Channel, Platform};
use landfall_domain::device::{Device, LastStatus, TokenKey};
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::input::Source;
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::person::{Attribute, Consent, Person, Standing};
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use serde_json::Value;

use crate::answer::{Answer, EventInHand, Explanation, Scene};
use crate::condition::Condition;
use crate::happening::{Happening, MessageLabel};
use crate::pattern::Patterns;
use crate::profile::Profile;
use crate::touched::Touched;
use crate::zone::Zone;

/// 2026-05-01, noon, universal time.
pub(crate) const NOON: Timestamp = Timestamp::from_seconds(1_777_636_800);

pub(crate) const fn days(days: i64) -> i64 {
    days * DAY_MS
}

pub(crate) const fn hours(hours: i64) -> i64 {
    hours * HOUR_MS
}

/// A known person with these attributes.
pub(crate) fn person(attributes: Value) -> Person {
    let Value::Object(attributes) = attributes else {
        panic!("attributes are an object")
    };
    let set = |(name, value)| {
        (
            name,
            Attribute {
                value,
                set_at: NOON,
            },
        )
    };
    Person {
        key: PersonKey(3),
        cio_id: "a3000001".to_owned(),
        standing: Standing::Known,
        id: Some("u1".to_owned()),
        email: Some("ann@shop.example".to_owned()),
        phone: None,
        anonymous_ids: BTreeMap::new(),
        created_at: NOON.plus_millis(-days(100)),
        active_at: NOON.plus_millis(-days(2)),
        attributes: attributes.into_iter().map(set).collect(),
        consent: Consent::default(),
        devices: BTreeMap::new(),
        segments: BTreeSet::from([7]),
        listed: Vec::new(),
        absorbed: Vec::new(),
    }
}

/// A device that was registered and used ten days before noon.
pub(crate) fn device(key: u32, platform: Platform, attributes: &[(&str, &str)]) -> Device {
    let attributes = attributes.iter();
    Device {
        key: DeviceKey(key),
        token: TokenKey {
            app: "shop.example".to_owned(),
            platform,
            token: format!("token-{key}"),
        },
        attributes: attributes
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        last_used: NOON.plus_millis(-days(10)),
        registered_at: NOON.plus_millis(-days(40)),
        refreshed_at: NOON.plus_millis(-days(10)),
        last_status: LastStatus::Unused,
    }
}

pub(crate) fn message(source_id: u64, step_id: u64, channel: Channel, name: &str) -> MessageLabel {
    let message = MessageRef {
        source: SourceKind::Campaign,
        source_id,
        step_id: Some(step_id),
        parent_step_id: None,
        variant_id: None,
        channel,
    };
    MessageLabel::new(message, name)
}

pub(crate) fn activity(input: PersonInput, at: Timestamp) -> Activity {
    Activity {
        person: Some(PersonKey(3)),
        occurred_at: at,
        received_at: at,
        source: Source::TrackV1,
        input,
    }
}

/// A condition and everything that it looks at.
pub(crate) struct Stage {
    pub(crate) condition: Condition,
    pub(crate) patterns: Patterns,
    pub(crate) person: Person,
    pub(crate) profile: Profile,
    pub(crate) event: Option<EventInHand>,
}

impl Stage {
    #[track_caller]
    pub(crate) fn new(condition: &Value, person: Person) -> Self {
        let condition = Condition::from_json(condition)
            .unwrap_or_else(|faults| panic!("{condition}: {faults:?}"));
        Self {
            patterns: condition.patterns().iter().collect(),
            condition,
            person,
            profile: Profile::default(),
            event: None,
        }
    }

    pub(crate) fn absorb(&mut self, happening: &Happening<'_>) -> Touched {
        let mut touched = Touched::nothing();
        self.profile.absorb(&self.patterns, happening, &mut touched);
        touched
    }

    pub(crate) fn answer(&self, now: Timestamp) -> Answer {
        self.condition.answer(&self.scene(now))
    }

    pub(crate) fn explain(&self, now: Timestamp) -> Explanation {
        self.condition.explain(&self.scene(now))
    }

    fn scene(&self, now: Timestamp) -> Scene<'_> {
        Scene {
            person: &self.person,
            profile: &self.profile,
            event: self.event.as_ref(),
            now,
            zone: Zone::utc(),
        }
    }
}
