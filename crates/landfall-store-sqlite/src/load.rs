//! Loading what a decision needs, and committing what it changed.

mod audience;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

use landfall_domain::delivery::Delivery;
use landfall_domain::device::TokenRecord;
use landfall_domain::fact::TargetKey;
use landfall_domain::identifier::Holder;
use landfall_domain::ids::{DeliveryKey, DeviceKey, PersonKey};
use landfall_domain::person::Standing;
use landfall_domain::work::WorkKey;
use landfall_domain::working_set::{ChangeSet, DedupeHash, Found, Want};
use landfall_store::{Start, StateStore, StoreError};
use rayon::prelude::*;
use rusqlite::{Connection, OptionalExtension as _};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::journal::HEADER;
use crate::layers::{Layers, Loaded};
use crate::open::{Shared, SqliteStore, failed};
use crate::record::Encoder;
use crate::{row, work, write};

impl StateStore for SqliteStore {
    fn start(&self) -> Result<Start, StoreError> {
        self.ask(|connection| {
            let counters = write::counters(connection)?;
            let mut start = Start {
                epoch: counters.epoch,
                next: counters.next,
                last_fact: counters.fact,
                ..Start::default()
            };
            start.salt = connection
                .query_row("SELECT salt FROM meta", [], |row| row.get(0))
                .map_err(failed)?;
            start.messages = row::all(
                connection,
                "SELECT key, body FROM message ORDER BY key",
                [],
                |row| row::body("message", row),
            )?;
            start.names = row::all(
                connection,
                "SELECT of, name FROM name ORDER BY of",
                [],
                |r| {
                    let of: String = r.get(0).map_err(failed)?;
                    let name = r.get(1).map_err(failed)?;
                    Ok((row::body_at("name", of, r, 0)?, name))
                },
            )?;
            Ok(start)
        })
    }

    fn load(&self, want: &Want) -> Result<Found, StoreError> {
        // While the layers are held nothing leaves them: what they lack is in the view.
        let layers = self.shared.layers();
        self.shared.view(|view| {
            let mut loaded = layers.loaded();
            loaded.make_room();
            let mut loading = Loading {
                epoch: number(view, "SELECT epoch FROM meta", [])?.unwrap_or_default(),
                view,
                shared: &self.shared,
                layers: &layers,
                loaded,
                found: Found::default(),
                nothing_waits: number(view, "SELECT 1 FROM quarantine LIMIT 1", [])?.is_none(),
                people: BTreeSet::new(),
                devices: BTreeSet::new(),
                deliveries: FxHashSet::default(),
                works: FxHashSet::default(),
            };
            loading.load(want)?;
            let mut found = loading.found;
            found.epoch = layers.epoch;
            Ok(found)
        })
    }

    fn commit(&self, changes: &ChangeSet, expected: u64) -> Result<u64, StoreError> {
        self.shared.make_room()?;
        let mut intake = self.shared.intake();
        let found = intake.counters.epoch;
        if found != expected {
            return Err(StoreError::Conflict { expected, found });
        }
        let layers = self.shared.layers();
        let room = std::mem::take(&mut intake.entry);
        let (mut entry, counters) = Encoder::encode(changes, intake.counters, &layers, room)?;
        drop(layers);
        self.check_delivery_ids(changes)?;
        intake.journal.append(counters.epoch, &mut entry)?;
        intake.counters = counters;
        let rows = &entry[HEADER..];
        let mut layers = self.shared.layers_mut();
        layers.add(changes, rows, counters);
        drop(layers);
        let bytes = entry.len();
        intake.keep(entry);
        self.shared
            .committed
            .store(counters.epoch, Ordering::Release);
        drop(intake);
        self.shared.gather(bytes);
        Ok(counters.epoch)
    }

    fn is_exclusive(&self) -> bool {
        true
    }

    fn sweep(&self, now_ms: i64) -> Result<u64, StoreError> {
        crate::sweep::sweep(self, now_ms)
    }
}

impl SqliteStore {
    /// A delivery's id belongs to one delivery; anything else is a fault of the caller that must not
    /// reach the journal.
    fn check_delivery_ids(&self, changes: &ChangeSet) -> Result<(), StoreError> {
        if changes.deliveries.is_empty() {
            return Ok(());
        }
        let layers = self.shared.layers();
        let loaded = layers.loaded();
        let mut given = FxHashMap::default();
        self.shared.view(|view| {
            for delivery in &changes.deliveries {
                let twin = given.insert(delivery.id.as_str(), delivery.key);
                let taken = match twin.or_else(|| layers.delivery_key(&delivery.id)) {
                    Some(key) => Some(u64::from(key.0)),
                    None if loaded.absent.contains(&delivery.id) => None,
                    None => number(
                        view,
                        "SELECT key FROM delivery WHERE id = ?1",
                        [&delivery.id],
                    )?,
                };
                if taken.is_some_and(|key| key != u64::from(delivery.key.0)) {
                    let what = "another delivery has this id";
                    return Err(StoreError::corrupt("delivery", &delivery.id, what));
                }
            }
            Ok(())
        })
    }
}

