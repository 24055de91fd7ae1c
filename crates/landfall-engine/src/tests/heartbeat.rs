//! The heartbeat of credentials, with a clock that is moved by hand.

use std::sync::Arc;

use landfall_domain::time::{MINUTE_MS, Timestamp};

use super::credentials::{House, slack};
use super::shop::{NOW, seconds};
use crate::Heartbeat;
use crate::credentials::Sending;
use crate::random::Seeded;

const EVERY: i64 = 10 * MINUTE_MS;

fn heartbeat(sending: &Sending) -> Heartbeat {
    Heartbeat::new(sending.clone(), Arc::new(Seeded::new(3)), EVERY)
}

/// When each credential was checked last.
fn checked(house: &House, sending: &Sending) -> Vec<(String, Option<Timestamp>)> {
    let carriers = sending.carriers(house.workspace()).all();
    let checked = carriers.iter().map(|carrier| {
        let at = carrier.health().checked.map(|(at, _)| at);
        (carrier.name.clone(), at)
    });
    checked.collect()
}

#[tokio::test]
async fn every_credential_is_checked_at_once_and_then_about_every_ten_minutes() {
    let house = House::new();
    house.set("a", slack());
    house.set("b", slack());
    let sending = house.sending();
    sending.refresh();
    let mut heartbeat = heartbeat(&sending);
    let start = seconds(NOW);
    let next = heartbeat.beat(start).await;
    for (name, at) in checked(&house, &sending) {
        assert_eq!(at, Some(start), "{name}");
    }
    let pause = next.since(start);
    assert!(
        (EVERY * 9 / 10..=EVERY * 11 / 10).contains(&pause),
        "{pause}"
    );

    // Nobody is asked before the time, and everybody after it.
    house.clock.advance(EVERY / 2);
    heartbeat.beat(start.plus_millis(EVERY / 2)).await;
    assert!(
        checked(&house, &sending)
            .iter()
            .all(|(_, at)| *at == Some(start))
    );
    house.clock.advance(EVERY);
    let later = start.plus_millis(EVERY * 3 / 2);
    heartbeat.beat(later).await;
    assert!(
        checked(&house, &sending)
            .iter()
            .all(|(_, at)| *at == Some(later))
    );
    house.stop();
}

#[tokio::test]
async fn an_exchanged_credential_is_checked_at_once() {
    let house = House::new();
    house.set("a", slack());
    house.set("b", slack());
    let sending = house.sending();
    sending.refresh();
    let mut heartbeat = heartbeat(&sending);
    let start = seconds(NOW);
    heartbeat.beat(start).await;
    house.clock.advance(MINUTE_MS);
    let later = start.plus_millis(MINUTE_MS);
    house.set("b", slack());
    sending.refresh();
    heartbeat.beat(later).await;
    let expected = [("a", start), ("b", later)].map(|(name, at)| (name.to_owned(), Some(at)));
    assert_eq!(checked(&house, &sending), expected);
    house.stop();
}

#[tokio::test]
async fn without_credentials_it_comes_back_later() {
    let house = House::new();
    let next = heartbeat(&house.sending()).beat(seconds(NOW)).await;
    assert_eq!(next, seconds(NOW).plus_millis(EVERY));
    house.stop();
}
