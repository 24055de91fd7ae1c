//! Facts that are thought to have been otherwise.

use std::collections::BTreeMap;

use landfall_audience::EventInHand;
use landfall_domain::activity::EventKind;
use landfall_domain::channel::Platform;
use landfall_domain::device::{Device, LastStatus, TokenKey};
use landfall_domain::ids::DeviceKey;
use landfall_domain::person::{Attribute, Choice, Person};
use landfall_domain::reason::{Reason, TokenAction};
use landfall_domain::time::Timestamp;
use serde_json::Value;

use crate::replay::Heard;

/// A fact that is thought to have been otherwise.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The person has a device, and its token is valid.
    TokenValid,
    /// Providers have rejected the token of each device for good.
    TokenInvalid,
    /// Notifications are permitted on every device.
    PermissionOn,
    /// Notifications are forbidden on every device.
    PermissionOff,
    /// The person opted out of nothing.
    Subscribed,
    /// The person opted out of everything.
    Unsubscribed,
    /// The message of a step is opened a minute after it is sent.
    Opened(String),
    /// An attribute has a value.
    Attribute(String, Value),
    /// An event happens, at a moment or when the run begins.
    Happened(String, Option<Timestamp>),
    /// An event does not happen.
    NotHappened(String),
}

/// Why words are no change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is nothing that can be changed: write `token valid`, `token invalid`, `permission on`, \
     `permission off`, `unsubscribed`, `not unsubscribed`, `opened STEP`, `attribute NAME=VALUE`, `event NAME happened`, `event NAME happened at 2026-11-23T13:30:00Z` \
     or `event NAME did not happen`"
)]
pub struct BadChange(String);

impl Change {
    /// Reads words such as `token valid`.
    ///
    /// # Errors
    /// When they are none of those that are known.
    pub fn parse(text: &str) -> Result<Self, BadChange> {
        let bad = || BadChange(text.to_owned());
        let words = text.trim();
        match words {
            "token valid" => return Ok(Self::TokenValid),
            "token invalid" => return Ok(Self::TokenInvalid),
            "permission on" => return Ok(Self::PermissionOn),
            "permission off" => return Ok(Self::PermissionOff),
            "unsubscribed" => return Ok(Self::Unsubscribed),
            "not unsubscribed" | "subscribed" => return Ok(Self::Subscribed),
            _ => {}
        }
        let (what, rest) = words.split_once(' ').ok_or_else(bad)?;
        let rest = rest.trim();
        match what {
            "opened" if !rest.is_empty() => Ok(Self::Opened(rest.to_owned())),
            "attribute" => {
                let (name, value) = rest.split_once('=').ok_or_else(bad)?;
                let value = value.trim();
                let read = serde_json::from_str(value);
                let value = read.unwrap_or_else(|_| Value::from(value));
                match name.trim() {
                    "" => Err(bad()),
                    name => Ok(Self::Attribute(name.to_owned(), value)),
                }
            }
            "event" => event(rest).ok_or_else(bad),
            _ => Err(bad()),
        }
    }

    /// Whether a run would not have heard that.
    pub(crate) fn removes(&self, heard: &Heard) -> bool {
        match (self, heard) {
            (Self::NotHappened(name), Heard::Did(event)) => event.name == *name,
            (Self::NotHappened(name), Heard::Enter(occasion)) => {
                let event = occasion.event.as_ref();
                event.is_some_and(|event| event.name == *name)
            }
            (
                _,
                Heard::Told {
                    mark,
                    reason: Some(reason),
                    ..
                },
            ) => crate::reach::ends(*mark) && self.undoes(*reason),
            _ => false,
        }
    }

    /// Whether a message would not have ended for that reason.
    fn undoes(&self, reason: Reason) -> bool {
        match self {
            Self::TokenValid => {
                reason.token_action() != TokenAction::Keep
                    || matches!(
                        reason,
                        Reason::NoDevice | Reason::DeviceSuppressed | Reason::DevicesSuspended
                    )
            }
            Self::PermissionOn => reason == Reason::PermissionDenied,
            Self::Subscribed => matches!(
                reason,
                Reason::UnsubscribedGlobal
                    | Reason::UnsubscribedTopic
                    | Reason::UnsubscribedChannel
            ),
            _ => false,
        }
    }

    /// The event that happens.
    pub(crate) fn event(&self, began: Timestamp) -> Option<EventInHand> {
        match self {
            Self::Happened(name, at) => Some(EventInHand {
                kind: EventKind::Event,
                name: name.clone(),
                data: Value::Null,
                // What happens before a run, or starts it, neither ends it nor meets its goal.
                at: at.unwrap_or(began.plus_millis(1)),
            }),
            _ => None,
        }
    }

    /// Whether the message of a step is opened.
    pub(crate) fn opens(&self, step: &str) -> bool {
        matches!(self, Self::Opened(opened) if opened == step)
    }

    /// Changes what is known about the person.
    pub(crate) fn edit(&self, person: &mut Person) {
        match self {
            Self::TokenValid => {
                let key = DeviceKey(u32::MAX);
                if person.devices.is_empty() {
                    person.devices.insert(key, supposed(key, person.created_at));
                }
                for device in person.devices.values_mut() {
                    device.last_status = LastStatus::Unused;
                }
            }
            Self::TokenInvalid => {
                for device in person.devices.values_mut() {
                    device.last_status = LastStatus::Suppressed;
                }
            }
            Self::PermissionOn => permit(person, "true"),
            Self::PermissionOff => permit(person, "false"),
            Self::Unsubscribed => {
                person.consent.global = Some(Choice {
                    subscribed: false,
                    set_at: person.created_at,
                });
            }
            Self::Subscribed => {
                let consent = &mut person.consent;
                let all = consent.global.iter_mut();
                let all = all.chain(consent.topics.values_mut());
                for choice in all.chain(consent.channels.values_mut()) {
                    *choice = Choice {
                        subscribed: true,
                        ..*choice
                    };
                }
            }
            Self::Attribute(name, value) => {
                let attribute = Attribute {
                    value: value.clone(),
                    set_at: person.created_at,
                };
                person.attributes.insert(name.clone(), attribute);
            }
            Self::Opened(_) | Self::Happened(..) | Self::NotHappened(_) => {}
        }
    }
}

fn permit(person: &mut Person, enabled: &str) {
    for device in person.devices.values_mut() {
        let said = ("push_enabled".to_owned(), enabled.to_owned());
        device.attributes.extend([said]);
    }
}

fn event(rest: &str) -> Option<Change> {
    let named = |name: &str| Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    if let Some(name) = rest.strip_suffix("did not happen") {
        return named(name).map(Change::NotHappened);
    }
    if let Some(name) = rest.strip_suffix("happened") {
        return named(name).map(|name| Change::Happened(name, None));
    }
    let (name, at) = rest.split_once(" happened at ")?;
    let at: jiff::Timestamp = at.trim().parse().ok()?;
    let at = Timestamp::from_millis(at.as_millisecond());
    named(name).map(|name| Change::Happened(name, Some(at)))
}

/// A device that nobody has.
fn supposed(key: DeviceKey, since: Timestamp) -> Device {
    Device {
        key,
        token: TokenKey {
            app: String::new(),
            platform: Platform::Ios,
            token: "supposed".to_owned(),
        },
        attributes: BTreeMap::new(),
        last_used: since,
        registered_at: since,
        refreshed_at: since,
        last_status: LastStatus::Unused,
    }
}
