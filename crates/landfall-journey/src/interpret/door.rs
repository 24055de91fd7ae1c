//! Entry: trigger, frequency, filter (semantics.md 6.1).

use landfall_audience::EventFilter;
use landfall_domain::run::RunState;
use landfall_domain::time::Timestamp;
use serde_json::{Value, json};

use super::walk::Walk;
use super::{EVENT_AGE_MAX, Entered, FILTER_WINDOW, Occasion, Outcome, Refusal, Setting};
use crate::definition::{Frequency, Trigger};
use crate::plan::Plan;
use crate::replay::event_line;
use crate::run::{Cursor, Met, Origin, Run};
use crate::trace::{Check, Trace};

pub(super) fn enter(plan: &Plan, setting: &Setting<'_>, occasion: &Occasion) -> Entered {
    let mut run = begin(plan, setting, occasion);
    let mut walk = Walk::new(plan, &mut run, setting);
    walk.note_occasion(occasion);
    if let Err(why) = walk.is_welcome(occasion) {
        let trace = walk.finish().trace;
        return Entered::Refused { why, trace };
    }
    if !walk.filter_holds() {
        let Some(until) = walk.grace(occasion) else {
            let trace: Trace = walk.finish().trace;
            let why = Refusal::FilterUnmet;
            return Entered::Refused { why, trace };
        };
        walk.run.cursor = Cursor::Door { until };
        walk.arm_door(until);
    } else {
        walk.go(plan.entry);
    }
    let outcome = walk.finish();
    Entered::Run {
        run: Box::new(run),
        outcome,
    }
}

pub(super) fn begin(plan: &Plan, setting: &Setting<'_>, occasion: &Occasion) -> Run {
    let event = occasion.event.as_ref();
    let data = event.map(|event| plan.needs.keep(&event.data));
    let data = data.filter(|data| !data.is_null());
    Run {
        person: setting.person.key,
        journey: plan.journey,
        version: plan.version,
        started_at: setting.now,
        state: RunState::Running,
        ended_at: None,
        due: None,
        origin: Origin {
            event: event.map(|event| (event.kind, event.name.clone())),
            at: occasion.at.min(setting.now),
            data: data.map(|data| data.to_string()).unwrap_or_default(),
        },
        cursor: Cursor::At(plan.entry),
        waited: false,
        holdout: false,
        acted: false,
        sent: Vec::new(),
        failure: None,
        goal: Met::default(),
        traced: Some(0),
        arms: Vec::new(),
    }
}

/// Notes that a person came to the door who is not let in, whatever the rules of entry say: a run that ends
/// before it begins says why. `None`: the rules would not have let the person in.
pub(super) fn turn_away(
    plan: &Plan,
    setting: &Setting<'_>,
    occasion: &Occasion,
    why: &str,
) -> Option<(Box<Run>, Outcome)> {
    let mut run = begin(plan, setting, occasion);
    let mut walk = Walk::new(plan, &mut run, setting);
    walk.note_occasion(occasion);
    walk.is_welcome(occasion).ok()?;
    walk.over(RunState::NeverActivated, why);
    let outcome = walk.finish();
    Some((Box::new(run), outcome))
}

impl Walk<'_> {
    fn note_occasion(&mut self, occasion: &Occasion) {
        let event = || occasion.event.as_ref().map(event_line);
        let input = || json!({ "enter": { "event": event(), "at": occasion.at, "history": occasion.history } });
        self.note(None, Check::Stimulus, input, "at the door");
    }

    fn is_welcome(&mut self, occasion: &Occasion) -> Result<(), Refusal> {
        if !self.setting.person.is_known() {
            self.note(
                None,
                Check::Trigger,
                || Value::Null,
                "the person is not known, or gone",
            );
            return Err(Refusal::PersonGone);
        }
        self.is_triggered(occasion)?;
        self.may_start(occasion)
    }

    fn is_triggered(&mut self, occasion: &Occasion) -> Result<(), Refusal> {
        let plan = self.plan;
        let matches = match &plan.definition.trigger {
            Trigger::Event(trigger) => self.is_trigger(trigger, occasion),
            Trigger::Product(product) => self.is_trigger(&product.event, occasion),
            Trigger::SegmentEntered(segment) => self.is_member(*segment),
            Trigger::SegmentLeft(segment) => !self.is_member(*segment),
            Trigger::Schedule(schedule) => {
                let segment = schedule.segment;
                segment.is_none_or(|segment| self.is_member(segment))
            }
            Trigger::Date(_) | Trigger::Api | Trigger::Webhook(_) => true,
        };
        if !matches {
            self.note(None, Check::Trigger, || Value::Null, "does not match");
            return Err(Refusal::TriggerUnmet);
        }
        let age = self.setting.now.since(occasion.at);
        if age > EVENT_AGE_MAX.millis() {
            self.note(
                None,
                Check::Trigger,
                || json!({ "at": occasion.at }),
                "too long ago",
            );
            return Err(Refusal::TooOld);
        }
        Ok(())
    }

    fn is_trigger(&mut self, filter: &EventFilter, occasion: &Occasion) -> bool {
        let event = occasion.event.as_ref();
        event.is_some_and(|event| self.is_event(filter, event, Check::Trigger))
    }

    pub(super) fn may_start(&mut self, occasion: &Occasion) -> Result<(), Refusal> {
        let history = occasion.history;
        let now = self.setting.now;
        let verdict = match self.plan.definition.entry.frequency {
            Frequency::EveryTime => Ok(()),
            Frequency::Once if history.last_started.is_some() || history.running > 0 => {
                Err(Refusal::TooOften)
            }
            Frequency::AtMostEvery(span) => match history.last_started {
                Some(last) if now.since(last) < span.millis() => Err(Refusal::TooOften),
                _ => Ok(()),
            },
            Frequency::NotWhileIn if history.running > 0 => Err(Refusal::AlreadyIn),
            Frequency::Once | Frequency::NotWhileIn => Ok(()),
        };
        let word = if verdict.is_ok() {
            "may start"
        } else {
            "may not start"
        };
        let input = || serde_json::to_value(history).unwrap_or_default();
        self.note(None, Check::Frequency, input, word);
        verdict
    }

    pub(super) fn filter_holds(&mut self) -> bool {
        let plan = self.plan;
        let filter = plan.definition.entry.filter.as_ref();
        filter.is_none_or(|filter| self.asks(None, Check::Filter, filter).holds)
    }

    /// Until when the person may still come to match the filter.
    fn grace(&self, occasion: &Occasion) -> Option<Timestamp> {
        let event = matches!(self.plan.definition.trigger, Trigger::Event(_));
        let from = occasion.at.min(self.setting.now);
        let until = from.plus_millis(FILTER_WINDOW.millis());
        (event && until > self.setting.now).then_some(until)
    }

    /// Looks at the filter again, while there is time.
    pub(super) fn knock(&mut self, until: Timestamp) {
        if self.setting.now >= until {
            self.over(RunState::NeverActivated, "the filter did not come to hold");
        } else if self.filter_holds() {
            self.go(self.plan.entry);
        } else {
            self.arm_door(until);
        }
    }

    fn arm_door(&mut self, until: Timestamp) {
        let plan = self.plan;
        let filter = plan.definition.entry.filter.as_ref();
        let changes = filter.and_then(|filter| filter.answer(&self.scene()).changes_at);
        self.run.due = Some(changes.map_or(until, |changes| changes.min(until)));
    }
}
