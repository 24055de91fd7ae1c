//! Moving runs: each is told what happens, and is stored with what it wants done.

use std::sync::Arc;

use landfall_audience::{EventInHand, RecentSend};
use landfall_domain::ids::{PersonKey, RunKey};
use landfall_domain::run::{EndCause, RunRow, RunState, TraceRow};
use landfall_domain::time::HOUR_MS;
use landfall_domain::working_set::WorkingSet;
use landfall_journey::definition::Goal;
use landfall_journey::{
    Cause, Check, Line, Run, RunError, Setting, Stimulus, Trace, advance, stand_still,
    watched_until,
};
use landfall_store::StoreError;

use super::Reactor;
use super::stir::Stir;
use crate::live::LivePlan;

impl Reactor {
    /// Tells journeys of one thing.
    pub(super) fn take(&mut self, set: &mut WorkingSet, stir: Stir) -> Result<(), StoreError> {
        match stir {
            Stir::Did(person, event, touched) => {
                for (row, live) in self.open_runs(set, person) {
                    // While a journey is paused its exits and goals count, but nobody moves on.
                    let listens = live.listens_to(&event) || self.is_measured_by(&row, &event);
                    let paused = self.live.is_paused(row.journey);
                    if listens || (!paused && touched.reaches(&live.needs)) {
                        self.tell(set, &row, &live, Stimulus::Did(&event))?;
                    }
                }
                for journey in self.live.started_by(event.kind, &event.name) {
                    self.enter(set, person, journey, Some(&event), event.at)?;
                }
                Ok(())
            }
            Stir::Changed(person, touched) => {
                for (row, live) in self.open_runs(set, person) {
                    if touched.reaches(&live.needs) && !self.live.is_paused(row.journey) {
                        self.tell(set, &row, &live, Stimulus::Changed)?;
                    }
                }
                Ok(())
            }
            Stir::Segment(person, segment, entered) => {
                for (row, live) in self.open_runs(set, person) {
                    self.tell(set, &row, &live, Stimulus::Segment { segment, entered })?;
                }
                for journey in self.live.started_by_segment(segment, entered).to_vec() {
                    self.enter(set, person, journey, None, self.now)?;
                }
                Ok(())
            }
            Stir::Told(run, delivery, marks, reason) => {
                let Some(delivery_id) = set.delivery(delivery).map(|delivery| delivery.id.clone())
                else {
                    return Ok(());
                };
                for (mark, at) in marks {
                    let told = Stimulus::Told {
                        delivery_id: &delivery_id,
                        mark,
                        reason,
                        at,
                    };
                    self.tell_key(set, run, told)?;
                }
                Ok(())
            }
            Stir::Wake(run) => self.wake(set, run),
            Stir::Recompute(run) => self.recompute(set, run),
            Stir::Adopt(run) => self.tell_key(set, run, Stimulus::Adopt),
            Stir::End(run, cause) => self.tell_key(set, run, Stimulus::End(cause_of(cause))),
            Stir::Enter(person, journey, event) => {
                self.enter(set, person, journey, Some(&event), event.at)
            }
            Stir::Date(person, journey, at) => self.enter(set, person, journey, None, at),
            Stir::Gone(person, cause) => {
                for (row, live) in self.open_runs(set, person) {
                    self.tell(set, &row, &live, Stimulus::End(cause_of(cause)))?;
                }
                Ok(())
            }
        }
    }

    fn open_runs(&self, set: &WorkingSet, person: PersonKey) -> Vec<(RunRow, Arc<LivePlan>)> {
        let rows = set.runs_of(person);
        rows.filter_map(|row| Some((row.clone(), self.plan_of(row)?)))
            .collect()
    }

    pub(super) fn plan_of(&self, row: &RunRow) -> Option<Arc<LivePlan>> {
        let plan = self.live.plan(row.journey, row.version);
        if plan.is_none() {
            let (journey, version) = (row.journey.0, row.version);
            tracing::error!(journey, version, "a run is in a version that is not there");
        }
        plan.cloned()
    }

