//! What is stored of workspaces: keys as hashes, secrets sealed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::credentials::CredentialRecord;
use crate::seal::key_hash;

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

/// What somebody may do.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks at everything, and changes nothing.
    #[default]
    Viewer,
    /// Works on people, segments, journeys, messages, experiments and alerts too.
    Editor,
    /// Also manages what the workspace is connected with and who may do what: credentials, webhooks, rules of
    /// sending, users.
    Admin,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Editor, Self::Admin];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// The role of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Whose key an app key is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Their name or address, as logs show it. One workspace has each once.
    pub name: String,
    /// What they may do.
    pub role: Role,
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
    /// Whose it is; `None`: a key of servers and scripts, which may do everything that its kind opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
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
    /// What it sends with, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub credentials: BTreeMap<String, CredentialRecord>,
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
            user: None,
            created_ms: now_ms,
        });
        id
    }

    /// Adds the app key of a user and returns its number; `None`: there is a user of that name.
    pub fn add_user(&mut self, user: User, key: &str, now_ms: i64) -> Option<u32> {
        let is_there = |known: &KeyRecord| known.user.as_ref().is_some_and(|u| u.name == user.name);
        if self.keys.iter().any(is_there) {
            return None;
        }
        let id = self.add_key(KeyKind::App, None, key, now_ms);
        if let Some(added) = self.keys.last_mut() {
            added.user = Some(user);
        }
        Some(id)
    }
}
