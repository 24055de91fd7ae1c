//! Segments: kept by hand, or by a condition ("data-driven", semantics.md 5).
//!
//! A segment is a document. The members of a data-driven one follow every input (`crate::reactor`); a
//! [`Builder`] looks at everybody once after its condition was given or changed. Members of both kinds are
//! told by the store ([`Memberships`]), and how many there are is kept over time ([`Counts`]).

mod build;
mod counts;
mod explain;
mod membership;
mod removal;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use landfall_audience::definition::Fault;
use landfall_audience::{Condition, Segments};
use landfall_domain::ids::{JourneyId, SegmentId};
use landfall_domain::time::Timestamp;
use landfall_store::{Document, DocumentKind, Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::intake::SubmitError;
use crate::workspace::Workspace;

pub use build::{Build, Builder};
pub use counts::{Counts, DAYS_KEPT, HOURS_KEPT, Sample, counts_of};
pub use explain::Explained;
pub use membership::{Memberships, of_person};
pub use removal::users;

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
    /// Whether it was deleted and only waits until its last member is out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
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
            removed: false,
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

/// Why a segment was not taken, changed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum DefineError {
    /// Something is wrong with its condition.
    #[error("the condition has {} faults", .0.len())]
    Faults(Vec<Fault>),
    /// There is no segment of that number.
    #[error("there is no segment {0}")]
    Missing(SegmentId),
    /// What is kept by hand cannot become data-driven, nor the other way round.
    #[error("segment {0} is of the other kind: make a new segment instead")]
    OtherKind(SegmentId),
    /// Something asks about it.
    #[error("segment {0} is used by {1}: it cannot be deleted")]
    InUse(SegmentId, Users),
    /// The store cannot be used now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Members could not be changed now.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

/// What asks about a segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users {
    /// Journeys by number, with their slugs: of whatever state, because runs stay in old versions.
    pub journeys: Vec<(JourneyId, String)>,
    /// Data-driven segments by number, with their names.
    pub segments: Vec<(SegmentId, String)>,
}

impl Users {
    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.journeys.is_empty() && self.segments.is_empty()
    }
}

impl fmt::Display for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let journeys = self
            .journeys
            .iter()
            .map(|(_, slug)| format!("journey `{slug}`"));
        let segments = self.segments.iter();
        let segments = segments.map(|(id, name)| format!("segment {id} `{name}`"));
        let all: Vec<String> = journeys.chain(segments).collect();
        f.write_str(&all.join(", "))
    }
}

/// All segments of a store, by number.
///
/// # Errors
/// When the store cannot be read.
pub fn all(store: &(impl Store + ?Sized)) -> Result<Vec<(SegmentId, Segment)>, StoreError> {
    let mut all = stored(store)?;
    all.retain(|(_, segment)| !segment.removed);
    Ok(all)
}

/// A segment by its number in digits, or its name without regard to case.
///
/// # Errors
/// When the store cannot be read.
pub fn named(
    store: &(impl Store + ?Sized),
    name: &str,
) -> Result<Option<(SegmentId, Segment)>, StoreError> {
    let all = all(store)?;
    let number = name.parse().ok();
    let by_number = all.iter().find(|(id, _)| Some(*id) == number);
    let by_name = || {
        let name = name.to_lowercase();
        all.iter()
            .find(|(_, segment)| segment.name.to_lowercase() == name)
    };
    Ok(by_number.or_else(by_name).cloned())
}

/// Deleted ones too, while members are in them.
fn stored(store: &(impl Store + ?Sized)) -> Result<Vec<(SegmentId, Segment)>, StoreError> {
    let documents = store.documents(DocumentKind::Segment)?;
    let segments = documents
        .iter()
        .map(|document| Ok((document.id, Segment::of(document)?)));
    segments.collect()
}

