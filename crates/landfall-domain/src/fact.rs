//! Facts: what was reported about deliveries. Appended, never changed.

use serde::{Deserialize, Serialize};

use crate::attempt::Attempt;
use crate::credit::Credit;
use crate::delivery::Snapshot;
use crate::ids::{DeliveryKey, DeviceKey};
use crate::input::Source;
use crate::marks::Mark;
use crate::reason::Reason;
use crate::time::Timestamp;

/// What a target is: a known device, or an address of another channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKey {
    /// A push token, by its key in the registry.
    Device(DeviceKey),
    /// An e-mail address, phone number, Slack channel, URL.
    Address(String),
}

/// One report about a delivery or one of its targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Which delivery.
    pub delivery: DeliveryKey,
    /// Which target; `None`: the delivery as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetKey>,
    /// What happened.
    pub mark: Mark,
    /// Why, for the marks that need a why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The reporter's own words (failure message, provider answer), at most 1 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The link, for clicks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// The link's number, for clicks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_id: Option<u64>,
    /// The attempt that this is the answer to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Box<Attempt>>,
    /// The device as it was, on the fact that brings a target into being.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
    /// What a conversion brings to the delivery or takes from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Box<Credit>>,
    /// When it happened by the reporter's clock, clamped to `received_at`.
    pub occurred_at: Timestamp,
    /// When the reporter uploaded it, by its own clock, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// When we took it.
    pub received_at: Timestamp,
    /// Whether `occurred_at` had to be clamped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clamped: bool,
    /// Which door it came through.
    pub source: Source,
    /// Two facts of one delivery with the same key are the same fact.
    pub dedupe_key: String,
}

impl Fact {
    /// Reports that arrive more than this after they happened are late (semantics.md 2.10, rule 4).
    pub const LATE_MS: i64 = crate::time::DAY_MS;

    /// The dedupe key in 64 bits (FNV-1a): stable for ever, because deliveries store it. A collision
    /// costs nothing but an uncounted repetition.
    pub fn dedupe_hash(&self) -> u64 {
        self.dedupe_key
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            })
    }

    /// Whether it arrived late.
    pub const fn is_late(&self) -> bool {
        self.received_at.since(self.occurred_at) > Self::LATE_MS
    }
}
