//! A delivery: one message meant for one person, with its targets and everything known about them.
//!
//! The value is the fold of the delivery's facts ([`Delivery::absorb`]): any order, any repetition
//! of the same facts gives the same value (semantics.md 2.10 and 10).

mod absorb;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::channel::{Channel, Platform, Provider};
use crate::credit::Credits;
use crate::fact::TargetKey;
use crate::ids::{DeliveryKey, MessageKey, PersonKey};
use crate::marks::Marks;
use crate::reason::Reason;
use crate::time::Timestamp;

/// Everything known about a delivery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Key.
    pub key: DeliveryKey,
    /// The id that payloads, webhooks and APIs carry.
    pub id: String,
    /// For whom. Follows merges.
    pub person: Option<PersonKey>,
    /// Which message.
    pub message: MessageKey,
    /// Over which channel.
    pub channel: Channel,
    /// The earliest time known for it. Reports hang on it (semantics.md 3.2).
    pub created_at: Timestamp,
    /// Descriptive fields, first writer by fact time wins.
    pub about: About,
    /// Marks that no single target carries.
    #[serde(default, skip_serializing_if = "Marks::is_empty")]
    pub marks: Marks,
    /// Reasons given for the delivery as a whole, with the first time of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<Reason, Timestamp>,
    /// Targets, sorted by key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// What conversions brought to it.
    #[serde(default, skip_serializing_if = "Credits::is_empty")]
    pub credits: Credits,
    /// Dedupe keys of the facts that are in, hashed to 64 bits.
    pub seen: BTreeSet<u64>,
}

/// What is said about a delivery besides its marks. Each field keeps the value with the earliest
/// `(time, text)`, so that arrival order does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Subject or title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Said>,
    /// Address or handle that it went to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Said>,
    /// Failure text as reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_message: Option<Said>,
    /// The run (Customer.io: `journey_id`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Said>,
    /// The event that triggered the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_event_id: Option<Said>,
    /// The broadcast's trigger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_id: Option<Said>,
    /// Rendered content, where retained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Said>,
}

/// A text with the time at which it was said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

/// One device or address of a delivery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Which device or address.
    pub key: TargetKey,
    /// Marks of this target.
    pub marks: Marks,
    /// Reasons given for this target, with the first time of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<Reason, Timestamp>,
    /// Failure text as the provider gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_message: Option<Said>,
    /// The device as it was when the target came to be; the earliest snapshot wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
}

/// What was known of a device (or address) when it was targeted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Snapshot {
    /// When it was taken.
    pub at: Timestamp,
    /// The owner at that moment: explains the delivery for ever (semantics.md 2.6).
    pub owner: Option<PersonKey>,
    /// Platform.
    pub platform: Option<Platform>,
    /// Provider.
    pub provider: Option<Provider>,
    /// Bundle id or package.
    pub app: Option<String>,
    /// App version.
    pub app_version: Option<String>,
    /// OS version.
    pub os_version: Option<String>,
    /// SDK version.
    pub sdk_version: Option<String>,
    /// Device model.
    pub device_model: Option<String>,
    /// Notification permission, if the app said.
    pub permission: Option<bool>,
    /// When the token was last registered: its age at send follows from it.
    pub token_registered_at: Option<Timestamp>,
}
