//! Goals: when they are met, who gets the credit, and what refunds take back (semantics.md 3.3).

use landfall_audience::{EventFilter, EventInHand};
use landfall_domain::credit::{Credit, CreditKind, Share, Shares};
use landfall_domain::ids::SegmentId;
use landfall_domain::run::RunState;
use landfall_domain::time::Timestamp;
use serde_json::{Value, json};

use super::tell::{CLICKED, DELIVERED, OPENED};
use super::walk::Walk;
use super::{Outcome, Setting};
use crate::clock::at_path;
use crate::definition::{Basis, CurrencyFrom, Goal, GoalOn};
use crate::effect::{Convert, Effect};
use crate::money;
use crate::plan::Plan;
use crate::run::{Hit, Met, Run, Sent};
use crate::trace::Check;

/// Most meetings of a goal that wait for the report of a touch.
const OPEN_MAX: usize = 4;
/// Weights add up to this.
const WHOLE: i64 = 1_000_000;

impl Walk<'_> {
    /// An event may meet the goal, or take revenue back.
    pub(super) fn goal_event(&mut self, event: &EventInHand) {
        let Some(goal) = self.goal else {
            return;
        };
        if let GoalOn::Event(trigger) = &goal.on
            && self.is_event(trigger, event, Check::Goal)
        {
            let hit = hit(goal, event, self.setting.now);
            // What was done before the run, or started it, was not done because of it.
            if hit.at > self.run.origin.at {
                self.meet(hit);
            }
        }
        if let Some(refund) = &goal.refund
            && self.is_event(&refund.event, event, Check::Goal)
        {
            let key = text_at(&event.data, &refund.same);
            let value = refund.value.as_ref();
            let value = value.map(|path| at_path(&event.data, path).and_then(money::micros));
            self.take_revenue_back(&key, value, event.at.min(self.setting.now));
        }
    }

    /// Entering or leaving a segment may meet the goal.
    pub(super) fn goal_segment(&mut self, segment: SegmentId, entered: bool) {
        let wanted = match self.goal.map(|goal| &goal.on) {
            Some(GoalOn::SegmentEntered(wanted)) => (*wanted, true),
            Some(GoalOn::SegmentLeft(wanted)) => (*wanted, false),
            _ => return,
        };
        if wanted == (segment, entered) {
            self.meet(Hit {
                at: self.setting.now,
                value: None,
                currency: String::new(),
                key: String::new(),
            });
        }
    }

    /// An event may end the run.
    pub(super) fn exit_event(&mut self, event: &EventInHand) {
        // What happened before the trigger says nothing about what it started.
        if event.at <= self.run.origin.at {
            return;
        }
        let plan = self.plan;
        for exit in &plan.definition.exit.on {
            if !self.is_event(&exit.event, event, Check::Exit) {
                continue;
            }
            if let Some(same) = &exit.same {
                let ours = text_at(&self.run.origin.value(), same);
                let theirs = text_at(&event.data, same);
                let equal = !ours.is_empty() && ours == theirs;
                let verdict = if equal { "the same" } else { "not the same" };
                self.note(
                    None,
                    Check::Exit,
                    || json!({ same: [ours, theirs] }),
                    verdict,
                );
                if !equal {
                    continue;
                }
            }
            // Also a run that is over may have messages that quiet hours hold.
            self.leave(RunState::ExitedEarly, "an event ends it");
            return;
        }
    }

    /// Whether an event is the one that is meant.
    pub(super) fn is_event(
        &mut self,
        filter: &EventFilter,
        event: &EventInHand,
        check: Check,
    ) -> bool {
        if !filter.names(event.kind, &event.name) {
            return false;
        }
        let holds = filter.matches(event.kind, &event.name, &event.data, event.at);
        let verdict = if holds { "holds" } else { "does not hold" };
        self.note(None, check, || json!(filter.describe()), verdict);
        holds
    }

    fn meet(&mut self, hit: Hit) {
        let met = &mut self.run.goal;
        met.at = Some(met.at.map_or(hit.at, |at| at.min(hit.at)));
        if !met.is_credited() {
            if met.open.len() == OPEN_MAX {
                met.open.remove(0);
            }
            let place = met.open.partition_point(|open| open.at <= hit.at);
            met.open.insert(place, hit);
            self.credit();
        }
        if self.plan.definition.exit.on_goal {
            self.leave(RunState::Converted, "the goal is met");
        }
    }

    /// Credits the first meeting of the goal that followed a touch in time. Once for each run.
    pub(super) fn credit(&mut self) {
        let Some(goal) = self.goal else {
            return;
        };
        if self.run.goal.is_credited() {
            return;
        }
        let hits = std::mem::take(&mut self.run.goal.open);
        for hit in &hits {
            let credits = touched(goal, self.run, hit.at);
            if credits.is_empty() {
                continue;
            }
            self.run.goal.credits = credits;
            self.run.goal.hit = Some(hit.clone());
            let input = || json!({ "at": hit.at, "value_micros": hit.value });
            self.note(None, Check::Goal, input, "converted");
            self.convert(CreditKind::Goal, hit.at, hit.value);
            return;
        }
        if !hits.is_empty() {
            self.note(
                None,
                Check::Goal,
                || Value::Null,
                "met, and no touch precedes it in time",
            );
        }
        self.run.goal.open = hits;
    }

    fn take_revenue_back(&mut self, key: &str, value: Option<Option<i64>>, at: Timestamp) {
        let met = &self.run.goal;
        let ours = met
            .hit
            .as_ref()
            .is_some_and(|hit| !key.is_empty() && hit.key == key);
        if !ours || !met.is_credited() {
            return;
        }
        let left = met.left();
        let amount = match value {
            None => left,
            Some(amount) => amount.unwrap_or(0).clamp(0, left),
        };
        if amount == 0 {
            return;
        }
        self.note(
            None,
            Check::Goal,
            || json!({ "value_micros": amount }),
            "refunded",
        );
        self.convert(CreditKind::Refund, at, Some(-amount));
        self.run.goal.refunded += amount;
    }

    fn convert(&mut self, kind: CreditKind, at: Timestamp, value: Option<i64>) {
        let met = &self.run.goal;
        let currency = met.hit.as_ref().map(|hit| hit.currency.clone());
        let currency = currency.filter(|currency| !currency.is_empty());
        let (generation, taken_before) = (met.generation, met.refunded);
        let credits = met.credits.clone();
        let shares = shares(credits.len(), value.unwrap_or(0));
        for (place, shares) in credits.into_iter().map(usize::from).zip(shares) {
            let Some(sent) = self.run.sent.get(place) else {
                continue;
            };
            let credit = Credit {
                generation,
                kind,
                taken_before,
                at,
                currency: currency.clone(),
                shares,
                holdout: sent.is(Sent::HELD_OUT),
            };
            self.give(place, value, credit);
        }
    }

    /// Tells a delivery that it has no share in a conversion any more.
    fn forget_credit(&mut self, place: u16) {
        let credit = Credit {
            generation: self.run.goal.generation,
            kind: CreditKind::Nothing,
            taken_before: 0,
            at: self.setting.now,
            currency: None,
            shares: Shares::default(),
            holdout: false,
        };
        self.give(usize::from(place), None, credit);
    }

    fn give(&mut self, place: usize, value_micros: Option<i64>, credit: Credit) {
        let Some(step) = self.run.sent.get(place).map(|sent| sent.step) else {
            return;
        };
        let slug = self.plan_step(step).map(|step| step.id.clone());
        self.effects.push(Effect::Convert(Convert {
            delivery_id: self.delivery_id(place),
            step: slug.unwrap_or_default(),
            message: self.message_ref(step),
            value_micros,
            credit,
        }));
    }
}

