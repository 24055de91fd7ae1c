//! Answers of the Track API (track-api.md 1).

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use landfall_engine::SubmitError;
use serde_json::{Value, json};

use crate::parse::Problem;

/// How errors are shaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `{"meta": {"errors": [...]}}`.
    V1,
    /// `{"meta": {"error": ...}}`.
    V1Merge,
    /// `{"errors": [{reason, field, message}]}`.
    V2,
}

/// Any JSON answer, with a line end as the original sends it.
pub(crate) fn json(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(Body::from(format!("{value}\n")));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// It was taken.
pub(crate) fn done() -> Response {
    json(StatusCode::OK, &json!({}))
}

/// It was taken, and there is nothing to say.
pub(crate) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// No workspace has these credentials.
pub(crate) fn unauthorized() -> Response {
    json(
        StatusCode::UNAUTHORIZED,
        &json!({"meta": {"error": "Unauthorized"}}),
    )
}

/// It cannot be taken, and why.
pub(crate) fn refused(dialect: Dialect, problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = match dialect {
        Dialect::V1 => json!({"meta": {"errors": [problem.message]}}),
        Dialect::V1Merge => json!({"meta": {"error": problem.message}}),
        Dialect::V2 => json!({"errors": [shaped(problem)]}),
    };
    json(status, &body)
}

/// A problem as version 2 shows it.
pub(crate) fn shaped(problem: &Problem) -> Value {
    json!({"reason": problem.reason, "field": problem.field, "message": problem.message})
}

/// It cannot be stored now: nothing was, so the caller may send it again.
pub(crate) fn busy(error: &SubmitError) -> Response {
    let status = match error {
        SubmitError::Busy => StatusCode::TOO_MANY_REQUESTS,
        SubmitError::Unavailable(_) | SubmitError::Stopped => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = json(status, &json!({"meta": {"error": error.to_string()}}));
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
