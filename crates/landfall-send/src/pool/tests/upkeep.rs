use super::peer::Seen;
use super::*;

#[tokio::test(start_paused = true)]
async fn nothing_is_connected_before_the_first_request() {
    let mut bench = Bench::new(settings());
    pass(Duration::from_mins(10)).await;
    assert!(bench.nobody());
    assert_eq!(bench.pool.gauge(), Gauge::default());
}

#[tokio::test(start_paused = true)]
async fn one_more_connection_is_opened_when_all_streams_stay_taken() {
    let mut bench = Bench::new(settings());
    let _first = bench.send(0);
    let mut peer = bench.accept(1).await;
    peer.request().await;
    let _second = bench.send(1);
    pass(Duration::from_millis(45)).await;
    assert!(bench.nobody(), "not before 50 ms");
    pass(Duration::from_millis(10)).await;
    let mut another = bench.accept(1).await;
    assert_eq!(another.request().await, (1, 1));
    assert_eq!(bench.pool.gauge().connections, 2);
}

#[tokio::test(start_paused = true)]
async fn streams_that_become_free_in_between_keep_the_pool_small() {
    let mut bench = Bench::new(settings());
    let mut open = bench.send(0);
    let mut peer = bench.accept(1).await;
    for which in 1..20 {
        let (stream, _) = peer.request().await;
        let next = bench.send(which);
        pass(Duration::from_millis(40)).await;
        peer.answer(stream).await;
        open.await.unwrap();
        open = next;
    }
    assert!(bench.nobody());
}

#[tokio::test(start_paused = true)]
async fn there_are_never_more_connections_than_allowed() {
    let mut bench = Bench::new(PoolSettings {
        connections_max: 3,
        ..settings()
    });
    let _sent: Vec<_> = (0..10).map(|which| bench.send(which)).collect();
    let mut peers = Vec::new();
    for _ in 0..3 {
        peers.push(bench.accept(1).await);
    }
    pass(Duration::from_secs(5)).await;
    assert!(bench.nobody());
    assert_eq!(bench.pool.gauge().connections, 3);
    assert_eq!(bench.pool.gauge().waiting, 7);
}

#[tokio::test(start_paused = true)]
async fn a_failed_connect_is_told_at_once_and_tried_again_after_growing_pauses() {
    let bench = Bench::new(settings());
    bench.refuse(true);
    let mut pauses = Vec::new();
    let mut last = Instant::now();
    for _ in 0..9 {
        let before = bench.dials();
        while bench.dials() == before {
            let asked = Instant::now();
            let outcome = bench.send(0).await.unwrap();
            assert!(matches!(outcome, Outcome::ConnectionFailed(_)));
            assert!(asked.elapsed().as_millis() < 5, "nobody is kept waiting");
            pass(Duration::from_millis(100)).await;
        }
        pauses.push(last.elapsed().as_secs());
        last = Instant::now();
    }
    let expected = [(0, 0), (1, 1), (2, 2), (4, 5), (8, 10), (16, 20), (32, 40)];
    for (pause, (least, most)) in pauses.iter().zip(expected) {
        assert!((least..=most).contains(pause), "{pauses:?}");
    }
    assert!(pauses[7..].iter().all(|pause| (60..=75).contains(pause)));
}

