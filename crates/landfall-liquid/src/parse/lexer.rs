//! Cuts the source into texts, outputs and tags.

use crate::error::{ParseError, ParseErrorKind};

/// A piece of source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'s> {
    pub(crate) kind: TokenKind<'s>,
    /// Line on which it starts, from 1.
    pub(crate) line: u32,
    /// `{%-` and `{{-`: white space of the text before goes.
    pub(crate) trims_before: bool,
    /// `-%}` and `-}}`: white space of the text after goes.
    pub(crate) trims_after: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum TokenKind<'s> {
    Text(&'s str),
    Output(&'s str),
    Tag { name: &'s str, markup: &'s str },
}

/// Where tokens come from: a document, or the lines of a `liquid` tag.
pub(crate) struct Lexer<'s> {
    rest: &'s str,
    line: u32,
    by_line: bool,
}

impl<'s> Lexer<'s> {
    pub(crate) fn document(source: &'s str) -> Self {
        Self {
            rest: source,
            line: 1,
            by_line: false,
        }
    }

    pub(crate) fn lines(markup: &'s str, line: u32) -> Self {
        Self {
            rest: markup,
            line,
            by_line: true,
        }
    }

    /// The line that the next token starts on.
    pub(crate) fn line(&self) -> u32 {
        self.line
    }

    pub(crate) fn next(&mut self) -> Result<Option<Token<'s>>, ParseError> {
        if self.by_line {
            return Ok(self.next_line());
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        match next_opening(self.rest) {
            Some(0) => self.markup().map(Some),
            at => Ok(Some(self.text(at.unwrap_or(self.rest.len())))),
        }
    }

    fn next_line(&mut self) -> Option<Token<'s>> {
        while !self.rest.is_empty() {
            let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
            let line = self.line;
            let markup = self.take(end).trim();
            if !markup.is_empty() {
                let (name, markup) = split_name(markup);
                return Some(Token {
                    kind: TokenKind::Tag { name, markup },
                    line,
                    trims_before: false,
                    trims_after: false,
                });
            }
        }
        None
    }

    fn text(&mut self, length: usize) -> Token<'s> {
        let line = self.line;
        Token {
            kind: TokenKind::Text(self.take(length)),
            line,
            trims_before: false,
            trims_after: false,
        }
    }

    fn markup(&mut self) -> Result<Token<'s>, ParseError> {
        let line = self.line;
        let is_tag = self.rest.starts_with("{%");
        let closing = if is_tag { "%}" } else { "}}" };
        let Some(end) = self.rest[2..].find(closing) else {
            let opening = &self.rest[..2];
            return Err(ParseError {
                line,
                what: ParseErrorKind::Unterminated,
                message: format!("`{opening}` is never closed; its end is `{closing}`"),
            });
        };
        let inner = &self.take(end + 4)[2..end + 2];
        let trims_before = inner.starts_with('-');
        let trims_after = inner.ends_with('-');
        let inner = inner.strip_prefix('-').unwrap_or(inner);
        let inner = inner.strip_suffix('-').unwrap_or(inner);
        let kind = if is_tag {
            let (name, markup) = split_name(inner);
            TokenKind::Tag { name, markup }
        } else {
            TokenKind::Output(inner)
        };
        // What can be wrong begins behind the first space.
        let space = &inner[..inner.len() - inner.trim_start().len()];
        Ok(Token {
            kind,
            line: line.saturating_add(breaks(space)),
            trims_before,
            trims_after,
        })
    }

    fn take(&mut self, length: usize) -> &'s str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.line = self.line.saturating_add(breaks(taken));
        taken
    }

    /// Everything up to the tag of the given name, which is passed over: the inside of `raw`. With the tag
    /// comes whether it trims after itself. `None` when there is no such tag.
    pub(crate) fn verbatim_until(&mut self, name: &str) -> Option<(&'s str, bool)> {
        let mut from = 0;
        loop {
            let tag = tag_from(self.rest, from)?;
            if tag.name == name && tag.markup.is_empty() {
                let text = &self.take(tag.end)[..tag.start];
                return Some((text, tag.trims_after));
            }
            from = tag.start + 2;
        }
    }

    /// Passes over a comment, whatever it contains, to the end of it and of the comments in it. Gives whether
    /// its end trims after itself; `None` when it has no end.
    pub(crate) fn skip_comment(&mut self) -> Option<bool> {
        let mut open = 1;
        while open > 0 {
            let (name, trims_after) = if self.by_line {
                let TokenKind::Tag { name, .. } = self.next_line()?.kind else {
                    continue;
                };
                (name, false)
            } else {
                let tag = tag_from(self.rest, 0)?;
                self.take(tag.end);
                (tag.name, tag.trims_after)
            };
            match name {
                "comment" => open += 1,
                "endcomment" if open == 1 => return Some(trims_after),
                "endcomment" => open -= 1,
                _ => {}
            }
        }
        None
    }
}

/// A tag found in a text.
struct Found<'s> {
    start: usize,
    end: usize,
    name: &'s str,
    markup: &'s str,
    trims_after: bool,
}

/// The first tag at or after a place.
fn tag_from(text: &str, from: usize) -> Option<Found<'_>> {
    let start = from + text[from..].find("{%")?;
    let end = start + 2 + text[start + 2..].find("%}")?;
    let inner = &text[start + 2..end];
    let trims_after = inner.ends_with('-');
    let inner = inner.strip_prefix('-').unwrap_or(inner);
    let inner = inner.strip_suffix('-').unwrap_or(inner);
    let (name, markup) = split_name(inner);
    Some(Found {
        start,
        end: end + 2,
        name,
        markup: markup.trim(),
        trims_after,
    })
}

fn breaks(text: &str) -> u32 {
    let count = text.bytes().filter(|byte| *byte == b'\n').count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn next_opening(source: &str) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut from = 0;
    while let Some(at) = source[from..].find('{') {
        let at = from + at;
        if matches!(bytes.get(at + 1), Some(b'{' | b'%')) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// The name of a tag and the rest. `#` is the name of a comment, also without a space after it.
fn split_name(markup: &str) -> (&str, &str) {
    let markup = markup.trim_start();
    if let Some(rest) = markup.strip_prefix('#') {
        return (&markup[..1], rest);
    }
    let end = markup
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(markup.len());
    (&markup[..end], &markup[end..])
}
