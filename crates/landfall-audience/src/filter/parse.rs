//! JSON to filter, with errors that name the place.

use landfall_domain::ids::SegmentId;
use serde_json::{Map, Value};

use super::{DEPTH_MAX, Filter, FilterError, NODES_MAX, Test};
use crate::fields::text_of;

pub(super) fn parse(value: &Value, root: &str) -> Result<Filter, FilterError> {
    let mut nodes = 0;
    node(value, root, 1, &mut nodes)
}

fn node(value: &Value, path: &str, depth: usize, nodes: &mut usize) -> Result<Filter, FilterError> {
    *nodes += 1;
    if depth > DEPTH_MAX {
        return Err(FilterError::TooDeep);
    }
    if *nodes > NODES_MAX {
        return Err(FilterError::TooLarge);
    }
    let one_key = "an object with exactly one of and, or, not, segment, attribute";
    let (key, inner) = match object(value, path, one_key)?.iter().collect::<Vec<_>>()[..] {
        [entry] => entry,
        _ => return Err(expected(path, one_key)),
    };
    let here = format!("{path}.{key}");
    match key.as_str() {
        "and" => Ok(Filter::And(list(inner, &here, depth, nodes)?)),
        "or" => Ok(Filter::Or(list(inner, &here, depth, nodes)?)),
        "not" => Ok(Filter::Not(Box::new(node(inner, &here, depth + 1, nodes)?))),
        "segment" => segment(inner, &here),
        "attribute" => attribute(inner, &here),
        _ => Err(FilterError::UnknownKey {
            path: path.to_owned(),
            key: key.clone(),
            known: "and, or, not, segment, attribute",
        }),
    }
}

fn list(
    value: &Value,
    path: &str,
    depth: usize,
    nodes: &mut usize,
) -> Result<Vec<Filter>, FilterError> {
    let items = value
        .as_array()
        .filter(|items| !items.is_empty())
        .ok_or_else(|| expected(path, "a list of at least one filter"))?;
    let parse = |(index, item)| node(item, &format!("{path}[{index}]"), depth + 1, nodes);
    items.iter().enumerate().map(parse).collect()
}

fn segment(value: &Value, path: &str) -> Result<Filter, FilterError> {
    let entries = object(value, path, "an object with the key id")?;
    known_keys(entries, path, &["id"], "id")?;
    let id = match entries.get("id") {
        Some(Value::Number(number)) => number
            .as_u64()
            .and_then(|number| SegmentId::try_from(number).ok()),
        Some(Value::String(digits)) => digits.parse().ok(),
        _ => None,
    };
    let id = id.ok_or_else(|| expected(&format!("{path}.id"), "the number of a segment"))?;
    Ok(Filter::Segment(id))
}

fn attribute(value: &Value, path: &str) -> Result<Filter, FilterError> {
    let known = "field, operator, value";
    let entries = object(
        value,
        path,
        "an object with the keys field, operator and value",
    )?;
    known_keys(entries, path, &["field", "operator", "value"], known)?;
    let field = entries
        .get("field")
        .and_then(Value::as_str)
        .filter(|field| !field.is_empty())
        .ok_or_else(|| expected(&format!("{path}.field"), "the name of an attribute"))?;
    let operator = entries
        .get("operator")
        .and_then(Value::as_str)
        .ok_or_else(|| expected(&format!("{path}.operator"), "`eq` or `exists`"))?;
    let test = match operator {
        "eq" => {
            let value = entries
                .get("value")
                .filter(|value| !value.is_array() && !value.is_object());
            let text = value.and_then(text_of).ok_or_else(|| {
                expected(&format!("{path}.value"), "a text, a number, true or false")
            })?;
            Test::Equals(text.into_owned())
        }
        "exists" => Test::Exists,
        other => {
            return Err(FilterError::UnknownOperator {
                path: format!("{path}.operator"),
                operator: other.to_owned(),
            });
        }
    };
    Ok(Filter::Attribute {
        field: field.to_owned(),
        test,
    })
}

fn object<'v>(
    value: &'v Value,
    path: &str,
    what: &'static str,
) -> Result<&'v Map<String, Value>, FilterError> {
    value.as_object().ok_or_else(|| expected(path, what))
}

fn known_keys(
    entries: &Map<String, Value>,
    path: &str,
    keys: &[&str],
    known: &'static str,
) -> Result<(), FilterError> {
    match entries.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(FilterError::UnknownKey {
            path: path.to_owned(),
            key: key.clone(),
            known,
        }),
        None => Ok(()),
    }
}

fn expected(path: &str, expected: &'static str) -> FilterError {
    FilterError::Expected {
        path: path.to_owned(),
        expected,
    }
}
