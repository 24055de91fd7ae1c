//! What was settled lately: SQLite has it, but need not be asked for it.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use landfall_domain::delivery::Delivery;
use landfall_domain::ids::DeliveryKey;
use landfall_domain::work::{Work, WorkKey};
use rustc_hash::FxHashMap;

use super::Layer;
use super::loaded::Loaded;

/// People after which it is full: it starts anew then, from what is settled next.
const PEOPLE: usize = 150_000;

/// Deliveries that are kept. A message is claimed and concluded within seconds of its creation, unless
/// the queue is long; what is older is asked for now and then only.
const DELIVERIES: usize = 50_000;

/// Pieces of open work that are kept, for the same reason.
const WORKS: usize = 50_000;

/// The newest of what SQLite has.
#[derive(Debug, Default)]
pub(super) struct Recent {
    pub(super) layer: Layer,
    /// Keys of deliveries in the order in which they came, of some that are gone too.
    deliveries: VecDeque<DeliveryKey>,
    /// The same of work.
    works: VecDeque<WorkKey>,
}

impl Recent {
    /// Whether it must begin anew before it takes more.
    pub(super) fn is_full(&self) -> bool {
        self.layer.people.len() > PEOPLE
    }

    /// Takes up to `most` people and tokens of what was read, unless it has them. Deliveries are read again:
    /// which moves are in them already is not known any more. Returns how many it looked at.
    pub(super) fn take_loaded(&mut self, loaded: &mut Loaded, most: usize) -> usize {
        let mut taken = 0;
        for (key, person) in part(&mut loaded.people, most) {
            self.layer.people.entry(key).or_insert(person);
            taken += 1;
        }
        for (key, record) in part(&mut loaded.tokens, most - taken) {
            if !self.layer.tokens.contains_key(&key) {
                self.layer.add_token(record);
            }
            taken += 1;
        }
        taken
    }

    /// Takes up to `most` rows of what was settled, without what SQLite is asked for anyway. Where
    /// deliveries moved it must take all at once. Returns how many it took, and what went for them.
    pub(super) fn take(&mut self, settled: &mut Layer, most: usize) -> (usize, Vec<Arc<Delivery>>) {
        let mut taken = 0;
        for (key, person) in part(&mut settled.people, most) {
            self.layer.people.insert(key, person);
            taken += 1;
        }
        for (identifier, holder) in part(&mut settled.holders, most - taken) {
            self.layer.holders.insert(identifier, holder);
            taken += 1;
        }
        for (_, record) in part(&mut settled.tokens, most - taken) {
            self.layer.add_token(record);
            taken += 1;
        }
        for (id, key) in part(&mut settled.deliveries_by_id, most - taken) {
            self.layer.deliveries_by_id.insert(id, key);
            taken += 1;
        }
        if !settled.moved.is_empty() {
            for delivery in self.layer.deliveries.values_mut() {
                let person = delivery.person.map(|person| settled.moved.of(person));
                if delivery.person != person {
                    Arc::make_mut(delivery).person = person;
                }
            }
        }
        let mut gone = Vec::new();
        for (_, delivery) in part(&mut settled.deliveries, most - taken) {
            gone.extend(self.take_delivery(delivery));
            taken += 1;
        }
        for (key, work) in part(&mut settled.works, most - taken) {
            self.take_work(key, work);
            taken += 1;
        }
        (taken, gone)
    }

    fn take_work(&mut self, key: WorkKey, work: Option<Work>) {
        // Parked work may be swept at any time: SQLite alone says whether it is there.
        if work.as_ref().is_none_or(|work| !work.is_open()) {
            self.layer.works.remove(&key);
            return;
        }
        if self.layer.works.insert(key, work).is_none() {
            self.works.push_back(key);
        }
        if self.works.len() > WORKS
            && let Some(oldest) = self.works.pop_front()
        {
            self.layer.works.remove(&oldest);
        }
    }

    /// Returns the older value, or what had to make room.
    fn take_delivery(&mut self, delivery: Arc<Delivery>) -> Option<Arc<Delivery>> {
        let key = delivery.key;
        let older = self.layer.deliveries.insert(key, delivery);
        if older.is_some() {
            return older;
        }
        self.deliveries.push_back(key);
        if self.deliveries.len() <= DELIVERIES {
            return None;
        }
        let oldest = self.deliveries.pop_front()?;
        let oldest = self.layer.deliveries.remove(&oldest)?;
        self.layer.deliveries_by_id.remove(&oldest.id);
        Some(oldest)
    }
}

/// Up to `most` rows, taken out.
fn part<K, V>(
    rows: &mut FxHashMap<K, V>,
    most: usize,
) -> impl Iterator<Item = (K, V)> + use<'_, K, V> {
    rows.extract_if(|_, _| true).take(most)
}
