//! The state that a batch of inputs may read or change, held in memory, and the changes made to it.
//!
//! The engine asks [`crate::decide::wants`] what an input needs, loads that from a store into a
//! [`WorkingSet`], runs [`crate::decide::decide`] for each input, and commits the [`ChangeSet`] that
//! comes out in one transaction. Nothing in here does I/O; keys are handed out from counters that the
//! store gave.

mod audience;
mod news;
#[cfg(test)]
mod tests;

use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::activity::Activity;
use crate::delivery::Delivery;
use crate::device::{TokenMove, TokenRecord};
use crate::fact::Fact;
use crate::identifier::{Holder, Identifier};
use crate::ids::{DeliveryKey, DeviceKey, MessageKey, PersonKey, RunKey, SegmentId};
use crate::input::Input;
use crate::message::{MessageEntry, MessageRef, NameOf};
use crate::person::Person;
use crate::run::{ProfileRow, RunRow, TraceRow};
use crate::work::{Assignment, Permit, Work, WorkKey};
pub use audience::LogMark;
pub use news::News;

/// 128-bit hash of a sender's id for an input, by which a second copy is recognised.
pub type DedupeHash = [u8; 16];

/// What must be loaded before an input can be decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// Identifiers to resolve; whoever holds them is loaded too.
    pub identifiers: FxHashSet<Identifier>,
    /// Push tokens, whatever their app and platform; their owners are loaded too.
    pub tokens: BTreeSet<String>,
    /// Delivery ids; their people, their targets' token records and reports that wait for them in
    /// quarantine are loaded too.
    pub deliveries: BTreeSet<String>,
    /// Ids of inputs that may have come before.
    pub seen: FxHashSet<DedupeHash>,
    /// Pieces of work; their deliveries are loaded too, as if they were in `deliveries`, whether the
    /// work is there or not.
    pub works: BTreeSet<WorkKey>,
    /// Ids of deliveries of which all work is loaded, beside the delivery.
    pub works_of: BTreeSet<String>,
    /// People by key, with whoever they were merged into.
    pub people: BTreeSet<PersonKey>,
    /// Runs, ended ones too; their people are loaded too, as if they were in `people`.
    pub runs: BTreeSet<RunKey>,
    /// Whether every person in the answer, for whatever reason, comes with the profile and the open runs.
    pub audience: bool,
}

/// What a store found for a [`Want`]. Absent entries do not exist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Holders of the wanted identifiers that are not free.
    pub identifiers: Vec<(Identifier, Holder)>,
    /// The wanted people, and every person named by an identifier, token, delivery or wanted run in the
    /// answer.
    pub people: Vec<Arc<Person>>,
    /// Records of the wanted tokens and of the wanted deliveries' targets.
    pub tokens: Vec<TokenRecord>,
    /// The wanted deliveries.
    pub deliveries: Vec<Arc<Delivery>>,
    /// Inputs that wait for a wanted delivery, by its id.
    pub quarantined: Vec<(String, Input)>,
    /// Which of the wanted ids came before.
    pub seen: Vec<DedupeHash>,
    /// The wanted work that there is.
    pub works: Vec<Work>,
    /// With [`Want::audience`]: profiles of the people in the answer.
    pub profiles: Vec<ProfileRow>,
    /// The wanted runs, and with [`Want::audience`] the open ones of the people in the answer; each once.
    pub runs: Vec<RunRow>,
    /// The store's commit counter at the time of loading.
    pub epoch: u64,
}

/// The next free key of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NextKeys {
    /// For the next person or visitor.
    pub person: u32,
    /// For the next token.
    pub device: u32,
    /// For the next delivery.
    pub delivery: u32,
    /// For the next message.
    pub message: u32,
    /// For the next run.
    #[serde(default)]
    pub run: u32,
}

