//! Random lives of a small shop. Whatever happens in whatever order: the books balance, nobody is stuck,
//! everything comes to its end, and counting everybody anew changes no membership.

use std::sync::Arc;

use landfall_domain::attempt::Answer;
use landfall_domain::ids::SegmentId;
use landfall_domain::input::{Body, Input};
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use landfall_domain::time::Clock as _;
use landfall_domain::work::WorkState;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::house::House;
use super::books::deliveries;
use super::{
    balance, comes_to_an_end, did, known, member, memberships, order, providers, recount, whole,
};
use crate::segments::{Builder, Segment};
use crate::tests::faults::{Faulty, When};
use crate::tests::shop::{DAY, HOUR, Shop, device, identify, input, merge, receipt, track, who};

const PEOPLE: [&str; 4] = ["ann", "ben", "cleo", "dan"];
const PHONES: [&str; 4] = [
    "+12025550143",
    "+12025550144",
    "+12025550145",
    "+12025550146",
];
const EVENTS: [&str; 5] = [
    "cart_updated",
    "cart_updated",
    "order_placed",
    "cart_emptied",
    "order_refunded",
];
const PLANS: [&str; 2] = ["gold", "silver"];
const MARKS: [Mark; 5] = [
    Mark::Delivered,
    Mark::Opened,
    Mark::Clicked,
    Mark::Sent,
    Mark::Bounced,
];
const JOURNEYS: [&str; 2] = ["whole", "bought"];
/// An answer that says that the message was taken.
const ANSWERED: usize = 3;
/// Seconds.
const WAITS: [i64; 8] = [60, HOUR / 2, HOUR, HOUR, 2 * HOUR, DAY, 10 * DAY, -DAY];

#[derive(Clone, Debug)]
enum Step {
    /// Somebody does something so many days ago, by their own clock.
    Does(usize, usize, i64),
    Plan(usize, usize),
    Phone(usize),
    Device(usize),
    Merge(usize, usize),
    Delete(usize),
    Suppress(usize),
    Unsuppress(usize),
    /// Providers are asked, and answer.
    Carry(usize),
    /// Providers are asked, and nobody hears the answer.
    Claim,
    /// A report about some delivery, so many times.
    Tells(usize, usize, usize),
    Pause(usize),
    Run(usize),
    Restart,
    Wait(usize),
    /// One of the next calls of the store fails.
    Pull(usize, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let person = || 0..PEOPLE.len();
    let ago = prop_oneof![8 => Just(0i64), 1 => Just(-2), 1 => Just(1), 1 => Just(400)];
    let step = prop_oneof![
        8 => (person(), 0..EVENTS.len(), ago).prop_map(|(who, what, ago)| Step::Does(who, what, ago)),
        2 => (person(), 0..PLANS.len()).prop_map(|(who, plan)| Step::Plan(who, plan)),
        2 => person().prop_map(Step::Phone),
        3 => person().prop_map(Step::Device),
        2 => (person(), person()).prop_map(|(a, b)| Step::Merge(a, b)),
        1 => person().prop_map(Step::Delete),
        1 => person().prop_map(Step::Suppress),
        1 => person().prop_map(Step::Unsuppress),
        4 => (0..5usize).prop_map(Step::Carry),
        1 => Just(Step::Claim),
        4 => (0..9usize, 0..MARKS.len(), 1..3usize).prop_map(|(at, mark, times)| Step::Tells(at, mark, times)),
        1 => (0..JOURNEYS.len()).prop_map(Step::Pause),
        1 => (0..JOURNEYS.len()).prop_map(Step::Run),
        1 => Just(Step::Restart),
        8 => (0..WAITS.len()).prop_map(Step::Wait),
        1 => (1..4usize, any::<bool>()).prop_map(|(n, after)| Step::Pull(n, after)),
    ];
    proptest::collection::vec(step, 8..40)
}

/// Whoever was told of something within a week and has not bought waits for the purchase.
fn bought(segment: SegmentId) -> Value {
    json!({
        "id": "bought",
        "name": "Bought",
        "trigger": {"segment_entered": segment},
        "entry": {"frequency": "every_time"},
        "goal": {"segment_entered": segment, "within": "2d", "basis": "opened"},
        "steps": [
            {"id": "buys", "wait_until": {"condition": {"event": "order_placed", "within": "2d"},
                "limit": "1d", "on_limit": "go_on"}},
            {"id": "note", "update_person": {"seen": true}},
            {"id": "again", "emit_event": {"name": "cart_updated"}},
            {"id": "thanks", "reach": {"channels": [
                {"sms": {"body": "Thanks"}, "not_delivered_within": "1h",
                    "name": {"step": "SMS 1", "delay": "1d", "intent": "Thank"}},
                {"push": {"body": "Thanks"},
                    "name": {"step": "Push 1", "delay": "1d", "intent": "Thank"}}
            ]}}
        ]
    })
}

struct World {
    house: House,
    store: Arc<Faulty>,
    segments: Vec<SegmentId>,
    inputs: usize,
}

impl World {
    async fn new() -> Self {
        let shop = Shop::new();
        let store = Faulty::new(Arc::clone(&shop.store));
        let house = House::behind(shop, store.clone());
        let mut segments = Vec::new();
        for condition in [
            json!({"all": [{"message": "sent", "within": "7d"}, {"not": {"event": "order_placed", "within": "7d"}}]}),
            json!({"event": "cart_updated", "count": {"at_least": 2}, "within": "14d"}),
            json!({"all": [{"attribute": "plan", "is": "gold"}, {"not": {"event": "order_placed"}}]}),
            json!({"message": "delivered", "count": {"at_least": 1}, "within": "30d"}),
        ] {
            let segment = Segment::new("people", "", Some(condition), house.clock.now());
            let id = house.workspace().add_segment(segment).await;
            segments.push(id.expect("is taken"));
        }
        let builder = Builder::new(house.workspace().clone());
        builder.drain().await.expect("builds");
        house.start(&whole()).await;
        house.start(&bought(segments[0])).await;
        Self {
            house,
            store,
            segments,
            inputs: 0,
        }
    }

