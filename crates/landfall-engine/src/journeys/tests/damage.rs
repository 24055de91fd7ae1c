//! Rows that cannot be read: what they cost is theirs alone.

use landfall_domain::run::{ProfileRow, RunRow, RunState};
use landfall_domain::working_set::ChangeSet;

use super::house::House;
use super::*;
use crate::tests::shop::{DAY, HOUR, NOW, device, person, track, who};

/// Ann and Ben are under way, and something of Ann's is damaged on the disk.
async fn damaged(changes: impl FnOnce(&RunRow) -> ChangeSet) -> House {
    let house = House::new();
    let registered = |id: &str, token: &str| device(NOW - DAY, who(id), token, &[]);
    house
        .take(vec![registered("ann", "t1"), registered("ben", "t2")])
        .await;
    house.start(&cart()).await;
    for id in ["ann", "ben"] {
        house
            .take(vec![track(house.now(), id, "cart_updated")])
            .await;
    }
    let run = house.runs("ann").remove(0);
    let store = house.shop.store.as_ref();
    let start = store.start().expect("reads");
    let changes = ChangeSet {
        next: start.next,
        ..changes(&run)
    };
    store.commit(&changes, start.epoch).expect("is stored");
    house
}

#[tokio::test]
async fn a_run_that_cannot_be_read_is_set_aside_and_everybody_else_goes_on() {
    let house = damaged(|run| ChangeSet {
        runs: vec![RunRow {
            body: vec![1, 2, 3],
            ..run.clone()
        }],
        ..ChangeSet::default()
    })
    .await;
    house.wait(HOUR).await;
    assert_eq!(house.deliveries("ben").len(), 1);
    let run = house.runs("ann").remove(0);
    assert_eq!(
        (run.state, run.due, run.open),
        (RunState::Damaged, None, false)
    );
    let traces = house.shop.store.traces(run.key).expect("reads");
    let last = String::from_utf8_lossy(&traces[traces.len() - 1].body).into_owned();
    assert!(last.contains("set aside: the run is damaged"), "{last}");
    let counts = house.shop.store.run_counts(run.journey).expect("reads");
    assert!(counts.contains(&(1, RunState::Damaged, 1)), "{counts:?}");
    // Ann starts anew.
    house
        .take(vec![track(house.now(), "ann", "cart_updated")])
        .await;
    house.wait(HOUR).await;
    assert_eq!(house.deliveries("ann").len(), 1);
    house.close().await;
}

#[tokio::test]
async fn a_profile_that_cannot_be_read_is_counted_anew() {
    let house = damaged(|run| ChangeSet {
        profiles: vec![(
            run.person,
            Some(ProfileRow {
                person: run.person,
                due: None,
                body: vec![9, 9],
            }),
        )],
        ..ChangeSet::default()
    })
    .await;
    house.wait(HOUR).await;
    assert_eq!(house.deliveries("ann").len(), 1);
    assert_eq!(house.deliveries("ben").len(), 1);
    let ann = person(house.shop.store.as_ref(), "ann");
    let profiles = house.shop.store.profiles(None, 10).expect("reads");
    let profile = profiles.iter().find(|profile| profile.person == ann);
    assert_ne!(profile.expect("is stored").body, [9, 9]);
    house.close().await;
}
