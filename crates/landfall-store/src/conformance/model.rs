//! What a store must answer, worked out the slow and obvious way.

mod audience;
mod compare;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use landfall_domain::activity::{Activity, PersonInput};
use landfall_domain::delivery::Delivery;
use landfall_domain::device::{TokenMove, TokenRecord};
use landfall_domain::fact::{Fact, TargetKey};
use landfall_domain::identifier::{Holder, Identifier};
use landfall_domain::ids::{DeliveryKey, DeviceKey, MessageKey, PersonKey, RunKey, SegmentId};
use landfall_domain::input::Input;
use landfall_domain::message::{MessageEntry, NameOf};
use landfall_domain::person::{Person, Standing};
use landfall_domain::run::{ProfileRow, RunRow, TraceRow};
use landfall_domain::work::{Work, WorkKey};
use landfall_domain::working_set::{ChangeSet, DedupeHash, Found, NextKeys, Want};

use crate::{ActivityPage, ActivityQuery, DeliveryPage, StoredActivity};

/// Everything that was committed.
#[derive(Default)]
pub(super) struct Model {
    pub(super) epoch: u64,
    pub(super) next: NextKeys,
    pub(super) people: BTreeMap<PersonKey, Person>,
    pub(super) identifiers: BTreeMap<Identifier, Holder>,
    pub(super) tokens: BTreeMap<DeviceKey, TokenRecord>,
    pub(super) token_moves: Vec<TokenMove>,
    pub(super) activities: Vec<Activity>,
    pub(super) deliveries: BTreeMap<DeliveryKey, Delivery>,
    pub(super) facts: Vec<Fact>,
    pub(super) messages: BTreeMap<MessageKey, MessageEntry>,
    pub(super) names: BTreeMap<NameOf, String>,
    pub(super) seen: BTreeSet<DedupeHash>,
    pub(super) waiting: Vec<(String, Input)>,
    pub(super) members: BTreeSet<(SegmentId, PersonKey)>,
    pub(super) works: BTreeMap<WorkKey, Work>,
    pub(super) profiles: BTreeMap<PersonKey, ProfileRow>,
    pub(super) runs: BTreeMap<RunKey, RunRow>,
    pub(super) traces: Vec<TraceRow>,
}

impl Model {
    pub(super) fn apply(&mut self, changes: &ChangeSet) {
        self.apply_audience(changes);
        let changes = changes.clone();
        self.epoch += 1;
        self.next = changes.next;
        self.people.extend(
            changes
                .people
                .iter()
                .map(|row| (row.key, row.as_ref().clone())),
        );
        for (identifier, holder) in changes.identifiers {
            match holder {
                Some(holder) => self.identifiers.insert(identifier, holder),
                None => self.identifiers.remove(&identifier),
            };
        }
        self.tokens
            .extend(changes.tokens.into_iter().map(|row| (row.key, row)));
        self.token_moves.extend(changes.token_moves);
        self.activities.extend(changes.activities);
        self.deliveries.extend(
            changes
                .deliveries
                .iter()
                .map(|row| (row.key, row.as_ref().clone())),
        );
        for (from, to) in changes.moved {
            let of_first = |row: &&mut Delivery| row.person == Some(from);
            for row in self.deliveries.values_mut().filter(of_first) {
                row.person = Some(to);
            }
        }
        self.facts.extend(changes.facts);
        self.messages
            .extend(changes.messages.into_iter().map(|row| (row.key, row)));
        self.names.extend(changes.names);
        self.seen.extend(changes.seen);
        self.waiting
            .retain(|(id, _)| !changes.released.contains(id));
        self.waiting.extend(changes.quarantined);
        for (key, work) in changes.works {
            match work {
                Some(work) => self.works.insert(key, work),
                None => self.works.remove(&key),
            };
        }
        for (segment, person, added) in changes.memberships {
            if added {
                self.members.insert((segment, person));
            } else {
                self.members.remove(&(segment, person));
            }
        }
    }

