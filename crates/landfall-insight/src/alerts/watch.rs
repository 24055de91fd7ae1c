//! The watch: always on, no set-up. Every series has a detector; which of them alarm is decided for all
//! together, parents before children; what alarms stays a signal until its rate is usual again.
//!
//! What is expected of a slice is the sum of what is expected of its parts (journey by platform by
//! version), so that more of a weak platform is no incident. A part without a past of its own, such as a
//! new version, is expected to do as its journey does on its platform; because versions differ, it must
//! fall well below that before it counts ([`Settings::versions_differ`]). So is a journey without a past, in
//! what providers answer.

mod alarm;
mod learn;
mod place;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use landfall_domain::time::{DAY_MS, Timestamp};

pub use alarm::{Alarm, Memory, Span};
pub use place::{Place, Settled, Tally};

use super::{Metric, Signal, SliceOf};
use crate::detect::{Baseline, Bucket, Detector, Direction, Drift};
use crate::discovery::{Series, hierarchy};

/// How the watch behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Buckets of a month: 2,880 quarter hours. A series alone would alarm once in so many.
    pub buckets_a_month: f64,
    /// Share of the alarms over all series that may be false, such as 0.05.
    pub false_alarms: f64,
    /// How far a version may lie below its platform before it counts, on the logit scale: twice the
    /// standard deviation between versions that is assumed (as in [`crate::detect::Adoption`]).
    pub versions_differ: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            buckets_a_month: 2_880.0,
            false_alarms: 0.05,
            versions_differ: 0.7,
        }
    }
}

/// A series without cases for so long is not watched further: its alarm is over.
const GONE_AFTER_MS: i64 = DAY_MS;
/// Hits missing below which nobody is told.
const MISSING_MIN: f64 = 10.0;

/// Standard deviations by which a change must be larger than the least that is told.
const DOUBT: f64 = 3.0;

/// One series.
struct Watched {
    metric: Metric,
    slice: SliceOf,
    parent: Option<usize>,
    detector: Detector,
    drift: Drift,
    /// Whether what is usual was learned from its own past.
    own: bool,
    /// The statistic after the last bucket.
    statistic: f64,
    /// Whether the last bucket was over the series' own threshold.
    is_over: bool,
    alarm: Option<Alarm>,
}

/// Sums of one series in one bucket.
#[derive(Clone, Copy, Default)]
struct Sum {
    cases: u64,
    hits: u64,
    expected: f64,
}

/// All series of a workspace.
pub struct Watch {
    settings: Settings,
    keys: BTreeMap<(Metric, SliceOf), usize>,
    watched: Vec<Watched>,
    /// Series that were seen, and have too little history yet.
    learning: usize,
    /// What is off by cause, in the past and now: nothing is learned from it.
    past: Vec<Span>,
    /// Alarms of series that are not watched (yet) after a start.
    waiting: Vec<Alarm>,
}

impl Watch {
    /// A watch that knows nothing but what it remembers.
    pub fn new(settings: Settings, memory: Memory) -> Self {
        Self {
            settings,
            keys: BTreeMap::new(),
            watched: Vec::new(),
            learning: 0,
            past: memory.past,
            waiting: memory.alarms,
        }
    }

    /// How many series are watched.
    pub fn watching(&self) -> usize {
        self.watched.len()
    }

    /// How many have too little history to be watched by themselves.
    pub const fn learning(&self) -> usize {
        self.learning
    }

    /// What has to be kept so that another watch goes on from here: alarms, and what nothing is to be
    /// learned from. The rest is learned again.
    pub fn memory(&self) -> Memory {
        let alarms = self.watched.iter().filter_map(|w| w.alarm.as_ref());
        Memory {
            alarms: alarms
                .filter(|alarm| alarm.told)
                .chain(&self.waiting)
                .cloned()
                .collect(),
            past: self.past.clone(),
        }
    }

