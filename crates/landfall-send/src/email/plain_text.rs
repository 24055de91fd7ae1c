//! The plain text of a mail that comes with HTML only.

#[cfg(test)]
mod tests;

use super::html::{Token, Tokens, attribute};

/// Elements that nobody reads.
const UNREAD: &[&str] = &["head", "script", "style", "title", "template"];
/// Elements with an empty line around them.
const PARAGRAPHS: &[&str] = &[
    "blockquote",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ol",
    "p",
    "pre",
    "table",
    "ul",
];
/// Elements that begin and end a line.
const LINES: &[&str] = &[
    "address", "article", "body", "center", "dd", "div", "dl", "dt", "footer", "form", "header",
    "li", "main", "nav", "section", "tr",
];
/// Entities by name: those of HTML itself and those that mails have most.
const ENTITIES: &[(&str, &str)] = &[
    ("Auml", "Ä"),
    ("Ouml", "Ö"),
    ("Uuml", "Ü"),
    ("aacute", "á"),
    ("agrave", "à"),
    ("amp", "&"),
    ("apos", "'"),
    ("auml", "ä"),
    ("bull", "•"),
    ("ccedil", "ç"),
    ("cent", "¢"),
    ("copy", "©"),
    ("eacute", "é"),
    ("ecirc", "ê"),
    ("egrave", "è"),
    ("euro", "€"),
    ("gt", ">"),
    ("hellip", "…"),
    ("iacute", "í"),
    ("laquo", "«"),
    ("ldquo", "“"),
    ("lsquo", "‘"),
    ("lt", "<"),
    ("mdash", "—"),
    ("middot", "·"),
    ("nbsp", " "),
    ("ndash", "–"),
    ("ntilde", "ñ"),
    ("oacute", "ó"),
    ("ouml", "ö"),
    ("pound", "£"),
    ("quot", "\""),
    ("raquo", "»"),
    ("rdquo", "”"),
    ("reg", "®"),
    ("rsquo", "’"),
    ("shy", ""),
    ("szlig", "ß"),
    ("times", "×"),
    ("trade", "™"),
    ("uacute", "ú"),
    ("uuml", "ü"),
    ("yen", "¥"),
    ("zwj", ""),
    ("zwnj", ""),
];

/// The text of an HTML page as a reader would type it: paragraphs apart, one line for each row, lists
/// with dashes, the address behind each link, the description in place of each picture.
pub fn plain_text(html: &str) -> String {
    let mut page = Page::default();
    for token in Tokens::of(html) {
        page.take(token);
    }
    page.text.trim().to_owned()
}

/// The text so far, and what stands between it and the next word.
#[derive(Default)]
struct Page {
    text: String,
    /// Line breaks that are due: none, one, or two.
    breaks: usize,
    space: bool,
    /// What follows stays behind the dash of its list, whatever begins there.
    glued: bool,
    /// The elements that nobody reads and that are open.
    unread: Vec<String>,
    /// Where the link that is open leads, and where its text begins.
    link: Option<(String, usize)>,
}

impl Page {
    fn take(&mut self, token: Token<'_>) {
        match token {
            Token::Open { name, attributes } => self.open(name, attributes),
            Token::Close(name) => self.close(&name),
            Token::Text(text) if self.unread.is_empty() => self.write(&decoded(text)),
            Token::Text(_) | Token::Aside => {}
        }
    }

    fn open(&mut self, name: String, attributes: &str) {
        if UNREAD.contains(&name.as_str()) {
            self.unread.push(name);
            return;
        }
        if !self.unread.is_empty() {
            // A page that forgot to close its head has a body nevertheless.
            if name == "body" {
                self.unread.clear();
            }
            return;
        }
        self.separate(&name);
        match name.as_str() {
            // A second one is an empty line; more are the same.
            "br" => self.breaks = (self.breaks + 1).min(2),
            "hr" => {
                self.breaks = 2;
                self.write("---");
                self.breaks = 2;
            }
            "li" => {
                self.gap();
                self.text.push_str("- ");
                self.glued = true;
            }
            "img" => {
                let words = attribute(attributes, "alt").unwrap_or_default();
                self.write(&decoded(words));
            }
            "a" => {
                let address = attribute(attributes, "href").map(decoded);
                let address = address.filter(|address| address.starts_with("http"));
                self.link = address.map(|address| (address, self.text.len()));
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        if let Some(at) = self.unread.iter().rposition(|open| open == name) {
            self.unread.truncate(at);
            return;
        }
        if !self.unread.is_empty() {
            return;
        }
        if matches!(name, "td" | "th") {
            self.space = true;
        }
        if name == "a"
            && let Some((address, begin)) = self.link.take()
        {
            let shown = self.text.get(begin..).unwrap_or_default().trim();
            if shown != address {
                let behind = if shown.is_empty() {
                    format!(" {address}")
                } else {
                    format!(" ({address})")
                };
                self.write(&behind);
            }
        }
        self.separate(name);
    }

    fn separate(&mut self, name: &str) {
        if PARAGRAPHS.contains(&name) {
            self.breaks = 2;
        } else if LINES.contains(&name) {
            self.breaks = self.breaks.max(1);
        }
    }

    /// Adds words; any space between them is one.
    fn write(&mut self, text: &str) {
        self.space |= text.starts_with(char::is_whitespace);
        for word in text.split_whitespace() {
            self.gap();
            self.text.push_str(word);
            self.space = true;
        }
        if !text.trim().is_empty() {
            self.space = text.ends_with(char::is_whitespace);
        }
    }

    /// Puts what is due before the next word.
    fn gap(&mut self) {
        let nothing = std::mem::take(&mut self.glued) || self.text.is_empty();
        let breaks = std::mem::take(&mut self.breaks);
        let space = std::mem::take(&mut self.space);
        if nothing {
            return;
        }
        if breaks == 0 && space {
            self.text.push(' ');
        }
        self.text.extend(std::iter::repeat_n('\n', breaks));
    }
}

/// The text with its entities as characters; what is none stays as it is.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let found = rest[1..].find(';').filter(|end| *end <= 10);
        match found.and_then(|end| Some((entity(&rest[1..=end])?, end + 2))) {
            Some((character, length)) => {
                out.push_str(&character);
                rest = &rest[length..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        let character = char::from_u32(code.ok()?)?;
        return Some(match character {
            '\u{a0}' => " ".to_owned(),
            // Fillers behind a preheader.
            '\u{34f}' | '\u{200b}'..='\u{200d}' | '\u{ad}' | '\u{feff}' => String::new(),
            c if c.is_control() => " ".to_owned(),
            c => c.to_string(),
        });
    }
    let found = ENTITIES.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| (*text).to_owned())
}
