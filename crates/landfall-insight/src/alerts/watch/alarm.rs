//! A series in alarm, until its rate is usual again.

use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alerts::{Metric, Signal, SliceOf};
use crate::detect::{Bucket, Drift, Suspicion, log_ratio};

/// Evidence, in nats, that the rate is usual again: a thousand times likelier than that it is still off.
const USUAL_AGAIN: f64 = 6.9;
/// Buckets in a row over which it must be usual: an hour of quarter hours.
const USUAL_BUCKETS: u32 = 4;
/// What is off is taken to be off by so much at least when it is asked whether it still is.
const OFF_AT_LEAST: f64 = 0.05;

/// A series in alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// What is told of it.
    pub signal: Signal,
    /// Whether it is told.
    pub told: bool,
    /// Start of the last bucket with cases.
    pub heard_at: Timestamp,
    /// Evidence that it is usual again.
    usual_again: f64,
    /// Buckets in a row that speak for that, and cases in them.
    usual_buckets: u32,
    usual_cases: u64,
}

/// A stretch in which a slice was off: nothing is learned from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// What was off.
    pub metric: Metric,
    /// Where.
    pub slice: SliceOf,
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

/// What outlives a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Series in alarm that are told of.
    pub alarms: Vec<Alarm>,
    /// What was off before.
    pub past: Vec<Span>,
}

impl Alarm {
    /// From what a detector suspects; its expectation times `honest` is what really is expected.
    pub(super) fn of(
        (metric, slice): (Metric, &SliceOf),
        suspicion: Suspicion,
        honest: f64,
        heard_at: Timestamp,
    ) -> Self {
        Self {
            signal: Signal {
                metric,
                slice: slice.clone(),
                since: suspicion.since,
                cases: suspicion.cases,
                hits: suspicion.hits,
                expected: suspicion.expected * honest,
                money_a_day: None,
                rule: None,
            },
            told: false,
            heard_at,
            usual_again: 0.0,
            usual_buckets: 0,
            usual_cases: 0,
        }
    }

    /// Takes the next bucket. `usual` is what is expected, `tested` what would still pass.
    pub(super) fn follow(
        &mut self,
        bucket: &Bucket,
        rates: (f64, f64),
        dispersion: f64,
        drift: Drift,
    ) {
        let (usual, tested) = rates;
        let signal = &mut self.signal;
        self.heard_at = bucket.start;
        let ratio = signal.hits as f64 / signal.expected.max(f64::MIN_POSITIVE);
        let off = if signal.metric.falls() {
            (usual * ratio).min(tested * (1.0 - OFF_AT_LEAST)).max(1e-5)
        } else {
            let least = tested * (1.0 + OFF_AT_LEAST);
            (usual * ratio).max(least).min(0.5 * (1.0 + tested))
        };
        let evidence = -log_ratio(bucket.hits, bucket.cases, tested, off, dispersion);
        let known = self.usual_cases + bucket.cases;
        let evidence = evidence * drift.share(known as f64);
        self.usual_again = (self.usual_again + evidence).max(0.0);
        if self.usual_again > 0.0 {
            self.usual_buckets += 1;
            self.usual_cases = known;
            return;
        }
        (self.usual_buckets, self.usual_cases) = (0, 0);
        signal.cases += bucket.cases;
        signal.hits += bucket.hits;
        signal.expected += bucket.cases as f64 * usual;
    }

    /// Whether its rate is usual again.
    pub(super) fn is_over(&self) -> bool {
        self.usual_again >= USUAL_AGAIN && self.usual_buckets >= USUAL_BUCKETS
    }
}
