//! Inputs: everything that can happen, as typed values. The doors (`landfall-api`, imports) parse
//! into these; the rules (`crate::decide`) turn them into changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::activity::EventKind;
use crate::attributes::Attributes;
use crate::channel::{Channel, Platform, names};
use crate::credit::Credit;
use crate::device::Device;
use crate::event_data::EventData;
use crate::identifier::Identifier;
use crate::ids::SegmentId;
use crate::marks::Mark;
use crate::message::{MessageRef, NameOf};
use crate::person::SuppressionList;
use crate::run::RunInput;
use crate::time::Timestamp;
use crate::work::{Conclusion, Send, WorkKey};

names!(
    /// Which door something came through.
    Source {
        /// Track API, version 1.
        TrackV1 = "track_v1",
        /// Track API, version 2.
        TrackV2 = "track_v2",
        /// Pipelines API with a secret key.
        Pipelines = "pipelines",
        /// Pipelines API as the mobile and browser SDKs use it.
        Sdk = "sdk",
        /// A receipt without credentials (`/push/events`, `/metrics`, `/unsubscribe`).
        Receipt = "receipt",
        /// App API.
        App = "app",
        /// Customer.io's reporting webhooks.
        Webhook = "webhook",
        /// An imported file.
        Import = "import",
        /// A provider's answer.
        Provider = "provider",
        /// Landfall itself: timers, rules, repairs.
        Landfall = "landfall",
    }
);

/// One thing that happened, as a door parsed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Which door.
    pub source: Source,
    /// When it happened, by the sender's clock. `None`: now. Later than now is clamped to now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// When the sender uploaded it, by its own clock: with the arrival time it shows clock skew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// The sender's id for it (event ULID, `messageId`, webhook `event_id`): a second input with
    /// the same key changes nothing. Prefix it with its kind, such as `message:` or `event:`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedupe_key: Option<String>,
    /// What it was.
    pub body: Body,
}

/// Identifiers that a call claims for a person beside the one that it names the person by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// New or present application id.
    pub id: Option<String>,
    /// New or present e-mail address.
    pub email: Option<String>,
    /// New or present phone number.
    pub phone: Option<String>,
    /// An anonymous id to attach.
    pub anonymous_id: Option<String>,
}

/// A device as a call reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// Bundle id or package; empty when not said.
    pub app: String,
    /// Platform.
    pub platform: Platform,
    /// Push token.
    pub token: String,
    /// When the app was last used.
    pub last_used: Option<Timestamp>,
    /// Attributes, coerced to strings.
    pub attributes: BTreeMap<String, String>,
}

/// How whoever reports a delivery names its person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonHandle {
    /// Immutable internal id, tried first.
    pub cio_id: Option<String>,
    /// Application id.
    pub id: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

impl PersonHandle {
    /// The identifiers that are given, in the order in which they are tried.
    pub fn identifiers(&self) -> impl Iterator<Item = Identifier> {
        use crate::identifier::IdentifierKind;
        [
            (IdentifierKind::CioId, &self.cio_id),
            (IdentifierKind::Id, &self.id),
            (IdentifierKind::Email, &self.email),
        ]
        .into_iter()
        .filter_map(|(kind, value)| Identifier::new(kind, value.as_deref()?))
    }
}

/// One recipient in a report about a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientReport {
    /// Push token, or address of another channel.
    pub address: String,
    /// Platform, for push.
    pub platform: Option<Platform>,
    /// What went wrong with this one.
    pub failure_message: Option<String>,
}

