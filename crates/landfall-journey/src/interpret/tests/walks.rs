//! Random journeys and random lives, in a world that sends, fails, reports and forgets at random.

use std::collections::{BTreeMap, BTreeSet};

use landfall_domain::ids::PersonKey;
use landfall_domain::marks::Mark;
use landfall_domain::person::{Attribute, Person};
use landfall_domain::reason::Reason;
use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};
use serde_json::{Value, json};

use crate::replay::Telling;
use crate::run::Cursor;
use crate::sample::{Dice, Stage, event, journey};
use crate::{Cause, Effect, History, Ruling, Setting, Stimulus, advance};

/// Makes journeys in which every kind of step occurs.
struct Author<'d> {
    dice: &'d mut Dice,
    steps: usize,
}

impl Author<'_> {
    fn id(&mut self) -> String {
        self.steps += 1;
        format!("s{}", self.steps)
    }

    fn list(&mut self, depth: usize) -> Value {
        let count = 1 + self.dice.below(4);
        (0..count).map(|_| self.step(depth)).collect()
    }

    fn condition(&mut self) -> Value {
        let conditions = [
            json!({ "attribute": "plan", "is": "gold" }),
            json!({ "not": { "attribute": "plan", "is": "gold" } }),
            json!({ "segment": 8 }),
            json!({ "attribute": "seen_at", "within_last": "2h" }),
            json!({ "this_event": "total", "at_least": 50 }),
        ];
        self.dice.pick(&conditions).clone()
    }

    fn message(&mut self, channel: &str) -> Value {
        let content = match channel {
            "push" => json!({ "body": "{{ event.total }}" }),
            "email" => json!({ "subject": "x", "body": "{{ failure.reason }}" }),
            _ => json!({ "body": "x" }),
        };
        let mut message = json!({ channel: content,
            "name": { "step": "Push 1", "delay": "1h", "intent": "Remind" } });
        if self.dice.below(5) == 0 {
            message["when"] = self.condition();
        }
        if self.dice.below(8) == 0 {
            message["sending"] = "off".into();
        }
        message
    }

    fn reach(&mut self) -> Value {
        let allow = self.dice.below(3) == 0;
        let channels: Vec<Value> = ["push", "sms", "email"]
            .into_iter()
            .enumerate()
            .map(|(index, channel)| {
                let mut message = self.message(channel);
                if index < 2 && self.dice.below(2) == 0 {
                    message["not_delivered_within"] = "15m".into();
                }
                if index < 2 && allow && self.dice.below(2) == 0 {
                    message["not_opened_within"] = "2h".into();
                }
                message
            })
            .collect();
        json!({ "channels": channels, "allow_second_exposure": allow })
    }

    fn step(&mut self, depth: usize) -> Value {
        let id = self.id();
        let kinds = if depth == 0 { 13 } else { 9 };
        let mut step = match self.dice.below(kinds) {
            0 => json!({ "delay": self.dice.pick(&["0", "1m", "90m", "3d"]) }),
            1 => json!({ "delay": { "until": { "time": self.dice.pick(&["02:30", "09:00"]) } } }),
            2 => json!({ "window": { "from": "09:00", "to": "20:00" } }),
            3 => {
                let mut wait = json!({ "condition": self.condition() });
                if self.dice.below(3) > 0 {
                    wait["limit"] = "1d".into();
                    wait["on_limit"] = (*self.dice.pick(&["go_on", "exit"])).into();
                }
                json!({ "wait_until": wait })
            }
            4 | 5 => {
                let channel = *self.dice.pick(&["push", "email", "sms"]);
                self.message(channel)
            }
            6 => json!({ "reach": self.reach() }),
            7 => json!({ "update_person": { "plan": "gold" } }),
            8 => json!({ "holdout": 20 }),
            9 => json!({ "branch": { "if": self.condition(), "then": self.list(depth + 1),
                "else": self.list(depth + 1) } }),
            10 => {
                json!({ "multi_branch": { "paths": [{ "if": self.condition(), "steps": self.list(depth + 1) }],
                "else": self.list(depth + 1) } })
            }
            11 => {
                let way =
                    |id: &str, steps: Value| json!({ "id": id, "percent": 50, "steps": steps });
                json!({ "split": { "paths": [way("a", self.list(depth + 1)), way("b", self.list(depth + 1))] } })
            }
            _ => {
                let way =
                    |id: &str, steps: Value| json!({ "id": id, "percent": 50, "steps": steps });
                json!({ "ab_test": { "variants": [way("a", self.list(depth + 1)), way("b", self.list(depth + 1))] } })
            }
        };
        step["id"] = id.into();
        step
    }

    fn journey(&mut self) -> Value {
        let steps = self.list(0);
        let mut others = json!({ "goal": { "event": "order_completed", "within": "5d", "basis": "delivered",
            "value": "total", "refund": { "event": "order_refunded", "same": "order_id" } } });
        others["exit"] = json!({ "on_goal": self.dice.below(2) == 0,
            "on": { "event": "cart_emptied", "same": "cart_id" } });
        if self.dice.below(3) == 0 {
            others["entry"] = json!({ "filter": self.condition() });
            others["exit"]["when_no_longer_matching"] = true.into();
        }
        journey(steps, others)
    }
}

