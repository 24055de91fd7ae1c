//! What was counted about one person, and the segments that the person is in.

mod sends;
#[cfg(test)]
mod tests;

use landfall_domain::device::MoveCause;
use landfall_domain::ids::{DeviceKey, SegmentId};
use landfall_domain::marks::Mark;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::happening::{DeviceChange, Happening};
use crate::pattern::{PatternId, Patterns};
use crate::tally::Tally;
use crate::touched::{Cause, Touched};

pub use sends::RecentSend;
use sends::Sends;

/// The version of the encoding; it stands in the first byte.
const VERSION: u8 = 1;
/// Devices of which the last receipt is remembered: those that reported last.
const RECEIPTS_MAX: usize = 32;

/// What was counted about one person, and the data-driven segments that the person is in, with the
/// moments at which time alone changes them.
///
/// Counts do not depend on the order in which happenings come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// By pattern.
    tallies: Vec<(PatternId, Tally)>,
    /// By segment, with the time of entering.
    memberships: Vec<(SegmentId, Timestamp)>,
    /// By segment: when time alone changes its answer.
    timers: Vec<(SegmentId, Timestamp)>,
    sends: Sends,
    tokens: TokenHistory,
    /// The last receipt of each device, by device. It stands behind the rest, which may end before it.
    #[serde(skip)]
    receipts: Vec<(DeviceKey, Timestamp)>,
}

/// What became of the last device that left the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct TokenHistory {
    /// When it left, and whether its provider had said that it is gone.
    lost: Option<(Timestamp, bool)>,
}

/// Why bytes are not a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Written by another version of the program.
    #[error("the profile has version {0}, which this program does not know: build it anew")]
    UnknownVersion(u8),
    /// Damaged.
    #[error("the profile is damaged: build it anew from the person's history")]
    Damaged,
}

impl Profile {
    /// Takes what happened: counts it where a pattern in use matches, remembers sends and what
    /// became of devices, and adds to `touched` what it may have changed.
    pub fn absorb(
        &mut self,
        patterns: &Patterns,
        happening: &Happening<'_>,
        touched: &mut Touched,
    ) {
        self.count(patterns, happening, touched);
        match *happening {
            Happening::Did { .. } => {}
            Happening::Told {
                mark, message, at, ..
            } => {
                if mark == Mark::Sent {
                    self.sends.add(RecentSend::of(&message.message, at));
                }
            }
            Happening::Attribute(name) => touched.add(Cause::attribute(name)),
            Happening::Device(change) => {
                self.tokens.take(change);
                touched.add(Cause::Devices);
            }
            Happening::Receipt { device, at } => {
                if self.note_receipt(device, at) {
                    touched.add(Cause::Liveness);
                }
            }
            Happening::Consent => touched.add(Cause::Consent),
            Happening::Segment(segment) => touched.add(Cause::Segment(segment)),
            Happening::Active => touched.add(Cause::Activity),
            Happening::Whole => touched.add_whole(),
        }
    }

    /// Counts only: for patterns that are new, over a person's stored history.
    pub fn count(&mut self, patterns: &Patterns, happening: &Happening<'_>, touched: &mut Touched) {
        let (Happening::Did { at, .. } | Happening::Told { at, .. }) = *happening else {
            return;
        };
        patterns.each_match(happening, &mut |pattern| {
            let id = pattern.id();
            match self.tallies.binary_search_by_key(&id, |(id, _)| *id) {
                Ok(found) => self.tallies[found].1.add(at, pattern.keeps()),
                Err(place) => self.tallies.insert(place, (id, Tally::once(at))),
            }
            touched.add(Cause::Pattern(id));
        });
    }

