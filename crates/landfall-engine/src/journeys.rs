//! Journeys of a workspace: definitions with their versions, and whether they run.
//!
//! A journey is a document; each version of its definition is another, and none is ever changed: runs are
//! pinned to the version that they entered (architecture.md, decision 9). Numbers of journeys and steps are
//! kept by slug across versions.

mod apply;
mod control;
mod conversions;
pub(crate) mod gate;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::BTreeSet;
use std::sync::Arc;

use landfall_audience::definition::Fault;
use landfall_domain::ids::JourneyId;
use landfall_domain::time::Timestamp;
use landfall_journey::gate::Judged;
use landfall_journey::{Definition, Numbering, Plan, Surroundings};
use landfall_store::{Document, DocumentKind, Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::intake::SubmitError;
use crate::segments;
use crate::segments::{Build, Segment};

pub use apply::Applied;
pub use conversions::Recompute;
pub use gate::{Author, Gate, Versions, WaiverCall, WaiverError, waivers};
pub use waiting::{LOOKED_AT_MAX, Waiting};

/// Whether a journey runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JourneyState {
    /// It was never started.
    Draft,
    /// People enter and go through it.
    Running,
    /// Nobody enters, and nobody moves on. What happens to messages that are out is recorded, and exits and
    /// goals count.
    Paused,
    /// It was ended: its runs are over.
    Stopped,
}

impl JourneyState {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
        }
    }
}

impl std::fmt::Display for JourneyState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A journey, as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Journey {
    /// Its slug, for good.
    pub slug: String,
    /// Its name, as the newest version says.
    pub name: String,
    /// Whether it runs.
    pub state: JourneyState,
    /// The newest version, from one: the one that people enter.
    pub version: u32,
    /// The numbers of its steps.
    pub numbering: Numbering,
    /// How far counting what its conditions ask about is, for everybody's past; `None`: done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// Whether a change of its state has still to be carried out: runs have to be woken or ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsettled: bool,
    /// How far computing conversions anew is, for every run; `None`: nobody asked, or done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recompute: Option<Recompute>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// When it was started the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
}

/// One version of a journey's definition, as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JourneyVersion {
    /// Of which journey.
    pub journey: JourneyId,
    /// Which version.
    pub version: u32,
    /// When it was applied.
    pub at: Timestamp,
    /// The definition.
    pub definition: Value,
}

/// Why something was not done to a journey.
#[derive(Debug, thiserror::Error)]
pub enum JourneyError {
    /// The definition has faults.
    #[error("the definition has {} faults", .0.len())]
    Faults(Vec<Fault>),
    /// There is no such journey.
    #[error("there is no journey `{0}`")]
    Missing(String),
    /// There is nothing to compute conversions by.
    #[error("version {0} has no goal: give the journey a goal and apply it")]
    NoGoal(u32),
    /// The journey is in a state in which that cannot be done.
    #[error("the journey is {state}: {fix}")]
    State {
        /// Its state.
        state: JourneyState,
        /// What can be done instead.
        fix: &'static str,
    },
    /// The launch gate is closed.
    #[error(
        "version {version} must not go to people yet: {}. `landfall journeys gate` tells all; what cannot be \
         had is waived with a reason",
        told(.missing)
    )]
    Blocked {
        /// Which version.
        version: u32,
        /// What is missing.
        missing: Vec<Judged>,
    },
    /// It is not started by calls.
    #[error("the journey `{0}` is not started by calls: give it the trigger `webhook` first")]
    NotCalled(String),
    /// What its conditions ask about is still being counted.
    #[error("what happened before is still being counted ({0} %): start it when that is done")]
    Building(u64),
    /// The store cannot be used now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Runs could not be changed now.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

/// Each requirement with the first thing that is wrong.
fn told(missing: &[Judged]) -> String {
    let each = missing.iter().map(|judged| {
        let first = judged.lacks().first();
        let wrong = first.map_or("", |lack| lack.wrong.as_str());
        format!("{} ({wrong})", judged.requirement)
    });
    each.collect::<Vec<_>>().join(", ")
}

