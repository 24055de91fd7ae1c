//! Looking at many people at once: when nothing but that is asked of a batch, as while segments are built,
//! what comes of each person depends on nobody else and is found out by all cores, before the batch is decided
//! person by person.

use std::sync::Arc;

use landfall_audience::{MessageLabel, Profile, SegmentChange};
use landfall_domain::activity::Activity;
use landfall_domain::delivery::Delivery;
use landfall_domain::ids::{MessageKey, PersonKey, SegmentId};
use landfall_domain::input::{Body, Input};
use landfall_domain::person::{Person, Standing};
use landfall_domain::run::{Look, RunInput};
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::WorkingSet;
use landfall_store::{Store, StoreError};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::history::{count, count_delivery, inputs_that_count, records_of};
use super::memory::Memory;
use super::{Mind, Reactor};
use crate::catalogue::Catalogue;
use crate::live::Live;

/// People whose histories are read in one view of the store.
const PEOPLE: usize = 128;
/// People from which on it is worth while to share the work.
const MANY: usize = 256;

/// What a look at all segments of a person found, with the memory already as it is afterwards.
#[derive(Debug, Default)]
pub(super) struct Reviewed {
    /// Segments that are no more and had the person as a member.
    pub(super) gone: Vec<SegmentId>,
    /// Whoever came and went, in order.
    pub(super) changes: Vec<SegmentChange>,
}

impl Reviewed {
    /// Looks at all segments of a person.
    fn of(live: &Live, person: &Person, profile: &mut Profile, now: Timestamp) -> Self {
        let gone = gone(live, profile);
        let changes = live.segments.review_all(person, profile, now, &live.zone);
        Self { gone, changes }
    }
}

/// Segments in which a person is, and which are no more.
pub(super) fn gone(live: &Live, profile: &Profile) -> Vec<SegmentId> {
    let segments = profile.memberships().iter().map(|(segment, _)| *segment);
    let gone = segments.filter(|segment| !live.data_driven.contains(segment));
    gone.collect()
}

/// What is the same for everybody.
struct Around<'a> {
    live: &'a Live,
    store: &'a dyn Store,
    catalogue: &'a Catalogue,
    set: &'a WorkingSet,
    now: Timestamp,
}

impl Reactor {
    /// Looks at people ahead, if a batch does nothing else than count many of them anew.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn look_ahead<'i>(
        &mut self,
        set: &WorkingSet,
        mut inputs: impl Iterator<Item = &'i Input>,
    ) -> Result<(), StoreError> {
        let mut people = Vec::new();
        if inputs.any(|input| match recounted(input) {
            Some(person) => {
                people.push(person);
                false
            }
            None => true,
        }) || people.len() < MANY
        {
            return Ok(());
        }
        let around = Around {
            live: &self.live,
            store: self.store.as_ref(),
            catalogue: &self.catalogue,
            set,
            now: self.now,
        };
        let parts = people
            .par_chunks(PEOPLE)
            .map(|people| around.look_at(people));
        let parts: Vec<_> = parts.collect::<Result<_, StoreError>>()?;
        self.ahead.reserve(people.len());
        self.ahead.extend(parts.into_iter().flatten());
        Ok(())
    }

    /// Takes what was found out ahead about a person; `false`: nothing was.
    pub(super) fn take_ahead(
        &mut self,
        set: &WorkingSet,
        person: PersonKey,
    ) -> Result<bool, StoreError> {
        let Some(mut mind) = self.ahead.remove(&person) else {
            return Ok(false);
        };
        if self.minds.contains_key(&person) {
            return Ok(false);
        }
        let inputs = std::mem::take(&mut mind.interesting);
        self.minds.insert(person, mind);
        for activity in &inputs {
            self.note_interest(set, person, activity)?;
        }
        Ok(true)
    }
}

/// Whom an input counts anew, if that is all that it does.
fn recounted(input: &Input) -> Option<PersonKey> {
    match &input.body {
        Body::Run(input) => match input.as_ref() {
            RunInput::Review {
                person,
                look: Look::Recount,
            } => Some(*person),
            _ => None,
        },
        _ => None,
    }
}

impl Around<'_> {
    fn look_at(&self, people: &[PersonKey]) -> Result<Vec<(PersonKey, Box<Mind>)>, StoreError> {
        let inputs = inputs_that_count(self.store, self.live, people)?;
        let deliveries = self.store.deliveries_of_each(people)?;
        let mut labels = FxHashMap::default();
        let mut prepared = Vec::with_capacity(people.len());
        let pasts = inputs.into_iter().zip(deliveries);
        for (key, (inputs, deliveries)) in people.iter().zip(pasts) {
            let Some(person) = self.set.person(*key).filter(|person| is_there(person)) else {
                continue;
            };
            if let Some(found) = self.prepare(person, inputs, deliveries, &mut labels)? {
                prepared.push((*key, found));
            }
        }
        Ok(prepared)
    }

    /// `None`: what is remembered cannot be read, which is dealt with when it is the person's turn.
    fn prepare(
        &self,
        person: &Arc<Person>,
        mut inputs: Vec<Activity>,
        mut deliveries: Vec<Delivery>,
        labels: &mut FxHashMap<MessageKey, Option<MessageLabel>>,
    ) -> Result<Option<Box<Mind>>, StoreError> {
        let memory = self.set.profile(person.key).map(Memory::of).transpose();
        let Ok(memory) = memory else {
            return Ok(None);
        };
        let mut memory = memory.unwrap_or_default();
        for (key, from) in records_of(person).into_iter().skip(1) {
            let theirs = inputs_that_count(self.store, self.live, &[key])?;
            let theirs = theirs.into_iter().flatten();
            inputs.extend(theirs.filter(|activity| activity.occurred_at >= from));
            let theirs = self.store.deliveries_of_each(&[key])?;
            deliveries.extend(theirs.into_iter().flatten());
        }
        deliveries.sort_unstable_by_key(|delivery| delivery.key);
        deliveries.dedup_by_key(|delivery| delivery.key);
        let mut history = Profile::default();
        for activity in &inputs {
            count(self.live, &mut history, activity);
        }
        for delivery in &deliveries {
            let label = labels
                .entry(delivery.message)
                .or_insert_with(|| self.label(delivery.message));
            if let Some(label) = label {
                count_delivery(self.live, &mut history, delivery, label);
            }
        }
        memory.profile.take_history(history);
        if self.live.about_products().next().is_none() {
            inputs.clear();
        }
        let reviewed = Reviewed::of(self.live, person, &mut memory.profile, self.now);
        Ok(Some(Box::new(Mind {
            memory,
            reviewed: Some(reviewed),
            interesting: inputs,
            ..Mind::default()
        })))
    }

    fn label(&self, key: MessageKey) -> Option<MessageLabel> {
        let message = self.set.message_of(key)?;
        let name = self.catalogue.message_name(message).to_string();
        Some(MessageLabel::new(message.clone(), &name))
    }
}

const fn is_there(person: &Person) -> bool {
    matches!(person.standing, Standing::Known | Standing::Visitor)
}