#[tokio::test(start_paused = true)]
async fn after_a_failed_connect_the_next_one_that_works_serves_everybody() {
    let mut bench = Bench::new(settings());
    bench.refuse(true);
    let failed: Vec<_> = (0..50).map(|which| bench.send(which)).collect();
    for outcome in failed {
        let Outcome::ConnectionFailed(why) = outcome.await.unwrap() else {
            panic!("there was no connection");
        };
        assert!(why.contains("does not take connections"), "{why}");
    }
    bench.refuse(false);
    pass(Duration::from_secs(2)).await;
    let sent: Vec<_> = (0..50).map(|which| bench.send(which)).collect();
    let mut peer = bench.accept(100).await;
    for _ in 0..50 {
        let (stream, _) = peer.request().await;
        peer.answer(stream).await;
    }
    for outcome in sent {
        assert_eq!(status(&outcome.await.unwrap()), 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_before_its_first_answer_counts_as_a_failed_connect() {
    let mut bench = Bench::new(settings());
    let first = bench.send(0);
    let mut peer = bench.accept(10).await;
    peer.request().await;
    drop(peer);
    assert!(matches!(first.await.unwrap(), Outcome::OutcomeUnknown(_)));
    settle().await;
    let second = bench.send(1);
    assert!(matches!(
        second.await.unwrap(),
        Outcome::ConnectionFailed(_)
    ));
    assert!(bench.nobody());
    pass(Duration::from_secs(2)).await;
    let third = bench.send(2);
    let mut peer = bench.accept(10).await;
    peer.request().await;
    peer.answer(1).await;
    assert_eq!(status(&third.await.unwrap()), 200);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_no_ping_is_given_up() {
    let mut bench = Bench::new(settings());
    let started = Instant::now();
    let sent = bench.send(0);
    let mut peer = bench.accept(10).await;
    peer.answers_pings = false;
    peer.request().await;
    assert_eq!(peer.next().await, Seen::Ping);
    assert_eq!(started.elapsed().as_secs(), 45);
    let Outcome::OutcomeUnknown(why) = sent.await.unwrap() else {
        panic!("nobody answered");
    };
    assert!(why.contains("PING"), "{why}");
    assert_eq!(started.elapsed().as_secs(), 57);
    assert_eq!(bench.pool.gauge().connections, 0);
}

/// A task that answers everything.
fn serve(mut peer: Peer) -> JoinHandle<Vec<Seen>> {
    tokio::spawn(async move {
        let mut all = Vec::new();
        loop {
            let seen = peer.next().await;
            all.push(seen.clone());
            match seen {
                Seen::Request(stream, _) => peer.answer(stream).await,
                Seen::Closed => return all,
                _ => (),
            }
        }
    })
}

#[tokio::test(start_paused = true)]
async fn pings_keep_a_quiet_connection_open() {
    let mut bench = Bench::new(settings());
    let first = bench.send(0);
    serve(bench.accept(10).await);
    first.await.unwrap();
    pass(Duration::from_hours(1)).await;
    assert_eq!(status(&bench.send(1).await.unwrap()), 200);
    assert_eq!(bench.dials(), 1);
}

#[tokio::test(start_paused = true)]
async fn connections_that_were_opened_for_a_rush_are_closed_after_it_and_one_stays() {
    let mut bench = Bench::new(settings());
    let sent: Vec<_> = (0..3).map(|which| bench.send(which)).collect();
    let mut peers = Vec::new();
    for _ in 0..3 {
        let mut peer = bench.accept(1).await;
        peer.request().await;
        peers.push(peer);
    }
    for peer in &mut peers {
        peer.answer(1).await;
    }
    for outcome in sent {
        outcome.await.unwrap();
    }
    let served: Vec<_> = peers.into_iter().map(serve).collect();
    pass(Duration::from_secs(290)).await;
    assert_eq!(bench.pool.gauge().connections, 3);
    pass(Duration::from_secs(20)).await;
    assert_eq!(bench.pool.gauge().connections, 1);
    settle().await;
    let closed = served.iter().filter(|task| task.is_finished()).count();
    assert_eq!(closed, 2);
    pass(Duration::from_hours(1)).await;
    assert_eq!(bench.pool.gauge().connections, 1);
}

#[tokio::test(start_paused = true)]
async fn an_old_connection_is_replaced_without_anybody_noticing() {
    let mut bench = Bench::new(settings());
    let first = bench.send(0);
    let old = serve(bench.accept(10).await);
    first.await.unwrap();
    let mut peers = std::mem::replace(&mut bench.peers, unbounded_channel().1);
    tokio::spawn(async move {
        while let Some(pipe) = peers.recv().await {
            let mut peer = Peer::on(pipe).await;
            peer.allow(10).await;
            serve(peer);
        }
    });
    // Busy enough not to count as idle.
    for minutes in (0..440).step_by(4) {
        assert_eq!(status(&bench.send(1).await.unwrap()), 200);
        assert_eq!(bench.pool.gauge().connections, 1);
        if minutes < 300 {
            assert_eq!(bench.dials(), 1, "younger than five hours");
        }
        pass(Duration::from_mins(4)).await;
    }
    assert_eq!(bench.dials(), 2);
    assert_eq!(old.await.unwrap().last(), Some(&Seen::Closed));
}

#[tokio::test(start_paused = true)]
async fn an_old_connection_that_nobody_uses_is_closed_and_not_replaced() {
    let mut bench = Bench::new(settings());
    let first = bench.send(0);
    let old = serve(bench.accept(10).await);
    first.await.unwrap();
    pass(Duration::from_hours(8)).await;
    assert_eq!(bench.pool.gauge().connections, 0);
    assert_eq!(old.await.unwrap().last(), Some(&Seen::Closed));
    assert!(bench.nobody());
}

#[tokio::test(start_paused = true)]
async fn a_reset_finishes_what_is_on_its_way_and_opens_anew() {
    let mut bench = Bench::new(settings());
    let first = bench.send(0);
    let mut old = bench.accept(10).await;
    old.request().await;
    bench.pool.reset();
    assert_eq!(bench.pool.gauge().connections, 0);
    let second = bench.send(1);
    let mut new = bench.accept(10).await;
    assert_eq!(new.request().await, (1, 1));
    new.answer(1).await;
    assert_eq!(status(&second.await.unwrap()), 200);
    old.answer(1).await;
    assert_eq!(status(&first.await.unwrap()), 200);
    assert_eq!(old.all().await, [Seen::GoAway, Seen::Closed]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_pool_closes_its_connections() {
    let mut bench = Bench::new(settings());
    let first = bench.send(0);
    let mut peer = bench.accept(10).await;
    peer.request().await;
    peer.answer(1).await;
    first.await.unwrap();
    drop(bench);
    assert_eq!(peer.all().await, [Seen::GoAway, Seen::Closed]);
}
