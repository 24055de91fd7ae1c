//! The part of the directory that holds what is sent with.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use landfall_domain::time::Timestamp;

use super::{Directory, DirectoryError, own};
use crate::credentials::{Credential, CredentialRecord, NewCredential};
use crate::workspace::Workspace;

impl Directory {
    /// The credentials of a workspace as they are stored, by name. Nothing in them is secret but what
    /// is sealed.
    pub fn credentials(&self, workspace: &Workspace) -> BTreeMap<String, CredentialRecord> {
        let lookup = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let mut records = lookup.file.workspaces.iter();
        let own = records.find(|record| record.id == workspace.id());
        own.map(|record| record.credentials.clone())
            .unwrap_or_default()
    }

    /// Adds a credential, or puts it in the place of the one of that name.
    ///
    /// # Errors
    /// When it cannot be sealed or the file cannot be written.
    pub fn set_credential(
        &self,
        workspace: &Workspace,
        name: &str,
        new: &NewCredential,
        now: Timestamp,
    ) -> Result<CredentialRecord, DirectoryError> {
        let record = new.seal(&self.master, workspace.id(), name, now)?;
        self.change(|file| {
            let own = own(file, workspace)?;
            own.credentials.insert(name.to_owned(), record.clone());
            Ok(record)
        })
    }

    /// Removes the credential of that name.
    ///
    /// # Errors
    /// [`DirectoryError::Missing`] when there is none, or when the file cannot be written.
    pub fn remove_credential(
        &self,
        workspace: &Workspace,
        name: &str,
    ) -> Result<(), DirectoryError> {
        self.change(|file| {
            let removed = own(file, workspace)?.credentials.remove(name);
            removed.map(drop).ok_or_else(|| missing(name))
        })
    }

    /// The credential itself.
    ///
    /// # Errors
    /// When it was sealed with another master key, or is damaged.
    pub fn open_credential(
        &self,
        workspace: &Workspace,
        name: &str,
        record: &CredentialRecord,
    ) -> Result<Credential, DirectoryError> {
        Ok(record.open(&self.master, workspace.id(), name)?)
    }
}

fn missing(name: &str) -> DirectoryError {
    DirectoryError::Missing(name.to_owned())
}
