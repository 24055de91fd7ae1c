//! Whether a person may be sent a message now; every no has a reason.

use landfall_domain::channel::Channel;
use landfall_domain::message::SourceKind;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use serde::Serialize;

use crate::answer::Scene;
use crate::policy::Policy;

/// What eligibility must know about the message.
#[derive(Clone, Copy, Debug)]
pub struct MessageFacts<'a> {
    /// Over which channel.
    pub channel: Channel,
    /// What sends it.
    pub source: SourceKind,
    /// The number of the journey, broadcast or template.
    pub source_id: u64,
    /// The step.
    pub step_id: Option<u64>,
    /// The subscription topic that it belongs to.
    pub topic: Option<&'a str>,
    /// Whether only people who said yes to the topic get it.
    pub topic_opt_in: bool,
    /// Whether people who opted out get it (transactional messages).
    pub to_unsubscribed: bool,
    /// Whether the person's address for the channel is on a suppression list.
    pub address_suppressed: bool,
    /// When it first came up for sending: caps let it wait from then on.
    pub asked_at: Timestamp,
}

/// What comes of a message that is about to be handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Send it.
    Go,
    /// Ask again then.
    Hold {
        /// The earliest moment at which it may go.
        until: Timestamp,
        /// What holds it.
        reason: Reason,
    },
    /// It will not be sent.
    No(Reason),
}

/// Whether the person may be sent the message now: the first no, else the longest hold, else go.
pub fn eligible(_scene: &Scene<'_>, _message: &MessageFacts<'_>, _policy: &Policy) -> Verdict {
    Verdict::Go
}
