//! Reporting webhooks out: every change of the deliveries that Landfall sends, posted to whoever
//! subscribed, in Customer.io's form (reporting-webhooks.md).
//!
//! [`Reporting`] is what the APIs use: webhooks, dead letters, test and replay. A [`Reporter`] serves one
//! workspace: it follows the ledger for each webhook and posts. A webhook's cursor moves only over facts
//! that are dealt with, so a restart repeats some events, with the ids that they had
//! (`event_id.rs`), and leaves none out.
//!
//! Where several nodes share a store, each of them posts: receivers get events twice, with one id.

mod dead_letter;
mod error;
mod event_id;
mod follower;
mod lanes;
mod names;
mod page;
mod payload;
mod poster;
mod replay;
mod reporter;
#[cfg(test)]
mod tests;
mod webhook;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use landfall_domain::time::Timestamp;
use landfall_send::webhook::{ReportPoster, check_endpoint};
use landfall_store::{Document, DocumentKind, Store, StoreError};
use tokio::sync::Notify;

pub use dead_letter::DeadLetter;
pub use error::ReportingError;
pub use lanes::Cause;
pub use names::all as event_names;
pub use poster::{Poster, Posting};
pub use replay::Replayed;
pub use reporter::Reporter;
pub use webhook::{Settings, Webhook};

use crate::credentials::Network;
use crate::directory::Directory;
use crate::random::Random;
use crate::seal::hex;
use crate::workspace::Workspace;

/// Length of a signing key in bytes, before it is written in hexadecimal digits.
const KEY_BYTES: usize = 32;

/// Webhooks of all workspaces. Cheap to clone.
#[derive(Clone)]
pub struct Reporting {
    inner: Arc<Inner>,
}

struct Inner {
    directory: Directory,
    network: Network,
    random: Arc<dyn Random>,
    poster: OnceLock<Arc<dyn Poster>>,
    /// Documents are changed by reading, changing and writing them: one after the other.
    changing: Mutex<()>,
    edits: AtomicU64,
    edited: Notify,
    progress: Mutex<BTreeMap<(String, u32), Progress>>,
}

/// How a webhook is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Events that wait or are being posted.
    pub waiting: usize,
    /// Until when the endpoint is left alone, because it took nothing of anybody.
    pub paused_until: Option<Timestamp>,
    /// What was wrong when it refused last, until it takes something again.
    pub problem: Option<String>,
}

impl Reporting {
    /// Over the workspaces of a directory.
    pub fn new(directory: Directory, network: Network, random: Arc<dyn Random>) -> Self {
        Self {
            inner: Arc::new(Inner {
                directory,
                network,
                random,
                poster: OnceLock::new(),
                changing: Mutex::default(),
                edits: AtomicU64::new(0),
                edited: Notify::new(),
                progress: Mutex::default(),
            }),
        }
    }

    /// The same, posting by other means than the network.
    #[must_use]
    pub fn posting_by(self, poster: Arc<dyn Poster>) -> Self {
        self.inner.poster.get_or_init(|| poster);
        self
    }

    fn poster(&self) -> Result<Arc<dyn Poster>, ReportingError> {
        if let Some(poster) = self.inner.poster.get() {
            return Ok(Arc::clone(poster));
        }
        let made = Arc::new(ReportPoster::new(&self.inner.network)?);
        Ok(Arc::clone(self.inner.poster.get_or_init(|| made)))
    }

