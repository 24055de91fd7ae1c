//! From expressions to values.

use super::{Outcome, Renderer};
use crate::ast::{Expr, Path, Root, Segment};
use crate::value::{Value, integer_argument, integer_prefix};

impl<'a> Renderer<'a> {
    /// The value of an expression; nil for what does not exist.
    pub(crate) fn evaluate(&mut self, expression: &'a Expr) -> Outcome<Value<'a>> {
        Ok(match expression {
            Expr::Nil => Value::Nil,
            Expr::Bool(value) => Value::Bool(*value),
            Expr::Int(number) => Value::Int(*number),
            Expr::Float(number) => Value::Float(*number),
            Expr::Text(text) => Value::Str(text),
            Expr::Blank | Expr::Empty => Value::Str(""),
            Expr::Path(path) => self.follow(path)?,
            Expr::Range(ends) => {
                let (first, last) = &**ends;
                let first = self.evaluate(first)?;
                let last = self.evaluate(last)?;
                Value::Range(range_end(&first)?, range_end(&last)?)
            }
        })
    }

    fn follow(&mut self, path: &'a Path) -> Outcome<Value<'a>> {
        let mut segments = path.segments.as_slice();
        let mut value = match &path.root {
            Root::Name(name) => match self.variable(name) {
                Some(value) => value,
                None if &**name == "snippets" => {
                    let [first, rest @ ..] = segments else {
                        return Ok(Value::Nil);
                    };
                    segments = rest;
                    self.snippet_value(first)?
                }
                None => Value::Nil,
            },
            Root::Computed(expression) => {
                let name = self.evaluate(expression)?;
                name.as_str()
                    .and_then(|name| self.variable(name))
                    .unwrap_or(Value::Nil)
            }
        };
        for segment in segments {
            value = self.step(&value, segment)?;
            if value.is_nil() {
                break;
            }
        }
        Ok(value)
    }

    /// The snippet that `snippets.name` or `snippets["name"]` names, rendered.
    fn snippet_value(&mut self, segment: &'a Segment) -> Outcome<Value<'a>> {
        match segment {
            Segment::Key(name) => self.snippet(name),
            Segment::Size => self.snippet("size"),
            Segment::First => self.snippet("first"),
            Segment::Last => self.snippet("last"),
            Segment::Index(expression) => {
                let name = self.evaluate(expression)?;
                match name.as_str() {
                    Some(name) => self.snippet(name),
                    None => Ok(Value::Nil),
                }
            }
        }
    }

    /// A variable: of a loop, assigned, counted, or given.
    pub(super) fn variable(&self, name: &str) -> Option<Value<'a>> {
        for frame in self.locals.frames.iter().rev() {
            if let Some((_, value)) = frame.iter().find(|(known, _)| *known == name) {
                return Some(value.clone());
            }
        }
        if let Some((_, count)) = self
            .locals
            .counters
            .iter()
            .find(|(known, _)| *known == name)
        {
            return Some(Value::Int(*count));
        }
        self.scope
            .globals
            .as_object()?
            .get(name)
            .map(Value::from_json)
    }

    fn step(&mut self, value: &Value<'a>, segment: &'a Segment) -> Outcome<Value<'a>> {
        Ok(match segment {
            Segment::Key(key) => value.attribute(key).unwrap_or(Value::Nil),
            Segment::Size => match value.attribute("size") {
                Some(attribute) => attribute,
                None => value.size().map_or(Value::Nil, Value::Int),
            },
            Segment::First => value.attribute("first").unwrap_or_else(|| value.first()),
            Segment::Last => value.attribute("last").unwrap_or_else(|| value.last()),
            Segment::Index(expression) => {
                let index = self.evaluate(expression)?;
                indexed(value, &index)
            }
        })
    }
}

/// `value[index]`: an item of an array, counted from its end when negative, or an attribute.
fn indexed<'a>(value: &Value<'a>, index: &Value<'a>) -> Value<'a> {
    if let Some(key) = index.as_str() {
        return value.attribute(key).unwrap_or(Value::Nil);
    }
    let Value::Int(index) = index else {
        return Value::Nil;
    };
    let items = match value.items() {
        Some(items) if value.is_array() => items,
        _ => return Value::Nil,
    };
    let at = if *index < 0 {
        index.saturating_add(items.len() as i128)
    } else {
        *index
    };
    usize::try_from(at).map_or(Value::Nil, |at| items.get(at))
}

/// The end of a range: nil and text count by the number that they begin with.
fn range_end(value: &Value<'_>) -> Outcome<i128> {
    match value {
        Value::Int(number) => Ok(*number),
        Value::Nil => Ok(0),
        Value::Str(_) | Value::Text(_) => Ok(integer_prefix(&value.to_text()).unwrap_or(i128::MAX)),
        _ => integer_argument(value),
    }
}
