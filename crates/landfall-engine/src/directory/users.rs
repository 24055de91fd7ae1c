//! Users: people with an app key of their own and a role.

use landfall_domain::time::Timestamp;

use super::record::{KeyRecord, Role, User};
use super::{Directory, DirectoryError, own};
use crate::seal::random_hex;
use crate::workspace::Workspace;

/// Bytes of a key.
const KEY_BYTES: usize = 20;

/// Who calls with an app key.
#[derive(Clone)]
pub struct Caller {
    /// The workspace that the key opens.
    pub workspace: Workspace,
    /// The key's number, which logs may name.
    pub key: u32,
    /// Whose key it is; `None`: one of servers and scripts.
    pub user: Option<User>,
}

impl Caller {
    /// What they may do. A key without a user may do everything.
    pub fn role(&self) -> Role {
        self.user.as_ref().map_or(Role::Admin, |user| user.role)
    }
}

impl Directory {
    /// The app keys of a workspace that belong to users, as stored.
    pub fn users(&self, workspace: &Workspace) -> Vec<KeyRecord> {
        let records = self.records().into_iter();
        let mut of_workspace = records.filter(|record| record.id == workspace.id());
        let keys = of_workspace.next().map(|record| record.keys);
        let keys = keys.unwrap_or_default().into_iter();
        keys.filter(|key| key.user.is_some()).collect()
    }

    /// Adds a user, and answers the number of their key and the key, which is not stored.
    ///
    /// # Errors
    /// When the workspace has a user of that name, or the file cannot be written.
    pub fn add_user(
        &self,
        workspace: &Workspace,
        user: User,
        now: Timestamp,
    ) -> Result<(u32, String), DirectoryError> {
        let key = random_hex(KEY_BYTES)?;
        let id = self.change(|file| {
            let name = user.name.clone();
            let added = own(file, workspace)?.add_user(user, &key, now.millis());
            added.ok_or(DirectoryError::Taken(name))
        })?;
        Ok((id, key))
    }

    /// Gives a user another role, at once.
    ///
    /// # Errors
    /// When there is no such user, or the file cannot be written.
    pub fn set_role(
        &self,
        workspace: &Workspace,
        id: u32,
        role: Role,
    ) -> Result<(), DirectoryError> {
        self.change(|file| {
            let mut keys = own(file, workspace)?.keys.iter_mut();
            let found = keys
                .find(|key| key.id == id)
                .and_then(|key| key.user.as_mut());
            found.ok_or_else(|| missing(id))?.role = role;
            Ok(())
        })
    }

    /// Removes a user and their key, at once.
    ///
    /// # Errors
    /// When there is no such user, or the file cannot be written.
    pub fn remove_user(&self, workspace: &Workspace, id: u32) -> Result<(), DirectoryError> {
        self.change(|file| {
            let keys = &mut own(file, workspace)?.keys;
            let found = keys
                .iter()
                .position(|key| key.id == id && key.user.is_some());
            keys.remove(found.ok_or_else(|| missing(id))?);
            Ok(())
        })
    }
}

fn missing(id: u32) -> DirectoryError {
    DirectoryError::Missing(format!("user {id}"))
}