impl Journey {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is not one of a journey.
    pub fn of(document: &Document) -> Result<Self, StoreError> {
        read(document)
    }

    /// The document's text.
    pub fn body(&self) -> String {
        // Texts and numbers only.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn read<T: for<'de> Deserialize<'de>>(document: &Document) -> Result<T, StoreError> {
    serde_json::from_str(&document.body)
        .map_err(|error| StoreError::corrupt("documents", document.id, error))
}

/// All journeys of a store, by number.
///
/// # Errors
/// When the store cannot be read.
pub fn all(store: &(impl Store + ?Sized)) -> Result<Vec<(JourneyId, Journey)>, StoreError> {
    let documents = store.documents(DocumentKind::Journey)?;
    let journeys = documents
        .iter()
        .map(|document| Ok((JourneyId(document.id), read(document)?)));
    journeys.collect()
}

/// A journey by its number in digits, its slug, or its name without regard to case.
///
/// # Errors
/// When the store cannot be read.
pub fn named(
    store: &(impl Store + ?Sized),
    name: &str,
) -> Result<Option<(JourneyId, Journey)>, StoreError> {
    let all = all(store)?;
    let number = name.parse().ok().map(JourneyId);
    let by_number = all.iter().find(|(id, _)| Some(*id) == number);
    let by_slug = || all.iter().find(|(_, journey)| journey.slug == name);
    let by_name = || {
        all.iter()
            .find(|(_, journey)| journey.name.eq_ignore_ascii_case(name))
    };
    Ok(by_number.or_else(by_slug).or_else(by_name).cloned())
}

/// All versions of all journeys of a store, in the order in which they were applied.
///
/// # Errors
/// When the store cannot be read.
pub fn versions(store: &(impl Store + ?Sized)) -> Result<Vec<JourneyVersion>, StoreError> {
    let documents = store.documents(DocumentKind::JourneyVersion)?;
    documents.iter().map(read).collect()
}

/// What is around journeys in a workspace with these segments.
pub fn surroundings(segments: &[(landfall_domain::ids::SegmentId, Segment)]) -> Surroundings {
    let manual = segments
        .iter()
        .filter(|(_, segment)| !segment.is_data_driven());
    Surroundings {
        segments: segments.iter().map(|(id, _)| *id).collect(),
        manual_segments: manual.map(|(id, _)| *id).collect(),
        topics: None,
    }
}

/// Compiles a version that was applied before.
pub(crate) fn compile(
    version: &JourneyVersion,
    numbering: &Numbering,
    around: &Surroundings,
) -> Result<Arc<Plan>, Vec<Fault>> {
    let definition = Arc::new(Definition::from_json(&version.definition)?);
    let numbering = numbering.clone();
    let (plan, _) = Plan::compile(&definition, version.version, around, numbering)?;
    Ok(Arc::new(plan))
}

/// Journeys of which a version asks about a segment: it cannot be deleted.
///
/// # Errors
/// When the store cannot be read.
pub fn using_segment(
    store: &(impl Store + ?Sized),
    segment: landfall_domain::ids::SegmentId,
) -> Result<BTreeSet<JourneyId>, StoreError> {
    let without: Vec<_> = segments::all(store)?
        .into_iter()
        .filter(|(id, _)| *id != segment)
        .collect();
    let around = surroundings(&without);
    let journeys = all(store)?;
    let mut using = BTreeSet::new();
    for version in versions(store)? {
        let journey = journeys.iter().find(|(id, _)| *id == version.journey);
        let Some((id, journey)) = journey else {
            continue;
        };
        // Every version compiled when it was applied: what it lacks now is this segment.
        if compile(&version, &journey.numbering, &around).is_err() {
            using.insert(*id);
        }
    }
    Ok(using)
}
