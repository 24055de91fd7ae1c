//! The tags: what stands in them, and what they enclose.

use super::cursor::{Cursor, Unreadable};
use super::{Ending, Parser, unreadable};
use crate::ast::{
    Body, Branch, Cycle, Expr, For, Group, Node, NodeKind, Offset, Partial, TableRow, When,
};
use crate::error::{ParseError, ParseErrorKind};

/// Tags of Customer.io that print a value which the scope holds under `cio`.
pub(crate) const PROVIDED: &[&str] = &[
    "cio_link_id",
    "manage_subscription_preferences_url",
    "subscription_topic_name",
    "tracking_consent_url",
    "unsubscribe",
    "unsubscribe_url",
    "view_in_browser",
    "view_in_browser_url",
];

type Parts = Result<NodeKind, Unreadable>;

impl<'s> Parser<'s> {
    /// A tag with its block, if it has one.
    pub(super) fn known_tag(
        &mut self,
        name: &'s str,
        markup: &'s str,
        line: u32,
        block: Option<(&str, u32)>,
    ) -> Result<Node, ParseError> {
        let kind = match name {
            "if" | "unless" => self.branches(name, markup, line)?,
            "case" => self.case(markup, line)?,
            "for" => self.for_loop(markup, line)?,
            "tablerow" => self.table_row(markup, line)?,
            "capture" => {
                let variable = variable(markup, line, "capture")?;
                NodeKind::Capture(variable, self.block("capture", line)?)
            }
            "ifchanged" => NodeKind::IfChanged(self.block("ifchanged", line)?),
            _ => match simple(name, markup) {
                Some(kind) => kind.map_err(|error| unreadable(&error, line, name))?,
                None => return Err(unknown(name, line, block)),
            },
        };
        Ok(Node {
            line,
            blank: is_blank(&kind),
            kind,
        })
    }

    /// What stands between a tag and its end.
    fn block(&mut self, name: &'static str, line: u32) -> Result<Body, ParseError> {
        let ending = match name {
            "capture" => "endcapture",
            "ifchanged" => "endifchanged",
            _ => "endtablerow",
        };
        let (body, _) = self.body(&[ending], Some((name, line)))?;
        Ok(body)
    }

    fn branches(&mut self, name: &str, markup: &str, line: u32) -> Result<NodeKind, ParseError> {
        let closing = match name {
            "if" => "endif",
            _ => "endunless",
        };
        let read = |markup: &str, line| {
            Cursor::new(markup)
                .condition()
                .map_err(|error| unreadable(&error, line, name))
        };
        let mut condition = Some(read(markup, line)?);
        let mut negated = name == "unless";
        let mut branches = Vec::new();
        loop {
            let endings = ["elsif", "else", closing];
            let (body, ending) = self.body(&endings, Some((name, line)))?;
            branches.push(Branch {
                condition: condition.take(),
                negated: std::mem::take(&mut negated),
                body,
            });
            match ending {
                Some(Ending {
                    name: "elsif",
                    markup,
                    line,
                }) => condition = Some(read(markup, line)?),
                Some(Ending { name: "else", .. }) => {}
                _ => break,
            }
        }
        strip_blank(branches.iter_mut().map(|branch| &mut branch.body));
        Ok(NodeKind::If(branches))
    }

    fn case(&mut self, markup: &str, line: u32) -> Result<NodeKind, ParseError> {
        let mut cursor = Cursor::new(markup);
        let subject = cursor.expression();
        let subject = subject.and_then(|subject| cursor.finish().map(|()| subject));
        let subject = subject.map_err(|error| unreadable(&error, line, "case"))?;
        let endings = ["when", "else", "endcase"];
        // What stands before the first `when` is never printed.
        let (before, mut ending) = self.body(&endings, Some(("case", line)))?;
        let mut arms: Vec<When> = Vec::new();
        while let Some(Ending {
            name,
            markup,
            line: at,
        }) = ending
        {
            let values = match name {
                "when" => Some(when(markup).map_err(|error| unreadable(&error, at, "when"))?),
                "else" => None,
                _ => break,
            };
            let (body, next) = self.body(&endings, Some(("case", line)))?;
            arms.push(When { values, body });
            ending = next;
        }
        if before.blank {
            strip_blank(arms.iter_mut().map(|arm| &mut arm.body));
        }
        Ok(NodeKind::Case(subject, arms))
    }

    fn for_loop(&mut self, markup: &str, line: u32) -> Result<NodeKind, ParseError> {
        let mut parsed = for_markup(markup).map_err(|error| unreadable(&error, line, "for"))?;
        let (body, ending) = self.body(&["else", "endfor"], Some(("for", line)))?;
        parsed.body = body;
        if let Some(Ending { name: "else", .. }) = ending {
            let (body, _) = self.body(&["endfor"], Some(("for", line)))?;
            parsed.otherwise = Some(body);
        }
        strip_blank(std::iter::once(&mut parsed.body).chain(parsed.otherwise.as_mut()));
        Ok(NodeKind::For(Box::new(parsed)))
    }