/// Everything that one transaction stores. Rows carry their whole new value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeSet {
    /// People whose state changed, or who are new.
    pub people: Vec<Arc<Person>>,
    /// Identifiers that got, changed or lost (`None`) their holder.
    pub identifiers: Vec<(Identifier, Option<Holder>)>,
    /// Token records that are new or changed.
    pub tokens: Vec<TokenRecord>,
    /// Lines of the tokens' ownership history.
    pub token_moves: Vec<TokenMove>,
    /// Inputs of people, in order.
    pub activities: Vec<Activity>,
    /// Deliveries that are new or changed.
    pub deliveries: Vec<Arc<Delivery>>,
    /// Facts that are new.
    pub facts: Vec<Fact>,
    /// New catalogue lines.
    pub messages: Vec<MessageEntry>,
    /// Names that were given.
    pub names: Vec<(NameOf, String)>,
    /// Ids of inputs taken, with the day (since the epoch) after which they may be forgotten.
    pub seen: Vec<DedupeHash>,
    /// Work that is new or changed, or done with (`None`).
    pub works: Vec<(WorkKey, Option<Work>)>,
    /// Profiles that are new or changed, or forgotten (`None`).
    pub profiles: Vec<(PersonKey, Option<ProfileRow>)>,
    /// Runs that are new or changed.
    pub runs: Vec<RunRow>,
    /// What steps of runs did, in order.
    pub traces: Vec<TraceRow>,
    /// Reports for deliveries that are not known yet.
    pub quarantined: Vec<(String, Input)>,
    /// Delivery ids whose quarantine was emptied.
    pub released: Vec<String>,
    /// Who joined or left a segment.
    pub memberships: Vec<(SegmentId, PersonKey, bool)>,
    /// People merged away: every delivery of the first belongs to the second from now on.
    pub moved: Vec<(PersonKey, PersonKey)>,
    /// Keys after this change set.
    pub next: NextKeys,
}

impl ChangeSet {
    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        let next = self.next;
        Self {
            next,
            ..Self::default()
        } == *self
    }
}

/// The loaded state and the changes so far.
#[derive(Debug, Default)]
pub struct WorkingSet {
    pub(crate) holders: FxHashMap<Identifier, Holder>,
    pub(crate) people: FxHashMap<PersonKey, Arc<Person>>,
    pub(crate) tokens: FxHashMap<DeviceKey, TokenRecord>,
    pub(crate) devices_by_token: FxHashMap<String, Vec<DeviceKey>>,
    pub(crate) deliveries: FxHashMap<DeliveryKey, Arc<Delivery>>,
    pub(crate) deliveries_by_id: FxHashMap<String, DeliveryKey>,
    pub(crate) quarantined: FxHashMap<String, Vec<Input>>,
    pub(crate) seen: FxHashSet<DedupeHash>,
    pub(crate) messages: FxHashMap<MessageRef, MessageKey>,
    /// The same, the other way round.
    pub(crate) messages_by_key: FxHashMap<MessageKey, MessageRef>,
    pub(crate) next: NextKeys,
    /// Makes internal ids of different workspaces different.
    pub(crate) salt: u16,
    pub(crate) works: FxHashMap<WorkKey, Work>,
    /// What was claimed since it was last asked for.
    pub(crate) assignments: Vec<Assignment>,
    /// What was said about work that is about to be claimed.
    pub(crate) permits: FxHashMap<WorkKey, Permit>,
    /// Whether somebody reacts to news.
    tells_news: bool,
    news: Vec<News>,
    profiles: FxHashMap<PersonKey, ProfileRow>,
    runs: FxHashMap<RunKey, RunRow>,
    /// The open ones among `runs`.
    open_runs: BTreeSet<(PersonKey, RunKey)>,
    pub(crate) changed_works: BTreeSet<WorkKey>,
    changed_profiles: BTreeSet<PersonKey>,
    changed_runs: BTreeSet<RunKey>,
    pub(crate) changed_people: BTreeSet<PersonKey>,
    pub(crate) changed_tokens: BTreeSet<DeviceKey>,
    pub(crate) changed_deliveries: BTreeSet<DeliveryKey>,
    /// Rows that go to the change set as they are.
    pub(crate) log: ChangeSet,
}

