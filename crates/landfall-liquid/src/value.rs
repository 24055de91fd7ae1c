//! Values while a template renders. What comes from the scope or the template is borrowed.

mod number;
mod text;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use serde_json::Value as Json;

use crate::time::Moment;

pub(crate) use number::{Number, Operation, compare_whole};
pub(crate) use text::{integer_argument, integer_prefix};

type JsonObject = serde_json::Map<String, Json>;

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    Nil,
    Bool(bool),
    Int(i128),
    Float(f64),
    Str(&'a str),
    Text(Rc<str>),
    JsonArray(&'a [Json]),
    JsonObject(&'a JsonObject),
    List(Rc<List<'a>>),
    Object(Rc<Object<'a>>),
    /// Whole numbers from the first to the last, both included.
    Range(i128, i128),
    Time(Rc<Moment>),
    ForLoop(Rc<ForLoop<'a>>),
    TableRow(Rc<TableRowLoop>),
}

/// An array that a filter made.
#[derive(Debug)]
pub(crate) struct List<'a> {
    pub(crate) items: Vec<Value<'a>>,
    depth: u32,
    weight: u64,
}

/// An object that a filter made; keys in their order.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    pub(crate) entries: Vec<(Rc<str>, Value<'a>)>,
    depth: u32,
    weight: u64,
}

/// The variable `forloop`.
#[derive(Debug)]
pub(crate) struct ForLoop<'a> {
    pub(crate) name: &'a str,
    pub(crate) length: usize,
    pub(crate) index: Cell<usize>,
    pub(crate) parent: Option<Rc<ForLoop<'a>>>,
}

/// The variable `tablerowloop`.
#[derive(Debug)]
pub(crate) struct TableRowLoop {
    pub(crate) length: usize,
    pub(crate) columns: i128,
    pub(crate) index: Cell<usize>,
    pub(crate) row: Cell<i128>,
    pub(crate) column: Cell<i128>,
}

/// The items of a value that can be iterated over.
pub(crate) enum Items<'a> {
    Json(&'a [Json]),
    List(Rc<List<'a>>),
    Range(i128, i128),
}

impl<'a> Items<'a> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Json(items) => items.len(),
            Self::List(list) => list.items.len(),
            Self::Range(first, last) => {
                usize::try_from(last.saturating_sub(*first).saturating_add(1).max(0))
                    .unwrap_or(usize::MAX)
            }
        }
    }

    /// The item at a place, nil outside.
    pub(crate) fn get(&self, index: usize) -> Value<'a> {
        match self {
            Self::Json(items) => items.get(index).map_or(Value::Nil, Value::from_json),
            Self::List(list) => list.items.get(index).cloned().unwrap_or(Value::Nil),
            Self::Range(first, _) if index < self.len() => Value::Int(first + index as i128),
            Self::Range(..) => Value::Nil,
        }
    }
}