/// One load: the layers first, then SQLite.
struct Loading<'a> {
    /// SQLite's.
    epoch: u64,
    view: &'a Connection,
    shared: &'a Shared,
    layers: &'a Layers,
    loaded: MutexGuard<'a, Loaded>,
    found: Found,
    /// Whether SQLite has no quarantined input at all: the rule, and then it need not be asked.
    nothing_waits: bool,
    people: BTreeSet<PersonKey>,
    devices: BTreeSet<DeviceKey>,
    deliveries: FxHashSet<DeliveryKey>,
    works: FxHashSet<WorkKey>,
}

impl Loading<'_> {
    fn load(&mut self, want: &Want) -> Result<(), StoreError> {
        for identifier in &want.identifiers {
            let holder = match self.layers.holder(identifier) {
                Some(known) => known,
                None => row::holder(self.view, identifier)?,
            };
            let Some(holder) = holder else { continue };
            if let Holder::Person(key) = holder {
                self.people.insert(key);
            }
            self.found.identifiers.push((identifier.clone(), holder));
        }
        for token in &want.tokens {
            self.tokens(token)?;
        }
        for id in want.deliveries.union(&want.works_of) {
            let known = self.delivery(id)?;
            if let Some(delivery) = known.filter(|_| want.works_of.contains(id)) {
                self.works_of(delivery)?;
            }
        }
        for key in &want.works {
            self.work(*key)?;
        }
        for hash in &want.seen {
            if self.layers.is_seen(hash) || is_seen(self.view, hash)? {
                self.found.seen.push(*hash);
            }
        }
        self.people.extend(&want.people);
        self.runs(want)?;
        self.people()?;
        if want.audience {
            self.audience(want)?;
        }
        Ok(())
    }

    fn tokens(&mut self, token: &str) -> Result<(), StoreError> {
        let mut records: Vec<TokenRecord> =
            self.layers.tokens(token).into_iter().cloned().collect();
        if !self.layers.is_complete(token) {
            let known = records.len();
            let sql = format!("SELECT {} FROM token WHERE token = ?1", row::TOKEN_COLUMNS);
            for record in row::all(self.view, &sql, [token], row::token)? {
                if records.iter().all(|newer| newer.key != record.key) {
                    records.push(record);
                }
            }
            if records.len() == known {
                self.layers.note_complete(token);
            }
            records.sort_by_key(|record| record.key);
        }
        for record in records {
            if self.devices.insert(record.key) {
                self.people.extend(record.owner);
                self.found.tokens.push(record);
            }
        }
        Ok(())
    }

    /// A wanted delivery, and what waits for it, whether it is there or not.
    fn delivery(&mut self, id: &str) -> Result<Option<DeliveryKey>, StoreError> {
        let known = self.layers.delivery_key(id);
        let delivery = match known.and_then(|key| self.layers.delivery(key)) {
            Some(delivery) => Some(delivery),
            None if self.loaded.absent.contains(id) => None,
            None => self.settled_delivery(row::DELIVERY_BY_ID, [id])?,
        };
        let key = delivery.as_ref().map(|delivery| delivery.key);
        if key.is_none() {
            self.loaded.absent.insert(id.to_owned());
        }
        if let Some(delivery) = delivery {
            self.deliveries.insert(delivery.key);
            self.take(delivery)?;
        }
        self.waiting(id)?;
        Ok(key)
    }

    /// The delivery that a piece of work belongs to.
    fn delivery_at(&mut self, key: DeliveryKey) -> Result<(), StoreError> {
        if !self.deliveries.insert(key) {
            return Ok(());
        }
        let newer = self.layers.delivery(key);
        let delivery = match newer.or_else(|| self.loaded.deliveries.get(&key).cloned()) {
            Some(delivery) => Some(delivery),
            None => {
                let read = self.settled_delivery(row::DELIVERY_BY_KEY, [key.0])?;
                let noted = read.iter().map(|delivery| (key, Arc::clone(delivery)));
                self.loaded.deliveries.extend(noted);
                read
            }
        };
        if let Some(delivery) = delivery {
            self.waiting(&delivery.id)?;
            self.take(delivery)?;
        }
        Ok(())
    }

    fn take(&mut self, delivery: Arc<Delivery>) -> Result<(), StoreError> {
        self.people.extend(delivery.person);
        for target in &delivery.targets {
            if let TargetKey::Device(device) = target.key {
                self.device(device)?;
            }
        }
        self.found.deliveries.push(delivery);
        Ok(())
    }

    fn waiting(&mut self, id: &str) -> Result<(), StoreError> {
        let (released, newer) = self.layers.waiting(id, self.epoch);
        if !released && !self.nothing_waits {
            let sql = "SELECT number, body FROM quarantine WHERE delivery_id = ?1 ORDER BY number";
            let older = row::all(self.view, sql, [id], |row| row::body("quarantine", row))?;
            let older = older.into_iter().map(|input| (id.to_owned(), input));
            self.found.quarantined.extend(older);
        }
        let newer = newer
            .into_iter()
            .map(|input| (id.to_owned(), input.clone()));
        self.found.quarantined.extend(newer);
        Ok(())
    }

    fn settled_delivery(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Option<Arc<Delivery>>, StoreError> {
        let found = row::one(self.view, sql, parameters, row::delivery)?;
        Ok(found.map(|delivery| {
            Arc::new(Delivery {
                person: delivery
                    .person
                    .map(|person| self.layers.moved(person, self.epoch)),
                ..delivery
            })
        }))
    }

    fn work(&mut self, key: WorkKey) -> Result<(), StoreError> {
        self.delivery_at(key.delivery())?;
        if !self.works.insert(key) {
            return Ok(());
        }
        let work = match self.layers.work(key) {
            Some(known) => known.cloned(),
            None => row::one(self.view, row::WORK_BY_KEY, [row::bounded(key.0)], |row| {
                row::body("work", row)
            })?,
        };
        self.found.works.extend(work);
        Ok(())
    }

    /// All work of a delivery.
    fn works_of(&mut self, delivery: DeliveryKey) -> Result<(), StoreError> {
        let mut works = work::of_delivery(self.view, delivery)?;
        let range = WorkKey::range(delivery);
        for key in (range.start().0..=range.end().0).map(WorkKey) {
            self.works.insert(key);
            if let Some(known) = self.layers.work(key) {
                works.retain(|older| older.key != key);
                works.extend(known.cloned());
            }
        }
        self.found.works.extend(works);
        Ok(())
    }

    fn device(&mut self, device: DeviceKey) -> Result<(), StoreError> {
        if !self.devices.insert(device) {
            return Ok(());
        }
        let newer = self.layers.token(device);
        let record = match newer.or_else(|| self.loaded.tokens.get(&device)) {
            Some(record) => Some(record.clone()),
            None => {
                let read = token(self.view, device)?;
                let noted = read.iter().map(|record| (device, record.clone()));
                self.loaded.tokens.extend(noted);
                read
            }
        };
        if let Some(record) = record {
            self.people.extend(record.owner);
            self.found.tokens.push(record);
        }
        Ok(())
    }

    /// People, and whoever took over from those that were merged.
    fn people(&mut self) -> Result<(), StoreError> {
        self.read_people()?;
        let mut waiting: Vec<PersonKey> = self.people.iter().copied().collect();
        while let Some(key) = waiting.pop() {
            let newer = self.layers.person(key);
            let person = match newer.or_else(|| self.loaded.people.get(&key)) {
                Some(person) => Some(Arc::clone(person)),
                None => {
                    let read = row::person(self.view, key)?.map(Arc::new);
                    let noted = read.iter().map(|person| (key, Arc::clone(person)));
                    self.loaded.people.extend(noted);
                    read
                }
            };
            let Some(person) = person else { continue };
            if let Standing::Merged(primary) = person.standing
                && self.people.insert(primary)
            {
                waiting.push(primary);
            }
            self.found.people.push(person);
        }
        self.found.people.sort_unstable_by_key(|person| person.key);
        Ok(())
    }

    /// Reads the wanted people whom only SQLite has: where they are many, by all cores. What their views
    /// have beyond ours, the layers have too, because nothing leaves them meanwhile.
    fn read_people(&mut self) -> Result<(), StoreError> {
        let is_known =
            |key| self.layers.person(key).is_some() || self.loaded.people.contains_key(&key);
        let wanted = self.people.iter().copied();
        let lacking: Vec<PersonKey> = wanted.filter(|key| !is_known(*key)).collect();
        if lacking.len() < MANY {
            return Ok(());
        }
        let shared = self.shared;
        let read = lacking.par_chunks(PART).map(|keys| {
            shared.view(|view| {
                let read = keys.iter().map(|key| row::person(view, *key));
                read.collect::<Result<Vec<_>, _>>()
            })
        });
        let read = read.collect::<Result<Vec<_>, _>>()?;
        let read = read.into_iter().flatten().flatten();
        self.loaded
            .people
            .extend(read.map(|person| (person.key, Arc::new(person))));
        Ok(())
    }
}

/// People from which on it is worth while to share the work.
const MANY: usize = 256;
/// People who are read in one view.
const PART: usize = 128;

fn is_seen(view: &Connection, hash: &DedupeHash) -> Result<bool, StoreError> {
    let mut statement = view
        .prepare_cached("SELECT 1 FROM seen WHERE hash = ?1")
        .map_err(failed)?;
    statement.exists([&hash[..]]).map_err(failed)
}

pub(crate) fn token(
    view: &Connection,
    device: DeviceKey,
) -> Result<Option<TokenRecord>, StoreError> {
    let sql = format!("SELECT {} FROM token WHERE key = ?1", row::TOKEN_COLUMNS);
    row::one(view, &sql, [device.0], row::token)
}

/// One number, or `None` without a row.
pub(crate) fn number(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Option<u64>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    statement
        .query_row(parameters, |row| row.get(0))
        .optional()
        .map_err(failed)
}
