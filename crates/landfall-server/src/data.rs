//! The data folder: what lies where, who may read it, and that only one server uses it.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use landfall_engine::directory::{DirectoryFile, HeldFile, WorkspaceRecord, write_private};
use landfall_engine::seal::{MASTER_KEY_BYTES, MasterKey};

/// A data folder.
pub(crate) struct DataFolder {
    path: PathBuf,
}

impl DataFolder {
    /// At `path`; the folder is made when it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path.join("workspaces"))
            .with_context(|| format!("cannot make the data folder {}", path.display()))?;
        restrict(path)?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// The directory of workspaces and keys.
    pub(crate) fn directory_path(&self) -> PathBuf {
        self.path.join("landfall.json")
    }

    /// What the directory file says.
    pub(crate) fn directory(&self) -> Result<DirectoryFile> {
        Ok(DirectoryFile::read(&self.directory_path())?)
    }

    /// The same, held for a change: nobody else changes it meanwhile.
    pub(crate) fn held_directory(&self) -> Result<HeldFile> {
        Ok(DirectoryFile::hold(&self.directory_path())?)
    }

    /// A workspace's database file.
    pub(crate) fn database(&self, workspace: &WorkspaceRecord) -> PathBuf {
        self.path
            .join("workspaces")
            .join(format!("{}.db", workspace.id))
    }

    /// A workspace's board snapshot: a cache that may be deleted.
    pub(crate) fn snapshot(&self, workspace: &WorkspaceRecord) -> PathBuf {
        self.path
            .join("workspaces")
            .join(format!("{}.board", workspace.id))
    }

    /// Where a workspace's exported files go.
    pub(crate) fn exports(&self) -> PathBuf {
        self.path.join("exports")
    }

    /// The key that seals secrets; made at first use.
    pub(crate) fn master_key(&self) -> Result<MasterKey> {
        let path = self.path.join("master.key");
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = vec![0; MASTER_KEY_BYTES];
                aws_lc_rs::rand::fill(&mut bytes)
                    .ok()
                    .context("the machine gives no randomness")?;
                write_private(&path, &bytes)
                    .with_context(|| format!("cannot write {}", path.display()))?;
                bytes
            }
            Err(error) => return Err(error).context(format!("cannot read {}", path.display())),
        };
        MasterKey::new(&bytes).with_context(|| format!("{} is not a master key", path.display()))
    }

    /// Takes the folder for one server; held until the file is dropped.
    pub(crate) fn lock(&self) -> Result<File> {
        let path = self.path.join("lock");
        let file =
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => bail!(
                "another landfall serves {} already: stop it first, or choose another --data",
                self.path.display()
            ),
            Err(std::fs::TryLockError::Error(error)) => {
                Err(error).context(format!("cannot lock {}", path.display()))
            }
        }
    }
}

/// The data folder is for its owner only.
fn restrict(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        let only_owner = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(path, only_owner)
            .with_context(|| format!("cannot restrict {} to its owner", path.display()))?;
    }
    Ok(())
}
