//! Work that goes a step on: from waiting to claimed, and back. What it carries stays what it was, and
//! would be most of its row.

use std::sync::Arc;

use landfall_domain::time::Timestamp;
use landfall_domain::work::{Work, WorkState};
use serde::{Deserialize, Serialize};

/// A step as a row.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProgressRow<'a> {
    pub(crate) state: u8,
    pub(crate) due_ms: i64,
    /// For the body: a JSON Merge Patch (RFC 7396).
    pub(crate) patch: &'a str,
}

/// The fields of [`Work`] that change from step to step, under the names that its JSON has. What is null
/// takes the field away.
#[derive(Debug, Serialize)]
pub(super) struct Progress<'w> {
    due: Timestamp,
    expires: Timestamp,
    tries: u16,
    first_try: Option<Timestamp>,
    state: &'w WorkState,
}

/// What became of `before`, unless more than its progress changed. Parked work is written anew: a sweep
/// may take its row away at any time.
pub(super) fn progress<'w>(before: &Work, now: &'w Work) -> Option<Progress<'w>> {
    let same = before.is_open()
        && Arc::ptr_eq(&before.order, &now.order)
        && before.key == now.key
        && before.message == now.message
        && before.urgency == now.urgency
        && before.channel == now.channel
        && before.platform == now.platform
        && before.app == now.app
        && before.target == now.target;
    same.then_some(Progress {
        due: now.due,
        expires: now.expires,
        tries: now.tries,
        first_try: now.first_try,
        state: &now.state,
    })
}