    /// All webhooks of a workspace, by number. Blocking, as everything here that is not `async`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn list(&self, workspace: &Workspace) -> Result<Vec<(u32, Webhook)>, ReportingError> {
        let documents = workspace
            .store()
            .documents(DocumentKind::ReportingWebhook)?;
        let webhooks = documents.iter().map(read).collect::<Result<_, _>>()?;
        Ok(webhooks)
    }

    /// One webhook.
    ///
    /// # Errors
    /// [`ReportingError::Missing`], or when the store cannot be read.
    pub fn get(&self, workspace: &Workspace, id: u32) -> Result<Webhook, ReportingError> {
        one(workspace.store().as_ref(), id)
    }

    /// Makes a webhook that is told of everything from now on. Returns its number and its signing key,
    /// which is not shown again.
    ///
    /// # Errors
    /// Which setting is wrong; or when the store cannot be written.
    pub fn create(
        &self,
        workspace: &Workspace,
        settings: Settings,
    ) -> Result<(u32, Webhook, String), ReportingError> {
        let settings = self.checked(settings)?;
        let (key, sealed_key) = self.fresh_key(workspace)?;
        let now = workspace.now();
        let webhook = Webhook {
            settings,
            sealed_key,
            cursor: workspace.store().start()?.last_fact,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let body = text(&webhook)?;
        let kind = DocumentKind::ReportingWebhook;
        let id = workspace.store().insert_document(kind, &body)?;
        self.note_edit();
        Ok((id, webhook, key))
    }

    /// Changes what `change` changes. What waits is posted by the new settings; a webhook that was off
    /// begins with what happens from now on.
    ///
    /// # Errors
    /// As [`Self::get`] and [`Self::create`].
    pub fn update(
        &self,
        workspace: &Workspace,
        id: u32,
        change: impl FnOnce(&mut Settings),
    ) -> Result<Webhook, ReportingError> {
        self.change(workspace, id, |webhook| {
            let was_off = webhook.settings.disabled;
            let mut settings = webhook.settings.clone();
            change(&mut settings);
            webhook.settings = self.checked(settings)?;
            if was_off && !webhook.settings.disabled {
                webhook.cursor = workspace.store().start()?.last_fact;
            }
            Ok(())
        })
    }

    /// Gives a webhook another signing key, and returns it. Requests are signed with it from now on.
    ///
    /// # Errors
    /// As [`Self::get`], or when the machine gives no randomness.
    pub fn renew_key(&self, workspace: &Workspace, id: u32) -> Result<String, ReportingError> {
        let (key, sealed) = self.fresh_key(workspace)?;
        self.change(workspace, id, |webhook| {
            webhook.sealed_key = sealed;
            Ok(())
        })?;
        Ok(key)
    }

    /// Deletes a webhook and its dead letters.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn delete(&self, workspace: &Workspace, id: u32) -> Result<(), ReportingError> {
        let deleted = {
            let _changing = self.changing();
            let store = workspace.store();
            store.delete_document(DocumentKind::ReportingWebhook, id)?
        };
        if !deleted {
            return Err(missing_webhook(id));
        }
        for (letter, _) in letters(workspace.store().as_ref(), id)? {
            let store = workspace.store();
            store.delete_document(DocumentKind::DeadLetter, letter)?;
        }
        self.note_edit();
        Ok(())
    }

    /// Dead letters of a webhook with their numbers, oldest first.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn dead_letters(
        &self,
        workspace: &Workspace,
        id: u32,
    ) -> Result<Vec<(u32, DeadLetter)>, ReportingError> {
        self.get(workspace, id)?;
        Ok(letters(workspace.store().as_ref(), id)?)
    }

    /// Throws a dead letter away.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn discard(
        &self,
        workspace: &Workspace,
        id: u32,
        letter: u32,
    ) -> Result<(), ReportingError> {
        let store = workspace.store().as_ref();
        one_letter(store, id, letter)?;
        store.delete_document(DocumentKind::DeadLetter, letter)?;
        self.note_edit();
        Ok(())
    }

    /// How a webhook is doing; nothing when nobody posts here.
    pub fn progress(&self, workspace: &Workspace, id: u32) -> Progress {
        let progress = self.inner.progress.lock();
        let progress = progress.unwrap_or_else(PoisonError::into_inner);
        let found = progress.get(&(workspace.id().to_owned(), id));
        found.cloned().unwrap_or_default()
    }

    fn note_progress(&self, workspace: &Workspace, id: u32, now: Option<Progress>) {
        let progress = self.inner.progress.lock();
        let mut progress = progress.unwrap_or_else(PoisonError::into_inner);
        let key = (workspace.id().to_owned(), id);
        match now {
            Some(now) => progress.insert(key, now),
            None => progress.remove(&key),
        };
    }

    /// Moves a webhook's cursor forward. What is done is done, whatever was changed meanwhile.
    fn save_cursor(
        &self,
        workspace: &Workspace,
        id: u32,
        cursor: u64,
    ) -> Result<(), ReportingError> {
        let _changing = self.changing();
        let store = workspace.store();
        let mut webhook = one(store.as_ref(), id)?;
        if webhook.cursor < cursor {
            webhook.cursor = cursor;
            store.replace_document(DocumentKind::ReportingWebhook, id, &text(&webhook)?)?;
        }
        Ok(())
    }

    fn change(
        &self,
        workspace: &Workspace,
        id: u32,
        change: impl FnOnce(&mut Webhook) -> Result<(), ReportingError>,
    ) -> Result<Webhook, ReportingError> {
        let webhook = {
            let _changing = self.changing();
            let store = workspace.store();
            let mut webhook = one(store.as_ref(), id)?;
            change(&mut webhook)?;
            webhook.version += 1;
            webhook.updated_at = workspace.now();
            store.replace_document(DocumentKind::ReportingWebhook, id, &text(&webhook)?)?;
            webhook
        };
        self.note_edit();
        Ok(webhook)
    }

    fn checked(&self, settings: Settings) -> Result<Settings, ReportingError> {
        let settings = settings.checked()?;
        check_endpoint(&settings.endpoint, &self.inner.network).map_err(|problem| {
            ReportingError::Invalid {
                field: "endpoint",
                problem,
            }
        })?;
        Ok(settings)
    }

    fn fresh_key(&self, workspace: &Workspace) -> Result<(String, String), ReportingError> {
        let mut bytes = [0; KEY_BYTES];
        self.inner.random.fill(&mut bytes);
        let key = hex(&bytes);
        let sealed = self.inner.directory.seal(&context(workspace), &key)?;
        Ok((key, sealed))
    }

    fn key_of(&self, workspace: &Workspace, webhook: &Webhook) -> Result<String, ReportingError> {
        let directory = &self.inner.directory;
        Ok(directory.unseal(&context(workspace), &webhook.sealed_key)?)
    }

    fn changing(&self) -> std::sync::MutexGuard<'_, ()> {
        let changing = self.inner.changing.lock();
        changing.unwrap_or_else(PoisonError::into_inner)
    }

    fn note_edit(&self) {
        self.inner.edits.fetch_add(1, Ordering::SeqCst);
        self.inner.edited.notify_waiters();
    }

    fn edits(&self) -> u64 {
        self.inner.edits.load(Ordering::SeqCst)
    }
}

