//! Messages as the catalogue knows them: which journey (campaign, broadcast, newsletter,
//! transactional template), which step, which variant, over which channel.

use serde::{Deserialize, Serialize};

use crate::channel::{Channel, names};
use crate::ids::MessageKey;

names!(
    /// What kind of thing sent a message. Customer.io numbers each kind separately
    /// (reporting-webhooks.md 5).
    SourceKind {
        /// A journey (Customer.io: campaign).
        Campaign = "campaign",
        /// A broadcast triggered by API.
        Broadcast = "broadcast",
        /// A newsletter, or one-time send.
        Newsletter = "newsletter",
        /// A transactional message.
        Transactional = "transactional",
        /// Not said by whoever reported it.
        Unknown = "unknown",
    }
);

/// Identity of a message in the catalogue. Equal references share one [`MessageKey`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessageRef {
    /// What sent it.
    pub source: SourceKind,
    /// Number of the campaign, broadcast, newsletter or template; 0 for [`SourceKind::Unknown`].
    pub source_id: u64,
    /// Number of the step (Customer.io: action).
    pub step_id: Option<u64>,
    /// The original step when `step_id` is an A/B or language variant.
    pub parent_step_id: Option<u64>,
    /// Number of the content variant.
    pub variant_id: Option<u64>,
    /// Over which channel.
    pub channel: Channel,
}

/// What a name is given to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NameOf {
    /// What sent it.
    pub source: SourceKind,
    /// Its number.
    pub source_id: u64,
    /// The step, or `None` for the journey itself.
    pub step_id: Option<u64>,
    /// The variant, or `None` for the step itself.
    pub variant_id: Option<u64>,
}

/// A catalogue line: a key and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageEntry {
    /// Its key; dense from zero.
    pub key: MessageKey,
    /// What it stands for.
    pub message: MessageRef,
}
