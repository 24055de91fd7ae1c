//! Errors of Landfall's own API: `{"error": {"code", "message", "field"?, "doc"}}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use landfall_audience::definition::Fault;
use landfall_board::QueryError;
use landfall_engine::SubmitError;
use landfall_engine::credentials::CredentialError;
use landfall_engine::credentials::at_work::CheckError;
use landfall_engine::directory::DirectoryError;
use landfall_journey::gate::Judged;
use landfall_store::StoreError;
use serde::Serialize;

use super::journeys::gate::RequirementAnswer;
use super::question::BadQuestion;

/// What went wrong, by what the caller can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A parameter or body is wrong: mend it.
    InvalidParameter,
    /// No key, or a key that no workspace has.
    Unauthorized,
    /// The user's role is not enough: ask an admin.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// The name or state is taken by something else.
    Conflict,
    /// The body is larger than it may be: send less at a time.
    TooLarge,
    /// Too much at once: try again in a moment.
    Busy,
    /// The store does not answer: try again later.
    Unavailable,
    /// A bug or damage on our side.
    Internal,
    /// A credential is incomplete or malformed: mend it.
    CredentialInvalid,
    /// The provider refuses the credential: replace it.
    CredentialRefused,
    /// The provider cannot be asked now: try again later, or store the credential unchecked.
    ProviderUnavailable,
    /// A journey, segment or another definition has faults: mend them.
    DefinitionInvalid,
    /// A journey's launch lacks something: provide it, or waive it with a reason.
    LaunchBlocked,
    /// An incident is over: nothing can be done with it but adding a note.
    IncidentResolved,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 15] = [
        Self::InvalidParameter,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::TooLarge,
        Self::Busy,
        Self::Unavailable,
        Self::Internal,
        Self::CredentialInvalid,
        Self::CredentialRefused,
        Self::ProviderUnavailable,
        Self::DefinitionInvalid,
        Self::LaunchBlocked,
        Self::IncidentResolved,
    ];

    /// Stable name; `docs/errors/<name>.md` explains it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidParameter => "invalid_parameter",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
            Self::CredentialInvalid => "credential_invalid",
            Self::CredentialRefused => "credential_refused",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::DefinitionInvalid => "definition_invalid",
            Self::LaunchBlocked => "launch_blocked",
            Self::IncidentResolved => "incident_resolved",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::InvalidParameter | Self::CredentialInvalid => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict | Self::LaunchBlocked | Self::IncidentResolved => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::CredentialRefused | Self::DefinitionInvalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::ProviderUnavailable => StatusCode::BAD_GATEWAY,
        }
    }
}

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    message: String,
    field: Option<String>,
    faults: Vec<Fault>,
    missing: Vec<Judged>,
}

/// The body of an error answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    error: ProblemError,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ProblemError {
    /// Stable code.
    code: &'static str,
    /// What went wrong and what to do.
    message: String,
    /// The parameter or field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What is wrong with a definition, fault by fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<FaultBody>,
    /// What a journey lacks that is to start, requirement by requirement.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<RequirementAnswer>,
    /// The page that explains the code.
    doc: String,
}

/// One fault of a definition.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct FaultBody {
    /// Where, such as `steps[2].branch.if.event`.
    path: String,
    /// What is wrong there.
    wrong: String,
    /// What to do about it.
    fix: String,
}

impl Problem {
    /// A journey that must not start yet.
    pub(crate) fn launch(message: String, missing: Vec<Judged>) -> Self {
        Self {
            missing,
            ..Self::new(Code::LaunchBlocked, message)
        }
    }

    /// A definition with faults.
    pub(crate) fn faults(faults: &[Fault]) -> Self {
        let message = match faults {
            [only] => only.to_string(),
            [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
            [] => "the definition is not valid".to_owned(),
        };
        Self {
            faults: faults.to_vec(),
            field: faults.first().map(|fault| fault.path.clone()),
            ..Self::new(Code::DefinitionInvalid, message)
        }
    }

    /// An error of that code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            faults: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// A wrong parameter or field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::new(Code::InvalidParameter, message)
        }
    }

    /// A body that cannot be read. Oversize and slow ones keep the status that HTTP has for them.
    pub(crate) fn of_body(problem: &crate::parse::Problem) -> Self {
        let code = match problem.status {
            413 => Code::TooLarge,
            408 => Code::Busy,
            _ => Code::InvalidParameter,
        };
        Self::new(code, problem.message.clone())
    }

    /// There is no such thing.
    pub fn not_found(what: &str, which: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no {what} `{which}`"))
    }
}

impl From<Fault> for FaultBody {
    fn from(fault: Fault) -> Self {
        Self {
            path: fault.path,
            wrong: fault.wrong,
            fix: fault.fix,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = ProblemError {
            code: self.code.name(),
            message: self.message,
            field: self.field,
            faults: self.faults.into_iter().map(FaultBody::from).collect(),
            missing: self.missing.iter().map(RequirementAnswer::of).collect(),
            doc: format!("docs/errors/{}.md", self.code.name()),
        };
        let mut response = (self.code.status(), Json(ProblemBody { error })).into_response();
        if matches!(self.code, Code::Busy | Code::Unavailable) {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<BadQuestion> for Problem {
    fn from(bad: BadQuestion) -> Self {
        Self::field(&bad.field, bad.message)
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        Self::new(Code::InvalidParameter, error.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict { .. } | StoreError::Unavailable(_) => {
                Self::new(Code::Unavailable, error.to_string())
            }
            StoreError::Corrupt { .. } | StoreError::TooNew { .. } => {
                tracing::error!(%error, "a read failed");
                Self::new(
                    Code::Internal,
                    "stored data cannot be read: the server's log says which",
                )
            }
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Busy => Self::new(Code::Busy, error.to_string()),
            SubmitError::Unavailable(_) | SubmitError::Stopped => {
                Self::new(Code::Unavailable, error.to_string())
            }
        }
    }
}

impl From<CredentialError> for Problem {
    fn from(error: CredentialError) -> Self {
        Self {
            field: Some(error.field.to_owned()),
            ..Self::new(Code::CredentialInvalid, error.problem)
        }
    }
}

impl From<CheckError> for Problem {
    fn from(error: CheckError) -> Self {
        let code = match &error {
            CheckError::Missing(_) => Code::NotFound,
            CheckError::Unusable(_) => Code::CredentialInvalid,
        };
        Self::new(code, error.to_string())
    }
}

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        match &error {
            DirectoryError::Taken(_) => Self::new(Code::Conflict, error.to_string()),
            DirectoryError::Missing(_) => Self::new(Code::NotFound, error.to_string()),
            _ => {
                tracing::error!(%error, "the directory cannot be changed");
                Self::new(
                    Code::Internal,
                    "the directory of keys cannot be changed: see the log",
                )
            }
        }
    }
}
