//! What is wrong with identities: tokens that reach nobody, or somebody twice, because of whom they are held by.
//!
//! [`Workspace::identity`] looks at everybody, page by page, and keeps what it found for a while. Each finding has
//! its evidence and either one clear remedy or a question that a person must decide; [`repair`] does what is clear,
//! through the one door, and undoes it. What counts as evidence is said in docs/concepts/coverage.md.

mod doubled;
mod finding;
mod look;
mod lost;
mod owners;
pub mod repair;
mod stranded;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use finding::{Decision, Evidence, Finding, Found, Look, Remedy, Who};

use landfall_domain::time::DAY_MS;
use landfall_insight::coverage::{IdentityReport, identity_report};
use landfall_store::StoreError;

use crate::coverage::{ACTIVE_DAYS, ENGAGEMENT, STALE_DAYS};
use crate::workspace::{Rebuild, Workspace};

/// How far a look at everybody is, and what the last one found.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    /// Held by whoever looks or repairs: one at a time.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    progress: Option<Progress>,
    last: Option<Arc<Look>>,
}

/// How far a look is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Records that were looked at.
    pub done: u64,
    /// Records that there are to look at, as far as is known.
    pub total: u64,
}

impl Looks {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, done: u64, total: u64) {
        self.state().progress = Some(Progress { done, total });
    }

    fn end(&self, found: Option<Arc<Look>>) {
        let mut state = self.state();
        state.progress = None;
        state.last = found;
    }
}

impl Workspace {
    /// What is wrong with identities, as it was found at most `age_ms` ago; whoever asks waits for a look at
    /// everybody otherwise. `None`: people are still being read from the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn identity(&self, age_ms: i64) -> Result<Option<Arc<Look>>, StoreError> {
        let _turn = self.shared.identity.turn.lock().await;
        self.looked(age_ms).await
    }

    /// As [`Workspace::identity`], by whoever has the turn.
    async fn looked(&self, age_ms: i64) -> Result<Option<Arc<Look>>, StoreError> {
        if self.rebuild() != Rebuild::Done {
            return Ok(None);
        }
        let looks = &self.shared.identity;
        let last = looks.state().last.clone();
        let now = self.now();
        if let Some(last) = last.filter(|last| now.since(last.at) < age_ms) {
            return Ok(Some(last));
        }
        let found = look::at_everybody(self, now).await.map(Arc::new);
        looks.end(found.as_ref().ok().cloned());
        found.map(Some)
    }

    /// How far the present look at everybody is; `None`: nobody looks.
    pub fn identity_progress(&self) -> Option<Progress> {
        self.shared.identity.state().progress
    }

    /// The problems of a look in the order of what they cost, with the currency of the values. What a person within
    /// reach brings is what coverage takes for it, and people who are not within reach are taken to spend half.
    /// Blocking: it asks the board.
    ///
    /// # Errors
    /// Never: the question is ours.
    pub fn identity_report(
        &self,
        look: &Look,
    ) -> Result<(IdentityReport, Option<String>), landfall_board::QueryError> {
        let now = self.now();
        let (since, stale) = (-ACTIVE_DAYS * DAY_MS, -STALE_DAYS * DAY_MS);
        let fall = self
            .with_roster(|roster| roster.waterfall(now.plus_millis(since), now.plus_millis(stale)));
        let reachable = fall.map_or(0, |fall| fall.reachable);
        let (currency, amount) = self.push_revenue_per_person(reachable)?.unzip();
        let per_person = amount.map(|amount| amount.times(ENGAGEMENT));
        let problems = look.found.iter().map(|found| found.problem.clone());
        Ok((identity_report(problems.collect(), per_person), currency))
    }
}
