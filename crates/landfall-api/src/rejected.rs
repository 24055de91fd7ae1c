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
/// Bytes of an event that is fine but not known: it is kept whole unless it is very long.
const EVENT_BYTES: usize = 16 << 10;
/// What the name of a field ends with whose value is not kept, in lower case and without underscores:
/// push tokens under all of their names, addresses, and credentials.
const SECRET_ENDINGS: &[&str] = &[
    "token",
    "deviceid",
    "recipient",
    "writekey",
    "apikey",
    "password",
    "secret",
];
/// Objects that are a device, so that their `id` may be its push token.
const DEVICE: &str = "device";

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

/// Records a refused request in its workspace.
pub(crate) async fn record(
    workspace: &Workspace,
    surface: &str,
    status: u16,
    problem: &Problem,
    body: &[u8],
) {
    let sample = match (problem.reason, serde_json::from_slice::<Value>(body)) {
        ("unknown_event", Ok(mut event)) => {
            redact(&mut event, false);
            cut(event.to_string(), EVENT_BYTES)
        }
        _ => sample(body),
    };
    record_all(workspace, surface, status, vec![(problem.clone(), sample)]).await;
}

/// Records refused items of one request, each with its sample. They are in the list when this
/// returns.
pub(crate) async fn record_all(
    workspace: &Workspace,
    surface: &str,
    status: u16,
    problems: Vec<(Problem, String)>,
) {
    if problems.is_empty() {
        return;
    }
    let at = workspace.now();
    let rejected = problems
        .into_iter()
        .map(|(problem, sample)| RejectedInput {
            at,
            surface: surface.to_owned(),
            status,
            reason: problem.reason.to_owned(),
            message: named(problem),
            sample,
        })
        .collect();
    workspace.record_rejected(rejected).await;
}

/// The message, with the field where the message does not name it itself.
fn named(problem: Problem) -> String {
    let Problem { field, message, .. } = problem;
    let message = if field.is_empty() || message.starts_with(&field) {
        message
    } else {
        format!("{field}: {message}")
    };
    cut(message, SAMPLE_BYTES)
}

/// The beginning of a body, without secrets and push tokens. What is not JSON is kept only as its
/// length: nobody can tell what is in it.
pub(crate) fn sample(body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => sample_of(&value),
        Err(_) if body.is_empty() => String::new(),
        Err(_) => format!("({} bytes that are not JSON)", body.len()),
    }
}

/// The beginning of an item, without secrets and push tokens.
pub(crate) fn sample_of(item: &Value) -> String {
    let mut value = item.clone();
    redact(&mut value, false);
    cut(value.to_string(), SAMPLE_BYTES)
}

fn cut(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

fn redact(value: &mut Value, is_device: bool) {
    match value {
        Value::Object(map) => {
            // A device that came without its wrapper still says its platform.
            let is_device = is_device || map.contains_key("platform");
            for (name, value) in map.iter_mut() {
                if is_secret(name) || (is_device && name == "id") {
                    if !value.is_null() {
                        *value = "***".into();
                    }
                } else {
                    redact(value, name == DEVICE);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| redact(value, is_device)),
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| *c != '_' && *c != '-').collect();
    let plain = plain.to_ascii_lowercase();
    SECRET_ENDINGS.iter().any(|ending| plain.ends_with(ending))
}

#[cfg(test)]
mod tests;
