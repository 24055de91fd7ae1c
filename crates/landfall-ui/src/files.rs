//! The embedded files and what is said about them.

use axum::http::{HeaderMap, header};

/// A built file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File {
    /// Path below `ui/dist`.
    pub(crate) name: &'static str,
    /// Content.
    pub(crate) bytes: &'static [u8],
    /// The same, compressed, where that is worth it.
    pub(crate) gzip: Option<&'static [u8]>,
}

/// Everything that the build made; empty without a build.
pub(crate) const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The media type by the ending of the name.
pub(crate) fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "woff2" => "font/woff2",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}

/// Whether the browser takes gzip: named, and not with weight 0 (RFC 9110, 12.5.3).
pub(crate) fn takes_gzip(asked: &HeaderMap) -> bool {
    let accepted = asked.get(header::ACCEPT_ENCODING);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next() == Some("gzip");
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        let refused = weight.is_some_and(|weight| weight.parse::<f32>().unwrap_or(0.0) <= 0.0);
        named && !refused
    })
}
