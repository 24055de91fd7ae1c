//! Maxima of definitions that more than one module needs.

use landfall_domain::time::DAY_MS;

/// Longest name in a definition, in bytes: twice what an event's name may have.
pub(crate) const NAME_BYTES_MAX: usize = 2 * landfall_domain::limits::EVENT_NAME_BYTES_MAX;
/// Longest window of a cap, and how long sends are remembered.
pub(crate) const SENDS_KEPT_MS: i64 = 31 * DAY_MS;
/// Most sends of one channel and source that are remembered, and the largest cap.
pub(crate) const SENDS_KEPT: usize = 100;
