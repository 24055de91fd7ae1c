//! The limits of Block Kit (providers.md 7).

use std::collections::HashSet;

use serde_json::Value;

use super::problem::Problem;

#[cfg(test)]
mod tests;

/// Blocks of a message at most.
const MOST_BLOCKS: usize = 50;
/// Characters of all blocks together; more can be refused, though no document says so.
const LONGEST_TOGETHER: usize = 13_000;
/// Characters of a block's id at most.
const LONGEST_ID: usize = 255;

/// A part that breaks a limit.
struct Broken;

type Checked = Result<(), Broken>;

/// Checks the `blocks` of a message; `null` is no blocks.
///
/// # Errors
/// [`Problem::InvalidBlocks`] for a block that is malformed or over a limit of its own, and
/// [`Problem::MsgBlocksTooLong`] when all of them together are too long.
pub fn check(blocks: &Value) -> Result<(), Problem> {
    if blocks.is_null() {
        return Ok(());
    }
    let blocks = blocks.as_array().ok_or(Problem::InvalidBlocks)?;
    if blocks.len() > MOST_BLOCKS {
        return Err(Problem::InvalidBlocks);
    }
    let mut ids = HashSet::new();
    for one in blocks {
        block(one, &mut ids).map_err(|Broken| Problem::InvalidBlocks)?;
    }
    if blocks.iter().map(characters).sum::<usize>() > LONGEST_TOGETHER {
        return Err(Problem::MsgBlocksTooLong);
    }
    Ok(())
}

fn block<'b>(block: &'b Value, ids: &mut HashSet<&'b str>) -> Checked {
    if let Some(id) = block.get("block_id") {
        let id = id.as_str().ok_or(Broken)?;
        holds(id.chars().count() <= LONGEST_ID && ids.insert(id))?;
    }
    match block["type"].as_str().ok_or(Broken)? {
        "section" => section(block),
        "header" => text(&block["text"], 150, &["plain_text"]),
        "context" => each(&block["elements"], 10, context_element),
        "actions" => each(&block["elements"], 25, action),
        "image" => image(block),
        "divider" | "input" | "file" | "rich_text" | "video" | "markdown" | "table" => Ok(()),
        _ => Err(Broken),
    }
}

fn section(block: &Value) -> Checked {
    let (own, fields) = (block.get("text"), block.get("fields"));
    holds(own.is_some() || fields.is_some())?;
    if let Some(own) = own {
        text(own, 3_000, &["plain_text", "mrkdwn"])?;
    }
    if let Some(fields) = fields {
        each(fields, 10, |field| {
            text(field, 2_000, &["plain_text", "mrkdwn"])
        })?;
    }
    match block.get("accessory") {
        Some(accessory) => action(accessory),
        None => Ok(()),
    }
}

fn context_element(element: &Value) -> Checked {
    if element["type"] == "image" {
        image(element)
    } else {
        text(element, 3_000, &["plain_text", "mrkdwn"])
    }
}

fn action(element: &Value) -> Checked {
    match element["type"].as_str().ok_or(Broken)? {
        "button" => {
            text(&element["text"], 75, &["plain_text"])?;
            optional(element, "url", 3_000)?;
            optional(element, "value", 2_000)
        }
        "image" => image(element),
        _ => Ok(()),
    }
}

fn image(block: &Value) -> Checked {
    holds(
        block["alt_text"]
            .as_str()
            .is_some_and(|text| text.chars().count() <= 2_000),
    )?;
    holds(block.get("image_url").is_some() || block.get("slack_file").is_some())?;
    optional(block, "image_url", 3_000)
}

/// A list of 1 to `most` elements, each of which must be right.
fn each(list: &Value, most: usize, right: impl Fn(&Value) -> Checked) -> Checked {
    let list = list.as_array().ok_or(Broken)?;
    holds((1..=most).contains(&list.len()))?;
    list.iter().try_for_each(right)
}

/// A text object of one of the kinds with 1 to `longest` characters.
fn text(object: &Value, longest: usize, kinds: &[&str]) -> Checked {
    let kind = object["type"].as_str().ok_or(Broken)?;
    let text = object["text"].as_str().ok_or(Broken)?;
    holds(kinds.contains(&kind) && (1..=longest).contains(&text.chars().count()))
}

fn optional(block: &Value, name: &str, longest: usize) -> Checked {
    match block.get(name) {
        None => Ok(()),
        Some(value) => holds(value.as_str().ok_or(Broken)?.chars().count() <= longest),
    }
}

fn holds(condition: bool) -> Checked {
    if condition { Ok(()) } else { Err(Broken) }
}

/// Characters of all texts in a block.
fn characters(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) if name == "text" => text.chars().count(),
                other => characters(other),
            })
            .sum(),
        Value::Array(list) => list.iter().map(characters).sum(),
        _ => 0,
    }
}
