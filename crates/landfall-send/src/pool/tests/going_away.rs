use super::peer::{INTERNAL_ERROR, REFUSED_STREAM, Seen};
use super::*;

fn words(outcome: Outcome) -> (&'static str, String) {
    match outcome {
        Outcome::Answered(reply) => ("answered", reply.status.to_string()),
        Outcome::ConnectionFailed(why) => ("connection failed", why),
        Outcome::NotProcessed(why) => ("not processed", why),
        Outcome::OutcomeUnknown(why) => ("unknown", why),
        Outcome::TimedOut(why) => ("timed out", why),
    }
}

#[tokio::test(start_paused = true)]
async fn streams_above_the_last_stream_id_are_sent_again_and_those_below_keep_waiting() {
    let mut bench = Bench::new(settings());
    let sent: Vec<_> = (0..4).map(|which| bench.send(which)).collect();
    let mut first = bench.accept(10).await;
    assert_eq!(first.all().await.len(), 4);
    first.go_away(3, r#"{"reason":"Shutdown"}"#).await;
    let mut second = bench.accept(10).await;
    assert_eq!(
        second.all().await,
        [Seen::Request(1, 2), Seen::Request(3, 3)],
        "the third and the fourth were not processed"
    );
    first.answer(1).await;
    first.answer(3).await;
    second.answer(1).await;
    second.answer(3).await;
    for outcome in sent {
        assert_eq!(status(&outcome.await.unwrap()), 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_below_the_last_stream_id_without_an_answer_has_an_unknown_outcome() {
    let mut bench = Bench::new(settings());
    let mut first = bench.accept_proved(10).await;
    let below = bench.send(0);
    assert_eq!(first.request().await, (3, 0));
    let above = bench.send(1);
    assert_eq!(first.request().await, (5, 1));
    first.go_away(3, "").await;
    drop(first);
    let mut second = bench.accept(10).await;
    assert_eq!(second.request().await, (1, 1));
    second.answer(1).await;
    assert_eq!(words(below.await.unwrap()).0, "unknown");
    assert_eq!(status(&above.await.unwrap()), 200);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_goes_away_gets_no_new_requests() {
    let mut bench = Bench::new(settings());
    let first = bench.send(0);
    let mut old = bench.accept(10).await;
    old.request().await;
    old.go_away(1, "").await;
    settle().await;
    let second = bench.send(1);
    let mut new = bench.accept(10).await;
    assert_eq!(new.request().await, (1, 1));
    assert_eq!(old.all().await, []);
    new.answer(1).await;
    old.answer(1).await;
    assert_eq!(status(&first.await.unwrap()), 200);
    assert_eq!(status(&second.await.unwrap()), 200);
}

#[tokio::test(start_paused = true)]
async fn a_refused_stream_is_sent_again_three_times_and_then_told() {
    let mut bench = Bench::new(settings());
    let sent = bench.send(0);
    let mut peer = bench.accept(10).await;
    for stream in [1, 3, 5, 7] {
        assert_eq!(peer.request().await, (stream, 0));
        peer.reset(stream, REFUSED_STREAM).await;
    }
    let (what, why) = words(sent.await.unwrap());
    assert_eq!(what, "not processed");
    assert!(why.contains("refused"), "{why}");
    assert_eq!(peer.all().await, []);
}

#[tokio::test(start_paused = true)]
async fn any_other_reset_leaves_the_outcome_unknown() {
    let mut bench = Bench::new(settings());
    let sent = bench.send(0);
    let mut peer = bench.accept(10).await;
    peer.request().await;
    peer.reset(1, INTERNAL_ERROR).await;
    assert_eq!(words(sent.await.unwrap()).0, "unknown");
    assert_eq!(peer.all().await, [], "it is not sent again");
}

#[tokio::test(start_paused = true)]
async fn a_torn_connection_leaves_the_outcome_unknown() {
    let mut bench = Bench::new(settings());
    let sent = bench.send(0);
    let mut peer = bench.accept(10).await;
    peer.request().await;
    drop(peer);
    assert_eq!(words(sent.await.unwrap()).0, "unknown");
    settle().await;
    assert!(bench.nobody());
}

#[tokio::test(start_paused = true)]
async fn who_is_turned_away_without_an_answer_hears_why_and_comes_back_later() {
    let mut bench = Bench::new(settings());
    let sent = bench.send(0);
    let mut peer = bench.accept(10).await;
    peer.request().await;
    peer.go_away(0, r#"{"reason":"BadCertificate"}"#).await;
    let (what, why) = words(sent.await.unwrap());
    assert_eq!(what, "connection failed");
    assert!(why.contains("BadCertificate"), "{why}");
    assert!(bench.nobody());
}

#[tokio::test(start_paused = true)]
async fn goaway_every_hundred_streams_loses_and_doubles_nothing() {
    let mut bench = Bench::new(PoolSettings {
        connections_max: 1,
        ..settings()
    });
    let sent: Vec<_> = (0..2_000).map(|which| bench.send(which)).collect();
    let mut answered = vec![0; 2_000];
    while answered.contains(&0) {
        let mut peer = bench.accept(300).await;
        for count in 1..=100 {
            let (stream, which) = peer.request().await;
            answered[which as usize] += 1;
            peer.answer(stream).await;
            if count == 100 || !answered.contains(&0) {
                peer.go_away(stream, "").await;
                break;
            }
        }
        // What came after the last stream is not processed, and stays unanswered here.
        peer.all().await;
    }
    for outcome in sent {
        assert_eq!(status(&outcome.await.unwrap()), 200);
    }
    assert_eq!(answered, vec![1; 2_000]);
}