impl WorkingSet {
    /// An empty set. `next` and the catalogue (`messages`) come from the store and live on between
    /// batches; `salt` is the workspace's.
    pub fn new(next: NextKeys, messages: FxHashMap<MessageRef, MessageKey>, salt: u16) -> Self {
        let by_key = messages
            .iter()
            .map(|(message, key)| (*key, message.clone()));
        Self {
            next,
            messages_by_key: by_key.collect(),
            messages,
            salt,
            ..Self::default()
        }
    }

    /// Adds what a store found. Entries that are here already are newer and stay.
    pub fn take(&mut self, found: Found) {
        for (identifier, holder) in found.identifiers {
            self.holders.entry(identifier).or_insert(holder);
        }
        for person in found.people {
            self.people.entry(person.key).or_insert(person);
        }
        for record in found.tokens {
            self.index_token(&record);
            self.tokens.entry(record.key).or_insert(record);
        }
        for delivery in found.deliveries {
            self.deliveries_by_id
                .entry(delivery.id.clone())
                .or_insert(delivery.key);
            self.deliveries.entry(delivery.key).or_insert(delivery);
        }
        for (delivery_id, input) in found.quarantined {
            self.quarantined.entry(delivery_id).or_default().push(input);
        }
        self.seen.extend(found.seen);
        for work in found.works {
            self.works.entry(work.key).or_insert(work);
        }
        self.take_audience(found.profiles, found.runs);
    }

    /// What was claimed by the inputs decided since the last time.
    pub fn take_assignments(&mut self) -> Vec<Assignment> {
        std::mem::take(&mut self.assignments)
    }

    /// Ends the batch: returns what changed and forgets the loaded rows, but keeps the key counters
    /// and the catalogue for the next batch.
    pub fn finish(&mut self) -> ChangeSet {
        let mut changes = std::mem::take(&mut self.log);
        changes.people = taken(&mut self.changed_people, &mut self.people);
        changes.tokens = taken(&mut self.changed_tokens, &mut self.tokens);
        changes.deliveries = taken(&mut self.changed_deliveries, &mut self.deliveries);
        changes.works = std::mem::take(&mut self.changed_works)
            .into_iter()
            .map(|key| (key, self.works.remove(&key)))
            .collect();
        changes.profiles = std::mem::take(&mut self.changed_profiles)
            .into_iter()
            .map(|person| (person, self.profiles.remove(&person)))
            .collect();
        changes.runs = taken(&mut self.changed_runs, &mut self.runs);
        changes.next = self.next;
        self.forget();
        changes
    }

    /// Drops the batch without its changes: after a failed commit, with the counters and catalogue
    /// as the store has them now.
    pub fn reset(&mut self, next: NextKeys, messages: FxHashMap<MessageRef, MessageKey>) {
        let salt = self.salt;
        *self = Self::new(next, messages, salt);
    }

    fn forget(&mut self) {
        self.holders.clear();
        self.people.clear();
        self.tokens.clear();
        self.devices_by_token.clear();
        self.deliveries.clear();
        self.deliveries_by_id.clear();
        self.quarantined.clear();
        self.seen.clear();
        self.works.clear();
        self.assignments.clear();
        self.permits.clear();
        self.news.clear();
        self.profiles.clear();
        self.runs.clear();
        self.open_runs.clear();
    }

    /// A delivery, to change it.
    pub(crate) fn delivery_mut(&mut self, key: DeliveryKey) -> Option<&mut Delivery> {
        self.deliveries.get_mut(&key).map(Arc::make_mut)
    }

    pub(crate) fn index_token(&mut self, record: &TokenRecord) {
        let devices = self
            .devices_by_token
            .entry(record.token.token.clone())
            .or_default();
        if !devices.contains(&record.key) {
            devices.push(record.key);
        }
    }
}

fn taken<K: Ord + std::hash::Hash + Copy, V>(
    changed: &mut BTreeSet<K>,
    rows: &mut FxHashMap<K, V>,
) -> Vec<V> {
    let keys = std::mem::take(changed);
    keys.into_iter()
        .filter_map(|key| rows.remove(&key))
        .collect()
}
