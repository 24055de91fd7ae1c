//! Journeys as files: what a definition says, read with every fault that it has, and written back.
//!
//! The form is described in `docs/concepts/journeys.md`; its JSON schema is `journeys/schema.json`.

mod message;
mod read;
mod read_message;
mod read_qa;
mod read_settings;
mod read_step;
mod read_trigger;
mod settings;
mod step;
#[cfg(test)]
mod tests;
mod trigger;
mod write;

use landfall_audience::definition::{Fault, Place, read as read_place, read_text};
use serde_json::Value;

pub use message::{Message, MessageNaming, PolicyOverride, Reach, ReachChannel, Sending};
pub use read_settings::GOAL_WINDOW_MAX;
pub use read_step::DELAY_MAX;
pub use settings::{
    Alert, Basis, CurrencyFrom, Entry, Exit, ExitEvent, Expectation, Frequency, Goal, GoalOn,
    Naming, Profile, ProfileDevice, QaCase, QaHappening, QaInput, Refund, ValueFrom,
};
pub use step::{
    Branch, Change, Delay, DelayBy, DelayUntil, Kind, OnLimit, Path, SegmentEdit, Share, Step,
    WaitUntil, Window, Zone,
};
pub use trigger::{
    DateTrigger, Interest, PriceDrop, ProductTrigger, Repeat, Schedule, Trigger, Unknown,
    WebhookTrigger,
};

use read::{maybe, must, slug, text};

/// A journey as its file says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Its slug, for good: versions, numbers and statistics hang on it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whom to ask about it.
    pub owner: Option<String>,
    /// What it is for, in a sentence or two.
    pub description: Option<String>,
    /// What starts a run.
    pub trigger: Trigger,
    /// Who may enter, and how often.
    pub entry: Entry,
    /// When a run ends before its last step.
    pub exit: Exit,
    /// What the journey is for.
    pub goal: Option<Goal>,
    /// Quiet hours, caps and duplicates that differ from the workspace's.
    pub policy: Option<PolicyOverride>,
    /// The subscription topic of its messages.
    pub topic: Option<String>,
    /// How its messages are named.
    pub naming: Naming,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Test profiles.
    pub qa: Vec<QaCase>,
    /// When whom to tell that deliveries drop.
    pub alert: Option<Alert>,
}

const KEYS: [&str; 15] = [
    "$schema",
    "id",
    "name",
    "owner",
    "description",
    "trigger",
    "entry",
    "exit",
    "goal",
    "policy",
    "topic",
    "naming",
    "steps",
    "qa",
    "alert",
];

impl Definition {
    /// Reads a definition.
    ///
    /// # Errors
    /// Everything that is wrong with its form, each with its place and what to do about it. Whether the
    /// steps make sense together is found by [`crate::Plan::compile`].
    pub fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        read_place(value, "", Self::parse)
    }

    /// Reads a definition from the text of a file.
    ///
    /// # Errors
    /// When the text is not JSON, and as [`Definition::from_json`].
    pub fn from_text(text: &str) -> Result<Self, Vec<Fault>> {
        read_text(text, "", Self::parse)
    }

    /// The journey's part of the names of its messages.
    pub fn naming_part(&self) -> &str {
        self.naming.journey.as_deref().unwrap_or(&self.name)
    }

    fn parse(place: &Place<'_>) -> Option<Self> {
        let object = place.object(&KEYS)?;
        let id = must(&object, "id", slug);
        let name = must(&object, "name", read_message::part);
        let owner = maybe(&object, "owner", text);
        let description = maybe(&object, "description", text);
        let trigger = must(&object, "trigger", read_trigger::trigger);
        let entry = maybe(&object, "entry", read_settings::entry);
        let exit = maybe(&object, "exit", read_settings::exit);
        let goal = maybe(&object, "goal", read_settings::goal);
        let policy = maybe(&object, "policy", PolicyOverride::parse);
        let topic = maybe(&object, "topic", text);
        let naming = maybe(&object, "naming", read_settings::naming);
        let steps = must(&object, "steps", read_step::steps);
        let qa = maybe(&object, "qa", read_qa::cases);
        let alert = maybe(&object, "alert", read_settings::alert);
        Some(Self {
            id: id?,
            name: name?,
            owner: owner?,
            description: description?,
            trigger: trigger?,
            entry: entry?.unwrap_or_default(),
            exit: exit?.unwrap_or_default(),
            goal: goal?,
            policy: policy?,
            topic: topic?,
            naming: naming?.unwrap_or_default(),
            steps: steps?,
            qa: qa?.unwrap_or_default(),
            alert: alert?,
        })
    }
}
