//! Starting, pausing and stopping journeys.

use landfall_domain::ids::JourneyId;
use landfall_domain::input::{Body, Input};
use landfall_domain::run::{EndCause, RunInput, RunState};
use landfall_journey::definition::Trigger;

use super::gate::names_in_use;
use super::{Journey, JourneyError, JourneyState};
use crate::input_of_ours;
use crate::segments::Build;
use crate::workspace::Workspace;

/// Runs changed in one submission.
const PAGE: usize = 1_000;

impl Workspace {
    /// Lets people enter: of a draft, of a paused journey (whose runs go on where they stood), or of a
    /// stopped one. The launch gate is asked each time.
    ///
    /// # Errors
    /// When there is none, it runs, the launch gate is closed, or what its conditions ask about is still
    /// being counted.
    pub async fn start_journey(&self, name: &str) -> Result<(JourneyId, Journey), JourneyError> {
        let one_at_a_time = self.shared.defining.lock().await;
        let (id, journey) = self.find_journey(name).await?;
        if journey.state == JourneyState::Running {
            let (state, fix) = (journey.state, "there is nothing to start");
            return Err(JourneyError::State { state, fix });
        }
        let plan = self.newest_plan(id, &journey).await?;
        let names = names_in_use(&plan, Some(&self.catalogue()));
        self.pass_gate(&plan, names).await?;
        if let Some(build) = journey.build {
            return Err(JourneyError::Building(build.percent()));
        }
        // Everybody's next date has to be found.
        let dated = matches!(plan.definition.trigger, Trigger::Date(_));
        let journey = Journey {
            state: JourneyState::Running,
            build: dated.then(Build::default),
            started_at: journey.started_at.or(Some(self.now())),
            ..journey
        };
        self.change_state(id, journey, one_at_a_time).await
    }

    /// Lets nobody enter and nobody move on, until the journey is started again.
    ///
    /// # Errors
    /// When there is none, or it does not run.
    pub async fn pause_journey(&self, name: &str) -> Result<(JourneyId, Journey), JourneyError> {
        self.leave_running(name, JourneyState::Paused, &[JourneyState::Running])
            .await
    }

    /// Ends the journey: nobody enters, and its runs are over. Messages that wait are taken back.
    ///
    /// # Errors
    /// When there is none, or it is neither running nor paused.
    pub async fn stop_journey(&self, name: &str) -> Result<(JourneyId, Journey), JourneyError> {
        let from = [JourneyState::Running, JourneyState::Paused];
        self.leave_running(name, JourneyState::Stopped, &from).await
    }

    async fn leave_running(
        &self,
        name: &str,
        to: JourneyState,
        from: &[JourneyState],
    ) -> Result<(JourneyId, Journey), JourneyError> {
        let one_at_a_time = self.shared.defining.lock().await;
        let (id, journey) = self.find_journey(name).await?;
        if !from.contains(&journey.state) {
            let (state, fix) = (journey.state, "only what runs can be paused or stopped");
            return Err(JourneyError::State { state, fix });
        }
        let journey = Journey {
            state: to,
            ..journey
        };
        self.change_state(id, journey, one_at_a_time).await
    }

    /// Stores that a journey is in another state, and carries that out. What is interrupted there, by an
    /// outage or a crash, the [`Builder`](crate::segments::Builder) does later.
    async fn change_state(
        &self,
        id: JourneyId,
        journey: Journey,
        one_at_a_time: tokio::sync::MutexGuard<'_, ()>,
    ) -> Result<(JourneyId, Journey), JourneyError> {
        let journey = Journey {
            updated_at: self.now(),
            unsettled: true,
            ..journey
        };
        let kept = self.keep_journey(id, &journey).await;
        drop(one_at_a_time);
        let settled = match kept {
            Ok(()) => self.settle_journey(id).await,
            Err(error) => Err(error.into()),
        };
        self.shared.segments_changed.notify_one();
        settled?;
        let unsettled = false;
        Ok((
            id,
            Journey {
                unsettled,
                ..journey
            },
        ))
    }

    /// Carries out that a journey changed its state: its runs go on, or are over.
    pub(crate) async fn settle_journey(&self, id: JourneyId) -> Result<(), JourneyError> {
        self.reload_live().await?;
        let Some(journey) = self.journey_at(id).await? else {
            return Ok(());
        };
        match journey.state {
            JourneyState::Running => self.each_run(id, |run| RunInput::Wake { run }).await?,
            JourneyState::Stopped => {
                let cause = EndCause::JourneyStopped;
                self.each_run(id, |run| RunInput::End { run, cause })
                    .await?;
            }
            JourneyState::Draft | JourneyState::Paused => {}
        }
        let _one_at_a_time = self.shared.defining.lock().await;
        let now = self.journey_at(id).await?;
        // Who changed it meanwhile carries that out.
        if let Some(now) = now.filter(|now| now.state == journey.state) {
            let unsettled = false;
            self.keep_journey(id, &Journey { unsettled, ..now }).await?;
        }
        Ok(())
    }

    async fn journey_at(&self, id: JourneyId) -> Result<Option<Journey>, JourneyError> {
        let all = self.read(|store| super::all(store)).await?;
        let found = all.into_iter().find(|(known, _)| *known == id);
        Ok(found.map(|(_, journey)| journey))
    }

    /// A journey by number, slug or name.
    ///
    /// # Errors
    /// When there is none.
    pub async fn find_journey(&self, name: &str) -> Result<(JourneyId, Journey), JourneyError> {
        let wanted = name.to_owned();
        let found = self.read(move |store| super::named(store, &wanted)).await?;
        found.ok_or_else(|| JourneyError::Missing(name.to_owned()))
    }

    /// Submits an input for each run that is on its way.
    async fn each_run(
        &self,
        journey: JourneyId,
        input: impl Fn(landfall_domain::ids::RunKey) -> RunInput,
    ) -> Result<(), JourneyError> {
        let mut after = None;
        loop {
            let page = self
                .read(move |store| store.runs_in(journey, after, PAGE))
                .await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.key);
            let running = page.iter().filter(|run| run.state == RunState::Running);
            let inputs: Vec<Input> = running
                .map(|run| input_of_ours(Body::Run(Box::new(input(run.key)))))
                .collect();
            if !inputs.is_empty() {
                self.submit_patiently(inputs).await?;
            }
        }
    }
}
