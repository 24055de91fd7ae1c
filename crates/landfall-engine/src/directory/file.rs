//! The file of the directory: read as a whole, replaced as a whole.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::WorkspaceRecord;
use crate::seal::SealError;

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryFile {
    /// All workspaces.
    pub workspaces: Vec<WorkspaceRecord>,
}

/// The file while nobody else changes it: the server and the command line each hold it from reading to
/// writing, so that neither writes over what the other has just written. Others can read it meanwhile.
#[derive(Debug)]
pub struct HeldFile {
    file: DirectoryFile,
    path: PathBuf,
    /// Lets go when it is dropped, also when the process ends.
    _lock: std::fs::File,
}

impl HeldFile {
    /// Replaces the file by what it is now.
    ///
    /// # Errors
    /// As [`DirectoryFile::write`].
    pub fn write(&self) -> Result<(), DirectoryError> {
        self.file.write(&self.path)
    }
}

impl Deref for HeldFile {
    type Target = DirectoryFile;

    fn deref(&self) -> &DirectoryFile {
        &self.file
    }
}

impl DerefMut for HeldFile {
    fn deref_mut(&mut self) -> &mut DirectoryFile {
        &mut self.file
    }
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

    /// Reads the file for a change; waits until nobody else is changing it. Blocking.
    ///
    /// # Errors
    /// As [`Self::read`], or when the lock beside the file cannot be taken.
    pub fn hold(path: &Path) -> Result<HeldFile, DirectoryError> {
        let beside = path.with_extension("json.lock");
        let failed = |error| DirectoryError::File {
            path: beside.clone(),
            error,
        };
        // The file itself is replaced at each change, so that a lock on it would be on a file of the past.
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let lock = options.open(&beside).map_err(failed)?;
        lock.lock().map_err(failed)?;
        Ok(HeldFile {
            file: Self::read(path)?,
            path: path.to_owned(),
            _lock: lock,
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
