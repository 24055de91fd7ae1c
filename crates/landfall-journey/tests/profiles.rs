//! The test profiles of the journeys that come with the program, gone through with the interpreter alone:
//! providers answer at once, phones report at once, and nothing else is in the way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use landfall_audience::{EventInHand, Happening, Patterns, Policy, Profile, Touched, Zone};
use landfall_domain::activity::EventKind;
use landfall_domain::channel::Channel;
use landfall_domain::device::{Device, LastStatus, TokenKey};
use landfall_domain::event_data::EventData;
use landfall_domain::ids::{DeviceKey, JourneyId, PersonKey, RunKey};
use landfall_domain::marks::Mark;
use landfall_domain::person::{Attribute, Choice, Consent, Person, Standing};
use landfall_domain::reason::Reason;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_journey::definition::{self, Expectation, QaCase, QaHappening, Trigger};
use landfall_journey::{
    Definition, Effect, Entered, History, Numbering, Occasion, Plan, Ruling, Run, Send, Setting,
    Stimulus, Surroundings, advance, enter,
};
use serde_json::Value;

/// 2026-05-04, ten in the morning, universal time; a Monday.
const START: Timestamp = Timestamp::from_seconds(1_777_888_800);

struct House {
    plan: Plan,
    patterns: Patterns,
    person: Person,
    profile: Profile,
    receipts: bool,
    answers: BTreeMap<Channel, Reason>,
    now: Timestamp,
    run: Option<Run>,
    /// When a date of the trigger comes.
    date: Option<Timestamp>,
    /// What became of each step.
    marks: BTreeMap<String, BTreeSet<Mark>>,
    reasons: BTreeMap<String, Reason>,
}

impl House {
    fn new(plan: Plan, case: &QaCase) -> Self {
        let mut patterns = Patterns::new();
        for condition in plan.conditions() {
            for pattern in condition.patterns() {
                patterns.add(pattern);
            }
        }
        Self {
            plan,
            patterns,
            person: person(&case.profile),
            profile: Profile::default(),
            receipts: case.profile.devices.iter().all(|device| device.receipts),
            answers: BTreeMap::new(),
            now: START,
            run: None,
            date: None,
            marks: BTreeMap::new(),
            reasons: BTreeMap::new(),
        }
    }

    fn with_setting<T>(&self, act: impl FnOnce(&Setting<'_>) -> T) -> T {
        act(&Setting {
            person: &self.person,
            profile: &self.profile,
            now: self.now,
            policy: &Policy::default(),
            zone: &Zone::UTC,
            run: RunKey(1),
            salt: &[1; 16],
            goal: None,
            topic_opt_in: false,
            in_flight: &[],
            suppressed: &[],
            fixed_share: Some(landfall_journey::chance::SHARES - 1),
            held: &[],
            explain: false,
        })
    }

    fn stimulus(&mut self, stimulus: Stimulus<'_>) {
        let Some(mut run) = self.run.take() else {
            return;
        };
        let outcome = self.with_setting(|setting| advance(&self.plan, &mut run, setting, stimulus));
        self.run = Some(run);
        self.effects(outcome.effects);
    }

    fn enter(&mut self, event: Option<EventInHand>) {
        if self.run.is_some() {
            return;
        }
        let occasion = Occasion {
            event,
            at: self.now,
            history: History::default(),
        };
        if let Entered::Run { run, outcome } =
            self.with_setting(|setting| enter(&self.plan, setting, &occasion))
        {
            self.run = Some(*run);
            self.effects(outcome.effects);
        }
    }

    fn effects(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::Send(send) = effect {
                self.send(&send);
            }
        }
    }

    fn send(&mut self, send: &Send) {
        let mut tells: Vec<(Mark, Option<Reason>)> = Vec::new();
        match (send.ruling, self.answers.get(&send.channel)) {
            (Ruling::Refused(reason), _) => {
                self.reasons.insert(send.step.clone(), reason);
                self.mark(&send.step, Mark::Undeliverable);
            }
            (_, Some(reason)) => tells.push((Mark::Bounced, Some(*reason))),
            (_, None) => {
                tells.push((Mark::Sent, None));
                let reports = match send.channel {
                    Channel::Push => self.receipts,
                    channel => channel == Channel::Sms,
                };
                if reports {
                    tells.push((Mark::Delivered, None));
                }
            }
        }
        for (mark, reason) in tells {
            self.mark(&send.step, mark);
            self.reasons
                .extend(reason.map(|reason| (send.step.clone(), reason)));
            let at = self.now;
            self.stimulus(Stimulus::Told {
                delivery_id: &send.delivery_id,
                mark,
                reason,
                at,
            });
        }
    }

    fn mark(&mut self, step: &str, mark: Mark) {
        self.marks.entry(step.to_owned()).or_default().insert(mark);
    }

    fn until(&mut self, at: Timestamp) {
        loop {
            let due = self.run.as_ref().and_then(|run| run.due);
            match due
                .into_iter()
                .chain(self.date)
                .min()
                .filter(|next| *next <= at)
            {
                Some(next) if Some(next) == self.date => {
                    self.date = None;
                    self.now = next;
                    self.enter(None);
                }
                Some(next) => {
                    self.now = next;
                    self.stimulus(Stimulus::Wake);
                }
                None => break,
            }
        }
        self.now = at;
    }