/// The deliveries with a touch before `at` and not too long before it, in order of touch. A delivery that
/// was not sent because of the holdout counts from when it would have been.
fn touched(goal: &Goal, run: &Run, at: Timestamp) -> Vec<u16> {
    let basis = match goal.basis {
        Basis::Delivered => DELIVERED,
        Basis::Opened => OPENED,
        Basis::Clicked => CLICKED,
    };
    let mut touches: Vec<(Timestamp, u16)> = (0_u16..)
        .zip(&run.sent)
        .filter_map(|(place, sent)| {
            let held_out = sent.is(Sent::HELD_OUT).then_some(sent.at);
            let touch = sent.touches[basis].or(held_out)?;
            let in_time = touch <= at && at.since(touch) <= goal.within.millis();
            in_time.then_some((touch, place))
        })
        .collect();
    touches.sort_unstable();
    touches.into_iter().map(|(_, place)| place).collect()
}

/// The shares of so many touches, first touch first.
fn shares(count: usize, value: i64) -> Vec<Shares> {
    let all = Share {
        weight: WHOLE,
        micros: value,
    };
    let linear = money::parts(WHOLE, count)
        .into_iter()
        .zip(money::parts(value, count));
    linear
        .enumerate()
        .map(|(place, (weight, micros))| Shares {
            first: if place == 0 { all } else { Share::default() },
            last: if place + 1 == count {
                all
            } else {
                Share::default()
            },
            linear: Share { weight, micros },
        })
        .collect()
}

