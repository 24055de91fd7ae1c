//! What each kind of step does.

use landfall_domain::run::RunState;
use landfall_domain::time::Timestamp;
use serde_json::json;

use super::OnHold;
use super::walk::{Flow, Walk};
use crate::clock;
use crate::definition::{Delay, DelayBy, OnLimit, Trigger, WaitUntil, Window};
use crate::plan::{At, NodeKind, Way};
use crate::run::Assigned;
use crate::span::Span;
use crate::trace::Check;

impl Walk<'_> {
    /// Does the step at a node.
    pub(super) fn step(&mut self, at: At) -> Flow {
        let plan = self.plan;
        let Some(node) = plan.nodes.get(usize::from(at)) else {
            return Flow::On(crate::plan::END);
        };
        if !self.still_matches(&node.kind) {
            let state = if self.run.acted {
                RunState::ExitedEarly
            } else {
                RunState::NeverActivated
            };
            self.leave(state, "the person no longer matches trigger or filter");
            return Flow::Stay;
        }
        let next = node.next;
        match &node.kind {
            NodeKind::Delay(delay) => self.delay(at, delay),
            NodeKind::Window(window) => self.window(at, window),
            NodeKind::WaitUntil(wait) => {
                let limit = wait.limit;
                let until = limit.map(|limit| self.setting.now.plus_millis(limit.millis()));
                self.wait_until(at, wait, until)
            }
            NodeKind::Choose(ways) => {
                let way = ways.iter().find(|(condition, _)| {
                    self.asks(Some(node.step), Check::Condition, condition)
                        .holds
                });
                Flow::On(way.map_or(next, |(_, to)| *to))
            }
            NodeKind::Split(ways) => Flow::On(self.split(node.step, ways).unwrap_or(next)),
            NodeKind::Holdout(share) => {
                self.hold_out(node.step, *share);
                Flow::On(next)
            }
            NodeKind::Message(message) => {
                self.run.waited = false;
                self.deliver(message);
                Flow::On(next)
            }
            NodeKind::Reach(reach) => {
                self.run.waited = false;
                self.reach(at, reach)
            }
            NodeKind::UpdatePerson(changes) => self.update_person(node.step, changes, next),
            NodeKind::EmitEvent(name, data) => self.emit_event(node.step, name, data, next),
            NodeKind::Segment(edit) => self.edit_segment(node.step, *edit, next),
            NodeKind::Exit => {
                self.over(RunState::Finished, "a step ends it");
                Flow::Stay
            }
            NodeKind::GoTo => Flow::On(next),
        }
    }

    /// Whether trigger and filter still hold, where the definition asks for it (semantics.md 6.1): of a
    /// segment trigger before each action, delay and window; of a filter before each message that follows a
    /// wait.
    fn still_matches(&mut self, kind: &NodeKind) -> bool {
        let definition = &self.plan.definition;
        if !definition.exit.when_no_longer_matching {
            return true;
        }
        let (segment, wanted) = match definition.trigger {
            Trigger::SegmentEntered(segment) => (Some(segment), true),
            Trigger::SegmentLeft(segment) => (Some(segment), false),
            _ => (None, true),
        };
        if let Some(segment) = segment {
            let matches = self.is_member(segment) == wanted;
            let verdict = if matches { "holds" } else { "does not hold" };
            self.note(
                None,
                Check::Trigger,
                || json!({ "segment": segment }),
                verdict,
            );
            if !matches {
                return false;
            }
        }
        let message = matches!(kind, NodeKind::Message(_) | NodeKind::Reach(_));
        match &definition.entry.filter {
            Some(filter) if message && self.run.waited => {
                self.asks(None, Check::Filter, filter).holds
            }
            _ => true,
        }
    }

    /// Whether the person is in a segment, whoever keeps it.
    pub(super) fn is_member(&self, segment: landfall_domain::ids::SegmentId) -> bool {
        let setting = self.setting;
        setting.profile.is_member(segment) || setting.person.segments.contains(&segment)
    }

    /// Goes on with a wait, if it is over.
    pub(super) fn wait_on(&mut self, at: At, until: Option<Timestamp>) {
        let plan = self.plan;
        let Some(node) = plan.nodes.get(usize::from(at)) else {
            self.go(crate::plan::END);
            return;
        };
        let passed = until.is_some_and(|until| self.setting.now >= until);
        let flow = match &node.kind {
            NodeKind::WaitUntil(wait) => self.wait_until(at, wait, until),
            // The zone of the person, or the clocks, may have changed meanwhile.
            NodeKind::Window(window) if passed => self.window(at, window),
            _ if passed => Flow::On(node.next),
            _ => Flow::Stay,
        };
        if let Flow::On(next) = flow {
            self.go(next);
        }
    }

    fn delay(&mut self, at: At, delay: &Delay) -> Flow {
        let now = self.setting.now;
        let node = &self.plan.nodes[usize::from(at)];
        let (step, next) = (node.step, node.next);
        let until = match delay {
            Delay::For(span) => now.plus_millis(span.millis()),
            Delay::Until(until) => {
                let zone = clock::zone_of(&until.zone, self.setting.person, self.setting.zone);
                clock::next_time(until, now, &zone)
            }
            Delay::By(by) => now.plus_millis(self.computed(step, by).millis()),
        };
        self.note(
            Some(step),
            Check::Time,
            || json!({ "until": until }),
            "waits until then",
        );
        self.run.waited = true;
        if until <= now {
            return Flow::On(next);
        }
        self.wait(at, Some(until), Some(until))
    }

    fn computed(&mut self, step: u16, by: &DelayBy) -> Span {
        let value = self.source(&by.value);
        let number = match &value {
            serde_json::Value::String(text) => text.trim().parse::<f64>().ok(),
            other => other.as_f64(),
        };
        self.note(
            Some(step),
            Check::Time,
            || json!({ &by.value: value }),
            "the data say so",
        );
        let Some(number) = number.filter(|number| number.is_finite()) else {
            return by.otherwise;
        };
        scaled(by.unit, number * by.times).clamp(by.least, by.most)
    }

    fn window(&mut self, at: At, window: &Window) -> Flow {
        let now = self.setting.now;
        let node = &self.plan.nodes[usize::from(at)];
        let zone = clock::zone_of(&window.zone, self.setting.person, self.setting.zone);
        let opens = window.open.next_open(now, &zone);
        let input = || json!({ "zone": zone.name(), "opens": opens });
        self.note(
            Some(node.step),
            Check::Time,
            input,
            "goes on when it is open",
        );
        match opens {
            Some(opens) if opens > now => self.wait(at, Some(opens), Some(opens)),
            _ => {
                self.run.waited = true;
                Flow::On(node.next)
            }
        }
    }

    fn wait_until(&mut self, at: At, wait: &WaitUntil, until: Option<Timestamp>) -> Flow {
        let node = &self.plan.nodes[usize::from(at)];
        let (step, next) = (node.step, node.next);
        let answer = self.asks(Some(step), Check::Condition, &wait.condition);
        if answer.holds {
            return Flow::On(next);
        }
        if until.is_some_and(|until| self.setting.now >= until) {
            self.note(
                Some(step),
                Check::Time,
                || json!({ "until": until }),
                "the limit has passed",
            );
            return match wait.on_limit {
                OnLimit::GoOn => Flow::On(next),
                OnLimit::Exit => {
                    self.leave(RunState::ExitedEarly, "the limit of a wait has passed");
                    Flow::Stay
                }
            };
        }
        let due = match (until, answer.changes_at) {
            (Some(until), Some(changes)) => Some(until.min(changes)),
            (until, changes) => until.or(changes),
        };
        self.wait(at, until, due)
    }

    fn split(&mut self, step: u16, ways: &[Way]) -> Option<At> {
        let drawn = self.draw(step);
        if let Some(held) = self.held(step) {
            let way = ways.first().filter(|_| held == OnHold::ToControl);
            let verdict = way.map_or("passes by", |way| way.id.as_str());
            self.note_held(step, drawn, held, verdict);
            return way.map(|way| way.to);
        }
        let (place, way) = (0_u16..).zip(ways).find(|(_, way)| drawn < way.below)?;
        self.note(Some(step), Check::Chance, || json!(drawn), &way.id);
        self.assign(step, place);
        Some(way.to)
    }

    fn hold_out(&mut self, step: u16, share: u32) {
        let drawn = self.draw(step);
        let words = |out| if out { "held out" } else { "not held out" };
        if let Some(held) = self.held(step) {
            let out = held == OnHold::ToControl;
            self.run.holdout |= out;
            self.note_held(step, drawn, held, words(out));
            return;
        }
        let out = drawn < share;
        self.run.holdout |= out;
        self.note(Some(step), Check::Chance, || json!(drawn), words(out));
        self.assign(step, u16::from(!out));
    }

    fn assign(&mut self, step: u16, way: u16) {
        let at = self.setting.now;
        self.run.arms.push(Assigned { step, way, at });
    }

    /// What becomes of people who come to a test now, when it is held.
    fn held(&self, step: u16) -> Option<OnHold> {
        if self.setting.held.is_empty() {
            return None;
        }
        let number = self.plan_step(step)?.number;
        let mut held = self.setting.held.iter();
        held.find(|(held, _)| *held == number).map(|(_, on)| *on)
    }

    /// A replay reads from this line that the test was held.
    fn note_held(&mut self, step: u16, drawn: u32, held: OnHold, verdict: &str) {
        let input = || json!({ "drawn": drawn, "held": held });
        self.note(Some(step), Check::Chance, input, verdict);
    }

    /// Which share falls to the person at a step.
    fn draw(&self, step: u16) -> u32 {
        if let Some(share) = self.setting.fixed_share {
            return share;
        }
        let id = self.plan_step(step).map_or("", |step| step.id.as_str());
        crate::chance::share(&self.plan.definition.id, id, &self.setting.person.cio_id)
    }
}

/// So many units, as far as clocks go.
fn scaled(unit: Span, times: f64) -> Span {
    // A whole number of milliseconds up to a thousand years is exact in 53 bits.
    let limit = 1_000.0 * 366.0;
    let days = |span: Span| {
        std::time::Duration::from_millis(span.millis().unsigned_abs()).as_secs_f64() / 86_400.0
    };
    let length = (days(unit) * times.max(0.0)).min(limit);
    let millis = std::time::Duration::from_secs_f64(length * 86_400.0).as_millis();
    Span::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
