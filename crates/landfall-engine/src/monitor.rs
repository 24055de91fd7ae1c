//! The monitor: looks at every journey all the time, opens incidents, and tells the people who own them.
//!
//! Every quarter of an hour it counts the buckets that have settled since ([`counts`]), gives them to the
//! watch of [`landfall_insight::alerts`], judges the rules of the workspace and the credentials, and lets the
//! desk decide what is new, worse, back or over. What is told has a verdict ([`explain`]) and goes to the owner
//! of the journey and to the channels ([`post`]). Time is an argument: the loop takes the workspace's clock,
//! simulations call [`Monitor::look`] with a time of their own.
//!
//! Where several nodes share a store, run the monitor on one of them: it keeps what it knows in memory and
//! only writes it to the store.

mod book;
mod channels;
pub mod counts;
mod explain;
mod incidents;
mod post;
mod rehearse;
mod rules;
pub mod slice;
mod step;
#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use landfall_board::QueryError;
use landfall_domain::time::Timestamp;
use landfall_insight::alerts::Tell;
use landfall_send::Network;
use landfall_store::{Store, StoreError};

pub(crate) use book::Book;
pub use book::{Case, Channel, Particulars, Post, PostState, StoredRule};
pub use channels::{ChannelError, Owner};
pub use incidents::{IncidentError, Moment, Overview};
pub use post::Test;
pub use rehearse::{Said, rehearse};
pub use rules::{RuleError, RuleState, RuleView, Trial};

use crate::dispatch::carriers::Carriers;
use crate::links::Links;
use crate::random::Random;
use crate::workspace::{Rebuild, Workspace};

/// Pause between two looks. Buckets are looked at once, however often that is.
const PAUSE: Duration = Duration::from_secs(30);

/// The same while the board is behind.
const SOON: Duration = Duration::from_secs(1);

/// Why the monitor could not look.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The board refused a question.
    #[error(transparent)]
    Query(#[from] QueryError),
}

/// What came of a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// What was told of incidents.
    pub told: Vec<Tell>,
    /// Messages that were handed over and taken.
    pub sent: usize,
}

/// Watches one workspace. Cloning is cheap.
#[derive(Clone)]
pub struct Monitor {
    workspace: Workspace,
    carriers: Carriers,
    network: Network,
    random: Arc<dyn Random>,
    links: Option<Links>,
}

impl Monitor {
    /// Over a workspace; messages about incidents go out by its credentials.
    pub fn new(
        workspace: Workspace,
        carriers: Carriers,
        network: Network,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            workspace,
            carriers,
            network,
            random,
            links: None,
        }
    }

    /// The same, with links to this server in its messages.
    #[must_use]
    pub fn linking(self, links: Option<Links>) -> Self {
        Self { links, ..self }
    }

    /// Looks at everything that has settled up to `now`, and sends what is due. Each bucket is looked at once,
    /// so it may be called as often as one likes; while the board is behind the store nothing is looked at.
    ///
    /// # Errors
    /// When the store cannot be used. The next look begins where this one did.
    pub async fn look(&self, now: Timestamp) -> Result<Looked, MonitorError> {
        let mut told = Vec::new();
        if self.workspace.rebuild() == Rebuild::Done {
            let (workspace, standings) = (self.workspace.clone(), self.standings());
            let link = self.links.clone();
            let looked = self.workspace.with_book(move |book, store| {
                let (board, catalogue) = (workspace.board().view(), workspace.catalogue());
                let sight = step::Sight {
                    board: &board,
                    catalogue: &catalogue,
                    store,
                    standings: &standings,
                    links: link.as_ref(),
                    now,
                };
                step::step(book, sight)
            });
            told = looked.await?;
        }
        let sent = self.send_due(now).await?;
        Ok(Looked { told, sent })
    }

    /// Looks for as long as the runtime runs.
    pub async fn run(self) {
        let mut complained = false;
        loop {
            let pause = match self.workspace.rebuild() {
                Rebuild::Running { .. } => SOON,
                Rebuild::Done | Rebuild::Failed => PAUSE,
            };
            match self.look(self.workspace.now()).await {
                Ok(_) => complained = false,
                Err(error) if !complained => {
                    complained = true;
                    tracing::warn!(workspace = self.workspace.name(), %error, "the monitor could not look");
                }
                Err(_) => {}
            }
            // A new rule is judged at once.
            let changed = self.workspace.shared.monitor_changed.notified();
            let _ = tokio::time::timeout(pause, changed).await;
        }
    }
}

impl Workspace {
    /// Works on what the monitor keeps, on a blocking thread, one at a time.
    pub(crate) async fn with_book<T, E>(
        &self,
        work: impl FnOnce(&mut Book, &dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (shared, store) = (Arc::clone(&self.shared.monitor), Arc::clone(self.store()));
        let worked = tokio::task::spawn_blocking(move || {
            let mut book = shared.lock().unwrap_or_else(PoisonError::into_inner);
            book.read(store.as_ref())?;
            work(&mut book, store.as_ref())
        });
        worked.await.map_err(StoreError::unavailable)?
    }
}

/// Threads for one question to the board: the monitor leaves the others to people who wait.
const THREADS: usize = 1;
