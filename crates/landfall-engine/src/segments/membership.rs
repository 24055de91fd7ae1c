//! Who is in which segments, as the store tells it: of both kinds.

use std::collections::BTreeSet;

use landfall_audience::SegmentMembership;
use landfall_domain::ids::{PersonKey, SegmentId};
use landfall_domain::person::Person;
use landfall_store::{Store, StoreError};
use rustc_hash::FxHashSet;

use crate::reactor::Memory;

/// Who of a page of people is in which of some segments.
#[derive(Clone, Debug, Default)]
pub struct Memberships(FxHashSet<(SegmentId, PersonKey)>);

impl Memberships {
    /// Of these people in these segments.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read(
        store: &(impl Store + ?Sized),
        people: &[Person],
        segments: &[SegmentId],
    ) -> Result<Self, StoreError> {
        let keys: BTreeSet<PersonKey> = people.iter().map(|person| person.key).collect();
        let mut found = FxHashSet::default();
        for segment in segments {
            // From one who is asked about to the next, so that members in between are skipped.
            let mut next = keys.first().copied();
            while let Some(wanted) = next {
                let after = wanted.0.checked_sub(1).map(PersonKey);
                let members = store.members(*segment, after, keys.len())?;
                let asked = members.iter().filter(|member| keys.contains(member));
                found.extend(asked.map(|member| (*segment, *member)));
                let is_all = members.len() < keys.len();
                let last = members.last().filter(|_| !is_all);
                next = last.and_then(|last| {
                    let above = (std::ops::Bound::Excluded(*last), std::ops::Bound::Unbounded);
                    keys.range(above).next().copied()
                });
            }
        }
        Ok(Self(found))
    }
}

impl SegmentMembership for Memberships {
    fn is_member(&self, person: &Person, segment: SegmentId) -> bool {
        self.0.contains(&(segment, person.key))
    }
}

/// The segments of both kinds that a person is in.
///
/// # Errors
/// When the store cannot be read.
pub fn of_person(
    store: &(impl Store + ?Sized),
    person: &Person,
) -> Result<BTreeSet<SegmentId>, StoreError> {
    let memory = remembered(store, person.key)?;
    let data_driven = memory
        .profile
        .memberships()
        .iter()
        .map(|(segment, _)| *segment);
    Ok(data_driven.chain(person.segments.iter().copied()).collect())
}

/// What is remembered about a person.
pub(super) fn remembered(
    store: &(impl Store + ?Sized),
    person: PersonKey,
) -> Result<Memory, StoreError> {
    let after = person.0.checked_sub(1).map(PersonKey);
    let row = store.profiles(after, 1)?.pop();
    let row = row.filter(|row| row.person == person);
    row.map_or_else(|| Ok(Memory::default()), |row| Memory::of(&row))
}