    /// Forgets parked work whose time has passed; returns how much.
    pub(super) fn sweep_works(&mut self, now_ms: i64) -> u64 {
        let before = self.works.len();
        self.works
            .retain(|_, work| work.is_open() || work.due.millis() > now_ms);
        (before - self.works.len()) as u64
    }

    pub(super) fn open_works(&self, after: Option<WorkKey>, limit: usize) -> Vec<Work> {
        let open = self.works.values().filter(|work| work.is_open());
        let open = open.filter(|work| after.is_none_or(|after| work.key > after));
        open.take(limit).cloned().collect()
    }

    pub(super) fn works_of(&self, delivery: DeliveryKey) -> Vec<Work> {
        let works = self.works.values();
        let works = works.filter(|work| work.key.delivery() == delivery);
        works.cloned().collect()
    }

    pub(super) fn people_at(&self, keys: &[PersonKey]) -> Vec<Person> {
        let found = keys.iter().filter_map(|key| self.people.get(key));
        found.cloned().collect()
    }

    pub(super) fn activities(&self, query: &ActivityQuery) -> ActivityPage {
        let mut activities: Vec<StoredActivity> = (1..)
            .zip(&self.activities)
            .filter(|(number, activity)| {
                query.before.is_none_or(|before| *number < before) && fits(query, activity)
            })
            .map(|(number, activity)| StoredActivity {
                number,
                activity: activity.clone(),
            })
            .collect();
        activities.reverse();
        let more = activities.len() > query.limit;
        activities.truncate(query.limit);
        let next = activities.last().filter(|_| more).map(|last| last.number);
        ActivityPage { activities, next }
    }

    pub(super) fn deliveries_of(
        &self,
        people: &[PersonKey],
        before: Option<DeliveryKey>,
        limit: usize,
    ) -> DeliveryPage {
        let mut deliveries: Vec<Delivery> = self
            .deliveries
            .values()
            .rev()
            .filter(|row| row.person.is_some_and(|person| people.contains(&person)))
            .filter(|row| before.is_none_or(|before| row.key < before))
            .cloned()
            .collect();
        let more = deliveries.len() > limit;
        deliveries.truncate(limit);
        let next = deliveries.last().filter(|_| more).map(|last| last.key);
        DeliveryPage { deliveries, next }
    }

    pub(super) fn facts_of(&self, deliveries: &[DeliveryKey]) -> Vec<Fact> {
        deliveries
            .iter()
            .flat_map(|key| self.facts.iter().filter(|fact| fact.delivery == *key))
            .cloned()
            .collect()
    }

    /// Keys with facts among those after `fact`, and the last one looked at.
    pub(super) fn changed_since(&self, fact: usize, limit: usize) -> (BTreeSet<DeliveryKey>, u64) {
        let keys = self.facts.iter().skip(fact).take(limit);
        let keys: Vec<DeliveryKey> = keys.map(|fact| fact.delivery).collect();
        let last = fact + keys.len();
        (keys.into_iter().collect(), last as u64)
    }

    /// Facts with their numbers.
    pub(super) fn facts_after(&self, after: u64, limit: usize) -> Vec<(u64, Fact)> {
        let facts = (1..).zip(self.facts.iter().cloned());
        facts
            .filter(|(number, _)| *number > after)
            .take(limit)
            .collect()
    }

    /// Ids that receipts wait for, with how many.
    pub(super) fn quarantine(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for (id, _) in &self.waiting {
            *counts.entry(id.clone()).or_default() += 1;
        }
        counts
    }

    pub(super) fn moves_where(&self, keep: impl Fn(&TokenMove) -> bool) -> Vec<TokenMove> {
        let found = self.token_moves.iter().filter(|row| keep(row));
        found.cloned().collect()
    }

    pub(super) fn members_of(&self, segment: SegmentId) -> Vec<PersonKey> {
        let found = self.members.iter().filter(|(of, _)| *of == segment);
        found.map(|(_, person)| *person).collect()
    }

