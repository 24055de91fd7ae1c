//! Counting anew what a person did and was sent: when a pattern is new, or when a merge could not be
//! counted exactly.

use std::sync::Arc;

use landfall_audience::{Happening, Touched, happenings_of};
use landfall_domain::activity::Activity;
use landfall_domain::delivery::Delivery;
use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::{LogMark, WorkingSet};
use landfall_store::StoreError;

use super::Reactor;

/// Deliveries read at a time.
const PAGE: usize = 1_000;

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
        let mut records = vec![(person, Timestamp::EPOCH)];
        let absorbed = record.absorbed.iter();
        records.extend(absorbed.map(|old| (old.key, old.history_from)));
        self.mind(set, person)?.memory.profile.forget_history();
        for (key, from) in &records {
            let stored = self.store.inputs_of(*key)?;
            let batch = set.activities_since(LogMark::default()).iter();
            let batch = batch.filter(|activity| activity.person == Some(*key));
            for activity in stored.iter().chain(batch) {
                if activity.occurred_at >= *from {
                    self.count(set, person, activity)?;
                }
            }
        }
        let keys: Vec<PersonKey> = records.iter().map(|(key, _)| *key).collect();
        self.recount_deliveries(set, person, &keys)
    }

    fn count(
        &mut self,
        set: &WorkingSet,
        person: PersonKey,
        activity: &Activity,
    ) -> Result<(), StoreError> {
        self.note_interest(set, person, activity)?;
        let live = Arc::clone(&self.live);
        let profile = &mut self.mind(set, person)?.memory.profile;
        happenings_of(activity, &mut |happening| {
            profile.absorb(&live.patterns, &happening, &mut Touched::nothing());
        });
        Ok(())
    }

    fn recount_deliveries(
        &mut self,
        set: &WorkingSet,
        person: PersonKey,
        keys: &[PersonKey],
    ) -> Result<(), StoreError> {
        let mut counted: Vec<DeliveryKey> = Vec::new();
        let mut before = None;
        loop {
            let page = self.store.deliveries_of(keys, before, PAGE)?;
            for stored in &page.deliveries {
                // The batch may know more about it.
                let delivery = set.delivery(stored.key).unwrap_or(stored);
                counted.push(delivery.key);
                self.count_delivery(set, person, delivery)?;
            }
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        let new = set
            .deliveries()
            .filter(|delivery| delivery.person == Some(person) && !counted.contains(&delivery.key));
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
        let reason = landfall_domain::status::reason(delivery);
        let profile = &mut self.mind(set, person)?.memory.profile;
        for shown in delivery.view().iter() {
            let happening = Happening::Told {
                mark: shown.mark,
                message: &label,
                reason,
                at: shown.at,
            };
            profile.absorb(&live.patterns, &happening, &mut Touched::nothing());
        }
        Ok(())
    }
}
