//! QA before launch: the test profiles of a journey go through the production engine on an empty store,
//! with providers that answer as the profile says and a clock that jumps from one moment in which something
//! happens to the next (product.md 13).
//!
//! Each profile has a workspace of its own, so that profiles cannot disturb each other. Chance does not
//! decide: everybody is outside of holdouts and in the last way of splits.

mod house;
mod provider;
pub mod record;
mod report;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use landfall_audience::definition::Fault;
use landfall_domain::ids::SegmentId;
use landfall_journey::Definition;
use landfall_journey::definition::QaCase;
use landfall_store::{Store, StoreError};
use serde_json::Value;

use crate::intake::SubmitError;
use crate::journeys::{JourneyError, WaiverError};
use crate::segments::DefineError;
use house::House;

pub use report::{CaseReport, Check, Report, StepReport};

/// The highest number of a segment that QA stands in for.
const SEGMENTS_MAX: SegmentId = 1_000;

/// An empty store, and what it lies in.
pub struct Scratch {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Goes after the store, with whatever the store lies in, such as a folder.
    pub keeper: Box<dyn Send>,
}

/// Makes empty stores, one for each test profile. The engine knows no driver, so whoever wires the program
/// brings it.
pub type EmptyStores = dyn Fn() -> Result<Scratch, StoreError> + Send + Sync;

/// Why a run of QA came to no result.
#[derive(Debug, thiserror::Error)]
pub enum QaError {
    /// The definition has faults.
    #[error("the definition has {} faults", .0.len())]
    Faults(Vec<Fault>),
    /// There are no test profiles.
    #[error("the definition has no test profiles: add `qa` with at least one case")]
    NoCases,
    /// The store could not be made or used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine did not take something.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// The engine did not take the journey.
    #[error(transparent)]
    Journey(#[from] JourneyError),
    /// The journey could not be let through the launch gate of its test workspace.
    #[error(transparent)]
    Waiver(#[from] WaiverError),
    /// The engine did not take a segment.
    #[error(transparent)]
    Segment(#[from] DefineError),
}

/// Runs the test profiles of a definition. Segments that it names and that QA knows nothing of are empty
/// ones.
///
/// # Errors
/// When the definition has faults or no test profiles, or the store fails. Expectations that do not come
/// true are in the report.
pub async fn run(definition: &Value, empty: &EmptyStores) -> Result<Report, QaError> {
    let parsed = Definition::from_json(definition).map_err(QaError::Faults)?;
    if parsed.qa.is_empty() {
        return Err(QaError::NoCases);
    }
    let mut cases = Vec::with_capacity(parsed.qa.len());
    for case in &parsed.qa {
        cases.push(run_case(definition, &parsed, case, empty).await?);
    }
    Ok(Report {
        journey: parsed.id.clone(),
        name: parsed.name.clone(),
        cases,
    })
}

/// As [`run`], to its end on this thread, which must be one that may block. Whatever else runs in the program
/// has its own threads.
///
/// # Errors
/// As [`run`].
pub fn run_blocking(definition: &Value, empty: &EmptyStores) -> Result<Report, QaError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(StoreError::unavailable)?;
    runtime.block_on(run(definition, empty))
}

async fn run_case(
    written: &Value,
    definition: &Definition,
    case: &QaCase,
    empty: &EmptyStores,
) -> Result<CaseReport, QaError> {
    let Scratch { store, keeper } = empty()?;
    let house = House::open(store, case)?;
    let report = live_through(&house, written, definition, case).await;
    house.close().await;
    drop(keeper);
    report
}

async fn live_through(
    house: &House,
    written: &Value,
    definition: &Definition,
    case: &QaCase,
) -> Result<CaseReport, QaError> {
    house.settle_in(written, &segments_of(definition)).await?;
    house.live(case).await?;
    report::of(house, case).await
}

/// The numbers of the segments that a definition names.
fn segments_of(definition: &Definition) -> BTreeSet<SegmentId> {
    let mut named = BTreeSet::new();
    collect(&definition.to_json(), false, &mut named);
    named
}

/// Whole numbers anywhere below a key that speaks of segments.
fn collect(value: &Value, within: bool, named: &mut BTreeSet<SegmentId>) {
    match value {
        Value::Number(number) if within => {
            let number = number
                .as_u64()
                .and_then(|number| SegmentId::try_from(number).ok());
            named.extend(number.filter(|number| *number <= SEGMENTS_MAX));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, within, named)),
        Value::Object(members) => {
            for (key, member) in members {
                collect(member, within || key.contains("segment"), named);
            }
        }
        _ => {}
    }
}