/// A report about a delivery by whoever sent it: a Customer.io webhook or an export's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryReport {
    /// The delivery's id.
    pub delivery_id: String,
    /// Which message.
    pub message: MessageRef,
    /// For whom.
    pub person: PersonHandle,
    /// What happened. Empty: only that the delivery exists.
    pub marks: Vec<(Mark, Timestamp)>,
    /// On which devices or addresses; empty: the delivery as a whole.
    pub recipients: Vec<RecipientReport>,
    /// Why, for the delivery as a whole, in the reporter's words.
    pub failure_message: Option<String>,
    /// Subject or title.
    pub subject: Option<String>,
    /// The run.
    pub run: Option<String>,
    /// The event that triggered it.
    pub trigger_event_id: Option<String>,
    /// The broadcast's trigger.
    pub trigger_id: Option<u64>,
    /// The link, for clicks.
    pub href: Option<String>,
    /// The link's number.
    pub link_id: Option<u64>,
    /// Rendered content.
    pub content: Option<String>,
    /// Names that the report happens to know.
    pub names: Vec<(NameOf, String)>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// Create or update a person (track-api.md 2 and 3.2, pipelines-api.md 2.3).
    Identify {
        /// Whom the call names.
        who: Identifier,
        /// Identifiers in the body.
        claims: Claims,
        /// Attributes without the identifiers.
        attributes: Attributes,
        /// `true`: never create (`_update`).
        update_only: bool,
    },
    /// Delete a person.
    Delete {
        /// Whom.
        who: Identifier,
    },
    /// Delete a person and block the identifier.
    Suppress {
        /// Whom.
        who: Identifier,
    },
    /// Lift the block.
    Unsuppress {
        /// Whom.
        who: Identifier,
    },
    /// Register or refresh a device.
    AddDevice {
        /// For whom; an anonymous id registers it on the visitor.
        who: Identifier,
        /// The device.
        device: DeviceReport,
    },
    /// Remove a device from a person.
    DeleteDevice {
        /// From whom.
        who: Identifier,
        /// Token.
        token: String,
        /// Platform, when said.
        platform: Option<Platform>,
    },
    /// An event, page or screen.
    Track {
        /// Whom; `None` with an anonymous id: a visitor; `None` without: kept for nobody.
        who: Option<Identifier>,
        /// The anonymous id that came with it.
        anonymous_id: Option<String>,
        /// Event, page or screen.
        event: EventKind,
        /// Name, trimmed, never empty.
        name: String,
        /// The client's event id.
        id: Option<String>,
        /// Data.
        data: EventData,
    },
    /// Merge `secondary` into `primary`.
    Merge {
        /// Survives.
        primary: Identifier,
        /// Disappears.
        secondary: Identifier,
        /// `true`: create the primary when it does not exist (Pipelines' alias); the Track API's merge
        /// does nothing then.
        create_primary: bool,
    },
    /// A receipt from a device or a client: delivered, opened, clicked, converted and, for channels
    /// other than push, the rest of track-api.md 3.10.
    Receipt {
        /// The delivery's id.
        delivery_id: String,
        /// What happened.
        mark: Mark,
        /// Push token or address.
        recipient: Option<String>,
        /// Why.
        reason: Option<String>,
        /// The link.
        href: Option<String>,
    },
    /// `/unsubscribe/{delivery_id}`.
    Unsubscribe {
        /// Through which delivery.
        delivery_id: String,
    },
    /// Consent changed elsewhere (webhook events about a customer).
    Subscription {
        /// Whose.
        person: PersonHandle,
        /// Global switch, when it changed.
        subscribed: Option<bool>,
        /// Topics that changed.
        topics: BTreeMap<String, bool>,
        /// Through which delivery, when said.
        delivery_id: Option<String>,
    },
    /// Put an address of mail on a suppression list, or take it off (app-api.md 12).
    ListAddress {
        /// The address: that of a person.
        who: Identifier,
        /// Which list.
        list: SuppressionList,
        /// `true`: put it on the list.
        listed: bool,
    },
    /// Change a manual segment.
    EditSegment {
        /// Which.
        segment: SegmentId,
        /// Whom.
        who: Vec<Identifier>,
        /// `true`: add.
        add: bool,
    },
    /// A report about a delivery.
    Delivery(Box<DeliveryReport>),
    /// Send a message to a person.
    Send(Box<Send>),
    /// Take a piece of work to hand it over now.
    Claim {
        /// Which.
        work: WorkKey,
        /// Id of the attempt.
        attempt: String,
        /// When the claim lapses without an answer.
        until: Timestamp,
    },
    /// What came of a piece of work.
    Conclude(Box<Conclusion>),
    /// Send what is held: a draft, or what failed for good.
    Release {
        /// Which delivery.
        delivery_id: String,
    },
    /// Take back what was not handed over yet.
    Cancel {
        /// Which delivery.
        delivery_id: String,
    },
    /// Credit a delivery with a conversion, or take some of it back.
    Credit {
        /// Which delivery.
        delivery_id: String,
        /// What it gets.
        credit: Box<Credit>,
    },
    /// Bring a device back that rejections had suspended or removed.
    RestoreDevice {
        /// Whose it was.
        who: Identifier,
        /// The device as it was.
        device: Box<Device>,
    },
    /// Repair identities: give a device to whom it belongs, or to nobody. Nothing happens unless its owner is
    /// who is said here, so that a repair which was planned a while ago does no harm.
    MoveDevice {
        /// Who has it now; `None`: nobody.
        from: Option<Identifier>,
        /// Who gets it; `None`: nobody.
        to: Option<Identifier>,
        /// The device as the new owner is to have it.
        device: Box<Device>,
    },
    /// What happens to runs of journeys.
    Run(Box<RunInput>),
    /// Names for journeys, steps or variants.
    Name {
        /// What each is called.
        names: Vec<(NameOf, String)>,
    },
}

/// What only a provider may report of a delivery, beside what everybody may ([`reportable`]).
pub const fn reportable_by_provider(channel: Channel) -> &'static [Mark] {
    match channel {
        Channel::Sms => &[Mark::Sent, Mark::Replied],
        Channel::Email => &[Mark::Sent, Mark::PrefetchOpened],
        _ => &[],
    }
}

/// The channels whose receipts may be reported, with their marks (track-api.md 3.10).
pub fn reportable(channel: Channel) -> &'static [Mark] {
    match channel {
        Channel::Push => &[
            Mark::Converted,
            Mark::Delivered,
            Mark::Opened,
            Mark::Clicked,
        ],
        Channel::Email | Channel::Webhook | Channel::WhatsApp => &[
            Mark::Bounced,
            Mark::Clicked,
            Mark::Converted,
            Mark::Deferred,
            Mark::Delivered,
            Mark::Dropped,
            Mark::Opened,
            Mark::Spammed,
        ],
        Channel::InApp | Channel::Inbox | Channel::LiveNotification => {
            &[Mark::Clicked, Mark::Converted, Mark::Opened]
        }
        Channel::Slack => &[
            Mark::Clicked,
            Mark::Converted,
            Mark::Delivered,
            Mark::Opened,
        ],
        Channel::Sms => &[Mark::Bounced, Mark::Clicked, Mark::Delivered, Mark::Opened],
    }
}
