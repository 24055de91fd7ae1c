use super::*;

#[tokio::test(start_paused = true)]
async fn a_body_in_several_frames_is_read_whole() {
    let mut bench = Bench::new(settings());
    let sent = bench.send(0);
    let mut peer = bench.accept(10).await;
    peer.request().await;
    peer.refuse(1).await;
    peer.body(1, br#"{"reason":"#, false).await;
    settle().await;
    peer.body(1, br#""BadDeviceToken"}"#, true).await;
    let Outcome::Answered(reply) = sent.await.unwrap() else {
        panic!("no answer");
    };
    assert_eq!(reply.status, 400);
    assert_eq!(&reply.body[..], br#"{"reason":"BadDeviceToken"}"#);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_read_up_to_its_limit_and_the_rest_is_refused() {
    let mut bench = Bench::new(settings());
    let sent = bench.send(0);
    let mut peer = bench.accept(10).await;
    peer.request().await;
    peer.refuse(1).await;
    for _ in 0..5 {
        peer.body(1, &[b'x'; 10_000], false).await;
    }
    let Outcome::Answered(reply) = sent.await.unwrap() else {
        panic!("no answer");
    };
    assert_eq!(reply.body.len(), Reply::BODY_BYTES_MAX);
    assert_eq!(peer.all().await, [peer::Seen::Reset(1, peer::CANCEL)]);
}

#[tokio::test(start_paused = true)]
async fn the_status_counts_when_the_body_breaks_off() {
    let mut bench = Bench::new(settings());
    let sent = bench.send(0);
    let mut peer = bench.accept(10).await;
    peer.request().await;
    peer.refuse(1).await;
    peer.body(1, b"{", false).await;
    drop(peer);
    assert_eq!(status(&sent.await.unwrap()), 400);
}

#[tokio::test(start_paused = true)]
async fn the_status_counts_when_the_body_does_not_come_in_time() {
    let mut bench = Bench::with_attempts_of(Duration::from_secs(15), settings());
    let sent = bench.send(0);
    let mut peer = bench.accept(10).await;
    peer.request().await;
    peer.refuse(1).await;
    assert_eq!(status(&sent.await.unwrap()), 400);
}

#[tokio::test(start_paused = true)]
async fn silence_after_the_request_is_an_unknown_outcome_at_the_deadline() {
    let mut bench = Bench::with_attempts_of(Duration::from_secs(15), settings());
    let started = Instant::now();
    let sent = bench.send(0);
    let mut peer = bench.accept(10).await;
    peer.request().await;
    assert!(matches!(sent.await.unwrap(), Outcome::OutcomeUnknown(_)));
    assert_eq!(started.elapsed().as_secs(), 15);
    assert_eq!(peer.all().await, [peer::Seen::Reset(1, peer::CANCEL)]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_found_no_stream_until_the_deadline_was_never_written() {
    let mut bench = Bench::with_attempts_of(
        Duration::from_secs(15),
        PoolSettings {
            connections_max: 1,
            ..settings()
        },
    );
    let first = bench.send(0);
    let mut peer = bench.accept(1).await;
    peer.request().await;
    let soon = Instant::now() + Duration::from_secs(5);
    let second = bench.send_until(soon, 1, 0);
    assert!(matches!(second.await.unwrap(), Outcome::TimedOut(_)));
    assert_eq!(Instant::now().duration_since(soon).as_secs(), 0);
    assert!(matches!(first.await.unwrap(), Outcome::OutcomeUnknown(_)));
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_that_waits_for_a_stream_again_counts_as_not_written() {
    let mut bench = Bench::with_attempts_of(
        Duration::from_secs(15),
        PoolSettings {
            connections_max: 1,
            ..settings()
        },
    );
    let sent = bench.send(0);
    let mut peer = bench.accept(1).await;
    peer.request().await;
    peer.allow(0).await;
    settle().await;
    peer.reset(1, peer::REFUSED_STREAM).await;
    assert!(matches!(sent.await.unwrap(), Outcome::TimedOut(_)));
}

#[test]
fn every_outcome_without_a_reply_has_its_reason() {
    let why = || "why".to_owned();
    for (outcome, reason) in [
        (Outcome::ConnectionFailed(why()), Reason::ConnectionFailed),
        (Outcome::TimedOut(why()), Reason::ConnectionFailed),
        (Outcome::NotProcessed(why()), Reason::NotProcessed),
        (Outcome::OutcomeUnknown(why()), Reason::OutcomeUnknown),
    ] {
        let answer = outcome.reply().unwrap_err();
        assert_eq!(answer.reason(), Some(reason));
        assert_eq!(answer.message.as_deref(), Some("why"));
    }
}
