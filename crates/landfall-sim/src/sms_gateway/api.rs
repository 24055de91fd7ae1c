//! Requests to the gateway.

use ::http::{Method, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Admission, Answer, Message, PATH, Shared, Status, Step};
use crate::http::{Canned, Endpoint, Gate, Received, Reply, RetryAfter, form};
use crate::script::Request;

impl Endpoint for Shared {
    fn reply(&self, request: Received) -> Reply {
        if request.uri.path() != PATH {
            return Reply::Answer(refusal(404, "not_found", None));
        }
        if request.method != Method::POST {
            return Reply::Answer(refusal(405, "method_not_allowed", None));
        }
        if !self.options.admission.admits(&request) {
            return Reply::Answer(refusal(401, "unauthorized", None));
        }
        let Some(fields) = fields(&request) else {
            return Reply::Answer(refusal(400, "invalid_body", None));
        };
        let given = |name| form::value(&fields, name);
        let facts: Vec<_> = ["from", "reference"]
            .into_iter()
            .filter_map(|name| Some((name, given(name)?)))
            .collect();
        let scripted = self.script.decide(&Request {
            recipient: given("to").unwrap_or_default(),
            facts: &facts,
        });
        let usual = || [Status::Sent, Status::Delivered].map(Step::from).to_vec();
        match scripted.as_deref() {
            None => Reply::Answer(self.take(&fields, usual())),
            Some(Answer::Take(steps)) => Reply::Answer(self.take(&fields, steps.clone())),
            Some(Answer::Refuse {
                status,
                code,
                retry_after,
            }) => Reply::Answer(refusal(*status, code, *retry_after)),
            Some(Answer::Fault(fault)) => Reply::under(fault, || self.take(&fields, usual())),
        }
    }

    fn gate(&self) -> &Gate {
        &self.gate
    }
}

impl From<Status> for Step {
    fn from(status: Status) -> Self {
        Self {
            status,
            error: None,
        }
    }
}

impl Shared {
    fn take(&self, fields: &[(String, String)], ahead: Vec<Step>) -> Response<Bytes> {
        let given = |name| form::value(fields, name).filter(|value| !value.is_empty());
        let (Some(to), Some(from), Some(text)) = (given("to"), given("from"), given("text")) else {
            return refusal(400, "missing_field", None);
        };
        let digits = to.strip_prefix('+').unwrap_or_default();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return refusal(400, "invalid_number", None);
        }
        let Ok(validity) = given("validity_seconds").map(str::parse::<u32>).transpose() else {
            return refusal(400, "invalid_validity", None);
        };
        let at = self.options.clock.now();
        let mut state = self.state();
        let id = format!("g-{:06}", state.messages.len());
        state.messages.push(Message {
            id: id.clone(),
            to: to.to_owned(),
            from: from.to_owned(),
            text: text.to_owned(),
            reference: given("reference").map(str::to_owned),
            callback_url: given("callback_url").map(str::to_owned),
            at,
            valid_until: validity.map(|seconds| at.plus_millis(i64::from(seconds) * 1_000)),
            status: Status::Accepted,
            error: None,
            ahead,
        });
        let body = json!({"id": id, "status": Status::Accepted.word()});
        Canned::json(self.options.accepted, &body).into()
    }
}

impl Admission {
    fn admits(&self, request: &Received) -> bool {
        let authorization = request.header("authorization").unwrap_or_default();
        match self {
            Self::Open => true,
            Self::Basic { user, password } => {
                let encoded = STANDARD.encode(format!("{user}:{password}"));
                authorization == format!("Basic {encoded}")
            }
            Self::Bearer(token) => authorization == format!("Bearer {token}"),
            Self::Header { name, value } => request.header(name) == Some(value),
        }
    }
}

/// The fields of a JSON object or a form.
fn fields(request: &Received) -> Option<Vec<(String, String)>> {
    let body = std::str::from_utf8(&request.body).ok()?;
    let kind = request.header("content-type").unwrap_or_default();
    if !kind.starts_with("application/json") {
        return Some(form::read(body));
    }
    let Value::Object(object) = serde_json::from_str(body).ok()? else {
        return None;
    };
    let fields = object.into_iter().filter_map(|(name, value)| match value {
        Value::Null => None,
        Value::String(text) => Some((name, text)),
        other => Some((name, other.to_string())),
    });
    Some(fields.collect())
}

fn refusal(status: u16, code: &str, retry_after: Option<RetryAfter>) -> Response<Bytes> {
    let message = code.replace('_', " ");
    let canned = Canned::json(
        status,
        &json!({"error": {"code": code, "message": message}}),
    );
    match retry_after {
        Some(retry_after) => canned.retry_after(retry_after).into(),
        None => canned.into(),
    }
}
