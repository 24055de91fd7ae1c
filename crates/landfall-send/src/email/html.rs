//! Just enough of HTML to find tags and texts in mails: no tree, no repair.

#[cfg(test)]
mod tests;

/// Elements whose content is not HTML: it ends only at their own closing tag.
const RAW: &[&str] = &["script", "style", "title", "textarea"];

/// A piece of HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'h> {
    /// Text, with its entities as they are.
    Text(&'h str),
    /// The begin of an element.
    Open {
        /// Its name in lower case.
        name: String,
        /// What stands between name and bracket.
        attributes: &'h str,
    },
    /// The end of an element, its name in lower case.
    Close(String),
    /// A comment or declaration.
    Aside,
}

/// Goes through HTML from piece to piece.
pub(super) struct Tokens<'h> {
    html: &'h str,
    at: usize,
    raw: Option<&'static str>,
}

impl<'h> Tokens<'h> {
    pub(super) const fn of(html: &'h str) -> Self {
        Self {
            html,
            at: 0,
            raw: None,
        }
    }

    /// Where the next piece begins.
    pub(super) const fn position(&self) -> usize {
        self.at
    }

    fn text_until(&mut self, end: usize) -> Token<'h> {
        let text = &self.html[self.at..end];
        self.at = end;
        Token::Text(text)
    }

    fn tag(&mut self) -> Option<Token<'h>> {
        let rest = &self.html[self.at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            let end = comment.find("-->");
            self.at += end.map_or(rest.len(), |end| end + "<!---->".len());
            return Some(Token::Aside);
        }
        let inner = &rest[1..];
        let closing = inner.starts_with('/');
        let name_at = usize::from(closing);
        let first = inner[name_at..].chars().next()?;
        if matches!(first, '!' | '?') && !closing {
            self.at += inner.find('>').map_or(rest.len(), |end| end + 2);
            return Some(Token::Aside);
        }
        if !first.is_ascii_alphabetic() {
            return None;
        }
        let end = tag_end(inner)?;
        let inside = &inner[name_at..end];
        let name_end = inside
            .find(|c: char| c.is_whitespace() || c == '/')
            .unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(name_end);
        let name = name.to_ascii_lowercase();
        self.at += end + 2;
        if closing {
            return Some(Token::Close(name));
        }
        self.raw = RAW.iter().find(|raw| **raw == name).copied();
        Some(Token::Open { name, attributes })
    }
}

impl<'h> Iterator for Tokens<'h> {
    type Item = Token<'h>;

    fn next(&mut self) -> Option<Token<'h>> {
        let rest = &self.html[self.at..];
        if rest.is_empty() {
            return None;
        }
        if let Some(name) = self.raw.take() {
            let end = closing(rest, name).unwrap_or(rest.len());
            if end > 0 {
                return Some(self.text_until(self.at + end));
            }
        }
        if rest.starts_with('<')
            && let Some(token) = self.tag()
        {
            return Some(token);
        }
        // A bracket that begins no tag is text, up to the next one.
        let skipped = usize::from(rest.starts_with('<'));
        let end = rest[skipped..]
            .find('<')
            .map_or(rest.len(), |at| at + skipped);
        Some(self.text_until(self.at + end))
    }
}

/// Where the tag ends, by its bracket outside quotes.
fn tag_end(inner: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in inner.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// Where the closing tag of that name begins.
fn closing(rest: &str, name: &str) -> Option<usize> {
    rest.match_indices("</").map(|(at, _)| at).find(|&at| {
        let after = rest.as_bytes().get(at + 2..at + 2 + name.len());
        after.is_some_and(|after| after.eq_ignore_ascii_case(name.as_bytes()))
    })
}

/// The value of an attribute, entities as they are.
pub(super) fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '=' || c == '/')
            .unwrap_or(rest.len());
        let (found, after) = rest.split_at(end);
        let after = after.trim_start();
        let Some(value) = after.strip_prefix('=') else {
            rest = after;
            continue;
        };
        let (value, after) = quoted(value.trim_start());
        if found.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

fn quoted(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote) {
            return inside.split_once(quote).unwrap_or((inside, ""));
        }
    }
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// The HTML with a text that inboxes show beside the subject and nobody sees in the message.
pub(super) fn with_preheader(html: &str, preheader: &str) -> String {
    let hidden = format!(
        "<div style=\"display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;\
         font-size:1px;line-height:1px;mso-hide:all\">{}</div>",
        escaped(preheader)
    );
    let mut tokens = Tokens::of(html);
    let mut at = 0;
    while let Some(token) = tokens.next() {
        if matches!(&token, Token::Open { name, .. } if name == "body") {
            at = tokens.position();
            break;
        }
    }
    format!("{}{hidden}{}", &html[..at], &html[at..])
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}
