//! People, plans and runs for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use landfall_audience::{EventInHand, Policy, Profile, Zone};
use landfall_domain::activity::EventKind;
use landfall_domain::channel::{Channel, Platform};
use landfall_domain::device::{Device, LastStatus, TokenKey};
use landfall_domain::ids::{DeviceKey, JourneyId, PersonKey, RunKey};
use landfall_domain::marks::Mark;
use landfall_domain::person::{Choice, Consent, Person, Standing};
use landfall_domain::reason::Reason;
use landfall_domain::time::{DAY_MS, MINUTE_MS, Timestamp};
use serde_json::{Value, json};

use crate::{
    Definition, Effect, Entered, History, Numbering, Occasion, Outcome, Plan, Refusal, Ruling, Run,
    Send, Setting, Stimulus, Surroundings, advance, enter,
};

/// 2026-05-01, noon, universal time; a Friday.
pub(crate) const NOON: Timestamp = Timestamp::from_seconds(1_777_636_800);

/// So many minutes after noon.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    NOON.plus_millis(minutes * MINUTE_MS)
}

/// A known person with an iPhone, an address and a number, who said yes to text messages.
pub(crate) fn person() -> Person {
    let device = Device {
        key: DeviceKey(1),
        token: TokenKey {
            app: "shop.example".to_owned(),
            platform: Platform::Ios,
            token: "aa".repeat(32),
        },
        attributes: BTreeMap::from([("push_enabled".to_owned(), "true".to_owned())]),
        last_used: NOON.plus_millis(-DAY_MS),
        registered_at: NOON.plus_millis(-40 * DAY_MS),
        refreshed_at: NOON.plus_millis(-DAY_MS),
        last_status: LastStatus::Sent,
    };
    let yes = Choice {
        subscribed: true,
        set_at: NOON.plus_millis(-DAY_MS),
    };
    Person {
        key: PersonKey(3),
        cio_id: "a3000001".to_owned(),
        standing: Standing::Known,
        id: Some("u1".to_owned()),
        email: Some("ann@shop.example".to_owned()),
        phone: Some("+4915112345678".to_owned()),
        anonymous_ids: BTreeMap::new(),
        created_at: NOON.plus_millis(-100 * DAY_MS),
        active_at: NOON,
        attributes: BTreeMap::new(),
        consent: Consent {
            global: None,
            topics: BTreeMap::new(),
            channels: BTreeMap::from([("sms".to_owned(), yes)]),
        },
        devices: BTreeMap::from([(DeviceKey(1), device)]),
        segments: BTreeSet::new(),
        listed: Vec::new(),
        absorbed: Vec::new(),
    }
}

/// An event in hand.
pub(crate) fn event(name: &str, data: Value, at: Timestamp) -> EventInHand {
    EventInHand {
        kind: EventKind::Event,
        name: name.to_owned(),
        data,
        at,
    }
}

/// A push step.
pub(crate) fn push(id: &str) -> Value {
    json!({ "id": id, "push": { "title": "Your cart", "body": "It waits" },
        "name": { "step": "Push 1", "delay": "1h", "intent": "Remind" } })
}

/// A journey that `cart_updated` starts, with these steps and other parts.
pub(crate) fn journey(steps: Value, mut others: Value) -> Value {
    others["id"] = "cart".into();
    others["name"] = "Cart Recovery".into();
    if others.get("trigger").is_none() {
        others["trigger"] = json!({ "event": "cart_updated" });
    }
    others["steps"] = steps;
    others
}

/// What is around journeys in tests: segments 1 to 9, the last two kept by hand.
pub(crate) fn surroundings() -> Surroundings {
    Surroundings {
        segments: (1..=9).collect(),
        manual_segments: BTreeSet::from([8, 9]),
        topics: None,
    }
}

/// Compiles a definition that has no faults.
#[track_caller]
pub(crate) fn plan(definition: &Value) -> Plan {
    let definition = Definition::from_json(definition).unwrap();
    let numbering = Numbering::new(JourneyId(7));
    Plan::compile(&Arc::new(definition), 1, &surroundings(), numbering)
        .unwrap()
        .0
}

/// A person, a plan, a clock, and everything that a run wanted.
pub(crate) struct Stage {
    pub(crate) plan: Plan,
    pub(crate) person: Person,
    pub(crate) profile: Profile,
    pub(crate) policy: Policy,
    pub(crate) zone: Zone,
    pub(crate) now: Timestamp,
    pub(crate) suppressed: Vec<Channel>,
    pub(crate) key: RunKey,
    pub(crate) run: Option<Run>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) traces: Vec<String>,
}

