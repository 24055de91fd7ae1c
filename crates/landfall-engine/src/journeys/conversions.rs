//! Computing conversions anew, run by run, when a journey's goal was changed.

use landfall_domain::ids::{JourneyId, RunKey};
use landfall_domain::input::{Body, Input};
use landfall_domain::run::RunInput;
use serde::{Deserialize, Serialize};

use super::{Journey, JourneyError};
use crate::input_of_ours;
use crate::workspace::Workspace;

/// Runs computed in one submission.
const PAGE: usize = 500;

/// How far computing conversions anew is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recompute {
    /// The version whose goal counts.
    pub version: u32,
    /// The last run that was computed.
    pub after: Option<RunKey>,
    /// How many were.
    pub done: u64,
    /// How many there were at the start.
    pub of: u64,
}

impl Recompute {
    /// Whole percents, at most 99 while it goes on.
    pub fn percent(&self) -> u64 {
        let percent = self.done.saturating_mul(100).checked_div(self.of);
        percent.unwrap_or(0).min(99)
    }
}

impl Workspace {
    /// Begins to compute the conversions of every run of a journey anew by the goal of its newest version.
    /// The [`Builder`](crate::segments::Builder) does it page by page and goes on after a crash; what is
    /// computed twice gives the same. Asked for again while it goes on, it begins anew.
    ///
    /// # Errors
    /// When there is no such journey, or its newest version has no goal.
    pub async fn recompute_conversions(
        &self,
        name: &str,
    ) -> Result<(JourneyId, Journey), JourneyError> {
        let one_at_a_time = self.shared.defining.lock().await;
        let (id, journey) = self.find_journey(name).await?;
        let version = journey.version;
        let newest = self.live().newest(id).cloned();
        let goal = newest.filter(|newest| newest.plan.definition.goal.is_some());
        if goal.is_none() {
            return Err(JourneyError::NoGoal(version));
        }
        let counts = self.read(move |store| store.run_counts(id)).await?;
        let recompute = Recompute {
            version,
            of: counts.iter().map(|(_, _, count)| *count).sum(),
            ..Recompute::default()
        };
        let journey = Journey {
            recompute: Some(recompute),
            ..journey
        };
        self.keep_journey(id, &journey).await?;
        drop(one_at_a_time);
        self.shared.segments_changed.notify_one();
        Ok((id, journey))
    }

    /// Computes the conversions of one page of runs; `false`: there is no journey for which that is to do.
    pub(crate) async fn recompute_page(&self) -> Result<bool, JourneyError> {
        let all = self.read(|store| super::all(store)).await?;
        let next = all
            .into_iter()
            .find_map(|(id, journey)| Some((id, journey.recompute?)));
        let Some((id, recompute)) = next else {
            return Ok(false);
        };
        let page = self
            .read(move |store| store.runs_in(id, recompute.after, PAGE))
            .await?;
        let inputs: Vec<Input> = page
            .iter()
            .map(|row| input_of_ours(Body::Run(Box::new(RunInput::Recompute { run: row.key }))))
            .collect();
        if !inputs.is_empty() {
            self.submit_patiently(inputs).await?;
        }
        let _one_at_a_time = self.shared.defining.lock().await;
        let (_, now) = self.find_journey(&id.0.to_string()).await?;
        // Who asked again meanwhile begins anew.
        if now.recompute == Some(recompute) {
            let further = Recompute {
                after: page.last().map(|row| row.key),
                done: recompute.done + page.len() as u64,
                ..recompute
            };
            let recompute = (page.len() == PAGE).then_some(further);
            self.keep_journey(id, &Journey { recompute, ..now }).await?;
        }
        Ok(true)
    }
}