/// A message in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Queued,
    Claimed,
    Accepted,
    Over,
}

struct World {
    stage: Stage,
    dice: Dice,
    messages: BTreeMap<String, At>,
    /// What the run does not know yet.
    reports: Vec<(String, Mark, Option<Reason>)>,
    /// Effects that the world has done.
    done: usize,
    /// Whether the last stimulus was a timer.
    rang: bool,
    /// Whom each row of the trace saw, and when.
    seen: Vec<(Person, Timestamp)>,
}

impl World {
    fn new(seed: u64) -> Option<Self> {
        let mut dice = Dice::new(seed);
        let definition = Author {
            dice: &mut dice,
            steps: 0,
        }
        .journey();
        let mut stage = Stage::new(definition["steps"].clone(), {
            let mut others = definition;
            others.as_object_mut().unwrap().remove("steps");
            others
        });
        stage.person.cio_id = format!("p{}", dice.below(1_000));
        if dice.below(4) == 0 {
            stage.person.devices.clear();
        }
        let data = json!({ "cart_id": "c1", "total": dice.below(100) });
        stage.enter_with(data, History::default()).ok()?;
        let seen = vec![(stage.person.clone(), stage.now)];
        let mut world = Self {
            seen,
            stage,
            dice,
            messages: BTreeMap::new(),
            reports: Vec::new(),
            done: 0,
            rang: false,
        };
        world.settle();
        Some(world)
    }

    /// Does what the run wants, and checks what must hold.
    fn settle(&mut self) {
        let effects = self.stage.effects[self.done..].to_vec();
        self.done += effects.len();
        for effect in effects {
            match effect {
                Effect::Send(send) => {
                    let at = match send.ruling {
                        Ruling::Go | Ruling::Held { .. } => At::Queued,
                        Ruling::Draft | Ruling::Refused(_) => At::Over,
                    };
                    let before = self.messages.insert(send.delivery_id.clone(), at);
                    assert_eq!(before, None, "an id is used twice");
                }
                Effect::Cancel { delivery_id } => {
                    let at = self
                        .messages
                        .get_mut(&delivery_id)
                        .expect("only what was sent is taken back");
                    if *at == At::Queued {
                        *at = At::Over;
                        let reason = Some(Reason::SourceCancelled);
                        self.reports
                            .push((delivery_id, Mark::Undeliverable, reason));
                    }
                }
                Effect::SetAttributes(values) => {
                    for (name, value) in values {
                        self.set(&name, value);
                    }
                }
                Effect::Emit { .. } | Effect::EditSegment { .. } | Effect::Convert(_) => {}
            }
        }
        self.check();
    }

    fn set(&mut self, name: &str, value: Value) {
        let set_at = self.stage.now;
        self.stage
            .person
            .attributes
            .insert(name.to_owned(), Attribute { value, set_at });
    }

    /// Messages of one reach step are never on their way together.
    fn check_intents(&self) {
        let mut under_way: BTreeSet<&str> = BTreeSet::new();
        for send in self.stage.sends() {
            if let (Some((intent, _)), At::Queued | At::Claimed) =
                (send.step.split_once('/'), self.messages[&send.delivery_id])
            {
                assert!(
                    under_way.insert(intent),
                    "two messages of {intent} are on their way"
                );
            }
        }
    }

    /// What is handed over must not follow a message of the same intent that is known to have arrived,
    /// unless the step allows a second exposure.
    fn check_claim(&self, delivery_id: &str) {
        let sends = self.stage.sends();
        let place = sends
            .iter()
            .position(|send| send.delivery_id == delivery_id)
            .unwrap();
        let Some((intent, _)) = sends[place].step.split_once('/') else {
            return;
        };
        let definition = self.stage.plan.definition.to_json().to_string();
        if definition.contains("allow_second_exposure") {
            return;
        }
        for (send, sent) in sends.iter().zip(self.stage.run().sent()).take(place) {
            let sibling = send
                .step
                .split_once('/')
                .is_some_and(|(other, _)| other == intent);
            let arrived = sibling && sent.touches[0].is_some();
            assert!(
                !arrived,
                "{delivery_id} follows {}, which has arrived",
                send.step
            );
        }
    }