    fn wake(&mut self, set: &mut WorkingSet, run: RunKey) -> Result<(), StoreError> {
        let Some(row) = set.run(run).cloned() else {
            return Ok(());
        };
        if self.live.is_paused(row.journey) && is_running(&row) {
            // It is woken again when the journey goes on.
            if row.due.is_some() {
                set.put_run(RunRow { due: None, ..row });
            }
            return Ok(());
        }
        self.tell_key(set, run, Stimulus::Wake)?;
        let unmoved = set.run(run).filter(|after| **after == row).cloned();
        if let Some(row) = unmoved.filter(|row| row.due.is_some_and(|due| due <= self.now)) {
            // Its plan or its person is missing: whoever wakes it must not do nothing else.
            let due = Some(self.now.plus_millis(HOUR_MS));
            set.put_run(RunRow { due, ..row });
        }
        Ok(())
    }

    fn tell_key(
        &mut self,
        set: &mut WorkingSet,
        run: RunKey,
        stimulus: Stimulus<'_>,
    ) -> Result<(), StoreError> {
        let Some(row) = set.run(run).cloned() else {
            return Ok(());
        };
        match self.plan_of(&row) {
            Some(live) => self.tell(set, &row, &live, stimulus),
            None => Ok(()),
        }
    }

    /// Tells a run of something, does what it wants and stores it.
    fn tell(
        &mut self,
        set: &mut WorkingSet,
        row: &RunRow,
        live: &LivePlan,
        stimulus: Stimulus<'_>,
    ) -> Result<(), StoreError> {
        let mut run = match Run::decode(&row.body) {
            Ok(run) => run,
            Err(damage) => {
                self.set_aside(set, row, &damage);
                return Ok(());
            }
        };
        run.person = row.person;
        // What stopping a journey could not end any more ends as soon as it is heard of.
        let stopped = self.live.is_stopped(row.journey) && is_running(row);
        let stimulus = match stopped {
            true => Stimulus::End(Cause::Stopped),
            false => stimulus,
        };
        let paused = self.live.is_paused(row.journey);
        let advance = if paused { stand_still } else { advance };
        let measured = self.measure_of(&run);
        let goal = goal_in(measured.as_ref());
        let Some(outcome) = self.with_setting(set, row.person, row.key, live, goal, |setting| {
            advance(&live.plan, &mut run, setting, stimulus)
        })?
        else {
            return Ok(());
        };
        self.keep(set, row.key, live, &mut run, &outcome.trace)?;
        self.apply(set, row.key, &run, outcome.effects)
    }

