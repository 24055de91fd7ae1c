//! Work: targets that are on their way to a provider, from the decision to send until there is an
//! answer. A target is claimed, then concluded; what is claimed and never concluded has an unknown
//! outcome (architecture.md, decision 4).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attempt::Answer;
use crate::channel::{Channel, Platform, Provider, names};
use crate::content::Content;
use crate::device::Device;
use crate::fact::TargetKey;
use crate::identifier::Identifier;
use crate::ids::{DeliveryKey, MessageKey};
use crate::input::DeviceReport;
use crate::limits::DEVICES_MAX;
use crate::message::MessageRef;
use crate::person::Person;
use crate::reason::Reason;
use crate::time::{DAY_MS, Timestamp};

/// How long something parked can still be sent by hand: after that it is forgotten.
pub const PARKED_MS: i64 = 30 * DAY_MS;
/// Most addresses of one message (app-api.md 2.3).
pub const ADDRESSES_MAX: usize = 15;

/// Key of a piece of work: the delivery's key and a slot within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkKey(pub u64);

const SLOT_BITS: u32 = 5;
const _: () = assert!(DEVICES_MAX < WorkKey::ROOT as usize && ADDRESSES_MAX < DEVICES_MAX);

impl WorkKey {
    /// The slot of work whose targets are not chosen yet.
    pub const ROOT: u8 = (1 << SLOT_BITS) - 1;

    /// The work of a delivery in a slot, below 32.
    pub const fn of(delivery: DeliveryKey, slot: u8) -> Self {
        Self(((delivery.0 as u64) << SLOT_BITS) | slot as u64)
    }

    /// Whose work it is.
    pub const fn delivery(self) -> DeliveryKey {
        // Delivery keys have 32 bits, so nothing is cut off.
        DeliveryKey((self.0 >> SLOT_BITS) as u32)
    }

    /// Every key that a delivery's work may have.
    pub const fn range(delivery: DeliveryKey) -> std::ops::RangeInclusive<Self> {
        Self::of(delivery, 0)..=Self::of(delivery, Self::ROOT)
    }
}

names!(
    /// Who goes first when there is more work than can be done at once.
    Urgency {
        /// One call, one person, who waits for it.
        Transactional = "transactional",
        /// A step of a journey.
        Journey = "journey",
        /// One message to many.
        Broadcast = "broadcast",
    }
);

/// What a message says before it is rendered, and with what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The content, with templates in it.
    pub content: Content,
    /// Data of the call or the event, for the templates.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// How long it is of use after it is due, in milliseconds.
    pub ttl_ms: i64,
    /// Whether somebody who opted out of everything gets it.
    #[serde(default)]
    pub to_unsubscribed: bool,
    /// Whether the rendered content is not kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forget_content: bool,
    /// Which devices or addresses.
    pub to: SendTo,
    /// What the message says about the rules of sending.
    #[serde(default, skip_serializing_if = "Rules::is_empty")]
    pub rules: Rules,
}

/// What a message says about the rules of sending, beside what its workspace says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The subscription topic that it belongs to (semantics.md 6.8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Quiet hours, caps and duplicates that differ from the workspace's, part by part, in the form in
    /// which definitions write them; null: none do.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub policy: Value,
}

impl Rules {
    /// Whether the message says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Which devices or addresses of a person (semantics.md 2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendTo {
    /// Every device.
    All,
    /// The device that was used last; of several, the one registered last, then the first by token.
    LastUsed,
    /// One token that belongs to the person.
    Token(String),
    /// These addresses, each on its own.
    Addresses(Vec<String>),
}

/// A decision to send a message to a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Send {
    /// Id of the delivery that it becomes.
    pub delivery_id: String,
    /// Which message.
    pub message: MessageRef,
    /// To whom.
    pub who: Identifier,
    /// What.
    pub order: Arc<Order>,
    /// Who goes first.
    pub urgency: Urgency,
    /// Not before this; `None`: now.
    pub send_at: Option<Timestamp>,
    /// Whether it is held until a human releases it.
    pub draft: bool,
    /// A device to register first (app-api.md 2.2, `custom_device`).
    pub custom_device: Option<DeviceReport>,
    /// The broadcast's trigger.
    pub trigger_id: Option<u64>,
    /// The run.
    pub run: Option<String>,
    /// Whether whoever decided to send found that it may go.
    #[serde(default)]
    pub ruling: Ruling,
}