impl<'a> Value<'a> {
    /// Borrows a JSON value.
    pub(crate) fn from_json(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Nil,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::from_number(number),
            Json::String(text) => Self::Str(text),
            Json::Array(items) => Self::JsonArray(items),
            Json::Object(object) => Self::JsonObject(object),
        }
    }

    /// Takes a JSON value that nobody else keeps.
    pub(crate) fn from_owned_json(json: Json) -> Self {
        match json {
            Json::Null => Self::Nil,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(number) => Self::from_number(&number),
            Json::String(text) => Self::Text(text.into()),
            Json::Array(items) => {
                Self::list(items.into_iter().map(Self::from_owned_json).collect())
            }
            Json::Object(object) => Self::object(
                object
                    .into_iter()
                    .map(|(key, value)| (Rc::from(key), Self::from_owned_json(value)))
                    .collect(),
            ),
        }
    }

    fn from_number(number: &serde_json::Number) -> Self {
        match number.as_i128() {
            Some(whole) => Self::Int(whole),
            None => number.as_f64().map_or(Self::Nil, Self::Float),
        }
    }

    pub(crate) fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn list(items: Vec<Self>) -> Self {
        let (depth, weight) = measure(items.iter());
        Self::List(Rc::new(List {
            items,
            depth,
            weight,
        }))
    }

    pub(crate) fn object(entries: Vec<(Rc<str>, Self)>) -> Self {
        let (depth, weight) = measure(entries.iter().map(|(_, value)| value));
        Self::Object(Rc::new(Object {
            entries,
            depth,
            weight,
        }))
    }

    /// How deep arrays and objects that filters made are nested.
    pub(crate) fn depth(&self) -> u32 {
        match self {
            Self::List(list) => list.depth,
            Self::Object(object) => object.depth,
            _ => 0,
        }
    }

    /// How many values it takes to write this one out, 16 bytes of text for one; shared parts count each time.
    /// A range counts as one: whoever goes through its items counts them.
    pub(crate) fn weight(&self) -> u64 {
        match self {
            Self::List(list) => list.weight,
            Self::Object(object) => object.weight,
            Self::JsonArray(items) => items.iter().fold(1, |sum, item| sum + json_weight(item)),
            Self::JsonObject(object) => object_weight(object),
            _ => self.as_str().map_or(1, text_weight),
        }
    }

    pub(crate) fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// Everything is true but nil and false.
    pub(crate) fn is_true(&self) -> bool {
        !matches!(self, Self::Nil | Self::Bool(false))
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of an array or range.
    pub(crate) fn items(&self) -> Option<Items<'a>> {
        Some(match self {
            Self::JsonArray(items) => Items::Json(items),
            Self::List(list) => Items::List(Rc::clone(list)),
            Self::Range(first, last) => Items::Range(*first, *last),
            _ => return None,
        })
    }

    pub(crate) fn is_array(&self) -> bool {
        matches!(self, Self::JsonArray(_) | Self::List(_))
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Self::JsonObject(_) | Self::Object(_))
    }

    /// Keys and values of an object.
    pub(crate) fn entries(&self) -> Option<Vec<(Cow<'_, str>, Value<'a>)>> {
        match self {
            Self::JsonObject(object) => Some(
                object
                    .iter()
                    .map(|(key, value)| (Cow::Borrowed(key.as_str()), Value::from_json(value)))
                    .collect(),
            ),
            Self::Object(object) => Some(
                object
                    .entries
                    .iter()
                    .map(|(key, value)| (Cow::Borrowed(&**key), value.clone()))
                    .collect(),
            ),
            _ => None,
        }
    }

    /// An attribute of an object; `None` for what has no such attribute.
    pub(crate) fn attribute(&self, key: &str) -> Option<Value<'a>> {
        match self {
            Self::JsonObject(object) => object.get(key).map(Value::from_json),
            Self::Object(object) => object
                .entries
                .iter()
                .find(|(name, _)| **name == *key)
                .map(|(_, value)| value.clone()),
            Self::ForLoop(state) => Some(state.attribute(key)),
            Self::TableRow(state) => Some(state.attribute(key)),
            _ => None,
        }
    }

    /// The number of entries, characters or items, as the filter and attribute `size` have it.
    pub(crate) fn size(&self) -> Option<i128> {
        let size = match self {
            Self::Str(text) => text.chars().count(),
            Self::Text(text) => text.chars().count(),
            Self::JsonObject(object) => object.len(),
            Self::Object(object) => object.entries.len(),
            // Ruby's whole numbers have a size too: their bytes.
            Self::Int(number) if i64::try_from(*number).is_ok() => 8,
            Self::Int(_) => 16,
            _ => self.items()?.len(),
        };
        Some(size as i128)
    }

    /// The first item; of an object, its first key and value.
    pub(crate) fn first(&self) -> Value<'a> {
        if let Some(items) = self.items() {
            // The first of an empty range is still its beginning.
            return match self {
                Self::Range(first, _) => Value::Int(*first),
                _ => items.get(0),
            };
        }
        self.entries()
            .and_then(|entries| entries.into_iter().next())
            .map_or(Value::Nil, |(key, value)| {
                Value::list(vec![Value::text(&*key), value])
            })
    }

    /// The last item.
    pub(crate) fn last(&self) -> Value<'a> {
        match (self, self.items()) {
            (Self::Range(_, last), _) => Value::Int(*last),
            (_, Some(items)) if items.len() > 0 => items.get(items.len() - 1),
            _ => Value::Nil,
        }
    }

    /// Nothing in it, for `empty`: `None` for what cannot be empty.
    pub(crate) fn is_empty(&self) -> Option<bool> {
        match self {
            Self::Str(_) | Self::Text(_) => self.as_str().map(str::is_empty),
            Self::JsonArray(items) => Some(items.is_empty()),
            Self::List(list) => Some(list.items.is_empty()),
            Self::JsonObject(object) => Some(object.is_empty()),
            Self::Object(object) => Some(object.entries.is_empty()),
            _ => None,
        }
    }

    /// For `blank`: nil, false, nothing in it, or nothing but white space.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Self::Nil => true,
            Self::Bool(value) => !value,
            Self::Str(_) | Self::Text(_) => self
                .as_str()
                .is_some_and(|text| text.chars().all(char::is_whitespace)),
            _ => self.is_empty().unwrap_or(false),
        }
    }

    /// Ruby's `==`: whole and broken numbers compare by value, other kinds never equal each other.
    pub(crate) fn equals(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Self::Nil, Value::Nil) => true,
            (Self::Bool(a), Value::Bool(b)) => a == b,
            (Self::Int(a), Value::Int(b)) => a == b,
            (Self::Float(a), Value::Float(b)) => a == b,
            (Self::Int(a), Value::Float(b)) | (Self::Float(b), Value::Int(a)) => {
                number::compare_whole(*a, *b).is_some_and(std::cmp::Ordering::is_eq)
            }
            (Self::Range(a, b), Value::Range(c, d)) => a == c && b == d,
            (Self::Time(a), Value::Time(b)) => a.zoned.timestamp() == b.zoned.timestamp(),
            (Self::ForLoop(a), Value::ForLoop(b)) => std::ptr::eq(a.as_ref(), b.as_ref()),
            (Self::TableRow(a), Value::TableRow(b)) => std::ptr::eq(a.as_ref(), b.as_ref()),
            _ => self.equals_in_parts(other),
        }
    }

    fn equals_in_parts(&self, other: &Value<'_>) -> bool {
        if let (Some(a), Some(b)) = (self.as_str(), other.as_str()) {
            return a == b;
        }
        if self.is_array() && other.is_array() {
            return match (self.items(), other.items()) {
                (Some(a), Some(b)) => {
                    a.len() == b.len() && (0..a.len()).all(|at| a.get(at).equals(&b.get(at)))
                }
                _ => false,
            };
        }
        match (self.entries(), other.entries()) {
            (Some(a), Some(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(key, value)| {
                        other
                            .attribute(key)
                            .is_some_and(|there| value.equals(&there))
                    })
            }
            _ => false,
        }
    }
}

