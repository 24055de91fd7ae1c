//! Which keys open which workspace, where webhooks may come from, and what is sent with.
//!
//! Kept in one small JSON file (`landfall.json`) that is replaced atomically. Keys are stored as
//! hashes, signing keys and credentials are sealed ([`crate::seal`]).

mod credentials;
mod file;
mod record;
mod users;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::watch;

pub use file::{DirectoryError, DirectoryFile, HeldFile, write_private};
pub use record::{KeyKind, KeyRecord, Role, User, WorkspaceRecord};
pub use users::Caller;

use crate::seal::{MasterKey, SealError, key_hash};
use crate::workspace::Workspace;

/// A place that webhooks come from.
#[derive(Clone)]
pub struct WebhookSource {
    /// The workspace that it feeds.
    pub workspace: Workspace,
    /// The key that its requests are signed with.
    pub signing_key: String,
}

/// Looks keys up. Cheap to clone; follows changes of the file that are made through it, and takes
/// others when it is told to look ([`Self::reread`]).
#[derive(Clone)]
pub struct Directory {
    inner: Arc<RwLock<Lookup>>,
    path: PathBuf,
    master: Arc<MasterKey>,
    /// Held while the file is changed: one change after the other.
    changing: Arc<Mutex<()>>,
    /// How often what is known here has changed.
    changes: Arc<watch::Sender<u64>>,
}

#[derive(Default)]
struct Lookup {
    file: DirectoryFile,
    open: Vec<Workspace>,
    /// By kind, hash and, for Track keys, site id.
    by_key: BTreeMap<(KeyKind, String, Option<String>), Caller>,
    sources: BTreeMap<String, WebhookSource>,
}

impl Directory {
    /// Over a file and the opened workspaces, which go by the ids in it. Keys and sources of a
    /// workspace that is not open lead nowhere.
    ///
    /// # Errors
    /// When a signing key cannot be opened.
    pub fn new(
        path: PathBuf,
        file: DirectoryFile,
        open: Vec<Workspace>,
        master: MasterKey,
    ) -> Result<Self, DirectoryError> {
        let directory = Self {
            inner: Arc::default(),
            path,
            master: Arc::new(master),
            changing: Arc::default(),
            changes: Arc::new(watch::Sender::new(0)),
        };
        directory.index(file, open)?;
        Ok(directory)
    }

    fn index(&self, file: DirectoryFile, open: Vec<Workspace>) -> Result<(), DirectoryError> {
        let mut lookup = Lookup {
            file,
            open,
            ..Lookup::default()
        };
        for record in &lookup.file.workspaces {
            let opened = lookup.open.iter().find(|open| open.id() == record.id);
            let Some(workspace) = opened else {
                continue;
            };
            for key in &record.keys {
                let site_id = key.site_id.clone().filter(|_| key.kind == KeyKind::Track);
                let by = (key.kind, key.hash.clone(), site_id);
                let caller = Caller {
                    workspace: workspace.clone(),
                    key: key.id,
                    user: key.user.clone(),
                };
                lookup.by_key.insert(by, caller);
            }
            for (name, sealed) in &record.sources {
                let signing_key = self.master.open(&source_context(name), sealed)?;
                let source = WebhookSource {
                    workspace: workspace.clone(),
                    signing_key,
                };
                lookup.sources.insert(name.clone(), source);
            }
        }
        *self.inner.write().unwrap_or_else(PoisonError::into_inner) = lookup;
        self.changes.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Takes what was changed in the file beside the server: keys and sources that were added, changed
    /// or removed. Workspaces that were not open at the start stay closed. Returns whether there was
    /// a change.
    ///
    /// # Errors
    /// When the file cannot be read, or a signing key in it cannot be opened; what was known before
    /// stays in force then.
    pub fn reread(&self) -> Result<bool, DirectoryError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let file = DirectoryFile::read(&self.path)?;
        let open = {
            let lookup = self.inner.read().unwrap_or_else(PoisonError::into_inner);
            if lookup.file == file {
                return Ok(false);
            }
            lookup.open.clone()
        };
        self.index(file, open)?;
        Ok(true)
    }

