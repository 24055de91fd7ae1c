//! People to whom something happens while a run waits.

use landfall_domain::attempt::Answer;
use landfall_domain::input::Body;
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use landfall_domain::run::RunState;
use landfall_domain::status::{Outcome, outcome, reason};
use serde_json::{Value, json};

use super::super::cart;
use super::super::house::House;
use super::{balance, comes_to_an_end, known, member, order, providers, runs, whole};
use crate::tests::shop::{DAY, HOUR, device, identify, input, merge, receipt, track, who};

const YEAR: i64 = 365 * DAY;

/// A house with three members who have phones and numbers.
async fn house() -> House {
    let house = House::new();
    for (person, token, phone) in [
        ("ann", "t1", "+12025550143"),
        ("ben", "t2", "+12025550144"),
        ("cleo", "t3", "+12025550145"),
    ] {
        let registered = device(house.now(), who(person), token, &[]);
        house
            .take(vec![member(house.now(), person, phone), registered])
            .await;
    }
    house
}

async fn does(house: &House, person: &str, name: &str) {
    house.take(vec![track(house.now(), person, name)]).await;
}

async fn merges(house: &House, primary: &str, secondary: &str) {
    let merged = merge(house.now(), who(primary), who(secondary));
    house.take(vec![merged]).await;
}

#[tokio::test]
async fn a_run_follows_two_merges_to_the_last_survivor() {
    let house = house().await;
    house.start(&cart()).await;
    does(&house, "ann", "cart_updated").await;
    merges(&house, "ben", "ann").await;
    house.wait(60).await;
    merges(&house, "cleo", "ben").await;
    balance(&house);
    house.wait(HOUR).await;
    assert_eq!(house.deliveries("cleo").len(), 1);
    assert_eq!(house.runs("cleo")[0].state, RunState::Finished);
    comes_to_an_end(&house).await;
}

#[tokio::test]
async fn two_merges_in_one_batch_are_as_good_as_two_batches() {
    let house = house().await;
    house.start(&cart()).await;
    does(&house, "ann", "cart_updated").await;
    let now = house.now();
    house
        .take(vec![
            merge(now, who("ben"), who("ann")),
            merge(now, who("cleo"), who("ben")),
        ])
        .await;
    balance(&house);
    house.wait(HOUR).await;
    assert_eq!(house.deliveries("cleo").len(), 1);
    comes_to_an_end(&house).await;
}

/// The push of the secondary is on its way when the records become one; what comes of it is still told to
/// the run.
#[tokio::test]
async fn a_reach_goes_on_to_its_fallback_after_two_merges() {
    let house = house().await;
    house.start(&whole()).await;
    does(&house, "ann", "cart_updated").await;
    house.wait(2 * HOUR).await;
    house.wait(HOUR).await;
    assert_eq!(
        house.deliveries("ann").len(),
        2,
        "a push, and a push of the reach"
    );
    merges(&house, "ben", "ann").await;
    house.wait(60).await;
    merges(&house, "cleo", "ben").await;
    balance(&house);
    providers::carry(&house, |_| Answer::refused(Reason::PayloadInvalid)).await;
    balance(&house);
    let all = house.deliveries("cleo");
    assert_eq!(all.len(), 3, "a text message follows: {all:?}");
    comes_to_an_end(&house).await;
}

#[tokio::test]
async fn of_two_runs_the_survivors_goes_on_and_the_other_takes_its_message_back() {
    let house = house().await;
    house.start(&whole()).await;
    does(&house, "ann", "cart_updated").await;
    does(&house, "ben", "cart_updated").await;
    house.wait(HOUR).await;
    assert_eq!(house.deliveries("ann").len(), 1);
    merges(&house, "ben", "ann").await;
    let states: Vec<_> = runs(&house).iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Ended, RunState::Running]);
    let all = house.deliveries("ben");
    assert_eq!(all.len(), 2, "both pushes are the survivor's");
    assert_eq!(reason(&all[0]), Some(Reason::SourceCancelled));
    balance(&house);
    comes_to_an_end(&house).await;
}

