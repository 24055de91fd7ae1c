//! What is known of registration tokens and installation ids.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::{Refusal, Row};

/// The state of a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Lives,
    Gone,
    Elsewhere,
}

#[derive(Debug)]
pub(super) struct Registry {
    only_known: bool,
    known: RwLock<HashMap<String, Life>>,
}

impl Registry {
    pub(super) fn new(only_known: bool) -> Self {
        Self {
            only_known,
            known: RwLock::default(),
        }
    }

    pub(super) fn set(&self, recipient: &str, life: Life) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(recipient.to_owned(), life);
    }

    /// What FCM says of a recipient.
    pub(super) fn check(&self, recipient: &str) -> Result<(), Refusal> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        match known.get(recipient) {
            Some(Life::Lives) => Ok(()),
            Some(Life::Gone) => Err(Row::Unregistered.into()),
            Some(Life::Elsewhere) => Err(Row::SenderIdMismatch.into()),
            None if self.only_known => Err(Row::InvalidToken.into()),
            None => Ok(()),
        }
    }
}
