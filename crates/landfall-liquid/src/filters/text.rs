//! Filters of text.

use super::{Call, Outcome, Spec, falls_back, spec};
use crate::error::RenderError;
use crate::parse::is_space;
use crate::value::{Number, Value, integer_argument};

pub(super) const SPECS: &[Spec] = &[
    spec("append", 1, 1, append),
    spec("capitalize", 0, 0, capitalize),
    spec("contains", 1, 1, contains),
    spec("default", 0, 2, default),
    spec("downcase", 0, 0, |call| {
        Ok(Value::text(downcase(&call.text())))
    }),
    spec("lstrip", 0, 0, |call| {
        Ok(Value::text(call.text().trim_start_matches(is_space)))
    }),
    spec("newline_to_br", 0, 0, newline_to_br),
    spec("normalize_whitespace", 0, 0, normalize_whitespace),
    spec("number_of_words", 0, 0, number_of_words),
    spec("pluralize", 1, 2, pluralize),
    spec("prepend", 1, 1, prepend),
    spec("remove", 1, 1, |call| replaced(call, "", false)),
    spec("remove_first", 1, 1, |call| replaced(call, "", true)),
    spec("remove_last", 1, 1, |call| replaced_last(call, "")),
    spec("replace", 1, 2, |call| {
        let by = call.argument(1).to_text().into_owned();
        replaced(call, &by, false)
    }),
    spec("replace_first", 1, 2, |call| {
        let by = call.argument(1).to_text().into_owned();
        replaced(call, &by, true)
    }),
    spec("replace_last", 2, 2, |call| {
        let by = call.argument(1).to_text().into_owned();
        replaced_last(call, &by)
    }),
    spec("rstrip", 0, 0, |call| {
        Ok(Value::text(call.text().trim_end_matches(is_space)))
    }),
    spec("slugify", 0, 0, slugify),
    spec("split", 1, 1, split),
    spec("strip", 0, 0, |call| {
        Ok(Value::text(call.text().trim_matches(is_space)))
    }),
    spec("strip_newlines", 0, 0, |call| {
        Ok(Value::text(
            call.text().replace("\r\n", "").replace('\n', ""),
        ))
    }),
    spec("titlecase", 0, 0, titlecase),
    spec("truncate", 0, 2, truncate),
    spec("truncatewords", 0, 2, truncate_words),
    spec("upcase", 0, 0, |call| {
        Ok(Value::text(call.text().to_uppercase()))
    }),
];

/// Sign by sign: Ruby does not look at what stands around a final sigma.
fn downcase(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn append<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    joined(call, true)
}

fn prepend<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    joined(call, false)
}

fn joined<'a>(call: &mut Call<'_, 'a>, behind: bool) -> Outcome<'a> {
    let (text, more) = (call.text(), call.argument(0).to_text());
    call.renderer.check_length(text.len() + more.len())?;
    let (first, second) = if behind {
        (&text, &more)
    } else {
        (&more, &text)
    };
    Ok(Value::text([&**first, &**second].concat()))
}

fn capitalize<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    Ok(Value::text(capitalized(&call.text())))
}

fn capitalized(text: &str) -> String {
    let mut signs = text.chars();
    let first = signs.next().into_iter().flat_map(titled);
    first.chain(signs.flat_map(char::to_lowercase)).collect()
}

/// The sign at the beginning of a capitalised word: `ß` becomes `Ss`, not `SS`.
fn titled(sign: char) -> Vec<char> {
    let mut upper: Vec<char> = sign.to_uppercase().collect();
    for later in upper.iter_mut().skip(1) {
        if let Some(lower) = later.to_lowercase().next() {
            *later = lower;
        }
    }
    upper
}

/// Each word with a capital letter first and small ones after it.
fn titlecase<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let text = call.text();
    let words = text.split_inclusive(char::is_whitespace);
    Ok(Value::text(words.map(capitalized).collect::<String>()))
}

fn contains<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let items = call.input.items();
    call.renderer
        .charge(items.as_ref().map_or(0, |items| items.len() as u64))?;
    let part = call.argument(0);
    Ok(Value::Bool(match items {
        Some(items) => (0..items.len()).any(|at| items.get(at).equals(part)),
        None => call.text().contains(&*part.to_text()),
    }))
}

fn default<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    Ok(match falls_back(&call.input, call.arguments) {
        true => call.optional(0).cloned().unwrap_or(Value::Str("")),
        false => call.input.clone(),
    })
}

fn newline_to_br<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let text = call.text().replace("\r\n", "\n");
    Ok(Value::text(text.replace('\n', "<br />\n")))
}

fn normalize_whitespace<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let text = call.text();
    let mut out = String::with_capacity(text.len());
    let mut in_space = false;
    for sign in text.chars() {
        if sign.is_whitespace() {
            if !in_space {
                out.push(' ');
            }
            in_space = true;
        } else {
            out.push(sign);
            in_space = false;
        }
    }
    Ok(Value::text(out))
}

