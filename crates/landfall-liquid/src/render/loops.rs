//! `for` and `tablerow`.

use std::cell::Cell;
use std::fmt::Write as _;
use std::rc::Rc;

use super::{Interrupt, Outcome, Renderer};
use crate::ast::{Expr, For, Offset, TableRow};
use crate::value::{ForLoop, Items, TableRowLoop, Value, integer_argument, integer_prefix};

/// The part of a collection that a loop runs over.
struct Slice<'a> {
    items: Items<'a>,
    start: usize,
    length: usize,
}

impl<'a> Slice<'a> {
    fn new(collection: &Value<'a>, from: i128, to: Option<i128>) -> Self {
        let items = looped(collection);
        // A text is one item, whatever the limits.
        let (from, to) = match collection.as_str() {
            Some(_) => (0, None),
            None => (from, to),
        };
        let bound = |at: i128| usize::try_from(at.max(0)).unwrap_or(usize::MAX);
        let end = to.map_or(usize::MAX, bound).min(items.len());
        let start = bound(from).min(end);
        Self {
            items,
            start,
            length: end - start,
        }
    }
}

/// What a loop runs over: items, the pairs of an object, a text as a whole, nothing else.
fn looped<'a>(collection: &Value<'a>) -> Items<'a> {
    if let Some(items) = collection.items() {
        return items;
    }
    let items = match collection.entries() {
        Some(entries) => entries
            .into_iter()
            .map(|(key, value)| Value::list(vec![Value::text(&*key), value]))
            .collect(),
        None => match collection.as_str() {
            Some(text) if !text.is_empty() => vec![collection.clone()],
            _ => Vec::new(),
        },
    };
    let Value::List(list) = Value::list(items) else {
        return Items::Json(&[]);
    };
    Items::List(list)
}

impl<'a> Renderer<'a> {
    pub(super) fn for_loop(&mut self, parsed: &'a For, out: &mut String) -> Outcome {
        let from = match &parsed.offset {
            Offset::None => 0,
            Offset::At(offset) => self.whole_or(offset, 0)?,
            Offset::Continue => {
                let known = self
                    .locals
                    .offsets
                    .iter()
                    .find(|(name, _)| *name == &*parsed.name);
                known.map_or(0, |(_, offset)| *offset)
            }
        };
        let collection = self.evaluate(&parsed.collection)?;
        if collection.is_object() {
            self.charge(
                collection
                    .entries()
                    .map_or(0, |entries| entries.len() as u64),
            )?;
        }
        let to = match &parsed.limit {
            None => None,
            Some(limit) => {
                let limit = self.evaluate(limit)?;
                match limit.is_nil() {
                    true => None,
                    false => Some(integer_argument(&limit)?.saturating_add(from)),
                }
            }
        };
        let slice = Slice::new(&collection, from, to);
        let next = from.saturating_add(slice.length as i128);
        match self
            .locals
            .offsets
            .iter_mut()
            .find(|(name, _)| *name == &*parsed.name)
        {
            Some((_, offset)) => *offset = next,
            None => self.locals.offsets.push((&parsed.name, next)),
        }
        if slice.length == 0 {
            return match &parsed.otherwise {
                Some(body) => self.body(body, out),
                None => Ok(()),
            };
        }
        let state = Rc::new(ForLoop {
            name: &parsed.name,
            length: slice.length,
            index: Cell::new(0),
            parent: self.locals.loops.last().cloned(),
        });
        self.locals.loops.push(Rc::clone(&state));
        self.locals
            .frames
            .push(vec![("forloop", Value::ForLoop(Rc::clone(&state)))]);
        let result = self.rounds(parsed, &slice, &state, out);
        self.locals.frames.pop();
        self.locals.loops.pop();
        result
    }

    fn rounds(
        &mut self,
        parsed: &'a For,
        slice: &Slice<'a>,
        state: &ForLoop<'a>,
        out: &mut String,
    ) -> Outcome {
        for round in 0..slice.length {
            self.iterate()?;
            let at = match parsed.reversed {
                true => slice.start + slice.length - 1 - round,
                false => slice.start + round,
            };
            self.bind(&parsed.variable, slice.items.get(at));
            self.body(&parsed.body, out)?;
            state.index.set(round + 1);
            if self.interrupt.take() == Some(Interrupt::Break) {
                break;
            }
        }
        Ok(())
    }

    /// A whole number, or what stands for nil.
    fn whole_or(&mut self, expression: &'a Expr, nil: i128) -> Outcome<i128> {
        let value = self.evaluate(expression)?;
        match value.is_nil() {
            true => Ok(nil),
            false => integer_argument(&value),
        }
    }

    pub(super) fn table_row(&mut self, parsed: &'a TableRow, out: &mut String) -> Outcome {
        let collection = self.evaluate(&parsed.collection)?;
        if !collection.is_true() {
            return Ok(());
        }
        let mut number = |expression: &'a Option<Expr>| -> Outcome<Option<i128>> {
            let Some(expression) = expression else {
                return Ok(None);
            };
            let value = self.evaluate(expression)?;
            Ok(Some(match value {
                Value::Float(number) => number as i128,
                _ => integer_prefix(&value.to_text()).unwrap_or(i128::MAX),
            }))
        };
        let from = number(&parsed.offset)?.unwrap_or(0);
        let to = number(&parsed.limit)?.map(|limit| limit.saturating_add(from));
        let columns = number(&parsed.columns)?.unwrap_or(0);
        let slice = Slice::new(&collection, from, to);
        let state = Rc::new(TableRowLoop {
            length: slice.length,
            columns,
            index: Cell::new(0),
            row: Cell::new(1),
            column: Cell::new(1),
        });
        out.push_str("<tr class=\"row1\">\n");
        self.locals
            .frames
            .push(vec![("tablerowloop", Value::TableRow(Rc::clone(&state)))]);
        let result = self.cells(parsed, &slice, &state, out);
        self.locals.frames.pop();
        result?;
        out.push_str("</tr>\n");
        Ok(())
    }

    fn cells(
        &mut self,
        parsed: &'a TableRow,
        slice: &Slice<'a>,
        state: &TableRowLoop,
        out: &mut String,
    ) -> Outcome {
        for round in 0..slice.length {
            self.iterate()?;
            self.bind(&parsed.variable, slice.items.get(slice.start + round));
            // Writing to a String cannot fail.
            let _ = write!(out, "<td class=\"col{}\">", state.column.get());
            self.body(&parsed.body, out)?;
            out.push_str("</td>");
            self.check_length(out.len())?;
            let is_last_column = state.column.get() == state.columns;
            if is_last_column && round + 1 < slice.length {
                let _ = write!(out, "</tr>\n<tr class=\"row{}\">", state.row.get() + 1);
            }
            state.index.set(round + 1);
            if is_last_column {
                state.column.set(1);
                state.row.set(state.row.get() + 1);
            } else {
                state.column.set(state.column.get() + 1);
            }
            if self.interrupt.take() == Some(Interrupt::Break) {
                break;
            }
        }
        Ok(())
    }
}
