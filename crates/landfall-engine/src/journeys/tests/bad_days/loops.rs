//! Journeys that start each other.

use landfall_domain::activity::{Activity, PersonInput};
use landfall_domain::run::{RunRow, RunState};
use landfall_domain::status::reason;
use serde_json::{Value, json};

use super::super::house::House;
use super::{balance, comes_to_an_end, did, runs};
use crate::tests::shop::{DAY, NOW, device, identify, person, who};

/// Each event of one name becomes one of the other at once, and then a push goes out.
fn echo(id: &str, hears: &str, says: &str) -> Value {
    json!({
        "id": id,
        "name": id,
        "trigger": {"event": hears},
        "entry": {"frequency": "every_time"},
        "steps": [
            {"id": "say", "emit_event": {"name": says}},
            {"id": "tell", "reach": {"channels": [
                {"push": {"body": "Hello"}, "not_delivered_within": "30m",
                    "name": {"step": "Push 1", "delay": "0h", "intent": "Tell"}},
                {"sms": {"body": "Hello"},
                    "name": {"step": "SMS 1", "delay": "0h", "intent": "Tell"}}
            ]}}
        ]
    })
}

#[tokio::test]
async fn journeys_that_start_each_other_for_ever_end_and_lose_nothing() {
    let house = House::new();
    house.take(vec![identify(NOW, "ann", [])]).await;
    house.start(&echo("ping", "pinged", "ponged")).await;
    house.start(&echo("pong", "ponged", "pinged")).await;
    house
        .take(vec![did(NOW, "ann", "pinged", &json!({}))])
        .await;
    let all = runs(&house);
    // Who is turned away can read why.
    let turned_away = |run: &&RunRow| run.state == RunState::NeverActivated;
    let away = all
        .iter()
        .find(turned_away)
        .expect("somebody is turned away");
    let why = house.shop.store.traces(away.key).expect("reads");
    let why = String::from_utf8_lossy(&why[0].body).into_owned();
    assert!(why.contains("keep starting each other"), "{why}");
    let made: Vec<&RunRow> = all.iter().filter(|run| !turned_away(run)).collect();
    assert!((2..=64).contains(&made.len()), "{}", made.len());
    for run in &made {
        assert_eq!(
            run.state,
            RunState::Finished,
            "nobody can be reached: {run:?}"
        );
    }
    let deliveries = house.deliveries("ann");
    assert_eq!(deliveries.len(), 2 * made.len().min(50));
    assert!(deliveries.iter().all(|delivery| reason(delivery).is_some()));
    balance(&house);
    // The next event begins anew.
    house
        .take(vec![did(NOW, "ann", "pinged", &json!({}))])
        .await;
    assert_eq!(runs(&house).len(), 2 * all.len());
    balance(&house);
    comes_to_an_end(&house).await;
}

/// What is emitted when nobody may enter any more still ends waits.
#[tokio::test]
async fn whoever_waits_for_the_last_event_of_such_a_loop_goes_on() {
    let count = async |house: &House| {
        house.start(&echo("ping", "pinged", "ponged")).await;
        house.start(&echo("pong", "ponged", "pinged")).await;
        house
            .take(vec![did(NOW, "ann", "pinged", &json!({}))])
            .await;
        let ann = person(house.shop.store.as_ref(), "ann");
        let inputs = house.shop.store.inputs_of(ann).expect("reads");
        let heard = |activity: &&Activity| matches!(&activity.input, PersonInput::Tracked { name, .. } if name == "pinged");
        inputs.iter().filter(heard).count()
    };
    let house = House::new();
    house.take(vec![identify(NOW, "ann", [])]).await;
    let pings = count(&house).await;
    assert!(pings > 5, "{pings}");
    for most in pings - 2..=pings {
        let house = House::new();
        house.take(vec![identify(NOW, "ann", [])]).await;
        house.start(&patient(most)).await;
        house.take(vec![did(NOW, "ann", "began", &json!({}))]).await;
        assert_eq!(house.runs("ann")[0].state, RunState::Running);
        assert_eq!(count(&house).await, pings);
        assert_eq!(house.runs("ann")[0].state, RunState::Finished, "{most}");
        balance(&house);
    }
}

/// Waits for so many events.
fn patient(events: usize) -> Value {
    let condition = json!({"event": "pinged", "count": {"at_least": events}, "within": "7d"});
    json!({
        "id": "patient",
        "name": "patient",
        "trigger": {"event": "began"},
        "steps": [{"id": "hear", "wait_until": {"condition": condition}}]
    })
}

#[tokio::test]
async fn a_loop_of_one_person_does_not_touch_others_in_the_same_batch() {
    let house = House::new();
    let registered = |id: &str, token: &str| device(NOW - DAY, who(id), token, &[]);
    house
        .take(vec![registered("ann", "t1"), registered("ben", "t2")])
        .await;
    house.start(&echo("ping", "pinged", "ponged")).await;
    house.start(&echo("pong", "ponged", "pinged")).await;
    house.start(&echo("once", "cart_updated", "noted")).await;
    house
        .take(vec![
            did(NOW, "ann", "pinged", &json!({})),
            did(NOW, "ben", "cart_updated", &json!({})),
        ])
        .await;
    assert_eq!(house.runs("ben").len(), 1);
    assert_eq!(house.deliveries("ben").len(), 1);
    balance(&house);
    comes_to_an_end(&house).await;
}
