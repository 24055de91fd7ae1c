//! Filters that look at an attribute of each item.

use std::cmp::Ordering;
use std::rc::Rc;

use super::lists::{items_of, order, sort_by};
use super::{Call, Outcome, Spec, spec};
use crate::error::RenderError;
use crate::value::{Number, Operation, Value};

pub(super) const SPECS: &[Spec] = &[
    spec("compact", 0, 1, compact),
    spec("find", 1, 2, find),
    spec("find_exp", 2, 2, find_exp),
    spec("group_by", 1, 1, group_by),
    spec("group_by_exp", 2, 2, group_by_exp),
    spec("json_array_uniq", 0, 1, uniq),
    spec("map", 1, 1, map),
    spec("sort", 0, 1, |call| sorted(call, order)),
    spec("sort_natural", 0, 1, |call| sorted(call, natural_order)),
    spec("sum", 0, 1, sum),
    spec("uniq", 0, 1, uniq),
    spec("where", 1, 2, |call| chosen(call, true)),
    spec("where_exp", 2, 2, where_exp),
    spec("where_not", 1, 2, |call| chosen(call, false)),
];

/// Why an item has no attributes.
enum NoAttributes {
    /// It is of a kind that has none, such as nil or a float: the filter gives nil.
    Kind,
    /// It has some, but not by such a name: the filter fails.
    Name(RenderError),
}

/// `item[name]` as Ruby has it: an attribute of an object, the part of a text that is the name.
fn attribute<'a>(item: &Value<'a>, name: &Value<'a>) -> Result<Value<'a>, NoAttributes> {
    let refused = || {
        NoAttributes::Name(RenderError::argument(format!(
            "cannot select the property '{}'",
            name.to_text()
        )))
    };
    if item.is_object() || matches!(item, Value::ForLoop(_) | Value::TableRow(_)) {
        let key = name.as_str();
        return Ok(key
            .and_then(|key| item.attribute(key))
            .unwrap_or(Value::Nil));
    }
    if let Some(text) = item.as_str() {
        return match name.as_str() {
            Some(part) if text.contains(part) => Ok(name.clone()),
            Some(_) => Ok(Value::Nil),
            None => Err(refused()),
        };
    }
    match item {
        Value::Int(_) => Err(refused()),
        _ => Err(NoAttributes::Kind),
    }
}

/// The attribute, or nil for what has no attributes.
fn attribute_or_nil<'a>(item: &Value<'a>, name: &Value<'a>) -> Result<Value<'a>, RenderError> {
    match attribute(item, name) {
        Ok(value) => Ok(value),
        Err(NoAttributes::Kind) => Ok(Value::Nil),
        Err(NoAttributes::Name(error)) => Err(error),
    }
}

fn map<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let name = call.argument(0).clone();
    let items = items_of(call)?;
    let mapped: Result<_, _> = items
        .iter()
        .map(|item| attribute_or_nil(item, &name))
        .collect();
    Ok(Value::list(mapped?))
}

fn compact<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let name = call.argument(0).clone();
    let mut kept = Vec::new();
    for item in items_of(call)? {
        let value = match name.is_nil() {
            true => item.clone(),
            false => match attribute(&item, &name) {
                Ok(value) => value,
                Err(NoAttributes::Kind) => return Ok(Value::Nil),
                Err(NoAttributes::Name(error)) => return Err(error),
            },
        };
        if !value.is_nil() {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

/// `where` and its opposite.
fn chosen<'a>(call: &mut Call<'_, 'a>, wanted: bool) -> Outcome<'a> {
    let (name, target) = (call.argument(0).clone(), call.argument(1).clone());
    let mut kept = Vec::new();
    for item in items_of(call)? {
        match fits(&item, &name, &target) {
            Ok(fits) if fits == wanted => kept.push(item),
            Ok(_) => {}
            Err(NoAttributes::Kind) => return Ok(Value::Nil),
            Err(NoAttributes::Name(error)) => return Err(error),
        }
    }
    Ok(Value::list(kept))
}

/// Whether an attribute is the wanted value, or true when none is wanted.
fn fits<'a>(item: &Value<'a>, name: &Value<'a>, target: &Value<'a>) -> Result<bool, NoAttributes> {
    let value = attribute(item, name)?;
    Ok(match target.is_nil() {
        true => value.is_true(),
        false => value.equals(target),
    })
}

fn find<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let (name, target) = (call.argument(0).clone(), call.argument(1).clone());
    for item in items_of(call)? {
        if fits(&item, &name, &target).unwrap_or(false) {
            return Ok(item);
        }
    }
    Ok(Value::Nil)
}

fn sum<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let name = call.argument(0).clone();
    let mut total = Number::Int(0);
    for item in items_of(call)? {
        let value = match name.is_nil() {
            true => item,
            false => attribute_or_nil(&item, &name)?,
        };
        total = total.apply(Operation::Plus, Number::of(&value))?;
    }
    Ok(total.to_value())
}