    /// The rate that is usual at a place: its own, or that of its journey on its platform, or, of what providers
    /// answer, that of its platform; `None` where too little is known.
    pub fn usual(&self, metric: Metric, place: &Place, at: Timestamp) -> Option<f64> {
        let at_place = place.known_by(metric).find_map(|slice| {
            let found = self.keys.get(&(metric, slice))?;
            Some(&self.watched[*found]).filter(|watched| watched.own)
        });
        at_place.map(|watched| watched.detector.baseline().expected(at))
    }

    /// Takes one settled bucket. Each is taken once for each metric, in the order of time.
    pub fn observe(&mut self, settled: &Settled) {
        self.take(settled, true);
    }

    /// Takes a bucket that was taken before, to know again what the detectors knew: nobody is told.
    pub fn replay(&mut self, settled: &Settled) {
        let spared = self.spared(settled);
        self.take(&spared, false);
    }

    fn take(&mut self, settled: &Settled, live: bool) {
        let mut sums: BTreeMap<usize, Sum> = BTreeMap::new();
        let told = self.told(settled.metric);
        for tally in settled.tallies.iter().filter(|tally| tally.cases > 0) {
            let Some(usual) = self.usual(settled.metric, &tally.place, settled.start) else {
                continue;
            };
            let own = tally.place.own();
            let explains = |slice: &&SliceOf| slice.contains(&own);
            let told: Vec<&SliceOf> = told.iter().filter(explains).collect();
            for at in self.series_of(settled, &tally.place, usual) {
                if self.is_explained(at, &told) {
                    continue;
                }
                let sum = sums.entry(at).or_default();
                sum.cases += tally.cases;
                sum.hits += tally.hits.min(tally.cases);
                sum.expected += tally.cases as f64 * usual;
            }
        }
        for (at, sum) in sums {
            self.take_sum(at, settled.start, sum, live);
        }
        if live {
            self.end_what_is_gone(settled);
        }
    }

    /// Slices that are told of at the stage of a metric.
    fn told(&self, metric: Metric) -> Vec<SliceOf> {
        let alarms = self.watched.iter().filter_map(|w| w.alarm.as_ref());
        let told = alarms.filter(|alarm| alarm.told).map(|alarm| &alarm.signal);
        told.filter(|signal| signal.metric.place() == metric.place())
            .map(|signal| signal.slice.clone())
            .collect()
    }

    /// Whether what is off at a place is known by slices that cross a series which is not told of itself. One
    /// release that does not deliver is no news of every journey that it has a part in.
    fn is_explained(&self, at: usize, told: &[&SliceOf]) -> bool {
        let watched = &self.watched[at];
        let itself = watched.alarm.as_ref().is_some_and(|alarm| alarm.told);
        let crosses =
            |slice: &&SliceOf| !slice.contains(&watched.slice) && !watched.slice.contains(slice);
        !itself && told.iter().any(crosses)
    }

    /// Positions of the series that hold a place; those that are not there yet are made.
    fn series_of(&mut self, settled: &Settled, place: &Place, usual: f64) -> Vec<usize> {
        let mut parents: BTreeMap<SliceOf, usize> = BTreeMap::new();
        let mut found = Vec::new();
        for slice in place.slices() {
            let key = (settled.metric, slice);
            let at = match self.keys.get(&key) {
                Some(at) => *at,
                None => {
                    let parent = place
                        .parent_of(&key.1)
                        .and_then(|up| parents.get(&up).copied());
                    let made = self.borrowed(settled.metric, parent, usual);
                    self.add(key.clone(), parent, made, false)
                }
            };
            parents.insert(key.1, at);
            found.push(at);
        }
        found
    }

    /// A detector for a series without a past: it varies as its parent does.
    fn borrowed(&self, metric: Metric, parent: Option<usize>, usual: f64) -> (Baseline, Drift) {
        let known = parent.map(|at| self.watched[at].detector.baseline());
        let baseline = Baseline {
            overall: self.shifted(metric, usual),
            by_hour: Vec::new(),
            dispersion: known.map_or(0.0, |baseline| baseline.dispersion),
            volumes: known.map_or_else(|| vec![20], |baseline| baseline.volumes.clone()),
            left_out: 0,
        };
        let drift = parent.map_or_else(Drift::default, |at| self.watched[at].drift);
        (baseline, drift)
    }