    fn check(&self) {
        self.check_intents();
        let sends = self.stage.sends();
        let steps: BTreeSet<&str> = sends.iter().map(|send| send.step.as_str()).collect();
        assert_eq!(steps.len(), sends.len(), "a step was done twice");
        assert_eq!(
            sends.len(),
            self.stage.run().sent().len(),
            "the books do not balance"
        );
        let decided: usize = self
            .stage
            .traces
            .iter()
            .map(|trace| trace.matches("\"eligibility\"").count())
            .sum();
        assert_eq!(
            decided,
            sends.len(),
            "a message was reached and made no delivery"
        );
        let run = self.stage.run();
        if !run.is_running() {
            assert_eq!(run.due, None);
            return;
        }
        if self.rang {
            assert!(
                run.due.is_none_or(|due| due > self.stage.now),
                "a timer rings for ever"
            );
        }
        if run.due.is_none() {
            // Nothing but a wait without a limit may have no timer: its condition can change.
            assert!(
                matches!(run.cursor, Cursor::Waiting { until: None, .. }),
                "stuck at {:?}",
                run.cursor
            );
        }
    }

    /// One stimulus, done by the run as it is and by the run as it is stored.
    fn does(&mut self, stimulus: Stimulus<'_>) {
        self.rang = matches!(stimulus, Stimulus::Wake);
        self.seen.push((self.stage.person.clone(), self.stage.now));
        let mut kept = self.stage.run().clone();
        let there = advance(&self.stage.plan, &mut kept, &self.stage.setting(), stimulus);
        let before = self.stage.effects.len();
        self.stage.does(stimulus);
        assert_eq!(self.stage.effects[before..], there.effects);
        assert_eq!(*self.stage.run(), kept, "storing changes the run");
        assert!(kept.encode().len() < 1_024);
        self.settle();
    }

    fn tell(&mut self, index: usize) {
        let (delivery_id, mark, reason) = self.reports[index].clone();
        // A report may come twice.
        if self.dice.below(4) > 0 {
            self.reports.remove(index);
        }
        let at = self.stage.now;
        self.does(Stimulus::Told {
            delivery_id: &delivery_id,
            mark,
            reason,
            at,
        });
    }

    /// Something happens to a message.
    fn message_moves(&mut self) {
        let open: Vec<String> = self
            .messages
            .iter()
            .filter(|(_, at)| **at != At::Over)
            .map(|(id, _)| id.clone())
            .collect();
        if open.is_empty() {
            return;
        }
        let id = self.dice.pick(&open).clone();
        let chance = self.dice.below(4);
        let at = self.messages[&id];
        let (next, report) = match (at, chance) {
            (At::Queued, _) => {
                self.check_claim(&id);
                (At::Claimed, None)
            }
            (At::Claimed, 0 | 1) => (At::Accepted, Some((Mark::Sent, None))),
            (At::Claimed, 2) => (
                At::Over,
                Some((Mark::Bounced, Some(Reason::TokenUnregistered))),
            ),
            (At::Claimed, _) => (
                At::Queued,
                Some((Mark::Attempted, Some(Reason::ProviderUnavailable))),
            ),
            (_, 0) => (At::Accepted, Some((Mark::Delivered, None))),
            (_, 1) => (At::Over, Some((Mark::Opened, None))),
            _ => (At::Over, None),
        };
        self.messages.insert(id.clone(), next);
        if let Some((mark, reason)) = report {
            self.reports.push((id, mark, reason));
            // What the queue itself knows is told in the transaction in which it happens.
            if mark == Mark::Attempted {
                self.tell(self.reports.len() - 1);
            }
        }
    }

