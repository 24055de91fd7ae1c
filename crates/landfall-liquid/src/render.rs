//! Walks a template and writes its text.

mod budget;
mod condition;
mod lookup;
mod loops;
mod partial;
mod tags;

#[cfg(test)]
mod tests;

use std::rc::Rc;

use crate::ast::{Body, Expr, FilterCall, Node, NodeKind, Output};
use crate::error::{RenderError, RenderErrorKind};
use crate::filters::{self, Arguments};
use crate::scope::{Limits, Scope, Strictness};
use crate::value::{ForLoop, Value};

use budget::Budget;

type Outcome<T = ()> = Result<T, RenderError>;

/// `break` or `continue` on the way to its loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interrupt {
    Break,
    Continue,
}

/// The variables that a template made; a `render` has its own.
#[derive(Debug, Default)]
struct Locals<'a> {
    /// Innermost last. The first is where `assign` and `capture` write.
    frames: Vec<Vec<(&'a str, Value<'a>)>>,
    counters: Vec<(&'a str, i128)>,
    cycles: Vec<(String, usize)>,
    offsets: Vec<(&'a str, i128)>,
    loops: Vec<Rc<ForLoop<'a>>>,
    changed: Option<String>,
}

/// One rendering.
pub(crate) struct Renderer<'a> {
    scope: &'a Scope<'a>,
    limits: &'a Limits,
    budget: Budget,
    locals: Locals<'a>,
    interrupt: Option<Interrupt>,
    /// In a preview failures are written down and the rendering goes on.
    problems: Option<Vec<RenderError>>,
    snippet: Option<&'a str>,
    include_allowed: bool,
    draws: u64,
}

impl<'a> Renderer<'a> {
    pub(crate) fn new(scope: &'a Scope<'a>, limits: &'a Limits, preview: bool) -> Self {
        Self {
            scope,
            limits,
            budget: Budget::default(),
            locals: Locals {
                frames: vec![Vec::new()],
                ..Locals::default()
            },
            interrupt: None,
            problems: preview.then(Vec::new),
            snippet: None,
            include_allowed: true,
            draws: 0,
        }
    }

    /// Renders to the end, or to the first failure, or in a preview to the first limit.
    pub(crate) fn run(&mut self, body: &'a Body, out: &mut String) -> Outcome {
        self.body(body, out)
    }

    /// What a preview stumbled over.
    pub(crate) fn into_problems(self) -> Vec<RenderError> {
        self.problems.unwrap_or_default()
    }

    pub(crate) fn scope(&self) -> &'a Scope<'a> {
        self.scope
    }

    fn body(&mut self, body: &'a Body, out: &mut String) -> Outcome {
        self.enter()?;
        for node in &body.nodes {
            if let NodeKind::Text(text) = &node.kind {
                out.push_str(text);
            } else if let Err(error) = self.node(node, out) {
                self.failed(node, error, out)?;
            }
            self.check_length(out.len())
                .map_err(|error| self.located(node, error))?;
            if self.interrupt.is_some() {
                break;
            }
        }
        self.leave();
        Ok(())
    }

    /// Hands a failure on, or in a preview writes it down and prints it the way Ruby's Liquid does.
    fn failed(&mut self, node: &'a Node, error: RenderError, out: &mut String) -> Outcome {
        let error = self.located(node, error);
        let Some(problems) = &mut self.problems else {
            return Err(error);
        };
        if error.kind.is_limit() {
            return Err(error);
        }
        if error.kind != RenderErrorKind::MissingValue && !node.blank {
            out.push_str("Liquid error: ");
            out.push_str(&error.message);
        }
        problems.push(error);
        Ok(())
    }

    /// Adds line, snippet and variable to a failure that does not have them yet.
    fn located(&self, node: &'a Node, mut error: RenderError) -> RenderError {
        if error.line == 0 {
            error.line = node.line;
            error.snippet = self.snippet.map(str::to_owned);
            if error.variable.is_none() {
                error.variable = first_variable(&node.kind).map(str::to_owned);
            }
        }
        error
    }

    fn node(&mut self, node: &'a Node, out: &mut String) -> Outcome {
        self.charge(1)?;
        match &node.kind {
            NodeKind::Text(text) => out.push_str(text),
            NodeKind::Output(output) => self.output(output, out)?,
            NodeKind::Assign(name, output) => {
                let value = match self.filtered(output) {
                    // What is made of a missing value is missing, which matters when it is printed.
                    Err(error) if error.kind == RenderErrorKind::MissingValue => Value::Nil,
                    result => result?,
                };
                self.charge(value.weight())?;
                self.assign(name, value);
            }
            NodeKind::Capture(name, body) => {
                let mut captured = String::new();
                self.body(body, &mut captured)?;
                self.charge_bytes(captured.len())?;
                self.assign(name, Value::text(captured));
            }
            NodeKind::If(branches) => self.branches(branches, out)?,
            NodeKind::Case(subject, arms) => self.case(subject, arms, out)?,
            NodeKind::For(parsed) => self.for_loop(parsed, out)?,
            NodeKind::TableRow(parsed) => self.table_row(parsed, out)?,
            NodeKind::Cycle(cycle) => self.cycle(cycle, out)?,
            NodeKind::Count(name, step) => self.count(name, *step, out),
            NodeKind::Break => self.interrupt = Some(Interrupt::Break),
            NodeKind::Continue => self.interrupt = Some(Interrupt::Continue),
            NodeKind::IfChanged(body) => self.if_changed(body, out)?,
            NodeKind::Partial(partial) => self.partial(partial, out)?,
            NodeKind::Provided(name) => self.provided(name, out)?,
            NodeKind::Link(url) => {
                let url = self.printed(url)?;
                url.write_output(out);
            }
            NodeKind::Random(bound) => self.random(bound, out)?,
            NodeKind::Uuid => self.uuid(out),
            NodeKind::RenderLiquid(source) => self.render_liquid(source, out)?,
        }
        Ok(())
    }

