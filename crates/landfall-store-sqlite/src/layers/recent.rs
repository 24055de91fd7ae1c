//! What was settled lately: SQLite has it, but need not be asked for it.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use landfall_domain::delivery::Delivery;
use landfall_domain::ids::DeliveryKey;
use landfall_domain::work::WorkKey;

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

    /// Takes what was read, unless it has it. Deliveries are read again: which moves are in them
    /// already is not known any more.
    pub(super) fn take_loaded(&mut self, loaded: Loaded) {
        for (key, person) in loaded.people {
            self.layer.people.entry(key).or_insert(person);
        }
        for (key, record) in loaded.tokens {
            if !self.layer.tokens.contains_key(&key) {
                self.layer.add_token(record);
            }
        }
    }

    /// Takes what was settled, without what SQLite is asked for anyway.
    pub(super) fn take(&mut self, settled: Layer) {
        self.layer.people.extend(settled.people);
        self.layer.holders.extend(settled.holders);
        for record in settled.tokens.into_values() {
            self.layer.add_token(record);
        }
        if !settled.moved.is_empty() {
            for delivery in self.layer.deliveries.values_mut() {
                delivery.person = delivery.person.map(|person| settled.moved.of(person));
            }
        }
        for delivery in settled.deliveries.into_values() {
            self.take_delivery(delivery);
        }
        for (key, work) in settled.works {
            // Parked work may be swept at any time: SQLite alone says whether it is there.
            if work.as_ref().is_some_and(|work| work.is_open()) {
                if self.layer.works.insert(key, work).is_none() {
                    self.works.push_back(key);
                }
            } else {
                self.layer.works.remove(&key);
            }
        }
        while self.works.len() > WORKS {
            if let Some(oldest) = self.works.pop_front() {
                self.layer.works.remove(&oldest);
            }
        }
    }

    fn take_delivery(&mut self, delivery: Delivery) {
        let ids = &mut self.layer.deliveries_by_id;
        ids.insert(delivery.id.clone(), delivery.key);
        let key = delivery.key;
        if self.layer.deliveries.insert(key, delivery).is_none() {
            self.deliveries.push_back(key);
        }
        if self.deliveries.len() > DELIVERIES
            && let Some(oldest) = self.deliveries.pop_front()
            && let Some(oldest) = self.layer.deliveries.remove(&oldest)
        {
            self.layer.deliveries_by_id.remove(&oldest.id);
        }
    }
}
