//! Merges: one person's memory and runs go on in another's (semantics.md 4.3).

use std::sync::Arc;

use landfall_domain::ids::PersonKey;
use landfall_domain::run::{EndCause, RunRow, RunState};
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::WorkingSet;
use landfall_store::StoreError;

use super::Reactor;
use super::memory::Memory;
use super::stir::Stir;

impl Reactor {
    /// One person's record goes on in another's.
    pub(super) fn merge(
        &mut self,
        set: &mut WorkingSet,
        from: PersonKey,
        into: PersonKey,
    ) -> Result<(), StoreError> {
        self.mind(set, from)?;
        let theirs = self.minds.remove(&from).unwrap_or_default().memory;
        leave_all(set, from, &theirs);
        set.forget_profile(from);
        self.hand_over_runs(set, from, into);
        let Some(survivor) = set.person(into) else {
            return Ok(());
        };
        let absorbed = survivor.absorbed.iter().rev().find(|old| old.key == from);
        let history_from = absorbed.map_or(Timestamp::EPOCH, |absorbed| absorbed.history_from);
        let live = Arc::clone(&self.live);
        let mind = self.mind(set, into)?;
        let profile = &mut mind.memory.profile;
        let inexact = profile.merge(&theirs.profile, history_from, &live.patterns);
        mind.memory.join(theirs);
        mind.touched.add_whole();
        mind.changed = true;
        self.stirred.push(into);
        if inexact.is_empty() {
            return Ok(());
        }
        self.recount(set, into)
    }

    /// Runs go on for the survivor, unless the survivor has its own in the same journey.
    fn hand_over_runs(&mut self, set: &mut WorkingSet, from: PersonKey, into: PersonKey) {
        let running = |row: &&RunRow| row.state == RunState::Running;
        let own = set.runs_of(into).filter(running).map(|row| row.journey);
        let own: Vec<_> = own.collect();
        for row in set.runs_of(from).cloned().collect::<Vec<_>>() {
            let is_running = row.state == RunState::Running;
            let stir = match is_running && own.contains(&row.journey) {
                true => Stir::End(row.key, EndCause::MergedAway),
                false => Stir::Adopt(row.key),
            };
            self.stirs.push(stir);
            set.put_run(RunRow {
                person: into,
                ..row
            });
        }
    }
}

/// Whoever is gone is in no segment.
pub(super) fn leave_all(set: &mut WorkingSet, person: PersonKey, memory: &Memory) {
    for (segment, _) in memory.profile.memberships() {
        set.set_membership(*segment, person, false);
    }
}
