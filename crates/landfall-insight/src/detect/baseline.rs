//! What is usual for a series: its rate by hour of week, and how much it varies.

use landfall_domain::time::{HOUR_MS, Timestamp};

use super::Bucket;

/// Hours in a week: as many slots has a baseline.
const SLOTS: usize = 168;
/// Cases that the history must hold before anything is concluded from it.
const CASES_MIN: u64 = 500;
/// Buckets with cases that the history must hold: two days of quarter hours.
const BUCKETS_MIN: usize = 192;
/// Standard deviations beyond which a bucket of the history counts as an incident of its own and
/// teaches nothing.
const OUTLIER: f64 = 4.5;
/// Hits and misses that must be expected in a chunk before it can be an outlier.
const EACH_MIN: f64 = 5.0;
/// The median of a squared standard normal variable.
const MEDIAN_OF_SQUARE: f64 = 0.454_936_4;
/// Rates are kept away from 0 and 1 by this much, where a single miss would be impossible.
const EDGE: f64 = 1e-5;

/// What is usual, learned from the past.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// The rate over all hours.
    pub overall: f64,
    /// The rate of each hour of the week, drawn towards that of the hour of the day, and that towards
    /// the overall rate, by as much as the data leave open.
    pub by_hour: Vec<f64>,
    /// How much more than a coin it varies: the intra-class correlation of cases of one bucket.
    pub dispersion: f64,
    /// Cases in each bucket of the history in the order of time: the volume that is usual.
    pub volumes: Vec<u64>,
    /// Buckets of the history that were left out as incidents of their own.
    pub left_out: usize,
}

/// The hour of the week of a moment, 0 to 167, from Thursday 00:00 UTC on (the day of the epoch).
pub fn hour_of_week(at: Timestamp) -> usize {
    at.millis().div_euclid(HOUR_MS).rem_euclid(SLOTS as i64) as usize
}

impl Baseline {
    /// Learns from settled buckets of equal length in the order of time, best four weeks of them.
    /// Leave out what is known to be unusual: holidays, launches, open incidents. `None` when there is
    /// too little to learn from.
    pub fn learn(history: &[Bucket]) -> Option<Self> {
        let busy: Vec<Bucket> = history.iter().copied().filter(|b| b.cases > 0).collect();
        let cases: u64 = busy.iter().map(|b| b.cases).sum();
        if busy.len() < BUCKETS_MIN || cases < CASES_MIN {
            return None;
        }
        let rough = middle_rate(&busy);
        let usual = vec![rough; SLOTS];
        let inflation = median_inflation(&busy, &usual);
        let kept = without_outliers(&busy, &usual, Spread::Inflation(inflation));
        let first = by_hour(&kept, williams(&kept, &usual));
        let dispersion = williams(&kept, &first.by_hour);
        // Once more, now that hours are known: an hour that is usual is no outlier.
        let kept = without_outliers(&busy, &first.by_hour, Spread::Correlation(dispersion));
        let fitted = by_hour(&kept, dispersion);
        let dispersion = williams(&kept, &fitted.by_hour);
        Some(Self {
            overall: fitted.overall,
            by_hour: fitted.by_hour,
            dispersion,
            volumes: history.iter().map(|b| b.cases).collect(),
            left_out: busy.len() - kept.len(),
        })
    }

    /// The rate that is usual at a moment.
    pub fn expected(&self, at: Timestamp) -> f64 {
        self.by_hour
            .get(hour_of_week(at))
            .copied()
            .unwrap_or(self.overall)
    }

    /// As many independent cases `cases` of one bucket are worth: they resemble each other.
    pub fn worth(&self, cases: u64) -> f64 {
        let n = cases as f64;
        n / (1.0 + (n - 1.0).max(0.0) * self.dispersion)
    }

    /// What a bucket is worth in the mean.
    pub fn telling_cases(&self) -> f64 {
        let all: f64 = self.volumes.iter().map(|cases| self.worth(*cases)).sum();
        all / self.volumes.len().max(1) as f64
    }

    /// Standard deviation of the share of `cases` that are hits at the rate `rate`.
    pub fn deviation(&self, rate: f64, cases: u64) -> f64 {
        let n = cases.max(1) as f64;
        (rate * (1.0 - rate) / n * (1.0 + (n - 1.0) * self.dispersion)).sqrt()
    }
}

/// Consecutive buckets together, so many that both hits and misses are to be expected in numbers: a
/// single miss among three cases says nothing about how usual a bucket is.
struct Chunk<'a> {
    buckets: &'a [Bucket],
    cases: f64,
    hits: f64,
    expected: f64,
    /// Variance at the usual rate, without and with what buckets vary beyond it.
    binomial: f64,
    dispersed: f64,
}

