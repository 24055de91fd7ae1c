//! Webhooks against a real store, with an endpoint by script and a clock that is moved by hand.

mod house;

use std::collections::{BTreeMap, BTreeSet};

use landfall_domain::attempt::Answer;
use landfall_domain::reason::Reason;
use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};
use landfall_send::webhook::sign;

use super::{Cause, ReportingError, Settings};
use house::{House, Post, settings};

fn ok() -> Answer {
    Answer::accepted(200, None)
}

fn down() -> Answer {
    Answer::refused_saying(Reason::ConnectionFailed, "connection refused")
}

fn status(status: u16) -> Answer {
    Answer {
        status: Some(status),
        ..Answer::refused(Reason::PayloadInvalid)
    }
}

/// Posts that were taken, by person, each as metric and delivery.
fn by_person(posts: &[Post]) -> BTreeMap<String, Vec<(String, String)>> {
    let mut by: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for post in posts.iter().filter(|post| post.taken) {
        let told = (post.metric.clone(), post.delivery.clone());
        by.entry(post.person.clone()).or_default().push(told);
    }
    by
}

fn told(metric: &str, delivery: &str) -> (String, String) {
    (metric.to_owned(), delivery.to_owned())
}

#[tokio::test]
async fn what_is_sent_and_received_is_posted_signed_and_in_order() {
    let mut house = House::with_people(1, |_| ok()).await;
    let (_, key) = house.webhook(settings(&["push_sent", "push_delivered"]));
    house.send(0, "d1").await;
    house.answer("d1", ok()).await;
    house.receipt("d1", "t0", "delivered").await;
    house.receipt("d1", "t0", "opened").await;
    house.run_for(0).await;
    let posts = house.posts();
    assert_eq!(
        by_person(&posts)["p0"],
        [told("sent", "d1"), told("delivered", "d1")]
    );
    assert_eq!(posts[0].url, "https://hooks.example.org/cio");
    assert_eq!(posts[0].key, key);
    let signature = sign(&key, posts[0].at, posts[0].body.as_bytes());
    assert_eq!(signature.len(), 64);
}

#[tokio::test]
async fn a_webhook_hears_nothing_of_the_time_before_it_was_made() {
    let mut house = House::with_people(1, |_| ok()).await;
    house.send(0, "d1").await;
    house.answer("d1", ok()).await;
    house.webhook(settings(&["push_sent"]));
    house.send(0, "d2").await;
    house.answer("d2", ok()).await;
    house.run_for(0).await;
    assert_eq!(by_person(&house.posts())["p0"], [told("sent", "d2")]);
}

#[tokio::test]
async fn a_slow_person_holds_up_nobody_else() {
    let mut house = House::with_people(20, |_| ok()).await;
    house.webhook(settings(&["push_sent"]));
    for round in 0..2 {
        for person in 0..20 {
            let id = format!("d{round}-{person}");
            house.send(person, &id).await;
            house.answer(&id, ok()).await;
        }
    }
    house.hold("p0");
    while house.posts().len() < 38 {
        house.reporter().look().await.unwrap();
        tokio::task::yield_now().await;
    }
    let others = by_person(&house.posts());
    assert_eq!(others.len(), 19);
    assert!(others.values().all(|told| told.len() == 2));
    house.let_go();
    house.run_for(0).await;
    assert_eq!(
        by_person(&house.posts())["p0"],
        [told("sent", "d0-0"), told("sent", "d1-0")]
    );
}

#[tokio::test]
async fn an_outage_loses_nothing_and_keeps_each_persons_order() {
    let mut house = House::with_people(12, |_| down()).await;
    house.webhook(settings(&["push_sent", "push_delivered", "push_opened"]));
    for person in 0..12 {
        let (id, token) = (format!("d{person}"), format!("t{person}"));
        house.send(person, &id).await;
        house.answer(&id, ok()).await;
        house.receipt(&id, &token, "delivered").await;
    }
    house.run_for(8 * HOUR_MS).await;
    let calls = house.posts().len();
    assert!((10..400).contains(&calls), "{calls} calls in eight hours");
    house.script(|_| ok());
    for person in 0..12 {
        house
            .receipt(&format!("d{person}"), &format!("t{person}"), "opened")
            .await;
    }
    house.run_for(2 * HOUR_MS).await;
    let by_person = by_person(&house.posts());
    assert_eq!(by_person.len(), 12);
    for (person, metrics) in by_person {
        let metrics: Vec<&str> = metrics.iter().map(|(metric, _)| metric.as_str()).collect();
        assert_eq!(metrics, ["sent", "delivered", "opened"], "{person}");
    }
    assert_eq!(house.cursor(), house.last_fact());
}

