//! Definitions that change while people are under way.

use landfall_domain::run::RunState;
use serde_json::json;

use super::super::house::House;
use super::{balance, comes_to_an_end, member, providers, whole};
use crate::tests::shop::{DAY, HOUR, device, track, who};

async fn house() -> House {
    let house = House::new();
    for (person, token, phone) in [("ann", "t1", "+12025550143"), ("ben", "t2", "+12025550144")] {
        let registered = device(house.now(), who(person), token, &[]);
        house
            .take(vec![member(house.now(), person, phone), registered])
            .await;
    }
    house.start(&whole()).await;
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    house
}

#[tokio::test]
async fn a_run_goes_through_steps_that_its_journey_no_longer_has() {
    let house = house().await;
    house.wait(HOUR).await;
    let mut without = whole();
    without["steps"] = json!([without["steps"][0], without["steps"][4]]);
    without["goal"] = json!({"event": "registered", "within": "1d", "basis": "opened"});
    house.apply(&without).await;
    house
        .take(vec![track(house.now(), "ben", "cart_updated")])
        .await;
    let house = house.again().await;
    house.wait(2 * HOUR).await;
    assert_eq!(house.deliveries("ann").len(), 2);
    assert_eq!(house.deliveries("ben").len(), 0);
    providers::carry(&house, |_| providers::accepted()).await;
    house.wait(HOUR).await;
    assert_eq!(house.deliveries("ann").len(), 3);
    balance(&house);
    comes_to_an_end(&house).await;
    assert_eq!(house.runs("ann")[0].state, RunState::Finished);
    assert_eq!(house.runs("ben")[0].state, RunState::Finished);
}

#[tokio::test]
async fn a_renamed_step_is_another_step_and_the_old_name_keeps_its_number() {
    let house = house().await;
    house.wait(HOUR).await;
    let first = house.deliveries("ann")[0].message;
    let mut renamed = whole();
    renamed["steps"][1]["branch"]["then"][0]["id"] = json!("greet");
    house.apply(&renamed).await;
    house
        .take(vec![track(house.now(), "ben", "cart_updated")])
        .await;
    house.wait(HOUR).await;
    let renamed = house.deliveries("ben")[0].message;
    assert_ne!(first, renamed);
    house.apply(&whole()).await;
    house.wait(DAY).await;
    house
        .take(vec![track(house.now(), "ben", "cart_updated")])
        .await;
    house.wait(HOUR).await;
    let back = house.deliveries("ben");
    assert_eq!(back.last().map(|delivery| delivery.message), Some(first));
    balance(&house);
    comes_to_an_end(&house).await;
}

#[tokio::test]
async fn an_edit_of_a_paused_journey_moves_nobody() {
    let house = house().await;
    let workspace = house.workspace().clone();
    house.wait(HOUR).await;
    workspace.pause_journey("whole").await.expect("pauses");
    let mut later = whole();
    later["steps"][2]["delay"] = json!("5h");
    house.apply(&later).await;
    house.wait(2 * HOUR).await;
    assert_eq!(house.deliveries("ann").len(), 1);
    balance(&house);
    workspace.start_journey("whole").await.expect("starts");
    assert_eq!(house.deliveries("ann").len(), 2, "its own version goes on");
    balance(&house);
    comes_to_an_end(&house).await;
    assert_eq!(house.runs("ann")[0].state, RunState::Finished);
}
