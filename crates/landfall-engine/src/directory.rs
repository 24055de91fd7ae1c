//! Which keys open which workspace, and where webhooks may come from.
//!
//! Kept in one small JSON file (`landfall.json`) that is replaced atomically. Keys are stored as
//! hashes, signing keys are sealed ([`crate::seal`]).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use crate::seal::{MasterKey, SealError, key_hash};
use crate::workspace::Workspace;

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Track API: Basic authentication, user = site id, password = key.
    Track,
    /// App API and Landfall's own API: Bearer.
    App,
    /// Pipelines API: the write key of an app, which is public.
    Write,
}

/// One key, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Number, for listing and revoking.
    pub id: u32,
    /// What it may be used for.
    pub kind: KeyKind,
    /// Hash of the key.
    pub hash: String,
    /// Last four characters, so that people can tell keys apart.
    pub tail: String,
    /// The site id that goes with a Track key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_id: Option<String>,
    /// When it was made, in milliseconds since the epoch.
    pub created_ms: i64,
}

/// One workspace, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceRecord {
    /// Stable id: the name of its data file.
    pub id: String,
    /// Name given by the operator.
    pub name: String,
    /// Number that the App API shows as `environment_id`.
    pub number: u32,
    /// When it was made, in milliseconds since the epoch.
    pub created_ms: i64,
    /// Its keys.
    pub keys: Vec<KeyRecord>,
    /// Where its webhooks come from: name to sealed signing key.
    #[serde(default)]
    pub sources: BTreeMap<String, String>,
}

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryFile {
    /// All workspaces.
    pub workspaces: Vec<WorkspaceRecord>,
}

/// What can go wrong with the directory.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("{path} is damaged: {error}; put back a copy of it, or mend the place that is named")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: serde_json::Error,
    },
    /// A name is taken.
    #[error("`{0}` exists already: choose another name")]
    Taken(String),
    /// Nothing of that name.
    #[error("there is no `{0}`")]
    Missing(String),
    /// A secret cannot be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl DirectoryFile {
    /// Reads the file; an absent one is empty.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub fn read(path: &Path) -> Result<Self, DirectoryError> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => {
                return Err(DirectoryError::File {
                    path: path.to_owned(),
                    error,
                });
            }
        };
        serde_json::from_slice(&text).map_err(|error| DirectoryError::Damaged {
            path: path.to_owned(),
            error,
        })
    }

    /// Replaces the file: a reader sees the old one or the new one, also after a crash.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), DirectoryError> {
        let failed = |error| DirectoryError::File {
            path: path.to_owned(),
            error,
        };
        let text = serde_json::to_vec_pretty(self).map_err(|error| DirectoryError::Damaged {
            path: path.to_owned(),
            error,
        })?;
        let fresh = path.with_extension("json.new");
        write_private(&fresh, &text).map_err(failed)?;
        std::fs::rename(&fresh, path).map_err(failed)?;
        let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
        std::fs::File::open(folder.unwrap_or(Path::new(".")))
            .and_then(|folder| folder.sync_all())
            .map_err(failed)
    }

    /// The workspace of that name.
    pub fn workspace(&self, name: &str) -> Option<&WorkspaceRecord> {
        self.workspaces
            .iter()
            .find(|workspace| workspace.name == name)
    }

    /// The workspace of that name, to change it.
    pub fn workspace_mut(&mut self, name: &str) -> Option<&mut WorkspaceRecord> {
        self.workspaces
            .iter_mut()
            .find(|workspace| workspace.name == name)
    }
}

impl WorkspaceRecord {
    /// Adds a key and returns its number.
    pub fn add_key(&mut self, kind: KeyKind, site_id: Option<&str>, key: &str, now_ms: i64) -> u32 {
        let id = self.keys.iter().map(|key| key.id).max().unwrap_or(0) + 1;
        let shown = key.chars().count().saturating_sub(4);
        self.keys.push(KeyRecord {
            id,
            kind,
            hash: key_hash(key),
            tail: key.chars().skip(shown).collect(),
            site_id: site_id.map(str::to_owned),
            created_ms: now_ms,
        });
        id
    }
}

/// Writes a file that only its owner may read, and flushes it to disk.
///
/// # Errors
/// Whatever the file system says.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

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
}

#[derive(Default)]
struct Lookup {
    file: DirectoryFile,
    open: Vec<Workspace>,
    /// By kind, hash and, for Track keys, site id.
    by_key: BTreeMap<(KeyKind, String, Option<String>), Workspace>,
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
                lookup.by_key.insert(by, workspace.clone());
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

    fn find(&self, kind: KeyKind, key: &str, site_id: Option<&str>) -> Option<Workspace> {
        let lookup = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let by = (kind, key_hash(key), site_id.map(str::to_owned));
        lookup.by_key.get(&by).cloned()
    }

    /// The workspace of a site id and its Track API key.
    pub fn track(&self, site_id: &str, key: &str) -> Option<Workspace> {
        self.find(KeyKind::Track, key, Some(site_id))
    }

    /// The workspace of an App API key.
    pub fn app(&self, key: &str) -> Option<Workspace> {
        self.find(KeyKind::App, key, None)
    }

    /// The workspace of a Pipelines write key.
    pub fn write(&self, key: &str) -> Option<Workspace> {
        self.find(KeyKind::Write, key, None)
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
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, open) = {
            let lookup = self.inner.read().unwrap_or_else(PoisonError::into_inner);
            (lookup.file.clone(), lookup.open.clone())
        };
        // Keys that were added or revoked on the command line meanwhile stay so.
        let mut file = match self.path.exists() {
            true => DirectoryFile::read(&self.path)?,
            false => known,
        };
        let elsewhere = |record: &&WorkspaceRecord| {
            record.id != workspace.id() && record.sources.contains_key(name)
        };
        if file.workspaces.iter().find(elsewhere).is_some() {
            return Err(DirectoryError::Taken(name.to_owned()));
        }
        let record = file
            .workspaces
            .iter_mut()
            .find(|record| record.id == workspace.id())
            .ok_or_else(|| DirectoryError::Missing(workspace.name().to_owned()))?;
        record.sources.insert(name.to_owned(), sealed);
        file.write(&self.path)?;
        self.index(file, open)
    }
}

/// The place that a source's signing key is sealed for.
pub fn source_context(name: &str) -> String {
    format!("webhook_source:{name}")
}
