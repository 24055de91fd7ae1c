//! Bad days: what the provider, the network or the machine does to a broadcast.

use std::collections::BTreeMap;

use landfall_domain::attempt::Answer;
use landfall_domain::reason::Reason;
use landfall_domain::status::Outcome;
use landfall_domain::time::{HOUR_MS, MINUTE_MS, SECOND_MS};

use super::house::{House, accepted};

const PEOPLE: usize = 600;

#[tokio::test]
async fn a_key_that_is_revoked_in_mid_broadcast_stops_the_queue_and_costs_no_token() {
    let house = House::with_people(PEOPLE, |call| match call.total {
        ..=200 => accepted(),
        _ => Answer::refused(Reason::ProviderAuth),
    });
    house.broadcast(1).await;
    house.run_for(HOUR_MS).await;
    let asked = house.calls();
    assert!(
        asked < 200 + 1_024 + 30,
        "the provider is not asked for everybody: {asked}"
    );
    assert_eq!(house.devices(), PEOPLE);
    let tally = house.tally();
    assert_eq!(tally.get(&Outcome::Accepted), Some(&200));
    assert_eq!(tally.get(&Outcome::Pending), Some(&(PEOPLE - 200)));
    let open = house.carriers().all()[0].health().open;
    assert_eq!(open.map(|open| open.reason), Some(Reason::ProviderAuth));
    house.script(|_| accepted());
    house.run_until_quiet().await;
    assert_eq!(house.tally(), BTreeMap::from([(Outcome::Accepted, PEOPLE)]));
    assert_eq!(house.shown().len(), PEOPLE);
    assert!(house.books_balance());
}

#[tokio::test]
async fn a_provider_that_is_down_for_an_hour_gets_everything_afterwards() {
    let house = House::with_people(PEOPLE, |_| accepted());
    let back = house.now().plus_millis(HOUR_MS);
    house.script(move |call| {
        if call.at < back {
            Answer::refused(Reason::ConnectionFailed)
        } else {
            accepted()
        }
    });
    house.broadcast(1).await;
    house.run_until_quiet().await;
    assert_eq!(house.tally(), BTreeMap::from([(Outcome::Accepted, PEOPLE)]));
    let wasted = house.calls() - PEOPLE;
    assert!(wasted < 3 * PEOPLE, "{wasted} calls in vain in an hour");
    assert!(house.books_balance());
}

#[tokio::test]
async fn a_storm_of_429_is_waited_out_as_the_provider_asks() {
    let house = House::with_people(PEOPLE, |call| match call.number {
        1 | 2 => Answer {
            retry_after_ms: Some(30 * SECOND_MS),
            status: Some(429),
            ..Answer::refused(Reason::ProviderThrottled)
        },
        _ => accepted(),
    });
    let start = house.now();
    house.broadcast(1).await;
    house.run_until_quiet().await;
    assert_eq!(house.tally(), BTreeMap::from([(Outcome::Accepted, PEOPLE)]));
    assert_eq!(house.calls(), 3 * PEOPLE);
    let took = house.now().since(start);
    assert!((60 * SECOND_MS..2 * MINUTE_MS).contains(&took), "{took} ms");
}

#[tokio::test]
async fn answers_that_are_lost_lead_to_copies_that_replace_each_other() {
    // The provider took the push, and 30 of 100 answers never came.
    let house = House::with_people(PEOPLE, |call| {
        let lost = call.number == 1 && call.total % 10 < 3;
        if lost {
            Answer::refused(Reason::OutcomeUnknown)
        } else {
            accepted()
        }
    });
    house.broadcast(1).await;
    house.run_until_quiet().await;
    assert_eq!(house.tally(), BTreeMap::from([(Outcome::Accepted, PEOPLE)]));
    assert_eq!(
        house.shown().len(),
        PEOPLE,
        "once on each phone, under one collapse id"
    );
    assert!(house.calls() > PEOPLE && house.calls() < PEOPLE * 14 / 10);
}