    /// Calls the interpreter with what is around a person; `None`: the person is not there.
    pub(super) fn with_setting<T>(
        &mut self,
        set: &WorkingSet,
        person: PersonKey,
        run: RunKey,
        of: &LivePlan,
        goal: Option<&Goal>,
        call: impl FnOnce(&Setting<'_>) -> T,
    ) -> Result<Option<T>, StoreError> {
        let Some(record) = set.person(person).cloned() else {
            return Ok(None);
        };
        let live = Arc::clone(&self.live);
        let (now, salt, fixed_share) = (self.now, self.salt, self.fixed_share);
        let topic = of.plan.definition.topic.as_deref();
        let mind = self.mind(set, person)?;
        let claimed = mind.memory.claimed.iter();
        let in_flight: Vec<RecentSend> = claimed.map(|claimed| claimed.send).collect();
        let setting = Setting {
            person: &record,
            profile: &mind.memory.profile,
            now,
            policy: &live.policy,
            zone: &live.zone,
            run,
            salt: &salt,
            goal,
            topic_opt_in: topic.is_some_and(|topic| live.asks_for_a_yes(topic)),
            suppressed: &record.suppressed_channels(),
            in_flight: &in_flight,
            explain: true,
            fixed_share,
            held: live.held(of.plan.journey),
        };
        Ok(Some(call(&setting)))
    }

    /// Stores a run as it is now, and why it is so.
    pub(super) fn keep(
        &mut self,
        set: &mut WorkingSet,
        key: RunKey,
        live: &LivePlan,
        run: &mut Run,
        trace: &Trace,
    ) -> Result<(), StoreError> {
        let measured = self.measure_of(run);
        let goal = goal_in(measured.as_ref());
        let watched = watched_until(&live.plan, goal, run).filter(|until| *until > self.now);
        let paused = self.live.is_paused(run.journey) && run.is_running();
        if !trace.lines.is_empty() {
            let seq = self.next_place(key, run)?;
            run.note_traced(seq.saturating_add(1));
            set.push_trace(TraceRow {
                run: key,
                seq,
                at: self.now,
                // Texts and numbers only.
                body: serde_json::to_vec(trace).unwrap_or_default(),
            });
        }
        let row = RunRow {
            key,
            person: run.person,
            journey: run.journey,
            version: run.version,
            state: run.state,
            started_at: run.started_at,
            ended_at: run.ended_at,
            due: run.due.filter(|_| !paused).or(watched),
            open: run.is_running() || watched.is_some(),
            body: run.encode(),
        };
        if set.run(key) != Some(&row) {
            set.put_run(row);
        }
        Ok(())
    }

    /// Ends a run that cannot be read, and says why in its trace: others of its batch go on.
    pub(super) fn set_aside(&self, set: &mut WorkingSet, row: &RunRow, damage: &RunError) {
        tracing::error!(run = row.key.0, %damage, "a run was set aside");
        let line = Line {
            at: self.now,
            step: None,
            check: Check::Exit,
            input: RunState::Damaged.name().into(),
            verdict: format!("set aside: {damage}"),
        };
        let trace = Trace { lines: vec![line] };
        set.push_trace(TraceRow {
            run: row.key,
            // Nobody knows how many rows came before: it is the last.
            seq: u32::MAX,
            at: self.now,
            // Texts and numbers only.
            body: serde_json::to_vec(&trace).unwrap_or_default(),
        });
        set.put_run(RunRow {
            state: RunState::Damaged,
            ended_at: Some(self.now),
            due: None,
            open: false,
            ..row.clone()
        });
    }

    /// The version by whose goal a run is measured, when it is not its own.
    fn measure_of(&self, run: &Run) -> Option<Arc<LivePlan>> {
        let version = run.measured_by()?;
        self.live.plan(run.journey, version).cloned()
    }

    /// Whether an event may concern the goal of another version, by which the run is measured.
    fn is_measured_by(&self, row: &RunRow, event: &EventInHand) -> bool {
        if !self.live.is_heard_by_another(row, event) {
            return false;
        }
        // Whoever tells it sets a damaged one aside.
        let Ok(run) = Run::decode(&row.body) else {
            return true;
        };
        let measure = self.measure_of(&run);
        measure.is_some_and(|live| live.listens_to(event))
    }

    /// The place in the run's trace that the next row takes. Runs of earlier versions of the program did not
    /// count: their rows are counted once.
    fn next_place(&self, key: RunKey, run: &Run) -> Result<u32, StoreError> {
        match run.traced() {
            Some(rows) => Ok(rows),
            None => Ok(u32::try_from(self.store.traces(key)?.len()).unwrap_or(u32::MAX)),
        }
    }
}

/// The goal of a version.
pub(super) fn goal_in(live: Option<&Arc<LivePlan>>) -> Option<&Goal> {
    live?.plan.definition.goal.as_ref()
}

/// Whether a run is on its way.
pub(super) fn is_running(row: &RunRow) -> bool {
    row.state == RunState::Running
}

const fn cause_of(cause: EndCause) -> Cause {
    match cause {
        EndCause::JourneyStopped | EndCause::TakenOut => Cause::Stopped,
        EndCause::PersonDeleted => Cause::Deleted,
        EndCause::PersonSuppressed => Cause::Suppressed,
        EndCause::MergedAway => Cause::MergedAway,
    }
}
