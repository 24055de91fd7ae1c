//! Counting anew what a person did and was sent: when a pattern is new, or when a merge could not be
//! counted exactly.

use std::sync::Arc;

use landfall_audience::{Happening, MessageLabel, Profile, Touched, happenings_of};
use landfall_domain::activity::Activity;
use landfall_domain::delivery::Delivery;
use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::{LogMark, WorkingSet};
use landfall_store::{Store, StoreError};

use super::Reactor;
use crate::live::Live;
use crate::survival::receipts;

/// Beside what people do, what became of their devices is all of an input that is counted.
const RELEASED: &str = "device_released";

/// The inputs of some records that count for anything, oldest first: all of them where journeys look for
/// interest in products in them.
pub(super) fn inputs_that_count(
    store: &dyn Store,
    live: &Live,
    records: &[PersonKey],
) -> Result<Vec<Vec<Activity>>, StoreError> {
    if live.about_products().next().is_some() {
        return store.inputs_of_each(records);
    }
    store.wanted_inputs_of_each(records, &|kind, name| match name {
        Some(name) => live.patterns.counts_name(name),
        None => kind == RELEASED,
    })
}

/// The records whose history is a person's, the person first, each with the moment from which on it is.
pub(super) fn records_of(person: &Person) -> Vec<(PersonKey, Timestamp)> {
    let absorbed = person.absorbed.iter();
    let absorbed = absorbed.map(|old| (old.key, old.history_from));
    std::iter::once((person.key, Timestamp::EPOCH))
        .chain(absorbed)
        .collect()
}

/// Counts an input.
pub(super) fn count(live: &Live, profile: &mut Profile, activity: &Activity) {
    happenings_of(activity, &mut |happening| {
        profile.absorb(&live.patterns, &happening, &mut Touched::nothing());
    });
}

/// Counts what became of a message.
pub(super) fn count_delivery(
    live: &Live,
    profile: &mut Profile,
    delivery: &Delivery,
    label: &MessageLabel,
) {
    let reason = landfall_domain::status::reason(delivery);
    for (device, at) in receipts(delivery) {
        let happening = Happening::Receipt { device, at };
        profile.absorb(&live.patterns, &happening, &mut Touched::nothing());
    }
    for shown in delivery.view().iter() {
        let happening = Happening::Told {
            mark: shown.mark,
            message: label,
            reason,
            at: shown.at,
        };
        profile.absorb(&live.patterns, &happening, &mut Touched::nothing());
    }
}

impl Reactor {
    /// Forgets what was counted about a person and counts it from the stored history, and from what this
    /// batch has added to it so far.
    pub(super) fn recount(
        &mut self,
        set: &WorkingSet,
        person: PersonKey,
    ) -> Result<(), StoreError> {
        let Some(record) = set.person(person).cloned() else {
            return Ok(());
        };
        let live = Arc::clone(&self.live);
        let records = records_of(&record);
        let keys: Vec<PersonKey> = records.iter().map(|(key, _)| *key).collect();
        let stored = inputs_that_count(self.store.as_ref(), &live, &keys)?;
        let mut history = Profile::default();
        for ((key, from), stored) in records.into_iter().zip(stored) {
            let batch = set.activities_since(LogMark::default()).iter();
            let batch = batch.filter(|activity| activity.person == Some(key));
            for activity in stored.iter().chain(batch) {
                if activity.occurred_at >= from {
                    self.note_interest(set, person, activity)?;
                    count(&live, &mut history, activity);
                }
            }
        }
        let deliveries = self.store.deliveries_of_each(&keys)?;
        let deliveries = deliveries.into_iter().flatten().collect();
        let profile = &mut self.mind(set, person)?.memory.profile;
        profile.take_history(history);
        self.recount_deliveries(set, person, deliveries)
    }

    fn recount_deliveries(
        &mut self,
        set: &WorkingSet,
        person: PersonKey,
        mut stored: Vec<Delivery>,
    ) -> Result<(), StoreError> {
        // Newest first, as each record's are.
        stored.sort_unstable_by_key(|delivery| std::cmp::Reverse(delivery.key));
        stored.dedup_by_key(|delivery| delivery.key);
        for stored in &stored {
            // The batch may know more about it.
            let delivery = set.delivery(stored.key).unwrap_or(stored);
            self.count_delivery(set, person, delivery)?;
        }
        let is_counted = |key: DeliveryKey| {
            let found = stored.binary_search_by(|delivery| key.cmp(&delivery.key));
            found.is_ok()
        };
        let new = set
            .deliveries()
            .filter(|delivery| delivery.person == Some(person) && !is_counted(delivery.key));
        for delivery in new {
            self.count_delivery(set, person, delivery)?;
        }
        Ok(())
    }

    fn count_delivery(
        &mut self,
        set: &WorkingSet,
        person: PersonKey,
        delivery: &Delivery,
    ) -> Result<(), StoreError> {
        let Some(label) = self.label(set, delivery.message).cloned() else {
            return Ok(());
        };
        let live = Arc::clone(&self.live);
        let profile = &mut self.mind(set, person)?.memory.profile;
        count_delivery(&live, profile, delivery, &label);
        Ok(())
    }
}
