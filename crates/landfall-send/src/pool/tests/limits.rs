use super::peer::{CANCEL, Seen};
use super::*;

#[tokio::test(start_paused = true)]
async fn one_stream_is_opened_before_the_peer_has_said_how_many_it_takes() {
    let mut bench = Bench::new(settings());
    let sent: Vec<_> = (0..5).map(|which| bench.send(which)).collect();
    let mut peer = Peer::on(bench.peers.recv().await.unwrap()).await;
    assert_eq!(peer.all().await, [Seen::Request(1, 0)]);
    peer.allow(3).await;
    assert_eq!(peer.all().await, [Seen::Request(3, 1), Seen::Request(5, 2)]);
    for stream in [1, 3, 5] {
        peer.answer(stream).await;
    }
    assert_eq!(peer.all().await, [Seen::Request(7, 3), Seen::Request(9, 4)]);
    peer.answer(7).await;
    peer.answer(9).await;
    for outcome in sent {
        assert_eq!(status(&outcome.await.unwrap()), 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_one_that_rises_after_the_first_answer_is_followed() {
    let mut bench = Bench::new(settings());
    let sent: Vec<_> = (0..101).map(|which| bench.send(which)).collect();
    let mut peer = bench.accept(1).await;
    assert_eq!(peer.all().await.len(), 1);
    peer.answer(1).await;
    peer.allow(100).await;
    let streams = peer.all().await;
    assert_eq!(streams.len(), 100);
    assert_eq!(bench.pool.gauge().streams_limit, 100);
    assert_eq!(bench.pool.gauge().streams_in_use, 100);
    for seen in streams {
        let Seen::Request(stream, _) = seen else {
            panic!("{seen:?}");
        };
        peer.answer(stream).await;
    }
    for outcome in sent {
        assert_eq!(status(&outcome.await.unwrap()), 200);
    }
    assert_eq!(bench.pool.gauge().streams_in_use, 0);
}

#[tokio::test(start_paused = true)]
async fn a_lowered_limit_holds_back_requests_until_enough_streams_have_ended() {
    let no_growth = PoolSettings {
        connections_max: 1,
        ..settings()
    };
    let mut bench = Bench::new(no_growth);
    let mut sent: Vec<_> = (0..4).map(|which| bench.send(which)).collect();
    let mut peer = bench.accept(4).await;
    assert_eq!(peer.all().await.len(), 4);
    peer.allow(2).await;
    settle().await;
    sent.push(bench.send(4));
    peer.answer(1).await;
    peer.answer(3).await;
    assert_eq!(peer.all().await, [], "two are open, which is all");
    assert_eq!(bench.pool.gauge().waiting, 1);
    peer.answer(5).await;
    assert_eq!(peer.all().await, [Seen::Request(9, 4)]);
    peer.answer(7).await;
    peer.answer(9).await;
    for outcome in sent {
        assert_eq!(status(&outcome.await.unwrap()), 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_zero_stops_everything_until_it_rises() {
    let mut bench = Bench::new(settings());
    let first = bench.send(0);
    let mut peer = bench.accept(1).await;
    peer.request().await;
    peer.answer(1).await;
    first.await.unwrap();
    peer.allow(0).await;
    settle().await;
    let second = bench.send(1);
    assert_eq!(peer.all().await, []);
    peer.allow(1).await;
    assert_eq!(peer.all().await, [Seen::Request(3, 1)]);
    peer.answer(3).await;
    assert_eq!(status(&second.await.unwrap()), 200);
}

#[tokio::test(start_paused = true)]
async fn who_came_first_is_sent_first() {
    let mut bench = Bench::new(PoolSettings {
        connections_max: 1,
        ..settings()
    });
    let sent: Vec<_> = (0..50).map(|which| bench.send(which)).collect();
    let mut peer = bench.accept(1).await;
    for expected in 0..50 {
        let (stream, which) = peer.request().await;
        assert_eq!(which, expected);
        peer.answer(stream).await;
    }
    for outcome in sent {
        assert_eq!(status(&outcome.await.unwrap()), 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_given_up_resets_its_stream_and_makes_room() {
    let mut bench = Bench::new(PoolSettings {
        connections_max: 1,
        ..settings()
    });
    let first = bench.send(0);
    let mut peer = bench.accept(1).await;
    assert_eq!(peer.request().await, (1, 0));
    let second = bench.send(1);
    settle().await;
    first.abort();
    assert_eq!(
        peer.all().await,
        [Seen::Reset(1, CANCEL), Seen::Request(3, 1)]
    );
    peer.answer(3).await;
    assert_eq!(status(&second.await.unwrap()), 200);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_given_up_while_it_waits_takes_nothing_with_it() {
    let mut bench = Bench::new(PoolSettings {
        connections_max: 1,
        ..settings()
    });
    let first = bench.send(0);
    let mut peer = bench.accept(1).await;
    peer.request().await;
    let (second, third) = (bench.send(1), bench.send(2));
    settle().await;
    second.abort();
    peer.answer(1).await;
    assert_eq!(peer.request().await, (3, 2));
    peer.answer(3).await;
    assert_eq!(status(&first.await.unwrap()), 200);
    assert_eq!(status(&third.await.unwrap()), 200);
    assert_eq!(bench.pool.gauge().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn requests_that_come_together_are_written_together() {
    let mut bench = Bench::new(settings());
    let first = bench.send(0);
    let mut peer = bench.accept(100).await;
    peer.request().await;
    peer.answer(1).await;
    first.await.unwrap();
    settle().await;
    let before = bench.counts.writes.load(Ordering::SeqCst);
    let _sent: Vec<_> = (0..20)
        .map(|which| bench.send_padded(which, 2_000))
        .collect();
    assert_eq!(peer.all().await.len(), 20);
    let writes = bench.counts.writes.load(Ordering::SeqCst) - before;
    assert!(writes <= 3, "{writes} writes for 20 requests");
}
