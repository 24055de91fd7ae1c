//! One incident: open, acknowledged, snoozed, resolved; with a timeline.

use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Finding;

/// Where an incident is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Nobody has taken it.
    Open,
    /// Somebody works on it: no more messages unless it gets much worse.
    Acknowledged {
        /// Who.
        by: String,
    },
    /// It is known and may wait: no messages until then.
    Snoozed {
        /// Who said so.
        by: String,
        /// Until when.
        until: Timestamp,
    },
    /// It is over.
    Resolved {
        /// Who said so; `None` when the figures did.
        by: Option<String>,
        /// Since when.
        at: Timestamp,
    },
}

/// What somebody does with an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Work on it.
    Acknowledge,
    /// Let it wait.
    Snooze {
        /// Until when.
        until: Timestamp,
    },
    /// Declare it over.
    Resolve,
    /// Add a word to the timeline.
    Note {
        /// The word.
        text: String,
    },
}

/// Why an action is not possible.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IncidentError {
    /// It is over.
    #[error("incident {id} is resolved already; when the trouble comes back, it opens by itself")]
    IsResolved {
        /// Which.
        id: String,
    },
    /// Snoozed into the past.
    #[error("an incident can only be snoozed until a later time than now")]
    UntilThePast,
}

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who; `None` for what happened by itself.
    pub by: Option<String>,
    /// What.
    pub text: String,
}

/// An incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: String,
    /// What was found last.
    pub finding: Finding,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When a signal was seen last.
    pub seen_at: Timestamp,
    /// Where it is.
    #[serde(flatten)]
    pub state: State,
    /// Size at the last message: hits missing for each case of the head, which does not grow by itself.
    pub told_size: f64,
    /// What happened to it, oldest first.
    pub timeline: Vec<Entry>,
}

impl Incident {
    /// Opens an incident.
    pub fn open(id: String, finding: Finding, now: Timestamp) -> Self {
        let mut incident = Self {
            id,
            told_size: finding.head.density(),
            finding,
            opened_at: now,
            seen_at: now,
            state: State::Open,
            timeline: Vec::new(),
        };
        let head = &incident.finding.head;
        let text = format!("opened: {} of {}", head.metric.name(), head.slice.words());
        incident.note(now, None, text);
        incident
    }

    /// Whether it is not over.
    pub const fn is_live(&self) -> bool {
        !matches!(self.state, State::Resolved { .. })
    }

    /// Does what somebody wants.
    ///
    /// # Errors
    /// When it is over, or would be snoozed into the past.
    pub fn act(&mut self, action: Action, by: &str, now: Timestamp) -> Result<(), IncidentError> {
        if let Action::Note { text } = action {
            self.note(now, Some(by), text);
            return Ok(());
        }
        if !self.is_live() {
            return Err(IncidentError::IsResolved {
                id: self.id.clone(),
            });
        }
        let by_whom = by.to_owned();
        let text = match action {
            Action::Acknowledge => {
                self.state = State::Acknowledged { by: by_whom };
                "acknowledged"
            }
            Action::Snooze { until } if until <= now => return Err(IncidentError::UntilThePast),
            Action::Snooze { until } => {
                self.state = State::Snoozed { by: by_whom, until };
                "snoozed"
            }
            Action::Resolve | Action::Note { .. } => {
                self.state = State::Resolved {
                    by: Some(by_whom),
                    at: now,
                };
                "resolved"
            }
        };
        self.note(now, Some(by), text.to_owned());
        Ok(())
    }

    /// How large it is: the share of the cases that is missing.
    pub fn size(&self) -> f64 {
        self.finding.head.density()
    }

    pub(super) fn note(&mut self, at: Timestamp, by: Option<&str>, text: String) {
        self.timeline.push(Entry {
            at,
            by: by.map(str::to_owned),
            text,
        });
    }
}
