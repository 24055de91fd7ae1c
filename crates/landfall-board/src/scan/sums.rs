//! What a scan has added up so far.

use landfall_domain::marks::MARK_COUNT;
use rustc_hash::FxHashMap;

use crate::dictionary::Currencies;
use crate::plan::Plan;
use crate::query::{Cell, CountBy, Group, Measure, Table};

/// The bit of "is there at all", beside the bits of marks.
pub(crate) const ROWS: u32 = 1 << 31;
const _: () = assert!(MARK_COUNT < 32, "one bit is left for counting rows");
/// Sightings that are kept before they are sorted and joined.
const MANY: usize = 1 << 22;

/// Sums of one group.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupSums {
    /// By mark, and rows last.
    counts: [u64; MARK_COUNT + 1],
    /// By currency.
    money: Vec<(u16, i64)>,
    /// By place of the measure.
    delays: Vec<(usize, Vec<i64>)>,
    /// Finished cells, by place of the measure.
    answers: Vec<(usize, Cell)>,
}

impl GroupSums {
    fn earn(&mut self, currency: u16, minor: i64) {
        match self.money.iter_mut().find(|(known, _)| *known == currency) {
            Some((_, sum)) => *sum = sum.saturating_add(minor),
            None => self.money.push((currency, minor)),
        }
    }

    fn delays_mut(&mut self, place: usize) -> &mut Vec<i64> {
        let found = self.delays.iter().position(|(known, _)| *known == place);
        let found = found.unwrap_or_else(|| {
            self.delays.push((place, Vec::new()));
            self.delays.len() - 1
        });
        &mut self.delays[found].1
    }

    /// Puts the finished cell of a measure in.
    pub(crate) fn answer(&mut self, place: usize, cell: Cell) {
        self.answers.push((place, cell));
    }

    fn take_answer(&mut self, place: usize) -> Option<Cell> {
        let found = self.answers.iter().position(|(known, _)| *known == place)?;
        Some(self.answers.swap_remove(found).1)
    }

    /// Adds to the counts of all of `bits`.
    pub(crate) fn add_bits(&mut self, bits: u32, times: u64) {
        let mut left = bits;
        while left != 0 {
            self.counts[(left.trailing_zeros() as usize).min(MARK_COUNT)] += times;
            left &= left - 1;
        }
    }
}

/// Someone was seen in a group with these bits.
#[derive(Clone, Copy, Debug)]
struct Sighting {
    group: u64,
    who: u64,
    bits: u32,
}

/// All sums of a scan, or of one thread's share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    /// Where the sums of a group stand.
    places: FxHashMap<u64, u32>,
    groups: Vec<(u64, GroupSums)>,
    seen: Vec<Sighting>,
    /// How long `seen` was after it was last joined.
    joined: usize,
}

impl Sums {
    pub(crate) fn group(&mut self, group: u64) -> &mut GroupSums {
        let place = *self.places.entry(group).or_insert_with(|| {
            self.groups.push((group, GroupSums::default()));
            self.groups.len() as u32 - 1
        });
        &mut self.groups[place as usize].1
    }

    /// Counts bits in a group: at once, or once for each `who` (0 is nobody).
    pub(crate) fn count(&mut self, group: u64, who: Option<u64>, bits: u32) {
        match who {
            None => self.group(group).add_bits(bits, 1),
            Some(0) => {
                self.group(group);
            }
            Some(who) => {
                self.seen.push(Sighting { group, who, bits });
                if self.seen.len() - self.joined >= MANY.max(self.joined) {
                    self.join();
                }
            }
        }
    }

    pub(crate) fn earn(&mut self, group: u64, currency: u16, minor: i64) {
        self.group(group).earn(currency, minor);
    }

    pub(crate) fn delay(&mut self, group: u64, place: usize, delay: i64) {
        self.group(group).delays_mut(place).push(delay);
    }

    /// One sighting for each group and person, device or delivery.
    fn join(&mut self) {
        self.seen
            .sort_unstable_by_key(|seen| (seen.group, seen.who));
        self.seen.dedup_by(|next, kept| {
            let same = next.group == kept.group && next.who == kept.who;
            if same {
                kept.bits |= next.bits;
            }
            same
        });
        self.joined = self.seen.len();
    }

    /// Adds another thread's share.
    pub(crate) fn merge(&mut self, other: Self) {
        if self.groups.is_empty() && self.seen.is_empty() {
            *self = other;
            return;
        }
        self.seen.extend(other.seen);
        for (group, sums) in other.groups {
            let mine = self.group(group);
            for (count, more) in mine.counts.iter_mut().zip(sums.counts) {
                *count += more;
            }
            for (currency, minor) in sums.money {
                mine.earn(currency, minor);
            }
            for (place, delays) in sums.delays {
                mine.delays_mut(place).extend(delays);
            }
        }
    }

    /// The answer.
    pub(crate) fn table(mut self, plan: &Plan<'_>, currencies: &Currencies) -> Table {
        if plan.query.count_by != CountBy::Row {
            self.join();
            for seen in std::mem::take(&mut self.seen) {
                self.group(seen.group).add_bits(seen.bits, 1);
            }
        }
        let mut groups: Vec<_> = self
            .groups
            .into_iter()
            .map(|(group, sums)| Group {
                key: plan.key(group),
                cells: cells(plan, sums, currencies),
            })
            .collect();
        if plan.query.group_by.is_empty() && groups.is_empty() {
            groups.push(Group {
                key: Vec::new(),
                cells: cells(plan, GroupSums::default(), currencies),
            });
        }
        groups.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        Table { groups }
    }
}

fn cells(plan: &Plan<'_>, mut sums: GroupSums, currencies: &Currencies) -> Vec<Cell> {
    let measures = plan.query.measures.iter().enumerate();
    measures
        .map(|(place, measure)| {
            if let Some(answer) = sums.take_answer(place) {
                return answer;
            }
            match measure {
                Measure::Rows => Cell::Count(sums.counts[MARK_COUNT]),
                Measure::Marked(mark) => Cell::Count(sums.counts[mark.index()]),
                Measure::Revenue => {
                    let money = sums.money.iter();
                    let mut money: Vec<_> = money
                        .map(|(currency, minor)| (currencies.0[usize::from(*currency)], *minor))
                        .collect();
                    money.sort_unstable();
                    Cell::Money(money)
                }
                Measure::DelayQuantiles { shares, .. } => {
                    Cell::Delays(quantiles(sums.delays_mut(place), shares))
                }
                Measure::DelayHistogram { bounds, .. } => {
                    let mut classes = vec![0; bounds.len() + 1];
                    for delay in sums.delays_mut(place) {
                        classes[bounds.partition_point(|bound| *bound <= *delay)] += 1;
                    }
                    Cell::Histogram(classes)
                }
            }
        })
        .collect()
}

/// Rank, from 0, of the smallest of `count` values that a `share` of them do not exceed.
pub(crate) fn rank(share: f64, count: usize) -> usize {
    let reached = (share * count as f64).ceil() as usize;
    reached.clamp(1, count) - 1
}

pub(crate) fn quantiles(delays: &mut [i64], shares: &[f64]) -> Option<Vec<i64>> {
    if delays.is_empty() {
        return None;
    }
    let of = |share: &f64| {
        let rank = rank(*share, delays.len());
        *delays.select_nth_unstable(rank).1
    };
    Some(shares.iter().map(of).collect())
}
