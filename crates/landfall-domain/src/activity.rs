//! What a person's record is made of: the inputs that changed it, kept for ever and replayable.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attributes::Attributes;
use crate::channel::names;
use crate::device::{Device, MoveCause, TokenKey};
use crate::event_data::EventData;
use crate::identifier::Identifier;
use crate::ids::{DeliveryKey, DeviceKey, PersonKey, SegmentId};
use crate::person::{Person, SuppressionList};
use crate::time::Timestamp;

names!(
    /// What sort of thing a person did.
    EventKind {
        /// A named event.
        Event = "event",
        /// A page view; the name is the URL or page name.
        Page = "page",
        /// A screen view.
        Screen = "screen",
    }
);

/// One input of one person's state, after the rules of identity have decided whom it concerns.
///
/// `Person` is a fold over these ([`Person::apply`]). They carry everything that the fold needs, so
/// that a replay needs nothing but them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PersonInput {
    /// The record began.
    Created {
        /// Its key.
        key: PersonKey,
        /// Its internal id.
        cio_id: String,
        /// `true`: known only by an anonymous id.
        visitor: bool,
    },
    /// An identifier was given to the person (or replaced one of the same kind).
    IdentifierSet {
        /// Which.
        identifier: Identifier,
    },
    /// An identifier could not be given: somebody else holds it, or it is already set to another
    /// value. Shown as a failed attribute change; the state stays.
    IdentifierRefused {
        /// Which.
        identifier: Identifier,
        /// Who has it, if it is another person.
        held_by: Option<PersonKey>,
    },
    /// An update found nobody (`_update: true`): recorded, nothing else.
    UpdateSkipped {
        /// Attributes that were not applied.
        attributes: Attributes,
    },
    /// Attributes changed. Consent keys (`unsubscribed`, `cio_subscription_preferences`, also in
    /// dotted form) are among them and are folded into consent.
    AttributesSet {
        /// New values; null or the empty string removes.
        attributes: Attributes,
    },
    /// An anonymous id now belongs to this person.
    AnonymousLinked {
        /// The id.
        anonymous_id: String,
    },
    /// A device was registered or refreshed.
    DeviceRegistered {
        /// Its key.
        device: DeviceKey,
        /// App, platform and token.
        token: TokenKey,
        /// When the app was last used; the input's own time where the call did not say.
        last_used: Timestamp,
        /// Attributes, as strings.
        attributes: BTreeMap<String, String>,
    },
    /// A device left the person.
    DeviceReleased {
        /// Its key.
        device: DeviceKey,
        /// Why.
        cause: MoveCause,
        /// The new owner, when there is one.
        to: Option<PersonKey>,
    },
    /// A send to a device was accepted or rejected.
    DeviceAnswered {
        /// Its key.
        device: DeviceKey,
        /// `true`: the provider accepted; `false`: it rejected the token.
        accepted: bool,
    },
    /// A device came back as it was before rejections had suspended or removed it.
    DeviceRestored {
        /// The device as it was.
        device: Box<Device>,
    },
    /// A repair of identities, or its undoing, gave the person a device that is as it was elsewhere.
    DeviceReceived {
        /// The device.
        device: Box<Device>,
        /// Who had it; `None`: nobody.
        from: Option<PersonKey>,
    },
    /// The person did something.
    Tracked {
        /// Event, page or screen.
        event: EventKind,
        /// Its name.
        name: String,
        /// The client's id for it (ULID), when given.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        id: Option<String>,
        /// Free data.
        #[serde(skip_serializing_if = "EventData::is_none", default)]
        data: EventData,
        /// The anonymous id that it came with.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        anonymous_id: Option<String>,
    },
    /// Another record was merged into this one (semantics.md 4.3). Carries the other's state as it
    /// was, so that a replay needs no other person.
    MergedFrom {
        /// The record that disappears.
        secondary: Box<Person>,
    },
    /// This record was merged into another one and ends.
    MergedInto {
        /// The surviving person.
        primary: PersonKey,
    },
    /// The person opted out or in through a delivery, or by a consent report from outside.
    SubscriptionChanged {
        /// `None`: the global switch; otherwise the topic.
        topic: Option<String>,
        /// The new choice.
        subscribed: bool,
        /// Through which delivery.
        delivery: Option<DeliveryKey>,
    },
    /// An address of the person came on a suppression list, or was taken off.
    AddressListed {
        /// The address; mail in lower case.
        address: String,
        /// Which list.
        list: SuppressionList,
        /// `true`: it is on the list now.
        listed: bool,
    },
    /// Added to or removed from a manual segment.
    SegmentChanged {
        /// Which.
        segment: SegmentId,
        /// `true`: added.
        added: bool,
    },
    /// Deleted (and blocked when `suppressed`).
    Deleted {
        /// Whether the identifiers are blocked from now on.
        suppressed: bool,
    },
}

