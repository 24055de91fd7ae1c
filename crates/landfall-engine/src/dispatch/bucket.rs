//! How fast a credential may send: a bucket that fills with time.

use landfall_domain::time::Timestamp;

/// Tokens that fill up at a rate; a second's worth is the most that it holds. Providers refill by the
/// minute, and ask senders to spread over it (providers.md 2.4).
#[derive(Clone, Debug)]
pub struct Bucket {
    per_second: f64,
    tokens: f64,
    at: Timestamp,
}

impl Bucket {
    /// A full bucket; a rate of less than one a second counts as one.
    pub fn new(per_second: u32, now: Timestamp) -> Self {
        let per_second = f64::from(per_second.max(1));
        Self {
            per_second,
            tokens: per_second,
            at: now,
        }
    }

    /// Takes up to `wanted` tokens; returns how many it had.
    pub fn take(&mut self, wanted: usize, now: Timestamp) -> usize {
        let gone = now.since(self.at).max(0);
        self.at = self.at.max(now);
        let filled = self.tokens + self.per_second * gone as f64 / 1_000.0;
        self.tokens = filled.min(self.per_second);
        let taken = wanted.min(self.tokens as usize);
        self.tokens -= taken as f64;
        taken
    }

    /// Milliseconds until there is a token.
    pub fn wait_ms(&self) -> i64 {
        let missing = (1.0 - self.tokens).max(0.0);
        (missing * 1_000.0 / self.per_second).ceil() as i64
    }

    /// Gives back what was taken and not used.
    pub fn give_back(&mut self, unused: usize) {
        self.tokens = (self.tokens + unused as f64).min(self.per_second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_domain::time::SECOND_MS;

    #[test]
    fn a_second_gives_a_seconds_worth_and_no_more() {
        let start = Timestamp::from_seconds(100);
        let mut bucket = Bucket::new(10, start);
        assert_eq!(bucket.take(25, start), 10);
        assert_eq!(bucket.take(1, start), 0);
        assert_eq!(bucket.wait_ms(), 100);
        assert_eq!(bucket.take(5, start.plus_millis(250)), 2);
        assert_eq!(bucket.take(99, start.plus_millis(60 * SECOND_MS)), 10);
        bucket.give_back(4);
        assert_eq!(bucket.take(99, start.plus_millis(60 * SECOND_MS)), 4);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let start = Timestamp::from_seconds(100);
        let mut bucket = Bucket::new(1, start);
        assert_eq!(bucket.take(1, start), 1);
        assert_eq!(bucket.take(1, start.plus_millis(-5_000)), 0);
    }
}