    fn find(&self, kind: KeyKind, key: &str, site_id: Option<&str>) -> Option<Caller> {
        let lookup = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let by = (kind, key_hash(key), site_id.map(str::to_owned));
        lookup.by_key.get(&by).cloned()
    }

    /// The workspace of a site id and its Track API key.
    pub fn track(&self, site_id: &str, key: &str) -> Option<Workspace> {
        let found = self.find(KeyKind::Track, key, Some(site_id));
        found.map(|caller| caller.workspace)
    }

    /// Who calls with an App API key.
    pub fn app(&self, key: &str) -> Option<Caller> {
        self.find(KeyKind::App, key, None)
    }

    /// The workspace of a Pipelines write key.
    pub fn write(&self, key: &str) -> Option<Workspace> {
        let found = self.find(KeyKind::Write, key, None);
        found.map(|caller| caller.workspace)
    }

    /// The webhook source of that name.
    pub fn source(&self, name: &str) -> Option<WebhookSource> {
        self.inner
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .sources
            .get(name)
            .cloned()
    }

    /// All open workspaces.
    pub fn workspaces(&self) -> Vec<Workspace> {
        self.inner
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .open
            .clone()
    }

    /// The stored records, keys as hashes: for listing.
    pub fn records(&self) -> Vec<WorkspaceRecord> {
        self.inner
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .file
            .workspaces
            .clone()
    }

    /// Adds a webhook source (or changes its key) for a workspace and stores it.
    ///
    /// # Errors
    /// When another workspace has a source of that name, or the file cannot be written.
    pub fn set_source(
        &self,
        workspace: &Workspace,
        name: &str,
        signing_key: &str,
    ) -> Result<(), DirectoryError> {
        let sealed = self.master.seal(&source_context(name), signing_key)?;
        self.change(|file| {
            let elsewhere = |record: &&WorkspaceRecord| {
                record.id != workspace.id() && record.sources.contains_key(name)
            };
            if file.workspaces.iter().find(elsewhere).is_some() {
                return Err(DirectoryError::Taken(name.to_owned()));
            }
            let record = own(file, workspace)?;
            record.sources.insert(name.to_owned(), sealed);
            Ok(())
        })
    }

    /// Changes the file and what is known of it, one change after the other. Nothing changes when
    /// `change` fails.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut DirectoryFile) -> Result<T, DirectoryError>,
    ) -> Result<T, DirectoryError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, open) = {
            let lookup = self.inner.read().unwrap_or_else(PoisonError::into_inner);
            (lookup.file.clone(), lookup.open.clone())
        };
        // What was changed on the command line meanwhile stays so.
        let mut held = DirectoryFile::hold(&self.path)?;
        if !self.path.exists() {
            *held = known;
        }
        let changed = change(&mut held)?;
        held.write()?;
        self.index(held.clone(), open)?;
        Ok(changed)
    }

    /// The key that seals and signs.
    pub(crate) fn master(&self) -> Arc<MasterKey> {
        Arc::clone(&self.master)
    }

    /// Seals a secret for a place, with the master key.
    pub(crate) fn seal(&self, context: &str, secret: &str) -> Result<String, SealError> {
        self.master.seal(context, secret)
    }

    /// Opens what [`Self::seal`] sealed for the place.
    pub(crate) fn unseal(&self, context: &str, sealed: &str) -> Result<String, SealError> {
        self.master.open(context, sealed)
    }

    /// Tells when something here was changed, by us or in the file.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

fn own<'f>(
    file: &'f mut DirectoryFile,
    workspace: &Workspace,
) -> Result<&'f mut WorkspaceRecord, DirectoryError> {
    let mut records = file.workspaces.iter_mut();
    records
        .find(|record| record.id == workspace.id())
        .ok_or_else(|| DirectoryError::Missing(workspace.name().to_owned()))
}

/// The place that a source's signing key is sealed for.
pub fn source_context(name: &str) -> String {
    format!("webhook_source:{name}")
}
