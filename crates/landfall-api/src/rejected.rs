//! Refused inputs: recorded with their reason in the workspace that they came to, or counted here when
//! nobody knows which that is.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use landfall_engine::Workspace;
use landfall_store::RejectedInput;
use serde_json::Value;

use crate::parse::Problem;

/// Bytes of a refused body that are kept.
const SAMPLE_BYTES: usize = 500;
/// Names of fields whose values are not kept.
const SECRET: &[&str] = &[
    "token",
    "device_id",
    "device_token",
    "recipient",
    "writeKey",
    "password",
];

/// Counts of what was refused without a workspace, by surface and reason.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<(&'static str, &'static str), u64>>);

impl Refusals {
    /// Counts one.
    pub(crate) fn count(&self, surface: &'static str, reason: &'static str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((surface, reason)).or_default() += 1;
    }

    /// All counts.
    pub(crate) fn all(&self) -> BTreeMap<(&'static str, &'static str), u64> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Records a refused request or item in its workspace.
pub(crate) fn record(workspace: &Workspace, surface: &str, status: u16, problem: &Problem, body: &[u8]) {
    record_all(
        workspace,
        surface,
        status,
        std::iter::once((problem, sample(body))),
    );
}

/// Records refused items of one request.
pub(crate) fn record_all<'p>(
    workspace: &Workspace,
    surface: &str,
    status: u16,
    problems: impl Iterator<Item = (&'p Problem, String)>,
) {
    let at = workspace.now();
    let rejected: Vec<RejectedInput> = problems
        .map(|(problem, sample)| RejectedInput {
            at,
            surface: surface.to_owned(),
            status,
            reason: problem.reason.to_owned(),
            message: problem.message.clone(),
            sample,
        })
        .collect();
    if !rejected.is_empty() {
        workspace.record_rejected(rejected);
    }
}

/// The beginning of a body, without secrets and push tokens. What is not JSON is kept only as its
/// length: nobody can tell what is in it.
pub(crate) fn sample(body: &[u8]) -> String {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return format!("({} bytes that are not JSON)", body.len());
    };
    redact(&mut value);
    cut(value.to_string())
}

/// The beginning of an item.
pub(crate) fn sample_of(item: &Value) -> String {
    let mut value = item.clone();
    redact(&mut value);
    cut(value.to_string())
}

fn cut(text: String) -> String {
    if text.len() <= SAMPLE_BYTES {
        return text;
    }
    let mut end = SAMPLE_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                if SECRET.contains(&name.as_str()) {
                    *value = "***".into();
                } else {
                    redact(value);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(redact),
        _ => {}
    }
}
