//! Asks a store everything and compares.

use std::collections::{BTreeMap, BTreeSet};

use landfall_domain::ids::{DeliveryKey, DeviceKey, PersonKey};
use landfall_domain::time::Timestamp;
use landfall_domain::work::WorkKey;
use landfall_domain::working_set::Want;

use super::{Model, sorted};
use crate::conformance::SALT;
use crate::{ActivityQuery, HistoryOf, Store};

impl Model {
    /// Panics where the store's answer is not the model's.
    #[track_caller]
    pub(in crate::conformance) fn compare(&self, store: &impl Store) {
        self.compare_start(store);
        self.compare_people(store);
        self.compare_devices(store);
        self.compare_histories(store);
        self.compare_activities(store);
        self.compare_ledger(store);
        self.compare_works(store);
        self.compare_audience(store);
        self.compare_load(store);
    }

    /// What decisions would ask, and nothing else.
    #[track_caller]
    pub(in crate::conformance) fn compare_load(&self, store: &impl Store) {
        for want in self.wants() {
            assert_eq!(sorted(store.load(&want).unwrap()), self.load(&want));
        }
    }

    /// Everything that there is in several ways: by all that leads to it, and by work alone.
    fn wants(&self) -> [Want; 5] {
        let all = self.all();
        let by_work = Want {
            works: all.works.clone(),
            ..Want::default()
        };
        let by_delivery = Want {
            works_of: all.deliveries.clone(),
            works: all.works.iter().copied().step_by(3).collect(),
            ..Want::default()
        };
        let by_run = Want {
            runs: all.runs.iter().copied().step_by(2).collect(),
            ..Want::default()
        };
        let by_person = Want {
            people: all.people.iter().copied().step_by(2).collect(),
            runs: all.runs.iter().copied().step_by(3).collect(),
            audience: true,
            ..Want::default()
        };
        [all, by_work, by_delivery, by_run, by_person]
    }

    /// Wants everything that there is, and some that is not.
    fn all(&self) -> Want {
        let waiting = self.waiting.iter().map(|(id, _)| id.clone());
        let known = self.deliveries.values().map(|row| row.id.clone());
        let absent = ["absent".to_owned()];
        Want {
            identifiers: self.identifiers.keys().cloned().collect(),
            tokens: self
                .tokens
                .values()
                .map(|row| row.token.token.clone())
                .chain(absent.clone())
                .collect(),
            deliveries: known.chain(waiting).chain(absent).collect(),
            seen: self.seen.iter().copied().chain([[0xEE; 16]]).collect(),
            works: self
                .works
                .keys()
                .copied()
                .chain(self.deliveries.keys().map(|key| WorkKey::of(*key, 30)))
                .chain([WorkKey::of(DeliveryKey(u32::MAX), WorkKey::ROOT)])
                .collect(),
            works_of: BTreeSet::new(),
            people: self.person_keys().into_iter().collect(),
            runs: self.run_keys(),
            audience: true,
        }
    }

    fn compare_start(&self, store: &impl Store) {
        let start = store.start().unwrap();
        let messages: Vec<_> = self.messages.values().cloned().collect();
        assert_eq!(start.messages, messages);
        assert_eq!(start.names.len(), self.names.len());
        assert_eq!(
            start.names.into_iter().collect::<BTreeMap<_, _>>(),
            self.names
        );
        let numbers = (start.salt, start.epoch, start.last_fact, start.next);
        let expected = (SALT, self.epoch, self.facts.len() as u64, self.next);
        assert_eq!(numbers, expected);
    }

    fn compare_people(&self, store: &impl Store) {
        let keys = self.person_keys();
        let people: Vec<_> = self.people.values().cloned().collect();
        assert_eq!(store.people(&keys).unwrap(), self.people_at(&keys));
        assert_eq!(store.people_after(None, people.len() + 1).unwrap(), people);
        for (identifier, holder) in &self.identifiers {
            assert_eq!(store.holder(identifier).unwrap(), Some(*holder));
        }
        let segments: BTreeSet<_> = self.members.iter().map(|(segment, _)| *segment).collect();
        for segment in segments.into_iter().chain([u32::MAX]) {
            let members = self.members_of(segment);
            assert_eq!(store.member_count(segment).unwrap(), members.len() as u64);
            assert_eq!(store.members(segment, None, 10_000).unwrap(), members);
        }
    }

    fn compare_devices(&self, store: &impl Store) {
        let devices: Vec<DeviceKey> = self.tokens.keys().copied().collect();
        let records: Vec<_> = self.tokens.values().cloned().collect();
        assert_eq!(store.tokens(&devices).unwrap(), records);
        let moved: BTreeSet<_> = self.token_moves.iter().map(|row| row.device).collect();
        for device in moved {
            let expected = self.moves_where(|row| row.device == device);
            assert_eq!(store.token_moves(device).unwrap(), expected);
        }
        for person in self.person_keys() {
            let names = |row: &_| names(row, person);
            assert_eq!(
                store.token_moves_of(person).unwrap(),
                self.moves_where(names)
            );
        }
    }