    /// Stores inputs, whatever the store does: who is refused tries again.
    async fn take(&mut self, inputs: Vec<Input>) {
        let mut keyed = Vec::new();
        for input in inputs {
            self.inputs += 1;
            keyed.push(match input.body {
                Body::Track { .. } => known(input, &format!("in-{}", self.inputs)),
                _ => input,
            });
        }
        while self.house.workspace().submit(keyed.clone()).await.is_err() {
            self.recover().await;
        }
    }

    /// Whatever was stored before the store failed is known after a restart.
    async fn recover(&mut self) {
        if self.store.strike.has_struck() {
            self.store.strike.arm(None);
            self.house.restart().await;
            self.builds().await;
        }
    }

    async fn lives(&mut self, step: &Step) {
        let now = self.house.now();
        let person = |at: usize| who(PEOPLE[at]);
        match *step {
            Step::Does(at, what, ago) => {
                let happens = self.happens(PEOPLE[at], EVENTS[what], now - ago * DAY);
                self.take(vec![happens]).await;
            }
            Step::Plan(at, plan) => {
                let plan = json!(PLANS[plan]);
                let changed = identify(now, PEOPLE[at], [("plan", plan)]);
                self.take(vec![changed]).await;
            }
            Step::Phone(at) => self.take(vec![member(now, PEOPLE[at], PHONES[at])]).await,
            Step::Device(at) => {
                let token = format!("t{at}");
                self.take(vec![device(now, person(at), &token, &[])]).await;
            }
            Step::Merge(a, b) => self.take(vec![merge(now, person(a), person(b))]).await,
            Step::Delete(at) => {
                let gone = Body::Delete { who: person(at) };
                self.take(vec![input(now, gone)]).await;
            }
            Step::Suppress(at) => {
                let gone = Body::Suppress { who: person(at) };
                self.take(vec![input(now, gone)]).await;
            }
            Step::Unsuppress(at) => {
                let back = Body::Unsuppress { who: person(at) };
                self.take(vec![input(now, back)]).await;
            }
            Step::Tells(at, mark, times) => self.tells(at, MARKS[mark], times).await,
            _ => self.runs(step).await,
        }
    }

