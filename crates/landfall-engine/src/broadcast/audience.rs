//! To whom a broadcast goes (app-api.md 6.1).

use landfall_audience::Filter;
use landfall_domain::identifier::Identifier;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The forms of an audience.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody who passes a filter.
    Filter(Filter),
    /// Everybody who is known.
    Everybody,
    /// These people, in order.
    People {
        /// Whom, with data of their own.
        people: Vec<PersonalData>,
        /// Whether somebody who is not known is passed over without complaint.
        ignore_missing: bool,
        /// Whether somebody who is named twice gets it twice.
        duplicates: bool,
    },
}

/// A recipient with data of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PersonalData {
    /// Whom.
    pub who: Identifier,
    /// Data for this person's templates: added to everybody's.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
}