    fn step(&mut self) {
        match self.dice.below(16) {
            0..=4 => self.message_moves(),
            5..=7 if !self.reports.is_empty() => {
                let index = self.dice.below(self.reports.len());
                self.tell(index);
            }
            8 => {
                let jump =
                    *self
                        .dice
                        .pick(&[MINUTE_MS, HOUR_MS, DAY_MS, -HOUR_MS, 400 * DAY_MS, 1]);
                self.stage.now = self.stage.now.plus_millis(jump);
                self.does(Stimulus::Wake);
            }
            9 => {
                let value = self.dice.pick(&[json!("gold"), json!("none")]).clone();
                self.set("plan", value);
                self.does(Stimulus::Changed);
            }
            10 => {
                let now = self.stage.now.seconds();
                self.set("seen_at", json!(now));
                self.does(Stimulus::Changed);
            }
            11 => {
                let name = *self.dice.pick(&[
                    "order_completed",
                    "order_refunded",
                    "cart_emptied",
                    "other",
                ]);
                let cart = *self.dice.pick(&["c1", "c2", "c3"]);
                let data = json!({ "cart_id": cart, "order_id": "o1", "total": 20 });
                let ago = *self.dice.pick(&[0, HOUR_MS, 365 * DAY_MS]);
                let event = event(name, data, self.stage.now.plus_millis(-ago));
                self.does(Stimulus::Did(&event));
            }
            12 if self.dice.below(4) == 0 => {
                self.stage.person.key = PersonKey(self.stage.person.key.0 + 1);
                self.does(Stimulus::Adopt);
            }
            13 if self.dice.below(12) == 0 => {
                let causes = [
                    Cause::Stopped,
                    Cause::MergedAway,
                    Cause::Deleted,
                    Cause::Suppressed,
                ];
                let cause = *self.dice.pick(&causes);
                self.does(Stimulus::End(cause));
            }
            14 if self.dice.below(6) == 0 => {
                let entered = self.dice.below(2) == 0;
                if entered {
                    self.stage.person.segments.insert(8);
                } else {
                    self.stage.person.segments.remove(&8);
                }
                self.does(Stimulus::Segment {
                    segment: 8,
                    entered,
                });
            }
            _ => self.ring(),
        }
    }

    fn ring(&mut self) {
        if let Some(due) = self.stage.run().due {
            self.stage.now = self.stage.now.max(due);
            self.does(Stimulus::Wake);
        }
    }

    /// Lets everything come to its end: the run must, unless it waits for a condition for ever.
    fn drain(&mut self) {
        for _ in 0..600 {
            let ids: Vec<String> = self.messages.keys().cloned().collect();
            for id in ids {
                if matches!(self.messages[&id], At::Queued | At::Claimed) {
                    self.messages.insert(id.clone(), At::Accepted);
                    self.reports.push((id, Mark::Sent, None));
                }
            }
            while !self.reports.is_empty() {
                let last = self.reports.len() - 1;
                self.tell(last);
            }
            if !self.stage.run().is_running() {
                return;
            }
            self.ring();
            let run = self.stage.run();
            if run.is_running() && run.due.is_none() {
                return;
            }
        }
        panic!("it never ends: {:?}", self.stage.run().cursor);
    }
}

fn lived(seed: u64) -> Option<World> {
    let mut world = World::new(seed)?;
    for _ in 0..40 {
        world.step();
    }
    world.drain();
    Some(world)
}

fn live(seed: u64) -> Vec<String> {
    lived(seed).map_or_else(Vec::new, |world| world.stage.traces)
}

/// How many lives: `LANDFALL_WALKS` says otherwise.
fn lives() -> u64 {
    let wanted = std::env::var("LANDFALL_WALKS").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(1_500)
}

#[test]
fn random_journeys_end_balance_their_books_and_do_nothing_twice() {
    let entered = (0..lives())
        .filter(|seed| {
            let seed = *seed;
            let lived = std::panic::catch_unwind(|| live(seed));
            !lived
                .unwrap_or_else(|_| panic!("seed {seed} shows it"))
                .is_empty()
        })
        .count();
    assert!(
        entered > 500,
        "{entered} lives are too few to mean anything"
    );
}

#[test]
fn a_life_that_is_lived_again_leaves_the_same_trace_byte_for_byte() {
    for seed in 0..200 {
        assert_eq!(live(seed), live(seed), "seed {seed}");
    }
}

#[test]
fn a_life_is_lived_again_from_its_trace_and_what_was_known_at_each_moment() {
    let worlds = (0..lives() / 4).filter_map(lived);
    let mut rows = 0;
    for world in worlds {
        let mut run = None;
        for (text, (person, now)) in world.stage.traces.iter().zip(&world.seen) {
            let trace = serde_json::from_str(text).unwrap();
            let telling = Telling::of(&trace).expect("a row says what was told");
            let setting = Setting {
                person,
                now: *now,
                ..world.stage.setting()
            };
            let (next, outcome) = telling
                .again(&world.stage.plan, run.as_ref(), &setting)
                .unwrap();
            assert_eq!(serde_json::to_string(&outcome.trace).unwrap(), *text);
            run = Some(next);
            rows += 1;
        }
        assert_eq!(run.as_ref(), Some(world.stage.run()));
    }
    assert!(rows > 1_000, "{rows} rows are too few to mean anything");
}
