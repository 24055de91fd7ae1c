//! What is usual, learned from the past of each series.

use std::collections::BTreeMap;

use landfall_domain::time::{DAY_MS, Timestamp};

use super::{Place, Settled, Watch};
use crate::alerts::{Metric, SliceOf};
use crate::detect::{Baseline, Bucket, Drift};

/// How far back is looked: four weeks.
pub(super) const LEARNED_MS: i64 = 28 * DAY_MS;
/// Cases that a series must have had before its own past says what is usual: with fewer, the rate of a
/// part is known less well than that of the whole that it belongs to.
const OWN_CASES_MIN: u64 = 1_000;
/// Days that are compared before anything is said about how much they differ.
const DAYS_MIN: usize = 7;
/// Variance of its hits that a day must have before it is compared: about as many misses.
const VARIANCE_MIN: f64 = 5.0;
/// The median of a squared standard normal variable.
const MEDIAN_OF_SQUARE: f64 = 0.454_936_4;

/// The past of one series, and which of its parents is tested before it.
struct Past {
    slice: SliceOf,
    parent: Option<SliceOf>,
    buckets: Vec<Bucket>,
}

impl Watch {
    /// Learns what is usual for a metric from settled buckets of the past in the order of time, best four
    /// weeks. What was off is passed over.
    pub fn learn(&mut self, metric: Metric, history: &[Settled]) {
        let mut pasts: Vec<Past> = Vec::new();
        let mut positions: BTreeMap<SliceOf, usize> = BTreeMap::new();
        let mut known: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        for settled in history.iter().filter(|settled| settled.metric == metric) {
            for tally in self.spared(settled).tallies {
                let held = known.entry(tally.place).or_insert_with_key(|place| {
                    let slices = place.slices().into_iter();
                    let position = |slice: SliceOf| {
                        *positions.entry(slice.clone()).or_insert_with(|| {
                            pasts.push(Past {
                                parent: place.parent_of(&slice),
                                slice,
                                buckets: Vec::new(),
                            });
                            pasts.len() - 1
                        })
                    };
                    slices.map(position).collect()
                });
                let hits = tally.hits.min(tally.cases);
                for at in held {
                    add(&mut pasts[*at].buckets, settled.start, tally.cases, hits);
                }
            }
        }
        // Slices of fewer dimensions come first: parents stand before their children.
        pasts.sort_by(|a, b| {
            let dimensions = a.slice.0.len().cmp(&b.slice.0.len());
            dimensions.then_with(|| a.slice.cmp(&b.slice))
        });
        for past in pasts {
            self.learn_one(metric, past);
        }
    }

    fn learn_one(&mut self, metric: Metric, past: Past) {
        let cases: u64 = past.buckets.iter().map(|bucket| bucket.cases).sum();
        let baseline = Baseline::learn(&past.buckets).filter(|_| cases >= OWN_CASES_MIN);
        let Some(mut baseline) = baseline else {
            self.learning += 1;
            return;
        };
        let parent = past
            .parent
            .and_then(|up| self.keys.get(&(metric, up)).copied());
        let mut drift = drift(&baseline, &past.buckets);
        if let Some(parent) = parent {
            // What moves the whole moves its parts, which have too few cases to show it.
            let known = self.watched[parent].drift.correlation;
            drift.correlation = drift.correlation.max(known);
        }
        // The mean says as much as all volumes; a watch has thousands of series.
        let usual = cases / past.buckets.len().max(1) as u64;
        baseline.volumes = vec![usual.max(1)];
        self.add((metric, past.slice), parent, (baseline, drift), true);
    }

    /// A bucket without what was off then.
    pub(super) fn spared(&self, settled: &Settled) -> Settled {
        let told = self.watched.iter().filter_map(|w| w.alarm.as_ref());
        let alarms: Vec<_> = told
            .filter(|alarm| alarm.told)
            .chain(&self.waiting)
            .map(|alarm| &alarm.signal)
            .collect();
        let has_smaller = |slice: &SliceOf| {
            let mut smaller = alarms.iter().filter(|other| {
                other.metric == settled.metric
                    && other.slice != *slice
                    && slice.contains(&other.slice)
            });
            smaller.next().is_some()
        };
        let is_off = |place: &Place| {
            let own = place.own();
            let past = self.past.iter().any(|span| {
                span.metric == settled.metric
                    && span.from <= settled.start
                    && settled.start <= span.to
                    && span.slice.contains(&own)
            });
            past || alarms.iter().any(|signal| {
                signal.metric == settled.metric
                    && signal.since <= settled.start
                    && signal.slice.contains(&own)
                    && !has_smaller(&signal.slice)
            })
        };
        let mut spared = settled.clone();
        if !self.past.is_empty() || !alarms.is_empty() {
            spared.tallies.retain(|tally| !is_off(&tally.place));
        }
        spared
    }
}

fn add(buckets: &mut Vec<Bucket>, start: Timestamp, cases: u64, hits: u64) {
    match buckets.last_mut().filter(|last| last.start == start) {
        Some(last) => {
            last.cases += cases;
            last.hits += hits;
        }
        None => buckets.push(Bucket::settled(start, cases, hits)),
    }
}

/// How much whole days differ beyond chance, by the median over days, so that an incident does not count.
fn drift(baseline: &Baseline, buckets: &[Bucket]) -> Drift {
    let mut days: BTreeMap<i64, Day> = BTreeMap::new();
    for bucket in buckets {
        let n = bucket.cases as f64;
        let rate = baseline.expected(bucket.start);
        let number = bucket.start.millis().div_euclid(DAY_MS);
        let day = days.entry(number).or_default();
        day.cases += n;
        day.off += bucket.hits as f64 - n * rate;
        day.variance += n * rate * (1.0 - rate);
    }
    let cases: f64 = days.values().map(|day| day.cases).sum();
    let mut drift = Drift {
        correlation: 0.0,
        day_cases: cases / days.len().max(1) as f64,
    };
    let full = days.values().filter(|day| day.variance >= VARIANCE_MIN);
    let mut squares: Vec<f64> = full.map(|day| day.off * day.off / day.variance).collect();
    if squares.len() >= DAYS_MIN {
        let middle = squares.len() / 2;
        let (_, median, _) = squares.select_nth_unstable_by(middle, f64::total_cmp);
        let excess = *median / MEDIAN_OF_SQUARE - 1.0;
        drift.correlation = (excess / (drift.day_cases - 1.0).max(1.0)).max(0.0);
    }
    drift
}

/// Sums of one day.
#[derive(Default)]
struct Day {
    cases: f64,
    /// Hits beyond those that were expected.
    off: f64,
    /// As plain chance has it.
    variance: f64,
}
