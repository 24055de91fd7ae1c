//! Data-driven segments on a real store: built over what happened before, current afterwards.

mod ahead;
mod lifecycle;

use std::sync::Arc;

use landfall_domain::input::Claims;
use landfall_domain::time::{Clock as _, ManualClock};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::tests::shop::{DAY, NOW, Shop, anonymous, identify, input, person, seconds, track, who};
use crate::timers::Timekeeper;
use crate::{Opened, Options};
use landfall_domain::ids::PersonKey;
use landfall_domain::input::{Body, Input};

struct House {
    shop: Shop,
    opened: Opened,
    clock: Arc<ManualClock>,
}

impl House {
    fn new() -> Self {
        Self::on(Shop::new(), Arc::new(ManualClock::at(seconds(NOW))))
    }

    fn on(shop: Shop, clock: Arc<ManualClock>) -> Self {
        let options = Options {
            id: "ws_1".to_owned(),
            name: "shop".to_owned(),
            clock: Arc::clone(&clock) as Arc<dyn landfall_domain::time::Clock>,
            snapshot: None,
            salt: [7; 16],
            fixed_share: None,
        };
        let opened = crate::open(Arc::clone(&shop.store), options).expect("opens");
        Self {
            opened: opened.filled(),
            shop,
            clock,
        }
    }

    /// The same store after a restart.
    async fn again(self) -> Self {
        let stopped = tokio::task::spawn_blocking(|| self.opened.stop());
        stopped.await.expect("stops");
        Self::on(self.shop, self.clock)
    }

    async fn take(&self, inputs: Vec<Input>) {
        let stored = self.opened.workspace.submit(inputs).await;
        stored.expect("is stored");
    }

    async fn define(&self, condition: Value) -> SegmentId {
        let segment = Segment::new("buyers", "", Some(condition), self.clock.now());
        let workspace = &self.opened.workspace;
        let id = workspace.add_segment(segment).await.expect("is taken");
        Builder::new(workspace.clone())
            .drain()
            .await
            .expect("builds");
        id
    }

    async fn wait(&self, seconds: i64) {
        self.clock.advance(seconds * 1_000);
        let keeper = Timekeeper::new(self.opened.workspace.clone());
        keeper.drain(self.clock.now()).await.expect("wakes");
    }

    fn members(&self, segment: SegmentId) -> Vec<PersonKey> {
        self.shop
            .store
            .members(segment, None, 1_000)
            .expect("reads")
    }

    fn person(&self, id: &str) -> PersonKey {
        person(self.shop.store.as_ref(), id)
    }
}

fn bought_in_30_days() -> Value {
    json!({"event": "order_placed", "within": "30d"})
}

#[tokio::test]
async fn a_segment_is_built_over_what_happened_before_and_follows_what_happens_later() {
    let house = House::new();
    house
        .take(vec![
            track(NOW - 5 * DAY, "ann", "order_placed"),
            track(NOW - 40 * DAY, "ben", "order_placed"),
            identify(NOW, "cleo", []),
        ])
        .await;
    let segment = house.define(bought_in_30_days()).await;
    assert_eq!(house.members(segment), [house.person("ann")]);
    house.take(vec![track(NOW, "cleo", "order_placed")]).await;
    let both = [house.person("ann"), house.person("cleo")];
    assert_eq!(house.members(segment), both);
    let stored = all(house.shop.store.as_ref()).expect("reads");
    assert_eq!(stored[0].1.build, None, "the build is done");
}

#[tokio::test]
async fn time_alone_takes_people_out_also_after_a_restart() {
    let house = House::new();
    let segment = house.define(bought_in_30_days()).await;
    house
        .take(vec![track(NOW - DAY, "ann", "order_placed")])
        .await;
    let house = house.again().await;
    house.wait(28 * DAY).await;
    assert_eq!(house.members(segment), [house.person("ann")]);
    house.wait(DAY + 1).await;
    assert_eq!(house.members(segment), []);
}

#[tokio::test]
async fn whoever_is_deleted_or_merged_away_is_in_no_segment_and_the_survivor_brings_both_histories()
{
    let house = House::new();
    let segment = house
        .define(json!({"event": "order_placed", "count": {"at_least": 2}}))
        .await;
    house
        .take(vec![
            track(NOW - 9, "ann", "order_placed"),
            track(NOW - 8, "ann", "order_placed"),
            track(NOW - 7, "ben", "order_placed"),
            track(NOW - 6, "bob", "order_placed"),
        ])
        .await;
    let (ann, ben) = (house.person("ann"), house.person("ben"));
    assert_eq!(house.members(segment), [ann]);
    house
        .take(vec![input(NOW, Body::Delete { who: who("ann") })])
        .await;
    assert_eq!(house.members(segment), []);
    house
        .take(vec![input(
            NOW,
            Body::Merge {
                primary: who("ben"),
                secondary: who("bob"),
                create_primary: false,
            },
        )])
        .await;
    assert_eq!(house.members(segment), [ben]);
}

