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
            created_ms: now_ms,
        });
        id
    }
}
