//! Reads expressions, filters and conditions out of the inside of a tag or output.

use crate::ast::{
    Comparison, Condition, Expr, FilterCall, Joint, Operator, Output, Path, Root, Segment,
};
use crate::filters::Filter;

/// How deep brackets and ranges may be nested in one expression.
const MAX_NESTING: u32 = 32;

/// Why the inside of a tag cannot be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) message: String,
    pub(crate) too_deep: bool,
}

impl Unreadable {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            too_deep: false,
        }
    }
}

/// A place in the inside of a tag.
pub(crate) struct Cursor<'s> {
    text: &'s str,
    at: usize,
    nesting: u32,
}

impl<'s> Cursor<'s> {
    pub(crate) fn new(text: &'s str) -> Self {
        Self {
            text,
            at: 0,
            nesting: 0,
        }
    }

    fn rest(&self) -> &'s str {
        &self.text[self.at..]
    }

    /// What is left, without the space around it.
    pub(crate) fn remainder(&self) -> &'s str {
        self.rest().trim()
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes the given signs, after any space.
    pub(crate) fn take(&mut self, signs: &str) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(signs);
        if found {
            self.at += signs.len();
        }
        found
    }

    /// Takes a word, after any space.
    pub(crate) fn take_word(&mut self, wanted: &str) -> bool {
        let start = self.at;
        let found = self.word() == Some(wanted);
        if !found {
            self.at = start;
        }
        found
    }

    /// The next word, after any space: letters, digits, `_`, `-`, and a `?` at its end.
    pub(crate) fn word(&mut self) -> Option<&'s str> {
        self.skip_space();
        let rest = self.rest();
        let first = rest.chars().next()?;
        if !(first.is_alphanumeric() || first == '_') {
            return None;
        }
        let mut end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if rest[end..].starts_with('?') {
            end += 1;
        }
        self.at += end;
        Some(&rest[..end])
    }

    /// A word that is followed by a colon, which is taken too.
    pub(crate) fn name_of_argument(&mut self) -> Option<&'s str> {
        let start = self.at;
        if let Some(name) = self.word()
            && self.take(":")
        {
            return Some(name);
        }
        self.at = start;
        None
    }

    /// Fails unless everything was read.
    pub(crate) fn finish(&mut self) -> Result<(), Unreadable> {
        match self.remainder() {
            "" => Ok(()),
            rest => Err(Unreadable::new(format!("`{rest}` cannot be read here"))),
        }
    }

    /// An expression, which must be there.
    pub(crate) fn expression(&mut self) -> Result<Expr, Unreadable> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(Unreadable {
                message: format!("brackets are nested deeper than {MAX_NESTING}"),
                too_deep: true,
            });
        }
        self.skip_space();
        let rest = self.rest();
        let expression = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote).map(|text| Expr::Text(text.into())),
            Some('(') => self.range(),
            Some('[') => self.path(),
            Some(first) if first.is_ascii_digit() || first == '-' => self.number_or_name(),
            Some(first) if is_word(first) => self.path(),
            Some(_) => Err(Unreadable::new(format!(
                "`{}` is no value; write a variable, a number, or a text in quotes",
                rest.trim_end()
            ))),
            None => Err(Unreadable::new(
                "a value is missing: a variable, a number, or a text in quotes",
            )),
        };
        self.nesting -= 1;
        expression
    }

    /// A text in the given quotes, at the cursor.
    fn quoted(&mut self, quote: char) -> Result<&'s str, Unreadable> {
        let inside = &self.rest()[1..];
        let Some(end) = inside.find(quote) else {
            return Err(Unreadable::new(format!(
                "the text that begins with {quote}{} has no closing quote",
                inside.trim_end()
            )));
        };
        self.at += end + 2;
        Ok(&inside[..end])
    }

    fn range(&mut self) -> Result<Expr, Unreadable> {
        self.at += 1;
        let first = self.expression()?;
        if !self.take("..") {
            return Err(Unreadable::new("a range is written (first..last)"));
        }
        let last = self.expression()?;
        if !self.take(")") {
            return Err(Unreadable::new("a range ends with a round bracket"));
        }
        Ok(Expr::Range(Box::new((first, last))))
    }

    fn number_or_name(&mut self) -> Result<Expr, Unreadable> {
        let rest = self.rest();
        let digits = |from: usize| -> usize {
            let tail = &rest[from..];
            from + tail
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(tail.len())
        };
        let sign = usize::from(rest.starts_with('-'));
        let whole = digits(sign);
        if whole == sign {
            return Err(Unreadable::new("`-` is no value"));
        }
        let mut end = whole;
        if rest[whole..].starts_with('.') && digits(whole + 1) > whole + 1 {
            end = digits(whole + 1);
        }
        let follows = rest[end..].chars().next();
        if sign == 0 && end == whole && follows.is_some_and(|c| c.is_alphabetic() || c == '_') {
            return self.path();
        }
        let text = &rest[..end];
        self.at += end;
        if end > whole {
            let number = text.parse();
            return number
                .map(Expr::Float)
                .map_err(|_| Unreadable::new(format!("`{text}` is no number")));
        }
        let number = text.parse();
        number
            .map(Expr::Int)
            .map_err(|_| Unreadable::new(format!("`{text}` has more than 38 digits")))
    }

    fn path(&mut self) -> Result<Expr, Unreadable> {
        let start = self.at;
        let root = if self.rest().starts_with('[') {
            Root::Computed(self.bracket()?)
        } else {
            let name = self.word().unwrap_or_default();
            let goes_on = self.rest().starts_with(['.', '[']) && !self.rest().starts_with("..");
            if !goes_on && let Some(literal) = literal(name) {
                return Ok(literal);
            }
            Root::Name(name.into())
        };
        let mut segments = Vec::new();
        loop {
            let rest = self.rest();
            if rest.starts_with('[') {
                segments.push(match self.bracket()? {
                    Expr::Text(key) => Segment::Key(key),
                    index => Segment::Index(index),
                });
            } else if rest.starts_with('.') && !rest.starts_with("..") {
                self.at += 1;
                if !self.rest().starts_with(is_word) {
                    return Err(Unreadable::new(format!(
                        "after `{}` the name of an attribute is missing",
                        &self.text[start..self.at]
                    )));
                }
                segments.push(match self.word().unwrap_or_default() {
                    "size" => Segment::Size,
                    "first" => Segment::First,
                    "last" => Segment::Last,
                    key => Segment::Key(key.into()),
                });
            } else {
                break;
            }
        }
        Ok(Expr::Path(Box::new(Path {
            root,
            segments,
            text: self.text[start..self.at].into(),
        })))
    }

    fn bracket(&mut self) -> Result<Expr, Unreadable> {
        self.at += 1;
        let inner = self.expression()?;
        if self.take("]") {
            Ok(inner)
        } else {
            Err(Unreadable::new("a square bracket is not closed"))
        }
    }

    /// An expression with filters, or nothing at all.
    pub(crate) fn output(&mut self) -> Result<Output, Unreadable> {
        let head = match self.remainder() {
            "" => Expr::Nil,
            _ => self.expression()?,
        };
        let mut filters = Vec::new();
        while self.take("|") {
            filters.push(self.filter()?);
        }
        self.finish()?;
        Ok(Output { head, filters })
    }

    fn filter(&mut self) -> Result<FilterCall, Unreadable> {
        let Some(name) = self.word() else {
            return Err(Unreadable::new("after `|` the name of a filter is missing"));
        };
        let mut call = FilterCall {
            filter: Filter::named(name),
            name: name.into(),
            arguments: Vec::new(),
            named: Vec::new(),
            predicate: None,
        };
        if self.take(":") {
            loop {
                match self.name_of_argument() {
                    Some(name) => {
                        let value = self.expression()?;
                        call.named.push((name.into(), value));
                    }
                    None => call.arguments.push(self.expression()?),
                }
                if !self.take(",") {
                    break;
                }
            }
        }
        if call.filter.takes_expression()
            && let [Expr::Text(item), Expr::Text(source)] = call.arguments.as_slice()
        {
            let condition = Cursor::new(source).condition()?;
            call.predicate = Some(Box::new((item.clone(), condition)));
        }
        Ok(call)
    }

    /// Comparisons joined by `and` and `or`, up to the end.
    pub(crate) fn condition(&mut self) -> Result<Condition, Unreadable> {
        let first = self.comparison()?;
        let mut rest = Vec::new();
        loop {
            let joint = if self.take_word("and") {
                Joint::And
            } else if self.take_word("or") {
                Joint::Or
            } else {
                break;
            };
            rest.push((joint, self.comparison()?));
        }
        self.finish()?;
        Ok(Condition { first, rest })
    }

    fn comparison(&mut self) -> Result<Comparison, Unreadable> {
        let left = self.expression()?;
        let right = match self.operator() {
            Some(operator) => Some((operator, self.expression()?)),
            None => None,
        };
        Ok(Comparison { left, right })
    }

    fn operator(&mut self) -> Option<Operator> {
        const SIGNS: &[(&str, Operator)] = &[
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<>", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        for (signs, operator) in SIGNS {
            if self.take(signs) {
                return Some(*operator);
            }
        }
        self.take_word("contains").then_some(Operator::Contains)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

fn literal(name: &str) -> Option<Expr> {
    Some(match name {
        "nil" | "null" => Expr::Nil,
        "true" => Expr::Bool(true),
        "false" => Expr::Bool(false),
        "blank" => Expr::Blank,
        "empty" => Expr::Empty,
        _ => return None,
    })
}