    /// First of all: it may be read before anything else makes the store write down what it holds back.
    fn compare_histories(&self, store: &impl Store) {
        let people: Vec<PersonKey> = self.person_keys();
        let of = |person| {
            self.activities
                .iter()
                .filter(move |a| a.person == Some(person))
        };
        let inputs = people.iter().map(|person| of(*person).cloned().collect());
        let inputs: Vec<Vec<_>> = inputs.collect();
        assert_eq!(store.inputs_of_each(&people).unwrap(), inputs);
        let deliveries = people.iter().map(|person| {
            let page = self.deliveries_of(&[*person], None, usize::MAX);
            page.deliveries
        });
        let deliveries: Vec<Vec<_>> = deliveries.collect();
        assert_eq!(store.deliveries_of_each(&people).unwrap(), deliveries);
    }

    fn compare_activities(&self, store: &impl Store) {
        let all = ActivityQuery {
            limit: 1_000,
            ..ActivityQuery::default()
        };
        assert_eq!(store.activities(&all).unwrap(), self.activities(&all));
        for person in self.person_keys() {
            let from = Timestamp::from_millis(i64::MIN);
            let query = ActivityQuery {
                of: vec![HistoryOf { person, from }],
                ..all.clone()
            };
            assert_eq!(store.activities(&query).unwrap(), self.activities(&query));
            let inputs = self.activities.iter();
            let inputs: Vec<_> = inputs
                .filter(|a| a.person == Some(person))
                .cloned()
                .collect();
            assert_eq!(store.inputs_of(person).unwrap(), inputs);
        }
    }

    fn compare_ledger(&self, store: &impl Store) {
        let keys: Vec<DeliveryKey> = self.deliveries.keys().copied().collect();
        let rows: Vec<_> = self.deliveries.values().cloned().collect();
        assert_eq!(store.deliveries(&keys).unwrap(), rows);
        assert_eq!(store.deliveries_after(None, rows.len() + 1).unwrap(), rows);
        for row in &rows {
            assert_eq!(store.delivery(&row.id).unwrap().as_ref(), Some(row));
        }
        for person in self.person_keys() {
            let page = store.deliveries_of(&[person], None, 1_000).unwrap();
            assert_eq!(page, self.deliveries_of(&[person], None, 1_000));
        }
        let with_facts: BTreeSet<_> = self.facts.iter().map(|fact| fact.delivery).collect();
        let with_facts: Vec<_> = with_facts.into_iter().collect();
        assert_eq!(
            store.facts(&with_facts).unwrap(),
            self.facts_of(&with_facts)
        );
        let (changed, last) = store.changed_since(0, 1_000_000).unwrap();
        assert_eq!(changed.len(), with_facts.len());
        assert_eq!(
            BTreeSet::from_iter(changed),
            BTreeSet::from_iter(with_facts)
        );
        assert_eq!(last, self.facts.len() as u64);
        assert_eq!(
            store.facts_after(0, 1_000_000).unwrap(),
            self.facts_after(0, 1_000_000)
        );
        let waiting = store.quarantine(1_000_000).unwrap();
        assert_eq!(waiting.len(), self.quarantine().len());
        assert_eq!(BTreeMap::from_iter(waiting), self.quarantine());
    }

    fn compare_works(&self, store: &impl Store) {
        let open = self.open_works(None, usize::MAX);
        assert_eq!(store.open_works(None, open.len() + 1).unwrap(), open);
        let busy = self.works.keys().map(|key| key.delivery());
        let busy: BTreeSet<DeliveryKey> = busy.chain([DeliveryKey(u32::MAX)]).collect();
        for delivery in busy {
            assert_eq!(store.works_of(delivery).unwrap(), self.works_of(delivery));
        }
    }

    /// Everybody who is named anywhere, whether there is a record or not.
    pub(super) fn person_keys(&self) -> Vec<PersonKey> {
        let mut keys: BTreeSet<PersonKey> = self.people.keys().copied().collect();
        keys.extend(self.activities.iter().filter_map(|row| row.person));
        keys.extend(self.deliveries.values().filter_map(|row| row.person));
        keys.extend(self.runs.values().map(|row| row.person));
        keys.insert(PersonKey(u32::MAX));
        keys.into_iter().collect()
    }
}

fn names(row: &landfall_domain::device::TokenMove, person: PersonKey) -> bool {
    row.from == Some(person) || row.to == Some(person)
}