/// Whether members of deleted segments are still to be taken out.
pub(crate) fn any_removed(store: &(impl Store + ?Sized)) -> Result<bool, StoreError> {
    Ok(stored(store)?.iter().any(|(_, segment)| segment.removed))
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

/// Compiles these segments; faults of segment `of` name the place in its condition.
fn check(segments: &[(SegmentId, Segment)], of: SegmentId) -> Result<(), DefineError> {
    let own = segments.iter().find(|(id, _)| *id == of);
    if let Some(condition) = own.and_then(|(_, segment)| segment.condition.as_ref()) {
        let faults = Condition::from_json(condition).err().unwrap_or_default();
        if !faults.is_empty() {
            let placed = faults.into_iter().map(|fault| Fault {
                path: match fault.path.as_str() {
                    "" => "condition".to_owned(),
                    path => format!("condition.{path}"),
                },
                ..fault
            });
            return Err(DefineError::Faults(placed.collect()));
        }
    }
    let compiled = compile(segments).map(drop);
    compiled.map_err(|mut faults| {
        for fault in &mut faults {
            if fault.path == format!("segment {of}") {
                "condition".clone_into(&mut fault.path);
            }
        }
        DefineError::Faults(faults)
    })
}

impl Workspace {
    /// Whether a segment's members follow from a condition: they cannot be edited by hand.
    pub fn is_data_driven(&self, segment: SegmentId) -> bool {
        self.live().data_driven.contains(&segment)
    }

    /// Says what is wrong with a new segment, or nothing, and stores nothing.
    ///
    /// # Errors
    /// As [`Workspace::add_segment`].
    pub async fn check_segment(&self, segment: Segment) -> Result<(), DefineError> {
        let mut all = self.read(|store| all(store)).await?;
        // A number that no segment has: what a new condition asks about exists already.
        all.push((SegmentId::MAX, segment));
        check(&all, SegmentId::MAX)
    }

    /// Makes a segment; a data-driven one begins to be built. Returns its number.
    ///
    /// # Errors
    /// When something is wrong with the condition, or the store cannot be used; nothing is stored then.
    pub async fn add_segment(&self, segment: Segment) -> Result<SegmentId, DefineError> {
        let _one_at_a_time = self.shared.defining.lock().await;
        self.check_segment(segment.clone()).await?;
        let body = segment.body();
        let insert = move |store: &dyn Store| store.insert_document(DocumentKind::Segment, &body);
        let id = self.read(insert).await?;
        if segment.is_data_driven() {
            // Calls may have put people into this number by hand before there was such a segment.
            if let Err(error) = self.take_out_by_hand(id).await {
                let forget =
                    move |store: &dyn Store| store.delete_document(DocumentKind::Segment, id);
                self.read(forget).await?;
                return Err(error);
            }
            self.reload_live().await?;
            self.shared.segments_changed.notify_one();
        }
        Ok(id)
    }

    /// Changes a segment; with another condition it is built anew.
    ///
    /// # Errors
    /// When there is none of that number, it is of the other kind, something is wrong with the condition,
    /// or the store cannot be used; nothing is changed then.
    pub async fn change_segment(&self, id: SegmentId, changed: Segment) -> Result<(), DefineError> {
        let _one_at_a_time = self.shared.defining.lock().await;
        let mut all = self.read(|store| all(store)).await?;
        let known = all.iter_mut().find(|(known, _)| *known == id);
        let Some((_, known)) = known else {
            return Err(DefineError::Missing(id));
        };
        if known.is_data_driven() != changed.is_data_driven() {
            return Err(DefineError::OtherKind(id));
        }
        let is_same = known.condition == changed.condition;
        let changed = Segment {
            build: if is_same { known.build } else { changed.build },
            created_at: known.created_at,
            ..changed
        };
        *known = changed.clone();
        check(&all, id)?;
        self.keep_segment(id, &changed).await?;
        if !is_same {
            self.reload_live().await?;
            self.shared.segments_changed.notify_one();
        }
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
