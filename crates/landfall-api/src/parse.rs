//! From JSON to typed inputs. Pure: no HTTP, no clock; the doors and the import share it.

pub mod attributes;
pub mod batch;
pub mod entity;
pub mod pipelines;
pub mod send;
pub mod time;
pub mod track;
pub mod trigger;
pub mod webhooks;

#[cfg(test)]
mod tests;

use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::limits::IDENTIFIER_BYTES_MAX;
use serde_json::{Map, Value};

/// Why something cannot be taken: a stable reason, the field, and words for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// `required`, `invalid`, `too_long`, `too_large`, `unknown`, `malformed`, `unauthorized`, ...
    pub reason: &'static str,
    /// Dotted path of the field, empty for the whole.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// Status that the caller gets where problems are shown.
    pub status: u16,
}

impl Problem {
    /// A problem with a field, answered with 400.
    pub fn new(reason: &'static str, field: &str, message: impl Into<String>) -> Self {
        Self {
            reason,
            field: field.to_owned(),
            message: message.into(),
            status: 400,
        }
    }

    /// A field that must be there.
    pub fn required(field: &str) -> Self {
        Self::new("required", field, format!("{field} is required"))
    }

    /// A value that cannot be.
    pub fn invalid(field: &str, why: &str) -> Self {
        Self::new("invalid", field, format!("{field} {why}"))
    }

    /// The same problem below another field.
    #[must_use]
    pub fn under(mut self, parent: &str) -> Self {
        self.field = if self.field.is_empty() {
            parent.to_owned()
        } else {
            format!("{parent}.{}", self.field)
        };
        self
    }

    /// The same problem with another status.
    #[must_use]
    pub const fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

/// What a parser gives.
pub type Parsed<T> = Result<T, Problem>;

/// The value as an object.
pub fn object<'v>(value: &'v Value, field: &str) -> Parsed<&'v Map<String, Value>> {
    value
        .as_object()
        .ok_or_else(|| Problem::invalid(field, "must be an object"))
}

/// A field as text: numbers are written out; null and blanks count as absent.
pub fn text(map: &Map<String, Value>, field: &str) -> Parsed<Option<String>> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(Problem::invalid(field, "must be a string")),
    }
}

/// A field as text that must be there and is at most `max` bytes long.
pub fn required_text(map: &Map<String, Value>, field: &str, max: usize) -> Parsed<String> {
    let text = text(map, field)?.ok_or_else(|| Problem::required(field))?;
    short(&text, field, max)?;
    Ok(text)
}

/// Refuses text longer than `max` bytes.
pub fn short(text: &str, field: &str, max: usize) -> Parsed<()> {
    if text.len() > max {
        let message = format!("{field} cannot be longer than {max} bytes");
        return Err(Problem::new("too_long", field, message));
    }
    Ok(())
}

/// An identifier of `kind`, checked for length.
pub fn identifier(kind: IdentifierKind, value: &str) -> Parsed<Identifier> {
    short(value, kind.name(), IDENTIFIER_BYTES_MAX)?;
    Identifier::new(kind, value).ok_or_else(|| Problem::required(kind.name()))
}

/// Whom a segment of a Track path names: an internal id (`cio_...`), an e-mail address, or an id
/// (track-api.md 2).
pub fn path_identifier(segment: &str) -> Parsed<Identifier> {
    match segment.strip_prefix("cio_") {
        Some(cio_id) => identifier(IdentifierKind::CioId, cio_id),
        None if looks_like_email(segment) => identifier(IdentifierKind::Email, segment),
        None => identifier(IdentifierKind::Id, segment),
    }
}

/// Exactly one of `id`, `email`, `phone`, `cio_id` in an object.
pub fn one_identifier(map: &Map<String, Value>) -> Parsed<Identifier> {
    let kinds = [
        IdentifierKind::Id,
        IdentifierKind::Email,
        IdentifierKind::Phone,
        IdentifierKind::CioId,
    ];
    let mut found = Vec::new();
    for kind in kinds {
        if let Some(value) = text(map, kind.name())? {
            found.push(identifier(kind, &value)?);
        }
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Problem::new(
            "required",
            "",
            "one of id, email, phone or cio_id is required",
        )),
        _ => Err(Problem::new(
            "invalid",
            "",
            "give only one of id, email, phone and cio_id",
        )),
    }
}

fn looks_like_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        let dotted = domain
            .split_once('.')
            .is_some_and(|(a, b)| !a.is_empty() && !b.is_empty());
        let plain = |c: char| !c.is_whitespace() && c != '@' && c != '/';
        !local.is_empty() && dotted && local.chars().all(plain) && domain.chars().all(plain)
    })
}
