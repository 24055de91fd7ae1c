//! A run on its way: what it sees, what it wants done, and the loop from step to step.

use std::cell::OnceCell;

use landfall_audience::{Condition, EventInHand, Scene};
use landfall_domain::run::RunState;
use landfall_domain::time::Timestamp;
use serde_json::{Value, json};

use super::{Cause, Outcome, Setting, Stimulus};
use crate::definition::Goal;
use crate::effect::Effect;
use crate::plan::{At, END, Plan, PlanStep};
use crate::replay::{PAUSED, event_line};
use crate::run::{Cursor, Run, Sent};
use crate::trace::{Check, Line, Trace};

/// One call of the interpreter.
pub(super) struct Walk<'a> {
    pub(super) plan: &'a Plan,
    pub(super) run: &'a mut Run,
    pub(super) setting: &'a Setting<'a>,
    /// What the run is measured by.
    pub(super) goal: Option<&'a Goal>,
    pub(super) effects: Vec<Effect>,
    /// Whether the journey is paused: the run stays where it is.
    pub(super) still: bool,
    lines: Vec<Line>,
    /// The event that started the run, read when somebody looks.
    origin: OnceCell<Option<EventInHand>>,
}

/// Where a step leads.
pub(super) enum Flow {
    /// On, to this node.
    On(At),
    /// Nowhere for now; or the run is over.
    Stay,
}

impl<'a> Walk<'a> {
    pub(super) fn new(plan: &'a Plan, run: &'a mut Run, setting: &'a Setting<'a>) -> Self {
        Self {
            plan,
            run,
            setting,
            goal: setting.goal.or(plan.definition.goal.as_ref()),
            effects: Vec::new(),
            still: false,
            lines: Vec::new(),
            origin: OnceCell::new(),
        }
    }

    pub(super) fn finish(self) -> Outcome {
        Outcome {
            effects: self.effects,
            trace: Trace { lines: self.lines },
        }
    }

    /// Whether the plan is the one that the run began with: places in another one mean other steps.
    pub(super) fn is_of_this_version(&mut self) -> bool {
        let (plan, run) = (self.plan, &self.run);
        let same = plan.version == run.version && plan.journey == run.journey;
        if !same {
            let input = json!({ "run": run.version, "plan": plan.version });
            self.note(
                None,
                Check::Stimulus,
                || input,
                "the plan is of another version",
            );
        }
        same
    }

    /// Reacts to one stimulus.
    pub(super) fn react(&mut self, stimulus: Stimulus<'_>) {
        self.note_stimulus(stimulus);
        match stimulus {
            Stimulus::Wake | Stimulus::Changed => self.resume(),
            Stimulus::Did(event) => {
                self.goal_event(event);
                self.exit_event(event);
                self.resume();
            }
            Stimulus::Segment { segment, entered } => {
                self.goal_segment(segment, entered);
                self.resume();
            }
            Stimulus::Told {
                delivery_id,
                mark,
                reason,
                at,
            } => self.told(delivery_id, mark, reason, at),
            Stimulus::End(cause) => self.end(cause),
            Stimulus::Adopt => {
                self.run.person = self.setting.person.key;
                self.resume();
            }
        }
    }

    /// Looks at where the run stands, and goes on from there if it can.
    pub(super) fn resume(&mut self) {
        if self.still {
            return;
        }
        match self.run.cursor {
            Cursor::Door { until } => self.knock(until),
            Cursor::At(at) => self.go(at),
            Cursor::Waiting { at, until } => self.wait_on(at, until),
            Cursor::Reaching { at, first, race } => self.race_wakes(at, first, race),
            Cursor::Over => {}
        }
    }

    /// Goes from step to step until one waits or the run is over. Plans have no cycles, so this ends.
    pub(super) fn go(&mut self, from: At) {
        let mut at = from;
        loop {
            if at == END {
                self.over(RunState::Finished, "the last step is behind");
                return;
            }
            self.run.cursor = Cursor::At(at);
            match self.step(at) {
                Flow::On(next) => at = next,
                Flow::Stay => return,
            }
        }
    }

    /// Waits in a step until `until` at the latest, or until something wakes it earlier.
    pub(super) fn wait(
        &mut self,
        at: At,
        until: Option<Timestamp>,
        due: Option<Timestamp>,
    ) -> Flow {
        self.run.cursor = Cursor::Waiting { at, until };
        self.run.due = due;
        self.run.waited = true;
        Flow::Stay
    }

    /// Ends the run.
    pub(super) fn over(&mut self, state: RunState, why: &str) {
        if !self.run.is_running() {
            return;
        }
        self.note(None, Check::Exit, || state.name().into(), why);
        self.run.state = state;
        self.run.ended_at = Some(self.setting.now);
        self.run.cursor = Cursor::Over;
        self.run.due = None;
    }

