//! JSON in and out.

use serde_json::Value as Json;

use super::{Call, Outcome, Spec, spec};
use crate::error::RenderError;
use crate::value::{Value, integer_argument};

pub(super) const SPECS: &[Spec] = &[
    spec("from_json", 0, 0, from_json),
    spec("json", 0, 1, to_json),
    spec("to_json", 0, 1, to_json),
];

fn from_json<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    // What is JSON already passes.
    if call.input.is_array() || call.input.is_object() {
        return Ok(call.input.clone());
    }
    call.renderer
        .charge(call.input.weight().saturating_mul(4))?;
    let text = call.text();
    let parsed: Result<Json, _> = serde_json::from_str(&text);
    parsed
        .map(Value::from_owned_json)
        .map_err(|error| RenderError::argument(format!("from_json was given no JSON: {error}")))
}

/// JSON; the argument is the number of spaces to indent with, up to 10.
fn to_json<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let indent = match call.optional(0) {
        Some(indent) => usize::try_from(integer_argument(indent)?.clamp(0, 10)).unwrap_or(0),
        None => 0,
    };
    let mut out = String::new();
    let most = call.renderer.longest();
    write(&call.input, indent, 0, most, &mut out);
    call.renderer.check_length(out.len())?;
    Ok(Value::text(out))
}

/// Writes the value, and stops somewhere behind the given length.
fn write(value: &Value<'_>, indent: usize, level: usize, most: usize, out: &mut String) {
    let new_line = |level: usize, out: &mut String| {
        if indent > 0 {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent * level));
        }
    };
    if let Some(items) = value.items() {
        out.push('[');
        for at in 0..items.len() {
            if out.len() > most {
                return;
            }
            if at > 0 {
                out.push(',');
            }
            new_line(level + 1, out);
            write(&items.get(at), indent, level + 1, most, out);
        }
        if items.len() > 0 {
            new_line(level, out);
        }
        out.push(']');
    } else if let Some(entries) = value.entries() {
        out.push('{');
        for (at, (key, value)) in entries.iter().enumerate() {
            if out.len() > most {
                return;
            }
            if at > 0 {
                out.push(',');
            }
            new_line(level + 1, out);
            out.push_str(&Json::from(&**key).to_string());
            out.push_str(if indent > 0 { ": " } else { ":" });
            write(value, indent, level + 1, most, out);
        }
        if !entries.is_empty() {
            new_line(level, out);
        }
        out.push('}');
    } else {
        match value {
            Value::Nil => out.push_str("null"),
            Value::Bool(_) | Value::Int(_) => value.write_inspected(out),
            // A whole float is written without a point, as JavaScript does.
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                out.push_str(&format!("{number:.0}"));
            }
            Value::Float(number) => out.push_str(&Json::from(*number).to_string()),
            other => out.push_str(&Json::from(&*other.to_text()).to_string()),
        }
    }
}
