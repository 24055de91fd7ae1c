//! Segments: kept by hand, or by a condition ("data-driven", semantics.md 5).
//!
//! A segment is a document. The members of a data-driven one follow every input (`crate::reactor`); a
//! [`Builder`] looks at everybody once after its condition was given or changed.

mod build;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use landfall_audience::definition::Fault;
use landfall_audience::{Condition, Segments};
use landfall_domain::ids::SegmentId;
use landfall_domain::time::Timestamp;
use landfall_store::{Document, DocumentKind, Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::workspace::Workspace;

pub use build::{Build, Builder};

/// A segment, as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Who is in it; `None`: it is kept by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Value>,
    /// How far the first look at everybody is; `None`: done, or kept by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// When it was made, in seconds since the epoch.
    pub created_at: i64,
    /// When it was changed last, in seconds since the epoch.
    pub updated_at: i64,
}

impl Segment {
    /// A segment that is made now.
    pub fn new(name: &str, description: &str, condition: Option<Value>, now: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            description: description.to_owned(),
            build: condition.is_some().then(Build::default),
            condition,
            created_at: now.seconds(),
            updated_at: now.seconds(),
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    /// When it is not one of a segment.
    pub fn of(document: &Document) -> Result<Self, StoreError> {
        serde_json::from_str(&document.body)
            .map_err(|error| StoreError::corrupt("documents", document.id, error))
    }

    /// The document's text.
    pub fn body(&self) -> String {
        // Texts and numbers only.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether a condition says who is in it.
    pub const fn is_data_driven(&self) -> bool {
        self.condition.is_some()
    }
}

/// Why a segment was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DefineError {
    /// Something is wrong with its condition.
    #[error("the condition has {} faults", .0.len())]
    Faults(Vec<Fault>),
    /// There is no segment of that number, or it is of the other kind.
    #[error("there is no data-driven segment of that number")]
    Missing,
    /// The store cannot be used now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All segments of a store, by number.
///
/// # Errors
/// When the store cannot be read.
pub fn all(store: &(impl Store + ?Sized)) -> Result<Vec<(SegmentId, Segment)>, StoreError> {
    let documents = store.documents(DocumentKind::Segment)?;
    let segments = documents
        .iter()
        .map(|document| Ok((document.id, Segment::of(document)?)));
    segments.collect()
}

/// The data-driven ones among these, compiled, with their numbers.
pub(crate) fn compile(
    segments: &[(SegmentId, Segment)],
) -> Result<(Segments, BTreeSet<SegmentId>), Vec<Fault>> {
    let manual = segments
        .iter()
        .filter(|(_, segment)| !segment.is_data_driven());
    let manual: BTreeSet<SegmentId> = manual.map(|(id, _)| *id).collect();
    let mut faults = Vec::new();
    let mut conditions = Vec::new();
    for (id, segment) in segments {
        let Some(condition) = &segment.condition else {
            continue;
        };
        match Condition::from_json(condition) {
            Ok(condition) => conditions.push((*id, condition)),
            Err(found) => faults.extend(found),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let ids = conditions.iter().map(|(id, _)| *id).collect();
    Ok((Segments::compile(conditions, &manual)?, ids))
}

impl Workspace {
    /// Makes a data-driven segment and begins to build it. Returns its number.
    ///
    /// # Errors
    /// When something is wrong with the condition, or the store cannot be used; nothing is stored then.
    pub async fn add_segment(&self, segment: Segment) -> Result<SegmentId, DefineError> {
        let mut all = self.read(|store| all(store)).await?;
        // A number that no segment has: what a new condition asks about exists already.
        all.push((SegmentId::MAX, segment.clone()));
        compile(&all).map_err(DefineError::Faults)?;
        let body = segment.body();
        let insert = move |store: &dyn Store| store.insert_document(DocumentKind::Segment, &body);
        let id = self.read(insert).await?;
        self.reload_live().await?;
        self.shared.segments_changed.notify_one();
        Ok(id)
    }

    /// Changes a data-driven segment and builds it anew.
    ///
    /// # Errors
    /// When there is none of that number, something is wrong with the condition, or the store cannot be
    /// used; nothing is changed then.
    pub async fn change_segment(&self, id: SegmentId, changed: Segment) -> Result<(), DefineError> {
        let mut all = self.read(|store| all(store)).await?;
        let known = all.iter_mut().find(|(known, _)| *known == id);
        let Some((_, known)) = known.filter(|(_, known)| known.is_data_driven()) else {
            return Err(DefineError::Missing);
        };
        let changed = Segment {
            created_at: known.created_at,
            ..changed
        };
        *known = changed.clone();
        compile(&all).map_err(DefineError::Faults)?;
        self.keep_segment(id, &changed).await?;
        self.reload_live().await?;
        self.shared.segments_changed.notify_one();
        Ok(())
    }

    pub(crate) async fn keep_segment(
        &self,
        id: SegmentId,
        segment: &Segment,
    ) -> Result<bool, StoreError> {
        let body = segment.body();
        let replace =
            move |store: &dyn Store| store.replace_document(DocumentKind::Segment, id, &body);
        self.read(replace).await
    }
}
