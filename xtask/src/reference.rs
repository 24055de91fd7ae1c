//! `docs/api/reference.md`: every call of Landfall's own API, as the OpenAPI document describes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::run::root;

const HEAD: &str = "\
# Reference of Landfall's own API

Every call, with its parameters and answers. Generated from [openapi.json](openapi.json) by `cargo x openapi`; what the
answers mean is told in [Landfall's own API](landfall.md). All calls want `Authorization: Bearer APPKEY`.
";

/// The page, from the committed OpenAPI document.
pub(crate) fn page() -> Result<String> {
    let text = std::fs::read_to_string(root().join("docs/api/openapi.json"))
        .context("docs/api/openapi.json")?;
    let document: Value = serde_json::from_str(&text).context("docs/api/openapi.json")?;
    write(&document)
}

/// Writes the page.
pub(crate) fn update() -> Result<()> {
    std::fs::write(root().join("docs/api/reference.md"), page()?)?;
    println!("docs/api/reference.md is written.");
    Ok(())
}

/// Calls are grouped by their first tag.
fn write(document: &Value) -> Result<String> {
    let paths = document["paths"].as_object().context("no paths")?;
    let mut groups: BTreeMap<&str, Vec<(String, &Value)>> = BTreeMap::new();
    for (path, methods) in paths {
        for (method, call) in methods.as_object().context("a path without methods")? {
            let group = call["tags"][0].as_str().unwrap_or("more");
            let name = format!("{} {path}", method.to_uppercase());
            groups.entry(group).or_default().push((name, call));
        }
    }
    let mut text = HEAD.to_owned();
    for (group, calls) in groups {
        let _ = write!(text, "\n## {}\n", capital(group));
        for (name, call) in calls {
            describe(&mut text, &name, call);
        }
    }
    Ok(text)
}

fn describe(text: &mut String, name: &str, call: &Value) {
    let _ = write!(text, "\n### `{name}`\n");
    for said in ["summary", "description"] {
        if let Some(said) = call[said].as_str() {
            let _ = write!(text, "\n{}\n", said.trim());
        }
    }
    let parameters = call["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    let body = kind(&call["requestBody"]["content"]);
    if !parameters.is_empty() {
        text.push_str("\n| parameter | in | is | |\n|---|---|---|---|\n");
    }
    for parameter in parameters {
        let is = schema(&parameter["schema"]);
        let must = match parameter["required"].as_bool() {
            Some(true) => "required. ",
            _ => "",
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | {is} | {must}{} |",
            word(parameter, "name"),
            word(parameter, "in"),
            cell(word(parameter, "description"))
        );
    }
    if let Some(body) = body {
        let _ = write!(text, "\nBody: {body}.\n");
    }
    let answers = call["responses"].as_object().into_iter().flatten();
    let answers = answers.map(|(status, answer)| match kind(&answer["content"]) {
        Some(kind) => format!("{status} {kind}"),
        None => status.clone(),
    });
    let answers: Vec<String> = answers.collect();
    let _ = write!(text, "\nAnswers: {}.\n", answers.join(", "));
}

fn word<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// What a content holds: its schema, or its media type.
fn kind(content: &Value) -> Option<String> {
    let (media, content) = content.as_object()?.iter().next()?;
    Some(match schema(&content["schema"]) {
        said if said == "anything" => media.clone(),
        said => said,
    })
}

/// A schema in a few words.
fn schema(value: &Value) -> String {
    if let Some(target) = value["$ref"].as_str() {
        let name = target.rsplit('/').next().unwrap_or_default();
        return format!("`{name}`");
    }
    match &value["type"] {
        Value::String(name) if name == "array" => format!("list of {}", schema(&value["items"])),
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str);
            let names: Vec<&str> = names.filter(|name| *name != "null").collect();
            names.join(" or ")
        }
        _ => "anything".to_owned(),
    }
}

/// Text within a cell of a table.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_is_told_with_parameters_body_and_answers() {
        let document = json!({"paths": {"/a/{id}": {"put": {"tags": ["things"], "summary": "Changes it.",
            "parameters": [{"name": "id", "in": "path", "required": true, "description": "a|b",
                "schema": {"type": "string"}}],
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/c/Thing"}}}},
            "responses": {"200": {"content": {"text/plain": {}}}, "404": {}}}}}});
        let text = write(&document).expect("a page");
        for part in [
            "## Things",
            "### `PUT /a/{id}`",
            "Changes it.",
            "| `id` | path | string | required. a\\|b |",
            "Body: `Thing`.",
            "Answers: 200 text/plain, 404.",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
