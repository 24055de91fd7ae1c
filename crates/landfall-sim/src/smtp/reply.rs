//! Replies of a mail server (RFC 5321 section 4.2) with enhanced status codes (RFC 3463).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// A reply. As text, and in scripts: `550 5.1.1 No such mailbox`; further lines after `\n`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reply {
    code: u16,
    enhanced: Option<(u16, u16, u16)>,
    text: String,
}

/// Text that is no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no reply: write a code from 200 to 599, an enhanced code if there is one, and text"
)]
pub struct NoReply(String);

impl Reply {
    /// A reply without enhanced code. The code is one of 200 to 599.
    pub(super) fn bare(code: u16, text: impl Into<String>) -> Self {
        Self {
            code,
            enhanced: None,
            text: text.into(),
        }
    }

    /// A reply with an enhanced code whose class is that of the code.
    pub(super) fn new(code: u16, subject: u16, detail: u16, text: impl Into<String>) -> Self {
        Self {
            code,
            enhanced: Some((code / 100, subject, detail)),
            text: text.into(),
        }
    }

    /// The three digits.
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// Whether it lets the client go on: classes 2 and 3.
    pub const fn is_positive(&self) -> bool {
        self.code < 400
    }

    /// The bytes on the wire: each line with the codes, and a hyphen on all but the last.
    pub(super) fn wire(&self) -> String {
        let enhanced = self
            .enhanced
            .map(|(class, subject, detail)| format!("{class}.{subject}.{detail} "))
            .unwrap_or_default();
        let lines: Vec<_> = self.text.split('\n').collect();
        let mut wire = String::new();
        for (number, line) in lines.iter().enumerate() {
            let between = if number + 1 == lines.len() { ' ' } else { '-' };
            wire.push_str(&format!("{}{between}{enhanced}{line}\r\n", self.code));
        }
        wire
    }
}

impl FromStr for Reply {
    type Err = NoReply;

    fn from_str(text: &str) -> Result<Self, NoReply> {
        let wrong = || NoReply(text.to_owned());
        let (code, rest) = text.split_once(' ').unwrap_or((text, ""));
        let code = Some(code)
            .filter(|code| code.len() == 3)
            .and_then(|code| code.parse().ok())
            .filter(|code| (200..=599).contains(code))
            .ok_or_else(wrong)?;
        if rest.contains('\r') {
            return Err(wrong());
        }
        let (first, after) = rest.split_once(' ').unwrap_or((rest, ""));
        Ok(
            match enhanced(first).filter(|(class, ..)| *class == code / 100) {
                Some(enhanced) => Self {
                    code,
                    enhanced: Some(enhanced),
                    text: after.to_owned(),
                },
                None => Self::bare(code, rest),
            },
        )
    }
}

fn enhanced(text: &str) -> Option<(u16, u16, u16)> {
    let mut parts = text.splitn(3, '.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some((class, subject, detail)) = self.enhanced {
            write!(f, " {class}.{subject}.{detail}")?;
        }
        if self.text.is_empty() {
            return Ok(());
        }
        write!(f, " {}", self.text)
    }
}

impl TryFrom<String> for Reply {
    type Error = NoReply;

    fn try_from(text: String) -> Result<Self, NoReply> {
        text.parse()
    }
}

impl From<Reply> for String {
    fn from(reply: Reply) -> Self {
        reply.to_string()
    }
}
