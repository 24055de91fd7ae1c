//! Many people who are looked at together, by all cores.

use landfall_domain::marks::Mark;
use landfall_domain::run::{Look, RunInput};

use super::*;
use crate::input_of_ours;
use crate::tests::shop::{device, merge, push, reported};

/// More than are worth sharing between cores.
const PEOPLE: i64 = 600;

/// Buyers, some with devices, messages, a visitor or another record merged into them, and some who are gone.
fn lives(number: i64) -> Vec<Input> {
    let id = format!("p{number}");
    let at = NOW - number % 50 * DAY;
    let plan = ["gold", "silver"][usize::try_from(number % 2).expect("0 or 1")];
    let mut inputs = vec![
        identify(at, &id, [("plan", json!(plan))]),
        track(at, &id, "order_placed"),
        track(at, &id, "page_seen"),
    ];
    if number % 3 == 0 {
        inputs.push(device(at, who(&id), &format!("t{number}"), &[]));
        let told = push(
            &format!("d{number}"),
            &id,
            &[(Mark::Sent, at), (Mark::Opened, at)],
        );
        inputs.push(reported(told));
    }
    if number % 5 == 0 {
        let other = format!("q{number}");
        inputs.push(track(at, &other, "order_placed"));
        let told = push(&format!("e{number}"), &other, &[(Mark::Sent, at)]);
        inputs.push(reported(told));
        inputs.push(merge(at, who(&id), who(&other)));
    }
    if number % 7 == 0 {
        inputs.push(input(at, Body::Delete { who: who(&id) }));
    }
    inputs
}

fn profiles(house: &House) -> Vec<(PersonKey, Vec<u8>)> {
    let profiles = house.shop.store.profiles(None, 10_000).expect("reads");
    let bytes = profiles.into_iter().map(|row| (row.person, row.body));
    bytes.collect()
}

#[tokio::test]
async fn many_people_who_are_looked_at_together_come_out_as_each_alone() {
    let house = House::new();
    for number in 0..PEOPLE {
        house.take(lives(number)).await;
    }
    // From the store, and not from what was taken lately.
    let house = house.again().await;
    let mut segments = Vec::new();
    for condition in [
        json!({"event": "order_placed", "count": {"at_least": 2}, "within": "30d"}),
        json!({"all": [{"attribute": "plan", "is": "gold"}, {"event": "order_placed", "within": "20d"}]}),
        json!({"message": "opened", "within": "40d"}),
        json!({"token": "has"}),
    ] {
        segments.push(house.define(condition).await);
    }
    let members = |house: &House| -> Vec<Vec<PersonKey>> {
        segments
            .iter()
            .map(|segment| house.members(*segment))
            .collect()
    };
    let (together, in_segments) = (profiles(&house), members(&house));
    assert!(in_segments.iter().all(|members| members.len() > 30));
    let people = house.shop.store.person_keys_after(None, 10_000);
    for some in people.expect("reads").chunks(50) {
        let reviews = some.iter().map(|person| {
            input_of_ours(Body::Run(Box::new(RunInput::Review {
                person: *person,
                look: Look::Recount,
            })))
        });
        house.take(reviews.collect()).await;
    }
    assert_eq!(members(&house), in_segments);
    assert_eq!(profiles(&house), together);
}