/// A stored input: one line of a person's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// Whose; `None`: an event that named nobody.
    pub person: Option<PersonKey>,
    /// When it happened, by the sender's clock; not after `received_at`.
    pub occurred_at: Timestamp,
    /// When we took it.
    pub received_at: Timestamp,
    /// Which door it came through.
    pub source: crate::input::Source,
    /// What it was.
    pub input: PersonInput,
}

/// [`PersonInput::Tracked`] as it is stored, for reading at once what is read most often.
#[derive(Deserialize)]
struct Tracked {
    event: EventKind,
    name: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default, deserialize_with = "EventData::of_text")]
    data: EventData,
    #[serde(default)]
    anonymous_id: Option<String>,
}

impl PersonInput {
    /// Reads the serialised form of an input of a kind ([`PersonInput::kind`]), many times faster where the
    /// person did something than by the form alone.
    ///
    /// # Errors
    /// When it is not of that form.
    pub fn read(kind: &str, body: &[u8]) -> Result<Self, serde_json::Error> {
        if kind != "tracked" {
            return serde_json::from_slice(body);
        }
        let tracked: Tracked = serde_json::from_slice(body)?;
        Ok(Self::Tracked {
            event: tracked.event,
            name: tracked.name,
            id: tracked.id,
            data: tracked.data,
            anonymous_id: tracked.anonymous_id,
        })
    }

    /// The name of a tracked input.
    pub fn tracked_name(&self) -> Option<&str> {
        match self {
            Self::Tracked { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Stable name of the kind of input, as stored and as it stands in the serialised form.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::IdentifierSet { .. } => "identifier_set",
            Self::IdentifierRefused { .. } => "identifier_refused",
            Self::UpdateSkipped { .. } => "update_skipped",
            Self::AttributesSet { .. } => "attributes_set",
            Self::AnonymousLinked { .. } => "anonymous_linked",
            Self::DeviceRegistered { .. } => "device_registered",
            Self::DeviceReleased { .. } => "device_released",
            Self::DeviceAnswered { .. } => "device_answered",
            Self::DeviceRestored { .. } => "device_restored",
            Self::DeviceReceived { .. } => "device_received",
            Self::Tracked { .. } => "tracked",
            Self::MergedFrom { .. } => "merged_from",
            Self::MergedInto { .. } => "merged_into",
            Self::SubscriptionChanged { .. } => "subscription_changed",
            Self::AddressListed { .. } => "address_listed",
            Self::SegmentChanged { .. } => "segment_changed",
            Self::Deleted { .. } => "deleted",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{EventKind, PersonInput};
    use crate::event_data::EventData;

    #[test]
    fn inputs_read_by_their_kind_are_what_their_form_says() {
        let tracked = |data: serde_json::Value, id: Option<&str>| PersonInput::Tracked {
            event: EventKind::Screen,
            name: "a \"name\" \u{1F980}".to_owned(),
            id: id.map(str::to_owned),
            data: EventData::from(&data),
            anonymous_id: id.map(str::to_owned),
        };
        for input in [
            tracked(json!(null), None),
            tracked(json!({"kind": "x", "a": [1, 2.5, null, "\n"]}), Some("1")),
            PersonInput::Deleted { suppressed: true },
        ] {
            let body = serde_json::to_vec(&input).unwrap();
            let by_form: PersonInput = serde_json::from_slice(&body).unwrap();
            let by_kind = PersonInput::read(input.kind(), &body).unwrap();
            assert_eq!(by_kind, input);
            assert_eq!(by_form, input);
        }
        assert!(PersonInput::read("tracked", b"{}").is_err());
    }
}
