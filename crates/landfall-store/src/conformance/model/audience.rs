//! Runs, profiles and traces, the slow and obvious way.

use std::collections::{BTreeMap, BTreeSet};

use landfall_domain::ids::{JourneyId, PersonKey, RunKey};
use landfall_domain::run::{ProfileRow, RunRow, RunState, TraceRow};
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::{ChangeSet, Found, Want};

use super::Model;
use crate::Store;

const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

impl Model {
    pub(super) fn apply_audience(&mut self, changes: &ChangeSet) {
        for (person, profile) in &changes.profiles {
            match profile {
                Some(row) => self.profiles.insert(*person, row.clone()),
                None => self.profiles.remove(person),
            };
        }
        let runs = changes.runs.iter().cloned();
        self.runs.extend(runs.map(|row| (row.key, row)));
        self.traces.extend(changes.traces.iter().cloned());
    }

    /// Who is wanted by key, or by a run.
    pub(super) fn wanted_people(&self, want: &Want) -> BTreeSet<PersonKey> {
        let of_runs = want.runs.iter().filter_map(|key| self.runs.get(key));
        let of_runs = of_runs.map(|run| run.person);
        want.people.iter().copied().chain(of_runs).collect()
    }

    /// The wanted runs, and what comes with the people that were found.
    pub(super) fn load_audience(&self, want: &Want, found: &mut Found) {
        let people: BTreeSet<PersonKey> = found.people.iter().map(|person| person.key).collect();
        let comes = |person| want.audience && people.contains(&person);
        let runs = self.runs.values();
        let runs =
            runs.filter(|run| want.runs.contains(&run.key) || (run.open && comes(run.person)));
        found.runs = runs.cloned().collect();
        let profiles = self.profiles.values().filter(|row| comes(row.person));
        found.profiles = profiles.cloned().collect();
    }

    /// Every run, and one that is not there.
    pub(super) fn run_keys(&self) -> BTreeSet<RunKey> {
        let absent = [RunKey(u32::MAX)];
        self.runs.keys().copied().chain(absent).collect()
    }

    fn runs_where(&self, keep: impl Fn(&RunRow) -> bool) -> Vec<RunRow> {
        let found = self.runs.values().filter(|run| keep(run));
        found.cloned().collect()
    }

    fn traces_of(&self, run: RunKey) -> Vec<TraceRow> {
        let found = self.traces.iter().filter(|trace| trace.run == run);
        let mut traces: Vec<TraceRow> = found.cloned().collect();
        traces.sort_by_key(|trace| trace.seq);
        traces
    }

    fn run_counts(&self, journey: JourneyId) -> Vec<(u32, RunState, u64)> {
        let mut counts = BTreeMap::new();
        for run in self.runs.values().filter(|run| run.journey == journey) {
            *counts.entry((run.version, run.state)).or_default() += 1;
        }
        let counts = counts.into_iter();
        counts
            .map(|((version, state), n)| (version, state, n))
            .collect()
    }

    fn due_runs(&self) -> Vec<(Timestamp, RunKey)> {
        let due = self.runs.values();
        in_order(due.filter_map(|run| Some((run.due?, run.key))))
    }

    fn due_profiles(&self) -> Vec<(Timestamp, PersonKey)> {
        let due = self.profiles.values();
        in_order(due.filter_map(|row| Some((row.due?, row.person))))
    }

    #[track_caller]
    pub(super) fn compare_audience(&self, store: &impl Store) {
        for key in self.run_keys() {
            assert_eq!(store.run(key).unwrap(), self.runs.get(&key).cloned());
        }
        for key in self.traces.iter().map(|row| row.run).chain(self.run_keys()) {
            assert_eq!(store.traces(key).unwrap(), self.traces_of(key));
        }
        for person in self.person_keys() {
            let expected = self.runs_where(|run| run.person == person);
            assert_eq!(store.runs_of(person).unwrap(), expected);
        }
        for journey in self.journeys() {
            let expected = self.runs_where(|run| run.journey == journey);
            assert_eq!(store.runs_in(journey, None, 10_000).unwrap(), expected);
            assert_eq!(store.run_counts(journey).unwrap(), self.run_counts(journey));
        }
        let profiles: Vec<ProfileRow> = self.profiles.values().cloned().collect();
        assert_eq!(store.profiles(None, profiles.len() + 1).unwrap(), profiles);
        for until in [i64::MIN, crate::conformance::samples::T0, i64::MAX] {
            let until = Timestamp::from_millis(until);
            let mut runs = self.due_runs();
            runs.retain(|(due, _)| *due <= until);
            assert_eq!(store.due_runs(None, until, 10_000).unwrap(), runs);
            let mut profiles = self.due_profiles();
            profiles.retain(|(due, _)| *due <= until);
            assert_eq!(store.due_profiles(None, until, 10_000).unwrap(), profiles);
        }
    }

    /// Reads in pages of `limit` what the comparison reads at once.
    #[track_caller]
    pub(in crate::conformance) fn compare_audience_pages(&self, store: &impl Store, limit: usize) {
        let due = pages(
            |after| store.due_runs(after, NEVER, limit).unwrap(),
            |last| *last,
        );
        assert_eq!(due, self.due_runs());
        let due = pages(
            |after| store.due_profiles(after, NEVER, limit).unwrap(),
            |last| *last,
        );
        assert_eq!(due, self.due_profiles());
        let profiles = pages(
            |after| store.profiles(after, limit).unwrap(),
            |row| row.person,
        );
        assert!(profiles.iter().eq(self.profiles.values()));
        for journey in self.journeys() {
            let runs = pages(
                |after| store.runs_in(journey, after, limit).unwrap(),
                |row| row.key,
            );
            assert_eq!(runs, self.runs_where(|run| run.journey == journey));
        }
    }

    /// Every journey, and one without runs.
    fn journeys(&self) -> BTreeSet<JourneyId> {
        let known = self.runs.values().map(|run| run.journey);
        known.chain([JourneyId(u32::MAX)]).collect()
    }
}

fn in_order<K: Ord>(due: impl Iterator<Item = (Timestamp, K)>) -> Vec<(Timestamp, K)> {
    let due: BTreeSet<(Timestamp, K)> = due.collect();
    due.into_iter().collect()
}

/// All pages, one after the other.
fn pages<T, K>(page: impl Fn(Option<K>) -> Vec<T>, cursor: impl Fn(&T) -> K) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    loop {
        let next = page(all.last().map(&cursor));
        if next.is_empty() {
            return all;
        }
        all.extend(next);
    }
}
