//! Journeys on a real store, with a clock that is moved by hand.

mod bad_days;
mod damage;
mod experiments;
mod forecast;
mod gate;
mod hand_over;
mod house;
mod replays;
mod revenue;
mod schedules;
mod waiting;

use landfall_domain::input::{Body, Input};
use landfall_domain::reason::Reason;
use landfall_domain::run::RunState;
use landfall_domain::status::{Outcome, outcome, reason};
use serde_json::json;

use self::house::House;
use super::*;
use crate::tests::shop::{DAY, HOUR, NOW, device, identify, input, merge, person, track, who};

/// An hour after the cart changed a push goes out, unless the person bought meanwhile.
fn cart() -> Value {
    json!({
        "id": "cart",
        "name": "Cart Recovery",
        "trigger": {"event": "cart_updated"},
        "entry": {"frequency": "every_time"},
        "exit": {"on": [{"event": "order_placed"}]},
        "steps": [
            {"id": "wait", "delay": "1h"},
            {"id": "push-1", "push": {"title": "Hello", "body": "Your cart waits"},
             "name": {"step": "Push 1", "delay": "1h", "intent": "Remind"}}
        ]
    })
}

fn registered(id: &str, token: &str) -> Input {
    device(NOW - DAY, who(id), token, &[])
}

#[tokio::test]
async fn an_event_starts_a_run_that_sends_after_its_delay_also_across_a_restart() {
    let house = House::new();
    house.take(vec![registered("ann", "t1")]).await;
    house.start(&cart()).await;
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    assert_eq!(house.runs("ann").len(), 1);
    let house = house.again().await;
    house.wait(HOUR - 1).await;
    assert_eq!(house.deliveries("ann").len(), 0);
    house.wait(1).await;
    let deliveries = house.deliveries("ann");
    assert_eq!(deliveries.len(), 1);
    assert_eq!(
        outcome(&deliveries[0]),
        Outcome::Pending,
        "it is on its way"
    );
    assert_eq!(house.runs("ann")[0].state, RunState::Finished);
}

#[tokio::test]
async fn whoever_buys_while_the_run_waits_gets_nothing() {
    let house = House::new();
    house.take(vec![registered("ann", "t1")]).await;
    house.start(&cart()).await;
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    house.wait(60).await;
    house
        .take(vec![track(house.now(), "ann", "order_placed")])
        .await;
    house.wait(2 * HOUR).await;
    assert_eq!(house.deliveries("ann").len(), 0);
    assert_eq!(house.runs("ann")[0].state, RunState::ExitedEarly);
}

#[tokio::test]
async fn whoever_has_no_device_gets_a_delivery_that_says_so() {
    let house = House::new();
    house.start(&cart()).await;
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    house.wait(HOUR).await;
    let deliveries = house.deliveries("ann");
    assert_eq!(deliveries.len(), 1);
    assert_eq!(reason(&deliveries[0]), Some(Reason::NoDevice));
}

#[tokio::test]
async fn nobody_enters_a_draft_a_paused_or_a_stopped_journey() {
    let house = House::new();
    let workspace = house.opened.workspace.clone();
    house.take(vec![identify(NOW, "ann", [])]).await;
    house.apply(&cart()).await;
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    assert_eq!(house.runs("ann").len(), 0, "a draft");
    workspace.start_journey("cart").await.expect("starts");
    workspace.pause_journey("cart").await.expect("pauses");
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    assert_eq!(house.runs("ann").len(), 0, "paused");
    workspace
        .stop_journey("Cart Recovery")
        .await
        .expect("stops");
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    assert_eq!(house.runs("ann").len(), 0, "stopped");
}

#[tokio::test]
async fn a_paused_journey_stands_still_and_goes_on_where_it_stood() {
    let house = House::new();
    let workspace = house.opened.workspace.clone();
    house.take(vec![registered("ann", "t1")]).await;
    house.start(&cart()).await;
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    workspace.pause_journey("cart").await.expect("pauses");
    house.wait(2 * HOUR).await;
    assert_eq!(house.deliveries("ann").len(), 0);
    workspace.start_journey("cart").await.expect("starts");
    assert_eq!(
        house.deliveries("ann").len(),
        1,
        "what was due is done at once"
    );
}

