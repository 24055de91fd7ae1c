//! Counting anew what a person did and was sent: when a pattern is new, or when a merge could not be
//! counted exactly.

use std::collections::VecDeque;
use std::sync::Arc;

use landfall_audience::{Happening, Touched, happenings_of};
use landfall_domain::activity::Activity;
use landfall_domain::delivery::Delivery;
use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::input::{Body, Input};
use landfall_domain::run::{Look, RunInput};
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::{LogMark, WorkingSet};
use landfall_store::{Store, StoreError};
use rustc_hash::FxHashMap;

use super::Reactor;

/// Records whose past is read at a time, by all threads together.
const AHEAD: usize = 256;
/// Threads that read, at most.
const READERS: usize = 4;

/// What is stored about a record.
#[derive(Debug, Default)]
struct Past {
    /// Oldest first.
    inputs: Vec<Activity>,
    /// Newest first.
    deliveries: Vec<Delivery>,
}

/// Reads what is stored about people a little before it is wanted: of many at once, by several threads.
/// Nothing is committed while a batch lasts, so it is the same then.
#[derive(Debug, Default)]
pub(super) struct Pasts {
    /// Whose will be wanted, in this order.
    expected: VecDeque<PersonKey>,
    read: FxHashMap<PersonKey, Past>,
}

impl Pasts {
    fn take(&mut self, store: &dyn Store, of: PersonKey) -> Result<Past, StoreError> {
        if let Some(past) = self.read.remove(&of) {
            return Ok(past);
        }
        let mut keys = vec![of];
        if self.expected.front() == Some(&of) {
            let some = self.expected.len().min(AHEAD);
            keys = self.expected.drain(..some).collect();
        }
        self.read = read(store, &keys)?;
        Ok(self.read.remove(&of).unwrap_or_default())
    }
}

fn read(store: &dyn Store, keys: &[PersonKey]) -> Result<FxHashMap<PersonKey, Past>, StoreError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = keys.len().div_ceil(threads.min(READERS)).max(1);
    if part == keys.len() {
        return read_part(store, keys);
    }
    std::thread::scope(|scope| {
        let parts = keys.chunks(part);
        let parts: Vec<_> = parts
            .map(|keys| scope.spawn(move || read_part(store, keys)))
            .collect();
        let mut pasts = FxHashMap::default();
        for part in parts {
            let read = part.join();
            let lost = |_| StoreError::Unavailable("a thread that reads has ended".to_owned());
            pasts.extend(read.map_err(lost)??);
        }
        Ok(pasts)
    })
}

fn read_part(
    store: &dyn Store,
    keys: &[PersonKey],
) -> Result<FxHashMap<PersonKey, Past>, StoreError> {
    let inputs = store.inputs_of_each(keys)?;
    let deliveries = store.deliveries_of_each(keys)?;
    let pasts = inputs
        .into_iter()
        .zip(deliveries)
        .map(|(inputs, deliveries)| Past { inputs, deliveries });
    Ok(keys.iter().copied().zip(pasts).collect())
}

impl Reactor {
    /// Whose past is going to be wanted, in this order.
    pub(crate) fn expect_recounts<'i>(&mut self, inputs: impl Iterator<Item = &'i Input>) {
        let recounted = inputs.filter_map(|input| match &input.body {
            Body::Run(input) => match input.as_ref() {
                RunInput::Review {
                    person,
                    look: Look::Recount,
                } => Some(*person),
                _ => None,
            },
            _ => None,
        });
        self.pasts.expected.extend(recounted);
    }

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
        let mut deliveries = Vec::new();
        for (key, from) in &records {
            let past = self.pasts.take(self.store.as_ref(), *key)?;
            let batch = set.activities_since(LogMark::default()).iter();
            let batch = batch.filter(|activity| activity.person == Some(*key));
            for activity in past.inputs.iter().chain(batch) {
                if activity.occurred_at >= *from {
                    self.count(set, person, activity)?;
                }
            }
            deliveries.extend(past.deliveries);
        }
        self.recount_deliveries(set, person, deliveries)
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
