//! The fast scan of delays by creation: exact quantiles without sorting. A first pass counts
//! delays in classes less than a hundredth wide; a second one fetches only the delays of the few
//! classes that hold a wanted rank.

mod classes;
mod passes;

use std::collections::hash_map::Entry;
use std::sync::Arc;

use landfall_domain::marks::Mark;
use rustc_hash::FxHashMap;

use crate::plan::Plan;
use crate::query::{Cell, Measure};
use crate::scan::delays::classes::Classes;
use crate::scan::delays::passes::{Blocks, CountBetween, CountFine, Fetch, WantedClasses};
use crate::scan::facts::Hit;
use crate::scan::lookup::Lookup;
use crate::scan::share_out;
use crate::scan::sums::{Sums, rank};
use crate::segment::Segment;

/// Most numbers of all blocks together; questions with more groups go row by row.
const MAX_NUMBERS: usize = 1 << 23;

/// Every n-th segment is looked at for a guess.
const SAMPLE: usize = if cfg!(test) { 2 } else { 24 };
/// A guess allows for ranks being off by this part of the whole.
const DOUBT: usize = 400;

/// Bucket and group of the message: what a stretch has in common.
pub(crate) type Outer = (usize, u32);

/// One measure of delays.
pub(crate) struct DelayScan<'scan> {
    plan: &'scan Plan<'scan>,
    place: usize,
    mark: Mark,
    classes: Classes,
    /// Where the line of a set of device facts begins: a block for each group and one for those
    /// that take no part.
    lines: Lookup,
    /// Where in the line the classes of a fate begin, likewise.
    places: Lookup,
    fate_groups: usize,
    /// Whether all rows that have the mark are in the one group of fates.
    one_fate_group: bool,
    block_len: usize,
}

/// What the first pass finds.
#[derive(Default)]
struct Counted {
    /// With two copies of each block while fine classes are counted.
    blocks: Blocks,
    /// Delays that columns do not hold, by group.
    far: FxHashMap<u64, Vec<i64>>,
}

/// Delays of wanted classes, by block and place of the class in it.
pub(crate) type Spots = FxHashMap<(Outer, usize), Vec<u32>>;

impl Counted {
    /// Adds the second copies of blocks to the first.
    fn join_copies(&mut self, block_len: usize) {
        for block in self.blocks.values_mut() {
            let (even, odd) = block.split_at_mut(block_len);
            even.iter_mut()
                .zip(odd)
                .for_each(|(even, odd)| *even += *odd);
            block.truncate(block_len);
        }
    }

    fn merge(&mut self, other: Self) {
        for (outer, block) in other.blocks {
            match self.blocks.entry(outer) {
                Entry::Vacant(vacant) => {
                    vacant.insert(block);
                }
                Entry::Occupied(mut mine) => {
                    for (count, more) in mine.get_mut().iter_mut().zip(block) {
                        *count += more;
                    }
                }
            }
        }
        for (group, far) in other.far {
            self.far.entry(group).or_default().extend(far);
        }
    }
}

impl<'scan> DelayScan<'scan> {
    /// `None` when there are too many groups for it, or the mark's delays are not all stored.
    pub(crate) fn new(
        plan: &'scan Plan<'scan>,
        marks: &[u32],
        place: usize,
        mark: Mark,
    ) -> Option<Self> {
        let (dims, fates) = (&plan.selection.dims, &plan.selection.fates);
        let classes = Classes::of(&plan.query.measures[place]);
        let (dims_groups, fate_groups) = (dims.keys.len(), fates.keys.len());
        let block_len = (dims_groups + 1) * (fate_groups + 1) * classes.count();
        let outers = plan.axis.len() as u64 * plan.selection.messages.groups();
        if mark == Mark::Created || 2 * block_len as u64 * outers > MAX_NUMBERS as u64 {
            return None;
        }
        let has = |fate: &usize| marks[*fate] & mark.bit() != 0;
        let fate_group = |fate: usize| {
            if has(&fate) {
                fates.of[fate]
            } else {
                fates.excluded()
            }
        };
        let line = ((fate_groups + 1) * classes.count()) as u32;
        let places = (0..marks.len()).map(|fate| fate_group(fate) * classes.count() as u32);
        Some(Self {
            lines: Lookup::new(dims.of.iter().map(|group| group * line).collect()),
            places: Lookup::new(places.collect()),
            plan,
            place,
            mark,
            classes,
            fate_groups,
            one_fate_group: fate_groups == 1
                && (1..marks.len()).all(|fate| !has(&fate) || fates.of[fate] == 0),
            block_len,
        })
    }

