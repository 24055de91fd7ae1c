//! Posting the events of one workspace to all its webhooks.

use std::collections::BTreeMap;
use std::time::Duration;

use landfall_domain::time::Timestamp;
use tokio::sync::{broadcast, mpsc};

use super::error::ReportingError;
use super::follower::{Finished, Follower};
use super::{Reporting, letters};
use crate::workspace::Workspace;

/// How long commits gather before the ledger is read again.
const GATHER: Duration = Duration::from_millis(50);
/// How often the ledger is read where other nodes may write to it, and how long a pause is at most.
const LOOK: Duration = Duration::from_secs(2);
/// Pause after an error of the store.
const TROUBLE: Duration = Duration::from_secs(1);

/// Follows the ledger of a workspace and posts. It keeps nothing that would be missed.
pub struct Reporter {
    reporting: Reporting,
    workspace: Workspace,
    followers: BTreeMap<u32, Follower>,
    /// How many edits there had been when the webhooks were read.
    read_at: Option<u64>,
    finish: mpsc::UnboundedSender<Finished>,
    finished: mpsc::UnboundedReceiver<Finished>,
}

/// What happened.
enum News {
    Committed,
    Edited,
    Finished(Finished),
    Nothing,
}

impl Reporter {
    /// For one workspace.
    pub fn new(reporting: Reporting, workspace: Workspace) -> Self {
        let (finish, finished) = mpsc::unbounded_channel();
        Self {
            reporting,
            workspace,
            followers: BTreeMap::new(),
            read_at: None,
            finish,
            finished,
        }
    }

    /// Posts for as long as the runtime runs.
    pub async fn run(mut self) {
        let mut commits = None;
        loop {
            let again = match self.look().await {
                Ok(again) => again,
                Err(error) => {
                    tracing::warn!(workspace = self.workspace.name(), %error, "nothing is reported");
                    tokio::time::sleep(TROUBLE).await;
                    self.read_at = None;
                    continue;
                }
            };
            // Watching costs every commit a little: only where somebody is told.
            if self.followers.is_empty() {
                commits = None;
            } else if commits.is_none() {
                commits = Some(self.workspace.watch());
                self.note_news();
                continue;
            }
            match self.wait(&mut commits, again).await {
                News::Finished(finished) => self.take(finished).await,
                News::Committed => {
                    // An answer is not kept waiting for more commits.
                    let finished = tokio::time::timeout(GATHER, self.finished.recv()).await;
                    if let Ok(Some(finished)) = finished {
                        self.take(finished).await;
                    }
                    commits = Some(self.workspace.watch());
                    self.note_news();
                }
                News::Edited => {}
                News::Nothing if self.workspace.store().is_exclusive() => {}
                News::Nothing => self.note_news(),
            }
        }
    }

    async fn wait(
        &mut self,
        commits: &mut Option<
            broadcast::Receiver<std::sync::Arc<[landfall_domain::ids::DeliveryKey]>>,
        >,
        again: Option<Timestamp>,
    ) -> News {
        let reporting = self.reporting.clone();
        let edited = reporting.inner.edited.notified();
        if self.read_at != Some(self.reporting.edits()) {
            return News::Edited;
        }
        let pause = again.map(|again| again.since(self.workspace.now()).max(0));
        let pause = pause.and_then(|pause| u64::try_from(pause).ok());
        let pause = pause.map_or(LOOK, |pause| Duration::from_millis(pause).min(LOOK));
        let committed = async {
            match commits {
                // Falling behind is news, too.
                Some(commits) => drop(commits.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(finished) = self.finished.recv() => News::Finished(finished),
            () = edited => News::Edited,
            () = committed => News::Committed,
            () = tokio::time::sleep(pause) => News::Nothing,
        }
    }

    /// Looks once: takes edits and answers, reads on, posts whose turn it is. Returns when to look
    /// again, unless something happens before.
    ///
    /// # Errors
    /// When the store cannot be read, or the network's settings are of no use.
    pub async fn look(&mut self) -> Result<Option<Timestamp>, ReportingError> {
        while let Ok(finished) = self.finished.try_recv() {
            self.take(finished).await;
        }
        self.follow_edits().await?;
        let (reporting, workspace) = (self.reporting.clone(), self.workspace.clone());
        let mut next: Option<Timestamp> = None;
        for follower in self.followers.values_mut() {
            follower.read(&workspace).await?;
            follower.start(&reporting, &workspace, &self.finish)?;
            follower.save(&reporting, &workspace, false).await;
            reporting.note_progress(&workspace, follower.id, Some(follower.progress()));
            next = next.into_iter().chain(follower.next_at()).min();
        }
        Ok(next)
    }

    /// Does everything that can be done at the present moment, and returns when there is more to do. For
    /// clocks that are moved by hand: simulations, QA, tests.
    ///
    /// # Errors
    /// As [`Reporter::look`].
    pub async fn drain(&mut self) -> Result<Option<Timestamp>, ReportingError> {
        self.note_news();
        loop {
            let next = self.look().await?;
            let flying: usize = self.followers.values().map(Follower::in_flight).sum();
            if flying > 0 {
                if let Some(finished) = self.finished.recv().await {
                    self.take(finished).await;
                }
            } else if next.is_none_or(|next| next > self.workspace.now()) {
                return Ok(next);
            }
        }
    }

    fn note_news(&mut self) {
        self.followers.values_mut().for_each(Follower::note_news);
    }

    async fn take(&mut self, finished: Finished) {
        let (id, version) = finished.webhook;
        let random = self.reporting.inner.random.number();
        if let Some(follower) = self.followers.get_mut(&id)
            && follower.webhook.version == version
        {
            follower.take(finished, &self.workspace, random).await;
        }
    }

    /// Begins, changes and ends followers as the webhooks are now. Whoever was changed begins again at
    /// its cursor; what was being posted is posted again, with the same id.
    async fn follow_edits(&mut self) -> Result<(), ReportingError> {
        let edits = self.reporting.edits();
        if self.read_at == Some(edits) {
            return Ok(());
        }
        let (reporting, workspace) = (self.reporting.clone(), self.workspace.clone());
        for follower in self.followers.values_mut() {
            follower.save(&reporting, &workspace, true).await;
        }
        let read = move || {
            let store = workspace.store().as_ref();
            let mut found = Vec::new();
            for (id, webhook) in reporting.list(&workspace)? {
                let key = reporting.key_of(&workspace, &webhook)?;
                found.push((id, webhook, key, letters(store, id)?.len()));
            }
            Ok::<_, ReportingError>(found)
        };
        let read = tokio::task::spawn_blocking(read).await;
        let found = read.map_err(landfall_store::StoreError::unavailable)??;
        let mut before = std::mem::take(&mut self.followers);
        for (id, webhook, key, dead) in found {
            if webhook.settings.disabled {
                continue;
            }
            let same = before
                .remove(&id)
                .filter(|known| known.webhook.version == webhook.version);
            let follower = match same {
                Some(known) => known.with_dead(dead),
                None => Follower::new(id, webhook, &key, dead),
            };
            self.followers.insert(id, follower);
        }
        for id in before.into_keys() {
            self.reporting.note_progress(&self.workspace, id, None);
        }
        self.read_at = Some(edits);
        Ok(())
    }
}
