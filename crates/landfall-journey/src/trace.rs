//! Why a run went the way it went: one line for each check.

use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One check with what it saw and what it found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// The step's slug; `None`: the journey as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What was looked at: a word of [`Check`].
    pub check: Check,
    /// What it saw.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub input: Value,
    /// What it found.
    pub verdict: String,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Whether the trigger's event has the right data.
    Trigger,
    /// Whether the person may start once more.
    Frequency,
    /// Whether the person passes the filter.
    Filter,
    /// What happened to the run.
    Stimulus,
    /// How long a delay or window lasts.
    Time,
    /// Whether a condition of a step holds.
    Condition,
    /// Which way chance takes.
    Chance,
    /// Whether a message may go.
    Eligibility,
    /// What a reach step does next.
    Reach,
    /// What an action does.
    Action,
    /// Whether the goal is met, and who gets the credit.
    Goal,
    /// Why the run ends.
    Exit,
}

/// The lines of one call, in order. The same inputs give the same lines, byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trace {
    /// The lines.
    pub lines: Vec<Line>,
}
