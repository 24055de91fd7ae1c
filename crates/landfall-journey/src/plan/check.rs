//! What must fit together in a definition: settings, segments, topics, windows, test profiles.

use landfall_audience::definition::Fault;
use landfall_audience::{Condition, Policy, QuietThen, WeeklyWindow};
use landfall_domain::ids::SegmentId;

use super::compile::nested;
use super::{PlanStep, Surroundings};
use crate::definition::{
    Definition, Expectation, GoalOn, Kind, Message, QaHappening, Step, Trigger, Window,
};

pub(super) fn faults(
    definition: &Definition,
    steps: &[PlanStep],
    surroundings: &Surroundings,
) -> Vec<Fault> {
    let mut checker = Checker {
        definition,
        surroundings,
        faults: Vec::new(),
    };
    checker.trigger();
    checker.settings();
    checker.steps(&definition.steps, "steps");
    checker.qa(steps);
    checker.faults
}

struct Checker<'d> {
    definition: &'d Definition,
    surroundings: &'d Surroundings,
    faults: Vec<Fault>,
}

impl Checker<'_> {
    fn fault(&mut self, path: &str, wrong: impl Into<String>, fix: impl Into<String>) {
        self.faults.push(Fault::new(path, wrong, fix));
    }

    fn segment(&mut self, path: &str, segment: SegmentId) {
        if !self.surroundings.segments.contains(&segment) {
            let fix = "create it first, or correct the number";
            self.fault(path, format!("there is no segment {segment}"), fix);
        }
    }

    fn condition(&mut self, path: &str, condition: Option<&Condition>) {
        for segment in condition.map(Condition::segments).unwrap_or_default() {
            self.segment(path, segment);
        }
    }

    fn trigger(&mut self) {
        match &self.definition.trigger {
            Trigger::SegmentEntered(segment) => self.segment("trigger.segment_entered", *segment),
            Trigger::SegmentLeft(segment) => self.segment("trigger.segment_left", *segment),
            Trigger::Schedule(schedule) => {
                if let Some(segment) = schedule.segment {
                    self.segment("trigger.schedule.segment", segment);
                }
            }
            Trigger::Event(_)
            | Trigger::Product(_)
            | Trigger::Date(_)
            | Trigger::Api
            | Trigger::Webhook(_) => {}
        }
    }

    fn settings(&mut self) {
        let definition = self.definition;
        self.condition("entry.filter", definition.entry.filter.as_ref());
        let segment_trigger = matches!(
            definition.trigger,
            Trigger::SegmentEntered(_) | Trigger::SegmentLeft(_)
        );
        let matches_nothing = definition.entry.filter.is_none() && !segment_trigger;
        if definition.exit.when_no_longer_matching && matches_nothing {
            self.fault(
                "exit.when_no_longer_matching",
                "there is nothing that a person could cease to match",
                "add `entry.filter`, or remove this",
            );
        }
        if definition.exit.on_goal && definition.goal.is_none() {
            self.fault(
                "exit.on_goal",
                "the journey has no goal",
                "add `goal`, or remove this",
            );
        }
        let has_event = matches!(
            definition.trigger,
            Trigger::Event(_) | Trigger::Product(_) | Trigger::Api | Trigger::Webhook(_)
        );
        for (index, exit) in definition.exit.on.iter().enumerate() {
            let path = format!("exit.on[{index}]");
            if exit.same.is_some() && !has_event {
                self.fault(
                    &format!("{path}.same"),
                    "no event starts this journey, so there is nothing to compare with",
                    "remove `same`",
                );
            }
        }
        self.goal();
        let topics = self.surroundings.topics.as_ref();
        if let (Some(topic), Some(topics)) = (&definition.topic, topics)
            && !topics.contains(topic)
        {
            let fix = "create it first, or correct the name";
            self.fault("topic", format!("there is no topic `{topic}`"), fix);
        }
    }

    fn goal(&mut self) {
        let Some(goal) = &self.definition.goal else {
            return;
        };
        match &goal.on {
            GoalOn::Event(_) => {}
            GoalOn::SegmentEntered(segment) => self.segment("goal.segment_entered", *segment),
            GoalOn::SegmentLeft(segment) => self.segment("goal.segment_left", *segment),
        }
    }

    fn steps(&mut self, steps: &[Step], path: &str) {
        let mut window: Option<&Window> = None;
        for (index, step) in steps.iter().enumerate() {
            let path = format!("{path}[{index}]");
            match &step.kind {
                Kind::WaitUntil(wait) => {
                    self.condition(
                        &format!("{path}.wait_until.condition"),
                        Some(&wait.condition),
                    );
                }
                Kind::Branch(branch) => {
                    self.condition(&format!("{path}.branch.if"), Some(&branch.condition));
                }
                Kind::MultiBranch { paths, .. } => {
                    for (index, way) in paths.iter().enumerate() {
                        let path = format!("{path}.multi_branch.paths[{index}].if");
                        self.condition(&path, Some(&way.condition));
                    }
                }
                Kind::Message(message) => self.message(message, &path, window),
                Kind::Reach(reach) => {
                    for (index, channel) in reach.channels.iter().enumerate() {
                        let path = format!("{path}.reach.channels[{index}]");
                        self.message(&channel.message, &path, window);
                    }
                }
                Kind::Segment(edit) => {
                    self.manual_segment(&format!("{path}.segment"), edit.segment);
                }
                _ => {}
            }
            // A window speaks for the message right after it (semantics.md 6.2).
            window = match &step.kind {
                Kind::Window(window) => Some(window),
                _ => None,
            };
            for (below, path) in nested(&step.kind, &path) {
                self.steps(below, &path);
            }
        }
    }

    fn manual_segment(&mut self, path: &str, segment: SegmentId) {
        if self.surroundings.manual_segments.contains(&segment) {
            return;
        }
        if self.surroundings.segments.contains(&segment) {
            let wrong =
                format!("segment {segment} is not kept by hand: its conditions say who is in it");
            self.fault(path, wrong, "name a manual segment");
        } else {
            self.segment(path, segment);
        }
    }

    fn message(&mut self, message: &Message, path: &str, window: Option<&Window>) {
        self.condition(&format!("{path}.when"), message.when.as_ref());
        let Some(window) = window else {
            return;
        };
        let base = Policy::default();
        let journey = match &self.definition.policy {
            Some(policy) => policy.over(&base),
            None => base,
        };
        let policy = match &message.policy {
            Some(policy) => policy.over(&journey),
            None => journey,
        };
        let drops = policy
            .quiet_hours
            .filter(|quiet| quiet.then == QuietThen::Drop);
        if drops.is_some_and(|quiet| is_within(&window.open, &quiet.hours)) {
            self.fault(
                path,
                "the window before this message lies within its quiet hours: it would never be sent",
                "move the window, or change `policy.quiet_hours`",
            );
        }
    }

    fn qa(&mut self, steps: &[PlanStep]) {
        let sends = |slug: &str| {
            steps
                .iter()
                .any(|step| step.id == slug && step.channel.is_some())
        };
        let known: Vec<&str> = steps
            .iter()
            .filter(|step| step.channel.is_some())
            .map(|step| step.id.as_str())
            .collect();
        let mut missing: Vec<(String, &str)> = Vec::new();
        for (index, case) in self.definition.qa.iter().enumerate() {
            for (place, input) in case.inputs.iter().enumerate() {
                if let QaHappening::Receipt { step, .. } = &input.what
                    && !sends(step)
                {
                    missing.push((format!("qa[{index}].inputs[{place}].receipt.step"), step));
                }
            }
            for (place, expectation) in case.expect.iter().enumerate() {
                if let Expectation::Step { step, .. } = expectation
                    && !sends(step)
                {
                    missing.push((format!("qa[{index}].expect[{place}].step"), step));
                }
            }
        }
        for (path, step) in missing {
            let fix = format!("messages of this journey: {}", known.join(", "));
            self.fault(&path, format!("no message is called `{step}`"), fix);
        }
    }
}

/// Whether whenever `inner` is open `outer` is, both by the same clock; looked at for each quarter of an
/// hour of a week without changes of clocks.
fn is_within(inner: &WeeklyWindow, outer: &WeeklyWindow) -> bool {
    let week = (0..7 * 24 * 4)
        .map(|quarter| landfall_domain::time::Timestamp::from_seconds(quarter * 15 * 60));
    let zone = landfall_audience::Zone::UTC;
    week.into_iter()
        .filter(|at| inner.is_open(*at, &zone))
        .all(|at| outer.is_open(at, &zone))
}
