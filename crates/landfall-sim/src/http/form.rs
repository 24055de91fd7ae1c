//! `application/x-www-form-urlencoded`, as bodies and query strings.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stays as it is beside letters and digits.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'*')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_');

/// The fields of a form in their order. What is not UTF-8 is replaced.
pub fn read(form: &str) -> Vec<(String, String)> {
    form.split('&')
        .filter(|field| !field.is_empty())
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

/// A form of these fields, with `+` for spaces.
pub fn write(fields: &[(String, String)]) -> String {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    fields.join("&")
}

/// The value of the first field with this name.
pub fn value<'f>(fields: &'f [(String, String)], name: &str) -> Option<&'f str> {
    let field = fields.iter().find(|(own, _)| own == name);
    field.map(|(_, value)| value.as_str())
}

fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

fn encoded(text: &str) -> String {
    let encoded: Cow<'_, str> = utf8_percent_encode(text, KEPT).into();
    encoded.replace("%20", "+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_survive_the_way_there_and_back() {
        let fields: Vec<(String, String)> =
            [("To", "+1 555"), ("Body", "a&b=c ü+%"), ("", ""), ("x", "")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        let form = write(&fields);
        assert_eq!(form, "To=%2B1+555&Body=a%26b%3Dc+%C3%BC%2B%25&=&x=");
        assert_eq!(read(&form), fields);
        assert_eq!(value(&fields, "To"), Some("+1 555"));
    }

    #[test]
    fn a_name_may_end_with_an_inequality() {
        assert_eq!(
            read("DateSent%3E=2026-01-02&&PageSize"),
            [
                ("DateSent>".to_owned(), "2026-01-02".to_owned()),
                ("PageSize".to_owned(), String::new())
            ]
        );
    }
}
