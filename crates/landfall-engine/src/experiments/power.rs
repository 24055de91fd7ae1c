//! What is known about a journey before an experiment: how many people come, and how many convert.

use landfall_domain::ids::JourneyId;
use landfall_domain::run::RunState;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_journey::Run;
use landfall_store::{Store, StoreError};

/// Runs read at a time.
const PAGE: usize = 1_000;
/// How far back.
const DAYS: i64 = 28;

/// A journey's last four weeks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Baseline {
    /// Runs that began.
    pub runs: u64,
    /// Those of them whose goal was met.
    pub converted: u64,
    /// Runs a week.
    pub per_week: f64,
}

impl Baseline {
    /// The share whose goal was met; `None` without runs.
    pub fn rate(&self) -> Option<f64> {
        (self.runs > 0).then(|| self.converted as f64 / self.runs as f64)
    }
}

/// Reads what a journey's runs of the last four weeks came to. Those that never began are left out.
///
/// # Errors
/// When the store cannot be read.
pub fn baseline(
    store: &(impl Store + ?Sized),
    journey: JourneyId,
    now: Timestamp,
) -> Result<Baseline, StoreError> {
    let since = now.plus_millis(-DAYS * DAY_MS);
    let mut found = Baseline::default();
    let mut first = now;
    let mut after = None;
    loop {
        let runs = store.runs_in(journey, after, PAGE)?;
        let Some(last) = runs.last() else { break };
        after = Some(last.key);
        for row in &runs {
            if row.started_at < since || row.state == RunState::NeverActivated {
                continue;
            }
            first = first.min(row.started_at);
            found.runs += 1;
            let run = Run::decode(&row.body).ok();
            let met = run.is_some_and(|run| run.goal_met_at().is_some());
            found.converted += u64::from(met);
        }
    }
    let days = (now.since(first) as f64 / DAY_MS as f64).max(1.0);
    found.per_week = found.runs as f64 * 7.0 / days;
    Ok(found)
}
