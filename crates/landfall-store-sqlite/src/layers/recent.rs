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
    pub(super) fn take_loaded(&mut self, loaded: &mut Loaded) {
        for (key, person) in loaded.people.drain() {
            self.layer.people.entry(key).or_insert(person);
        }
        for (key, record) in loaded.tokens.drain() {
            if !self.layer.tokens.contains_key(&key) {
                self.layer.add_token(record);
            }
        }
    }

    /// Takes what was settled, without what SQLite is asked for anyway. Returns what went for it.
    pub(super) fn take(&mut self, settled: &mut Layer) -> Vec<Delivery> {
        self.layer.people.extend(settled.people.drain());
        self.layer.holders.extend(settled.holders.drain());
        for record in settled.tokens.drain().map(|(_, record)| record) {
            self.layer.add_token(record);
        }
        if !settled.moved.is_empty() {
            for delivery in self.layer.deliveries.values_mut() {
                delivery.person = delivery.person.map(|person| settled.moved.of(person));
            }
        }
        let ids = settled.deliveries_by_id.drain();
        self.layer.deliveries_by_id.extend(ids);
        let mut gone = Vec::with_capacity(settled.deliveries.len());
        for delivery in settled.deliveries.drain().map(|(_, delivery)| delivery) {
            gone.extend(self.take_delivery(delivery));
        }
        for (key, work) in settled.works.drain() {
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
        gone
    }

    /// Returns the older value, or what had to make room.
    fn take_delivery(&mut self, delivery: Delivery) -> Option<Delivery> {
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
