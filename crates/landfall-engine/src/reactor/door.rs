//! The door of a journey: who starts a run.

use std::sync::Arc;

use landfall_audience::EventInHand;
use landfall_domain::ids::{JourneyId, PersonKey};
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::WorkingSet;
use landfall_journey::{Entered, History, Occasion, enter, turn_away};
use landfall_store::StoreError;

use super::runs::is_running;
use super::{Reactor, interests};

/// Why nobody is let in while journeys keep starting each other.
const LOOP: &str =
    "journeys keep starting each other without a delay: nobody is let in; put a delay between them";

impl Reactor {
    /// Whether a person is interested in the product that an event is about; of other journeys nobody asks.
    fn wants_product(
        &mut self,
        set: &WorkingSet,
        person: PersonKey,
        journey: JourneyId,
        event: Option<&Arc<EventInHand>>,
    ) -> Result<bool, StoreError> {
        let live = Arc::clone(&self.live);
        let trigger = live.about_products().find(|(known, _)| *known == journey);
        let (Some((_, trigger)), Some(event)) = (trigger, event) else {
            return Ok(true);
        };
        let (Some(product), Some(record)) = (trigger.product_of(event), set.person(person)) else {
            return Ok(false);
        };
        let record = Arc::clone(record);
        let now = self.now;
        let memory = &self.mind(set, person)?.memory;
        Ok(interests::is_interested(
            journey, trigger, &product, &record, memory, now,
        ))
    }

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
        if !self.wants_product(set, person, journey, event)? {
            return Ok(());
        }
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
        let shut = self.shut;
        let entered = self.with_setting(set, person, key, &live, None, |setting| match shut {
            true => turn_away(&live.plan, setting, &occasion, LOOP),
            false => match enter(&live.plan, setting, &occasion) {
                Entered::Run { run, outcome } => Some((run, outcome)),
                Entered::Refused { .. } => None,
            },
        })?;
        let Some((mut run, outcome)) = entered.flatten() else {
            return Ok(());
        };
        let key = set.new_run_key();
        let now = self.now;
        let mind = self.mind(set, person)?;
        mind.changed = true;
        if !shut {
            mind.memory.note_start(journey, now);
        }
        self.keep(set, key, &live, &mut run, &outcome.trace)?;
        self.apply(set, key, &run, outcome.effects)
    }
}
