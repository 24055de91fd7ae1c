//! What a script can make FCM and the token endpoint answer (providers.md 2.1 and 2.3).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::http::{Canned, Fault, RetryAfter};

/// An answer to a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FcmAnswer {
    /// What FCM would do by itself.
    #[default]
    Natural,
    /// Refused.
    Refuse(Refusal),
    /// Something outside of FCM's own format.
    Fault(Fault),
}

/// An answer of the token endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenAnswer {
    /// A token that lives so long, if the assertion is right.
    Grant {
        /// Seconds.
        expires_in: u32,
    },
    /// An OAuth error (RFC 6749 section 5.2), such as 400 `invalid_grant` and 401 `invalid_client`.
    Refuse {
        /// HTTP status.
        status: u16,
        /// `error`.
        error: String,
        /// `error_description`.
        #[serde(default)]
        description: String,
    },
    /// Something outside of OAuth, such as a 503 with HTML.
    Fault(Fault),
}

impl TokenAnswer {
    /// An OAuth error.
    pub fn refuse(status: u16, error: &str, description: &str) -> Self {
        Self::Refuse {
            status,
            error: error.to_owned(),
            description: description.to_owned(),
        }
    }
}

/// The rows of the table of errors: an HTTP status with a status by name and, mostly, an `errorCode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Row {
    /// 400 `INVALID_ARGUMENT`: the message is at fault.
    InvalidArgument,
    /// 400 `INVALID_ARGUMENT`: the text says that the registration token is.
    InvalidToken,
    /// 401 `THIRD_PARTY_AUTH_ERROR`: the project's key for APNs or Web Push is wrong.
    ThirdPartyAuth,
    /// 401 without a code: the access token is missing, wrong or expired.
    Unauthenticated,
    /// 403 `SENDER_ID_MISMATCH`.
    SenderIdMismatch,
    /// 403 without a code: the API is off, or the account lacks a role.
    PermissionDenied,
    /// 404 `UNREGISTERED`.
    Unregistered,
    /// 404 without a code: there is no such project.
    NoSuchProject,
    /// 429 `QUOTA_EXCEEDED`.
    QuotaExceeded,
    /// 500 `INTERNAL`.
    Internal,
    /// 503 `UNAVAILABLE`.
    Unavailable,
    /// 500 `UNSPECIFIED_ERROR`.
    Unspecified,
}

impl Row {
    /// All rows.
    pub const ALL: [Self; 12] = [
        Self::InvalidArgument,
        Self::InvalidToken,
        Self::ThirdPartyAuth,
        Self::Unauthenticated,
        Self::SenderIdMismatch,
        Self::PermissionDenied,
        Self::Unregistered,
        Self::NoSuchProject,
        Self::QuotaExceeded,
        Self::Internal,
        Self::Unavailable,
        Self::Unspecified,
    ];

    /// HTTP status.
    pub const fn http(self) -> u16 {
        match self {
            Self::InvalidArgument | Self::InvalidToken => 400,
            Self::ThirdPartyAuth | Self::Unauthenticated => 401,
            Self::SenderIdMismatch | Self::PermissionDenied => 403,
            Self::Unregistered | Self::NoSuchProject => 404,
            Self::QuotaExceeded => 429,
            Self::Internal | Self::Unspecified => 500,
            Self::Unavailable => 503,
        }
    }

    /// `status`: the name that all of Google's services share.
    pub const fn status(self) -> &'static str {
        match self {
            Self::InvalidArgument | Self::InvalidToken => "INVALID_ARGUMENT",
            Self::ThirdPartyAuth | Self::Unauthenticated => "UNAUTHENTICATED",
            Self::SenderIdMismatch | Self::PermissionDenied => "PERMISSION_DENIED",
            Self::Unregistered | Self::NoSuchProject => "NOT_FOUND",
            Self::QuotaExceeded => "RESOURCE_EXHAUSTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::Unspecified => "UNKNOWN",
        }
    }

    /// `errorCode` of the `FcmError` detail, where there is one.
    pub const fn error_code(self) -> Option<&'static str> {
        match self {
            Self::InvalidArgument | Self::InvalidToken => Some("INVALID_ARGUMENT"),
            Self::ThirdPartyAuth => Some("THIRD_PARTY_AUTH_ERROR"),
            Self::SenderIdMismatch => Some("SENDER_ID_MISMATCH"),
            Self::Unregistered => Some("UNREGISTERED"),
            Self::QuotaExceeded => Some("QUOTA_EXCEEDED"),
            Self::Internal => Some("INTERNAL"),
            Self::Unavailable => Some("UNAVAILABLE"),
            Self::Unspecified => Some("UNSPECIFIED_ERROR"),
            Self::Unauthenticated | Self::PermissionDenied | Self::NoSuchProject => None,
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::InvalidArgument => "Request contains an invalid argument.",
            Self::InvalidToken => "The registration token is not a valid FCM registration token",
            Self::ThirdPartyAuth => "Auth error from APNS or Web Push Service",
            Self::Unauthenticated => {
                "Request had invalid authentication credentials. Expected OAuth 2 access token."
            }
            Self::SenderIdMismatch => "SenderId mismatch",
            Self::PermissionDenied => "The caller does not have permission",
            Self::Unregistered => "Requested entity was not found.",
            Self::NoSuchProject => "The project was not found.",
            Self::QuotaExceeded => "Quota exceeded.",
            Self::Internal => "Internal error encountered.",
            Self::Unavailable => "The service is currently unavailable.",
            Self::Unspecified => "Unknown Error.",
        }
    }
}

