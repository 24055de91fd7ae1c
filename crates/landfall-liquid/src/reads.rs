//! Lists what a template reads of what it is given, without rendering it.

use std::collections::{BTreeMap, BTreeSet};

use crate::ast::{
    Body, Condition, Expr, FilterCall, NodeKind, Offset, Output, Partial, Path, Root, Segment,
};
use crate::filters::Shape;
use crate::parse::Cursor;

/// Where a value comes from: paths into what is given, or nowhere.
type Origins = BTreeSet<String>;

/// Follows values through a template.
#[derive(Default)]
pub(crate) struct Reader {
    reads: BTreeSet<String>,
    /// Variables that the template makes, with the paths that they stand for.
    locals: Vec<BTreeMap<String, Origins>>,
    /// Inside of something that may not happen: an assignment adds to what was there.
    uncertain: u32,
}

impl Reader {
    pub(crate) fn read(body: &Body) -> BTreeSet<String> {
        let mut reader = Self {
            locals: vec![BTreeMap::new()],
            ..Self::default()
        };
        reader.body(body);
        reader.reads
    }

    fn body(&mut self, body: &Body) {
        for node in &body.nodes {
            self.node(&node.kind);
        }
    }

    fn perhaps(&mut self, body: &Body) {
        self.uncertain += 1;
        self.body(body);
        self.uncertain -= 1;
    }

    fn node(&mut self, kind: &NodeKind) {
        match kind {
            NodeKind::Output(output) => {
                self.output(output);
            }
            NodeKind::Assign(name, output) => {
                let origins = self.output(output);
                self.assign(name, origins);
            }
            NodeKind::Capture(name, body) => {
                self.body(body);
                self.assign(name, Origins::new());
            }
            NodeKind::If(branches) => {
                for branch in branches {
                    if let Some(condition) = &branch.condition {
                        self.condition(condition);
                    }
                    self.perhaps(&branch.body);
                }
            }
            NodeKind::Case(subject, arms) => {
                self.expression(subject);
                for arm in arms {
                    for value in arm.values.iter().flatten() {
                        self.expression(value);
                    }
                    self.perhaps(&arm.body);
                }
            }
            NodeKind::For(parsed) => {
                let offset = match &parsed.offset {
                    Offset::At(offset) => Some(offset),
                    Offset::None | Offset::Continue => None,
                };
                self.expressions(parsed.limit.iter().chain(offset));
                let items = items(self.expression(&parsed.collection));
                self.within(
                    &[(&parsed.variable, items), ("forloop", Origins::new())],
                    &parsed.body,
                );
                if let Some(body) = &parsed.otherwise {
                    self.perhaps(body);
                }
            }
            NodeKind::TableRow(parsed) => {
                let options = [&parsed.limit, &parsed.offset, &parsed.columns];
                self.expressions(options.into_iter().flatten());
                let items = items(self.expression(&parsed.collection));
                let locals = [(&*parsed.variable, items), ("tablerowloop", Origins::new())];
                self.within(&locals, &parsed.body);
            }
            NodeKind::Cycle(cycle) => self.expressions(&cycle.values),
            NodeKind::Count(name, _) => self.assign(name, Origins::new()),
            NodeKind::IfChanged(body) => self.body(body),
            NodeKind::Partial(partial) => self.partial(partial),
            NodeKind::Provided(name) => {
                self.reads.insert(format!("cio.{name}"));
            }
            NodeKind::Link(value) | NodeKind::Random(value) | NodeKind::RenderLiquid(value) => {
                self.expression(value);
            }
            NodeKind::Text(_) | NodeKind::Break | NodeKind::Continue | NodeKind::Uuid => {}
        }
    }

    fn partial(&mut self, partial: &Partial) {
        match &partial.name {
            Expr::Text(name) => {
                self.reads.insert(append("snippets", name));
            }
            name => {
                self.expression(name);
            }
        }
        self.expressions(&partial.with);
        self.expressions(partial.arguments.iter().map(|(_, value)| value));
    }

    /// Walks a body that has variables of its own.
    fn within(&mut self, variables: &[(&str, Origins)], body: &Body) {
        let frame = variables
            .iter()
            .map(|(name, origins)| ((*name).to_owned(), origins.clone()));
        self.locals.push(frame.collect());
        self.perhaps(body);
        self.locals.pop();
    }

