//! Reading people, their devices' history and what they did.

use landfall_domain::activity::Activity;
use landfall_domain::device::{TokenMove, TokenRecord};
use landfall_domain::identifier::{Holder, Identifier};
use landfall_domain::ids::{DeviceKey, PersonKey, SegmentId};
use landfall_domain::person::{Person, Standing};
use landfall_domain::time::Timestamp;

use crate::error::StoreError;

/// A record whose activities are asked for, from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryOf {
    /// Whose.
    pub person: PersonKey,
    /// Activities that occurred before this are left out.
    pub from: Timestamp,
}

/// Which activities, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActivityQuery {
    /// Of these records; empty: of everybody, and of nobody.
    pub of: Vec<HistoryOf>,
    /// Only these kinds of [`landfall_domain::activity::PersonInput`], by their stored `kind`; empty: all.
    pub kinds: Vec<String>,
    /// Only tracked activities of this name.
    pub name: Option<String>,
    /// Only activities received at or after this.
    pub since: Option<Timestamp>,
    /// Only activities numbered below this: the cursor of the page before.
    pub before: Option<u64>,
    /// At most this many, up to 1,000.
    pub limit: usize,
}

/// An activity with its number: the order in which activities were stored, from one.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredActivity {
    /// Its number.
    pub number: u64,
    /// The activity.
    pub activity: Activity,
}

/// A page of activities, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActivityPage {
    /// The activities.
    pub activities: Vec<StoredActivity>,
    /// Cursor for [`ActivityQuery::before`]; `None`: that was all.
    pub next: Option<u64>,
}

/// The person whom an identifier names, through merges; deleted and merged records are nobody.
///
/// # Errors
/// When the store cannot be read.
pub fn person_named(
    store: &(impl PeopleReader + ?Sized),
    identifier: &Identifier,
) -> Result<Option<Person>, StoreError> {
    let Some(Holder::Person(mut key)) = store.holder(identifier)? else {
        return Ok(None);
    };
    loop {
        let person = store.people(&[key])?.pop();
        match person.as_ref().map(|person| person.standing) {
            Some(Standing::Merged(into)) => key = into,
            Some(Standing::Deleted) | None => return Ok(None),
            Some(Standing::Known | Standing::Visitor) => return Ok(person),
        }
    }
}

/// Reading people.
pub trait PeopleReader: Send + Sync {
    /// Who holds an identifier. Conformance: `holders`.
    fn holder(&self, identifier: &Identifier) -> Result<Option<Holder>, StoreError>;

    /// These people, in the order of the keys; unknown keys are left out. At most 10,000.
    fn people(&self, keys: &[PersonKey]) -> Result<Vec<Person>, StoreError>;

    /// Up to `limit` people (known ones, visitors, merged and deleted alike) with keys above
    /// `after`, by key. Conformance: `people_pages`.
    fn people_after(
        &self,
        after: Option<PersonKey>,
        limit: usize,
    ) -> Result<Vec<Person>, StoreError>;

    /// The keys of [`PeopleReader::people_after`], where nobody wants the rest. Conformance: `people_pages`.
    fn person_keys_after(
        &self,
        after: Option<PersonKey>,
        limit: usize,
    ) -> Result<Vec<PersonKey>, StoreError> {
        let people = self.people_after(after, limit)?;
        Ok(people.iter().map(|person| person.key).collect())
    }

    /// Activities, newest first. Conformance: `activities_page`.
    fn activities(&self, query: &ActivityQuery) -> Result<ActivityPage, StoreError>;

    /// All activities stored for one record, oldest first: what a replay needs.
    fn inputs_of(&self, person: PersonKey) -> Result<Vec<Activity>, StoreError>;

    /// The same of some records, in the order of the keys. Conformance: `inputs_in_order`.
    fn inputs_of_each(&self, people: &[PersonKey]) -> Result<Vec<Vec<Activity>>, StoreError> {
        people
            .iter()
            .map(|person| self.inputs_of(*person))
            .collect()
    }

    /// Of [`PeopleReader::inputs_of_each`] only those of whose kind ([`PersonInput::kind`]) and, if they are
    /// tracked, name this is wanted: the others need not be read. Conformance: `inputs_in_order`.
    ///
    /// [`PersonInput::kind`]: landfall_domain::activity::PersonInput::kind
    fn wanted_inputs_of_each(
        &self,
        people: &[PersonKey],
        wanted: &(dyn Fn(&str, Option<&str>) -> bool + Sync),
    ) -> Result<Vec<Vec<Activity>>, StoreError> {
        let mut each = self.inputs_of_each(people)?;
        for inputs in &mut each {
            inputs.retain(|one| wanted(one.input.kind(), one.input.tracked_name()));
        }
        Ok(each)
    }

    /// The ownership history of a device, oldest first.
    fn token_moves(&self, device: DeviceKey) -> Result<Vec<TokenMove>, StoreError>;

    /// Ownership history lines that name a person as old or new owner, oldest first.
    fn token_moves_of(&self, person: PersonKey) -> Result<Vec<TokenMove>, StoreError>;

    /// Token records by device key; unknown keys are left out.
    fn tokens(&self, keys: &[DeviceKey]) -> Result<Vec<TokenRecord>, StoreError>;

    /// Members of a manual segment with keys above `after`, by key.
    fn members(
        &self,
        segment: SegmentId,
        after: Option<PersonKey>,
        limit: usize,
    ) -> Result<Vec<PersonKey>, StoreError>;

    /// How many members a manual segment has.
    fn member_count(&self, segment: SegmentId) -> Result<u64, StoreError>;
}
