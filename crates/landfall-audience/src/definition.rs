//! Reading definition files: a place in the file knows its path, and everything wrong is collected.
//!
//! A person who writes a journey or a segment by hand wants every error at once, each with the place
//! and the fix. [`read`] gives the parser the root [`Place`]; whatever the parser cannot use it
//! reports with [`Place::fault`] and goes on. The result is a value or the whole list of faults.

mod cursor;
mod duration;
mod spelling;
#[cfg(test)]
mod tests;

use std::cell::RefCell;

use serde::Serialize;
use serde_json::Value;

pub use cursor::{Object, Place};
pub use duration::{duration_text, parse_duration};
pub use spelling::nearest;

/// Most faults that are reported about one file; after that, correcting the first ones helps more.
pub const FAULTS_MAX: usize = 100;
/// Longest duration that a definition may name, in milliseconds: ten years.
pub const DURATION_MAX_MS: i64 = 3_660 * landfall_domain::time::DAY_MS;

/// One error in a definition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, thiserror::Error)]
#[error("{path}: {wrong}; {fix}")]
pub struct Fault {
    /// Where, such as `steps[2].branch[0].if.event`.
    pub path: String,
    /// What is wrong there.
    pub wrong: String,
    /// What to do about it.
    pub fix: String,
}

impl Fault {
    /// A fault at a place that no [`Place`] stands for, such as another file.
    pub fn new(path: impl Into<String>, wrong: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            wrong: wrong.into(),
            fix: fix.into(),
        }
    }
}

/// The faults found so far.
#[derive(Debug, Default)]
pub struct Faults {
    found: RefCell<Vec<Fault>>,
}

impl Faults {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The place of a whole value; `root` is what paths begin with, and may be empty.
    pub fn place<'v>(&'v self, value: &'v Value, root: &str) -> Place<'v> {
        Place::root(value, root, self)
    }

    /// Adds a fault; beyond [`FAULTS_MAX`] they are dropped.
    pub fn add(&self, fault: Fault) {
        let mut found = self.found.borrow_mut();
        if found.len() < FAULTS_MAX {
            found.push(fault);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// Everything found, in the order of finding.
    pub fn into_list(self) -> Vec<Fault> {
        self.found.into_inner()
    }
}

/// Reads a definition with `parse`, which reports to the places that it visits.
///
/// # Errors
/// Every fault that was reported. A parser that gives up without a word is a bug; it is reported as
/// a fault of the whole.
pub fn read<T>(
    value: &Value,
    root: &str,
    parse: impl FnOnce(&Place<'_>) -> Option<T>,
) -> Result<T, Vec<Fault>> {
    let faults = Faults::new();
    let parsed = parse(&faults.place(value, root));
    let found = faults.into_list();
    match parsed {
        Some(parsed) if found.is_empty() => Ok(parsed),
        _ if found.is_empty() => Err(vec![Fault::new(
            root,
            "this cannot be read",
            "compare it with the documentation",
        )]),
        _ => Err(found),
    }
}

/// Reads a definition from the text of a file.
///
/// # Errors
/// When the text is not JSON, with line and column, and as [`read`] does.
pub fn read_text<T>(
    text: &str,
    root: &str,
    parse: impl FnOnce(&Place<'_>) -> Option<T>,
) -> Result<T, Vec<Fault>> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        vec![Fault::new(
            place,
            format!("this is not JSON: {error}"),
            "correct the text there; strings stand in double quotes, and no comma follows the last item",
        )]
    })?;
    read(&value, root, parse)
}
