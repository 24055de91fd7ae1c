//! What a template is rendered with, and how far it may go.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::Template;

/// What to do with a value that is printed but does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Strictness {
    /// It prints nothing, as in Ruby's Liquid.
    Lax,
    /// The rendering fails, as a message of Customer.io does.
    ///
    /// A value is missing when the attribute does not exist or is null. It fails where it would be printed:
    /// in `{{ }}` and `echo`, as an argument of a filter there, and in tags that print a value of the scope.
    /// It does not fail when a `default` replaces it. `if`, `unless`, `case`, `for` and `assign` may
    /// read it freely; a variable that was assigned a missing value is missing where it is printed.
    #[default]
    FailOnMissing,
}

/// The data, time and snippets of one rendering. Borrowed, so that making one costs nothing.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    /// An object whose keys are the variables: `customer`, `event`, `trigger`, `campaign` and so on. The key
    /// `cio` is for the tags of Customer.io, see the documentation of the crate. Anything but an object
    /// counts as an empty one.
    pub globals: &'a serde_json::Value,
    /// The present, for `"now" | date`: milliseconds since 1970-01-01 UTC, from -377705023201000 to
    /// 253402207200000 (the years -9999 to 9999); beyond that the nearest of these.
    pub now_ms: i64,
    /// Zone in which dates are shown that name no zone. UTC unless set.
    pub time_zone: TimeZone,
    /// Snippets by their names, for `{{ snippets.name }}`, `render` and `include`.
    pub snippets: Option<&'a BTreeMap<String, Template>>,
    /// What happens to missing values.
    pub mode: Strictness,
    /// What `random` and `generate_uuid` are computed from: the same seed gives the same text. Take something
    /// of the delivery, so that a retry prints what the first attempt did.
    pub seed: u64,
}

impl<'a> Scope<'a> {
    /// A scope in UTC, without snippets, that fails on missing values.
    pub fn new(globals: &'a serde_json::Value, now_ms: i64) -> Self {
        Self {
            globals,
            now_ms,
            time_zone: TimeZone::UTC,
            snippets: None,
            mode: Strictness::FailOnMissing,
            seed: 0,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_ms).unwrap_or(match self.now_ms {
            ..0 => Timestamp::MIN,
            _ => Timestamp::MAX,
        })
    }
}

/// How far a rendering may go. What goes beyond fails with the kind of error that belongs to the limit.
///
/// Nothing here is measured by a clock: the same template and data always end at the same place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Longest text, in bytes: of the result, of a captured text, and of every value on its way.
    pub output_bytes: usize,
    /// Rounds of all loops together, inner ones included.
    pub iterations: u64,
    /// Work: one for each tag, output and filter, and one for each 16 bytes or each item that a filter takes
    /// or makes. A million is some tens of milliseconds, and bounds what a rendering holds in memory to
    /// some tens of megabytes besides the data.
    pub steps: u64,
    /// How deep blocks and snippets may be nested in each other while rendering, and arrays in arrays.
    pub depth: u32,
}

impl Default for Limits {
    /// 1 MiB of text, 100,000 rounds, a million steps, 100 levels.
    fn default() -> Self {
        Self {
            output_bytes: 1 << 20,
            iterations: 100_000,
            steps: 1_000_000,
            depth: 100,
        }
    }
}