impl Stage {
    #[track_caller]
    pub(crate) fn new(steps: Value, others: Value) -> Self {
        Self {
            plan: plan(&journey(steps, others)),
            person: person(),
            profile: Profile::default(),
            policy: Policy::default(),
            zone: Zone::UTC,
            now: NOON,
            suppressed: Vec::new(),
            key: RunKey(5),
            run: None,
            effects: Vec::new(),
            traces: Vec::new(),
        }
    }

    pub(crate) fn setting(&self) -> Setting<'_> {
        Setting {
            person: &self.person,
            profile: &self.profile,
            now: self.now,
            policy: &self.policy,
            zone: &self.zone,
            run: self.key,
            salt: &[9; 16],
            goal: None,
            topic_opt_in: false,
            in_flight: &[],
            suppressed: &self.suppressed,
            fixed_share: None,
            held: &[],
            explain: true,
        }
    }

    /// Lets the person in by an event; answers why not.
    pub(crate) fn enter_with(&mut self, data: Value, history: History) -> Result<(), Refusal> {
        let name = "cart_updated".to_owned();
        let occasion = Occasion {
            event: Some(event(&name, data, self.now)),
            at: self.now,
            history,
        };
        self.enter_on(&occasion)
    }

    pub(crate) fn enter_on(&mut self, occasion: &Occasion) -> Result<(), Refusal> {
        match enter(&self.plan, &self.setting(), occasion) {
            Entered::Run { run, outcome } => {
                self.run = Some(*run);
                self.keep(outcome);
                Ok(())
            }
            Entered::Refused { why, trace } => {
                self.traces.push(serde_json::to_string(&trace).unwrap());
                Err(why)
            }
        }
    }

    #[track_caller]
    pub(crate) fn enter(&mut self) {
        self.enter_with(json!({ "cart_id": "c1" }), History::default())
            .unwrap();
    }

    fn keep(&mut self, outcome: Outcome) {
        self.effects.extend(outcome.effects);
        self.traces
            .push(serde_json::to_string(&outcome.trace).unwrap());
    }

    /// One stimulus; the run is stored and read again before, as whoever drives it does.
    #[track_caller]
    pub(crate) fn does(&mut self, stimulus: Stimulus<'_>) {
        let bytes = self.run.as_ref().unwrap().encode();
        let mut run = Run::decode(&bytes).unwrap();
        let outcome = advance(&self.plan, &mut run, &self.setting(), stimulus);
        self.run = Some(run);
        self.keep(outcome);
    }

    /// Moves the clock and rings every timer that is due on the way.
    #[track_caller]
    pub(crate) fn until(&mut self, at: Timestamp) {
        while let Some(due) = self.run().due.filter(|due| *due <= at) {
            self.now = self.now.max(due);
            self.does(Stimulus::Wake);
            assert!(
                self.run().due.is_none_or(|next| next > due),
                "a timer rings for ever"
            );
        }
        self.now = at;
    }

    #[track_caller]
    pub(crate) fn did(&mut self, name: &str, data: Value) {
        let event = event(name, data, self.now);
        self.does(Stimulus::Did(&event));
    }

    /// Tells a mark of the latest delivery of a step.
    #[track_caller]
    pub(crate) fn told(&mut self, step: &str, mark: Mark) {
        self.told_why(step, mark, None);
    }

    #[track_caller]
    pub(crate) fn told_why(&mut self, step: &str, mark: Mark, reason: Option<Reason>) {
        let sent = self.sends().into_iter().rfind(|send| send.step == step);
        let delivery_id = sent.expect("the step was reached").delivery_id.clone();
        let at = self.now;
        self.does(Stimulus::Told {
            delivery_id: &delivery_id,
            mark,
            reason,
            at,
        });
    }

    pub(crate) fn run(&self) -> &Run {
        self.run.as_ref().expect("the person entered")
    }

    pub(crate) fn sends(&self) -> Vec<&Send> {
        let sends = self.effects.iter().filter_map(|effect| match effect {
            Effect::Send(send) => Some(&**send),
            _ => None,
        });
        sends.collect()
    }

    /// Which steps made deliveries, and what the rules said.
    pub(crate) fn rulings(&self) -> Vec<(&str, Ruling)> {
        self.sends()
            .into_iter()
            .map(|send| (send.step.as_str(), send.ruling))
            .collect()
    }

    /// Steps of the deliveries that were taken back.
    pub(crate) fn cancelled(&self) -> Vec<&str> {
        let step_of = |id: &String| {
            let sends = self.sends();
            sends
                .into_iter()
                .find(|send| send.delivery_id == *id)
                .map(|send| send.step.as_str())
        };
        let cancels = self.effects.iter().filter_map(|effect| match effect {
            Effect::Cancel { delivery_id } => step_of(delivery_id),
            _ => None,
        });
        cancels.collect()
    }
}

/// SplitMix64: a walk repeats from its seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}
