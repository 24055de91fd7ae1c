//! Random histories: a store answers like the model after any sequence of change sets.

use landfall_domain::device::{MoveCause, TokenMove};
use landfall_domain::identifier::{Holder, IdentifierKind};
use landfall_domain::ids::{DeliveryKey, DeviceKey, PersonKey};
use landfall_domain::person::Standing;
use landfall_domain::time::DAY_MS;
use landfall_domain::work::WorkKey;
use landfall_domain::working_set::{ChangeSet, NextKeys};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use super::Harness;
use super::activities::{compare_pages, random_activity, random_query};
use super::audience::change_audience;
use super::model::Model;
use super::samples::{
    T0, at, attempt, claimed, delivery, delivery_id, fact, hash, identifier, message, name_of,
    parked, person, receipt, to_devices, token, work,
};
use super::traits::*;
use crate::{Store, StoreError};

const STEPS: usize = 40;
const PEOPLE: u32 = 6;
const DEVICES: u32 = 5;
const DELIVERIES: u32 = 12;
/// A moment before everything else that happens, when some of the parked work is forgotten.
const LONG_AGO: i64 = T0 - 9_000 * DAY_MS;

/// A history.
pub fn any_history_gives_the_same_answers(harness: &impl Harness) {
    history(harness, 1);
}

/// Another history.
pub fn another_history_gives_the_same_answers(harness: &impl Harness) {
    history(harness, 2);
}

/// A third history.
pub fn a_third_history_gives_the_same_answers(harness: &impl Harness) {
    history(harness, 3);
}

/// Decisions see every commit, also those that no reader has asked for yet: a store may write behind.
pub fn decisions_see_what_nobody_read(harness: &impl Harness) {
    let mut history = History::seeded(4);
    let store = harness.open();
    for _ in 0..3 * STEPS {
        let changes = history.step();
        store.commit(&changes, history.epoch() - 1).unwrap();
        history.compare_load(&store);
    }
    history.compare(&store);
}

/// A random history that a store can be put through step by step, with the answers expected of it.
pub struct History {
    random: SmallRng,
    model: Model,
}

impl History {
    /// The history of a seed.
    pub fn seeded(seed: u64) -> Self {
        Self {
            random: SmallRng::seed_from_u64(seed),
            model: Model::default(),
        }
    }

    /// The next change set, which counts as committed from now on.
    pub fn step(&mut self) -> ChangeSet {
        let changes = random_changes(&mut self.random);
        self.model.apply(&changes);
        changes
    }

    /// The epoch after the steps so far.
    pub fn epoch(&self) -> u64 {
        self.model.epoch
    }

    /// Asks the store everything. Panics where its answer is not the expected one.
    #[track_caller]
    pub fn compare(&self, store: &impl Store) {
        self.model.compare(store);
    }

    /// Asks the store what a decision about everything would ask, and nothing else.
    #[track_caller]
    pub fn compare_load(&self, store: &impl Store) {
        self.model.compare_load(store);
    }
}

fn history(harness: &impl Harness, seed: u64) {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut model = Model::default();
    let mut store = harness.open();
    for _ in 0..STEPS {
        let changes = random_changes(&mut random);
        if random.random_bool(0.15) {
            let refused = store.commit(&changes, model.epoch + 1);
            assert!(matches!(refused, Err(StoreError::Conflict { .. })));
        } else {
            let epoch = store.commit(&changes, model.epoch).unwrap();
            model.apply(&changes);
            assert_eq!(epoch, model.epoch);
        }
        if random.random_bool(0.1) {
            let swept = store.sweep(LONG_AGO).unwrap();
            assert_eq!(swept, model.sweep_works(LONG_AGO));
        }
        if random.random_bool(0.1) {
            drop(store);
            store = harness.open();
        }
        model.compare(&store);
        compare_pages(&store, &model, random_query(&mut random));
        compare_scans(&store, &model, random.random_range(1..9));
    }
}

