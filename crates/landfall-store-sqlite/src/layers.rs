//! What is committed but not in SQLite yet, held in memory so that decisions see it; and what was
//! written lately, so that they need not read it back.
//!
//! Newest first: `active` takes commits, `settling` is on its way to SQLite, `recent` is there
//! already. A row that none of them has is in SQLite as it stands.

mod audience;
mod loaded;
mod recent;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use landfall_domain::delivery::Delivery;
use landfall_domain::device::TokenRecord;
use landfall_domain::identifier::{Holder, Identifier};
use landfall_domain::ids::{DeliveryKey, DeviceKey, PersonKey};
use landfall_domain::input::Input;
use landfall_domain::person::Person;
use landfall_domain::work::{Work, WorkKey};
use landfall_domain::working_set::{ChangeSet, DedupeHash};
use landfall_store::StoreError;
pub(crate) use loaded::Loaded;
use recent::Recent;
use rustc_hash::{FxHashMap, FxHashSet};

use self::audience::Audience;
use crate::record::{self, Counters};

/// Tokens that are noted as complete.
const RECENT_TOKENS: usize = 200_000;

/// Bytes of room that are kept for the next rows.
const SPARE: usize = 48 << 20;

/// Inputs that wait for a delivery.
#[derive(Debug, Default)]
struct Waiting {
    /// Whatever older layers hold was released.
    released: bool,
    inputs: Vec<Input>,
}

/// Where the deliveries of people go, by the moves of some commits.
#[derive(Debug, Default)]
struct Moves(FxHashMap<PersonKey, PersonKey>);

impl Moves {
    /// One move after those before it.
    fn add(&mut self, from: PersonKey, to: PersonKey) {
        for already in self.0.values_mut() {
            if *already == from {
                *already = to;
            }
        }
        // What the first move of a person took away is not there for the second.
        self.0.entry(from).or_insert(to);
    }

    /// To whom somebody's deliveries went.
    fn of(&self, person: PersonKey) -> PersonKey {
        self.0.get(&person).copied().unwrap_or(person)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The newest values of what some commits changed.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    /// The commits' rows, for SQLite.
    pub(crate) rows: Vec<u8>,
    /// Where each commit ends in `rows`.
    pub(crate) ends: Vec<usize>,
    /// Counters after the last commit.
    pub(crate) counters: Counters,
    people: FxHashMap<PersonKey, Arc<Person>>,
    holders: FxHashMap<Identifier, Option<Holder>>,
    tokens: FxHashMap<DeviceKey, TokenRecord>,
    devices_by_token: FxHashMap<String, Vec<DeviceKey>>,
    deliveries: FxHashMap<DeliveryKey, Delivery>,
    deliveries_by_id: FxHashMap<String, DeliveryKey>,
    /// Work, or (`None`) that there is none any more.
    works: FxHashMap<WorkKey, Option<Work>>,
    moved: Moves,
    waiting: FxHashMap<String, Waiting>,
    seen: FxHashSet<DedupeHash>,
    audience: Audience,
}

impl Layer {
    fn add(&mut self, changes: &ChangeSet, rows: &[u8], counters: Counters) {
        self.rows.extend(rows);
        self.ends.push(self.rows.len());
        self.counters = counters;
        self.people
            .extend(changes.people.iter().map(|p| (p.key, Arc::clone(p))));
        self.holders.extend(changes.identifiers.iter().cloned());
        for record in &changes.tokens {
            self.add_token(record.clone());
        }
        for delivery in &changes.deliveries {
            self.deliveries_by_id
                .insert(delivery.id.clone(), delivery.key);
            self.deliveries.insert(delivery.key, delivery.clone());
        }
        for id in &changes.released {
            let waiting = self.waiting.entry(id.clone()).or_default();
            waiting.released = true;
            waiting.inputs.clear();
        }
        for (id, input) in &changes.quarantined {
            let waiting = self.waiting.entry(id.clone()).or_default();
            waiting.inputs.push(input.clone());
        }
        self.works.extend(changes.works.iter().cloned());
        self.seen.extend(&changes.seen);
        self.audience.add(changes);
        for (from, to) in &changes.moved {
            self.move_person(*from, *to);
        }
    }