#[tokio::test]
async fn what_a_visitor_did_counts_for_the_person_who_logs_in() {
    let house = House::new();
    let segment = house.define(bought_in_30_days()).await;
    let visit = Body::Track {
        who: None,
        anonymous_id: Some("a1".to_owned()),
        event: landfall_domain::activity::EventKind::Event,
        name: "order_placed".to_owned(),
        id: None,
        data: landfall_domain::event_data::EventData::NONE,
    };
    house.take(vec![input(NOW - 60, visit)]).await;
    assert_eq!(house.members(segment), [], "a visitor is in no segment");
    let login = Body::Identify {
        who: who("ann"),
        claims: Claims {
            anonymous_id: Some("a1".to_owned()),
            ..Claims::default()
        },
        attributes: landfall_domain::attributes::Attributes::default(),
        update_only: false,
    };
    house.take(vec![input(NOW, login)]).await;
    assert_eq!(house.members(segment), [house.person("ann")]);
    let _ = anonymous("a1");
}

#[tokio::test]
async fn a_condition_that_cannot_be_is_refused_with_its_place_and_changes_nothing() {
    let house = House::new();
    let segment = Segment::new("x", "", Some(json!({"segment": 77})), house.clock.now());
    let refused = house.opened.workspace.add_segment(segment).await;
    let Err(DefineError::Faults(faults)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(faults[0].path, "condition");
    let moons = json!({"all": [{"event": "order_placed", "within": "3 moons"}]});
    let segment = Segment::new("x", "", Some(moons), house.clock.now());
    let refused = house.opened.workspace.add_segment(segment).await;
    let Err(DefineError::Faults(faults)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(faults[0].path, "condition.all[0].within");
    assert_eq!(all(house.shop.store.as_ref()).expect("reads").len(), 0);
}

#[derive(Clone, Debug)]
enum Step {
    Track(usize, usize, i64),
    Set(usize, i64),
    Delete(usize),
    Merge(usize, usize),
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..4usize, 0..2usize, 0..60i64).prop_map(|(who, what, ago)| Step::Track(who, what, ago)),
        2 => (0..4usize, 0..3i64).prop_map(|(who, plan)| Step::Set(who, plan)),
        1 => (0..4usize).prop_map(Step::Delete),
        1 => (0..4usize, 0..4usize).prop_map(|(a, b)| Step::Merge(a, b)),
        2 => (1..20i64).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..24)
}

const PEOPLE: [&str; 4] = ["ann", "ben", "cleo", "dan"];
const EVENTS: [&str; 2] = ["order_placed", "viewed"];

async fn live(house: &House, steps: Vec<Step>) {
    for step in steps {
        let now = house.clock.now().seconds();
        let input = match step {
            Step::Track(who, what, ago) => track(now - ago * DAY, PEOPLE[who], EVENTS[what]),
            Step::Set(who, plan) => identify(now, PEOPLE[who], [("plan", json!(plan))]),
            Step::Delete(person) => input(
                now,
                Body::Delete {
                    who: who(PEOPLE[person]),
                },
            ),
            Step::Merge(a, b) => input(
                now,
                Body::Merge {
                    primary: who(PEOPLE[a]),
                    secondary: who(PEOPLE[b]),
                    create_primary: false,
                },
            ),
            Step::Wait(days) => {
                house.wait(days * DAY).await;
                continue;
            }
        };
        house.take(vec![input]).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn counting_everybody_anew_changes_no_membership(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        runtime.block_on(async {
            let house = House::new();
            let mut segments = Vec::new();
            for condition in [
                bought_in_30_days(),
                json!({"event": "viewed", "count": {"at_least": 2}, "within": "14d"}),
                json!({"all": [{"attribute": "plan", "is": 1}, {"not": {"event": "order_placed"}}]}),
            ] {
                segments.push(house.define(condition).await);
            }
            live(&house, steps).await;
            let before: Vec<_> = segments.iter().map(|id| house.members(*id)).collect();
            for (id, segment) in all(house.shop.store.as_ref()).expect("reads") {
                let again = Segment { build: Some(Build::default()), ..segment };
                house.opened.workspace.keep_segment(id, &again).await.expect("keeps");
            }
            Builder::new(house.opened.workspace.clone()).drain().await.expect("builds");
            let after: Vec<_> = segments.iter().map(|id| house.members(*id)).collect();
            assert_eq!(before, after);
        });
    }
}