    fn table_row(&mut self, markup: &str, line: u32) -> Result<NodeKind, ParseError> {
        let parsed = table_row_markup(markup);
        let mut parsed = parsed.map_err(|error| unreadable(&error, line, "tablerow"))?;
        parsed.body = self.block("tablerow", line)?;
        Ok(NodeKind::TableRow(Box::new(parsed)))
    }
}

/// A block whose bodies are all blank prints nothing: its texts, white space all of them, go.
fn strip_blank<'b>(bodies: impl Iterator<Item = &'b mut Body>) {
    let mut bodies: Vec<&mut Body> = bodies.collect();
    if bodies.iter().all(|body| body.blank) {
        for body in &mut bodies {
            body.nodes
                .retain(|node| !matches!(node.kind, NodeKind::Text(_)));
        }
    }
}

fn is_blank(kind: &NodeKind) -> bool {
    match kind {
        NodeKind::Assign(..) | NodeKind::Capture(..) => true,
        NodeKind::If(branches) => branches.iter().all(|branch| branch.body.blank),
        NodeKind::Case(_, arms) => arms.iter().all(|arm| arm.body.blank),
        NodeKind::For(parsed) => {
            parsed.body.blank && parsed.otherwise.as_ref().is_none_or(|body| body.blank)
        }
        NodeKind::TableRow(parsed) => parsed.body.blank,
        NodeKind::IfChanged(body) => body.blank,
        _ => false,
    }
}

/// Tags without a block. `None` when there is no such tag.
fn simple(name: &str, markup: &str) -> Option<Parts> {
    if let Some(provided) = PROVIDED.iter().find(|provided| **provided == name) {
        return Some(Ok(NodeKind::Provided(provided)));
    }
    Some(match name {
        "assign" => assign(markup),
        "echo" => Cursor::new(markup).output().map(NodeKind::Output),
        "increment" => Ok(NodeKind::Count(markup.trim().into(), 1)),
        "decrement" => Ok(NodeKind::Count(markup.trim().into(), -1)),
        "cycle" => cycle(markup),
        "break" => Ok(NodeKind::Break),
        "continue" => Ok(NodeKind::Continue),
        "render" => partial(markup, true),
        "include" => partial(markup, false),
        "cio_link" => link(markup),
        "random" => whole(markup).map(NodeKind::Random),
        "generate_uuid" => Ok(NodeKind::Uuid),
        "render_liquid" => whole(markup).map(NodeKind::RenderLiquid),
        _ => return None,
    })
}

/// One expression and nothing else.
fn whole(markup: &str) -> Result<Expr, Unreadable> {
    let mut cursor = Cursor::new(markup);
    let expression = cursor.expression()?;
    cursor.finish()?;
    Ok(expression)
}

fn assign(markup: &str) -> Parts {
    let mut cursor = Cursor::new(markup);
    match cursor.word() {
        Some(name) if cursor.take("=") => {
            let output = cursor.output()?;
            Ok(NodeKind::Assign(name.into(), output))
        }
        _ => Err(Unreadable::new(
            "an assignment is written: assign name = value",
        )),
    }
}

fn variable(markup: &str, line: u32, tag: &str) -> Result<Box<str>, ParseError> {
    let markup = markup.trim().trim_matches(['"', '\'']);
    let mut cursor = Cursor::new(markup);
    match cursor.word() {
        Some(name) if cursor.finish().is_ok() => Ok(name.into()),
        _ => Err(unreadable(
            &Unreadable::new(format!("it is written: {tag} name")),
            line,
            tag,
        )),
    }
}

fn when(markup: &str) -> Result<Vec<Expr>, Unreadable> {
    let mut cursor = Cursor::new(markup);
    let mut values = vec![cursor.expression()?];
    while cursor.take(",") || cursor.take_word("or") {
        values.push(cursor.expression()?);
    }
    cursor.finish()?;
    Ok(values)
}

fn for_markup(markup: &str) -> Result<For, Unreadable> {
    let mut cursor = Cursor::new(markup);
    let written = || Unreadable::new("a loop is written: for item in collection");
    let variable = cursor.word().ok_or_else(written)?;
    if !cursor.take_word("in") {
        return Err(written());
    }
    let before = cursor.remainder();
    let collection = cursor.expression()?;
    let name = before[..before.len() - cursor.remainder().len()].trim_end();
    let mut parsed = For {
        variable: variable.into(),
        collection,
        name: format!("{variable}-{name}").into(),
        limit: None,
        offset: Offset::None,
        reversed: false,
        body: Body::default(),
        otherwise: None,
    };
    loop {
        cursor.take(",");
        if cursor.take_word("reversed") {
            parsed.reversed = true;
            continue;
        }
        match cursor.name_of_argument() {
            Some("limit") => parsed.limit = Some(cursor.expression()?),
            Some("offset") if cursor.take_word("continue") => parsed.offset = Offset::Continue,
            Some("offset") => parsed.offset = Offset::At(cursor.expression()?),
            Some(other) => {
                return Err(Unreadable::new(format!(
                    "`{other}` is unknown; a loop takes limit, offset and reversed"
                )));
            }
            None => break,
        }
    }
    cursor.finish()?;
    Ok(parsed)
}