    /// In the order of [`sorted`].
    pub(super) fn load(&self, want: &Want) -> Found {
        let mut found = Found {
            epoch: self.epoch,
            ..Found::default()
        };
        let mut people = self.wanted_people(want);
        let mut devices = BTreeSet::new();
        for identifier in &want.identifiers {
            if let Some(holder) = self.identifiers.get(identifier) {
                found.identifiers.push((identifier.clone(), *holder));
                if let Holder::Person(key) = holder {
                    people.insert(*key);
                }
            }
        }
        for row in self.tokens.values() {
            if want.tokens.contains(&row.token.token) {
                devices.insert(row.key);
            }
        }
        for row in self.deliveries.values() {
            if Self::is_wanted(want, row) {
                people.extend(row.person);
                devices.extend(row.targets.iter().filter_map(|target| match target.key {
                    TargetKey::Device(key) => Some(key),
                    TargetKey::Address(_) => None,
                }));
                found.deliveries.push(Arc::new(row.clone()));
            }
        }
        for device in devices {
            if let Some(row) = self.tokens.get(&device) {
                people.extend(row.owner);
                found.tokens.push(row.clone());
            }
        }
        self.load_waiting(want, &mut found);
        found.people = self
            .with_survivors(people)
            .into_iter()
            .map(Arc::new)
            .collect();
        self.load_audience(want, &mut found);
        sorted(found)
    }

    /// What waits for the deliveries, the work, and the ids of inputs.
    fn load_waiting(&self, want: &Want, found: &mut Found) {
        let waiting = self.waiting.iter();
        let waiting = waiting.filter(|(id, _)| {
            let found = found.deliveries.iter().any(|row| row.id == *id);
            found || want.deliveries.contains(id) || want.works_of.contains(id)
        });
        found.quarantined = waiting.cloned().collect();
        let works = self.works.values().filter(|work| {
            let delivery = self.deliveries.get(&work.key.delivery());
            want.works.contains(&work.key)
                || delivery.is_some_and(|row| want.works_of.contains(&row.id))
        });
        found.works = works.cloned().collect();
        found.seen = want
            .seen
            .iter()
            .filter(|hash| self.seen.contains(*hash))
            .copied()
            .collect();
    }

    fn is_wanted(want: &Want, row: &Delivery) -> bool {
        want.deliveries.contains(&row.id)
            || want.works_of.contains(&row.id)
            || want.works.iter().any(|work| work.delivery() == row.key)
    }

    fn with_survivors(&self, mut keys: BTreeSet<PersonKey>) -> Vec<Person> {
        loop {
            let survivors = keys.iter().filter_map(|key| {
                match self.people.get(key).map(|person| person.standing) {
                    Some(Standing::Merged(into)) => Some(into),
                    _ => None,
                }
            });
            let more: Vec<PersonKey> = survivors.filter(|key| !keys.contains(key)).collect();
            if more.is_empty() {
                let keys: Vec<PersonKey> = keys.into_iter().collect();
                return self.people_at(&keys);
            }
            keys.extend(more);
        }
    }
}

fn fits(query: &ActivityQuery, activity: &Activity) -> bool {
    let name = match &activity.input {
        PersonInput::Tracked { name, .. } => Some(name),
        _ => None,
    };
    let of_one = query
        .of
        .iter()
        .any(|of| activity.person == Some(of.person) && activity.occurred_at >= of.from);
    let kind = activity.input.kind();
    (query.of.is_empty() || of_one)
        && (query.kinds.is_empty() || query.kinds.iter().any(|wanted| wanted == kind))
        && (query.name.is_none() || query.name.as_ref() == name)
        && query
            .since
            .is_none_or(|since| activity.received_at >= since)
}

/// The rows in an order that two stores agree on: the contract leaves it open, but for the inputs
/// that wait for one delivery.
pub(super) fn sorted(mut found: Found) -> Found {
    found.identifiers.sort_by(|a, b| a.0.cmp(&b.0));
    found.people.sort_by_key(|row| row.key);
    found.tokens.sort_by_key(|row| row.key);
    found.deliveries.sort_by_key(|row| row.key);
    found.quarantined.sort_by(|a, b| a.0.cmp(&b.0));
    found.seen.sort_unstable();
    found.works.sort_by_key(|row| row.key);
    found.profiles.sort_by_key(|row| row.person);
    found.runs.sort_by_key(|row| row.key);
    found
}