    fn assign(&mut self, name: &str, origins: Origins) {
        let uncertain = self.uncertain > 0;
        if let Some(outermost) = self.locals.first_mut() {
            let known = outermost.entry(name.to_owned()).or_default();
            if !uncertain {
                known.clear();
            }
            known.extend(origins);
        }
    }

    fn condition(&mut self, condition: &Condition) {
        let rest = condition.rest.iter().map(|(_, comparison)| comparison);
        for comparison in std::iter::once(&condition.first).chain(rest) {
            self.expression(&comparison.left);
            if let Some((_, right)) = &comparison.right {
                self.expression(right);
            }
        }
    }

    fn expressions<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expr>) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    fn output(&mut self, output: &Output) -> Origins {
        let mut origins = self.expression(&output.head);
        for call in &output.filters {
            origins = self.filter(call, origins);
        }
        origins
    }

    fn filter(&mut self, call: &FilterCall, input: Origins) -> Origins {
        let mut arguments = Origins::new();
        for argument in &call.arguments {
            arguments.extend(self.expression(argument));
        }
        self.expressions(call.named.iter().map(|(_, value)| value));
        let attribute = match call.arguments.first() {
            Some(Expr::Text(name)) if call.filter.reads_attribute() => {
                let named = items(input.clone()).into_iter();
                let named: Origins = named.map(|path| append(&path, name)).collect();
                self.reads.extend(named.iter().cloned());
                named
            }
            _ => Origins::new(),
        };
        if let Some(predicate) = &call.predicate {
            let (name, condition) = &**predicate;
            self.locals
                .push(BTreeMap::from([(name.to_string(), items(input.clone()))]));
            self.condition(condition);
            self.locals.pop();
        }
        match call.filter.shape() {
            // `default` and `concat` give what they are given, too.
            Shape::Same => input.into_iter().chain(arguments).collect(),
            Shape::Item => items(input),
            Shape::Attribute => attribute,
            Shape::New => Origins::new(),
        }
    }

    /// Notes what an expression reads, and gives where its value comes from.
    fn expression(&mut self, expression: &Expr) -> Origins {
        match expression {
            Expr::Path(path) => self.path(path),
            Expr::Range(ends) => {
                self.expression(&ends.0);
                self.expression(&ends.1);
                Origins::new()
            }
            _ => Origins::new(),
        }
    }

    fn path(&mut self, path: &Path) -> Origins {
        let mut origins = match &path.root {
            Root::Name(name) => self.origins(name),
            Root::Computed(Expr::Text(name)) => self.origins(name),
            Root::Computed(name) => {
                self.expression(name);
                return Origins::new();
            }
        };
        let mut depth = 0;
        let last = path.segments.len();
        for (at, segment) in path.segments.iter().enumerate() {
            depth += 1;
            let command = match segment {
                // Below the first level these are taken for questions to a list.
                Segment::Size if depth > 1 && at + 1 == last => continue,
                Segment::First | Segment::Last if depth > 1 => {
                    origins = items(origins);
                    continue;
                }
                Segment::Size => "size",
                Segment::First => "first",
                Segment::Last => "last",
                Segment::Key(key) => key,
                Segment::Index(index) => {
                    self.expression(index);
                    origins = items(origins);
                    continue;
                }
            };
            origins = origins
                .into_iter()
                .map(|path| append(&path, command))
                .collect();
        }
        self.reads.extend(origins.iter().cloned());
        origins
    }

    /// The paths that a name stands for: of a variable of the template its own, else the name.
    fn origins(&self, name: &str) -> Origins {
        let local = self.locals.iter().rev().find_map(|frame| frame.get(name));
        match local {
            Some(origins) => origins.clone(),
            None => Origins::from([name.to_owned()]),
        }
    }
}

fn items(origins: Origins) -> Origins {
    origins.into_iter().map(|path| path + "[]").collect()
}

/// The path of an attribute; a name that could not stand behind a point is put in brackets.
fn append(path: &str, name: &str) -> String {
    let mut cursor = Cursor::new(name);
    let plain = cursor.word() == Some(name) && !name.is_empty();
    match plain {
        true => format!("{path}.{name}"),
        false => format!("{path}[\"{name}\"]"),
    }
}
