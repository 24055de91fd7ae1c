//! Loading runs and profiles.

use std::collections::BTreeSet;

use landfall_domain::ids::{PersonKey, RunKey};
use landfall_domain::working_set::Want;
use landfall_store::StoreError;

use super::Loading;
use crate::open::failed;
use crate::run;

impl Loading<'_> {
    /// The wanted runs, whose people are to be loaded too.
    pub(super) fn runs(&mut self, want: &Want) -> Result<(), StoreError> {
        let from = self.found.runs.len();
        self.runs_at(&want.runs)?;
        let people = self.found.runs[from..].iter().map(|run| run.person);
        self.people.extend(people);
        Ok(())
    }

    /// What comes with the people that were found.
    pub(super) fn audience(&mut self, want: &Want) -> Result<(), StoreError> {
        let people: Vec<PersonKey> = self.found.people.iter().map(|person| person.key).collect();
        let mut by_person = self
            .view
            .prepare_cached(run::PROFILE_OF_PERSON)
            .map_err(failed)?;
        for person in &people {
            let profile = match self.layers.profile(*person) {
                Some(known) => known.cloned(),
                None => {
                    let mut rows = by_person.query([person.0]).map_err(failed)?;
                    rows.next().map_err(failed)?.map(run::profile).transpose()?
                }
            };
            self.found.profiles.extend(profile);
        }
        let mut open = self.open_runs(&people)?;
        open.retain(|run| !want.runs.contains(run));
        self.runs_at(&open)?;
        self.found.runs.sort_unstable_by_key(|run| run.key);
        Ok(())
    }

    /// Keys of the open runs of some people. The index alone is asked: many of them are wanted anyway.
    fn open_runs(&self, people: &[PersonKey]) -> Result<BTreeSet<RunKey>, StoreError> {
        let mut keys = BTreeSet::new();
        let mut open = self.view.prepare_cached(run::OPEN_RUNS).map_err(failed)?;
        for person in people {
            let mut rows = open.query([person.0]).map_err(failed)?;
            while let Some(row) = rows.next().map_err(failed)? {
                let key = RunKey(row.get(0).map_err(failed)?);
                // What a layer has is newer, and comes below if it is still the person's.
                if self.layers.run(key).is_none() {
                    keys.insert(key);
                }
            }
            let newer = self.layers.runs_of(*person);
            let newer = newer.filter_map(|key| self.layers.run(key));
            let theirs = newer.filter(|run| run.open && run.person == *person);
            keys.extend(theirs.map(|run| run.key));
        }
        Ok(keys)
    }

    fn runs_at(&mut self, keys: &BTreeSet<RunKey>) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut by_key = self.view.prepare_cached(run::RUN_BY_KEY).map_err(failed)?;
        for key in keys {
            let run = match self.layers.run(*key) {
                Some(newer) => Some(newer.clone()),
                None => {
                    let mut rows = by_key.query([key.0]).map_err(failed)?;
                    rows.next().map_err(failed)?.map(run::run).transpose()?
                }
            };
            self.found.runs.extend(run);
        }
        Ok(())
    }
}
