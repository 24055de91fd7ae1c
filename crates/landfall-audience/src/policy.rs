//! The rules of a workspace about sending: quiet hours, caps, duplicates, silent tokens.

mod parse;
#[cfg(test)]
mod tests;

use landfall_domain::channel::Channel;
use landfall_domain::message::SourceKind;
use landfall_domain::time::Timestamp;
use serde_json::{Map, Value, json};

use crate::definition::{duration_text, read};
use crate::profile::RecentSend;
use crate::zone::{WeekdaySet, WeeklyWindow, Zone};

/// Rules about sending; a workspace has them and a message may override them part by part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// When nothing is sent.
    pub quiet_hours: Option<QuietHours>,
    /// How much may be sent.
    pub caps: Vec<Cap>,
    /// The same message is not sent twice to one person within this time, in milliseconds, up to 31
    /// days.
    pub duplicate_within_ms: Option<i64>,
    /// A push goes to no device that is less likely still there than this, from 0 to 1; `None`, as it is unless somebody
    /// says so: to all of them. Devices of which too little is known get it.
    pub alive_at_least: Option<f64>,
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

/// How much may be sent to one person within a rolling window (semantics.md 6.6).
#[derive(Clone, Debug, PartialEq)]
pub struct Cap {
    /// Most messages, 1 to 100.
    pub max: u32,
    /// Within this time, in milliseconds, up to 31 days. What was sent exactly so long ago is out.
    pub window_ms: i64,
    /// Over these channels together; empty: over all but in-app messages.
    pub channels: Vec<Channel>,
    /// Messages of these sources count; empty: all but transactional ones.
    pub counts: Vec<SourceKind>,
    /// How long a message that meets the cap may wait for room, in milliseconds from when it first
    /// came up; `None`: it is not sent.
    pub retry_ms: Option<i64>,
}

impl Cap {
    /// Whether messages of this channel and source count. Those that count also have to keep to the
    /// cap, except transactional and in-app ones, which never do (semantics.md 6.6).
    pub fn is_about(&self, channel: Channel, source: SourceKind) -> bool {
        let channel = match &self.channels[..] {
            [] => !matches!(channel, Channel::InApp | Channel::Inbox),
            channels => channels.contains(&channel),
        };
        let source = match &self.counts[..] {
            [] => source != SourceKind::Transactional,
            sources => sources.contains(&source),
        };
        channel && source
    }

    /// How many of `sends` count at `now`, and when there is room for one more: now, or the moment
    /// at which the one that takes the last place leaves the window.
    pub(crate) fn room<'s>(
        &self,
        sends: impl Iterator<Item = &'s RecentSend>,
        now: Timestamp,
    ) -> (usize, Timestamp) {
        let from = now.plus_millis(-self.window_ms);
        let counting = sends.filter(|send| self.is_about(send.channel, send.source));
        let mut times: Vec<Timestamp> = counting
            .map(|send| send.at)
            .filter(|at| *at > from)
            .collect();
        // Latest first; the cap's last place is that of the `max`-th latest.
        times.sort_unstable_by(|a, b| b.cmp(a));
        let last = usize::try_from(self.max).unwrap_or(usize::MAX) - 1;
        let free = times
            .get(last)
            .map_or(now, |at| at.plus_millis(self.window_ms));
        (times.len(), free)
    }

    fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("max".to_owned(), self.max.into());
        object.insert("within".to_owned(), duration_text(self.window_ms).into());
        if !self.channels.is_empty() {
            let names = self.channels.iter().map(|channel| channel.name());
            object.insert("channels".to_owned(), names.collect());
        }
        if !self.counts.is_empty() {
            let names = self.counts.iter().map(|source| source.name());
            object.insert("counts".to_owned(), names.collect());
        }
        if let Some(retry) = self.retry_ms {
            object.insert("retry".to_owned(), duration_text(retry).into());
        }
        Value::Object(object)
    }
}

impl Policy {
    /// Whether it asks what was sent to a person before.
    pub fn counts_sends(&self) -> bool {
        !self.caps.is_empty() || self.duplicate_within_ms.is_some()
    }

    /// The policy that results when a message says this instead, part by part. What cannot be read, which
    /// nobody stores, changes nothing.
    #[must_use]
    pub fn overridden(&self, parts: &Value) -> Self {
        let read = read(parts, "policy", |place| Self::parse(place, self));
        read.unwrap_or_else(|_| self.clone())
    }

    /// The policy as JSON: every part, with null for what there is not, so that it reads back as
    /// itself over any base.
    pub fn to_json(&self) -> Value {
        json!({
            "quiet_hours": self.quiet_hours.as_ref().map(QuietHours::to_json),
            "caps": self.caps.iter().map(Cap::to_json).collect::<Vec<_>>(),
            "duplicate_within": self.duplicate_within_ms.map(duration_text),
            "alive_at_least": self.alive_at_least,
        })
    }
}

impl QuietHours {
    fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("from".to_owned(), self.hours.from.to_string().into());
        object.insert("to".to_owned(), self.hours.to.to_string().into());
        if self.hours.days != WeekdaySet::ALL {
            object.insert("days".to_owned(), self.hours.days.names().into());
        }
        if let Some(zone) = &self.zone {
            object.insert("zone".to_owned(), zone.name().into());
        }
        let then = match self.then {
            QuietThen::Hold => "hold",
            QuietThen::Drop => "drop",
        };
        object.insert("then".to_owned(), then.into());
        Value::Object(object)
    }
}
