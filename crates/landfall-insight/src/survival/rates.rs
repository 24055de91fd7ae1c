//! Rates of return and of rejection by interval of silence, and what follows from them.

use super::model::{INTERVALS, SILENCE_DAYS, interval_of, start_of};

/// Groups of tokens of which one at a time is left out, to see how sure an estimate is.
pub(super) const GROUPS: usize = 20;
/// Cases that the coarser cell counts in a finer one.
const PRIOR: f64 = 20.0;
/// Steps in which the daily loss is found: far below what matters.
const HALVINGS: usize = 40;

/// What happened in one interval of silence.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Exposure {
    /// Silences that came so far.
    pub(super) came: f64,
    /// Days spent in it.
    pub(super) days: f64,
    /// Ended by a sign of life.
    pub(super) returned: f64,
    /// Ended by a rejection.
    pub(super) rejected: f64,
}

impl Exposure {
    pub(super) fn add(&mut self, other: &Self) {
        self.came += other.came;
        self.days += other.days;
        self.returned += other.returned;
        self.rejected += other.rejected;
    }
}

/// How many of the silent return and are rejected in a day.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rate {
    returned: f64,
    rejected: f64,
}

/// Rates by interval, as far as anybody was silent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rates([Option<Rate>; INTERVALS]);

impl Rates {
    pub(super) const fn unknown() -> Self {
        Self([None; INTERVALS])
    }

    pub(super) fn of(counts: &[Exposure; INTERVALS]) -> Self {
        Self(counts.map(|one| {
            (one.days > 0.0).then(|| Rate {
                returned: one.returned / one.days,
                rejected: one.rejected / one.days,
            })
        }))
    }

    /// The rates of some of the tokens that these are about, drawn towards them (the mean of a gamma prior
    /// of twenty cases).
    pub(super) fn refined(&self, counts: &[Exposure; INTERVALS]) -> Self {
        let mut refined = self.clone();
        for (rate, one) in refined.0.iter_mut().zip(counts) {
            if let Some(rate) = rate {
                let drawn = |events: f64, parent: f64| match parent > 0.0 {
                    true => (events + PRIOR) / (one.days + PRIOR / parent),
                    false => 0.0,
                };
                rate.returned = drawn(one.returned, rate.returned);
                rate.rejected = drawn(one.rejected, rate.rejected);
            }
        }
        refined
    }

    /// The share of those silent in the middle of each interval who are alive.
    pub(super) fn alive(&self) -> [f64; INTERVALS] {
        let loss = self.daily_loss();
        let from_start = self.returns(loss);
        let mut alive = [0.0; INTERVALS];
        for (nth, share) in alive.iter_mut().enumerate() {
            let length = f64::from(SILENCE_DAYS[nth] - start_of(nth));
            let later = from_start.get(nth + 1).copied().unwrap_or(0.0);
            *share = self.step(nth, length / 2.0, loss, later).min(1.0);
        }
        alive
    }

    /// Tokens that die in a day: with it, who has just shown life is alive for certain.
    fn daily_loss(&self) -> f64 {
        let (mut low, mut high) = (0.0, 0.5);
        if self.returns(low)[0] >= 1.0 {
            return low;
        }
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if self.returns(middle)[0] < 1.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The share of those silent at the beginning of each interval who return later, each return weighted by
    /// the chance to have died before it.
    fn returns(&self, loss: f64) -> [f64; INTERVALS] {
        let mut returns = [0.0; INTERVALS];
        let mut later = 0.0;
        for nth in (0..INTERVALS).rev() {
            let length = f64::from(SILENCE_DAYS[nth] - start_of(nth));
            later = self.step(nth, length, loss, later);
            returns[nth] = later;
        }
        returns
    }

    /// The same from a moment at which `days` of an interval are left, when `later` is that of its end.
    fn step(&self, interval: usize, days: f64, loss: f64, later: f64) -> f64 {
        let Some(rate) = self.0[interval] else {
            return 0.0;
        };
        let net = rate.returned + rate.rejected - loss;
        let left = (-net * days).exp();
        let ended = if net.abs() < 1e-12 {
            days
        } else {
            (1.0 - left) / net
        };
        rate.returned * ended + left * later
    }

    /// The share of those silent at the beginning of an interval who neither returned nor were rejected when the
    /// last of them were lost sight of; `seen` says how many came how far.
    pub(super) fn left_of(&self, interval: usize, seen: &[Exposure; INTERVALS]) -> f64 {
        /// Fewer say nothing about the others.
        const SEEN_MIN: f64 = 10.0;
        let mut left = 1.0;
        for nth in interval..INTERVALS {
            let Some(rate) = self.0[nth].filter(|_| seen[nth].came >= SEEN_MIN) else {
                break;
            };
            let length = f64::from(SILENCE_DAYS[nth] - start_of(nth));
            left *= (-(rate.returned + rate.rejected) * length).exp();
        }
        left
    }

    /// The share of those silent for so long who show life within so many days; `None` where nobody was.
    pub(super) fn returns_within(&self, silent_days: f64, days: f64) -> Option<f64> {
        let (mut at, end) = (silent_days, silent_days + days);
        let (mut silent, mut returned) = (1.0, 0.0);
        while at < end {
            let nth = interval_of(at);
            let rate = self.0[nth]?;
            let to = match nth + 1 < INTERVALS {
                true => f64::from(SILENCE_DAYS[nth]).min(end),
                false => end,
            };
            let both = rate.returned + rate.rejected;
            let left = (-both * (to - at)).exp();
            if both > 0.0 {
                returned += silent * (1.0 - left) * rate.returned / both;
            }
            silent *= left;
            at = to;
        }
        Some(returned)
    }
}
