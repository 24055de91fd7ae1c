//! A gate that holds answers back until the caller lets them go, so that slowness needs no clock.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

/// Holds whoever comes until it is told to let them through. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    permits: Semaphore,
    waiting: watch::Sender<usize>,
}

impl Default for Gate {
    fn default() -> Self {
        Self::closed()
    }
}

impl Gate {
    /// A gate that lets nobody through yet.
    pub fn closed() -> Self {
        Self(Arc::new(Inner {
            permits: Semaphore::new(0),
            waiting: watch::Sender::new(0),
        }))
    }

    /// Lets the next `count` through, whether they wait already or are still to come.
    pub fn release(&self, count: usize) {
        self.0.permits.add_permits(count);
    }

    /// Lets everybody through from now on.
    pub fn open(&self) {
        self.0.permits.close();
    }

    /// How many wait now.
    pub fn waiting(&self) -> usize {
        *self.0.waiting.borrow()
    }

    /// Returns when at least `count` wait.
    pub async fn until_waiting(&self, count: usize) {
        let mut waiting = self.0.waiting.subscribe();
        // The sender lives in this gate, so that the channel cannot be closed here.
        let _ = waiting.wait_for(|waiting| *waiting >= count).await;
    }

    /// Waits to be let through.
    pub(crate) async fn pass(&self) {
        let _counted = Counted::new(&self.0.waiting);
        if let Ok(permit) = self.0.permits.acquire().await {
            permit.forget();
        }
    }
}

/// Counts a waiting one for as long as it waits, also when its connection is dropped meanwhile.
struct Counted<'g>(&'g watch::Sender<usize>);

impl<'g> Counted<'g> {
    fn new(waiting: &'g watch::Sender<usize>) -> Self {
        waiting.send_modify(|waiting| *waiting += 1);
        Self(waiting)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_gate_lets_through_as_many_as_it_was_told() {
        let gate = Gate::closed();
        let held = [gate.clone(), gate.clone(), gate.clone()]
            .map(|gate| tokio::spawn(async move { gate.pass().await }));
        gate.until_waiting(3).await;
        gate.release(1);
        let mut waiting = gate.0.waiting.subscribe();
        waiting
            .wait_for(|waiting| *waiting == 2)
            .await
            .expect("the gate lives");
        gate.open();
        for task in held {
            task.await.expect("passes");
        }
        assert_eq!(gate.waiting(), 0);
        gate.pass().await;
    }

    #[tokio::test]
    async fn who_gives_up_no_longer_waits() {
        let gate = Gate::closed();
        let one = gate.clone();
        let task = tokio::spawn(async move { one.pass().await });
        gate.until_waiting(1).await;
        task.abort();
        assert!(task.await.expect_err("aborted").is_cancelled());
        assert_eq!(gate.waiting(), 0);
    }
}
