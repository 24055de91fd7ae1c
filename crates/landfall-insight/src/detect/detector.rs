//! The detector: evidence for a change, summed over all moments at which it may have begun.

use landfall_domain::time::Timestamp;

use super::likelihood::Counts;
use super::{Baseline, Bucket, Calibration, Direction};

/// Sums are kept below this, far above any threshold, so that they stay finite.
const CEILING: f64 = 1e200;
/// A bucket of a campaign weighs at most so many usual ones as the start of a change.
const MASS_MAX: f64 = 4.0;

/// The state of one series.
#[derive(Clone, Debug)]
pub struct Detector {
    baseline: Baseline,
    direction: Direction,
    /// The statistic at which it alarms.
    threshold: f64,
    /// What a bucket is worth in the mean.
    usual_worth: f64,
    drift: Drift,
    hypotheses: Vec<Hypothesis>,
}

/// How whole days differ: a sale moves a hundred quarter hours at once, which is one piece of evidence and
/// not a hundred.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drift {
    /// Intra-class correlation of the cases of one day, from 0 to below 1.
    pub correlation: f64,
    /// Cases of a usual day.
    pub day_cases: f64,
}

impl Drift {
    /// How much of a bucket's evidence counts when `known` cases of one change have been seen with it. A
    /// likelihood ratio to a power below one is at most one in the mean where the ratio is (Jensen), so false
    /// alarms stay as rare; the powers of a day add up to what cases that resemble each other are worth,
    /// `k / (1 + k correlation)`.
    pub fn share(self, known: f64) -> f64 {
        if known < self.day_cases {
            (1.0 + self.correlation * known).powi(-2)
        } else {
            1.0 / (1.0 + self.correlation * self.day_cases)
        }
    }
}

/// One size of change that may have happened.
#[derive(Clone, Copy, Debug)]
struct Hypothesis {
    weight: f64,
    /// Likelihood ratios summed over all starts (Shiryaev-Roberts).
    sum: f64,
    /// The likeliest start, by the logarithm of the ratio since then (CUSUM).
    since_likeliest: f64,
    counts: Suspicion,
}

/// What happened since the likeliest start of a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Suspicion {
    /// Start of the first bucket of it.
    pub since: Timestamp,
    /// Buckets with cases since then.
    pub buckets: u64,
    /// Cases in them.
    pub cases: u64,
    /// Hits in them.
    pub hits: u64,
    /// Hits that were expected.
    pub expected: f64,
}

impl Suspicion {
    /// Missing or surplus hits: above zero when there are fewer than expected.
    pub fn missing(&self) -> f64 {
        self.expected - self.hits as f64
    }

    const fn from(since: Timestamp) -> Self {
        Self {
            since,
            buckets: 0,
            cases: 0,
            hits: 0,
            expected: 0.0,
        }
    }
}

/// What a bucket said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The evidence: in a healthy series of usual volume it grows by one for each bucket in the mean.
    pub statistic: f64,
    /// The statistic over its threshold; an alarm from 1 on. Divided by nothing else it orders series.
    pub of_threshold: f64,
    /// Whether this is an alarm.
    pub alarm: bool,
    /// The likeliest change, if there is any sign of one.
    pub suspicion: Option<Suspicion>,
}

impl Detector {
    /// A detector that says something about a healthy series once in `calibration.run_length` buckets.
    pub fn new(baseline: Baseline, direction: Direction, calibration: Calibration) -> Self {
        let threshold = calibration.threshold(&baseline, direction);
        Self::with_threshold(baseline, direction, threshold)
    }

    /// A detector with a threshold that was computed before, such as that of a series of the same
    /// volume. A threshold equal to the run length is always safe, only a little slow.
    pub fn with_threshold(baseline: Baseline, direction: Direction, threshold: f64) -> Self {
        let hypotheses = direction
            .weights(&baseline)
            .into_iter()
            .map(|weight| Hypothesis {
                weight,
                sum: 0.0,
                since_likeliest: 0.0,
                counts: Suspicion::from(Timestamp::EPOCH),
            })
            .collect();
        Self {
            usual_worth: baseline.telling_cases().max(f64::MIN_POSITIVE),
            baseline,
            direction,
            threshold,
            hypotheses,
            drift: Drift::default(),
        }
    }

    /// The same for a series whose whole days differ.
    #[must_use]
    pub fn drifting(self, drift: Drift) -> Self {
        Self { drift, ..self }
    }

    /// The statistic at which it alarms.
    pub const fn threshold(&self) -> f64 {
        self.threshold
    }

    /// What is usual for it.
    pub const fn baseline(&self) -> &Baseline {
        &self.baseline
    }

    /// Takes the next bucket. Each is taken once, in the order of time; an empty one tells nothing.
    pub fn observe(&mut self, bucket: &Bucket) -> Reading {
        self.observe_at(bucket, self.baseline.expected(bucket.start))
    }

    /// Takes the next bucket, of which another rate is expected than at other times, as in the first
    /// days of a release ([`super::Adoption`]).
    pub fn observe_at(&mut self, bucket: &Bucket, usual: f64) -> Reading {
        if bucket.cases > 0 {
            let changed = self.direction.alternatives(usual);
            let share = bucket.reported.clamp(0.0, 1.0);
            let expected = usual * share;
            // A change is as likely to begin with any case, not with any minute of the night.
            let mass = (self.baseline.worth(bucket.cases) / self.usual_worth).min(MASS_MAX);
            let dispersion = self.baseline.dispersion;
            let counts = Counts::new(bucket.hits, bucket.cases, expected, dispersion);
            for (hypothesis, changed) in self.hypotheses.iter_mut().zip(changed) {
                let known = hypothesis.known() + bucket.cases as f64;
                let ratio = counts.log_ratio(changed * share) * self.drift.share(known);
                hypothesis.observe(bucket, ratio, expected, mass);
            }
        }
        self.reading()
    }

    /// Forgets the evidence, after an incident that is over.
    pub fn restart(&mut self) {
        for hypothesis in &mut self.hypotheses {
            hypothesis.sum = 0.0;
            hypothesis.since_likeliest = 0.0;
        }
    }

    fn reading(&self) -> Reading {
        let weighted = |h: &Hypothesis| h.weight * h.sum;
        let statistic = self.hypotheses.iter().map(weighted).sum::<f64>();
        let likeliest = self
            .hypotheses
            .iter()
            .filter(|h| h.since_likeliest > 0.0)
            .max_by(|a, b| weighted(a).total_cmp(&weighted(b)));
        let of_threshold = statistic / self.threshold;
        Reading {
            statistic,
            of_threshold,
            alarm: of_threshold >= 1.0,
            suspicion: likeliest.map(|h| h.counts),
        }
    }
}

impl Hypothesis {
    /// Cases since the likeliest start.
    fn known(&self) -> f64 {
        if self.since_likeliest > 0.0 {
            self.counts.cases as f64
        } else {
            0.0
        }
    }

    fn observe(&mut self, bucket: &Bucket, ratio: f64, expected: f64, mass: f64) {
        self.sum = ((mass + self.sum) * ratio.exp()).min(CEILING);
        if self.since_likeliest <= 0.0 {
            self.since_likeliest = 0.0;
            self.counts = Suspicion::from(bucket.start);
        }
        self.since_likeliest += ratio;
        let counts = &mut self.counts;
        counts.buckets += 1;
        counts.cases += bucket.cases;
        counts.hits += bucket.hits;
        counts.expected += bucket.cases as f64 * expected;
    }
}
