//! The bodies of FCM's answers, as far as they say something.

use serde::Deserialize;
use serde_json::Value;

/// An error, with what its details say, or nothing where the body is no error of Google's APIs.
#[derive(Clone, Debug, Default)]
pub(super) struct ErrorBody {
    /// The general code, such as `NOT_FOUND`.
    pub(super) status: Option<String>,
    /// The words.
    pub(super) message: Option<String>,
    /// FCM's own code, such as `UNREGISTERED`.
    pub(super) error_code: Option<String>,
    /// Why a general error happened, such as `SERVICE_DISABLED` (google.rpc.ErrorInfo).
    pub(super) info: Option<String>,
    /// Fields that are wrong, and what is wrong with them (google.rpc.BadRequest).
    pub(super) invalid_fields: Vec<(String, String)>,
    /// Subjects and descriptions of exceeded quotas (google.rpc.QuotaFailure).
    pub(super) quotas: Vec<String>,
    /// What Apple said.
    pub(super) apns: Option<ApnsError>,
}

/// Apple's answer to FCM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ApnsError {
    /// HTTP status.
    pub(super) status_code: Option<u16>,
    /// Apple's reason.
    pub(super) reason: Option<String>,
}

#[derive(Deserialize)]
struct Holder {
    error: Inner,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Inner {
    status: Option<String>,
    message: Option<String>,
    details: Vec<Detail>,
}

/// A member of `details`. Its `@type` is not asked: the members are told apart by their names, and an
/// unknown detail has none of them.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    #[serde(rename = "@type")]
    kind: String,
    error_code: Option<String>,
    reason: Option<String>,
    status_code: Option<u16>,
    field_violations: Vec<FieldViolation>,
    violations: Vec<QuotaViolation>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FieldViolation {
    field: String,
    description: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct QuotaViolation {
    subject: String,
    description: String,
}

/// The error of an answer: an object, or (from some of Google's front ends) a list with one.
fn inner(body: &[u8]) -> Option<Inner> {
    let object = match serde_json::from_slice(body).ok()? {
        Value::Array(answers) => answers.into_iter().next()?,
        answer => answer,
    };
    // A list would be taken for a struct, member by member.
    let holder: Holder = object
        .is_object()
        .then(|| serde_json::from_value(object).ok())??;
    Some(holder.error)
}

/// The message's name in an acceptance.
pub(super) fn name(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    serde_json::from_slice::<Named>(body)
        .ok()
        .map(|named| named.name)
}

impl ErrorBody {
    pub(super) fn parse(body: &[u8]) -> Self {
        let inner = inner(body).unwrap_or_default();
        let mut error = Self {
            status: inner.status,
            message: inner.message,
            ..Self::default()
        };
        for detail in inner.details {
            error.add(detail);
        }
        error
    }

    fn add(&mut self, detail: Detail) {
        if detail.kind.ends_with("ApnsError") {
            self.apns = Some(ApnsError {
                status_code: detail.status_code,
                reason: detail.reason,
            });
            return;
        }
        self.error_code = self.error_code.take().or(detail.error_code);
        self.info = self.info.take().or(detail.reason);
        let fields = detail.field_violations.into_iter();
        self.invalid_fields
            .extend(fields.map(|violation| (violation.field, violation.description)));
        for violation in detail.violations {
            self.quotas.push(violation.subject);
            self.quotas.push(violation.description);
        }
    }

    /// The most exact code.
    pub(super) fn code(&self) -> Option<String> {
        self.error_code
            .clone()
            .or_else(|| self.info.clone())
            .or_else(|| self.status.clone())
    }

    /// The words, with those of the details; the whole body where it is no error of Google's APIs.
    pub(super) fn words(&self, body: &[u8]) -> String {
        let mut words: Vec<String> = self.message.iter().cloned().collect();
        if let Some(apns) = &self.apns {
            let status = apns.status_code.map(|status| status.to_string());
            let said: Vec<String> = status.into_iter().chain(apns.reason.clone()).collect();
            words.push(format!("APNs said: {}", said.join(" ")));
        }
        for (field, description) in &self.invalid_fields {
            words.push(format!("{field}: {description}"));
        }
        let quotas = self.quotas.iter().filter(|words| !words.is_empty());
        words.extend(quotas.cloned());
        if words.is_empty() && self.status.is_none() {
            return String::from_utf8_lossy(body).trim().to_owned();
        }
        words.join("; ")
    }
}
