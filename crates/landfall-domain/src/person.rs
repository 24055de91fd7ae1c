//! A person's state: what is known about one customer, or about one visitor before login.

mod apply;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::channel::{Channel, names};
use crate::device::Device;
use crate::ids::{DeviceKey, PersonKey, SegmentId};
use crate::time::Timestamp;

/// An attribute and when it was last set, by the sender's clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// The value as it came. Null and the empty string remove an attribute; the removal is kept
    /// (as null) so that an older change cannot bring the value back.
    #[serde(rename = "v")]
    pub value: Value,
    /// When it was set.
    #[serde(rename = "t")]
    pub set_at: Timestamp,
}

/// Yes or no with the time of the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// `true`: subscribed.
    pub subscribed: bool,
    /// When it was decided.
    pub set_at: Timestamp,
}

/// What a person agreed to receive (semantics.md 6.8).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Consent {
    /// The global switch; `None`: never said, which counts as subscribed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub global: Option<Choice>,
    /// By topic, such as `topic_1`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub topics: BTreeMap<String, Choice>,
    /// By channel, such as `push`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub channels: BTreeMap<String, Choice>,
}

names!(
    /// A list of addresses that get nothing (semantics.md 4.4). The first four are those of mail.
    SuppressionList {
        /// Mail to the address came back for good.
        Bounces = "bounces",
        /// The receiving side does not take our mail.
        Blocks = "blocks",
        /// The recipient complained.
        SpamReports = "spam_reports",
        /// It is no address.
        InvalidEmails = "invalid_emails",
        /// The recipient told the carrier to stop text messages; ends with a yes to the channel
        /// (providers.md 5: 21610, suppress until START).
        OptedOut = "opted_out",
    }
);

impl SuppressionList {
    /// Over which channel nothing is sent to an address on the list.
    pub const fn channel(self) -> Channel {
        match self {
            Self::Bounces | Self::Blocks | Self::SpamReports | Self::InvalidEmails => {
                Channel::Email
            }
            Self::OptedOut => Channel::Sms,
        }
    }
}

/// An address of a person on a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Listed {
    /// The address: mail in lower case.
    pub address: String,
    /// Which list.
    pub list: SuppressionList,
    /// Since when.
    pub at: Timestamp,
}

/// Whether the record is a customer, a visitor, or gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// A person with at least one identifier besides anonymous ids.
    Known,
    /// Known only by an anonymous id: holds traits, events and tokens until login, is not shown in
    /// lists of people and cannot be sent to (semantics.md 4.2).
    Visitor,
    /// Merged into another person.
    Merged(PersonKey),
    /// Deleted, or deleted and blocked.
    Deleted,
}

/// Another record whose history belongs to this person now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absorbed {
    /// The record that was merged in.
    pub key: PersonKey,
    /// When.
    pub at: Timestamp,
    /// Activities before this moment stay behind: 30 days before the merge for a visitor
    /// (semantics.md 4.2), the epoch for a person.
    pub history_from: Timestamp,
}

/// The state of one person. A pure function of the person's stored inputs
/// ([`crate::activity::PersonInput`]): replaying them gives the same value and the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Key.
    pub key: PersonKey,
    /// The immutable internal id that the outside sees.
    pub cio_id: String,
    /// Customer, visitor, merged or deleted.
    pub standing: Standing,
    /// The application's id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// E-mail address, lower case.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
    /// Phone number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub phone: Option<String>,
    /// Anonymous ids that belong to this person for ever, with the time of the latest identify that
    /// named each: events attach for 30 days after it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub anonymous_ids: BTreeMap<String, Timestamp>,
    /// When the record began.
    pub created_at: Timestamp,
    /// The hour in which the person was last seen doing something (event, identify or device
    /// registration). Whole hours, so that most events leave the record as it is.
    pub active_at: Timestamp,
    /// Attributes by name; `id`, `email`, `phone` and consent are not repeated here.
    pub attributes: BTreeMap<String, Attribute>,
    /// What the person agreed to receive.
    #[serde(default)]
    pub consent: Consent,
    /// Devices held now.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        default,
        deserialize_with = "devices_by_key"
    )]
    pub devices: BTreeMap<DeviceKey, Device>,
    /// Manual segments.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub segments: BTreeSet<SegmentId>,
    /// Addresses of the person that are on suppression lists, each once on each list, in the order in which
    /// they came there. An address stays on its list when the person changes to another one.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub listed: Vec<Listed>,
    /// Records merged into this one, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub absorbed: Vec<Absorbed>,
}

/// Takes the keys from the devices themselves: JSON's keys are strings, and within a tagged enum
/// (`MergedFrom`) serde does not read numbers out of them.
fn devices_by_key<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<DeviceKey, Device>, D::Error> {
    let devices: BTreeMap<String, Device> = Deserialize::deserialize(deserializer)?;
    let by_key = devices.into_values().map(|device| (device.key, device));
    Ok(by_key.collect())
}

impl Person {
    /// Whether the global switch is off.
    pub fn is_unsubscribed(&self) -> bool {
        self.consent.global.is_some_and(|choice| !choice.subscribed)
    }

    /// Whether an address is on a suppression list of a channel.
    pub fn is_listed(&self, channel: Channel, address: &str) -> bool {
        let same = |listed: &Listed| match channel {
            Channel::Email => listed.address.eq_ignore_ascii_case(address.trim()),
            _ => listed.address == address.trim(),
        };
        let mut listed = self.listed.iter();
        listed.any(|listed| listed.list.channel() == channel && same(listed))
    }

    /// Whether the person's own address for a channel is on a suppression list.
    pub fn is_suppressed(&self, channel: Channel) -> bool {
        let own = match channel {
            Channel::Email => self.email.as_deref(),
            Channel::Sms => self.phone.as_deref(),
            _ => None,
        };
        own.is_some_and(|own| self.is_listed(channel, own))
    }

    /// The channels of which [`Person::is_suppressed`] holds.
    pub fn suppressed_channels(&self) -> Vec<Channel> {
        if self.listed.is_empty() {
            return Vec::new();
        }
        let both = [Channel::Email, Channel::Sms].into_iter();
        both.filter(|channel| self.is_suppressed(*channel))
            .collect()
    }

    /// Whether lists of people show this record.
    pub fn is_known(&self) -> bool {
        self.standing == Standing::Known
    }

    /// What to call the person: the application's id, or else the e-mail address, or else the internal id.
    pub fn called(&self) -> &str {
        let name = self.id.as_deref().or(self.email.as_deref());
        name.unwrap_or(&self.cio_id)
    }
}