/// Reads in pages of `limit` what [`Model::compare`] reads at once.
fn compare_scans(store: &impl Store, model: &Model, limit: usize) {
    model.compare_audience_pages(store, limit);
    let people: Vec<PersonKey> = model.people.keys().copied().collect();
    let mut before = None;
    loop {
        let page = store.deliveries_of(&people, before, limit).unwrap();
        assert_eq!(page, model.deliveries_of(&people, before, limit));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let mut seen = 0;
    loop {
        let (keys, last) = store.changed_since(seen, limit).unwrap();
        let expected = model.changed_since(seen as usize, limit);
        assert_eq!((keys.into_iter().collect(), last), expected);
        if last == seen {
            break;
        }
        seen = last;
    }
    let mut seen = 0;
    loop {
        let facts = store.facts_after(seen, limit).unwrap();
        assert_eq!(facts, model.facts_after(seen, limit));
        let Some((last, _)) = facts.last() else { break };
        seen = *last;
    }
    let mut after = None;
    loop {
        let works = store.open_works(after, limit).unwrap();
        assert_eq!(works, model.open_works(after, limit));
        let Some(last) = works.last() else { break };
        after = Some(last.key);
    }
    for segment in 0..3 {
        let (mut after, mut met) = (None, Vec::new());
        loop {
            let page = store.members(segment, after, limit).unwrap();
            after = page.last().copied();
            met.extend(page);
            if after.is_none() {
                break;
            }
        }
        assert_eq!(met, model.members_of(segment));
    }
}

fn random_changes(random: &mut SmallRng) -> ChangeSet {
    let mut changes = ChangeSet {
        next: NextKeys {
            person: random.random(),
            device: random.random(),
            delivery: random.random(),
            message: random.random(),
            run: random.random(),
        },
        ..ChangeSet::default()
    };
    for _ in 0..random.random_range(0..12) {
        match random.random_range(0..6) {
            0 => change_people(random, &mut changes),
            1 => change_devices(random, &mut changes),
            2 => change_ledger(random, &mut changes),
            3 => change_works(random, &mut changes),
            4 => change_audience(random, &mut changes),
            _ => changes.activities.push(random_activity(random)),
        }
    }
    changes
}

fn somebody(random: &mut SmallRng) -> Option<PersonKey> {
    let known = random.random_bool(0.8);
    known.then(|| PersonKey(random.random_range(0..PEOPLE)))
}

fn change_people(random: &mut SmallRng, changes: &mut ChangeSet) {
    let mut row = person(random.random_range(0..PEOPLE));
    row.active_at = at(random.random());
    if random.random_bool(0.3) {
        row.standing = Standing::Merged(PersonKey(random.random_range(0..PEOPLE)));
    }
    changes.people.push(row.into());
    let kind = IdentifierKind::ALL[random.random_range(0..IdentifierKind::ALL.len())];
    let which = identifier(kind, &random.random_range(0..5).to_string());
    let holder = match random.random_range(0..5) {
        0 => None,
        1 => Some(Holder::Suppressed),
        _ => somebody(random).map(Holder::Person),
    };
    changes.identifiers.push((which, holder));
    if let Some(person) = somebody(random) {
        let segment = random.random_range(0..3);
        let added = random.random_bool(0.6);
        changes.memberships.push((segment, person, added));
    }
}

fn change_devices(random: &mut SmallRng, changes: &mut ChangeSet) {
    let key = random.random_range(0..DEVICES);
    let mut record = token(key, &format!("t{}", key / 2), None);
    record.token.app = key.to_string();
    record.owner = somebody(random);
    record.since = at(random.random());
    changes.token_moves.push(TokenMove {
        device: DeviceKey(key),
        from: somebody(random),
        to: record.owner,
        cause: MoveCause::ALL[random.random_range(0..MoveCause::ALL.len())],
        occurred_at: record.since,
        received_at: at(T0),
    });
    changes.tokens.push(record);
}

fn change_ledger(random: &mut SmallRng, changes: &mut ChangeSet) {
    let key = random.random_range(0..DELIVERIES);
    let targets: Vec<u32> = (0..random.random_range(0..3)).collect();
    let row = delivery(key, somebody(random).map(|person| person.0));
    changes.deliveries.push(to_devices(row, &targets));
    for _ in 0..random.random_range(0..4) {
        let of = DeliveryKey(random.random_range(0..DELIVERIES));
        let mut fact = fact(of.0, &random.random::<u32>().to_string());
        if random.random_bool(0.5) {
            fact.attempt = Some(attempt(random.random()).into());
        }
        changes.facts.push(fact);
    }
    if random.random_bool(0.2)
        && let (Some(from), Some(to)) = (somebody(random), somebody(random))
    {
        changes.moved.push((from, to));
    }
    let late = delivery_id(random.random_range(0..DELIVERIES));
    if random.random_bool(0.5) {
        let input = receipt(&late, &random.random::<u32>().to_string());
        changes.quarantined.push((late, input));
    } else {
        changes.released.push(late);
    }
    let number = random.random_range(0..6);
    changes.messages.push(message(number));
    let name = random.random::<u16>().to_string();
    let step = random.random_bool(0.5).then_some(u64::from(number));
    changes.names.push((name_of(3, step), name));
    changes.seen.push(hash(random.random()));
}

fn change_works(random: &mut SmallRng, changes: &mut ChangeSet) {
    for _ in 0..random.random_range(1..5) {
        let slot = [0, 7, WorkKey::ROOT][random.random_range(0..3)];
        let mut row = work(random.random_range(0..DELIVERIES), slot);
        row.tries = random.random_range(0..9);
        let key = row.key;
        let row = match random.random_range(0..5) {
            0 | 1 => None,
            2 => Some(row),
            3 => Some(claimed(row)),
            _ => {
                let until = LONG_AGO + random.random_range(-1..=1);
                Some(parked(row, until))
            }
        };
        changes.works.push((key, row));
    }
}