impl Chunk<'_> {
    /// The squared deviation over its binomial variance.
    fn square(&self) -> f64 {
        (self.hits - self.expected).powi(2) / self.binomial
    }
}

/// Chunks in which at least `each` hits and `each` misses are expected. What is left at the end joins
/// the last one.
fn chunks<'a>(buckets: &'a [Bucket], by_hour: &[f64], rho: f64, each: f64) -> Vec<Chunk<'a>> {
    let mut chunks: Vec<Chunk<'a>> = Vec::new();
    let mut from = 0;
    let empty = |buckets| Chunk {
        buckets,
        cases: 0.0,
        hits: 0.0,
        expected: 0.0,
        binomial: 0.0,
        dispersed: 0.0,
    };
    let mut open = empty(&buckets[..0]);
    for (nth, bucket) in buckets.iter().enumerate() {
        let rate = by_hour[hour_of_week(bucket.start)];
        let n = bucket.cases as f64;
        let variance = n * rate * (1.0 - rate);
        open.cases += n;
        open.hits += bucket.hits as f64;
        open.expected += n * rate;
        open.binomial += variance;
        open.dispersed += variance * (1.0 + (n - 1.0) * rho);
        open.buckets = &buckets[from..=nth];
        if open.expected.min(open.cases - open.expected) >= each {
            chunks.push(std::mem::replace(&mut open, empty(&buckets[..0])));
            from = nth + 1;
        }
    }
    if chunks.is_empty() && !open.buckets.is_empty() {
        chunks.push(open);
    } else if let Some(last) = chunks.last_mut()
        && !open.buckets.is_empty()
    {
        let start = buckets.len() - open.buckets.len() - last.buckets.len();
        last.buckets = &buckets[start..];
        last.cases += open.cases;
        last.hits += open.hits;
        last.expected += open.expected;
        last.binomial += open.binomial;
        last.dispersed += open.dispersed;
    }
    chunks
}

/// The pooled rate of the middle 80 % of the cases, ordered by the rates of their chunks: incidents of
/// the past do not move it.
fn middle_rate(buckets: &[Bucket]) -> f64 {
    let sum = |of: fn(&Bucket) -> u64| buckets.iter().map(of).sum::<u64>() as f64;
    let pooled = keep_off_edges(sum(|b| b.hits) / sum(|b| b.cases).max(1.0));
    let mut ordered = chunks(buckets, &[pooled; SLOTS], 0.0, 20.0);
    ordered.sort_by(|a, b| (a.hits / a.cases).total_cmp(&(b.hits / b.cases)));
    let all: f64 = ordered.iter().map(|chunk| chunk.cases).sum();
    let (low, high) = (0.1 * all, 0.9 * all);
    let (mut seen, mut cases, mut hits) = (0.0_f64, 0.0, 0.0);
    for chunk in ordered {
        let from = seen.max(low);
        seen += chunk.cases;
        let share = (seen.min(high) - from).max(0.0);
        cases += share;
        hits += share * chunk.hits / chunk.cases;
    }
    keep_off_edges(hits / f64::max(cases, 1.0))
}

fn keep_off_edges(rate: f64) -> f64 {
    rate.clamp(EDGE, 1.0 - EDGE)
}

fn square_of_z(bucket: &Bucket, rate: f64) -> f64 {
    let n = bucket.cases as f64;
    (bucket.hits as f64 - n * rate).powi(2) / (n * rate * (1.0 - rate))
}

/// How much wider than binomial the chunks vary, by their median: incidents do not move it.
fn median_inflation(buckets: &[Bucket], by_hour: &[f64]) -> f64 {
    let chunks = chunks(buckets, by_hour, 0.0, EACH_MIN);
    let mut squares: Vec<f64> = chunks.iter().map(Chunk::square).collect();
    let middle = squares.len() / 2;
    let (_, median, _) = squares.select_nth_unstable_by(middle, f64::total_cmp);
    (*median / MEDIAN_OF_SQUARE).max(1.0)
}

/// How wide buckets vary.
#[derive(Clone, Copy)]
enum Spread {
    /// So many times the binomial variance.
    Inflation(f64),
    /// By the intra-class correlation.
    Correlation(f64),
}

