//! Every call of the store fails once, at every place of a whole journey, before or after it did its work;
//! and the program is killed there, or goes on.

use std::sync::Arc;

use landfall_domain::input::Input;
use landfall_domain::marks::Mark;
use landfall_domain::run::RunState;
use landfall_domain::time::Clock as _;
use landfall_domain::work::WorkState;
use serde_json::json;

use super::super::house::House;
use super::{balance, did, known, member, order, providers, told, whole};
use crate::journeys::{JourneyError, JourneyState, named};
use crate::segments::Builder;
use crate::tests::faults::{Faulty, When};
use crate::tests::launch::launch;
use crate::tests::shop::{DAY, HOUR, NOW, Shop, device, receipt, who};

/// What is done to the shop.
enum Act {
    /// The journey is applied and started.
    Define,
    /// The person appears.
    Appear,
    /// The person does something that is worth so much, known by a key.
    Does(&'static str),
    /// Time passes.
    Wait(i64),
    /// Providers take what is due.
    Carry,
    /// A phone tells of the delivery at this place.
    Tells(usize, Mark),
}

/// From the event over delay, branch, push, reach and SMS to the goal, its refund, and the end.
const STORY: [Act; 15] = [
    Act::Define,
    Act::Appear,
    Act::Does("cart_updated"),
    Act::Wait(HOUR),
    Act::Carry,
    Act::Tells(0, Mark::Delivered),
    Act::Wait(HOUR),
    Act::Carry,
    Act::Wait(HOUR / 2),
    Act::Carry,
    Act::Tells(1, Mark::Opened),
    Act::Does("order_placed"),
    Act::Wait(DAY),
    Act::Does("order_refunded"),
    Act::Wait(100 * DAY),
];

struct Plug {
    house: House,
    store: Arc<Faulty>,
    restarts: bool,
}

impl Plug {
    fn new(restarts: bool) -> Self {
        let shop = Shop::new();
        let store = Faulty::new(Arc::clone(&shop.store));
        let house = House::behind(shop, store.clone());
        Self {
            house,
            store,
            restarts,
        }
    }

    async fn live(&mut self, at: Option<(usize, When)>) {
        self.store.strike.arm(at);
        for act in &STORY {
            if let Act::Wait(seconds) = act {
                self.house.clock.advance(seconds * 1_000);
            }
            while let Err(error) = self.does(act).await {
                assert!(error.contains("the plug was pulled"), "{error}");
                if self.restarts {
                    self.house.restart().await;
                }
            }
        }
    }

    async fn does(&self, act: &Act) -> Result<(), String> {
        let house = &self.house;
        match act {
            Act::Define => return self.define().await.map_err(|error| error.to_string()),
            Act::Appear => {
                let inputs = vec![
                    member(NOW, "ann", "+12025550143"),
                    device(NOW, who("ann"), "t1", &[]),
                ];
                self.take(inputs).await
            }
            Act::Does(name) => {
                let happens = match *name {
                    "order_placed" => order(house.now(), "ann", "o1"),
                    "order_refunded" => {
                        let data = json!({"order_id": "o1", "total": 9.9});
                        did(house.now(), "ann", name, &data)
                    }
                    name => did(house.now(), "ann", name, &json!({"cart": 7})),
                };
                self.take(vec![known(happens, name)]).await
            }
            Act::Wait(_) => house.wake().await.map_err(|error| error.to_string()),
            Act::Carry => self.carry().await,
            Act::Tells(place, mark) => {
                let deliveries = house.deliveries("ann");
                let id = &deliveries[*place].id;
                self.take(vec![receipt(house.now(), id, *mark, None)]).await
            }
        }
    }

    async fn take(&self, inputs: Vec<Input>) -> Result<(), String> {
        let taken = self.house.workspace().submit(inputs).await;
        taken.map(drop).map_err(|error| error.to_string())
    }

    async fn carry(&self) -> Result<(), String> {
        let now = self.house.clock.now();
        for work in providers::due(&self.house) {
            if work.state == WorkState::Waiting {
                self.take(vec![providers::claim(&work, now)]).await?;
            }
        }
        for work in providers::due(&self.house) {
            let taken = providers::conclude(&work, providers::accepted(), now);
            self.take(vec![taken]).await?;
        }
        Ok(())
    }

    async fn define(&self) -> Result<(), JourneyError> {
        let workspace = self.house.workspace();
        workspace.apply_journey(&whole()).await?;
        Builder::new(workspace.clone()).drain().await?;
        let known = named(self.house.shop.store.as_ref(), "whole")?;
        let state = known.map(|(_, journey)| journey.state);
        if state != Some(JourneyState::Running) {
            launch(workspace, "whole").await?;
        }
        Ok(())
    }
}

/// Whether every call that failed made no difference.
async fn nothing_changes(when: When, restarts: bool) {
    let mut smooth = Plug::new(restarts);
    smooth.live(None).await;
    let calls = smooth.store.strike.calls();
    balance(&smooth.house);
    let expected = told(&smooth.house);
    assert_eq!(expected.len(), 1 + 3, "a run, two pushes and a text");
    assert_eq!(smooth.house.runs("ann")[0].state, RunState::Finished);
    assert!(calls > 20, "there is something to fail");
    for n in 1..=calls {
        let mut plug = Plug::new(restarts);
        plug.live(Some((n, when))).await;
        assert!(plug.store.strike.has_struck(), "{n} of {calls}");
        assert_eq!(told(&plug.house), expected, "call {n} of {calls} failed");
        balance(&plug.house);
        plug.house.close().await;
    }
}

#[tokio::test]
async fn a_kill_before_any_call_of_the_store_changes_nothing_in_the_end() {
    nothing_changes(When::Before, true).await;
}

#[tokio::test]
async fn a_kill_after_any_call_of_the_store_changes_nothing_in_the_end() {
    nothing_changes(When::After, true).await;
}

#[tokio::test]
async fn a_call_of_the_store_that_fails_changes_nothing_in_the_end() {
    nothing_changes(When::Before, false).await;
}
