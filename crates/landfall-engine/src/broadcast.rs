//! Broadcasts: one trigger becomes a message for each of many people, a page at a time.
//!
//! A trigger is a document: whom it goes to, and how far it is. Pages are turned only while little is
//! waiting to be sent, so that a broadcast to a million people takes no more memory than one to a
//! thousand. Ids of deliveries follow from trigger and person: a page that is turned twice, as after a
//! crash, makes nothing twice.

mod audience;
mod expand;
mod file;
#[cfg(test)]
mod tests;
mod trigger;

use std::sync::Arc;
use std::time::Duration;

use landfall_domain::time::Timestamp;
use landfall_domain::work::Urgency;
use landfall_send::Network;
use landfall_store::{DocumentKind, StoreError};

use crate::intake::SubmitError;
use crate::workspace::Workspace;

pub use audience::{Audience, PersonalData};
pub use trigger::{Progress, Trigger, TriggerState};

/// Messages of broadcasts that may wait before the next page is turned.
const WAITING_MAX: usize = 20_000;
/// People looked at, or recipients taken, in one page.
const PAGE: usize = 2_000;
/// Pause before a page is turned again when too much is waiting.
const FULL: Duration = Duration::from_millis(200);
/// Pause between looks for triggers that other nodes took.
const IDLE: Duration = Duration::from_secs(5);
/// Most triggers of one broadcast that wait or run (app-api.md 6.1).
pub const QUEUED_MAX: usize = 5;

/// Why a trigger was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TriggerError {
    /// Too many triggers of this broadcast wait already.
    #[error(
        "{QUEUED_MAX} triggers of this broadcast are waiting already: try again when one is done"
    )]
    TooMany,
    /// The store cannot be used now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What one round came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// Pages were turned.
    Pages,
    /// Too much is waiting to be sent.
    Full,
    /// There is no trigger that is not done.
    Nothing,
}

/// Turns the pages of a workspace's triggers. Cloning is cheap.
#[derive(Clone)]
pub struct Broadcaster {
    workspace: Workspace,
    network: Network,
    wake: Arc<tokio::sync::Notify>,
}

impl Broadcaster {
    /// Of a workspace; files of audiences are fetched over this network.
    pub fn new(workspace: Workspace, network: Network) -> Self {
        let wake = Arc::clone(&workspace.shared.triggered);
        Self {
            workspace,
            network,
            wake,
        }
    }

    /// Turns pages until it is dropped.
    pub async fn run(self) {
        loop {
            let pause = match self.turn(self.workspace.now()).await {
                Ok(Turned::Pages) => continue,
                Ok(Turned::Full) => FULL,
                Ok(Turned::Nothing) => IDLE,
                Err(SubmitError::Stopped) => return,
                Err(error) => {
                    tracing::warn!(%error, "a broadcast could not go on: trying again");
                    FULL
                }
            };
            // Whichever comes first.
            let _ = tokio::time::timeout(pause, self.wake.notified()).await;
        }
    }

    /// Turns one page of each trigger that is not done, if there is room.
    ///
    /// # Errors
    /// When the store cannot be used now; the page is turned again later.
    pub async fn turn(&self, now: Timestamp) -> Result<Turned, SubmitError> {
        let mut turned = Turned::Nothing;
        for (document, mut trigger) in self.open().await? {
            if self.is_full() {
                return Ok(Turned::Full);
            }
            if let Audience::File { .. } = trigger.audience {
                let split = file::split(&self.workspace, &mut trigger, &self.network, now);
                split.await?;
            } else {
                expand::page(&self.workspace, &mut trigger, now).await?;
            }
            self.keep(document, &trigger).await?;
            turned = Turned::Pages;
        }
        Ok(turned)
    }

    fn is_full(&self) -> bool {
        let backlog = self.workspace.backlog();
        let waiting = backlog.waiting.iter();
        let waiting = waiting.filter(|(lane, _)| lane.urgency == Urgency::Broadcast);
        waiting.map(|(_, count)| count).sum::<usize>() >= WAITING_MAX
    }

    async fn open(&self) -> Result<Vec<(u32, Trigger)>, StoreError> {
        let all = self.workspace.triggers().await?;
        let open = all.into_iter();
        Ok(open.filter(|(_, trigger)| trigger.is_open()).collect())
    }

    async fn keep(&self, document: u32, trigger: &Trigger) -> Result<(), StoreError> {
        let body = trigger.body()?;
        let kept = self
            .workspace
            .read(move |store| store.replace_document(DocumentKind::Trigger, document, &body));
        kept.await.map(drop)
    }
}

impl Workspace {
    /// Takes a trigger of a broadcast and returns its number. Its messages follow in the background.
    ///
    /// # Errors
    /// When too many wait, or the store cannot be written.
    pub async fn trigger(&self, trigger: Trigger) -> Result<u32, TriggerError> {
        let open = self.triggers().await?;
        let queued = open
            .iter()
            .filter(|(_, known)| known.is_open() && known.broadcast == trigger.broadcast);
        if queued.count() >= QUEUED_MAX {
            return Err(TriggerError::TooMany);
        }
        let body = trigger.body()?;
        let stored = self.read(move |store| store.insert_document(DocumentKind::Trigger, &body));
        let number = stored.await?;
        self.shared.triggered.notify_one();
        Ok(number)
    }

    /// All triggers, by number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn triggers(&self) -> Result<Vec<(u32, Trigger)>, StoreError> {
        self.read(|store| {
            let documents = store.documents(DocumentKind::Trigger)?;
            documents
                .into_iter()
                .map(|document| {
                    let trigger = serde_json::from_str(&document.body)
                        .map_err(|error| StoreError::corrupt("document", document.id, error))?;
                    Ok((
                        document.id,
                        Trigger {
                            number: document.id,
                            ..trigger
                        },
                    ))
                })
                .collect()
        })
        .await
    }
}
