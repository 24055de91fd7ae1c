//! What a definition says beside trigger and steps: entry, exit, goal, QA, alert, naming.

use std::collections::BTreeMap;

use landfall_audience::{Condition, EventFilter};
use landfall_domain::channel::{Channel, Platform};
use landfall_domain::ids::SegmentId;
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use landfall_domain::run::RunState;
use landfall_domain::time::Timestamp;
use serde_json::Value;

use crate::span::Span;

/// How often a person may start the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// Once in a life.
    Once,
    /// At each trigger.
    EveryTime,
    /// Not again before this has passed since the last start.
    AtMostEvery(Span),
    /// At each trigger while no run of the person is under way.
    NotWhileIn,
}

/// Who may enter.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// How often; [`Frequency::NotWhileIn`] when the definition does not say.
    pub frequency: Frequency,
    /// What the person must be. After an event there are 30 minutes in which a person may still come to
    /// match (semantics.md 6.1).
    pub filter: Option<Condition>,
}

/// When a run ends before its last step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exit {
    /// When the goal is met.
    pub on_goal: bool,
    /// When trigger segment or filter no longer hold. Looked at before each message, delay and window that
    /// follows a wait (semantics.md 6.1).
    pub when_no_longer_matching: bool,
    /// On any of these.
    pub on: Vec<ExitEvent>,
}

/// An event that ends a run.
#[derive(Clone, Debug, PartialEq)]
pub struct ExitEvent {
    /// Which.
    pub event: EventFilter,
    /// A path that must hold the same value in this event and in the one that started the run, such as
    /// `cart_id`.
    pub same: Option<String>,
}

/// After what a conversion may be credited to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// After it was delivered.
    Delivered,
    /// After it was opened.
    Opened,
    /// After a link in it was clicked.
    Clicked,
}

/// What meets a goal: exactly one thing (semantics.md 3.3).
#[derive(Clone, Debug, PartialEq)]
pub enum GoalOn {
    /// The person does something.
    Event(EventFilter),
    /// The person enters a segment.
    SegmentEntered(SegmentId),
    /// The person leaves a segment.
    SegmentLeft(SegmentId),
}

/// Path of an amount in the goal event's data.
pub type ValueFrom = String;

/// Where the currency comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CurrencyFrom {
    /// It is always this one (ISO 4217).
    Is(String),
    /// A path in the goal event's data.
    Path(String),
}

/// An event that takes revenue back.
#[derive(Clone, Debug, PartialEq)]
pub struct Refund {
    /// Which.
    pub event: EventFilter,
    /// Path of the amount in it; `None`: all of it.
    pub value: Option<ValueFrom>,
    /// A path that must hold the same value in the refund and in the goal event, such as `order_id`.
    pub same: String,
}

/// What the journey is for.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// What meets it.
    pub on: GoalOn,
    /// How long after the touch it counts; at most 90 days.
    pub within: Span,
    /// What counts as a touch.
    pub basis: Basis,
    /// What it is worth.
    pub value: Option<ValueFrom>,
    /// In which currency.
    pub currency: Option<CurrencyFrom>,
    /// What takes it back.
    pub refund: Option<Refund>,
}

/// How the journey's messages are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    /// The journey's part of the names; `None`: its name.
    pub journey: Option<String>,
    /// Names that the journey had before: reports and filters still find it under them.
    pub aliases: Vec<String>,
}

/// When whom to tell that deliveries drop.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Whom, such as `slack:#retention` or `mail:crm@shop.example`.
    pub to: Vec<String>,
    /// By how much, in percent of what is usual.
    pub drop_percent: f64,
    /// Looked at over this span.
    pub window: Span,
    /// Not with fewer messages than this.
    pub least: u32,
}

/// A device of a test profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileDevice {
    /// Platform.
    pub platform: Platform,
    /// Whether it may show notifications; `None`: it never said.
    pub permission: Option<bool>,
    /// How long ago it was last used.
    pub last_used: Span,
    /// Whether its app reports receipts.
    pub receipts: bool,
}

/// A test person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Attributes, `id`, `email` and `phone` among them.
    pub attributes: BTreeMap<String, Value>,
    /// Devices.
    pub devices: Vec<ProfileDevice>,
    /// Choices by channel.
    pub channels: BTreeMap<Channel, bool>,
    /// Choices by topic.
    pub topics: BTreeMap<String, bool>,
    /// The global switch.
    pub unsubscribed: bool,
    /// The person was a visitor first, and is merged after the first input.
    pub merged_from_anonymous: bool,
}

/// What happens to a test person.
#[derive(Clone, Debug, PartialEq)]
pub struct QaInput {
    /// How long after the start.
    pub after: Span,
    /// What.
    pub what: QaHappening,
}

impl Profile {
    /// A value of a test person as it is when the test starts: `{"ago": "59d"}` is a moment before the
    /// start, in seconds since 1970, and `{"ahead": "1d"}` one after it.
    pub fn at_start(value: &Value, start: Timestamp) -> Value {
        let relative = value.as_object().filter(|object| object.len() == 1);
        let span = |key: &str| {
            let text = relative?.get(key)?.as_str()?;
            landfall_audience::definition::parse_duration(text)
        };
        match (span("ago"), span("ahead")) {
            (Some(ago), _) => start.plus_millis(-ago).seconds().into(),
            (_, Some(ahead)) => start.plus_millis(ahead).seconds().into(),
            _ => value.clone(),
        }
    }
}

/// One thing that happens to a test person.
#[derive(Clone, Debug, PartialEq)]
pub enum QaHappening {
    /// An event.
    Event {
        /// Its name.
        name: String,
        /// Its data.
        data: Value,
    },
    /// Attributes change.
    Attributes(BTreeMap<String, Value>),
    /// A receipt of a message of the journey.
    Receipt {
        /// Which step.
        step: String,
        /// What.
        mark: Mark,
    },
    /// From now on a provider answers so.
    Provider {
        /// Over which channel.
        channel: Channel,
        /// What it says.
        reason: Reason,
    },
}

/// What must have come of a step or of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// A message step ended so; `None` as mark: nobody reached it.
    Step {
        /// Which; a channel of a reach step as `step/channel`.
        step: String,
        /// The mark that its delivery has.
        mark: Option<Mark>,
        /// The reason that its delivery has.
        reason: Option<Reason>,
    },
    /// The run stands so.
    Run(RunState),
    /// The person did not enter.
    NotEntered,
}

/// A test person with what happens and what must come of it.
#[derive(Clone, Debug, PartialEq)]
pub struct QaCase {
    /// Its name, such as `Android with permission off`.
    pub name: String,
    /// The person.
    pub profile: Profile,
    /// What happens, in order of time.
    pub inputs: Vec<QaInput>,
    /// What must have come of it at the end.
    pub expect: Vec<Expectation>,
}
