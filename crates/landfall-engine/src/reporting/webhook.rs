//! A place that is reported to.

use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::ReportingError;
use super::names;

/// Longest name in characters (app-api.md 11).
const NAME_CHARS_MAX: usize = 190;

/// What the owner of a webhook decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// What it is called.
    pub name: String,
    /// Where events are posted to.
    pub endpoint: String,
    /// Which events, as `<object>_<metric>`.
    pub events: Vec<String>,
    /// Whether nothing is posted. What happens meanwhile is not posted later either.
    #[serde(default)]
    pub disabled: bool,
    /// Whether every open and click is told, and not only the first of each message.
    #[serde(default)]
    pub full_resolution: bool,
    /// Whether *sent* brings the content.
    #[serde(default)]
    pub with_content: bool,
}

/// A webhook as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// What its owner decided.
    #[serde(flatten)]
    pub settings: Settings,
    /// The key that its requests are signed with, sealed.
    pub(super) sealed_key: String,
    /// Number of the last fact that is dealt with.
    pub cursor: u64,
    /// Counts changes, so that whoever posts notices them.
    pub(super) version: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Settings {
    /// Checks and tidies what came from outside; addresses are the poster's to check.
    ///
    /// # Errors
    /// [`ReportingError::Invalid`]: which field, and what is wrong with it.
    pub(super) fn checked(mut self) -> Result<Self, ReportingError> {
        self.name = self.name.trim().to_owned();
        if self.name.is_empty() {
            return Err(invalid("name", "give a name"));
        }
        if self.name.chars().count() > NAME_CHARS_MAX {
            let detail = format!("at most {NAME_CHARS_MAX} characters");
            return Err(invalid("name", &detail));
        }
        let unknown: Vec<&str> = self
            .events
            .iter()
            .map(String::as_str)
            .filter(|event| !names::all().any(|known| known == *event))
            .collect();
        if !unknown.is_empty() {
            let listed = unknown.join("`, `");
            let detail = format!("`{listed}` is no event; events are called like `push_sent`");
            return Err(invalid("events", &detail));
        }
        if self.events.is_empty() {
            return Err(invalid("events", "name at least one, such as `push_sent`"));
        }
        let mut seen = std::collections::BTreeSet::new();
        self.events.retain(|event| seen.insert(event.clone()));
        self.endpoint = self.endpoint.trim().to_owned();
        Ok(self)
    }

    /// Whether an event is told here.
    pub(super) fn wants(&self, event: &super::payload::Event) -> bool {
        self.events.contains(&event.name) && (self.full_resolution || !event.repeated)
    }
}

fn invalid(field: &'static str, problem: &str) -> ReportingError {
    ReportingError::Invalid {
        field,
        problem: problem.to_owned(),
    }
}
