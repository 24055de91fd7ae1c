//! Filters that make text fit for HTML, XML and URLs, and take it out of them.

use std::fmt::Write as _;

use super::{Call, Outcome, Spec, spec};
use crate::error::RenderError;
use crate::value::Value;

pub(super) const SPECS: &[Spec] = &[
    spec("cgi_escape", 0, 0, url_encode),
    spec("escape", 0, 0, escape),
    spec("escape_once", 0, 0, escape_once),
    spec("h", 0, 0, escape),
    spec("strip_html", 0, 0, strip_html),
    spec("uri_escape", 0, 0, uri_escape),
    spec("url_decode", 0, 0, url_decode),
    spec("url_encode", 0, 0, url_encode),
    spec("xml_escape", 0, 0, xml_escape),
];

fn entity(sign: char) -> Option<&'static str> {
    Some(match sign {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        _ => return None,
    })
}

fn escape<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    if call.input.is_nil() {
        return Ok(Value::Nil);
    }
    let text = call.text();
    let mut out = String::with_capacity(text.len() + 16);
    for sign in text.chars() {
        match entity(sign) {
            Some(entity) => out.push_str(entity),
            None => out.push(sign),
        }
    }
    Ok(Value::text(out))
}

/// As `escape`, but an `&` that begins an entity stays.
fn escape_once<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let text = call.text();
    let mut out = String::with_capacity(text.len() + 16);
    for (at, sign) in text.char_indices() {
        match entity(sign) {
            Some(_) if sign == '&' && begins_entity(&text[at + 1..]) => out.push('&'),
            Some(entity) => out.push_str(entity),
            None => out.push(sign),
        }
    }
    Ok(Value::text(out))
}

fn begins_entity(text: &str) -> bool {
    let (name, digits) = match text.strip_prefix('#') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let fits = |sign: char| match digits {
        true => sign.is_ascii_digit(),
        false => sign.is_ascii_alphabetic(),
    };
    let rest = name.trim_start_matches(fits);
    rest.len() < name.len() && rest.starts_with(';')
}

fn xml_escape<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let text = call.text();
    let mut out = String::with_capacity(text.len() + 16);
    for sign in text.chars() {
        match entity(sign) {
            Some(_) if sign == '"' => out.push_str("&#34;"),
            Some(entity) => out.push_str(entity),
            None => out.push(sign),
        }
    }
    Ok(Value::text(out))
}

/// Scripts, comments and styles go with what is in them, of other tags only the tags.
fn strip_html<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    const BLOCKS: [(&str, &str); 3] = [
        ("<script", "</script>"),
        ("<!--", "-->"),
        ("<style", "</style>"),
    ];
    let text = call.text();
    let mut without_blocks = String::with_capacity(text.len());
    let mut rest = &*text;
    // A block whose end was not found once has no end further on either.
    let mut hopeless = [false; 3];
    while let Some(at) = rest.find('<') {
        without_blocks.push_str(&rest[..at]);
        rest = &rest[at..];
        let mut length = 0;
        for (place, (start, end)) in BLOCKS.iter().enumerate() {
            if hopeless[place] || !rest.starts_with(start) {
                continue;
            }
            match rest[start.len()..].find(end) {
                Some(inside) => length = start.len() + inside + end.len(),
                None => hopeless[place] = true,
            }
            break;
        }
        if length == 0 {
            without_blocks.push('<');
            length = 1;
        }
        rest = &rest[length..];
    }
    without_blocks.push_str(rest);
    let mut out = String::with_capacity(without_blocks.len());
    let mut rest = &*without_blocks;
    while let Some(at) = rest.find('<') {
        let Some(end) = rest[at..].find('>') else {
            break;
        };
        out.push_str(&rest[..at]);
        rest = &rest[at + end + 1..];
    }
    out.push_str(rest);
    Ok(Value::text(out))
}

fn url_encode<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    if call.input.is_nil() {
        return Ok(Value::Nil);
    }
    let text = call.text();
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => percent(byte, &mut out),
        }
    }
    Ok(Value::text(out))
}

/// Escapes what may not stand in a URL, and keeps what has a meaning in it.
fn uri_escape<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let text = call.text();
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'();/?:@&=+$,#[]".contains(&byte) {
            out.push(char::from(byte));
        } else {
            percent(byte, &mut out);
        }
    }
    Ok(Value::text(out))
}

fn percent(byte: u8, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = write!(out, "%{byte:02X}");
}

fn url_decode<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    if call.input.is_nil() {
        return Ok(Value::Nil);
    }
    let text = call.text().replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&text).decode_utf8();
    match decoded {
        Ok(decoded) => Ok(Value::text(&*decoded)),
        Err(_) => Err(RenderError::argument("invalid byte sequence in UTF-8")),
    }
}
