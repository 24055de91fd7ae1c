//! Who goes first.

use super::house::{House, accepted};
use crate::dispatch::carriers::Terms;
use landfall_domain::time::SECOND_MS;

#[tokio::test]
async fn a_transactional_push_does_not_wait_behind_a_broadcast() {
    let mut house = House::with_people(3_000, |_| accepted());
    house.limited(Terms {
        app: None,
        per_second: Some(100),
    });
    house.broadcast(1).await;
    house.run_for(5 * SECOND_MS).await;
    let before = house.calls();
    assert!(
        (500..=700).contains(&before),
        "{before} in five seconds at 100 a second"
    );
    house.send_to(7, "urgent").await;
    house.run_for(SECOND_MS).await;
    let order = house.phones.order.lock().unwrap().clone();
    let place = order.iter().position(|delivery| delivery == "urgent");
    let place = place.expect("it went out");
    assert!(place < before + 2, "place {place} of {before} before it");
}

#[tokio::test]
async fn a_small_message_does_not_wait_behind_a_large_one() {
    let house = House::with_people(1_500, |_| accepted());
    house.broadcast(1).await;
    let mut order = house.order(3, "small");
    order.urgency = landfall_domain::work::Urgency::Broadcast;
    order.message.source_id = 77;
    house.send(order).await;
    house.run_until_quiet().await;
    let order = house.phones.order.lock().unwrap().clone();
    let place = order
        .iter()
        .position(|delivery| delivery == "small")
        .unwrap();
    assert!(
        place < 1_024,
        "it is in the first round, and not the last: {place}"
    );
}

#[tokio::test]
async fn a_rate_is_kept() {
    let mut house = House::with_people(1_000, |_| accepted());
    house.limited(Terms {
        app: None,
        per_second: Some(50),
    });
    let start = house.now();
    house.broadcast(1).await;
    house.run_until_quiet().await;
    let took = house.now().since(start);
    assert_eq!(house.calls(), 1_000);
    assert!(
        (19 * SECOND_MS..=21 * SECOND_MS).contains(&took),
        "{took} ms"
    );
}
