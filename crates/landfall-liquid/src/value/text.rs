//! Values as text, and text as whole numbers, the way Ruby does both.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::Value;
use crate::error::RenderError;

impl Value<'_> {
    /// Ruby's `to_s`: arrays and objects as Ruby writes them in code, nil as nothing.
    pub(crate) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Str(text) => Cow::Borrowed(text),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Nil => Cow::Borrowed(""),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            _ => {
                let mut out = String::new();
                self.write_text(&mut out);
                Cow::Owned(out)
            }
        }
    }

    /// Appends [`Value::to_text`].
    pub(crate) fn write_text(&self, out: &mut String) {
        match self {
            Self::Str(text) => out.push_str(text),
            Self::Text(text) => out.push_str(text),
            Self::Nil => {}
            _ => self.write_inspected(out),
        }
    }

    /// Appends what `{{ }}` prints: arrays as their items one after the other.
    pub(crate) fn write_output(&self, out: &mut String) {
        if self.is_array() {
            self.write_joined(out, "");
        } else {
            self.write_text(out);
        }
    }

    /// Appends the items with something between them; nested arrays are joined in the same way.
    pub(crate) fn write_joined(&self, out: &mut String, glue: &str) {
        let Some(items) = self.items() else {
            return self.write_text(out);
        };
        for at in 0..items.len() {
            if at > 0 {
                out.push_str(glue);
            }
            let item = items.get(at);
            if item.is_array() {
                item.write_joined(out, glue);
            } else {
                item.write_text(out);
            }
        }
    }

    /// Appends the value as Ruby writes it in code.
    pub(crate) fn write_inspected(&self, out: &mut String) {
        match self {
            Self::Nil => out.push_str("nil"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(number) => write_number(out, *number),
            Self::Float(number) => out.push_str(&float_text(*number)),
            Self::Str(text) => inspect_text(text, out),
            Self::Text(text) => inspect_text(text, out),
            Self::Range(first, last) => {
                write_number(out, *first);
                out.push_str("..");
                write_number(out, *last);
            }
            Self::Time(moment) => out.push_str(&moment.text()),
            Self::ForLoop(_) => out.push_str("Liquid::ForloopDrop"),
            Self::TableRow(_) => out.push_str("Liquid::TablerowloopDrop"),
            Self::JsonArray(_) | Self::List(_) => {
                out.push('[');
                if let Some(items) = self.items() {
                    for at in 0..items.len() {
                        if at > 0 {
                            out.push_str(", ");
                        }
                        items.get(at).write_inspected(out);
                    }
                }
                out.push(']');
            }
            Self::JsonObject(_) | Self::Object(_) => {
                out.push('{');
                for (at, (key, value)) in self.entries().unwrap_or_default().iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    inspect_text(key, out);
                    out.push_str("=>");
                    value.write_inspected(out);
                }
                out.push('}');
            }
        }
    }
}

fn write_number(out: &mut String, number: i128) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{number}");
}

/// Ruby's text of a float: the shortest digits that read back, with an exponent where it would need many zeros.
fn float_text(float: f64) -> String {
    if float.is_nan() {
        return "NaN".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let mut scientific = format!("{float:e}");
    if float.abs() >= 1e14 {
        // Of two shortest texts that are as near, Ruby takes the one with the even digit.
        let places = scientific.bytes().filter(u8::is_ascii_digit).count();
        let places = places - (scientific.len() - scientific.find('e').unwrap_or(0) - 1) - 1;
        let even = format!("{float:.places$e}");
        if even.parse() == Ok(float) {
            scientific = even;
        }
    }
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let count = digits.bytes().filter(u8::is_ascii_digit).count();
    // Digits up to the point are filled up with zeros to 15, or all of them are significant.
    let broken = usize::try_from(exponent).is_ok_and(|exponent| exponent + 1 < count);
    if (-4..15).contains(&exponent) || broken {
        return plain(digits, exponent);
    }
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}{point}e{sign}{:02}", exponent.unsigned_abs())
}

/// Digits such as `-1.25` moved by so many places, without an exponent.
fn plain(digits: &str, exponent: i32) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits),
    };
    let mut digits = digits.replace('.', "");
    let before = match usize::try_from(exponent + 1) {
        Ok(before) if before > 0 => before,
        _ => {
            let zeros = usize::try_from(-exponent).unwrap_or(0);
            digits.insert_str(0, &"0".repeat(zeros));
            1
        }
    };
    while digits.len() <= before {
        digits.push('0');
    }
    digits.insert(before, '.');
    format!("{sign}{digits}")
}

fn inspect_text(text: &str, out: &mut String) {
    out.push('"');
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            '\x1b' => out.push_str("\\e"),
            '\x7f' => out.push_str("\\x7F"),
            '#' if matches!(signs.peek(), Some('{' | '$' | '@')) => out.push_str("\\#"),
            sign if sign.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(sign));
            }
            sign => out.push(sign),
        }
    }
    out.push('"');
}

/// Ruby's `to_i`: the whole number that a text begins with, 0 without one. `None` when it has more than 38
/// digits.
pub(crate) fn integer_prefix(text: &str) -> Option<i128> {
    let text = text.trim_start_matches(crate::parse::is_space);
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let mut number: i128 = 0;
    let mut after_digit = false;
    for byte in digits.bytes() {
        match byte {
            b'0'..=b'9' => {
                number = number
                    .checked_mul(10)?
                    .checked_add(i128::from(byte - b'0'))?;
                after_digit = true;
            }
            b'_' if after_digit => after_digit = false,
            _ => break,
        }
    }
    Some(if negative { -number } else { number })
}

/// Ruby's `Integer()`: a whole number, or a text that is one and nothing else.
pub(crate) fn integer_argument(value: &Value<'_>) -> Result<i128, RenderError> {
    if let Value::Int(number) = value {
        return Ok(*number);
    }
    let text = value.to_text();
    let text = text.trim_matches(crate::parse::is_space);
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'0'..=b'9' | b'_', ..] => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    let well_formed = !digits.is_empty()
        && !digits.starts_with(['_', '-', '+'])
        && !digits.ends_with('_')
        && !digits.contains("__");
    let number = i128::from_str_radix(&digits.replace('_', ""), base);
    match number {
        Ok(number) if well_formed => Ok(if text.starts_with('-') {
            -number
        } else {
            number
        }),
        _ => Err(RenderError::argument("invalid integer")),
    }
}