    /// A rate that a part without a past may have without being off.
    fn shifted(&self, metric: Metric, usual: f64) -> f64 {
        let by = self.settings.versions_differ;
        let logit = (usual / (1.0 - usual)).ln() + if metric.falls() { -by } else { by };
        1.0 / (1.0 + (-logit).exp())
    }

    fn add(
        &mut self,
        key: (Metric, SliceOf),
        parent: Option<usize>,
        (baseline, drift): (Baseline, Drift),
        own: bool,
    ) -> usize {
        let threshold = self.settings.buckets_a_month;
        let detector = Detector::with_threshold(baseline, direction(key.0), threshold);
        let at = self.watched.len();
        let is_this = |alarm: &Alarm| alarm.signal.metric == key.0 && alarm.signal.slice == key.1;
        let alarm = self.waiting.iter().position(is_this);
        let alarm = alarm.map(|nth| self.waiting.swap_remove(nth));
        self.watched.push(Watched {
            metric: key.0,
            slice: key.1.clone(),
            parent,
            detector: detector.drifting(drift),
            drift,
            own,
            statistic: 0.0,
            is_over: false,
            alarm,
        });
        self.keys.insert(key, at);
        at
    }

    fn take_sum(&mut self, at: usize, start: Timestamp, sum: Sum, live: bool) {
        let usual = sum.expected / sum.cases as f64;
        let metric = self.watched[at].metric;
        let tested = if self.watched[at].own {
            usual
        } else {
            self.shifted(metric, usual)
        };
        let watched = &mut self.watched[at];
        let bucket = Bucket::settled(start, sum.cases, sum.hits);
        let reading = watched.detector.observe_at(&bucket, tested);
        watched.statistic = reading.statistic;
        watched.is_over = reading.alarm;
        if !live {
            return;
        }
        match &mut watched.alarm {
            Some(alarm) if alarm.told => {
                let dispersion = watched.detector.baseline().dispersion;
                alarm.follow(&bucket, (usual, tested), dispersion, watched.drift);
                if alarm.is_over() {
                    self.end(at, start);
                }
            }
            untold => {
                // Who is not told yet is judged by the likeliest start that is known now.
                let suspicion = reading.suspicion.filter(|_| reading.alarm);
                *untold = suspicion.map(|suspicion| {
                    Alarm::of((metric, &watched.slice), suspicion, usual / tested, start)
                });
            }
        }
    }

    /// Ends the alarm of a series, and remembers what nothing is to be learned from.
    fn end(&mut self, at: usize, now: Timestamp) {
        let watched = &mut self.watched[at];
        let Some(alarm) = watched.alarm.take() else {
            return;
        };
        watched.detector.restart();
        watched.statistic = 0.0;
        watched.is_over = false;
        let span = Span {
            metric: alarm.signal.metric,
            slice: alarm.signal.slice,
            from: alarm.signal.since,
            to: now,
        };
        if !self.has_smaller(&span) {
            self.past.push(span);
        }
    }

    /// Whether a smaller slice is, or was, off at that time: it is the one that is not to be learned from.
    fn has_smaller(&self, span: &Span) -> bool {
        let smaller = |metric: Metric, slice: &SliceOf, from: Timestamp| {
            metric == span.metric
                && *slice != span.slice
                && span.slice.contains(slice)
                && from <= span.to
        };
        let live = self.watched.iter().filter_map(|w| w.alarm.as_ref());
        let mut live = live.filter(|alarm| alarm.told).map(|alarm| &alarm.signal);
        live.any(|signal| smaller(signal.metric, &signal.slice, signal.since))
            || self
                .past
                .iter()
                .any(|old| old.to >= span.from && smaller(old.metric, &old.slice, old.from))
    }