/// What the rules of eligibility said about a send before it was made. A send that must not go is made
/// all the same, so that it is among the outcomes (architecture.md, decision 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// It may go when it is due.
    #[default]
    Go,
    /// It waits until it is due, because of this.
    Held(Reason),
    /// It must not go, because of this.
    Refused(Reason),
}

/// What rules outside this crate (caps, quiet hours, topics that ask for a yes) say about a piece of work
/// at the moment at which it is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// It may go.
    Now,
    /// It may be asked for again then.
    After {
        /// The earliest moment.
        until: Timestamp,
        /// What holds it.
        reason: Reason,
    },
    /// It must not go.
    Never(Reason),
}

/// Where a piece of work stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkState {
    /// It waits until it is due.
    Waiting,
    /// Somebody is handing it over.
    Claimed {
        /// Id of the attempt.
        attempt: String,
        /// When the claim lapses if there is no answer.
        until: Timestamp,
    },
    /// Nothing happens until a human says so: a draft, or something that failed for good.
    Parked,
}

/// A target on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Key.
    pub key: WorkKey,
    /// Which message: its lane in the queue.
    pub message: MessageKey,
    /// Who goes first.
    pub urgency: Urgency,
    /// Over which channel.
    pub channel: Channel,
    /// The device's platform; `None`: not a device, or not chosen yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The device's app: its bundle id or package, where known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub app: String,
    /// Which device or address; `None`: chosen when it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetKey>,
    /// What to send.
    pub order: Arc<Order>,
    /// Not before this. Of parked work: when it is forgotten.
    pub due: Timestamp,
    /// Not after this.
    pub expires: Timestamp,
    /// Tries so far.
    #[serde(default)]
    pub tries: u16,
    /// When the first try began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_try: Option<Timestamp>,
    /// Where it stands.
    pub state: WorkState,
}

impl Work {
    /// Whether something happens to it by itself.
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, WorkState::Parked)
    }

    /// Who carries it, as far as the channel and platform say.
    pub const fn carrier(&self) -> Option<Provider> {
        Some(match (self.channel, self.platform) {
            (Channel::Push, Some(Platform::Ios)) => Provider::Apns,
            (Channel::Push, Some(Platform::Android)) => Provider::Fcm,
            (Channel::Push, Some(Platform::Web)) => Provider::WebPush,
            (Channel::Email, _) => Provider::Smtp,
            (Channel::Sms, _) => Provider::SmsGateway,
            (Channel::Slack, _) => Provider::Slack,
            (Channel::Webhook, _) => Provider::Webhook,
            _ => return None,
        })
    }
}

/// Claimed work with what its sender needs to see.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The work, claimed.
    pub work: Work,
    /// Id of the delivery.
    pub delivery_id: String,
    /// The person as it is now.
    pub person: Option<Arc<Person>>,
    /// The device, when it goes to one.
    pub device: Option<Device>,
}

/// What came of claimed work, or why it will not be claimed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conclusion {
    /// Which work.
    pub work: WorkKey,
    /// The target, for when the work is gone already.
    pub target: Option<TargetKey>,
    /// The attempt; `None`: it was not handed to anybody.
    pub attempt: Option<Handover>,
    /// Who was asked, or would have been; `None`: it ended before anybody was chosen.
    pub provider: Option<Provider>,
    /// What they said.
    pub answer: Answer,
    /// What was sent, for the record.
    pub rendered: Option<Rendered>,
    /// Whether so many tokens are rejected at the moment that the fault may be ours: nothing is
    /// removed then, only suspended (providers.md 9.1, rule 1).
    pub guarded: bool,
    /// A random number, for jitter.
    pub random: u32,
}

/// One hand-over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// Id of the attempt.
    pub id: String,
    /// When it began.
    pub started_at: Timestamp,
    /// How long the answer took, in milliseconds.
    pub took_ms: u32,
}

/// A message as it went out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// Subject or title.
    pub subject: Option<String>,
    /// The content as JSON; `None`: not kept.
    pub content: Option<String>,
}
