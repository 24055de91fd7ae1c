//! Counting what happened, and telling journeys of it.

use std::sync::Arc;

use landfall_audience::{EventInHand, Happening, Touched, happenings_of};
use landfall_domain::activity::{Activity, PersonInput};
use landfall_domain::delivery::Delivery;
use landfall_domain::ids::PersonKey;
use landfall_domain::marks::Mark;
use landfall_domain::run::EndCause;
use landfall_domain::status::Outcome;
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::{LogMark, News, WorkingSet};
use landfall_journey::reach;
use landfall_store::StoreError;

use super::Reactor;
use super::memory::Pending;
use super::stir::{Stir, run_of_text};
use crate::survival::receipts;

/// Most triggers that wait for a visitor to become a person.
const PENDING_MAX: usize = 50;

impl Reactor {
    /// Counts what happened since `mark`.
    pub(super) fn absorb(&mut self, set: &mut WorkingSet, mark: LogMark) -> Result<(), StoreError> {
        for activity in set.activities_since(mark) {
            // What a merge brought along was counted where it happened.
            let merged = matches!(activity.input, PersonInput::MergedInto { .. });
            if let Some(person) = activity.person
                && !merged
            {
                self.absorb_activity(set, person, activity)?;
            }
        }
        for news in set.take_news() {
            self.absorb_news(set, &news)?;
        }
        Ok(())
    }

    fn absorb_activity(
        &mut self,
        set: &WorkingSet,
        person: PersonKey,
        activity: &Activity,
    ) -> Result<(), StoreError> {
        let live = Arc::clone(&self.live);
        let mind = self.mind(set, person)?;
        let mut touched = Touched::nothing();
        happenings_of(activity, &mut |happening| {
            let profile = &mut mind.memory.profile;
            profile.absorb(&live.patterns, &happening, &mut touched);
        });
        if touched.is_whole() {
            mind.touched.add_whole();
        }
        for cause in touched.causes() {
            mind.touched.add(*cause);
        }
        self.stirred.push(person);
        self.note_interest(set, person, activity)?;
        match &activity.input {
            PersonInput::Tracked { .. } => self.absorb_event(set, person, activity, touched)?,
            PersonInput::SegmentChanged { segment, added } => {
                self.stirs.push(Stir::Segment(person, *segment, *added));
            }
            PersonInput::Deleted { suppressed } => {
                let cause = match suppressed {
                    true => EndCause::PersonSuppressed,
                    false => EndCause::PersonDeleted,
                };
                self.stirs.push(Stir::Gone(person, cause));
            }
            _ => {}
        }
        Ok(())
    }

    /// Tells journeys of an event, if one may want to know. What a visitor does waits for the login.
    fn absorb_event(
        &mut self,
        set: &WorkingSet,
        person: PersonKey,
        activity: &Activity,
        touched: Touched,
    ) -> Result<(), StoreError> {
        let PersonInput::Tracked {
            event, name, data, ..
        } = &activity.input
        else {
            return Ok(());
        };
        let live = Arc::clone(&self.live);
        let starts = live.started_by(*event, name);
        let known = set.person(person).is_some_and(|person| person.is_known());
        if known {
            if !starts.is_empty() || set.runs_of(person).next().is_some() {
                let event = EventInHand::new(*event, name, data, activity.occurred_at);
                self.stirs.push(Stir::Did(person, Arc::new(event), touched));
            }
            return Ok(());
        }
        let mind = self.mind(set, person)?;
        for journey in &starts {
            if mind.memory.pending.len() < PENDING_MAX {
                mind.changed = true;
                mind.memory.pending.push(Pending {
                    journey: *journey,
                    kind: *event,
                    name: name.clone(),
                    data: data.json().to_owned(),
                    at: activity.occurred_at,
                });
            }
        }
        Ok(())
    }

    fn absorb_news(&mut self, set: &WorkingSet, news: &News) -> Result<(), StoreError> {
        let Some(delivery) = set.delivery(news.delivery) else {
            return Ok(());
        };
        let Some(person) = delivery.person else {
            return Ok(());
        };
        let Some(label) = self.label(set, delivery.message).cloned() else {
            return Ok(());
        };
        let reason = landfall_domain::status::reason(delivery);
        let live = Arc::clone(&self.live);
        self.stirred.push(person);
        let mind = self.mind(set, person)?;
        for (mark, at) in &news.marks {
            let happening = Happening::Told {
                mark: *mark,
                message: &label,
                reason,
                at: *at,
            };
            let touched = &mut mind.touched;
            mind.memory
                .profile
                .absorb(&live.patterns, &happening, touched);
        }
        for (device, at) in receipts(delivery) {
            let happening = Happening::Receipt { device, at };
            let touched = &mut mind.touched;
            mind.memory
                .profile
                .absorb(&live.patterns, &happening, touched);
        }
        self.tell_run(delivery, news);
        Ok(())
    }

    /// Tells the run that made a delivery. One device that bounced is no end while another may take it, so
    /// ends are told by the outcome.
    fn tell_run(&mut self, delivery: &Delivery, news: &News) {
        let run = delivery
            .about
            .run
            .as_ref()
            .and_then(|run| run_of_text(&run.text));
        let Some(run) = run else {
            return;
        };
        // A credit says nothing that the run does not know: it gave it. Others report conversions too.
        let targets = delivery.targets.iter().map(|target| &target.marks);
        let mut reported = std::iter::once(&delivery.marks).chain(targets);
        let converted = reported.any(|marks| marks.has(Mark::Converted));
        let tells = |mark| match mark {
            Mark::Credited => false,
            Mark::Converted => converted,
            mark => !reach::ends(mark),
        };
        let proofs = news.marks.iter().filter(|(mark, _)| tells(*mark));
        let mut marks: Vec<(Mark, Timestamp)> = proofs.copied().collect();
        let mut why = None;
        if let Some((outcome, reason)) = news.outcome
            && let Some(mark) = end_of(outcome)
        {
            let at = delivery.view().at(mark).unwrap_or(self.now);
            marks.push((mark, at));
            why = reason;
        }
        if !marks.is_empty() {
            self.stirs.push(Stir::Told(run, delivery.key, marks, why));
        }
    }
}

/// The mark that a refusal is told as.
const fn end_of(outcome: Outcome) -> Option<Mark> {
    Some(match outcome {
        Outcome::Bounced => Mark::Bounced,
        Outcome::Failed => Mark::Failed,
        Outcome::Expired => Mark::Expired,
        Outcome::Dropped => Mark::Dropped,
        Outcome::Undeliverable => Mark::Undeliverable,
        _ => return None,
    })
}
