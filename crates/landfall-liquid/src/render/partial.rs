//! Templates inside templates: snippets, `render`, `include` and `render_liquid`.

use std::cell::Cell;
use std::rc::Rc;

use super::{Locals, Outcome, Renderer};
use crate::Template;
use crate::ast::{Body, Expr, Partial};
use crate::error::{RenderError, RenderErrorKind};
use crate::value::{ForLoop, Value};

impl<'a> Renderer<'a> {
    fn template(&self, name: &str) -> Option<(&'a str, &'a Template)> {
        let (name, template) = self.scope.snippets?.get_key_value(name)?;
        Some((name, template))
    }

    /// The text of a snippet, which sees what the template was given but not what it made; nil without one.
    pub(super) fn snippet(&mut self, name: &str) -> Outcome<Value<'a>> {
        let Some((name, template)) = self.template(name) else {
            return Ok(Value::Nil);
        };
        let mut text = String::new();
        self.isolated(name, template.body(), Vec::new(), &mut text)?;
        self.charge_bytes(text.len())?;
        Ok(Value::text(text))
    }

    /// Renders a body with variables of its own.
    fn isolated(
        &mut self,
        name: &'a str,
        body: &'a Body,
        variables: Vec<(&'a str, Value<'a>)>,
        out: &mut String,
    ) -> Outcome {
        let inner = Locals {
            frames: vec![variables],
            ..Locals::default()
        };
        let outer = std::mem::replace(&mut self.locals, inner);
        let snippet = self.snippet.replace(name);
        let interrupt = self.interrupt.take();
        let include_allowed = std::mem::replace(&mut self.include_allowed, false);
        let result = self.body(body, out);
        self.locals = outer;
        self.snippet = snippet;
        self.interrupt = interrupt;
        self.include_allowed = include_allowed;
        result
    }

    pub(super) fn partial(&mut self, partial: &'a Partial, out: &mut String) -> Outcome {
        if !partial.isolated && !self.include_allowed {
            return Err(RenderError::argument(
                "usage is not allowed in this context",
            ));
        }
        let name = self.evaluate(&partial.name)?;
        let Some(wanted) = name.as_str() else {
            return Err(RenderError::argument(
                "Argument error in tag 'include' - Illegal template name",
            ));
        };
        let Some((name, template)) = self.template(wanted) else {
            return Err(RenderError::new(
                RenderErrorKind::UnknownSnippet,
                format!("there is no snippet {wanted}"),
            ));
        };
        let variable = match &partial.alias {
            Some(alias) => alias,
            None => name.rsplit('/').next().unwrap_or(name),
        };
        let with = match &partial.with {
            Some(with) => self.evaluate(with)?,
            None if partial.isolated => Value::Nil,
            None => self.variable(name).unwrap_or(Value::Nil),
        };
        let mut given = Vec::with_capacity(partial.arguments.len());
        for (key, expression) in &partial.arguments {
            given.push((&**key, self.evaluate(expression)?));
        }
        match partial.isolated {
            true => self.render(partial, (name, template.body()), variable, with, given, out),
            false => self.include((name, template.body()), variable, &with, given, out),
        }
    }

    fn render(
        &mut self,
        partial: &'a Partial,
        (name, body): (&'a str, &'a Body),
        variable: &'a str,
        with: Value<'a>,
        given: Vec<(&'a str, Value<'a>)>,
        out: &mut String,
    ) -> Outcome {
        let items = match with.items() {
            Some(items) if partial.each => items,
            _ => {
                let mut variables = given;
                if !with.is_nil() {
                    super::set(&mut variables, variable, with);
                }
                return self.isolated(name, body, variables, out);
            }
        };
        let state = Rc::new(ForLoop {
            name,
            length: items.len(),
            index: Cell::new(0),
            parent: None,
        });
        for at in 0..items.len() {
            self.iterate()?;
            let mut variables = vec![("forloop", Value::ForLoop(Rc::clone(&state)))];
            for (key, value) in &given {
                super::set(&mut variables, key, value.clone());
            }
            let item = items.get(at);
            if !item.is_nil() {
                super::set(&mut variables, variable, item);
            }
            self.isolated(name, body, variables, out)?;
            state.index.set(at + 1);
        }
        Ok(())
    }

    fn include(
        &mut self,
        (name, body): (&'a str, &'a Body),
        variable: &'a str,
        with: &Value<'a>,
        given: Vec<(&'a str, Value<'a>)>,
        out: &mut String,
    ) -> Outcome {
        let snippet = self.snippet.replace(name);
        self.locals.frames.push(given);
        let mut result = Ok(());
        match with.items() {
            Some(items) if with.is_array() => {
                for at in 0..items.len() {
                    self.bind(variable, items.get(at));
                    result = self.iterate().and_then(|()| self.body(body, out));
                    if result.is_err() {
                        break;
                    }
                }
            }
            _ => {
                self.bind(variable, with.clone());
                result = self.body(body, out);
            }
        }
        self.locals.frames.pop();
        self.snippet = snippet;
        result
    }

    /// Renders the Liquid in a value, which sees what the template was given.
    pub(super) fn render_liquid(&mut self, source: &'a Expr, out: &mut String) -> Outcome {
        let source = self.printed(source)?;
        let source = source.to_text();
        self.charge(1 + source.len() as u64)?;
        let template = Template::parse(&source)
            .map_err(|error| RenderError::argument(format!("the value is no template: {error}")))?;
        self.enter()?;
        let mut inner = Renderer::new(self.scope, self.limits, self.problems.is_some());
        inner.set_budget(self.budget());
        inner.draws = self.draws;
        let result = inner.run(template.body(), out);
        let budget = inner.budget();
        self.draws = inner.draws;
        let problems = inner.into_problems();
        self.set_budget(budget);
        // The lines of the value are not those of the template: the failure belongs to the tag.
        let moved = |mut error: RenderError| {
            error.line = 0;
            error
        };
        if let Some(known) = &mut self.problems {
            known.extend(problems);
        }
        result.map_err(moved)?;
        self.leave();
        Ok(())
    }
}