#[tokio::test]
async fn a_restart_repeats_at_most_and_with_the_same_ids() {
    let mut house = House::with_people(40, |_| ok()).await;
    house.webhook(settings(&["push_sent"]));
    for person in 0..40 {
        let id = format!("d{person}");
        house.send(person, &id).await;
        house.answer(&id, ok()).await;
    }
    // Cut off after some were taken, before the cursor was stored.
    house.script(|post| if post.number <= 17 { ok() } else { down() });
    house.reporter().look().await.unwrap();
    while house.posts().len() < 25 {
        house.reporter().look().await.unwrap();
        tokio::task::yield_now().await;
    }
    house.restart_reporter();
    house.script(|_| ok());
    house.run_for(HOUR_MS).await;
    let posts = house.posts();
    let taken: Vec<&Post> = posts.iter().filter(|post| post.taken).collect();
    let deliveries: BTreeSet<&str> = taken.iter().map(|post| post.delivery.as_str()).collect();
    assert_eq!(deliveries.len(), 40, "nothing is lost");
    let ids: BTreeSet<(&str, &str)> = posts
        .iter()
        .map(|post| (post.delivery.as_str(), post.event_id.as_str()))
        .collect();
    assert_eq!(
        ids.len(),
        40,
        "one id for each event, however often it is posted"
    );
}

#[tokio::test]
async fn what_is_refused_while_others_are_taken_dies_and_rises_again() {
    let mut house = House::with_people(2, |post| match post.delivery.as_str() {
        "bad" => status(422),
        _ => ok(),
    })
    .await;
    let (id, _) = house.webhook(settings(&["push_sent"]));
    house.send(0, "bad").await;
    house.answer("bad", ok()).await;
    house.send(0, "good").await;
    house.answer("good", ok()).await;
    for round in 0..30 {
        let other = format!("o{round}");
        house.send(1, &other).await;
        house.answer(&other, ok()).await;
        house.run_for(MINUTE_MS).await;
    }
    let posts = house.posts();
    assert_eq!(
        by_person(&posts)["p0"],
        [told("sent", "good")],
        "after the bad one"
    );
    assert_eq!(by_person(&posts)["p1"].len(), 30);
    let dead = house.dead_letters(id);
    assert_eq!(dead.len(), 1);
    let (letter, dead) = &dead[0];
    assert_eq!(
        (dead.cause, dead.tries, dead.answer.status),
        (Cause::Refused, 10, Some(422))
    );
    assert_eq!(dead.event, "push_sent");
    assert!(dead.body.contains("\"delivery_id\":\"bad\""));
    let again = house
        .reporting()
        .replay(house.workspace(), id, Some(*letter))
        .await
        .unwrap();
    assert_eq!((again.taken, again.refused, again.left), (0, 1, 0));
    assert!(again.problem.is_some_and(|problem| problem.contains("422")));
    assert_eq!(house.dead_letters(id)[0].1.tries, 11);
    house.script(|_| ok());
    let again = house
        .reporting()
        .replay(house.workspace(), id, None)
        .await
        .unwrap();
    assert_eq!((again.taken, again.refused, again.left), (1, 0, 0));
    assert_eq!(house.dead_letters(id), []);
    assert_eq!(
        house.posts().last().unwrap().body,
        dead.body,
        "the same event"
    );
}

#[tokio::test]
async fn after_seven_days_an_event_is_given_up_and_kept() {
    let mut house = House::with_people(1, |_| down()).await;
    let (id, _) = house.webhook(settings(&["push_sent"]));
    house.send(0, "d1").await;
    house.answer("d1", ok()).await;
    house.run_for(7 * DAY_MS - HOUR_MS).await;
    assert_eq!(house.dead_letters(id), []);
    house.run_for(3 * HOUR_MS).await;
    let dead = house.dead_letters(id);
    assert_eq!((dead.len(), dead[0].1.cause), (1, Cause::Expired));
    assert_eq!(house.cursor(), house.last_fact(), "and the ledger goes on");
}