    fn happens(&self, person: &str, event: &str, at: i64) -> Input {
        match event {
            "order_placed" => order(at, person, &format!("o{}", self.inputs)),
            "order_refunded" => {
                let data = json!({"order_id": "o1", "total": 9.9});
                did(at, person, event, &data)
            }
            _ => track(at, person, event),
        }
    }

    async fn tells(&mut self, at: usize, mark: Mark, times: usize) {
        let all = deliveries(&self.house);
        if let Some(delivery) = all.iter().rev().nth(at) {
            let told = receipt(self.house.now(), &delivery.id, mark, None);
            self.take(vec![told; times]).await;
        }
    }

    /// What happens to the shop and not to its people.
    async fn runs(&mut self, step: &Step) {
        let workspace = self.house.workspace().clone();
        match *step {
            Step::Carry(answer) => self.carry(answer).await,
            Step::Claim => self.claim().await,
            // What was refused because it is so already is as good.
            Step::Pause(at) => {
                drop(workspace.pause_journey(JOURNEYS[at]).await);
                self.recover().await;
            }
            Step::Run(at) => {
                drop(workspace.start_journey(JOURNEYS[at]).await);
                self.recover().await;
            }
            Step::Restart => {
                self.house.restart().await;
                self.builds().await;
            }
            Step::Wait(at) => {
                self.house.clock.advance(WAITS[at] * 1_000);
                while self.house.wake().await.is_err() {
                    self.recover().await;
                }
            }
            Step::Pull(n, after) => {
                let when = if after { When::After } else { When::Before };
                self.store.strike.arm(Some((n, when)));
            }
            _ => {}
        }
    }

    async fn builds(&self) {
        let builder = Builder::new(self.house.workspace().clone());
        while builder.drain().await.is_err() {}
    }

    async fn claim(&mut self) {
        let now = self.house.clock.now();
        for work in providers::due(&self.house) {
            if work.state == WorkState::Waiting {
                self.take(vec![providers::claim(&work, now)]).await;
            }
        }
    }

    async fn carry(&mut self, answer: usize) {
        self.claim().await;
        let answer = match answer {
            0 => Answer::refused(Reason::TokenUnregistered),
            1 => Answer::refused(Reason::PayloadInvalid),
            2 => Answer::refused(Reason::ProviderUnavailable),
            _ => providers::accepted(),
        };
        let now = self.house.clock.now();
        for work in providers::due(&self.house) {
            if matches!(work.state, WorkState::Claimed { .. }) {
                let concluded = providers::conclude(&work, answer.clone(), now);
                self.take(vec![concluded]).await;
            }
        }
    }

    async fn ends(mut self, certain_past: bool) {
        self.store.strike.arm(None);
        // A dispatcher concludes what was claimed by somebody who is gone.
        self.carry(ANSWERED).await;
        balance(&self.house);
        for journey in JOURNEYS {
            // It may be running.
            drop(self.house.workspace().start_journey(journey).await);
        }
        self.builds().await;
        balance(&self.house);
        let before = memberships(&self.house, &self.segments);
        recount(&self.house).await;
        assert_eq!(memberships(&self.house, &self.segments), before);
        balance(&self.house);
        comes_to_an_end(&self.house).await;
        if certain_past {
            super::super::replays::all_the_same(&self.house).await;
        }
        self.house.close().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_books_balance_and_counting_anew_changes_nothing(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in &steps {
                world.lives(step).await;
            }
            // After a clock that went back nobody can tell what came first.
            let blurs = |step: &Step| matches!(step, Step::Wait(wait) if WAITS[*wait] < 0);
            world.ends(!steps.iter().any(blurs)).await;
        });
    }
}
