//! What engines outside this crate see and change in a working set: audiences and journeys, which react
//! to what the rules decided and whose changes are stored in the same transaction.
//!
//! The rules know nothing of profiles and runs. When people merge or are deleted, whoever reacts moves or
//! ends what these people had; loaded with [`Want::audience`](super::Want), it is all here, because
//! nobody is changed who was not loaded.

use std::sync::Arc;

use super::WorkingSet;
use crate::activity::Activity;
use crate::delivery::Delivery;
use crate::identifier::{Holder, Identifier, IdentifierKind};
use crate::ids::{DeliveryKey, MessageKey, PersonKey, RunKey, SegmentId};
use crate::message::MessageRef;
use crate::person::{Person, Standing};
use crate::run::{ProfileRow, RunRow, TraceRow};
use crate::work::{Permit, Work, WorkKey};

/// A place in what the present batch has appended so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogMark {
    activities: usize,
    moved: usize,
}

impl WorkingSet {
    /// A loaded person, with the changes so far; merged and deleted ones too.
    pub fn person(&self, key: PersonKey) -> Option<&Arc<Person>> {
        self.people.get(&key)
    }

    /// Whom a loaded identifier names now: through merges, the survivor. `None`: nobody, or somebody
    /// who was deleted or is blocked.
    pub fn person_of(&self, identifier: &Identifier) -> Option<PersonKey> {
        self.find(identifier)
    }

    /// The identifier by which an input of ours names a loaded person, whatever else the person was loaded
    /// by. `None`: the person is not there, or is gone.
    pub fn handle_of(&mut self, key: PersonKey) -> Option<Identifier> {
        let person = self.people.get(&key)?;
        if !matches!(person.standing, Standing::Known | Standing::Visitor) {
            return None;
        }
        let handle = Identifier::new(IdentifierKind::CioId, &person.cio_id)?;
        self.holders
            .entry(handle.clone())
            .or_insert(Holder::Person(key));
        Some(handle)
    }

    /// A loaded delivery, with the changes so far.
    pub fn delivery(&self, key: DeliveryKey) -> Option<&Delivery> {
        self.deliveries.get(&key).map(Arc::as_ref)
    }

    /// Every loaded or new delivery, with the changes so far, in no particular order.
    pub fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.values().map(Arc::as_ref)
    }

    /// A loaded delivery by its outside id, with the changes so far.
    pub fn delivery_named(&self, id: &str) -> Option<&Delivery> {
        self.delivery(*self.deliveries_by_id.get(id)?)
    }

    /// A loaded piece of work, with the changes so far.
    pub fn work(&self, key: WorkKey) -> Option<&Work> {
        self.works.get(&key)
    }

    /// Says what rules outside this crate think of a piece of work, for the claim that is decided next.
    /// Without a word it may go.
    pub fn permit(&mut self, work: WorkKey, permit: Permit) {
        self.permits.insert(work, permit);
    }

    /// What a message's key stands for. The whole catalogue is there, whatever was loaded.
    pub fn message_of(&self, key: MessageKey) -> Option<&MessageRef> {
        self.messages_by_key.get(&key)
    }

    /// A loaded person's profile; `None`: there is none, or it was forgotten.
    pub fn profile(&self, person: PersonKey) -> Option<&ProfileRow> {
        self.profiles.get(&person)
    }

    /// Stores a new or changed profile.
    pub fn put_profile(&mut self, profile: ProfileRow) {
        self.changed_profiles.insert(profile.person);
        self.profiles.insert(profile.person, profile);
    }

    /// Forgets a person's profile, if there is one.
    pub fn forget_profile(&mut self, person: PersonKey) {
        if self.profiles.remove(&person).is_some() {
            self.changed_profiles.insert(person);
        }
    }

    /// A loaded person's open runs, by key.
    pub fn runs_of(&self, person: PersonKey) -> impl Iterator<Item = &RunRow> {
        let range = (person, RunKey(0))..=(person, RunKey(u32::MAX));
        self.open_runs
            .range(range)
            .filter_map(|(_, run)| self.runs.get(run))
    }

    /// A loaded run, with the changes so far.
    pub fn run(&self, key: RunKey) -> Option<&RunRow> {
        self.runs.get(&key)
    }

    /// Stores a new or changed run. A run may change its person.
    pub fn put_run(&mut self, run: RunRow) {
        self.changed_runs.insert(run.key);
        if let Some(before) = self.runs.get(&run.key) {
            self.open_runs.remove(&(before.person, run.key));
        }
        self.keep_run(run);
    }

    /// The key that [`WorkingSet::new_run_key`] gives next.
    pub const fn next_run_key(&self) -> RunKey {
        RunKey(self.next.run)
    }

    /// A key for a new run, which is in use from now on.
    pub fn new_run_key(&mut self) -> RunKey {
        let key = RunKey(self.next.run);
        self.next.run += 1;
        key
    }

    /// Stores what a step of a run did.
    pub fn push_trace(&mut self, trace: TraceRow) {
        self.log.traces.push(trace);
    }

    /// Stores that somebody joined or left a segment, for readers of its members. Which manual segments
    /// a person is in stands on the person as well; this does not change it.
    pub fn set_membership(&mut self, segment: SegmentId, person: PersonKey, is_member: bool) {
        self.log.memberships.push((segment, person, is_member));
    }

    /// Where the batch stands: what comes later is given by `activities_since` and its neighbours. Marks
    /// of a batch mean nothing after it has ended.
    pub fn log_len(&self) -> LogMark {
        LogMark {
            activities: self.log.activities.len(),
            moved: self.log.moved.len(),
        }
    }

    /// Inputs of people that were stored since, in order.
    pub fn activities_since(&self, mark: LogMark) -> &[Activity] {
        since(&self.log.activities, mark.activities)
    }

    /// Merges since, in order: the first was merged into the second.
    pub fn moved_since(&self, mark: LogMark) -> &[(PersonKey, PersonKey)] {
        since(&self.log.moved, mark.moved)
    }

    /// Adds what a store found. What is here already is newer, and what was forgotten stays so.
    pub(super) fn take_audience(&mut self, profiles: Vec<ProfileRow>, runs: Vec<RunRow>) {
        for profile in profiles {
            if !self.changed_profiles.contains(&profile.person) {
                self.profiles.insert(profile.person, profile);
            }
        }
        for run in runs {
            if !self.runs.contains_key(&run.key) {
                self.keep_run(run);
            }
        }
    }

    fn keep_run(&mut self, run: RunRow) {
        if run.open {
            self.open_runs.insert((run.person, run.key));
        }
        self.runs.insert(run.key, run);
    }
}

fn since<T>(rows: &[T], from: usize) -> &[T] {
    rows.get(from..).unwrap_or_default()
}