#[tokio::test]
async fn a_changed_webhook_goes_on_with_what_waits_and_one_that_was_off_does_not() {
    let mut house = House::with_people(1, |_| down()).await;
    let (id, _) = house.webhook(settings(&["push_sent"]));
    house.send(0, "d1").await;
    house.answer("d1", ok()).await;
    house.run_for(SECOND_MS).await;
    house.change(id, |settings| {
        settings.endpoint = "https://other.example.org/".to_owned();
    });
    house.script(|_| ok());
    house.run_for(HOUR_MS).await;
    let last = house.posts().pop().unwrap();
    assert_eq!(
        (last.url.as_str(), last.taken),
        ("https://other.example.org/", true)
    );
    house.change(id, |settings| settings.disabled = true);
    house.send(0, "d2").await;
    house.answer("d2", ok()).await;
    house.run_for(HOUR_MS).await;
    house.change(id, |settings| settings.disabled = false);
    house.send(0, "d3").await;
    house.answer("d3", ok()).await;
    house.run_for(HOUR_MS).await;
    assert_eq!(
        by_person(&house.posts())["p0"],
        [told("sent", "d1"), told("sent", "d3")]
    );
}

#[tokio::test]
async fn opens_and_clicks_are_told_once_unless_all_are_wanted() {
    let mut house = House::with_people(1, |_| ok()).await;
    let (id, _) = house.webhook(settings(&["push_opened"]));
    house.send(0, "d1").await;
    house.answer("d1", ok()).await;
    house.receipt("d1", "t0", "opened").await;
    house.wait(MINUTE_MS);
    house.receipt("d1", "t0", "opened").await;
    house.run_for(0).await;
    assert_eq!(house.posts().len(), 1);
    house.change(id, |settings| settings.full_resolution = true);
    house.wait(MINUTE_MS);
    house.receipt("d1", "t0", "opened").await;
    house.run_for(0).await;
    assert_eq!(house.posts().len(), 2);
}

#[tokio::test]
async fn wrong_settings_are_refused_with_their_field() {
    let house = House::with_people(1, |_| ok()).await;
    let wrong = |settings: Settings| {
        let refused = house.reporting().create(house.workspace(), settings);
        match refused.unwrap_err() {
            ReportingError::Invalid { field, problem } => (field, problem),
            other => panic!("{other}"),
        }
    };
    let good = || settings(&["push_sent"]);
    let (field, problem) = wrong(settings(&["push_sent", "sent", "push_spammed"]));
    assert_eq!(field, "events");
    assert!(problem.contains("`sent`, `push_spammed`"), "{problem}");
    let named = |name: &str| Settings {
        name: name.to_owned(),
        ..good()
    };
    assert_eq!(wrong(named(" ")).0, "name");
    assert_eq!(wrong(named(&"n".repeat(191))).0, "name");
    for address in [
        "",
        "hooks",
        "ftp://x.example",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://10.1.2.3/x",
    ] {
        let endpoint = address.to_owned();
        assert_eq!(
            wrong(Settings { endpoint, ..good() }).0,
            "endpoint",
            "{address}"
        );
    }
}

#[tokio::test]
async fn keys_are_sealed_and_a_new_one_counts_at_once() {
    let mut house = House::with_people(1, |_| ok()).await;
    let (id, key) = house.webhook(settings(&["push_sent"]));
    assert!(!house.document(id).contains(&key));
    let renewed = house.reporting().renew_key(house.workspace(), id).unwrap();
    assert_ne!(renewed, key);
    house.send(0, "d1").await;
    house.answer("d1", ok()).await;
    house.run_for(0).await;
    assert_eq!(house.posts()[0].key, renewed);
}

#[tokio::test]
async fn a_deleted_webhook_takes_its_dead_letters_along() {
    let mut house = House::with_people(1, |_| down()).await;
    let (id, _) = house.webhook(settings(&["push_sent"]));
    house.send(0, "d1").await;
    house.answer("d1", ok()).await;
    house.run_for(8 * DAY_MS).await;
    assert_eq!(house.dead_letters(id).len(), 1);
    house.reporting().delete(house.workspace(), id).unwrap();
    assert!(
        house
            .reporting()
            .list(house.workspace())
            .unwrap()
            .is_empty()
    );
    let calls = house.posts().len();
    house.send(0, "d2").await;
    house.answer("d2", ok()).await;
    house.run_for(HOUR_MS).await;
    assert_eq!(house.posts().len(), calls);
    let gone = house.reporting().delete(house.workspace(), id);
    assert!(matches!(gone, Err(ReportingError::Missing { .. })));
}

#[tokio::test]
async fn the_running_reporter_posts_without_being_asked() {
    let mut house = House::with_people(1, |_| ok()).await;
    house.webhook(settings(&["push_sent"]));
    let mut posted = house.watch_posts();
    let running = tokio::spawn(house.take_reporter().run());
    house.send(0, "d1").await;
    house.answer("d1", ok()).await;
    posted.changed().await.unwrap();
    assert_eq!(house.posts()[0].delivery, "d1");
    running.abort();
}
