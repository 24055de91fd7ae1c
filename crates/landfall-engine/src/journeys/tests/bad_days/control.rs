//! Starting, pausing and stopping, interrupted and at bad moments.

use std::sync::Arc;

use landfall_domain::attempt::Answer;
use landfall_domain::input::Body;
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use landfall_domain::run::RunState;
use serde_json::json;

use super::super::cart;
use super::super::house::House;
use super::{balance, comes_to_an_end, member, providers, runs, whole};
use crate::segments::Builder;
use crate::tests::faults::{Faulty, When};
use crate::tests::shop::{
    DAY, HOUR, NOW, Shop, device, identify, input, merge, receipt, track, who,
};

async fn people(house: &House) {
    for (person, token, phone) in [("ann", "t1", "+12025550143"), ("ben", "t2", "+12025550144")] {
        let registered = device(house.now(), who(person), token, &[]);
        house
            .take(vec![member(house.now(), person, phone), registered])
            .await;
    }
}

async fn builds(house: &House) {
    let builder = Builder::new(house.workspace().clone());
    builder.drain().await.expect("builds");
}

/// Interrupts `control` at each of its calls of the store, restarts, and lets what goes on by itself go on.
async fn interrupted(
    paused: bool,
    control: impl AsyncFn(&House) -> bool,
    check: impl AsyncFn(&House),
) {
    for when in [When::Before, When::After] {
        for n in 1.. {
            let shop = Shop::new();
            let store = Faulty::new(Arc::clone(&shop.store));
            let mut house = House::behind(shop, store.clone());
            people(&house).await;
            house.start(&cart()).await;
            for person in ["ann", "ben"] {
                house
                    .take(vec![track(house.now(), person, "cart_updated")])
                    .await;
            }
            if paused {
                let paused = house.workspace().pause_journey("cart").await;
                paused.expect("pauses");
                house.wait(2 * HOUR).await;
            }
            store.strike.arm(Some((n, when)));
            let worked = control(&house).await;
            let struck = store.strike.has_struck();
            store.strike.arm(None);
            if !struck {
                assert!(worked);
                break;
            }
            house.restart().await;
            builds(&house).await;
            // Whoever asked asks again; that it has been done already is no mishap.
            control(&house).await;
            builds(&house).await;
            check(&house).await;
            balance(&house);
            comes_to_an_end(&house).await;
        }
    }
}

