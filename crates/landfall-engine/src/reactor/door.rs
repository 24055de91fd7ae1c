//! The door of a journey: who starts a run.

use std::sync::Arc;

use landfall_audience::EventInHand;
use landfall_domain::ids::{JourneyId, PersonKey};
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::WorkingSet;
use landfall_journey::{Entered, History, Occasion, enter};
use landfall_store::StoreError;

use super::Reactor;
use super::runs::is_running;

impl Reactor {
    /// A person comes to the door of a journey.
    pub(super) fn enter(
        &mut self,
        set: &mut WorkingSet,
        person: PersonKey,
        journey: JourneyId,
        event: Option<&Arc<EventInHand>>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(live) = self.live.open(journey).cloned() else {
            return Ok(());
        };
        let running = set.runs_of(person);
        let running = running
            .filter(|row| row.journey == journey && is_running(row))
            .count();
        let starts = self.mind(set, person)?.memory.starts_of(journey);
        let occasion = Occasion {
            event: event.map(|event| event.as_ref().clone()),
            at,
            history: History {
                running: u32::try_from(running).unwrap_or(u32::MAX),
                last_started: starts.map(|starts| starts.last),
            },
        };
        let key = set.next_run_key();
        let entered = self.with_setting(set, person, key, |setting| {
            enter(&live.plan, setting, &occasion)
        })?;
        let Some(Entered::Run { run, outcome }) = entered else {
            return Ok(());
        };
        let key = set.new_run_key();
        let now = self.now;
        let mind = self.mind(set, person)?;
        mind.changed = true;
        mind.memory.note_start(journey, now);
        self.keep(set, key, &live, &run, &outcome.trace);
        self.apply(set, key, &run, outcome.effects)
    }
}