    fn end_what_is_gone(&mut self, settled: &Settled) {
        let before = settled.start.plus_millis(-GONE_AFTER_MS);
        let gone = |watched: &Watched| {
            let alarm = watched.alarm.as_ref();
            watched.metric == settled.metric && alarm.is_some_and(|a| a.heard_at < before)
        };
        let gone: Vec<usize> = (0..self.watched.len())
            .filter(|at| gone(&self.watched[*at]))
            .collect();
        for at in gone {
            self.end(at, settled.start);
        }
        self.waiting
            .retain(|alarm| alarm.signal.metric != settled.metric || alarm.heard_at >= before);
        let month_ago = settled.start.plus_millis(-learn::LEARNED_MS);
        self.past.retain(|span| span.to >= month_ago);
    }

    /// A signal for every series that is told of now. Which alarms are told is decided here, for all
    /// series together; a series that was told stays until its rate is usual again.
    pub fn signals(&mut self) -> Vec<Signal> {
        let series: Vec<Series> = self
            .watched
            .iter()
            .map(|watched| Series {
                parent: watched.parent,
                // In a month the statistic of a healthy series is at most this in the mean.
                evidence: watched.statistic / self.settings.buckets_a_month,
            })
            .collect();
        for at in hierarchy(&series, self.settings.false_alarms) {
            let watched = &mut self.watched[at];
            let doubt = DOUBT
                * watched
                    .alarm
                    .as_ref()
                    .map_or(0.0, |a| watched.deviation(&a.signal));
            if let Some(alarm) = watched.alarm.as_mut().filter(|_| watched.is_over) {
                alarm.told |= matters(&alarm.signal, doubt);
            }
        }
        let alarms = self.watched.iter().filter_map(|w| w.alarm.as_ref());
        let told = alarms
            .filter(|alarm| alarm.told)
            .chain(&self.waiting)
            .map(|alarm| alarm.signal.clone());
        told.collect()
    }
}

/// Which way a metric is bad.
const fn direction(metric: Metric) -> Direction {
    if metric.falls() {
        Direction::Fall
    } else {
        Direction::Rise
    }
}

impl Watched {
    /// Standard deviation of the hits of a signal, had its rate been the usual one.
    fn deviation(&self, signal: &Signal) -> f64 {
        let baseline = self.detector.baseline();
        let cases = signal.cases as f64;
        let rate = signal.expected / cases.max(1.0);
        let by_bucket = 1.0 + (baseline.telling_cases() - 1.0).max(0.0) * baseline.dispersion;
        let by_day = 1.0 + self.drift.correlation * cases.min(self.drift.day_cases);
        (cases * rate * (1.0 - rate).max(0.0) * by_bucket * by_day).sqrt()
    }
}

/// Whether a change is large enough to be told, beyond doubt: what is certain may still be no news, and the
/// start that looks likeliest makes a change look larger than it is.
fn matters(signal: &Signal, doubt: f64) -> bool {
    let floor = match floor(signal.metric) {
        Floor::OfExpected(share) => share * signal.expected,
        Floor::OfCases(share) => share * signal.cases as f64,
    };
    signal.missing() - doubt >= floor && signal.missing() >= MISSING_MIN
}

/// From which size on a change is told.
enum Floor {
    /// Share of the hits that were expected.
    OfExpected(f64),
    /// Share of the cases.
    OfCases(f64),
}

/// Opens and orders move with what is offered, and what caps hold back with what else is sent, so it takes
/// more of them to be news.
const fn floor(metric: Metric) -> Floor {
    match metric {
        Metric::Bounced => Floor::OfCases(0.02),
        Metric::Eligible | Metric::Opened => Floor::OfExpected(0.1),
        Metric::Converted => Floor::OfExpected(0.2),
        Metric::Heartbeat | Metric::Coverage | Metric::Accepted | Metric::Delivered => {
            Floor::OfExpected(0.05)
        }
    }
}
