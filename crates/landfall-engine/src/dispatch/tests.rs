//! The dispatcher against a real store, with carriers that answer by script and phones that show what
//! arrives.

mod bad_days;
mod fairness;
mod house;

use std::sync::Arc;

use landfall_domain::attempt::Answer;
use landfall_domain::reason::Reason;
use landfall_domain::status::Outcome;
use landfall_domain::time::{HOUR_MS, MINUTE_MS, SECOND_MS};

use super::{Dispatcher, Limits};
use crate::random::Seeded;
use house::{House, NOW, accepted};

#[tokio::test]
async fn a_push_goes_out_and_its_answer_is_in_the_ledger() {
    let house = House::with_people(1, |_| accepted());
    house.send_to(0, "d1").await;
    house.run_until_quiet().await;
    assert_eq!(house.outcome("d1"), Outcome::Accepted);
    assert_eq!(house.shown(), [("t0".to_owned(), "d1".to_owned())]);
    let facts = house.facts("d1");
    let attempt = facts.iter().find_map(|fact| fact.attempt.as_deref());
    let attempt = attempt.expect("the attempt");
    assert_eq!((attempt.number, attempt.status), (1, Some(200)));
    assert!(house.books_balance());
}

#[tokio::test]
async fn what_is_refused_for_a_while_is_tried_again_later() {
    let house = House::with_people(1, |call| match call.number {
        1 => Answer::refused(Reason::ProviderUnavailable),
        _ => accepted(),
    });
    house.send_to(0, "d1").await;
    house.run_until_quiet().await;
    assert_eq!(house.outcome("d1"), Outcome::Accepted);
    assert!(house.now() > NOW, "not at once");
    assert_eq!(house.calls(), 2);
}

#[tokio::test]
async fn without_a_credential_a_push_waits_and_says_so_once() {
    let house = House::with_people(1, |_| accepted());
    let carriers = house.carriers().all();
    house.carriers().replace(Vec::new());
    house.send_to(0, "d1").await;
    house.run_for(10 * MINUTE_MS).await;
    assert_eq!(house.outcome("d1"), Outcome::Pending);
    assert_eq!(house.reason("d1"), Some(Reason::ProviderNotConfigured));
    assert_eq!(house.facts("d1").len(), 3, "created, targeted, attempted");
    house.carriers().replace(carriers);
    house.run_until_quiet().await;
    assert_eq!(house.outcome("d1"), Outcome::Accepted);
}

#[tokio::test]
async fn a_message_whose_time_is_over_is_not_sent() {
    let house = House::with_people(1, |_| Answer::refused(Reason::ProviderUnavailable));
    let mut order = house.order(0, "d1");
    Arc::make_mut(&mut order.order).ttl_ms = 2 * HOUR_MS;
    house.send(order).await;
    house.run_for(3 * HOUR_MS).await;
    assert_eq!(house.outcome("d1"), Outcome::Expired);
    assert!(house.is_quiet());
}

#[tokio::test]
async fn a_scheduled_push_goes_out_when_it_is_due() {
    let house = House::with_people(1, |_| accepted());
    let mut order = house.order(0, "d1");
    order.send_at = Some(NOW.plus_millis(HOUR_MS));
    house.send(order).await;
    house.run_for(HOUR_MS - SECOND_MS).await;
    assert_eq!(house.calls(), 0);
    house.run_for(2 * SECOND_MS).await;
    assert_eq!(house.outcome("d1"), Outcome::Accepted);
}

#[tokio::test]
async fn the_running_dispatcher_sends_without_being_asked() {
    let house = House::with_people(1, |_| accepted());
    let running = tokio::spawn(house.dispatcher().run());
    let mut changes = house.workspace().watch();
    house.send_to(0, "d1").await;
    while house.outcome("d1") != Outcome::Accepted {
        changes.recv().await.expect("the workspace is open");
    }
    running.abort();
    assert_eq!(house.shown().len(), 1);
}

#[tokio::test]
async fn a_dispatcher_without_room_waits_for_it() {
    let house = House::with_people(1, |_| accepted());
    house.broadcast(1).await;
    let limits = Limits {
        bulk: 0,
        ..Limits::default()
    };
    let workspace = house.workspace().clone();
    let random = Arc::new(Seeded::new(1));
    let full = Dispatcher::new(workspace, house.carriers().clone(), random, limits);
    let looked = full.look(house.now()).await.expect("the store is there");
    assert_eq!(looked.moved, 0);
    assert!(
        looked.again > Some(house.now()),
        "it does not look on and on"
    );
}
