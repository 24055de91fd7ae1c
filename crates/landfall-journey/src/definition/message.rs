//! Messages of a journey: what they say, when they may go, and the channels of a reach step.

use landfall_audience::definition::Place;
use landfall_audience::{Condition, Policy};
use landfall_domain::content::Content;
use landfall_domain::naming::MessageName;
use landfall_domain::work::SendTo;
use serde_json::Value;

use crate::reach::Limits;
use crate::span::Span;

/// Whether a message leaves by itself (semantics.md 6.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sending {
    /// It does.
    #[default]
    Automatic,
    /// It waits until a human releases it.
    Draft,
    /// It does not; people pass by.
    Off,
}

impl Sending {
    /// Every state with its name.
    pub const NAMES: [(Self, &'static str); 3] = [
        (Self::Automatic, "automatic"),
        (Self::Draft, "draft"),
        (Self::Off, "off"),
    ];

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Draft => "draft",
            Self::Off => "off",
        }
    }
}

/// The parts of a message's name beside the journey's: `journey | step | delay | intent`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageNaming {
    /// The step, such as `Push 1`.
    pub step: String,
    /// How long after the trigger or the step before, such as `1h`.
    pub delay: String,
    /// What the message wants, such as `Remind`.
    pub intent: String,
}

impl MessageNaming {
    /// The whole name.
    pub fn display(&self, journey: &str) -> MessageName {
        MessageName::new([journey, &self.step, &self.delay, &self.intent])
    }
}

/// Quiet hours, caps and duplicates that differ from the workspace's, part by part.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyOverride(Value);

impl PolicyOverride {
    /// Reads the parts; faults are reported to the place.
    pub fn parse(place: &Place<'_>) -> Option<Self> {
        Policy::parse(place, &Policy::default())?;
        Some(Self(place.value().clone()))
    }

    /// The policy that results over `base`.
    pub fn over(&self, base: &Policy) -> Policy {
        base.overridden(&self.0)
    }

    /// What a message's parts make of the journey's, in the form in which they are written; null: neither
    /// says anything.
    pub fn joined(journey: Option<&Self>, message: Option<&Self>) -> Value {
        match (journey, message) {
            (None, None) => Value::Null,
            (Some(one), None) | (None, Some(one)) => one.0.clone(),
            (Some(journey), Some(message)) => {
                let both = [&journey.0, &message.0].into_iter();
                let parts = both.filter_map(Value::as_object).flatten();
                Value::Object(
                    parts
                        .map(|(key, part)| (key.clone(), part.clone()))
                        .collect(),
                )
            }
        }
    }

    /// As the definition writes it.
    pub const fn json(&self) -> &Value {
        &self.0
    }
}

/// A message over one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// What it says.
    pub content: Content,
    /// Who gets it; whoever does not meet it passes by, which its delivery says
    /// ([`landfall_domain::reason::Reason::ConditionUnmet`]).
    pub when: Option<Condition>,
    /// How long it is of use after it is due.
    pub ttl: Span,
    /// Whether it leaves by itself.
    pub sending: Sending,
    /// To which devices.
    pub to: SendTo,
    /// Quiet hours, caps and consent that differ from the journey's.
    pub policy: Option<PolicyOverride>,
    /// Its name.
    pub name: MessageNaming,
}

/// A channel of a reach step.
#[derive(Clone, Debug, PartialEq)]
pub struct ReachChannel {
    /// Its slug within the step; the channel's name unless the definition says otherwise.
    pub id: String,
    /// What it says.
    pub message: Message,
    /// When the next channel has its turn although this one's message left.
    pub limits: Limits,
    /// Whether the person must have opted in to the channel; otherwise it is enough not to have opted out.
    pub needs_opt_in: bool,
    /// What one message costs, in millionths of the workspace's currency: for forecasts.
    pub cost_micros: u64,
}

/// One intent over several channels (semantics.md 6.10).
#[derive(Clone, Debug, PartialEq)]
pub struct Reach {
    /// In order.
    pub channels: Vec<ReachChannel>,
    /// Whether a channel may follow one that is known to have been seen.
    pub allow_second_exposure: bool,
}
