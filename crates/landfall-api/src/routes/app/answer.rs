//! Answers: JSON that nobody may keep.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Response};
use serde::Serialize;

use super::refusal::Refusal;

/// What a handler gives back.
pub(super) type Answer = Result<axum::response::Response, Refusal>;

/// Status 200 with a JSON body and the headers that Customer.io sends.
pub(super) fn json_answer(body: &impl Serialize) -> axum::response::Response {
    let text = serde_json::to_vec(body).expect("answers are plain values, which always serialize");
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    headers.insert(CONTENT_TYPE, json);
    let never = HeaderValue::from_static("must-revalidate,no-cache,no-store");
    headers.insert(CACHE_CONTROL, never);
    response
}
