//! What is known of recipients beside their names.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// Named facts of recipients, such as `person` and `app_version`, by which rules choose. Copies share
/// what they hold.
#[derive(Clone, Debug, Default)]
pub struct Facts(Arc<RwLock<HashMap<String, BTreeMap<String, String>>>>);

impl Facts {
    /// Notes a fact of a recipient in place of what was noted under that name.
    pub fn set(
        &self,
        recipient: impl Into<String>,
        name: impl Into<String>,
        value: impl Into<String>,
    ) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.entry(recipient.into())
            .or_default()
            .insert(name.into(), value.into());
    }

    /// Forgets a recipient, such as a token that was rotated away.
    pub fn remove(&self, recipient: &str) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.remove(recipient);
    }

    /// Whether a recipient has this fact with this value.
    pub fn hold(&self, recipient: &str, name: &str, value: &str) -> bool {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.get(recipient)
            .and_then(|facts| facts.get(name))
            .is_some_and(|known| known == value)
    }
}
