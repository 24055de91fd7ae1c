//! Filters of arrays as a whole.

use std::cmp::Ordering;

use super::{Call, Outcome, Spec, spec};
use crate::error::{RenderError, RenderErrorKind};
use crate::value::{Value, integer_argument};

pub(super) const SPECS: &[Spec] = &[
    spec("array_to_sentence_string", 0, 1, sentence),
    spec("concat", 1, 1, concat),
    spec("first", 0, 0, |call| Ok(call.input.first())),
    spec("join", 0, 1, join),
    spec("last", 0, 0, |call| Ok(call.input.last())),
    spec("limit", 1, 1, limit),
    spec("pop", 0, 0, |call| {
        changed(call, |items| {
            items.pop();
        })
    }),
    spec("push", 1, 1, |call| {
        let added = call.argument(0).clone();
        changed(call, |items| items.push(added))
    }),
    spec("reverse", 0, 0, |call| {
        let mut items = items_of(call)?;
        items.reverse();
        Ok(Value::list(items))
    }),
    spec("shift", 0, 0, |call| {
        changed(call, |items| {
            if !items.is_empty() {
                items.remove(0);
            }
        })
    }),
    spec("size", 0, 0, |call| {
        Ok(Value::Int(call.input.size().unwrap_or(0)))
    }),
    spec("slice", 1, 2, slice),
    spec("unshift", 1, 1, |call| {
        let added = call.argument(0).clone();
        changed(call, |items| items.insert(0, added))
    }),
];

/// What array filters work on: arrays without the arrays in them, ranges item by item, nil as nothing, anything
/// else as an array of one.
pub(super) fn items_of<'a>(call: &mut Call<'_, 'a>) -> Result<Vec<Value<'a>>, RenderError> {
    let Some(items) = call.input.items() else {
        return Ok(match &call.input {
            Value::Nil => Vec::new(),
            other => vec![other.clone()],
        });
    };
    call.renderer.charge(items.len() as u64)?;
    let mut flat = Vec::with_capacity(items.len());
    for at in 0..items.len() {
        flatten(items.get(at), &mut flat);
    }
    call.renderer.charge(flat.len() as u64)?;
    Ok(flat)
}

fn flatten<'a>(item: Value<'a>, flat: &mut Vec<Value<'a>>) {
    match item.items() {
        Some(items) if item.is_array() => {
            for at in 0..items.len() {
                flatten(items.get(at), flat);
            }
        }
        _ => flat.push(item),
    }
}

/// LiquidJS's filters that add and take away single items; they do not flatten.
fn changed<'a>(call: &mut Call<'_, 'a>, change: impl FnOnce(&mut Vec<Value<'a>>)) -> Outcome<'a> {
    let mut list = match call.input.items() {
        Some(items) => {
            call.renderer.charge(items.len() as u64)?;
            (0..items.len()).map(|at| items.get(at)).collect()
        }
        None if call.input.is_nil() => Vec::new(),
        None => vec![call.input.clone()],
    };
    change(&mut list);
    Ok(Value::list(list))
}

fn concat<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let argument = call.argument(0);
    let more = match argument.items() {
        Some(items) if argument.is_array() => items,
        _ => {
            return Err(RenderError::argument(
                "concat filter requires an array argument",
            ));
        }
    };
    let mut items = items_of(call)?;
    call.renderer.charge(more.len() as u64)?;
    items.extend((0..more.len()).map(|at| more.get(at)));
    Ok(Value::list(items))
}

fn join<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let glue = call
        .optional(0)
        .map_or(" ".into(), Value::to_text)
        .into_owned();
    let items = items_of(call)?;
    let mut out = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(&glue);
        }
        item.write_text(&mut out);
        call.renderer.check_length(out.len())?;
    }
    Ok(Value::text(out))
}

