//! Every maximum, in one place, with its source.

use crate::time::{DAY_MS, HOUR_MS};

/// Longest identifier in bytes (track-api.md 1).
pub const IDENTIFIER_BYTES_MAX: usize = 150;
/// Longest attribute name in bytes (track-api.md 1).
pub const ATTRIBUTE_NAME_BYTES_MAX: usize = 150;
/// Longest attribute value in bytes (track-api.md 1).
pub const ATTRIBUTE_VALUE_BYTES_MAX: usize = 1_000;
/// Most attributes in one call and on one person (track-api.md 1).
pub const ATTRIBUTES_MAX: usize = 300;
/// Longest event name in bytes (track-api.md 1).
pub const EVENT_NAME_BYTES_MAX: usize = 100;
/// Largest event data in bytes (track-api.md 1).
pub const EVENT_DATA_BYTES_MAX: usize = 100_000;
/// Longest push token in bytes; the longest in the field (Web Push endpoints) stay under it.
pub const TOKEN_BYTES_MAX: usize = 4_096;
/// Most devices of one person; the one used longest ago makes room (semantics.md 2.6, recommended).
pub const DEVICES_MAX: usize = 25;
/// Most addresses of one person on suppression lists: more are an error of whoever reports them.
pub const LISTED_MAX: usize = 25;
/// Longest reporter's text that a fact keeps, in bytes (providers.md 9.1).
pub const DETAIL_BYTES_MAX: usize = 1_024;
/// Most receipts that wait for one unknown delivery; nobody sends that many, and anybody could.
pub const QUARANTINE_PER_DELIVERY_MAX: usize = 100;
/// From this many facts on, a delivery takes only receipts that bring a new mark.
pub const FACTS_PER_DELIVERY_MAX: usize = 1_000;
/// Anonymous activity attaches to a person for this long (semantics.md 4.2).
pub const ANONYMOUS_ATTACH_MS: i64 = 30 * DAY_MS;
/// An attached event may start a journey when attached within this time (semantics.md 4.2).
pub const ANONYMOUS_TRIGGER_MS: i64 = 72 * HOUR_MS;
const _: () = assert!(ANONYMOUS_TRIGGER_MS < ANONYMOUS_ATTACH_MS);
