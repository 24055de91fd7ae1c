//! What was counted about one person, and the segments that the person is in.

use landfall_domain::ids::SegmentId;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::happening::Happening;
use crate::pattern::{PatternId, Patterns};
use crate::tally::Tally;
use crate::touched::Touched;

/// What was counted about one person, and the data-driven segments that the person is in, with the
/// moments at which time alone may change them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    tallies: Vec<(PatternId, Tally)>,
    memberships: Vec<(SegmentId, Timestamp)>,
    timers: Vec<(SegmentId, Timestamp)>,
}

/// Why bytes are not a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Written by a later version of the program.
    #[error("the profile has version {0}, which this program does not know: update the program")]
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
        _patterns: &Patterns,
        _happening: &Happening<'_>,
        touched: &mut Touched,
    ) {
        touched.add_whole();
    }

    /// Counts only: for patterns that are new, over a person's stored history.
    pub fn count(
        &mut self,
        _patterns: &Patterns,
        _happening: &Happening<'_>,
        touched: &mut Touched,
    ) {
        touched.add_whole();
    }

    /// Joins the profile of a record that was merged into this person, from `history_from` on
    /// ([`landfall_domain::person::Absorbed`]). Answers the patterns whose tallies have to be
    /// counted anew from the stored history, usually none. Segments are not reviewed: do
    /// [`crate::Segments::review_all`] next.
    pub fn merge(
        &mut self,
        _other: &Self,
        _history_from: Timestamp,
        _patterns: &Patterns,
    ) -> Vec<PatternId> {
        Vec::new()
    }

    /// Forgets the tallies of patterns that are not in use, or that will be counted anew.
    pub fn forget(&mut self, forget: impl Fn(PatternId) -> bool) {
        self.tallies.retain(|(id, _)| !forget(*id));
    }

    /// The earliest moment at which time alone changes a membership: when
    /// [`crate::Segments::review_due`] has something to do.
    pub fn due(&self) -> Option<Timestamp> {
        self.timers.iter().map(|(_, at)| *at).min()
    }

    /// Whether the person is in a data-driven segment.
    pub fn is_member(&self, segment: SegmentId) -> bool {
        self.memberships
            .binary_search_by_key(&segment, |(id, _)| *id)
            .is_ok()
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

    /// The profile in bytes; the first is the version.
    pub fn encode(&self) -> Vec<u8> {
        Vec::new()
    }

    /// The profile of [`Profile::encode`].
    ///
    /// # Errors
    /// When the bytes are of a later version, damaged, cut, or followed by others.
    pub fn decode(_bytes: &[u8]) -> Result<Self, ProfileError> {
        Err(ProfileError::Damaged)
    }
}