fn without_outliers(buckets: &[Bucket], by_hour: &[f64], spread: Spread) -> Vec<Bucket> {
    let rho = match spread {
        Spread::Inflation(_) => 0.0,
        Spread::Correlation(rho) => rho,
    };
    let mut kept = Vec::with_capacity(buckets.len());
    for chunk in chunks(buckets, by_hour, rho, EACH_MIN) {
        let inflation = match spread {
            Spread::Inflation(inflation) => inflation,
            Spread::Correlation(_) => chunk.dispersed / chunk.binomial,
        };
        if chunk.square() <= OUTLIER * OUTLIER * inflation {
            kept.extend_from_slice(chunk.buckets);
        }
    }
    kept
}

/// The intra-class correlation at which the squared deviations are as large as they are expected to be
/// (Williams, Applied Statistics 31, 1982).
fn williams(buckets: &[Bucket], by_hour: &[f64]) -> f64 {
    let squares: Vec<(f64, f64)> = buckets
        .iter()
        .map(|b| {
            let rate = by_hour[hour_of_week(b.start)];
            (square_of_z(b, rate), b.cases as f64 - 1.0)
        })
        .collect();
    let excess = |rho: f64| -> f64 {
        let terms = squares.iter().map(|(z2, n)| z2 / (1.0 + n * rho) - 1.0);
        terms.sum()
    };
    if excess(0.0) <= 0.0 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, 0.5);
    for _ in 0..48 {
        let middle = 0.5 * (low + high);
        if excess(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    let rho = 0.5 * (low + high);
    // Plain binomials look a little dispersed half of the time. What is within its own noise is taken
    // back, what stands out of it is not (positive-part shrinkage).
    let slope: f64 = squares.iter().map(|(_, n)| n / (1.0 + n * rho)).sum();
    let noise = (2.0 * squares.len() as f64).sqrt() / slope.max(1.0);
    rho * (1.0 - (noise / rho).powi(2)).max(0.0)
}

/// Rates by hour.
struct ByHour {
    overall: f64,
    by_hour: Vec<f64>,
}

/// Cases weighted by how much each tells: cases of one bucket resemble each other.
#[derive(Clone, Copy, Default)]
struct Cell {
    weight: f64,
    hits: f64,
}

fn by_hour(buckets: &[Bucket], dispersion: f64) -> ByHour {
    let mut week = vec![Cell::default(); SLOTS];
    for bucket in buckets {
        let n = bucket.cases as f64;
        let weight = n / (1.0 + (n - 1.0) * dispersion);
        let cell = &mut week[hour_of_week(bucket.start)];
        cell.weight += weight;
        cell.hits += weight * bucket.hits as f64 / n;
    }
    let mut day = vec![Cell::default(); 24];
    for (hour, cell) in week.iter().enumerate() {
        day[hour % 24].weight += cell.weight;
        day[hour % 24].hits += cell.hits;
    }
    let weight: f64 = day.iter().map(|c| c.weight).sum();
    let hits: f64 = day.iter().map(|c| c.hits).sum();
    let overall = keep_off_edges(hits / f64::max(weight, 1.0));
    let days = shrunk(&day, &vec![overall; day.len()]);
    let parents: Vec<f64> = (0..SLOTS).map(|hour| days[hour % 24]).collect();
    ByHour {
        overall,
        by_hour: shrunk(&week, &parents),
    }
}

/// The rate of each cell, drawn towards its parent's: by how much the cells vary beyond noise
/// (empirical Bayes; the variance between cells by moments).
fn shrunk(cells: &[Cell], parents: &[f64]) -> Vec<f64> {
    let filled = || cells.iter().zip(parents).filter(|(c, _)| c.weight > 0.0);
    let (mut excess, mut weight, mut squared) = (0.0, 0.0, 0.0);
    for (cell, parent) in filled() {
        let rate = cell.hits / cell.weight;
        excess += cell.weight * (rate - parent).powi(2) - parent * (1.0 - parent);
        weight += cell.weight;
        squared += cell.weight * cell.weight;
    }
    let room = weight - squared / weight.max(1.0);
    // What cells without any difference exceed one time in six is not taken for a difference.
    let noise = filled()
        .map(|(_, parent)| 2.0 * (parent * (1.0 - parent)).powi(2))
        .sum::<f64>()
        .sqrt();
    let between = if room > 0.0 {
        ((excess - noise) / room).max(0.0)
    } else {
        0.0
    };
    cells
        .iter()
        .zip(parents)
        .map(|(cell, parent)| {
            if cell.weight <= 0.0 {
                return *parent;
            }
            let noise = parent * (1.0 - parent) / cell.weight;
            let trust = between / (between + noise);
            keep_off_edges(parent + trust * (cell.hits / cell.weight - parent))
        })
        .collect()
}
