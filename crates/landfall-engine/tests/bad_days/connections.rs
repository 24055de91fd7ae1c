//! What the network does to a broadcast: connections that go away, answers that are lost, and a stop in
//! between.

use std::collections::BTreeMap;
use std::time::Duration;

use landfall_domain::channel::Platform;
use landfall_domain::reason::Reason;
use landfall_domain::status::Outcome;
use landfall_sim::apns::{self, Below, Connections, GoAwayAfter, Lost};
use landfall_sim::fcm::FcmAnswer;
use landfall_sim::http::Fault;
use landfall_sim::script::{Rule, Script};

use crate::world::{Special, World};

const PEOPLE: u32 = 600;

fn all_accepted() -> BTreeMap<Outcome, usize> {
    BTreeMap::from([(Outcome::Accepted, PEOPLE as usize)])
}

fn going_away(below: Below) -> Special {
    Special {
        apple: Connections {
            go_away: Some(GoAwayAfter {
                streams: 100,
                reason: None,
                below,
            }),
            ..Connections::default()
        },
        ..Special::default()
    }
}

#[tokio::test]
async fn a_goaway_every_100_streams_sends_nothing_twice() {
    let world = World::special(PEOPLE, going_away(Below::Answered)).await;
    world.broadcast().await;
    world.run_until_quiet().await;
    assert_eq!(world.tally(), all_accepted());
    let counts = world.apple.counts();
    assert!(counts.connections >= 3, "{counts:?}");
    assert!(
        world.truth().iter().all(|truth| truth.copies == 1),
        "what was above the last stream was not processed, and the rest was answered"
    );
    world.assert_balanced();
}

#[tokio::test]
async fn a_goaway_without_answers_leads_to_copies_that_replace_each_other() {
    let world = World::special(PEOPLE, going_away(Below::Unanswered)).await;
    world.broadcast().await;
    world.run_until_quiet().await;
    assert_eq!(world.tally(), all_accepted());
    let copies: u32 = world.truth().iter().map(|truth| truth.copies).sum();
    assert!(copies > PEOPLE, "some were sent again");
    world.assert_balanced();
}

#[tokio::test]
async fn when_30_of_100_answers_are_lost_every_phone_shows_every_message_once() {
    let world = World::special(
        PEOPLE,
        Special {
            attempt_timeout: Duration::from_millis(700),
            ..Special::default()
        },
    )
    .await;
    // Apple's streams are reset; Google's answers do not come in time.
    let reset = apns::Outcome::Lost(Lost::WithStream).into();
    let reset = Rule::always(reset).probability(0.3);
    world.apple.script().replace(Script::of([reset]).seed(7));
    let late = Rule::always(FcmAnswer::Fault(Fault::Hold)).probability(0.3);
    world.google.script().replace(Script::of([late]).seed(7));
    world.broadcast().await;
    world.run_until_quiet().await;
    assert_eq!(world.tally(), all_accepted());
    let lost = world.apple.counts().unanswered as usize;
    let apples = world.count(Platform::Ios);
    assert!(lost > apples / 5, "{lost} of {apples} answers were lost");
    let truth = world.truth();
    let again = truth.iter().filter(|truth| truth.copies > 1).count();
    assert!(again > PEOPLE as usize / 5, "{again} were sent again");
    let known = world.deliveries().iter().any(|delivery| {
        let facts = world.workspace().store().facts(&[delivery.key]).unwrap();
        let mut facts = facts.iter();
        facts.any(|fact| fact.reason == Some(Reason::OutcomeUnknown))
    });
    assert!(known, "the ledger says that nobody knew");
    world.assert_balanced();
}

#[tokio::test]
async fn an_orderly_stop_waits_for_pushes_in_flight_and_leaves_the_rest_for_the_next_start() {
    let mut world = World::with_phones(PEOPLE).await;
    let held = apns::Outcome::Hold.into();
    world
        .apple
        .script()
        .replace(Script::of([Rule::always(held)]));
    world.broadcast().await;
    let running = tokio::spawn(world.dispatcher().run());
    world.apple.gate().until_waiting(50).await;
    // Another message is accepted while we stop: it is not sent any more.
    world.dispatcher().stop();
    let phone = world.phone(Platform::Ios);
    world
        .send(phone.person, "late", crate::world::hello())
        .await;
    world.apple.gate().open();
    running.await.unwrap();
    world.dispatcher().idle().await;
    let tally = world.tally();
    let accepted = tally.get(&Outcome::Accepted).copied().unwrap_or(0);
    assert!(accepted >= 50, "{tally:?}");
    assert_eq!(world.workspace().backlog().claimed, 0);
    world.assert_balanced();

    world.stop_and_start().await;
    assert_eq!(world.tally(), tally, "nothing is lost by a stop");
    world.run_until_quiet().await;
    let all = BTreeMap::from([(Outcome::Accepted, PEOPLE as usize + 1)]);
    assert_eq!(world.tally(), all);
    assert!(
        world.truth().iter().all(|truth| truth.copies == 1),
        "who waits for answers sends nothing twice"
    );
    world.assert_balanced();
}
