//! How many people are in a segment, over time: hour by hour, then day by day.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use landfall_domain::ids::SegmentId;
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use landfall_store::{Document, DocumentKind, Store, StoreError};
use serde::{Deserialize, Serialize};

use super::all;
use crate::workspace::Workspace;

/// Hours that are kept: eight days.
pub const HOURS_KEPT: i64 = 8 * 24;
/// Days that are kept.
pub const DAYS_KEPT: i64 = 400;

/// How many people were in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// The beginning of the hour or day (UTC) in which they were counted.
    pub at: Timestamp,
    /// How many, when they were counted last in it.
    pub members: u64,
}

/// How many people were in a segment over time, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Which segment.
    pub segment: SegmentId,
    /// The last [`HOURS_KEPT`] hours, oldest first. Hours in which nobody counted are left out.
    pub hours: Vec<Sample>,
    /// The last [`DAYS_KEPT`] days, oldest first, today included.
    pub days: Vec<Sample>,
}

impl Counts {
    /// Takes a count that was made now. One from before the newest is passed over: the clock was put back.
    pub fn take(&mut self, now: Timestamp, members: u64) {
        put(&mut self.hours, now, members, HOUR_MS, HOURS_KEPT);
        put(&mut self.days, now, members, DAY_MS, DAYS_KEPT);
    }

    fn of(document: &Document) -> Result<Self, StoreError> {
        serde_json::from_str(&document.body)
            .map_err(|error| StoreError::corrupt("documents", document.id, error))
    }
}

fn put(samples: &mut Vec<Sample>, now: Timestamp, members: u64, step_ms: i64, kept: i64) {
    let into = now.millis().rem_euclid(step_ms);
    let at = now.plus_millis(-into);
    match samples.last_mut() {
        Some(last) if last.at > at => return,
        Some(last) if last.at == at => last.members = members,
        _ => samples.push(Sample { at, members }),
    }
    samples.retain(|sample| at.since(sample.at) < kept * step_ms);
}

/// How many people were in a segment over time; nothing before the first count.
///
/// # Errors
/// When the store cannot be read.
pub fn counts_of(store: &(impl Store + ?Sized), segment: SegmentId) -> Result<Counts, StoreError> {
    let found = stored(store)?.remove(&segment);
    let nothing = Counts {
        segment,
        ..Counts::default()
    };
    Ok(found.map_or(nothing, |(_, counts)| counts))
}

/// Forgets the counts of a segment.
pub(super) fn forget(store: &dyn Store, segment: SegmentId) -> Result<(), StoreError> {
    if let Some((document, _)) = stored(store)?.get(&segment) {
        store.delete_document(DocumentKind::SegmentCounts, *document)?;
    }
    Ok(())
}

/// All counts with the numbers of their documents, by segment.
fn stored(store: &(impl Store + ?Sized)) -> Result<BTreeMap<SegmentId, (u32, Counts)>, StoreError> {
    let documents = store.documents(DocumentKind::SegmentCounts)?;
    let counts = documents.iter().map(|document| {
        let counts = Counts::of(document)?;
        Ok((counts.segment, (document.id, counts)))
    });
    counts.collect()
}

impl Workspace {
    /// Counts the members of every segment that is not being built, and keeps the counts.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub async fn count_segments(&self) -> Result<(), StoreError> {
        let now = self.now();
        self.read(move |store| count(store, now)).await
    }
}

fn count(store: &dyn Store, now: Timestamp) -> Result<(), StoreError> {
    let mut known = stored(store)?;
    for (id, segment) in all(store)? {
        let document = known.remove(&id);
        // While it is built, its members are not all in it: that would look as if people came.
        if segment.build.is_some() {
            continue;
        }
        let members = store.member_count(id)?;
        let (document, counts) = document.unzip();
        let mut counts = counts.unwrap_or_default();
        counts.segment = id;
        counts.take(now, members);
        // Numbers only.
        let body = serde_json::to_string(&counts).unwrap_or_default();
        match document {
            Some(document) => {
                store.replace_document(DocumentKind::SegmentCounts, document, &body)?;
            }
            None => {
                store.insert_document(DocumentKind::SegmentCounts, &body)?;
            }
        }
    }
    // What is left belongs to segments that were deleted meanwhile.
    for (document, _) in known.into_values() {
        store.delete_document(DocumentKind::SegmentCounts, document)?;
    }
    Ok(())
}
