//! Whether a figure may still grow because reports are on their way.
//!
//! A bucket is settled for a mark when the reporting delay that covers nearly all reports has passed
//! since the end of the bucket. Delays are learned from the past of the same slice where there is
//! enough of it; otherwise the defaults below hold.

pub mod delay;
pub mod ladder;
pub(crate) mod law;

use landfall_domain::marks::Mark;
use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};

/// How long reports of a mark may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settling {
    /// Milliseconds after which a bucket counts as settled.
    pub after_ms: i64,
}

impl Settling {
    /// Without history. Hand-over answers come at once; receipts wait for devices to come online
    /// (semantics.md 2.9) and for SMS up to 72 hours (providers.md 8); conversions have their window.
    pub const fn default_for(mark: Mark) -> Self {
        let after_ms = match mark {
            Mark::Created
            | Mark::Drafted
            | Mark::Attempted
            | Mark::Sent
            | Mark::Dropped
            | Mark::Failed
            | Mark::Undeliverable
            | Mark::Expired => 10 * MINUTE_MS,
            Mark::Bounced | Mark::Deferred => 6 * HOUR_MS,
            Mark::Delivered | Mark::Received | Mark::Displayed => 3 * DAY_MS,
            Mark::Opened
            | Mark::HumanOpened
            | Mark::PrefetchOpened
            | Mark::Clicked
            | Mark::HumanClicked
            | Mark::PrefetchClicked
            | Mark::Replied
            | Mark::Spammed
            | Mark::Unsubscribed
            | Mark::TopicUnsubscribed => 4 * DAY_MS,
            Mark::Converted | Mark::Credited => 7 * DAY_MS,
        };
        Self { after_ms }
    }

    /// Whether reports about things created before `bucket_end` may still come at `now`.
    pub const fn is_settling(self, bucket_end: Timestamp, now: Timestamp) -> bool {
        now.since(bucket_end) < self.after_ms
    }
}

#[cfg(test)]
mod tests;
