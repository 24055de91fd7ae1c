//! What can go wrong when a template is read, and when it is rendered.

use std::fmt;

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ParseError {
    /// The line of the template, counted from 1, in which the mistake was noticed.
    pub line: u32,
    /// The kind of mistake.
    pub what: ParseErrorKind,
    /// What was wrong and what to write instead, without the line.
    pub message: String,
}

/// The kinds of mistakes in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParseErrorKind {
    /// `{{` or `{%` without its end.
    Unterminated,
    /// A tag that does not exist.
    UnknownTag,
    /// A block such as `if` without its `endif`.
    NeverClosed,
    /// A tag in the wrong place: `else` outside of a block, `endfor` that closes an `if`.
    Misplaced,
    /// What stands in a tag or an output cannot be read.
    Syntax,
    /// Blocks are nested deeper than 100, or expressions deeper than 32.
    TooDeep,
}

/// Why a rendering ended, or what a preview stumbled over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderError {
    /// The line, counted from 1, of the output or tag that failed.
    pub line: u32,
    /// The snippet in which that line is; `None` for the template itself.
    pub snippet: Option<String>,
    /// The variable that was missing, or that the failing output or tag reads first; as written in the
    /// template, such as `customer.first_name`.
    pub variable: Option<String>,
    /// What happened.
    pub kind: RenderErrorKind,
    /// The same in words, without line and variable.
    pub message: String,
}

/// The kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RenderErrorKind {
    /// A value that is printed does not exist and has no fallback.
    MissingValue,
    /// The text, or a value on its way, is longer than [`Limits::output_bytes`](crate::Limits::output_bytes).
    OutputTooLarge,
    /// Loops ran more often than [`Limits::iterations`](crate::Limits::iterations).
    TooManyIterations,
    /// The work was more than [`Limits::steps`](crate::Limits::steps).
    TooManySteps,
    /// Blocks, snippets or values are nested deeper than [`Limits::depth`](crate::Limits::depth).
    TooDeep,
    /// A division by zero.
    DividedByZero,
    /// A filter or tag was given what it cannot use.
    BadArgument,
    /// A filter that does not exist.
    UnknownFilter,
    /// A snippet that does not exist.
    UnknownSnippet,
}

impl RenderErrorKind {
    /// Whether a limit was reached: such a rendering ends, also in a preview.
    pub fn is_limit(self) -> bool {
        matches!(
            self,
            Self::OutputTooLarge | Self::TooManyIterations | Self::TooManySteps | Self::TooDeep
        )
    }
}

impl RenderError {
    /// A failure whose line is not known yet.
    pub(crate) fn new(kind: RenderErrorKind, message: impl Into<String>) -> Self {
        Self {
            line: 0,
            snippet: None,
            variable: None,
            kind,
            message: message.into(),
        }
    }

    /// A filter or tag was given what it cannot use.
    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::new(RenderErrorKind::BadArgument, message)
    }

    /// A value that is not there.
    pub(crate) fn missing(variable: &str) -> Self {
        Self {
            variable: Some(variable.to_owned()),
            ..Self::new(
                RenderErrorKind::MissingValue,
                "the value is missing; give it a fallback with `default`, or test it with `if`",
            )
        }
    }
}

impl std::error::Error for RenderError {}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(snippet) = &self.snippet {
            write!(f, "snippet {snippet}, ")?;
        }
        write!(f, "line {}: ", self.line)?;
        if let Some(variable) = &self.variable {
            write!(f, "{variable}: ")?;
        }
        f.write_str(&self.message)
    }
}