#[tokio::test]
async fn a_wrong_environment_looks_like_mass_uninstall_and_removes_nobody() {
    let house = House::with_people(PEOPLE, |_| accepted());
    house.broadcast(1).await;
    house.run_until_quiet().await;
    house.script(|_| Answer {
        status: Some(410),
        ..Answer::refused(Reason::TokenUnregistered)
    });
    house.broadcast(2).await;
    house.run_until_quiet().await;
    assert_eq!(
        house.devices(),
        PEOPLE,
        "what fell before the guard tripped came back"
    );
    let guarded = house.carriers().all()[0].health().guarded;
    assert_eq!(guarded.len(), 1);
    assert_eq!(house.tally().get(&Outcome::Bounced), Some(&PEOPLE));
    // The fault is mended: everybody is reached again.
    house.script(|_| accepted());
    house.broadcast(3).await;
    house.run_until_quiet().await;
    assert_eq!(house.tally().get(&Outcome::Accepted), Some(&(2 * PEOPLE)));
}

#[tokio::test]
async fn some_dead_tokens_are_just_removed() {
    let house = House::with_people(PEOPLE, |call| {
        let number: usize = call.token[1..].parse().unwrap_or(0);
        if number.is_multiple_of(20) {
            Answer::refused(Reason::TokenUnregistered)
        } else {
            accepted()
        }
    });
    house.broadcast(1).await;
    house.run_until_quiet().await;
    assert_eq!(house.devices(), PEOPLE - PEOPLE / 20);
}

#[tokio::test]
async fn one_byte_too_many_fails_for_good_and_says_so() {
    let house = House::with_people(1, |_| {
        Answer::refused_saying(Reason::PayloadTooLarge, "4097 bytes, 4096 are allowed")
    });
    house.send_to(0, "d1").await;
    house.run_until_quiet().await;
    assert_eq!(house.outcome("d1"), Outcome::Failed);
    assert_eq!(house.calls(), 1);
    let said = house.facts("d1").into_iter().find_map(|fact| fact.detail);
    assert_eq!(said.as_deref(), Some("4097 bytes, 4096 are allowed"));
}

#[tokio::test]
async fn a_device_that_changed_hands_does_not_get_the_former_owners_message() {
    let house = House::with_people(2, |_| accepted());
    let mut order = house.order(0, "d1");
    order.send_at = Some(house.now().plus_millis(HOUR_MS));
    house.send(order).await;
    house.send_to(0, "d0").await;
    house.submit(vec![House::register_again(1, "t0")]).await;
    house.run_until_quiet().await;
    assert_eq!(house.outcome("d0"), Outcome::Undeliverable);
    assert_eq!(house.reason("d0"), Some(Reason::OwnerChanged));
    assert_eq!(house.reason("d1"), Some(Reason::NoDevice));
    assert_eq!(house.shown(), []);
}

#[tokio::test]
async fn what_was_claimed_when_the_process_ended_is_taken_up_again() {
    let mut house = House::with_people(50, |_| accepted());
    house.broadcast(1).await;
    let claims = house.workspace().work().pick(
        house.now(),
        landfall_domain::work::Urgency::Broadcast,
        20,
        &mut |_, n| n,
    );
    let until = house.now().plus_millis(90 * SECOND_MS);
    let claims: Vec<_> = claims
        .into_iter()
        .map(|work| house.dispatcher().claim_of(work, until))
        .collect();
    house.submit(claims).await;
    assert_eq!(house.workspace().backlog().claimed, 20);
    house.crash_and_restart().await;
    house.run_until_quiet().await;
    assert_eq!(house.tally(), BTreeMap::from([(Outcome::Accepted, 50)]));
    let unknown = house
        .deliveries()
        .iter()
        .filter(|delivery| {
            let facts = house.workspace().store().facts(&[delivery.key]).unwrap();
            facts
                .iter()
                .any(|fact| fact.reason == Some(Reason::OutcomeUnknown))
        })
        .count();
    assert_eq!(unknown, 20);
    assert!(house.books_balance());
}