fn text_weight(text: &str) -> u64 {
    text.len() as u64 / 16 + 1
}

fn object_weight(object: &JsonObject) -> u64 {
    let entries = object.iter();
    entries.fold(1, |sum, (key, value)| {
        sum + text_weight(key) + json_weight(value)
    })
}

fn json_weight(json: &Json) -> u64 {
    match json {
        Json::String(text) => text_weight(text),
        Json::Array(items) => items.iter().fold(1, |sum, item| sum + json_weight(item)),
        Json::Object(object) => object_weight(object),
        _ => 1,
    }
}

fn measure<'v, 'a: 'v>(values: impl Iterator<Item = &'v Value<'a>>) -> (u32, u64) {
    values.fold((1, 1), |(depth, weight), value| {
        (
            depth.max(value.depth().saturating_add(1)),
            u64::saturating_add(weight, value.weight()),
        )
    })
}

impl<'a> ForLoop<'a> {
    fn attribute(&self, key: &str) -> Value<'a> {
        let index = self.index.get();
        let whole = |number: usize| Value::Int(number as i128);
        match key {
            "length" => whole(self.length),
            "name" => Value::Str(self.name),
            "parentloop" => match &self.parent {
                Some(parent) => Value::ForLoop(Rc::clone(parent)),
                None => Value::Nil,
            },
            "index" => whole(index + 1),
            "index0" => whole(index),
            "rindex" => Value::Int(self.length as i128 - index as i128),
            "rindex0" => Value::Int(self.length as i128 - index as i128 - 1),
            "first" => Value::Bool(index == 0),
            "last" => Value::Bool(index + 1 == self.length),
            _ => Value::Nil,
        }
    }
}

impl TableRowLoop {
    fn attribute<'a>(&self, key: &str) -> Value<'a> {
        let index = self.index.get();
        let whole = |number: usize| Value::Int(number as i128);
        match key {
            "length" => whole(self.length),
            "col" => Value::Int(self.column.get()),
            "col0" => Value::Int(self.column.get() - 1),
            "row" => Value::Int(self.row.get()),
            "index" => whole(index + 1),
            "index0" => whole(index),
            "rindex" => Value::Int(self.length as i128 - index as i128),
            "rindex0" => Value::Int(self.length as i128 - index as i128 - 1),
            "first" => Value::Bool(index == 0),
            "last" => Value::Bool(index + 1 == self.length),
            "col_first" => Value::Bool(self.column.get() == 1),
            "col_last" => Value::Bool(self.column.get() == self.columns),
            _ => Value::Nil,
        }
    }
}