    /// Place of the measure in the query.
    pub(crate) const fn place(&self) -> usize {
        self.place
    }

    /// Scans, and puts the finished cells into `sums`.
    pub(crate) fn run(&self, threads: usize, segments: &[&Arc<Segment>], sums: &mut Sums) {
        let guess = self.guess(threads, segments);
        let (mut counted, fetched) = self.pass(threads, segments, true, &guess);
        match self.classes {
            Classes::Fine => self.quantiles(threads, segments, &mut counted, fetched, sums),
            Classes::Between(_) => self.histograms(&mut counted, sums),
        }
    }

    /// Classes that wanted ranks lie in if the whole is like a few of its segments. A good guess
    /// saves the second pass, a bad one costs it.
    fn guess(&self, threads: usize, segments: &[&Arc<Segment>]) -> Spots {
        let mut spots = Spots::default();
        let Measure::DelayQuantiles { shares, .. } = &self.plan.query.measures[self.place] else {
            return spots;
        };
        if segments.len() < 2 * SAMPLE {
            return spots;
        }
        let some: Vec<_> = segments.iter().copied().step_by(SAMPLE).collect();
        let (counted, _) = self.pass(threads, &some, true, &spots);
        for (outer, block) in &counted.blocks {
            for line in self.lines_of(*outer, block) {
                let count = line
                    .counts
                    .iter()
                    .map(|count| *count as usize)
                    .sum::<usize>();
                for share in shares.iter().filter(|_| count > 0) {
                    let rank = rank(*share, count);
                    let first = class_of(line.counts, rank.saturating_sub(count / DOUBT)).0;
                    let last = class_of(line.counts, (rank + count / DOUBT).min(count - 1)).0;
                    let guessed = (first..=last).map(|class| (*outer, line.start + class));
                    spots.extend(guessed.map(|spot| (spot, Vec::new())));
                }
            }
        }
        spots
    }

    /// Goes through `segments`: counts delays when `counting`, and fetches those at `spots`.
    fn pass(
        &self,
        threads: usize,
        segments: &[&Arc<Segment>],
        counting: bool,
        spots: &Spots,
    ) -> (Counted, Spots) {
        let classes = spots.keys().map(|(_, at)| at % self.classes.count());
        let wanted = (!spots.is_empty()).then(|| WantedClasses::new(classes));
        let shares = share_out(threads, segments, |next| {
            let (mut counted, mut fetched) = (Counted::default(), spots.clone());
            while let Some(segment) = next() {
                if counting {
                    self.count(segment, &mut counted);
                }
                if let Some(wanted) = &wanted {
                    self.fetch(segment, wanted, &mut fetched);
                }
            }
            counted.join_copies(self.block_len);
            (counted, fetched)
        });
        let (mut counted, mut fetched) = (Counted::default(), Spots::default());
        for (more, delays) in shares {
            counted.merge(more);
            for (spot, delays) in delays {
                fetched.entry(spot).or_default().extend(delays);
            }
        }
        (counted, fetched)
    }

    fn fetch(&self, segment: &Segment, wanted: &WantedClasses, spots: &mut Spots) {
        for stretch in segment.stretches(&self.plan.selection, &self.plan.axis) {
            let outer = (stretch.bucket, stretch.message);
            let mut work = Fetch {
                outer,
                wanted,
                spots,
            };
            self.each(segment, stretch, &mut work);
        }
    }

    /// First pass over a segment.
    fn count(&self, segment: &Segment, counted: &mut Counted) {
        for stretch in segment.stretches(&self.plan.selection, &self.plan.axis) {
            let block = counted.blocks.entry((stretch.bucket, stretch.message));
            let block = block.or_insert_with(|| vec![0; 2 * self.block_len]);
            match &self.classes {
                Classes::Fine => {
                    let (even, odd) = block.split_at_mut(self.block_len);
                    self.each(segment, stretch, &mut CountFine { even, odd });
                }
                Classes::Between(bounds) => {
                    self.each(segment, stretch, &mut CountBetween { block, bounds });
                }
            }
        }
        for (row, delay) in &segment.delays[self.mark.index()].escapes {
            let created = segment.times.get(usize::from(*row));
            let hit = Hit::at(self.plan, segment, usize::from(*row));
            if let Some(group) = hit.and_then(|hit| hit.group(self.plan, created)) {
                counted.far.entry(group).or_default().push(*delay);
            }
        }
    }