/// A refusal in FCM's own format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// What is wrong.
    pub row: Row,
    /// Text instead of the row's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether the `FcmError` detail with the `errorCode` is left out.
    #[serde(default)]
    pub without_code: bool,
    /// More details after that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<Extra>,
    /// When to come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<RetryAfter>,
}

/// A detail beside `FcmError`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extra {
    /// `google.rpc.BadRequest` with one violation.
    BadRequest {
        /// Path of the field, such as `message.android.ttl`.
        field: String,
        /// What is wrong with it.
        description: String,
    },
    /// `google.rpc.QuotaFailure` with one violation.
    QuotaFailure {
        /// Whose quota, such as `project:…` or `device:…`.
        subject: String,
        /// Which.
        description: String,
    },
    /// `fcm.v1.ApnsError`: what APNs said.
    ApnsError {
        /// HTTP status of APNs.
        status_code: u16,
        /// Reason of APNs.
        reason: String,
    },
    /// `google.rpc.ErrorInfo`.
    ErrorInfo {
        /// Such as `SERVICE_DISABLED`.
        reason: String,
    },
}

impl Extra {
    fn detail(&self) -> Value {
        match self {
            Self::BadRequest { field, description } => json!({
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": field, "description": description}],
            }),
            Self::QuotaFailure {
                subject,
                description,
            } => json!({
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{"subject": subject, "description": description}],
            }),
            Self::ApnsError {
                status_code,
                reason,
            } => json!({
                "@type": "type.googleapis.com/google.firebase.fcm.v1.ApnsError",
                "statusCode": status_code,
                "reason": reason,
            }),
            Self::ErrorInfo { reason } => json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": reason,
                "domain": "googleapis.com",
            }),
        }
    }
}

impl Refusal {
    /// A row as it is documented.
    pub fn of(row: Row) -> Self {
        Self {
            row,
            message: None,
            without_code: false,
            extra: Vec::new(),
            retry_after: None,
        }
    }

    /// The same with one more detail.
    #[must_use]
    pub fn with(mut self, extra: Extra) -> Self {
        self.extra.push(extra);
        self
    }

    /// The same without the `FcmError` detail.
    #[must_use]
    pub fn without_code(mut self) -> Self {
        self.without_code = true;
        self
    }

    /// The same with `Retry-After`.
    #[must_use]
    pub fn retry_after(mut self, retry_after: RetryAfter) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// The `errorCode`, or the `status` where there is none.
    pub fn name(&self) -> &'static str {
        let code = self.row.error_code().filter(|_| !self.without_code);
        code.unwrap_or_else(|| self.row.status())
    }

    pub(super) fn answer(&self) -> Canned {
        let code = self.row.error_code().filter(|_| !self.without_code);
        let details: Vec<Value> = code
            .map(|code| {
                json!({
                    "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
                    "errorCode": code,
                })
            })
            .into_iter()
            .chain(self.extra.iter().map(Extra::detail))
            .collect();
        let mut error = json!({
            "code": self.row.http(),
            "message": self.message.as_deref().unwrap_or(self.row.message()),
            "status": self.row.status(),
        });
        if !details.is_empty() {
            error["details"] = Value::Array(details);
        }
        let answer = Canned {
            content_type: Some("application/json; charset=UTF-8".to_owned()),
            ..Canned::json(self.row.http(), &json!({"error": error}))
        };
        match self.retry_after {
            None => answer,
            Some(retry_after) => answer.retry_after(retry_after),
        }
    }
}

impl From<Row> for Refusal {
    fn from(row: Row) -> Self {
        Self::of(row)
    }
}

impl From<Refusal> for FcmAnswer {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

impl From<Row> for FcmAnswer {
    fn from(row: Row) -> Self {
        Refusal::of(row).into()
    }
}
