//! A store in memory, worked out the slow and obvious way, and what must hold in it at each moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::activity::Activity;
use crate::decide::{Taken, decide, wants, wants_more};
use crate::delivery::Delivery;
use crate::device::{Device, MoveCause, TokenKey, TokenMove, TokenRecord};
use crate::fact::{Fact, TargetKey};
use crate::identifier::{Holder, Identifier, IdentifierKind};
use crate::ids::{DeliveryKey, DeviceKey, MessageKey, PersonKey, SegmentId};
use crate::input::Input;
use crate::marks::Mark;
use crate::message::MessageRef;
use crate::person::{Person, Standing};
use crate::status::{Outcome, outcome};
use crate::time::Timestamp;
use crate::work::{Assignment, Permit, Work, WorkKey};
use crate::working_set::{ChangeSet, DedupeHash, Found, NextKeys, Want, WorkingSet};

/// Everything that was committed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct World {
    pub(super) people: BTreeMap<PersonKey, Person>,
    pub(super) holders: BTreeMap<Identifier, Holder>,
    pub(super) tokens: BTreeMap<DeviceKey, TokenRecord>,
    pub(super) token_moves: Vec<TokenMove>,
    pub(super) activities: Vec<Activity>,
    pub(super) deliveries: BTreeMap<DeliveryKey, Delivery>,
    pub(super) members: BTreeSet<(SegmentId, PersonKey)>,
    pub(super) facts: Vec<Fact>,
    pub(super) works: BTreeMap<WorkKey, Work>,
    /// What the last batch claimed.
    pub(super) assignments: Vec<Assignment>,
    /// What rules outside say about the claims of the next batch.
    pub(super) permits: Vec<(WorkKey, Permit)>,
    /// What was told about each delivery so far: its marks, and its outcome.
    told: BTreeMap<DeliveryKey, (u32, Option<Outcome>)>,
    messages: BTreeMap<MessageRef, MessageKey>,
    waiting: Vec<(String, Input)>,
    seen: BTreeSet<DedupeHash>,
    next: NextKeys,
}

impl World {
    /// Decides and stores inputs in one batch.
    pub(super) fn take(&mut self, inputs: &[Input], now: Timestamp) -> Vec<Taken> {
        let messages = self.messages.clone().into_iter().collect();
        let mut set = WorkingSet::new(self.next, messages, 7);
        set.tell_news(true);
        let mut want = Want::default();
        for input in inputs {
            wants(input, &mut want);
        }
        set.take(self.load(&want));
        set.take(self.load(&wants_more(&set)));
        for (work, permit) in std::mem::take(&mut self.permits) {
            set.permit(work, permit);
        }
        let taken = inputs
            .iter()
            .map(|input| decide(&mut set, input, now))
            .collect();
        self.assignments = set.take_assignments();
        for news in set.take_news() {
            let (marks, outcome) = self.told.entry(news.delivery).or_default();
            *marks = news
                .marks
                .iter()
                .fold(*marks, |all, (mark, _)| all | mark.bit());
            *outcome = news.outcome.map_or(*outcome, |(outcome, _)| Some(outcome));
        }
        self.store(set.finish());
        taken
    }

    /// One input; it must be applied.
    #[track_caller]
    pub(super) fn apply(&mut self, input: &Input, now: Timestamp) {
        assert_eq!(self.one(input, now), Taken::Applied);
        self.check();
    }

    pub(super) fn one(&mut self, input: &Input, now: Timestamp) -> Taken {
        self.take(std::slice::from_ref(input), now)[0]
    }

    /// Who holds an identifier now, through merges.
    pub(super) fn who(&self, identifier: &Identifier) -> Option<&Person> {
        let Some(Holder::Person(key)) = self.holders.get(identifier) else {
            return None;
        };
        Some(self.survivor(*key))
    }

    pub(super) fn survivor(&self, key: PersonKey) -> &Person {
        let person = &self.people[&key];
        match person.standing {
            Standing::Merged(primary) => self.survivor(primary),
            _ => person,
        }
    }

