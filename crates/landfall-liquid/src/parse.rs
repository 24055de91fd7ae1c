//! From source to [`Body`].

mod cursor;
mod lexer;
mod tags;

#[cfg(test)]
mod tests;

pub(crate) use cursor::Cursor;

use crate::ast::{Body, Node, NodeKind};
use crate::error::{ParseError, ParseErrorKind};
use cursor::Unreadable;
use lexer::{Lexer, Token, TokenKind};

/// How deep blocks may be nested, the same as in Ruby's Liquid.
const MAX_DEPTH: u32 = 100;

/// Reads a whole template.
pub(crate) fn template(source: &str) -> Result<Body, ParseError> {
    let mut parser = Parser {
        lexer: Lexer::document(source),
        depth: 0,
        trims_next: false,
    };
    let (body, _) = parser.body(&[], None)?;
    Ok(body)
}

/// The tag that ended a body.
#[derive(Debug, Clone, Copy)]
struct Ending<'s> {
    name: &'s str,
    markup: &'s str,
    line: u32,
}

/// A body that grows.
#[derive(Default)]
struct Growing {
    body: Body,
    /// A tag that leaves no node stands between the last text and what comes.
    last_is_text: bool,
}

impl Growing {
    fn new() -> Self {
        Self {
            body: Body {
                nodes: Vec::new(),
                blank: true,
            },
            last_is_text: false,
        }
    }

    fn push(&mut self, node: Node) {
        self.last_is_text = matches!(node.kind, NodeKind::Text(_));
        self.body.blank &= node.blank;
        self.body.nodes.push(node);
    }

    fn push_text(&mut self, text: &str, line: u32) {
        self.push(Node {
            line,
            blank: text.chars().all(is_space),
            kind: NodeKind::Text(text.into()),
        });
    }

    /// `{%-` takes the white space at the end of the text right before it.
    fn trim_end(&mut self) {
        if self.last_is_text
            && let Some(Node {
                kind: NodeKind::Text(text),
                ..
            }) = self.body.nodes.last_mut()
        {
            let kept = text.trim_end_matches(is_space).len();
            if kept < text.len() {
                *text = text[..kept].into();
            }
        }
    }
}

/// White space as Ruby strips it; NUL belongs to it.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, '\0' | '\t' | '\n' | '\x0b' | '\x0c' | '\r' | ' ')
}

struct Parser<'s> {
    lexer: Lexer<'s>,
    depth: u32,
    /// The tag before ended with `-%}`.
    trims_next: bool,
}

impl<'s> Parser<'s> {
    /// Reads up to one of the given tags, or to the end of the template when `block` is `None`.
    fn body(
        &mut self,
        endings: &[&str],
        block: Option<(&str, u32)>,
    ) -> Result<(Body, Option<Ending<'s>>), ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH + 1 {
            return Err(ParseError {
                line: self.lexer.line(),
                what: ParseErrorKind::TooDeep,
                message: format!("blocks are nested deeper than {MAX_DEPTH}"),
            });
        }
        let mut growing = Growing::new();
        while let Some(token) = self.lexer.next()? {
            if let TokenKind::Text(text) = token.kind {
                let text = match self.trims_next {
                    true => text.trim_start_matches(is_space),
                    false => text,
                };
                self.trims_next = false;
                growing.push_text(text, token.line);
                continue;
            }
            if token.trims_before {
                growing.trim_end();
            }
            self.trims_next = token.trims_after;
            match token.kind {
                TokenKind::Tag { name, markup } if endings.contains(&name) => {
                    self.depth -= 1;
                    let line = token.line;
                    return Ok((growing.body, Some(Ending { name, markup, line })));
                }
                TokenKind::Tag { name, markup } => {
                    self.tag(name, markup, token, block, &mut growing)?;
                }
                TokenKind::Output(markup) => {
                    let output = Cursor::new(markup)
                        .output()
                        .map_err(|error| unreadable(&error, token.line, "{{ }}"))?;
                    growing.push(Node {
                        line: token.line,
                        blank: false,
                        kind: NodeKind::Output(output),
                    });
                }
                TokenKind::Text(_) => {}
            }
        }
        self.depth -= 1;
        match block {
            None => Ok((growing.body, None)),
            Some((name, line)) => Err(never_closed(name, line)),
        }
    }

    fn tag(
        &mut self,
        name: &'s str,
        markup: &'s str,
        token: Token<'s>,
        block: Option<(&str, u32)>,
        growing: &mut Growing,
    ) -> Result<(), ParseError> {
        match name {
            "#" => {
                growing.last_is_text = false;
                inline_comment(markup, token.line)
            }
            "comment" => {
                growing.last_is_text = false;
                let Some(trims_after) = self.lexer.skip_comment() else {
                    return Err(never_closed("comment", token.line));
                };
                self.trims_next = trims_after;
                Ok(())
            }
            "liquid" => self.liquid(markup, token.line, growing),
            "raw" => {
                let trims = self.trims_next;
                let Some((text, trims_after)) = self.lexer.verbatim_until("endraw") else {
                    return Err(never_closed("raw", token.line));
                };
                // The text of `raw` stays as it is; what `-%}` asks for happens to the text after it.
                self.trims_next = trims || trims_after;
                growing.push(Node {
                    line: token.line,
                    blank: text.is_empty(),
                    kind: NodeKind::Text(text.into()),
                });
                growing.last_is_text = false;
                Ok(())
            }
            _ => {
                let node = self.known_tag(name, markup, token.line, block)?;
                growing.push(node);
                Ok(())
            }
        }
    }

    /// Tags line by line, without delimiters.
    fn liquid(
        &mut self,
        markup: &'s str,
        line: u32,
        growing: &mut Growing,
    ) -> Result<(), ParseError> {
        let mut inner = Parser {
            lexer: Lexer::lines(markup, line),
            depth: self.depth,
            trims_next: false,
        };
        let (body, _) = inner.body(&[], None)?;
        for node in body.nodes {
            growing.push(node);
        }
        Ok(())
    }
}

/// The lines of `{% # ... %}` all begin with `#`.
fn inline_comment(markup: &str, line: u32) -> Result<(), ParseError> {
    let plain = markup.split('\n').skip(1).map(str::trim);
    if plain
        .filter(|rest| !rest.is_empty())
        .any(|rest| !rest.starts_with('#'))
    {
        return Err(ParseError {
            line,
            what: ParseErrorKind::Syntax,
            message: "each line of a comment must begin with '#'".to_owned(),
        });
    }
    Ok(())
}

fn never_closed(name: &str, line: u32) -> ParseError {
    ParseError {
        line,
        what: ParseErrorKind::NeverClosed,
        message: format!("'{name}' tag was never closed; its end is {{% end{name} %}}"),
    }
}

fn unreadable(error: &Unreadable, line: u32, place: &str) -> ParseError {
    ParseError {
        line,
        what: match error.too_deep {
            true => ParseErrorKind::TooDeep,
            false => ParseErrorKind::Syntax,
        },
        message: format!("in {place}: {}", error.message),
    }
}
