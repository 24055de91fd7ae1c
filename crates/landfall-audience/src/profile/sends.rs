//! What was sent to a person lately: what caps and the rule against duplicates look at.

use landfall_domain::channel::Channel;
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::limits::{SENDS_KEPT, SENDS_KEPT_MS};

/// A message that a provider took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentSend {
    /// When.
    pub at: Timestamp,
    /// Over which channel.
    pub channel: Channel,
    /// What sent it.
    pub source: SourceKind,
    /// Its number.
    pub source_id: u64,
    /// The step.
    pub step_id: Option<u64>,
}

impl RecentSend {
    /// A message sent at a time. Of a variant, the original step counts.
    pub fn of(message: &MessageRef, at: Timestamp) -> Self {
        Self {
            at,
            channel: message.channel,
            source: message.source,
            source_id: message.source_id,
            step_id: message.parent_step_id.or(message.step_id),
        }
    }

    /// Latest first; what is equal in time is in some fixed order.
    fn order(&self) -> impl Ord + use<> {
        let what = (self.channel, self.source, self.source_id, self.step_id);
        (std::cmp::Reverse(self.at), what)
    }
}

/// The latest sends, latest first: those of the 31 days before the last one, up to 100 of each
/// channel and source. That is what the latest caps can ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sends(Vec<RecentSend>);

impl Sends {
    pub(super) fn add(&mut self, send: RecentSend) {
        let place = self
            .0
            .partition_point(|known| known.order() <= send.order());
        self.0.insert(place, send);
        self.prune();
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.0.extend(&other.0);
        self.0.sort_by_key(RecentSend::order);
        self.prune();
    }

    pub(super) fn latest_first(&self) -> &[RecentSend] {
        &self.0
    }

    pub(super) fn is_sound(&self) -> bool {
        self.0.is_sorted_by_key(RecentSend::order)
    }

    fn prune(&mut self) {
        let Some(latest) = self.0.first() else {
            return;
        };
        let oldest = latest.at.plus_millis(-SENDS_KEPT_MS);
        self.0
            .truncate(self.0.partition_point(|send| send.at > oldest));
        if self.0.len() <= SENDS_KEPT {
            return;
        }
        // At most one is too many after adding one; after a merge there may be more.
        let mut counts: Vec<((Channel, SourceKind), usize)> = Vec::new();
        self.0.retain(|send| {
            let of = (send.channel, send.source);
            match counts.iter_mut().find(|(known, _)| *known == of) {
                Some((_, count)) => {
                    *count += 1;
                    *count <= SENDS_KEPT
                }
                None => {
                    counts.push((of, 1));
                    true
                }
            }
        });
    }
}
