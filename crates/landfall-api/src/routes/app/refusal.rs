//! How the App API says no (app-api.md 1).

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use landfall_audience::FilterError;
use landfall_board::QueryError;
use landfall_engine::SubmitError;
use landfall_store::StoreError;
use serde_json::{Value, json};

use super::answer::json_answer;

/// A request that is not answered with what it asked for.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    detail: String,
    envelope: Envelope,
}

/// The bodies that the App API uses for errors.
#[derive(Debug)]
enum Envelope {
    /// `{"errors":[{"detail","status"}]}`.
    Errors,
    /// The same with the place in the body that is wrong.
    Pointer(String),
    /// `{"meta":{"error"}}`: credentials and sends.
    Meta,
}

impl Refusal {
    /// Any other status.
    pub(super) const fn with(status: StatusCode, detail: String) -> Self {
        Self {
            status,
            detail,
            envelope: Envelope::Errors,
        }
    }

    /// 400.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::with(StatusCode::BAD_REQUEST, detail.into())
    }

    /// 404.
    pub(super) fn missing(detail: impl Into<String>) -> Self {
        Self::with(StatusCode::NOT_FOUND, detail.into())
    }

    /// 422.
    pub(super) fn unprocessable(detail: impl Into<String>) -> Self {
        Self::with(StatusCode::UNPROCESSABLE_ENTITY, detail.into())
    }

    /// 422 with the place that is wrong, as broadcast triggers answer.
    pub(super) fn pointing(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            envelope: Envelope::Pointer(pointer.into()),
            ..Self::unprocessable(detail)
        }
    }

    /// 403, as sends answer.
    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            status: StatusCode::FORBIDDEN,
            detail,
            envelope: Envelope::Meta,
        }
    }

    /// The same with the body that sends use.
    #[must_use]
    pub(super) fn of_a_send(mut self) -> Self {
        self.envelope = Envelope::Meta;
        self
    }

    /// 401.
    pub(super) fn unauthorized() -> Self {
        let detail = "Unauthorized: send an App API key as `Authorization: Bearer KEY`".to_owned();
        Self {
            status: StatusCode::UNAUTHORIZED,
            detail,
            envelope: Envelope::Meta,
        }
    }

    /// 503: try again.
    pub(super) fn unavailable(detail: impl Into<String>) -> Self {
        Self::with(StatusCode::SERVICE_UNAVAILABLE, detail.into())
    }

    fn body(&self) -> Value {
        let status = self.status.as_str();
        match &self.envelope {
            Envelope::Errors => json!({ "errors": [{ "detail": self.detail, "status": status }] }),
            Envelope::Pointer(pointer) => json!({ "errors": [{
                "detail": self.detail,
                "source": { "pointer": pointer },
                "status": status,
            }] }),
            Envelope::Meta => json!({ "meta": { "error": self.detail } }),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = json_answer(&self.body());
        *response.status_mut() = self.status;
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        if let StoreError::Unavailable(_) = error {
            return Self::unavailable(error.to_string());
        }
        tracing::error!(%error, "a read of the App API failed");
        let detail = "the stored data could not be read; the server's log says more";
        Self::with(StatusCode::INTERNAL_SERVER_ERROR, detail.to_owned())
    }
}

impl From<SubmitError> for Refusal {
    fn from(error: SubmitError) -> Self {
        Self::unavailable(error.to_string())
    }
}

impl From<FilterError> for Refusal {
    fn from(error: FilterError) -> Self {
        Self::bad(error.to_string())
    }
}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        Self::bad(error.to_string())
    }
}