fn table_row_markup(markup: &str) -> Result<TableRow, Unreadable> {
    let mut cursor = Cursor::new(markup);
    let written = || Unreadable::new("it is written: tablerow item in collection cols:3");
    let variable = cursor.word().ok_or_else(written)?;
    if !cursor.take_word("in") {
        return Err(written());
    }
    let mut parsed = TableRow {
        variable: variable.into(),
        collection: cursor.expression()?,
        columns: None,
        limit: None,
        offset: None,
        body: Body::default(),
    };
    loop {
        cursor.take(",");
        match cursor.name_of_argument() {
            Some("cols") => parsed.columns = Some(cursor.expression()?),
            Some("limit") => parsed.limit = Some(cursor.expression()?),
            Some("offset") => parsed.offset = Some(cursor.expression()?),
            Some(other) => {
                return Err(Unreadable::new(format!(
                    "`{other}` is unknown; tablerow takes cols, limit and offset"
                )));
            }
            None => break,
        }
    }
    cursor.finish()?;
    Ok(parsed)
}

fn cycle(markup: &str) -> Parts {
    let mut cursor = Cursor::new(markup);
    let first = cursor.expression()?;
    let (name, mut values) = match cursor.take(":") {
        true => (Some(first), vec![cursor.expression()?]),
        false => (None, vec![first]),
    };
    while cursor.take(",") {
        values.push(cursor.expression()?);
    }
    cursor.finish()?;
    let group = match name {
        Some(name) => Group::Named(name),
        None => Group::Same(format!("{values:?}").into()),
    };
    Ok(NodeKind::Cycle(Cycle { group, values }))
}

fn partial(markup: &str, isolated: bool) -> Parts {
    let mut cursor = Cursor::new(markup);
    let name = cursor.expression()?;
    if isolated && !matches!(name, Expr::Text(_)) {
        return Err(Unreadable::new("the name of the snippet must be in quotes"));
    }
    let mut parsed = Partial {
        name,
        isolated,
        with: None,
        each: !isolated,
        alias: None,
        arguments: Vec::new(),
    };
    if cursor.take_word("with") {
        parsed.with = Some(cursor.expression()?);
    } else if cursor.take_word("for") {
        parsed.each = true;
        parsed.with = Some(cursor.expression()?);
    }
    if cursor.take_word("as") {
        let alias = cursor.word();
        parsed.alias = Some(
            alias
                .ok_or_else(|| Unreadable::new("after `as` a name is missing"))?
                .into(),
        );
    }
    loop {
        cursor.take(",");
        match cursor.name_of_argument() {
            Some(name) => {
                let value = cursor.expression()?;
                parsed.arguments.push((name.into(), value));
            }
            None => break,
        }
    }
    cursor.finish()?;
    Ok(NodeKind::Partial(Box::new(parsed)))
}

/// `url:` with or without quotes, then `track:` and `url_params:`, which whoever sends the message acts on.
fn link(markup: &str) -> Parts {
    let written = || Unreadable::new("it is written: cio_link url:https://example.com");
    let rest = markup.trim().strip_prefix("url:").ok_or_else(written)?;
    let rest = rest.trim_start();
    if rest.starts_with(['"', '\'']) {
        return Cursor::new(rest).expression().map(NodeKind::Link);
    }
    let url = rest.split_whitespace().next().ok_or_else(written)?;
    if url.contains("://") || url.starts_with("mailto:") {
        return Ok(NodeKind::Link(Expr::Text(url.into())));
    }
    Cursor::new(url).expression().map(NodeKind::Link)
}

fn unknown(name: &str, line: u32, block: Option<(&str, u32)>) -> ParseError {
    let misplaced = name.starts_with("end") || matches!(name, "else" | "elsif" | "when");
    let message = match block {
        Some((open, _)) if name.starts_with("end") => {
            format!("'{name}' is not a valid delimiter for {open} tags. use end{open}")
        }
        Some((open, _)) if misplaced => format!("{open} tag does not expect '{name}' tag"),
        None if misplaced => format!("Unexpected outer '{name}' tag"),
        _ if name.is_empty() => "the name of a tag is missing".to_owned(),
        _ => format!("Unknown tag '{name}'"),
    };
    ParseError {
        line,
        what: match misplaced {
            true => ParseErrorKind::Misplaced,
            false => ParseErrorKind::UnknownTag,
        },
        message,
    }
}
