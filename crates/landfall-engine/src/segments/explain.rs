//! Why somebody is in a segment, or not.

use landfall_audience::{Explanation, Scene};
use landfall_domain::ids::SegmentId;
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use landfall_store::StoreError;

use super::membership::remembered;
use crate::workspace::Workspace;

/// Why somebody is in a segment, or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// Whether they are in it.
    pub is_member: bool,
    /// Since when; `None`: they are not, or they were put there by hand.
    pub since: Option<Timestamp>,
    /// Each check of the condition with what it saw; `None`: the segment is kept by hand. Visitors are in
    /// no segment, whatever it says of them.
    pub explanation: Option<Explanation>,
}

impl Workspace {
    /// Why a person is in a segment now, or not.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn explain_segment(
        &self,
        segment: SegmentId,
        person: Person,
    ) -> Result<Explained, StoreError> {
        let live = self.live();
        let now = self.now();
        let explained = self.read(move |store| {
            let Some(condition) = live.segments.get(segment) else {
                return Ok(Explained {
                    is_member: person.segments.contains(&segment),
                    since: None,
                    explanation: None,
                });
            };
            let profile = remembered(store, person.key)?.profile;
            let mut memberships = profile.memberships().iter();
            let since = memberships.find(|(known, _)| *known == segment);
            let scene = Scene {
                person: &person,
                profile: &profile,
                event: None,
                now,
                zone: &live.zone,
            };
            Ok(Explained {
                is_member: since.is_some(),
                since: since.map(|(_, since)| *since),
                explanation: Some(condition.explain(&scene)),
            })
        });
        explained.await
    }
}
