//! Reading request bodies: bounded in size and time, gzip inflated within bounds.

use std::io::Read as _;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::Value;

use crate::parse::{Parsed, Problem};

/// Largest body of any call.
pub(crate) const BODY_BYTES_MAX: usize = 32 << 20;
/// A client that has not sent its body after this is answered with 408.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads the whole body, at most `limit` bytes before and after inflating.
///
/// # Errors
/// 413 when it is larger, 408 when it is slow, 400 when it breaks off or is not gzip although it says
/// so.
pub(crate) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Parsed<Vec<u8>> {
    read_within(BODY_TIMEOUT, headers, body, limit).await
}

async fn read_within(
    patience: Duration,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Parsed<Vec<u8>> {
    let collected = tokio::time::timeout(patience, Limited::new(body, limit).collect()).await;
    let bytes = match collected {
        Err(_) => {
            let message = "the body did not arrive in time";
            return Err(Problem::new("timeout", "", message).with_status(408));
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large(limit)),
        Ok(Err(_)) => return Err(Problem::new("malformed", "", "the body broke off")),
        Ok(Ok(collected)) => collected.to_bytes().to_vec(),
    };
    let encoding = headers
        .get(CONTENT_ENCODING)
        .and_then(|value| value.to_str().ok());
    let encoding = encoding.map(|encoding| encoding.trim().to_ascii_lowercase());
    match encoding.as_deref().unwrap_or_default() {
        "" | "identity" => Ok(bytes),
        "gzip" => inflate(&bytes, limit),
        other => {
            let message =
                format!("content encoding `{other}` is not understood: send gzip or none");
            Err(Problem::new("malformed", "", message).with_status(415))
        }
    }
}

fn inflate(bytes: &[u8], limit: usize) -> Parsed<Vec<u8>> {
    let mut inflated = Vec::with_capacity(bytes.len().saturating_mul(4).min(limit));
    let bound = limit as u64 + 1;
    let read = MultiGzDecoder::new(bytes)
        .take(bound)
        .read_to_end(&mut inflated);
    if inflated.len() > limit {
        return Err(too_large(limit));
    }
    match read {
        Ok(_) => Ok(inflated),
        Err(_) => Err(Problem::new(
            "malformed",
            "",
            "the body is not gzip, or it is damaged",
        )),
    }
}

fn too_large(limit: usize) -> Problem {
    let message = format!("the body is larger than {limit} bytes");
    Problem::new("too_large", "", message).with_status(413)
}

/// Reads JSON; an empty body is an empty object, as clients send with calls that need none.
///
/// # Errors
/// 400 with what is wrong with it.
pub(crate) fn json(bytes: &[u8]) -> Parsed<Value> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        // The parser's own words, with line and column, but not more than 128 levels deep.
        let message = match std::str::from_utf8(bytes) {
            Err(_) => "the body is not UTF-8".to_owned(),
            Ok(_) => format!("the body is not JSON: {error}"),
        };
        Problem::new("malformed", "", message)
    })
}

#[cfg(test)]
mod tests;