    /// Joins the profile of a record that was merged into this person, from `history_from` on
    /// ([`landfall_domain::person::Absorbed`]). Answers the patterns whose tallies have to be
    /// counted anew from the stored history, usually none: a tally of the other record that began
    /// before `history_from` and kept too few times to say what came after. Segments are not
    /// reviewed: do [`crate::Segments::review_all`] next.
    pub fn merge(
        &mut self,
        other: &Self,
        history_from: Timestamp,
        patterns: &Patterns,
    ) -> Vec<PatternId> {
        let mut inexact = Vec::new();
        for (id, tally) in &other.tallies {
            let Some(pattern) = patterns.get(*id) else {
                continue;
            };
            match self.tallies.binary_search_by_key(id, |(id, _)| *id) {
                Ok(found) => {
                    if !self.tallies[found]
                        .1
                        .merge(tally, history_from, pattern.keeps())
                    {
                        inexact.push(*id);
                    }
                }
                Err(place) => {
                    let Some((part, exact)) = tally.since(history_from) else {
                        continue;
                    };
                    self.tallies.insert(place, (*id, part));
                    if !exact {
                        inexact.push(*id);
                    }
                }
            }
        }
        self.sends.merge(&other.sends);
        self.tokens.merge(other.tokens, history_from);
        for (device, at) in &other.receipts {
            if *at >= history_from {
                self.note_receipt(*device, *at);
            }
        }
        inexact
    }

    /// Forgets the tallies of patterns that are not in use, or that will be counted anew.
    pub fn forget(&mut self, forget: impl Fn(PatternId) -> bool) {
        self.tallies.retain(|(id, _)| !forget(*id));
    }

    /// Takes what was counted in `history` in place of what was counted here, and keeps the segments.
    pub fn take_history(&mut self, history: Self) {
        self.tallies = history.tallies;
        self.sends = history.sends;
        self.tokens = history.tokens;
        self.receipts = history.receipts;
    }

    /// The earliest moment at which time alone changes a membership: when
    /// [`crate::Segments::review_due`] has something to do.
    pub fn due(&self) -> Option<Timestamp> {
        self.timers.iter().map(|(_, at)| *at).min()
    }

    /// Whether the person is in a data-driven segment.
    pub fn is_member(&self, segment: SegmentId) -> bool {
        find(&self.memberships, segment).is_ok()
    }

    /// The data-driven segments that the person is in, in order, each with the time of entering.
    pub fn memberships(&self) -> &[(SegmentId, Timestamp)] {
        &self.memberships
    }

    /// What was counted for a pattern; `None`: it never happened.
    pub fn tally(&self, id: PatternId) -> Option<&Tally> {
        let found = self.tallies.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(&self.tallies[found].1)
    }

    /// What was sent to the person lately, latest first: enough for every cap and for duplicates.
    pub fn recent_sends(&self) -> &[RecentSend] {
        self.sends.latest_first()
    }

    /// The last receipt of a device; `None`: it never reported one.
    pub(crate) fn receipt_of(&self, device: DeviceKey) -> Option<Timestamp> {
        let found = self
            .receipts
            .binary_search_by_key(&device, |(device, _)| *device);
        Some(self.receipts[found.ok()?].1)
    }

    /// Takes a receipt; answers whether it is the last one of its device. Which ones are remembered does not
    /// depend on the order in which they come.
    fn note_receipt(&mut self, device: DeviceKey, at: Timestamp) -> bool {
        match self
            .receipts
            .binary_search_by_key(&device, |(device, _)| *device)
        {
            Ok(found) if self.receipts[found].1 >= at => return false,
            Ok(found) => self.receipts[found].1 = at,
            Err(place) => self.receipts.insert(place, (device, at)),
        }
        if self.receipts.len() > RECEIPTS_MAX {
            let receipts = self.receipts.iter().enumerate();
            let oldest = receipts.min_by_key(|(_, (device, at))| (*at, *device));
            if let Some((oldest, _)) = oldest {
                self.receipts.remove(oldest);
            }
        }
        true
    }

    /// Whether the provider said of the last device that left that it is gone; `None`: none left.
    pub(crate) fn lost_by_provider(&self) -> Option<bool> {
        self.tokens.lost.map(|(_, by_provider)| by_provider)
    }

