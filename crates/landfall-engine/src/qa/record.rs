//! What came of runs of test profiles on a server, kept so that the launch gate sees it.
//!
//! A run belongs to what was run: the fingerprint of the definition, as read and written back. So a draft can
//! be tried before it is applied, and a version that says the same needs no second run.

use aws_lc_rs::digest::{SHA256, digest};
use landfall_domain::time::Timestamp;
use landfall_journey::Definition;
use landfall_journey::gate::QaResult;
use landfall_store::{DocumentKind, Store, StoreError};
use serde::{Deserialize, Serialize};

use super::report::Report;
use crate::journeys::{self, Author};
use crate::seal::hex;
use crate::workspace::Workspace;

/// Runs that are kept of a journey, beside that of its newest version.
pub const RECORDS_KEPT: usize = 20;

/// What came of a run, as stored. Of one definition only the latest run is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The journey's slug. There may be no journey yet.
    pub journey: String,
    /// The version that says so; `None`: a draft that was not applied when it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Of the definition ([`fingerprint`]).
    pub fingerprint: String,
    /// When.
    pub at: Timestamp,
    /// Who ran it, as the caller said.
    pub by: String,
    /// The number of the app key that the call came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<u32>,
    /// The version of this program.
    pub program: String,
    /// What came of it, profile by profile.
    pub report: Report,
}

impl Record {
    /// What the launch gate sees of it.
    pub fn result(&self) -> QaResult {
        let red = self.report.cases.iter().filter(|case| !case.is_green());
        QaResult {
            at: self.at,
            profiles: self.report.cases.len(),
            red: red.map(|case| case.name.clone()).collect(),
        }
    }
}

/// What a definition is known by: the SHA-256, in hex, of what it says. Order of keys, blanks and values
/// that are left out because they are usual make no difference.
pub fn fingerprint(definition: &Definition) -> String {
    let written = definition.to_json().to_string();
    hex(digest(&SHA256, written.as_bytes()).as_ref())
}

/// All runs that are kept of a journey, oldest first, with their numbers.
///
/// # Errors
/// When the store cannot be read.
pub fn records(
    store: &(impl Store + ?Sized),
    journey: &str,
) -> Result<Vec<(u32, Record)>, StoreError> {
    let mut records = Vec::new();
    for document in store.documents(DocumentKind::QaRecord)? {
        let record: Record = serde_json::from_str(&document.body)
            .map_err(|error| StoreError::corrupt("documents", document.id, error))?;
        if record.journey == journey {
            records.push((document.id, record));
        }
    }
    records.sort_by_key(|(id, record)| (record.at, *id));
    Ok(records)
}

/// The latest run of a definition of that fingerprint.
///
/// # Errors
/// When the store cannot be read.
pub fn latest(
    store: &(impl Store + ?Sized),
    journey: &str,
    fingerprint: &str,
) -> Result<Option<Record>, StoreError> {
    let records = records(store, journey)?.into_iter().rev();
    let mut records = records.map(|(_, record)| record);
    Ok(records.find(|record| record.fingerprint == fingerprint))
}

impl Workspace {
    /// Keeps what came of a run of a definition's test profiles.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub async fn record_qa(
        &self,
        definition: &Definition,
        report: Report,
        author: Author,
    ) -> Result<Record, StoreError> {
        let _one_at_a_time = self.shared.defining.lock().await;
        let mut record = Record {
            journey: definition.id.clone(),
            version: None,
            fingerprint: fingerprint(definition),
            at: self.now(),
            by: author.by,
            key: author.key,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            report,
        };
        self.read(move |store| {
            let newest = newest(store, &record.journey)?;
            record.version = newest
                .filter(|(fingerprint, _)| *fingerprint == record.fingerprint)
                .map(|(_, version)| version);
            keep(store, &record)?;
            Ok(record)
        })
        .await
    }
}

/// Fingerprint and number of a journey's newest version.
fn newest(store: &dyn Store, slug: &str) -> Result<Option<(String, u32)>, StoreError> {
    let known = journeys::all(store)?.into_iter();
    let mut known = known.filter(|(_, journey)| journey.slug == slug);
    let Some((id, journey)) = known.next() else {
        return Ok(None);
    };
    let versions = journeys::versions(store)?;
    let newest = versions
        .iter()
        .rev()
        .find(|version| version.journey == id && version.version == journey.version);
    let definition = newest.and_then(|newest| Definition::from_json(&newest.definition).ok());
    Ok(definition.map(|definition| (fingerprint(&definition), journey.version)))
}

/// In place of an earlier run of the same; the oldest ones go, but never one of the newest version.
fn keep(store: &dyn Store, record: &Record) -> Result<(), StoreError> {
    let kind = DocumentKind::QaRecord;
    // Texts and numbers only.
    let body = serde_json::to_string(record).unwrap_or_default();
    let known = records(store, &record.journey)?;
    let same = known
        .iter()
        .find(|(_, known)| known.fingerprint == record.fingerprint);
    if let Some((id, _)) = same {
        return store.replace_document(kind, *id, &body).map(drop);
    }
    store.insert_document(kind, &body)?;
    let current = newest(store, &record.journey)?.map(|(fingerprint, _)| fingerprint);
    let spare: Vec<u32> = known
        .iter()
        .filter(|(_, known)| Some(&known.fingerprint) != current.as_ref())
        .map(|(id, _)| *id)
        .collect();
    let too_many = (spare.len() + 1).saturating_sub(RECORDS_KEPT);
    for id in &spare[..too_many.min(spare.len())] {
        store.delete_document(kind, *id)?;
    }
    Ok(())
}
