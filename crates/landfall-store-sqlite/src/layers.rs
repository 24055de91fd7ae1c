//! What is committed but not in SQLite yet, held in memory so that decisions see it; and what was
//! written lately, so that they need not read it back.
//!
//! Newest first: `active` takes commits, `settling` is on its way to SQLite, `recent` is there
//! already. A row that none of them has is in SQLite as it stands.

mod audience;
mod loaded;
mod recent;

use std::collections::BTreeMap;
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

/// Rows that go to `recent` while nobody can look.
const AT_ONCE: usize = 1_000;

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
    deliveries: FxHashMap<DeliveryKey, Arc<Delivery>>,
    deliveries_by_id: FxHashMap<String, DeliveryKey>,
    /// Work, or (`None`) that there is none any more.
    works: FxHashMap<WorkKey, Option<Work>>,
    moved: Moves,
    waiting: FxHashMap<String, Waiting>,
    seen: FxHashSet<DedupeHash>,
    audience: Audience,
    /// Whether anybody's history grew: it is found in `rows` alone.
    histories: bool,
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
            self.deliveries.insert(delivery.key, Arc::clone(delivery));
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
        let still = changes.activities.is_empty()
            && changes.deliveries.is_empty()
            && changes.moved.is_empty();
        self.histories |= !still;
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
                Arc::make_mut(delivery).person = Some(to);
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
    /// Of `loaded`, what is on its way to `recent`.
    retiring: Option<Loaded>,
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

    /// What was settled becomes the newest of `recent`, without what SQLite is asked for anyway, in parts, so
    /// that decisions get their turn in between: it is over when this returns `true`. Returns what is
    /// left over, too: to drop it takes long, and nobody should wait for it.
    pub(crate) fn retire(&mut self) -> (bool, impl Sized + use<>) {
        let mut left_over = Vec::new();
        let Some(layer) = self.settling.as_mut().and_then(Arc::get_mut) else {
            // Nobody else holds it when it retires.
            self.settling = None;
            self.recent = Recent::default();
            return (true, (None, None, left_over));
        };
        let begins = self.retiring.is_none();
        let full = (begins && self.recent.is_full()).then(|| std::mem::take(&mut self.recent));
        if full.is_some() {
            self.complete
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
        }
        let loaded = self.retiring.get_or_insert_with(|| {
            std::mem::take(&mut *self.loaded.lock().unwrap_or_else(PoisonError::into_inner))
        });
        let most = if layer.moved.is_empty() {
            AT_ONCE
        } else {
            usize::MAX
        };
        let mut taken = self.recent.take_loaded(loaded, most);
        if taken < most {
            let (more, replaced) = self.recent.take(layer, most - taken);
            taken += more;
            left_over = replaced;
        }
        if taken == most {
            return (false, (full, None, left_over));
        }
        self.spare = std::mem::take(&mut layer.rows);
        self.spare.clear();
        self.spare.shrink_to(SPARE);
        let ended = (self.settling.take(), self.retiring.take());
        (true, (full, Some(ended), left_over))
    }

    /// Whether SQLite may lack activities or deliveries.
    pub(crate) fn has_histories(&self) -> bool {
        let settling = self.settling.iter().map(Arc::as_ref);
        settling.chain([&self.active]).any(|layer| layer.histories)
    }

    pub(crate) fn person(&self, key: PersonKey) -> Option<&Arc<Person>> {
        self.layers().find_map(|layer| layer.people.get(&key))
    }

    /// People after a key that SQLite may lack, or have older.
    pub(crate) fn unsettled_people(
        &self,
        after: Option<PersonKey>,
    ) -> BTreeMap<PersonKey, Arc<Person>> {
        let settling = self.settling.iter().map(Arc::as_ref);
        let people = settling
            .chain([&self.active])
            .flat_map(|layer| &layer.people);
        let people = people.filter(|(key, _)| after.is_none_or(|after| **key > after));
        people
            .map(|(key, person)| (*key, Arc::clone(person)))
            .collect()
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
    pub(crate) fn delivery(&self, key: DeliveryKey) -> Option<Arc<Delivery>> {
        let mut newer: [Option<&Moves>; 2] = [None; 2];
        for layer in self.layers() {
            if let Some(delivery) = layer.deliveries.get(&key) {
                let newer = newer.into_iter().flatten();
                let person = delivery
                    .person
                    .map(|person| newer.fold(person, |person, moves| moves.of(person)));
                let mut delivery = Arc::clone(delivery);
                if delivery.person != person {
                    Arc::make_mut(&mut delivery).person = person;
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
