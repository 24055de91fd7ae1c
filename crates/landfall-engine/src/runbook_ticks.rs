//! What was ticked off of runbooks: which check of which case, by whom and when.
//!
//! A case is one problem of one journey in one place. When the problem changes, so does the runbook, and what
//! was ticked off of the old one stays with the old case.

use landfall_domain::time::Timestamp;
use landfall_store::{Document, DocumentKind, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::workspace::Workspace;

/// Ticks of one journey that are kept; older ones are forgotten.
pub const TICKS_MAX: usize = 500;

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    /// The case that the runbook was for.
    pub case: String,
    /// The check, by its stable name.
    pub check: String,
    /// The step of the check in its words; without one, the check itself.
    pub step: Option<String>,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Tick {
    /// Whether both mean the same box.
    fn is_same_box(&self, other: &Self) -> bool {
        self.case == other.case && self.check == other.check && self.step == other.step
    }
}

/// Ticks of one journey, as stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    journey: String,
    /// In the order in which they were made.
    ticks: Vec<Tick>,
}

fn sheet(store: &dyn Store, journey: &str) -> Result<Option<(u32, Sheet)>, StoreError> {
    let read = |document: Document| {
        let sheet: Sheet = serde_json::from_str(&document.body)
            .map_err(|error| StoreError::corrupt("documents", document.id, error))?;
        Ok((document.id, sheet))
    };
    let documents = store.documents(DocumentKind::RunbookTicks)?;
    let sheets: Result<Vec<_>, StoreError> = documents.into_iter().map(read).collect();
    Ok(sheets?
        .into_iter()
        .find(|(_, sheet)| sheet.journey == journey))
}

impl Workspace {
    /// What was ticked off in a case of a journey, in the order in which it was done.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn runbook_ticks(&self, journey: &str, case: &str) -> Result<Vec<Tick>, StoreError> {
        let wanted = journey.to_owned();
        let found = self.read(move |store| sheet(store, &wanted)).await?;
        let ticks = found.map_or_else(Vec::new, |(_, sheet)| sheet.ticks);
        Ok(ticks.into_iter().filter(|tick| tick.case == case).collect())
    }

    /// Ticks a box off, or takes the tick back; returns the ticks of its case. Twice is as once: the first
    /// who did it stays.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn tick_runbook(
        &self,
        journey: &str,
        tick: Tick,
        done: bool,
    ) -> Result<Vec<Tick>, StoreError> {
        let _one_at_a_time = self.shared.defining.lock().await;
        let journey = journey.to_owned();
        let changed = self.read(move |store| {
            let known = sheet(store, &journey)?;
            let (id, mut sheet) = match known {
                Some((id, sheet)) => (Some(id), sheet),
                None => (
                    None,
                    Sheet {
                        journey,
                        ticks: Vec::new(),
                    },
                ),
            };
            let has = sheet.ticks.iter().any(|known| known.is_same_box(&tick));
            let case = tick.case.clone();
            match (done, has) {
                (true, false) => sheet.ticks.push(tick),
                (false, true) => sheet.ticks.retain(|known| !known.is_same_box(&tick)),
                _ => {}
            }
            let excess = sheet.ticks.len().saturating_sub(TICKS_MAX);
            sheet.ticks.drain(..excess);
            let body = serde_json::to_string(&sheet)
                .map_err(|error| StoreError::corrupt("documents", "new", error))?;
            match id {
                Some(id) => store
                    .replace_document(DocumentKind::RunbookTicks, id, &body)
                    .map(drop)?,
                None => store
                    .insert_document(DocumentKind::RunbookTicks, &body)
                    .map(drop)?,
            }
            sheet.ticks.retain(|known| known.case == case);
            Ok(sheet.ticks)
        });
        changed.await
    }
}