    fn happens(&mut self, what: &QaHappening) {
        match what {
            QaHappening::Event { name, data } => self.did(name, data),
            QaHappening::Attributes(values) => {
                for (name, value) in values {
                    set(
                        &mut self.person,
                        name,
                        definition::Profile::at_start(value, START),
                    );
                }
                if let Trigger::Date(date) = &self.plan.definition.trigger {
                    self.date = date.next(&self.person, &Zone::UTC, self.now);
                }
                self.stimulus(Stimulus::Changed);
            }
            QaHappening::Provider { channel, reason } => {
                self.answers.insert(*channel, *reason);
            }
            QaHappening::Receipt { step, mark } => panic!("no template reports {mark} of {step}"),
        }
    }

    fn did(&mut self, name: &str, data: &Value) {
        let event = EventInHand {
            kind: EventKind::Event,
            name: name.to_owned(),
            data: data.clone(),
            at: self.now,
        };
        let (kind, stored) = (event.kind, EventData::from(data));
        let happening = Happening::Did {
            kind,
            name,
            data: &stored,
            at: self.now,
        };
        self.profile
            .absorb(&self.patterns, &happening, &mut Touched::nothing());
        self.stimulus(Stimulus::Did(&event));
        let starts = match &self.plan.definition.trigger {
            Trigger::Event(_) => true,
            Trigger::Product(product) => product
                .product_of(&event)
                .is_some_and(|named| product.wished_by(&self.person).contains(&named)),
            _ => false,
        };
        if starts {
            self.enter(Some(event));
        }
    }

    fn meets(&self, expectation: &Expectation) -> bool {
        match expectation {
            Expectation::NotEntered => self.run.is_none(),
            Expectation::Run(state) => self.run.as_ref().is_some_and(|run| run.state == *state),
            Expectation::Step { step, mark, reason } => {
                let marks = self.marks.get(step);
                let marked = match mark {
                    None => marks.is_none(),
                    Some(mark) => marks.is_some_and(|marks| marks.contains(mark)),
                };
                marked && reason.is_none_or(|reason| self.reasons.get(step) == Some(&reason))
            }
        }
    }
}

fn set(person: &mut Person, name: &str, value: Value) {
    let text = value.as_str().map(str::to_owned);
    match name {
        "id" => person.id = text,
        "email" => person.email = text,
        "phone" => person.phone = text,
        _ => {
            let set_at = START;
            person
                .attributes
                .insert(name.to_owned(), Attribute { value, set_at });
        }
    }
}

fn person(profile: &definition::Profile) -> Person {
    let choice = |subscribed: bool| Choice {
        subscribed,
        set_at: START,
    };
    let channels = profile.channels.iter();
    let mut person = Person {
        key: PersonKey(1),
        cio_id: "a1".to_owned(),
        standing: Standing::Known,
        id: None,
        email: None,
        phone: None,
        anonymous_ids: BTreeMap::new(),
        created_at: START,
        active_at: START,
        attributes: BTreeMap::new(),
        consent: Consent {
            global: profile.unsubscribed.then(|| choice(false)),
            topics: BTreeMap::new(),
            channels: channels
                .map(|(channel, yes)| (channel.name().to_owned(), choice(*yes)))
                .collect(),
        },
        devices: BTreeMap::new(),
        segments: BTreeSet::new(),
        listed: Vec::new(),
        absorbed: Vec::new(),
    };
    for (name, value) in &profile.attributes {
        set(
            &mut person,
            name,
            definition::Profile::at_start(value, START),
        );
    }
    for (key, device) in (1..).map(DeviceKey).zip(&profile.devices) {
        let used = START.plus_millis(-device.last_used.millis());
        let permission = device
            .permission
            .map(|granted| ("push_enabled".to_owned(), granted.to_string()));
        let device = Device {
            key,
            token: TokenKey {
                app: String::new(),
                platform: device.platform,
                token: format!("token-{}", key.0),
            },
            attributes: permission.into_iter().collect(),
            last_used: used,
            registered_at: used,
            refreshed_at: used,
            last_status: LastStatus::Unused,
        };
        person.devices.insert(key, device);
    }
    person
}

fn compile(name: &str) -> Plan {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../journeys");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("it is there");
    let definition = Definition::from_text(&text).expect("it has no faults");
    let numbering = Numbering::new(JourneyId(1));
    let compiled = Plan::compile(
        &Arc::new(definition),
        1,
        &Surroundings::default(),
        numbering,
    );
    compiled.expect("it has no faults").0
}

#[test]
fn what_the_test_profiles_of_the_templates_expect_comes_true() {
    let mut expectations = 0;
    for name in [
        "back-in-stock",
        "browse-abandonment",
        "cart-recovery",
        "price-drop",
        "replenishment",
        "win-back",
        "release-check",
    ] {
        let plan = compile(name);
        for case in &plan.definition.qa {
            let mut house = House::new(plan.clone(), case);
            for input in &case.inputs {
                house.until(START.plus_millis(input.after.millis()));
                house.happens(&input.what);
            }
            house.until(START.plus_millis(200 * DAY_MS));
            for expectation in &case.expect {
                let state = house.run.as_ref().map(|run| run.state);
                assert!(
                    house.meets(expectation),
                    "{name}, {}: {expectation:?} did not come true: {:?} {:?} {state:?}",
                    case.name,
                    house.marks,
                    house.reasons
                );
                expectations += 1;
            }
        }
    }
    assert!(
        expectations > 80,
        "{expectations} expectations are too few to mean anything"
    );
}