    /// Whoever followed the news knows what the deliveries say.
    fn check_news(&self) {
        for delivery in self.deliveries.values() {
            let (marks, told) = self.told.get(&delivery.key).copied().unwrap_or_default();
            let shown = delivery.view().bits();
            assert_eq!(shown & !marks & !Mark::Created.bit(), 0, "{}", delivery.id);
            assert_eq!(
                told.unwrap_or(Outcome::Pending),
                outcome(delivery),
                "{}",
                delivery.id
            );
        }
    }

    pub(super) fn activities_of(&self, person: PersonKey) -> Vec<Activity> {
        let own = |activity: &&Activity| activity.person == Some(person);
        self.activities.iter().filter(own).cloned().collect()
    }

    fn load(&self, want: &Want) -> Found {
        let mut found = Found::default();
        let mut people = BTreeSet::new();
        for identifier in &want.identifiers {
            if let Some(holder) = self.holders.get(identifier) {
                found.identifiers.push((identifier.clone(), *holder));
                if let Holder::Person(key) = holder {
                    people.insert(*key);
                }
            }
        }
        let mut devices = BTreeSet::new();
        let wanted = |record: &&TokenRecord| want.tokens.contains(&record.token.token);
        devices.extend(self.tokens.values().filter(wanted).map(|record| record.key));
        let mut wanted: BTreeSet<DeliveryKey> = want.works.iter().map(|w| w.delivery()).collect();
        for (key, work) in &self.works {
            let of = self.deliveries[&key.delivery()].id.as_str();
            if want.works.contains(key) || want.works_of.contains(of) {
                found.works.push(work.clone());
            }
        }
        let named = self.deliveries.values().filter(|delivery| {
            want.deliveries.contains(&delivery.id) || want.works_of.contains(&delivery.id)
        });
        wanted.extend(named.map(|delivery| delivery.key));
        for delivery in self.deliveries.values() {
            if wanted.contains(&delivery.key) {
                people.extend(delivery.person);
                devices.extend(delivery.targets.iter().filter_map(|t| match t.key {
                    TargetKey::Device(device) => Some(device),
                    TargetKey::Address(_) => None,
                }));
                found.deliveries.push(delivery.clone().into());
            }
        }
        for device in devices {
            let record = &self.tokens[&device];
            people.extend(record.owner);
            found.tokens.push(record.clone());
        }
        let waits = |(id, _): &&(String, Input)| want.deliveries.contains(id);
        found.quarantined = self.waiting.iter().filter(waits).cloned().collect();
        found.seen = want
            .seen
            .iter()
            .filter(|hash| self.seen.contains(*hash))
            .copied()
            .collect();
        let mut queue: Vec<PersonKey> = people.into_iter().collect();
        while let Some(key) = queue.pop() {
            let person = &self.people[&key];
            if let Standing::Merged(primary) = person.standing {
                queue.push(primary);
            }
            found.people.push(person.clone().into());
        }
        found
    }

    fn store(&mut self, changes: ChangeSet) {
        self.next = changes.next;
        for person in changes.people {
            self.people.insert(person.key, person.as_ref().clone());
        }
        for (identifier, holder) in changes.identifiers {
            match holder {
                Some(holder) => self.holders.insert(identifier, holder),
                None => self.holders.remove(&identifier),
            };
        }
        for record in changes.tokens {
            self.tokens.insert(record.key, record);
        }
        self.token_moves.extend(changes.token_moves);
        self.activities.extend(changes.activities);
        self.facts.extend(changes.facts);
        for (key, work) in changes.works {
            match work {
                Some(work) => self.works.insert(key, work),
                None => self.works.remove(&key),
            };
        }
        for delivery in changes.deliveries {
            self.deliveries
                .insert(delivery.key, Arc::unwrap_or_clone(delivery));
        }
        for (from, to) in changes.moved {
            for delivery in self.deliveries.values_mut() {
                if delivery.person == Some(from) {
                    delivery.person = Some(to);
                }
            }
        }
        let entries = changes.messages.into_iter();
        self.messages
            .extend(entries.map(|entry| (entry.message, entry.key)));
        self.waiting
            .retain(|(id, _)| !changes.released.contains(id));
        self.waiting.extend(changes.quarantined);
        self.seen.extend(changes.seen);
        for (segment, person, added) in changes.memberships {
            if added {
                self.members.insert((segment, person));
            } else {
                self.members.remove(&(segment, person));
            }
        }
    }

