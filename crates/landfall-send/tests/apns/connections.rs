//! Stream limits, GOAWAY, lost and late answers: what is taken is known, and nothing is taken twice.

use crate::line::{NOW, Setup, outgoing, reasons};
use futures_util::future::join_all;
use landfall_domain::attempt::Verdict;
use landfall_domain::reason::Reason;
use landfall_send::Sender;
use landfall_send::pool::PoolSettings;
use landfall_sim::apns::{ApnsAnswer, Below, Connections, GoAwayAfter, Lost, Outcome, StreamLimit};
use landfall_sim::script::{Match, Rule, Script};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

fn going_away(below: Below) -> Setup {
    Setup {
        connections: Connections {
            go_away: Some(GoAwayAfter {
                streams: 100,
                reason: Some("Shutdown".to_owned()),
                below,
            }),
            ..Connections::default()
        },
        ..Setup::default()
    }
}

#[tokio::test]
async fn one_stream_until_the_first_token_and_many_after_it_are_respected() {
    let line = Setup::limited(StreamLimit::OneUntilToken(100)).start();
    let answers = line.send_all(1_000).await;
    assert_eq!(reasons(&answers), BTreeMap::from([(None, 1_000)]));
    line.once_each(1_000);
    assert_eq!(line.sim.counts().violations, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_that_rise_and_fall_while_thousands_are_sent_are_respected() {
    let line = Setup::limited(StreamLimit::Fixed(50)).start();
    let change = async {
        for limit in [1, 200, 7, 3, 100, 2, 80] {
            let served = line.sim.counts().requests;
            line.sim.set_stream_limit(limit);
            while line.sim.counts().requests < served + 100 {
                tokio::task::yield_now().await;
            }
        }
    };
    let (answers, ()) = tokio::join!(line.send_all(4_000), change);
    assert_eq!(reasons(&answers), BTreeMap::from([(None, 4_000)]));
    line.once_each(4_000);
    assert_eq!(line.sim.counts().violations, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goaway_every_hundred_streams_loses_and_doubles_nothing() {
    let line = going_away(Below::Answered).start();
    let answers = line.send_all(2_000).await;
    assert_eq!(reasons(&answers), BTreeMap::from([(None, 2_000)]));
    line.once_each(2_000);
    assert!(line.sim.counts().connections >= 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_a_goaway_leaves_without_answers_are_unknown_and_not_sent_again() {
    let line = going_away(Below::Unanswered).start();
    // Sent before by one that is answered, so that the connection has proved itself.
    let answers = line.send_all(50).await;
    assert_eq!(reasons(&answers), BTreeMap::from([(None, 50)]));
    line.sim.forget_taken();
    let answers = line.send_all(500).await;
    let unknown = reasons(&answers)
        .get(&Some(Reason::OutcomeUnknown))
        .copied()
        .unwrap_or_default();
    assert!(unknown > 0);
    assert_eq!(unknown as u64, line.sim.counts().unanswered);
    assert!(line.accepted().values().all(|times| *times == 1));
}

#[tokio::test]
async fn answers_that_are_lost_after_the_push_was_taken_are_unknown_each_and_only_those() {
    let line = Setup::default().start();
    let rule = Rule::new(
        Match::default(),
        ApnsAnswer::from(Outcome::Lost(Lost::WithStream)),
    );
    let script = Script::of([rule.probability(0.3)]).seed(5);
    line.sim.script().replace(script);
    let answers = line.send_all(1_000).await;
    let counts = reasons(&answers);
    let unanswered = line.sim.counts().unanswered;
    assert!((200..400).contains(&unanswered), "{unanswered}");
    assert_eq!(counts[&Some(Reason::OutcomeUnknown)] as u64, unanswered);
    assert_eq!(counts[&None] as u64, 1_000 - unanswered);
    line.once_each(1_000);
}

#[tokio::test]
async fn a_torn_connection_leaves_its_streams_unknown_and_the_next_push_is_sent_anew() {
    let line = Setup::default().start();
    line.send(0).await;
    line.says(Outcome::Hold);
    let held = {
        let sender = Arc::clone(&line.sender);
        tokio::spawn(async move { sender.send(&outgoing(1), NOW).await })
    };
    line.sim.gate().until_waiting(1).await;
    line.sim.tear_connections();
    assert_eq!(held.await.unwrap().reason(), Some(Reason::OutcomeUnknown));
    line.sim.script().clear();
    assert_eq!(line.send(2).await.verdict, Verdict::Accepted);
    assert_eq!(line.sim.counts().connections, 2);
}

#[tokio::test]
async fn a_refused_stream_is_sent_again() {
    let line = Setup::default().start();
    let rule = Rule::always(ApnsAnswer::from(Outcome::RefuseStream)).times(3);
    line.sim.script().replace(Script::of([rule]));
    assert_eq!(line.send(1).await.verdict, Verdict::Accepted);
    assert_eq!(line.sim.taken().len(), 4);
    line.says(Outcome::RefuseStream);
    assert_eq!(line.send(2).await.reason(), Some(Reason::NotProcessed));
    assert_eq!(line.sim.taken().len(), 8);
}

#[tokio::test]
async fn a_server_that_stalls_ends_in_a_timeout_with_an_unknown_outcome() {
    for outcome in [Outcome::Silent { processed: true }, Outcome::HalfOpen] {
        let line = Setup {
            attempt_timeout: Some(Duration::from_millis(300)),
            ..Setup::default()
        }
        .start();
        line.says(outcome);
        let answer = line.send(1).await;
        assert_eq!(answer.reason(), Some(Reason::OutcomeUnknown));
        assert!(answer.message.unwrap().contains("within the time"));
    }
}

#[tokio::test]
async fn a_server_that_answers_no_ping_is_given_up_before_the_deadline() {
    let line = Setup {
        connections: Connections {
            ignores_pings: true,
            ..Connections::default()
        },
        pool: Some(PoolSettings {
            ping_every: Duration::from_millis(20),
            ping_timeout: Duration::from_millis(50),
            ..PoolSettings::apns(7)
        }),
        ..Setup::default()
    }
    .start();
    line.says(Outcome::Silent { processed: false });
    let answer = line.send(1).await;
    assert_eq!(answer.reason(), Some(Reason::OutcomeUnknown));
    assert!(answer.message.unwrap().contains("PING"));
}

#[tokio::test]
async fn the_gauge_shows_connections_and_streams() {
    let line = Setup::limited(StreamLimit::Fixed(10)).start();
    line.send(0).await;
    line.says(Outcome::Hold);
    let sends: Vec<_> = (1..4)
        .map(|which| {
            let sender = Arc::clone(&line.sender);
            tokio::spawn(async move { sender.send(&outgoing(which), NOW).await })
        })
        .collect();
    line.sim.gate().until_waiting(3).await;
    let gauge = line.sender.gauge();
    assert_eq!(gauge.connections, 1);
    assert_eq!((gauge.streams_in_use, gauge.streams_limit), (3, 10));
    line.sim.gate().open();
    join_all(sends).await;
    assert_eq!(line.sender.gauge().streams_in_use, 0);
}
