//! Living runs again from what is stored.

use landfall_domain::marks::Mark;
use landfall_journey::what_if::Change;
use serde_json::{Value, json};

use super::house::House;
use super::*;
use crate::replay::Replay;
use crate::tests::shop::{DAY, HOUR, NOW, device, identify, receipt, track, who};

/// Every run leaves the same trace once more, as long as its journey was not edited meanwhile.
pub(super) async fn all_the_same(house: &House) {
    let runs = super::bad_days::runs(house);
    for run in runs {
        let replay = house.workspace().replay(run.key, Vec::new()).await;
        let replay = replay.expect("reads").expect("is there");
        let other = replay.rows.iter().find(|row| !row.same);
        assert!(other.is_none(), "{:?}: {other:#?}", replay.run);
    }
}

/// A push to people with a device, an SMS to the others.
fn fallback() -> Value {
    json!({
        "id": "cart", "name": "Cart Recovery", "trigger": {"event": "cart_updated"},
        "entry": {"frequency": "every_time"},
        "exit": {"on": [{"event": "order_placed"}]},
        "steps": [
            {"id": "wait", "delay": "1h"},
            {"id": "gold", "branch": {"if": {"attribute": "plan", "is": "gold"},
                "then": [{"id": "thanks", "email": {"subject": "x", "body": "x"},
                    "name": {"step": "Mail 1", "delay": "1h", "intent": "Thank"}}]}},
            {"id": "remind", "reach": {"channels": [
                {"push": {"body": "x"}, "name": {"step": "Push 1", "delay": "1h", "intent": "Remind"}},
                {"email": {"subject": "x", "body": "x"},
                    "name": {"step": "Mail 2", "delay": "1h", "intent": "Remind"}}]}},
            {"id": "later", "delay": "1h"},
            {"id": "read", "branch": {"if": {"message": "opened", "step": "remind"},
                "then": [{"id": "more", "push": {"body": "x"},
                    "name": {"step": "Push 2", "delay": "2h", "intent": "More"}}]}}
        ]
    })
}

/// Every verdict of the other way.
fn verdicts(replay: &Replay) -> String {
    let rows = replay.other.as_ref().expect("facts were changed").iter();
    let lines = rows.flat_map(|row| &row.trace.lines);
    let lines: Vec<String> = lines
        .map(|line| {
            format!(
                "{} {:?} {}",
                line.step.as_deref().unwrap_or("-"),
                line.check,
                line.verdict
            )
        })
        .collect();
    lines.join("\n")
}

async fn what_if(house: &House, words: &str) -> Replay {
    let change = Change::parse(words).expect("is understood");
    let run = house.runs("ann").remove(0).key;
    let replay = house.workspace().replay(run, vec![change]).await;
    let replay = replay.expect("reads").expect("is there");
    assert!(replay.is_same(), "{replay:#?}");
    replay
}

#[tokio::test]
async fn a_run_leaves_the_same_trace_once_more_and_another_with_changed_facts() {
    let house = House::new();
    let mut fallback = fallback();
    // Conditions on messages are tried elsewhere.
    fallback["steps"].as_array_mut().expect("a list").pop();
    house
        .take(vec![identify(
            NOW,
            "ann",
            [("email", json!("ann@shop.example"))],
        )])
        .await;
    house.start(&fallback).await;
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    house.wait(HOUR).await;
    house.wait(HOUR).await;
    for delivery in house.deliveries("ann") {
        house
            .take(vec![receipt(house.now(), &delivery.id, Mark::Opened, None)])
            .await;
    }
    house.wait(DAY).await;
    all_the_same(&house).await;
    let truth = what_if(&house, "event other did not happen").await;
    let refused = verdicts(&truth);
    assert!(
        refused.contains("remind/push") || refused.contains("no_device"),
        "{refused}"
    );
    let replay = what_if(&house, "token valid").await;
    let other = verdicts(&replay);
    assert!(other.contains("remind/push Eligibility go"), "{other}");
    assert!(!other.contains("remind/email"), "{other}");
    let no = verdicts(&what_if(&house, "unsubscribed").await);
    assert!(
        no.contains("remind/email Eligibility unsubscribed_global"),
        "{no}"
    );
    let bought = verdicts(&what_if(&house, "event order_placed happened").await);
    assert!(bought.contains("an event ends it"), "{bought}");
    let never = what_if(&house, "event cart_updated did not happen").await;
    assert_eq!(never.other.map(|rows| rows.len()), Some(0), "nobody enters");
    let gold = verdicts(&what_if(&house, "attribute plan=gold").await);
    assert!(gold.contains("thanks Eligibility"), "{gold}");
    house.close().await;
}

#[tokio::test]
async fn a_run_that_went_on_during_a_pause_and_for_a_survivor_is_the_same_once_more() {
    let house = House::new();
    house
        .take(vec![
            device(NOW - DAY, who("ann"), "t1", &[]),
            identify(NOW, "ben", []),
        ])
        .await;
    house.start(&cart()).await;
    house
        .take(vec![track(house.now(), "ben", "cart_updated")])
        .await;
    house.wait(60).await;
    house
        .workspace()
        .pause_journey("cart")
        .await
        .expect("pauses");
    house
        .take(vec![track(house.now(), "ben", "order_viewed")])
        .await;
    let joined = crate::tests::shop::merge(house.now(), who("ann"), who("ben"));
    house.take(vec![joined]).await;
    house.wait(HOUR).await;
    house
        .workspace()
        .start_journey("cart")
        .await
        .expect("starts");
    house.wait(HOUR).await;
    assert_eq!(house.deliveries("ann").len(), 1);
    all_the_same(&house).await;
    house.close().await;
}