    /// Adds a commit's rows alone, as they come from the journal at a start. `before` are the counters
    /// that it follows; returns those after it.
    pub(crate) fn restore(
        &mut self,
        rows: &[u8],
        before: Counters,
    ) -> Result<Counters, StoreError> {
        self.counters = before;
        for row in record::rows(rows) {
            self.counters.follow(&row?);
        }
        self.rows.extend(rows);
        self.ends.push(self.rows.len());
        Ok(self.counters)
    }

    fn add_token(&mut self, record: TokenRecord) {
        let devices = self.devices_by_token.entry(record.token.token.clone());
        let devices = devices.or_default();
        if !devices.contains(&record.key) {
            devices.push(record.key);
        }
        self.tokens.insert(record.key, record);
    }

    fn move_person(&mut self, from: PersonKey, to: PersonKey) {
        for delivery in self.deliveries.values_mut() {
            if delivery.person == Some(from) {
                delivery.person = Some(to);
            }
        }
        self.moved.add(from, to);
    }
}

/// All layers.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    /// Of the last commit.
    pub(crate) epoch: u64,
    pub(crate) active: Layer,
    pub(crate) settling: Option<Arc<Layer>>,
    recent: Recent,
    loaded: Mutex<Loaded>,
    /// Tokens of which SQLite has no record that the layers lack, until `recent` begins anew.
    complete: Mutex<FxHashSet<String>>,
    /// Room for rows, used again: fresh memory costs more than what is written to it.
    spare: Vec<u8>,
}

impl Layers {
    /// Newest first.
    fn layers(&self) -> impl Iterator<Item = &Layer> {
        let settling = self.settling.iter().map(Arc::as_ref);
        [&self.active]
            .into_iter()
            .chain(settling)
            .chain([&self.recent.layer])
    }

    /// Nothing beyond what SQLite has at `epoch`.
    pub(crate) fn at(epoch: u64) -> Self {
        Self {
            epoch,
            ..Self::default()
        }
    }

    /// Adds a commit.
    pub(crate) fn add(&mut self, changes: &ChangeSet, rows: &[u8], counters: Counters) {
        self.epoch = counters.epoch;
        if !changes.moved.is_empty() {
            self.loaded().deliveries.clear();
        }
        self.active.add(changes, rows, counters);
    }

    /// The active layer goes on its way; a new one begins.
    pub(crate) fn turn(&mut self) -> Arc<Layer> {
        let next = Layer {
            rows: std::mem::take(&mut self.spare),
            ..Layer::default()
        };
        let layer = Arc::new(std::mem::replace(&mut self.active, next));
        self.settling = Some(Arc::clone(&layer));
        layer
    }

    /// What was settled becomes the newest of `recent`, without what SQLite is asked for anyway. Returns
    /// what is left over: to drop it takes long, and nobody should wait for it.
    pub(crate) fn retire(&mut self) -> impl Sized + use<> {
        let mut layer = self.settling.take().and_then(Arc::into_inner)?;
        self.spare = std::mem::take(&mut layer.rows);
        self.spare.clear();
        self.spare.shrink_to(SPARE);
        let full = self.recent.is_full().then(|| {
            self.complete().clear();
            std::mem::take(&mut self.recent)
        });
        let mut loaded = std::mem::take(&mut *self.loaded());
        self.recent.take_loaded(&mut loaded);
        let replaced = self.recent.take(&mut layer);
        Some((full, loaded, replaced, layer))
    }

    pub(crate) fn person(&self, key: PersonKey) -> Option<&Arc<Person>> {
        self.layers().find_map(|layer| layer.people.get(&key))
    }