/// `a, b, and c`.
fn sentence<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let connector = call
        .optional(0)
        .map_or("and".into(), Value::to_text)
        .into_owned();
    let items = items_of(call)?;
    let mut words = Vec::with_capacity(items.len());
    for item in &items {
        words.push(item.to_text());
    }
    Ok(Value::text(match words.as_slice() {
        [] => String::new(),
        [one] => one.to_string(),
        [one, two] => format!("{one} {connector} {two}"),
        [first @ .., last] => format!("{}, {connector} {last}", first.join(", ")),
    }))
}

fn limit<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let limit = integer_argument(call.argument(0))?;
    changed(call, |items| {
        items.truncate(usize::try_from(limit.max(0)).unwrap_or(usize::MAX));
    })
}

fn slice<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let offset = integer_argument(call.argument(0))?;
    let length = match call.optional(1) {
        Some(length) if length.is_true() => integer_argument(length)?,
        _ => 1,
    };
    let part = |size: usize| -> Option<(usize, usize)> {
        let size = size as i128;
        let start = if offset < 0 {
            offset.saturating_add(size)
        } else {
            offset
        };
        if !(0..=size).contains(&start) || length < 0 {
            return None;
        }
        let end = start.saturating_add(length).min(size);
        Some((
            usize::try_from(start).ok()?,
            usize::try_from(end - start).ok()?,
        ))
    };
    match call.input.items() {
        Some(items) if call.input.is_array() => {
            let (start, length) = part(items.len()).unwrap_or_default();
            call.renderer.charge(length as u64)?;
            let chosen = (start..start + length).map(|at| items.get(at));
            Ok(Value::list(chosen.collect()))
        }
        _ => {
            let text = call.text();
            let (start, length) = part(text.chars().count()).unwrap_or_default();
            let chosen = text.chars().skip(start).take(length);
            Ok(Value::text(chosen.collect::<String>()))
        }
    }
}

/// Sorts by merging, stably, by an order that may fail. (The sort of the standard library takes no failure, and
/// may panic when it is given answers that contradict each other.)
pub(super) fn sort_by<T: Clone>(
    items: &mut [T],
    order: &impl Fn(&T, &T) -> Result<Ordering, RenderError>,
) -> Result<(), RenderError> {
    if items.len() < 2 {
        return Ok(());
    }
    let middle = items.len() / 2;
    sort_by(&mut items[..middle], order)?;
    sort_by(&mut items[middle..], order)?;
    let mut merged = Vec::with_capacity(items.len());
    let (mut left, mut right) = items.split_at(middle);
    while let ([first, left_rest @ ..], [second, right_rest @ ..]) = (left, right) {
        if order(first, second)?.is_gt() {
            merged.push(second.clone());
            right = right_rest;
        } else {
            merged.push(first.clone());
            left = left_rest;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    items.clone_from_slice(&merged);
    Ok(())
}

/// Ruby's `<=>`, with nil behind everything.
pub(super) fn order(a: &Value<'_>, b: &Value<'_>) -> Result<Ordering, RenderError> {
    if let Some(ordering) = compare(a, b) {
        return Ok(ordering);
    }
    match (a, b) {
        (Value::Nil, _) => Ok(Ordering::Greater),
        (_, Value::Nil) => Ok(Ordering::Less),
        _ => Err(RenderError::new(
            RenderErrorKind::BadArgument,
            "cannot sort values of incompatible types",
        )),
    }
}

fn compare(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    use crate::value::compare_whole;
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Float(b)) => compare_whole(*a, *b),
        (Value::Float(a), Value::Int(b)) => compare_whole(*b, *a).map(Ordering::reverse),
        (Value::Time(a), Value::Time(b)) => Some(a.zoned.timestamp().cmp(&b.zoned.timestamp())),
        _ => {
            if let (Some(a), Some(b)) = (a.as_str(), b.as_str()) {
                return Some(a.cmp(b));
            }
            if a.is_array() && b.is_array() {
                let (a, b) = (a.items()?, b.items()?);
                for at in 0..a.len().min(b.len()) {
                    match compare(&a.get(at), &b.get(at))? {
                        Ordering::Equal => {}
                        decided => return Some(decided),
                    }
                }
                return Some(a.len().cmp(&b.len()));
            }
            a.equals(b).then_some(Ordering::Equal)
        }
    }
}
