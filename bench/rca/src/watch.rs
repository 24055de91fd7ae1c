//! Time on a core: what other programs on the machine take does not count.

use std::time::Instant;

/// A stop watch of this thread.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    begin: Instant,
    on_core: Option<f64>,
}

impl Watch {
    /// Starts now.
    pub fn start() -> Self {
        Self {
            begin: Instant::now(),
            on_core: on_core(),
        }
    }

    /// Seconds that this thread has had a core since the start, on Linux; by the clock elsewhere.
    pub fn seconds(self) -> f64 {
        match (self.on_core, on_core()) {
            (Some(before), Some(after)) => after - before,
            _ => self.begin.elapsed().as_secs_f64(),
        }
    }
}

fn on_core() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}