    /// `Some(None)`: it is known to be free.
    pub(crate) fn holder(&self, identifier: &Identifier) -> Option<Option<Holder>> {
        self.layers()
            .find_map(|layer| layer.holders.get(identifier).copied())
    }

    pub(crate) fn token(&self, key: DeviceKey) -> Option<&TokenRecord> {
        self.layers().find_map(|layer| layer.tokens.get(&key))
    }

    /// Records of a token that a layer has; SQLite may have more of them.
    pub(crate) fn tokens(&self, token: &str) -> Vec<&TokenRecord> {
        let mut keys: Vec<DeviceKey> = self
            .layers()
            .filter_map(|layer| layer.devices_by_token.get(token))
            .flatten()
            .copied()
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().filter_map(|key| self.token(key)).collect()
    }

    /// What was read from SQLite lately, for whoever holds the layers.
    pub(crate) fn loaded(&self) -> MutexGuard<'_, Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn complete(&self) -> MutexGuard<'_, FxHashSet<String>> {
        self.complete.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether [`Self::tokens`] has all records of a token.
    pub(crate) fn is_complete(&self, token: &str) -> bool {
        self.complete().contains(token)
    }

    /// SQLite was asked, and has no record of a token that [`Self::tokens`] lacks. From then on all
    /// of them come through the layers.
    pub(crate) fn note_complete(&self, token: &str) {
        let mut complete = self.complete();
        if complete.len() < RECENT_TOKENS {
            complete.insert(token.to_owned());
        }
    }

    /// A delivery, with its person after all moves.
    pub(crate) fn delivery(&self, key: DeliveryKey) -> Option<Delivery> {
        let mut newer: [Option<&Moves>; 2] = [None; 2];
        for layer in self.layers() {
            if let Some(delivery) = layer.deliveries.get(&key) {
                let mut delivery = delivery.clone();
                for moves in newer.into_iter().flatten() {
                    delivery.person = delivery.person.map(|person| moves.of(person));
                }
                return Some(delivery);
            }
            newer = [Some(&layer.moved), newer[0]];
        }
        None
    }

    pub(crate) fn delivery_key(&self, id: &str) -> Option<DeliveryKey> {
        self.layers()
            .find_map(|layer| layer.deliveries_by_id.get(id).copied())
    }

    /// Work; `Some(None)`: it is known to be done with.
    pub(crate) fn work(&self, key: WorkKey) -> Option<Option<&Work>> {
        self.layers()
            .find_map(|layer| layer.works.get(&key).map(Option::as_ref))
    }

    /// Whose a delivery is now that SQLite has for `person`. `epoch` is SQLite's: it may have what is
    /// being settled already.
    pub(crate) fn moved(&self, person: PersonKey, epoch: u64) -> PersonKey {
        let settling = self.settling.iter().map(Arc::as_ref);
        settling
            .filter(|layer| layer.counters.epoch > epoch)
            .chain([&self.active])
            .fold(person, |person, layer| layer.moved.of(person))
    }

    /// Whether inputs that SQLite holds for a delivery were released since, and what waits beside
    /// them, oldest first. `epoch` is SQLite's: it may have what is being settled already.
    pub(crate) fn waiting(&self, id: &str, epoch: u64) -> (bool, Vec<&Input>) {
        let settling = self.settling.iter().map(Arc::as_ref);
        let settling = settling.filter(|layer| layer.counters.epoch > epoch);
        let mut released = false;
        let mut inputs = Vec::new();
        for layer in settling.chain([&self.active]) {
            let Some(waiting) = layer.waiting.get(id) else {
                continue;
            };
            if waiting.released {
                released = true;
                inputs.clear();
            }
            inputs.extend(&waiting.inputs);
        }
        (released, inputs)
    }

    pub(crate) fn is_seen(&self, hash: &DedupeHash) -> bool {
        self.layers().any(|layer| layer.seen.contains(hash))
    }
}