/// The place that a signing key is sealed for.
fn context(workspace: &Workspace) -> String {
    format!("reporting_webhook:{}", workspace.id())
}

fn read(document: &Document) -> Result<(u32, Webhook), StoreError> {
    let webhook = serde_json::from_str(&document.body)
        .map_err(|error| StoreError::corrupt("document", document.id, error))?;
    Ok((document.id, webhook))
}

fn text(webhook: &Webhook) -> Result<String, StoreError> {
    serde_json::to_string(webhook).map_err(|error| StoreError::corrupt("document", "new", error))
}

fn one(store: &dyn Store, id: u32) -> Result<Webhook, ReportingError> {
    let document = store.document(DocumentKind::ReportingWebhook, id)?;
    let document = document.ok_or_else(|| missing_webhook(id))?;
    Ok(read(&document)?.1)
}

const fn missing_webhook(id: u32) -> ReportingError {
    ReportingError::Missing {
        what: "reporting webhook",
        id,
    }
}

fn letters(store: &dyn Store, webhook: u32) -> Result<Vec<(u32, DeadLetter)>, StoreError> {
    let mut letters = Vec::new();
    for document in store.documents(DocumentKind::DeadLetter)? {
        let letter = DeadLetter::read(&document)?;
        if letter.webhook == webhook {
            letters.push((document.id, letter));
        }
    }
    Ok(letters)
}

fn one_letter(store: &dyn Store, id: u32, letter: u32) -> Result<DeadLetter, ReportingError> {
    let document = store.document(DocumentKind::DeadLetter, letter)?;
    let found = document.as_ref().map(DeadLetter::read).transpose()?;
    found
        .filter(|found| found.webhook == id)
        .ok_or(ReportingError::Missing {
            what: "dead letter",
            id: letter,
        })
}