fn number_of_words<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    Ok(Value::Int(call.text().split_whitespace().count() as i128))
}

/// The number and the word that belongs to it; without a plural, the singular with an `s`.
fn pluralize<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let one = Number::of(&call.input).compare(Number::Int(1)).is_eq();
    let singular = call.argument(0).to_text();
    let word = match call.optional(1) {
        _ if one => singular,
        Some(plural) => plural.to_text(),
        None => format!("{singular}s").into(),
    };
    Ok(Value::text(format!("{} {word}", call.text())))
}

/// Replaces all (or the first) of what the first argument is. Ruby reads `\0`, `\&`, `` \` ``, `\'` and `\\` in
/// what it puts there.
fn replaced<'a>(call: &mut Call<'_, 'a>, by: &str, once: bool) -> Outcome<'a> {
    let text = call.text();
    let wanted = call.argument(0).to_text();
    let plain = !by.contains('\\');
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, found) in text.match_indices(&*wanted) {
        out.push_str(&text[from..at]);
        if plain {
            out.push_str(by);
        } else {
            expand(by, found, &text[..at], &text[at + found.len()..], &mut out);
        }
        call.renderer.check_length(out.len())?;
        from = at + found.len();
        if once {
            break;
        }
    }
    out.push_str(&text[from..]);
    Ok(Value::text(out))
}

fn expand(by: &str, found: &str, before: &str, after: &str, out: &mut String) {
    let mut signs = by.chars().peekable();
    while let Some(sign) = signs.next() {
        if sign != '\\' {
            out.push(sign);
            continue;
        }
        match signs.peek() {
            Some('0' | '&') => out.push_str(found),
            Some('`') => out.push_str(before),
            Some('\'') => out.push_str(after),
            Some('\\') => out.push('\\'),
            Some('1'..='9') => {}
            _ => {
                out.push('\\');
                continue;
            }
        }
        signs.next();
    }
}

fn replaced_last<'a>(call: &mut Call<'_, 'a>, by: &str) -> Outcome<'a> {
    let text = call.text();
    let wanted = call.argument(0).to_text();
    Ok(match text.rfind(&*wanted) {
        None => Value::text(&*text),
        Some(at) => Value::text([&text[..at], by, &text[at + wanted.len()..]].concat()),
    })
}

/// Small letters and digits, everything else a single dash.
fn slugify<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let text = downcase(&call.text());
    let words = text.split(|sign: char| !sign.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    Ok(Value::text(words.join("-")))
}

fn split<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    call.renderer
        .charge(call.input.weight().saturating_mul(4))?;
    let text = call.text();
    let separator = call.argument(0).to_text();
    let mut parts: Vec<&str> = match &*separator {
        " " => words(&text).collect(),
        "" => return Ok(signs(&text)),
        separator => text.split(separator).collect(),
    };
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    Ok(Value::list(parts.into_iter().map(Value::text).collect()))
}

/// Words between the white space that Ruby's `split(" ")` knows, which is that of ASCII.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|sign| is_space(sign) && sign != '\0')
        .filter(|word| !word.is_empty())
}

fn signs<'a>(text: &str) -> Value<'a> {
    let mut buffer = [0; 4];
    let signs = text.chars();
    Value::list(
        signs
            .map(|sign| Value::text(&*sign.encode_utf8(&mut buffer)))
            .collect(),
    )
}

fn truncate<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    if call.input.is_nil() {
        return Ok(Value::Nil);
    }
    let length = call.optional(0).map_or(Ok(50), integer_argument)?;
    let ellipsis = call.optional(1).map_or("...".into(), Value::to_text);
    let text = call.text();
    if (text.chars().count() as i128) <= length {
        return Ok(Value::text(&*text));
    }
    let kept = (length - ellipsis.chars().count() as i128).max(0);
    let kept: String = text
        .chars()
        .take(usize::try_from(kept).unwrap_or(0))
        .collect();
    Ok(Value::text(kept + &ellipsis))
}

fn truncate_words<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    if call.input.is_nil() {
        return Ok(Value::Nil);
    }
    let count = call.optional(0).map_or(Ok(15), integer_argument)?.max(1);
    if count >= i128::from(i32::MAX) {
        return Err(RenderError::argument(format!(
            "integer {count} too big for truncatewords"
        )));
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let text = call.text();
    // White space behind the last word counts as more to come.
    let more = text.ends_with(|sign| is_space(sign) && sign != '\0');
    if words(&text).count() + usize::from(more) <= count {
        return Ok(Value::text(&*text));
    }
    let kept: Vec<&str> = words(&text).take(count).collect();
    let ellipsis = call.optional(1).map_or("...".into(), Value::to_text);
    Ok(Value::text(kept.join(" ") + &ellipsis))
}