fn hit(goal: &Goal, event: &EventInHand, now: Timestamp) -> Hit {
    let value = goal.value.as_ref();
    let currency = match &goal.currency {
        None => String::new(),
        Some(CurrencyFrom::Is(currency)) => currency.clone(),
        Some(CurrencyFrom::Path(path)) => text_at(&event.data, path),
    };
    let refund = goal.refund.as_ref();
    Hit {
        at: event.at.min(now),
        value: value
            .and_then(|path| at_path(&event.data, path))
            .and_then(money::micros),
        currency,
        key: refund.map_or_else(String::new, |refund| text_at(&event.data, &refund.same)),
    }
}

/// What stands at a path, as text that can be compared; empty where there is nothing.
fn text_at(data: &Value, path: &str) -> String {
    let value = at_path(data, path);
    let text = value.and_then(landfall_audience::text_of);
    text.map(std::borrow::Cow::into_owned).unwrap_or_default()
}

/// What happened to a person that may concern a goal, in order of time.
#[derive(Clone, Debug, PartialEq)]
pub enum Recomputed {
    /// The person did something.
    Did(EventInHand),
    /// The person entered or left a segment.
    Segment {
        /// Which.
        segment: SegmentId,
        /// `true`: entered.
        entered: bool,
        /// When.
        at: Timestamp,
    },
}

impl Recomputed {
    /// When.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Did(event) => event.at,
            Self::Segment { at, .. } => *at,
        }
    }
}

/// Credits a run's deliveries anew by the goal of another version, as if it had been the goal all along: how
/// a changed goal is applied to history on request. From then on the run is measured by it. Nothing else about
/// the run changes. The credits of the outcome replace all earlier ones of the run: deliveries that have none
/// any more are told so. `plan` is that of the run's own version.
pub fn recompute(
    plan: &Plan,
    goal: &Goal,
    version: u32,
    run: &mut Run,
    setting: &Setting<'_>,
    history: &[Recomputed],
) -> Outcome {
    let fresh = Met {
        generation: run.goal.generation + 1,
        version,
        ..Met::default()
    };
    let before = std::mem::replace(&mut run.goal, fresh);
    let before_state = run.state.name();
    let mut copy = run.clone();
    // Conversions do not end what is over.
    copy.state = RunState::Finished;
    let mut walk = Walk::new(plan, &mut copy, setting);
    let input = || json!({ "recompute": version });
    walk.note(None, Check::Stimulus, input, before_state);
    let mut outcome = walk.finish();
    for happened in history {
        let then = Setting {
            now: happened.at(),
            goal: Some(goal),
            ..*setting
        };
        let mut walk = Walk::new(plan, &mut copy, &then);
        match happened {
            Recomputed::Did(event) => walk.goal_event(event),
            Recomputed::Segment {
                segment, entered, ..
            } => walk.goal_segment(*segment, *entered),
        }
        let told = walk.finish();
        let credits = told.effects.into_iter();
        // What has not left yet is taken back by what happens, not by what is computed.
        let credits = credits.filter(|effect| matches!(effect, Effect::Convert(_)));
        outcome.effects.extend(credits);
        outcome.trace.lines.extend(told.trace.lines);
    }
    run.goal = copy.goal;
    let lost = before.credits.iter();
    let lost = lost.filter(|place| !run.goal.credits.contains(place));
    let lost: Vec<u16> = lost.copied().collect();
    let mut walk = Walk::new(plan, run, setting);
    for place in lost {
        walk.forget_credit(place);
    }
    outcome.effects.extend(walk.finish().effects);
    outcome
}