    /// What must hold after every commit.
    #[track_caller]
    pub(super) fn check(&self) {
        self.check_news();
        self.check_tokens();
        self.check_identifiers();
        self.check_replay();
        for person in self.people.values() {
            let members = self.members.iter().filter(|(_, key)| *key == person.key);
            let segments: BTreeSet<SegmentId> = members.map(|(segment, _)| *segment).collect();
            assert_eq!(person.segments, segments, "{:?}", person.key);
        }
    }

    /// One owner of each token, who holds it; and a history that leads to that owner.
    #[track_caller]
    fn check_tokens(&self) {
        let mut tokens: BTreeSet<&TokenKey> = BTreeSet::new();
        for record in self.tokens.values() {
            assert!(tokens.insert(&record.token), "two records of one token");
            if let Some(owner) = record.owner {
                let owner = &self.people[&owner];
                assert!(is_live(owner), "a token of somebody who is gone");
                let held = owner.devices.get(&record.key).map(|device| &device.token);
                assert_eq!(held, Some(&record.token));
            }
            let mut owner = None;
            let lines = self.token_moves.iter();
            for line in lines.filter(|line| line.device == record.key) {
                if line.cause != MoveCause::Stale {
                    assert_eq!(line.from, owner, "a gap in a token's history: {line:?}");
                    owner = line.to;
                }
            }
            assert_eq!(owner, record.owner);
        }
        for person in self.people.values() {
            for (key, Device { token, .. }) in &person.devices {
                let record = &self.tokens[key];
                assert_eq!((&record.token, record.owner), (token, Some(person.key)));
            }
        }
    }

    /// Identifiers lead to people who have them, and people's identifiers lead back.
    #[track_caller]
    fn check_identifiers(&self) {
        for (identifier, holder) in &self.holders {
            let Holder::Person(key) = holder else {
                continue;
            };
            let person = self.survivor(*key);
            if identifier.kind() == IdentifierKind::CioId {
                // The internal ids of records that were merged, and foreign ones, lead on for ever.
                continue;
            }
            assert!(is_live(person), "{identifier:?} leads to somebody gone");
            match identifier.kind() {
                IdentifierKind::Anonymous => {
                    assert!(person.anonymous_ids.contains_key(identifier.value()));
                }
                kind => assert_eq!(person.identifier(kind), Some(identifier.value())),
            }
        }
        for person in self.people.values().filter(|person| is_live(person)) {
            for &kind in IdentifierKind::ALL {
                let value = person.identifier(kind);
                if let Some(own) = value.and_then(|value| Identifier::new(kind, value)) {
                    assert_eq!(self.who(&own).map(|found| found.key), Some(person.key));
                }
            }
            for own in person.anonymous_ids.keys() {
                let own = Identifier::new(IdentifierKind::Anonymous, own).expect("not blank");
                assert_eq!(self.who(&own).map(|found| found.key), Some(person.key));
            }
        }
    }

    /// The stored inputs of a person make the stored state, byte for byte.
    #[track_caller]
    fn check_replay(&self) {
        for person in self.people.values() {
            let replayed = Person::replay(&self.activities_of(person.key));
            let bytes = |person: &Person| serde_json::to_string(person).expect("serialises");
            assert_eq!(replayed.as_ref().map(bytes), Some(bytes(person)));
        }
    }
}

fn is_live(person: &Person) -> bool {
    matches!(person.standing, Standing::Known | Standing::Visitor)
}