    /// Puts the histograms of all groups into `sums`.
    fn histograms(&self, counted: &mut Counted, sums: &mut Sums) {
        let Classes::Between(bounds) = &self.classes else {
            return;
        };
        for (outer, block) in &counted.blocks {
            for line in self.lines_of(*outer, block) {
                let far = counted.far.remove(&line.group).unwrap_or_default();
                let mut counts: Vec<u64> = line.counts.iter().map(|n| u64::from(*n)).collect();
                for delay in far {
                    counts[bounds.partition_point(|bound| *bound <= delay)] += 1;
                }
                if counts.iter().any(|count| *count > 0) {
                    sums.group(line.group)
                        .answer(self.place, Cell::Histogram(counts));
                }
            }
        }
    }

    /// Finds the wanted ranks of all groups, fetches what classes leave open, and puts the
    /// quantiles into `sums`.
    fn quantiles(
        &self,
        threads: usize,
        segments: &[&Arc<Segment>],
        counted: &mut Counted,
        mut fetched: Spots,
        sums: &mut Sums,
    ) {
        let Measure::DelayQuantiles { shares, .. } = &self.plan.query.measures[self.place] else {
            return;
        };
        let mut found = Vec::new();
        let mut missing = Spots::default();
        for (outer, block) in &counted.blocks {
            for line in self.lines_of(*outer, block) {
                let mut far = counted.far.remove(&line.group).unwrap_or_default();
                far.sort_unstable();
                let ranks: Vec<Rank> = ranks(shares, line.counts, &far);
                for rank in &ranks {
                    if let Rank::Within(class, _) = rank {
                        missing.insert((*outer, line.start + class), Vec::new());
                    }
                }
                if !ranks.is_empty() {
                    found.push((*outer, line.start, line.group, ranks));
                }
            }
        }
        missing.retain(|spot, _| !fetched.contains_key(spot));
        if !missing.is_empty() {
            fetched.extend(self.pass(threads, segments, false, &missing).1);
        }
        for (outer, start, group, ranks) in found {
            let mut value = |rank: &Rank| match rank {
                Rank::Is(delay) => *delay,
                Rank::Within(class, rank) => {
                    let delays: &mut Vec<u32> = fetched.entry((outer, start + class)).or_default();
                    i64::from(*delays.select_nth_unstable(*rank).1)
                }
            };
            let delays = ranks.iter().map(&mut value).collect();
            sums.group(group)
                .answer(self.place, Cell::Delays(Some(delays)));
        }
    }

    /// Each group of a block with its classes, the last class left out.
    fn lines_of<'block>(
        &'block self,
        (bucket, message): Outer,
        block: &'block [u32],
    ) -> impl Iterator<Item = Line<'block>> + 'block {
        let (count, width) = (self.classes.count(), self.fate_groups + 1);
        let chunks = block.chunks_exact(count).enumerate();
        let taking_part = chunks.filter(move |(place, _)| {
            let dims_groups = self.plan.selection.dims.keys.len();
            place % width < self.fate_groups && place / width < dims_groups
        });
        taking_part.map(move |(place, counts)| {
            let (dims, fate) = ((place / width) as u32, (place % width) as u32);
            Line {
                group: self.plan.group(bucket, message, dims, fate),
                start: place * count,
                counts: &counts[..count - 1],
            }
        })
    }
}

/// A group's classes in a block.
struct Line<'block> {
    group: u64,
    /// Where its classes begin in the block.
    start: usize,
    counts: &'block [u32],
}

/// A wanted rank, as far as classes tell.
enum Rank {
    /// It is this delay.
    Is(i64),
    /// It is the n-th, from 0, of this class.
    Within(usize, usize),
}

/// Where the wanted ranks are; empty when there is no delay. `far` rises.
fn ranks(shares: &[f64], counts: &[u32], far: &[i64]) -> Vec<Rank> {
    let near = counts.iter().map(|count| *count as usize).sum::<usize>();
    let total = near + far.len();
    if total == 0 {
        return Vec::new();
    }
    let negative = far.partition_point(|delay| *delay < 0);
    let find = |share: &f64| {
        let rank = rank(*share, total);
        if rank < negative {
            return Rank::Is(far[rank]);
        }
        if rank >= negative + near {
            return Rank::Is(far[rank - near]);
        }
        let (class, left) = class_of(counts, rank - negative);
        Rank::Within(class, left)
    };
    shares.iter().map(find).collect()
}

/// The class that holds a rank, and the rank within it. Less than all are before the rank.
fn class_of(counts: &[u32], rank: usize) -> (usize, usize) {
    let (mut class, mut left) = (0, rank);
    while left >= counts[class] as usize {
        left -= counts[class] as usize;
        class += 1;
    }
    (class, left)
}
