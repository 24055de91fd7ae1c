//! The filters. Names are resolved while a template is parsed; a rendering calls functions.

mod dates;
mod encoding;
mod html;
mod json;
mod lists;
mod locale;
mod math;
mod properties;
mod text;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use crate::ast::{Condition, FilterCall};
use crate::error::{RenderError, RenderErrorKind};
use crate::render::Renderer;
use crate::value::Value;

type Outcome<'a> = Result<Value<'a>, RenderError>;

/// A filter, or a name that no filter has.
#[derive(Clone, Copy)]
pub(crate) struct Filter(Option<&'static Spec>);

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.map_or("unknown", |spec| spec.name))
    }
}

/// What is known of a filter.
struct Spec {
    name: &'static str,
    /// Fewest and most arguments, without the value that it is applied to.
    arguments: (usize, usize),
    run: Run,
}

type Run = for<'a> fn(&mut Call<'_, 'a>) -> Outcome<'a>;

const fn spec(name: &'static str, fewest: usize, most: usize, run: Run) -> Spec {
    Spec {
        name,
        arguments: (fewest, most),
        run,
    }
}

/// Values that a filter is called with, besides its input.
#[derive(Debug, Default)]
pub(crate) struct Arguments<'a> {
    pub(crate) positional: Vec<Value<'a>>,
    pub(crate) named: Vec<(&'a str, Value<'a>)>,
}

/// One application of a filter.
struct Call<'c, 'a> {
    renderer: &'c mut Renderer<'a>,
    input: Value<'a>,
    arguments: &'c Arguments<'a>,
    predicate: Option<&'a (Box<str>, Condition)>,
}

impl<'a> Call<'_, 'a> {
    /// The input as text.
    fn text(&self) -> Cow<'_, str> {
        self.input.to_text()
    }

    /// An argument; nil when it was not given.
    fn argument(&self, at: usize) -> &Value<'a> {
        self.arguments.positional.get(at).unwrap_or(&Value::Nil)
    }

    /// An argument that may be left out.
    fn optional(&self, at: usize) -> Option<&Value<'a>> {
        self.arguments.positional.get(at)
    }
}

impl Filter {
    /// The filter of a name.
    pub(crate) fn named(name: &str) -> Self {
        let groups = [
            text::SPECS,
            html::SPECS,
            math::SPECS,
            lists::SPECS,
            properties::SPECS,
            dates::SPECS,
            encoding::SPECS,
            json::SPECS,
            locale::SPECS,
        ];
        let mut all = groups.into_iter().flatten();
        Self(all.find(|spec| spec.name == name))
    }

    pub(crate) fn is_default(self) -> bool {
        self.0.is_some_and(|spec| spec.name == "default")
    }

    /// Its second argument is an expression in quotes.
    pub(crate) fn takes_expression(self) -> bool {
        self.0.is_some_and(|spec| spec.name.ends_with("_exp"))
    }

    /// What the result of the filter consists of, for whoever follows values through a template.
    pub(crate) fn shape(self) -> Shape {
        match self.0.map_or("", |spec| spec.name) {
            "where" | "where_exp" | "where_not" | "sort" | "sort_natural" | "uniq" | "compact"
            | "reverse" | "concat" | "slice" | "limit" | "pop" | "shift" | "json_array_uniq" => {
                Shape::Same
            }
            "default" => Shape::Same,
            "first" | "last" | "find" | "find_exp" => Shape::Item,
            "map" => Shape::Attribute,
            _ => Shape::New,
        }
    }

    /// The first argument names an attribute of the items.
    pub(crate) fn reads_attribute(self) -> bool {
        matches!(
            self.0.map_or("", |spec| spec.name),
            "where"
                | "where_not"
                | "find"
                | "sort"
                | "sort_natural"
                | "uniq"
                | "compact"
                | "map"
                | "sum"
                | "group_by"
                | "json_array_uniq"
        )
    }
}

/// How the result of a filter relates to its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The same items or attributes.
    Same,
    /// One of the items.
    Item,
    /// An attribute of each item, which the first argument names.
    Attribute,
    /// Something else.
    New,
}

/// Applies a filter.
pub(crate) fn apply<'a>(
    renderer: &mut Renderer<'a>,
    call: &'a FilterCall,
    input: Value<'a>,
    arguments: &Arguments<'a>,
) -> Outcome<'a> {
    let Some(spec) = call.filter.0 else {
        return Err(RenderError::new(
            RenderErrorKind::UnknownFilter,
            format!("there is no filter {}", call.name),
        ));
    };
    let given = arguments.positional.len() + usize::from(!arguments.named.is_empty());
    let (fewest, most) = spec.arguments;
    if given < fewest || given > most {
        let expected = match fewest == most {
            true => format!("{}", fewest + 1),
            false => format!("{}..{}", fewest + 1, most + 1),
        };
        return Err(RenderError::argument(format!(
            "wrong number of arguments (given {}, expected {expected})",
            given + 1
        )));
    }
    (spec.run)(&mut Call {
        renderer,
        input,
        arguments,
        predicate: call.predicate.as_deref(),
    })
}

/// Whether `default` takes its argument instead of the input.
pub(crate) fn falls_back(input: &Value<'_>, arguments: &Arguments<'_>) -> bool {
    let allow_false = arguments
        .named
        .iter()
        .any(|(name, value)| *name == "allow_false" && value.is_true());
    let absent = match allow_false {
        true => input.is_nil(),
        false => !input.is_true(),
    };
    absent || input.is_empty().unwrap_or(false)
}
