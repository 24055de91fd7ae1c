//! Runs and profiles that are not in SQLite yet. Those that are, SQLite is asked for: a run steps once
//! and then waits for long, so that what was written lately is seldom wanted next.

use landfall_domain::ids::{PersonKey, RunKey};
use landfall_domain::run::{ProfileRow, RunRow};
use landfall_domain::working_set::ChangeSet;
use rustc_hash::FxHashMap;

use super::Layers;

/// The newest values of what some commits changed.
#[derive(Debug, Default)]
pub(super) struct Audience {
    /// Profiles, or (`None`) that there is none any more.
    profiles: FxHashMap<PersonKey, Option<ProfileRow>>,
    runs: FxHashMap<RunKey, RunRow>,
    /// Runs that were a person's after some of the commits.
    runs_of: FxHashMap<PersonKey, Vec<RunKey>>,
}

impl Audience {
    pub(super) fn add(&mut self, changes: &ChangeSet) {
        self.profiles.extend(changes.profiles.iter().cloned());
        for run in &changes.runs {
            let of = self.runs_of.entry(run.person).or_default();
            if !of.contains(&run.key) {
                of.push(run.key);
            }
            self.runs.insert(run.key, run.clone());
        }
    }
}

impl Layers {
    /// A profile; `Some(None)`: it is known to be forgotten.
    pub(crate) fn profile(&self, person: PersonKey) -> Option<Option<&ProfileRow>> {
        self.layers()
            .find_map(|layer| layer.audience.profiles.get(&person).map(Option::as_ref))
    }

    pub(crate) fn run(&self, key: RunKey) -> Option<&RunRow> {
        self.layers()
            .find_map(|layer| layer.audience.runs.get(&key))
    }

    /// Runs that may be a person's beside those that SQLite has, some of them more than once.
    pub(crate) fn runs_of(&self, person: PersonKey) -> impl Iterator<Item = RunKey> {
        self.layers()
            .filter_map(move |layer| layer.audience.runs_of.get(&person))
            .flatten()
            .copied()
    }
}