    /// Ends the run before its last step, if it has not ended already. What has not left yet is taken back
    /// in either case.
    pub(super) fn leave(&mut self, state: RunState, why: &str) {
        self.take_back();
        self.over(state, why);
    }

    fn end(&mut self, cause: Cause) {
        self.leave(
            RunState::Ended,
            match cause {
                Cause::Stopped => "the journey was stopped",
                Cause::MergedAway => "the person was merged into one who is in the journey",
                Cause::Deleted => "the person was deleted",
                Cause::Suppressed => "the person was suppressed",
            },
        );
    }

    fn take_back(&mut self) {
        for place in 0..self.run.sent.len() {
            let sent = &self.run.sent[place];
            if sent.is_open() && !sent.is(Sent::REVOKED) {
                self.cancel(place);
            }
        }
    }

    /// Asks for a delivery to be taken back.
    pub(super) fn cancel(&mut self, place: usize) {
        let Some(sent) = self.run.sent.get_mut(place) else {
            return;
        };
        sent.flags |= Sent::REVOKED;
        let step = sent.step;
        let delivery_id = self.delivery_id(place);
        self.note(
            Some(step),
            Check::Action,
            || json!(delivery_id),
            "taken back",
        );
        self.effects.push(Effect::Cancel { delivery_id });
    }

    /// The id of the run's delivery at a place.
    pub(super) fn delivery_id(&self, place: usize) -> String {
        let step = self.run.sent.get(place).map_or(0, |sent| sent.step);
        let number = self.plan_step(step).map_or(0, |step| step.number);
        // Steps are numbered from one in each journey, and a run makes at most one delivery for each.
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let counter = u16::try_from(place).unwrap_or(u16::MAX);
        crate::chance::delivery_id(self.setting.salt, self.setting.run.0, number, counter)
    }

    pub(super) fn plan_step(&self, step: u16) -> Option<&'a PlanStep> {
        self.plan.steps.get(usize::from(step))
    }

    /// What conditions look at, with the event that started the run in hand.
    pub(super) fn scene(&self) -> Scene<'_> {
        let origin = self.origin.get_or_init(|| self.run.origin.event_in_hand());
        self.scene_with(origin.as_ref())
    }

    /// What conditions look at, with this event in hand.
    pub(super) fn scene_with<'s>(&'s self, event: Option<&'s EventInHand>) -> Scene<'s> {
        Scene {
            person: self.setting.person,
            profile: self.setting.profile,
            event,
            now: self.setting.now,
            zone: self.setting.zone,
        }
    }

    /// Whether a condition holds for the run, and until when.
    pub(super) fn asks(
        &mut self,
        step: Option<u16>,
        check: Check,
        condition: &Condition,
    ) -> landfall_audience::Answer {
        let answer = condition.answer(&self.scene());
        if self.setting.explain {
            let explanation = condition.explain(&self.scene());
            let input = serde_json::to_value(&explanation).unwrap_or_default();
            let verdict = if answer.holds {
                "holds"
            } else {
                "does not hold"
            };
            self.note(step, check, || input, verdict);
        }
        answer
    }

    /// Writes a line of the trace, if anybody wants it.
    pub(super) fn note(
        &mut self,
        step: Option<u16>,
        check: Check,
        input: impl FnOnce() -> Value,
        verdict: &str,
    ) {
        if !self.setting.explain {
            return;
        }
        let step = step.and_then(|step| self.plan_step(step));
        self.lines.push(Line {
            at: self.setting.now,
            step: step.map(|step| step.id.clone()),
            check,
            input: input(),
            verdict: verdict.to_owned(),
        });
    }

    fn note_stimulus(&mut self, stimulus: Stimulus<'_>) {
        let state = self.run.state;
        let input = || match stimulus {
            Stimulus::Wake => json!("timer"),
            Stimulus::Changed => json!("the person changed"),
            Stimulus::Did(event) => event_line(event),
            Stimulus::Segment { segment, entered } => {
                json!({ "segment": segment, "entered": entered })
            }
            Stimulus::Told {
                delivery_id,
                mark,
                reason,
                at,
            } => json!({ "delivery": delivery_id, "mark": mark.name(),
                "reason": reason.map(landfall_domain::reason::Reason::name), "at": at }),
            Stimulus::End(cause) => json!({ "end": cause }),
            Stimulus::Adopt => json!("merged"),
        };
        let verdict = if self.still {
            format!("{state}{PAUSED}")
        } else {
            state.name().to_owned()
        };
        self.note(None, Check::Stimulus, input, &verdict);
    }
}
