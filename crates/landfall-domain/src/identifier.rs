//! The names by which the outside world knows a person.

use serde::{Deserialize, Serialize};

use crate::channel::names;
use crate::ids::PersonKey;

names!(
    /// The kinds of identifier, in the order in which a lookup prefers them.
    IdentifierKind {
        /// The internal id, which never changes.
        CioId = "cio_id",
        /// The application's own id.
        Id = "id",
        /// An e-mail address, compared without regard to case.
        Email = "email",
        /// A phone number in E.164.
        Phone = "phone",
        /// An id that a device or browser made up before login.
        Anonymous = "anonymous_id",
    }
);

/// One identifier. Values are never empty; e-mail addresses are lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identifier {
    kind: IdentifierKind,
    value: String,
}

impl Identifier {
    /// An identifier of `kind`, or `None` for a blank value. Trims blanks; folds e-mail case
    /// (semantics.md 4.1).
    pub fn new(kind: IdentifierKind, value: &str) -> Option<Self> {
        let value = value.trim();
        if value.is_empty() {
            return None;
        }
        let value = match kind {
            IdentifierKind::Email => value.to_lowercase(),
            _ => value.to_owned(),
        };
        Some(Self { kind, value })
    }

    /// What kind of name this is.
    pub const fn kind(&self) -> IdentifierKind {
        self.kind
    }

    /// The name itself.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Who holds an identifier. An identifier without a holder is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holder {
    /// This person (or visitor, for an anonymous id).
    Person(PersonKey),
    /// Nobody may: the profile was deleted and blocked (semantics.md 4.4).
    Suppressed,
}