#[tokio::test]
async fn both_runs_of_a_person_go_on_for_whoever_had_none() {
    let house = house().await;
    house.start(&cart()).await;
    does(&house, "ann", "cart_updated").await;
    house.wait(60).await;
    does(&house, "ann", "cart_updated").await;
    assert_eq!(house.runs("ann").len(), 2, "every time means every time");
    merges(&house, "ben", "ann").await;
    house.wait(HOUR).await;
    assert_eq!(house.deliveries("ben").len(), 2);
    balance(&house);
    comes_to_an_end(&house).await;
}

#[tokio::test]
async fn a_purchase_ends_both_runs_of_a_person() {
    let house = house().await;
    house.start(&cart()).await;
    does(&house, "ann", "cart_updated").await;
    house.wait(60).await;
    does(&house, "ann", "cart_updated").await;
    house.wait(60).await;
    does(&house, "ann", "order_placed").await;
    house.wait(2 * HOUR).await;
    assert_eq!(house.deliveries("ann").len(), 0);
    balance(&house);
    comes_to_an_end(&house).await;
}

#[tokio::test]
async fn whoever_is_deleted_or_suppressed_under_way_gets_nothing_more() {
    for suppress in [false, true] {
        let house = house().await;
        house.start(&whole()).await;
        does(&house, "ann", "cart_updated").await;
        house.wait(HOUR).await;
        assert_eq!(house.deliveries("ann").len(), 1, "it waits to be sent");
        let (ann, gone) = match suppress {
            false => (who("ann"), Body::Delete { who: who("ann") }),
            true => (who("ann"), Body::Suppress { who: who("ann") }),
        };
        house.take(vec![input(house.now(), gone)]).await;
        balance(&house);
        providers::carry(&house, |_| providers::accepted()).await;
        house.wait(3 * HOUR).await;
        let run = &runs(&house)[0];
        assert_eq!(run.state, RunState::Ended);
        let made = super::books::deliveries(&house);
        assert_eq!(made.len(), 1);
        assert_ne!(outcome(&made[0]), Outcome::Pending, "it was taken back");
        balance(&house);
        // Back again: a new person, who begins anew.
        if suppress {
            does(&house, "ann", "cart_updated").await;
            assert_eq!(runs(&house).len(), 1, "blocked");
            let back = Body::Unsuppress { who: ann };
            house.take(vec![input(house.now(), back)]).await;
        }
        let back = member(house.now(), "ann", "+12025550143");
        let registered = device(house.now(), who("ann"), "t1", &[]);
        house.take(vec![back, registered]).await;
        does(&house, "ann", "cart_updated").await;
        assert_eq!(house.runs("ann").len(), 1);
        house.wait(4 * HOUR).await;
        assert_eq!(house.deliveries("ann").len(), 1);
        balance(&house);
        comes_to_an_end(&house).await;
    }
}

#[tokio::test]
async fn an_event_that_comes_twice_starts_one_run_and_meets_the_goal_once() {
    let house = house().await;
    house.start(&whole()).await;
    for _ in 0..2 {
        let again = known(track(house.now(), "ann", "cart_updated"), "e1");
        house.take(vec![again.clone(), again]).await;
    }
    assert_eq!(house.runs("ann").len(), 1);
    house.wait(HOUR).await;
    providers::carry(&house, |_| providers::accepted()).await;
    let id = house.deliveries("ann")[0].id.clone();
    for _ in 0..2 {
        let told = receipt(house.now(), &id, Mark::Delivered, None);
        house.take(vec![told.clone(), told]).await;
    }
    house.wait(60).await;
    for _ in 0..2 {
        let bought = known(order(house.now(), "ann", "o1"), "e2");
        house.take(vec![bought.clone(), bought]).await;
    }
    assert_eq!(converted(&house), 1);
    balance(&house);
    comes_to_an_end(&house).await;
}

