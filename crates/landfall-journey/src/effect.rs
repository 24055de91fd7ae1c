//! What a run wants done. Whoever drives the run does it in the transaction that stores the run.

use std::collections::BTreeMap;
use std::sync::Arc;

use landfall_domain::channel::Channel;
use landfall_domain::content::Content;
use landfall_domain::credit::Credit;
use landfall_domain::ids::SegmentId;
use landfall_domain::message::MessageRef;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use landfall_domain::work::{Rules, SendTo};
use serde_json::Value;

use crate::span::Span;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Make a delivery; exactly one for each message step that a person reaches, and for each channel that
    /// a reach step comes to.
    Send(Box<Send>),
    /// Take back a delivery, if nobody has begun to hand it over. What comes of it is told to the run as a
    /// mark: *undeliverable* when it was taken back, whatever else when it had left.
    Cancel {
        /// Which.
        delivery_id: String,
    },
    /// Set attributes of the person; null removes.
    SetAttributes(BTreeMap<String, Value>),
    /// Track an event for the person.
    Emit {
        /// Its name.
        name: String,
        /// Its data.
        data: Value,
    },
    /// Change a manual segment.
    EditSegment {
        /// Which.
        segment: SegmentId,
        /// `true`: the person is added; `false`: removed.
        add: bool,
    },
    /// Credit a delivery with the goal, or take some of it back.
    Convert(Convert),
}

/// A delivery to make.
#[derive(Clone, Debug, PartialEq)]
pub struct Send {
    /// Its id: derived, so that doing it twice makes it once.
    pub delivery_id: String,
    /// Journey, step, variant and channel.
    pub message: MessageRef,
    /// The step's slug; a channel of a reach step as `step/channel`.
    pub step: String,
    /// The name by the convention, `journey | step | delay | intent`.
    pub name: String,
    /// What it says, with templates in it.
    pub content: Arc<Content>,
    /// Over which channel.
    pub channel: Channel,
    /// To which devices or addresses.
    pub to: SendTo,
    /// How long it is of use after it is due.
    pub ttl: Span,
    /// Data for the templates: the members of the event that started the run, and `failure` when a message of
    /// the run failed before.
    pub data: Value,
    /// What the message says about the rules of sending, for when it is handed over.
    pub rules: Rules,
    /// What the rules said.
    pub ruling: Ruling,
}

/// What the rules said about a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It may go.
    Go,
    /// It may go then; quiet hours or a cap hold it.
    Held {
        /// The earliest moment.
        until: Timestamp,
        /// What holds it.
        reason: Reason,
    },
    /// It waits for a human.
    Draft,
    /// It is made only to say why it does not go.
    Refused(Reason),
}

/// A delivery's part of a conversion.
#[derive(Clone, Debug, PartialEq)]
pub struct Convert {
    /// Which delivery.
    pub delivery_id: String,
    /// The step's slug.
    pub step: String,
    /// Journey, step, variant and channel.
    pub message: MessageRef,
    /// The whole conversion's value in millionths, negative for a refund; `None`: the goal has none.
    pub value_micros: Option<i64>,
    /// What the delivery gets: goal or refund, when, and its shares.
    pub credit: Credit,
}
