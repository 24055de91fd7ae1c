//! Whether a person may be sent a message now; every no has a reason.

mod rules;
#[cfg(test)]
mod tests;

use landfall_domain::channel::Channel;
use landfall_domain::message::SourceKind;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::answer::Scene;
use crate::device_filter::DeviceFilter;
use crate::policy::Policy;
use crate::profile::RecentSend;

/// What eligibility must know about the message.
#[derive(Clone, Copy, Debug)]
pub struct MessageFacts<'a> {
    /// Over which channel.
    pub channel: Channel,
    /// What sends it.
    pub source: SourceKind,
    /// The number of the journey, broadcast or template.
    pub source_id: u64,
    /// The step; of a variant, the original step.
    pub step_id: Option<u64>,
    /// The subscription topic that it belongs to.
    pub topic: Option<&'a str>,
    /// Whether only people who said yes to the topic get it.
    pub topic_opt_in: bool,
    /// Whether people who opted out get it (transactional messages).
    pub to_unsubscribed: bool,
    /// Whether the person's address for the channel is on a suppression list.
    pub address_suppressed: bool,
    /// Of a push: the devices that it is meant for; `None`: all.
    pub devices: Option<&'a DeviceFilter>,
    /// When it first came up for sending: caps let it wait from then on.
    pub asked_at: Timestamp,
    /// Other messages to the person that were handed over and have no answer yet: they count for
    /// caps and as duplicates as if they had been sent.
    pub in_flight: &'a [RecentSend],
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

impl Verdict {
    /// Both: a no stands above a hold; of two holds, the longer one.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No(_), _) | (_, Self::Go) => self,
            (_, Self::No(_)) | (Self::Go, _) => other,
            (Self::Hold { until, .. }, Self::Hold { until: then, .. }) => {
                if then.millis() > until.millis() {
                    other
                } else {
                    self
                }
            }
        }
    }
}

/// One rule of eligibility, in the order in which they are asked. Transactional messages are spared
/// the last three (for caps: semantics.md 6.6; the others would defeat their purpose).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The record is a person, and there still.
    Person,
    /// The global switch, the channel's and the topic's.
    Consent,
    /// An address, or a device that may show notifications.
    Address,
    /// The address is on no suppression list.
    Suppression,
    /// The same message was not sent just now.
    Duplicate,
    /// The caps leave room.
    Caps,
    /// It is not the time of rest.
    QuietHours,
}

impl Rule {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Person,
        Self::Consent,
        Self::Address,
        Self::Suppression,
        Self::Duplicate,
        Self::Caps,
        Self::QuietHours,
    ];
}

impl Rule {
    /// Those that are asked once more when a message is handed over. Person and address are looked at
    /// there by whoever takes the target: one device or address by then.
    pub const AT_HAND_OVER: [Self; 5] = [
        Self::Consent,
        Self::Suppression,
        Self::Duplicate,
        Self::Caps,
        Self::QuietHours,
    ];
}

/// What one rule said.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleChecked {
    /// Which.
    pub rule: Rule,
    /// What it saw.
    pub saw: Value,
    /// What it says.
    pub verdict: Verdict,
}

/// Whether the person may be sent the message now: the first no in the order of [`Rule`], else the
/// longest hold, else go. After a hold it has to be asked again: meanwhile more may have been sent.
pub fn eligible(scene: &Scene<'_>, message: &MessageFacts<'_>, policy: &Policy) -> Verdict {
    sum(&Rule::ALL, scene, message, policy)
}

/// Whether a message that was decided before may be handed over now, by [`Rule::AT_HAND_OVER`].
pub fn may_leave(scene: &Scene<'_>, message: &MessageFacts<'_>, policy: &Policy) -> Verdict {
    sum(&Rule::AT_HAND_OVER, scene, message, policy)
}

fn sum(rules: &[Rule], scene: &Scene<'_>, message: &MessageFacts<'_>, policy: &Policy) -> Verdict {
    let mut verdict = Verdict::Go;
    for rule in rules {
        verdict = verdict.and(rule.ask(scene, message, policy));
        if matches!(verdict, Verdict::No(_)) {
            break;
        }
    }
    verdict
}

/// Every rule with what it saw and says; [`eligible`] is their sum.
pub fn explain_eligibility(
    scene: &Scene<'_>,
    message: &MessageFacts<'_>,
    policy: &Policy,
) -> Vec<RuleChecked> {
    let checked = Rule::ALL.into_iter().map(|rule| RuleChecked {
        rule,
        saw: rule.saw(scene, message, policy),
        verdict: rule.ask(scene, message, policy),
    });
    checked.collect()
}