    /// Sets whether the person is in a segment; answers whether that changed.
    pub(crate) fn set_member(&mut self, segment: SegmentId, member: bool, now: Timestamp) -> bool {
        match (find(&self.memberships, segment), member) {
            (Err(place), true) => self.memberships.insert(place, (segment, now)),
            (Ok(found), false) => {
                self.memberships.remove(found);
            }
            _ => return false,
        }
        true
    }

    /// Sets when time alone changes a segment's answer.
    pub(crate) fn set_timer(&mut self, segment: SegmentId, at: Option<Timestamp>) {
        match (find(&self.timers, segment), at) {
            (Ok(found), Some(at)) => self.timers[found].1 = at,
            (Err(place), Some(at)) => self.timers.insert(place, (segment, at)),
            (Ok(found), None) => {
                self.timers.remove(found);
            }
            (Err(_), None) => {}
        }
    }

    /// The segments whose time has come.
    pub(crate) fn due_by(&self, now: Timestamp) -> impl Iterator<Item = SegmentId> + '_ {
        let due = self.timers.iter().filter(move |(_, at)| *at <= now);
        due.map(|(segment, _)| *segment)
    }

    /// Forgets segments that are no more.
    pub(crate) fn keep_segments(&mut self, exists: impl Fn(SegmentId) -> bool) {
        self.memberships.retain(|(segment, _)| exists(*segment));
        self.timers.retain(|(segment, _)| exists(*segment));
    }

    /// The profile in bytes; the first is the version.
    pub fn encode(&self) -> Vec<u8> {
        let bytes = postcard::to_extend(self, vec![VERSION])
            .expect("a profile has only lengths and numbers, and memory grows");
        // Most devices never report, and most profiles end here.
        if self.receipts.is_empty() {
            return bytes;
        }
        postcard::to_extend(&self.receipts, bytes)
            .expect("receipts are only lengths and numbers, and memory grows")
    }

    /// The profile of [`Profile::encode`].
    ///
    /// # Errors
    /// When the bytes are of another version, damaged, cut, or followed by others.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProfileError> {
        let (version, rest) = bytes.split_first().ok_or(ProfileError::Damaged)?;
        if *version != VERSION {
            return Err(ProfileError::UnknownVersion(*version));
        }
        match postcard::take_from_bytes::<Self>(rest) {
            Ok((mut profile, rest)) => {
                if !rest.is_empty() {
                    profile.receipts = match postcard::take_from_bytes(rest) {
                        Ok((receipts, [])) if !Vec::is_empty(&receipts) => receipts,
                        _ => return Err(ProfileError::Damaged),
                    };
                }
                Some(profile)
                    .filter(Self::is_sound)
                    .ok_or(ProfileError::Damaged)
            }
            Err(_) => Err(ProfileError::Damaged),
        }
    }

    /// Whether lists are in the order that searches rely on.
    fn is_sound(&self) -> bool {
        let ordered = |list: &[(SegmentId, Timestamp)]| list.is_sorted_by(|a, b| a.0 < b.0);
        self.tallies.is_sorted_by(|a, b| a.0 < b.0)
            && self.tallies.iter().all(|(_, tally)| tally.is_sound())
            && ordered(&self.memberships)
            && ordered(&self.timers)
            && self.sends.is_sound()
            && self.receipts.is_sorted_by(|a, b| a.0 < b.0)
    }
}

fn find(list: &[(SegmentId, Timestamp)], segment: SegmentId) -> Result<usize, usize> {
    list.binary_search_by_key(&segment, |(id, _)| *id)
}

impl TokenHistory {
    fn take(&mut self, change: DeviceChange) {
        match change {
            // An event that came too late to move the device.
            DeviceChange::Released {
                cause: MoveCause::Stale,
                ..
            }
            | DeviceChange::Registered
            | DeviceChange::Answered => {}
            DeviceChange::Released { cause, at } => {
                let by_provider = cause == MoveCause::Unregistered;
                self.lost = self.lost.max(Some((at, by_provider)));
            }
        }
    }

    fn merge(&mut self, other: Self, history_from: Timestamp) {
        let lost = other.lost.filter(|(at, _)| *at >= history_from);
        self.lost = self.lost.max(lost);
    }
}
