//! The filter grammar: `and`, `or`, `not`, `segment`, `attribute` (app-api.md 4).

mod parse;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::ids::SegmentId;
use landfall_domain::person::Person;
use serde_json::{Value, json};

use crate::fields::field;

/// Deepest nesting of a filter. Deeper ones are refused: no question that people ask needs more.
pub const DEPTH_MAX: usize = 32;
/// Most conditions and connectives in one filter.
pub const NODES_MAX: usize = 1_000;

/// A condition on a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of these hold. An empty list is refused when parsing.
    And(Vec<Filter>),
    /// At least one of these holds. An empty list is refused when parsing.
    Or(Vec<Filter>),
    /// This does not hold.
    Not(Box<Filter>),
    /// The person is in this segment.
    Segment(SegmentId),
    /// Something about one of the person's fields ([`crate::field`]).
    Attribute {
        /// The field's name.
        field: String,
        /// What must be true of it.
        test: Test,
    },
}

/// What must be true of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Its string form equals this text; e-mail addresses are compared without regard to case.
    Equals(String),
    /// The person has the field.
    Exists,
}

/// Tells who is in which segment.
pub trait SegmentMembership {
    /// Whether the person is in the segment; `false` for segments that do not exist.
    fn is_member(&self, person: &Person, segment: SegmentId) -> bool;
}

/// Membership as it is written on the person: all that manual segments need.
#[derive(Clone, Copy, Debug, Default)]
pub struct ManualSegments;

impl SegmentMembership for ManualSegments {
    fn is_member(&self, person: &Person, segment: SegmentId) -> bool {
        person.segments.contains(&segment)
    }
}

/// Why a text is not a filter. Every message names the place in the filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Something of another kind belongs here.
    #[error("{path}: {expected} belongs here")]
    Expected {
        /// Where, such as `filter.and[1].attribute`.
        path: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A key that the grammar does not know.
    #[error("{path}: unknown key `{key}`; known here: {known}")]
    UnknownKey {
        /// Where.
        path: String,
        /// The key.
        key: String,
        /// What would be understood.
        known: &'static str,
    },
    /// An operator that does not exist.
    #[error("{path}: unknown operator `{operator}`; known: eq, exists")]
    UnknownOperator {
        /// Where.
        path: String,
        /// The operator.
        operator: String,
    },
    /// Nested too deeply.
    #[error("the filter is nested more than {DEPTH_MAX} levels deep: flatten it")]
    TooDeep,
    /// Too many parts.
    #[error("the filter has more than {NODES_MAX} conditions: use a segment instead")]
    TooLarge,
}

/// A group of people that everybody who passes the filter belongs to: where a search may look
/// instead of looking at everybody. The filter must still be asked about each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Narrowing {
    /// The holder of this identifier, if anybody.
    Holder(Identifier),
    /// The members of this segment.
    Members(SegmentId),
}

impl Filter {
    /// Reads a filter from JSON; `root` is what error messages call it.
    ///
    /// # Errors
    /// When it does not follow the grammar, or is too deep or too large.
    pub fn parse(value: &Value, root: &str) -> Result<Self, FilterError> {
        parse::parse(value, root)
    }

    /// The filter as JSON; parses back to itself.
    pub fn to_json(&self) -> Value {
        let list = |filters: &[Self]| filters.iter().map(Self::to_json).collect::<Vec<_>>();
        match self {
            Self::And(filters) => json!({ "and": list(filters) }),
            Self::Or(filters) => json!({ "or": list(filters) }),
            Self::Not(filter) => json!({ "not": filter.to_json() }),
            Self::Segment(id) => json!({ "segment": { "id": id } }),
            Self::Attribute {
                field,
                test: Test::Exists,
            } => {
                json!({ "attribute": { "field": field, "operator": "exists" } })
            }
            Self::Attribute {
                field,
                test: Test::Equals(value),
            } => {
                json!({ "attribute": { "field": field, "operator": "eq", "value": value } })
            }
        }
    }

    /// Whether the person passes.
    pub fn matches(&self, person: &Person, segments: &dyn SegmentMembership) -> bool {
        match self {
            Self::And(filters) => filters
                .iter()
                .all(|filter| filter.matches(person, segments)),
            Self::Or(filters) => filters
                .iter()
                .any(|filter| filter.matches(person, segments)),
            Self::Not(filter) => !filter.matches(person, segments),
            Self::Segment(id) => segments.is_member(person, *id),
            Self::Attribute { field: name, test } => {
                field(person, name).is_some_and(|value| test.holds(name, &value))
            }
        }
    }

    /// Every segment that the filter mentions, in order of appearance.
    pub fn segments(&self) -> Vec<SegmentId> {
        match self {
            Self::And(filters) | Self::Or(filters) => {
                filters.iter().flat_map(Self::segments).collect()
            }
            Self::Not(filter) => filter.segments(),
            Self::Segment(id) => vec![*id],
            Self::Attribute { .. } => Vec::new(),
        }
    }

    /// The smallest group that is known to hold everybody who passes; `None`: anybody may pass.
    pub fn narrowing(&self) -> Option<Narrowing> {
        match self {
            Self::And(filters) => {
                let all: Vec<Narrowing> = filters.iter().filter_map(Self::narrowing).collect();
                let holder = |narrowing: &&Narrowing| matches!(narrowing, Narrowing::Holder(_));
                all.iter().find(holder).or_else(|| all.first()).cloned()
            }
            Self::Or(filters) => match filters.as_slice() {
                [only] => only.narrowing(),
                _ => None,
            },
            Self::Not(_) => None,
            Self::Segment(id) => Some(Narrowing::Members(*id)),
            Self::Attribute {
                field,
                test: Test::Equals(value),
            } => {
                let kind = match field.as_str() {
                    "id" => IdentifierKind::Id,
                    "email" => IdentifierKind::Email,
                    "phone" => IdentifierKind::Phone,
                    "cio_id" => IdentifierKind::CioId,
                    _ => return None,
                };
                Identifier::new(kind, value).map(Narrowing::Holder)
            }
            Self::Attribute { .. } => None,
        }
    }
}

impl Test {
    fn holds(&self, field: &str, value: &str) -> bool {
        match self {
            Self::Exists => true,
            Self::Equals(wanted) => value == folded(field, wanted),
        }
    }
}

/// Addresses are stored in lower case.
fn folded<'w>(field: &str, wanted: &'w str) -> Cow<'w, str> {
    if field == "email" {
        Cow::Owned(wanted.trim().to_lowercase())
    } else {
        Cow::Borrowed(wanted)
    }
}

impl serde::Serialize for Filter {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Filter {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::parse(&value, "filter").map_err(serde::de::Error::custom)
    }
}