#[tokio::test]
async fn a_kill_while_a_journey_goes_on_after_a_pause_leaves_nobody_behind() {
    interrupted(
        true,
        async |house| house.workspace().start_journey("cart").await.is_ok(),
        async |house| {
            for person in ["ann", "ben"] {
                assert_eq!(house.deliveries(person).len(), 1);
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_kill_while_a_journey_is_stopped_leaves_nobody_under_way() {
    interrupted(
        false,
        async |house| house.workspace().stop_journey("cart").await.is_ok(),
        async |house| {
            for run in runs(house) {
                assert_eq!(run.state, RunState::Ended);
            }
        },
    )
    .await;
}

/// Without anybody who asks again: what was begun is ended by itself.
#[tokio::test]
async fn nobody_gets_a_message_of_a_journey_whose_stop_was_interrupted() {
    let shop = Shop::new();
    let store = Faulty::new(Arc::clone(&shop.store));
    let mut house = House::behind(shop, store.clone());
    people(&house).await;
    house.start(&cart()).await;
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    let outage = || landfall_store::StoreError::Unavailable("the disk is full".to_owned());
    store.at_commit.plan([outage()]);
    let stopped = house.workspace().stop_journey("cart").await;
    assert!(stopped.is_err());
    house.restart().await;
    house.wait(2 * HOUR).await;
    assert_eq!(house.deliveries("ann").len(), 0);
    builds(&house).await;
    assert_eq!(house.runs("ann")[0].state, RunState::Ended);
    balance(&house);
    comes_to_an_end(&house).await;
}

#[tokio::test]
async fn a_definition_whose_application_was_interrupted_can_be_applied_again() {
    for when in [When::Before, When::After] {
        for n in 1.. {
            let shop = Shop::new();
            let store = Faulty::new(Arc::clone(&shop.store));
            let house = House::behind(shop, store.clone());
            people(&house).await;
            house.start(&cart()).await;
            let mut later = cart();
            later["steps"][0]["delay"] = json!("2h");
            later["steps"][1]["name"]["intent"] = json!("Call");
            store.strike.arm(Some((n, when)));
            let applied = house.workspace().apply_journey(&later).await;
            let struck = store.strike.has_struck();
            store.strike.arm(None);
            if !struck {
                applied.expect("is taken");
                break;
            }
            // Nobody restarts anything.
            house.apply(&later).await;
            house
                .take(vec![track(house.now(), "ann", "cart_updated")])
                .await;
            house.wait(HOUR).await;
            assert_eq!(house.deliveries("ann").len(), 0, "{when:?} {n}");
            house.wait(HOUR).await;
            let deliveries = house.deliveries("ann");
            assert_eq!(deliveries.len(), 1);
            let catalogue = house.workspace().catalogue();
            let message = catalogue.message(deliveries[0].message).expect("known");
            let name = catalogue.message_name(message).to_string();
            assert!(name.contains("Call"), "{when:?} {n}: {name}");
            balance(&house);
        }
    }
}

#[tokio::test]
async fn whatever_happens_while_a_journey_is_paused_moves_nobody_and_is_not_forgotten() {
    let house = House::new();
    people(&house).await;
    house.start(&whole()).await;
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    house.wait(HOUR).await;
    let workspace = house.workspace().clone();
    workspace.pause_journey("whole").await.expect("pauses");
    house.wait(5 * HOUR).await;
    // Each of these would look at the run, whose delay has passed.
    providers::carry(&house, |_| providers::accepted()).await;
    let id = house.deliveries("ann")[0].id.clone();
    house
        .take(vec![
            receipt(house.now(), &id, Mark::Delivered, None),
            track(house.now(), "ann", "order_placed"),
            identify(house.now(), "ann", [("plan", json!("silver"))]),
        ])
        .await;
    house
        .take(vec![merge(house.now(), who("ben"), who("ann"))])
        .await;
    assert_eq!(house.deliveries("ben").len(), 1, "nobody moves on");
    balance(&house);
    workspace.start_journey("whole").await.expect("starts");
    assert_eq!(house.deliveries("ben").len(), 2);
    balance(&house);
    comes_to_an_end(&house).await;
}

/// What providers say during a pause decides the race when the pause is over.
#[tokio::test]
async fn a_push_that_failed_while_the_journey_was_paused_is_followed_up_after_the_pause() {
    for (answer, fallback) in [
        (Answer::refused(Reason::PayloadInvalid), true),
        (providers::accepted(), false),
    ] {
        let house = House::new();
        people(&house).await;
        house.start(&whole()).await;
        house
            .take(vec![
                identify(NOW, "ann", [("plan", json!("silver"))]),
                track(house.now(), "ann", "cart_updated"),
            ])
            .await;
        house.wait(HOUR).await;
        house.wait(HOUR).await;
        assert_eq!(house.deliveries("ann").len(), 1, "the push of the reach");
        let workspace = house.workspace().clone();
        workspace.pause_journey("whole").await.expect("pauses");
        providers::carry(&house, |_| answer.clone()).await;
        if !fallback {
            let id = house.deliveries("ann")[0].id.clone();
            let told = receipt(house.now(), &id, Mark::Delivered, None);
            house.take(vec![told]).await;
        }
        house.wait(DAY / 2).await;
        assert_eq!(house.deliveries("ann").len(), 1);
        balance(&house);
        workspace.start_journey("whole").await.expect("starts");
        let count = house.deliveries("ann").len();
        assert_eq!(count, if fallback { 2 } else { 1 });
        balance(&house);
        comes_to_an_end(&house).await;
    }
}

#[tokio::test]
async fn a_run_that_ended_before_a_pause_is_closed_during_or_after_it() {
    let house = House::new();
    people(&house).await;
    house.start(&whole()).await;
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    house.wait(HOUR).await;
    house
        .take(vec![track(house.now(), "ann", "cart_emptied")])
        .await;
    let workspace = house.workspace().clone();
    workspace.pause_journey("whole").await.expect("pauses");
    house.wait(100 * DAY).await;
    let gone = Body::Delete { who: who("ben") };
    house.take(vec![input(house.now(), gone)]).await;
    workspace.start_journey("whole").await.expect("starts");
    balance(&house);
    comes_to_an_end(&house).await;
}
