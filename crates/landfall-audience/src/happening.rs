//! What happens to a person, as far as conditions care: the input of counts and of segments.

use landfall_domain::activity::{Activity, EventKind, PersonInput};
use landfall_domain::device::MoveCause;
use landfall_domain::event_data::EventData;
use landfall_domain::identifier::IdentifierKind;
use landfall_domain::ids::{DeviceKey, SegmentId};
use landfall_domain::marks::Mark;
use landfall_domain::message::MessageRef;
use landfall_domain::naming::MessageName;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;

/// A message as conditions know it: what sent it, over which channel, and the parts of its name at
/// the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageLabel {
    /// Source, step, variant and channel.
    pub message: MessageRef,
    /// The name, taken apart.
    pub name: MessageName,
}

impl MessageLabel {
    /// A message and its name (`Journey | Step | Delay | Intent`; anything else gives what parts it
    /// has).
    pub fn new(message: MessageRef, name: &str) -> Self {
        Self {
            message,
            name: MessageName::parse(name),
        }
    }
}

/// One thing that happened to a person.
#[derive(Clone, Copy, Debug)]
pub enum Happening<'a> {
    /// The person did something.
    Did {
        /// Event, page or screen.
        kind: EventKind,
        /// Its name.
        name: &'a str,
        /// Its data.
        data: &'a EventData,
        /// When.
        at: Timestamp,
    },
    /// A mark came to a delivery of the person. To be told once for each delivery and mark, implied
    /// marks included, with the time of the fact that first brought it: a later report with an
    /// earlier time does not count again and does not move it.
    Told {
        /// Which.
        mark: Mark,
        /// Of which message.
        message: &'a MessageLabel,
        /// Why, for the marks that have a why.
        reason: Option<Reason>,
        /// When.
        at: Timestamp,
    },
    /// An attribute was set or removed, an identifier among them.
    Attribute(&'a str),
    /// Something about the person's devices.
    Device(DeviceChange),
    /// A device of the person reported something that only a device that is there can: a message came, or was
    /// opened.
    Receipt {
        /// Which.
        device: DeviceKey,
        /// When.
        at: Timestamp,
    },
    /// A choice of consent.
    Consent,
    /// The person was added to or removed from a segment by hand.
    Segment(SegmentId),
    /// The person was seen.
    Active,
    /// The record as a whole became another one: it began, was merged, or ended.
    Whole,
}

/// What happened to a device of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChange {
    /// It was registered or refreshed.
    Registered,
    /// It left.
    Released {
        /// Why.
        cause: MoveCause,
        /// When.
        at: Timestamp,
    },
    /// Its status changed.
    Answered,
}

/// What a stored input of a person means for conditions. [`PersonInput::MergedFrom`] is not all that
/// a merge needs: the profiles are joined with [`crate::Profile::merge`].
pub fn happenings_of<'a>(activity: &'a Activity, take: &mut dyn FnMut(Happening<'a>)) {
    let at = activity.occurred_at;
    match &activity.input {
        PersonInput::IdentifierRefused { .. } | PersonInput::UpdateSkipped { .. } => {}
        PersonInput::Created { .. }
        | PersonInput::MergedFrom { .. }
        | PersonInput::MergedInto { .. }
        | PersonInput::Deleted { .. } => take(Happening::Whole),
        PersonInput::IdentifierSet { identifier } => {
            // A visitor who gets an identifier becomes somebody who can be in segments.
            take(match identifier.kind() {
                IdentifierKind::Anonymous => Happening::Active,
                _ => Happening::Whole,
            });
        }
        PersonInput::AttributesSet { attributes } => {
            take(Happening::Active);
            for name in attributes.keys() {
                take(if is_consent(name) {
                    Happening::Consent
                } else {
                    Happening::Attribute(name)
                });
            }
        }
        PersonInput::AnonymousLinked { .. } => take(Happening::Active),
        PersonInput::DeviceRegistered { .. } => {
            take(Happening::Active);
            take(Happening::Device(DeviceChange::Registered));
        }
        PersonInput::DeviceReleased { cause, .. } => {
            let cause = *cause;
            take(Happening::Device(DeviceChange::Released { cause, at }));
        }
        PersonInput::DeviceRestored { .. } | PersonInput::DeviceReceived { .. } => {
            take(Happening::Device(DeviceChange::Registered));
        }
        PersonInput::DeviceAnswered { .. } => take(Happening::Device(DeviceChange::Answered)),
        PersonInput::Tracked {
            event, name, data, ..
        } => {
            take(Happening::Active);
            take(Happening::Did {
                kind: *event,
                name,
                data,
                at,
            });
        }
        PersonInput::SubscriptionChanged { .. } | PersonInput::AddressListed { .. } => {
            take(Happening::Consent);
        }
        PersonInput::SegmentChanged { segment, .. } => take(Happening::Segment(*segment)),
    }
}

/// Whether an attribute is folded into consent (track-api.md 3.2).
fn is_consent(name: &str) -> bool {
    name == "unsubscribed"
        || name == "cio_subscription_preferences"
        || name.starts_with("cio_subscription_preferences.")
}
