//! Who calls: Basic and Bearer, read as leniently as clients write them.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// User and password of a Basic header. Both base64 alphabets, padded or not (track-api.md 1).
pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = scheme(headers, "basic")?.trim_end_matches('=').to_owned();
    let bytes = STANDARD_NO_PAD
        .decode(&encoded)
        .or_else(|_| URL_SAFE_NO_PAD.decode(&encoded))
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// The token of a Bearer header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<String> {
    scheme(headers, "bearer").map(str::to_owned)
}

fn scheme<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then(|| rest.trim())
}