    fn output(&mut self, output: &'a Output, out: &mut String) -> Outcome {
        let value = self.filtered(output)?;
        if let Some(text) = value.as_str() {
            self.charge_bytes(text.len())?;
            out.push_str(text);
            return Ok(());
        }
        self.charge(value.weight())?;
        value.write_output(out);
        Ok(())
    }

    /// An expression that is printed: it fails when it is missing and that is not allowed.
    fn printed(&mut self, expression: &'a Expr) -> Outcome<Value<'a>> {
        let value = self.evaluate(expression)?;
        match self.missing(expression, &value) {
            Some(variable) => Err(RenderError::missing(variable)),
            None => Ok(value),
        }
    }

    /// The name of the variable, when the expression is one, has no value, and that is a failure.
    fn missing(&self, expression: &'a Expr, value: &Value<'a>) -> Option<&'a str> {
        match expression {
            Expr::Path(path) if value.is_nil() && self.scope.mode == Strictness::FailOnMissing => {
                Some(&path.text)
            }
            _ => None,
        }
    }

    /// The value after all filters. It fails when what goes in is missing, unless a `default` replaces it.
    fn filtered(&mut self, output: &'a Output) -> Outcome<Value<'a>> {
        let mut value = self.evaluate(&output.head)?;
        let mut missing = self.missing(&output.head, &value);
        for call in &output.filters {
            value = self.filter(call, value, &mut missing)?;
        }
        match missing {
            Some(variable) => Err(RenderError::missing(variable)),
            None => Ok(value),
        }
    }

    fn filter(
        &mut self,
        call: &'a FilterCall,
        input: Value<'a>,
        missing: &mut Option<&'a str>,
    ) -> Outcome<Value<'a>> {
        self.charge(1 + input.weight())?;
        let is_default = call.filter.is_default();
        let mut arguments = Arguments::default();
        let mut fallback_missing = None;
        for (at, expression) in call.arguments.iter().enumerate() {
            let value = self.evaluate(expression)?;
            match self.missing(expression, &value) {
                Some(variable) if !is_default => return Err(RenderError::missing(variable)),
                variable if at == 0 => fallback_missing = variable,
                _ => {}
            }
            arguments.positional.push(value);
        }
        for (name, expression) in &call.named {
            let value = self.evaluate(expression)?;
            arguments.named.push((name, value));
        }
        if is_default && filters::falls_back(&input, &arguments) {
            *missing = fallback_missing;
        }
        match filters::apply(self, call, input, &arguments) {
            // The failure comes from the value that is missing.
            Err(error) if !error.kind.is_limit() => Err(match missing {
                Some(variable) => RenderError::missing(variable),
                None => error,
            }),
            Err(error) => Err(error),
            Ok(value) => {
                self.check_value(&value)?;
                Ok(value)
            }
        }
    }

    /// Does something while a variable has a value.
    pub(crate) fn with_variable<T>(
        &mut self,
        name: &'a str,
        value: Value<'a>,
        work: impl FnOnce(&mut Self) -> Outcome<T>,
    ) -> Outcome<T> {
        self.charge(1)?;
        self.locals.frames.push(vec![(name, value)]);
        let result = work(self);
        self.locals.frames.pop();
        result
    }

    fn assign(&mut self, name: &'a str, value: Value<'a>) {
        set(&mut self.locals.frames[0], name, value);
    }

    /// Sets a variable of the innermost frame.
    fn bind(&mut self, name: &'a str, value: Value<'a>) {
        if let Some(frame) = self.locals.frames.last_mut() {
            set(frame, name, value);
        }
    }
}

fn set<'a>(frame: &mut Vec<(&'a str, Value<'a>)>, name: &'a str, value: Value<'a>) {
    match frame.iter_mut().find(|(known, _)| *known == name) {
        Some((_, place)) => *place = value,
        None => frame.push((name, value)),
    }
}

/// The variable that an output or tag reads first.
fn first_variable(kind: &NodeKind) -> Option<&str> {
    fn path(expression: &Expr) -> Option<&str> {
        match expression {
            Expr::Path(path) => Some(&path.text),
            _ => None,
        }
    }
    match kind {
        NodeKind::Output(output) | NodeKind::Assign(_, output) => {
            path(&output.head).or_else(|| {
                let mut arguments = output.filters.iter().flat_map(|call| &call.arguments);
                arguments.find_map(path)
            })
        }
        NodeKind::If(branches) => {
            let condition = branches.first()?.condition.as_ref()?;
            let rest = condition.rest.iter().map(|(_, comparison)| comparison);
            std::iter::once(&condition.first)
                .chain(rest)
                .find_map(|comparison| {
                    path(&comparison.left)
                        .or_else(|| comparison.right.as_ref().and_then(|(_, right)| path(right)))
                })
        }
        NodeKind::Case(subject, _) => path(subject),
        NodeKind::For(parsed) => path(&parsed.collection),
        NodeKind::TableRow(parsed) => path(&parsed.collection),
        NodeKind::Random(expression)
        | NodeKind::Link(expression)
        | NodeKind::RenderLiquid(expression) => path(expression),
        _ => None,
    }
}
