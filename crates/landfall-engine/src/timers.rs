//! Waking what waits: runs of journeys, and people about whom an answer changes by time alone.
//!
//! The store is the truth; an index of due moments in memory follows every commit and is filled from
//! the store at a start. A [`Timekeeper`] submits what is due as inputs through the one door, and
//! does nothing by itself. What it has submitted stays in the index until a commit moves it, so a crash
//! in between loses nothing.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use landfall_domain::ids::{PersonKey, RunKey};
use landfall_domain::input::{Body, Input};
use landfall_domain::run::{Look, RunInput};
use landfall_domain::time::{SECOND_MS, Timestamp};
use landfall_domain::working_set::ChangeSet;
use landfall_store::{Store, StoreError};
use rustc_hash::FxHashMap;

use crate::input_of_ours;
use crate::intake::SubmitError;
use crate::workspace::Workspace;

/// What is woken in one submission.
const BATCH: usize = 1_024;
/// Submissions that wait for each other: while one is being stored, the next is there already.
const BATCHES: usize = 4;
/// Rows read at a time at a start.
const PAGE: usize = 10_000;

/// What a timer wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Sleeper {
    /// A run.
    Run(RunKey),
    /// What is known about a person.
    Person(PersonKey),
}

impl Sleeper {
    fn wake(self) -> Input {
        let body = match self {
            Self::Run(run) => RunInput::Wake { run },
            Self::Person(person) => RunInput::Review {
                person,
                look: Look::Due,
            },
        };
        input_of_ours(Body::Run(Box::new(body)))
    }
}

/// The index of due moments.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    by_due: BTreeSet<(Timestamp, Sleeper)>,
    due: FxHashMap<Sleeper, Timestamp>,
}

impl Timers {
    /// Sets, moves or (`None`) removes a timer.
    pub(crate) fn set(&mut self, sleeper: Sleeper, due: Option<Timestamp>) {
        let before = match due {
            Some(due) => self.due.insert(sleeper, due),
            None => self.due.remove(&sleeper),
        };
        if before == due {
            return;
        }
        if let Some(before) = before {
            self.by_due.remove(&(before, sleeper));
        }
        if let Some(due) = due {
            self.by_due.insert((due, sleeper));
        }
    }

    /// Follows a commit.
    pub(crate) fn apply(&mut self, changes: &ChangeSet) {
        for run in &changes.runs {
            self.set(Sleeper::Run(run.key), run.due);
        }
        for (person, profile) in &changes.profiles {
            let due = profile.as_ref().and_then(|profile| profile.due);
            self.set(Sleeper::Person(*person), due);
        }
    }

    /// Up to `limit` of what is due at `now`, the longest waiting first.
    pub(crate) fn due_at(&self, now: Timestamp, limit: usize) -> Vec<Sleeper> {
        let due = self.by_due.iter().take_while(|(due, _)| *due <= now);
        due.take(limit).map(|(_, sleeper)| *sleeper).collect()
    }

    /// When the next is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.by_due.first().map(|(due, _)| *due)
    }

    /// How many there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.due.len()
    }

    /// Reads all timers of a store.
    pub(crate) fn fill(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = store.due_runs(after, Timestamp::MAX, PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            for (due, run) in page {
                self.set(Sleeper::Run(run), Some(due));
            }
        }
        let mut after = None;
        loop {
            let page = store.due_profiles(after, Timestamp::MAX, PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            for (due, person) in page {
                self.set(Sleeper::Person(person), Some(due));
            }
        }
        Ok(())
    }
}

/// Wakes what is due in a workspace. Cloning is cheap.
#[derive(Clone)]
pub struct Timekeeper {
    workspace: Workspace,
    stopping: Arc<AtomicBool>,
}

impl Timekeeper {
    /// A timekeeper of a workspace.
    pub fn new(workspace: Workspace) -> Self {
        Self {
            workspace,
            stopping: Arc::default(),
        }
    }

    /// Wakes until it is told to stop or dropped.
    pub async fn run(self) {
        while !self.stopping.load(Ordering::Relaxed) {
            let now = self.workspace.now();
            let again = match self.wake(now).await {
                Ok(woken) if woken > 0 => Some(now),
                Ok(_) => self.workspace.timers().next(),
                Err(SubmitError::Stopped) => return,
                Err(error) => {
                    tracing::warn!(%error, "timers could not be fired");
                    Some(now.plus_millis(SECOND_MS))
                }
            };
            self.wait(again).await;
        }
    }

    /// Wakes nothing more: [`Timekeeper::run`] ends.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.workspace.shared.timers_changed.notify_one();
    }

    async fn wait(&self, again: Option<Timestamp>) {
        let news = self.workspace.shared.timers_changed.notified();
        let Some(again) = again else {
            news.await;
            return;
        };
        let pause = again.since(self.workspace.now());
        if let Ok(pause @ 1..) = u64::try_from(pause) {
            // Whichever comes first.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(pause), news).await;
        }
    }

    /// Wakes everything that is due at `now` and what becomes due by that. Returns when the next is due.
    /// For clocks that are moved by hand: simulations, QA, tests.
    ///
    /// # Errors
    /// When the store cannot take inputs now.
    pub async fn drain(&self, now: Timestamp) -> Result<Option<Timestamp>, SubmitError> {
        while self.wake(now).await? > 0 {}
        Ok(self.workspace.timers().next())
    }

    /// Wakes some of what is due; returns how many that were.
    async fn wake(&self, now: Timestamp) -> Result<usize, SubmitError> {
        let due = self.workspace.timers().due_at(now, BATCHES * BATCH);
        let batches = due.chunks(BATCH).map(|batch| {
            let inputs = batch.iter().map(|sleeper| sleeper.wake());
            self.workspace.submit_patiently(inputs.collect())
        });
        futures_util::future::try_join_all(batches).await?;
        Ok(due.len())
    }
}
