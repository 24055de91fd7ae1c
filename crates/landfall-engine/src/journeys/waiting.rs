//! Where the people of a journey stand now.

use std::collections::BTreeMap;

use landfall_domain::ids::{JourneyId, RunKey};
use landfall_domain::run::{RunRow, RunState};
use landfall_journey::Run;
use landfall_store::{Store, StoreError};

use super::JourneyError;
use crate::live::Live;
use crate::workspace::Workspace;

/// Most runs that one question looks at, ended ones too: a second's work. Whoever asks is told when there are more.
pub const LOOKED_AT_MAX: usize = 200_000;
/// Runs that are read at once.
const PAGE: usize = 1_000;

/// Where the people of a journey stand now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many runs are on their way, of all versions.
    pub running: u64,
    /// Of those: how many wait for the journey's filter to hold, before the first step.
    pub at_the_door: u64,
    /// Of those: how many stand in a step, by version and by the step's slug.
    pub steps: BTreeMap<(u32, String), u64>,
    /// Of those: how many could not be read, or were stored by a version that is not there any more.
    pub unknown: u64,
    /// Whether all of them were looked at: `false` when the journey had more than [`LOOKED_AT_MAX`] runs
    /// before the last of them was found.
    pub complete: bool,
}

impl Workspace {
    /// How many people wait in each step of a journey. Runs are looked at oldest first until all that are
    /// running were found, so it takes longer the more runs there were.
    ///
    /// # Errors
    /// When there is no such journey, or the store cannot be read.
    pub async fn waiting(&self, name: &str) -> Result<Waiting, JourneyError> {
        let (id, _) = self.find_journey(name).await?;
        let live = self.live();
        let counted = self.read(move |store| count(store, &live, id, LOOKED_AT_MAX));
        Ok(counted.await?)
    }
}

/// Counts until everybody who is on the way was found, or `most` runs were looked at.
pub(super) fn count(
    store: &dyn Store,
    live: &Live,
    journey: JourneyId,
    most: usize,
) -> Result<Waiting, StoreError> {
    let counts = store.run_counts(journey)?.into_iter();
    let running = counts.filter(|(_, state, _)| *state == RunState::Running);
    let running = running.map(|(_, _, count)| count).sum();
    let mut waiting = Waiting {
        running,
        ..Waiting::default()
    };
    let (mut found, mut looked_at) = (0_u64, 0);
    let mut after: Option<RunKey> = None;
    while found < running && looked_at < most {
        let rows = store.runs_in(journey, after, PAGE)?;
        for row in rows.iter().filter(|row| row.state == RunState::Running) {
            found += 1;
            waiting.add(row, live);
        }
        looked_at += rows.len();
        after = rows.last().map(|row| row.key);
        if rows.len() < PAGE {
            break;
        }
    }
    waiting.complete = found >= running;
    Ok(waiting)
}

impl Waiting {
    fn add(&mut self, row: &RunRow, live: &Live) {
        let plan = live.plan(row.journey, row.version);
        let (Ok(run), Some(plan)) = (Run::decode(&row.body), plan) else {
            self.unknown += 1;
            return;
        };
        if run.is_at_the_door() {
            self.at_the_door += 1;
            return;
        }
        match plan.plan.where_stands(&run) {
            Some(step) => {
                *self
                    .steps
                    .entry((row.version, step.id.clone()))
                    .or_default() += 1;
            }
            None => self.unknown += 1,
        }
    }
}
