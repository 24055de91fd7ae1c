//! Batches: the items, each by itself.

use serde_json::Value;

use super::{Parsed, Problem, object};

/// The items of `{"batch": [...]}`.
///
/// # Errors
/// When there is no such list, or it is empty.
pub fn items(body: &Value) -> Parsed<&[Value]> {
    let batch = object(body, "body")?
        .get("batch")
        .ok_or_else(|| Problem::required("batch"))?;
    let items = batch
        .as_array()
        .ok_or_else(|| Problem::invalid("batch", "must be a list"))?;
    if items.is_empty() {
        return Err(Problem::invalid("batch", "must not be empty"));
    }
    Ok(items)
}

/// A bound on the JSON of a value, cheaper than writing it: as if each character had to be escaped.
fn bytes_at_most(value: &Value) -> usize {
    const ESCAPED: usize = 6;
    const NUMBER: usize = 32;
    let text = |text: &str| ESCAPED * text.len() + 4;
    match value {
        Value::Null | Value::Bool(_) => 6,
        Value::Number(_) => NUMBER,
        Value::String(value) => text(value),
        Value::Array(values) => values.iter().map(bytes_at_most).sum::<usize>() + 2 + values.len(),
        Value::Object(map) => {
            let member = |(name, value): (&String, &Value)| text(name) + bytes_at_most(value);
            map.iter().map(member).sum::<usize>() + 2
        }
    }
}

/// Refuses an item that is larger than `max` bytes as JSON. Cheap for items that are small anyhow:
/// `whole` is the size of the batch.
pub fn small_enough(item: &Value, whole: usize, max: usize) -> Parsed<()> {
    if whole > max && bytes_at_most(item) > max && item.to_string().len() > max {
        let message = format!("an item cannot be larger than {max} bytes");
        return Err(Problem::new("too_large", "", message));
    }
    Ok(())
}