fn converted(house: &House) -> usize {
    let made = super::books::deliveries(house);
    let marked = |delivery: &&landfall_domain::delivery::Delivery| {
        delivery.view().at(Mark::Converted).is_some()
    };
    made.iter().filter(marked).count()
}

#[tokio::test]
async fn events_of_last_year_start_and_end_nothing_and_events_of_the_future_happen_now() {
    let house = house().await;
    house.start(&cart()).await;
    let now = house.now();
    house
        .take(vec![track(now - YEAR, "ann", "cart_updated")])
        .await;
    assert_eq!(house.runs("ann").len(), 0);
    house
        .take(vec![track(now + YEAR, "ann", "cart_updated")])
        .await;
    assert_eq!(house.runs("ann").len(), 1);
    house.wait(60).await;
    house
        .take(vec![track(now - YEAR, "ann", "order_placed")])
        .await;
    house.wait(HOUR).await;
    assert_eq!(
        house.deliveries("ann").len(),
        1,
        "an old order ends nothing"
    );
    let now = house.now();
    house.take(vec![track(now, "ben", "cart_updated")]).await;
    house.wait(60).await;
    house
        .take(vec![track(now + YEAR, "ben", "order_placed")])
        .await;
    assert_eq!(house.runs("ben")[0].state, RunState::ExitedEarly);
    balance(&house);
    comes_to_an_end(&house).await;
}

#[tokio::test]
async fn a_clock_that_goes_back_a_day_makes_nobody_wait_for_ever_and_sends_nothing_twice() {
    let house = house().await;
    house.start(&whole()).await;
    does(&house, "ann", "cart_updated").await;
    house.wait(HOUR).await;
    house.wait(-DAY).await;
    balance(&house);
    does(&house, "ben", "cart_updated").await;
    house.wait(HOUR).await;
    assert_eq!(house.deliveries("ben").len(), 1);
    assert_eq!(house.deliveries("ann").len(), 1);
    let house = house.again().await;
    house.wait(DAY + 2 * HOUR).await;
    assert_eq!(
        house.deliveries("ann").len(),
        2,
        "it went on where it stood"
    );
    balance(&house);
    comes_to_an_end(&house).await;
}

#[tokio::test]
async fn a_clock_that_jumps_a_year_ahead_does_each_step_once() {
    let house = house().await;
    house.start(&whole()).await;
    for person in ["ann", "ben"] {
        does(&house, person, "cart_updated").await;
    }
    house.wait(HOUR).await;
    house.wait(YEAR).await;
    balance(&house);
    house.wait(-DAY).await;
    does(&house, "cleo", "cart_updated").await;
    house.wait(HOUR).await;
    assert_eq!(house.deliveries("cleo").len(), 1);
    balance(&house);
    comes_to_an_end(&house).await;
}

/// Two batches see one happening each; the same in one batch must come to the same.
#[tokio::test]
async fn a_whole_life_in_one_batch_is_the_life() {
    let house = house().await;
    house.start(&once_bought()).await;
    let now = house.now();
    house
        .take(vec![
            identify(now, "dan", [("plan", json!("gold"))]),
            track(now, "dan", "cart_updated"),
            merge(now, who("ann"), who("dan")),
            track(now, "ann", "order_placed"),
            input(now, Body::Delete { who: who("ann") }),
            track(now, "ann", "cart_updated"),
        ])
        .await;
    balance(&house);
    assert_eq!(runs(&house).len(), 2);
    assert_eq!(house.runs("ann").len(), 1, "of the person who came after");
    comes_to_an_end(&house).await;
}

/// Waits for a purchase for a day.
fn once_bought() -> Value {
    json!({
        "id": "bought",
        "name": "Bought",
        "trigger": {"event": "cart_updated"},
        "entry": {"frequency": "not_while_in"},
        "steps": [
            {"id": "buys", "wait_until": {"condition": {"event": "order_placed", "within": "1d"},
                "limit": "1d", "on_limit": "exit"}},
            {"id": "thanks", "push": {"body": "Thanks"},
                "name": {"step": "Push 1", "delay": "0h", "intent": "Thank"}}
        ]
    })
}
