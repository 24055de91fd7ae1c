//! Where people stand: everybody on the way is counted once, in the version that is theirs.

use super::*;
use crate::journeys::waiting::count;

/// An hour, a push with a mail behind it, a day.
fn journey(delay: &str) -> Value {
    json!({
        "id": "cart",
        "name": "Cart Recovery",
        "trigger": {"event": "cart_updated"},
        "entry": {"frequency": "every_time", "filter": {"attribute": "plan", "exists": true}},
        "steps": [
            {"id": "first", "delay": delay},
            {"id": "remind", "reach": {"channels": [
                {"push": {"title": "Hello"}, "not_delivered_within": "30m",
                 "name": {"step": "Push 1", "delay": "1h", "intent": "Remind"}},
                {"email": {"from": "shop@shop.example", "subject": "Hello", "body": "Hello"},
                 "name": {"step": "Mail 1", "delay": "1h", "intent": "Remind"}}]}},
            {"id": "last", "delay": "1d"},
            {"id": "bye", "update_person": {"bye": true}}
        ]
    })
}

async fn steps(house: &House) -> (Vec<(u32, String, u64)>, u64, u64) {
    let waiting = house.workspace().waiting("cart").await.expect("counts");
    assert!(waiting.complete);
    let told = waiting.steps.values().sum::<u64>() + waiting.at_the_door + waiting.unknown;
    assert_eq!(told, waiting.running, "everybody stands somewhere");
    let steps = waiting.steps.into_iter();
    let steps = steps.map(|((version, step), people)| (version, step, people));
    (steps.collect(), waiting.at_the_door, waiting.unknown)
}

async fn enters(house: &House, id: &str) {
    let at = house.now();
    house.take(vec![track(at, id, "cart_updated")]).await;
}

fn in_step(version: u32, step: &str, people: u64) -> (u32, String, u64) {
    (version, step.to_owned(), people)
}

#[tokio::test]
async fn everybody_who_is_on_the_way_is_counted_in_the_step_and_version_in_which_they_stand() {
    let house = House::new();
    let plan = [("plan", json!("gold"))];
    for (id, token) in [("ann", "t1"), ("ben", "t2")] {
        let known = identify(NOW - DAY, id, plan.clone());
        house
            .take(vec![known, device(NOW - DAY, who(id), token, &[])])
            .await;
    }
    house.start(&journey("1h")).await;
    enters(&house, "ann").await;
    enters(&house, "zoe").await;
    assert_eq!(
        steps(&house).await,
        (vec![in_step(1, "first", 1)], 1, 0),
        "zoe has no plan"
    );
    house.wait(HOUR).await;
    house.apply(&journey("2h")).await;
    enters(&house, "ben").await;
    let both = vec![in_step(1, "remind", 1), in_step(2, "first", 1)];
    assert_eq!(steps(&house).await.0, both, "ann is in her version");
    // A clock that jumps ahead passes one wait at a time.
    for _ in 0..4 {
        house.wait(10 * DAY).await;
    }
    assert_eq!(steps(&house).await, (vec![], 0, 0), "all runs are over");
}

#[tokio::test]
async fn whoever_asks_is_told_when_not_everybody_was_looked_at() {
    let house = House::new();
    house.start(&journey("1h")).await;
    enters(&house, "ann").await;
    let (id, _) = house
        .workspace()
        .find_journey("cart")
        .await
        .expect("is there");
    let waiting = count(&*house.front, &house.workspace().live(), id, 0).expect("counts");
    assert_eq!((waiting.running, waiting.complete), (1, false));
}