#[tokio::test]
async fn stopping_a_journey_ends_its_runs() {
    let house = House::new();
    let workspace = house.opened.workspace.clone();
    house.take(vec![registered("ann", "t1")]).await;
    house.start(&cart()).await;
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    workspace.stop_journey("cart").await.expect("stops");
    house.wait(2 * HOUR).await;
    assert_eq!(house.deliveries("ann").len(), 0);
    assert_eq!(house.runs("ann")[0].state, RunState::Ended);
}

#[tokio::test]
async fn a_run_goes_on_for_the_survivor_of_a_merge_and_ends_with_a_deletion() {
    let house = House::new();
    house
        .take(vec![registered("ann", "t1"), identify(NOW, "ben", [])])
        .await;
    house.start(&cart()).await;
    house
        .take(vec![track(house.now(), "ben", "cart_updated")])
        .await;
    house
        .take(vec![merge(house.now(), who("ann"), who("ben"))])
        .await;
    house
        .take(vec![track(house.now(), "cleo", "cart_updated")])
        .await;
    house.wait(60).await;
    let cleo = person(house.shop.store.as_ref(), "cleo");
    house
        .take(vec![input(house.now(), Body::Delete { who: who("cleo") })])
        .await;
    house.wait(HOUR).await;
    assert_eq!(house.deliveries("ann").len(), 1, "the run was taken over");
    let ended = house.shop.store.runs_of(cleo).expect("reads");
    assert_eq!(ended[0].state, RunState::Ended);
    assert!(!ended[0].open);
}

#[tokio::test]
async fn what_a_visitor_did_starts_the_run_at_the_login() {
    use landfall_domain::input::Claims;
    let house = House::new();
    house.start(&cart()).await;
    let visit = Body::Track {
        who: None,
        anonymous_id: Some("a1".to_owned()),
        event: landfall_domain::activity::EventKind::Event,
        name: "cart_updated".to_owned(),
        id: None,
        data: landfall_domain::event_data::EventData::NONE,
    };
    house.take(vec![input(NOW, visit)]).await;
    let login = Body::Identify {
        who: who("ann"),
        claims: Claims {
            anonymous_id: Some("a1".to_owned()),
            ..Claims::default()
        },
        attributes: landfall_domain::attributes::Attributes::default(),
        update_only: false,
    };
    house.wait(60).await;
    house.take(vec![input(house.now(), login)]).await;
    assert_eq!(house.runs("ann").len(), 1);
}

#[tokio::test]
async fn an_edit_makes_a_version_and_whoever_is_in_stays_in_theirs() {
    let house = House::new();
    let workspace = house.opened.workspace.clone();
    house
        .take(vec![registered("ann", "t1"), registered("ben", "t2")])
        .await;
    house.start(&cart()).await;
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    let same = workspace.apply_journey(&cart()).await.expect("is taken");
    assert!(!same.changed);
    let mut later = cart();
    later["steps"][0]["delay"] = json!("5h");
    let edited = workspace.apply_journey(&later).await.expect("is taken");
    assert!(edited.changed);
    assert_eq!(edited.journey.version, 2);
    house
        .take(vec![track(house.now(), "ben", "cart_updated")])
        .await;
    let house = house.again().await;
    house.wait(HOUR).await;
    assert_eq!(house.deliveries("ann").len(), 1);
    assert_eq!(house.deliveries("ben").len(), 0);
    house.wait(4 * HOUR).await;
    assert_eq!(house.deliveries("ben").len(), 1);
    let messages: Vec<_> = ["ann", "ben"]
        .map(|id| house.deliveries(id)[0].message)
        .into();
    assert_eq!(messages[0], messages[1], "a step keeps its number");
}

#[tokio::test]
async fn faults_name_their_places_and_nothing_is_stored() {
    let house = House::new();
    let mut wrong = cart();
    wrong["steps"][0]["delay"] = json!("soon");
    wrong["colour"] = json!("red");
    let refused = house.opened.workspace.apply_journey(&wrong).await;
    let Err(JourneyError::Faults(faults)) = refused else {
        panic!("{refused:?}");
    };
    let places: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert!(
        places.iter().any(|place| place.starts_with("steps[0]")),
        "{places:?}"
    );
    assert!(
        places.iter().any(|place| place.contains("colour")),
        "{places:?}"
    );
    assert_eq!(all(house.shop.store.as_ref()).expect("reads"), []);
}
