use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;

fn queued(permits: &Permits) -> usize {
    permits.queue.available_permits()
}

fn debt(permits: &Permits) -> usize {
    permits.debt.load(Ordering::SeqCst)
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A request takes a permit and then a stream, or pays.
    Open,
    /// A request takes a permit and is interrupted before it has a stream.
    Hold,
    /// An interrupted request goes on.
    GoOn,
    Close(usize),
    Limit(usize, u32),
    Retire(usize),
    Wake(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Open),
        2 => Just(Step::Hold),
        3 => Just(Step::GoOn),
        4 => (0_usize..64).prop_map(Step::Close),
        2 => (0_usize..3, 0_u32..6).prop_map(|(one, limit)| Step::Limit(one, limit)),
        1 => (0_usize..3).prop_map(Step::Retire),
        1 => (1_usize..3).prop_map(Step::Wake),
    ]
}

/// What the queue and three connections go through, with everything that happens beside them.
struct World {
    permits: Permits,
    streams: [Streams; 3],
    open: Vec<usize>,
    held: usize,
}

impl World {
    fn find_stream(&mut self) {
        match (0..3).find(|one| self.streams[*one].take()) {
            Some(one) => self.open.push(one),
            None => self.permits.add(1),
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Open if self.permits.try_take() => self.find_stream(),
            Step::Hold if self.permits.try_take() => self.held += 1,
            Step::GoOn if self.held > 0 => {
                self.held -= 1;
                self.find_stream();
            }
            Step::Close(which) if !self.open.is_empty() => {
                let one = self.open.swap_remove(which % self.open.len());
                self.permits.follow(self.streams[one].release().1);
            }
            Step::Limit(one, limit) => self.permits.follow(self.streams[one].set_limit(limit)),
            Step::Retire(one) => {
                if let Some(change) = self.streams[one].retire() {
                    self.permits.follow(change);
                }
            }
            Step::Wake(count) => self.permits.wake(count),
            _ => (),
        }
    }

    fn free(&self) -> usize {
        let free = self.streams.iter().map(|one| one.load().free() as usize);
        free.sum()
    }
}

proptest! {
    #[test]
    fn permits_and_free_streams_agree_whatever_happens(steps in prop::collection::vec(step(), 0..200)) {
        let mut world = World {
            permits: Permits::new(),
            streams: [Streams::new(), Streams::new(), Streams::new()],
            open: Vec::new(),
            held: 0,
        };
        for step in steps {
            world.take(step);
            prop_assert_eq!(
                queued(&world.permits) + world.held,
                world.free() + debt(&world.permits)
            );
        }
        // When all who were interrupted went on and all debts are paid, every free stream has a permit.
        while world.held > 0 {
            world.take(Step::GoOn);
        }
        while debt(&world.permits) > 0 {
            prop_assert!(world.permits.try_take());
            world.permits.add(1);
        }
        prop_assert_eq!(queued(&world.permits), world.free());
    }
}

#[test]
fn a_connection_never_carries_more_streams_than_its_limit() {
    let streams = Streams::new();
    assert!(!streams.take());
    assert_eq!(streams.set_limit(2), 2);
    assert!(streams.take());
    assert!(streams.take());
    assert!(!streams.take());
    // Lowered while both are open: the first that ends leaves no room, the second does.
    assert_eq!(streams.set_limit(1), 0);
    assert_eq!(streams.release().1, 0);
    assert!(!streams.take());
    assert_eq!(streams.release().1, 1);
    assert!(streams.take());
}

#[test]
fn a_retired_connection_takes_no_more_and_cannot_be_raised_again() {
    let streams = Streams::new();
    streams.set_limit(5);
    assert!(streams.take());
    assert_eq!(streams.retire(), Some(-4));
    assert_eq!(streams.retire(), None);
    assert_eq!(streams.set_limit(10), 0);
    assert!(!streams.take());
    assert_eq!(streams.release().1, 0);
    assert_eq!(
        streams.load(),
        Load {
            in_use: 0,
            limit: 0,
            retired: true
        }
    );
}

#[test]
fn a_limit_larger_than_anybodys_is_cut_and_does_not_retire() {
    let streams = Streams::new();
    assert_eq!(streams.set_limit(u32::MAX), i64::from(LIMIT_MAX));
    assert!(!streams.load().retired);
    assert!(streams.take());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn limits_hold_and_nobody_waits_for_ever_while_threads_race() {
    let permits = Arc::new(Permits::new());
    let streams = Arc::new([Streams::new(), Streams::new()]);
    let most = Arc::new(AtomicUsize::new(0));
    let requests = (0..64).map(|_| {
        let (permits, streams) = (Arc::clone(&permits), Arc::clone(&streams));
        let most = Arc::clone(&most);
        tokio::spawn(async move {
            for _ in 0..200 {
                let taken = loop {
                    permits.take().await;
                    match streams.iter().find(|one| one.take()) {
                        Some(one) => break one,
                        None => permits.add(1),
                    }
                    tokio::task::yield_now().await;
                };
                most.fetch_max(taken.load().in_use as usize, Ordering::SeqCst);
                tokio::task::yield_now().await;
                permits.follow(taken.release().1);
            }
        })
    });
    let requests: Vec<_> = requests.collect();
    for round in 0..2_000_u32 {
        permits.follow(streams[(round % 2) as usize].set_limit(round % 7));
        tokio::task::yield_now().await;
    }
    permits.follow(streams[0].set_limit(3));
    permits.follow(streams[1].set_limit(2));
    for request in requests {
        request.await.unwrap();
    }
    assert!(most.load(Ordering::SeqCst) <= 6);
    while debt(&permits) > 0 {
        permits.take().await;
        permits.add(1);
    }
    assert_eq!(queued(&permits), 5);
}