fn sorted<'a>(
    call: &mut Call<'_, 'a>,
    order: fn(&Value<'_>, &Value<'_>) -> Result<Ordering, RenderError>,
) -> Outcome<'a> {
    let name = call.argument(0).clone();
    let mut items = items_of(call)?;
    if name.is_nil() {
        sort_by(&mut items, &order)?;
        return Ok(Value::list(items));
    }
    let mut keyed = Vec::with_capacity(items.len());
    let has_attributes = |item: &Value<'_>| {
        item.is_object() || item.as_str().is_some() || matches!(item, Value::Int(_))
    };
    if !items.iter().all(has_attributes) {
        return Ok(Value::Nil);
    }
    // A single item is never compared, so its attribute is never read.
    let single = items.len() == 1;
    for item in items {
        let key = match single {
            true => Value::Nil,
            false => attribute_or_nil(&item, &name)?,
        };
        keyed.push((key, item));
    }
    sort_by(
        &mut keyed,
        &|(a, _): &(Value<'_>, _), (b, _): &(Value<'_>, _)| order(a, b),
    )?;
    Ok(Value::list(
        keyed.into_iter().map(|(_, item)| item).collect(),
    ))
}

/// Without regard to the case of ASCII letters; nil is behind everything.
fn natural_order(a: &Value<'_>, b: &Value<'_>) -> Result<Ordering, RenderError> {
    Ok(match (a.is_nil(), b.is_nil()) {
        (true, true) => Ordering::Equal,
        (true, _) => Ordering::Greater,
        (_, true) => Ordering::Less,
        _ => a
            .to_text()
            .to_ascii_lowercase()
            .cmp(&b.to_text().to_ascii_lowercase()),
    })
}

fn uniq<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let name = call.argument(0).clone();
    let items = items_of(call)?;
    if items.len() < 2 {
        return Ok(Value::list(items));
    }
    let mut seen = std::collections::HashSet::new();
    let mut kept = Vec::new();
    for item in items {
        let key = match name.is_nil() {
            true => item.clone(),
            false => match attribute(&item, &name) {
                Ok(value) => value,
                Err(NoAttributes::Kind) => return Ok(Value::Nil),
                Err(NoAttributes::Name(error)) => return Err(error),
            },
        };
        call.renderer.charge(key.weight())?;
        // What is written differently is different: 1 and 1.0 are, for Ruby's uniq too.
        let mut written = String::new();
        key.write_inspected(&mut written);
        if seen.insert(written) {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn where_exp<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let mut kept = Vec::new();
    for item in items_of(call)? {
        if holds(call, &item)? {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn find_exp<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    for item in items_of(call)? {
        if holds(call, &item)? {
            return Ok(item);
        }
    }
    Ok(Value::Nil)
}

fn holds<'a>(call: &mut Call<'_, 'a>, item: &Value<'a>) -> Result<bool, RenderError> {
    let (name, condition) = predicate(call)?;
    call.renderer
        .with_variable(name, item.clone(), |renderer| renderer.holds(condition))
}

fn predicate<'a>(call: &Call<'_, 'a>) -> Result<(&'a str, &'a crate::ast::Condition), RenderError> {
    match call.predicate {
        Some((name, condition)) => Ok((name, condition)),
        None => Err(RenderError::argument(
            "the filter takes the name of the item and an expression, both in quotes",
        )),
    }
}

fn group_by<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let name = call.argument(0).clone();
    let mut groups = Groups::default();
    for item in items_of(call)? {
        let key = attribute_or_nil(&item, &name)?;
        groups.add(key, item);
    }
    Ok(groups.finish())
}

fn group_by_exp<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let (name, condition) = predicate(call)?;
    let mut groups = Groups::default();
    for item in items_of(call)? {
        let key = call
            .renderer
            .with_variable(name, item.clone(), |renderer| {
                renderer.condition_value(condition)
            })?;
        groups.add(key, item);
    }
    Ok(groups.finish())
}

/// Items by a key, in the order in which the keys appear.
#[derive(Default)]
struct Groups<'a> {
    places: std::collections::HashMap<String, usize>,
    groups: Vec<(Value<'a>, Vec<Value<'a>>)>,
}

impl<'a> Groups<'a> {
    fn add(&mut self, key: Value<'a>, item: Value<'a>) {
        let mut written = String::new();
        key.write_inspected(&mut written);
        let next = self.groups.len();
        let place = *self.places.entry(written).or_insert(next);
        if place == next {
            self.groups.push((key, Vec::new()));
        }
        self.groups[place].1.push(item);
    }

    /// Objects with `name` and `items`.
    fn finish(self) -> Value<'a> {
        let groups = self.groups.into_iter().map(|(key, items)| {
            Value::object(vec![
                (Rc::from("name"), key),
                (Rc::from("items"), Value::list(items)),
            ])
        });
        Value::list(groups.collect())
    }
}
