//! Fitting a message into the limits of Block Kit (providers.md 7): too long a text is cut with an
//! ellipsis, too many parts are left out, because a shortened alert is worth more than a refused one.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

/// Longest text of a message. All lengths here are in UTF-16 units, the strictest way to count.
pub(super) const TEXT_MAX: usize = 40_000;
/// Most blocks of a message.
const BLOCKS_MAX: usize = 50;
/// Longest text of a section.
const SECTION_MAX: usize = 3_000;
/// Most fields of a section.
const FIELDS_MAX: usize = 10;
/// Longest field of a section.
const FIELD_MAX: usize = 2_000;
/// Longest text of a header.
const HEADER_MAX: usize = 150;
/// Most elements of a context.
const CONTEXT_ELEMENTS_MAX: usize = 10;
/// Longest text of a context's element.
const CONTEXT_TEXT_MAX: usize = 2_000;
/// Most elements of an actions block.
const ACTIONS_MAX: usize = 25;
/// Longest text of a button.
const BUTTON_MAX: usize = 75;

/// The blocks of a message, each within its limits. Blocks may be given as the list, as an object with
/// the list in `blocks` (what Slack's builder shows), or as the text of either.
///
/// # Errors
/// When they are none of that: what is wrong.
pub(super) fn fitted(given: &Value) -> Result<Vec<Value>, &'static str> {
    let mut blocks = listed(given)?;
    let count = blocks.len();
    if count > BLOCKS_MAX {
        blocks.truncate(BLOCKS_MAX - 1);
        let left_out = count - blocks.len();
        blocks.push(json!({
            "type": "context",
            "elements": [{"type": "plain_text", "text": format!("… {left_out} more blocks left out")}],
        }));
    }
    for block in &mut blocks {
        let Value::Object(block) = block else {
            return Err("every block must be a JSON object");
        };
        fit(block);
    }
    Ok(blocks)
}

fn listed(given: &Value) -> Result<Vec<Value>, &'static str> {
    match given {
        Value::Null => Ok(Vec::new()),
        Value::Array(blocks) => Ok(blocks.clone()),
        Value::Object(object) => match object.get("blocks") {
            Some(Value::Array(blocks)) => Ok(blocks.clone()),
            _ => Err("the blocks must be a JSON list"),
        },
        Value::String(text) if text.trim().is_empty() => Ok(Vec::new()),
        Value::String(text) => match serde_json::from_str(text) {
            // A text within the text is nobody's blocks, and must not be followed for ever.
            Ok(Value::String(_)) | Err(_) => Err("the blocks are not valid JSON"),
            Ok(parsed) => listed(&parsed),
        },
        Value::Bool(_) | Value::Number(_) => Err("the blocks must be a JSON list"),
    }
}

fn fit(block: &mut Map<String, Value>) {
    let kind = block
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match kind {
        "section" => {
            cut_text(block.get_mut("text"), SECTION_MAX);
            for field in cut_list(block, "fields", FIELDS_MAX) {
                cut_text(Some(field), FIELD_MAX);
            }
            if let Some(Value::Object(accessory)) = block.get_mut("accessory") {
                cut_text(accessory.get_mut("text"), BUTTON_MAX);
            }
        }
        "header" => cut_text(block.get_mut("text"), HEADER_MAX),
        "context" => {
            for element in cut_list(block, "elements", CONTEXT_ELEMENTS_MAX) {
                cut_text(Some(element), CONTEXT_TEXT_MAX);
            }
        }
        "actions" => {
            for element in cut_list(block, "elements", ACTIONS_MAX) {
                cut_text(element.get_mut("text"), BUTTON_MAX);
            }
        }
        _ => {}
    }
}

/// Shortens the list of that name, and gives its members.
fn cut_list<'b>(
    block: &'b mut Map<String, Value>,
    name: &str,
    most: usize,
) -> impl Iterator<Item = &'b mut Value> {
    let list = block.get_mut(name).and_then(Value::as_array_mut);
    list.into_iter().flat_map(move |list| {
        list.truncate(most);
        list.iter_mut()
    })
}

/// Shortens the text of a text object.
fn cut_text(object: Option<&mut Value>, most: usize) {
    let text = object.and_then(|object| object.get_mut("text"));
    if let Some(Value::String(text)) = text
        && text.encode_utf16().count() > most
    {
        *text = shortened(text, most);
    }
}

/// The text, or its beginning and an ellipsis. An escaped character (`&amp;`) is not cut in two.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let mut used = 1;
    let mut end = 0;
    for (at, character) in text.char_indices() {
        used += character.len_utf16();
        if used > most {
            break;
        }
        end = at + character.len_utf8();
    }
    let mut kept = &text[..end];
    if let Some(at) = kept.rfind('&')
        && kept.len() - at < "&quot;".len()
        && !kept[at..].contains(';')
    {
        kept = &kept[..at];
    }
    format!("{}…", kept.trim_end())
}
