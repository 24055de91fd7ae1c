//! To whom a broadcast goes (app-api.md 6.1).

use landfall_audience::Filter;
use landfall_domain::identifier::{Identifier, IdentifierKind};
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
    /// Whoever stands in a file, one JSON object on each line, gzip or plain.
    File {
        /// Where it is.
        url: String,
        /// Whether somebody who is not known is passed over without complaint.
        ignore_missing: bool,
        /// Whether somebody who is named twice gets it twice.
        duplicates: bool,
    },
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

impl PersonalData {
    /// Reads `{"id" or "email" or ...: "...", "data": {...}}`.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn read(entry: &Value) -> Result<Self, String> {
        let entry = entry.as_object().ok_or("an object belongs here")?;
        let kinds = [
            IdentifierKind::Id,
            IdentifierKind::Email,
            IdentifierKind::Phone,
            IdentifierKind::CioId,
        ];
        let mut named = kinds.into_iter().filter_map(|kind| {
            let value = match entry.get(kind.name())? {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            Identifier::new(kind, &value)
        });
        let who = named
            .next()
            .ok_or("one of id, email, phone or cio_id is required")?;
        if named.next().is_some() {
            return Err("give only one of id, email, phone and cio_id".to_owned());
        }
        let data = match entry.get("data") {
            None | Some(Value::Null) => Value::Null,
            Some(data @ Value::Object(_)) => data.clone(),
            Some(_) => return Err("data must be an object".to_owned()),
        };
        Ok(Self { who, data })
    }
}
